//! The metrics: the name and meaning of each, once, and a method for each place that counts.
//!
//! Each state has its own recorder, so that two in one process do not add up. All labels are known before the first
//! request: a flood of unknown paths makes no new lines, and counting allocates no text.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use metrics::{Counter, Histogram, Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use crate::api_types::ApiError;
use crate::server::domain::unix_time::UnixTime;
use crate::server::hash_pool::Load;
use crate::server::log_queue::LogQueue;

const REQUESTS: &str = "handstamp_requests_total";
const REQUEST_TIME: &str = "handstamp_request_duration_seconds";
const ERRORS: &str = "handstamp_errors_total";
const SIGN_INS: &str = "handstamp_sign_ins_total";
const TOKENS_ISSUED: &str = "handstamp_tokens_issued_total";
const REVOCATIONS: &str = "handstamp_revocations_total";
const HASHING_REFUSED: &str = "handstamp_hashing_refused_total";
const LOG_DROPPED: &str = "handstamp_log_dropped_total";
const HASHING_RUNNING: &str = "handstamp_hashing_running";
const HASHING_WAITING: &str = "handstamp_hashing_waiting";
const SESSIONS: &str = "handstamp_sessions_live";
const BLOCKLIST: &str = "handstamp_blocklist_entries";
const SYNC_AGE: &str = "handstamp_blocklist_sync_age_seconds";
const BUILD: &str = "handstamp_build_info";
const STARTED: &str = "process_start_time_seconds";

const COUNTERS: [(&str, &str); 7] = [
    (REQUESTS, "Answered requests, by door and status; the door `other` is files and unknown paths."),
    (ERRORS, "Answers that were an error, by code, including rejected tokens."),
    (SIGN_INS, "Sign-ins with a name and a password that were checked, by result: accepted or refused."),
    (TOKENS_ISSUED, "Access tokens issued."),
    (REVOCATIONS, "Sessions and tokens that this process began to reject, ended here or elsewhere."),
    (HASHING_REFUSED, "Passwords that were not checked, because too many were waiting."),
    (LOG_DROPPED, "Lines of the log that were not written, because nothing reads it fast enough."),
];
const GAUGES: [(&str, &str); 7] = [
    (HASHING_RUNNING, "Passwords that are being hashed."),
    (HASHING_WAITING, "Passwords that are waiting."),
    (SESSIONS, "Sessions that can be refreshed; NaN while the store does not answer."),
    (BLOCKLIST, "Entries of the blocklist in memory."),
    (SYNC_AGE, "Seconds since the blocklist was last read from the store."),
    (BUILD, "1; the label has the version."),
    (STARTED, "When this process started, in Unix seconds."),
];

/// Upper bounds in seconds. Verifying a token takes less than the first, a password some hundredths of a second.
const BUCKETS: [f64; 14] =
    [0.0001, 0.000_25, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];
/// The statuses that are counted separately; any other counts as `other`.
const STATUSES: [u16; 19] =
    [200, 201, 204, 206, 303, 304, 400, 401, 403, 404, 405, 408, 409, 413, 415, 429, 431, 500, 503];
/// The door for paths without a door.
const OTHER: &str = "other";

/// All metrics of one state.
pub struct Measures {
    recorder: PrometheusRecorder,
    /// In the order of [`ApiError::ALL`].
    errors: Vec<Counter>,
    accepted: Counter,
    refused: Counter,
    tokens_issued: Counter,
    revocations: Counter,
    /// Set if this process writes a log.
    log: OnceLock<LogQueue>,
}

/// Values that are read when a client asks, and not counted before.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    pub hashing: Load,
    /// Absent if the store does not answer.
    pub sessions: Option<u64>,
    pub blocklist: usize,
    /// Absent before the first reading.
    pub sync_age: Option<Duration>,
}

/// All doors with their counters. The first is for paths without a door.
pub struct Doors {
    doors: Vec<Door>,
    /// By path, then by method.
    numbers: HashMap<String, Vec<(String, DoorNumber)>>,
}

/// The place of a door among [`Doors`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoorNumber(usize);

/// The counters of one door. A line appears with the first request that it counts.
struct Door {
    name: String,
    /// In the order of [`STATUSES`], then any other.
    answers: [OnceLock<Counter>; STATUSES.len() + 1],
    time: OnceLock<Histogram>,
}

impl Measures {
    /// Makes counters at zero.
    ///
    /// # Panics
    /// If there were no [`BUCKETS`].
    #[must_use]
    pub fn begin(now: UnixTime) -> Self {
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).expect("there are buckets");
        let recorder = builder.build_recorder();
        for (name, meaning) in COUNTERS {
            recorder.describe_counter(name.into(), None, meaning.into());
        }
        for (name, meaning) in GAUGES {
            recorder.describe_gauge(name.into(), None, meaning.into());
        }
        recorder.describe_histogram(REQUEST_TIME.into(), None, "Time until an answer begins, by door.".into());
        let counter = |name, labels: &[(&'static str, &str)]| recorder.register_counter(&key(name, labels), &METADATA);
        let measures = Self {
            errors: ApiError::ALL.iter().map(|error| counter(ERRORS, &[("code", error.code())])).collect(),
            accepted: counter(SIGN_INS, &[("result", "accepted")]),
            refused: counter(SIGN_INS, &[("result", "refused")]),
            tokens_issued: counter(TOKENS_ISSUED, &[]),
            revocations: counter(REVOCATIONS, &[]),
            log: OnceLock::new(),
            recorder,
        };
        measures.set(STARTED, &[], number(now.0));
        measures.set(BUILD, &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
        measures
    }

    /// Counts an answered request.
    pub fn answered(&self, doors: &Doors, number: DoorNumber, status: u16, after: Duration) {
        let door = &doors.doors[number.0];
        let index = STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len());
        let answers = door.answers[index].get_or_init(|| {
            let status = STATUSES.get(index).map_or_else(|| OTHER.to_owned(), u16::to_string);
            self.recorder.register_counter(&key(REQUESTS, &[("door", &door.name), ("status", &status)]), &METADATA)
        });
        answers.increment(1);
        let time = door
            .time
            .get_or_init(|| self.recorder.register_histogram(&key(REQUEST_TIME, &[("door", &door.name)]), &METADATA));
        time.record(after);
    }

    /// Counts an answer that was an error.
    pub fn failed(&self, error: ApiError) {
        // By code, because an error may have more content, like the time to wait.
        let known = ApiError::ALL.iter().position(|known| known.code() == error.code());
        if let Some(counter) = known.and_then(|index| self.errors.get(index)) {
            counter.increment(1);
        }
    }

    /// Counts a right name and password.
    pub fn sign_in_accepted(&self) {
        self.accepted.increment(1);
    }

    /// Counts a wrong name or password.
    pub fn sign_in_refused(&self) {
        self.refused.increment(1);
    }

    /// Counts an issued access token.
    pub fn token_issued(&self) {
        self.tokens_issued.increment(1);
    }

    /// Counts a new entry of the blocklist.
    pub fn revoked(&self) {
        self.revocations.increment(1);
    }

    /// From now on the lines that this log drops are counted.
    pub fn count_dropped_lines_of(&self, log: LogQueue) {
        // A process has one log.
        let _ = self.log.set(log);
    }

    /// Returns the text for Prometheus, with the values that were just read.
    #[must_use]
    pub fn text(&self, reading: &Reading) -> String {
        self.set(HASHING_RUNNING, &[], number(reading.hashing.running));
        self.set(HASHING_WAITING, &[], number(reading.hashing.waiting));
        self.recorder.register_counter(&key(HASHING_REFUSED, &[]), &METADATA).absolute(reading.hashing.refused);
        let dropped = self.log.get().map_or(0, LogQueue::dropped);
        self.recorder.register_counter(&key(LOG_DROPPED, &[]), &METADATA).absolute(dropped);
        self.set(SESSIONS, &[], reading.sessions.map_or(f64::NAN, number));
        self.set(BLOCKLIST, &[], number(reading.blocklist));
        self.set(SYNC_AGE, &[], reading.sync_age.map_or(f64::NAN, |age| age.as_secs_f64()));
        self.recorder.handle().render()
    }

    /// Puts durations into their buckets. Until then each is stored separately, so call this regularly.
    pub fn tidy(&self) {
        self.recorder.handle().run_upkeep();
    }

    fn set(&self, name: &'static str, labels: &[(&'static str, &str)], value: f64) {
        self.recorder.register_gauge(&key(name, labels), &METADATA).set(value);
    }
}

impl Doors {
    /// Makes the doors from names in the form of `http/guard.rs`: `GET /protected`.
    #[must_use]
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut doors = vec![Door::new(OTHER.to_owned())];
        let mut numbers: HashMap<String, Vec<(String, DoorNumber)>> = HashMap::new();
        for name in names {
            if let Some((method, path)) = name.split_once(' ') {
                let number = DoorNumber(doors.len());
                numbers.entry(path.to_owned()).or_default().push((method.to_owned(), number));
                doors.push(Door::new(name));
            }
        }
        Self { doors, numbers }
    }

    /// Returns the number of the door with this method and path.
    #[must_use]
    pub fn find(&self, method: &str, path: &str) -> DoorNumber {
        // Every door with GET has HEAD too.
        let method = if method == "HEAD" { "GET" } else { method };
        let doors = self.numbers.get(path);
        let door = doors.and_then(|doors| doors.iter().find(|(known, _)| known == method));
        door.map_or(DoorNumber(0), |(_, number)| *number)
    }
}

impl Door {
    fn new(name: String) -> Self {
        Self { name, answers: Default::default(), time: OnceLock::new() }
    }
}

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

fn key(name: &'static str, labels: &[(&'static str, &str)]) -> Key {
    let labels = labels.iter().map(|(name, value)| Label::new(*name, (*value).to_owned()));
    Key::from_parts(name, labels.collect::<Vec<_>>())
}

/// Counts here stay far below 2^53. Above that, an `f64` cannot represent every whole number.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn number<N: TryInto<i64>>(count: N) -> f64 {
    count.try_into().unwrap_or(i64::MAX) as f64
}

//! The log of all specs with the most detail (`RUST_LOG=trace`, for every crate): row H14, attack A36.
//!
//! Every line of every spec is searched when it is written: for anything with the form of a token, a client's secret, a
//! device's cookie or a link with a code, and for the passwords, codes and devices of the specs. Dropping a [`Watched`]
//! fails if something was found.

use std::collections::HashSet;
use std::io;
use std::sync::{LazyLock, Mutex, Once};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tracing_subscriber::EnvFilter;

use crate::given::{PASSWORD, SECRET};

/// The beginning of a known device's cookie. Its value has no special form.
pub const DEVICE: &str = "handstamp_device=";
/// The text before the code of an invitation.
const INVITATION: &str = "/signup#";
/// The prefixes of refresh tokens, their cookies and the secrets of clients, and the texts before secrets without a
/// special form.
const PREFIXES: [&str; 6] = ["hs_rt_", "hs_cs_", DEVICE, INVITATION, "/setup#", "?token="];
/// Characters of the shortest password to search for. Shorter ones are only guesses of specs (`handstamp`).
const SHORTEST: usize = 12;

/// Watches the log from its creation until it is dropped.
pub struct Watched;

impl Watched {
    pub fn begin() -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // The specs' own HTTP client logs what it sends. That is not the server's log.
            let all_of_the_server = EnvFilter::new("trace,ureq=off,ureq_proto=off");
            tracing_subscriber::fmt().with_env_filter(all_of_the_server).with_ansi(false).with_writer(|| Lines).init();
        });
        Self
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // One failure is enough, and a second panic would hide the first.
        if !std::thread::panicking() {
            let found = std::mem::take(&mut *FOUND.lock().unwrap());
            assert!(found.is_empty(), "a secret stands in the log:\n{}", found.join("\n"));
        }
    }
}

/// Adds a secret without a special form: a password, a code, the cookie of a device. From now on it must not be logged.
pub fn keep_secret(secret: &str) {
    // A password of spaces only is part of every query.
    if secret.trim().len() >= SHORTEST {
        SECRETS.lock().unwrap().insert(secret.to_owned());
    }
}

/// Finds the passwords in the body of a request.
pub fn keep_passwords_secret(body: &str) {
    for (field, ends) in [("password\":\"", '"'), ("password=", '&')] {
        for (at, _) in body.match_indices(field) {
            keep_secret(body[at + field.len()..].split(ends).next().unwrap());
        }
    }
}

/// Finds secrets in an answer: a device's cookie, an invitation's code. Later they may appear alone anywhere.
pub fn keep_given_secret(headers: &[(String, String)], body: &str) {
    let cookies = headers.iter().filter(|(name, _)| name == "set-cookie");
    let cookies = cookies.map(|(_, cookie)| (cookie.as_str(), DEVICE, ';'));
    for (text, before, ends) in cookies.chain([(body, INVITATION, '"')]) {
        if let Some((_, secret)) = text.split_once(before) {
            keep_secret(secret.split(ends).next().unwrap());
        }
    }
}

/// Searches the log of another process.
pub fn look_through(log: &str) {
    log.lines().for_each(look_at);
}

/// The output of the subscriber, which is dropped.
struct Lines;

impl io::Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        look_at(&String::from_utf8_lossy(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

static FOUND: Mutex<Vec<String>> = Mutex::new(Vec::new());
static SECRETS: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(|| {
    let spellings = [PASSWORD.to_owned(), PASSWORD.replace(' ', "+"), PASSWORD.replace(' ', "%20"), SECRET.to_owned()];
    Mutex::new(spellings.into())
});

fn look_at(line: &str) {
    if gives_away(line) {
        FOUND.lock().unwrap().push(line.to_owned());
    }
}

/// Whether a line holds something secret.
pub fn gives_away(line: &str) -> bool {
    PREFIXES.iter().any(|prefix| line.contains(prefix))
        || line.match_indices("eyJ").any(|(at, _)| is_part_of_a_jwt(&line[at..]))
        || SECRETS.lock().unwrap().iter().any(|secret| line.contains(secret.as_str()))
}

/// Returns whether a text begins with a JSON object in base64url. A random id may contain the letters `eyJ` by chance.
fn is_part_of_a_jwt(text: &str) -> bool {
    let Some(Ok(beginning)) = text.get(..16).map(|text| URL_SAFE_NO_PAD.decode(text)) else { return false };
    beginning.starts_with(b"{\"") && beginning.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

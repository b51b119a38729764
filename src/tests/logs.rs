//! What is logged while the specs run, at its most talkative (`RUST_LOG=trace`, of every crate): row H14, attack A36.
//!
//! Every line of every spec is looked through as it is written: for what has the shape of a token, of a client's secret,
//! of a device's cookie or of a link with a code, and for the passwords, codes and devices that specs use. Whoever drops
//! a [`Watched`] fails on what was found.

use std::collections::HashSet;
use std::io;
use std::sync::{LazyLock, Mutex, Once};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tracing_subscriber::EnvFilter;

use crate::given::{PASSWORD, SECRET};

/// What the cookie of a known device begins with. Its value has no shape of its own.
pub const DEVICE: &str = "handstamp_device=";
/// What stands before the code of an invitation.
const INVITATION: &str = "/signup#";
/// What refresh tokens, their cookies and the secrets of clients begin with, and what those that have no shape follow.
const PREFIXES: [&str; 5] = ["hs_rt_", "hs_cs_", DEVICE, INVITATION, "/setup#"];
/// Characters of the shortest password looked for. Shorter ones are what specs guess (`handstamp`), and nobody's.
const SHORTEST: usize = 12;

/// The log is watched from when one is made to when it is dropped.
pub struct Watched;

impl Watched {
    pub fn begin() -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // The specs' own client logs what it sends; that is nobody's log.
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

/// A password, a code, the cookie of a device: what has no shape of its own. From now on it must not be logged.
pub fn keep_secret(secret: &str) {
    // One of blanks alone stands in every query.
    if secret.trim().len() >= SHORTEST {
        SECRETS.lock().unwrap().insert(secret.to_owned());
    }
}

/// The passwords in the body of a request, as they stand there.
pub fn keep_passwords_secret(body: &str) {
    for (field, ends) in [("password\":\"", '"'), ("password=", '&')] {
        for (at, _) in body.match_indices(field) {
            keep_secret(body[at + field.len()..].split(ends).next().unwrap());
        }
    }
}

/// What an answer gives away once: a device's cookie, an invitation's code. Later it may stand anywhere by itself.
pub fn keep_given_secret(headers: &[(String, String)], body: &str) {
    let cookies = headers.iter().filter(|(name, _)| name == "set-cookie");
    let cookies = cookies.map(|(_, cookie)| (cookie.as_str(), DEVICE, ';'));
    for (text, before, ends) in cookies.chain([(body, INVITATION, '"')]) {
        if let Some((_, secret)) = text.split_once(before) {
            keep_secret(secret.split(ends).next().unwrap());
        }
    }
}

/// Looks through what another process has logged.
pub fn look_through(log: &str) {
    log.lines().for_each(look_at);
}

/// Where the subscriber writes: nowhere.
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

/// Whether a text begins with a JSON object in base64url. Any random id may hold the letters `eyJ` by chance.
fn is_part_of_a_jwt(text: &str) -> bool {
    let Some(Ok(beginning)) = text.get(..16).map(|text| URL_SAFE_NO_PAD.decode(text)) else { return false };
    beginning.starts_with(b"{\"") && beginning.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

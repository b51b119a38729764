//! Presence: a server says that it runs on a database, and with which settings that all servers on it must have alike.
//!
//! Two servers with different `JWT_ALGORITHM` on one database would take the key ring from each other, and each would
//! refuse the tokens of the other. So a server does not start beside one that has other values. When all servers are
//! stopped, the next start may have any: a change of algorithm is a rotation (`flows/settle_keys.rs`).
//!
//! A server holds a shared lock on a file beside the database as long as it lives. The file says the values; a start that
//! gets the lock for itself alone, because no server lives, writes its own. Reasons for a lock and not for a row that each
//! server renews: the system gives a lock back when its process ends, also after `kill -9`, so that no start waits; no
//! clock is compared; nothing is written while a server runs. All servers on an SQLite file are on one machine, as its
//! write-ahead log needs shared memory: the lock reaches them all.
//!
//! Servers on PostgreSQL announce themselves on the database (`store/announced.rs`).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::server::domain::database::Database;
use crate::server::store::StoreError;
use crate::server::store::announced::{self, Announced, Announcement};

/// Why a server does not start beside others.
#[derive(Debug, thiserror::Error)]
pub enum PresenceError {
    #[error(
        "another server runs on this database with {name}={theirs}, and here it is {name}={ours}; set the same {name}, or stop all servers before you change it"
    )]
    Different { name: String, theirs: String, ours: String },
    #[error("`handstamp store copy` uses this database; start the server when that has finished")]
    BeingCopied,
    #[error("a server runs on this database; stop it first, because a copy does not have what it writes from now on")]
    Served,
    #[error("{path} cannot be used: {cause}; check the folder's owner and mode")]
    File { path: String, cause: io::Error },
    #[error(
        "another version of Handstamp runs on this database, and says of itself: {0}; stop it, or run the same version"
    )]
    Version(String),
    #[error("{0}")]
    Store(#[from] StoreError),
}

/// What a copy writes instead of settings.
const COPYING: &str = "handstamp store copy\n";
const COPYING_POSTGRES: &str = "store copy";

/// That a server runs, for as long as it is held.
pub struct Presence(Sign);

/// By what others see it.
enum Sign {
    None,
    File(File),
    Announcement(Announcement),
}

impl Presence {
    /// Of a process that is no server, or has a database to itself.
    #[must_use]
    pub const fn none() -> Self {
        Self(Sign::None)
    }

    /// The server stops. The end of its process does the same.
    pub async fn leave(&self) {
        match &self.0 {
            Sign::None => {}
            // Fails only where it is not held any more.
            Sign::File(file) => _ = file.unlock(),
            Sign::Announcement(announcement) => announcement.end().await,
        }
    }
}

/// Says that a server runs on PostgreSQL. `ours` are the settings that all servers must have alike, by their names.
///
/// # Errors
/// [`PresenceError`].
pub async fn announce_on(database: &Database, ours: &[(&str, String)]) -> Result<Presence, PresenceError> {
    let values: Vec<_> = ours.iter().map(|(_, value)| value.as_str()).collect();
    let text = values.join(";");
    let theirs = match announced::announce(database, &text).await? {
        Announced::Yes(announcement) => return Ok(Presence(Sign::Announcement(announcement))),
        Announced::Impossible => return Ok(Presence::none()),
        Announced::Different(theirs) if theirs == COPYING_POSTGRES => return Err(PresenceError::BeingCopied),
        Announced::Different(theirs) => theirs,
    };
    // The others see the end of a long text cut off.
    let shown = announced::shown_of(&text);
    let pairs = ours.iter().zip(shown.split(';').zip(theirs.split(';')));
    let different = pairs.filter(|(_, (ours, theirs))| ours != theirs).map(|(ours, (_, theirs))| (ours, theirs)).next();
    Err(match different {
        Some(((name, ours), theirs)) => {
            PresenceError::Different { name: (*name).to_owned(), theirs: theirs.to_owned(), ours: ours.clone() }
        }
        None => PresenceError::Version(theirs),
    })
}

/// Says that a server runs on the SQLite file `database`; `None` is a database in memory, which no other process sees.
/// `ours` are the settings that all servers must have alike, by their names.
///
/// # Errors
/// [`PresenceError`].
pub fn announce(database: Option<&Path>, ours: &[(&str, String)]) -> Result<Presence, PresenceError> {
    let Some(database) = database else { return Ok(Presence::none()) };
    let ours = to_text(ours);
    let (file, theirs) = join(database, &ours)?;
    if theirs == COPYING {
        return Err(PresenceError::BeingCopied);
    }
    match difference(&ours, &theirs) {
        None => Ok(Presence(Sign::File(file))),
        Some((name, ours, theirs)) => Err(PresenceError::Different { name, theirs, ours }),
    }
}

/// Says that the SQLite file `database` is being copied: no server runs on it, and none starts as long as this is held.
///
/// # Errors
/// [`PresenceError`].
pub fn announce_copy(database: Option<&Path>) -> Result<Presence, PresenceError> {
    let Some(database) = database else { return Ok(Presence::none()) };
    let (file, theirs) = join(database, COPYING)?;
    if theirs == COPYING { Ok(Presence(Sign::File(file))) } else { Err(PresenceError::Served) }
}

/// Says that the PostgreSQL database is being copied: no server runs on it, and none starts as long as this is held. Where a
/// pooler stands between, this is not known.
///
/// # Errors
/// [`PresenceError`].
pub async fn announce_copy_on(database: &Database) -> Result<Presence, PresenceError> {
    match announced::announce(database, COPYING_POSTGRES).await? {
        Announced::Yes(announcement) => Ok(Presence(Sign::Announcement(announcement))),
        Announced::Impossible => Ok(Presence::none()),
        Announced::Different(_) => Err(PresenceError::Served),
    }
}

/// Takes the shared lock. Returns the file, and what the process wrote into it that came first: `ours` if that is this one.
fn join(database: &Path, ours: &str) -> Result<(File, String), PresenceError> {
    // A link leads to the same database.
    let path = beside(&database.canonicalize().unwrap_or_else(|_| database.to_owned()));
    let failed = |cause| PresenceError::File { path: path.display().to_string(), cause };
    let mut file = open(&path).map_err(failed)?;
    match file.try_lock() {
        // No server lives. Between the two locks another start may write its values in place of ours: they are read below.
        Ok(()) => write(&mut file, ours).and_then(|()| file.unlock()).map_err(failed)?,
        Err(TryLockError::WouldBlock) => {}
        Err(TryLockError::Error(cause)) => return Err(failed(cause)),
    }
    // Waits for another start that is writing. From here on nobody writes.
    file.lock_shared().map_err(failed)?;
    let theirs = read(&mut file).map_err(failed)?;
    Ok((file, theirs))
}

/// The file beside the database.
#[must_use]
pub fn beside(database: &Path) -> PathBuf {
    let mut path = database.to_owned().into_os_string();
    path.push("-servers");
    path.into()
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn write(file: &mut File, text: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())
}

fn read(file: &mut File) -> io::Result<String> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_string(&mut text)?;
    Ok(text)
}

fn to_text(settings: &[(&str, String)]) -> String {
    let lines: Vec<_> = settings.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    lines.concat()
}

/// The first setting that differs: its name, our value, their value.
fn difference(ours: &str, theirs: &str) -> Option<(String, String, String)> {
    let value_of = |text: &str, name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_default().to_owned()
    };
    ours.lines().filter_map(|line| line.split_once('=')).find_map(|(name, ours)| {
        let theirs = value_of(theirs, name);
        (theirs != ours).then(|| (name.to_owned(), ours.to_owned(), theirs))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(algorithm: &str) -> [(&'static str, String); 2] {
        [("JWT_ALGORITHM", algorithm.to_owned()), ("JWT_PRIVATE_KEY_FILE", String::new())]
    }

    #[test]
    fn of_servers_with_different_values_one_runs_and_when_it_is_gone_the_other_may() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("handstamp.db");
        let announce = |algorithm| announce(Some(&database), &shared(algorithm));

        let first = announce("HS256").unwrap();
        let second = announce("HS256").unwrap();
        let refused = announce("EdDSA").err().unwrap().to_string();
        assert!(refused.starts_with("another server runs on this database with JWT_ALGORITHM=HS256, and here it is "));

        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(first.leave());
        assert!(announce("EdDSA").is_err(), "one of two is left");
        drop(second);
        let changed = announce("EdDSA").unwrap();
        assert!(announce("HS256").is_err());
        drop(changed);
        announce("HS256").unwrap();
    }

    #[test]
    fn a_link_to_the_database_is_the_same_database() {
        let folder = tempfile::tempdir().unwrap();
        let (database, link) = (folder.path().join("handstamp.db"), folder.path().join("link.db"));
        File::create(&database).unwrap();
        std::os::unix::fs::symlink(&database, &link).unwrap();

        let first = announce(Some(&database), &shared("HS256")).unwrap();
        assert!(announce(Some(&link), &shared("EdDSA")).is_err());
        drop(first);
        announce(Some(&link), &shared("EdDSA")).unwrap();
    }

    #[test]
    fn of_two_starts_at_once_with_different_values_never_both_run() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("handstamp.db");
        for _ in 0..200 {
            let start = |algorithm| announce(Some(&database), &shared(algorithm));
            let (one, two) = std::thread::scope(|scope| {
                let (one, two) = (scope.spawn(|| start("HS256")), scope.spawn(|| start("ES256")));
                (one.join().unwrap(), two.join().unwrap())
            });
            assert!(one.is_ok() != two.is_ok());
        }
    }

    #[test]
    fn while_a_database_is_copied_no_server_starts_and_beside_a_server_it_is_not_copied() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("handstamp.db");

        let server = announce(Some(&database), &shared("HS256")).unwrap();
        assert!(matches!(announce_copy(Some(&database)), Err(PresenceError::Served)));
        drop(server);
        let copies = [announce_copy(Some(&database)).unwrap(), announce_copy(Some(&database)).unwrap()];
        assert!(matches!(announce(Some(&database), &shared("HS256")), Err(PresenceError::BeingCopied)));
        drop(copies);
        announce(Some(&database), &shared("HS256")).unwrap();
    }

    #[test]
    fn what_a_start_left_half_written_is_no_servers() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("handstamp.db");
        std::fs::write(beside(&database), "JWT_ALGORITHM=ES256\nJWT_ALGO").unwrap();
        announce(Some(&database), &shared("HS256")).unwrap();
    }
}

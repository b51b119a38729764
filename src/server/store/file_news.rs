//! News from other processes on the same SQLite file. SQLite does not tell that another process has written, but the system
//! does: every transaction is written into the write-ahead log.

use std::path::Path;
use std::sync::{Arc, Weak};

use rustix::fd::OwnedFd;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::sync::Notify;

/// Watches the write-ahead log of a database.
pub struct FileNews(Arc<Notify>);

impl FileNews {
    /// Starts to watch. The database must be open, because its log exists only then. `None` if the system cannot watch it.
    #[must_use]
    pub fn of(database: &Path) -> Option<Self> {
        let mut log = database.to_owned().into_os_string();
        log.push("-wal");
        let watch = inotify::init(CreateFlags::CLOEXEC).ok()?;
        inotify::add_watch(&watch, Path::new(&log), WatchFlags::MODIFY).ok()?;
        let written = Arc::default();
        let told = Arc::downgrade(&written);
        std::thread::Builder::new().name("file news".to_owned()).spawn(move || tell(&watch, &told)).ok()?;
        Some(Self(written))
    }

    /// Waits until something is written. It can be read only a little later, when it is committed.
    pub async fn written(&self) {
        self.0.notified().await;
    }
}

/// Waits on a thread of its own: tokio can wait for such a file only by unsafe code. Ends at the first write after the
/// [`FileNews`] was dropped, or with the process.
fn tell(watch: &OwnedFd, told: &Weak<Notify>) {
    let mut events = [0; 4096];
    // How many events there were does not matter.
    while rustix::io::read(watch, &mut events).is_ok_and(|length| length > 0) {
        let Some(told) = told.upgrade() else { return };
        told.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn every_write_to_the_log_is_told_and_a_database_without_one_is_not_watched() {
        let folder = tempfile::tempdir().unwrap();
        let (database, log) = (folder.path().join("a.db"), folder.path().join("a.db-wal"));
        assert!(FileNews::of(&database).is_none());
        fs::write(&log, "").unwrap();
        let news = FileNews::of(&database).unwrap();
        for text in ["one", "two"] {
            fs::write(&log, text).unwrap();
            news.written().await;
        }
    }
}

//! What services that follow the blocklist are told, and when.
//!
//! Only `flows::BlocklistFollower` appends: it reads the table in the order of its numbers, so no row of another process is
//! missing below what it has read. Services that wait are all told the same, at the same moments: the first news after a
//! quiet time at once, later news after a rest. So they all have the same cursors, and an answer is written once for all of
//! them. The rest is longer if more services wait ([`REST_FOR_EACH`]): what all answers of a second cost stays the same.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::server::domain::blocklist::Entry;
use crate::server::domain::feed::{Feed, MOST};
use crate::server::domain::feed_cursor::{Cursor, id_under};
use crate::server::domain::ids::StoreId;

/// The time between two releases, for each service that waits: 10 services wait 1 ms longer, and 1000 or more 100 ms. The
/// server then writes at most 10,000 answers a second.
pub const REST_FOR_EACH: Duration = Duration::from_micros(100);
pub const LONGEST_REST: Duration = Duration::from_millis(100);

/// The most answers that are kept, and their bytes together.
const MOST_TEXTS: usize = 16;
const MOST_BYTES: usize = 16 << 20;

/// The news of a process.
pub struct News {
    store: StoreId,
    feed: Mutex<Feed>,
    /// The number up to which services that wait are told. They watch it.
    pub released: watch::Sender<i64>,
    /// The rest after the last release. `None` after a quiet time.
    resting: Mutex<Option<Duration>>,
    /// Held while old rows are read: services that come back must not take all connections to the database.
    pub reading: tokio::sync::Mutex<()>,
    texts: Mutex<VecDeque<(Range, Arc<[u8]>)>>,
}

/// Two numbers of the blocklist: after the first, up to the second.
type Range = (i64, i64);

impl News {
    #[must_use]
    pub fn of(store: StoreId) -> Self {
        Self {
            store,
            feed: Mutex::new(Feed::new(store, MOST)),
            released: watch::Sender::new(0),
            resting: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            texts: Mutex::default(),
        }
    }

    /// Begins after this number: the table was read up to it. `server`: which server has the database, if that matters.
    pub fn begin(&self, seq: i64, server: Option<&str>) {
        self.feed().begin(id_under(self.store, server), seq);
        locked(&self.texts).clear();
        self.released.send_replace(seq);
    }

    /// Returns the cursor of those who know everything up to now.
    pub fn cursor(&self) -> Cursor {
        self.feed().cursor()
    }

    /// The feed. Not to be held for long.
    pub fn feed(&self) -> MutexGuard<'_, Feed> {
        locked(&self.feed)
    }

    /// Appends the next rows of the table. Returns whether the caller must start [`Self::release_until_quiet`].
    #[must_use]
    pub fn append(&self, rows: &[Entry]) -> bool {
        let mut resting = locked(&self.resting);
        self.feed().append(rows);
        if resting.is_some() {
            return false;
        }
        *resting = self.release();
        resting.is_some()
    }

    /// Releases what has come, with a rest after each release, until nothing comes.
    pub async fn release_until_quiet(&self) {
        loop {
            let Some(rest) = *locked(&self.resting) else { return };
            tokio::time::sleep(rest).await;
            let mut resting = locked(&self.resting);
            *resting = self.release();
        }
    }

    /// Returns the rest that must follow. `None` if there was nothing to release.
    fn release(&self) -> Option<Duration> {
        let read_to = self.feed().read_to();
        // Before they are told: then they leave, to come back for the next news.
        let waiting = u32::try_from(self.released.receiver_count()).unwrap_or(u32::MAX);
        let is_new = self.released.send_if_modified(|released| std::mem::replace(released, read_to) != read_to);
        is_new.then(|| REST_FOR_EACH.saturating_mul(waiting).min(LONGEST_REST))
    }

    /// Returns an answer with the entries of this range, written with `write` unless another service got the same. `None`
    /// if the feed does not reach back so far.
    pub fn text(&self, range: Range, write: impl FnOnce(&[Entry]) -> Vec<u8>) -> Option<Arc<[u8]>> {
        let kept = locked(&self.texts).iter().find(|(known, _)| *known == range).map(|(_, text)| Arc::clone(text));
        if kept.is_some() {
            return kept;
        }
        // Not while the texts are locked: a long text takes milliseconds.
        let entries = self.feed().between(range.0, range.1)?;
        let text: Arc<[u8]> = write(&entries).into();
        let mut texts = locked(&self.texts);
        texts.push_back((range, Arc::clone(&text)));
        while texts.len() > MOST_TEXTS || texts.iter().map(|(_, text)| text.len()).sum::<usize>() > MOST_BYTES {
            texts.pop_front();
        }
        Some(text)
    }
}

/// No code panics while it holds one of these locks.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::server::domain::blocklist::Blocked;
    use crate::server::domain::ids::SessionId;
    use crate::server::domain::unix_time::UnixTime;

    fn row(seq: i64) -> Entry {
        Entry { blocked: Blocked::Session(SessionId::from_random([7; 16])), keep_until: UnixTime(1), seq }
    }

    fn news() -> News {
        News::of(StoreId::from_random([1; 16]))
    }

    #[tokio::test]
    async fn the_first_news_is_released_at_once_and_later_news_together_after_a_rest() {
        let news = news();
        let _waiting = vec![news.released.subscribe(); 2000];
        let begun = Instant::now();
        assert!(news.append(&[row(1)]));
        assert_eq!(*news.released.borrow(), 1);
        for seq in [2, 3] {
            assert!(!news.append(&[row(seq)]), "one task is enough");
            assert_eq!(*news.released.borrow(), 1);
        }
        let mut released = news.released.subscribe();
        let together = async {
            released.changed().await.unwrap();
            assert_eq!(*released.borrow(), 3);
            assert!(begun.elapsed() >= LONGEST_REST);
        };
        tokio::join!(news.release_until_quiet(), together);
        assert!(news.append(&[row(4)]), "it is quiet again");
        assert_eq!(*news.released.borrow(), 4);
    }

    #[test]
    fn the_more_services_wait_the_longer_is_the_rest() {
        for (waiting, milliseconds) in [(0, 0), (10, 1), (500, 50), (1000, 100), (5000, 100)] {
            let news = news();
            let _waiting = vec![news.released.subscribe(); waiting];
            assert!(news.append(&[row(1)]));
            assert_eq!(*locked(&news.resting), Some(Duration::from_millis(milliseconds)), "{waiting}");
        }
    }

    #[test]
    fn an_answer_is_written_once_for_all_services_and_few_are_kept() {
        let news = news();
        let numbers: Vec<_> = (1..=100).map(row).collect();
        let _ = news.append(&numbers);
        let written = std::cell::Cell::new(0);
        let text = |range| {
            news.text(range, |entries| {
                written.set(written.get() + 1);
                format!("{range:?} {}", entries.len()).into_bytes()
            })
        };
        let texts = [text((0, 3)), text((0, 3)), text((1, 3)), text((0, 3))]
            .map(|text| String::from_utf8(text.unwrap().to_vec()).unwrap());
        assert_eq!(texts, ["(0, 3) 3", "(0, 3) 3", "(1, 3) 2", "(0, 3) 3"]);
        assert_eq!(written.get(), 2);
        (0..99).for_each(|after| assert!(text((after, 100)).is_some()));
        assert_eq!(news.texts.lock().unwrap().len(), MOST_TEXTS);
        let long = |range| news.text(range, |_| vec![b' '; MOST_BYTES / 2]).unwrap();
        (0..3).for_each(|after| assert_eq!(long((after, 50)).len(), MOST_BYTES / 2));
        assert_eq!(news.texts.lock().unwrap().len(), 2);
        assert!(news.text((-1, 3), |_| Vec::new()).is_none());
    }
}

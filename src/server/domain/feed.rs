//! The newest entries of the blocklist, in the order of their numbers, for services that follow it by a cursor.
//!
//! The feed is bounded. If it is full, the oldest entries leave, all with the same number together. A cursor is too old if
//! more entries came after it than the feed can hold: then a snapshot is the cheaper answer. After a restart the feed is
//! empty, and is filled backwards from the table when a cursor needs it ([`Feed::put_before`]).
//!
//! A purge removes rows from the table and not from here. Their tokens have expired, so it does not matter who has them.

use std::collections::VecDeque;

use super::blocklist::Entry;
use super::feed_cursor::Cursor;
use super::ids::StoreId;

/// The most entries of the feed: 40 bytes each, and an answer with all of them has about 4 MB.
pub const MOST: usize = 65_536;

/// The newest entries.
pub struct Feed {
    /// Which store, and which server of it, in cursors.
    store: StoreId,
    entries: VecDeque<Entry>,
    most: usize,
    /// Every row with a higher number is here, up to `read_to`.
    reaches_to: i64,
    read_to: i64,
}

impl Feed {
    /// Makes an empty feed that holds at most `most` entries.
    #[must_use]
    pub const fn new(store: StoreId, most: usize) -> Self {
        Self { store, entries: VecDeque::new(), most, reaches_to: 0, read_to: 0 }
    }

    /// Begins after this number: the table of this store was read up to it.
    pub fn begin(&mut self, store: StoreId, seq: i64) {
        *self = Self { reaches_to: seq, read_to: seq, ..Self::new(store, self.most) };
    }

    /// Returns the cursor of those who know everything up to now.
    #[must_use]
    pub const fn cursor(&self) -> Cursor {
        Cursor { store: self.store, seq: self.read_to }
    }

    /// Appends the next rows of the table, in order.
    pub fn append(&mut self, rows: &[Entry]) {
        let too_many = (self.entries.len() + rows.len()).saturating_sub(self.most);
        if let Some(oldest) = self.entries.iter().chain(rows).take(too_many).last() {
            self.reaches_to = oldest.seq;
            self.entries.drain(..self.entries.partition_point(|entry| entry.seq <= self.reaches_to));
        }
        self.entries.extend(&rows[rows.partition_point(|row| row.seq <= self.reaches_to)..]);
        self.read_to = rows.last().map_or(self.read_to, |row| row.seq);
    }

    /// The number up to which the table was read.
    #[must_use]
    pub const fn read_to(&self) -> i64 {
        self.read_to
    }

    /// The number after which the feed has all rows.
    #[must_use]
    pub const fn reaches_to(&self) -> i64 {
        self.reaches_to
    }

    /// Returns how many older entries the feed can take.
    #[must_use]
    pub fn room(&self) -> usize {
        self.most - self.entries.len()
    }

    /// Puts older rows before the others: all those after number `after`, up to number `before`. Returns whether they fit:
    /// they do not if the feed reaches to another number by now, or has not enough room.
    pub fn put_before(&mut self, before: i64, after: i64, rows: &[Entry]) -> bool {
        let fits = self.reaches_to == before && rows.len() <= self.room();
        if fits {
            rows.iter().rev().for_each(|row| self.entries.push_front(*row));
            self.reaches_to = after;
        }
        fits
    }

    /// Returns the rows after number `after`, up to number `to`. `None` if the feed does not reach back so far.
    #[must_use]
    pub fn between(&self, after: i64, to: i64) -> Option<Vec<Entry>> {
        if after < self.reaches_to {
            return None;
        }
        let [first, end] = [after, to].map(|number| self.entries.partition_point(|entry| entry.seq <= number));
        Some(self.entries.range(first..end.max(first)).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::domain::blocklist::Blocked;
    use crate::server::domain::ids::SessionId;
    use crate::server::domain::unix_time::UnixTime;

    /// Rows with these numbers.
    fn rows(numbers: &[i64]) -> Vec<Entry> {
        let row = |seq: &i64| {
            let id = u128::try_from(*seq).unwrap().to_be_bytes();
            Entry { blocked: Blocked::Session(SessionId::from_random(id)), keep_until: UnixTime(1), seq: *seq }
        };
        numbers.iter().map(row).collect()
    }

    /// A feed of four entries at most, whose table was read up to number 10.
    fn feed() -> Feed {
        let mut feed = Feed::new(StoreId::from_random([1; 16]), 4);
        feed.begin(StoreId::from_random([1; 16]), 10);
        feed
    }

    #[test]
    fn a_cursor_gets_what_came_after_it_and_nothing_else() {
        let mut feed = feed();
        feed.append(&rows(&[11, 11, 13]));
        assert_eq!(feed.read_to(), 13);
        for (after, to, expected) in [
            (10, 13, &[11, 11, 13][..]),
            (11, 13, &[13]),
            (12, 13, &[13]),
            (13, 13, &[]),
            (10, 12, &[11, 11]),
            (99, 13, &[]),
        ] {
            assert_eq!(feed.between(after, to), Some(rows(expected)), "{after} to {to}");
        }
        assert_eq!(feed.between(9, 13), None, "what came before was not read");
        feed.append(&[]);
        assert_eq!(feed.read_to(), 13);
    }

    #[test]
    fn a_full_feed_loses_its_oldest_entries_and_no_part_of_a_transaction_stays() {
        let mut feed = feed();
        feed.append(&rows(&[11, 11, 12, 12]));
        assert_eq!((feed.room(), feed.reaches_to()), (0, 10));
        feed.append(&rows(&[13]));
        assert_eq!((feed.room(), feed.reaches_to()), (1, 11));
        assert_eq!(feed.between(10, 13), None);
        assert_eq!(feed.between(11, 13), Some(rows(&[12, 12, 13])));
        // One transaction that is larger than the feed.
        feed.append(&rows(&[14; 5]));
        assert_eq!((feed.room(), feed.reaches_to(), feed.read_to()), (4, 14, 14));
        assert_eq!((feed.between(13, 14), feed.between(14, 14)), (None, Some(Vec::new())));
        // More at once than it can hold.
        feed.append(&rows(&[15, 16, 16, 17, 18, 19]));
        assert_eq!((feed.room(), feed.reaches_to(), feed.read_to()), (1, 16, 19));
        assert_eq!(feed.between(16, 19), Some(rows(&[17, 18, 19])));
    }

    #[test]
    fn older_rows_are_put_before_the_others_only_where_they_join_them_and_fit() {
        let mut feed = feed();
        feed.append(&rows(&[11, 12]));
        assert!(!feed.put_before(10, 6, &rows(&[7, 8, 9])), "one too many");
        assert!(!feed.put_before(9, 6, &rows(&[7])), "row 10 would be missing");
        assert!(feed.put_before(10, 6, &rows(&[7, 9])));
        assert_eq!(feed.between(6, 12), Some(rows(&[7, 9, 11, 12])));
        assert_eq!(feed.between(8, 11), Some(rows(&[9, 11])));
        assert_eq!(feed.between(5, 12), None);
        // All rows between may have been purged.
        let mut feed = Feed::new(StoreId::from_random([1; 16]), 4);
        feed.begin(StoreId::from_random([1; 16]), 10);
        assert!(feed.put_before(10, 0, &[]));
        assert_eq!(feed.between(0, 10), Some(Vec::new()));
    }
}

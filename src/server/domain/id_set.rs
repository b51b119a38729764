//! A set of random ids of 128 bits, each with the time until which it is kept. Readers never wait, and the set is exact.
//!
//! It has many parts, chosen by the first bits of the hash of an id. A part is a table with open addressing: an id is in
//! the first free slot from the one that the other bits name. Readers take the table that is there, and follow the slots. A writer
//! locks the part. It adds an id in place, and only to make the table larger, or to remove ids, it makes another one, of
//! this part alone. Readers of the old table finish there.
//!
//! An id takes 27 to 35 bytes. An attacker cannot choose ids that collide: only ids that we made and signed are added or
//! looked up.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use super::unix_time::UnixTime;

/// Many, so that a new table is short work: 4000 ids of a million.
const PARTS: usize = 256;

/// At most three of four slots are taken: a look-up of an id that is not there then ends after 9 slots on average.
const MOST_TAKEN: (usize, usize) = (3, 4);
/// Slots of a new table for each id in it: four of seven are taken.
const NEW_SLOTS: (usize, usize) = (7, 4);
const FEWEST_SLOTS: usize = 8;

/// The time of a free slot.
const NO_TIME: u32 = 0;

/// The number that marks a free slot. It is no id: to draw it is as unlikely as to draw the id of another session.
const FREE: u128 = 0;

/// The set.
pub struct IdSet {
    parts: [Part; PARTS],
}

/// One part of it.
#[derive(Default)]
pub struct Part {
    table: ArcSwap<Table>,
    times: Mutex<Times>,
}

/// What readers see.
#[derive(Default)]
struct Table(Box<[Slot]>);

/// The two halves of an id. A reader that sees only one half of a new id takes it for another one: the id is not in the
/// set before [`IdSet::insert`] returns.
#[derive(Default)]
struct Slot([AtomicU64; 2]);

/// What only writers need.
#[derive(Default)]
struct Times {
    /// Until when the id in each slot is kept, in seconds: 32 bits last until 2106. The last one counts as for ever.
    until: Box<[u32]>,
    taken: usize,
}

impl Default for IdSet {
    fn default() -> Self {
        Self { parts: std::array::from_fn(|_| Part::default()) }
    }
}

impl IdSet {
    /// Adds an id. Returns `false` if it is in the set already; its time stays as it is.
    pub fn insert(&self, id: u128, until: UnixTime) -> bool {
        id != FREE && self.part(id).insert(&[(id, until)]) == 1
    }

    /// Adds many ids, in a quarter of the time of one after the other: while one waits for memory, the next ones do too.
    pub fn insert_all(&self, mut ids: Vec<(u128, UnixTime)>) {
        ids.retain(|(id, _)| *id != FREE);
        ids.sort_unstable_by_key(|(id, _)| hash(*id));
        for ids in ids.chunk_by(|(one, _), (next, _)| part_of(*one) == part_of(*next)) {
            self.parts[part_of(ids[0].0)].insert(ids);
        }
    }

    /// Makes room for this number of ids, if the set is empty.
    pub fn reserve(&self, number: usize) {
        // Two of three slots will be taken on average, and hardly in any part more than three of four.
        let slots = number / PARTS * 3 / 2;
        self.parts.iter().for_each(|part| part.reserve(slots));
    }

    /// Returns whether the id is in the set.
    #[must_use]
    pub fn contains(&self, id: u128) -> bool {
        self.part(id).table.load().find(id).is_ok()
    }

    /// Returns the number of ids.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| part.times().taken).sum()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the parts, each of which is purged by itself.
    pub const fn parts(&self) -> &[Part] {
        &self.parts
    }

    fn part(&self, id: u128) -> &Part {
        &self.parts[part_of(id)]
    }
}

impl Part {
    /// Removes the ids whose time is not after `now`, and frees their memory.
    pub fn purge(&self, now: UnixTime) {
        let mut times = self.times();
        let stays = |until: u32| until == u32::MAX || i64::from(until) > now.0;
        let kept = times.until.iter().filter(|until| **until != NO_TIME && stays(**until)).count();
        if kept < times.taken {
            self.replace(&mut times, slots_of_a_new_table(kept), stays);
        }
    }

    fn reserve(&self, slots: usize) {
        let mut times = self.times();
        if times.taken == 0 {
            self.replace(&mut times, slots, |_| true);
        }
    }

    /// Adds ids. Returns how many are new.
    fn insert(&self, ids: &[(u128, UnixTime)]) -> usize {
        let mut times = self.times();
        let mut table = self.table.load();
        let before = times.taken;
        for (id, until) in ids {
            let Err(mut free) = table.find(*id) else { continue };
            let wanted = times.taken + 1;
            if wanted * MOST_TAKEN.1 > times.until.len() * MOST_TAKEN.0 {
                self.replace(&mut times, slots_of_a_new_table(wanted), |_| true);
                table = self.table.load();
                free = table.find(*id).unwrap_or_else(|free| free);
            }
            times.put(&table, free, *id, u32::try_from(until.0.max(1)).unwrap_or(u32::MAX));
        }
        times.taken - before
    }

    /// Makes a table with this number of slots, and copies the ids whose time `stays`.
    ///
    /// Both tables have nearly the same order, so that the copy goes through memory from one end to the other.
    fn replace(&self, times: &mut Times, slots: usize, stays: impl Fn(u32) -> bool) {
        let table = Table((0..slots).map(|_| Slot::default()).collect());
        let before = std::mem::replace(times, Times { until: vec![NO_TIME; slots].into(), taken: 0 });
        for (slot, until) in self.table.load().0.iter().zip(&before.until) {
            if *until != NO_TIME && stays(*until) {
                let id = slot.get();
                if let Err(free) = table.find(id) {
                    times.put(&table, free, id, *until);
                }
            }
        }
        self.table.store(table.into());
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        // No code panics while it holds the lock.
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Times {
    fn put(&mut self, table: &Table, slot: usize, id: u128, until: u32) {
        self.until[slot] = until;
        self.taken += 1;
        table.0[slot].set(id);
    }
}

impl Table {
    /// Returns the slot of an id, or the free slot that it would take.
    ///
    /// Ends, because a table that is not empty has free slots. Of an empty one, the free slot is the one after the last.
    fn find(&self, id: u128) -> Result<usize, usize> {
        let slots = self.0.len();
        if slots == 0 {
            return Err(0);
        }
        let mut slot = first_slot(id, slots);
        loop {
            match self.0[slot].get() {
                FREE => return Err(slot),
                found if found == id => return Ok(slot),
                _ => slot = if slot + 1 == slots { 0 } else { slot + 1 },
            }
        }
    }
}

fn slots_of_a_new_table(ids: usize) -> usize {
    if ids == 0 { 0 } else { FEWEST_SLOTS.max(ids * NEW_SLOTS.0 / NEW_SLOTS.1) }
}

fn part_of(id: u128) -> usize {
    usize::from(hash(id).to_be_bytes()[0])
}

/// All bits of the hash except those that chose the part, as a fraction of the table.
fn first_slot(id: u128, slots: usize) -> usize {
    let fraction = hash(id) << PARTS.ilog2();
    usize::try_from((u128::from(fraction) * slots as u128) >> 64).unwrap_or(0)
}

/// Mixes all bits, so that ids that are not random, like those of an import, are spread too.
fn hash(id: u128) -> u64 {
    let [high, low] = halves(id);
    // The two numbers are bits of pi.
    let [above, below] = halves(u128::from(high ^ 0x243f_6a88_85a3_08d3) * u128::from(low ^ 0x1319_8a2e_0370_7344));
    above ^ below
}

fn halves(id: u128) -> [u64; 2] {
    let [high, low] = [id >> 64, id & u128::from(u64::MAX)];
    [high, low].map(|half| u64::try_from(half).unwrap_or(0))
}

impl Slot {
    fn get(&self) -> u128 {
        let [high, low] = &self.0;
        u128::from(high.load(Ordering::Acquire)) << 64 | u128::from(low.load(Ordering::Acquire))
    }

    fn set(&self, id: u128) {
        for (half, value) in self.0.iter().zip(halves(id)) {
            half.store(value, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Ids that differ in all bits, like random ones.
    fn id(number: usize) -> u128 {
        (number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
    }

    fn slots(set: &IdSet) -> usize {
        set.parts().iter().map(|part| part.table.load().0.len()).sum()
    }

    #[test]
    fn exactly_the_ids_that_were_added_are_in_the_set() {
        const NUMBER: usize = 20_000;
        let set = IdSet::default();
        assert!(!set.contains(id(0)));
        for number in 0..NUMBER {
            assert!(set.insert(id(number), UnixTime(100)), "{number}");
            assert!(!set.insert(id(number), UnixTime(200)), "{number}");
        }
        assert_eq!(set.len(), NUMBER);
        assert!((0..NUMBER).all(|number| set.contains(id(number))));
        for number in 0..NUMBER {
            // Others, also such that differ in one bit.
            assert!(!set.contains(id(NUMBER + number)) && !set.contains(id(number) ^ 1 << (number % 128)), "{number}");
        }
        set.parts().iter().for_each(|part| part.purge(UnixTime(100)));
        assert_eq!(set.len(), 0, "the first time counts");
    }

    #[test]
    fn an_id_takes_at_most_36_bytes_whatever_their_number_and_a_purged_one_takes_none() {
        let (set, mut number) = (IdSet::default(), 0);
        while number < 100_000 {
            number += 1;
            set.insert(id(number), UnixTime(i64::try_from(number).unwrap()));
            if number.is_multiple_of(1_000) && number > 10_000 {
                assert!(slots(&set) * 20 <= number * 36, "{} slots for {number} ids", slots(&set));
            }
        }
        let reserved = IdSet::default();
        reserved.reserve(number);
        reserved.insert_all((0..number).chain(0..9).map(|number| (id(number), UnixTime(1))).collect());
        assert!(reserved.len() == number && slots(&reserved) * 20 <= number * 32, "{} slots", slots(&reserved));
        set.parts().iter().for_each(|part| part.purge(UnixTime(90_000)));
        assert!(set.len() == 10_000 && slots(&set) * 20 <= 10_000 * 36);
        assert!((90_001..=100_000).all(|number| set.contains(id(number))) && !set.contains(id(90_000)));
        set.parts().iter().for_each(|part| part.purge(UnixTime(100_000)));
        assert!(set.is_empty() && slots(&set) == 0);
    }

    #[test]
    fn ids_that_name_the_same_slot_or_lack_a_half_are_told_apart() {
        let set = IdSet::default();
        let one_part = (1..).filter(|id| part_of(*id) == 7).take(100);
        let alike: Vec<_> = one_part.chain([7 << 120, u128::from(u64::MAX)]).collect();
        assert!(alike.iter().all(|id| !set.contains(*id) && set.insert(*id, UnixTime(1)) && set.contains(*id)));
        assert!(!set.contains(7 << 120 | 1) && !set.contains(0));
        set.parts().iter().for_each(|part| part.purge(UnixTime(0)));
        assert!(alike.iter().all(|id| set.contains(*id)));
    }

    #[test]
    fn ids_that_are_not_random_are_spread_too() {
        let (counted, written): (Vec<u128>, Vec<u128>) =
            (0..20_000).map(|number| (number, number << 70 | 0x34d3 << 100)).unzip();
        for ids in [counted, written] {
            let set = IdSet::default();
            for id in &ids {
                set.insert(*id, UnixTime(1));
            }
            let way = |id: u128| {
                let table = set.part(id).table.load();
                let slot = table.find(id).unwrap_or_default();
                (slot + table.0.len() - first_slot(id, table.0.len())) % table.0.len()
            };
            let ways: usize = ids.iter().skip(1).map(|id| way(*id)).sum();
            assert!(ways < 3 * ids.len(), "{ways}");
        }
    }

    #[test]
    fn times_outside_of_32_bits_are_kept_long_enough() {
        let set = IdSet::default();
        for (number, until) in [(1, -5), (2, 0), (3, i64::from(u32::MAX)), (4, i64::MAX)] {
            set.insert(id(number), UnixTime(until));
            assert!(set.contains(id(number)));
        }
        set.parts().iter().for_each(|part| part.purge(UnixTime(i64::from(u32::MAX) - 1)));
        assert_eq!([1, 2, 3, 4].map(|number| set.contains(id(number))), [false, false, true, true]);
    }

    #[test]
    fn a_reader_finds_what_was_added_while_tables_grow_and_others_are_purged() {
        const NUMBER: usize = 20_000;
        let (set, added) = (IdSet::default(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..NUMBER {
                    set.insert(id(number), UnixTime(100));
                    added.store(number + 1, Ordering::Release);
                }
            });
            scope.spawn(|| {
                // Others come and go in the same parts.
                for number in 0..NUMBER {
                    set.insert(id(NUMBER + number), UnixTime(50));
                    set.parts()[number % PARTS].purge(UnixTime(50));
                }
            });
            for step in [1, 7] {
                let (set, added) = (&set, &added);
                scope.spawn(move || {
                    let (mut done, mut looked_up) = (0, 0);
                    while done < NUMBER {
                        done = added.load(Ordering::Acquire);
                        if done > 0 {
                            looked_up = (looked_up + step) % done;
                            assert!(set.contains(id(looked_up)) && set.contains(id(done - 1)));
                        }
                        assert!(!set.contains(id(2 * NUMBER + done)));
                    }
                });
            }
        });
        set.parts().iter().for_each(|part| part.purge(UnixTime(50)));
        assert_eq!(set.len(), NUMBER);
    }
}

//! Which ids are blocked, until when: exact, at about 44 bytes an entry. Does not know where entries come from.
//!
//! A `HashSet<String>` needs more than 70 bytes an entry. Here an id is its 16 bytes, and its time four. There are 64 maps, so
//! that a check never waits until a large one has grown or was swept.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The number of maps.
pub const PARTS: usize = 64;

#[cfg(test)]
mod tests;

type Id = [u8; 16];
/// In bytes, so that an entry is not padded to a multiple of 4.
type Until = [u8; 4];

/// Ids of one kind.
#[derive(Debug)]
pub struct Blocklist {
    parts: [RwLock<HashMap<Id, Until, RandomState>>; PARTS],
    /// Ids of another form than Handstamp's.
    others: RwLock<HashMap<Box<str>, Until>>,
    hashes: RandomState,
    swept: AtomicUsize,
}

impl Default for Blocklist {
    fn default() -> Self {
        Self {
            parts: std::array::from_fn(|_| RwLock::default()),
            others: RwLock::default(),
            hashes: RandomState::new(),
            swept: AtomicUsize::new(0),
        }
    }
}

impl Blocklist {
    /// Says whether this id is blocked.
    pub fn contains(&self, id: &str) -> bool {
        match parse(id) {
            Some(id) => read(self.part(&id)).contains_key(&id),
            None => read(&self.others).contains_key(id),
        }
    }

    /// Adds the id, or keeps it longer if it is there.
    pub fn add(&self, id: &str, keep_until: i64) {
        let until = u32::try_from(keep_until.max(0)).unwrap_or(u32::MAX);
        let longer = |kept: &mut Until| *kept = u32::from_be_bytes(*kept).max(until).to_be_bytes();
        match parse(id) {
            Some(id) => drop(write(self.part(&id)).entry(id).and_modify(longer).or_insert(until.to_be_bytes())),
            None => drop(write(&self.others).entry(id.into()).and_modify(longer).or_insert(until.to_be_bytes())),
        }
    }

    /// Drops what need not be kept any more from the next so many parts.
    pub fn sweep(&self, now: i64, parts: usize) {
        for _ in 0..parts {
            let part = self.swept.fetch_add(1, Ordering::Relaxed) % PARTS;
            write(&self.parts[part]).retain(|_, until| i64::from(u32::from_be_bytes(*until)) >= now);
        }
        write(&self.others).retain(|_, until| i64::from(u32::from_be_bytes(*until)) >= now);
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.parts.iter().map(|part| read(part).len()).sum::<usize>() + read(&self.others).len()
    }

    fn part(&self, id: &Id) -> &RwLock<HashMap<Id, Until>> {
        &self.parts[usize::from(self.hashes.hash_one(id).to_be_bytes()[0]) % PARTS]
    }
}

/// Reads an id of 128 bits. `None` for another form, or another spelling of the same bits.
fn parse(text: &str) -> Option<Id> {
    let mut id = Id::default();
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut id).ok()?;
    (length == id.len()).then_some(id)
}

// No panic can leave a map half changed.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

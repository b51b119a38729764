//! The memory in which passwords are hashed. It stays while one hash follows the other: the system clears every page that
//! it gives, and to get 19 MiB from it takes a third of the time of a hash.

use std::sync::{Mutex, MutexGuard, PoisonError};

use argon2::Block;

/// Minimum size of the mapping for one hash, in blocks of 1 KiB. Unused pages are never touched, so they take no
/// memory.
///
/// glibc returns a large mapping to the system at once. But after a smaller block is freed (up to 32 MiB), it expects
/// more blocks of that size, and lets every thread keep as much. A flood of sign-ins then kept 200 MB.
const MAPPED_BLOCKS: usize = 33 * 1024;

/// What no hash uses now: as many pieces as hashes ran at the same time.
static SPARE: Mutex<Spare> = Mutex::new(Spare { pieces: Vec::new(), used: false });

struct Spare {
    pieces: Vec<Vec<Block>>,
    /// Whether a hash was made since [`tidy`] looked.
    used: bool,
}

/// There is not enough memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoMemory;

/// Lends this number of blocks. They may contain what the hash before left there: Argon2 writes to a block before it reads it.
///
/// # Errors
/// [`NoMemory`].
pub(super) fn with_blocks<T>(number: usize, hash: impl FnOnce(&mut [Block]) -> T) -> Result<T, NoMemory> {
    let mut blocks = spare().pieces.pop().unwrap_or_default();
    if blocks.len() < number {
        let wanted = number.max(MAPPED_BLOCKS);
        blocks.try_reserve_exact(wanted.saturating_sub(blocks.len())).map_err(|_| NoMemory)?;
        blocks.resize(number, Block::new());
    }
    let result = hash(&mut blocks[..number]);
    let mut spare = spare();
    spare.pieces.push(blocks);
    spare.used = true;
    Ok(result)
}

/// Gives the memory back to the system if no hash was made since the last call. Call this regularly.
pub fn tidy() {
    let mut spare = spare();
    if !std::mem::take(&mut spare.used) {
        spare.pieces = Vec::new();
    }
}

fn spare() -> MutexGuard<'static, Spare> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

//! What this machine has left, and how files stand on it. What it does not say is absent.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The permission bits of a file or folder.
#[must_use]
pub fn mode(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().map(|metadata| metadata.permissions().mode() & 0o777)
}

/// Bytes that are free for a file in this folder, or in the nearest one above that exists.
#[must_use]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let folder = if folder.is_absolute() { folder.to_owned() } else { Path::new(".").join(folder) };
    let existing: PathBuf = folder.ancestors().find(|folder| folder.is_dir())?.to_owned();
    let found = statvfs(&existing).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

/// How many files this process may open if it asks for all; `None` for no limit.
#[must_use]
pub fn open_files() -> Option<u64> {
    getrlimit(Resource::Nofile).maximum
}

/// Asks for all of them: shells and service managers give few to begin with, for the sake of programs that are none of ours.
pub fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    // Refused only where the system has changed its mind; then it is as it was.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// Bytes of memory that can be had: of the machine, and of the control group (a container) where there is one.
#[must_use]
pub fn available_memory() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok()?;
    let machine = machine.lines().find_map(|line| line.strip_prefix("MemAvailable:")?.strip_suffix("kB"));
    let machine = machine?.trim().parse::<u64>().ok()?.checked_mul(1024)?;
    let group =
        |name: &str| fs::read_to_string(Path::new("/sys/fs/cgroup").join(name)).ok()?.trim().parse::<u64>().ok();
    let in_group = group("memory.max").zip(group("memory.current")).map(|(most, taken)| most.saturating_sub(taken));
    Some(in_group.map_or(machine, |bytes| bytes.min(machine)))
}

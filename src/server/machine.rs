//! The free resources of this machine, and the modes of files. Values that the system does not report are absent.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Returns the permission bits of a file or folder.
#[must_use]
pub fn mode(path: &Path) -> Option<u32> {
    fs::metadata(path).ok().map(|metadata| metadata.permissions().mode() & 0o777)
}

/// Returns the free bytes for a file in this folder, or in the nearest existing folder above it.
#[must_use]
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let folder = if folder.is_absolute() { folder.to_owned() } else { Path::new(".").join(folder) };
    let existing: PathBuf = folder.ancestors().find(|folder| folder.is_dir())?.to_owned();
    let found = statvfs(&existing).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

/// Returns how many files this process may open at most; `None` for no limit.
#[must_use]
pub fn open_files() -> Option<u64> {
    getrlimit(Resource::Nofile).maximum
}

/// Raises the limit of open files to its maximum: shells and service managers set a low one at first, for the sake of
/// old programs.
pub fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    // Fails only if the maximum was lowered meanwhile; then the limit stays as it was.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// Returns the available bytes of memory: of the machine, or of the control group (a container) if that has less.
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

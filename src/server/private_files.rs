//! Files that only the owner of the server can read: secrets, keys, and the folder of the database.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PrivateFileError {
    #[error("other users can read {path} (mode {mode:o}); run: chmod {fix} {path}")]
    Readable { path: String, mode: u32, fix: &'static str },
    #[error("{path} cannot be used: {cause}; check the folder's owner and mode")]
    File { path: String, cause: io::Error },
}

/// Returns the secret in this file. If there is no such file, creates it with `new`: the new secret is on disk before it
/// is used. Of several processes that do this at the same time, one creates the file and all return the same secret.
///
/// # Errors
/// [`PrivateFileError`].
pub fn kept_secret(path: &Path, new: impl FnOnce() -> SecretString) -> Result<SecretString, PrivateFileError> {
    if !path.exists() {
        create_secret(path, new).map_err(|cause| failed(path, cause))?;
    }
    read_secret(path)
}

/// Writes the secret under another name first, because a crash must not leave half a secret.
fn create_secret(path: &Path, new: impl FnOnce() -> SecretString) -> io::Result<()> {
    let draft = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&draft)?;
    file.lock()?;
    // Another process held the lock and has renamed its draft. Then this draft is the secret itself, or empty.
    if path.exists() {
        return remove_if_there(&draft);
    }
    file.set_len(0)?;
    writeln!(file, "{}", new().expose_secret())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    // Without it, a power failure could undo the rename, but keep the keys in the store that this secret encrypts.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Returns the secret in this file.
///
/// # Errors
/// [`PrivateFileError`], also if other users can read it.
pub fn read_secret(path: &Path) -> Result<SecretString, PrivateFileError> {
    refuse_if_readable(path, 0o077, "600")?;
    let text = fs::read_to_string(path).map_err(|cause| failed(path, cause))?;
    Ok(text.trim().into())
}

/// Returns the key in this file.
///
/// # Errors
/// [`PrivateFileError`], also if other users than the owner and the group can read it: anyone with the key can make
/// tokens for every user.
pub fn read_key(path: &Path) -> Result<Vec<u8>, PrivateFileError> {
    // The group may read it: container platforms mount secrets that way.
    refuse_if_readable(path, 0o007, "g-w,o=")?;
    fs::read(path).map_err(|cause| failed(path, cause))
}

/// Creates a folder that only the owner can open.
///
/// # Errors
/// [`PrivateFileError::File`].
pub fn make_folder(path: &Path) -> Result<(), PrivateFileError> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|cause| failed(path, cause))
}

/// Creates an empty file that only the owner can read, if there is none.
///
/// # Errors
/// [`PrivateFileError::File`].
pub fn make_file(path: &Path) -> Result<(), PrivateFileError> {
    let made = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
    made.map(|_| ()).map_err(|cause| failed(path, cause))
}

/// Writes a new file that only the owner can read.
///
/// # Errors
/// [`PrivateFileError::File`], also if there is such a file.
pub fn write_new(path: &Path, content: &[u8]) -> Result<(), PrivateFileError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    made.and_then(|mut file| file.write_all(content)).map_err(|cause| failed(path, cause))
}

fn refuse_if_readable(path: &Path, for_others: u32, fix: &'static str) -> Result<(), PrivateFileError> {
    let metadata = fs::metadata(path).map_err(|cause| failed(path, cause))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & for_others != 0 {
        return Err(PrivateFileError::Readable { path: path.display().to_string(), mode, fix });
    }
    Ok(())
}

fn failed(path: &Path, cause: io::Error) -> PrivateFileError {
    PrivateFileError::File { path: path.display().to_string(), cause }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;

    #[test]
    fn of_many_first_starts_at_once_one_makes_the_secret_and_all_have_it() {
        const STARTS: usize = 8;
        for _ in 0..100 {
            let folder = tempfile::tempdir().unwrap();
            let (path, barrier) = (folder.path().join("jwt_secret"), Barrier::new(STARTS));
            let (path, barrier) = (&path, &barrier);
            let start = move |number: usize| {
                barrier.wait();
                kept_secret(path, || format!("the secret of start {number}").into()).unwrap().expose_secret().to_owned()
            };
            let secrets: Vec<String> = std::thread::scope(|scope| {
                let starts: Vec<_> = (0..STARTS).map(|number| scope.spawn(move || start(number))).collect();
                starts.into_iter().map(|start| start.join().unwrap()).collect()
            });
            let kept = fs::read_to_string(path).unwrap();
            assert!(secrets.iter().all(|secret| *secret == kept.trim()), "{kept}{secrets:?}");
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
        }
    }

    #[test]
    fn a_draft_of_a_start_that_crashed_is_not_the_secret() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwt_secret");
        let draft = path.with_extension("new");
        make_file(&draft).unwrap();
        fs::write(&draft, "base64:half of a secret that is longer than the new on").unwrap();
        assert_eq!(kept_secret(&path, || "new".into()).unwrap().expose_secret(), "new");
        assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
    }
}

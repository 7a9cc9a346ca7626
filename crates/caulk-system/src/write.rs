use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::files::{FileAction, FileError};

/// Replaces a file's content so that a reader sees the old bytes or the new ones, never a part.
///
/// The bytes go to a temporary file of the same folder, are synced to disk, and take the file's place by a rename.
/// A device or pipe is written to instead, since it would be gone otherwise. The permissions of a file that is replaced
/// are kept; a new one gets the default ones. Where `path` is a symbolic link, the file that it leads to is replaced and
/// the link stays. The folder must exist.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let failed = |error| FileError::new(FileAction::Write, path, error);
    if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        return fs::write(path, bytes).map_err(failed);
    }
    let target = match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => fs::canonicalize(path).map_err(failed)?,
        _ => path.to_owned(),
    };
    let temporary = temporary_beside(&target);
    let written = File::create_new(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        if let Ok(old) = fs::metadata(&target) {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()
    });
    match written.and_then(|()| fs::rename(&temporary, &target)) {
        Ok(()) => {
            sync_folder(&target);
            Ok(())
        }
        Err(error) => {
            let _ = fs::remove_file(&temporary);
            Err(failed(error))
        }
    }
}

/// Writes a new file with the first number that is free in its name: `prefix` and `suffix` with `001` to `9999`
/// between. Returns its path.
pub fn write_numbered(
    folder: &Path,
    prefix: &str,
    suffix: &str,
    bytes: &[u8],
) -> Result<PathBuf, FileError> {
    let path = |number: u32| folder.join(format!("{prefix}{number:03}{suffix}"));
    for number in 1..10_000 {
        let path = path(number);
        let written = match File::create_new(&path) {
            Ok(mut file) => file.write_all(bytes).inspect_err(|_| {
                let _ = fs::remove_file(&path);
            }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => Err(error),
        };
        return match written {
            Ok(()) => Ok(path),
            Err(error) => Err(FileError::new(FileAction::Write, &path, error)),
        };
    }
    let full = io::Error::other("all numbers up to 9999 are taken");
    Err(FileError::new(FileAction::Write, &path(1), full))
}

/// Whether a file says that it must not be written, which a replacement by [`write_atomic`] would not notice.
pub fn is_read_only(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.permissions().readonly())
}

/// A name that no other writer of this or another process uses, hidden so that tools skip it.
pub(crate) fn temporary_beside(target: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut name = std::ffi::OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(format!(".{}-{count}.tmp", std::process::id()));
    target.with_file_name(name)
}

/// Makes the rename itself durable. Best effort: some file systems refuse to sync a folder.
fn sync_folder(file: &Path) {
    #[cfg(unix)]
    if let Some(folder) = file.parent() {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
    #[cfg(not(unix))]
    let _ = file;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.go");
        write_atomic(&path, b"one").unwrap();
        write_atomic(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.sh");
        fs::write(&path, "one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
        let link = folder.path().join("link");
        symlink("run.sh", &link).unwrap();
        write_atomic(&link, b"two").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o750
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_stays() {
        use std::os::unix::fs::FileTypeExt;
        write_atomic(Path::new("/dev/null"), b"one").unwrap();
        let kind = fs::metadata("/dev/null").unwrap().file_type();
        assert!(kind.is_char_device());
    }

    #[test]
    fn a_numbered_file_takes_the_first_number_that_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let write = || write_numbered(folder.path(), "a", ".b", b"one").unwrap();
        assert_eq!(write(), folder.path().join("a001.b"));
        assert_eq!(write(), folder.path().join("a002.b"));
        fs::remove_file(folder.path().join("a001.b")).unwrap();
        assert_eq!(write(), folder.path().join("a001.b"));
        let error = write_numbered(&folder.path().join("no"), "a", ".b", b"").unwrap_err();
        assert!(error.is_missing(), "{error}");
    }

    #[test]
    fn a_failed_write_says_where_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no/such/a.go");
        let error = write_atomic(&path, b"one").unwrap_err();
        assert!(error.to_string().starts_with("write "), "{error}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

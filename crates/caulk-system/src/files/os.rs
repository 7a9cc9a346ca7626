use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{Entry, EntryKind, FileAction, FileError, FileKind, Files, Metadata, Stamp};

/// The operating system's files.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsFiles;

impl Files for OsFiles {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        fs::read(path).map_err(|error| FileError::new(FileAction::Read, path, error))
    }

    fn read_start(&self, path: &Path, limit: usize) -> Result<Vec<u8>, FileError> {
        let failed = |error| FileError::new(FileAction::Read, path, error);
        let mut start = Vec::new();
        fs::File::open(path)
            .and_then(|file| file.take(limit as u64).read_to_end(&mut start))
            .map_err(failed)?;
        Ok(start)
    }

    fn read_dir(&self, path: &Path) -> Result<Vec<Entry>, FileError> {
        let failed = |error| FileError::new(FileAction::List, path, error);
        let mut entries = Vec::new();
        for entry in fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = match entry.file_type().map_err(failed)? {
                kind if kind.is_file() => EntryKind::File,
                kind if kind.is_dir() => EntryKind::Folder,
                kind if kind.is_symlink() => EntryKind::Symlink,
                _ => EntryKind::Other,
            };
            entries.push(Entry {
                name: entry.file_name(),
                kind,
            });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    fn metadata(&self, path: &Path) -> Result<Metadata, FileError> {
        let found =
            fs::metadata(path).map_err(|error| FileError::new(FileAction::Inspect, path, error))?;
        let kind = match found.file_type() {
            kind if kind.is_file() => FileKind::File,
            kind if kind.is_dir() => FileKind::Folder,
            _ => FileKind::Other,
        };
        let len = if kind == FileKind::File {
            found.len()
        } else {
            0
        };
        Ok(Metadata {
            kind,
            len,
            modified: found.modified().ok(),
        })
    }

    fn canonicalize(&self, path: &Path) -> Result<PathBuf, FileError> {
        fs::canonicalize(path)
            .map(plain)
            .map_err(|error| FileError::new(FileAction::Resolve, path, error))
    }

    fn stamp(&self, path: &Path) -> Stamp {
        let now = SystemTime::now();
        match fs::metadata(path) {
            Ok(found) => stamp_of(&found, now),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Stamp::Missing,
            Err(_) => Stamp::Unsure,
        }
    }
}

#[cfg(unix)]
fn stamp_of(found: &fs::Metadata, now: SystemTime) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    let nanoseconds =
        |seconds: i64, rest: i64| seconds.saturating_mul(1_000_000_000).saturating_add(rest);
    let changed = (
        nanoseconds(found.mtime(), found.mtime_nsec()),
        nanoseconds(found.ctime(), found.ctime_nsec()),
    );
    Stamp::new(found.len(), (found.dev(), found.ino()), changed, now)
}

#[cfg(not(unix))]
fn stamp_of(found: &fs::Metadata, now: SystemTime) -> Stamp {
    let modified = found.modified().ok();
    let since = modified.and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    match since.and_then(|since| i64::try_from(since.as_nanos()).ok()) {
        Some(modified) => Stamp::new(found.len(), (0, 0), (modified, modified), now),
        None => Stamp::Unsure,
    }
}

/// Windows resolves paths to the form `\\?\C:\…`, which other programs, `go` among them, do not take.
fn plain(path: PathBuf) -> PathBuf {
    if !cfg!(windows) {
        return path;
    }
    match path.to_str().and_then(|text| text.strip_prefix(r"\\?\")) {
        Some(text) if text.get(1..3) == Some(r":\") => PathBuf::from(text),
        _ => path,
    }
}

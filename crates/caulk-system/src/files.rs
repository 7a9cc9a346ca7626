//! Files behind one trait: the operating system's, an in-memory twin, and edited text laid over either.

mod memory;
mod os;
mod overlay;
mod source;
mod traced;
mod walk;

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

pub use memory::MemoryFiles;
pub use os::OsFiles;
pub use overlay::Overlay;
pub use source::{SourceError, open_file, read_source};
pub use traced::{Changes, Digest, Holds, Stamp, Trace, Traced, digest_of};
pub use walk::{WalkOptions, Walked, walk};

use crate::error::io_message;

/// What was being done to a file when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileAction {
    /// Reading a file's bytes.
    Read,
    /// Listing a folder.
    List,
    /// Asking for kind, size or time.
    Inspect,
    /// Resolving a path's symbolic links.
    Resolve,
    /// Writing a file.
    Write,
    /// Creating a folder.
    Create,
}

impl FileAction {
    fn verb(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Inspect => "inspect",
            Self::Resolve => "resolve",
            Self::Write => "write",
            Self::Create => "create",
        }
    }
}

/// A failed operation on one path. It reads after "failed to": `read a/b.go: permission denied`.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{} {}: {}", action.verb(), path.display(), io_message(source))]
pub struct FileError {
    /// What was tried.
    pub action: FileAction,
    /// On which path, as the caller gave it.
    pub path: PathBuf,
    /// Why it failed.
    pub source: Arc<io::Error>,
}

impl FileError {
    pub(crate) fn new(action: FileAction, path: &Path, source: io::Error) -> Self {
        Self {
            action,
            path: path.to_owned(),
            source: Arc::new(source),
        }
    }

    pub(crate) fn missing(action: FileAction, path: &Path) -> Self {
        Self::new(
            action,
            path,
            io::Error::new(io::ErrorKind::NotFound, "no such file or directory"),
        )
    }

    /// A file that was read, but whose content cannot be made sense of.
    pub fn unreadable(path: &Path, source: io::Error) -> Self {
        Self::new(FileAction::Read, path, source)
    }

    /// Why it failed, without the path: `permission denied`.
    pub fn reason(&self) -> String {
        io_message(&self.source)
    }

    /// Whether the path does not exist (as opposed to being unreadable).
    pub fn is_missing(&self) -> bool {
        self.source.kind() == io::ErrorKind::NotFound
    }
}

/// What a path leads to, symbolic links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A device, socket or pipe.
    Other,
}

/// Facts of one path, symbolic links followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// File, folder or other.
    pub kind: FileKind,
    /// Size in bytes; 0 for folders.
    pub len: u64,
    /// Time of the last modification, where known.
    pub modified: Option<SystemTime>,
}

/// What an entry of a folder is, symbolic links *not* followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, to anything or nothing.
    Symlink,
    /// A device, socket or pipe.
    Other,
}

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name within the folder.
    pub name: OsString,
    /// Its kind, a link being a link.
    pub kind: EntryKind,
}

/// A tree of files that can be read.
///
/// The twins [`MemoryFiles`] and [`Overlay`] answer as [`OsFiles`] does for a tree of the same content.
pub trait Files: Send + Sync {
    /// All bytes of a file.
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError>;

    /// The first bytes of a file, `limit` of them or all there are: for telling what it is.
    fn read_start(&self, path: &Path, limit: usize) -> Result<Vec<u8>, FileError> {
        let mut bytes = self.read(path)?;
        bytes.truncate(limit);
        Ok(bytes)
    }

    /// The entries of a folder, sorted by name.
    fn read_dir(&self, path: &Path) -> Result<Vec<Entry>, FileError>;

    /// Kind, size and time of what the path leads to.
    fn metadata(&self, path: &Path) -> Result<Metadata, FileError>;

    /// The absolute path without symbolic links or `..`.
    fn canonicalize(&self, path: &Path) -> Result<PathBuf, FileError>;

    /// What is there; none where nothing is, or nothing that can be looked at.
    fn kind(&self, path: &Path) -> Option<FileKind> {
        self.metadata(path).ok().map(|found| found.kind)
    }

    /// What tells without reading whether the path still leads to the same content.
    fn stamp(&self, _path: &Path) -> Stamp {
        Stamp::Unsure
    }

    /// Whether something is there, of any kind.
    fn exists(&self, path: &Path) -> bool {
        self.kind(path).is_some()
    }

    /// Whether a folder is there.
    fn is_dir(&self, path: &Path) -> bool {
        self.kind(path) == Some(FileKind::Folder)
    }

    /// Whether a regular file is there.
    fn is_file(&self, path: &Path) -> bool {
        self.kind(path) == Some(FileKind::File)
    }

    /// A file's text; bytes that are not UTF-8 are an error of kind `InvalidData`.
    fn read_to_string(&self, path: &Path) -> Result<String, FileError> {
        String::from_utf8(self.read(path)?).map_err(|_| {
            let source = io::Error::new(io::ErrorKind::InvalidData, "not UTF-8");
            FileError::new(FileAction::Read, path, source)
        })
    }
}

impl<F: Files + ?Sized> Files for Arc<F> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        (**self).read(path)
    }
    fn read_start(&self, path: &Path, limit: usize) -> Result<Vec<u8>, FileError> {
        (**self).read_start(path, limit)
    }
    fn read_dir(&self, path: &Path) -> Result<Vec<Entry>, FileError> {
        (**self).read_dir(path)
    }
    fn metadata(&self, path: &Path) -> Result<Metadata, FileError> {
        (**self).metadata(path)
    }
    fn canonicalize(&self, path: &Path) -> Result<PathBuf, FileError> {
        (**self).canonicalize(path)
    }
    fn kind(&self, path: &Path) -> Option<FileKind> {
        (**self).kind(path)
    }
    fn stamp(&self, path: &Path) -> Stamp {
        (**self).stamp(path)
    }
}

impl<F: Files + ?Sized> Files for &F {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        (**self).read(path)
    }
    fn read_start(&self, path: &Path, limit: usize) -> Result<Vec<u8>, FileError> {
        (**self).read_start(path, limit)
    }
    fn read_dir(&self, path: &Path) -> Result<Vec<Entry>, FileError> {
        (**self).read_dir(path)
    }
    fn metadata(&self, path: &Path) -> Result<Metadata, FileError> {
        (**self).metadata(path)
    }
    fn canonicalize(&self, path: &Path) -> Result<PathBuf, FileError> {
        (**self).canonicalize(path)
    }
    fn kind(&self, path: &Path) -> Option<FileKind> {
        (**self).kind(path)
    }
    fn stamp(&self, path: &Path) -> Stamp {
        (**self).stamp(path)
    }
}

/// The path without `.` components and with `..` taken back lexically: `a/./b/../c` is `a/c`.
///
/// Nothing is looked up, so a `..` after a symbolic link may not lead where the system would.
pub fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match normal.components().next_back() {
                Some(Component::Normal(_)) => {
                    normal.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => normal.push(".."),
            },
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn paths_are_normalized_lexically() {
        for (path, want) in [
            ("a/./b/../c", "a/c"),
            ("/../a", "/a"),
            ("../../a", "../../a"),
            ("a/..", ""),
            ("./a/", "a"),
        ] {
            assert_eq!(normalize(Path::new(path)), Path::new(want), "{path}");
        }
    }

    #[test]
    fn an_error_reads_after_failed_to() {
        let error = OsFiles.read(Path::new("no/such/file.go")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "read no/such/file.go: no such file or directory"
        );
        assert!(error.is_missing());
    }
}

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Entry, EntryKind, FileAction, FileError, FileKind, Files, Metadata, normalize};

/// Files held in memory; folders are implied by the files below them. Paths are compared after [`normalize`].
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    files: BTreeMap<PathBuf, Arc<[u8]>>,
}

impl MemoryFiles {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// The tree with one more file; for building a tree in one expression.
    #[must_use]
    pub fn with(mut self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> Self {
        self.insert(path, bytes);
        self
    }

    /// Puts a file, replacing one of the same path.
    pub fn insert(&mut self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        self.files
            .insert(normalize(path.as_ref()), Arc::from(bytes.as_ref()));
    }
}

impl Files for MemoryFiles {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        match self.files.get(&normalize(path)) {
            Some(bytes) => Ok(bytes.to_vec()),
            None if self.is_dir(path) => {
                let source = io::Error::new(io::ErrorKind::IsADirectory, "is a directory");
                Err(FileError::new(FileAction::Read, path, source))
            }
            None => Err(FileError::missing(FileAction::Read, path)),
        }
    }

    fn read_dir(&self, path: &Path) -> Result<Vec<Entry>, FileError> {
        let entries = children(&self.files, &normalize(path));
        if entries.is_empty() {
            return Err(FileError::missing(FileAction::List, path));
        }
        Ok(entries)
    }

    fn metadata(&self, path: &Path) -> Result<Metadata, FileError> {
        let wanted = normalize(path);
        let (kind, len) = match self.files.get(&wanted) {
            Some(bytes) => (FileKind::File, bytes.len() as u64),
            None if implies_folder(&self.files, &wanted) => (FileKind::Folder, 0),
            None => return Err(FileError::missing(FileAction::Inspect, path)),
        };
        Ok(Metadata {
            kind,
            len,
            modified: None,
        })
    }

    fn canonicalize(&self, path: &Path) -> Result<PathBuf, FileError> {
        match self.metadata(path) {
            Ok(_) => Ok(normalize(path)),
            Err(_) => Err(FileError::missing(FileAction::Resolve, path)),
        }
    }
}

/// Whether a file lies somewhere below `folder`.
pub(super) fn implies_folder(files: &BTreeMap<PathBuf, Arc<[u8]>>, folder: &Path) -> bool {
    below(files, folder).next().is_some()
}

/// The entries of `folder` that the files below it imply, sorted by name.
pub(super) fn children(files: &BTreeMap<PathBuf, Arc<[u8]>>, folder: &Path) -> Vec<Entry> {
    let mut entries: BTreeMap<_, EntryKind> = BTreeMap::new();
    for rest in below(files, folder) {
        let mut components = rest.components();
        if let Some(first) = components.next() {
            let kind = match components.next() {
                Some(_) => EntryKind::Folder,
                None => EntryKind::File,
            };
            entries.insert(first.as_os_str().to_owned(), kind);
        }
    }
    entries
        .into_iter()
        .map(|(name, kind)| Entry { name, kind })
        .collect()
}

/// The paths of the files strictly below `folder`, relative to it. Paths order by component, so they are one range.
fn below<'a>(
    files: &'a BTreeMap<PathBuf, Arc<[u8]>>,
    folder: &Path,
) -> impl Iterator<Item = &'a Path> {
    let folder = folder.to_owned();
    files
        .range(folder.clone()..)
        .map_while(move |(path, _)| path.strip_prefix(&folder).ok())
        .filter(|rest| !rest.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn folders_are_implied_by_files() {
        let files = MemoryFiles::new()
            .with("/m/go.mod", "module m")
            .with("/m/a-b/x.go", "")
            .with("/m/a/y.go", "package a");
        let names: Vec<_> = files
            .read_dir(Path::new("/m"))
            .unwrap()
            .into_iter()
            .map(|entry| (entry.name.into_string().unwrap(), entry.kind))
            .collect();
        let want = [
            ("a".to_owned(), EntryKind::Folder),
            ("a-b".to_owned(), EntryKind::Folder),
            ("go.mod".to_owned(), EntryKind::File),
        ];
        assert_eq!(names, want);
        assert!(files.is_dir(Path::new("/m/a/..")));
        assert_eq!(files.metadata(Path::new("/m/a/y.go")).unwrap().len, 9);
        assert!(!files.exists(Path::new("/m/b")));
        assert!(files.read(Path::new("/m/a")).is_err());
    }
}

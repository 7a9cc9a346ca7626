use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::memory::{children, implies_folder};
use super::{Entry, FileAction, FileError, FileKind, Files, Metadata, normalize};

/// Edited or new text laid over a tree, which stays as it is.
///
/// Paths are compared after [`normalize`]; where the base reaches a file through a symbolic link, lay the text over
/// the name by which it will be asked for.
pub struct Overlay {
    base: Arc<dyn Files>,
    edits: BTreeMap<PathBuf, Arc<[u8]>>,
    hidden: BTreeSet<PathBuf>,
}

impl Overlay {
    /// The base with `edits` (whole files) over it.
    pub fn new(base: Arc<dyn Files>, edits: BTreeMap<PathBuf, Arc<[u8]>>) -> Self {
        let edits = edits
            .into_iter()
            .map(|(path, bytes)| (normalize(&path), bytes))
            .collect();
        Self {
            base,
            edits,
            hidden: BTreeSet::new(),
        }
    }

    /// The same without some files of the base.
    #[must_use]
    pub fn without(mut self, files: impl IntoIterator<Item = PathBuf>) -> Self {
        self.hidden
            .extend(files.into_iter().map(|path| normalize(&path)));
        self
    }

    fn is_hidden(&self, wanted: &Path) -> bool {
        self.hidden.contains(wanted) && !self.edits.contains_key(wanted)
    }

    /// The files laid over, by normalized path.
    pub fn edits(&self) -> &BTreeMap<PathBuf, Arc<[u8]>> {
        &self.edits
    }
}

impl Files for Overlay {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        let wanted = normalize(path);
        match self.edits.get(&wanted) {
            Some(bytes) => Ok(bytes.to_vec()),
            None if self.is_hidden(&wanted) => Err(FileError::missing(FileAction::Read, path)),
            None => self.base.read(path),
        }
    }

    fn read_dir(&self, path: &Path) -> Result<Vec<Entry>, FileError> {
        let folder = normalize(path);
        let over = children(&self.edits, &folder);
        let under = match self.base.read_dir(path) {
            Ok(entries) => entries,
            Err(error) if over.is_empty() || !error.is_missing() => return Err(error),
            Err(_) => Vec::new(),
        };
        let mut entries: BTreeMap<_, _> = under
            .into_iter()
            .filter(|entry| !self.is_hidden(&folder.join(&entry.name)))
            .map(|entry| (entry.name, entry.kind))
            .collect();
        entries.extend(over.into_iter().map(|entry| (entry.name, entry.kind)));
        Ok(entries
            .into_iter()
            .map(|(name, kind)| Entry { name, kind })
            .collect())
    }

    fn metadata(&self, path: &Path) -> Result<Metadata, FileError> {
        let wanted = normalize(path);
        if let Some(bytes) = self.edits.get(&wanted) {
            // The time is unknown, so that nothing keyed by the base's time is taken for the edited text.
            return Ok(Metadata {
                kind: FileKind::File,
                len: bytes.len() as u64,
                modified: None,
            });
        }
        if self.is_hidden(&wanted) {
            return Err(FileError::missing(FileAction::Inspect, path));
        }
        match self.base.metadata(path) {
            Err(error) if error.is_missing() && implies_folder(&self.edits, &wanted) => {
                Ok(Metadata {
                    kind: FileKind::Folder,
                    len: 0,
                    modified: None,
                })
            }
            answer => answer,
        }
    }

    fn canonicalize(&self, path: &Path) -> Result<PathBuf, FileError> {
        if self.is_hidden(&normalize(path)) {
            return Err(FileError::missing(FileAction::Resolve, path));
        }
        match self.base.canonicalize(path) {
            Err(error) if error.is_missing() && self.metadata(path).is_ok() => Ok(normalize(path)),
            Err(error) => Err(FileError {
                action: FileAction::Resolve,
                ..error
            }),
            answer => answer,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::MemoryFiles;
    use super::*;

    #[test]
    fn edits_hide_the_base_and_add_to_it() {
        let base = MemoryFiles::new()
            .with("/m/a.go", "old")
            .with("/m/b.go", "kept");
        let edits = BTreeMap::from([
            (PathBuf::from("/m/./a.go"), Arc::from(b"new!".as_slice())),
            (PathBuf::from("/m/zz/c.go"), Arc::from(b"more".as_slice())),
        ]);
        let files = Overlay::new(Arc::new(base), edits);
        assert_eq!(files.read_to_string(Path::new("/m/a.go")).unwrap(), "new!");
        assert_eq!(files.read_to_string(Path::new("/m/b.go")).unwrap(), "kept");
        assert_eq!(files.metadata(Path::new("/m/a.go")).unwrap().len, 4);
        assert!(files.is_dir(Path::new("/m/zz")));
        let names: Vec<_> = files
            .read_dir(Path::new("/m"))
            .unwrap()
            .into_iter()
            .map(|e| e.name)
            .collect();
        assert_eq!(names, ["a.go", "b.go", "zz"]);
        let resolved = files.canonicalize(Path::new("/m/zz/c.go")).unwrap();
        assert_eq!(resolved, Path::new("/m/zz/c.go"));
    }

    #[test]
    fn what_is_hidden_is_missing() {
        let base = MemoryFiles::new().with("/m/a.go", "a").with("/m/b.go", "b");
        let edits = BTreeMap::from([(PathBuf::from("/m/b.go"), Arc::from(b"new".as_slice()))]);
        let gone = ["/m/a.go", "/m/x/../b.go"].map(PathBuf::from);
        let files = Overlay::new(Arc::new(base), edits).without(gone);
        let path = Path::new("/m/a.go");
        assert!(files.read(path).unwrap_err().is_missing());
        assert!(files.metadata(path).unwrap_err().is_missing());
        assert!(files.canonicalize(path).unwrap_err().is_missing());
        let entries = files.read_dir(Path::new("/m")).unwrap();
        assert_eq!(entries.len(), 1, "{entries:?}");
        assert_eq!(files.read_to_string(Path::new("/m/b.go")).unwrap(), "new");
    }
}

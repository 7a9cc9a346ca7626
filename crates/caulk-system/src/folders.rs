use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::files::{FileAction, FileError};

/// Creates a folder and those above it; one that exists is not an error.
pub fn create_folder(path: &Path) -> Result<(), FileError> {
    fs::create_dir_all(path).map_err(|error| FileError::new(FileAction::Create, path, error))
}

/// The working folder of this process.
pub fn current_folder() -> Result<PathBuf, FileError> {
    env::current_dir().map_err(|error| FileError::new(FileAction::Resolve, Path::new("."), error))
}

/// A fresh folder below the system's temporary one, removed with all its content when dropped.
#[derive(Debug)]
pub struct TempFolder(tempfile::TempDir);

impl TempFolder {
    /// A folder whose name begins with `prefix`.
    pub fn new(prefix: &str) -> Result<Self, FileError> {
        Self::new_in(&env::temp_dir(), prefix)
    }

    /// The same, below `parent`.
    pub fn new_in(parent: &Path, prefix: &str) -> Result<Self, FileError> {
        let failed = |error: io::Error| FileError::new(FileAction::Create, parent, error);
        let folder = tempfile::Builder::new()
            .prefix(prefix)
            .tempdir_in(parent)
            .map_err(failed)?;
        Ok(Self(folder))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves the folder in place for good.
    pub fn keep(self) -> PathBuf {
        self.0.keep()
    }
}

//! Where the files of a program are, and which of them may be edited.

use std::path::{Path, PathBuf};

use caulk_system::{EntryKind, Files, is_read_only};

use crate::linter::NAMES;

/// Gives the files that findings speak of, by their names: relative to the folder that was checked, with `/`.
pub trait Workspace {
    /// The bytes of a file, or why it cannot be read, as a fragment.
    fn read(&self, file: &str) -> Result<Vec<u8>, String>;

    /// Why a file must not be edited, as a fragment; none where it may be.
    fn refusal(&self, file: &str) -> Option<String>;

    /// The configuration of golangci-lint that holds for a file; none where there is none.
    fn linter(&self, _file: &str) -> Option<String> {
        None
    }
}

/// The files below a folder.
pub struct Folder<'a> {
    files: &'a dyn Files,
    root: PathBuf,
}

impl<'a> Folder<'a> {
    /// The files below `root`, read through `files`.
    pub fn new(files: &'a dyn Files, root: impl Into<PathBuf>) -> Self {
        Self {
            files,
            root: root.into(),
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.root.join(file)
    }
}

impl Workspace for Folder<'_> {
    fn read(&self, file: &str) -> Result<Vec<u8>, String> {
        self.files
            .read(&self.path(file))
            .map_err(|error| format!("failed to {error}"))
    }

    fn refusal(&self, file: &str) -> Option<String> {
        refusal(self.files, &self.root, file)
    }

    fn linter(&self, file: &str) -> Option<String> {
        let folders = Path::new(file).ancestors().skip(1);
        let bytes = folders
            .flat_map(|folder| NAMES.map(|name| self.root.join(folder).join(name)))
            .find_map(|path| self.files.read(&path).ok())?;
        String::from_utf8(bytes).ok()
    }
}

/// Why a file below `root` must not be edited, by where it is and what it is.
fn refusal(files: &dyn Files, root: &Path, file: &str) -> Option<String> {
    let relative = Path::new(file);
    let leaves = relative
        .components()
        .any(|part| !matches!(part, std::path::Component::Normal(_)));
    if leaves {
        return Some("the file is outside of the folder that was checked".to_owned());
    }
    if relative
        .components()
        .any(|part| part.as_os_str() == "vendor")
    {
        return Some("the file is a vendored copy".to_owned());
    }
    // A link on the way leads to a file that something else may own.
    let mut folder = root.to_owned();
    for part in relative.components() {
        let entries = files.read_dir(&folder).unwrap_or_default();
        let entry = entries.iter().find(|entry| entry.name == part.as_os_str());
        if entry.is_some_and(|entry| entry.kind == EntryKind::Symlink) {
            return Some("the file is reached through a symbolic link".to_owned());
        }
        folder.push(part);
    }
    is_read_only(&root.join(relative)).then(|| "the file is read-only".to_owned())
}

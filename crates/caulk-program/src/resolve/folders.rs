//! Listings of folders, each read once.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use caulk_system::{EntryKind, Files};
use rustc_hash::FxHashMap;

/// What of a folder matters to Go.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Names of Go files that the go command would look at, sorted; constraints not yet applied.
    pub go_files: Vec<String>,
    /// Names of the folders in it, sorted.
    pub folders: Vec<String>,
    pub has_go_mod: bool,
    /// What cannot be looked at, and why: the folder itself, or what has a name that Go could not say.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// A memory of listings, shared between threads.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    listings: Mutex<FxHashMap<PathBuf, Arc<Listing>>>,
}

impl Folders {
    pub fn list(&self, files: &dyn Files, dir: &Path) -> Arc<Listing> {
        let lock = || self.listings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listing) = lock().get(dir) {
            return listing.clone();
        }
        let listing = Arc::new(read(files, dir));
        lock().insert(dir.to_owned(), listing.clone());
        listing
    }

    pub fn has_go_files(&self, files: &dyn Files, dir: &Path) -> bool {
        !self.list(files, dir).go_files.is_empty()
    }
}

/// A folder that cannot be read is empty, and says so.
pub(crate) fn read(files: &dyn Files, dir: &Path) -> Listing {
    let mut listing = Listing::default();
    let entries = match files.read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => {
            listing.unreadable.push((dir.to_owned(), error.reason()));
            return listing;
        }
    };
    for entry in entries {
        let Some(name) = entry.name.to_str() else {
            if entry.kind == EntryKind::Folder || entry.name.as_encoded_bytes().ends_with(b".go") {
                let why = "its name is not UTF-8".to_owned();
                listing.unreadable.push((dir.join(&entry.name), why));
            }
            continue;
        };
        match entry.kind {
            EntryKind::Folder => listing.folders.push(name.to_owned()),
            EntryKind::Other => {}
            EntryKind::File | EntryKind::Symlink => {
                listing.has_go_mod |= name == "go.mod";
                if name.ends_with(".go")
                    && !name.starts_with(['_', '.'])
                    && (entry.kind == EntryKind::File || files.is_file(&dir.join(name)))
                {
                    listing.go_files.push(name.to_owned());
                }
            }
        }
    }
    listing
}

//! A folder of answers that were worked out before, each under the digest of all that it hangs on.
//!
//! What cannot be read, or was damaged, is not there.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

use crate::files::{FileAction, FileError};
use crate::write::temporary_beside;

/// The format of an entry: these bytes, the digest of what follows, and that.
const MAGIC: &[u8] = b"caulk cache 1\n";
const DIGEST_BYTES: usize = 32;
/// All entries together, in bytes.
const MAX_BYTES: u64 = 256 << 20;
/// After a clean-up this much of [`MAX_BYTES`] is left at most.
const KEPT_BYTES: u64 = MAX_BYTES / 4 * 3;
/// An entry that nobody asked for so long goes.
const MAX_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How far the time of an entry may lag behind its last use.
const USE_GRAIN: Duration = Duration::from_secs(60 * 60);

/// What an answer hangs on.
#[derive(Clone, Debug)]
pub struct CacheKey(Sha256);

impl CacheKey {
    /// A key for answers of one kind, made by this executable: another build may answer differently.
    pub fn new(kind: &str) -> CacheKey {
        let key = CacheKey(Sha256::new()).with(kind);
        let executable = std::env::current_exe().ok();
        let found = executable
            .as_deref()
            .and_then(|path| fs::metadata(path).ok());
        let built = found.and_then(|found| Some((found.len(), found.modified().ok()?)));
        key.with(env!("CARGO_PKG_VERSION"))
            .with(&format!("{built:?}"))
    }

    /// The key with one more part.
    #[must_use]
    pub fn with(mut self, part: &str) -> CacheKey {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    fn name(&self) -> String {
        let digest = self.0.clone().finalize();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A folder of entries.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// That of this user: `CAULK_CACHE` where it is set (`off` for none), else `caulk` in the platform's folder for caches.
    pub fn of_user() -> Option<Cache> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let folder = match set("CAULK_CACHE") {
            Some(off) if off == "off" => return None,
            Some(folder) => PathBuf::from(folder),
            None => user_folder(&set)?.join("caulk"),
        };
        folder.is_absolute().then(|| Cache::at(folder))
    }

    /// The one at a folder, which is made when something is put there.
    pub fn at(folder: PathBuf) -> Cache {
        Cache { folder }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What was put under a key.
    pub fn get(&self, key: &CacheKey) -> Option<Vec<u8>> {
        let path = self.folder.join(key.name());
        let mut bytes = fs::read(&path).ok()?;
        let rest = bytes.strip_prefix(MAGIC)?;
        let (digest, content) = rest.split_at_checked(DIGEST_BYTES)?;
        if Sha256::digest(content).as_slice() != digest {
            return None;
        }
        mark_used(&path);
        bytes.drain(..MAGIC.len() + DIGEST_BYTES);
        Some(bytes)
    }

    /// Puts an answer under a key. A reader sees all of it or nothing, whoever else writes. Who fails to may go on: the
    /// answer is not there the next time.
    pub fn put(&self, key: &CacheKey, content: &[u8]) -> Result<(), FileError> {
        let failed = |action, path: &Path| {
            let path = path.to_owned();
            move |error| FileError::new(action, &path, error)
        };
        if content.len() as u64 > KEPT_BYTES {
            return Ok(());
        }
        fs::create_dir_all(&self.folder).map_err(failed(FileAction::Create, &self.folder))?;
        let path = self.folder.join(key.name());
        let temporary = temporary_beside(&path);
        // Not synced to disk: an entry that a crash cuts short is told by its digest.
        let written = File::create_new(&temporary).and_then(|mut file| {
            file.write_all(MAGIC)?;
            file.write_all(&Sha256::digest(content))?;
            file.write_all(content)
        });
        let written = written.and_then(|()| fs::rename(&temporary, &path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        self.clean_up(SystemTime::now());
        written.map_err(failed(FileAction::Write, &path))
    }

    /// Removes what is old, and the oldest of what is too much.
    fn clean_up(&self, now: SystemTime) {
        let mut entries = entries(&self.folder);
        entries.sort_by_key(|entry| entry.used);
        let mut total: u64 = entries.iter().map(|entry| entry.len).sum();
        let is_full = total > MAX_BYTES;
        for entry in entries {
            let age = now.duration_since(entry.used).unwrap_or_default();
            if age > MAX_AGE || (is_full && total > KEPT_BYTES) {
                let _ = fs::remove_file(&entry.path);
                total -= entry.len;
            }
        }
    }
}

struct Entry {
    path: PathBuf,
    len: u64,
    used: SystemTime,
}

/// The files that a cache wrote, unfinished ones of processes that were killed included. Others in the folder are not ours.
fn entries(folder: &Path) -> Vec<Entry> {
    let is_ours = |name: &str| {
        let name = name.strip_prefix('.').unwrap_or(name);
        let digest = name.split('.').next().unwrap_or(name);
        digest.len() == 2 * DIGEST_BYTES && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(is_ours))
        .filter_map(|entry| {
            let found = entry.metadata().ok()?;
            Some(Entry {
                path: entry.path(),
                len: found.len(),
                used: found.modified().ok()?,
            })
        })
        .collect()
}

fn mark_used(path: &Path) {
    let now = SystemTime::now();
    let used = fs::metadata(path).and_then(|found| found.modified());
    let is_recent =
        used.is_ok_and(|used| now.duration_since(used).is_ok_and(|age| age < USE_GRAIN));
    if !is_recent {
        let _ = File::options()
            .append(true)
            .open(path)
            .and_then(|file| file.set_modified(now));
    }
}

fn user_folder(set: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Option<PathBuf> {
    let home = || set("HOME").map(PathBuf::from);
    if cfg!(windows) {
        return set("LOCALAPPDATA").map(PathBuf::from);
    }
    if cfg!(target_os = "macos") {
        return home().map(|home| home.join("Library").join("Caches"));
    }
    set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| home().map(|home| home.join(".cache")))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn key(part: &str) -> CacheKey {
        CacheKey::new("test").with(part)
    }

    #[test]
    fn what_was_put_is_found_under_its_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("not/yet/there"));
        assert_eq!(cache.get(&key("a")), None);
        cache.put(&key("a"), b"one").unwrap();
        cache.put(&key("b"), b"").unwrap();
        cache.put(&key("a"), b"two").unwrap();
        assert_eq!(cache.get(&key("a")).unwrap(), b"two");
        assert_eq!(cache.get(&key("b")).unwrap(), b"");
        assert_eq!(cache.get(&key("c")), None);
        assert_ne!(key("ab").with("c").name(), key("a").with("bc").name());
    }

    #[test]
    fn a_damaged_entry_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_owned());
        cache.put(&key("a"), b"what was found").unwrap();
        let path = folder.path().join(key("a").name());
        let whole = fs::read(&path).unwrap();
        for end in 0..whole.len() {
            fs::write(&path, &whole[..end]).unwrap();
            assert_eq!(cache.get(&key("a")), None, "cut at {end}");
        }
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x10;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(cache.get(&key("a")), None, "damaged at {place}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_has_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let cache = Cache::at(file);
        assert!(cache.put(&key("a"), b"one").is_err());
        assert_eq!(cache.get(&key("a")), None);
    }

    #[test]
    fn old_entries_go_and_other_files_stay() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_owned());
        let other = folder.path().join("notes.txt");
        fs::write(&other, "mine").unwrap();
        cache.put(&key("a"), b"one").unwrap();
        cache.clean_up(SystemTime::now() + MAX_AGE * 2);
        assert_eq!(cache.get(&key("a")), None);
        assert!(other.exists());
    }

    #[test]
    fn of_what_is_too_much_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_owned());
        let now = SystemTime::now();
        for (age, name) in [(3, "c"), (2, "b"), (1, "a")] {
            let path = folder.path().join(key(name).name());
            let file = File::create_new(&path).unwrap();
            file.set_len(MAX_BYTES / 2).unwrap();
            file.set_modified(now - Duration::from_secs(age * 60))
                .unwrap();
        }
        cache.clean_up(now);
        let left: Vec<bool> = ["a", "b", "c"]
            .iter()
            .map(|name| folder.path().join(key(name).name()).exists())
            .collect();
        assert_eq!(left, [true, false, false]);
    }
}

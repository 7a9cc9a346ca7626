//! Texts of files: as many as memory allows, the others are read again when someone wants them. Of a large tree they would
//! be the largest part of all that is held, and most are looked at for a moment.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use caulk_system::Files;
use rustc_hash::FxHasher;

/// The latest texts are kept up to so many bytes: those of most trees altogether. The very latest is kept however long it
/// is: it is asked for again for each of its functions.
const KEPT_BYTES: usize = 32 << 20;

/// The texts of a tree that are at hand.
pub(crate) struct Texts {
    files: Arc<dyn Files>,
    kept: Mutex<Kept>,
}

impl std::fmt::Debug for Texts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Texts")
    }
}

#[derive(Default)]
struct Kept {
    /// The oldest first.
    texts: VecDeque<(Arc<Held>, usize)>,
    bytes: usize,
}

/// A text while it is at hand.
type Held = Mutex<Option<Arc<[u8]>>>;

/// The text of one file.
#[derive(Debug)]
pub(crate) enum Text {
    /// It is part of caulk.
    Shipped(&'static str),
    /// It can be read again.
    OfFile {
        texts: Arc<Texts>,
        held: Arc<Held>,
        /// What it was when it was read first.
        print: u64,
    },
}

impl Texts {
    pub fn new(files: Arc<dyn Files>) -> Arc<Texts> {
        Arc::new(Texts {
            files,
            kept: Mutex::default(),
        })
    }

    /// A text that has just been read.
    pub fn text(self: &Arc<Texts>, bytes: Arc<[u8]>) -> Text {
        let print = print(&bytes);
        let held = Arc::default();
        self.keep(&held, bytes);
        Text::OfFile {
            texts: self.clone(),
            held,
            print,
        }
    }

    fn keep(&self, held: &Arc<Held>, text: Arc<[u8]>) {
        let bytes = text.len();
        // Who comes second has read the same.
        if lock(held).replace(text).is_some() {
            return;
        }
        let mut dropped = Vec::new();
        {
            let mut kept = lock(&self.kept);
            kept.texts.push_back((held.clone(), bytes));
            kept.bytes += bytes;
            while kept.bytes > KEPT_BYTES
                && kept.texts.len() > 1
                && let Some((old, bytes)) = kept.texts.pop_front()
            {
                kept.bytes = kept.bytes.saturating_sub(bytes);
                dropped.push(old);
            }
        }
        for old in dropped {
            lock(&old).take();
        }
    }
}

impl Text {
    /// The bytes. A file that has changed since it was read first has none: places in it are no longer known.
    pub fn bytes(&self, path: &Path) -> Arc<[u8]> {
        match self {
            Text::Shipped(text) => Arc::from(text.as_bytes()),
            Text::OfFile {
                texts,
                held,
                print: known,
            } => {
                if let Some(text) = &*lock(held) {
                    return text.clone();
                }
                let read = texts.files.read(path).unwrap_or_default();
                if print(&read) != *known {
                    return Arc::default();
                }
                let text: Arc<[u8]> = Arc::from(read);
                texts.keep(held, text.clone());
                text
            }
        }
    }
}

/// What tells a text from another; nobody makes two that share it on purpose, and who did would mislead himself alone.
fn print(text: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    text.hash(&mut hasher);
    hasher.finish()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::path::PathBuf;

    use caulk_system::MemoryFiles;

    use super::*;

    #[test]
    fn a_text_longer_than_all_that_is_kept_is_not_read_again_for_each_function() {
        let texts = Texts::new(Arc::new(MemoryFiles::default()));
        let long: Arc<[u8]> = Arc::from(vec![b' '; KEPT_BYTES + 1]);
        let text = texts.text(long.clone());
        let gone = PathBuf::from("/gone.go");
        assert!(Arc::ptr_eq(&text.bytes(&gone), &long));
        texts.text(Arc::from(&b"package a"[..]));
        assert!(text.bytes(&gone).is_empty());
    }
}

//! Texts of files: those of most trees altogether. Of a large tree they would be the largest part of all that is held, so
//! they are read again when someone wants them.

use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use caulk_system::Files;
use rustc_hash::FxHasher;

/// All texts are kept as long as they are no larger than this together.
const KEPT_BYTES: usize = 32 << 20;

/// Of a larger tree the latest texts are kept up to so many bytes: its files are asked for in turn, one body after the other, and
/// each time round the next one would be gone already.
const KEPT_BYTES_OF_MANY: usize = 4 << 20;

/// So many of the latest are kept however long they are: threads ask for theirs again for each of its functions.
const LATEST: usize = 16;

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
    /// There were more than can be kept.
    are_many: bool,
}

impl Kept {
    fn has_too_many(&mut self) -> bool {
        self.are_many |= self.bytes > KEPT_BYTES;
        self.are_many && self.bytes > KEPT_BYTES_OF_MANY
    }
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
            while kept.has_too_many()
                && kept.texts.len() > LATEST
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
        for _ in 1..LATEST {
            texts.text(Arc::from(&b"package a"[..]));
        }
        assert!(Arc::ptr_eq(&text.bytes(&gone), &long));
        texts.text(Arc::from(&b"package a"[..]));
        assert!(text.bytes(&gone).is_empty());
    }
}

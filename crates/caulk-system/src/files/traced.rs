//! Files that remember what was asked of them, so that a later run can tell whether it would be answered the same.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Entry, EntryKind, FileError, FileKind, Files, Metadata};

/// File systems tell times as coarsely as by 2 s (FAT). What changed this short a time before it was looked at may change
/// again without a sign, as in git's index (<https://git-scm.com/docs/racy-git>).
const SETTLED_AFTER: Duration = Duration::from_secs(3);

/// What the system says of a path without its content being read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stamp {
    /// Nothing is known, or a change could go unnoticed: only the answers themselves can be compared.
    #[default]
    Unsure,
    /// Nothing is there.
    Missing,
    /// Two equal ones stand for the same content.
    Same {
        /// Size in bytes.
        len: u64,
        /// Device and number of the file on it.
        file: (u64, u64),
        /// Nanoseconds since 1970 of the last change of the content, and of the content or its owner and mode.
        changed: (i64, i64),
    },
}

impl Stamp {
    /// A stamp with the times of the last changes, unless these are too near to `now` to tell a later one.
    pub(super) fn new(len: u64, file: (u64, u64), changed: (i64, i64), now: SystemTime) -> Stamp {
        let settled = now
            .checked_sub(SETTLED_AFTER)
            .and_then(|then| then.duration_since(SystemTime::UNIX_EPOCH).ok())
            .and_then(|then| i64::try_from(then.as_nanos()).ok());
        match settled {
            Some(settled) if changed.0.max(changed.1) < settled => {
                Stamp::Same { len, file, changed }
            }
            _ => Stamp::Unsure,
        }
    }
}

/// A question about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Question {
    Content,
    Start(usize),
    Listing,
    Kind,
    Metadata,
    Resolved,
}

/// Half of a SHA-256: equal ones stand for equal answers.
pub type Digest = [u8; 16];

/// What was asked of one path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    /// From before the first answer, so that a change after it shows.
    stamp: Stamp,
    /// Each question once.
    answers: Vec<(Question, Digest)>,
}

/// Answers that a tree of files gave. It holds as long as the tree would give the same again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace(Vec<(PathBuf, Asked)>);

/// Files that write down every question and its answer.
pub struct Traced {
    files: Arc<dyn Files>,
    asked: Mutex<Record>,
}

#[derive(Default)]
struct Record {
    paths: HashMap<PathBuf, Asked>,
    /// The same question had two answers.
    changed_meanwhile: bool,
}

impl Traced {
    /// Over other files.
    pub fn new(files: Arc<dyn Files>) -> Traced {
        Traced {
            files,
            asked: Mutex::default(),
        }
    }

    /// What was asked so far; none where files changed meanwhile, or have names that cannot be written down.
    pub fn trace(&self) -> Option<Trace> {
        let record = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let writable = record.paths.keys().all(|path| path.to_str().is_some());
        if record.changed_meanwhile || !writable {
            return None;
        }
        let mut asked: Vec<(PathBuf, Asked)> = record
            .paths
            .iter()
            .map(|(path, asked)| (path.clone(), asked.clone()))
            .collect();
        asked.sort_by(|a, b| a.0.cmp(&b.0));
        Some(Trace(asked))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Record> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a question, and writes it down.
    fn ask<T>(
        &self,
        path: &Path,
        question: Question,
        answer: impl FnOnce() -> T,
        digest: impl FnOnce(&T) -> Digest,
    ) -> T {
        if !self.lock().paths.contains_key(path) {
            let stamp = self.files.stamp(path);
            let mut record = self.lock();
            record.paths.entry(path.to_owned()).or_insert(Asked {
                stamp,
                answers: Vec::new(),
            });
        }
        let answer = answer();
        let digest = digest(&answer);
        let mut record = self.lock();
        let Record {
            paths,
            changed_meanwhile,
        } = &mut *record;
        if let Some(asked) = paths.get_mut(path) {
            match asked.answers.iter().find(|(known, _)| *known == question) {
                Some((_, before)) => *changed_meanwhile |= *before != digest,
                None => asked.answers.push((question, digest)),
            }
        }
        answer
    }
}

impl Files for Traced {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        let read = || self.files.read(path);
        self.ask(path, Question::Content, read, content_digest)
    }

    fn read_start(&self, path: &Path, limit: usize) -> Result<Vec<u8>, FileError> {
        let read = || self.files.read_start(path, limit);
        self.ask(path, Question::Start(limit), read, content_digest)
    }

    fn read_dir(&self, path: &Path) -> Result<Vec<Entry>, FileError> {
        let list = || self.files.read_dir(path);
        self.ask(path, Question::Listing, list, listing_digest)
    }

    fn metadata(&self, path: &Path) -> Result<Metadata, FileError> {
        let inspect = || self.files.metadata(path);
        self.ask(path, Question::Metadata, inspect, metadata_digest)
    }

    fn canonicalize(&self, path: &Path) -> Result<PathBuf, FileError> {
        let resolve = || self.files.canonicalize(path);
        self.ask(path, Question::Resolved, resolve, resolved_digest)
    }

    fn kind(&self, path: &Path) -> Option<FileKind> {
        let kind = || self.files.kind(path);
        self.ask(path, Question::Kind, kind, |kind| kind_digest(*kind))
    }

    fn stamp(&self, path: &Path) -> Stamp {
        self.files.stamp(path)
    }
}

/// Whether a trace holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holds {
    /// All would be the same.
    Yes,
    /// All would be the same, though some had to be asked again: this trace saves that the next time.
    Renewed(Trace),
    /// Some answers would differ.
    No(Changes),
}

/// Which answers of a trace would differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files with another content, or none any more.
    pub contents: Vec<PathBuf>,
    /// Folders with other entries, or none any more.
    pub listings: Vec<PathBuf>,
    /// Whether anything else differs.
    pub others: bool,
    /// The answers that would be the same.
    pub rest: Trace,
}

impl Trace {
    /// How many paths were looked at.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was asked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether anything was asked of a path.
    pub fn has(&self, path: &Path) -> bool {
        self.of(path).is_some()
    }

    fn of(&self, path: &Path) -> Option<&Asked> {
        let index = self
            .0
            .binary_search_by(|(known, _)| known.as_path().cmp(path))
            .ok()?;
        self.0.get(index).map(|(_, asked)| asked)
    }

    /// Whether files would answer the same: by their stamps where these tell, by the answers themselves elsewhere.
    pub fn holds(self, files: &dyn Files) -> Holds {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = self.0.len().div_ceil(threads).max(64);
        let looked: Option<Vec<Vec<Looked>>> = std::thread::scope(|scope| {
            let workers: Vec<_> = self
                .0
                .chunks(share)
                .enumerate()
                .map(|(part, asked)| scope.spawn(move || look(files, part * share, asked)))
                .collect();
            let looked = workers.into_iter().map(|worker| worker.join().ok());
            looked.collect()
        });
        let Some(looked) = looked else {
            // A worker that panicked has confirmed nothing.
            return Holds::No(Changes {
                others: true,
                ..Changes::default()
            });
        };
        let mut rest = self.0;
        let mut changes = Changes::default();
        let mut is_renewed = false;
        for Looked {
            index,
            stamp,
            changed,
        } in looked.into_iter().flatten()
        {
            let Some((path, asked)) = rest.get_mut(index) else {
                continue;
            };
            is_renewed = true;
            asked.stamp = stamp;
            asked
                .answers
                .retain(|(question, _)| !changed.contains(question));
            for question in changed {
                match question {
                    Question::Content => changes.contents.push(path.clone()),
                    Question::Listing => changes.listings.push(path.clone()),
                    _ => changes.others = true,
                }
            }
        }
        if changes == Changes::default() {
            return if is_renewed {
                Holds::Renewed(Trace(rest))
            } else {
                Holds::Yes
            };
        }
        rest.retain(|(_, asked)| !asked.answers.is_empty());
        changes.rest = Trace(rest);
        Holds::No(changes)
    }

    /// The answers of both, of which `later` was asked later; none where they contradict each other.
    pub fn and(self, later: Trace) -> Option<Trace> {
        let mut all = Vec::with_capacity(self.0.len().max(later.0.len()));
        let mut before = self.0.into_iter().peekable();
        for (path, mut asked) in later.0 {
            while let Some(earlier) = before.next_if(|(known, _)| *known < path) {
                all.push(earlier);
            }
            if let Some((_, known)) = before.next_if(|(known, _)| *known == path) {
                asked = known.and(asked)?;
            }
            all.push((path, asked));
        }
        all.extend(before);
        Some(Trace(all))
    }
}

impl Asked {
    fn and(mut self, later: Asked) -> Option<Asked> {
        if self.stamp != later.stamp {
            if self.stamp != Stamp::Unsure && later.stamp != Stamp::Unsure {
                return None;
            }
            self.stamp = Stamp::Unsure;
        }
        for (question, digest) in later.answers {
            match self.answers.iter().find(|(known, _)| *known == question) {
                Some((_, before)) if *before != digest => return None,
                Some(_) => {}
                None => self.answers.push((question, digest)),
            }
        }
        Some(self)
    }
}

/// A path whose stamp is another than before.
struct Looked {
    /// Its place in the trace.
    index: usize,
    stamp: Stamp,
    /// What would be answered differently.
    changed: Vec<Question>,
}

fn look(files: &dyn Files, first: usize, asked: &[(PathBuf, Asked)]) -> Vec<Looked> {
    let mut found = Vec::new();
    for (index, (path, asked)) in asked.iter().enumerate() {
        let stamp = files.stamp(path);
        let is_same = stamp != Stamp::Unsure && stamp == asked.stamp;
        let changed: Vec<Question> = asked
            .answers
            .iter()
            // Where a path leads to depends on links above it, which its own stamp does not show.
            .filter(|(question, _)| !is_same || *question == Question::Resolved)
            .filter(|(question, digest)| answer_digest(files, path, *question) != *digest)
            .map(|(question, _)| *question)
            .collect();
        if stamp != asked.stamp || !changed.is_empty() {
            found.push(Looked {
                index: first + index,
                stamp,
                changed,
            });
        }
    }
    found
}

fn answer_digest(files: &dyn Files, path: &Path, question: Question) -> Digest {
    match question {
        Question::Content => content_digest(&files.read(path)),
        Question::Start(limit) => content_digest(&files.read_start(path, limit)),
        Question::Listing => listing_digest(&files.read_dir(path)),
        Question::Kind => kind_digest(files.kind(path)),
        Question::Metadata => metadata_digest(&files.metadata(path)),
        Question::Resolved => resolved_digest(&files.canonicalize(path)),
    }
}

/// The digest of a sequence of parts; where one ends counts.
pub fn digest_of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Digest {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut digest = Digest::default();
    digest
        .iter_mut()
        .zip(hash.finalize())
        .for_each(|(byte, hashed)| *byte = hashed);
    digest
}

/// That of a failure, which no answer has.
fn failure_digest(error: &FileError) -> Digest {
    let kind = format!("{:?}", error.source.kind());
    digest_of([b"failed".as_slice(), kind.as_bytes()])
}

fn content_digest(content: &Result<Vec<u8>, FileError>) -> Digest {
    match content {
        Ok(bytes) => digest_of([bytes.as_slice()]),
        Err(error) => failure_digest(error),
    }
}

fn listing_digest(listing: &Result<Vec<Entry>, FileError>) -> Digest {
    match listing {
        Ok(entries) => digest_of(entries.iter().flat_map(|entry| {
            let kind: &[u8] = match entry.kind {
                EntryKind::File => b"file",
                EntryKind::Folder => b"folder",
                EntryKind::Symlink => b"link",
                EntryKind::Other => b"other",
            };
            [entry.name.as_encoded_bytes(), kind]
        })),
        Err(error) => failure_digest(error),
    }
}

fn kind_digest(kind: Option<FileKind>) -> Digest {
    digest_of([kind.map_or(b"none".as_slice(), kind_bytes)])
}

fn kind_bytes(kind: FileKind) -> &'static [u8] {
    match kind {
        FileKind::File => b"file",
        FileKind::Folder => b"folder",
        FileKind::Other => b"other",
    }
}

fn metadata_digest(metadata: &Result<Metadata, FileError>) -> Digest {
    match metadata {
        Ok(found) => {
            let rest = format!("{} {:?}", found.len, found.modified);
            digest_of([kind_bytes(found.kind), rest.as_bytes()])
        }
        Err(error) => failure_digest(error),
    }
}

fn resolved_digest(resolved: &Result<PathBuf, FileError>) -> Digest {
    match resolved {
        Ok(path) => digest_of([path.as_os_str().as_encoded_bytes()]),
        Err(error) => failure_digest(error),
    }
}

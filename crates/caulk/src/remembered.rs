//! A whole check, kept until something that it looked at changes, and the findings of its packages, kept beyond that.
//!
//! An entry holds what was found, and every question that was put to the file system on the way with the digest of its
//! answer: the walk, module files, sources of dependencies, what was not there. It is good for as long as all answers
//! are the same. What is not a file, the flags and the environment, is part of its key.
//!
//! A second entry holds what [`caulk_leaks::check_builds_again`] goes on from where only Go files have changed. The two
//! belong together by the digest of the second; where they do not, the second is nothing.

use std::path::Path;
use std::sync::Arc;

use caulk_leaks::{Analysis, Before, Kept};
use caulk_program::{GoEnv, Known};
use caulk_system::{
    Cache, CacheKey, Cancel, Digest, FileError, Files, Holds, Trace, Traced, digest_of,
};
use serde::{Deserialize, Serialize};

use crate::source::{self, Analysed, Reading};
use crate::stats::{CacheUse, Phases};

/// What is written down of a check.
#[derive(Serialize, Deserialize)]
struct Entry<A> {
    trace: Trace,
    /// Of the entry with what it was put together from.
    parts: Digest,
    analysis: A,
}

/// An analysis, and whether an earlier run made it.
pub struct Remembered {
    pub analysed: Analysed,
    pub cache_use: CacheUse,
    /// Why nothing could be kept.
    pub failed: Option<FileError>,
}

/// The analysis that `reading` asks for. Nothing is kept of a run that is interrupted.
pub fn analyse(cache: &Cache, root: &Path, reading: &Reading, cancel: &Cancel) -> Remembered {
    let mut phases = Phases::start();
    let files = source::os_files();
    let memory = Memory::of(cache, &*files, root, reading);
    let looked = memory.look(&*files);
    phases.end("look into the cache");
    let (rest, start) = match looked {
        Looked::Whole(analysis, failed) => {
            return Remembered {
                analysed: Analysed::known(files, root, reading, analysis, phases),
                cache_use: CacheUse::Hit,
                failed,
            };
        }
        Looked::Parts(rest, start) => (Some(rest), start),
        Looked::Nothing => (None, Default::default()),
    };
    let is_part = rest.is_some();
    let traced = Arc::new(Traced::new(files.clone()));
    let (mut analysed, kept, reused) = source::analyse_again(traced.clone(), root, reading, start);
    phases.add(&analysed.phases);
    let trace = traced.trace().and_then(|trace| match rest {
        Some(rest) => rest.and(trace),
        None => Some(trace),
    });
    let mut failed = None;
    if !cancel.is_cancelled()
        && let Some(trace) = trace
    {
        failed = memory.keep(trace, &analysed.analysis, &kept).err();
        phases.end("write the cache");
    }
    if is_part {
        // Its programs lack what was not read.
        let partial = analysed;
        analysed = Analysed::known(files, root, reading, partial.analysis.clone(), phases);
        // Nobody looks at it again: the system takes its memory back faster than we could.
        std::mem::forget(partial);
    } else {
        analysed.phases = phases;
    }
    analysed.keep(kept);
    Remembered {
        analysed,
        cache_use: match is_part {
            true => CacheUse::Part(reused),
            false => CacheUse::Miss,
        },
        failed,
    }
}

/// The entries for one tree, read in one way.
struct Memory<'a> {
    cache: &'a Cache,
    whole: CacheKey,
    parts: CacheKey,
}

/// What is there.
enum Looked {
    /// All, and why it could not be kept for longer.
    Whole(Analysis, Option<FileError>),
    /// What to go on from, and the answers of the file system that still hold.
    Parts(Trace, (Known, Before)),
    Nothing,
}

impl Memory<'_> {
    fn of<'a>(cache: &'a Cache, files: &dyn Files, root: &Path, reading: &Reading) -> Memory<'a> {
        let env = GoEnv::of_process(files);
        let key = |kind: &str| {
            CacheKey::new(kind)
                .with(&format!("{root:?}"))
                .with(&format!("{reading:?}"))
                .with(&format!("{env:?}"))
        };
        Memory {
            cache,
            whole: key("check"),
            parts: key("packages of a check"),
        }
    }

    /// An entry that cannot be read is none.
    fn look(&self, files: &dyn Files) -> Looked {
        let known = self.cache.get(&self.whole);
        let known = known.and_then(|bytes| self.known(&bytes, files));
        known.unwrap_or(Looked::Nothing)
    }

    fn known(&self, bytes: &[u8], files: &dyn Files) -> Option<Looked> {
        let (trace, rest): (Trace, _) = postcard::take_from_bytes(bytes).ok()?;
        let (parts, rest): (Digest, _) = postcard::take_from_bytes(rest).ok()?;
        match trace.holds(files) {
            Holds::Yes => Some(Looked::Whole(postcard::from_bytes(rest).ok()?, None)),
            Holds::Renewed(trace) => {
                let analysis = postcard::from_bytes(rest).ok()?;
                let failed = self.keep_whole(trace, parts, &analysis).err();
                Some(Looked::Whole(analysis, failed))
            }
            Holds::No(changes) => {
                let bytes = self.cache.get(&self.parts)?;
                if digest_of([bytes.as_slice()]) != parts {
                    return None;
                }
                let kept: Kept = postcard::from_bytes(&bytes).ok()?;
                let changed = kept.changed(files, &changes)?;
                Some(Looked::Parts(changes.rest, kept.after(changed)))
            }
        }
    }

    fn keep(&self, trace: Trace, analysis: &Analysis, kept: &Kept) -> Result<(), FileError> {
        let Ok(bytes) = postcard::to_allocvec(kept) else {
            return Ok(());
        };
        self.cache.put(&self.parts, &bytes)?;
        self.keep_whole(trace, digest_of([bytes.as_slice()]), analysis)
    }

    fn keep_whole(
        &self,
        trace: Trace,
        parts: Digest,
        analysis: &Analysis,
    ) -> Result<(), FileError> {
        let entry = Entry {
            trace,
            parts,
            analysis,
        };
        match postcard::to_allocvec(&entry) {
            Ok(bytes) => self.cache.put(&self.whole, &bytes),
            Err(_) => Ok(()),
        }
    }
}

//! A whole check, kept until something that it looked at changes.
//!
//! An entry holds what was found, and every question that was put to the file system on the way with the digest of its
//! answer: the walk, module files, sources of dependencies, what was not there. It is good for as long as all answers
//! are the same. What is not a file, the flags and the environment, is part of its key.

use std::path::Path;
use std::sync::Arc;

use caulk_leaks::Analysis;
use caulk_program::GoEnv;
use caulk_system::{Cache, CacheKey, Cancel, Files, Holds, Trace, Traced};
use serde::{Deserialize, Serialize};

use crate::source::{self, Analysed, Reading};
use crate::stats::{CacheUse, Phases};

/// What is written down of a check.
#[derive(Serialize, Deserialize)]
struct Entry<A> {
    trace: Trace,
    analysis: A,
}

/// The analysis that `reading` asks for, and whether an earlier run made it. Nothing is kept of a run that is
/// interrupted.
pub fn analyse(
    cache: &Cache,
    root: &Path,
    reading: &Reading,
    cancel: &Cancel,
) -> (Analysed, CacheUse) {
    let mut phases = Phases::start();
    let files = source::os_files();
    let key = key(&*files, root, reading);
    if let Some(analysis) = known(cache, &key, &*files) {
        phases.end("look into the cache");
        let analysed = Analysed::known(files, root, reading, analysis, phases);
        return (analysed, CacheUse::Hit);
    }
    let traced = Arc::new(Traced::new(files));
    let mut analysed = source::analyse(traced.clone(), root, reading);
    if !cancel.is_cancelled()
        && let Some(trace) = traced.trace()
    {
        keep(cache, &key, trace, &analysed.analysis);
        analysed.phases.end("write the cache");
    }
    (analysed, CacheUse::Miss)
}

fn key(files: &dyn Files, root: &Path, reading: &Reading) -> CacheKey {
    let env = GoEnv::of_process(files);
    CacheKey::new("check")
        .with(&format!("{root:?}"))
        .with(&format!("{reading:?}"))
        .with(&format!("{env:?}"))
}

/// What is kept under a key, if it still holds. An entry that cannot be read is none.
fn known(cache: &Cache, key: &CacheKey, files: &dyn Files) -> Option<Analysis> {
    let bytes = cache.get(key)?;
    let (trace, rest): (Trace, _) = postcard::take_from_bytes(&bytes).ok()?;
    let holds = trace.holds(files);
    if holds == Holds::No {
        return None;
    }
    let analysis = postcard::from_bytes(rest).ok()?;
    if let Holds::Renewed(trace) = holds {
        keep(cache, key, trace, &analysis);
    }
    Some(analysis)
}

fn keep(cache: &Cache, key: &CacheKey, trace: Trace, analysis: &Analysis) {
    if let Ok(bytes) = postcard::to_allocvec(&Entry { trace, analysis }) {
        cache.put(key, &bytes);
    }
}

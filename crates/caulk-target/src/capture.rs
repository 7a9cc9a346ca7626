//! One snapshot of a running program.

use std::time::{Duration, Instant, SystemTime};

use caulk_system::{CgroupMemory, Descriptors, HttpError, Limits, ProcessFacts, Stopped};

use crate::agent::{Agent, AgentError, Stats};

/// The runtime cuts the text of all stacks here, without a word.
const DUMP_CUT_BYTES: usize = 64 << 20;

/// Why a snapshot could not be taken at all. It reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The agent did not answer.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The endpoint could not be reached.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The endpoint answers, but with no heap profile.
    #[error("get a heap profile from {url}: {reason}")]
    NoProfile {
        /// The profile's URL.
        url: String,
        /// What it answered.
        reason: String,
    },
}

impl CaptureError {
    /// Which limit of the caller ended it, if one did.
    pub fn stopped(&self) -> Option<Stopped> {
        match self {
            Self::Agent(error) => error.stopped(),
            Self::Http(HttpError::Stopped { stopped, .. }) => Some(*stopped),
            _ => None,
        }
    }
}

/// The form of a goroutine profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DumpForm {
    /// Text of every goroutine, with state and ancestors (`debug=2`).
    Stacks,
    /// Text of equal stacks with their counts (`debug=1`).
    Counts,
}

/// A goroutine profile as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dump {
    /// Its form.
    pub form: DumpForm,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Whether it is incomplete: the runtime ends a `debug=2` dump at 64 MiB. The counts are then in
    /// [`Captured::goroutine_counts`].
    pub cut: bool,
}

/// Figures beside the profiles. What is unknown on this platform or from this source is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Open descriptors before the collection: what was forgotten and what is held.
    pub descriptors_before: Option<Descriptors>,
    /// Open descriptors after it: what is held. The collector closes files that nothing refers to.
    pub descriptors_after: Option<Descriptors>,
    /// The process after the collection: resident memory and threads.
    pub process: Option<ProcessFacts>,
    /// Its control group.
    pub cgroup: Option<CgroupMemory>,
    /// The Go runtime's figures after the collection.
    pub runtime: Option<Stats>,
}

/// One snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// When it was begun.
    pub at: SystemTime,
    /// How long it took.
    pub took: Duration,
    /// The heap profile, gzipped protobuf.
    pub heap: Vec<u8>,
    /// The goroutines, where they could be had.
    pub goroutines: Option<Dump>,
    /// The goroutines as counts (`debug=1`), only where the dump is cut.
    pub goroutine_counts: Option<Vec<u8>>,
    /// Figures.
    pub metrics: Metrics,
    /// What is missing and why, for the reader.
    pub problems: Vec<String>,
}

/// Takes a snapshot through the agent: descriptors, collection, figures, heap, goroutines, descriptors.
///
/// The order matters. Descriptors of forgotten files are closed by the collection. Writing the heap profile leaves
/// megabytes of garbage behind, so the figures come before it. The dump, which stops the program for longest, is last.
pub(crate) fn capture(agent: &Agent, pid: u32, limits: &Limits) -> Result<Captured, CaptureError> {
    let (at, start) = (SystemTime::now(), Instant::now());
    let descriptors = || ProcessFacts::of(pid).and_then(|facts| facts.descriptors);
    let descriptors_before = descriptors();
    agent.collect(limits)?;
    let stats = agent.stats(limits)?;
    let process = ProcessFacts::of(pid);
    let heap = agent.profile("heap", 0, limits)?;

    let mut problems = Vec::new();
    let mut goroutine_counts = None;
    let goroutines = match agent.profile("goroutine", 2, limits) {
        Ok(bytes) => {
            let dump = dump_of_stacks(bytes, stats.goroutines());
            if dump.cut {
                problems.push(format!(
                    "the goroutine dump is incomplete: the runtime ends it at 64 MiB, {} goroutines are alive",
                    stats.goroutines().unwrap_or_default()
                ));
                goroutine_counts = agent.profile("goroutine", 1, limits).ok();
            }
            Some(dump)
        }
        Err(error) if error.stopped().is_some() => return Err(error.into()),
        Err(error) => {
            problems.push(format!("no goroutine dump: failed to {error}"));
            None
        }
    };
    let metrics = Metrics {
        descriptors_before,
        descriptors_after: descriptors(),
        process,
        cgroup: CgroupMemory::of(pid),
        runtime: Some(stats),
    };
    Ok(Captured {
        at,
        took: start.elapsed(),
        heap,
        goroutines,
        goroutine_counts,
        metrics,
        problems,
    })
}

/// A `debug=2` dump, found cut where it is as long as the runtime allows, or lacks many of the goroutines alive.
pub(crate) fn dump_of_stacks(bytes: Vec<u8>, alive: Option<u64>) -> Dump {
    let dumped = bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| line.starts_with(b"goroutine "));
    let dumped = dumped.count() as u64;
    // Goroutines come and go between the two looks; a tenth of them does not.
    let lacks = alive.is_some_and(|alive| dumped.saturating_add(alive / 10 + 100) < alive);
    let cut = bytes.len() >= DUMP_CUT_BYTES || lacks;
    Dump {
        form: DumpForm::Stacks,
        bytes,
        cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_that_lacks_goroutines_is_cut() {
        let dump = |count: usize| b"goroutine 1 [running]:\nmain.main()\n\n".repeat(count);
        assert!(!dump_of_stacks(dump(1000), Some(1050)).cut);
        assert!(dump_of_stacks(dump(1000), Some(2000)).cut);
        assert!(!dump_of_stacks(dump(3), None).cut);
        assert!(dump_of_stacks(vec![b'x'; DUMP_CUT_BYTES], None).cut);
    }
}

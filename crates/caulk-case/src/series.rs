//! What is known of a program over time: growth's plain input, with the names behind its ids.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use caulk_growth::{Bucket, Series};
use caulk_profile::{StackId, StackTable};

use crate::case::SnapshotIndex;
use crate::contention::Contention;
use crate::kind::ProfileKind;

/// A series with the names behind its ids.
#[derive(Debug, Default)]
pub struct LoadedSeries {
    /// Growth's input. A [`caulk_growth::StackId`] is the number of a stack in `stacks`, a
    /// [`caulk_growth::ScalarId`] a position in `scalars`. Of a case, every snapshot is a point.
    pub series: Series,
    /// The stacks of all snapshots.
    pub stacks: Arc<StackTable>,
    /// What each scalar is.
    pub scalars: Vec<ScalarName>,
    /// Heap and goroutines by text label, for profiles that have labels.
    pub labels: Vec<LabelSeries>,
    /// The snapshot of each point, for a case; empty for plain files.
    pub snapshots: Vec<SnapshotIndex>,
    /// The files of each point, for plain files; empty for a case.
    pub files: Vec<PointFiles>,
    /// What tells plain files from those of another series, such as `folder api-1`; empty where there
    /// is but one.
    pub name: String,
    /// The folder of the program's `main` package when it was built, as its profiles name it; empty where
    /// no frame of it is seen.
    pub main_folder: String,
    /// What was read of plain files, a kind each, and how it was put in order; empty for a case.
    pub used: Vec<UsedKind>,
    /// Whether the heap is known in bytes alone, as a store keeps it: then each byte is an "object".
    pub bytes_only: bool,
    /// What waits for locks and channels. It only ever grows, and is no leak.
    pub contention: Vec<Contention>,
    /// Goroutines that the runtime itself says can never go on, from the last `goroutineleak` profile.
    pub leaked_goroutines: Option<LeakedGoroutines>,
    /// What was left out or wrong.
    pub problems: Vec<SeriesProblem>,
}

/// The plain files of one point.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PointFiles {
    /// The heap profile.
    pub heap: Option<PathBuf>,
    /// The goroutine profile or dump.
    pub goroutines: Option<PathBuf>,
}

/// What put plain files in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrderedBy {
    /// The time in each profile.
    ProfileTime,
    /// The numbers in each file's name.
    NameNumber,
    /// The time of each file's last modification.
    ModificationTime,
    /// The order in which they were given, those of a folder by name.
    #[default]
    AsGiven,
}

/// The files of one kind in a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedKind {
    /// The kind.
    pub kind: ProfileKind,
    /// Files used.
    pub files: u32,
    /// What put them in order.
    pub ordered_by: OrderedBy,
}

/// What a `goroutineleak` profile says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeakedGoroutines {
    /// How many.
    pub count: u64,
    /// The function where most of them began.
    pub function: String,
}

/// The heap and the goroutines of one text label over a series.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelSeries {
    /// `key=value`.
    pub name: String,
    /// Its heap by object size; empty where heap profiles have no such label.
    pub buckets: Vec<Bucket>,
    /// Its goroutines at each point; empty where goroutine profiles have no such label.
    pub goroutines: Vec<Option<f64>>,
}

/// What a scalar of a series is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScalarName {
    /// All goroutines.
    Goroutines,
    /// The goroutines of one stack, from goroutine profiles (not from dumps, which say more).
    GoroutineStack(StackId),
    /// Threads of the system.
    Threads,
    /// Open file descriptors before a collection.
    DescriptorsBeforeCollection,
    /// Open file descriptors after a collection.
    DescriptorsAfterCollection,
    /// Connected sockets.
    Connections,
    /// Resident bytes.
    ResidentBytes,
    /// Live heap bytes by the runtime's own figure, where there is no heap profile.
    HeapBytes,
}

/// Why a file is not used. Reads after the file's name and a colon.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum NotUsed {
    /// It could not be read; why, as it reads after "failed to".
    #[error("failed to {0}")]
    Unreadable(String),
    /// It is larger than is read.
    #[error("larger than the limit of {limit} bytes, which --max-profile-size raises")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// There is nothing in it: a capture that failed.
    #[error("empty, as after a capture that failed")]
    Empty,
    /// Not a profile.
    #[error("no profile")]
    NoProfile,
    /// A CPU profile.
    #[error("CPU profile: it says what ran, not what is held")]
    Cpu,
    /// An execution trace.
    #[error("execution trace: it says what ran, not what is held")]
    Trace,
    /// A profile of something else.
    #[error("a profile of something else than memory, goroutines, threads or waiting")]
    OtherKind,
    /// Only what was allocated.
    #[error("only what was allocated, not what is held")]
    AllocationsOnly,
    /// Only objects, not bytes.
    #[error("only the objects held, not the bytes: export inuse_space")]
    ObjectsOnly,
    /// A difference over some time.
    #[error("a difference over {seconds} s, not a snapshot: capture without seconds=")]
    Difference {
        /// Over how long.
        seconds: u64,
    },
    /// Merged over another length of time than most.
    #[error(
        "merged over {seconds} s, unlike the others: sums over different times cannot be compared"
    )]
    OtherRange {
        /// Over how long.
        seconds: u64,
    },
    /// A scrape of several processes; their labels.
    #[error("metrics of several processes ({0}): scrape one")]
    Instances(String),
    /// It does not say of which of several programs it is.
    #[error(
        "of which of the programs here it is, it does not say: put the files of each into a folder of its own"
    )]
    OfWhichProgram,
    /// It does not say of which of several processes it is.
    #[error(
        "of which of the processes here it is, it does not say: put the files of each into a folder of its own"
    )]
    OfWhichProcess,
    /// Nothing says when it was taken.
    #[error("nothing says when it was taken: number it as the others are")]
    Unplaced,
    /// The same profile again.
    #[error("the same as another one")]
    Copy,
}

/// What was left out of a series, or is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeriesProblem {
    /// A file could not be read.
    #[error("failed to {why} ({})", file.display())]
    Unreadable {
        /// Its path.
        file: PathBuf,
        /// Why, as it reads after "failed to".
        why: String,
    },
    /// Files that are not used.
    #[error("{}", left_out(why, files))]
    LeftOut {
        /// Why.
        why: NotUsed,
        /// Their paths.
        files: Vec<PathBuf>,
    },
    /// A folder below holds a case, which is a series of its own.
    #[error("{} is a case, left out: caulk diagnose {}", folder.display(), folder.display())]
    CaseBelow {
        /// The folder.
        folder: PathBuf,
    },
    /// There are more files than are looked at.
    #[error("only the first {files} files were looked at ({} is where the search ended)", folder.display())]
    TooManyFiles {
        /// Where the search ended.
        folder: PathBuf,
        /// How many were looked at.
        files: usize,
    },
    /// Heap profiles that are copies of the ones before.
    #[error(
        "{}: no collection in between", copies_of(*copies)
    )]
    StaleCopies {
        /// How many.
        copies: u32,
    },
    /// The allocation totals go back and forth: several processes answered.
    #[error(
        "allocation totals fall {}: the snapshots are of several instances, and cannot be compared; capture from one, or put the files of each into a folder of its own",
        times(*falls)
    )]
    SeveralInstances {
        /// How often they fall.
        falls: u32,
    },
    /// Several processes answered, and can be told apart.
    #[error(
        "the snapshots are of {processes} processes that answered by turns, and cannot be compared; capture from one"
    )]
    SeveralProcesses {
        /// How many.
        processes: u32,
    },
    /// Scrapes are of several processes, by the time at which those started.
    #[error(
        "metrics are of {processes} processes, by when they started: those of the one that was scraped most are used, {left_out} scrapes of others are left out"
    )]
    OtherStarts {
        /// How many.
        processes: u32,
        /// Scrapes of the others.
        left_out: u32,
    },
    /// The sampling rate differs between heap profiles.
    #[error("heap profiles have different sampling rates: no errors can be given")]
    RatesDiffer,
    /// Values were summed up by a store.
    #[error(
        "profiles are merged over {seconds} s each: what was counted is lost, no errors can be given, and values are sums of several snapshots"
    )]
    Merged {
        /// Over how long.
        seconds: u64,
    },
}

/// Files that are named before the others are only counted.
const NAMED: usize = 3;

fn times(count: u32) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

fn copies_of(copies: u32) -> String {
    match copies {
        1 => "1 heap profile is a copy of the one before".to_owned(),
        more => format!("{more} heap profiles are copies of the one before"),
    }
}

fn left_out(why: &NotUsed, files: &[PathBuf]) -> String {
    let names: Vec<String> = files
        .iter()
        .take(NAMED)
        .map(|file| file.display().to_string())
        .collect();
    let more = match files.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("left out {}{more}: {why}", names.join(", "))
}

impl SeriesProblem {
    /// The files that it says were left out, each with the reason.
    pub fn left_out(&self) -> Vec<(&Path, String)> {
        match self {
            SeriesProblem::LeftOut { why, files } => files
                .iter()
                .map(|file| (file.as_path(), why.to_string()))
                .collect(),
            SeriesProblem::Unreadable { file, why } => {
                vec![(file.as_path(), format!("failed to {why}"))]
            }
            _ => Vec::new(),
        }
    }

    /// One problem for each reason, in the order of the first file; files by name.
    pub(crate) fn of_files(
        left_out: impl IntoIterator<Item = (PathBuf, NotUsed)>,
    ) -> Vec<SeriesProblem> {
        let mut reasons: BTreeMap<NotUsed, Vec<PathBuf>> = BTreeMap::new();
        for (file, why) in left_out {
            reasons.entry(why).or_default().push(file);
        }
        reasons
            .into_iter()
            .map(|(why, mut files)| {
                files.sort();
                SeriesProblem::LeftOut { why, files }
            })
            .collect()
    }
}

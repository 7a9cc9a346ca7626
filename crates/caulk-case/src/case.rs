//! What `case.json` holds. The names of the fields are a stable format: readers ignore fields that
//! they do not know, and what was not measured is left out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use caulk_growth::{Load, Stage};

/// The newest version of the format.
pub const VERSION: u32 = 1;

/// A program watched over time: `case.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Case {
    /// The version of the format.
    pub version: u32,
    /// What wrote it, such as `caulk 0.1.0`.
    pub tool: String,
    /// The program in words: a package path, a URL, a command.
    pub target: String,
    /// How it was built, started and loaded.
    pub commands: Commands,
    /// The program's Go version, such as `go1.26.8`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub go_version: Option<String>,
    /// `runtime.MemProfileRate` that the program was started with, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem_profile_rate: Option<u64>,
    /// When the watch began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// What was loaded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// The load, round by round, the warm-up included.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<Round>,
    /// The snapshots, in the order they were taken.
    pub snapshots: Vec<Snapshot>,
}

/// Command lines, each as its arguments. Never with secrets: headers and tokens are not written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Commands {
    /// How the program was built.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub build: Vec<String>,
    /// How it was started.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub start: Vec<String>,
    /// The programs that ran beside it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub companions: Vec<Vec<String>>,
    /// How it was loaded, where that was not caulk's own generator.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub load: Vec<String>,
}

/// A route that was loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Route {
    /// `GET`, `POST`.
    pub method: String,
    /// Path and query, a running number being `{n}`.
    pub path: String,
    /// Its part of the requests, relative to the other routes' weights.
    pub weight: u32,
}

/// The position of a snapshot in its case, from 0; also the number in its files' names.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct SnapshotIndex(pub u32);

/// One snapshot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Its position.
    pub index: SnapshotIndex,
    /// What the program was put through before it.
    #[serde(rename = "phase")]
    pub stage: Stage,
    /// The load it was under since the snapshot before, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// When it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// Seconds since the watch began.
    pub seconds: f64,
    /// Requests completed since the program started, the warm-up included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<u64>,
    /// Figures that are not in the files.
    #[serde(default)]
    pub metrics: Metrics,
    /// The raw files.
    #[serde(default)]
    pub files: Vec<SnapshotFile>,
}

/// Figures of one snapshot. Sizes are in bytes; `None` is "not measured", never 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metrics {
    /// Live goroutines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goroutines: Option<u64>,
    /// Threads of the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<u64>,
    /// Open file descriptors before the collection: those forgotten, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fds_before_gc: Option<u64>,
    /// Open file descriptors after the collection: those still held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fds_after_gc: Option<u64>,
    /// Of those before the collection, connected sockets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<u64>,
    /// Resident set of the process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rss_bytes: Option<u64>,
    /// Memory of its cgroup, with page cache and tmpfs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup_bytes: Option<u64>,
    /// `MemStats.HeapAlloc`: live heap objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heap_alloc_bytes: Option<u64>,
    /// `MemStats.HeapInuse`: spans with live objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heap_inuse_bytes: Option<u64>,
    /// `MemStats.HeapIdle` less `HeapReleased`: spans kept for later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heap_idle_bytes: Option<u64>,
    /// `MemStats.StackInuse`: goroutine stacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_inuse_bytes: Option<u64>,
    /// `MemStats.Sys`: all that the runtime got from the system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sys_bytes: Option<u64>,
}

impl Metrics {
    /// Takes over what is not measured here and is there.
    pub fn complete(&mut self, other: &Metrics) {
        for (mine, theirs) in [
            (&mut self.goroutines, other.goroutines),
            (&mut self.threads, other.threads),
            (&mut self.fds_before_gc, other.fds_before_gc),
            (&mut self.fds_after_gc, other.fds_after_gc),
            (&mut self.connections, other.connections),
            (&mut self.rss_bytes, other.rss_bytes),
            (&mut self.cgroup_bytes, other.cgroup_bytes),
            (&mut self.heap_alloc_bytes, other.heap_alloc_bytes),
            (&mut self.heap_inuse_bytes, other.heap_inuse_bytes),
            (&mut self.heap_idle_bytes, other.heap_idle_bytes),
            (&mut self.stack_inuse_bytes, other.stack_inuse_bytes),
            (&mut self.sys_bytes, other.sys_bytes),
        ] {
            *mine = mine.or(theirs);
        }
    }
}

/// What a raw file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// `/debug/pprof/heap` as `profile.proto`: `heap.N.pb.gz`.
    Heap,
    /// `/debug/pprof/heap?debug=1`: `heap.N.txt`.
    HeapText,
    /// `/debug/pprof/goroutine?debug=2`, with ancestors where the program was started with them:
    /// `goroutine.N.txt`.
    GoroutineDump,
    /// `/debug/pprof/goroutine` as `profile.proto`: `goroutine.N.pb.gz`.
    Goroutine,
    /// `/debug/pprof/goroutine?debug=1`: `goroutine-counts.N.txt`.
    GoroutineText,
    /// The end of what the program wrote on its standard error: `stderr.N.txt`.
    Stderr,
}

impl FileKind {
    /// The name that a person would give this file of this snapshot.
    pub fn file_name(self, index: SnapshotIndex) -> String {
        let (stem, extension) = match self {
            FileKind::Heap => ("heap", "pb.gz"),
            FileKind::HeapText => ("heap", "txt"),
            FileKind::GoroutineDump => ("goroutine", "txt"),
            FileKind::Goroutine => ("goroutine", "pb.gz"),
            FileKind::GoroutineText => ("goroutine-counts", "txt"),
            FileKind::Stderr => ("stderr", "txt"),
        };
        format!("{stem}.{}.{extension}", index.0)
    }
}

/// One raw file of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotFile {
    /// What it is.
    pub kind: FileKind,
    /// Its name within the case's folder.
    pub name: String,
}

/// The load of one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// What it was for.
    #[serde(rename = "phase")]
    pub stage: Stage,
    /// Whether requests repeated, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// Seconds since the watch began when it started.
    pub start_seconds: f64,
    /// Seconds since the watch began when it ended.
    pub end_seconds: f64,
    /// Requests that were sent.
    pub requests: u64,
    /// Answers by status code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub statuses: BTreeMap<u16, u64>,
    /// Requests without an answer, by reason (`timeout`, `refused`).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failures: BTreeMap<String, u64>,
    /// How long answers took; `None` when there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Latency>,
}

/// Quantiles of the time from sending a request to the end of its answer, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// The median.
    pub p50_seconds: f64,
    /// 90 of 100 answers were at least as fast.
    pub p90_seconds: f64,
    /// 99 of 100 answers were at least as fast.
    pub p99_seconds: f64,
}

impl Case {
    /// A new case without snapshots.
    pub fn new(tool: impl Into<String>, target: impl Into<String>) -> Case {
        Case {
            version: VERSION,
            tool: tool.into(),
            target: target.into(),
            ..Case::default()
        }
    }

    /// The file of this kind of a snapshot.
    pub fn file(&self, index: SnapshotIndex, kind: FileKind) -> Option<&SnapshotFile> {
        let snapshot = self
            .snapshots
            .iter()
            .find(|snapshot| snapshot.index == index)?;
        snapshot.files.iter().find(|file| file.kind == kind)
    }
}

//! A case: a series of snapshots with their times, requests and metrics, in one folder that any pprof
//! tool opens too. Knows order, stale copies and instances told apart; nothing of statistics or
//! processes.
//!
//! - [`CaseFolder`]: the folder with `case.json`, read and written.
//! - [`LoadedSeries`]: a case, or profile files that nobody numbered, as growth's plain input beside
//!   the table of stacks that its ids refer to.

mod buckets;
mod building;
mod case;
mod contention;
mod exposition;
mod folder;
mod from_case;
mod kind;
mod labels;
mod loaded;
mod plain;
mod processes;
mod series;

pub use case::{
    Case, Commands, FileKind, Latency, Load, Metrics, Round, Route, Snapshot, SnapshotFile,
    SnapshotIndex, Stage, VERSION,
};
pub use contention::Contention;
pub use folder::{CASE_FILE, CaseError, CaseFolder, read_raw};
pub use kind::ProfileKind;
pub use plain::{PlainReader, PlainSeries};
pub use series::{
    LabelSeries, LeakedGoroutines, LoadedSeries, NotUsed, OrderedBy, PointFiles, ScalarName,
    SeriesProblem, UsedKind,
};

//! Profiles as columns, and goroutine dumps.
//!
//! Everything here takes bytes and gives values or bytes: no file, process or socket is touched.
//! The crate knows one profile at a time, and a table of stacks that several profiles share
//! ([`StackTable`]); it must not know what a series, a growth or a leak is.
//!
//! - [`read`]: `profile.proto` (gzip or plain) and the forms from before it to a [`Profile`];
//!   [`read_large`]: the same of a file that is not in memory.
//! - [`write()`]: a [`Profile`] to gzipped `profile.proto`.
//! - [`merge()`]: several profiles to their sum.
//! - [`goroutine`]: dumps of `debug=2` and `debug=1`, with states, waits, creators and ancestors.
//! - [`arithmetic`], [`parallel`]: sums as Go's, work over samples on all cores.

pub mod arithmetic;
mod builder;
mod edit;
pub mod goroutine;
mod ids;
mod inflate;
mod labelled;
mod labels;
mod legacy;
mod lists;
mod merge;
mod mistaken;
pub mod parallel;
mod profile;
mod proto;
mod read;
mod scale;
mod snapshot;
mod stack_table;
mod stacks;
mod strings;
mod varint;
mod write;

pub use builder::ProfileBuilder;
pub use ids::{FunctionIndex, LocationIndex, MappingIndex, StringId};
pub use labelled::Labelled;
pub use merge::{MergeError, merge};
pub use profile::{
    Function, Label, LabelValue, Line, Location, Mapping, MemStats, Profile, Sample, ValueType,
};
pub use read::{Limits, ReadError, read, read_as_pprof, read_large};
pub use snapshot::{SampleKind, Snapshot, SnapshotEntry};
pub use stack_table::{Frame, FrameId, FunctionId, SharedFunction, StackId, StackTable};
pub use stacks::{Frames, Stack};
pub use strings::StringTable;
pub use write::write;

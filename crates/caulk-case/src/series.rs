//! From a case, or from profile files that nobody numbered, to growth's plain input.

use std::path::{Path, PathBuf};

use caulk_growth::Series;
use caulk_profile::{StackId, StackTable};
use caulk_system::Files;

use crate::case::SnapshotIndex;
use crate::folder::CaseFolder;

/// A series with the names behind its ids.
#[derive(Debug, Default)]
pub struct LoadedSeries {
    /// Growth's input. A [`caulk_growth::StackId`] is the number of a stack in `stacks`, a
    /// [`caulk_growth::ScalarId`] a position in `scalars`.
    pub series: Series,
    /// The stacks of all snapshots.
    pub stacks: StackTable,
    /// What each scalar is.
    pub scalars: Vec<ScalarName>,
    /// The file of each point, for a series of plain files.
    pub files: Vec<PathBuf>,
    /// The snapshot of each point, for a case.
    pub snapshots: Vec<SnapshotIndex>,
    /// How plain files were put in order; `None` for a case.
    pub ordered_by: Option<OrderedBy>,
    /// What was left out or wrong.
    pub problems: Vec<SeriesProblem>,
}

/// What a scalar of a series is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScalarName {
    /// All goroutines.
    Goroutines,
    /// The goroutines of one stack.
    GoroutineStack(StackId),
    /// Open file descriptors before a collection.
    DescriptorsBeforeCollection,
    /// Open file descriptors after a collection.
    DescriptorsAfterCollection,
    /// Connected sockets.
    Connections,
    /// Resident bytes.
    ResidentBytes,
}

/// What put plain files in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderedBy {
    /// The time in each profile.
    ProfileTime,
    /// The number in each file's name.
    NameNumber,
    /// The order in which they were given.
    AsGiven,
}

/// What was left out of a series, or is wrong with it.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SeriesProblem {
    /// A file could not be read.
    #[error("{file}: {why}")]
    Unreadable {
        /// Its name.
        file: String,
        /// Why.
        why: String,
    },
}

impl LoadedSeries {
    /// The series of a case.
    pub fn from_case(files: &dyn Files, case: &CaseFolder) -> LoadedSeries {
        let _ = (files, case);
        LoadedSeries::default()
    }

    /// The series of profile files that nobody numbered, or of folders of them.
    pub fn from_files(files: &dyn Files, paths: &[&Path]) -> LoadedSeries {
        let _ = (files, paths);
        LoadedSeries::default()
    }
}

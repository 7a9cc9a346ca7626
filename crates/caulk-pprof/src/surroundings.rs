//! What a report depends on beside the profile and the options.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use caulk_system::Files;

/// The place and time that a report is made in.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Where times are told.
    pub time_zone: jiff::tz::TimeZone,
    /// Where source files are.
    pub sources: SourceFiles,
}

/// Source files, for the reports that show them.
#[derive(Clone)]
pub struct SourceFiles {
    pub(crate) files: Arc<dyn Files>,
    pub(crate) folder: PathBuf,
}

impl SourceFiles {
    /// Files of which those with relative paths are looked for in a folder, which is the current one.
    pub fn new(files: Arc<dyn Files>, folder: PathBuf) -> SourceFiles {
        SourceFiles { files, folder }
    }
}

impl fmt::Debug for SourceFiles {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("SourceFiles")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

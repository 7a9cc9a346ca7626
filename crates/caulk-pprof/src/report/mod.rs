//! What `go tool pprof` prints, byte for byte. The arithmetic is that of google/pprof as it is in
//! the Go distribution; where that depends on the order of a map, the order here is fixed.

mod graph;
mod header;
mod measure;
mod paths;
mod top;
mod trim;
pub(crate) mod units;

pub(crate) use measure::Measure;
pub(crate) use top::top;

/// Why there is no report. Each reads as the tool's own message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The profile has no sample type.
    #[error("profile has no samples")]
    NoSamples,
    /// [`crate::Config::sample_index`] is a number that is too large.
    #[error("sample_index {index} is outside the range [0..{last}]")]
    SampleIndexRange {
        /// What was asked for.
        index: String,
        /// The last that there is.
        last: usize,
    },
    /// [`crate::Config::sample_index`] is not the name of a sample type.
    #[error("sample_index {name:?} must be one of: [{known}]")]
    SampleIndexName {
        /// What was asked for.
        name: String,
        /// What there is, with spaces between.
        known: String,
    },
    /// [`crate::Config::divide_by`] is 0.
    #[error("zero divisor specified")]
    ZeroDivisor,
}

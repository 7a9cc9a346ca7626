//! What `go tool pprof` prints, byte for byte. The arithmetic is that of google/pprof as it is in
//! the Go distribution; where that depends on the order of a map, the order here is fixed.

mod graph;
mod header;
mod measure;
mod names;
mod prune;
mod top;
mod trim;
mod units;

use measure::Measure;

pub use top::top;

/// What a report shows. The names are those of the flags of `go tool pprof`.
#[derive(Debug, Clone)]
pub struct Options {
    /// `-sample_index`: a number or the name of a sample type; empty for the profile's default.
    pub sample_index: String,
    /// `-cum` rather than `-flat`.
    pub sort: Sort,
    /// `-nodecount`: most nodes to show; negative for the report's own default, 0 for all.
    pub node_count: i64,
    /// `-nodefraction`: hide nodes below this part of the total.
    pub node_fraction: f64,
    /// `-edgefraction`: hide edges below this part of the total.
    pub edge_fraction: f64,
    /// `-trim`: whether `node_count` and the fractions hide anything.
    pub trim: bool,
    /// `-unit`: a unit, `minimum` or `auto`.
    pub unit: String,
    /// `-divide_by`: divide all values by this.
    pub divide_by: f64,
    /// `-mean`: divide each value by that of the first sample type.
    pub mean: bool,
    /// `-drop_negative`: hide nodes with negative values.
    pub drop_negative: bool,
    /// `-compact_labels`: leave out the lines about the profile.
    pub compact_labels: bool,
    /// `-noinlines`: attribute inlined calls to the function that they are in.
    pub no_inlines: bool,
    /// Shorten C++ names as the tool does, unless `-symbolize` says otherwise. Generic Go names are
    /// touched by it, too.
    pub demangle: bool,
    /// Where the header's time is told.
    pub time_zone: jiff::tz::TimeZone,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            sample_index: String::new(),
            sort: Sort::Flat,
            node_count: -1,
            node_fraction: 0.005,
            edge_fraction: 0.001,
            trim: true,
            unit: "minimum".to_owned(),
            divide_by: 1.0,
            mean: false,
            drop_negative: false,
            compact_labels: false,
            no_inlines: false,
            demangle: true,
            time_zone: jiff::tz::TimeZone::UTC,
        }
    }
}

/// By which value rows are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// The value of the function itself.
    #[default]
    Flat,
    /// The value with all that it called.
    Cum,
}

/// Why there is no report. Each reads as the tool's own message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The profile has no sample type.
    #[error("profile has no samples")]
    NoSamples,
    /// [`Options::sample_index`] is a number that is too large.
    #[error("sample_index {index} is outside the range [0..{last}]")]
    SampleIndexRange {
        /// What was asked for.
        index: String,
        /// The last that there is.
        last: usize,
    },
    /// [`Options::sample_index`] is not the name of a sample type.
    #[error("sample_index {name:?} must be one of: [{known}]")]
    SampleIndexName {
        /// What was asked for.
        name: String,
        /// What there is, with spaces between.
        known: String,
    },
    /// [`Options::divide_by`] is 0.
    #[error("zero divisor specified")]
    ZeroDivisor,
}

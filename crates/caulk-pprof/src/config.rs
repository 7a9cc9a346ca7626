//! The options that a report depends on. Their names are those of the reference, where each is a
//! flag, a variable of the shell and a field of saved settings.

use std::ffi::OsString;

/// The options of a report.
///
/// Patterns are kept as they were given: each is read, and found to be wrong, when a report is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Where the report goes; empty for stdout.
    pub output: OsString,

    /// A node per calling path rather than per function.
    pub call_tree: bool,
    /// Percentages of what the filters leave, rather than of the whole profile.
    pub relative_percentages: bool,
    /// A unit, `minimum` or `auto`.
    pub unit: String,
    /// Leave out the lines about the profile.
    pub compact_labels: bool,
    /// Where source files are looked for, colons between.
    pub source_path: String,
    /// What is taken off the front of source paths, colons between.
    pub trim_path: String,
    /// Assembly in Intel's syntax.
    pub intel_syntax: bool,
    /// Divide each value by that of the first sample type.
    pub mean: bool,
    /// A number or the name of a sample type; empty for the profile's default.
    pub sample_index: String,
    /// Divide all values by this.
    pub divide_by: f64,
    /// Scale the profile to its base.
    pub normalize: bool,
    /// By which value rows are ordered.
    pub sort: Sort,

    /// Label keys whose values become frames at the root, commas between.
    pub tagroot: String,
    /// Label keys whose values become frames at the leaf, commas between.
    pub tagleaf: String,

    /// Hide nodes with negative values.
    pub drop_negative: bool,
    /// Most nodes to show; -1 for the report's own default, 0 for all.
    pub nodecount: i64,
    /// Hide nodes below this part of the total.
    pub nodefraction: f64,
    /// Hide edges below this part of the total.
    pub edgefraction: f64,
    /// Whether `nodecount` and the fractions hide anything.
    pub trim: bool,
    /// Only samples with a matching frame.
    pub focus: String,
    /// No samples with a matching frame.
    pub ignore: String,
    /// Matching frames and all that they called go.
    pub prune_from: String,
    /// No matching frames.
    pub hide: String,
    /// Only matching frames.
    pub show: String,
    /// Frames above the outermost matching one go.
    pub show_from: String,
    /// Only samples with a matching label.
    pub tagfocus: String,
    /// No samples with a matching label.
    pub tagignore: String,
    /// Only labels whose key matches.
    pub tagshow: String,
    /// No labels whose key matches.
    pub taghide: String,
    /// Attribute inlined calls to the function that they are in.
    pub noinlines: bool,
    /// Columns beside lines.
    pub showcolumns: bool,

    /// What is one node; `None` for the report's own default.
    pub granularity: Option<Granularity>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            output: OsString::new(),
            call_tree: false,
            relative_percentages: false,
            unit: "minimum".to_owned(),
            compact_labels: false,
            source_path: String::new(),
            trim_path: String::new(),
            intel_syntax: false,
            mean: false,
            sample_index: String::new(),
            divide_by: 1.0,
            normalize: false,
            sort: Sort::Flat,
            tagroot: String::new(),
            tagleaf: String::new(),
            drop_negative: false,
            nodecount: -1,
            nodefraction: 0.005,
            edgefraction: 0.001,
            trim: true,
            focus: String::new(),
            ignore: String::new(),
            prune_from: String::new(),
            hide: String::new(),
            show: String::new(),
            show_from: String::new(),
            tagfocus: String::new(),
            tagignore: String::new(),
            tagshow: String::new(),
            taghide: String::new(),
            noinlines: false,
            showcolumns: false,
            granularity: None,
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

/// What is one node of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Granularity {
    /// A function, wherever it is defined.
    Functions,
    /// A function of a file.
    FileFunctions,
    /// A source file.
    Files,
    /// A source line.
    Lines,
    /// A code address.
    Addresses,
}

//! Why there is no report.

use crate::pattern::{Pattern, PatternError};

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
    /// The pattern of an option is no regular expression.
    #[error("parsing {option} regexp: {reason}")]
    OptionPattern {
        /// The option's name.
        option: &'static str,
        /// What is wrong with its value.
        reason: PatternError,
    },
    /// A number in `tagfocus` or `tagignore` has more than 64 bits.
    #[error("parsing {option} range: {number} is out of range")]
    LabelNumber {
        /// The option's name.
        option: &'static str,
        /// The number.
        number: String,
    },
    /// The pattern that the report was asked about is no regular expression.
    #[error("parsing argument regexp {pattern}: {reason}")]
    Pattern {
        /// What was asked about.
        pattern: String,
        /// What is wrong with it.
        reason: PatternError,
    },
    /// Nothing has a name that matches the pattern.
    #[error("no matches found for regexp: {pattern}")]
    NoMatch {
        /// What was asked about.
        pattern: String,
    },
    /// There are more paths of calls than [`crate::Config::call_tree`] can tell apart.
    #[error("the tree of calls is too large")]
    LargeTree,
    /// The profile cannot be written.
    #[error("failed to write the profile: {0}")]
    Write(String),
    /// [`crate::Config::divide_by`] is 0.
    #[error("zero divisor specified")]
    ZeroDivisor,
}

impl ReportError {
    pub(crate) fn no_match(pattern: Option<&Pattern>) -> ReportError {
        ReportError::NoMatch {
            pattern: pattern.map_or("", Pattern::as_str).to_owned(),
        }
    }
}

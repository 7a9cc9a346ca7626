//! What `go tool pprof` prints, byte for byte. The arithmetic is that of google/pprof as it is in
//! the Go distribution; where that depends on the order of a map, the order here is fixed.

mod aligned;
mod callgrind;
mod comments;
mod dot;
mod graph;
mod header;
mod list;
mod mappings;
mod measure;
mod paths;
mod places;
mod proto;
mod raw;
mod source;
mod tags;
mod texts;
mod top;
mod topproto;
mod traces;
mod tree;
pub(crate) mod units;

use caulk_profile::Profile;

use crate::config::Config;
use crate::filter::LabelUnits;
use crate::generate::Surroundings;
use crate::pattern::{Pattern, PatternError};
use graph::{Columns, NodeValue};
use places::Identity;

pub(crate) use callgrind::callgrind;
pub(crate) use comments::comments;
pub(crate) use dot::dot;
pub(crate) use header::about;
pub(crate) use list::list;
pub(crate) use measure::{Measure, sample_index};
pub(crate) use paths::base_name;
pub(crate) use proto::proto;
pub(crate) use raw::raw;
pub(crate) use tags::tags;
pub(crate) use top::top;
pub(crate) use topproto::topproto;
pub(crate) use traces::traces;
pub(crate) use tree::tree;

/// What a report is made of.
pub(crate) struct Subject<'s> {
    pub profile: &'s Profile,
    pub config: &'s Config,
    pub surroundings: &'s Surroundings,
    pub measure: Measure,
    /// The units of labels that have numbers.
    pub label_units: LabelUnits,
    /// What the report was asked about.
    pub pattern: Option<Pattern>,
}

impl<'s> Subject<'s> {
    fn columns(&self) -> Columns<'s> {
        self.measure.columns(self.profile, self.config)
    }

    /// What the report tells apart, unless it needs the programs, too.
    fn identity(&self) -> Identity<'s> {
        Identity::new(self.config).with_prefixes_taken_off(self.config)
    }

    /// The most nodes to show, 0 for all.
    fn limit(&self) -> usize {
        usize::try_from(self.config.nodecount).unwrap_or(0)
    }

    fn choose_unit(&mut self, rows: impl Iterator<Item = NodeValue>) {
        self.measure.choose_unit(rows, true);
    }

    /// For a report that prints integers.
    fn choose_whole_unit(&mut self, rows: impl Iterator<Item = NodeValue>) {
        self.measure.choose_unit(rows, false);
    }
}

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
    fn no_match(pattern: Option<&Pattern>) -> ReportError {
        ReportError::NoMatch {
            pattern: pattern.map_or("", Pattern::as_str).to_owned(),
        }
    }
}

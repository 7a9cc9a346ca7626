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

use caulk_profile::Profile;

use crate::config::Config;
use crate::filter::LabelUnits;
use crate::pattern::Pattern;
use crate::surroundings::Surroundings;
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

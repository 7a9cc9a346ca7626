//! What the reference does to a profile when it has fetched it, before any report: names are
//! shortened, frames that the profile itself wants hidden go, and the program gets its name.

mod demangle;
mod drop_frames;
mod names;
mod program;
mod remote_names;
mod symbolize;

use caulk_profile::{LabelValue, Profile, StringId};

pub use self::program::{files_with_names, name_program};
pub use self::remote_names::{
    MappingSource, NameQuery, NamesError, name_queries, note_source, take_names,
};
pub use self::symbolize::Symbolize;

/// How names that a compiler has mangled are shown (`demangle=` of `-symbolize`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Names {
    /// As they stand in the profile.
    AsTheyAre,
    /// Without parameters and template arguments. Generic Go names are touched by it, too.
    #[default]
    Short,
    /// Without parameters.
    WithTemplates,
    /// With all that they say.
    Full,
}

/// Prepares a profile that was read as the reference reads it, or several that were added up.
/// `comment` is a remark to keep in it, empty for none.
pub fn prepare(profile: &mut Profile, symbolize: Symbolize, comment: &str) {
    names::show(profile, symbolize.names, symbolize.force);
    drop_frames::drop_frames(profile);
    program::forget_sources(profile);
    if !comment.is_empty() {
        profile.add_comment(comment);
    }
}

/// Takes out of a profile what is lost when it is written and read again: labels of nothing. The
/// reference's shell makes its reports of such a copy.
pub fn forget_empty_labels(profile: &mut Profile) {
    let is_empty = |value: LabelValue| match value {
        LabelValue::Text(text) => text == StringId(0),
        LabelValue::Number { value, unit } => value == 0 && unit == StringId(0),
    };
    if profile.all_labels().any(|label| is_empty(label.value)) {
        profile.rewrite_labels(|_, labels, kept| {
            kept.extend(labels.iter().filter(|label| !is_empty(label.value)));
        });
    }
}

//! What the reference does to a profile when it has fetched it, before any report: names are
//! shortened, frames that the profile itself wants hidden go, and the program gets its name.

mod demangle;
mod drop_frames;
mod names;
mod program;
mod remote_names;
mod symbolize;

use caulk_profile::Profile;

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

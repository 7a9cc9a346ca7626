//! What the reference does to a profile when it has fetched it, before any report: names are
//! shortened, and frames that the profile itself wants hidden go.

mod drop_frames;
mod names;

use caulk_profile::Profile;

/// How names that a compiler has mangled are shown (`demangle=` of `-symbolize`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Names {
    /// As they stand in the profile.
    AsTheyAre,
    /// Without parameters and template arguments. Generic Go names are touched by it, too.
    #[default]
    Short,
}

/// Prepares a profile that was read as the reference reads it.
pub fn prepare(profile: &mut Profile, names: Names) {
    if names == Names::Short {
        names::shorten(profile);
    }
    drop_frames::drop_frames(profile);
}

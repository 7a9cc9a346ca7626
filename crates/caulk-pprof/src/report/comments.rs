//! `-comments`: the remarks on the profile.

use caulk_profile::Profile;

/// Appends the remarks to `out`, a line each.
pub(crate) fn comments(profile: &Profile, out: &mut Vec<u8>) {
    for &comment in profile.comment_ids() {
        out.extend_from_slice(profile.strings().bytes(comment));
        out.push(b'\n');
    }
}

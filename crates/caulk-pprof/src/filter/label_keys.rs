//! Which labels are left: `tagshow` and `taghide`.

use caulk_profile::{Profile, StringId};

use super::warn_unless;
use crate::pattern::Pattern;

#[derive(Debug, Clone, Copy)]
struct Answer {
    matches_show: bool,
    matches_hide: bool,
}

/// Leaves the labels whose key matches one pattern and does not match the other.
pub(super) fn apply(
    profile: &mut Profile,
    show: Option<&Pattern>,
    hide: Option<&Pattern>,
    warnings: &mut Vec<String>,
) {
    let strings = profile.strings();
    let mut answers: Vec<Option<Answer>> = vec![None; strings.len()];
    let (mut has_show, mut has_hide) = (false, false);
    for label in profile.all_labels() {
        let Some(answer @ None) = answers.get_mut(label.key.index()) else {
            continue;
        };
        let key = strings.bytes(label.key);
        let new = Answer {
            matches_show: show.is_none_or(|pattern| pattern.is_match(key)),
            matches_hide: hide.is_some_and(|pattern| pattern.is_match(key)),
        };
        has_show |= new.matches_show;
        has_hide |= new.matches_hide;
        *answer = Some(new);
    }
    let is_kept = |key: StringId| match answers.get(key.index()) {
        Some(Some(answer)) => answer.matches_show && !answer.matches_hide,
        _ => false,
    };
    profile.rewrite_labels(|_, labels, kept| {
        kept.extend(labels.iter().filter(|label| is_kept(label.key)));
    });
    warn_unless(show.is_none() || has_show, "TagShow", warnings);
    warn_unless(hide.is_none() || has_hide, "TagHide", warnings);
}

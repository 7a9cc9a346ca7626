//! What the filters of a report leave of a profile (`applyFocus` of the reference).
//!
//! What a pattern says of functions and files is asked once for each function and mapping and told
//! for each location, what it says of labels once for each distinct label, so that a sample costs no
//! more than a look at its frames and labels.

mod frames;
mod label_frames;
mod label_keys;
mod label_range;
mod label_samples;
mod label_units;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};

use caulk_profile::Profile;

use crate::config::Config;
use crate::error::ReportError;
use crate::pattern::Pattern;
use frames::{FrameFilters, Stacks};
use label_samples::LabelFilter;

pub(crate) use frames::without_arguments;
pub(crate) use label_frames::add_label_frames;
pub(crate) use label_units::LabelUnits;

/// Filters a profile as the options ask; `None` if they ask for nothing. What the user should be told
/// is added to `warnings`.
pub(crate) fn filter(
    profile: &Profile,
    units: &LabelUnits,
    config: &Config,
    warnings: &mut Vec<String>,
) -> Result<Option<Profile>, ReportError> {
    // In the order of the reference, whose first problem is the one that is told.
    let mut frames = FrameFilters {
        focus: pattern("focus", &config.focus)?,
        ignore: pattern("ignore", &config.ignore)?,
        hide: pattern("hide", &config.hide)?,
        show: pattern("show", &config.show)?,
        show_from: pattern("show_from", &config.show_from)?,
        prune_from: None,
    };
    let focus = LabelFilter::new("tagfocus", &config.tagfocus, warnings)?;
    let ignore = LabelFilter::new("tagignore", &config.tagignore, warnings)?;
    frames.prune_from = pattern("prune_from", &config.prune_from)?;
    let show = pattern("tagshow", &config.tagshow)?;
    let hide = pattern("taghide", &config.taghide)?;
    let filters_keys = show.is_some() || hide.is_some();
    if !frames.is_any() && focus.is_none() && ignore.is_none() && !filters_keys {
        return Ok(None);
    }

    let mut filtered = profile.without_samples();
    let stacks = Stacks::new(&mut filtered, &frames, warnings);
    let is_focused = focus.map(|filter| filter.matches(profile, units));
    let is_ignored = ignore.map(|filter| filter.matches(profile, units));
    let (has_focus, has_ignore) = (AtomicBool::new(false), AtomicBool::new(false));
    filtered.set_samples(profile, |sample, stack, frames| {
        if !stacks.rewrite(stack, frames) {
            return false;
        }
        let is = |matches: &Option<Vec<bool>>| matches.as_ref()?.get(sample).copied();
        let (is_focused, is_ignored) = (is(&is_focused), is(&is_ignored));
        if is_focused == Some(true) {
            has_focus.store(true, Ordering::Relaxed);
        }
        if is_ignored == Some(true) {
            has_ignore.store(true, Ordering::Relaxed);
        }
        is_focused != Some(false) && is_ignored != Some(true)
    });
    warn_unless(
        is_focused.is_none() || has_focus.into_inner(),
        "TagFocus",
        warnings,
    );
    warn_unless(
        is_ignored.is_none() || has_ignore.into_inner(),
        "TagIgnore",
        warnings,
    );
    if filters_keys {
        label_keys::apply(&mut filtered, show.as_ref(), hide.as_ref(), warnings);
    }
    Ok(Some(filtered))
}

fn pattern(option: &'static str, text: &str) -> Result<Option<Pattern>, ReportError> {
    if text.is_empty() {
        return Ok(None);
    }
    match Pattern::new(text) {
        Ok(pattern) => Ok(Some(pattern)),
        Err(reason) => Err(ReportError::OptionPattern { option, reason }),
    }
}

/// Says of a filter that nothing matched it.
fn warn_unless(has_match: bool, option: &str, warnings: &mut Vec<String>) {
    if !has_match {
        warnings.push(format!("{option} expression matched no samples"));
    }
}

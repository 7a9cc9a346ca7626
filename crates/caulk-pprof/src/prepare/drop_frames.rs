//! Frames that the profile itself asks to hide (`drop_frames`, `keep_frames`): what matches goes,
//! with all that it called (`profile/prune.go` of the reference).

use caulk_profile::{LocationIndex, Profile, StringId};

use crate::filter::without_arguments;
use crate::pattern::Pattern;

/// What hiding does to a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hides {
    Nothing,
    /// Some of its inlined calls, and all below.
    Inner,
    Whole,
}

/// Takes out of a profile the frames that it wants hidden. A pattern that is not a regular expression
/// hides nothing, as in the reference.
pub(super) fn drop_frames(profile: &mut Profile) {
    let pattern = |id: StringId| match profile.string(id) {
        "" => Ok(None),
        pattern => Pattern::new(&format!("^({pattern})$")).map(Some),
    };
    let (Ok(Some(drop)), Ok(keep)) = (pattern(profile.drop_frames), pattern(profile.keep_frames))
    else {
        return;
    };
    let is_hidden: Vec<bool> = profile
        .functions()
        .iter()
        .map(|function| {
            let name = without_arguments(profile.strings().bytes(function.name));
            !name.is_empty()
                && drop.is_match(name)
                && !keep.as_ref().is_some_and(|k| k.is_match(name))
        })
        .collect();

    let mut hides = vec![Hides::Nothing; profile.locations().len()];
    for (index, hides) in hides.iter_mut().enumerate() {
        let location = LocationIndex(index as u32);
        let lines = profile.lines(location);
        let hidden = |function: usize| is_hidden.get(function) == Some(&true);
        let outermost = lines.iter().rposition(|line| hidden(line.function.index()));
        *hides = match outermost {
            None => Hides::Nothing,
            Some(line) if line + 1 == lines.len() => Hides::Whole,
            Some(line) => {
                let kept = line + 1..lines.len();
                profile.keep_lines(location, kept);
                Hides::Inner
            }
        };
    }
    if hides.iter().all(|&hides| hides == Hides::Nothing) {
        return;
    }
    profile.rewrite_stacks(|_, stack, frames| {
        let first = first_shown(stack, &hides);
        frames.extend_from_slice(stack.get(first..).unwrap_or(&[]));
        true
    });
}

/// The position of the innermost frame that is left. Frames before the first that is not hidden,
/// seen from the root, stay, or nothing would be left of some stacks.
fn first_shown(stack: &[LocationIndex], hides: &[Hides]) -> usize {
    let mut found_shown = false;
    for (position, location) in stack.iter().enumerate().rev() {
        match hides
            .get(location.index())
            .copied()
            .unwrap_or(Hides::Nothing)
        {
            Hides::Nothing => found_shown = true,
            Hides::Whole if found_shown => return position + 1,
            Hides::Inner if found_shown => return position,
            _ => {}
        }
    }
    0
}

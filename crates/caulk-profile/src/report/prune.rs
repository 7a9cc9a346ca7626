//! Frames that the profile itself asks to hide (`drop_frames`, `keep_frames`): what matches goes,
//! with all that it called (`profile/prune.go` of the reference).

use std::borrow::Cow;

use regex::bytes::Regex;

use crate::{LocationIndex, Profile, StringId};

/// What hiding does to a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hides {
    Nothing,
    /// Some of its inlined calls, and all below.
    Inner,
    Whole,
}

/// The profile without the frames that it wants hidden. A pattern that is not a regular expression
/// hides nothing, as in the reference.
pub(super) fn prune<'p>(profile: &'p Profile, names: &[Cow<'_, [u8]>]) -> Cow<'p, Profile> {
    let pattern = |id: StringId| match profile.string(id) {
        "" => Ok(None),
        pattern => Regex::new(&format!("^(?:{pattern})$")).map(Some),
    };
    let (Ok(Some(drop)), Ok(keep)) = (pattern(profile.drop_frames), pattern(profile.keep_frames))
    else {
        return Cow::Borrowed(profile);
    };
    let is_hidden: Vec<bool> = names
        .iter()
        .map(|name| {
            let name = without_arguments(name);
            !name.is_empty()
                && drop.is_match(name)
                && !keep.as_ref().is_some_and(|k| k.is_match(name))
        })
        .collect();

    let mut pruned = profile.clone();
    let mut hides = vec![Hides::Nothing; profile.locations().len()];
    for (index, (location, hides)) in pruned.locations.iter_mut().zip(&mut hides).enumerate() {
        let lines = profile.lines(LocationIndex(index as u32));
        let hidden = |function: usize| is_hidden.get(function) == Some(&true);
        let outermost = lines.iter().rposition(|line| hidden(line.function.index()));
        *hides = match outermost {
            None => Hides::Nothing,
            Some(line) if line + 1 == lines.len() => Hides::Whole,
            Some(line) => {
                location.first_line += line as u32 + 1;
                location.line_count -= line as u32 + 1;
                Hides::Inner
            }
        };
    }

    pruned.frames.clear();
    pruned.frame_ends.clear();
    for sample in 0..profile.sample_count() {
        let stack = profile.stack(sample);
        let first = first_shown(stack, &hides);
        pruned
            .frames
            .extend_from_slice(stack.get(first..).unwrap_or(&[]));
        pruned.frame_ends.push(pruned.frames.len() as u32);
    }
    Cow::Owned(pruned)
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

/// A name up to its arguments; some C++ names have parentheses of their own.
fn without_arguments(name: &[u8]) -> &[u8] {
    const RESERVED: [&[u8]; 2] = [b"(anonymous namespace)", b"operator()"];
    let name = name.strip_prefix(b".").unwrap_or(name);
    let mut at = 0;
    while let Some(rest) = name.get(at..).filter(|rest| !rest.is_empty()) {
        if let Some(reserved) = RESERVED.iter().find(|reserved| rest.starts_with(reserved)) {
            at += reserved.len();
        } else if rest.starts_with(b"(") {
            return name.get(..at).unwrap_or(name);
        } else {
            at += 1;
        }
    }
    name
}

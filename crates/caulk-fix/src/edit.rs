//! Replacements of bytes, and how several come together in one file.

use caulk_syntax::Span;

/// The bytes of `span` become `text`. All edits of a file speak of the unchanged file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// What takes its place; empty for a removal.
    pub text: String,
}

impl Edit {
    /// `text` put before the byte at `offset`.
    pub fn insert(offset: u32, text: impl Into<String>) -> Self {
        Self {
            span: Span::empty(offset),
            text: text.into(),
        }
    }

    /// `span` replaced by `text`.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self {
            span,
            text: text.into(),
        }
    }

    /// `span` taken out.
    pub fn remove(span: Span) -> Self {
        Self::replace(span, "")
    }
}

/// The same edits, in order, with those that touch each other made one: whoever applies them need not know which of two insertions at a place
/// comes first.
pub fn joined(edits: &[Edit]) -> Vec<Edit> {
    let mut all: Vec<Edit> = Vec::with_capacity(edits.len());
    for edit in edits {
        match all.last_mut() {
            Some(last) if last.span.end == edit.span.start => {
                last.span.end = edit.span.end;
                last.text.push_str(&edit.text);
            }
            _ => all.push(edit.clone()),
        }
    }
    all
}

/// Edits of one file that do not overlap, in order of their places. Insertions at one place keep the order
/// in which they were added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edits {
    list: Vec<Edit>,
}

/// One edit that does what edits one after the other do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) edit: Edit,
    /// Those of the file before that it takes the place of.
    pub(crate) first: Vec<Edit>,
    /// Those of the file between that it makes.
    pub(crate) second: Vec<Edit>,
}

impl Step {
    /// Takes the place of its first edits in a list that has any of them.
    pub(crate) fn replace_in(&self, edits: &mut Vec<Edit>) {
        let known = edits.len();
        edits.retain(|edit| !self.first.contains(edit));
        if edits.len() < known {
            edits.push(self.edit.clone());
        }
    }
}

/// Two edits want different things of the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("edits overlap at byte {offset}")]
pub struct Overlap {
    /// Where the overlap begins.
    pub offset: u32,
}

impl Edits {
    /// The edits, in order.
    pub fn list(&self) -> &[Edit] {
        &self.list
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds all of `edits`, or none where one overlaps with what is here. An edit that is already here is
    /// not repeated.
    pub fn add(&mut self, edits: &[Edit]) -> Result<(), Overlap> {
        let mut merged = self.list.clone();
        for edit in edits {
            insert(&mut merged, edit)?;
        }
        self.list = merged;
        Ok(())
    }

    /// The file after the edits. What lies outside of `before` is left out.
    pub fn apply(&self, before: &[u8]) -> Vec<u8> {
        let mut after = Vec::with_capacity(before.len() + 64);
        let mut done = 0;
        for edit in &self.list {
            let start = (edit.span.start as usize).min(before.len());
            after.extend_from_slice(before.get(done..start).unwrap_or_default());
            after.extend_from_slice(edit.text.as_bytes());
            done = (edit.span.end as usize).clamp(start, before.len());
        }
        after.extend_from_slice(before.get(done..).unwrap_or_default());
        after
    }

    /// Replaces a span of the edited file, which lies in kept bytes or in the text of one edit; any other is
    /// left as it is.
    pub(crate) fn replace_after(&mut self, span: Span, text: &str) {
        let mut shift = 0i64;
        for edit in &mut self.list {
            let start = i64::from(edit.span.start) + shift;
            let (from, to) = (i64::from(span.start) - start, i64::from(span.end) - start);
            if let (Ok(from), Ok(to)) = (usize::try_from(from), usize::try_from(to))
                && edit.text.get(from..to).is_some()
                && from < edit.text.len()
            {
                edit.text.replace_range(from..to, text);
                return;
            }
            shift += edit.text.len() as i64 - i64::from(edit.span.len());
        }
        let places = (self.place_before(span.start), self.place_before(span.end));
        if let (Some(start), Some(end)) = places
            && end.checked_sub(start) == Some(span.len())
        {
            let _ = self.add(&[Edit::replace(Span::new(start, end), text)]);
        }
    }

    /// These edits and then `second`, which speak of `between`, the file after these: each of the second ones as
    /// an edit of the file before, together with those of the first whose text it touches.
    pub(crate) fn then(&self, between: &[u8], second: &Edits) -> Vec<Step> {
        let mut shift = 0i64;
        let mut parts: Vec<(Span, Option<&Edit>, Option<&Edit>)> = Vec::new();
        for edit in &self.list {
            let start = (i64::from(edit.span.start) + shift).max(0) as u32;
            let end = start + edit.text.len() as u32;
            parts.push((Span::new(start, end), Some(edit), None));
            shift += edit.text.len() as i64 - i64::from(edit.span.len());
        }
        parts.extend(second.list.iter().map(|edit| (edit.span, None, Some(edit))));
        parts.sort_by_key(|(span, first, _)| (span.start, first.is_none()));
        let mut groups: Vec<(Span, Step)> = Vec::new();
        for (span, first, other) in parts {
            let touched = groups.last_mut().filter(|(group, step)| {
                span.start <= group.end && (other.is_some() || !step.second.is_empty())
            });
            match touched {
                Some((group, step)) => {
                    *group = Span::new(group.start, group.end.max(span.end));
                    step.first.extend(first.cloned());
                    step.second.extend(other.cloned());
                }
                None => groups.push((
                    span,
                    Step {
                        edit: Edit::remove(span),
                        first: first.cloned().into_iter().collect(),
                        second: other.cloned().into_iter().collect(),
                    },
                )),
            }
        }
        let mut steps = Vec::new();
        let mut shift = 0i64;
        for (group, mut step) in groups {
            let grown: i64 = step
                .first
                .iter()
                .map(|edit| edit.text.len() as i64 - i64::from(edit.span.len()))
                .sum();
            let start = (i64::from(group.start) - shift).max(0) as u32;
            shift += grown;
            let end = (i64::from(group.end) - shift).max(i64::from(start)) as u32;
            if step.second.is_empty() {
                continue;
            }
            let mut within = Edits::default();
            for edit in &step.second {
                let from = edit.span.start - group.start;
                let span = Span::new(from, from + edit.span.len());
                // They have been composed before.
                let _ = within.add(&[Edit::replace(span, edit.text.clone())]);
            }
            let text = within.apply(group.of(between));
            step.edit = Edit::replace(
                Span::new(start, end),
                String::from_utf8_lossy(&text).into_owned(),
            );
            steps.push(step);
        }
        steps
    }

    /// Where a byte of the edited file stood before; none for a byte that an edit put there.
    pub fn place_before(&self, offset: u32) -> Option<u32> {
        let mut shift = 0i64;
        for edit in &self.list {
            let start = i64::from(edit.span.start) + shift;
            let end = start + edit.text.len() as i64;
            if i64::from(offset) < start {
                break;
            }
            if i64::from(offset) < end {
                return None;
            }
            shift += edit.text.len() as i64 - i64::from(edit.span.len());
        }
        u32::try_from(i64::from(offset) - shift).ok()
    }
}

fn insert(list: &mut Vec<Edit>, edit: &Edit) -> Result<(), Overlap> {
    if list.contains(edit) {
        return Ok(());
    }
    let clash = list.iter().find(|other| overlap(other.span, edit.span));
    if let Some(other) = clash {
        return Err(Overlap {
            offset: other.span.start.max(edit.span.start),
        });
    }
    // An insertion goes before a replacement that starts at the same place.
    let key = |edit: &Edit| (edit.span.start, !edit.span.is_empty());
    let at = list.partition_point(|other| key(other) <= key(edit));
    list.insert(at, edit.clone());
    Ok(())
}

/// Insertions touch nothing but their place, so they clash only with a replacement around it.
fn overlap(a: Span, b: Span) -> bool {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => false,
        (true, false) => b.start < a.start && a.start < b.end,
        (false, true) => a.start < b.start && b.start < a.end,
        (false, false) => a.start < b.end && b.start < a.end,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn insertions_at_one_place_are_one_edit_for_whoever_applies_them() {
        let edits = [
            Edit::insert(4, "("),
            Edit::insert(4, "err "),
            Edit::insert(9, ")"),
            Edit::remove(Span::new(9, 12)),
            Edit::insert(20, "x"),
        ];
        let wanted = [
            Edit::insert(4, "(err "),
            Edit::replace(Span::new(9, 12), ")"),
            Edit::insert(20, "x"),
        ];
        assert_eq!(joined(&edits), wanted);
    }

    #[test]
    fn edits_apply_in_order_of_place() {
        let mut edits = Edits::default();
        edits
            .add(&[Edit::insert(4, "!"), Edit::replace(Span::new(0, 1), "J")])
            .unwrap();
        edits
            .add(&[Edit::insert(4, "?"), Edit::insert(4, "!")])
            .unwrap();
        assert_eq!(edits.apply(b"hell no"), b"Jell!? no");
    }

    #[test]
    fn an_overlap_adds_nothing() {
        let mut edits = Edits::default();
        edits.add(&[Edit::remove(Span::new(2, 5))]).unwrap();
        let clash = edits.add(&[Edit::insert(9, "x"), Edit::insert(3, "y")]);
        assert_eq!(clash, Err(Overlap { offset: 3 }));
        assert_eq!(edits.list().len(), 1);
        edits
            .add(&[Edit::insert(2, "a"), Edit::insert(5, "b")])
            .unwrap();
        assert_eq!(edits.apply(b"0123456"), b"01ab56");
    }

    #[test]
    fn places_are_found_again() {
        let mut edits = Edits::default();
        edits
            .add(&[Edit::insert(1, "xy"), Edit::remove(Span::new(3, 5))])
            .unwrap();
        assert_eq!(edits.apply(b"abcdefg"), b"axybcfg");
        let before: Vec<_> = (0..7).map(|offset| edits.place_before(offset)).collect();
        assert_eq!(
            before,
            [Some(0), None, None, Some(1), Some(2), Some(5), Some(6)]
        );
    }

    proptest! {
        #[test]
        fn one_step_does_what_two_do(
            before in "[a-z]{0,40}",
            first in proptest::collection::vec((0u32..44, 0u32..5, "[A-Z]{0,4}"), 0..6),
            second in proptest::collection::vec((0u32..50, 0u32..5, "[0-9]{0,4}"), 0..6),
        ) {
            let edits = |wanted: Vec<(u32, u32, String)>, len: usize| {
                let mut edits = Edits::default();
                for (start, length, text) in wanted {
                    let (start, end) = (start.min(len as u32), (start + length).min(len as u32));
                    let _ = edits.add(&[Edit::replace(Span::new(start, end), text)]);
                }
                edits
            };
            let first = edits(first, before.len());
            let between = first.apply(before.as_bytes());
            let second = edits(second, between.len());
            let steps = first.then(&between, &second);
            let mut all = first.list().to_vec();
            all.retain(|edit| !steps.iter().any(|step| step.first.contains(edit)));
            let mut composed = Edits::default();
            composed.add(&all).unwrap();
            for step in &steps {
                prop_assert_eq!(composed.add(std::slice::from_ref(&step.edit)), Ok(()));
            }
            prop_assert_eq!(composed.apply(before.as_bytes()), second.apply(&between));
        }

        #[test]
        fn every_other_byte_stays(
            before in proptest::collection::vec(any::<u8>(), 0..60),
            wanted in proptest::collection::vec((0u32..70, 0u32..5, "[a-z\n]{0,4}"), 0..12),
        ) {
            let mut edits = Edits::default();
            for (start, len, text) in wanted {
                let _ = edits.add(&[Edit::replace(Span::new(start, start + len), text)]);
            }
            let after = edits.apply(&before);
            let kept: Vec<u8> = before
                .iter()
                .enumerate()
                .filter(|(at, _)| !edits.list().iter().any(|edit| edit.span.contains(*at as u32)))
                .map(|(_, byte)| *byte)
                .collect();
            let inside: Vec<u8> = (0..after.len())
                .filter(|at| {
                    let place = edits.place_before(*at as u32);
                    place.is_some_and(|place| before.get(place as usize) == after.get(*at))
                })
                .filter_map(|at| after.get(at).copied())
                .collect();
            prop_assert_eq!(inside, kept);
        }
    }
}

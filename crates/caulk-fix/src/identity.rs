//! What makes two findings the same one, before and after edits.

use std::collections::BTreeMap;

use caulk_leaks::Finding;

use crate::edit::Edits;

/// A finding, whatever edits move it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Identity<'a> {
    pub(crate) rule: &'a str,
    pub(crate) file: &'a str,
    /// Of the acquiring call, in the unedited file.
    pub(crate) start: u32,
}

impl<'a> Identity<'a> {
    pub(crate) fn before(finding: &'a Finding) -> Self {
        Self {
            rule: finding.rule,
            file: &finding.location.file,
            start: finding.location.span.start,
        }
    }

    /// None where the edits put the acquiring call there.
    pub(crate) fn after(finding: &'a Finding, edits: &Edits) -> Option<Self> {
        let start = edits.place_before(finding.location.span.start)?;
        Some(Self {
            start,
            ..Self::before(finding)
        })
    }

    /// The same where some files are edited.
    pub(crate) fn among(finding: &'a Finding, files: &BTreeMap<&str, Edits>) -> Option<Self> {
        match files.get(finding.location.file.as_str()) {
            Some(edits) => Self::after(finding, edits),
            None => Some(Self::before(finding)),
        }
    }
}

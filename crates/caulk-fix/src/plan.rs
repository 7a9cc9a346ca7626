//! From findings to edited files: proposed one by one, composed, checked again, and withdrawn where the
//! check does not agree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use caulk_leaks::Finding;

use crate::align::align;
use crate::edit::{Edit, Edits};
use crate::linter::wants_errors_dropped_by_name;
use crate::refusal::Refusal;
use crate::release::Style;
use crate::shapes::{Proposal, propose};
use crate::site::Site;
use crate::source::Source;
use crate::workspace::Workspace;

/// Checks a program with edited files laid over it.
pub trait Checker {
    /// The findings of at least the packages of the edited files and of those that depend on what they do,
    /// as the check of the unedited program would report them. Files are named as in [`Workspace`].
    fn check(&mut self, edited: &BTreeMap<String, Arc<[u8]>>) -> Vec<Finding>;
}

impl<F: FnMut(&BTreeMap<String, Arc<[u8]>>) -> Vec<Finding>> Checker for F {
    fn check(&mut self, edited: &BTreeMap<String, Arc<[u8]>>) -> Vec<Finding> {
        self(edited)
    }
}

/// What was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlanOptions {
    /// Take also edits that a person should review.
    pub take_review: bool,
}

/// What becomes of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The edits end it and change nothing else.
    Fixed,
    /// The edits end it, but behaviour could change, for the reason given. Part of the plan's files only
    /// where [`PlanOptions::take_review`] is set.
    FixedReview(String),
    /// A person must decide, for the reason given.
    Refused(String),
}

/// The outcome of one finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingFix {
    /// What becomes of it.
    pub outcome: Outcome,
    /// The reason of a refusal with `…` for names, so that the same reasons can be counted; empty where it is
    /// not refused.
    pub reason_kind: String,
    /// Its edits of its file; none where it is refused. White space before comments beside them, which has
    /// to move with them, is among [`FileEdit::edits`] only.
    pub edits: Vec<Edit>,
}

/// One file before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEdit {
    /// The file, named as in [`Workspace`].
    pub path: String,
    /// The bytes that the edits speak of.
    pub before: Vec<u8>,
    /// The bytes after them.
    pub after: Vec<u8>,
    /// In order, without overlap.
    pub edits: Vec<Edit>,
}

/// What a fix would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FixPlan {
    /// The files that change, by name.
    pub files: Vec<FileEdit>,
    /// One for each of the findings that were selected, in their order.
    pub fixes: Vec<FindingFix>,
}

/// Plans the fixes of the findings `selected` (places in `findings`). `findings` is all that the check of the
/// unedited program reported: what is not among them must not appear afterwards.
pub fn plan(
    findings: &[Finding],
    selected: &[usize],
    workspace: &dyn Workspace,
    checker: &mut dyn Checker,
    options: PlanOptions,
) -> FixPlan {
    plan_with(
        findings,
        selected,
        &BTreeMap::new(),
        workspace,
        checker,
        options,
    )
}

/// The same, where a person has written the edits of some findings (by their place in `findings`): they are
/// checked as others are.
pub fn plan_with(
    findings: &[Finding],
    selected: &[usize],
    written: &BTreeMap<usize, Vec<Edit>>,
    workspace: &dyn Workspace,
    checker: &mut dyn Checker,
    options: PlanOptions,
) -> FixPlan {
    let mut planner = Planner::new(findings, selected, written, workspace);
    planner.withdraw_broken_syntax();
    planner.check_again(checker);
    planner.finish(options)
}

/// A file that is being edited, and how it releases.
pub(crate) struct Opened {
    pub(crate) source: Source,
    pub(crate) style: Style,
}

pub(crate) struct Planner<'a> {
    pub(crate) findings: &'a [Finding],
    pub(crate) selected: &'a [usize],
    pub(crate) files: BTreeMap<&'a str, Result<Opened, Refusal>>,
    /// One for each of the selected findings.
    pub(crate) proposals: Vec<Result<Proposal, Refusal>>,
    /// Those that got in the way of others: planned again once it is known what these make of the file.
    pub(crate) crossed: BTreeSet<usize>,
}

impl<'a> Planner<'a> {
    fn new(
        findings: &'a [Finding],
        selected: &'a [usize],
        written: &BTreeMap<usize, Vec<Edit>>,
        workspace: &dyn Workspace,
    ) -> Self {
        let mut files: BTreeMap<&str, Result<Opened, Refusal>> = BTreeMap::new();
        let mut proposals = Vec::new();
        let mut names: BTreeMap<&str, Vec<(u32, String)>> = BTreeMap::new();
        for at in selected {
            let Some(finding) = findings.get(*at) else {
                proposals.push(Err(Refusal::new("there is no such finding")));
                continue;
            };
            let file = finding.location.file.as_str();
            let opened = files.entry(file).or_insert_with(|| open(file, workspace));
            let given = names.entry(file).or_default();
            let proposal = match opened {
                Ok(_) if written.contains_key(at) => Ok(Proposal {
                    edits: written.get(at).cloned().unwrap_or_default(),
                    review: None,
                }),
                Ok(opened) => Site::new(finding, &opened.source, &opened.style, given)
                    .and_then(|site| propose(&site)),
                Err(refusal) => Err(refusal.clone()),
            };
            if let (Ok(opened), Ok(proposal)) = (opened, &proposal) {
                given.extend(names_given(opened.source.bytes(), proposal));
            }
            proposals.push(proposal);
        }
        let mut planner = Self {
            findings,
            selected,
            files,
            proposals,
            crossed: BTreeSet::new(),
        };
        planner.withdraw_overlaps();
        planner
    }

    /// A finding, by its place among the selected ones.
    pub(crate) fn finding(&self, at: usize) -> Option<&'a Finding> {
        self.findings.get(*self.selected.get(at)?)
    }

    /// Its file.
    pub(crate) fn file(&self, at: usize) -> Option<&'a str> {
        Some(self.finding(at)?.location.file.as_str())
    }

    fn before(&self, file: &str) -> &[u8] {
        match self.files.get(file) {
            Some(Ok(opened)) => opened.source.bytes(),
            _ => &[],
        }
    }

    pub(crate) fn withdraw(&mut self, at: usize, reason: &str) {
        self.refuse(at, Refusal::new(reason));
    }

    pub(crate) fn refuse(&mut self, at: usize, refusal: Refusal) {
        if let Some(proposal) = self.proposals.get_mut(at)
            && proposal.is_ok()
        {
            *proposal = Err(refusal);
        }
    }

    /// Keeps the first of the proposals that want different things of the same bytes.
    fn withdraw_overlaps(&mut self) {
        let mut files: BTreeMap<&str, Edits> = BTreeMap::new();
        for at in 0..self.proposals.len() {
            let (Some(file), Some(Ok(proposal))) = (self.file(at), self.proposals.get(at)) else {
                continue;
            };
            if files.entry(file).or_default().add(&proposal.edits).is_err() {
                self.withdraw(
                    at,
                    "its edit overlaps with that of another finding: fix that one first",
                );
                self.crossed.insert(at);
            }
        }
    }

    /// The edits of all proposals that stand, by file.
    fn composed(&self, take: impl Fn(&Proposal) -> bool) -> BTreeMap<&'a str, Edits> {
        let mut files = self.together(take);
        for (file, edits) in &mut files {
            if let Some(Ok(opened)) = self.files.get(file) {
                align(&opened.source, edits);
            }
        }
        files
    }

    /// The same, without the white space before comments beside them.
    pub(crate) fn together(&self, take: impl Fn(&Proposal) -> bool) -> BTreeMap<&'a str, Edits> {
        let mut files: BTreeMap<&str, Edits> = BTreeMap::new();
        for at in 0..self.proposals.len() {
            if let (Some(file), Some(Ok(proposal))) = (self.file(at), self.proposals.get(at))
                && take(proposal)
            {
                // Overlaps have been withdrawn.
                let _ = files.entry(file).or_default().add(&proposal.edits);
            }
        }
        files
    }

    /// No edit may add a syntax error.
    pub(crate) fn withdraw_broken_syntax(&mut self) {
        for (file, edits) in self.composed(|_| true) {
            if self.parses_as_well(file, &edits) {
                continue;
            }
            let of_file: Vec<usize> = (0..self.proposals.len())
                .filter(|at| self.file(*at) == Some(file))
                .collect();
            let mut blamed = false;
            for at in &of_file {
                let mut alone = Edits::default();
                if let Some(Ok(proposal)) = self.proposals.get(*at) {
                    let _ = alone.add(&proposal.edits);
                }
                if !self.parses_as_well(file, &alone) {
                    self.withdraw(*at, "the edited file would not parse");
                    blamed = true;
                }
            }
            if !blamed {
                for at in of_file {
                    self.withdraw(at, "the edited file would not parse");
                }
            }
        }
    }

    fn parses_as_well(&self, file: &str, edits: &Edits) -> bool {
        let Some(Ok(opened)) = self.files.get(file) else {
            return false;
        };
        let after = Source::new(edits.apply(opened.source.bytes()));
        after.error_count() <= opened.source.error_count()
    }

    pub(crate) fn laid_over(&self, files: &BTreeMap<&str, Edits>) -> BTreeMap<String, Arc<[u8]>> {
        files
            .iter()
            .map(|(file, edits)| ((*file).to_owned(), edits.apply(self.before(file)).into()))
            .collect()
    }

    fn finish(self, options: PlanOptions) -> FixPlan {
        let composed = self.composed(|proposal| options.take_review || proposal.review.is_none());
        let files = composed
            .into_iter()
            .filter(|(_, edits)| !edits.is_empty())
            .map(|(file, edits)| FileEdit {
                path: file.to_owned(),
                before: self.before(file).to_vec(),
                after: edits.apply(self.before(file)),
                edits: edits.list().to_vec(),
            })
            .collect();
        let fixes = self
            .proposals
            .into_iter()
            .map(|proposal| match proposal {
                Ok(Proposal { mut edits, review }) => {
                    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
                    FindingFix {
                        outcome: review.map_or(Outcome::Fixed, Outcome::FixedReview),
                        reason_kind: String::new(),
                        edits,
                    }
                }
                Err(Refusal { reason, kind }) => FindingFix {
                    outcome: Outcome::Refused(reason),
                    reason_kind: kind,
                    edits: Vec::new(),
                },
            })
            .collect();
        FixPlan { files, fixes }
    }
}

/// The names that a proposal declares, each with the place of its edit.
pub(crate) fn names_given(source: &[u8], proposal: &Proposal) -> Vec<(u32, String)> {
    let mut names = Vec::new();
    // What moves out of the header of an `if` is known behind that.
    let moved = |edit: &&Edit| edit.text.is_empty() && edit.span.of(source).trim_ascii() == b"if";
    let moved = proposal.edits.iter().find(moved);
    for edit in &proposal.edits {
        if edit.span.of(source) == b"_" {
            let place = moved.map_or(edit.span.start, |moved| moved.span.start);
            names.push((place, edit.text.clone()));
        }
        for line in edit.text.lines() {
            let declared = line.trim().trim_start_matches("if ");
            let declared = match declared.split_once(" :=") {
                Some((left, _)) => left,
                None => declared
                    .strip_prefix("var ")
                    .and_then(|rest| rest.split(' ').next())
                    .unwrap_or_default(),
            };
            let declared = declared.split(", ").filter(|name| !name.is_empty());
            names.extend(declared.map(|name| (edit.span.start, name.to_owned())));
        }
    }
    names
}

fn open(file: &str, workspace: &dyn Workspace) -> Result<Opened, Refusal> {
    if let Some(reason) = workspace.refusal(file) {
        return Err(Refusal::new(reason));
    }
    let source = Source::new(workspace.read(file).map_err(Refusal::new)?);
    if source.is_generated() {
        return Err(Refusal::new(
            "the file is generated: change what generates it",
        ));
    }
    let config = workspace.linter(file);
    let strict = config.is_some_and(|config| wants_errors_dropped_by_name(&config));
    let style = Style::of(&source, strict);
    Ok(Opened { source, style })
}

//! From findings to edited files: proposed one by one, composed, checked again, and withdrawn where the
//! check does not agree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use caulk_leaks::Finding;

use crate::align::align;
use crate::edit::{Edit, Edits, Step};
use crate::linter::wants_errors_dropped_by_name;
use crate::release::Style;
use crate::shapes::{Proposal, propose};
use crate::site::{Refusal, Site, span};
use crate::source::Source;
use crate::workspace::Workspace;

/// Rounds of check and withdrawal; the files that are in doubt after the last one are left alone.
const MAX_ROUNDS: usize = 6;

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
struct Opened {
    source: Source,
    style: Style,
}

struct Planner<'a> {
    findings: &'a [Finding],
    selected: &'a [usize],
    files: BTreeMap<&'a str, Result<Opened, Refusal>>,
    /// One for each of the selected findings.
    proposals: Vec<Result<Proposal, Refusal>>,
    /// Those that got in the way of others: planned again once it is known what these make of the file.
    crossed: BTreeSet<usize>,
}

/// Why the edits of a finding cannot stay.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Doubt {
    /// Its place among the selected findings.
    at: usize,
    refusal: Refusal,
    /// The finding is there still.
    still_lost: bool,
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

    /// The file of a selected finding.
    fn file(&self, at: usize) -> Option<&'a str> {
        let finding = self.findings.get(*self.selected.get(at)?)?;
        Some(finding.location.file.as_str())
    }

    fn before(&self, file: &str) -> &[u8] {
        match self.files.get(file) {
            Some(Ok(opened)) => opened.source.bytes(),
            _ => &[],
        }
    }

    fn withdraw(&mut self, at: usize, reason: &str) {
        self.refuse(at, Refusal::new(reason));
    }

    fn refuse(&mut self, at: usize, refusal: Refusal) {
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
    fn together(&self, take: impl Fn(&Proposal) -> bool) -> BTreeMap<&'a str, Edits> {
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
    fn withdraw_broken_syntax(&mut self) {
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

    /// Checks the edited program until every finding whose edits stand is gone and nothing new has appeared.
    fn check_again(&mut self, checker: &mut dyn Checker) {
        let mut planned_again = BTreeSet::new();
        for round in 0..MAX_ROUNDS {
            let files = self.together(|_| true);
            if files.is_empty() {
                return;
            }
            let mut after = checker.check(&self.laid_over(&files));
            let doubts = self.doubts(&files, &after);
            let mut crossed = std::mem::take(&mut self.crossed);
            for doubt in &doubts {
                if doubt.still_lost && self.is_beside_another(doubt.at) {
                    crossed.insert(doubt.at);
                }
                self.refuse(doubt.at, doubt.refusal.clone());
            }
            crossed.retain(|at| planned_again.insert(*at));
            if round + 1 == MAX_ROUNDS {
                let files: BTreeSet<&str> = doubts.iter().filter_map(|d| self.file(d.at)).collect();
                self.withdraw_files(&files);
            } else if !crossed.is_empty() {
                if !doubts.is_empty() {
                    let others = self.together(|_| true);
                    after = checker.check(&self.laid_over(&others));
                }
                self.plan_again(&crossed, &after);
                self.withdraw_broken_syntax();
            } else if doubts.is_empty() {
                return;
            }
        }
    }

    fn withdraw_files(&mut self, files: &BTreeSet<&str>) {
        for at in 0..self.proposals.len() {
            if self.file(at).is_some_and(|file| files.contains(file)) {
                self.withdraw(
                    at,
                    "the edits of several findings disturb one another: fix them one by one",
                );
            }
        }
    }

    /// Whether another finding has edits in the same function.
    fn is_beside_another(&self, at: usize) -> bool {
        let place = |at: usize| {
            Some(span(
                self.findings.get(*self.selected.get(at)?)?.location.span,
            ))
        };
        let (Some(file), Some(own)) = (self.file(at), place(at)) else {
            return false;
        };
        let Some(Ok(opened)) = self.files.get(file) else {
            return false;
        };
        (0..self.proposals.len()).any(|other| {
            other != at
                && self.proposals.get(other).is_some_and(Result::is_ok)
                && self.file(other) == Some(file)
                && place(other)
                    .is_some_and(|place| opened.source.same_declaration(own, place.start))
        })
    }

    /// Proposes edits of findings in the files as those of the others make them, where `after` was found.
    fn plan_again(&mut self, crossed: &BTreeSet<usize>, after: &[Finding]) {
        let others = self.together(|_| true);
        let mut files: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for at in crossed {
            if let Some(file) = self.file(*at) {
                files.entry(file).or_default().push(*at);
            }
        }
        for (file, crossed) in files {
            let Some(Ok(opened)) = self.files.get(file) else {
                continue;
            };
            let edits = others.get(file).cloned().unwrap_or_default();
            let source = Source::new(edits.apply(opened.source.bytes()));
            let mut given = Vec::new();
            let mut further = Edits::default();
            let mut proposals = BTreeMap::new();
            for at in crossed {
                let Some(before) = self.selected.get(at).and_then(|at| self.findings.get(*at))
                else {
                    continue;
                };
                let found = after
                    .iter()
                    .find(|found| Identity::after(found, &edits) == Some(Identity::before(before)));
                let proposal = match found {
                    Some(found) => Site::new(found, &source, &opened.style, &given)
                        .and_then(|site| propose(&site)),
                    // The others have ended it.
                    None => Ok(Proposal {
                        edits: Vec::new(),
                        review: None,
                    }),
                };
                if let Ok(proposal) = &proposal {
                    given.extend(names_given(source.bytes(), proposal));
                    if further.add(&proposal.edits).is_err() {
                        continue;
                    }
                }
                proposals.insert(at, proposal);
            }
            let steps = edits.then(source.bytes(), &further);
            self.take(file, proposals, &steps);
        }
    }

    /// Takes proposals that were made on top of the others' edits: a step that changes the text of one of these
    /// takes its place.
    fn take(
        &mut self,
        file: &str,
        proposals: BTreeMap<usize, Result<Proposal, Refusal>>,
        steps: &[Step],
    ) {
        for (at, proposal) in proposals {
            let Ok(proposal) = proposal else {
                self.set(at, proposal);
                continue;
            };
            let own: Vec<&Step> = steps
                .iter()
                .filter(|step| step.second.iter().any(|edit| proposal.edits.contains(edit)))
                .collect();
            let changes = |other: &Proposal| {
                let replaced = own.iter().flat_map(|step| &step.first);
                replaced.into_iter().any(|edit| other.edits.contains(edit))
            };
            let alike = |other: &Proposal| other.review.is_none() && proposal.review.is_none();
            let of_file = |at: &usize| self.file(*at) == Some(file);
            let touched: Vec<usize> = (0..self.proposals.len())
                .filter(of_file)
                .filter(
                    |other| matches!(self.proposals.get(*other), Some(Ok(other)) if changes(other)),
                )
                .collect();
            let mixed = touched.iter().any(
                |other| matches!(self.proposals.get(*other), Some(Ok(other)) if !alike(other)),
            );
            if mixed {
                // Only one of the two may be taken.
                continue;
            }
            for other in touched {
                if let Some(Ok(other)) = self.proposals.get_mut(other) {
                    for step in &own {
                        step.replace_in(&mut other.edits);
                    }
                }
            }
            let edits = own.iter().map(|step| step.edit.clone()).collect();
            self.set(at, Ok(Proposal { edits, ..proposal }));
        }
    }

    fn set(&mut self, at: usize, proposal: Result<Proposal, Refusal>) {
        if let Some(place) = self.proposals.get_mut(at) {
            *place = proposal;
        }
    }

    fn laid_over(&self, files: &BTreeMap<&str, Edits>) -> BTreeMap<String, Arc<[u8]>> {
        files
            .iter()
            .map(|(file, edits)| ((*file).to_owned(), edits.apply(self.before(file)).into()))
            .collect()
    }

    /// The selected findings whose edits must be withdrawn.
    fn doubts(&self, files: &BTreeMap<&str, Edits>, after: &[Finding]) -> Vec<Doubt> {
        let before: BTreeSet<Identity<'_>> = self.findings.iter().map(Identity::before).collect();
        let mut doubts = Vec::new();
        let mut left = BTreeSet::new();
        for found in after {
            let edits = files.get(found.location.file.as_str());
            match edits.map_or_else(
                || Some(Identity::before(found)),
                |edits| Identity::after(found, edits),
            ) {
                Some(identity) if before.contains(&identity) => {
                    left.insert(identity);
                }
                _ => {
                    let refusal = Refusal::of(
                        format!("with the edit, the check finds: … [{}]", found.rule),
                        &found.message,
                    );
                    doubts.extend(self.nearest(found, files).into_iter().map(|at| Doubt {
                        at,
                        refusal: refusal.clone(),
                        still_lost: false,
                    }));
                }
            }
        }
        for (at, selected) in self.selected.iter().enumerate() {
            if let (Some(Ok(_)), Some(finding)) =
                (self.proposals.get(at), self.findings.get(*selected))
                && left.contains(&Identity::before(finding))
            {
                doubts.push(Doubt {
                    at,
                    refusal: Refusal::new("it is still lost on some path with the edit in place"),
                    still_lost: true,
                });
            }
        }
        doubts
    }

    /// The selected finding whose edits most likely brought a new one about: the nearest of the same file,
    /// or all where it is in a file that is not edited.
    fn nearest(&self, found: &Finding, files: &BTreeMap<&str, Edits>) -> Vec<usize> {
        let standing = (0..self.proposals.len())
            .filter(|at| self.proposals.get(*at).is_some_and(Result::is_ok));
        let file = found.location.file.as_str();
        let Some(edits) = files.get(file) else {
            return standing.collect();
        };
        let line_up = |offset: u32| edits.place_before(offset).unwrap_or(offset);
        let place = line_up(found.location.span.start);
        let distance = |at: &usize| {
            let finding = self
                .selected
                .get(*at)
                .and_then(|selected| self.findings.get(*selected));
            finding.map_or(u32::MAX, |finding| {
                finding.location.span.start.abs_diff(place)
            })
        };
        standing
            .filter(|at| self.file(*at) == Some(file))
            .min_by_key(distance)
            .into_iter()
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
                Ok(Proposal { edits, review }) => FindingFix {
                    outcome: review.map_or(Outcome::Fixed, Outcome::FixedReview),
                    reason_kind: String::new(),
                    edits,
                },
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
fn names_given(source: &[u8], proposal: &Proposal) -> Vec<(u32, String)> {
    let mut names = Vec::new();
    for edit in &proposal.edits {
        if edit.span.of(source) == b"_" {
            names.push((edit.span.start, edit.text.clone()));
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

/// What makes two findings the same one, before and after edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Identity<'a> {
    rule: &'a str,
    file: &'a str,
    /// Of the acquiring call, in the unedited file.
    start: u32,
}

impl<'a> Identity<'a> {
    fn before(finding: &'a Finding) -> Self {
        Self {
            rule: finding.rule,
            file: &finding.location.file,
            start: finding.location.span.start,
        }
    }

    /// None where the edits put the acquiring call there.
    fn after(finding: &'a Finding, edits: &Edits) -> Option<Self> {
        let start = edits.place_before(finding.location.span.start)?;
        Some(Self {
            start,
            ..Self::before(finding)
        })
    }
}

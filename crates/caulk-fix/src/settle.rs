//! The edited program is checked again: edits that leave their finding, or bring another about, are planned anew or
//! withdrawn.

use std::collections::{BTreeMap, BTreeSet};

use caulk_leaks::Finding;

use crate::blame::Revealed;
use crate::edit::{Edit, Edits, Step};
use crate::identity::Identity;
use crate::plan::{Checker, Planner, names_given};
use crate::refusal::Refusal;
use crate::shapes::{Proposal, propose};
use crate::site::{Site, span};
use crate::source::Source;

/// Rounds of check and withdrawal; the files that are in doubt after the last one are left alone.
const MAX_ROUNDS: usize = 6;

const STILL_LOST: &str =
    "it is still lost on some path with the edit in place: release it there by hand";

/// Why the edits of a finding cannot stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Doubt {
    /// Its place among the selected findings.
    at: usize,
    refusal: Refusal,
    kind: DoubtKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DoubtKind {
    /// The finding is there still.
    StillLost,
    /// A new one is in the function that was edited.
    Fault,
    /// A new one is elsewhere: it is seen by what the edits do, so that a person should look at both.
    Reveals,
}

impl<'a> Planner<'a> {
    /// Checks the edited program until every finding whose edits stand is gone and nothing new has appeared.
    pub(crate) fn check_again(&mut self, checker: &mut dyn Checker) {
        let mut tries: BTreeMap<usize, u32> = BTreeMap::new();
        let mut revealed = Revealed::default();
        for round in 0..MAX_ROUNDS {
            let files = self.together(|_| true);
            if files.is_empty() {
                return;
            }
            let after = checker.check(&self.laid_over(&files));
            let doubts = self.doubts(&files, &after, &mut revealed, checker);
            let mut again = BTreeSet::new();
            let mut refused = false;
            for doubt in &doubts {
                if doubt.kind == DoubtKind::Reveals {
                    self.have_reviewed(doubt.at, &doubt.refusal.reason);
                    continue;
                }
                let still_lost = doubt.kind == DoubtKind::StillLost;
                let tried = tries.entry(doubt.at).or_default();
                *tried += u32::from(still_lost);
                if !self.is_by_hand(doubt.at) {
                    *tried += 1;
                }
                if still_lost && *tried == 1 {
                    // What is lost on other paths may be released there, too.
                    again.insert(doubt.at);
                    continue;
                }
                if still_lost && *tried == 2 && !self.beside(doubt.at).is_empty() {
                    self.crossed.insert(doubt.at);
                }
                self.refuse(doubt.at, doubt.refusal.clone());
                refused = true;
            }
            if round + 1 == MAX_ROUNDS {
                let files: BTreeSet<&str> = doubts.iter().filter_map(|d| self.file(d.at)).collect();
                self.withdraw_files(&files);
            } else if !refused {
                again.append(&mut self.crossed);
                if again.is_empty() {
                    return;
                }
                self.plan_again(&again, &after);
                self.withdraw_broken_syntax();
            }
        }
    }

    /// Leaves it to a person whether the edits of a finding are taken.
    fn have_reviewed(&mut self, at: usize, why: &str) {
        if let Some(Ok(proposal)) = self.proposals.get_mut(at) {
            proposal.review.get_or_insert_with(|| why.to_owned());
        }
    }

    /// Whether each edit of a finding is a release at one place, not one for all that follows.
    fn is_by_hand(&self, at: usize) -> bool {
        let lasts = |text: &str| text.contains("defer ") || text.contains("Cleanup(");
        match self.proposals.get(at) {
            Some(Ok(proposal)) => proposal.edits.iter().all(|edit| !lasts(&edit.text)),
            _ => false,
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

    /// The other findings that have edits in the same function.
    fn beside(&self, at: usize) -> Vec<usize> {
        let place = |at: usize| self.finding(at).map(|finding| span(finding.location.span));
        let (Some(file), Some(own)) = (self.file(at), place(at)) else {
            return Vec::new();
        };
        let Some(Ok(opened)) = self.files.get(file) else {
            return Vec::new();
        };
        let is_beside = |other: &usize| {
            *other != at
                && self.proposals.get(*other).is_some_and(Result::is_ok)
                && self.file(*other) == Some(file)
                && place(*other)
                    .is_some_and(|place| opened.source.same_declaration(own, place.start))
        };
        (0..self.proposals.len()).filter(is_beside).collect()
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
        let mut ended = Vec::new();
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
                let Some(found) = found else {
                    // Others have ended it, so that their edits are its own.
                    ended.push(at);
                    continue;
                };
                let proposal = Site::new(found, &source, &opened.style, &given)
                    .and_then(|site| propose(&site));
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
        for at in ended {
            let beside = self.beside(at);
            let proposals = beside
                .iter()
                .filter_map(|at| self.proposals.get(*at)?.as_ref().ok());
            let sure = proposals.filter(|proposal| proposal.review.is_none());
            let edits: Vec<Edit> = sure.flat_map(|proposal| proposal.edits.clone()).collect();
            if !edits.is_empty() {
                let review = None;
                self.set(at, Ok(Proposal { edits, review }));
            }
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
            let held = match self.proposals.get(at) {
                Some(Ok(held)) => Some(held.clone()),
                _ => None,
            };
            let added = proposal
                .as_ref()
                .is_ok_and(|proposal| proposal.edits.iter().all(|edit| edit.span.is_empty()));
            let proposal = match (proposal, &held) {
                (Ok(proposal), None) => proposal,
                (Ok(proposal), Some(_)) if added => proposal,
                (Err(refusal), None) => {
                    self.set(at, Err(refusal));
                    continue;
                }
                // Releases on further paths are added to those that stand; anything else is for a person.
                (_, Some(_)) => {
                    self.set(at, Err(Refusal::new(STILL_LOST)));
                    continue;
                }
            };
            let own: Vec<&Step> = steps
                .iter()
                .filter(|step| step.second.iter().any(|edit| proposal.edits.contains(edit)))
                .collect();
            let changes = |other: &Proposal| {
                let mut replaced = own.iter().flat_map(|step| &step.first);
                replaced.any(|edit| other.edits.contains(edit))
            };
            let alike = |other: &Proposal| other.review.is_none() && proposal.review.is_none();
            let of_file = |at: &usize| self.file(*at) == Some(file);
            let touched: Vec<usize> = (0..self.proposals.len())
                .filter(of_file)
                .filter(
                    |other| matches!(self.proposals.get(*other), Some(Ok(other)) if changes(other)),
                )
                .collect();
            let mixed = touched.iter().any(|other| {
                *other != at
                    && matches!(self.proposals.get(*other), Some(Ok(other)) if !alike(other))
            });
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
            let (mut edits, review) = match self.proposals.get(at) {
                Some(Ok(held)) => (held.edits.clone(), held.review.clone()),
                _ => (Vec::new(), proposal.review),
            };
            for step in own {
                if !edits.contains(&step.edit) {
                    edits.push(step.edit.clone());
                }
            }
            self.set(at, Ok(Proposal { edits, review }));
        }
    }

    fn set(&mut self, at: usize, proposal: Result<Proposal, Refusal>) {
        if let Some(place) = self.proposals.get_mut(at) {
            *place = proposal;
        }
    }

    /// The selected findings whose edits must be withdrawn, or looked at by a person.
    fn doubts(
        &self,
        files: &BTreeMap<&str, Edits>,
        after: &[Finding],
        revealed: &mut Revealed,
        checker: &mut dyn Checker,
    ) -> Vec<Doubt> {
        let before: BTreeSet<Identity<'_>> = self.findings.iter().map(Identity::before).collect();
        let mut doubts = Vec::new();
        let mut left = BTreeSet::new();
        for found in after {
            match Identity::among(found, files) {
                Some(identity) if before.contains(&identity) => {
                    left.insert(identity);
                }
                identity => {
                    let refusal = Refusal::of(
                        format!("with the edit, the check finds: … [{}]", found.rule),
                        &found.message,
                    );
                    let (kind, blamed) = match (self.edited_around(found, files), identity) {
                        (Some(at), _) => (DoubtKind::Fault, vec![at]),
                        (None, Some(identity)) if revealed.is_new(identity) => {
                            let blamed = self.blamed(found, files, revealed, checker);
                            (DoubtKind::Reveals, blamed)
                        }
                        (None, Some(_)) => continue,
                        (None, None) => {
                            let blamed = self.blamed(found, files, revealed, checker);
                            (DoubtKind::Fault, blamed)
                        }
                    };
                    doubts.extend(blamed.into_iter().map(|at| Doubt {
                        at,
                        refusal: refusal.clone(),
                        kind,
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
                    refusal: Refusal::new(STILL_LOST),
                    kind: DoubtKind::StillLost,
                });
            }
        }
        doubts
    }
}

//! Which edits bring a new finding about, where it is not in the function that was edited.

use std::collections::{BTreeMap, BTreeSet};

use caulk_leaks::Finding;

use crate::edit::Edits;
use crate::identity::Identity;
use crate::plan::{Checker, Planner};
use crate::site::span;

/// Checks that are spent on who is to blame; then all suspects are.
const MAX_CHECKS: usize = 8;

/// New findings that are known, and what was spent to find their cause.
#[derive(Debug, Default)]
pub(crate) struct Revealed {
    /// Rule, file and place in the unedited file.
    known: BTreeSet<(String, String, u32)>,
    checks: usize,
}

impl Revealed {
    /// Whether nobody has asked for the cause of a finding before.
    pub(crate) fn is_new(&mut self, found: Identity<'_>) -> bool {
        self.known
            .insert((found.rule.to_owned(), found.file.to_owned(), found.start))
    }
}

impl Planner<'_> {
    /// The selected finding whose edits are in the declaration that has a new one.
    pub(crate) fn edited_around(
        &self,
        found: &Finding,
        files: &BTreeMap<&str, Edits>,
    ) -> Option<usize> {
        let (nearest, place) = self.nearest(found, files)?;
        let (finding, Some(Ok(opened))) =
            (self.finding(nearest)?, self.files.get(self.file(nearest)?))
        else {
            return None;
        };
        opened
            .source
            .same_declaration(span(finding.location.span), place)
            .then_some(nearest)
    }

    /// The selected findings whose edits may have brought a new one about elsewhere: those of the same resource, else one in
    /// the package that hands it out, since it may have become known by that that it is to be released, else the nearest of
    /// the same file. None where it is in a file without edits and in no way of theirs: a release that is put in loses
    /// nothing elsewhere, so that it was lost there before, and is only seen now.
    pub(crate) fn blamed(
        &self,
        found: &Finding,
        files: &BTreeMap<&str, Edits>,
        revealed: &mut Revealed,
        checker: &mut dyn Checker,
    ) -> Vec<usize> {
        let acquirer = |at: &usize| Some(self.finding(*at)?.resource.acquired_by.as_str());
        let is_alike = |at: &usize| acquirer(at) == Some(&found.resource.acquired_by);
        let from = package_of(&found.resource.acquired_by);
        let is_test = |at: &usize| {
            self.file(*at)
                .is_some_and(|file| file.ends_with("_test.go"))
        };
        let there: Vec<usize> = self.standing().filter(|at| self.is_in(*at, from)).collect();
        let (alike, others): (Vec<usize>, Vec<usize>) = there.into_iter().partition(is_alike);
        let (tests, others): (Vec<usize>, Vec<usize>) = others.into_iter().partition(is_test);
        if !alike.is_empty() {
            return alike;
        }
        let suspects = if others.is_empty() { tests } else { others };
        if suspects.is_empty() {
            return self
                .nearest(found, files)
                .map(|(at, _)| at)
                .into_iter()
                .collect();
        }
        match Identity::among(found, files) {
            Some(identity) => self.narrowed(identity, suspects, revealed, checker),
            None => suspects,
        }
    }

    /// Whether the file of a selected finding is in a package, by its folder.
    fn is_in(&self, at: usize, package: &str) -> bool {
        let folder = self
            .file(at)
            .and_then(|file| Some(file.rsplit_once('/')?.0));
        let before = folder.and_then(|folder| package.strip_suffix(folder));
        before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    }

    /// The one of the suspects without whose edits a new finding is not there: half of them are left out again and again.
    /// All of them where it takes more than one.
    fn narrowed(
        &self,
        found: Identity<'_>,
        suspects: Vec<usize>,
        revealed: &mut Revealed,
        checker: &mut dyn Checker,
    ) -> Vec<usize> {
        let mut left = suspects.as_slice();
        while left.len() > 1 && revealed.checks < MAX_CHECKS {
            revealed.checks += 1;
            let (first, second) = left.split_at(left.len() / 2);
            left = match self.is_found_without(found, second, checker) {
                true => first,
                false => second,
            };
        }
        let alone = left.len() < suspects.len() && !self.is_found_without(found, left, checker);
        match alone {
            true => left.to_vec(),
            false => suspects,
        }
    }

    fn is_found_without(
        &self,
        found: Identity<'_>,
        without: &[usize],
        checker: &mut dyn Checker,
    ) -> bool {
        let mut files: BTreeMap<&str, Edits> = BTreeMap::new();
        for at in self.standing().filter(|at| !without.contains(at)) {
            if let (Some(file), Some(Ok(proposal))) = (self.file(at), self.proposals.get(at)) {
                // Overlaps have been withdrawn.
                let _ = files.entry(file).or_default().add(&proposal.edits);
            }
        }
        let after = checker.check(&self.laid_over(&files));
        after
            .iter()
            .any(|other| Identity::among(other, &files) == Some(found))
    }

    fn standing(&self) -> impl Iterator<Item = usize> {
        (0..self.proposals.len()).filter(|at| self.proposals.get(*at).is_some_and(Result::is_ok))
    }

    /// The selected finding with edits that is nearest to a new one in its file, and the place of that in the unedited file.
    fn nearest(&self, found: &Finding, files: &BTreeMap<&str, Edits>) -> Option<(usize, u32)> {
        let file = found.location.file.as_str();
        let start = found.location.span.start;
        let place = files.get(file)?.place_before(start).unwrap_or(start);
        let of_file = self.standing().filter(|at| self.file(*at) == Some(file));
        let nearest = of_file.min_by_key(|at| {
            let finding = self.finding(*at);
            finding.map_or(u32::MAX, |f| f.location.span.start.abs_diff(place))
        })?;
        Some((nearest, place))
    }
}

/// The package of a function by its full name: `example.com/a/b` of `example.com/a/b.Type.Open`.
fn package_of(function: &str) -> &str {
    let name = function.rfind('/').map_or(0, |slash| slash + 1);
    let end = function.get(name..).and_then(|rest| rest.find('.'));
    end.and_then(|end| function.get(..name + end))
        .unwrap_or(function)
}

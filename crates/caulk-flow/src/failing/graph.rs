//! Who may call whom, and which of them hold together.

use caulk_program::{BodyOwner, FuncId};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Failing, How, OnError};
use crate::reach::{Step, Target};

/// Functions, one ending with the other, that are looked through for the end of the process.
const ENDING_DEPTH: u8 = 3;

/// Who may call whom, by number.
#[derive(Default)]
pub(super) struct Graph<'a> {
    numbers: FxHashMap<&'a Target, usize>,
    pub targets: Vec<&'a Target>,
    pub edges: Vec<(usize, usize, &'a Step)>,
    /// What other builds know of each.
    pub before: Vec<Option<Failing>>,
    /// The edges that lead to each, and those that lead from it.
    to: Vec<Vec<usize>>,
    from: Vec<Vec<usize>>,
}

impl<'a> Graph<'a> {
    pub fn node(&mut self, target: &'a Target) -> usize {
        let next = self.targets.len();
        let number = *self.numbers.entry(target).or_insert(next);
        if number == next {
            self.targets.push(target);
        }
        number
    }

    pub fn index(&mut self) {
        self.to = vec![Vec::new(); self.targets.len()];
        self.from = vec![Vec::new(); self.targets.len()];
        for (index, (from, to, _)) in self.edges.iter().enumerate() {
            if let (Some(from), Some(to)) = (self.from.get_mut(*from), self.to.get_mut(*to)) {
                from.push(index);
                to.push(index);
            }
        }
    }

    /// The functions that end the process at their end, or call another there that does.
    pub fn ending(&self) -> FxHashSet<FuncId> {
        let mut ending = FxHashSet::default();
        let ends: Vec<(&Target, &Target)> = self
            .edges
            .iter()
            .filter(|(_, _, step)| matches!(step.how, How::Called(OnError::Last, _)))
            .map(|(_, _, step)| (&step.from, &step.to))
            .collect();
        // Each turn finds those one call further away.
        for _ in 0..ENDING_DEPTH {
            for (from, to) in &ends {
                let is_end = match to {
                    Target::Exit => true,
                    Target::Body(BodyOwner::Func(id)) => ending.contains(id),
                    _ => false,
                };
                if is_end && let Target::Body(BodyOwner::Func(id)) = from {
                    ending.insert(*id);
                }
            }
        }
        ending
    }

    /// What nobody in the program uses says nothing of what others use as well.
    pub fn leave_out_unused(&mut self, may_be: &dyn Fn(&Target) -> bool) {
        self.index();
        let unnamed = self.targets.iter().zip(&self.to);
        let unnamed: Vec<bool> = unnamed
            .map(|(target, leading)| leading.is_empty() && may_be(target))
            .collect();
        let unused = self.greatest_without(&[], &unnamed, &|_| None, &|_, holds| holds);
        let is = |node: usize| unused.get(node).copied().unwrap_or_default();
        self.edges.retain(|(from, to, _)| !is(*from) || is(*to));
    }

    pub fn prefer_passed(&mut self) {
        let is_given = |step: &Step| matches!(step.from, Target::Param(..) | Target::Called(..));
        for edges in &mut self.to {
            // Who passes a function says what comes of its error; where no one does, who calls what was passed.
            let step = |edge: &usize| self.edges.get(*edge).map(|(_, _, step)| *step);
            let is_passed = |edge: &usize| {
                step(edge)
                    .is_some_and(|step| matches!(step.how, How::Called(..)) && !is_given(step))
            };
            if edges.iter().any(is_passed) {
                edges.retain(|edge| !step(edge).is_some_and(is_given));
            }
        }
    }

    /// The largest set in which all that leads to each of its members holds, given that set; what other builds know of a member as well.
    pub fn greatest(
        &self,
        roots: &[bool],
        of_before: &dyn Fn(&Failing) -> bool,
        holds: &dyn Fn(&Step, bool) -> bool,
    ) -> Vec<bool> {
        let before = |node: usize| {
            let known = self.before.get(node).and_then(Option::as_ref);
            known.map(of_before)
        };
        self.greatest_without(&[], roots, &before, holds)
    }

    /// The same, with none of some nodes but the roots among them.
    pub fn greatest_without<'s>(
        &'s self,
        others: &[bool],
        roots: &[bool],
        before: &dyn Fn(usize) -> Option<bool>,
        holds: &dyn Fn(&Step, bool) -> bool,
    ) -> Vec<bool> {
        let mut all = vec![true; self.targets.len()];
        let is = |set: &[bool], node: usize| set.get(node).copied().unwrap_or_default();
        let edges = |list: &'s [Vec<usize>], node: usize| -> &'s [usize] {
            list.get(node).map_or(&[], Vec::as_slice)
        };
        let mut todo: Vec<usize> = (0..self.targets.len()).collect();
        while let Some(node) = todo.pop() {
            if !is(&all, node) || is(roots, node) {
                continue;
            }
            let leading = edges(&self.to, node);
            let known = before(node);
            let stays = !is(others, node)
                && known.unwrap_or(!leading.is_empty())
                && leading.iter().all(|edge| {
                    let edge = self.edges.get(*edge);
                    edge.is_some_and(|(from, _, step)| holds(step, is(&all, *from)))
                });
            if !stays && let Some(slot) = all.get_mut(node) {
                *slot = false;
                let to = edges(&self.from, node).iter();
                todo.extend(to.filter_map(|edge| self.edges.get(*edge).map(|(_, to, _)| *to)));
            }
        }
        all
    }
}

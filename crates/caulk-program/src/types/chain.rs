//! Declarations that are being looked at on this thread, one because of the other: cycles and depth are noticed here.
//!
//! Both happen only in broken or hostile code. What rests on an answer that was cut short is not kept, so that it cannot
//! depend on where the work began.

use std::cell::RefCell;
use std::sync::OnceLock;

use super::kind::TypeParamId;
use crate::package::{FuncId, PackageId};

/// Longer chains of declarations that need each other are given up.
const MAX_CHAIN: usize = 200;

/// Deeper nesting of expressions and statements, over all declarations of the chain, is not looked into.
const MAX_DEPTH: u32 = 500;

/// A declaration that is being looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Type(PackageId, u32),
    Value(PackageId, u32),
    Signature(FuncId),
    Constraints(TypeParamId),
}

#[derive(Default)]
struct Chain {
    steps: Vec<Step>,
    /// Lowest position of a step that was met again: what stands above it rests on an unfinished answer.
    met: Option<usize>,
    depth: u32,
}

impl Chain {
    fn meet(&mut self, position: usize) {
        self.met = Some(self.met.map_or(position, |earlier| earlier.min(position)));
    }
}

thread_local! {
    static CHAIN: RefCell<Chain> = RefCell::default();
}

/// Computes what a declaration is and keeps it; `fallback` within a cycle.
pub(crate) fn once<T: Clone>(
    cell: &OnceLock<T>,
    step: Step,
    fallback: T,
    compute: impl FnOnce() -> T,
) -> T {
    if let Some(known) = cell.get() {
        return known.clone();
    }
    let position = CHAIN.with_borrow_mut(|chain| {
        if let Some(met) = chain.steps.iter().position(|s| *s == step) {
            chain.meet(met);
            return None;
        }
        if chain.steps.len() >= MAX_CHAIN {
            chain.meet(0);
            return None;
        }
        chain.steps.push(step);
        Some(chain.steps.len() - 1)
    });
    let Some(position) = position else {
        return fallback;
    };
    let value = compute();
    let finished = CHAIN.with_borrow_mut(|chain| {
        chain.steps.truncate(position);
        let finished = chain.met.is_none_or(|met| met >= position);
        if finished {
            chain.met = None;
        }
        finished
    });
    if finished {
        cell.get_or_init(|| value).clone()
    } else {
        value
    }
}

/// Goes one level deeper; `None` where that is too deep.
pub(crate) fn deeper<R>(inside: impl FnOnce() -> R) -> Option<R> {
    let allowed = CHAIN.with_borrow_mut(|chain| {
        let allowed = chain.depth < MAX_DEPTH;
        if allowed {
            chain.depth += 1;
        } else {
            chain.meet(0);
        }
        allowed
    });
    if !allowed {
        return None;
    }
    let result = inside();
    CHAIN.with_borrow_mut(|chain| chain.depth -= 1);
    Some(result)
}

//! What is asked of a whole program while its functions are followed: contracts of calls, summaries
//! of callees, calls that never return. Answers are kept; none depends on who asks first.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use caulk_program::{BodyOwner, Builtin, Callee, FuncId, Program, TypedBody};
use caulk_syntax::ExprId;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::catalogue::Catalogue;
use crate::engine::Function;
use crate::sites::Site;
use crate::summary::{ParamEffect, ParamQuery, Results};

/// The functions that are followed, with what is known of each so far.
pub(crate) struct Module<'p> {
    pub program: &'p Program,
    pub catalogue: &'static Catalogue,
    components: FxHashMap<FuncId, u32>,
    effects: Memo<ParamQuery, ParamEffect>,
    results: Memo<FuncId, Arc<Results>>,
    sites: Memo<BodyOwner, Arc<Vec<(Site, crate::engine::Verdict)>>>,
    returns: Memo<FuncId, bool>,
    asserts: Memo<(FuncId, usize), bool>,
    functions: Memo<BodyOwner, Option<Arc<Function>>>,
}

impl<'p> Module<'p> {
    /// `components` numbers the strongly connected components of the call graph. Only functions in
    /// it are followed into; a call within one component is taken to borrow, and to return nothing
    /// that is owned, so that every summary rests on finished ones alone.
    pub fn new(program: &'p Program, components: FxHashMap<FuncId, u32>) -> Module<'p> {
        Module {
            program,
            catalogue: Catalogue::shipped(),
            components,
            effects: Memo::default(),
            results: Memo::default(),
            sites: Memo::default(),
            returns: Memo::default(),
            asserts: Memo::default(),
            functions: Memo::default(),
        }
    }

    /// Whether a callee's source is followed when `caller` calls it.
    pub fn follows(&self, caller: Option<FuncId>, callee: FuncId) -> Followed {
        match (
            caller.and_then(|id| self.components.get(&id)),
            self.components.get(&callee),
        ) {
            (_, None) => Followed::No,
            (Some(caller), Some(callee)) if caller == callee => Followed::Recursive,
            _ => Followed::Yes,
        }
    }

    /// A body, ready to be followed; none where it is implemented elsewhere.
    pub fn function(&self, owner: BodyOwner) -> Option<Arc<Function>> {
        self.functions.get(owner, || {
            let typed = self.program.body(owner)?;
            let caller = match owner {
                BodyOwner::Func(id) => Some(id),
                BodyOwner::Initializer(..) => None,
            };
            Some(Arc::new(Function::new(
                self.program,
                typed,
                &|typed, call| self.never_returns(caller, typed, call),
            )))
        })
    }

    /// Whether a call never returns: known to end the process, the goroutine or the test, or proved so.
    pub fn never_returns(&self, caller: Option<FuncId>, typed: &TypedBody, call: ExprId) -> bool {
        let callee = typed.info.callee(call);
        if *callee == Callee::Builtin(Builtin::Panic) {
            return true;
        }
        let Some(func) = callee.func() else {
            return false;
        };
        let (package, name) = crate::types::split_name(self.program, func);
        if self.catalogue.exits(package, name) {
            return true;
        }
        match func.id {
            Some(id)
                if self.follows(caller, id) == Followed::Yes
                    && !matches!(callee, Callee::Interface { .. }) =>
            {
                !self.returns(id)
            }
            _ => false,
        }
    }

    fn returns(&self, id: FuncId) -> bool {
        self.returns.get(id, || {
            let Some(function) = self.function(BodyOwner::Func(id)) else {
                return true;
            };
            function.graph(None).is_none_or(|graph| graph.returns())
        })
    }

    /// Whether a function returns only where this parameter, an error, is nil.
    pub fn asserts_nil(&self, id: FuncId, index: usize) -> bool {
        self.asserts
            .get((id, index), || crate::summary::asserts_nil(self, id, index))
    }

    /// What a function does with a parameter.
    pub fn effect(&self, query: ParamQuery) -> ParamEffect {
        self.effects
            .get(query.clone(), || crate::summary::param_effect(self, &query))
    }

    /// Which results of a function are owned by its caller.
    pub fn results(&self, id: FuncId) -> Arc<Results> {
        self.results
            .get(id, || Arc::new(crate::summary::results(self, id)))
    }

    /// What becomes of every acquisition of a body.
    pub fn verdicts(&self, owner: BodyOwner) -> Arc<Vec<(Site, crate::engine::Verdict)>> {
        self.sites
            .get(owner, || Arc::new(crate::sites::verdicts(self, owner)))
    }
}

/// Whether the source of a callee is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Followed {
    Yes,
    /// It calls back to the caller.
    Recursive,
    No,
}

/// Answers by question. Two threads may compute the same answer at once; it is the same.
struct Memo<K, V> {
    known: Mutex<HashMap<K, V, FxBuildHasher>>,
}

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Memo {
            known: Mutex::default(),
        }
    }
}

impl<K: Eq + Hash, V: Clone> Memo<K, V> {
    fn get(&self, key: K, compute: impl FnOnce() -> V) -> V {
        let known = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        if let Some(value) = known {
            return value;
        }
        let value = compute();
        self.known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, value.clone());
        value
    }
}

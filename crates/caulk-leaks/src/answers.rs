//! Answers that are kept: each question is worked out once.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use caulk_program::{BodyOwner, FuncId};
use rustc_hash::FxBuildHasher;

use crate::inference::owned::Results;
use crate::inference::summary::{ParamEffect, ParamQuery};
use crate::module::Reach;

/// What was said of bodies in words that mean the same in every program with the same packages: nothing of it speaks of types or
/// of places in trees.
#[derive(Default)]
pub(crate) struct Answers {
    pub effects: Memo<ParamQuery, ParamEffect>,
    pub results: Memo<(FuncId, Reach), Arc<Results>>,
    pub returns: Memo<FuncId, bool>,
    pub exits: Memo<(FuncId, u8), bool>,
    pub never_fails: Memo<(FuncId, u8), bool>,
    pub makes_errors: Memo<(FuncId, u8), bool>,
    pub asserts: Memo<(FuncId, usize, Reach), bool>,
    pub errors_told: Memo<(FuncId, usize), Option<bool>>,
    pub idle: Memo<BodyOwner, bool>,
}

impl Answers {
    /// Leaves those on bodies of which they hold.
    pub fn retain(&mut self, hold: impl Fn(&BodyOwner) -> bool) {
        let hold_of = |id: FuncId| hold(&BodyOwner::Func(id));
        self.effects.retain(|query| hold_of(query.func));
        self.results.retain(|(id, _)| hold_of(*id));
        self.returns.retain(|id| hold_of(*id));
        self.exits.retain(|(id, _)| hold_of(*id));
        self.never_fails.retain(|(id, _)| hold_of(*id));
        self.makes_errors.retain(|(id, _)| hold_of(*id));
        self.asserts.retain(|(id, ..)| hold_of(*id));
        self.errors_told.retain(|(id, _)| hold_of(*id));
        self.idle.retain(hold);
    }
}

/// Answers by question. Two threads may compute the same answer at once; it is the same.
pub(crate) struct Memo<K, V> {
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
    pub fn get(&self, key: K, compute: impl FnOnce() -> V) -> V {
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

    /// Gives up all: whoever asks again has them worked out again.
    pub fn take(&self) -> HashMap<K, V, FxBuildHasher> {
        std::mem::take(&mut *self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn retain(&mut self, holds: impl Fn(&K) -> bool) {
        let known = self.known.get_mut().unwrap_or_else(PoisonError::into_inner);
        known.retain(|key, _| holds(key));
    }
}

//! Functions ready to be followed, as many as memory allows: trees and graphs are large, and most are needed once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use caulk_program::BodyOwner;
use rustc_hash::FxBuildHasher;

use crate::body::Function;

/// Source of the functions that are kept, in bytes. With trees and graphs a function takes many times that.
const KEPT_BYTES: usize = 2 << 20;

/// The latest functions that were asked for. One that was dropped is made again: it is the same.
#[derive(Default)]
pub(crate) struct RecentFunctions(Mutex<Recent>);

#[derive(Default)]
struct Recent {
    functions: HashMap<BodyOwner, Option<Arc<Function>>, FxBuildHasher>,
    bytes: usize,
}

impl RecentFunctions {
    /// The function of a body, made where it is not recent.
    pub fn get(
        &self,
        owner: BodyOwner,
        make: impl FnOnce() -> Option<Arc<Function>>,
    ) -> Option<Arc<Function>> {
        if let Some(known) = self.with(|recent| recent.functions.get(&owner).cloned()) {
            return known;
        }
        let function = make();
        let bytes = function
            .as_ref()
            .map_or(0, |function| function.typed.source_bytes());
        let old = self.with(|recent| {
            let is_full = recent.bytes + bytes > KEPT_BYTES;
            let old = is_full.then(|| std::mem::take(recent));
            if recent.functions.insert(owner, function.clone()).is_none() {
                recent.bytes += bytes;
            }
            old
        });
        drop(old);
        function
    }

    /// Gives up all.
    pub fn take(&self) -> impl Send + use<> {
        self.with(std::mem::take)
    }

    fn with<T>(&self, change: impl FnOnce(&mut Recent) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

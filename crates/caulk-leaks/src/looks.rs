//! Which bodies an answer rests on: noted while it is worked out, so that after an edit only those who looked at a body that
//! has changed, or at one that did so itself, have to be asked again.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use caulk_program::BodyOwner;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

thread_local! {
    /// The body of which this thread works something out, and how many builds there are before its own.
    static ASKING: Cell<Option<(usize, BodyOwner)>> = const { Cell::new(None) };
}

/// That one body was looked at for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Look {
    pub by: BodyOwner,
    pub at: BodyOwner,
    /// How many builds before that of `by` has it.
    pub builds_before: usize,
}

/// Who looked at the bodies of one build: the bodies of this one and of those after it.
pub(crate) struct Looks {
    build: usize,
    seen: Option<Mutex<Seen>>,
}

/// By how many builds there are before that of the body that looked at the other.
type Seen = BTreeMap<usize, FxHashSet<(BodyOwner, BodyOwner)>>;

impl Looks {
    /// Those of a build that has so many before it; none are noted until someone wants them.
    pub fn of_build(build: usize) -> Looks {
        Looks { build, seen: None }
    }

    /// From here on they are noted.
    pub fn note(&mut self) {
        self.seen = Some(Mutex::default());
    }

    /// Works out something of a body, for whoever is being worked out on this thread.
    pub fn at<T>(&self, body: BodyOwner, answer: impl FnOnce() -> T) -> T {
        let Some(seen) = &self.seen else {
            return answer();
        };
        let here = (self.build, body);
        let asking = ASKING.replace(Some(here));
        if let Some((build, by)) = asking.filter(|asking| *asking != here) {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.entry(build).or_default().insert((by, body));
        }
        let answer = answer();
        ASKING.set(asking);
        answer
    }

    /// The looks of the bodies of a build at those of this one.
    pub fn take(&self, build: usize) -> impl Iterator<Item = Look> {
        let builds_before = build.saturating_sub(self.build);
        let seen = self.seen.as_ref().and_then(|seen| {
            let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.remove(&build)
        });
        seen.into_iter().flatten().map(move |(by, at)| Look {
            by,
            at,
            builds_before,
        })
    }
}

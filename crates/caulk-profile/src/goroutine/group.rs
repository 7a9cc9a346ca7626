//! Goroutines that were started alike and wait alike.

use rustc_hash::FxHashMap;

use super::{Dump, Goroutine};

/// Goroutines with the same entry function, the same creator and the same state.
#[derive(Debug, Clone)]
pub struct Group<'d> {
    /// The function that the `go` statement started; empty where the dump does not show it.
    pub entry: &'d str,
    /// The function with the `go` statement; empty where the dump does not say.
    pub creator: &'d str,
    /// The state; empty in the form `debug=1`.
    pub state: &'d str,
    /// How many there are.
    pub count: u64,
    /// They themselves, in the order of the dump.
    pub goroutines: Vec<Goroutine<'d>>,
}

impl Dump {
    /// All goroutines in groups, the largest first, equals by entry, creator and state.
    pub fn groups(&self) -> Vec<Group<'_>> {
        let mut index = FxHashMap::default();
        let mut groups: Vec<Group<'_>> = Vec::new();
        for goroutine in self.goroutines() {
            let entry = goroutine.entry().map_or("", |frame| frame.function);
            let creator = goroutine
                .created_by()
                .map_or("", |creator| creator.frame.function);
            let state = goroutine.state();
            let at = *index.entry((entry, creator, state)).or_insert_with(|| {
                groups.push(Group {
                    entry,
                    creator,
                    state,
                    count: 0,
                    goroutines: Vec::new(),
                });
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(at) {
                group.count = group.count.saturating_add(goroutine.count());
                group.goroutines.push(goroutine);
            }
        }
        groups.sort_by(|a, b| {
            b.count
                .cmp(&a.count)
                .then_with(|| (a.entry, a.creator, a.state).cmp(&(b.entry, b.creator, b.state)))
        });
        groups
    }
}

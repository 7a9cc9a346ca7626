//! The names that are in scope at a place of a function.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::typer::Entry;

/// What each name in scope stands for, and what it stood for in the scopes around it: a name is looked up in one table, however deep
/// the scope.
#[derive(Default)]
pub(crate) struct Scopes {
    names: FxHashMap<SmolStr, Declared>,
    /// What the names that the open scopes declare stood for before, in order of their declarations.
    hidden: Vec<(SmolStr, Option<Declared>)>,
    /// How many of those there were where each open scope began, outermost first.
    begins: Vec<usize>,
}

#[derive(Clone)]
struct Declared {
    entry: Entry,
    /// How many scopes were open around the one that declares it.
    depth: usize,
}

impl Scopes {
    pub fn open(&mut self) {
        self.begins.push(self.hidden.len());
    }

    pub fn close(&mut self) {
        let begin = self.begins.pop().unwrap_or_default();
        for (name, before) in self.hidden.drain(begin..).rev() {
            match before {
                Some(before) => self.names.insert(name, before),
                None => self.names.remove(&name),
            };
        }
    }

    /// Declares a name in the innermost scope, for another time where it did so before.
    pub fn declare(&mut self, name: SmolStr, entry: Entry) {
        let depth = self.begins.len();
        let before = self.names.insert(name.clone(), Declared { entry, depth });
        if before.as_ref().is_none_or(|before| before.depth != depth) {
            self.hidden.push((name, before));
        }
    }

    pub fn get(&self, name: &str) -> Option<&Entry> {
        Some(&self.names.get(name)?.entry)
    }

    /// What a name stands for that the innermost scope declares itself.
    pub fn innermost(&self, name: &str) -> Option<&Entry> {
        let depth = self.begins.len();
        let declared = self.names.get(name);
        Some(&declared.filter(|declared| declared.depth == depth)?.entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::LocalId;

    #[test]
    fn a_name_stands_again_for_what_an_inner_scope_hides() {
        let local = |scopes: &Scopes, name| match scopes.get(name) {
            Some(Entry::Local(LocalId(local))) => Some(*local),
            _ => None,
        };
        let entry = |local| Entry::Local(LocalId(local));
        let mut scopes = Scopes::default();
        scopes.declare("a".into(), entry(0));
        scopes.open();
        assert!(scopes.innermost("a").is_none());
        scopes.declare("a".into(), entry(1));
        scopes.declare("a".into(), entry(2));
        scopes.declare("b".into(), entry(3));
        assert!(scopes.innermost("a").is_some());
        assert_eq!(
            (local(&scopes, "a"), local(&scopes, "b")),
            (Some(2), Some(3))
        );
        scopes.open();
        scopes.declare("a".into(), entry(4));
        scopes.close();
        assert_eq!(local(&scopes, "a"), Some(2));
        scopes.close();
        assert_eq!((local(&scopes, "a"), local(&scopes, "b")), (Some(0), None));
    }
}

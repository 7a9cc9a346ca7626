//! The node around each node of a body.

use caulk_syntax::{Node, Tree};

/// Parents of expressions and of statements.
pub(crate) struct Parents {
    exprs: ByIndex,
    stmts: ByIndex,
}

/// By place in the arena of a tree, from the first that there is one for: an initializer is a small part of its file's tree.
#[derive(Default)]
struct ByIndex {
    first: usize,
    parents: Vec<Option<Node>>,
}

impl ByIndex {
    fn of(pairs: &[(usize, Node)]) -> ByIndex {
        let Some(first) = pairs.iter().map(|(child, _)| *child).min() else {
            return ByIndex::default();
        };
        let last = pairs.iter().map(|(child, _)| *child).max().unwrap_or(first);
        let mut parents = vec![None; last - first + 1];
        for (child, parent) in pairs {
            if let Some(slot) = parents.get_mut(child - first) {
                *slot = Some(*parent);
            }
        }
        ByIndex { first, parents }
    }

    fn get(&self, child: usize) -> Option<Node> {
        *self.parents.get(child.checked_sub(self.first)?)?
    }
}

impl Parents {
    pub fn of(tree: &Tree, roots: &[Node]) -> Parents {
        let (mut exprs, mut stmts) = (Vec::new(), Vec::new());
        let mut todo = roots.to_vec();
        while let Some(node) = todo.pop() {
            tree.children(node, |child| {
                match child {
                    Node::Expr(expr) => exprs.push((expr.index(), node)),
                    Node::Stmt(stmt) => stmts.push((stmt.index(), node)),
                }
                todo.push(child);
            });
        }
        Parents {
            exprs: ByIndex::of(&exprs),
            stmts: ByIndex::of(&stmts),
        }
    }

    pub fn get(&self, child: Node) -> Option<Node> {
        match child {
            Node::Expr(expr) => self.exprs.get(expr.index()),
            Node::Stmt(stmt) => self.stmts.get(stmt.index()),
        }
    }
}

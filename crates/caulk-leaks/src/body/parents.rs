//! The node around each node of a body.

use caulk_syntax::{Descend, Node, StmtId, Tree};

/// Parents of expressions and of statements.
pub(crate) struct Parents {
    exprs: ByIndex,
    stmts: ByIndex,
    statements: Vec<StmtId>,
}

/// By place in the arena of a tree, from the first that there is one for: an initializer is a small part of its file's tree.
struct ByIndex {
    first: usize,
    parents: Vec<Option<Node>>,
}

impl ByIndex {
    fn from(first: usize) -> ByIndex {
        let parents = Vec::new();
        ByIndex { first, parents }
    }

    fn get(&self, child: usize) -> Option<Node> {
        *self.parents.get(child.checked_sub(self.first)?)?
    }

    fn set(&mut self, child: usize, parent: Node) {
        let Some(index) = child.checked_sub(self.first) else {
            return;
        };
        if self.parents.len() <= index {
            self.parents.resize(index + 1, None);
        }
        if let Some(slot) = self.parents.get_mut(index) {
            *slot = Some(parent);
        }
    }
}

impl Parents {
    pub fn of(tree: &Tree, roots: &[Node]) -> Parents {
        let (first_expr, first_stmt) = match roots {
            // A function has a tree of its own.
            [Node::Stmt(_)] => (0, 0),
            _ => first_below(tree, roots),
        };
        let mut exprs = ByIndex::from(first_expr);
        let mut stmts = ByIndex::from(first_stmt);
        let mut statements = Vec::new();
        let mut todo = roots.to_vec();
        while let Some(node) = todo.pop() {
            tree.children(node, |child| {
                match child {
                    Node::Expr(expr) => exprs.set(expr.index(), node),
                    Node::Stmt(stmt) => {
                        stmts.set(stmt.index(), node);
                        statements.push(stmt);
                    }
                }
                todo.push(child);
            });
        }
        Parents {
            exprs,
            stmts,
            statements,
        }
    }

    /// All statements below the roots, in no order that means anything: for whoever would walk there for them alone.
    pub fn statements(&self) -> &[StmtId] {
        &self.statements
    }

    pub fn get(&self, child: Node) -> Option<Node> {
        match child {
            Node::Expr(expr) => self.exprs.get(expr.index()),
            Node::Stmt(stmt) => self.stmts.get(stmt.index()),
        }
    }
}

/// The lowest indices of expressions and of statements below some nodes, themselves included.
fn first_below(tree: &Tree, roots: &[Node]) -> (usize, usize) {
    let (mut first_expr, mut first_stmt) = (usize::MAX, usize::MAX);
    for root in roots {
        tree.walk(*root, |node| {
            match node {
                Node::Expr(expr) => first_expr = first_expr.min(expr.index()),
                Node::Stmt(stmt) => first_stmt = first_stmt.min(stmt.index()),
            }
            Descend::Into
        });
    }
    (first_expr, first_stmt)
}

//! What variables are given, wherever in a function that is.

use caulk_program::{LocalId, LocalKind, Program};
use caulk_syntax::{AssignOp, Descend, ExprId, ExprKind, Node, Span, SpecKind, StmtId, StmtKind};

use rustc_hash::FxHashMap;

use super::function::Function;

/// What a variable is given at one place: an expression, with the index of its result where that is a call's; none where it
/// cannot be told, as in a range, or hangs on what it was before.
pub(crate) type Definition = (Option<ExprId>, usize);

/// What each variable of a function is given.
pub(super) type Definitions = FxHashMap<LocalId, Vec<Definition>>;

impl Function {
    /// What a variable is given, apart from what a caller passes for it.
    pub fn definitions(&self, program: &Program, local: LocalId) -> &[Definition] {
        // All are found in one walk, for one each would be too many.
        let all = self.definitions.get_or_init(|| find(self, program));
        all.get(&local).map_or(&[], Vec::as_slice)
    }

    /// The only thing that a variable is ever given, with the index of the result where that is a call's.
    pub fn sole_value(&self, program: &Program, local: LocalId) -> Option<(ExprId, usize)> {
        let kind = &self.info().local_info(local)?.kind;
        match self.definitions(program, local) {
            [(Some(value), result)]
                if !matches!(kind, LocalKind::Param { .. } | LocalKind::Receiver) =>
            {
                Some((*value, *result))
            }
            _ => None,
        }
    }

    /// What a variable may have been given where it is named: all that it ever is, unless a statement on each way there gives it something
    /// new, before which nothing counts. Jumps back are not looked at.
    pub fn given_at(&self, program: &Program, local: LocalId, mention: ExprId) -> Vec<Definition> {
        let all = self.definitions(program, local);
        let place = |(value, _): &Definition| value.map(|value| self.tree().expr(value).span.start);
        // What a literal gives it may come at any time.
        let root = self.root_of(mention);
        let are_placed = all.len() > 1
            && all
                .iter()
                .all(|(value, _)| value.is_some_and(|value| self.root_of(value) == root));
        let since = are_placed
            .then(|| self.given_since(local, mention))
            .flatten();
        // What is made of the mention itself comes behind it.
        let at = self.tree().expr(mention).span;
        let is_of_it = |(value, _): &Definition| {
            value.is_some_and(|value| self.tree().expr(value).span.encloses(at))
        };
        let counts = |given: &&Definition| {
            since.is_none_or(|since| {
                place(given).is_some_and(|at| since.contains(at)) && !is_of_it(given)
            })
        };
        all.iter().filter(counts).copied().collect()
    }

    /// From the statement that is the last to give a variable something, whichever way leads to a mention of it, to the end of what
    /// has the mention.
    fn given_since(&self, local: LocalId, mention: ExprId) -> Option<Span> {
        let tree = self.tree();
        let gives = |stmt: StmtId| {
            matches!(tree.stmt(stmt).kind, StmtKind::Assign { lhs, op, .. }
                if !matches!(op, AssignOp::Compound(_))
                    && tree.exprs(lhs).iter().any(|target| self.local(*target) == Some(local)))
        };
        let mut at = self.statement(mention)?;
        loop {
            if let Some(list) = self.siblings(at) {
                let before = list.iter().take_while(|stmt| **stmt != at);
                if let Some(last) = before.filter(|stmt| gives(**stmt)).last() {
                    let (from, to) = (tree.stmt(*last).span, tree.stmt(at).span);
                    return Some(Span::new(from.start, to.end));
                }
            }
            match self.parent(at)? {
                Node::Stmt(parent) => at = parent,
                Node::Expr(_) => return None,
            }
        }
    }

    /// Where a variable is named, but for where it is assigned.
    pub fn mentions(&self, program: &Program, local: LocalId) -> Vec<ExprId> {
        let tree = self.tree();
        let mut found = Vec::new();
        for root in caulk_flow::roots(program, &self.typed) {
            tree.walk(root, |node| {
                if let Node::Expr(expr) = node
                    && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
                    && self.info().local(expr) == Some(local)
                    && !self.is_target(expr)
                {
                    found.push(expr);
                }
                Descend::Into
            });
        }
        found
    }

    /// Whether a mention of a variable is where it is assigned.
    fn is_target(&self, mention: ExprId) -> bool {
        let tree = self.tree();
        matches!(self.parent(mention), Some(Node::Stmt(stmt))
            if matches!(tree.stmt(stmt).kind, StmtKind::Assign { lhs, .. } if tree.exprs(lhs).contains(&mention)))
    }

    /// What the result of a call is assigned to by the statement that calls it.
    pub fn target(&self, call: ExprId, result: usize) -> Option<ExprId> {
        let tree = self.tree();
        let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(self.statement(call)?).kind else {
            return None;
        };
        let values = tree.exprs(rhs);
        let at = values
            .iter()
            .position(|value| tree.unparen(*value) == call)?;
        let index = if values.len() == 1 { result } else { at };
        tree.exprs(lhs).get(index).copied()
    }
}

fn find(function: &Function, program: &Program) -> Definitions {
    let tree = function.tree();
    let mut found = Definitions::default();
    for root in caulk_flow::roots(program, &function.typed) {
        tree.walk(root, |node| {
            let Node::Stmt(stmt) = node else {
                return Descend::Into;
            };
            let mut add = |local: Option<LocalId>, definition: Definition| {
                if let Some(local) = local {
                    found.entry(local).or_default().push(definition);
                }
            };
            let given = |values: &[ExprId], targets: usize, index: usize| match values {
                [call] if targets > 1 => (Some(tree.unparen(*call)), index),
                _ => (values.get(index).map(|value| tree.unparen(*value)), 0),
            };
            match tree.stmt(stmt).kind {
                StmtKind::Assign { lhs, rhs, op, .. } => {
                    let (lhs, rhs) = (tree.exprs(lhs), tree.exprs(rhs));
                    for (index, target) in lhs.iter().enumerate() {
                        let local = function.local(*target);
                        add(local, given(rhs, lhs.len(), index));
                        if matches!(op, AssignOp::Compound(_)) {
                            add(local, (None, 0));
                        }
                    }
                }
                StmtKind::IncDec { x, .. } => add(function.local(x), (None, 0)),
                StmtKind::Decl(decl) => {
                    for spec in tree.specs(tree.gen_decl(decl).specs) {
                        let SpecKind::Value(spec) = spec.kind else {
                            continue;
                        };
                        let (names, values) = (tree.names(spec.names), tree.exprs(spec.values));
                        for (index, name) in
                            names.iter().enumerate().take_while(|_| !values.is_empty())
                        {
                            let local = function.info().defined_at(name.span);
                            add(local, given(values, names.len(), index));
                        }
                    }
                }
                StmtKind::Range { key, value, .. } => {
                    for target in [key, value].into_iter().flatten() {
                        add(function.local(target), (None, 0));
                    }
                }
                _ => {}
            }
            Descend::Into
        });
    }
    found
}

//! An acquisition in a function literal that an enclosing call runs, kept in a variable of the function around it:
//! `err := retry(func() error { resp, err = client.Do(req); return err })`. It is followed on from that call, whose
//! error says whether anything was acquired.

use caulk_program::{Callee, LocalId, LocalKind, Object};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind};

use crate::body::{Function, Root};
use crate::engine::{Outcomes, Start};
use crate::module::Module;
use crate::sites::Site;

/// Where the resource is followed on: from which call, in which body, in which variable.
pub(crate) struct Around {
    pub root: Root,
    pub start: Start,
    literal: ExprId,
    call: ExprId,
    local: LocalId,
}

impl Around {
    /// Whether the literal is left with an error while its variable holds the resource, which the function around it, as `after` tells,
    /// releases only behind a call that has gone well: each further attempt, and the error at last, lose one.
    pub fn loses_by_failing(
        &self,
        function: &Function,
        inner: &Outcomes,
        after: &Outcomes,
    ) -> bool {
        let has_release = !after.releases.is_empty() && after.unknown.is_none();
        if inner.left_failing.is_empty() || !has_release {
            return false;
        }
        let tree = function.tree();
        let Some(body) = function.graph(self.root).map(|graph| graph.body) else {
            return false;
        };
        let Some(looked_at) = self.looked_at(function) else {
            return false;
        };
        let literal = tree.expr(self.literal).span;
        let mut is_named_before = false;
        tree.walk(body, |node| {
            if let Node::Expr(expr) = node
                && function.local(expr) == Some(self.local)
            {
                let at = tree.expr(expr).span;
                is_named_before |= at.start < looked_at && !literal.encloses(at);
            }
            Descend::Into
        });
        !is_named_before
    }

    /// Where the statement ends that looks at once at the error of the call: `if err := retry(…); err != nil { … }`.
    fn looked_at(&self, function: &Function) -> Option<u32> {
        let tree = function.tree();
        let is_if = |stmt: &StmtId| matches!(tree.stmt(*stmt).kind, StmtKind::If { .. });
        let run = function.statement(self.call)?;
        let around = match function.parent(run)? {
            Node::Stmt(stmt) => Some(stmt).filter(is_if),
            Node::Expr(_) => None,
        };
        let behind = || {
            let list = function.siblings(run)?;
            let at = list.iter().position(|stmt| *stmt == run)?;
            list.get(at + 1).copied().filter(is_if)
        };
        Some(tree.stmt(around.or_else(behind)?).span.end)
    }
}

/// The call that runs the literal of an acquisition whose value is left to the function around it, if all that the
/// literal says of it is the variable and an error.
pub(crate) fn of(
    module: &Module<'_>,
    function: &Function,
    site: &Site,
    outcomes: &Outcomes,
) -> Option<Around> {
    let literal = site.root?;
    let mut left_to = outcomes.left_to.iter();
    let (Some(local), None) = (left_to.next(), left_to.next()) else {
        return None;
    };
    let all_said = !outcomes.unknown_otherwise
        && outcomes.owed.is_empty()
        && outcomes.settled.is_none()
        && outcomes.returned.is_none()
        && outcomes.released.iter().all(|error| *error == Some(true));
    if !all_said
        || function
            .error_result(module.program, Some(literal))
            .is_none()
    {
        return None;
    }
    let Some(Node::Expr(call)) = function.parent(literal) else {
        return None;
    };
    let ExprKind::Call { fun, .. } = function.tree().expr(call).kind else {
        return None;
    };
    let root = function.root_of(call);
    let info = function.info().local_info(*local)?;
    let is_variable = !matches!(info.kind, LocalKind::Param { .. } | LocalKind::Receiver);
    let error = error_of(module, function, call)?;
    (fun != literal
        && is_variable
        && info.function == root
        && !is_detached(function, call)
        && sets_nothing_else(module, function, literal, *local))
    .then_some(Around {
        root,
        start: Start::Around {
            call,
            local: *local,
            error,
            says: truth_of(module, function, literal, call, site),
        },
        literal,
        call,
        local: *local,
    })
}

/// The truth value among the results of a call that is the one which the literal gives: its index, and what it is where the
/// literal has acquired, `return true, nil`.
fn truth_of(
    module: &Module<'_>,
    function: &Function,
    literal: ExprId,
    call: ExprId,
    site: &Site,
) -> Option<(usize, bool)> {
    let program = module.program;
    let info = function.info();
    let results = program.results_of(info.type_of(call));
    let of_call = results
        .iter()
        .position(|ty| crate::types::is_bool(program, *ty))?;
    let of_literal = function.results(Some(literal)).iter().position(|result| {
        let result = info.local_info(*result);
        result.is_some_and(|result| crate::types::is_bool(program, result.ty))
    })?;
    let tree = function.tree();
    let acquired = tree.expr(site.call).span.end;
    let mut said = Vec::new();
    tree.walk(literal, |node| match node {
        Node::Expr(expr)
            if expr != literal && matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) =>
        {
            Descend::Skip
        }
        Node::Stmt(stmt) => {
            if let StmtKind::Return(list) = tree.stmt(stmt).kind
                && let [.., error] = tree.exprs(list)
                && *info.object(*error) == Object::Nil
                && tree.stmt(stmt).span.start > acquired
            {
                let truth = tree
                    .exprs(list)
                    .get(of_literal)
                    .and_then(|x| tree.ident(*x));
                said.push(truth);
            }
            Descend::Into
        }
        Node::Expr(_) => Descend::Into,
    });
    match said.as_slice() {
        [Some(truth @ ("true" | "false")), others @ ..]
            if others.iter().all(|other| *other == Some(*truth)) =>
        {
            Some((of_call, *truth == "true"))
        }
        _ => None,
    }
}

/// The index of the error among the results of a call, the last of them.
fn error_of(module: &Module<'_>, function: &Function, call: ExprId) -> Option<usize> {
    let program = module.program;
    let ty = function.info().type_of(call);
    if !ty.is_unknown() {
        let results = program.results_of(ty);
        let is_error = crate::types::is_error(program, *results.last()?);
        return is_error.then(|| results.len() - 1);
    }
    // Of a function that is not at hand, which takes one that gives an error: its only result.
    let tree = function.tree();
    match tree.stmt(function.statement(call)?).kind {
        StmtKind::Assign { lhs, rhs, .. } => {
            (tree.exprs(lhs).len() == 1 && tree.exprs(rhs) == [call]).then_some(0)
        }
        _ => None,
    }
}

/// Whether a call runs at another time: deferred, or in a goroutine.
fn is_detached(function: &Function, call: ExprId) -> bool {
    let Some(Node::Stmt(stmt)) = function.parent(call) else {
        return false;
    };
    matches!(
        function.tree().stmt(stmt).kind,
        StmtKind::Go(_) | StmtKind::Defer(_)
    ) || matches!(function.callee(call), Callee::Literal(_))
}

/// Whether a literal assigns no other variable of the function around it but errors: another could say whether
/// anything is held.
fn sets_nothing_else(
    module: &Module<'_>,
    function: &Function,
    literal: ExprId,
    local: LocalId,
) -> bool {
    let tree = function.tree();
    let info = function.info();
    let captured = |expr: ExprId| {
        let target = function.local(expr)?;
        let literal = info.literal(literal)?;
        literal.captures.contains(&target).then_some(target)
    };
    let is_harmless = |target: LocalId| {
        target == local
            || info
                .local_info(target)
                .is_some_and(|target| crate::types::is_error(module.program, target.ty))
    };
    let mut nothing_else = true;
    tree.walk(literal, |node| {
        if let Node::Stmt(stmt) = node {
            match tree.stmt(stmt).kind {
                StmtKind::Assign { lhs, .. } => {
                    nothing_else &= tree
                        .exprs(lhs)
                        .iter()
                        .filter_map(|target| captured(*target))
                        .all(is_harmless);
                }
                StmtKind::IncDec { x, .. } => nothing_else &= captured(x).is_none_or(is_harmless),
                _ => {}
            }
        }
        Descend::Into
    });
    nothing_else
}

//! What a body does with the errors of its calls, and which contexts it passes on.

mod ending;

use std::cell::OnceCell;

use caulk_program::{Callee, LocalId, LocalKind, Program, TypedBody};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::body::roots;
use crate::failing::{OnError, Passed};

/// Calls that a context is looked for behind.
const DEPTH: u8 = 4;

/// Statements behind a call in which its error may be looked at.
const LOOK_AHEAD: usize = 6;

pub(crate) struct Outcomes<'a> {
    program: &'a Program,
    body: &'a TypedBody,
    /// What becomes of the error of a call; the others go on.
    errors: FxHashMap<ExprId, OnError>,
    /// What becomes of the first error of a group of goroutines, by its variable: `group.Wait()`.
    groups: FxHashMap<LocalId, OnError>,
    /// The statements behind the one that a list is part of, and the list that those are in.
    behind: FxHashMap<StmtId, (&'a [StmtId], StmtId)>,
    contexts: OnceCell<Contexts>,
    /// Whether the body ends the process at its end, or where it is passed an error.
    pub ends_process: bool,
}

/// The variables of contexts of a body that are given one.
#[derive(Default)]
struct Contexts {
    /// Each with the variable of the function that cancels it.
    given: FxHashMap<LocalId, Vec<(ExprId, Option<LocalId>)>>,
    /// Variables that deferred calls call.
    deferred: FxHashSet<LocalId>,
}

impl<'a> Outcomes<'a> {
    pub fn of(program: &'a Program, body: &'a TypedBody) -> Outcomes<'a> {
        Outcomes {
            program,
            body,
            errors: FxHashMap::default(),
            groups: FxHashMap::default(),
            behind: FxHashMap::default(),
            contexts: OnceCell::new(),
            ends_process: false,
        }
    }

    /// Looks at a list of statements, before anything below them is asked of; `is_body` where they are those of a function.
    pub fn read(&mut self, stmt: StmtId, is_body: bool) {
        let tree = self.body.tree();
        match tree.stmt(stmt).kind {
            StmtKind::Block(block) => self.look_at_all(stmt, tree.stmts(block.stmts), is_body),
            StmtKind::Case { body, .. } | StmtKind::Comm { body, .. } => {
                self.look_at_all(stmt, tree.stmts(body), false);
            }
            _ => {}
        }
    }

    /// Notes what comes behind the lists of a statement that runs one of them, once.
    fn note_behind(&mut self, stmt: StmtId, rest: &'a [StmtId], list: StmtId) {
        let tree = self.body.tree();
        match tree.stmt(stmt).kind {
            StmtKind::If { then, els, .. } => {
                self.behind.insert(then, (rest, list));
                if let Some(els) = els {
                    self.note_behind(els, rest, list);
                }
            }
            StmtKind::Switch { body, .. }
            | StmtKind::TypeSwitch { body, .. }
            | StmtKind::Select(body) => {
                if let StmtKind::Block(clauses) = tree.stmt(body).kind {
                    let clauses = tree.stmts(clauses.stmts).iter();
                    self.behind
                        .extend(clauses.map(|clause| (*clause, (rest, list))));
                }
            }
            StmtKind::Block(_) => {
                self.behind.insert(stmt, (rest, list));
            }
            _ => {}
        }
    }

    /// The statements that run behind one of a list, those behind the statement that the list is part of among them.
    fn run_behind(&self, rest: &'a [StmtId], list: StmtId) -> Vec<StmtId> {
        let mut found: Vec<StmtId> = rest.iter().copied().take(LOOK_AHEAD).collect();
        let mut list = list;
        while found.len() < LOOK_AHEAD
            && let Some((rest, around)) = self.behind.get(&list)
        {
            found.extend(rest.iter().copied().take(LOOK_AHEAD - found.len()));
            list = *around;
        }
        found
    }

    /// What becomes of the error of a function that a group runs: `group.Go(f)`, which is looked at where it is waited for.
    pub fn on_error_of_group(&self, call: ExprId) -> Option<OnError> {
        self.groups.get(&self.group(call, "Go")?).copied()
    }

    /// The variable that a method of this name is called on.
    fn group(&self, call: ExprId, method: &str) -> Option<LocalId> {
        let tree = self.body.tree();
        let ExprKind::Call { fun, .. } = tree.expr(call).kind else {
            return None;
        };
        match tree.expr(tree.unparen(fun)).kind {
            ExprKind::Selector { x, sel } if tree.name(sel) == method => self.body.info.local(x),
            _ => None,
        }
    }

    pub fn on_error(&self, call: ExprId) -> OnError {
        self.errors.get(&call).copied().unwrap_or(OnError::GoesOn)
    }

    /// Whether the last result of a call is an error.
    pub fn gives_error(&self, call: ExprId) -> bool {
        let results = self.program.results_of(self.body.info.type_of(call));
        let last = results.last();
        last.is_some_and(|ty| self.program.is_named(*ty, "error"))
    }

    /// The context that a call is passed first.
    pub fn passed(&self, call: ExprId) -> Passed {
        let ExprKind::Call { args, .. } = self.body.tree().expr(call).kind else {
            return Passed::Other;
        };
        let mut args = self.body.tree().exprs(args).iter();
        args.find(|arg| self.is_context(**arg))
            .map_or(Passed::Other, |context| self.context(*context, DEPTH))
    }

    fn is_context(&self, expr: ExprId) -> bool {
        let ty = self.body.info.type_of(expr);
        self.program.is_named(ty, "context.Context")
    }

    fn context(&self, context: ExprId, depth: u8) -> Passed {
        let Some(depth) = depth.checked_sub(1) else {
            return Passed::Other;
        };
        let tree = self.body.tree();
        let context = tree.unparen(context);
        match tree.expr(context).kind {
            ExprKind::Ident(_) => {
                let Some(local) = self.body.info.local(context) else {
                    return Passed::Other;
                };
                let is_param = self
                    .body
                    .info
                    .local_info(local)
                    .is_some_and(|info| matches!(info.kind, LocalKind::Param { .. }));
                let given = self.contexts().given.get(&local).map(Vec::as_slice);
                let given = given.unwrap_or_default();
                let mut found = given
                    .iter()
                    .filter_map(|(value, cancel)| self.derived(*value, *cancel, depth, Some(local)))
                    .chain(is_param.then_some(Passed::Own))
                    .collect::<Vec<Passed>>();
                found.sort();
                match (found.first(), found.last()) {
                    (Some(Passed::Own), Some(last)) => *last,
                    (Some(first), _) => *first,
                    (None, _) => Passed::Other,
                }
            }
            ExprKind::Call { .. } => {
                let derived = self.derived(context, None, depth, None);
                derived.unwrap_or(Passed::Other)
            }
            _ => Passed::Other,
        }
    }

    /// A context that a call gives, beside a function that cancels it; none where it only adds to the variable's own: `ctx =
    /// context.WithValue(ctx, …)`.
    fn derived(
        &self,
        call: ExprId,
        cancel: Option<LocalId>,
        depth: u8,
        own: Option<LocalId>,
    ) -> Option<Passed> {
        let tree = self.body.tree();
        let call = tree.unparen(call);
        let ExprKind::Call { args, .. } = tree.expr(call).kind else {
            return Some(self.context(call, depth));
        };
        let callee = self.body.info.callee(call);
        let name = callee.func().map_or("", |func| &*func.name);
        let ends = matches!(
            name,
            "net/http.Request.Context" | "golang.org/x/sync/errgroup.WithContext"
        ) || name.ends_with("Server.Context")
            || name.ends_with("ServerStream.Context")
            || cancel.is_some_and(|cancel| self.contexts().deferred.contains(&cancel));
        if ends {
            return Some(Passed::Ending);
        }
        if name == "context.WithoutCancel" {
            return Some(Passed::Other);
        }
        let mut args = tree.exprs(args).iter();
        let parent = args.find(|arg| self.is_context(**arg));
        match parent {
            Some(parent) if own.is_some() && self.body.info.local(*parent) == own => None,
            Some(parent) => Some(self.context(*parent, depth)),
            None => Some(Passed::Other),
        }
    }

    fn contexts(&self) -> &Contexts {
        self.contexts.get_or_init(|| {
            let mut contexts = Contexts::default();
            let makes_one = |callee: &Callee| {
                let name = callee.func().map_or("", |func| &*func.name);
                name.starts_with("context.")
                    || name.ends_with(".Context")
                    || name.ends_with("Context") && name.contains("golang.org/")
            };
            // Most give none to anything but what comes as a parameter.
            let calls = self.body.info.calls();
            if calls.iter().any(|(_, callee)| makes_one(callee)) {
                for root in roots(self.program, self.body) {
                    self.body.tree().walk(root, |node| {
                        if let Node::Stmt(stmt) = node {
                            self.note_context(stmt, &mut contexts);
                        }
                        Descend::Into
                    });
                }
            }
            contexts
        })
    }

    fn note_context(&self, stmt: StmtId, contexts: &mut Contexts) {
        let tree = self.body.tree();
        match tree.stmt(stmt).kind {
            StmtKind::Defer(call) => {
                tree.walk(call, |node| {
                    if let Node::Expr(expr) = node
                        && let ExprKind::Call { fun, .. } = tree.expr(expr).kind
                        && let Some(local) = self.body.info.local(tree.unparen(fun))
                    {
                        contexts.deferred.insert(local);
                    }
                    Descend::Into
                });
            }
            StmtKind::Assign { lhs, rhs, .. } => {
                let (lhs, rhs) = (tree.exprs(lhs), tree.exprs(rhs));
                let [value] = rhs else {
                    return;
                };
                // `ctx, cancel := context.WithCancel(ctx)`, `group, ctx := errgroup.WithContext(ctx)`
                let Some(context) = lhs.iter().find(|target| self.is_context(**target)) else {
                    return;
                };
                if let Some(local) = self.body.info.local(*context) {
                    let others = lhs.iter().filter(|target| *target != context);
                    let cancel = others
                        .filter_map(|target| self.body.info.local(*target))
                        .next();
                    let given = contexts.given.entry(local).or_default();
                    given.push((*value, cancel));
                }
            }
            _ => {}
        }
    }

    fn look_at_all(&mut self, list: StmtId, stmts: &'a [StmtId], is_body: bool) {
        let tree = self.body.tree();
        if is_body && self.body.block() == Some(list) {
            self.ends_process = stmts.last().is_some_and(|last| self.ends(*last));
        }
        for (index, stmt) in stmts.iter().enumerate() {
            let rest = stmts.get(index + 1..).unwrap_or_default();
            self.note_behind(*stmt, rest, list);
            let next = stmts.get(index + 1).copied();
            let on_error = match tree.stmt(*stmt).kind {
                StmtKind::Return(_) => Some(OnError::Returns),
                StmtKind::Expr(call) if self.is_fatal(call) => Some(OnError::Ends),
                StmtKind::Expr(_) if is_body && next.is_none() => Some(OnError::Returns),
                StmtKind::If {
                    init: Some(init),
                    cond,
                    then,
                    ..
                } => {
                    // What ends with it goes back to its caller.
                    let last = is_body && next.is_none();
                    let on_error = self.checked(init, cond, then);
                    if let Some(on_error) = on_error.or(last.then_some(OnError::Returns)) {
                        self.all_of(init, on_error);
                    }
                    None
                }
                StmtKind::Assign { .. } => self.looked_at(*stmt, rest, list),
                _ => None,
            };
            if let Some(on_error) = on_error {
                self.all_of(*stmt, on_error);
            }
            if let Some(call) = self.last_call(*stmt, is_body && next.is_none()) {
                let known = self.errors.get_mut(&call);
                if let Some(known) = known.filter(|known| **known == OnError::Returns) {
                    *known = OnError::Last;
                }
            }
        }
    }

    /// The call that a function ends with: `return run(ctx)`, or its last statement.
    fn last_call(&self, stmt: StmtId, is_end: bool) -> Option<ExprId> {
        let tree = self.body.tree();
        let call = match tree.stmt(stmt).kind {
            StmtKind::Return(list) => match tree.exprs(list) {
                [call] => tree.unparen(*call),
                _ => return None,
            },
            StmtKind::Expr(call) if is_end => tree.unparen(call),
            _ => return None,
        };
        matches!(tree.expr(call).kind, ExprKind::Call { .. }).then_some(call)
    }

    /// What the first look at the error that a statement assigns leads to, in the statements behind it.
    fn looked_at(&self, assigns: StmtId, rest: &'a [StmtId], list: StmtId) -> Option<OnError> {
        let tree = self.body.tree();
        let error = self.error_of(assigns)?;
        let mut told = None;
        for stmt in self.run_behind(rest, list) {
            match tree.stmt(stmt).kind {
                StmtKind::If {
                    init: None,
                    cond,
                    then,
                    ..
                } => match self.checked(assigns, cond, then) {
                    None if self.leaves(then) => return told,
                    None => {}
                    on_error => return on_error,
                },
                StmtKind::Return(list) => {
                    let mut list = tree.exprs(list).iter();
                    return list
                        .any(|expr| tree.ident(*expr) == Some(error))
                        .then_some(OnError::Returns);
                }
                StmtKind::Expr(call) if self.is_fatal(call) => {
                    // `util.CheckErr(err)`
                    let mut args = tree.arguments(tree.unparen(call)).iter();
                    return args
                        .any(|arg| tree.ident(*arg) == Some(error))
                        .then_some(OnError::Ends);
                }
                // `exitOnError(err)`
                StmtKind::Expr(call) => told = told.or(self.told(call, error, false)),
                StmtKind::Defer(_) | StmtKind::Decl(_) => {}
                StmtKind::Assign { lhs, .. } => {
                    let mut targets = tree.exprs(lhs).iter();
                    if targets.any(|target| tree.ident(*target) == Some(error)) {
                        return told;
                    }
                }
                _ => return told,
            }
        }
        told
    }

    /// Whether a block leaves its function, or goes elsewhere.
    fn leaves(&self, block: StmtId) -> bool {
        let tree = self.body.tree();
        let mut leaves = false;
        tree.walk(block, |node| match node {
            Node::Stmt(stmt) => {
                leaves |= matches!(
                    tree.stmt(stmt).kind,
                    StmtKind::Return(_) | StmtKind::Branch { .. }
                );
                Descend::Into
            }
            Node::Expr(expr) if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) => {
                Descend::Skip
            }
            Node::Expr(_) => Descend::Into,
        });
        leaves
    }

    /// The calls of a statement, those of literals apart.
    fn all_of(&mut self, stmt: StmtId, on_error: OnError) {
        let tree = self.body.tree();
        tree.walk(stmt, |node| {
            if let Node::Expr(expr) = node {
                match tree.expr(expr).kind {
                    ExprKind::FuncLit { .. } => return Descend::Skip,
                    ExprKind::Call { .. } => {
                        self.errors.insert(expr, on_error);
                        if let Some(group) = self.group(expr, "Wait") {
                            self.groups.insert(group, on_error);
                        }
                    }
                    _ => {}
                }
            }
            Descend::Into
        });
    }

    /// The variable of the error that a statement assigns.
    fn error_of(&self, stmt: StmtId) -> Option<&'a str> {
        let tree = self.body.tree();
        match tree.stmt(stmt).kind {
            StmtKind::Assign { lhs, rhs, .. } if tree.exprs(rhs).len() == 1 => {
                tree.ident(*tree.exprs(lhs).last()?)
            }
            _ => None,
        }
    }

    /// What a check of the error that a statement assigns leads to.
    fn checked(&self, assigns: StmtId, cond: ExprId, then: StmtId) -> Option<OnError> {
        let tree = self.body.tree();
        let error = self.error_of(assigns)?;
        if tree.ident(tree.not_nil(cond)?) != Some(error) {
            return None;
        }
        let StmtKind::Block(block) = tree.stmt(then).kind else {
            return None;
        };
        let stmts = tree.stmts(block.stmts);
        let is_fatal = |stmt: &StmtId| matches!(tree.stmt(*stmt).kind, StmtKind::Expr(call) if self.is_fatal(call));
        if stmts.iter().any(is_fatal) {
            return Some(OnError::Ends);
        }
        let panics = |stmt: &StmtId| matches!(tree.stmt(*stmt).kind, StmtKind::Expr(call) if self.panics_with_log(call));
        if stmts.iter().any(panics) {
            return Some(OnError::Panics);
        }
        let returns = match tree.stmt(*stmts.last()?).kind {
            StmtKind::Return(list) => match tree.exprs(list).last() {
                Some(last) if tree.ident(*last) != Some("nil") => return Some(OnError::Returns),
                last => last.is_none(),
            },
            StmtKind::Expr(call) if self.is_panic(call) => return Some(OnError::Returns),
            _ => false,
        };
        let told = stmts.iter().find_map(|stmt| match tree.stmt(*stmt).kind {
            StmtKind::Expr(call) => self.told(call, error, returns),
            _ => None,
        });
        told.or(returns.then_some(OnError::Returns))
    }
}

//! One function with its literals, ready to be followed: graphs, parents, and which variables matter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use caulk_flow::Graph;
use caulk_program::{BodyInfo, BodyOwner, Callee, FuncId, LocalId, PackageId, Program, TypedBody};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, Tree, UnaryOp};

use rustc_hash::FxHashMap;

use super::conditions::Conditions;
use super::definitions::Definitions;
use super::parents::Parents;
use super::variables::{assigned_any_time, fresh, functions, runs_where_called, tracked};
use crate::channels::names::Names;

/// The function itself, or one of its literals.
pub(crate) type Root = Option<ExprId>;

/// A function body with everything that following a resource through it needs.
pub(crate) struct Function {
    pub typed: Arc<TypedBody>,
    pub package: PackageId,
    graphs: BTreeMap<Root, Graph>,
    parents: Parents,
    tracked: BTreeSet<LocalId>,
    fresh: BTreeSet<LocalId>,
    captured: BTreeSet<LocalId>,
    loosens: BTreeMap<ExprId, Vec<LocalId>>,
    functions: BTreeMap<LocalId, Option<BTreeSet<FuncId>>>,
    /// Whether it is there for tests alone, as far as it was asked.
    pub in_test: OnceLock<bool>,
    pub(super) definitions: OnceLock<Definitions>,
    /// Its `go` statements, each with the call that it runs.
    starts: OnceLock<Box<[(StmtId, ExprId)]>>,
    /// The channels that it names.
    pub channels: OnceLock<Vec<Names>>,
    /// What fields of variables are assigned, and what the variables range over.
    pub stored: OnceLock<FxHashMap<LocalId, Vec<ExprId>>>,
    /// Variables whose address is taken.
    pub addressed: OnceLock<BTreeSet<LocalId>>,
    /// Conditions that are asked more than once, by the function or literal that asks.
    conditions: BTreeMap<Root, OnceLock<Conditions>>,
}

impl Function {
    /// Prepares a body. `no_return` says of a call whether it never returns.
    pub fn new(
        program: &Program,
        typed: Arc<TypedBody>,
        no_return: &dyn Fn(&TypedBody, ExprId) -> bool,
    ) -> Function {
        let package = match typed.owner {
            BodyOwner::Func(id) => id.package,
            BodyOwner::Initializer(package, _) => package,
        };
        let tree = typed.tree();
        let predicate = |call: ExprId| no_return(&typed, call);
        let mut graphs = BTreeMap::new();
        if let Some(block) = typed.block() {
            graphs.insert(None, caulk_flow::graph(tree, block, &predicate));
        }
        for literal in typed.info.literals() {
            if let Some(graph) = caulk_flow::literal_graph(tree, literal.expr, &predicate) {
                graphs.insert(Some(literal.expr), graph);
            }
        }
        let roots = caulk_flow::roots(program, &typed);
        let parents = Parents::of(tree, &roots);
        let stmts = parents.statements();
        let tracked = tracked(program, &typed, &graphs, stmts);
        let loosens = assigned_any_time(program, &typed, &roots, &parents);
        let fresh = fresh(&typed, stmts);
        let functions = functions(&typed, stmts);
        let captured = typed
            .info
            .literals()
            .iter()
            .flat_map(|literal| literal.captures.iter().copied())
            .collect();
        Function {
            package,
            conditions: graphs.keys().map(|root| (*root, OnceLock::new())).collect(),
            graphs,
            parents,
            tracked,
            fresh,
            captured,
            loosens,
            functions,
            in_test: OnceLock::new(),
            definitions: OnceLock::new(),
            starts: OnceLock::new(),
            channels: OnceLock::new(),
            stored: OnceLock::new(),
            addressed: OnceLock::new(),
            typed,
        }
    }

    pub fn tree(&self) -> &Tree {
        self.typed.tree()
    }

    pub fn parents(&self) -> &Parents {
        &self.parents
    }

    pub fn info(&self) -> &BodyInfo {
        &self.typed.info
    }

    pub fn id(&self) -> Option<FuncId> {
        self.typed.owner.func()
    }

    /// Whether it is the `main` of a command.
    pub fn is_main(&self, program: &Program) -> bool {
        self.id()
            .and_then(|id| program.func(id))
            .is_some_and(|func| {
                func.receiver.is_none()
                    && func.name == "main"
                    && program.package(self.package).name() == "main"
            })
    }

    /// The `go` statements of the body and its literals, each with the call that it runs.
    pub fn starts(&self, program: &Program) -> &[(StmtId, ExprId)] {
        self.starts.get_or_init(|| {
            let tree = self.tree();
            let mut found = Vec::new();
            for root in caulk_flow::roots(program, &self.typed) {
                tree.walk(root, |node| {
                    if let Node::Stmt(stmt) = node
                        && let StmtKind::Go(call) = tree.stmt(stmt).kind
                    {
                        found.push((stmt, tree.unparen(call)));
                    }
                    Descend::Into
                });
            }
            found.into()
        })
    }

    /// How many arguments a call has.
    pub fn argument_count(&self, call: ExprId) -> usize {
        match self.tree().expr(call).kind {
            ExprKind::Call { args, .. } => self.tree().exprs(args).len(),
            _ => 0,
        }
    }

    pub fn graph(&self, root: Root) -> Option<&Graph> {
        self.graphs.get(&root)
    }

    /// The conditions that the function or a literal of it asks more than once, found when they are first wanted.
    pub fn conditions(&self, root: Root, find: impl FnOnce() -> Conditions) -> &Conditions {
        static NONE: OnceLock<Conditions> = OnceLock::new();
        match self.conditions.get(&root) {
            Some(known) => known.get_or_init(find),
            None => NONE.get_or_init(Conditions::default),
        }
    }

    /// The same, where they were found.
    pub fn known_conditions(&self, root: Root) -> Option<&Conditions> {
        self.conditions.get(&root)?.get()
    }

    pub fn parent(&self, node: impl Into<Node>) -> Option<Node> {
        self.parents.get(node.into())
    }

    /// Whether a call is the one that a `defer` statement makes.
    pub fn is_deferred(&self, call: ExprId) -> bool {
        matches!(self.parent(call), Some(Node::Stmt(stmt))
            if matches!(self.tree().stmt(stmt).kind, StmtKind::Defer(_)))
    }

    /// Whether a call is the one that a `go` statement makes: it goes on beside the function.
    pub fn is_started(&self, call: ExprId) -> bool {
        matches!(self.parent(call), Some(Node::Stmt(stmt))
            if matches!(self.tree().stmt(stmt).kind, StmtKind::Go(_)))
    }

    /// The innermost `if`, `case` or clause of a `select` that a node stands in.
    pub fn branch_of(&self, node: Node) -> Option<StmtId> {
        let mut at = node;
        while let Some(parent) = self.parent(at) {
            match parent {
                Node::Stmt(stmt)
                    if matches!(
                        self.tree().stmt(stmt).kind,
                        StmtKind::If { .. } | StmtKind::Case { .. } | StmtKind::Comm { .. }
                    ) =>
                {
                    return Some(stmt);
                }
                Node::Expr(expr)
                    if matches!(self.tree().expr(expr).kind, ExprKind::FuncLit { .. }) =>
                {
                    return None;
                }
                _ => at = parent,
            }
        }
        None
    }

    /// Whether two expressions stand in different branches of one condition, of which only one is taken.
    pub fn are_apart(&self, one: ExprId, other: ExprId) -> bool {
        let ways = |expr: ExprId| {
            let mut found: Vec<(Node, Node)> = Vec::new();
            let mut at = Node::Expr(expr);
            while let Some(parent) = self.parent(at) {
                found.push((parent, at));
                at = parent;
            }
            found
        };
        let others = ways(other);
        let is_branch = |node: Node| match node {
            Node::Stmt(stmt) => match self.tree().stmt(stmt).kind {
                StmtKind::Case { .. } | StmtKind::Comm { .. } => true,
                _ => matches!(self.parent(node), Some(Node::Stmt(parent))
                    if matches!(self.tree().stmt(parent).kind, StmtKind::If { then, els, .. }
                        if then == stmt || els == Some(stmt))),
            },
            Node::Expr(_) => false,
        };
        ways(one).into_iter().any(|(at, branch)| {
            let other = others.iter().find(|(known, _)| *known == at);
            other.is_some_and(|(_, other)| {
                *other != branch && is_branch(branch) && is_branch(*other) && !self.in_loop(at)
            })
        })
    }

    /// The call that stands at a place.
    pub fn call_at(&self, span: Span) -> Option<ExprId> {
        let calls = self.info().calls().into_iter();
        let mut calls = calls.map(|(call, _)| call);
        calls.find(|call| self.tree().expr(*call).span == span)
    }

    /// The innermost statement that holds an expression.
    pub fn statement(&self, expr: ExprId) -> Option<StmtId> {
        let mut node = self.parent(expr);
        loop {
            match node? {
                Node::Stmt(stmt) => return Some(stmt),
                Node::Expr(expr) => node = self.parent(expr),
            }
        }
    }

    /// The statements of the list that a statement stands in.
    pub fn siblings(&self, stmt: StmtId) -> Option<&[StmtId]> {
        let tree = self.tree();
        let Node::Stmt(parent) = self.parent(stmt)? else {
            return None;
        };
        let list = match tree.stmt(parent).kind {
            StmtKind::Block(block) => block.stmts,
            StmtKind::Case { body, .. } | StmtKind::Comm { body, .. } => body,
            _ => return None,
        };
        Some(tree.stmts(list))
    }

    /// Whether a call is a statement of its own: nobody has what it gives.
    pub fn stands_alone(&self, call: ExprId) -> bool {
        matches!(self.parent(call), Some(Node::Stmt(stmt))
            if matches!(self.tree().stmt(stmt).kind, StmtKind::Expr(_)))
    }

    /// The innermost literal that holds a node, or the function itself.
    pub fn root_of(&self, node: impl Into<Node>) -> Root {
        let mut node = self.parent(node);
        while let Some(at) = node {
            if let Node::Expr(expr) = at
                && matches!(self.tree().expr(expr).kind, ExprKind::FuncLit { .. })
            {
                return Some(expr);
            }
            node = self.parent(at);
        }
        None
    }

    /// Whether a loop of its own function holds a node.
    pub fn in_loop(&self, node: impl Into<Node>) -> bool {
        self.innermost_loop(node).is_some()
    }

    /// The loops around a node within its own function, the innermost first.
    pub fn loops_around(&self, node: impl Into<Node>) -> impl Iterator<Item = StmtId> {
        std::iter::successors(self.innermost_loop(node), |round| {
            self.innermost_loop(*round)
        })
    }

    /// The innermost loop statement, within its own function, that holds a node in its body.
    pub fn innermost_loop(&self, node: impl Into<Node>) -> Option<StmtId> {
        let mut child = node.into();
        while let Some(at) = self.parent(child) {
            match at {
                Node::Expr(expr)
                    if matches!(self.tree().expr(expr).kind, ExprKind::FuncLit { .. }) =>
                {
                    return None;
                }
                Node::Stmt(stmt) => match self.tree().stmt(stmt).kind {
                    StmtKind::For {
                        body, cond, post, ..
                    } if child == Node::Stmt(body)
                        || Some(child) == cond.map(Node::Expr)
                        || Some(child) == post.map(Node::Stmt) =>
                    {
                        return Some(stmt);
                    }
                    StmtKind::Range { x, body, .. }
                        if child == Node::Stmt(body)
                            && !caulk_flow::has_one_element(self.tree(), x) =>
                    {
                        return Some(stmt);
                    }
                    _ => {}
                },
                Node::Expr(_) => {}
            }
            child = at;
        }
        None
    }

    /// Whether a literal is `root` or stands in it.
    pub fn is_within(&self, literal: Root, root: Root) -> bool {
        let mut at = literal;
        loop {
            if at == root {
                return true;
            }
            match at {
                None => return false,
                Some(expr) => at = self.info().literal(expr).and_then(|literal| literal.parent),
            }
        }
    }

    /// Whether facts about a variable can decide more than one condition.
    pub fn is_tracked(&self, local: LocalId) -> bool {
        self.tracked.contains(&local)
    }

    /// Whether a function literal uses a variable of a function around it.
    pub fn is_captured(&self, local: LocalId) -> bool {
        self.captured.contains(&local)
    }

    /// Variables that a literal assigns at any time once it is made: one that is passed on, stored or a goroutine.
    pub fn loosened_by(&self, literal: ExprId) -> &[LocalId] {
        self.loosens.get(&literal).map_or(&[], Vec::as_slice)
    }

    /// Whether a function literal, one of those that matter, uses a variable that may run at any time: one that is passed on,
    /// stored or a goroutine.
    pub fn is_shared(
        &self,
        program: &Program,
        local: LocalId,
        matters: &dyn Fn(ExprId) -> bool,
    ) -> bool {
        let roots = caulk_flow::roots(program, &self.typed);
        let mut literals = self
            .info()
            .literals()
            .iter()
            .filter(|literal| literal.captures.contains(&local));
        literals.any(|literal| {
            !runs_where_called(&self.typed, &roots, &self.parents, literal.expr)
                && matters(literal.expr)
        })
    }

    /// The declared functions that a variable can hold; none where it can hold another.
    pub fn functions_of(&self, local: LocalId) -> Option<&BTreeSet<FuncId>> {
        self.functions.get(&local)?.as_ref()
    }

    /// Whether every value of a variable is made here: `s := &S{}`, `var s S`.
    pub fn is_fresh(&self, local: LocalId) -> bool {
        self.fresh.contains(&local)
    }

    /// The variable that an expression names, on the left of an assignment too.
    pub fn local(&self, expr: ExprId) -> Option<LocalId> {
        let expr = self.tree().unparen(expr);
        match self.tree().expr(expr).kind {
            ExprKind::Ident(name) => self
                .info()
                .local(expr)
                .or_else(|| self.info().defined_at(name.span)),
            _ => None,
        }
    }

    /// The variable that an expression begins with: `s` in `&s.jobs[0]`.
    pub fn begins_with(&self, expr: ExprId) -> Option<LocalId> {
        let tree = self.tree();
        let mut expr = tree.unparen(expr);
        loop {
            expr = match tree.expr(expr).kind {
                ExprKind::Selector { x, .. }
                | ExprKind::Index { x, .. }
                | ExprKind::Slice { x, .. }
                | ExprKind::Star(x)
                | ExprKind::Paren(x)
                | ExprKind::Unary {
                    op: UnaryOp::Address,
                    x,
                } => x,
                ExprKind::Ident(_) => return self.local(expr),
                _ => return None,
            };
        }
    }

    /// Parameters of the function or of a literal.
    pub fn params(&self, root: Root) -> &[LocalId] {
        match root {
            None => self.info().params(),
            Some(literal) => self
                .info()
                .literal(literal)
                .map_or(&[], |literal| &literal.params),
        }
    }

    /// Results of the function or of a literal.
    pub fn results(&self, root: Root) -> &[LocalId] {
        match root {
            None => self.info().results(),
            Some(literal) => self
                .info()
                .literal(literal)
                .map_or(&[], |literal| &literal.results),
        }
    }

    pub fn callee(&self, call: ExprId) -> &Callee {
        self.info().callee(call)
    }

    /// Whether the last result of the function or of a literal is an error; then its index.
    pub fn error_result(&self, program: &Program, root: Root) -> Option<usize> {
        let results = self.results(root);
        let last = results.last()?;
        let ty = self.info().local_info(*last)?.ty;
        crate::types::is_error(program, ty).then(|| results.len() - 1)
    }
}

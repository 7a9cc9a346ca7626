//! What one body does with what functions give it: how it releases that, and whether it keeps it to itself.

use std::collections::{BTreeMap, BTreeSet};

use caulk_program::{LocalId, Object, Program, TypedBody};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind};
use smol_str::SmolStr;

use super::habit::{Habits, LEFT, RELEASES, Way, alike, of_type};
use crate::inference::own_use::{ALWAYS_RELEASE, BEGINS};

impl Habits {
    /// Adds what one body of a package does, of a test or not.
    pub fn read(&mut self, program: &Program, package: &str, body: &TypedBody, is_test: bool) {
        let reader = Reader { program, body };
        let mut given: BTreeMap<LocalId, Option<ExprId>> = BTreeMap::new();
        let mut released: BTreeMap<LocalId, Released> = BTreeMap::new();
        let mut branches: Vec<Span> = Vec::new();
        let mut giving_up: BTreeSet<(LocalId, SmolStr)> = BTreeSet::new();
        let mut given_back: Vec<(LocalId, ExprId, SmolStr)> = Vec::new();
        let tree = body.tree();
        for root in caulk_flow::roots(program, body) {
            tree.walk(root, |node| {
                let Node::Stmt(stmt) = node else {
                    return Descend::Into;
                };
                match tree.stmt(stmt).kind {
                    StmtKind::Assign { lhs, rhs, .. } => {
                        if let (Some(target), [value]) = (tree.exprs(lhs).first(), tree.exprs(rhs))
                            && let Some(local) = reader.local(*target)
                        {
                            let other = given.insert(local, Some(*value)).is_some();
                            if other {
                                given.insert(local, None);
                            }
                        }
                    }
                    StmtKind::Defer(call) => {
                        let deferred = tree.stmt(stmt).span.start;
                        reader.releases(call, deferred, &mut released);
                        given_back.extend(reader.gives_back(call).filter(|_| !is_test));
                    }
                    StmtKind::If { then, els, .. } => {
                        if !is_test {
                            giving_up.extend(reader.released_giving_up(then));
                        }
                        let both = [Some(then), els].into_iter().flatten();
                        branches.extend(both.map(|branch| tree.stmt(branch).span));
                    }
                    StmtKind::Case { .. } | StmtKind::Comm { .. } => {
                        branches.push(tree.stmt(stmt).span);
                    }
                    _ => {}
                }
                Descend::Into
            });
        }
        if !is_test {
            self.read_anywhere(program, &reader, &given);
        }
        let mut habits: BTreeSet<(String, Way)> = BTreeSet::new();
        let giver = |local: LocalId| {
            let value = tree.unparen(given.get(&local).copied().flatten()?);
            let func = body.info.callee(value).func()?;
            let (path, _) = crate::types::split_name(program, func);
            (!crate::types::is_std_path(path)).then(|| (value, func.name.to_string()))
        };
        for (local, method) in giving_up {
            if let Some((_, function)) = giver(local).filter(|_| !released.contains_key(&local)) {
                let begun = reader.is_begun(local);
                habits.insert((function, Way::GivingUp { method, begun }));
            }
        }
        for (local, of, method) in given_back {
            if let Some((value, function)) = giver(local)
                && reader.is_asked_of(value, of)
            {
                habits.insert((function, Way::GivenBack(method)));
            }
        }
        for (local, release) in released {
            let Some(Some(value)) = given.get(&local) else {
                continue;
            };
            // What is released under a condition of its own, as when a transaction fails, is not owed in any case, and
            // what is used before, by `s.Open()`, perhaps only from there on.
            let given = tree.expr(*value).span;
            let depends = |branch: &Span| branch.encloses(release.at) && !branch.encloses(given);
            if branches.iter().any(depends) {
                continue;
            }
            let before = Span::new(given.end, release.deferred);
            let way = match reader.is_used(program, local, before) {
                Used::No => Way::Method(release.method),
                // A test stops at its end what the program runs for ever.
                Used::Begun if !is_test => Way::Begun(release.method),
                Used::Begun | Used::Otherwise => continue,
            };
            habits.extend(giver(local).map(|(_, function)| (function, way)));
        }
        for (function, way) in habits {
            if !is_test {
                self.note_anywhere(function.clone(), way.clone());
            }
            self.note_of_package(package, function, way);
        }
    }

    /// Adds what a body releases in any way, deferred or not: one that closes what it got where it gives up owes it.
    fn read_anywhere(
        &mut self,
        program: &Program,
        reader: &Reader<'_>,
        given: &BTreeMap<LocalId, Option<ExprId>>,
    ) {
        let (body, tree) = (reader.body, reader.body.tree());
        let mut begun: BTreeSet<LocalId> = BTreeSet::new();
        let mut released: BTreeSet<(LocalId, &str)> = BTreeSet::new();
        for (call, _) in body.info.calls() {
            if let ExprKind::Call { fun, args, .. } = tree.expr(call).kind
                && let ExprKind::Selector { x, sel } = tree.expr(fun).kind
                && let Some(local) = reader.local(x)
            {
                let method = tree.name(sel);
                if BEGINS.iter().any(|verb| method.starts_with(verb)) {
                    begun.insert(local);
                }
                if args.is_empty() && ALWAYS_RELEASE.contains(&method) {
                    released.insert((local, method));
                }
            }
        }
        let mut habits: BTreeSet<(String, &str)> = BTreeSet::new();
        for (local, method) in &released {
            let value = given.get(local).copied().flatten();
            if let Some(value) = value.filter(|_| !begun.contains(local))
                && let Some(info) = body.info.local_info(*local)
                && let Some(func) = body.info.callee(tree.unparen(value)).func()
            {
                habits.extend(alike(program, &func.name, info.ty).map(|alike| (alike, *method)));
            }
            if given.contains_key(local)
                && !begun.contains(local)
                && let Some(info) = body.info.local_info(*local)
            {
                habits.extend(of_type(program, info.ty).map(|of_type| (of_type, *method)));
            }
        }
        let is_released = |local: LocalId| released.iter().any(|(known, _)| *known == local);
        let mut left = given.iter().filter_map(|(local, value)| {
            let value = (*value).filter(|_| !is_released(*local))?;
            let ty = body.info.local_info(*local)?.ty;
            body.info.callee(tree.unparen(value)).func()?;
            let of_type = of_type(program, ty)?;
            let releases = |method: &&str| program.has_method(ty, method);
            ALWAYS_RELEASE
                .iter()
                .any(releases)
                .then_some((*local, of_type))
        });
        if let Some(first) = left.next() {
            let leaving = reader.leaving(program);
            let left = [first].into_iter().chain(left);
            let kept = left.filter(|(local, _)| !leaving.contains(local));
            habits.extend(kept.map(|(_, of_type)| (of_type, LEFT)));
        }
        for (alike, method) in habits {
            self.note_anywhere(alike, Way::Method(SmolStr::new(method)));
        }
    }
}

/// A deferred release.
struct Released {
    method: SmolStr,
    at: Span,
    /// Where the `defer` begins.
    deferred: u32,
}

/// How a value is used before its release is deferred.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Used {
    No,
    /// A method is called before which it may hold nothing.
    Begun,
    Otherwise,
}

struct Reader<'a> {
    program: &'a Program,
    body: &'a TypedBody,
}

impl Reader<'_> {
    fn local(&self, expr: ExprId) -> Option<LocalId> {
        let ExprKind::Ident(name) = self.body.tree().expr(expr).kind else {
            return None;
        };
        let info = &self.body.info;
        info.local(expr).or_else(|| info.defined_at(name.span))
    }

    /// How a variable is used between two places.
    fn is_used(&self, program: &Program, local: LocalId, between: Span) -> Used {
        let tree = self.body.tree();
        let mut begun: BTreeSet<ExprId> = BTreeSet::new();
        let mut used = Used::No;
        for root in caulk_flow::roots(program, self.body) {
            tree.walk(root, |node| {
                let Node::Expr(expr) = node else {
                    return Descend::Into;
                };
                // What it is called on comes after the call.
                if let ExprKind::Call { fun, .. } = tree.expr(expr).kind
                    && let ExprKind::Selector { x, sel } = tree.expr(fun).kind
                    && begins(tree.name(sel))
                {
                    begun.insert(x);
                }
                if let ExprKind::Ident(name) = tree.expr(expr).kind
                    && between.encloses(name.span)
                    && self.local(expr) == Some(local)
                {
                    used = match begun.contains(&expr) && used != Used::Otherwise {
                        true => Used::Begun,
                        false => Used::Otherwise,
                    };
                }
                Descend::Into
            });
        }
        used
    }

    /// The variables that are used in another way than by a call of their methods, or a comparison.
    fn leaving(&self, program: &Program) -> BTreeSet<LocalId> {
        let tree = self.body.tree();
        let mut stays: BTreeSet<ExprId> = BTreeSet::new();
        let mut leaving = BTreeSet::new();
        for root in caulk_flow::roots(program, self.body) {
            tree.walk(root, |node| {
                match node {
                    Node::Stmt(stmt) => {
                        if let StmtKind::Assign { lhs, .. } = tree.stmt(stmt).kind {
                            stays.extend(tree.exprs(lhs));
                        }
                    }
                    Node::Expr(expr) => match tree.expr(expr).kind {
                        ExprKind::Call { fun, .. } => {
                            if let ExprKind::Selector { x, .. } = tree.expr(fun).kind {
                                stays.insert(x);
                            }
                        }
                        ExprKind::Binary { x, y, .. } => stays.extend([x, y]),
                        ExprKind::Ident(_) if !stays.contains(&expr) => {
                            leaving.extend(self.local(expr));
                        }
                        _ => {}
                    },
                }
                Descend::Into
            });
        }
        leaving
    }

    /// The variables that a branch releases before it returns an error, each with the method.
    fn released_giving_up(&self, branch: StmtId) -> Vec<(LocalId, SmolStr)> {
        let tree = self.body.tree();
        let StmtKind::Block(block) = tree.stmt(branch).kind else {
            return Vec::new();
        };
        let stmts = tree.stmts(block.stmts);
        let fails = stmts
            .last()
            .is_some_and(|last| match tree.stmt(*last).kind {
                StmtKind::Return(list) => tree.exprs(list).last().is_some_and(|value| {
                    let ty = self.body.info.type_of(*value);
                    !matches!(self.body.info.object(*value), Object::Nil)
                        && (ty.is_unknown() || crate::types::is_error(self.program, ty))
                }),
                _ => false,
            });
        let released = |stmt: &StmtId| {
            let call = match tree.stmt(*stmt).kind {
                StmtKind::Expr(call) => call,
                // `_ = conn.Close()`
                StmtKind::Assign { rhs, .. } => *tree.exprs(rhs).first()?,
                _ => return None,
            };
            let ExprKind::Call { fun, args, .. } = tree.expr(call).kind else {
                return None;
            };
            let ExprKind::Selector { x, sel } = tree.expr(fun).kind else {
                return None;
            };
            let is_release = args.is_empty() && ALWAYS_RELEASE.contains(&tree.name(sel));
            Some((
                self.local(x).filter(|_| is_release)?,
                SmolStr::new(tree.name(sel)),
            ))
        };
        match fails {
            true => stmts.iter().filter_map(released).collect(),
            false => Vec::new(),
        }
    }

    /// Whether a method of a variable is called before which it may hold nothing.
    fn is_begun(&self, local: LocalId) -> bool {
        let tree = self.body.tree();
        self.body.info.calls().iter().any(|(call, _)| {
            matches!(tree.expr(*call).kind, ExprKind::Call { fun, .. }
                if matches!(tree.expr(fun).kind, ExprKind::Selector { x, sel }
                    if self.local(x) == Some(local) && begins(tree.name(sel))))
        })
    }

    /// The variable that a deferred call gives back, with what to and by which method: `defer pool.Put(conn)`.
    fn gives_back(&self, call: ExprId) -> Option<(LocalId, ExprId, SmolStr)> {
        let tree = self.body.tree();
        let ExprKind::Call { fun, args, .. } = tree.expr(call).kind else {
            return None;
        };
        let (ExprKind::Selector { x, sel }, [value]) = (tree.expr(fun).kind, tree.exprs(args))
        else {
            return None;
        };
        let name = tree.name(sel);
        let local = self.local(*value).filter(|_| is_giving_back(name))?;
        Some((local, x, SmolStr::new(name)))
    }

    /// Whether a call is one of a method of the same as another expression names.
    fn is_asked_of(&self, call: ExprId, of: ExprId) -> bool {
        let tree = self.body.tree();
        let receiver = self.body.info.callee(call).receiver();
        receiver.is_some_and(|receiver| {
            let (path, other) = (tree.selector_path(receiver), tree.selector_path(of));
            path.is_some() && path == other
        })
    }

    /// What a deferred call releases, itself or in its literal.
    fn releases(&self, call: ExprId, deferred: u32, released: &mut BTreeMap<LocalId, Released>) {
        let tree = self.body.tree();
        tree.walk(call, |node| {
            if let Node::Expr(expr) = node
                && let Some((local, method)) = self
                    .method_released_by(expr)
                    .or_else(|| self.closed_by_function(expr))
            {
                let release = Released {
                    method: SmolStr::new(method),
                    at: tree.expr(expr).span,
                    deferred,
                };
                released.insert(local, release);
            }
            Descend::Into
        });
    }

    /// The variable that a call releases by a method of its own.
    fn method_released_by(&self, call: ExprId) -> Option<(LocalId, &str)> {
        let tree = self.body.tree();
        let ExprKind::Call { fun, args, .. } = tree.expr(call).kind else {
            return None;
        };
        let ExprKind::Selector { x, sel } = tree.expr(fun).kind else {
            return None;
        };
        // With arguments it gives back a part: `sem.Release(1)`.
        let releases = args.is_empty() && RELEASES.contains(&tree.name(sel));
        releases.then(|| Some((self.local(x)?, tree.name(sel))))?
    }

    /// The variable that a call passes first to a function which closes by its name: `closeIterator(it, &err)`.
    fn closed_by_function(&self, call: ExprId) -> Option<(LocalId, &'static str)> {
        let tree = self.body.tree();
        let ExprKind::Call { args, .. } = tree.expr(call).kind else {
            return None;
        };
        let local = self.local(*tree.exprs(args).first()?)?;
        let closes = crate::types::last_name(self.body.info.callee(call))
            .get(.."close".len())
            .is_some_and(|verb| verb.eq_ignore_ascii_case("close"));
        let ty = self.body.info.local_info(local)?.ty;
        (closes && self.program.has_method(ty, "Close")).then_some((local, "Close"))
    }
}

/// How the names begin of methods that take back what the same has given.
const GIVE_BACK: &[&str] = &[
    "put",
    "release",
    "return",
    "recycle",
    "giveback",
    "checkin",
    "free",
    "unsubscribe",
    "unregister",
];

fn is_giving_back(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    GIVE_BACK.iter().any(|verb| name.starts_with(verb))
}

/// Whether a method, one of the package's own perhaps, may be what only begins to hold something.
pub(super) fn begins(name: &str) -> bool {
    BEGINS.iter().any(|verb| {
        let start = name.get(..verb.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(verb))
    })
}

//! What functions owe by habit: where several of a package, or more of the whole program, defer the same release of what a
//! call gives, whoever else makes that call owes it too, though neither the catalogue nor a source says so.

use std::collections::{BTreeMap, BTreeSet};

use caulk_program::{BodyOwner, Callee, FuncId, FuncRef, LocalId, Program, TypeId, TypedBody};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtKind};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::contract::{Contract, ErrorAt, Origin, Release, is_release_name};
use crate::engine::Function;
use crate::finding::{Confidence, Harm};
use crate::inference::field_uses::FieldUses;
use crate::inference::own_use::{ALWAYS_RELEASE, BEGINS, is_looked_up};
use crate::inference::provenance::{self, Provenance};
use crate::module::{Followed, Module};
use crate::sites::owed::Called;

/// How many functions make the habit of a package.
const SEVERAL: u32 = 2;

/// How many functions make the habit of a program.
const MANY: u32 = 3;

/// How many functions make the habit of a type, whatever gives it, where no more of those that get one and keep it to
/// themselves leave it.
const OF_TYPE: u32 = 4;

/// What stands for a release where a function gets a value, keeps it to itself and does not release it.
const LEFT: &str = "";

/// Methods that give back what they are called on, and have no other use: a `Wait` or a `Commit` has.
pub(crate) const RELEASES: &[&str] = &[
    "Close",
    "Stop",
    "Release",
    "Cancel",
    "Unsubscribe",
    "Shutdown",
    "Disconnect",
    "Destroy",
    "Cleanup",
    "Free",
];

/// By a function, how many others defer which release of what it gives them.
type ByFunction = BTreeMap<String, BTreeMap<SmolStr, u32>>;

/// How many functions defer which release of what a function gives them.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Habits {
    by_package: BTreeMap<String, ByFunction>,
    /// Those of all packages without their tests, which release more than they have to. The functions are told [`alike`]:
    /// an interface and those who implement it name the same method.
    anywhere: ByFunction,
}

/// What functions have in common that give the same in the same way: their last name, and the type.
fn alike(program: &Program, function: &str, value: TypeId) -> Option<String> {
    let named = program.named_of(value)?;
    let name = function.rsplit(['.', '/']).next()?;
    (!crate::types::is_std_path(&named.package))
        .then(|| format!("{}.{} {name}", named.package, named.name))
}

/// The same of all functions that give a type. No function has the name behind it.
fn of_type(program: &Program, value: TypeId) -> Option<String> {
    let named = program.named_of(value)?;
    (!crate::types::is_std_path(&named.package))
        .then(|| format!("{}.{} ", named.package, named.name))
}

impl Habits {
    /// Adds what one body of a package does, of a test or not.
    pub fn read(&mut self, program: &Program, package: &str, body: &TypedBody, is_test: bool) {
        let reader = Reader { body };
        let mut given: BTreeMap<LocalId, Option<ExprId>> = BTreeMap::new();
        let mut released: BTreeMap<LocalId, Released> = BTreeMap::new();
        let mut branches: Vec<Span> = Vec::new();
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
                    }
                    StmtKind::If { then, els, .. } => {
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
        let mut habits: Vec<(String, SmolStr)> = Vec::new();
        for (local, release) in released {
            let Some(Some(value)) = given.get(&local) else {
                continue;
            };
            // What is released under a condition of its own, as when a transaction fails, is not owed in any case, and
            // what is used before, by `s.Open()`, perhaps only from there on.
            let given = tree.expr(*value).span;
            let depends = |branch: &Span| branch.encloses(release.at) && !branch.encloses(given);
            if branches.iter().any(depends)
                || reader.is_used(program, local, Span::new(given.end, release.deferred))
            {
                continue;
            }
            if let Some(func) = body.info.callee(tree.unparen(*value)).func() {
                let (path, _) = crate::types::split_name(program, func);
                if crate::types::is_std_path(path) {
                    continue;
                }
                let habit = (func.name.to_string(), release.method);
                if !habits.contains(&habit) {
                    habits.push(habit);
                }
            }
        }
        for (function, method) in habits {
            let of_package = self.by_package.entry(package.to_owned()).or_default();
            let of_function = of_package.entry(function).or_default();
            *of_function.entry(method).or_default() += 1;
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
            let of_function = self.anywhere.entry(alike).or_default();
            *of_function.entry(SmolStr::new(method)).or_default() += 1;
        }
    }

    /// Those that were noted with how bodies use fields.
    pub fn of_uses<'a>(uses: impl Iterator<Item = &'a FieldUses>) -> Habits {
        let mut all = Habits::default();
        uses.for_each(|uses| all.extend(uses.habits.clone()));
        all
    }

    /// The functions for which a package has another habit, by its path, or the whole program, without one.
    pub fn differing<'a>(&'a self, others: &'a Habits) -> BTreeSet<(Option<&'a str>, &'a str)> {
        let both = self.by_package.iter().chain(&others.by_package);
        let of_packages = both.flat_map(|(package, functions)| {
            let of_package = functions.keys().map(move |function| (package, function));
            of_package.map(|(package, function)| (package.as_str(), function.as_str()))
        });
        let of_packages = of_packages
            .filter(|(package, function)| {
                self.of(package, function) != others.of(package, function)
            })
            .map(|(package, function)| (Some(package), function));
        let anywhere = self.anywhere.keys().chain(others.anywhere.keys());
        let anywhere = anywhere
            .filter(|alike| self.of_all(alike) != others.of_all(alike))
            .filter_map(|alike| Some((None, alike.split(' ').next_back()?)));
        of_packages.chain(anywhere).collect()
    }

    /// Adds those of other bodies.
    pub fn extend(&mut self, other: Habits) {
        for (package, functions) in other.by_package {
            add(self.by_package.entry(package).or_default(), functions);
        }
        add(&mut self.anywhere, other.anywhere);
    }

    /// The method by which a package's functions, or those of the whole program, release what another function gives them,
    /// and which of the two do.
    pub fn method(
        &self,
        program: &Program,
        package: &str,
        function: &str,
        value: TypeId,
    ) -> Option<(&SmolStr, Origin)> {
        let of_package = self.of(package, function).map(|name| (name, Origin::Habit));
        let of_all = || self.of_all(&alike(program, function, value)?);
        of_package.or_else(|| of_all().map(|name| (name, Origin::Custom)))
    }

    /// The method by which functions of the whole program mostly release a value of a type, whatever gives it to them.
    pub fn method_of_type(&self, program: &Program, value: TypeId) -> Option<&SmolStr> {
        self.of_all(&of_type(program, value)?)
    }

    fn of(&self, package: &str, function: &str) -> Option<&SmolStr> {
        most(self.by_package.get(package)?.get(function)?, SEVERAL)
    }

    fn of_all(&self, alike: &str) -> Option<&SmolStr> {
        let methods = self.anywhere.get(alike)?;
        if !alike.ends_with(' ') {
            return most(methods, MANY);
        }
        let left = methods.get(LEFT).copied().unwrap_or_default();
        most(methods, OF_TYPE.max(left)).filter(|method| *method != LEFT)
    }
}

fn add(known: &mut ByFunction, others: ByFunction) {
    for (function, methods) in others {
        let known = known.entry(function).or_default();
        for (method, count) in methods {
            *known.entry(method).or_default() += count;
        }
    }
}

/// The method that most take, and so many at least.
fn most(methods: &BTreeMap<SmolStr, u32>, at_least: u32) -> Option<&SmolStr> {
    let most = methods.iter().max_by_key(|(_, count)| **count)?;
    (*most.1 >= at_least).then_some(most.0)
}

/// A deferred release.
struct Released {
    method: SmolStr,
    at: Span,
    /// Where the `defer` begins.
    deferred: u32,
}

struct Reader<'a> {
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

    /// Whether a variable is named between two places.
    fn is_used(&self, program: &Program, local: LocalId, between: Span) -> bool {
        let tree = self.body.tree();
        let mut used = false;
        for root in caulk_flow::roots(program, self.body) {
            tree.walk(root, |node| {
                if let Node::Expr(expr) = node
                    && let ExprKind::Ident(name) = tree.expr(expr).kind
                {
                    used |= between.encloses(name.span) && self.local(expr) == Some(local);
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

    /// What a deferred call releases, itself or in its literal.
    fn releases(&self, call: ExprId, deferred: u32, released: &mut BTreeMap<LocalId, Released>) {
        let tree = self.body.tree();
        tree.walk(call, |node| {
            if let Node::Expr(expr) = node
                && let ExprKind::Call { fun, args, .. } = tree.expr(expr).kind
                // With arguments it gives back a part: `sem.Release(1)`.
                && args.is_empty()
                && let ExprKind::Selector { x, sel } = tree.expr(fun).kind
                && RELEASES.contains(&tree.name(sel))
                && let Some(local) = self.local(x)
            {
                let release = Released {
                    method: SmolStr::new(tree.name(sel)),
                    at: tree.expr(expr).span,
                    deferred,
                };
                released.insert(local, release);
            }
            Descend::Into
        });
    }
}

/// What a call owes by the habit of the package that makes it, or of the program.
pub(crate) fn contract(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    called: &Called<'_>,
) -> Option<Contract> {
    // A type that is not known has it by what is called on it.
    let value = called.types.first().copied().unwrap_or(TypeId::UNKNOWN);
    let (method, origin) = module.habit(function.package, &called.func.name, value)?;
    by_method(module, function, call, called, method, origin)
}

/// What a call that may fail, and whose source is not at hand, owes by what most of the program do with values of the type
/// that it gives.
pub(crate) fn contract_of_type(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    called: &Called<'_>,
) -> Option<Contract> {
    let [value, error] = called.types else {
        return None;
    };
    let name = called.func.name.rsplit('.').next()?;
    if !crate::types::is_error(module.program, *error)
        || is_looked_up(name)
        || called.func.id.is_some() && !called.of_interface
    {
        return None;
    }
    let method = module.habit_of_type(*value)?;
    by_method(module, function, call, called, method, Origin::Custom)
}

fn by_method(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    called: &Called<'_>,
    method: SmolStr,
    origin: Origin,
) -> Option<Contract> {
    let program = module.program;
    let (package, name) = crate::types::split_name(program, called.func);
    if crate::in_test::is_in_test(module, function)
        || module.catalogue.free_entry(package, name).is_some()
    {
        return None;
    }
    let value = called.types.first().copied().unwrap_or(TypeId::UNKNOWN);
    if !program.is_missing(value)
        && !value.is_unknown()
        && !crate::types::has_callable(program, value, &method)
    {
        return None;
    }
    if !only_releases(program, value, &method)
        || gives_itself(module, called)
        || goes_to_pool(module, value, &method)
        || origin == Origin::Custom
            && (frees_nothing(module, called)
                || crate::inference::convention::is_over_a_stream(module, function, call))
    {
        return None;
    }
    let says_whether = |ty: TypeId| {
        // An error of the program's own need not be an `error`: `*tcpip.Error`.
        let is_own_error = program
            .named_of(ty)
            .is_some_and(|named| named.name.ends_with("Error"));
        crate::types::is_error(program, ty)
            || is_own_error
            || program.type_string(ty) == "bool"
            || ty.is_unknown()
    };
    let mut others = called.types.iter().enumerate().skip(1).rev();
    let error = match called.types {
        [] => ErrorAt::Last,
        [.., last] if says_whether(*last) => ErrorAt::Last,
        // `w, ok, ctx := NewFromContext(ctx)`
        _ => others
            .find(|(_, ty)| !ty.is_unknown() && says_whether(**ty))
            .map_or(ErrorAt::Never, |(index, _)| ErrorAt::Index(index)),
    };
    // One whose source shows that it only puts together what it gives holds nothing until it is used.
    let only_makes = called.func.id.is_some_and(|id| {
        // Functions may call each other in a circle.
        let Followed::Yes(reach) = module.follows(called.reach, called.caller, id) else {
            return false;
        };
        module.is_own(id) && !called.of_interface && {
            let results = module.results(id, reach);
            results.contracts.is_empty()
                && !results.undecided
                && crate::inference::provenance::is_literal(module, id, 0)
                && !crate::engine::idle::starts(module, id)
        }
    });
    Some(Contract {
        idle: only_makes,
        error,
        harm: Harm {
            memory: true,
            ..Harm::default()
        },
        ..Contract::of(
            release_of(module, value, &method),
            Confidence::Likely,
            origin,
        )
    })
}

/// The release by a method, and by others of its type that set what that sets: `permit.RecordFailure()` completes it as
/// `permit.Release()` does.
pub(crate) fn release_of(module: &Module<'_>, ty: TypeId, method: &str) -> Release {
    let program = module.program;
    let declared = program.method(ty, method);
    let id = declared
        .filter(|method| !method.of_interface)
        .and_then(|method| method.func.id);
    let flags = |id: FuncId| {
        let function = module.function(BodyOwner::Func(id));
        function.map_or_else(Vec::new, |function| flags_set(&function))
    };
    let set = id.map(flags).unwrap_or_default();
    let mut names = vec![method.to_owned()];
    if let (Some(id), Some(named), false) = (id, program.named_of(ty), set.is_empty()) {
        let others = program.package(id.package).methods_of(&named.name);
        let alike = others.filter(|other| {
            let other = other.reference.id.filter(|other| *other != id);
            other.is_some_and(|other| flags(other).iter().any(|flag| set.contains(flag)))
        });
        names.extend(alike.map(|other| other.name.to_string()));
    }
    Release::any_of(names.iter().map(String::as_str))
}

/// The fields of its receiver that a method sets to `true`.
fn flags_set(function: &Function) -> Vec<String> {
    let tree = function.tree();
    let mut flags = Vec::new();
    let Some(graph) = function.graph(None) else {
        return flags;
    };
    let is_true = |value: ExprId| matches!(tree.expr(value).kind, ExprKind::Ident(name) if tree.name(name) == "true");
    tree.walk(graph.body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
            && let ([target], [value]) = (tree.exprs(lhs), tree.exprs(rhs))
            && let ExprKind::Selector { x, sel } = tree.expr(*target).kind
            && is_true(*value)
            && function.info().receiver().is_some()
            && function.local(x) == function.info().receiver()
        {
            flags.push(tree.name(sel).to_owned());
        }
        Descend::Into
    });
    flags
}

/// How many functions, one called by the other, are looked into for a pool.
const POOL_DEPTH: u8 = 3;

/// Whether a release does no more than give a value back to a pool, which makes another where it has none.
fn goes_to_pool(module: &Module<'_>, ty: TypeId, method: &str) -> bool {
    let method = module.program.method(ty, method);
    let id = method
        .filter(|method| !method.of_interface)
        .and_then(|method| method.func.id);
    id.is_some_and(|id| puts_into_pool(module, id, POOL_DEPTH) == Some(true))
}

/// The same of a method, none where it releases something else.
fn puts_into_pool(module: &Module<'_>, id: FuncId, depth: u8) -> Option<bool> {
    let Some(depth) = depth.checked_sub(1) else {
        return Some(false);
    };
    let function = module.function(BodyOwner::Func(id))?;
    let receiver = function.info().receiver();
    let calls = function.info().calls();
    let mut puts = false;
    for (_, callee) in calls {
        let Some(func) = callee.func() else {
            continue;
        };
        let name = func.name.rsplit('.').next().unwrap_or_default();
        let is_known = !matches!(callee, Callee::Interface { .. });
        match func.id.filter(|id| is_known && module.is_own(*id)) {
            Some(id) => {
                let gives_back = puts_into_pool(module, id, depth)?;
                let of_value = receiver.is_some()
                    && callee.receiver().and_then(|x| function.local(x)) == receiver;
                // What a part of it does to let go is more than that.
                if !gives_back && !of_value && is_release_name(name) {
                    return None;
                }
                puts |= gives_back;
            }
            None if is_of_pool(module.program, func) => puts = true,
            None if is_release_name(name) => return None,
            None => puts |= name.starts_with("Put"),
        }
    }
    Some(puts)
}

/// Whether a function of a package that is called a pool takes something back: `reuse.Free`.
fn is_of_pool(program: &Program, func: &FuncRef) -> bool {
    let (package, name) = crate::types::split_name(program, func);
    matches!(package.rsplit('/').next(), Some("pool" | "reuse"))
        && ["Put", "Free", "Release"]
            .iter()
            .any(|verb| name.contains(verb))
}

/// Whether a method gives nothing but perhaps an error: one that gives more takes the value apart, `undo := c.Release()`.
fn only_releases(program: &Program, ty: TypeId, method: &str) -> bool {
    let signature = program
        .method(ty, method)
        .and_then(|method| program.func_type(method.signature));
    signature.is_none_or(|signature| match *signature.results {
        [] => true,
        [only] => crate::types::is_error(program, only) || only.is_unknown(),
        _ => false,
    })
}

/// Whether a method gives back what it is called on, so that calls of it can be written in a row.
fn gives_itself(module: &Module<'_>, called: &Called<'_>) -> bool {
    let id = called.func.id.filter(|_| !called.of_interface);
    let Some(function) = id.and_then(|id| module.function(BodyOwner::Func(id))) else {
        return false;
    };
    let (tree, receiver) = (function.tree(), function.info().receiver());
    let Some(graph) = function.graph(None).filter(|_| receiver.is_some()) else {
        return false;
    };
    let (mut all, mut own) = (0, 0);
    tree.walk(graph.body, |node| match node {
        Node::Stmt(stmt) => {
            if let StmtKind::Return(list) = tree.stmt(stmt).kind {
                let first = tree.exprs(list).first();
                all += 1;
                own += usize::from(first.and_then(|x| function.local(*x)) == receiver);
            }
            Descend::Into
        }
        Node::Expr(_) => Descend::Skip,
    });
    all > 0 && all == own
}

/// Whether the source of a callee shows that what it gives frees nothing.
fn frees_nothing(module: &Module<'_>, called: &Called<'_>) -> bool {
    let Some(id) = called.func.id.filter(|_| !called.of_interface) else {
        return false;
    };
    let Followed::Yes(reach) = module.follows(called.reach, called.caller, id) else {
        return false;
    };
    matches!(
        provenance::of_result(module, id, 0, reach),
        Provenance::Idle | Provenance::Unfinished
    )
}

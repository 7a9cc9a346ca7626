//! What the functions of a package owe by habit: where several of them defer the same release of what a call gives,
//! whoever else there makes that call owes it too, though neither the catalogue nor a source says so.

use std::collections::{BTreeMap, BTreeSet};

use caulk_program::{BodyOwner, LocalId, Program, TypeId, TypedBody};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtKind};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::contract::{Contract, ErrorAt, Origin, Release};
use crate::engine::Function;
use crate::finding::{Confidence, Harm};
use crate::inference::field_uses::FieldUses;
use crate::module::Module;
use crate::sites::Called;

/// How many functions make a habit.
const SEVERAL: u32 = 2;

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

/// How many functions of each package defer which release of what a function gives them.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Habits {
    by_package: BTreeMap<String, BTreeMap<String, BTreeMap<SmolStr, u32>>>,
}

impl Habits {
    /// Adds what one body of a package does.
    pub fn read(&mut self, program: &Program, package: &str, body: &TypedBody) {
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
            if let Some(func) = body.info.callee(caulk_flow::unparen(tree, *value)).func() {
                let (path, _) = crate::types::split_name(program, func);
                let habit = (func.name.to_string(), release.method);
                if !crate::types::is_std_path(path) && !habits.contains(&habit) {
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

    /// Those that were noted with how bodies use fields.
    pub fn of_uses<'a>(uses: impl Iterator<Item = &'a FieldUses>) -> Habits {
        let mut all = Habits::default();
        uses.for_each(|uses| all.extend(uses.habits.clone()));
        all
    }

    /// The functions for which a package has another habit, by its path.
    pub fn differing<'a>(&'a self, others: &'a Habits) -> BTreeSet<(&'a str, &'a str)> {
        let both = self.by_package.iter().chain(&others.by_package);
        both.flat_map(|(package, functions)| {
            let of_package = functions.keys().map(move |function| (package, function));
            of_package.map(|(package, function)| (package.as_str(), function.as_str()))
        })
        .filter(|(package, function)| self.of(package, function) != others.of(package, function))
        .collect()
    }

    /// Adds those of other bodies.
    pub fn extend(&mut self, other: Habits) {
        for (package, functions) in other.by_package {
            let known = self.by_package.entry(package).or_default();
            for (function, methods) in functions {
                let known = known.entry(function).or_default();
                for (method, count) in methods {
                    *known.entry(method).or_default() += count;
                }
            }
        }
    }

    /// The method by which a package's functions release what another function gives them.
    pub fn of(&self, package: &str, function: &str) -> Option<&SmolStr> {
        let methods = self.by_package.get(package)?.get(function)?;
        let most = methods.iter().max_by_key(|(_, count)| **count)?;
        (*most.1 >= SEVERAL).then_some(most.0)
    }
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

/// What a call owes by the habit of the package that makes it.
pub(crate) fn contract(
    module: &Module<'_>,
    function: &Function,
    called: &Called<'_>,
) -> Option<Contract> {
    let program = module.program;
    let (package, name) = crate::types::split_name(program, called.func);
    if crate::in_test::is_in_test(module, function)
        || module.catalogue.free_entry(package, name).is_some()
    {
        return None;
    }
    let method = module.habit(function.package, &called.func.name)?;
    // A type that is not known has it by what is called on it.
    let value = called.types.first().copied().unwrap_or(TypeId::UNKNOWN);
    if !program.is_missing(value)
        && !value.is_unknown()
        && !crate::types::has_callable(program, value, &method)
    {
        return None;
    }
    if goes_to_pool(module, value, &method) {
        return None;
    }
    let says_whether = |ty: TypeId| {
        crate::types::is_error(program, ty) || program.type_string(ty) == "bool" || ty.is_unknown()
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
        module.is_own(id) && !called.of_interface && {
            let results = module.results(id, called.reach);
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
        ..Contract::of(Release::method(&method), Confidence::Likely, Origin::Habit)
    })
}

/// Whether a release only gives a value back to a `sync.Pool`, which makes another where it has none.
fn goes_to_pool(module: &Module<'_>, ty: TypeId, method: &str) -> bool {
    let program = module.program;
    let id = program
        .method(ty, method)
        .filter(|method| !method.of_interface)
        .and_then(|method| method.func.id);
    let Some(function) = id.and_then(|id| module.function(BodyOwner::Func(id))) else {
        return false;
    };
    let calls = function.info().calls();
    calls.iter().any(|(_, callee)| {
        callee
            .func()
            .is_some_and(|func| &*func.name == "sync.Pool.Put")
    })
}

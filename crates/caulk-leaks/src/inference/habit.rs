//! What functions owe by habit: where several of a package, or more of the whole program, defer the same release of what a
//! call gives, whoever else makes that call owes it too, though neither the catalogue nor a source says so.

use std::collections::{BTreeMap, BTreeSet};

use caulk_program::{BodyOwner, Callee, FuncId, FuncRef, Program, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::body::Function;
use crate::contract::{Contract, ErrorAt, Origin, Release, is_release_name};
use crate::finding::{Confidence, Harm};
use crate::inference::field_uses::FieldUses;
use crate::inference::own_use::{self, is_looked_up};
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
pub(super) const LEFT: &str = "";

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

/// How a function releases what another gives it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Way {
    /// By a method of its own, wherever it leaves.
    Method(SmolStr),
    /// By that, once it has called a method before which nothing may be held: `s.Open()`.
    Begun(SmolStr),
    /// By a method of its own where it gives up; what holds nothing at first was begun before.
    GivingUp { method: SmolStr, begun: bool },
    /// By passing it to a method of what gave it: `pool.Put(conn)`.
    GivenBack(SmolStr),
}

/// By a function, how many others release what it gives them in which way.
type ByFunction = BTreeMap<String, BTreeMap<Way, u32>>;

/// How many functions release in which way what a function gives them.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
pub(crate) struct Habits {
    by_package: BTreeMap<String, ByFunction>,
    /// Those of all packages without their tests, which release more than they have to. The functions are told [`alike`]:
    /// an interface and those who implement it name the same method.
    anywhere: ByFunction,
}

/// What functions have in common that give the same in the same way: their last name, and the type.
pub(super) fn alike(program: &Program, function: &str, value: TypeId) -> Option<String> {
    let named = program.named_of(value)?;
    let name = crate::types::simple_name(function);
    (!crate::types::is_std_path(&named.package))
        .then(|| [&*named.package, ".", &named.name, " ", name].concat())
}

/// The same of all functions that give a type. No function has the name behind it.
pub(super) fn of_type(program: &Program, value: TypeId) -> Option<String> {
    let named = program.named_of(value)?;
    (!crate::types::is_std_path(&named.package))
        .then(|| [&*named.package, ".", &named.name, " "].concat())
}

impl Habits {
    /// One more function of a package does so.
    pub(super) fn note_of_package(&mut self, package: &str, function: String, way: Way) {
        let of_package = self.by_package.entry(package.to_owned()).or_default();
        *of_package
            .entry(function)
            .or_default()
            .entry(way)
            .or_default() += 1;
    }

    /// One more of the whole program.
    pub(super) fn note_anywhere(&mut self, alike: String, way: Way) {
        *self
            .anywhere
            .entry(alike)
            .or_default()
            .entry(way)
            .or_default() += 1;
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
            .filter(|alike| match alike.contains(' ') {
                true => self.of_all(alike) != others.of_all(alike),
                false => self.of_function(alike) != others.of_function(alike),
            })
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

    /// The way in which a package's functions, or those of the whole program, release what another function gives them,
    /// and which of the two do.
    pub fn way(
        &self,
        program: &Program,
        package: &str,
        function: &str,
        value: TypeId,
        is_followed: bool,
    ) -> Option<(Way, Origin)> {
        let of_package = self.by_package.get(package);
        let of_package = of_package.and_then(|functions| functions.get(function));
        let anywhere = self.anywhere.get(function);
        // What its source shows is more than its name says.
        let at_least = match is_followed {
            true => SEVERAL,
            false => enough(function),
        };
        let habit = |way: Way| (way, Origin::Habit);
        let custom = |way: Way| (way, Origin::Custom);
        let by_type = || {
            let method = self.of_all(&alike(program, function, value)?)?;
            Some(custom(Way::Method(method.clone())))
        };
        of_package
            .and_then(|ways| whatever_comes(ways, at_least))
            .map(habit)
            .or_else(by_type)
            .or_else(|| whatever_comes(anywhere?, MANY).map(custom))
            .or_else(|| giving_up(of_package?, SEVERAL).map(habit))
            .or_else(|| giving_up(anywhere?, MANY).map(custom))
    }

    /// The method by which functions of the whole program mostly release a value of a type, whatever gives it to them.
    pub fn method_of_type(&self, program: &Program, value: TypeId) -> Option<&SmolStr> {
        self.of_all(&of_type(program, value)?)
    }

    fn of(&self, package: &str, function: &str) -> Option<Way> {
        let ways = self.by_package.get(package)?.get(function)?;
        whatever_comes(ways, enough(function)).or_else(|| giving_up(ways, SEVERAL))
    }

    /// How many of the whole program release what a function gives them, where its type need not be known.
    fn of_function(&self, function: &str) -> Option<Way> {
        let ways = self.anywhere.get(function)?;
        whatever_comes(ways, MANY).or_else(|| giving_up(ways, MANY))
    }

    fn of_all(&self, alike: &str) -> Option<&SmolStr> {
        let methods = self.anywhere.get(alike)?;
        if !alike.ends_with(' ') {
            return most(methods, MANY);
        }
        let left = methods.get(&Way::Method(SmolStr::new(LEFT)));
        let left = left.copied().unwrap_or_default();
        most(methods, OF_TYPE.max(left)).filter(|method| *method != LEFT)
    }
}

fn add(known: &mut ByFunction, others: ByFunction) {
    for (function, ways) in others {
        let known = known.entry(function).or_default();
        for (way, count) in ways {
            *known.entry(way).or_default() += count;
        }
    }
}

/// The method that most take wherever they leave, and so many at least.
fn most(ways: &BTreeMap<Way, u32>, at_least: u32) -> Option<&SmolStr> {
    let methods = ways.iter().filter_map(|(way, count)| match way {
        Way::Method(method) => Some((method, *count)),
        Way::Begun(_) | Way::GivingUp { .. } | Way::GivenBack(_) => None,
    });
    let (method, count) = methods.max_by_key(|(_, count)| *count)?;
    (count >= at_least).then_some(method)
}

/// How many functions make the habit of a package, where the source is not at hand: one is enough where the function that they call says by its name that it
/// opens what it gives.
fn enough(function: &str) -> u32 {
    match super::opened::says_so(function) {
        true => 1,
        false => SEVERAL,
    }
}

/// What so many do wherever they leave.
fn whatever_comes(ways: &BTreeMap<Way, u32>, at_least: u32) -> Option<Way> {
    let several = |is: fn(&Way) -> bool| {
        let mut known = ways.iter();
        let known = known.find(|(way, count)| is(way) && **count >= at_least.max(SEVERAL));
        known.map(|(way, _)| way.clone())
    };
    let method = most(ways, at_least).map(|method| Way::Method(method.clone()));
    method
        .or_else(|| several(|way| matches!(way, Way::Begun(_))))
        .or_else(|| several(|way| matches!(way, Way::GivenBack(_))))
}

/// What so many do where they give up, if one of them does it only there.
fn giving_up(ways: &BTreeMap<Way, u32>, at_least: u32) -> Option<Way> {
    ways.keys().find_map(|way| {
        let Way::GivingUp { method, .. } = way else {
            return None;
        };
        let count = |way: Way| ways.get(&way).copied().unwrap_or_default();
        let giving_up = |begun: bool| {
            let method = method.clone();
            count(Way::GivingUp { method, begun })
        };
        let at_once = giving_up(false) + count(Way::Method(method.clone()));
        let begun = giving_up(false) == 0 || at_once < at_least;
        (at_once + giving_up(true) >= at_least).then(|| Way::GivingUp {
            method: method.clone(),
            begun,
        })
    })
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
    let is_followed = called.func.id.is_some_and(|id| module.is_own(id));
    let (way, origin) = module.habit(function.package, &called.func.name, value, is_followed)?;
    match way {
        Way::Method(method) => by_method(module, function, call, called, method, origin),
        Way::GivingUp { .. } => None,
        Way::Begun(method) => {
            let acquired_after = own_use::begun_with(module, function, call);
            if acquired_after.is_empty() {
                return None;
            }
            let owed = by_method(module, function, call, called, method, origin)?;
            Some(Contract {
                idle: false,
                acquired_after,
                ..owed
            })
        }
        Way::GivenBack(method) => by_taker(module, function, call, called, &method),
    }
}

/// What a call owes where the function fails, by what others of the package do where they give up.
pub(crate) fn contract_giving_up(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    called: &Called<'_>,
) -> Option<Contract> {
    let value = called.types.first().copied().unwrap_or(TypeId::UNKNOWN);
    let known = module.habit(function.package, &called.func.name, value, true);
    let (Way::GivingUp { method, begun }, origin) = known? else {
        return None;
    };
    let begins = !own_use::begun_with(module, function, call).is_empty();
    if begun && !begins
        || own_use::is_kept_by_another(module, called)
        || own_use::is_given_to_be_written(module, function, call)
    {
        return None;
    }
    let owed = by_method(module, function, call, called, method, origin)?;
    Some(Contract {
        where_it_fails: true,
        // Also by a `Dial` that fails something may have been begun.
        idle: owed.idle || begins,
        ..owed
    })
}

/// What a call owes where others give what it gives back to what gave it. A list of what can be used again loses nothing by
/// one that is not put back, unless that holds something.
fn by_taker(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    called: &Called<'_>,
    method: &str,
) -> Option<Contract> {
    let program = module.program;
    if crate::in_test::is_in_test(module, function) {
        return None;
    }
    let value = called.types.first().copied().unwrap_or(TypeId::UNKNOWN);
    let receiver = function.callee(call).receiver()?;
    let taker = program.method(function.info().type_of(receiver), method);
    let id = taker
        .filter(|taker| !taker.of_interface)
        .and_then(|taker| taker.func.id);
    let is_known = !value.is_unknown() && !program.is_missing(value);
    if id.is_some_and(|id| puts_into_pool(module, id, POOL_DEPTH) == Some(true))
        || is_known && !module.can_be_released(value) && is_pool(method)
    {
        return None;
    }
    Some(Contract {
        error: says_whether_at(program, called),
        harm: Harm {
            memory: true,
            ..Harm::default()
        },
        ..Contract::of(
            Release {
                taken_by: vec![method.to_owned()],
                ..Release::default()
            },
            Confidence::Likely,
            Origin::Habit,
        )
    })
}

/// Whether a method puts back what can be used again, and makes another where there is none.
fn is_pool(method: &str) -> bool {
    let method = method.to_ascii_lowercase();
    ["put", "return", "recycle", "giveback", "checkin", "free"]
        .iter()
        .any(|verb| method.starts_with(verb))
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
    let name = crate::types::simple_name(&called.func.name);
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
        || super::looked_up::only_looks_up(module, called)
        || goes_to_pool(module, value, &method)
        || origin == Origin::Custom
            && (frees_nothing(module, called)
                || crate::inference::convention::is_over_a_stream(module, function, call))
    {
        return None;
    }
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
        error: says_whether_at(program, called),
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

/// Which result of a call says that it gives nothing.
fn says_whether_at(program: &Program, called: &Called<'_>) -> ErrorAt {
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
    match called.types {
        [] => ErrorAt::Last,
        [.., last] if says_whether(*last) => ErrorAt::Last,
        // `w, ok, ctx := NewFromContext(ctx)`
        _ => others
            .find(|(_, ty)| !ty.is_unknown() && says_whether(**ty))
            .map_or(ErrorAt::Never, |(index, _)| ErrorAt::Index(index)),
    }
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
        let package = program.package(id.package);
        let alike = package.methods_of(&named.name).filter(|other| {
            let other = package.id_of(other);
            other != id && flags(other).iter().any(|flag| set.contains(flag))
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
        let name = crate::types::simple_name(&func.name);
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

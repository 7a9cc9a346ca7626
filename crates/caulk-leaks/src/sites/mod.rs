//! The calls of a body that acquire, and what becomes of each.

pub(crate) mod answered;
pub(crate) mod around;
mod behind;
pub(crate) mod deadline;
mod in_memory;
mod literals;
pub(crate) mod made_of;
pub(crate) mod owed;
pub(crate) mod stand_in;
pub(crate) mod waited;
pub(crate) mod written_out;

use std::sync::Arc;

use caulk_program::{BodyOwner, Callee, FuncId, LocalKind, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtKind};

use crate::body::{Function, Root};
use crate::contract::{Contract, Release};
use crate::engine::{Run, Start, Verdict};
use crate::finding::{Confidence, ContractSource, SettledBy};
use crate::module::{Module, Reach};
use owed::contracts_of_call;

/// An acquiring call.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub call: ExprId,
    /// Which of its results is owed.
    pub result: usize,
    /// How many results it has.
    pub results: usize,
    /// Which of them is the error.
    pub error: Option<usize>,
    pub contract: Arc<Contract>,
    pub release: Arc<Release>,
    /// The function or literal that it stands in.
    pub root: Root,
    /// Canonical name of the acquiring function.
    pub acquired_by: String,
    /// The Go type that is owed.
    pub type_name: String,
    /// Where the argument is made that is owed instead of a result.
    pub argument: Option<Span>,
}

impl Site {
    /// Where what becomes of it is followed from.
    pub fn start(&self) -> Start {
        Start::Call {
            call: self.call,
            result: self.result,
            error: self.error,
            beside: self.contract.beside,
            results: self.results,
            argument: self.argument,
        }
    }

    /// Whether it is a value that is written out, and no call.
    pub fn is_written_out(&self) -> bool {
        self.acquired_by.ends_with("{}")
    }

    /// What the acquired value is assigned to by the statement that acquires it.
    pub fn target(&self, function: &Function) -> Option<ExprId> {
        function.target(self.call, self.result)
    }
}

/// Follows every acquisition of a body.
pub(crate) fn verdicts(
    module: &Module<'_>,
    owner: BodyOwner,
    reach: Reach,
) -> Vec<(Site, Verdict)> {
    let Some(function) = module.function(owner) else {
        return Vec::new();
    };
    let mut verdicts: Vec<(Site, Verdict)> = sites(module, &function, reach)
        .into_iter()
        .map(|site| followed(module, &function, reach, site))
        .collect();
    let called = literals::sites(module, &function, reach, &verdicts);
    if !called.is_empty() {
        verdicts.extend(
            called
                .into_iter()
                .map(|site| followed(module, &function, reach, site)),
        );
        let tree = function.tree();
        verdicts.sort_by_key(|(site, _)| (tree.expr(site.call).span, site.result));
    }
    verdicts
}

/// Follows what a body gets from functions that lead back to it: it owes that as those do who call them from outside.
pub(crate) fn verdicts_in_circle(module: &Module<'_>, owner: BodyOwner) -> Vec<(Site, Verdict)> {
    let reach = Reach::FULL;
    let Some(function) = module.function(owner) else {
        return Vec::new();
    };
    let calls = function.info().calls();
    let mut sites: Vec<Site> = calls
        .into_iter()
        .filter(|(_, callee)| {
            let direct = !matches!(callee, Callee::Interface { .. });
            let id = callee.func().and_then(|func| func.id).filter(|_| direct);
            id.is_some_and(|id| module.is_called_back(owner, id))
        })
        .filter(|(call, callee)| {
            sites_of_call(module, &function, reach, (*call, callee), owner.func()).is_empty()
        })
        .flat_map(|(call, callee)| sites_of_call(module, &function, reach, (call, callee), None))
        .collect();
    sort(&function, &mut sites);
    sites
        .into_iter()
        .map(|site| followed(module, &function, reach, site))
        .collect()
}

/// Follows what a site acquires.
fn followed(
    module: &Module<'_>,
    function: &Function,
    reach: Reach,
    mut site: Site,
) -> (Site, Verdict) {
    if site.contract.waited_in_loop
        && let Some(verdict) =
            crate::sites::waited::verdict(module, function, site.call, &site.contract)
    {
        return (site, verdict);
    }
    let start = site.start();
    let follow = |root: Root, start: Start| {
        let (release, contract) = (&site.release, Some(&*site.contract));
        Run::new(module, function, root, reach, release, contract).outcomes(start)
    };
    let mut outcomes = follow(site.root, start);
    if let Some(around) = crate::sites::around::of(module, function, &site, &outcomes) {
        let after = follow(around.root, around.start.clone());
        if after.owed.is_empty() && around.loses_by_failing(function, &outcomes, &after) {
            outcomes.owed = std::mem::take(&mut outcomes.left_failing);
            outcomes.unknown = None;
            // Where all goes well the variable keeps it for the function around the literal.
            let acquired = function.tree().expr(site.call).span;
            outcomes.settled = Some((SettledBy::Stored, acquired));
        } else {
            outcomes = after;
            site.root = around.root;
        }
    }
    if site.contract.where_it_fails {
        outcomes.owed.retain(|lost| lost.error == Some(true));
    }
    if site.contract.writer_waits {
        crate::inference::piped::keep_waited_for(module, function, &site, &mut outcomes);
    }
    (site, Verdict { outcomes })
}

/// The acquiring calls of a body, by place.
pub(crate) fn sites(module: &Module<'_>, function: &Function, reach: Reach) -> Vec<Site> {
    let mut sites = Vec::new();
    for called in function.info().calls() {
        sites.extend(sites_of_call(
            module,
            function,
            reach,
            called,
            function.id(),
        ));
    }
    sites.extend(written_out::sites(module, function));
    sort(function, &mut sites);
    sites
}

fn sort(function: &Function, sites: &mut [Site]) {
    let tree = function.tree();
    sites.sort_by_key(|site| (tree.expr(site.call).span, site.result));
}

/// What a call acquires, as `caller` is known to call it: what leads back to that is not followed.
fn sites_of_call(
    module: &Module<'_>,
    function: &Function,
    reach: Reach,
    (call, callee): (ExprId, &Callee),
    caller: Option<FuncId>,
) -> Vec<Site> {
    let (acquired_by, package, name) = match callee.func() {
        Some(func) => {
            let (package, name) = crate::types::split_name(module.program, func);
            (func.name.to_string(), package, name)
        }
        None => match called_value(function, callee) {
            Some(name) => (name, "", ""),
            None => return Vec::new(),
        },
    };
    let count = result_count(module, function, call);
    let mut sites = Vec::new();
    for mut contract in contracts_of_call(module, function, reach, (call, callee), count, caller) {
        // A context that has no end keeps no list of those below it.
        contract.idle |= never_ends(module, function, call, contract.idle_below);
        let is_piled_up = || is_piled_up(module, function, call, &contract);
        let ends =
            contract.endless_context && !never_ends(module, function, call, contract.context_ends);
        if ends
            || !matters(module, function, &contract) && !is_piled_up()
            || is_fire_and_forget(function, call, &contract)
            || contract.holds_nothing && crate::in_test::is_in_test(module, function)
            || contract.named_only && matches!(function.parent(call), Some(Node::Expr(_)))
            || contract.kept_only && !is_kept(function, call, &contract)
            || crate::sites::waited::is_short(module, function, call, &contract) && !is_piled_up()
            || contract.rule == "unclosed-response-body"
                && crate::sites::answered::is_made_up(module, function, call, &contract)
            || contract.rule == "unclosed-file"
                && crate::sites::in_memory::opens(module, function, call)
            || !contract.made_with.is_empty()
                && !crate::sites::made_of::has_call(module, function, call, &contract.made_with)
            || contract.takes_over.as_ref().is_some_and(|over| {
                !crate::sites::made_of::takes_over(module, function, reach, call, over)
            })
            || contract
                .nothing_of_nil
                .is_some_and(|index| is_nil_argument(function, call, index))
            || contract.waited_in_loop
                && crate::sites::waited::verdict(module, function, call, &contract).is_none()
            || contract.listed && !is_given_to_variable(function, call, &contract)
        {
            continue;
        }
        contract.slight |= contract.rule == "unclosed-response-body"
            && crate::sites::answered::asks_for_headers(module, function, call);
        if let Some(empty) = &mut contract.empty_where
            && crate::in_test::is_in_test(module, function)
            && crate::sites::answered::is_sent(module, function, call)
        {
            empty.is.append(&mut empty.is_when_sent);
        }
        let contract = Arc::new(contract);
        let release = Arc::new(contract.release.clone());
        let site = |result: usize, argument: Option<Span>, ty: TypeId| Site {
            call,
            result,
            results: count,
            error: contract.error.index(count),
            release: Arc::clone(&release),
            root: function.root_of(call),
            acquired_by: acquired_by.clone(),
            type_name: type_name(module, &contract, ty, package, name),
            contract: Arc::clone(&contract),
            argument,
        };
        if let Some(index) = contract.argument {
            let made = crate::inference::registered::argument(
                module,
                function,
                call,
                index,
                contract.unread,
            );
            sites.extend(made.map(|(made, ty)| site(0, Some(made), ty)));
            continue;
        }
        for &result in &contract.results {
            let ty = result_type(module, function, call, result);
            if result < count && can_release(module, ty, &contract) {
                sites.push(site(result, None, ty));
            }
        }
    }
    sites
}

/// Whether a variable or a field gets what is owed, or whoever called.
fn is_kept(function: &Function, call: ExprId, contract: &Contract) -> bool {
    let tree = function.tree();
    match function.parent(call) {
        Some(Node::Stmt(stmt)) => match tree.stmt(stmt).kind {
            StmtKind::Assign { lhs, .. } => contract.results.iter().any(|result| {
                let target = tree.exprs(lhs).get(*result);
                target.is_some_and(|target| !tree.is_blank(*target))
            }),
            StmtKind::Expr(_) => false,
            _ => true,
        },
        _ => true,
    }
}

/// Whether a variable gets a list of what is owed, which no other loop names than one over its elements: where a list goes
/// otherwise is not followed, nor is it known of another loop that it has a round.
fn is_given_to_variable(function: &Function, call: ExprId, contract: &Contract) -> bool {
    let tree = function.tree();
    let Some(Node::Stmt(stmt)) = function.parent(call) else {
        return false;
    };
    let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind else {
        return false;
    };
    let targets = tree.exprs(lhs);
    let around = function.innermost_loop(call);
    let is_variable = |result: &usize| {
        let target = targets
            .get(*result)
            .and_then(|target| function.local(*target));
        target.is_some_and(|list| {
            let mut alone = true;
            let Some(graph) = function.graph(None) else {
                return false;
            };
            tree.walk(graph.body, |node| {
                if let Node::Expr(expr) = node
                    && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
                    && function.local(expr) == Some(list)
                {
                    let is_ranged_over = matches!(function.parent(expr), Some(Node::Stmt(stmt))
                        if matches!(tree.stmt(stmt).kind, StmtKind::Range { .. }));
                    alone &= is_ranged_over || function.innermost_loop(expr) == around;
                }
                Descend::Into
            });
            alone
        })
    };
    rhs.len() == 1 && contract.results.iter().all(is_variable)
}

/// The name of the variable or the field whose function is called.
fn called_value(function: &Function, callee: &Callee) -> Option<String> {
    match callee {
        Callee::Local(local) => {
            let local = function.info().local_info(*local)?;
            Some(local.name.to_string())
        }
        Callee::Field { name, .. } => Some(name.to_string()),
        Callee::Unknown { name, .. } if !name.is_empty() => Some(name.to_string()),
        Callee::PackageVar { name, .. } => Some(name.to_string()),
        _ => None,
    }
}

/// Whether an argument of a call is `nil` itself.
fn is_nil_argument(function: &Function, call: ExprId, index: usize) -> bool {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return false;
    };
    let arg = tree.exprs(args).get(index);
    arg.is_some_and(|arg| *function.info().object(tree.unparen(*arg)) == caulk_program::Object::Nil)
}

/// A statement that starts goroutines and drops what stops them means them to run to the end.
fn is_fire_and_forget(function: &Function, call: ExprId, contract: &Contract) -> bool {
    function.stands_alone(call)
        && contract.confidence == Confidence::Likely
        && contract.origin.source() == ContractSource::Source
}

/// Whether an unreleased one does harm with the Go version of the module; within a dependency that is
/// for the project's module to say.
fn matters(module: &Module<'_>, function: &Function, contract: &Contract) -> bool {
    let Some((_, until)) = contract.until else {
        return true;
    };
    if function.id().is_some_and(|id| !module.is_own(id)) {
        return true;
    }
    let own = module.program.package(function.package).module();
    let setting = contract.revived_by.as_deref().unwrap_or_default();
    if let Some((name, value)) = setting.split_once('=')
        && let Some(set) = own.godebug(name)
    {
        return set == value;
    }
    own.go_minor.is_none_or(|minor| minor < until)
}

/// Whether each turn of an endless loop defers the release of what a call gives it, and so keeps it, whatever the collector could do.
fn is_piled_up(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    contract: &Contract,
) -> bool {
    let tree = function.tree();
    let Some(around) = function.innermost_loop(call) else {
        return false;
    };
    let StmtKind::For { body, .. } = tree.stmt(around).kind else {
        return false;
    };
    let target = contract.results.first();
    let target = target.and_then(|result| function.local(function.target(call, *result)?));
    let own = function.id().is_none_or(|id| module.is_own(id));
    own && target.is_some()
        && tree.is_endless_loop(around)
        && tree.block(body).iter().any(|stmt| {
            let StmtKind::Defer(deferred) = tree.stmt(*stmt).kind else {
                return false;
            };
            let callee = function.callee(deferred);
            contract.release.is_method(crate::types::last_name(callee))
                && callee.receiver().and_then(|x| function.local(x)) == target
        })
}

/// Whether an argument of a call is a context that is known never to end.
fn never_ends(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    argument: Option<usize>,
) -> bool {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return false;
    };
    let context = argument.and_then(|index| tree.exprs(args).get(index));
    context.is_some_and(|context| crate::engine::context::never_ends(module, function, *context))
}

/// How many results a call has: by its type, else by what they are assigned to.
pub(crate) fn result_count(module: &Module<'_>, function: &Function, call: ExprId) -> usize {
    let ty = function.info().type_of(call);
    if !ty.is_unknown() {
        return if ty == TypeId::VOID {
            0
        } else {
            module.program.results_of(ty).len()
        };
    }
    let tree = function.tree();
    let mut node = function.parent(call);
    while let Some(Node::Expr(expr)) = node {
        if !matches!(tree.expr(expr).kind, ExprKind::Paren(_)) {
            return 1;
        }
        node = function.parent(expr);
    }
    match node {
        Some(Node::Stmt(stmt)) => match tree.stmt(stmt).kind {
            StmtKind::Assign { lhs, rhs, .. } if rhs.len() == 1 => lhs.len(),
            StmtKind::Return(list) if list.len() == 1 => {
                function.results(function.root_of(stmt)).len().max(1)
            }
            // The values of a `var` cannot be told apart here; constructors have an error.
            StmtKind::Decl(_) => 2,
            _ => 1,
        },
        _ => 1,
    }
}

fn result_type(module: &Module<'_>, function: &Function, call: ExprId, result: usize) -> TypeId {
    let ty = function.info().type_of(call);
    module
        .program
        .results_of(ty)
        .get(result)
        .copied()
        .unwrap_or(TypeId::UNKNOWN)
}

/// Whether the type, where it is known, has what releases it.
pub(crate) fn can_release(module: &Module<'_>, ty: TypeId, contract: &Contract) -> bool {
    let program = module.program;
    let unknown = ty.is_unknown() || program.named_of(ty).is_some_and(|named| !named.is_loaded());
    let by_source = contract.origin.source() == ContractSource::Source;
    if unknown || by_source || !contract.release.path().is_empty() {
        return true;
    }
    contract.release.actions.is_empty()
        || contract.release.actions.iter().any(|action| {
            action
                .method
                .as_deref()
                .is_none_or(|method| crate::types::has_callable(program, ty, method))
        })
}

fn type_name(
    module: &Module<'_>,
    contract: &Contract,
    ty: TypeId,
    package: &str,
    name: &str,
) -> String {
    if let Some(name) = module.program.named_name(ty) {
        return name;
    }
    if contract.type_name != "*" {
        return contract.type_name.clone();
    }
    let function = crate::types::simple_name(name);
    let base = function
        .strip_prefix("New")
        .unwrap_or(function)
        .replace("REST", "");
    let base = base.split("With").next().unwrap_or("Client").to_owned();
    let base = if base.is_empty() {
        "Client".to_owned()
    } else {
        base
    };
    format!("{package}.{base}")
}

/// The variable of a type that ends tests: `t`.
pub(crate) fn test_variable(
    module: &Module<'_>,
    function: &Function,
    root: Root,
) -> Option<String> {
    let mut literal = root;
    loop {
        let params: Vec<_> = match literal {
            None => function.info().params().to_vec(),
            Some(expr) => function.info().literal(expr)?.params.clone(),
        };
        for param in params {
            let local = function.info().local_info(param)?;
            let is_test = module.program.named_name(local.ty).is_some_and(|name| {
                matches!(
                    name.as_str(),
                    "testing.T" | "testing.B" | "testing.TB" | "testing.F"
                )
            });
            if is_test && local.name != "_" && matches!(local.kind, LocalKind::Param { .. }) {
                return Some(local.name.to_string());
            }
        }
        literal = function.info().literal(literal?)?.parent;
    }
}

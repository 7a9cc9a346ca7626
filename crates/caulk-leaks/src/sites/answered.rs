//! Requests that never leave the program: they are answered by a round tripper of the project, mostly a test's, that
//! makes up its responses. Such a response holds nothing, whatever becomes of its body.

use caulk_program::{BodyOwner, Callee, FuncId, LocalId, NamedOrigin, Object, Program, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind};

use crate::body::{Function, Root};
use crate::contract::{Contract, Origin};
use crate::module::Module;
use crate::sites::behind::{Behind, DEPTH, Question};
use crate::sites::made_of::parts;
use crate::types::is_response;

/// Whether all that may answer what a call sends makes up its responses, or what is called does.
pub(crate) fn is_made_up(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    contract: &Contract,
) -> bool {
    let callee = function.callee(call);
    callee.receiver().is_some()
        && crate::sites::behind::is_harmless(module, function, call, &WhoAnswers)
        || is_empty(module, function, call)
        || contract.origin == Origin::Convention && makes_it_up(module, function, callee)
}

/// Whether a request goes to a server of this function's whose handlers write nothing: there is no body to close.
fn is_empty(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let (tree, info) = (function.tree(), function.info());
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return false;
    };
    let parts = parts(module, function, tree.exprs(args));
    let is_served = parts.iter().any(|part| {
        let func = function.callee(*part).func();
        func.is_some_and(|func| func.name.starts_with("net/http/httptest.New"))
    });
    let mut handlers = parts
        .iter()
        .filter_map(|part| {
            let writer = *info.literal(*part)?.params.first()?;
            let ty = info.local_info(writer)?.ty;
            let name = module.program.named_name(ty)?;
            (name == "net/http.ResponseWriter").then_some((*part, writer))
        })
        .peekable();
    is_served
        && handlers.peek().is_some()
        && handlers.all(|(handler, writer)| writes_nothing(function, handler, writer))
}

/// Whether a call sends something, and does not merely ask for it: with the method `POST`, as far as is seen here.
pub(crate) fn is_sent(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let tree = function.tree();
    let ExprKind::Call { fun, args, .. } = tree.expr(call).kind else {
        return false;
    };
    let posts = matches!(tree.expr(tree.unparen(fun)).kind, ExprKind::Selector { sel, .. }
        if ["Post", "PostForm"].contains(&tree.name(sel)));
    let parts = || parts(module, function, tree.exprs(args));
    posts
        || is_asked_with(function, &parts(), |method| {
            !["", "GET", "HEAD"].contains(&method)
        })
}

/// Whether what is sent is made here, with one of these methods.
fn is_asked_with(function: &Function, parts: &[ExprId], is_one: impl Fn(&str) -> bool) -> bool {
    let tree = function.tree();
    let mut methods = parts
        .iter()
        .filter_map(|part| {
            let index = match &*function.callee(*part).func()?.name {
                "net/http.NewRequest" => 0,
                "net/http.NewRequestWithContext" => 1,
                _ => return None,
            };
            let ExprKind::Call { args, .. } = tree.expr(*part).kind else {
                return None;
            };
            tree.exprs(args).get(index).copied()
        })
        .peekable();
    methods.peek().is_some() && methods.all(|method| is_method(function, method, &is_one))
}

/// Whether an expression is the constant of one of these methods: `"HEAD"`, `http.MethodHead`.
fn is_method(function: &Function, expr: ExprId, is_one: impl Fn(&str) -> bool) -> bool {
    let tree = function.tree();
    match tree.expr(tree.unparen(expr)).kind {
        ExprKind::BasicLit(literal) => is_one(tree.literal(literal).trim_matches('"')),
        ExprKind::Selector { sel, .. } => tree
            .name(sel)
            .strip_prefix("Method")
            .is_some_and(|method| is_one(&method.to_ascii_uppercase())),
        _ => false,
    }
}

/// Whether a call is told to ask for headers alone: `s.request(ctx, "HEAD", key)`, or a function of the project does no more than to tell so, or
/// to make such a request. There is no body in the answer, and its connection is free before anybody could close it.
pub(crate) fn is_told_to_ask_for_headers(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
) -> bool {
    let arguments = function.tree().arguments(call);
    tells_method(function, call)
        || tells_for_another(module, function, call, DEPTH)
        || parts(module, function, arguments)
            .iter()
            .any(|part| tells_for_another(module, function, *part, DEPTH))
}

fn tells_method(function: &Function, call: ExprId) -> bool {
    let mut arguments = function.tree().arguments(call).iter();
    arguments.any(|arg| is_method(function, *arg, |method| method == "HEAD"))
}

/// Whether all that a called function of the project does is to give what a call gives that is told to ask for headers:
/// `func Head(url string) (*http.Response, error) { return Send("HEAD", url) }`.
fn tells_for_another(module: &Module<'_>, function: &Function, call: ExprId, depth: u8) -> bool {
    let own = function.callee(call).func().and_then(|func| func.id);
    let (Some(id), Some(depth)) = (own, depth.checked_sub(1)) else {
        return false;
    };
    let Some(called) = module.function(BodyOwner::Func(id)) else {
        return false;
    };
    let tree = called.tree();
    let Some(graph) = called.graph(None) else {
        return false;
    };
    let [only] = tree.block(graph.body) else {
        return false;
    };
    let StmtKind::Return(given) = tree.stmt(*only).kind else {
        return false;
    };
    tree.exprs(given).first().is_some_and(|given| {
        let given = tree.unparen(*given);
        tells_method(&called, given) || tells_for_another(module, &called, given, depth)
    })
}

/// Whether a request that is made here asks for headers alone. Its answer has a body that is closed as others are, and holds nothing.
pub(crate) fn asks_for_headers(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let parts = parts(module, function, function.tree().arguments(call));
    is_asked_with(function, &parts, |method| method == "HEAD")
}

/// Whether all that a handler does with its writer is to set the status and headers.
fn writes_nothing(function: &Function, handler: ExprId, writer: LocalId) -> bool {
    let tree = function.tree();
    let mut nothing = true;
    tree.walk(handler, |node| {
        if let Node::Expr(expr) = node
            && matches!(tree.expr(expr).kind, ExprKind::Ident(_))
            && function.local(expr) == Some(writer)
        {
            nothing &= matches!(function.parent(expr), Some(Node::Expr(parent))
                if matches!(tree.expr(parent).kind, ExprKind::Selector { sel, .. }
                    if ["Header", "WriteHeader"].contains(&tree.name(sel))));
        }
        Descend::Into
    });
    nothing
}

/// Whether an interface is declared by a module that is not the project's: who answers in earnest, the client that it gives, is
/// not among the project's own types then.
fn is_of_another_module(program: &Program, iface: TypeId) -> bool {
    let named = program.named_of(iface);
    named.is_some_and(|named| match named.origin {
        NamedOrigin::Package { package, .. } => !caulk_flow::is_followed(program, package),
        _ => false,
    })
}

/// Whether a function of the project makes up the response that it gives, or all those who implement it do.
fn makes_it_up(module: &Module<'_>, function: &Function, callee: &Callee) -> bool {
    let mut behind = Behind::default();
    match callee {
        Callee::Interface {
            iface,
            through,
            name,
            ..
        } if !is_of_another_module(module.program, *iface) => {
            for (build, id) in module.implementers(function.package, *iface, through, name) {
                if !crate::sites::stand_in::declares(build, id) {
                    let mut of_this = Behind::default();
                    answer_of(build, id, DEPTH, &mut of_this);
                    behind.harmless |= of_this.harmless;
                    behind.otherwise |= of_this.otherwise || !of_this.harmless;
                }
            }
        }
        callee => match callee.func().and_then(|func| func.id) {
            Some(id) if gives_response(module.program, id) => {
                answer_of(module, id, DEPTH, &mut behind);
            }
            _ => return false,
        },
    }
    behind.harmless && !behind.otherwise
}

struct WhoAnswers;

impl Question for WhoAnswers {
    fn concerns(&self, program: &Program, ty: TypeId) -> bool {
        program.is_named(ty, "net/http.Client") || program.has_method(ty, "RoundTrip")
    }

    fn judge(
        &self,
        module: &Module<'_>,
        function: &Function,
        part: ExprId,
        depth: u8,
        behind: &mut Behind,
    ) -> bool {
        let (program, info) = (module.program, function.info());
        if let ExprKind::FuncLit { .. } = function.tree().expr(part).kind {
            let result = info
                .literal(part)
                .and_then(|literal| info.local_info(*literal.results.first()?));
            if result.is_some_and(|result| is_response(program, result.ty)) {
                answer(module, function, Some(part), depth, behind);
            }
            return true;
        }
        if let Object::Func(func) | Object::Method(func) = info.object(part)
            && let Some(id) = func.id.filter(|id| gives_response(program, *id))
        {
            answer_of(module, id, depth, behind);
            return true;
        }
        let own = own_round_trip(module, info.type_of(part));
        if let Some(id) = own {
            answer_of(module, id, depth, behind);
        }
        own.is_some()
    }
}

fn answer_of(module: &Module<'_>, id: FuncId, depth: u8, behind: &mut Behind) {
    match module.function(BodyOwner::Func(id)) {
        Some(function) => answer(module, &function, None, depth, behind),
        None => behind.otherwise = true,
    }
}

/// How a function, or a literal in it, comes by the response that it gives.
fn answer(module: &Module<'_>, function: &Function, root: Root, depth: u8, behind: &mut Behind) {
    let mut made_up = true;
    for (call, callee) in function.info().calls() {
        if !function.is_within(function.root_of(call), root) {
            continue;
        }
        let gives = gives_one(module.program, function.info().type_of(call), callee);
        match callee {
            Callee::Builtin(_) | Callee::Conversion(_) => {}
            // What answers instead is among the parts of whatever holds it.
            Callee::Field { .. } | Callee::Local(_) | Callee::Interface { .. } | Callee::Value => {
                made_up &= !gives;
            }
            callee => {
                let Some(func) = callee.func() else {
                    made_up &= !gives;
                    continue;
                };
                let (package, name) = crate::types::split_name(module.program, func);
                let is_std = crate::types::is_std_path(package);
                if gives && !is_std && func.id != function.id() {
                    made_up = false;
                    match depth.checked_sub(1).zip(func.id) {
                        Some((depth, id)) => answer_of(module, id, depth, behind),
                        None => behind.otherwise = true,
                    }
                } else {
                    let acquires = module.catalogue.contract(package, name);
                    // What could be the body, and no span or timer.
                    behind.otherwise |=
                        acquires.is_some_and(|contract| contract.rule.starts_with("unclosed-"));
                }
            }
        }
    }
    behind.harmless |= made_up;
}

/// Whether a call gives a response, by its type, else by what it is called.
fn gives_one(program: &Program, ty: TypeId, callee: &Callee) -> bool {
    if !ty.is_unknown() {
        let results = program.results_of(ty);
        return results.first().is_some_and(|ty| {
            is_response(program, *ty) || program.is_missing(*ty) && is_called_so(program, *ty)
        });
    }
    matches!(crate::types::last_name(callee), "Do" | "RoundTrip")
}

/// Whether a type is a response by its name.
fn is_called_so(program: &Program, ty: TypeId) -> bool {
    let named = program.named_of(program.deref(ty));
    named.is_some_and(|named| named.name.ends_with("Response"))
}

/// `RoundTrip` of a type of the project.
fn own_round_trip(module: &Module<'_>, ty: TypeId) -> Option<FuncId> {
    let method = module.program.method(ty, "RoundTrip")?;
    let id = method.func.id.filter(|_| !method.of_interface)?;
    module.is_own(id).then_some(id)
}

fn gives_response(program: &Program, id: FuncId) -> bool {
    let signature = program.func_type(program.signature(id));
    let first = signature.and_then(|signature| signature.results.first());
    first.is_some_and(|ty| is_response(program, *ty))
}

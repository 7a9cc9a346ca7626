//! Calls between the functions of a program: who calls whom, from where, and how often.

use std::collections::{BTreeMap, BTreeSet};

use caulk_program::{
    BodyOwner, Callee, FuncId, LocalId, Object, Package, Program, Type, TypeId, TypedBody,
};
use caulk_syntax::{ExprId, ExprKind, Node, StmtKind};
use rayon::prelude::*;

/// How often a function is likely to run, as far as its callers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Frequency {
    /// Reached only from tests.
    Test,
    /// Reached only from `main` or `init`.
    Once,
    /// Nothing is known of its callers.
    Unknown,
    /// Reached from a loop, or from a goroutine that is started in one.
    Repeated,
    /// Reached from a handler of requests.
    Request,
}

/// A call of a followed function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallEdge {
    /// Whom.
    pub callee: FuncId,
    /// Whether a loop of the caller (literals included) holds it.
    pub in_loop: bool,
    /// Whether a function literal with the signature of a handler holds it.
    pub in_handler: bool,
    /// Whether it is called through an interface that it fits, and so perhaps.
    pub perhaps: bool,
}

/// The call graph of the packages that are checked and of what they call in their own modules.
#[derive(Debug, Default)]
pub struct Calls {
    edges: BTreeMap<BodyOwner, Vec<CallEdge>>,
    frequencies: BTreeMap<FuncId, Frequency>,
    components: BTreeMap<FuncId, u32>,
}

impl Calls {
    /// Reads every body of the checked packages, and then of the functions of main modules that
    /// these call, and so on.
    pub fn of(program: &Program) -> Calls {
        let mut calls = Calls::default();
        let mut todo: Vec<BodyOwner> = program
            .check_packages()
            .par_iter()
            .map(|package| program.owners(*package))
            .flatten()
            .collect();
        let mut seen: BTreeSet<BodyOwner> = todo.iter().copied().collect();
        let methods = methods_by_name(program);
        while !todo.is_empty() {
            let found: Vec<(BodyOwner, Vec<CallEdge>)> = todo
                .par_iter()
                .map(|owner| {
                    (
                        *owner,
                        program
                            .body(*owner)
                            .map(|body| edges(program, &methods, &body))
                            .unwrap_or_default(),
                    )
                })
                .collect();
            todo.clear();
            for (owner, edges) in found {
                for edge in &edges {
                    let callee = BodyOwner::Func(edge.callee);
                    if is_followed(program.package(edge.callee.package)) && seen.insert(callee) {
                        todo.push(callee);
                    }
                }
                calls.edges.insert(owner, edges);
            }
        }
        calls.components = components(&calls.edges);
        calls.frequencies = frequencies(program, &calls.edges);
        calls
    }

    /// The bodies of the graph, in order of their packages.
    pub fn owners(&self) -> impl Iterator<Item = BodyOwner> {
        self.edges.keys().copied()
    }

    /// The calls of followed functions in a body.
    pub fn callees(&self, owner: BodyOwner) -> &[CallEdge] {
        self.edges.get(&owner).map_or(&[], Vec::as_slice)
    }

    /// The followed functions that a function reaches by calls, itself among them.
    pub fn reached_from(&self, func: FuncId) -> BTreeSet<FuncId> {
        let mut reached = BTreeSet::from([func]);
        let mut todo = vec![func];
        while let Some(id) = todo.pop() {
            for edge in self.callees(BodyOwner::Func(id)) {
                if reached.insert(edge.callee) {
                    todo.push(edge.callee);
                }
            }
        }
        reached
    }

    /// How often a function is likely to run.
    pub fn frequency(&self, func: FuncId) -> Frequency {
        self.frequencies
            .get(&func)
            .copied()
            .unwrap_or(Frequency::Unknown)
    }

    /// Numbers of the strongly connected components: two functions have the same where each
    /// reaches the other, calls through interfaces left out.
    pub fn components(&self) -> &BTreeMap<FuncId, u32> {
        &self.components
    }
}

fn is_followed(package: &Package) -> bool {
    package.module().is_main && !package.is_std()
}

/// The nodes at the top of a body: its block, or the values of an initializer.
pub fn roots(program: &Program, body: &TypedBody) -> Vec<Node> {
    match (body.block(), body.owner) {
        (Some(block), _) => vec![block.into()],
        (None, BodyOwner::Initializer(package, index)) => program
            .package(package)
            .initializers()
            .get(index as usize)
            .map(|initializer| {
                body.tree()
                    .exprs(initializer.spec.values)
                    .iter()
                    .map(|expr| Node::Expr(*expr))
                    .collect()
            })
            .unwrap_or_default(),
        (None, BodyOwner::Func(_)) => Vec::new(),
    }
}

/// The methods of the checked packages.
fn methods_by_name(program: &Program) -> BTreeMap<&str, Vec<FuncId>> {
    let mut methods: BTreeMap<&str, Vec<FuncId>> = BTreeMap::new();
    for package in program.check_packages() {
        for func in program.package(*package).funcs() {
            if let (Some(_), Some(id)) = (&func.receiver, func.reference.id) {
                methods.entry(func.name.as_str()).or_default().push(id);
            }
        }
    }
    methods
}

/// The methods that a call through an interface can mean: those of its name and signature.
fn implementers(
    program: &Program,
    methods: &BTreeMap<&str, Vec<FuncId>>,
    iface: TypeId,
    name: &str,
) -> Vec<FuncId> {
    let Some(method) = program.method(iface, name) else {
        return Vec::new();
    };
    let candidates = methods.get(name).map_or(&[][..], Vec::as_slice);
    candidates
        .iter()
        .copied()
        .filter(|id| program.signature(*id) == method.signature)
        .collect()
}

fn edges(
    program: &Program,
    methods: &BTreeMap<&str, Vec<FuncId>>,
    body: &TypedBody,
) -> Vec<CallEdge> {
    let tree = body.tree();
    let mut edges = BTreeSet::new();
    let mut todo: Vec<(Node, bool, bool)> = roots(program, body)
        .into_iter()
        .map(|node| (node, false, false))
        .collect();
    while let Some((node, in_loop, in_handler)) = todo.pop() {
        let (mut loops, mut handles) = (in_loop, in_handler);
        match node {
            Node::Stmt(stmt) => {
                loops |= matches!(
                    tree.stmt(stmt).kind,
                    StmtKind::For { .. } | StmtKind::Range { .. }
                );
            }
            Node::Expr(expr) => match tree.expr(expr).kind {
                ExprKind::FuncLit { .. } => handles |= is_handler_literal(program, body, expr),
                ExprKind::Call { .. } => {
                    if let Callee::Interface { iface, name, .. } = body.info.callee(expr) {
                        for callee in implementers(program, methods, *iface, name) {
                            edges.insert(CallEdge {
                                callee,
                                in_loop,
                                in_handler,
                                perhaps: true,
                            });
                        }
                    }
                    if let Callee::Static(func) | Callee::Method { func, .. } =
                        body.info.callee(expr)
                        && let Some(callee) = func.id
                    {
                        edges.insert(CallEdge {
                            callee,
                            in_loop,
                            in_handler,
                            perhaps: false,
                        });
                    }
                }
                // A function that is handed on will be called by someone.
                ExprKind::Ident(_) | ExprKind::Selector { .. } => {
                    if let Object::Func(func) | Object::Method(func) = body.info.object(expr)
                        && let Some(callee) = func.id
                    {
                        edges.insert(CallEdge {
                            callee,
                            in_loop,
                            in_handler,
                            perhaps: false,
                        });
                    }
                }
                _ => {}
            },
        }
        tree.children(node, |child| todo.push((child, loops, handles)));
    }
    edges.into_iter().collect()
}

/// Whether a literal has the parameters of a handler of requests.
pub fn is_handler_literal(program: &Program, body: &TypedBody, literal: ExprId) -> bool {
    body.info
        .literal(literal)
        .is_some_and(|literal| is_handler(program, body, &literal.params, &literal.results))
}

/// Types that frameworks give to handlers.
const REQUEST_TYPES: &[&str] = &[
    "github.com/gin-gonic/gin.Context",
    "github.com/labstack/echo.Context",
    "github.com/labstack/echo/v4.Context",
    "github.com/gofiber/fiber.Ctx",
    "github.com/gofiber/fiber/v2.Ctx",
    "github.com/gofiber/fiber/v3.Ctx",
    "github.com/valyala/fasthttp.RequestCtx",
    "github.com/kataras/iris/v12.Context",
    "github.com/cloudevents/sdk-go/v2/event.Event",
];

fn is_handler(
    program: &Program,
    body: &TypedBody,
    params: &[LocalId],
    results: &[LocalId],
) -> bool {
    let types = |locals: &[LocalId]| -> Vec<TypeId> {
        locals
            .iter()
            .filter_map(|local| body.info.local_info(*local))
            .map(|local| local.ty)
            .collect()
    };
    let names: Vec<String> = types(params)
        .into_iter()
        .filter_map(|ty| program.named_name(ty))
        .collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    if has("net/http.ResponseWriter") && has("net/http.Request")
        || names
            .iter()
            .any(|name| REQUEST_TYPES.contains(&name.as_str()))
    {
        return true;
    }
    // A method of a gRPC service: `(ctx, *pb.Request) (*pb.Response, error)`, or a stream.
    let message = |ty: &TypeId| {
        matches!(program.ty(*ty), Type::Pointer(_))
            && program
                .named_of(*ty)
                .is_some_and(|named| is_message_package(&named.package))
    };
    let (params, results) = (types(params), types(results));
    let unary = names.first().is_some_and(|name| name == "context.Context")
        && params.get(1).is_some_and(message)
        && results.len() == 2
        && results.first().is_some_and(message);
    let stream = names
        .iter()
        .any(|name| name.ends_with("Server") && name.contains('_'))
        && results.len() == 1;
    unary || stream
}

fn is_message_package(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or(path);
    last.ends_with("pb")
        || last.ends_with("proto")
        || path.contains("/genproto/")
        || path.contains("/proto/")
}

/// Tarjan's algorithm, without recursion.
fn components(edges: &BTreeMap<BodyOwner, Vec<CallEdge>>) -> BTreeMap<FuncId, u32> {
    #[derive(Default, Clone, Copy)]
    struct Mark {
        index: u32,
        low: u32,
        on_stack: bool,
    }
    let none: &[CallEdge] = &[];
    let callees = |id: FuncId| edges.get(&BodyOwner::Func(id)).map_or(none, Vec::as_slice);
    let mut marks: BTreeMap<FuncId, Mark> = BTreeMap::new();
    let mut found: BTreeMap<FuncId, u32> = BTreeMap::new();
    let mut stack: Vec<FuncId> = Vec::new();
    let (mut next_index, mut next_component) = (0u32, 0u32);
    for owner in edges.keys() {
        let BodyOwner::Func(root) = *owner else {
            continue;
        };
        if marks.contains_key(&root) {
            continue;
        }
        let mut frames: Vec<(FuncId, usize)> = vec![(root, 0)];
        while let Some((id, position)) = frames.pop() {
            if position == 0 {
                marks.insert(
                    id,
                    Mark {
                        index: next_index,
                        low: next_index,
                        on_stack: true,
                    },
                );
                next_index += 1;
                stack.push(id);
            }
            let callees = callees(id);
            let mut descended = false;
            for (offset, edge) in callees.iter().enumerate().skip(position) {
                if edge.perhaps || !edges.contains_key(&BodyOwner::Func(edge.callee)) {
                    continue;
                }
                match marks.get(&edge.callee).copied() {
                    None => {
                        frames.push((id, offset + 1));
                        frames.push((edge.callee, 0));
                        descended = true;
                        break;
                    }
                    Some(mark) if mark.on_stack => {
                        if let Some(own) = marks.get_mut(&id) {
                            own.low = own.low.min(mark.index);
                        }
                    }
                    Some(_) => {}
                }
            }
            if descended {
                continue;
            }
            let Some(own) = marks.get(&id).copied() else {
                continue;
            };
            if own.low == own.index {
                while let Some(member) = stack.pop() {
                    if let Some(mark) = marks.get_mut(&member) {
                        mark.on_stack = false;
                    }
                    found.insert(member, next_component);
                    if member == id {
                        break;
                    }
                }
                next_component += 1;
            }
            if let Some((caller, _)) = frames.last()
                && let Some(mark) = marks.get_mut(caller)
            {
                mark.low = mark.low.min(own.low);
            }
        }
    }
    found
}

fn frequencies(
    program: &Program,
    edges: &BTreeMap<BodyOwner, Vec<CallEdge>>,
) -> BTreeMap<FuncId, Frequency> {
    let mut called: BTreeSet<FuncId> = BTreeSet::new();
    for edges in edges.values() {
        called.extend(edges.iter().map(|edge| edge.callee));
    }
    let mut known: BTreeMap<FuncId, Frequency> = BTreeMap::new();
    let mut todo: Vec<FuncId> = Vec::new();
    let owners: Vec<FuncId> = edges
        .keys()
        .filter_map(|owner| match owner {
            BodyOwner::Func(id) => Some(*id),
            BodyOwner::Initializer(..) => None,
        })
        .collect();
    let own: Vec<(FuncId, Option<Frequency>)> = owners
        .par_iter()
        .map(|id| (*id, own_frequency(program, *id)))
        .collect();
    for (id, own) in own {
        let frequency = match own {
            Some(frequency) => frequency,
            None if called.contains(&id) => continue,
            None => Frequency::Unknown,
        };
        known.insert(id, frequency);
        todo.push(id);
    }
    let raise = |known: &mut BTreeMap<FuncId, Frequency>,
                 todo: &mut Vec<FuncId>,
                 id: FuncId,
                 frequency: Frequency| {
        if known.get(&id).is_none_or(|current| *current < frequency) {
            known.insert(id, frequency);
            todo.push(id);
        }
    };
    for (owner, edges) in edges {
        if let BodyOwner::Initializer(..) = owner {
            for edge in edges {
                let frequency = if edge.in_handler {
                    Frequency::Request
                } else {
                    Frequency::Once
                };
                raise(&mut known, &mut todo, edge.callee, frequency);
            }
        }
    }
    // A function's frequency only rises, and there are five of them.
    let in_tests: BTreeMap<FuncId, bool> = owners
        .iter()
        .map(|id| (*id, program.file_of(*id).is_some_and(|file| file.is_test())))
        .collect();
    while let Some(id) = todo.pop() {
        let Some(frequency) = known.get(&id).copied() else {
            continue;
        };
        for edge in edges
            .get(&BodyOwner::Func(id))
            .map_or(&[][..], Vec::as_slice)
        {
            let passed = if edge.in_handler {
                Frequency::Request
            } else if edge.in_loop && frequency > Frequency::Test {
                frequency.max(Frequency::Repeated)
            } else {
                frequency
            };
            // What is no test itself is there for more than its tests.
            if frequency == Frequency::Test && !in_tests.get(&edge.callee).copied().unwrap_or(false)
            {
                continue;
            }
            raise(&mut known, &mut todo, edge.callee, passed);
        }
    }
    known
}

/// What a function's own place and signature say.
fn own_frequency(program: &Program, id: FuncId) -> Option<Frequency> {
    let package = program.package(id.package);
    let func = package.func(id)?;
    let in_test = package.file_of(func).is_some_and(|file| file.is_test());
    if in_test {
        return Some(Frequency::Test);
    }
    if func.receiver.is_none()
        && (func.name == "init" || (func.name == "main" && package.name() == "main"))
    {
        return Some(Frequency::Once);
    }
    let body = program.body(BodyOwner::Func(id))?;
    if is_handler(program, &body, body.info.params(), body.info.results()) {
        return Some(Frequency::Request);
    }
    None
}

//! Calls whose error is always nil: of functions whose source gives no error wherever it returns, as stubs and those that may fail one
//! day do, and of what is passed to be taken apart in the form that it has.

use std::collections::BTreeSet;

use caulk_program::{BodyOwner, Callee, FuncId, LocalId, NamedOrigin, Object, Program, TypedBody};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind};

use crate::body::is_constant;
use crate::module::Module;

/// Functions, one returning what the other does, that are looked into.
const DEPTH: u8 = 3;

/// Whether a call gives an error that is nil, as the functions of the project that it may reach are written today, or since what it
/// is passed is of the right form.
pub(crate) fn call(module: &Module<'_>, typed: &TypedBody, call: ExprId) -> bool {
    is_well_formed(typed, call) || of_call(module, typed, call, DEPTH)
}

/// Whether a call takes apart, or asks for, what is of the form that it wants: `net.SplitHostPort(l.Addr().String())` and the number of the port,
/// a request of a constant method to a `url.URL`, or to a constant; or fails for whoever uses it wrongly alone.
fn is_well_formed(typed: &TypedBody, call: ExprId) -> bool {
    let tree = typed.tree();
    let call = tree.unparen(call);
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return false;
    };
    let args = tree.exprs(args);
    let name = match typed.info.callee(call) {
        Callee::Unknown { name, .. } => name.as_str(),
        callee => callee.func().map_or("", |func| &*func.name),
    };
    match name {
        "net/http.NewRequest" => is_url(typed, args.get(1)),
        "net/http.NewRequestWithContext" => is_url(typed, args.get(2)),
        // A level that there is none of is written there for good.
        "compress/flate.NewWriter"
        | "compress/gzip.NewWriterLevel"
        | "compress/zlib.NewWriterLevel" => args.get(1).is_some_and(|arg| is_constant(typed, *arg)),
        // Only options are asked whether they are right.
        "github.com/klauspost/compress/zstd.NewReader" => args.len() == 1,
        "strconv.Atoi" | "strconv.ParseInt" | "strconv.ParseUint" => {
            args.first().is_some_and(|arg| is_port(typed, *arg))
        }
        _ if PARSE.contains(&name) => {
            !args.is_empty() && args.iter().all(|arg| is_constant(typed, *arg))
        }
        _ if name.ends_with("SplitHostPort") => args
            .iter()
            .any(|arg| is_address(typed, *arg) || is_dialled(typed, call, *arg)),
        _ => fails_on_misuse(name),
    }
}

/// What takes a text apart, and always finds in a constant what it finds in the first test.
const PARSE: &[&str] = &[
    "net.ParseCIDR",
    "net/netip.ParseAddr",
    "net/netip.ParseAddrPort",
    "net/netip.ParsePrefix",
    "net/url.Parse",
    "regexp.Compile",
    "time.Parse",
    "time.ParseDuration",
];

/// Whether a function fails only where a program is wrong: options and ends of sockets that are open, a cache without room for
/// anything, a handler for an informer that has stopped.
fn fails_on_misuse(name: &str) -> bool {
    let method = crate::types::simple_name(name);
    if name.starts_with("net.") || name.starts_with("crypto/tls.Conn.") {
        let option = [
            "SetKeepAlive",
            "SetDeadline",
            "SetReadDeadline",
            "SetWriteDeadline",
        ];
        return option.iter().any(|option| method.starts_with(option))
            || ["SetNoDelay", "SetLinger", "SetReadBuffer", "SetWriteBuffer"].contains(&method)
            || method == "Close";
    }
    let has_pipes = ["os/exec.Cmd.", "golang.org/x/crypto/ssh.Session."];
    if has_pipes.iter().any(|of| name.starts_with(of)) {
        return ["StderrPipe", "StdinPipe", "StdoutPipe"].contains(&method);
    }
    // What a program has made is written out in any form: `json.Marshal`, `proto.Marshal`, `jsonpb.Marshaler.MarshalToString`.
    if method.starts_with("Marshal") {
        return true;
    }
    // A stream of gRPC is closed for sending without a word to anybody; what is written to memory is always taken.
    // A pipe is given unless the process has as many files as it may.
    let is_pair = [
        "golang.org/x/sys/unix.Socketpair",
        "os.Pipe",
        "syscall.Socketpair",
    ];
    if is_pair.contains(&name)
        || method == "CloseSend"
        || in_memory(name)
        || name == "crypto/rand.Read"
        // A path is made absolute unless the folder that the process runs in is gone.
        || name == "path/filepath.Abs"
    {
        return true;
    }
    // The informer may be of a module that is not at hand.
    name.starts_with("github.com/hashicorp/golang-lru") && method.starts_with("New")
        || method.starts_with("AddEventHandler")
}

fn in_memory(name: &str) -> bool {
    let method = name
        .strip_prefix("bytes.Buffer.")
        .or_else(|| name.strip_prefix("strings.Builder."));
    method.is_some_and(|method| method.starts_with("Write"))
}

/// Whether an expression is an address that a call before this one has dialled, or listens on: it has a port.
fn is_dialled(typed: &TypedBody, call: ExprId, expr: ExprId) -> bool {
    let tree = typed.tree();
    let Some(address) = typed.info.local(tree.unparen(expr)) else {
        return false;
    };
    let before = tree.expr(call).span.start;
    typed.info.calls().iter().any(|(other, callee)| {
        let name = match callee {
            Callee::Unknown { name, .. } => name.as_str(),
            callee => callee.func().map_or("", |func| &*func.name),
        };
        let dials = ["Dial", "DialContext", "DialTimeout", "DialWithDialer"];
        tree.expr(*other).span.end < before
            && dials.contains(&crate::types::simple_name(name))
            && tree
                .arguments(*other)
                .iter()
                .any(|arg| typed.info.local(tree.unparen(*arg)) == Some(address))
    })
}

/// Whether an expression is the port in the address of a listener or connection.
fn is_port(typed: &TypedBody, expr: ExprId) -> bool {
    let tree = typed.tree();
    // `strings.Split(l.Addr().String(), ":")[1]`
    if let ExprKind::Index { x, .. } = tree.expr(tree.unparen(expr)).kind {
        let (call, _) = given(typed, x).unwrap_or((tree.unparen(x), 0));
        let callee = typed.info.callee(call).func();
        let address = tree.arguments(call).first();
        return callee.is_some_and(|func| &*func.name == "strings.Split")
            && address.is_some_and(|address| is_address(typed, *address));
    }
    given(typed, expr).is_some_and(|(call, result)| {
        let callee = typed.info.callee(call);
        let splits = callee
            .func()
            .is_some_and(|func| &*func.name == "net.SplitHostPort");
        let address = typed.tree().arguments(call).first();
        result == 1 && splits && address.is_some_and(|address| is_address(typed, *address))
    })
}

/// The call whose result a variable is given, and which of its results, where it is given nothing else.
fn given(typed: &TypedBody, expr: ExprId) -> Option<(ExprId, usize)> {
    let tree = typed.tree();
    let local_of = |expr| match tree.expr(tree.unparen(expr)).kind {
        ExprKind::Ident(name) => {
            let known = typed.info.local(tree.unparen(expr));
            known.or_else(|| typed.info.defined_at(name.span))
        }
        _ => None,
    };
    let local = local_of(expr)?;
    let (mut call, mut times) = (None, 0);
    tree.walk(typed.block()?, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
            && let Some(index) = tree
                .exprs(lhs)
                .iter()
                .position(|target| local_of(*target) == Some(local))
        {
            times += 1;
            call = match tree.exprs(rhs) {
                [single] => Some((tree.unparen(*single), index)),
                several => several.get(index).map(|one| (tree.unparen(*one), 0)),
            };
        }
        Descend::Into
    });
    let (call, index) = call.filter(|_| times == 1)?;
    matches!(tree.expr(call).kind, ExprKind::Call { .. }).then_some((call, index))
}

/// Whether an expression is the address of a listener or connection as text: `l.Addr().String()`.
fn is_address(typed: &TypedBody, expr: ExprId) -> bool {
    let text = given(typed, expr).map_or(expr, |(call, _)| call);
    let Some(address) = asked(typed, text, "String") else {
        return false;
    };
    ["Addr", "LocalAddr", "RemoteAddr"]
        .iter()
        .any(|method| asked(typed, address, method).is_some())
}

/// Whether `x.(T)` asks for the address of a connection or listener as the type that those of its kind have:
/// `conn.LocalAddr().(*net.UDPAddr)` of a `*net.UDPConn`.
pub(crate) fn assertion(program: &Program, typed: &TypedBody, x: ExprId, ty: ExprId) -> bool {
    let named = |expr| {
        let ty = program.deref(typed.info.type_of(expr));
        program.named_name(ty)
    };
    let of = asked(typed, x, "LocalAddr").or_else(|| asked(typed, x, "Addr"));
    let Some(of) = of else {
        return false;
    };
    let address = match named(of).as_deref() {
        Some("net.UDPConn") => "net.UDPAddr",
        Some("net.TCPConn" | "net.TCPListener") => "net.TCPAddr",
        Some("net.UnixConn" | "net.UnixListener") => "net.UnixAddr",
        _ => match network(typed, of) {
            Some(network) if network.starts_with("tcp") => "net.TCPAddr",
            Some(network) if network.starts_with("udp") => "net.UDPAddr",
            Some(network) if network.starts_with("unix") => "net.UnixAddr",
            _ => return false,
        },
    };
    named(ty).as_deref() == Some(address)
}

/// The network that a listener or connection was made in: of `net.Listen("tcp", …)`.
fn network(typed: &TypedBody, of: ExprId) -> Option<&str> {
    let (call, _) = given(typed, of)?;
    network_of(typed, call)
}

/// The network that a call is passed, behind a context where there is one; of a variable that is given several, the first.
fn network_of(typed: &TypedBody, call: ExprId) -> Option<&str> {
    let tree = typed.tree();
    let name = &typed.info.callee(call).func()?.name;
    let mut args = tree.arguments(call).iter().take(2);
    let text = |expr: ExprId| match tree.expr(tree.unparen(expr)).kind {
        ExprKind::BasicLit(literal) => Some(tree.literal(literal).trim_matches(['"', '`'])),
        _ => None,
    };
    let of_variable = |expr: ExprId| {
        let local = typed.info.local(tree.unparen(expr))?;
        let mut texts = Vec::new();
        tree.walk(typed.block()?, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
            {
                for (to, value) in tree.exprs(lhs).iter().zip(tree.exprs(rhs)) {
                    let is_it = match tree.expr(*to).kind {
                        ExprKind::Ident(name) => {
                            let known = typed.info.local(*to);
                            known.or_else(|| typed.info.defined_at(name.span)) == Some(local)
                        }
                        _ => false,
                    };
                    texts.extend(is_it.then(|| text(*value)));
                }
            }
            Descend::Into
        });
        let first = texts.first().copied().flatten()?;
        let kind = first.get(..3)?;
        let alike = |text: &Option<&str>| text.is_some_and(|text| text.starts_with(kind));
        texts.iter().all(alike).then_some(first)
    };
    name.starts_with("net.")
        .then(|| args.find_map(|arg| text(*arg).or_else(|| of_variable(*arg))))?
}

/// The type that is behind the interface of what a call makes, as its network says.
pub(crate) fn type_in_network(typed: &TypedBody, call: ExprId) -> Option<&'static str> {
    let listens = match typed.info.callee(call).func()?.name.rsplit('.').next()? {
        "Dial" | "DialTimeout" | "DialContext" => false,
        "Listen" => true,
        "ListenPacket" => {
            return Some(match network_of(typed, call)? {
                network if network.starts_with("udp") => "net.UDPConn",
                network if network.starts_with("unix") => "net.UnixConn",
                network if network.starts_with("ip") => "net.IPConn",
                _ => return None,
            });
        }
        _ => return None,
    };
    Some(match network_of(typed, call)? {
        network if network.starts_with("tcp") && listens => "net.TCPListener",
        network if network.starts_with("tcp") => "net.TCPConn",
        network if network.starts_with("udp") && !listens => "net.UDPConn",
        network if network.starts_with("unix") && listens => "net.UnixListener",
        network if network.starts_with("unix") => "net.UnixConn",
        _ => return None,
    })
}

/// Whether an expression is an address of the web as text that is one already, or a constant.
fn is_url(typed: &TypedBody, expr: Option<&ExprId>) -> bool {
    expr.is_some_and(|expr| {
        let tree = typed.tree();
        let callee = typed.info.callee(tree.unparen(*expr));
        let is_text = callee
            .func()
            .is_some_and(|func| &*func.name == "net/url.URL.String");
        is_text || is_constant(typed, *expr)
    })
}

/// What a call of this method without arguments is asked of.
fn asked(typed: &TypedBody, call: ExprId, method: &str) -> Option<ExprId> {
    let tree = typed.tree();
    let ExprKind::Call { fun, .. } = tree.expr(tree.unparen(call)).kind else {
        return None;
    };
    match tree.expr(tree.unparen(fun)).kind {
        ExprKind::Selector { x, sel } => (tree.name(sel) == method).then_some(x),
        _ => None,
    }
}

fn of_call(module: &Module<'_>, typed: &TypedBody, call: ExprId, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let caller = typed.owner.func();
    match typed.info.callee(typed.tree().unparen(call)) {
        Callee::Static(_) | Callee::Method { .. } => {
            own_callee(module, typed, call).is_some_and(|id| module.never_fails(id, depth))
        }
        Callee::Interface {
            iface,
            name,
            through,
            ..
        } => {
            let package = caulk_flow::package_of(&typed.owner);
            let named = module.program.named_of(*iface);
            let of_project = named.is_some_and(|named| match named.origin {
                NamedOrigin::Package { package, .. } => {
                    caulk_flow::is_followed(module.program, package)
                }
                _ => false,
            });
            let known = if of_project {
                module.implementers(package, *iface, through, name)
            } else {
                Vec::new()
            };
            !known.is_empty()
                && known.iter().all(|(module, id)| {
                    module.follows_own(caller, *id) && module.never_fails(*id, depth)
                })
        }
        _ => false,
    }
}

/// The function of the project that a call names.
pub(super) fn own_callee(module: &Module<'_>, typed: &TypedBody, call: ExprId) -> Option<FuncId> {
    match typed.info.callee(typed.tree().unparen(call)) {
        Callee::Static(func) | Callee::Method { func, .. } => {
            let caller = typed.owner.func();
            func.id.filter(|id| module.follows_own(caller, *id))
        }
        _ => None,
    }
}

/// The branches of a body that are taken only where a call has failed that does not: `if err := f(); err != nil { … }`, and the same
/// right behind the statement that calls.
fn never_taken(
    module: &Module<'_>,
    typed: &TypedBody,
    block: StmtId,
    depth: u8,
) -> BTreeSet<StmtId> {
    let tree = typed.tree();
    // The call that gives a variable the error that a statement assigns last.
    let given = |stmt: StmtId, error: LocalId| {
        let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind else {
            return None;
        };
        let last = *tree.exprs(lhs).last()?;
        let assigned = typed
            .info
            .local(last)
            .or_else(|| match tree.expr(last).kind {
                ExprKind::Ident(name) => typed.info.defined_at(name.span),
                _ => None,
            });
        match tree.exprs(rhs) {
            [call] if assigned == Some(error) => Some(*call),
            _ => None,
        }
    };
    let mut never = BTreeSet::new();
    let mut look = |before: Option<StmtId>, stmt: StmtId| {
        let StmtKind::If {
            init, cond, then, ..
        } = tree.stmt(stmt).kind
        else {
            return;
        };
        let error = tree.not_nil(cond).and_then(|x| typed.info.local(x));
        let call = error.and_then(|error| given(init.or(before)?, error));
        if call
            .is_some_and(|call| is_well_formed(typed, call) || of_call(module, typed, call, depth))
        {
            never.insert(then);
        }
    };
    tree.walk(block, |node| {
        if let Node::Stmt(stmt) = node {
            let list = match tree.stmt(stmt).kind {
                StmtKind::Block(_) => tree.block(stmt),
                StmtKind::Case { body, .. } | StmtKind::Comm { body, .. } => tree.stmts(body),
                // `else if err := f(); err != nil`
                StmtKind::If { els: Some(els), .. } => {
                    look(None, els);
                    &[]
                }
                _ => &[],
            };
            let mut before = None;
            for stmt in list {
                look(before, *stmt);
                before = Some(*stmt);
            }
        }
        Descend::Into
    });
    never
}

/// Whether a function gives nil as its last result, an error, in each of its statements that return, but where what does not fail has failed.
pub(crate) fn function(module: &Module<'_>, id: FuncId, depth: u8) -> bool {
    every_error(module, id, depth, |typed, error| {
        let is_nil = *typed.info.object(typed.tree().unparen(error)) == Object::Nil;
        is_nil || of_call(module, typed, error, depth)
    })
}

/// Whether something holds of each error that a function, whose last result is one, returns where it stands; not where it returns
/// what its results are named.
pub(super) fn every_error(
    module: &Module<'_>,
    id: FuncId,
    depth: u8,
    holds: impl Fn(&TypedBody, ExprId) -> bool,
) -> bool {
    let Some(typed) = module.program.body(BodyOwner::Func(id)) else {
        return false;
    };
    let results = typed.info.results();
    let last = results.last().and_then(|last| typed.info.local_info(*last));
    let is_error = last.is_some_and(|last| crate::types::is_error(module.program, last.ty));
    let Some(block) = typed.block().filter(|_| is_error) else {
        return false;
    };
    let tree = typed.tree();
    let never = never_taken(module, &typed, block, depth);
    let (mut returns, mut all_hold) = (false, true);
    tree.walk(block, |node| match node {
        Node::Expr(expr) if matches!(tree.expr(expr).kind, ExprKind::FuncLit { .. }) => {
            Descend::Skip
        }
        Node::Stmt(stmt) if never.contains(&stmt) => Descend::Skip,
        Node::Stmt(stmt) if let StmtKind::Return(list) = tree.stmt(stmt).kind => {
            returns = true;
            let error = tree.exprs(list).last();
            all_hold = all_hold && error.is_some_and(|error| holds(&typed, *error));
            Descend::Skip
        }
        _ => Descend::Into,
    });
    returns && all_hold
}

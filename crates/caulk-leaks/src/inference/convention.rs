//! What a call owes by its results alone: whoever gets a cancel function beside a context calls it, and whoever
//! gets a stream, a body or a transaction beside an error ends it.

use caulk_program::{Basic, BodyOwner, Callee, FuncId, LocalId, Object, Program, Type, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind};

use crate::body::Function;
use crate::contract::{Contract, ErrorAt, Origin, Release};
use crate::finding::Confidence;
use crate::inference::provenance::{self, Provenance};
use crate::module::{Module, Reach};
use crate::sites::owed::Called;

/// A function whose contract stands for those of others, and the result that is owed.
struct Model {
    package: &'static str,
    name: &'static str,
    result: usize,
}

/// What the use of a value of a type that is not known tells of it.
pub(crate) enum Looks {
    Response,
    /// The answer to a request that the call is seen to send.
    Answer,
    Rows,
    /// What a function dials by its name.
    Connection,
    /// What a function listens with by its name.
    Listener,
    /// What a function opens by its name, and is read as a stream.
    Stream,
    /// A database or the like, by the name of what opens it.
    Store,
    /// A watch of a Kubernetes client, by the use of its channel of events.
    Watch,
}

/// What a call owes where the callee's source is not followed.
pub(crate) fn of_types(
    module: &Module<'_>,
    types: &[TypeId],
    looks_like: &dyn Fn() -> Option<Looks>,
) -> Vec<Contract> {
    let (package, name) = match looks_like() {
        Some(Looks::Response | Looks::Answer) => ("net/http", "Get"),
        Some(Looks::Rows) => ("database/sql", "DB.Query"),
        Some(Looks::Connection) => ("net", "Dial"),
        Some(Looks::Listener) => ("net", "Listen"),
        Some(Looks::Stream) => ("io", "ReadCloser"),
        Some(Looks::Store) => ("io", "Closer"),
        Some(Looks::Watch) => ("k8s.io/client-go/dynamic", "ResourceInterface.Watch"),
        None => ("", ""),
    };
    let model = if package.is_empty() {
        model_of(module.program, types)
    } else {
        Some(Model {
            package,
            name,
            result: 0,
        })
    };
    model
        .and_then(|model| contract_of(module, &model))
        .into_iter()
        .collect()
}

/// Whether the types of the results of a call may be why it owes something.
pub(crate) fn may_owe(program: &Program, types: &[TypeId]) -> bool {
    model_of(program, types).is_some()
}

/// What a call owes where the callee's source does not say: the same, unless it shows that the result is someone
/// else's, or one that needs no release.
pub(crate) fn of_source(
    module: &Module<'_>,
    types: &[TypeId],
    callee: FuncId,
    reach: Reach,
) -> Vec<Contract> {
    let model = model_of(module.program, types).or_else(|| opened_file(module, types, callee));
    let Some(model) = model else {
        return Vec::new();
    };
    // What the project makes of a request or an answer, a body in it, says itself what is owed.
    let is_response = types
        .get(model.result)
        .is_some_and(|ty| crate::types::is_response(module.program, *ty));
    if module.is_own(callee) && model.package == "net/http" && !is_response {
        return Vec::new();
    }
    let origin = match provenance::of_stream(module, callee, model.result, reach) {
        Provenance::Made | Provenance::Holding => Origin::Source([].into()),
        Provenance::Unknown => Origin::Convention,
        Provenance::Nothing
        | Provenance::Idle
        | Provenance::Unfinished
        | Provenance::Given
        | Provenance::Foreign => {
            return Vec::new();
        }
    };
    contract_of(module, &model)
        .map(|contract| Contract { origin, ..contract })
        .into_iter()
        .collect()
}

/// What the name of a function and the type of its result say together: `Subscribe` gives what has an `Unsubscribe`,
/// or a function in a field that ends it.
pub(crate) fn of_subscription(module: &Module<'_>, called: &Called<'_>) -> Option<Contract> {
    let program = module.program;
    let (package, name) = crate::types::split_name(program, called.func);
    let name = crate::types::simple_name(name);
    let begins = |verb: &&str| {
        name.strip_prefix(*verb)
            .is_some_and(|rest| !rest.starts_with(char::is_lowercase))
    };
    let gives = ["Subscribe", "Register", "Watch", "Listen"]
        .iter()
        .any(begins);
    if !gives || crate::types::is_std_path(package) {
        return None;
    }
    let value = called.types.first().copied()?;
    let is_function = |ty: TypeId| {
        program
            .func_type(ty)
            .is_some_and(|signature| signature.params.is_empty())
    };
    let in_field = |field: &&str| program.field_type(value, field).is_some_and(is_function);
    let by_method = begins(&"Subscribe") && program.has_method(value, "Unsubscribe");
    let end = if by_method {
        "Unsubscribe"
    } else {
        ["Cancel", "Unsubscribe"]
            .into_iter()
            .find(|field| in_field(field))?
    };
    let error = match called.types.last() {
        Some(last) if crate::types::is_error(program, *last) => ErrorAt::Last,
        _ => ErrorAt::Never,
    };
    Some(Contract {
        named_only: true,
        error,
        ..crate::inference::registered::subscription(Release::method(end), Origin::Convention)
    })
}

fn contract_of(module: &Module<'_>, model: &Model) -> Option<Contract> {
    let contract = module.catalogue.contract(model.package, model.name)?;
    let mut likely = contract.clone();
    likely.confidence = Confidence::Likely;
    likely.context_ends = None;
    likely.origin = Origin::Convention;
    if model.result > 0 {
        likely.results = vec![model.result];
        likely.error = ErrorAt::Last;
    }
    Some(likely)
}

/// The function whose contract the types of the results call for.
fn model_of(program: &Program, types: &[TypeId]) -> Option<Model> {
    let [values @ .., last] = types else {
        return None;
    };
    if let [context] = values
        && program.is_named(*context, "context.Context")
    {
        let is_cancel = program.is_named(*last, "context.CancelFunc");
        return is_cancel.then_some(Model {
            package: "context",
            name: "WithCancel",
            result: 0,
        });
    }
    if !crate::types::is_error(program, *last) {
        return None;
    }
    values.iter().enumerate().find_map(|(result, ty)| {
        let (package, name) = model_of_type(program, *ty)?;
        // A response beside a connection is its handshake, a body beside a response the response's, and a response
        // beside what was read from its body has none any more: `(droplets, response, error)`.
        let is_response = (package, name) == ("net/http", "Get");
        let is_alone = values.iter().enumerate().all(|(other, ty)| {
            other == result
                || !program.is_missing(*ty)
                    && !crate::types::has_release(program, *ty)
                    && model_of_type(program, *ty).is_none()
                    && (!is_response || is_no_data(program, *ty))
        });
        is_alone.then_some(Model {
            package,
            name,
            result,
        })
    })
}

/// A file that a function opens by its name, in a way that its source does not show: by a system call of its own, or
/// far down.
fn opened_file(module: &Module<'_>, types: &[TypeId], callee: FuncId) -> Option<Model> {
    let opens = opens_file(&module.program.func(callee)?.name);
    opens.then(|| file_of(module.program, types)).flatten()
}

/// What a method of an interface owes that says by its name and its result that it opens a file: also `File`, by which the sockets of
/// the standard library give one of its own for their descriptor.
pub(crate) fn of_files(module: &Module<'_>, called: &Called<'_>) -> Option<Contract> {
    let (_, name) = crate::types::split_name(module.program, called.func);
    let name = crate::types::simple_name(name);
    let gives = called.of_interface && (opens_file(name) || name == "File");
    let model = gives.then(|| file_of(module.program, called.types))??;
    contract_of(module, &model)
}

fn opens_file(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["open", "reopen", "create", "dup", "mktemp", "tempfile"]
        .iter()
        .any(|verb| name.starts_with(verb))
}

/// The model of what gives a file, and an error beside it.
fn file_of(program: &Program, types: &[TypeId]) -> Option<Model> {
    let [value, last] = types else {
        return None;
    };
    let is_file = program.is_named(program.deref(*value), "os.File");
    (is_file && crate::types::is_error(program, *last)).then_some(Model {
        package: "os",
        name: "Open",
        result: 0,
    })
}

/// Types that are made anew for whoever asks, whatever function gives them, each with one whose contract they have.
const WHOEVER_GIVES_IT: &[(&str, &str, &str)] = &[
    (
        "github.com/jackc/pgx.Tx",
        "github.com/jackc/pgx/v5",
        "Conn.Begin",
    ),
    (
        "github.com/jackc/pgx.Rows",
        "github.com/jackc/pgx/v5",
        "Conn.Query",
    ),
    ("database/sql.Stmt", "database/sql", "DB.Prepare"),
    (
        "github.com/jmoiron/sqlx.Stmt",
        "github.com/jmoiron/sqlx",
        "DB.Preparex",
    ),
    (
        "github.com/jmoiron/sqlx.NamedStmt",
        "github.com/jmoiron/sqlx",
        "DB.PrepareNamed",
    ),
    (
        "go.mongodb.org/mongo-driver/mongo.Cursor",
        "go.mongodb.org/mongo-driver/mongo",
        "Collection.Find",
    ),
    (
        "github.com/gorilla/websocket.Conn",
        "github.com/gorilla/websocket",
        "Dialer.Dial",
    ),
    (
        "golang.org/x/crypto/ssh.Session",
        "golang.org/x/crypto/ssh",
        "Client.NewSession",
    ),
    ("crypto/tls.Conn", "crypto/tls", "Dial"),
    (
        "gvisor.dev/gvisor/pkg/tcpip/adapters/gonet.TCPConn",
        "net",
        "DialTCP",
    ),
    (
        "gvisor.dev/gvisor/pkg/tcpip/adapters/gonet.UDPConn",
        "net",
        "DialUDP",
    ),
    ("net.TCPConn", "net", "DialTCP"),
    ("net.UDPConn", "net", "DialUDP"),
    ("net.UnixConn", "net", "DialUnix"),
    ("net.Listener", "net", "Listen"),
    ("net.PacketConn", "net", "ListenPacket"),
];

/// Whether a type of a module is this one, in any major version of it: `example.com/m/v2.T` is `example.com/m.T`.
fn is_of_any_version(named: &str, wanted: &str) -> bool {
    let (Some((path, name)), Some((wanted, of))) =
        (named.rsplit_once('.'), wanted.rsplit_once('.'))
    else {
        return false;
    };
    let version = path.strip_prefix(wanted).filter(|_| name == of);
    version.is_some_and(|rest| {
        rest.is_empty()
            || rest
                .strip_prefix("/v")
                .is_some_and(|major| major.bytes().all(|byte| byte.is_ascii_digit()))
    })
}

fn model_of_type(program: &Program, value: TypeId) -> Option<(&'static str, &'static str)> {
    match program.named_name(value).unwrap_or_default().as_str() {
        "net/http.Response" => return Some(("net/http", "Get")),
        "net.Conn" => return Some(("net", "Dial")),
        "database/sql.Rows" => return Some(("database/sql", "DB.Query")),
        "github.com/jmoiron/sqlx.Rows" => return Some(("github.com/jmoiron/sqlx", "DB.Queryx")),
        "github.com/aws/aws-sdk-go/service/s3.GetObjectOutput" => {
            return Some(("github.com/aws/aws-sdk-go/service/s3", "S3.GetObject"));
        }
        "github.com/aws/aws-sdk-go-v2/service/s3.GetObjectOutput" => {
            return Some((
                "github.com/aws/aws-sdk-go-v2/service/s3",
                "Client.GetObject",
            ));
        }
        // Its body is for whoever sends it to close.
        "net/http.Request" => return None,
        named => {
            let mut whoever = WHOEVER_GIVES_IT.iter();
            let known = whoever.find(|(ty, ..)| is_of_any_version(named, ty));
            if let Some((_, package, name)) = known {
                return Some((package, name));
            }
        }
    }
    let has = |method: &str| program.has_method(value, method);
    // A connection of a driver has these too, and a release of its own.
    if has("Commit") && has("Rollback") && !has("Close") {
        return Some(("database/sql", "DB.Begin"));
    }
    if program.is_interface(value) && has("Close") {
        let streams = |method: &str| is_stream_method(program, value, method);
        return match (streams("Read"), streams("Write")) {
            // A file or a connection of the program's own: who owns it is for its maker to say.
            (true, true) => None,
            (true, false) => Some(("io", "ReadCloser")),
            (false, true) => Some(("io", "WriteCloser")),
            (false, false) => only_closes(program, value).then_some(("io", "Closer")),
        };
    }
    // What wraps a request: its body is for whoever sends it to close.
    if program.is_interface(value) || program.field_type(value, "Method").is_some() {
        return None;
    }
    let field = |name: &str| {
        let ty = program.field_type(value, name);
        ty.and_then(|ty| program.named_name(ty)).unwrap_or_default()
    };
    if has("Close") && field("Conn") == "net.Conn" {
        return Some(("net", "Dial"));
    }
    // What embeds a response is made by a client that has read it.
    let has_body = program
        .struct_fields(value)
        .iter()
        .any(|field| field.name == "Body" && program.is_named(field.ty, "io.ReadCloser"));
    has_body.then_some(("net/http", "Get"))
}

/// Whether nothing else can be done with a value of a type: `io.Closer`.
fn only_closes(program: &Program, ty: TypeId) -> bool {
    matches!(program.ty(program.underlying(ty)), Type::Interface(interface)
        if interface.methods.len() == 1 && interface.embedded.is_empty())
}

/// Whether a result tells something about a response, and cannot be what was read from it.
fn is_no_data(program: &Program, ty: TypeId) -> bool {
    match program.ty(program.underlying(ty)) {
        Type::Basic(basic) => *basic != Basic::String,
        _ => program.func_type(ty).is_some(),
    }
}

/// Whether a type reads or writes as a stream does: `Read(p []byte) (int, error)`. An iterator's `Read` is another thing.
fn is_stream_method(program: &Program, ty: TypeId, name: &str) -> bool {
    program
        .method(ty, name)
        .and_then(|method| program.func_type(method.signature))
        .is_some_and(|signature| signature.params.len() == 1 && signature.results.len() == 2)
}

/// Whether a call makes what its results owe by convention unlikely.
pub(crate) fn is_unlikely(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    contract: &Contract,
) -> bool {
    let drops = is_dropped_by_test(module, function, call)
        || contract.rule == "unreleased-subscription"
            && crate::in_test::is_in_test(module, function)
            && contract
                .results
                .iter()
                .all(|result| is_dropped_result(function, call, *result));
    if contract.confidence == Confidence::Likely && drops || is_tried(module, function, call) {
        return true;
    }
    // What a mock or a store in memory gives holds nothing.
    if contract.confidence == Confidence::Likely
        && !matches!(contract.origin, Origin::Catalogue { .. })
        && crate::in_test::is_in_test(module, function)
        && crate::sites::stand_in::is_behind(module, function, call)
    {
        return true;
    }
    // A transaction that is looked up goes on without whoever looks, the answer to `HEAD` has no body, and what no function says that it
    // prepares may be one of the statements that somebody keeps.
    if !matches!(contract.origin, Origin::Catalogue { .. })
        && contract.confidence == Confidence::Likely
        && let Some(name) = called_name(function, call)
    {
        let looks = looks_up(name) || name.to_ascii_lowercase().ends_with("valid");
        if contract.rule == "unfinished-transaction" && looks
            || contract.rule == "unclosed-response-body"
                && name.to_ascii_lowercase().ends_with("head")
            || contract.rule == "unclosed-statement"
                && !name.to_ascii_lowercase().starts_with("prepare")
        {
            return true;
        }
    }
    // What would be called to release it is left out.
    if contract.confidence == Confidence::Likely && passes_no_release(module, function, call) {
        return true;
    }
    // Whoever wrote both the function and the call knows that nothing comes with this one, and whoever has something done
    // for its effect drops a result with nothing in it.
    let called = function.callee(call).func().and_then(|func| func.id);
    let is_for_effect = || {
        let by_practice = matches!(contract.origin, Origin::Habit | Origin::OwnUse);
        let name = called_name(function, call).unwrap_or_default();
        by_practice && ["Exec", "Run"].iter().any(|verb| name.starts_with(verb))
    };
    if contract.origin.is_guess()
        && is_dropped(function, call)
        && (called.is_some_and(|id| module.is_own(id)) || is_for_effect())
    {
        return true;
    }
    // Rows of a transaction, of whatever type, end with it, and what is built to run in one.
    if contract.rule == "unclosed-rows"
        && !matches!(contract.origin, Origin::Catalogue { .. })
        && names_transaction(module, function, call)
    {
        return true;
    }
    if !contract.origin.is_guess() {
        return false;
    }
    // A test opens what it tries, in memory as a rule.
    if contract.rule == "unclosed-resource" && crate::in_test::is_in_file_of_tests(module, function)
    {
        return true;
    }
    // What is made over a stream that is passed in holds nothing but that, unless it is sent somewhere.
    let over = |method: &str| {
        takes_what_has(module, function, call, method)
            && !takes_what_has(module, function, call, "Deadline")
    };
    contract.rule == "unclosed-reader" && over("Read")
        || contract.rule == "unclosed-writer" && over("Write")
}

/// Whether a function says by its name that it gives what is there already: `getClient`.
fn looks_up(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["get", "find", "lookup", "load", "current", "peek"]
        .iter()
        .any(|verb| name.starts_with(verb))
}

/// Whether a call calls a function that says by its name that it gives what is there already.
pub(crate) fn is_looked_up(function: &Function, call: ExprId) -> bool {
    called_name(function, call).is_some_and(looks_up)
}

/// Whether a call, its receiver or its arguments name a transaction: `query.RunWith(tx).Query()`.
fn names_transaction(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let tree = function.tree();
    let mut found = false;
    tree.walk(call, |node| {
        if let Node::Expr(expr) = node
            && let ExprKind::Ident(_) | ExprKind::Selector { .. } = tree.expr(expr).kind
        {
            let ty = function.info().type_of(expr);
            found |= ["Commit", "Rollback"]
                .iter()
                .all(|method| module.program.has_method(ty, method));
        }
        Descend::Into
    });
    found
}

/// Whether a function is called that is kept in a field which owes nothing by the catalogue.
pub(crate) fn is_free_field(module: &Module<'_>, function: &Function, callee: &Callee) -> bool {
    let Callee::Field { receiver, name } = callee else {
        return false;
    };
    let holder = module.program.named_of(function.info().type_of(*receiver));
    holder.is_some_and(|holder| {
        let name = format!("{}.{name}", holder.name);
        module
            .catalogue
            .free_entry(&holder.package, &name)
            .is_some()
    })
}

/// A test that drops a value for its error means to see the call fail.
fn is_dropped_by_test(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    crate::in_test::is_in_test(module, function) && is_dropped(function, call)
}

/// A test tries a call, to see it panic: it is all that a literal does which is passed on, `require.Panics(t, func() { db.Get(k) })`.
fn is_tried(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let tree = function.tree();
    let Some(literal) = function
        .root_of(call)
        .filter(|_| crate::in_test::is_in_test(module, function))
    else {
        return false;
    };
    let passed_on = matches!(function.parent(literal), Some(Node::Expr(outer))
        if matches!(tree.expr(outer).kind, ExprKind::Call { fun, .. } if fun != literal));
    let takes_nothing = function
        .info()
        .literal(literal)
        .is_some_and(|literal| literal.params.is_empty() && literal.results.is_empty());
    let Some(statement) = function
        .statement(call)
        .filter(|_| passed_on && takes_nothing)
    else {
        return false;
    };
    let dropped = match tree.stmt(statement).kind {
        StmtKind::Expr(expr) => tree.unparen(expr) == call,
        StmtKind::Assign { lhs, .. } => tree.exprs(lhs).iter().all(|target| tree.is_blank(*target)),
        _ => false,
    };
    let alone = function.graph(Some(literal)).is_some_and(|graph| {
        matches!(tree.stmt(graph.body).kind, StmtKind::Block(block) if tree.stmts(block.stmts) == [statement])
    });
    dropped && alone
}

/// Whether the first value of a call is assigned to nothing: `_, err := f()`.
pub(crate) fn is_dropped(function: &Function, call: ExprId) -> bool {
    is_dropped_result(function, call, 0)
}

fn is_dropped_result(function: &Function, call: ExprId, result: usize) -> bool {
    let target = function.target(call, result);
    target.is_some_and(|target| function.tree().is_blank(target))
}

/// Whether a call passes `nil` for a function, or for something, that by the name of the parameter releases:
/// `Open(data, nil)` of `func Open(data []byte, closer func() error)`.
fn passes_no_release(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return false;
    };
    let is_nil = |arg: &ExprId| *function.info().object(*arg) == Object::Nil;
    let args = tree.exprs(args);
    if !args.iter().any(is_nil) {
        return false;
    }
    let id = function.callee(call).func().and_then(|func| func.id);
    let Some(called) = id.and_then(|id| module.function(BodyOwner::Func(id))) else {
        return false;
    };
    let info = called.info();
    args.iter().zip(info.params()).any(|(arg, param)| {
        let name = info
            .local_info(*param)
            .map(|param| param.name.to_ascii_lowercase());
        let releases = |name: String| {
            let words = ["close", "release", "cleanup", "free"];
            words.iter().any(|word| name.contains(word))
        };
        is_nil(arg) && name.is_some_and(releases)
    })
}

/// Whether an argument of a call has this method.
fn takes_what_has(module: &Module<'_>, function: &Function, call: ExprId, method: &str) -> bool {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return false;
    };
    tree.exprs(args).iter().any(|arg| {
        let ty = function.info().type_of(*arg);
        module.program.has_method(ty, method)
    })
}

/// Whether a call is passed a stream: what it makes over that may do no more than close it.
pub(crate) fn is_over_a_stream(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return false;
    };
    tree.exprs(args).iter().any(|arg| {
        let ty = function.info().type_of(*arg);
        ["Read", "Write"]
            .iter()
            .any(|name| is_stream_method(module.program, ty, name))
    })
}

/// Whether a method is called as one that sends a request is, and gives two values: `client.Do(req)`.
fn sends_request(module: &Module<'_>, function: &Function, call: ExprId) -> bool {
    let tree = function.tree();
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return false;
    };
    let [request] = *tree.exprs(args) else {
        return false;
    };
    let is_request = module
        .program
        .named_name(function.info().type_of(request))
        .is_some_and(|name| name == "net/http.Request");
    is_request
        && matches!(called_name(function, call), Some("Do" | "RoundTrip"))
        && crate::sites::result_count(module, function, call) == 2
}

/// What a value of a type that is not known, beside an error, is: a response, by the use of its body and its status, rows,
/// which are stepped through and scanned, a connection, by the name of who gives it, or a stream, by that and by what reads it.
pub(crate) fn looks_like(module: &Module<'_>, function: &Function, call: ExprId) -> Option<Looks> {
    let tree = function.tree();
    if sends_request(module, function, call) {
        return Some(Looks::Answer);
    }
    let stmt = function.statement(call)?;
    let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind else {
        return None;
    };
    let ([value, beside @ .., _], [single]) = (tree.exprs(lhs), tree.exprs(rhs)) else {
        return None;
    };
    if tree.unparen(*single) != call {
        return None;
    }
    let local = function.local(*value)?;
    if called_name(function, call).is_some_and(listens) {
        return Some(Looks::Listener);
    }
    if !beside.is_empty() {
        return None;
    }
    if called_name(function, call).is_some_and(dials) {
        return Some(Looks::Connection);
    }
    if called_name(function, call).is_some_and(opens) && is_read(function, local) {
        return Some(Looks::Stream);
    }
    if called_name(function, call).is_some_and(opens_store) {
        return Some(Looks::Store);
    }
    let graph = function.graph(function.root_of(call))?;
    let (mut used, mut called): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    tree.walk(graph.body, |node| {
        let Node::Expr(expr) = node else {
            return Descend::Into;
        };
        let of_value = |expr: ExprId| match tree.expr(expr).kind {
            ExprKind::Selector { x, sel } if function.local(x) == Some(local) => {
                Some(tree.name(sel))
            }
            _ => None,
        };
        used.extend(of_value(expr));
        if let ExprKind::Call { fun, .. } = tree.expr(expr).kind {
            called.extend(of_value(fun));
        }
        Descend::Into
    });
    let uses = |name: &str| used.contains(&name);
    // What has methods by these names has read its body.
    let holds = |name: &str| uses(name) && !called.contains(&name);
    if holds("Body") && holds("StatusCode") {
        return Some(Looks::Response);
    }
    if called.contains(&"ResultChan") {
        return Some(Looks::Watch);
    }
    let asks = ["Query", "Rows"]
        .iter()
        .any(|word| called_name(function, call).is_some_and(|name| name.contains(word)));
    (asks && uses("Next") && uses("Scan")).then_some(Looks::Rows)
}

/// Whether the name of a function may tell what it gives, where its source is not at hand.
pub(crate) fn is_named_for_opening(name: &str) -> bool {
    dials(name) || listens(name) || opens(name)
}

/// Whether a function says by its name that it gives a connection: `DialTimeout`.
fn dials(name: &str) -> bool {
    let how = [
        "", "Conn", "Context", "HTTP", "IP", "TCP", "TLS", "Timeout", "UDP", "URL", "Unix",
    ];
    name.strip_prefix("Dial")
        .is_some_and(|rest| how.contains(&rest) || rest.starts_with("With"))
}

/// Whether a function says by its name that it gives what listens at an address: `ListenPacket`.
fn listens(name: &str) -> bool {
    let how = ["", "Addr", "IP", "Packet", "TCP", "TLS", "UDP", "Unix"];
    name.strip_prefix("Listen")
        .is_some_and(|rest| how.contains(&rest))
}

/// Whether a function says by its name that it opens what can be read: `OpenEntry`.
fn opens(name: &str) -> bool {
    name.strip_prefix("Open")
        .is_some_and(|rest| !rest.starts_with(char::is_lowercase))
}

/// Whether it says what is kept there, and is to be closed whether or not it is read here: `OpenDatabaseWithOptions`.
fn opens_store(name: &str) -> bool {
    let stores = ["Database", "DB", "Store", "Storage", "Journal", "Ledger"];
    name.strip_prefix("Open")
        .is_some_and(|rest| stores.iter().any(|store| rest.starts_with(store)))
}

/// Whether a variable is passed to a function of the standard library that reads from it: `io.Copy(w, entry)`.
fn is_read(function: &Function, local: LocalId) -> bool {
    let calls = function.info().calls();
    calls.iter().any(|(call, callee)| {
        let Some(func) = callee.func() else {
            return false;
        };
        let from = match &*func.name {
            "io.Copy" | "io.CopyN" | "io.CopyBuffer" => 1,
            "io.ReadAll"
            | "io/ioutil.ReadAll"
            | "io.ReadFull"
            | "bufio.NewReader"
            | "bufio.NewScanner"
            | "encoding/json.NewDecoder"
            | "compress/gzip.NewReader" => 0,
            _ => return false,
        };
        let given = function.tree().arguments(*call);
        given
            .get(from)
            .is_some_and(|from| function.local(*from) == Some(local))
    })
}

/// The last name of what a call calls.
fn called_name(function: &Function, call: ExprId) -> Option<&str> {
    let tree = function.tree();
    let ExprKind::Call { fun, .. } = tree.expr(call).kind else {
        return None;
    };
    match tree.expr(tree.unparen(fun)).kind {
        ExprKind::Ident(name) | ExprKind::Selector { sel: name, .. } => Some(tree.name(name)),
        _ => None,
    }
}

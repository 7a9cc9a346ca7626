//! Which calls register handlers of requests: with `net/http`, with the routers in use, and with
//! what runs a function for each message.

use std::cell::OnceCell;

use caulk_program::{BodyOwner, Callee, FuncId, FuncRef, Program, Type, TypeId, TypedBody};
use caulk_syntax::{ExprId, ExprKind};

use crate::body::file_of;
use crate::constants::Constants;

/// Modules of routers, without major versions.
const ROUTERS: &[&str] = &[
    "github.com/bmizerany/pat",
    "github.com/dimfeld/httptreemux",
    "github.com/fasthttp/router",
    "github.com/gin-gonic/gin",
    "github.com/go-chi/chi",
    "github.com/gofiber/fiber",
    "github.com/gorilla/mux",
    "github.com/gorilla/pat",
    "github.com/julienschmidt/httprouter",
    "github.com/kataras/iris",
    "github.com/labstack/echo",
    "github.com/uptrace/bunrouter",
];

/// Types of these modules that stand for one request and not for a router.
const REQUESTS: &[&str] = &["Context", "Ctx", "DefaultCtx", "Request"];

/// Functions that run those they are given for each request or message.
const RUNNERS: &[&str] = &[
    "cloud.google.com/go/pubsub.Subscription.Receive",
    "cloud.google.com/go/pubsub/v2.Subscriber.Receive",
    "github.com/GoogleCloudPlatform/functions-framework-go/functions.CloudEvent",
    "github.com/GoogleCloudPlatform/functions-framework-go/functions.HTTP",
    "github.com/aws/aws-lambda-go/lambda.Start",
    "github.com/aws/aws-lambda-go/lambda.StartHandlerFunc",
    "github.com/aws/aws-lambda-go/lambda.StartWithOptions",
];

const METHODS: &[&str] = &[
    "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "CONNECT", "TRACE",
];

/// A call that registers handlers with a router.
pub(crate) struct Registration {
    /// The router, or what a chain of calls made of it.
    pub router: Option<ExprId>,
    /// The HTTP method, where it stands apart from the pattern.
    pub method: Option<String>,
    /// The pattern; absent where an earlier call of a chain has it.
    pub pattern: Option<ExprId>,
    /// Handlers and middlewares; none for a group of routes.
    pub handlers: Vec<ExprId>,
    /// The one among them that answers.
    pub handler: Option<ExprId>,
}

/// What can be asked of the calls of one body.
pub(crate) struct Registrations<'a> {
    pub program: &'a Program,
    pub body: &'a TypedBody,
    constants: OnceCell<Constants<'a>>,
    imports_router: OnceCell<bool>,
}

impl<'a> Registrations<'a> {
    pub fn of(program: &'a Program, body: &'a TypedBody) -> Registrations<'a> {
        Registrations {
            program,
            body,
            constants: OnceCell::new(),
            imports_router: OnceCell::new(),
        }
    }

    /// What the variables and constants of the body are.
    pub fn constants(&self) -> &Constants<'a> {
        self.constants
            .get_or_init(|| Constants::of(self.program, self.body))
    }

    fn imports_router(&self) -> bool {
        let imports = || imports_router(self.program, self.body.owner);
        *self.imports_router.get_or_init(imports)
    }

    /// The name of the function that a call of a router's module calls.
    fn router_name<'c>(&self, callee: &'c Callee) -> Option<&'c str> {
        match callee {
            Callee::Static(func) | Callee::Method { func, .. } | Callee::Interface { func, .. } => {
                let name = of_router(&func.name)?.strip_prefix('.')?;
                let (ty, name) = name.rsplit_once('.').unwrap_or(("", name));
                (!REQUESTS.contains(&ty)).then_some(name)
            }
            // The module is missing, and with it the type of the router.
            Callee::Unknown {
                name,
                receiver: Some(_),
                ..
            } if self.imports_router() => Some(name),
            _ => None,
        }
    }

    /// The router's prefix that a call adds, as in `Group("/api")`.
    pub fn group_prefix(&self, call: ExprId) -> Option<ExprId> {
        let name = self.router_name(self.body.info.callee(call))?;
        let is_group = matches!(name, "Group" | "Route" | "Party" | "PathPrefix");
        let first = self.args(call).first().copied()?;
        (is_group && !self.is_function(first)).then_some(first)
    }

    /// The arguments of a call of a chain by the name of its function, as in `Methods("GET")`.
    pub fn chained(&self, call: ExprId, wanted: &str) -> Option<&'a [ExprId]> {
        let name = self.router_name(self.body.info.callee(call))?;
        (name == wanted).then(|| self.args(call))
    }

    pub fn args(&self, call: ExprId) -> &'a [ExprId] {
        match self.body.tree().expr(call).kind {
            ExprKind::Call { args, .. } => self.body.tree().exprs(args),
            _ => &[],
        }
    }

    /// The functions among the arguments that run for each request.
    pub fn handlers(&self, call: ExprId) -> Vec<ExprId> {
        let is_runner = self
            .body
            .info
            .callee(call)
            .func()
            .is_some_and(|func| RUNNERS.contains(&&*func.name));
        if is_runner {
            return self.args(call).to_vec();
        }
        self.registration(call)
            .map(|registration| registration.handlers)
            .unwrap_or_default()
    }

    /// What a call registers.
    pub fn registration(&self, call: ExprId) -> Option<Registration> {
        let callee = self.body.info.callee(call);
        let args = self.args(call);
        let router = callee.receiver();
        if let Some(func) = callee.func() {
            let own = func.id.is_some_and(|id| self.is_wrapper(id));
            let standard = matches!(
                &*func.name,
                "net/http.Handle"
                    | "net/http.HandleFunc"
                    | "net/http.ServeMux.Handle"
                    | "net/http.ServeMux.HandleFunc"
            );
            if own || standard {
                return registered(router, verb(bare(func)), args);
            }
        }
        let name = self.router_name(callee)?;
        let found = match (name, args) {
            (name, [_, _, ..]) if verb(name).is_some() => registered(router, verb(name), args),
            ("Handler" | "HandlerFunc", [handler]) => Some(Registration {
                router,
                method: None,
                pattern: None,
                handlers: vec![*handler],
                handler: Some(*handler),
            }),
            (
                "Handle" | "HandleFunc" | "Handler" | "HandlerFunc" | "Method" | "MethodFunc"
                | "Add",
                [method, rest @ ..],
            ) if rest.len() > 1 => match self.method(*method) {
                Some(method) => registered(router, Some(method), rest),
                None => registered(router, None, args),
            },
            ("Any" | "All" | "Handle" | "HandleFunc", [_, _, ..]) => registered(router, None, args),
            _ => None,
        }?;
        if !matches!(callee, Callee::Unknown { .. }) {
            return Some(self.with_middlewares(callee, found));
        }
        // `Get("/x", y)` of an unknown type may be anything; with what can be a handler it is a route.
        let last = *found.handlers.last()?;
        self.may_handle(last).then_some(found)
    }

    /// Echo takes the handler before middlewares, the others after them.
    fn with_middlewares(&self, callee: &Callee, mut found: Registration) -> Registration {
        let is_echo = callee
            .func()
            .is_some_and(|func| func.name.contains("labstack/echo"));
        if is_echo {
            found.handler = found.handlers.first().copied();
        }
        found
    }

    fn method(&self, expr: ExprId) -> Option<&'static str> {
        let text = self.constants().string(expr)?;
        METHODS.iter().copied().find(|method| *method == text)
    }

    fn is_function(&self, expr: ExprId) -> bool {
        self.program
            .func_type(self.body.info.type_of(expr))
            .is_some()
    }

    fn may_handle(&self, expr: ExprId) -> bool {
        let ty = self.body.info.type_of(expr);
        self.program.func_type(ty).is_some()
            || self.program.is_missing(ty)
            || self.program.has_method(ty, "ServeHTTP")
    }

    /// Whether a function of the module takes a pattern and a handler, as many wrap a router.
    fn is_wrapper(&self, id: FuncId) -> bool {
        if !self.program.package(id.package).module().is_main {
            return false;
        }
        let signature = self.program.signature(id);
        let Some(signature) = self.program.func_type(signature) else {
            return false;
        };
        match &*signature.params {
            [pattern, handler, ..] => {
                matches!(
                    self.program.ty(*pattern),
                    Type::Basic(caulk_program::Basic::String)
                ) && is_handler_type(self.program, *handler)
                    && signature.results.is_empty()
            }
            _ => false,
        }
    }
}

fn registered(
    router: Option<ExprId>,
    method: Option<&str>,
    args: &[ExprId],
) -> Option<Registration> {
    let (pattern, handlers) = args.split_first()?;
    Some(Registration {
        router,
        method: method.map(str::to_owned),
        pattern: Some(*pattern),
        handler: Some(*handlers.last()?),
        handlers: handlers.to_vec(),
    })
}

/// The HTTP method that a function of a router is named after: `Get`, `GET`.
fn verb(name: &str) -> Option<&'static str> {
    METHODS
        .iter()
        .copied()
        .find(|method| method.eq_ignore_ascii_case(name))
}

fn is_handler_type(program: &Program, ty: TypeId) -> bool {
    let name = program.named_name(ty).unwrap_or_default();
    if matches!(&*name, "net/http.Handler" | "net/http.HandlerFunc") {
        return true;
    }
    program.func_type(ty).is_some_and(|signature| {
        let takes = |wanted: &str| {
            let names = signature.params.iter();
            names
                .map(|ty| program.named_name(*ty))
                .any(|name| name.as_deref() == Some(wanted))
        };
        takes("net/http.ResponseWriter") && takes("net/http.Request")
    })
}

/// What follows the path of a router's module, in any major version: nothing, or a name.
fn of_router(name: &str) -> Option<&str> {
    if !name.starts_with("github.com/") {
        return None;
    }
    let rest = ROUTERS.iter().find_map(|router| {
        let rest = name.strip_prefix(router)?;
        (rest.is_empty() || rest.starts_with(['/', '.'])).then_some(rest)
    })?;
    let Some(version) = rest.strip_prefix("/v") else {
        return (!rest.starts_with('/')).then_some(rest);
    };
    let rest = version.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.is_empty() || rest.starts_with('.')).then_some(rest)
}

/// Whether an import path is that of a router, in any major version.
pub(crate) fn is_router(path: &str) -> bool {
    of_router(path) == Some("")
}

fn imports_router(program: &Program, owner: BodyOwner) -> bool {
    let package = program.package(crate::body::package_of(&owner));
    file_of(program, owner).is_some_and(|file| package.imported_by(file).any(is_router))
}

/// The name of a function without its path and type.
pub(crate) fn bare(func: &FuncRef) -> &str {
    func.name.rsplit('.').next().unwrap_or_default()
}

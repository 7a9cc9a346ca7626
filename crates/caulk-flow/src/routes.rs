//! The HTTP routes that a program registers with constant patterns.

use caulk_program::{BodyOwner, Callee, Object, Program, SourceFile, TypedBody};
use caulk_syntax::{ExprId, ExprKind, LitKind};
use rayon::prelude::*;

use crate::symbol::symbol_of;

/// A route as it is registered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// File relative to the folder that relative paths start from, with `/`.
    pub file: String,
    /// 1-based line of the registering call.
    pub line: u32,
    /// 1-based byte column of the registering call.
    pub column: u32,
    /// The method it answers to; none where it answers to all.
    pub method: Option<String>,
    /// The pattern, without a method: `/v0/cron`, `/users/{id}`.
    pub pattern: String,
    /// Runtime symbol of the handler, where it is named or a literal.
    pub handler: Option<String>,
}

/// Names of registering functions that give the method away.
const METHODS: &[&str] = &[
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE",
];

/// Packages whose routers register with `HandleFunc`, `Handle`, `Get`, `POST` and the like.
const ROUTERS: &[&str] = &[
    "net/http",
    "github.com/gorilla/mux",
    "github.com/go-chi/chi",
    "github.com/gin-gonic/gin",
    "github.com/labstack/echo",
    "github.com/gofiber/fiber",
    "github.com/julienschmidt/httprouter",
];

/// The routes registered in the checked packages, by place.
pub fn routes(program: &Program) -> Vec<Route> {
    let mut routes: Vec<Route> = program
        .check_packages()
        .par_iter()
        .flat_map(|package| program.owners(*package))
        .flat_map_iter(|owner| routes_of(program, owner))
        .collect();
    routes.sort();
    routes
}

fn routes_of(program: &Program, owner: BodyOwner) -> Vec<Route> {
    let BodyOwner::Func(id) = owner else {
        return Vec::new();
    };
    let Some(file) = program.file_of(id).filter(|file| !file.is_test()) else {
        return Vec::new();
    };
    let Some(body) = program.body(owner) else {
        return Vec::new();
    };
    body.info
        .calls()
        .into_iter()
        .filter_map(|(call, callee)| route(program, &body, file, call, callee))
        .collect()
}

fn route(
    program: &Program,
    body: &TypedBody,
    file: &SourceFile,
    call: ExprId,
    callee: &Callee,
) -> Option<Route> {
    let tree = body.tree();
    let name = &*callee.func()?.name;
    ROUTERS.iter().find(|router| {
        name.strip_prefix(**router)
            .is_some_and(|rest| rest.starts_with(['.', '/']))
    })?;
    let function = name.rsplit('.').next()?;
    let upper = function.to_uppercase();
    let by_name = METHODS
        .iter()
        .find(|method| **method == upper)
        .map(|method| (*method).to_owned());
    if by_name.is_none() && !matches!(function, "Handle" | "HandleFunc" | "Any") {
        return None;
    }
    // `http.Get(url)` and the methods of a client ask, they do not answer.
    if name.starts_with("net/http.") && by_name.is_some() {
        return None;
    }
    let ExprKind::Call { args, .. } = tree.expr(call).kind else {
        return None;
    };
    let args = tree.exprs(args);
    let texts: Vec<Option<String>> = args.iter().map(|arg| string(body, *arg)).collect();
    let pattern_at = texts
        .iter()
        .position(|text| text.as_deref().is_some_and(|text| text.contains('/')))?;
    let pattern = texts.get(pattern_at)?.clone()?;
    // `router.Handle("GET", "/path", handler)`.
    let by_argument = pattern_at
        .checked_sub(1)
        .and_then(|before| texts.get(before)?.clone())
        .filter(|text| METHODS.contains(&text.as_str()));
    let (by_pattern, pattern) = match pattern.split_once(' ') {
        Some((method, rest)) if METHODS.contains(&method) => {
            (Some(method.to_owned()), rest.trim_start().to_owned())
        }
        _ => (None, pattern),
    };
    let method = by_name
        .or(by_argument)
        .or(by_pattern)
        .or_else(|| methods_call(body, call));
    let handler = args
        .get(pattern_at + 1..)
        .unwrap_or_default()
        .last()
        .and_then(|arg| handler(program, body, *arg));
    let at = file.line_column(tree.expr(call).span.start);
    Some(Route {
        file: program
            .relative(&file.path)
            .to_string_lossy()
            .replace('\\', "/"),
        line: at.line,
        column: at.column,
        method,
        pattern,
        handler,
    })
}

/// The method of `router.HandleFunc(…).Methods("POST")`.
fn methods_call(body: &TypedBody, call: ExprId) -> Option<String> {
    let tree = body.tree();
    body.info.calls().into_iter().find_map(|(outer, callee)| {
        let receiver = callee.receiver()?;
        (receiver == call && callee.func()?.name.ends_with(".Methods")).then_some(())?;
        match tree.expr(outer).kind {
            ExprKind::Call { args, .. } => string(body, *tree.exprs(args).first()?),
            _ => None,
        }
    })
}

fn string(body: &TypedBody, expr: ExprId) -> Option<String> {
    let tree = body.tree();
    match tree.expr(expr).kind {
        ExprKind::BasicLit(literal) if literal.kind == LitKind::String => {
            String::from_utf8(caulk_syntax::unquote(tree.literal(literal))?).ok()
        }
        ExprKind::Paren(inner) => string(body, inner),
        _ => None,
    }
}

fn handler(program: &Program, body: &TypedBody, expr: ExprId) -> Option<String> {
    let tree = body.tree();
    match tree.expr(expr).kind {
        ExprKind::FuncLit { .. } => Some(symbol_of(program, body, Some(expr))),
        ExprKind::Paren(inner) => handler(program, body, inner),
        // `http.HandlerFunc(serve)`, `withLog(serve)`: what is wrapped answers in the end.
        ExprKind::Call { args, .. } => {
            let args = tree.exprs(args);
            args.iter().find_map(|arg| handler(program, body, *arg))
        }
        ExprKind::Ident(_) | ExprKind::Selector { .. } => match body.info.object(expr) {
            Object::Func(func) | Object::Method(func) => func
                .id
                .map(|id| crate::symbol::function_symbol(program, id)),
            _ => None,
        },
        _ => None,
    }
}

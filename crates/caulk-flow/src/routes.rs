//! The HTTP routes that a program registers in its source.

use std::collections::{BTreeMap, BTreeSet};

use caulk_program::{
    BodyOwner, Callee, FuncId, LocalId, LocalKind, Object, Program, SourceFile, TypeId,
};
use caulk_syntax::{Descend, ExprId, ExprKind, Node};
use rayon::prelude::*;

use crate::body::{file_of, roots};
use crate::registration::{Registration, Registrations, is_router};
use crate::symbol::{function_symbol, symbol_of};

/// Chains of calls, groups within groups and handlers within middlewares are no deeper in code that
/// people write.
const MAX_DEPTH: u32 = 16;

/// A function that registers routes is given a router under no more prefixes than this.
const MAX_PREFIXES: usize = 16;

/// A route that a call registers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Route {
    /// File relative to the folder that relative paths start from, with `/`.
    pub file: String,
    /// 1-based line of the registering call.
    pub line: u32,
    /// 1-based byte column of the registering call.
    pub column: u32,
    /// HTTP method, in capitals; absent where the route takes every one.
    pub method: Option<String>,
    /// Host, where the pattern names one.
    pub host: Option<String>,
    /// Path in the notation of its router, with the prefixes of its groups: `/items/{id}`,
    /// `/items/:id`.
    pub pattern: String,
    /// Runtime symbol of the function that answers, where it is known; middlewares are looked
    /// through.
    pub handler: Option<String>,
}

/// The routes of the packages that are checked, sorted by file and line; those of tests left out.
///
/// A route counts where its pattern is constant: literals, constants and concatenations. Prefixes of
/// groups are added where they are constant too and the group is a variable, a parameter or a chain of
/// calls; that of a router which another one mounts or strips is not.
pub fn routes(program: &Program) -> Vec<Route> {
    let found: Vec<(BodyOwner, Found)> = program
        .check_packages()
        .par_iter()
        .map(|package| program.owners(*package))
        .flatten()
        .map(|owner| (owner, found(program, owner)))
        .collect();
    let prefixes = prefixes(&found);
    let mut routes = BTreeSet::new();
    for (owner, found) in found {
        for (prefix, route) in found.routes {
            for before in prefix.resolve(owner, &prefixes) {
                let pattern = join(&before, &route.pattern);
                if pattern.starts_with('/') {
                    routes.insert(Route {
                        pattern,
                        ..route.clone()
                    });
                }
            }
        }
    }
    routes.into_iter().collect()
}

/// The constant text before a pattern: that of a parameter of the function, and more.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Prefix {
    param: Option<u32>,
    text: String,
}

type Prefixes = BTreeMap<(FuncId, u32), BTreeSet<String>>;

impl Prefix {
    /// All that it stands for, by what the callers of the function pass.
    fn resolve(&self, owner: BodyOwner, known: &Prefixes) -> Vec<String> {
        let passed = match (owner, self.param) {
            (BodyOwner::Func(id), Some(param)) => known.get(&(id, param)),
            _ => None,
        };
        match passed {
            Some(passed) => passed
                .iter()
                .map(|before| join(before, &self.text))
                .collect(),
            None => vec![self.text.clone()],
        }
    }
}

/// What one body registers, and which routers it passes on.
#[derive(Default)]
struct Found {
    routes: Vec<(Prefix, Route)>,
    passed: Vec<(FuncId, u32, Prefix)>,
}

/// What the routers that functions are given have before their patterns.
fn prefixes(found: &[(BodyOwner, Found)]) -> Prefixes {
    let mut known = Prefixes::new();
    for _ in 0..MAX_DEPTH {
        let before = known.clone();
        for (owner, found) in found {
            for (callee, param, prefix) in &found.passed {
                let texts = prefix.resolve(*owner, &before);
                let all = known.entry((*callee, *param)).or_default();
                for text in texts {
                    if all.len() < MAX_PREFIXES {
                        all.insert(text);
                    }
                }
            }
        }
        if known == before {
            break;
        }
    }
    known
}

fn join(prefix: &str, pattern: &str) -> String {
    match (prefix.strip_suffix('/'), pattern.strip_prefix('/')) {
        _ if prefix.is_empty() => pattern.to_owned(),
        _ if pattern.is_empty() => prefix.to_owned(),
        (Some(prefix), Some(_)) => format!("{prefix}{pattern}"),
        (None, None) => format!("{prefix}/{pattern}"),
        _ => format!("{prefix}{pattern}"),
    }
}

fn found(program: &Program, owner: BodyOwner) -> Found {
    let Some(file) = file_of(program, owner).filter(|file| !file.is_test()) else {
        return Found::default();
    };
    let Some(body) = program.body(owner) else {
        return Found::default();
    };
    let calls = Registrations::of(program, &body);
    let mut reader = Reader {
        calls,
        file,
        groups: BTreeMap::new(),
        methods: BTreeMap::new(),
    };
    let mut found = Found::default();
    for root in roots(program, &body) {
        body.tree().walk(root, |node| {
            if let Node::Expr(expr) = node
                && let ExprKind::Call { .. } = body.tree().expr(expr).kind
            {
                reader.note(expr);
            }
            Descend::Into
        });
    }
    for root in roots(program, &body) {
        body.tree().walk(root, |node| {
            if let Node::Expr(expr) = node
                && let ExprKind::Call { .. } = body.tree().expr(expr).kind
            {
                reader.read(expr, &mut found);
            }
            Descend::Into
        });
    }
    found
}

/// Reads the registrations of one body.
struct Reader<'a> {
    calls: Registrations<'a>,
    file: &'a SourceFile,
    /// Parameters of literals that a group gives its router to, by the call that makes the group.
    groups: BTreeMap<LocalId, ExprId>,
    /// Methods that a later call of its chain restricts a route to.
    methods: BTreeMap<ExprId, Vec<String>>,
}

impl Reader<'_> {
    fn note(&mut self, call: ExprId) {
        if let Some(args) = self.calls.chained(call, "Methods") {
            let methods: Vec<String> = self.strings(args);
            if let Some(registered) = self.registered_in_chain(call) {
                self.methods.insert(registered, methods);
            }
        }
        let is_group = ["Route", "Group"]
            .iter()
            .any(|name| self.calls.chained(call, name).is_some());
        if is_group
            && let Some(function) = self.calls.args(call).last()
            && let Some(literal) = self.calls.body.info.literal(*function)
            && let Some(router) = literal.params.first()
        {
            self.groups.insert(*router, call);
        }
    }

    fn strings(&self, exprs: &[ExprId]) -> Vec<String> {
        exprs
            .iter()
            .filter_map(|expr| self.calls.constants().string(*expr))
            .collect()
    }

    fn registered_in_chain(&self, call: ExprId) -> Option<ExprId> {
        let mut at = self.calls.body.info.callee(call).receiver()?;
        for _ in 0..MAX_DEPTH {
            if self.calls.registration(at).is_some() {
                return Some(at);
            }
            at = self.calls.body.info.callee(at).receiver()?;
        }
        None
    }

    fn read(&self, call: ExprId, found: &mut Found) {
        if let Some(registration) = self.calls.registration(call) {
            self.register(call, &registration, found);
        }
        self.pass(call, found);
    }

    fn register(&self, call: ExprId, registration: &Registration, found: &mut Found) {
        let mut methods: Vec<String> = registration.method.iter().cloned().collect();
        methods.extend(self.methods.get(&call).into_iter().flatten().cloned());
        let pattern = match registration.pattern {
            Some(pattern) => self.calls.constants().string(pattern),
            None => self.chained_pattern(registration, &mut methods),
        };
        let (Some(pattern), Some(prefix)) =
            (pattern, self.prefix_of(registration.router, MAX_DEPTH))
        else {
            return;
        };
        let (method, host, pattern) = split_pattern(&pattern);
        methods.extend(method);
        let body = self.calls.body;
        let place = self.file.line_column(body.tree().expr(call).span.start);
        let file = self.calls.program.relative(&self.file.path);
        let route = Route {
            file: file.to_string_lossy().replace('\\', "/"),
            line: place.line,
            column: place.column,
            method: None,
            host,
            pattern,
            handler: registration
                .handler
                .and_then(|handler| self.symbol(handler, MAX_DEPTH)),
        };
        if methods.is_empty() {
            found.routes.push((prefix, route));
            return;
        }
        for method in methods {
            let route = Route {
                method: Some(method),
                ..route.clone()
            };
            found.routes.push((prefix.clone(), route));
        }
    }

    /// The pattern of `Methods("GET").Path("/x").HandlerFunc(h)`.
    fn chained_pattern(
        &self,
        registration: &Registration,
        methods: &mut Vec<String>,
    ) -> Option<String> {
        let mut at = registration.router?;
        let mut pattern = None;
        for _ in 0..MAX_DEPTH {
            if let Some([path]) = self.calls.chained(at, "Path") {
                pattern = self.calls.constants().string(*path);
            }
            if let Some(args) = self.calls.chained(at, "Methods") {
                methods.extend(self.strings(args));
            }
            match self.calls.body.info.callee(at).receiver() {
                Some(receiver) => at = receiver,
                None => break,
            }
        }
        pattern
    }

    /// What stands before the patterns of a router; nothing where it is not constant.
    fn prefix_of(&self, router: Option<ExprId>, depth: u32) -> Option<Prefix> {
        let Some(router) = router else {
            return Some(Prefix::default());
        };
        let depth = depth.checked_sub(1)?;
        let info = &self.calls.body.info;
        let tree = self.calls.body.tree();
        let router = tree.unparen(router);
        if let ExprKind::Call { .. } = tree.expr(router).kind {
            let mut prefix = self.prefix_of(info.callee(router).receiver(), depth)?;
            if let Some(group) = self.calls.group_prefix(router) {
                prefix.text = join(&prefix.text, &self.calls.constants().string(group)?);
            }
            return Some(prefix);
        }
        let Some(local) = info.local(router) else {
            return Some(Prefix::default());
        };
        if let Some(group) = self.groups.get(&local) {
            return self.prefix_of(Some(*group), depth);
        }
        if let Some(definition) = self.calls.constants().definition(local) {
            return self.prefix_of(Some(definition), depth);
        }
        let param = info.local_info(local).and_then(|info| match info.kind {
            LocalKind::Param { index } if info.function.is_none() => Some(index),
            _ => None,
        });
        Some(Prefix {
            param,
            text: String::new(),
        })
    }

    /// Notes the routers that a call gives to a function of the program.
    fn pass(&self, call: ExprId, found: &mut Found) {
        let info = &self.calls.body.info;
        if let Callee::Static(func) | Callee::Method { func, .. } = info.callee(call)
            && let Some(callee) = func.id
        {
            for (position, arg) in self.calls.args(call).iter().enumerate() {
                if self.may_be_router(info.type_of(*arg))
                    && let Some(prefix) = self.prefix_of(Some(*arg), MAX_DEPTH)
                {
                    found.passed.push((callee, position as u32, prefix));
                }
            }
        }
        // `Route("/users", users)`
        let is_group = ["Route", "Group"]
            .iter()
            .any(|name| self.calls.chained(call, name).is_some());
        if is_group
            && let Some(function) = self.calls.args(call).last()
            && let Object::Func(func) | Object::Method(func) = info.object(*function)
            && let Some(callee) = func.id
            && let Some(prefix) = self.prefix_of(Some(call), MAX_DEPTH)
        {
            found.passed.push((callee, 0, prefix));
        }
    }

    fn may_be_router(&self, ty: TypeId) -> bool {
        match self.calls.program.named_of(ty) {
            Some(named) => is_router(&named.package),
            None => ty.is_unknown(),
        }
    }

    /// The runtime symbol of a handler, conversions and middlewares looked through.
    fn symbol(&self, handler: ExprId, depth: u32) -> Option<String> {
        let depth = depth.checked_sub(1)?;
        let (program, body) = (self.calls.program, self.calls.body);
        let handler = body.tree().unparen(handler);
        match body.info.object(handler) {
            Object::Func(func) | Object::Method(func) => {
                return Some(match func.id {
                    Some(id) => function_symbol(program, id),
                    None => func.name.to_string(),
                });
            }
            _ => {}
        }
        match body.tree().expr(handler).kind {
            ExprKind::FuncLit { .. } => return Some(symbol_of(program, body, Some(handler))),
            ExprKind::Call { .. } => {
                // What wraps a handler takes it last more often than not, after its settings.
                let mut args = self.calls.args(handler).iter().rev();
                if let Some(symbol) = args.find_map(|arg| self.symbol(*arg, depth)) {
                    return Some(symbol);
                }
            }
            _ => {}
        }
        let definition = body
            .info
            .local(handler)
            .and_then(|local| self.calls.constants().definition(local));
        if let Some(symbol) = definition.and_then(|value| self.symbol(value, depth)) {
            return Some(symbol);
        }
        let method = program.method(body.info.type_of(handler), "ServeHTTP")?;
        let id = method.func.id.filter(|_| !method.of_interface)?;
        // A mux or an adapter of the standard library only passes on.
        let is_own = program.package(id.package).module().is_main;
        is_own.then(|| function_symbol(program, id))
    }
}

/// Takes apart `METHOD host/path`; see <https://pkg.go.dev/net/http#hdr-Patterns-ServeMux>.
fn split_pattern(pattern: &str) -> (Option<String>, Option<String>, String) {
    let (method, rest) = match pattern.split_once([' ', '\t']) {
        Some((method, rest)) => (Some(method.to_owned()), rest.trim_start()),
        None => (None, pattern),
    };
    // Groups take patterns without a slash at their start: only a name with a dot or port is a host.
    match rest.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) && !host.starts_with(':') => {
            (method, Some(host.to_owned()), format!("/{path}"))
        }
        _ => (method, None, rest.to_owned()),
    }
}

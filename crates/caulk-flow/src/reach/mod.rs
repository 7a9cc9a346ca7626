//! What may call a function: calls by name, through interfaces, and through the fields, parameters
//! and variables that functions are put into.

mod held;
mod service;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use caulk_program::{BodyOwner, Callee, FuncId, LocalId, Object, Program, Type, TypeId, TypedBody};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtId, StmtKind};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::body::{has_one_element, roots};
use crate::failing::{How, OnError, Passed};
use crate::handler::is_handler_literal;
use crate::implementers::Called;
use crate::outcome::Outcomes;
use crate::registration::Registrations;

/// What runs, or leads to what runs. Small, since each body leads to many.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Target {
    /// A declared function, or the value of a package's variable.
    Body(BodyOwner),
    /// A function literal of a body.
    Literal(BodyOwner, ExprId),
    /// The functions that a field holds, by its type.
    Field(Arc<(String, SmolStr)>),
    /// The functions that a parameter is given.
    Param(FuncId, u32),
    /// The same, where the function calls it itself, once: what is given by name or as a literal runs then as often as whoever gives it.
    Called(FuncId, u32),
    /// The functions that a function returns.
    Returned(FuncId),
    /// The functions that a package's variable holds.
    Variable(Arc<str>),
    /// The methods that implement one of an interface.
    Method(Arc<Called>),
    /// The functions that commands run.
    Command,
    /// Somewhere in a dependency.
    Dependency,
    /// The end of the process.
    Exit,
}

/// A way from one to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Step {
    pub from: Target,
    pub to: Target,
    /// Whether a loop of the function (its literals apart) runs it again and again.
    pub in_loop: bool,
    /// Whether such a loop goes on for as long as something comes in, or is wanted.
    pub in_endless: bool,
    /// Whether what it leads to is registered to run for each request.
    pub in_handler: bool,
    pub how: How,
}

/// What one body reaches.
#[derive(Default)]
pub(crate) struct Reached {
    pub steps: BTreeSet<Step>,
    /// The interfaces of [`Target::Method`].
    pub interfaces: BTreeMap<String, TypeId>,
}

/// A field of a type that is not at hand.
fn of_unknown_type(name: &str) -> Target {
    Target::Field(Arc::new(("?".to_owned(), SmolStr::new(name))))
}

/// The interface that a value leads to through embedded fields.
pub(crate) fn interface(program: &Program, holder: TypeId, through: &[SmolStr]) -> Option<TypeId> {
    through
        .iter()
        .try_fold(holder, |ty, field| program.field_type(ty, field))
}

/// Reads one body.
pub(crate) fn reached(program: &Program, body: &TypedBody, in_test: bool) -> Reached {
    let mut reader = Reader {
        program,
        body,
        registrations: Registrations::of(program, body),
        in_test,
        elements: BTreeSet::new(),
        called: BTreeSet::new(),
        outcomes: Outcomes::of(program, body),
        bodies: body.block().into_iter().collect(),
        run_by: BTreeMap::new(),
        functions: OnceCell::new(),
        reached: Reached::default(),
    };
    reader.initialized();
    let owner = Target::Body(body.owner);
    let mut todo: Vec<(Node, Context)> = roots(program, body)
        .into_iter()
        .map(|node| (node, Context::of(owner.clone())))
        .collect();
    while let Some((node, context)) = todo.pop() {
        let (below, handed) = reader.read(node, &context);
        body.tree().children(node, |child| {
            let mut context = below.clone();
            context.handed = match child {
                Node::Expr(expr) => handed.applies(expr),
                Node::Stmt(_) => false,
            };
            todo.push((child, context));
        });
    }
    if reader.outcomes.ends_process {
        let how = How::Called(OnError::Last, Passed::Other);
        reader.step(&Context::of(owner), Target::Exit, false, how);
    }
    reader.reached
}

/// Where a node stands.
#[derive(Clone)]
struct Context {
    from: Rc<Target>,
    /// How many loops of the function hold it.
    loops: u32,
    /// Whether one of them goes on for as long as something comes in, or is wanted.
    endless: bool,
    /// Whether it is a handler that a call registers, or within the wrappers around one.
    handed: bool,
}

impl Context {
    fn of(from: Target) -> Context {
        Context {
            from: Rc::new(from),
            loops: 0,
            endless: false,
            handed: false,
        }
    }
}

/// Which children of a node are handed to what runs them for each request.
enum Handed {
    None,
    All,
    Only(Vec<ExprId>),
    Except(ExprId),
}

impl Handed {
    fn applies(&self, expr: ExprId) -> bool {
        match self {
            Handed::None => false,
            Handed::All => true,
            Handed::Only(exprs) => exprs.contains(&expr),
            Handed::Except(fun) => expr != *fun,
        }
    }
}

struct Reader<'a> {
    program: &'a Program,
    body: &'a TypedBody,
    registrations: Registrations<'a>,
    /// What a test puts somewhere says nothing of what runs there.
    in_test: bool,
    /// Variables that a loop sets to each element, or its place.
    elements: BTreeSet<LocalId>,
    /// What calls call; a call is no mention.
    called: BTreeSet<ExprId>,
    outcomes: Outcomes<'a>,
    /// The blocks of functions and literals, until they are read.
    bodies: BTreeSet<StmtId>,
    /// The calls that functions are passed to, or called by where they stand.
    run_by: BTreeMap<ExprId, ExprId>,
    /// The functions that variables of the body are given, where one is called.
    functions: OnceCell<BTreeMap<LocalId, Vec<ExprId>>>,
    reached: Reached,
}

impl Reader<'_> {
    fn read(&mut self, node: Node, context: &Context) -> (Context, Handed) {
        let tree = self.body.tree();
        let mut below = context.clone();
        let inherited = if context.handed {
            Handed::All
        } else {
            Handed::None
        };
        match node {
            Node::Stmt(stmt) => {
                let kind = tree.stmt(stmt).kind;
                let goes_round = match kind {
                    StmtKind::For { .. } => true,
                    StmtKind::Range { x, .. } => !has_one_element(tree, x),
                    _ => false,
                };
                below.loops = below.loops.saturating_add(u32::from(goes_round));
                below.endless |= goes_round && !self.is_counted(kind);
                if let StmtKind::Range { key, value, .. } = kind {
                    let elements = [key, value].into_iter().flatten();
                    let info = &self.body.info;
                    self.elements
                        .extend(elements.filter_map(|name| info.defined_at(tree.expr(name).span)));
                }
                self.stored(stmt);
                self.returned(stmt, context);
                self.outcomes.read(stmt, self.bodies.remove(&stmt));
                (below, Handed::None)
            }
            Node::Expr(expr) => match tree.expr(expr).kind {
                ExprKind::FuncLit { body, .. } => {
                    self.bodies.insert(body);
                    let literal = Target::Literal(self.body.owner, expr);
                    let handles =
                        context.handed || is_handler_literal(self.program, self.body, expr);
                    self.step(
                        &self.repeated(expr, context),
                        literal.clone(),
                        handles,
                        self.how_run(expr, context),
                    );
                    if self.is_made_a_command(expr) {
                        self.step(
                            &Context::of(Target::Command),
                            literal.clone(),
                            false,
                            How::Held,
                        );
                    }
                    (Context::of(literal), Handed::None)
                }
                ExprKind::Call { fun, .. } => {
                    self.called.insert(tree.unparen(fun));
                    for passed in self.registrations.args(expr).iter().chain([&fun]) {
                        let passed = tree.unparen(*passed);
                        let is_function = match tree.expr(passed).kind {
                            ExprKind::FuncLit { .. } => true,
                            ExprKind::Ident(_) | ExprKind::Selector { .. } => passed != fun,
                            ExprKind::Call { .. } => self.gives_function(passed),
                            _ => false,
                        };
                        if is_function {
                            self.run_by.insert(passed, expr);
                        }
                    }
                    self.call(expr, context);
                    // What it returns runs where that is passed: `group.Go(serve(ctx))`.
                    if self.run_by.contains_key(&expr)
                        && let Some(target) = self.held(expr)
                    {
                        self.step(context, target, context.handed, self.how_run(expr, context));
                    }
                    let handed = if context.handed {
                        Handed::Except(fun)
                    } else {
                        Handed::Only(self.registrations.handlers(expr))
                    };
                    (below, handed)
                }
                ExprKind::CompositeLit { .. } => {
                    self.composite(expr);
                    (below, inherited)
                }
                // A function that is handed on will be called by someone.
                ExprKind::Ident(_) | ExprKind::Selector { .. } => {
                    if let Object::Func(_) | Object::Method(_) = self.body.info.object(expr)
                        && !self.called.contains(&expr)
                        && let Some(target) = self.held(expr)
                    {
                        if self.is_made_a_command(expr) {
                            let command = Context::of(Target::Command);
                            self.step(&command, target.clone(), false, How::Held);
                        }
                        let how = self.how_run(expr, context);
                        self.step(&self.repeated(expr, context), target, context.handed, how);
                    }
                    (below, Handed::None)
                }
                _ => (below, inherited),
            },
        }
    }

    /// Where a function is called that is passed on, if not where it stands: at each turn of a loop of what it is passed to.
    fn repeated(&self, function: ExprId, context: &Context) -> Context {
        let mut context = context.clone();
        let run_by = self.run_by.get(&function);
        let callee = run_by.and_then(|call| self.body.info.callee(*call).func());
        if callee.is_some_and(|func| crate::repeats::repeats(&func.name)) {
            context.loops = context.loops.saturating_add(1);
            context.endless = true;
        }
        context
    }

    /// Whether a loop has as many turns as there are elements, or as a variable counts.
    fn is_counted(&self, turns: StmtKind) -> bool {
        match turns {
            StmtKind::For { cond, post, .. } => cond.is_some() && post.is_some(),
            StmtKind::Range { x, .. } => {
                // What is not known may be a channel.
                let ty = self.program.underlying(self.body.info.type_of(x));
                let goes_on = matches!(self.program.ty(ty), Type::Chan(..) | Type::Func(..));
                !ty.is_unknown() && !goes_on
            }
            _ => false,
        }
    }

    /// Whether a function that is written out or named is passed to what makes a command of it, or the function that one runs, or to
    /// what builds the program out of such functions.
    fn is_made_a_command(&self, function: ExprId) -> bool {
        let is_command = |ty: TypeId| {
            let name = self.program.named_name(ty);
            name.is_some_and(|name| crate::command::is_command(&name))
        };
        let Some(call) = self.run_by.get(&function) else {
            return false;
        };
        let made = self.body.info.type_of(*call);
        let callee = self.body.info.callee(*call).func();
        callee.is_some_and(|func| crate::command::builds_program(&func.name))
            || is_command(made)
            || self.program.func_type(made).is_some_and(|made| {
                let mut params = made.params.iter();
                params.any(|param| is_command(*param))
            })
    }

    fn gives_function(&self, call: ExprId) -> bool {
        let made = self.body.info.type_of(call);
        self.program.func_type(made).is_some()
    }

    /// How a function that is written out or named comes to run.
    fn how_run(&self, function: ExprId, context: &Context) -> How {
        let run_by = self.run_by.get(&function);
        // Where a loop starts one after the other, the others go on for a while.
        let of_group = run_by.filter(|_| context.loops == 0);
        let of_group = of_group.and_then(|call| self.outcomes.on_error_of_group(*call));
        let by_call = run_by.filter(|call| self.outcomes.gives_error(**call));
        let by_call = by_call.map(|call| self.outcomes.on_error(*call));
        match of_group.or(by_call) {
            // Whoever is passed it may do more behind it.
            Some(OnError::Last) => return How::Called(OnError::Returns, Passed::Own),
            Some(on_error) => return How::Called(on_error, Passed::Own),
            None => {}
        }
        match run_by {
            Some(call) if self.is_run_at_once(function, *call) => {
                How::Called(OnError::GoesOn, Passed::Own)
            }
            _ => How::Named,
        }
    }

    /// Whether a function literal without an error runs as often as the function around it: where it stands, in a goroutine of its own, or
    /// as one of a group.
    fn is_run_at_once(&self, function: ExprId, call: ExprId) -> bool {
        let tree = self.body.tree();
        let ExprKind::Call { fun, .. } = tree.expr(call).kind else {
            return false;
        };
        let is_of_group = || {
            matches!(tree.expr(tree.unparen(fun)).kind, ExprKind::Selector { sel, .. }
                if matches!(tree.name(sel), "Go" | "Do"))
        };
        matches!(tree.expr(function).kind, ExprKind::FuncLit { .. })
            && (tree.unparen(fun) == function || is_of_group())
    }

    fn step(&mut self, context: &Context, to: Target, in_handler: bool, how: How) {
        self.reached.steps.insert(Step {
            from: Target::clone(&context.from),
            to,
            in_loop: context.loops > 0,
            in_endless: context.endless,
            in_handler,
            how,
        });
    }

    fn call(&mut self, call: ExprId, context: &Context) {
        let info = &self.body.info;
        let target = match info.callee(call) {
            Callee::Static(func) | Callee::Method { func, .. } => {
                if let Some(id) = func.id {
                    for (position, arg) in self.registrations.args(call).iter().enumerate() {
                        self.put(Target::Param(id, position as u32), *arg);
                    }
                }
                func.id.map(|id| Target::Body(BodyOwner::Func(id)))
            }
            Callee::Interface {
                iface,
                name,
                through,
                ..
            } => self.interface_method(*iface, name, through),
            Callee::Field { .. } => match self.body.tree().expr(call).kind {
                ExprKind::Call { fun, .. } => self.field(fun),
                _ => None,
            },
            Callee::Local(local) if self.param(*local).is_none() => {
                self.call_variable(call, *local, context);
                None
            }
            Callee::Local(local) => match self.param(*local) {
                Some(Target::Param(id, index))
                    if context.loops == 0 && *context.from == Target::Body(self.body.owner) =>
                {
                    Some(Target::Called(id, index))
                }
                target => target,
            },
            Callee::PackageVar { name, .. } => Some(Target::Variable(name.clone())),
            _ => None,
        };
        if let Some(target) = target {
            let mut context = context.clone();
            // A loop over a table calls another function each time round.
            let receiver = info.callee(call).receiver();
            let is_direct = matches!(target, Target::Body(_));
            if !is_direct && receiver.is_some_and(|receiver| self.is_element(receiver)) {
                context.loops = context.loops.saturating_sub(1);
            }
            let how = How::Called(self.outcomes.on_error(call), self.outcomes.passed(call));
            self.step(&context, target, false, how);
        }
        for method in self.service(call) {
            let method = Target::Body(BodyOwner::Func(method));
            self.step(context, method, true, How::Named);
        }
    }

    /// Calls the functions that a variable of the body holds: `scan = scanImage; …; scan(ctx)`.
    fn call_variable(&mut self, call: ExprId, local: LocalId, context: &Context) {
        // How often they run is told by where they are named: a loop may go over what they are for.
        let mut context = context.clone();
        context.loops = 0;
        for value in self.functions_of(local) {
            if let Some(target) = self.held(value) {
                let how = How::Called(self.outcomes.on_error(call), self.outcomes.passed(call));
                self.step(&context, target, false, how);
            }
        }
    }

    /// The functions, written out or named, that a variable of the body is given.
    fn functions_of(&self, local: LocalId) -> Vec<ExprId> {
        let tree = self.body.tree();
        let functions = self.functions.get_or_init(|| {
            let mut functions: BTreeMap<LocalId, Vec<ExprId>> = BTreeMap::new();
            for root in roots(self.program, self.body) {
                tree.walk(root, |node| {
                    if let Node::Stmt(stmt) = node
                        && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
                    {
                        for (target, value) in tree.exprs(lhs).iter().zip(tree.exprs(rhs)) {
                            let value = tree.unparen(*value);
                            let is_function = match tree.expr(value).kind {
                                ExprKind::FuncLit { .. } => true,
                                ExprKind::Ident(_) | ExprKind::Selector { .. } => matches!(
                                    self.body.info.object(value),
                                    Object::Func(_) | Object::Method(_)
                                ),
                                _ => false,
                            };
                            if is_function && let Some(local) = self.body.info.local(*target) {
                                functions.entry(local).or_default().push(value);
                            }
                        }
                    }
                    Descend::Into
                });
            }
            functions
        });
        functions.get(&local).cloned().unwrap_or_default()
    }

    /// Whether an expression is an element of what a loop goes over, or within one.
    fn is_element(&self, expr: ExprId) -> bool {
        let tree = self.body.tree();
        let is_set = |expr: ExprId| {
            let local = self.body.info.local(expr);
            local.is_some_and(|local| self.elements.contains(&local))
        };
        let mut at = expr;
        loop {
            at = match tree.expr(at).kind {
                ExprKind::Paren(inner) | ExprKind::Star(inner) => inner,
                ExprKind::Selector { x, .. } => x,
                ExprKind::Index { x, indices, .. } => {
                    if tree.exprs(indices).iter().any(|index| is_set(*index)) {
                        return true;
                    }
                    x
                }
                _ => return is_set(at),
            };
        }
    }
}

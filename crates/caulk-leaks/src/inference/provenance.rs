//! Where the results of a function come from: made in it, given to it, or nothing that needs a release.
//! Told from the `return` statements and what they name, without following paths.

use caulk_flow::End;
use caulk_program::{
    Basic, BodyOwner, Callee, FuncId, LocalId, LocalKind, Object, Program, Type, TypeId,
};
use caulk_syntax::{ExprId, ExprKind, StmtKind, Tree, UnaryOp};

use super::effort::{Effort, efforts, frees, release_method, releases_nothing};
use super::going_on::starts_with;
use crate::body::{Function, is_constant};
use crate::catalogue::CallEffect;
use crate::finding::SettledBy;
use crate::module::{Followed, Module, Reach};

/// Functions that a result is traced through, and variables within each.
const DEPTH: u32 = 4;

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Provenance {
    /// It is `nil`.
    Nothing,
    /// Made here; its release does nothing.
    Idle,
    /// Not known, or acquired here by a call.
    Unknown,
    /// The same, and something that was acquired on the way to it is handed on.
    Holding,
    /// Built here; its release writes what was kept back, and frees nothing.
    Unfinished,
    /// Built here; its release frees something.
    Made,
    /// A parameter, or what wraps one: the caller's, who may have got it in turn from where what it returns comes from.
    Given,
    /// Someone else's: a field, a variable of the package.
    Foreign,
}

/// Where a result of a function comes from; on several paths, the strongest claim that another has to it.
pub(crate) fn of_result(
    module: &Module<'_>,
    id: FuncId,
    result: usize,
    reach: Reach,
) -> Provenance {
    of_traced(traced(module, id, result, reach, DEPTH, false))
}

/// Whether a result of a function is someone else's and nothing that its caller gave it.
pub(crate) fn is_kept_elsewhere(
    module: &Module<'_>,
    id: FuncId,
    result: usize,
    reach: Reach,
) -> bool {
    traced(module, id, result, reach, DEPTH, false) == Provenance::Foreign
}

/// The same of a stream, which comes from where that comes from that a function on the way is passed and gives back, wrapped or not.
pub(crate) fn of_stream(
    module: &Module<'_>,
    id: FuncId,
    result: usize,
    reach: Reach,
) -> Provenance {
    of_traced(traced(module, id, result, reach, DEPTH, true))
}

/// What the function itself is given is someone else's.
fn of_traced(origin: Provenance) -> Provenance {
    match origin {
        Provenance::Given => Provenance::Foreign,
        origin => origin,
    }
}

fn traced(
    module: &Module<'_>,
    id: FuncId,
    result: usize,
    reach: Reach,
    depth: u32,
    through: bool,
) -> Provenance {
    let Some(depth) = depth.checked_sub(1) else {
        return Provenance::Unknown;
    };
    let Some(function) = module.function(BodyOwner::Func(id)) else {
        return Provenance::Unknown;
    };
    let Some(graph) = function.graph(None) else {
        return Provenance::Unknown;
    };
    let tracer = Tracer {
        module,
        function: &function,
        reach,
        depth,
        through,
    };
    let tree = function.tree();
    let returns = graph.blocks().filter_map(|(_, block)| match &block.end {
        End::Return(stmt) => Some(*stmt),
        _ => None,
    });
    let origin = strongest(returns.map(|stmt| {
        let StmtKind::Return(list) = tree.stmt(stmt).kind else {
            return Provenance::Unknown;
        };
        match tree.exprs(list) {
            [] => match function.results(None).get(result) {
                Some(local) => tracer.local(*local, depth),
                None => Provenance::Unknown,
            },
            [single] if function.results(None).len() > 1 => tracer.call(*single, result, depth),
            many => many
                .get(result)
                .map_or(Provenance::Unknown, |expr| tracer.expr(*expr, depth)),
        }
    }));
    if origin == Provenance::Unknown && hands_on(module, id, reach) {
        Provenance::Holding
    } else {
        origin
    }
}

/// What a result of a function is made as.
pub(crate) struct Literal {
    pub expr: ExprId,
    /// The variable that is returned.
    pub local: Option<LocalId>,
}

/// Whether a result of a function is a literal of its type wherever it is not nil.
pub(crate) fn is_literal(module: &Module<'_>, id: FuncId, result: usize) -> bool {
    literal(module, id, result).is_some()
}

/// The literal that a result of a function is wherever it is not nil, the first of several.
pub(crate) fn literal(module: &Module<'_>, id: FuncId, result: usize) -> Option<Literal> {
    let function = module.function(BodyOwner::Func(id))?;
    let graph = function.graph(None)?;
    let tree = function.tree();
    let mut first = None;
    let made = |expr: ExprId| {
        let made = pointee(tree, expr);
        matches!(tree.expr(made).kind, ExprKind::CompositeLit { .. })
    };
    for (_, block) in graph.blocks() {
        let End::Return(stmt) = &block.end else {
            continue;
        };
        let StmtKind::Return(list) = tree.stmt(*stmt).kind else {
            continue;
        };
        let expr = *tree.exprs(list).get(result)?;
        if matches!(function.info().object(expr), Object::Nil) {
            continue;
        }
        if made(expr) {
            first.get_or_insert(Literal { expr, local: None });
            continue;
        }
        let local = function.local(expr)?;
        let values = function.definitions(module.program, local);
        if values.is_empty() {
            return None;
        }
        for &(value, _) in values {
            let expr = value.filter(|value| made(*value))?;
            let local = Some(local);
            first.get_or_insert(Literal { expr, local });
        }
    }
    first
}

/// Whether a function hands on what it acquires itself, so that its result may hold that.
fn hands_on(module: &Module<'_>, id: FuncId, reach: Reach) -> bool {
    let verdicts = module.verdicts(BodyOwner::Func(id), reach);
    verdicts.iter().any(|(site, verdict)| {
        let outcomes = &verdict.outcomes;
        let settled = outcomes.settled.map(|(how, _)| how);
        site.root.is_none()
            && (outcomes.returned.is_some()
                || matches!(
                    settled,
                    Some(SettledBy::HandedOver | SettledBy::ReleaseHandedOver | SettledBy::Stored)
                ))
    })
}

fn strongest(provenances: impl Iterator<Item = Provenance>) -> Provenance {
    provenances.max().unwrap_or(Provenance::Nothing)
}

struct Tracer<'a, 'p> {
    module: &'a Module<'p>,
    function: &'a Function,
    reach: Reach,
    /// Further functions that may be looked into.
    depth: u32,
    /// Whether what a function is passed and gives back is looked for where it is called.
    through: bool,
}

impl Tracer<'_, '_> {
    fn expr(&self, expr: ExprId, depth: u32) -> Provenance {
        let tree = self.function.tree();
        let expr = tree.unparen(expr);
        match tree.expr(expr).kind {
            ExprKind::Ident(_) => match self.function.info().object(expr) {
                Object::Nil => Provenance::Nothing,
                Object::Local(local) => self.local(*local, depth),
                Object::PackageVar(_) => Provenance::Foreign,
                _ => Provenance::Unknown,
            },
            ExprKind::Selector { x, .. } => match self.function.info().object(expr) {
                Object::PackageVar(name) if crate::types::is_standard_stream(name) => {
                    Provenance::Nothing
                }
                Object::PackageVar(_) => Provenance::Foreign,
                Object::Field { .. } => self.field(x, depth),
                _ => Provenance::Unknown,
            },
            ExprKind::Unary {
                op: UnaryOp::Address,
                x,
            } => self.expr(x, depth),
            ExprKind::CompositeLit { elts, .. } => self.composite(expr, tree.exprs(elts), None),
            ExprKind::Call { .. } => self.call(expr, 0, depth),
            ExprKind::TypeAssert { x, .. } | ExprKind::Star(x) => self.expr(x, depth),
            // An element of what is kept elsewhere.
            ExprKind::Index { .. } => Provenance::Foreign,
            _ => Provenance::Unknown,
        }
    }

    /// A field of a value: someone else's unless the value was made here.
    fn field(&self, x: ExprId, depth: u32) -> Provenance {
        match self.expr(x, depth) {
            Provenance::Unknown | Provenance::Holding => Provenance::Unknown,
            _ => Provenance::Foreign,
        }
    }

    fn local(&self, local: LocalId, depth: u32) -> Provenance {
        let Some(depth) = depth.checked_sub(1) else {
            return Provenance::Unknown;
        };
        let kind = self
            .function
            .info()
            .local_info(local)
            .map(|local| &local.kind);
        match kind {
            Some(LocalKind::Param { .. }) => return Provenance::Given,
            Some(LocalKind::Receiver) => return Provenance::Foreign,
            _ => {}
        }
        let tree = self.function.tree();
        strongest(
            self.function
                .definitions(self.module.program, local)
                .iter()
                .map(|&(value, result)| match value {
                    None => Provenance::Unknown,
                    Some(value) => match tree.expr(pointee(tree, value)).kind {
                        ExprKind::CompositeLit { elts, .. } => {
                            self.composite(pointee(tree, value), tree.exprs(elts), Some(local))
                        }
                        ExprKind::Call { .. } => self.call(value, result, depth),
                        _ => self.expr(value, depth),
                    },
                }),
        )
    }

    fn call(&self, call: ExprId, result: usize, depth: u32) -> Provenance {
        let tree = self.function.tree();
        let call = tree.unparen(call);
        let ExprKind::Call { args, .. } = tree.expr(call).kind else {
            return Provenance::Unknown;
        };
        let callee = self.function.callee(call);
        if let Callee::Conversion(_) = callee {
            let Some(&arg) = tree.exprs(args).first() else {
                return Provenance::Unknown;
            };
            // `Handle(-1)` says that there is none.
            if is_constant(&self.function.typed, arg) {
                return Provenance::Idle;
            }
            let given = self.expr(arg, depth);
            return match given {
                Provenance::Idle | Provenance::Unknown if self.is_descriptor(call) => {
                    Provenance::Made
                }
                given => given,
            };
        }
        let Some(func) = callee.func() else {
            return Provenance::Unknown;
        };
        let (package, name) = crate::types::split_name(self.module.program, func);
        let catalogue = self.module.catalogue;
        if catalogue.contract(package, name).is_some() {
            return self.acquired(call, result);
        }
        if catalogue.effect(package, name) == Some(CallEffect::View)
            || crate::types::is_std_path(package)
        {
            return Provenance::Idle;
        }
        let id = func
            .id
            .filter(|_| !matches!(callee, Callee::Interface { .. }));
        match id.map(|id| (id, self.module.follows(self.reach, self.function.id(), id))) {
            Some((id, Followed::Yes(reach))) if self.module.results(id, reach).accounted => {
                Provenance::Idle
            }
            Some(_) if self.is_kept(call, result) => Provenance::Foreign,
            Some((id, Followed::Yes(reach))) => {
                match traced(self.module, id, result, reach, self.depth, self.through) {
                    Provenance::Given if self.through => self.arguments(tree.exprs(args), depth),
                    Provenance::Given => Provenance::Foreign,
                    origin => origin,
                }
            }
            _ => Provenance::Unknown,
        }
    }

    /// Where those of the arguments of a call come from that may be what it returns, or be wrapped by that: those with a release, as far as
    /// is known.
    fn arguments(&self, args: &[ExprId], depth: u32) -> Provenance {
        let Some(depth) = depth.checked_sub(1) else {
            return Provenance::Foreign;
        };
        let can_be_released = |arg: &&ExprId| {
            let ty = self.function.info().type_of(**arg);
            ty.is_unknown() || crate::types::has_release(self.module.program, ty)
        };
        let mut released = args.iter().filter(can_be_released).peekable();
        if released.peek().is_none() {
            return Provenance::Foreign;
        }
        strongest(released.map(|arg| self.expr(*arg, depth)))
    }

    /// Whether what a call gives was a number, and has a release now: a descriptor.
    fn is_descriptor(&self, call: ExprId) -> bool {
        let ty = self.function.info().type_of(call);
        is_number(self.module.program, ty) && frees(self.module, ty)
    }

    /// What a call acquires, as long as it is not kept elsewhere too.
    fn acquired(&self, call: ExprId, result: usize) -> Provenance {
        if self.is_kept(call, result) {
            Provenance::Foreign
        } else {
            Provenance::Unknown
        }
    }

    /// Whether what a call acquires is kept elsewhere, or released by what the function arranges for.
    fn is_kept(&self, call: ExprId, result: usize) -> bool {
        let verdicts = self.module.verdicts(self.function.typed.owner, self.reach);
        verdicts.iter().any(|(site, verdict)| {
            site.call == call && site.result == result && verdict.outcomes.settled.is_some()
        })
    }

    /// A value made here, as long as its release does something, and not to what the caller owns.
    fn composite(&self, expr: ExprId, elts: &[ExprId], held_by: Option<LocalId>) -> Provenance {
        let tree = self.function.tree();
        let wraps = elts.iter().any(|elt| {
            let value = match tree.expr(*elt).kind {
                ExprKind::KeyValue { value, .. } => value,
                _ => *elt,
            };
            self.is_given(value)
        });
        if wraps {
            return Provenance::Given;
        }
        let ty = self.function.info().type_of(expr);
        if releases_nothing(self.module, ty) {
            return Provenance::Idle;
        }
        let Some(release) = release_method(self.module, ty) else {
            return Provenance::Unknown;
        };
        let runs = || held_by.is_some_and(|local| starts_with(self.module, self.function, local));
        let efforts = efforts(self.module, release);
        let does = |effort| efforts.contains(&effort);
        if does(Effort::Releases) && (does(Effort::Writes) && is_stream(self.module, ty) || runs())
        {
            Provenance::Made
        } else if does(Effort::Releases) || does(Effort::Unknown) && !does(Effort::Writes) {
            Provenance::Unknown
        } else if does(Effort::Writes) {
            Provenance::Unfinished
        } else {
            Provenance::Idle
        }
    }

    /// Whether an expression is a parameter with a release of its own.
    fn is_given(&self, expr: ExprId) -> bool {
        let info = self.function.info();
        let Some(local) = self.function.local(expr) else {
            return false;
        };
        info.local_info(local).is_some_and(|local| {
            matches!(local.kind, LocalKind::Param { .. } | LocalKind::Receiver)
                && crate::types::has_release(self.module.program, local.ty)
        })
    }
}

/// `T{…}` for `&T{…}`.
fn pointee(tree: &Tree, value: ExprId) -> ExprId {
    let value = tree.unparen(value);
    match tree.expr(value).kind {
        ExprKind::Unary {
            op: UnaryOp::Address,
            x,
        } => tree.unparen(x),
        _ => value,
    }
}

/// Whether values of a type are numbers.
pub(crate) fn is_number(program: &Program, ty: TypeId) -> bool {
    match program.ty(program.underlying(ty)) {
        Type::Basic(basic) => !matches!(basic, Basic::String | Basic::Bool),
        _ => false,
    }
}

/// Whether a type is written to as a stream is: `Write(p []byte)`.
fn is_stream(module: &Module<'_>, ty: TypeId) -> bool {
    let program = module.program;
    program
        .method(ty, "Write")
        .and_then(|method| program.func_type(method.signature))
        .is_some_and(|signature| signature.params.len() == 1)
}

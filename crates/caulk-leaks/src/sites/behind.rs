//! What stands behind a value that a function makes or is given, where only an interface of it is called: all that it
//! is made of is looked at, whatever the path.

use caulk_program::{BodyOwner, Callee, FuncId, LocalKind, Object, Program, TypeId};
use caulk_syntax::{Descend, ExprId, ExprKind, Node, StmtKind, UnaryOp};

use crate::body::Function;
use crate::module::Module;
use crate::sites::made_of::parts;

/// Functions, one giving what the other passes on, that are looked into.
pub(crate) const DEPTH: u8 = 3;

/// What was found behind a value.
#[derive(Default)]
pub(crate) struct Behind {
    /// Something of which nothing is held.
    pub harmless: bool,
    /// Anything else, or what is not seen.
    pub otherwise: bool,
}

/// What is asked of what stands behind a value.
pub(crate) trait Question {
    /// Whether values of a type are what the question is about.
    fn concerns(&self, program: &Program, ty: TypeId) -> bool;

    /// Answers by an expression alone, where it can; else it is told by what it is made of.
    fn judge(
        &self,
        module: &Module<'_>,
        function: &Function,
        part: ExprId,
        depth: u8,
        behind: &mut Behind,
    ) -> bool;
}

/// Whether the value that a call is of, and what is passed to it, is harmless and nothing else.
pub(crate) fn is_harmless(
    module: &Module<'_>,
    function: &Function,
    call: ExprId,
    question: &dyn Question,
) -> bool {
    let ExprKind::Call { args, .. } = function.tree().expr(call).kind else {
        return false;
    };
    let mut of = function.tree().exprs(args).to_vec();
    of.extend(function.callee(call).receiver());
    let mut behind = Behind::default();
    gather(module, function, &of, DEPTH, question, &mut behind);
    behind.harmless && !behind.otherwise
}

fn gather(
    module: &Module<'_>,
    function: &Function,
    of: &[ExprId],
    depth: u8,
    question: &dyn Question,
    behind: &mut Behind,
) {
    let Some(depth) = depth.checked_sub(1) else {
        behind.otherwise = true;
        return;
    };
    let tree = function.tree();
    for part in parts(module, function, of) {
        let ty = function.info().type_of(part);
        if question.judge(module, function, part, depth, behind)
            || !question.concerns(module.program, ty)
            || is_told_by_parts(module, function, part, ty)
        {
            continue;
        }
        let ExprKind::Call { args, .. } = tree.expr(part).kind else {
            behind.otherwise = true;
            continue;
        };
        // A constructor of the project shows what it gives; another gives what it is passed.
        let own = function
            .callee(part)
            .func()
            .and_then(|func| func.id)
            .filter(|id| module.is_own(*id));
        let mut passed = Behind::default();
        gather(
            module,
            function,
            tree.exprs(args),
            depth,
            question,
            &mut passed,
        );
        if !passed.harmless {
            match own {
                Some(id) => returned_by(module, id, depth, question, behind),
                None => behind.otherwise = true,
            }
        }
    }
}

/// Whether an expression is no more than what it is made of: a variable of the function, a conversion, a literal.
fn is_told_by_parts(module: &Module<'_>, function: &Function, part: ExprId, ty: TypeId) -> bool {
    let info = function.info();
    match (function.tree().expr(part).kind, info.object(part)) {
        (_, Object::Nil) => true,
        (_, Object::Local(local)) => info.local_info(*local).is_some_and(|local| {
            !matches!(local.kind, LocalKind::Param { .. } | LocalKind::Receiver)
        }),
        (ExprKind::CompositeLit { .. }, _) => holds_others(module, ty),
        (ExprKind::Unary { op, .. }, _) => op == UnaryOp::Address,
        (ExprKind::TypeAssert { .. } | ExprKind::Star(_), _) => true,
        (ExprKind::Call { .. }, _) => {
            matches!(function.callee(part), Callee::Conversion(_)) && holds_others(module, ty)
        }
        _ => false,
    }
}

/// Whether a value of a type only does what others that it holds do, as far as is known: not what the standard library
/// declares, such as `http.Transport`.
fn holds_others(module: &Module<'_>, ty: TypeId) -> bool {
    module.program.is_interface(ty)
        || module.program.named_of(ty).is_none_or(|named| {
            !crate::types::is_std_path(&named.package) || named.full_name() == "net/http.Client"
        })
}

/// What stands behind what a function of the project returns.
fn returned_by(
    module: &Module<'_>,
    id: FuncId,
    depth: u8,
    question: &dyn Question,
    behind: &mut Behind,
) {
    let function = module.function(BodyOwner::Func(id));
    let Some((function, graph)) = function
        .as_deref()
        .and_then(|function| Some((function, function.graph(None)?)))
    else {
        behind.otherwise = true;
        return;
    };
    let tree = function.tree();
    let mut returned = Vec::new();
    tree.walk(graph.body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Return(list) = tree.stmt(stmt).kind
            && function.root_of(stmt).is_none()
        {
            returned.extend(tree.exprs(list));
        }
        Descend::Into
    });
    gather(module, function, &returned, depth, question, behind);
}

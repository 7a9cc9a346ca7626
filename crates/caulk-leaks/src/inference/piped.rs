//! The read end of a pipe in memory that a function gives away, while a goroutine that it starts writes to the other end: that
//! goroutine waits until somebody has read all of it, or closes it.

use caulk_program::{FuncId, LocalId};
use caulk_syntax::{Descend, Node, StmtKind};

use crate::contract::{Contract, Origin, Release};
use crate::engine::Function;
use crate::finding::{Confidence, Harm, Step};
use crate::module::Module;

/// What the caller of a function owes for a result that is such an end.
pub(crate) fn contract(
    module: &Module<'_>,
    function: &Function,
    result: usize,
) -> Option<Contract> {
    let id = function.id()?;
    let ty = function
        .info()
        .local_info(*function.results(None).get(result)?)?
        .ty;
    if !module.program.has_method(ty, "Close") {
        return None;
    }
    let returned = crate::inference::started::returned_locals(function, result);
    let ends = pipes(function);
    let (_, writer) = ends
        .into_iter()
        .find(|(reader, _)| returned.contains(reader))?;
    if !is_written_by_a_goroutine(function, writer) {
        return None;
    }
    let release = Release {
        returns_error: true,
        ..Release::any_of(["Close", "CloseWithError"])
    };
    Some(Contract {
        rule: crate::rules::static_name("unclosed-reader"),
        spent_when_read: true,
        harm: Harm {
            goroutines: true,
            memory: true,
            ..Harm::default()
        },
        cost: "1 goroutine that writes, and all that it can reach, until all is read".to_owned(),
        ..Contract::of(release, Confidence::Likely, origin(module, id))
    })
}

/// The variables that a function gives to the two ends of each pipe.
fn pipes(function: &Function) -> Vec<(LocalId, LocalId)> {
    let tree = function.tree();
    let mut found = Vec::new();
    let Some(graph) = function.graph(None) else {
        return found;
    };
    tree.walk(graph.body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(stmt).kind
            && let ([reader, writer], [call]) = (tree.exprs(lhs), tree.exprs(rhs))
            && function
                .callee(*call)
                .func()
                .is_some_and(|func| &*func.name == "io.Pipe")
        {
            let ends = function.local(*reader).zip(function.local(*writer));
            found.extend(ends);
        }
        Descend::Into
    });
    found
}

fn is_written_by_a_goroutine(function: &Function, writer: LocalId) -> bool {
    let tree = function.tree();
    let mut found = false;
    let Some(graph) = function.graph(None) else {
        return false;
    };
    tree.walk(graph.body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Go(call) = tree.stmt(stmt).kind
        {
            tree.walk(call, |node| {
                found |= matches!(node, Node::Expr(expr)
                    if function.info().local(expr) == Some(writer));
                Descend::Into
            });
        }
        Descend::Into
    });
    found
}

fn origin(module: &Module<'_>, id: FuncId) -> Origin {
    let name = module.program.func(id).map(|func| func.name.to_string());
    let step = crate::inference::owned::declared_at(module, id).map(|location| Step {
        location,
        note: format!("{} writes to it in a goroutine", name.unwrap_or_default()),
    });
    Origin::Source(step.into_iter().collect())
}

//! Where a body stands, and what is at its top.

use caulk_program::{BodyOwner, PackageId, Program, SourceFile, TypedBody};
use caulk_syntax::{ExprId, ExprKind, Node, Tree};

/// The file that a body stands in.
pub fn file_of(program: &Program, owner: BodyOwner) -> Option<&SourceFile> {
    match owner {
        BodyOwner::Func(id) => program.file_of(id).map(|file| &**file),
        BodyOwner::Initializer(package, index) => {
            let package = program.package(package);
            let initializer = package.initializers().get(index as usize)?;
            let file = package.files().get(initializer.file as usize)?;
            Some(&**file)
        }
    }
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

/// Whether what is ranged over is a clock that ticks for ever: `time.Tick(d)`.
pub(crate) fn is_clock(tree: &Tree, x: ExprId) -> bool {
    matches!(tree.expr(tree.unparen(x)).kind, ExprKind::Call { fun, .. }
        if tree.selector_path(fun).is_some_and(|path| path == ["time", "Tick"]))
}

/// Whether a range is over a list that is written out and has one element: it goes round once.
pub fn has_one_element(tree: &Tree, x: ExprId) -> bool {
    matches!(tree.expr(tree.unparen(x)).kind, ExprKind::CompositeLit { elts, .. }
        if tree.exprs(elts).len() == 1)
}

/// The package of a body.
pub fn package_of(owner: &BodyOwner) -> PackageId {
    match owner {
        BodyOwner::Func(id) => id.package,
        BodyOwner::Initializer(package, _) => *package,
    }
}

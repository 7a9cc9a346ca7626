//! How far the loop around an acquisition goes, and what that means for what its turns lose or put off.

use caulk_program::Type;
use caulk_syntax::{BinaryOp, BranchKind, Descend, ExprKind, Node, StmtId, StmtKind};

use crate::body::is_constant;
use crate::engine::PiledUp;
use crate::finding::Heat;
use crate::publish::described::Described;

/// How far a loop goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turns {
    /// As long as the process does.
    Endless,
    /// As long as something comes in: entries of an archive, connections, lines. How much is held when it ends is not for the
    /// function to say.
    AsTheyCome,
    /// Over what is there already, however much that is.
    Listed,
}

impl Described<'_, '_> {
    /// A deferred release in a loop that never ends releases nothing.
    pub(super) fn is_endless_defer(&self) -> bool {
        self.verdict.outcomes.defer_in_loop.is_some() && self.in_endless_loop()
    }

    /// How far the loop goes whose turns put off their release; none where that makes little difference.
    pub(super) fn piles_up(&self) -> Option<(PiledUp, Turns)> {
        let piled_up = self.verdict.outcomes.defer_in_loop?;
        if self.in_endless_loop() {
            return Some((piled_up, Turns::Endless));
        }
        // On the way down a path each descriptor is opened from the one before.
        let is_number = self.site.release.actions.is_empty();
        if is_number || !self.verdict.outcomes.owed.is_empty() {
            return None;
        }
        let turns = self.turns()?;
        let is_read = piled_up.drained && self.site.contract.is_spent_when_read();
        let is_needless = self.heat != Heat::Test && !is_read && !piled_up.held;
        let matters = turns == Turns::AsTheyCome || is_needless;
        matters.then_some((piled_up, turns))
    }

    /// Whether the turns of the loop around the acquisition, and of those around that, are over what is there already.
    pub(super) fn is_in_turns_over_a_list(&self) -> bool {
        let tree = self.function.tree();
        self.function
            .loops_around(self.site.call)
            .all(|turns| match tree.stmt(turns).kind {
                StmtKind::Range { x, .. } => {
                    let program = self.module.program;
                    let ty = program.underlying(self.function.info().type_of(x));
                    matches!(
                        program.ty(program.deref(ty)),
                        Type::Slice(_) | Type::Array(..) | Type::Map(..) | Type::Basic(_)
                    )
                }
                StmtKind::For { cond, .. } => cond.is_some_and(|cond| {
                    matches!(
                        tree.expr(tree.unparen(cond)).kind,
                        ExprKind::Binary {
                            op: BinaryOp::Lss | BinaryOp::Leq | BinaryOp::Gtr | BinaryOp::Geq,
                            ..
                        }
                    )
                }),
                _ => false,
            })
    }

    fn turns(&self) -> Option<Turns> {
        let tree = self.function.tree();
        let turns = self.function.innermost_loop(self.site.call)?;
        let program = self.module.program;
        match tree.stmt(turns).kind {
            StmtKind::For { body, .. } if tree.is_endless_loop(turns) => {
                Some(match self.tries(body) {
                    true => Turns::Listed,
                    false => Turns::AsTheyCome,
                })
            }
            StmtKind::For { init, cond, .. } => {
                let cond = tree.unparen(cond?);
                match tree.expr(cond).kind {
                    ExprKind::Call { fun, .. } => {
                        let is_next = matches!(tree.expr(fun).kind, ExprKind::Selector { sel, .. }
                            if ["Next", "Scan", "More"].contains(&tree.name(sel)));
                        (init.is_none() && is_next).then_some(Turns::AsTheyCome)
                    }
                    // Up to a number that stands there: few.
                    ExprKind::Binary { x, y, .. } => {
                        let is_fixed = |x| is_constant(&self.function.typed, x);
                        (!is_fixed(x) && !is_fixed(y)).then_some(Turns::Listed)
                    }
                    _ => None,
                }
            }
            StmtKind::Range { x, .. } => {
                let x = tree.unparen(x);
                let ty = program.ty(program.underlying(self.function.info().type_of(x)));
                let is_listed = matches!(ty, Type::Slice(_) | Type::Map(..))
                    && !matches!(tree.expr(x).kind, ExprKind::CompositeLit { .. });
                is_listed.then_some(Turns::Listed)
            }
            _ => None,
        }
    }

    /// Whether a `for` goes round only where something has failed, since its body never comes to its end, or counts how often it does.
    fn tries(&self, body: StmtId) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let last = tree.block(body).last().map(|last| tree.stmt(*last).kind);
        let never_ends = matches!(
            last,
            Some(
                StmtKind::Return(_)
                    | StmtKind::Branch {
                        kind: BranchKind::Break,
                        ..
                    }
            )
        );
        let (mut counted, mut compared) = (Vec::new(), Vec::new());
        tree.walk(body, |node| {
            match node {
                Node::Stmt(stmt) => {
                    if let StmtKind::IncDec { x, .. } = tree.stmt(stmt).kind {
                        counted.extend(function.local(x));
                    }
                }
                Node::Expr(expr) => {
                    if let ExprKind::Binary {
                        x,
                        op: BinaryOp::Lss | BinaryOp::Leq | BinaryOp::Gtr | BinaryOp::Geq,
                        y,
                        ..
                    } = tree.expr(expr).kind
                    {
                        compared.extend([x, y].into_iter().filter_map(|x| function.local(x)));
                    }
                }
            }
            Descend::Into
        });
        never_ends || counted.iter().any(|local| compared.contains(local))
    }

    fn in_endless_loop(&self) -> bool {
        let Some(stmt) = self.function.innermost_loop(self.site.call) else {
            return false;
        };
        let tree = self.function.tree();
        match tree.stmt(stmt).kind {
            StmtKind::For { .. } if tree.is_endless_loop(stmt) => self
                .function
                .graph(self.site.root)
                .is_some_and(|graph| !graph.returns()),
            StmtKind::Range { x, .. } => {
                let ty = self.function.info().type_of(x);
                matches!(
                    self.module.program.ty(self.module.program.underlying(ty)),
                    caulk_program::Type::Chan(..)
                )
            }
            _ => false,
        }
    }
}

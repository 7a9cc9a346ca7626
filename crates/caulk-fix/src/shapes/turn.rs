//! A `defer` inside a loop, which piles up until the function ends: the release moves to each exit of the
//! turn.

use caulk_syntax::{BranchKind, Name, Node, Span, StmtId, StmtKind, Tree};

use super::{Proposal, Proposed};
use crate::site::{Refusal, Site, span};
use crate::source::At;

/// A turn with more exits is better served by a function of its own.
const MAX_EXITS: usize = 3;

/// Takes the `defer` out and releases before each exit of the turn that comes after it.
pub(super) fn propose(site: &Site<'_>) -> Proposed {
    let deferred = site.template().releases.iter().find_map(|release| {
        let at = site.scope.statement(span(*release))?;
        matches!(site.scope.kind(at), Some(StmtKind::Defer(_))).then_some(at)
    });
    let deferred = deferred.ok_or_else(|| Refusal::new("its deferred release cannot be found"))?;
    let value = site.value()?;
    let release = site.release(&value);
    if !is_plain(site, deferred, &release.call) {
        return Err(by_function("its deferred release does more than release"));
    }
    let (loop_at, body) = enclosing_loop(site, deferred)
        .ok_or_else(|| by_function("the deferred release stands in no loop of its function"))?;
    let directly = site
        .scope
        .parent(deferred)
        .and_then(|at| site.scope.node(at));
    if directly != Some(Node::Stmt(body)) {
        return Err(by_function(
            "the deferred release stands in a branch of the turn",
        ));
    }

    let after = site.scope.span(deferred).end;
    let label = match site
        .scope
        .parent(loop_at)
        .and_then(|at| site.scope.kind(at))
    {
        Some(StmtKind::Labeled { label, .. }) => Some(site.scope.tree.name(label)),
        _ => None,
    };
    let turn = Turn {
        tree: site.scope.tree,
        label,
        after,
    };
    let exits = turn
        .exits(body)
        .ok_or_else(|| by_function("the turn is left in a way that cannot be followed"))?;
    if exits.len() > MAX_EXITS {
        return Err(by_function(&format!("the turn has {} exits", exits.len())));
    }

    let layout = site.layout();
    let removal = layout
        .remove_lines(site.scope.span(deferred))
        .ok_or_else(|| Refusal::new("its deferred release shares its line with other code"))?;
    let mut edits = vec![removal];
    let lines = site.style.statement(&release);
    for exit in exits {
        match exit {
            TurnExit::Statement(id) => {
                if !site.scope.uses(id, &value).is_empty() {
                    return Err(by_function(&format!(
                        "an exit of the turn still uses {value}"
                    )));
                }
                let start = site.scope.tree.stmt(id).span.start;
                edits.push(
                    layout
                        .insert_above(start, &lines)
                        .ok_or_else(Refusal::crowded)?,
                );
            }
            TurnExit::End(brace) => {
                edits.push(
                    layout
                        .insert_at_block_end(brace, &lines)
                        .ok_or_else(Refusal::crowded)?,
                );
            }
        }
    }
    Ok(Proposal::sure(edits))
}

fn by_function(reason: &str) -> Refusal {
    Refusal::new(format!(
        "{reason}: move the turn into a function of its own"
    ))
}

/// Whether a `defer` is the release and nothing else.
fn is_plain(site: &Site<'_>, deferred: At, call: &str) -> bool {
    let text = site.layout().text(site.scope.span(deferred));
    let text = text.strip_prefix("defer").unwrap_or_default().trim();
    text == call
        || text == format!("func() {{ _ = {call} }}()")
        || text == format!("func() {{ {call} }}()")
}

/// The innermost loop around a statement within its function, and that loop's body.
fn enclosing_loop(site: &Site<'_>, at: At) -> Option<(At, StmtId)> {
    for around in site.scope.outwards(at) {
        match site.scope.node(around)? {
            Node::Expr(_) => return None,
            Node::Stmt(_) => match site.scope.kind(around)? {
                StmtKind::For { body, .. } | StmtKind::Range { body, .. } => {
                    return Some((around, body));
                }
                _ => {}
            },
        }
    }
    None
}

/// Where a turn of a loop ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TurnExit {
    /// Before this statement, which leaves the turn.
    Statement(StmtId),
    /// Before the brace at this offset.
    End(u32),
}

/// The part of a loop's body after `after`.
struct Turn<'a> {
    tree: &'a Tree,
    /// The loop's own label.
    label: Option<&'a str>,
    after: u32,
}

impl Turn<'_> {
    /// Where control leaves the turn after the offset; none where that cannot be told.
    fn exits(&self, body: StmtId) -> Option<Vec<TurnExit>> {
        let mut exits = Vec::new();
        for id in self.tree.block(body) {
            let stmt = self.tree.stmt(*id);
            if stmt.span.start >= self.after {
                self.collect(*id, &mut exits)?;
            }
        }
        let last = self.tree.block(body).last().map(|id| self.tree.stmt(*id));
        let falls_out = !last
            .is_some_and(|stmt| matches!(stmt.kind, StmtKind::Return(_) | StmtKind::Branch { .. }));
        if falls_out {
            let end: Span = self.tree.stmt(body).span;
            exits.push(TurnExit::End(end.end.checked_sub(1)?));
        }
        Some(exits)
    }

    /// Adds the exits at or below a statement, literals left out.
    fn collect(&self, root: StmtId, exits: &mut Vec<TurnExit>) -> Option<()> {
        let mut todo = vec![(root, Inside::default())];
        while let Some((id, inside)) = todo.pop() {
            let inner = match self.tree.stmt(id).kind {
                StmtKind::Return(_) => {
                    exits.push(TurnExit::Statement(id));
                    continue;
                }
                StmtKind::Branch { kind, label } => {
                    if self.leaves(kind, label, inside)? {
                        exits.push(TurnExit::Statement(id));
                    }
                    continue;
                }
                StmtKind::For { .. } | StmtKind::Range { .. } => Inside {
                    in_loop: true,
                    in_breakable: true,
                },
                StmtKind::Switch { .. } | StmtKind::TypeSwitch { .. } | StmtKind::Select(_) => {
                    Inside {
                        in_breakable: true,
                        ..inside
                    }
                }
                _ => inside,
            };
            self.tree.children(id, |child| {
                if let Node::Stmt(child) = child {
                    todo.push((child, inner));
                }
            });
        }
        Some(())
    }

    /// Whether a branch leaves the turn; none where that cannot be told.
    fn leaves(&self, kind: BranchKind, label: Option<Name>, inside: Inside) -> Option<bool> {
        match (kind, label.map(|label| self.tree.name(label))) {
            (BranchKind::Fallthrough, _) => Some(false),
            (BranchKind::Goto, _) => None,
            (_, Some(label)) if Some(label) == self.label => Some(true),
            // The label of something inside the turn, or of a loop around it: not worth telling apart.
            (_, Some(_)) => None,
            (BranchKind::Break, None) => Some(!inside.in_breakable),
            (BranchKind::Continue, None) => Some(!inside.in_loop),
        }
    }
}

/// What stands between a statement and the loop whose turn it may leave.
#[derive(Debug, Clone, Copy, Default)]
struct Inside {
    in_loop: bool,
    /// Or in a switch or select, which `break` leaves.
    in_breakable: bool,
}

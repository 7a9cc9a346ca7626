//! What is reached in a control-flow graph from a place, and what not without passing another.

use std::collections::{BTreeMap, BTreeSet};

use caulk_flow::{BasicBlock, BlockId, End, Event, Graph};
use caulk_program::LocalId;
use caulk_syntax::{BinaryOp, ExprId, ExprKind, Node, Span, StmtId, StmtKind};

use super::told::Told;
use crate::body::{Function, Root};
use crate::channels::made::span_of;

/// A question about the paths of one function or literal.
pub(super) struct Paths<'a> {
    pub function: &'a Function,
    pub root: Root,
    /// Places that are counted.
    pub counted: Vec<Node>,
    /// Loops that are taken to count as often as is needed.
    pub enough: Vec<StmtId>,
    /// Conditions that know whether something was received.
    pub told: Vec<Told>,
    /// Conditions that say whether there is an error instead of the channel, or of its sender.
    pub failed: Vec<ExprId>,
}

impl<'a> Paths<'a> {
    /// Those on which nothing but some places counts.
    pub fn of(function: &'a Function, root: Root, counted: Vec<Node>) -> Paths<'a> {
        Paths {
            function,
            root,
            counted,
            enough: Vec::new(),
            told: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// The first exit that is reached from behind `start` with fewer than `wanted` of the counted places on the way: by place, those that
    /// stand behind it before those that a loop goes round to.
    pub fn leaves_with_fewer(&self, start: Node, wanted: u32) -> Option<Span> {
        let begun = span_of(self.function, start).start;
        self.exits_with_fewer(start, wanted)
            .into_iter()
            .min_by_key(|exit| (exit.start < begun, *exit))
    }

    /// All of these exits.
    pub fn exits_with_fewer(&self, start: Node, wanted: u32) -> Vec<Span> {
        let graph = self.function.graph(self.root);
        let from = graph.and_then(|graph| {
            let (block, position) = self.position(graph, start)?;
            Some(self.leaves_from(graph, block, position + 1, wanted))
        });
        from.unwrap_or_default()
    }

    /// Whether the body is left from its beginning with fewer than `wanted` of the counted places.
    pub fn leaves_body(&self, wanted: u32) -> bool {
        !self.exits_of_body(wanted).is_empty()
    }

    /// All of these exits.
    pub fn exits_of_body(&self, wanted: u32) -> Vec<Span> {
        let graph = self.function.graph(self.root);
        graph.map_or_else(Vec::new, |graph| {
            self.leaves_from(graph, graph.entry(), 0, wanted)
        })
    }

    fn leaves_from(&self, graph: &Graph, block: BlockId, from: usize, wanted: u32) -> Vec<Span> {
        let tree = self.function.tree();
        // The fewest counted places with which a block was reached.
        let mut seen: BTreeMap<BlockId, u32> = BTreeMap::new();
        let mut todo = vec![(block, from, 0_u32)];
        let mut exits = Vec::new();
        while let Some((id, from, mut count)) = todo.pop() {
            let block = graph.block(id);
            count = count.saturating_add(self.counts_in_block(block, from));
            if count >= wanted {
                continue;
            }
            match &block.end {
                End::Return(stmt) => exits.push(tree.stmt(*stmt).span),
                End::Fall => exits.extend(closing_brace(self.function, self.root)),
                end if self.begins_enough(end) => {}
                End::Branch { cond, .. }
                    if self
                        .told
                        .iter()
                        .any(|told| told.decides(self.function, *cond)) => {}
                end => {
                    for next in self.targets(end) {
                        if seen.get(&next).is_none_or(|known| *known > count) {
                            seen.insert(next, count);
                            todo.push((next, 0, count));
                        }
                    }
                }
            }
        }
        exits
    }

    /// The first exit that is reached from behind a place within a loop without going round again,
    /// without the condition that ends the loop, and without a counted place.
    pub fn leaves_loop(&self, start: Node, round: StmtId, normal: &[Span]) -> Option<Span> {
        let exits = self.exits_past(start, Some(round), normal, &BTreeSet::new());
        exits.into_iter().min()
    }

    /// All of these exits, from a place that need not be in a loop, while all of some variables are true.
    pub fn exits_past(
        &self,
        start: Node,
        round: Option<StmtId>,
        normal: &[Span],
        holds: &BTreeSet<LocalId>,
    ) -> Vec<Span> {
        let graph = self.function.graph(self.root);
        let at = graph.and_then(|graph| Some((graph, self.position(graph, start)?)));
        let Some((graph, (block, position))) = at else {
            return Vec::new();
        };
        let tree = self.function.tree();
        let mut seen = BTreeSet::new();
        let mut todo = vec![(block, position + 1)];
        let mut exits = Vec::new();
        while let Some((id, from)) = todo.pop() {
            let block = graph.block(id);
            if self.counts_in_block(block, from) > 0 {
                continue;
            }
            match &block.end {
                End::Return(stmt) => exits.push(tree.stmt(*stmt).span),
                End::Fall => exits.extend(closing_brace(self.function, self.root)),
                end if round.is_some_and(|round| is_head(self.function, end, round)) => {}
                End::Branch { cond, .. } if normal.contains(&tree.expr(*cond).span) => {}
                end => {
                    let targets = match end {
                        End::Branch { cond, yes, .. }
                            if (self.function.local(*cond))
                                .is_some_and(|local| holds.contains(&local)) =>
                        {
                            vec![*yes]
                        }
                        end => self.targets(end),
                    };
                    for next in targets {
                        if seen.insert(next) {
                            todo.push((next, 0));
                        }
                    }
                }
            }
        }
        exits
    }

    /// Where a block leads, but for where there is an error instead.
    fn targets(&self, end: &End) -> Vec<BlockId> {
        let tree = self.function.tree();
        if let End::Branch { cond, yes, no } = end
            && self.failed.contains(cond)
            && let ExprKind::Binary { op, .. } = tree.expr(*cond).kind
        {
            match op {
                BinaryOp::Neq => return vec![*no],
                BinaryOp::Eql => return vec![*yes],
                _ => {}
            }
        }
        end.targets()
    }

    /// Whether a counted place is reached from behind another.
    pub fn reaches(&self, start: Node) -> bool {
        let Some(graph) = self.function.graph(self.root) else {
            return true;
        };
        let Some((block, position)) = self.position(graph, start) else {
            return true;
        };
        let mut seen = BTreeSet::new();
        let mut todo = vec![(block, position + 1)];
        while let Some((id, from)) = todo.pop() {
            let block = graph.block(id);
            if self.counts_in_block(block, from) > 0 {
                return true;
            }
            for next in block.end.targets() {
                if seen.insert(next) {
                    todo.push((next, 0));
                }
            }
        }
        false
    }

    /// Where the event that holds a node, or is one, stands.
    fn position(&self, graph: &Graph, node: Node) -> Option<(BlockId, usize)> {
        let span = span_of(self.function, node);
        let is_range = is_range(self.function, node);
        graph.blocks().find_map(|(id, block)| {
            if is_range {
                return block
                    .events
                    .iter()
                    .position(|event| matches!(event, Event::RangeNext(stmt) if Node::Stmt(*stmt) == node))
                    .map(|position| (id, position));
            }
            block
                .events
                .iter()
                .position(|event| self.event_span(event).is_some_and(|at| at.encloses(span)))
                .or_else(|| {
                    self.end_span(&block.end)
                        .is_some_and(|at| at.encloses(span))
                        .then_some(block.events.len())
                })
                .map(|position| (id, position))
        })
    }

    fn event_span(&self, event: &Event) -> Option<Span> {
        let tree = self.function.tree();
        match event {
            Event::Eval(expr) => Some(tree.expr(*expr).span),
            Event::Stmt(stmt) | Event::Defer(stmt) => Some(tree.stmt(*stmt).span),
            Event::RangeNext(_) | Event::TypeCase { .. } => None,
        }
    }

    fn end_span(&self, end: &End) -> Option<Span> {
        let tree = self.function.tree();
        match end {
            End::Return(stmt) => Some(tree.stmt(*stmt).span),
            End::Branch { cond, .. } => Some(tree.expr(*cond).span),
            End::Compare { tag, .. } => Some(tree.expr(*tag).span),
            _ => None,
        }
    }

    /// How many counted places a block has from one of its events on.
    fn counts_in_block(&self, block: &BasicBlock, from: usize) -> u32 {
        let events = block.events.iter().skip(from);
        events
            .map(|event| self.counts(event))
            .fold(self.counts_end(&block.end), u32::saturating_add)
    }

    fn counts(&self, event: &Event) -> u32 {
        // The operand of a range is evaluated where the range begins.
        let ranged = match event {
            Event::Eval(expr) => self.function.parent(*expr).is_some_and(|parent| {
                self.counted.contains(&parent) && is_range(self.function, parent)
            }),
            _ => false,
        };
        let inside = self.event_span(event).map_or(0, |at| self.counted_in(at));
        u32::from(ranged) + inside
    }

    fn counts_end(&self, end: &End) -> u32 {
        self.end_span(end).map_or(0, |at| self.counted_in(at))
    }

    fn counted_in(&self, span: Span) -> u32 {
        let inside = self.counted.iter().filter(|node| {
            let at = span_of(self.function, **node);
            let evaluated = !is_range(self.function, **node)
                && self.function.root_of(**node) == self.root
                && span.encloses(at);
            evaluated || span == at && is_defer(self.function, **node)
        });
        u32::try_from(inside.count()).unwrap_or(u32::MAX)
    }

    fn begins_enough(&self, end: &End) -> bool {
        self.enough
            .iter()
            .any(|round| is_head(self.function, end, *round))
    }
}

/// Whether a block ends with the condition of a loop.
fn is_head(function: &Function, end: &End, round: StmtId) -> bool {
    let tree = function.tree();
    match end {
        End::Range { stmt, .. } => *stmt == round,
        End::Branch { cond, .. } => {
            matches!(tree.stmt(round).kind, StmtKind::For { cond: Some(whole), .. }
                if tree.expr(whole).span.encloses(tree.expr(*cond).span))
        }
        _ => false,
    }
}

pub(super) fn is_range(function: &Function, node: Node) -> bool {
    matches!(node, Node::Stmt(stmt) if matches!(function.tree().stmt(stmt).kind, StmtKind::Range { .. }))
}

pub(super) fn is_defer(function: &Function, node: Node) -> bool {
    matches!(node, Node::Stmt(stmt) if matches!(function.tree().stmt(stmt).kind, StmtKind::Defer(_)))
}

/// The closing brace of a function or a literal.
pub(super) fn closing_brace(function: &Function, root: Root) -> Option<Span> {
    let span = function.tree().stmt(function.graph(root)?.body).span;
    Some(Span::new(span.end.saturating_sub(1), span.end))
}

/// The loop statement around a node that does not hold `outside` and ends by itself: it is taken
/// to run as often as is needed.
pub(super) fn ending_loop(function: &Function, outside: Node, node: Node) -> Option<StmtId> {
    ending_loop_in(function, Some(span_of(function, outside)), node)
}

/// The same in a function that may hold no such place.
pub(super) fn ending_loop_in(
    function: &Function,
    outside: Option<Span>,
    node: Node,
) -> Option<StmtId> {
    let tree = function.tree();
    let mut found = None;
    let mut at = function.innermost_loop(node);
    while let Some(stmt) = at {
        if outside.is_some_and(|outside| tree.stmt(stmt).span.encloses(outside)) {
            break;
        }
        if !tree.is_endless_loop(stmt) {
            found = Some(stmt);
        }
        at = function.innermost_loop(stmt);
    }
    found
}

/// The variable of an expression's root: `r` of `r.err`.
pub(super) fn root_variable(function: &Function, expr: ExprId) -> Option<LocalId> {
    let tree = function.tree();
    match tree.expr(tree.unparen(expr)).kind {
        ExprKind::Selector { x, .. } => root_variable(function, x),
        ExprKind::Ident(_) => function.local(expr),
        _ => None,
    }
}

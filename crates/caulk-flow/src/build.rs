//! From statements to a graph.

use std::collections::BTreeMap;

use caulk_syntax::{
    BinaryOp, BranchKind, Descend, ExprId, ExprKind, List, Name, Node, StmtId, StmtKind, Tree,
    UnaryOp,
};

use crate::body::{has_one_element, is_clock};
use crate::graph::{BasicBlock, BlockId, End, Event, Graph, Loop, LoopId};
use crate::nested;

/// Builds the graph of `body`, a block statement of `tree`. `no_return` says of a call expression
/// whether it never returns (`os.Exit`, `panic`, a helper that always fails the test).
pub fn graph(tree: &Tree, body: StmtId, no_return: &dyn Fn(ExprId) -> bool) -> Graph {
    let mut builder = Builder {
        tree,
        no_return,
        graph: Graph {
            blocks: Vec::new(),
            loops: Vec::new(),
            literals: literals_of(tree, body),
            body,
        },
        current: BlockId(0),
        in_loop: None,
        targets: Vec::new(),
        labels: BTreeMap::new(),
        fallthrough: None,
        clauses: Vec::new(),
    };
    builder.current = builder.block();
    builder.stmt(body, None);
    builder.finish(End::Fall);
    builder.graph
}

/// The graph of a function literal of `tree`; none where `literal` is no literal.
pub fn literal_graph(
    tree: &Tree,
    literal: ExprId,
    no_return: &dyn Fn(ExprId) -> bool,
) -> Option<Graph> {
    match tree.expr(literal).kind {
        ExprKind::FuncLit { body, .. } => Some(graph(tree, body, no_return)),
        _ => None,
    }
}

fn literals_of(tree: &Tree, body: StmtId) -> Vec<ExprId> {
    let mut literals = Vec::new();
    tree.walk(body, |node| match node {
        Node::Expr(id) if matches!(tree.expr(id).kind, ExprKind::FuncLit { .. }) => {
            literals.push(id);
            Descend::Skip
        }
        _ => Descend::Into,
    });
    literals
}

/// Where `break` and `continue` go.
struct Target {
    label: Option<String>,
    on_break: BlockId,
    on_continue: Option<BlockId>,
    loop_id: Option<LoopId>,
}

struct Builder<'a> {
    tree: &'a Tree,
    no_return: &'a dyn Fn(ExprId) -> bool,
    graph: Graph,
    current: BlockId,
    in_loop: Option<LoopId>,
    targets: Vec<Target>,
    labels: BTreeMap<String, BlockId>,
    fallthrough: Option<BlockId>,
    /// The clauses around, with what their switches are on.
    clauses: Vec<(ExprId, StmtId)>,
}

impl Builder<'_> {
    fn block(&mut self) -> BlockId {
        let id = BlockId(self.graph.blocks.len() as u32);
        self.graph.blocks.push(BasicBlock {
            in_loop: self.in_loop,
            ..BasicBlock::default()
        });
        id
    }

    fn push(&mut self, event: Event) {
        if let Some(block) = self.graph.blocks.get_mut(self.current.index()) {
            block.events.push(event);
        }
    }

    fn finish(&mut self, end: End) {
        if let Some(block) = self.graph.blocks.get_mut(self.current.index()) {
            block.end = end;
        }
    }

    /// Ends the current block and goes on in `next`.
    fn go_on(&mut self, end: End, next: BlockId) {
        self.finish(end);
        self.current = next;
    }

    /// Ends the current block; what follows cannot be reached but by a label.
    fn stop(&mut self, end: End) {
        let next = self.block();
        self.go_on(end, next);
    }

    fn stmts(&mut self, list: List<StmtId>) {
        for &stmt in self.tree.stmts(list) {
            self.stmt(stmt, None);
        }
    }

    fn stmt(&mut self, id: StmtId, label: Option<&str>) {
        match self.tree.stmt(id).kind {
            StmtKind::Bad | StmtKind::Empty => {}
            StmtKind::Decl(_)
            | StmtKind::Send { .. }
            | StmtKind::IncDec { .. }
            | StmtKind::Assign { .. }
            | StmtKind::Go(_) => {
                self.push(Event::Stmt(id));
            }
            StmtKind::Labeled { label, stmt, .. } => {
                let name = self.tree.name(label).to_owned();
                let block = self.labelled(&name);
                self.place(block);
                self.go_on(End::Jump(block), block);
                self.stmt(stmt, Some(&name));
            }
            StmtKind::Expr(expr) => {
                self.push(Event::Eval(expr));
                if self.is_no_return(expr) {
                    self.stop(End::NoReturn(expr));
                }
            }
            StmtKind::Defer(_) => self.push(Event::Defer(id)),
            StmtKind::Return(_) => self.stop(End::Return(id)),
            StmtKind::Branch { kind, label } => self.branch(kind, label),
            StmtKind::Block(block) => self.stmts(block.stmts),
            StmtKind::If {
                init,
                cond,
                then,
                els,
            } => self.if_(init, cond, then, els),
            StmtKind::Switch { init, tag, body } => self.switch(init, tag, body, label),
            StmtKind::TypeSwitch { init, assign, body } => {
                self.type_switch(id, init, assign, body, label)
            }
            StmtKind::Case { body, .. } | StmtKind::Comm { body, .. } => self.stmts(body),
            StmtKind::Select(body) => self.select(id, body, label),
            StmtKind::For {
                init,
                cond,
                post,
                body,
            } => self.for_(id, init, cond, post, body, label),
            StmtKind::Range { x, body, .. } => self.range(id, x, body, label),
        }
    }

    fn is_no_return(&self, expr: ExprId) -> bool {
        let expr = self.tree.unparen(expr);
        matches!(self.tree.expr(expr).kind, ExprKind::Call { .. }) && (self.no_return)(expr)
    }

    /// The block that a label stands for; it may be asked for before it is placed.
    fn labelled(&mut self, name: &str) -> BlockId {
        if let Some(&block) = self.labels.get(name) {
            return block;
        }
        let block = self.block();
        self.labels.insert(name.to_owned(), block);
        block
    }

    /// A block made early belongs to the loop in which it ends up standing.
    fn place(&mut self, block: BlockId) {
        let in_loop = self.in_loop;
        if let Some(block) = self.graph.blocks.get_mut(block.index()) {
            block.in_loop = in_loop;
        }
    }

    fn branch(&mut self, kind: BranchKind, label: Option<Name>) {
        let label = label.map(|name| self.tree.name(name).to_owned());
        let fits = |target: &&Target| label.is_none() || target.label == label;
        let end = match kind {
            BranchKind::Break => {
                let target = self
                    .targets
                    .iter()
                    .rev()
                    .find(fits)
                    .map(|t| (t.on_break, t.loop_id));
                if let Some((_, Some(loop_id))) = target
                    && let Some(of) = self.graph.loops.get_mut(loop_id.0 as usize)
                {
                    of.ends = true;
                }
                target.map(|(to, _)| to)
            }
            BranchKind::Continue => self
                .targets
                .iter()
                .rev()
                .filter(fits)
                .find_map(|target| target.on_continue),
            BranchKind::Goto => label.map(|name| self.labelled(&name)),
            BranchKind::Fallthrough => self.fallthrough,
        };
        self.stop(end.map_or(End::Never, End::Jump));
    }

    fn if_(&mut self, init: Option<StmtId>, cond: ExprId, then: StmtId, els: Option<StmtId>) {
        if let Some(init) = init {
            self.stmt(init, None);
        }
        let yes = self.block();
        let no = self.block();
        let after = if els.is_some() { self.block() } else { no };
        self.condition(cond, yes, no);
        self.current = yes;
        self.stmt(then, None);
        self.finish(End::Jump(after));
        if let Some(els) = els {
            self.current = no;
            self.stmt(els, None);
            self.finish(End::Jump(after));
        }
        self.current = after;
    }

    /// Evaluates a condition in the current block and goes to `yes` or `no`.
    fn condition(&mut self, cond: ExprId, yes: BlockId, no: BlockId) {
        match self.tree.expr(cond).kind {
            ExprKind::Paren(inner) => self.condition(inner, yes, no),
            ExprKind::Unary {
                op: UnaryOp::Not,
                x,
            } => self.condition(x, no, yes),
            ExprKind::Binary { x, op, y, .. } if is_logical(op) => {
                self.first_of_two(x, op, yes, no);
                self.condition(y, yes, no);
            }
            ExprKind::Chain { first, rest }
                if self
                    .tree
                    .chain_links(rest)
                    .iter()
                    .all(|link| is_logical(link.op)) =>
            {
                let mut operand = first;
                for link in self.tree.chain_links(rest) {
                    self.first_of_two(operand, link.op, yes, no);
                    operand = link.y;
                }
                self.condition(operand, yes, no);
            }
            _ => self.finish(End::Branch { cond, yes, no }),
        }
    }

    /// The left operand of `&&` or `||`; goes on where the right one is evaluated.
    fn first_of_two(&mut self, x: ExprId, op: BinaryOp, yes: BlockId, no: BlockId) {
        let next = self.block();
        if op == BinaryOp::LogicalAnd {
            self.condition(x, next, no);
        } else {
            self.condition(x, yes, next);
        }
        self.current = next;
    }

    fn clauses(&self, body: StmtId) -> Vec<StmtId> {
        match self.tree.stmt(body).kind {
            StmtKind::Block(block) => self.tree.stmts(block.stmts).to_vec(),
            _ => Vec::new(),
        }
    }

    fn switch(
        &mut self,
        init: Option<StmtId>,
        tag: Option<ExprId>,
        body: StmtId,
        label: Option<&str>,
    ) {
        if let Some(init) = init {
            self.stmt(init, None);
        }
        if let Some(tag) = tag {
            self.push(Event::Eval(tag));
        }
        let clauses = self.clauses(body);
        let bodies: Vec<BlockId> = clauses.iter().map(|_| self.block()).collect();
        let after = self.block();
        let mut default = after;
        for (&clause, &target) in clauses.iter().zip(&bodies) {
            let StmtKind::Case { list, .. } = self.tree.stmt(clause).kind else {
                continue;
            };
            if list.is_empty() {
                default = target;
            }
            for &value in self.tree.exprs(list) {
                let next = self.block();
                match tag {
                    Some(tag) => self.finish(End::Compare {
                        tag,
                        value,
                        yes: target,
                        no: next,
                    }),
                    None => self.condition(value, target, next),
                }
                self.current = next;
            }
        }
        let fits = default == after
            && tag.is_some_and(|tag| {
                let mut around = self.clauses.iter();
                around.any(|(outer, clause)| {
                    nested::is_covered(self.tree, *outer, *clause, tag, &clauses)
                })
            });
        self.finish(if fits { End::Never } else { End::Jump(default) });
        self.breakable(label, after, |builder| {
            let mut falls_in = false;
            for (index, (&clause, &target)) in clauses.iter().zip(&bodies).enumerate() {
                builder.current = target;
                let known = tag.filter(|_| !falls_in);
                falls_in = builder.falls_through(clause);
                builder.clauses.extend(known.map(|tag| (tag, clause)));
                let outer =
                    std::mem::replace(&mut builder.fallthrough, bodies.get(index + 1).copied());
                builder.stmt(clause, None);
                builder.fallthrough = outer;
                if known.is_some() {
                    builder.clauses.pop();
                }
                builder.finish(End::Jump(after));
            }
        });
        self.current = after;
    }

    /// Whether a clause ends by going on with the next.
    fn falls_through(&self, clause: StmtId) -> bool {
        let mut found = false;
        self.tree.walk(clause, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Branch { kind, .. } = self.tree.stmt(stmt).kind
            {
                found |= kind == BranchKind::Fallthrough;
            }
            Descend::Into
        });
        found
    }

    fn type_switch(
        &mut self,
        id: StmtId,
        init: Option<StmtId>,
        assign: StmtId,
        body: StmtId,
        label: Option<&str>,
    ) {
        if let Some(init) = init {
            self.stmt(init, None);
        }
        if let Some(x) = type_switch_operand(self.tree, assign) {
            self.push(Event::Eval(x));
        }
        let clauses = self.clauses(body);
        let cases: Vec<(StmtId, BlockId)> = clauses
            .iter()
            .map(|&clause| (clause, self.block()))
            .collect();
        let after = self.block();
        let has_default = clauses
            .iter()
            .any(|&clause| matches!(self.tree.stmt(clause).kind, StmtKind::Case { list, .. } if list.is_empty()));
        let other = (!has_default).then_some(after);
        self.finish(End::TypeSwitch {
            stmt: id,
            cases: cases.clone(),
            other,
        });
        self.breakable(label, after, |builder| {
            for (clause, block) in cases {
                builder.current = block;
                builder.push(Event::TypeCase {
                    switch: id,
                    case: clause,
                });
                builder.stmt(clause, None);
                builder.finish(End::Jump(after));
            }
        });
        self.current = after;
    }

    fn select(&mut self, id: StmtId, body: StmtId, label: Option<&str>) {
        let clauses = self.clauses(body);
        let cases: Vec<(StmtId, BlockId)> = clauses
            .iter()
            .map(|&clause| (clause, self.block()))
            .collect();
        let after = self.block();
        self.finish(End::Select {
            stmt: id,
            cases: cases.clone(),
        });
        self.breakable(label, after, |builder| {
            for (clause, block) in cases {
                builder.current = block;
                if let StmtKind::Comm {
                    comm: Some(comm), ..
                } = builder.tree.stmt(clause).kind
                {
                    builder.stmt(comm, None);
                }
                builder.stmt(clause, None);
                builder.finish(End::Jump(after));
            }
        });
        self.current = after;
    }

    fn breakable(&mut self, label: Option<&str>, after: BlockId, inside: impl FnOnce(&mut Self)) {
        self.targets.push(Target {
            label: label.map(str::to_owned),
            on_break: after,
            on_continue: None,
            loop_id: None,
        });
        inside(self);
        self.targets.pop();
    }

    fn for_(
        &mut self,
        id: StmtId,
        init: Option<StmtId>,
        cond: Option<ExprId>,
        post: Option<StmtId>,
        body: StmtId,
        label: Option<&str>,
    ) {
        if let Some(init) = init {
            self.stmt(init, None);
        }
        let after = self.block();
        self.loop_(id, cond.is_some(), |builder, loop_id| {
            let head = builder.block();
            let inside = builder.block();
            let again = builder.block();
            builder.go_on(End::Jump(head), head);
            match cond {
                Some(cond) => builder.condition(cond, inside, after),
                None => builder.finish(End::Jump(inside)),
            }
            builder.current = inside;
            builder.looping(label, after, again, loop_id, body);
            builder.go_on(End::Jump(again), again);
            if let Some(post) = post {
                builder.stmt(post, None);
            }
            builder.finish(End::Jump(head));
        });
        self.current = after;
    }

    fn range(&mut self, id: StmtId, x: ExprId, body: StmtId, label: Option<&str>) {
        self.push(Event::Eval(x));
        let after = self.block();
        let is_endless = is_clock(self.tree, x);
        self.loop_(id, !is_endless, |builder, loop_id| {
            let head = builder.block();
            let inside = builder.block();
            let has_one_round = has_one_element(builder.tree, x);
            builder.go_on(End::Jump(head), head);
            builder.finish(if has_one_round || is_endless {
                End::Jump(inside)
            } else {
                End::Range {
                    stmt: id,
                    body: inside,
                    done: after,
                }
            });
            builder.current = inside;
            builder.push(Event::RangeNext(id));
            let again = if has_one_round { after } else { head };
            builder.looping(label, after, again, loop_id, body);
            builder.finish(End::Jump(again));
        });
        self.current = after;
    }

    fn loop_(&mut self, stmt: StmtId, ends: bool, inside: impl FnOnce(&mut Self, LoopId)) {
        let id = LoopId(self.graph.loops.len() as u32);
        let outer = self.in_loop.replace(id);
        self.graph.loops.push(Loop { stmt, outer, ends });
        inside(self, id);
        self.in_loop = outer;
    }

    fn looping(
        &mut self,
        label: Option<&str>,
        after: BlockId,
        again: BlockId,
        loop_id: LoopId,
        body: StmtId,
    ) {
        self.targets.push(Target {
            label: label.map(str::to_owned),
            on_break: after,
            on_continue: Some(again),
            loop_id: Some(loop_id),
        });
        self.stmt(body, None);
        self.targets.pop();
    }
}

fn is_logical(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::LogicalAnd | BinaryOp::LogicalOr)
}

/// What a type switch looks at: `y` of `x := y.(type)`. `assign` is its statement.
pub fn type_switch_operand(tree: &Tree, assign: StmtId) -> Option<ExprId> {
    let guard = match tree.stmt(assign).kind {
        StmtKind::Assign { rhs, .. } => *tree.exprs(rhs).first()?,
        StmtKind::Expr(expr) => expr,
        _ => return None,
    };
    match tree.expr(tree.unparen(guard)).kind {
        ExprKind::TypeAssert { x, .. } => Some(x),
        _ => None,
    }
}

//! Where control leaves a block, and a release just before it does.

use std::collections::BTreeSet;

use caulk_syntax::{BranchKind, Descend, ExprKind, Name, Node, Span, StmtId, StmtKind, Tree};

use crate::anchor::Anchor;
use crate::bound::is_data;
use crate::edit::Edit;
use crate::refusal::Refusal;
use crate::release::Release;
use crate::site::{Site, span};
use crate::source::{At, Scope};

/// Statements between braces, or those of a clause of a switch or select.
pub(crate) struct Stretch<'a> {
    scope: &'a Scope<'a>,
    /// The block or clause.
    pub(crate) at: At,
    statements: &'a [StmtId],
    /// The brace that closes a block.
    brace: Option<u32>,
}

/// One way out of a [`Stretch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// A `return`.
    Return(StmtId),
    /// A `break` or `continue` to somewhere outside.
    Branch(StmtId),
    /// The brace at this offset.
    Brace(u32),
    /// The end of the last statement of a clause.
    Below(Span),
}

impl Leave {
    /// The statement that leaves, or the empty place where control does.
    pub(crate) fn place(self, tree: &Tree) -> Span {
        match self {
            Self::Return(id) | Self::Branch(id) => tree.stmt(id).span,
            Self::Brace(offset) => Span::empty(offset),
            Self::Below(statement) => Span::empty(statement.end),
        }
    }
}

impl<'a> Stretch<'a> {
    /// The statements among which an anchor lies.
    pub(crate) fn around(scope: &'a Scope<'a>, anchor: Anchor) -> Option<Self> {
        let at = match anchor {
            Anchor::Below(statement)
            | Anchor::Above(statement)
            | Anchor::Else { statement, .. } => scope.parent(scope.statement(statement)?)?,
            Anchor::BlockStart(offset) => scope.block_from(offset.checked_sub(1)?)?,
        };
        let (statements, brace) = match scope.kind(at)? {
            StmtKind::Block(block) => (block.stmts, Some(block.rbrace?.offset())),
            StmtKind::Case { body, .. } | StmtKind::Comm { body, .. } => (body, None),
            _ => return None,
        };
        Some(Self {
            scope,
            at,
            statements: scope.tree.stmts(statements),
            brace,
        })
    }

    /// The statements, in order.
    pub(crate) fn statements(&self) -> &'a [StmtId] {
        self.statements
    }

    /// The bytes of the block or clause.
    pub(crate) fn span(&self) -> Span {
        self.scope.span(self.at)
    }

    /// Every way out that starts behind the offset `after`, literals left out; none where that cannot be
    /// told.
    pub(crate) fn leaves(&self, after: u32) -> Option<Vec<Leave>> {
        let tree = self.scope.tree;
        let mut leaves = Vec::new();
        let later = self
            .statements
            .iter()
            .filter(|id| tree.stmt(**id).span.end > after);
        let mut todo: Vec<(StmtId, Inside)> = later.map(|id| (*id, Inside::default())).collect();
        let labels = self.labels(after);
        while let Some((id, inside)) = todo.pop() {
            let inner = match tree.stmt(id).kind {
                StmtKind::Return(_) => {
                    leaves.push(Leave::Return(id));
                    continue;
                }
                StmtKind::Branch { kind, label } => {
                    if branch_leaves(tree, kind, label, inside, &labels)? {
                        leaves.push(Leave::Branch(id));
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
            tree.children(id, |child| {
                if let Node::Stmt(child) = child
                    && tree.stmt(child).span.end > after
                {
                    todo.push((child, inner));
                }
            });
        }
        leaves.sort_by_key(|leave| match leave {
            Leave::Return(id) | Leave::Branch(id) => tree.stmt(*id).span.start,
            Leave::Brace(offset) => *offset,
            Leave::Below(span) => span.end,
        });
        let last = self.statements.last().map(|id| tree.stmt(*id));
        let falls_out = !self
            .statements
            .last()
            .is_some_and(|id| ends(tree, *id, MAX_DEPTH));
        match (self.brace, last) {
            _ if !falls_out => {}
            (Some(brace), _) => leaves.push(Leave::Brace(brace)),
            (None, Some(last)) => leaves.push(Leave::Below(last.span)),
            (None, None) => return None,
        }
        Some(leaves)
    }

    /// The labels of statements within that start at or after the offset `after`.
    fn labels(&self, after: u32) -> BTreeSet<&'a str> {
        let tree = self.scope.tree;
        let mut labels = BTreeSet::new();
        let later = |id: &&StmtId| tree.stmt(**id).span.start >= after;
        for id in self.statements.iter().filter(later) {
            tree.walk(*id, |node| {
                if let Node::Stmt(id) = node
                    && let StmtKind::Labeled { label, .. } = tree.stmt(id).kind
                {
                    labels.insert(tree.name(label));
                }
                Descend::Into
            });
        }
        labels
    }
}

/// What stands between a statement and the stretch that it may leave.
#[derive(Debug, Clone, Copy, Default)]
struct Inside {
    in_loop: bool,
    /// In a loop, or in a switch or select, which `break` leaves too.
    in_breakable: bool,
}

fn branch_leaves(
    tree: &Tree,
    kind: BranchKind,
    label: Option<Name>,
    inside: Inside,
    labels: &BTreeSet<&str>,
) -> Option<bool> {
    match (kind, label) {
        (BranchKind::Fallthrough, _) => Some(false),
        (BranchKind::Goto, Some(label)) if labels.contains(tree.name(label)) => Some(false),
        (BranchKind::Goto, _) => None,
        (_, Some(label)) => Some(!labels.contains(tree.name(label))),
        (BranchKind::Break, None) => Some(!inside.in_breakable),
        (BranchKind::Continue, None) => Some(!inside.in_loop),
    }
}

/// Statements nested deeper than this are taken to let control through.
pub(crate) const MAX_DEPTH: usize = 32;

/// Whether control cannot pass a statement, as the Go specification has it for terminating statements; calls
/// that end the process, the test or the goroutine by their common names are counted in. `depth` bounds how
/// far nested statements are looked at.
pub(crate) fn ends(tree: &Tree, id: StmtId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    let last_ends = |list: &[StmtId]| list.last().is_some_and(|last| ends(tree, *last, depth));
    match tree.stmt(id).kind {
        StmtKind::Return(_) => true,
        StmtKind::Branch { kind, .. } => kind != BranchKind::Fallthrough,
        StmtKind::Expr(call) => {
            let ExprKind::Call { fun, .. } = tree.expr(tree.unparen(call)).kind else {
                return false;
            };
            let path = tree.selector_path(fun).unwrap_or_default();
            path.last().is_some_and(|name| {
                *name == "panic" || ENDING.iter().any(|word| name.starts_with(word))
            })
        }
        StmtKind::Block(_) => last_ends(tree.block(id)),
        StmtKind::Labeled { stmt, .. } => ends(tree, stmt, depth),
        StmtKind::If {
            then,
            els: Some(els),
            ..
        } => last_ends(tree.block(then)) && ends(tree, els, depth),
        StmtKind::For {
            cond: None, body, ..
        } => !breaks(tree, body),
        StmtKind::Select(body) => {
            !breaks(tree, body)
                && tree
                    .block(body)
                    .iter()
                    .all(|clause| clause_ends(tree, *clause, depth))
        }
        StmtKind::Switch { body, .. } | StmtKind::TypeSwitch { body, .. } => {
            let clauses = tree.block(body);
            let has_default = clauses.iter().any(|clause| {
                matches!(tree.stmt(*clause).kind, StmtKind::Case { list, .. } if list.is_empty())
            });
            has_default
                && !breaks(tree, body)
                && clauses
                    .iter()
                    .all(|clause| clause_ends(tree, *clause, depth))
        }
        _ => false,
    }
}

/// How names of functions begin that do not return.
const ENDING: [&str; 6] = ["Fatal", "Exit", "Panic", "Skip", "FailNow", "Goexit"];

fn clause_ends(tree: &Tree, clause: StmtId, depth: usize) -> bool {
    let (StmtKind::Case { body, .. } | StmtKind::Comm { body, .. }) = tree.stmt(clause).kind else {
        return false;
    };
    tree.stmts(body).last().is_some_and(|last| {
        let falls = matches!(
            tree.stmt(*last).kind,
            StmtKind::Branch {
                kind: BranchKind::Fallthrough,
                ..
            }
        );
        falls || ends(tree, *last, depth)
    })
}

/// Whether a `break` stands anywhere in a body; which statement it leaves is not told apart.
fn breaks(tree: &Tree, body: StmtId) -> bool {
    let mut found = false;
    tree.walk(body, |node| match node {
        Node::Stmt(id) => {
            found |= matches!(
                tree.stmt(id).kind,
                StmtKind::Branch {
                    kind: BranchKind::Break,
                    ..
                }
            );
            Descend::Into
        }
        Node::Expr(_) => Descend::Skip,
    });
    found
}

impl Site<'_> {
    /// Whether control cannot reach the end of a block.
    pub(crate) fn leaves(&self, block: StmtId) -> bool {
        ends(self.scope.tree, block, MAX_DEPTH)
    }

    /// Whether each of these uses of the value looks at a part of it that is not what is released: none hands it
    /// on.
    fn only_looks(&self, uses: &[Span]) -> bool {
        let tree = self.scope.tree;
        let released = self.template().release.path.trim_start_matches('.');
        uses.iter().all(|place| {
            let parent = self
                .scope
                .expression_at(*place)
                .and_then(|at| self.scope.parent(at));
            match parent.and_then(|at| self.scope.node(at)) {
                Some(Node::Expr(id)) => match tree.expr(id).kind {
                    ExprKind::Selector { x, sel } => {
                        tree.expr(x).span == *place && tree.name(sel) != released
                    }
                    _ => false,
                },
                _ => false,
            }
        })
    }

    /// Whether each of these uses of the value reads a field that is not what is released, `resp.StatusCode`: it is the same
    /// behind the release.
    fn only_reads_fields(&self, uses: &[Span]) -> bool {
        let tree = self.scope.tree;
        let is_called = |place: &Span| {
            let field = self
                .scope
                .expression_at(*place)
                .and_then(|at| self.scope.parent(at));
            let call = field.and_then(|at| self.scope.parent(at));
            match (field, call.and_then(|at| self.scope.node(at))) {
                (Some(field), Some(Node::Expr(id))) => match tree.expr(id).kind {
                    ExprKind::Call { fun, .. } => tree.expr(fun).span == self.scope.span(field),
                    _ => false,
                },
                _ => false,
            }
        };
        !self.template().release.path.is_empty()
            && self.only_looks(uses)
            && !uses.iter().any(is_called)
    }

    /// The place of a statement that leaves, or of the removals of the file by its own name above it: a file is closed before it
    /// is removed, which some systems insist on.
    fn before_removal(&self, leaves: StmtId) -> Span {
        let tree = self.scope.tree;
        let mut place = tree.stmt(leaves).span;
        if self.finding.resource.type_name != "os.File" {
            return place;
        }
        let list = self.scope.statement(place);
        let Some((siblings, index)) = list.and_then(|at| self.scope.siblings(at)) else {
            return place;
        };
        let value = self.value_name().unwrap_or_default();
        let removes = |x| {
            let path = self
                .scope
                .call(x)
                .and_then(|(fun, _)| tree.selector_path(fun));
            matches!(path.as_deref(), Some(["os", "Remove" | "RemoveAll"]))
                && !self.scope.uses(x, value).is_empty()
        };
        let held = self.scope.span(self.acquiring).end;
        for id in siblings.iter().take(index).rev() {
            let stmt = tree.stmt(*id);
            let is_removal = match stmt.kind {
                StmtKind::Expr(x) => removes(x),
                StmtKind::Assign { rhs, .. } => {
                    matches!(tree.exprs(rhs), [only] if removes(*only))
                }
                _ => false,
            };
            if !is_removal || stmt.span.start < held {
                break;
            }
            place = stmt.span;
        }
        place
    }

    /// Whether nothing that a `return` gives can hold on to the value, and nothing in it may release that.
    fn returns_data(&self, id: StmtId) -> bool {
        let template = self.template();
        let place = self.scope.tree.stmt(id).span;
        let mut ends = template.releases.iter().chain(&template.may_release);
        !template.handed_on
            && !ends.any(|release| place.encloses(span(*release)))
            && self.result_types().iter().all(|ty| is_data(ty))
    }

    /// Puts a release before control leaves by one way.
    pub(crate) fn release_before(
        &self,
        leave: Leave,
        value: &str,
        release: &Release,
    ) -> Result<Edit, Refusal> {
        let lines = &self.style.statement(release);
        let layout = self.layout();
        let edit = match leave {
            Leave::Return(id) | Leave::Branch(id) => {
                let uses = self.scope.uses(id, value);
                let lines = match (uses.is_empty() || self.only_reads_fields(&uses), leave) {
                    (true, _) => lines.to_vec(),
                    // What is returned is made before a deferred release runs.
                    (false, Leave::Return(_))
                        if self.only_looks(&uses) || self.returns_data(id) =>
                    {
                        self.style.deferred(release)
                    }
                    _ => {
                        return Err(Refusal::of(
                            "the statement that loses … still uses it",
                            value,
                        ));
                    }
                };
                layout.insert_above(self.before_removal(id).start, &lines)
            }
            Leave::Brace(offset) => layout.insert_at_block_end(offset, lines),
            Leave::Below(statement) => layout.insert_below(statement, lines),
        };
        edit.ok_or_else(Refusal::crowded)
    }
}

//! A send that nobody may receive any more: it gives up when those that receive are told to end, by the same channel or
//! context.

use caulk_leaks::Step;
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, Tree, UnaryOp};

use super::Proposal;
use crate::edit::Edit;
use crate::refusal::Refusal;
use crate::site::{Site, span};
use crate::source::{At, Scope};

/// The edits, where a site has this shape.
pub(super) fn propose(site: &Site<'_>) -> Result<Option<Proposal>, Refusal> {
    if site.finding.rule != "blocked-goroutine" || site.template().obstacles.is_empty() {
        return Ok(None);
    }
    let Some(send) = Send::find(site) else {
        return Ok(None);
    };
    let Some(told) = send.told(site) else {
        return Ok(None);
    };
    let (layout, place) = (site.layout(), send.place());
    let types = site.source.result_types(&send.scope, send.body);
    let leaves = match types.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => "return".to_owned(),
        ["error"] if told.ends_with(".Done()") => {
            format!("return {}.Err()", told.trim_end_matches(".Done()"))
        }
        _ => return Ok(None),
    };
    let in_list = send.scope.siblings(send.at).is_some();
    if !in_list || !layout.opens_line(place.start) || !layout.closes_line(place.end) {
        return Ok(None);
    }
    let (indent, line_break) = (layout.indent(place.start), layout.line_break(place.start));
    let inner = layout.deeper(indent);
    let head = format!("select {{{line_break}{indent}case ");
    let tail = format!(
        "{line_break}{indent}case <-{told}:{line_break}{inner}{leaves}{line_break}{indent}}}"
    );
    // A comment stays with the send.
    let edits = vec![
        Edit::insert(place.start, head),
        Edit::insert(place.end, ":".to_owned()),
        Edit::insert(layout.line_end(place.end), tail),
    ];
    let reason = format!("what it sends is dropped once {told} says so");
    Ok(Some(Proposal::review(edits, reason)))
}

/// A send, by itself, that blocks.
struct Send<'a> {
    scope: Scope<'a>,
    at: At,
    chan: ExprId,
    /// The braces of the function that sends.
    body: Span,
}

impl<'a> Send<'a> {
    /// The send of a finding: where that stands, or where its path says that it is made.
    fn find(site: &Site<'a>) -> Option<Self> {
        let steps = site.finding.path.iter().take(1).map(|step| &step.location);
        let mut places = [&site.finding.location].into_iter().chain(steps);
        places.find_map(|place| {
            let here = place.file == site.finding.location.file;
            let place = span(place.span);
            let scope = site.source.scope(place).filter(|_| here)?;
            let at = scope.statement_around(place)?;
            let Some(StmtKind::Send { chan, .. }) = scope.kind(at) else {
                return None;
            };
            let body = body_around(&scope, at)?;
            Some(Self {
                scope,
                at,
                chan,
                body,
            })
        })
    }

    fn place(&self) -> Span {
        self.scope.span(self.at)
    }

    /// What tells its receivers to end, as it is known where it sends.
    fn told(&self, site: &Site<'a>) -> Option<String> {
        if self.unlocks_later(site) {
            return None;
        }
        let own = site.finding.path.get(1);
        own.and_then(|step| self.told_beside(site, step))
            .or_else(|| self.told_elsewhere(site))
    }

    /// The clause of its own function that tells it to end where it waits.
    fn told_beside(&self, site: &Site<'a>, step: &Step) -> Option<String> {
        let place = span(step.location.span);
        let here = step.location.file == site.finding.location.file
            && self.body.encloses(Span::empty(place.start));
        let at = self.scope.statement_around(Span::empty(place.start));
        let clause = at.filter(|_| here).and_then(|at| {
            let mut around = self.scope.outwards(at);
            around.find(|at| matches!(self.scope.kind(*at), Some(StmtKind::Comm { .. })))
        })?;
        let from = received(self.scope.tree, self.scope.stmt_id(clause)?)?;
        let text = site.layout().text(self.scope.tree.expr(from).span);
        let root = text.split('.').next().unwrap_or_default();
        let known = site
            .source
            .has_parameter(&self.scope, self.outermost(), root)
            || self.receiver(site) == Some(root);
        known.then(|| text.to_owned())
    }

    /// What the function that receives from the same field of the value looks at beside: `case <-s.quit:`, where the file
    /// closes that, or `case <-s.ctx.Done():`.
    fn told_elsewhere(&self, site: &Site<'a>) -> Option<String> {
        let path = self.scope.tree.selector_path(self.chan)?;
        let [receiver, field] = path.as_slice() else {
            return None;
        };
        if self.receiver(site) != Some(receiver) {
            return None;
        }
        let mut found = None;
        for body in site.source.bodies() {
            let tree = &body.tree;
            tree.walk(body.block, |node| {
                if let Node::Stmt(id) = node
                    && let StmtKind::Select(cases) = tree.stmt(id).kind
                {
                    let clauses = tree.block(cases);
                    let of = clauses.iter().find_map(|clause| {
                        match tree.selector_path(received(tree, *clause)?)?.as_slice() {
                            [of, last] if last == field => Some((*of).to_owned()),
                            _ => None,
                        }
                    });
                    if let Some(of) = of {
                        let mut told = clauses
                            .iter()
                            .filter_map(|clause| told_by(tree, *clause, &of));
                        let mut known = told
                            .by_ref()
                            .filter(|told| told.ends_with(".Done()") || is_closed(site, told));
                        found = found.take().or_else(|| known.next());
                    }
                }
                Descend::Into
            });
        }
        found.map(|told| format!("{receiver}.{told}"))
    }

    /// The name of the receiver of the method around it.
    fn receiver(&self, site: &Site<'a>) -> Option<&'a str> {
        let file = site.source.file();
        let tree = &file.tree;
        let place = self.place();
        let around = file
            .funcs()
            .find(|func| func.body.is_some_and(|body| body.encloses(place)))?;
        let [receiver] = tree.fields(around.recv?) else {
            return None;
        };
        Some(tree.name(*tree.names(receiver.names).first()?))
    }

    /// The braces of the declared function around it.
    fn outermost(&self) -> Span {
        let around = self.scope.outwards(self.at).last();
        around.map_or(self.body, |at| self.scope.span(at))
    }

    /// Whether an unlock behind it would be left out.
    fn unlocks_later(&self, site: &Site<'a>) -> bool {
        let behind = Span::new(self.place().end, self.body.end);
        site.layout().text(behind).contains("nlock()")
    }
}

/// The body of the innermost function around a statement.
fn body_around(scope: &Scope<'_>, at: At) -> Option<Span> {
    let tree = scope.tree;
    scope
        .outwards(at)
        .skip(1)
        .find_map(|around| match scope.node(around)? {
            Node::Expr(id) => match tree.expr(id).kind {
                ExprKind::FuncLit { body, .. } => Some(tree.stmt(body).span),
                _ => None,
            },
            Node::Stmt(id) => scope.parent(around).is_none().then(|| tree.stmt(id).span),
        })
}

/// What a clause of a `select` receives from.
pub(super) fn received(tree: &Tree, clause: StmtId) -> Option<ExprId> {
    let StmtKind::Comm {
        comm: Some(comm), ..
    } = tree.stmt(clause).kind
    else {
        return None;
    };
    let value = match tree.stmt(comm).kind {
        StmtKind::Expr(x) => x,
        StmtKind::Assign { rhs, .. } => *tree.exprs(rhs).first()?,
        _ => return None,
    };
    match tree.expr(tree.unparen(value)).kind {
        ExprKind::Unary {
            op: UnaryOp::Receive,
            x,
        } => Some(x),
        _ => None,
    }
}

/// The field of the value `of`, or the end of a context in one, by which a clause says that all is over.
fn told_by(tree: &Tree, clause: StmtId, of: &str) -> Option<String> {
    let StmtKind::Comm {
        comm: Some(comm),
        body,
        ..
    } = tree.stmt(clause).kind
    else {
        return None;
    };
    let last = tree.stmts(body).last().map(|last| tree.stmt(*last).kind);
    if !matches!(last, Some(StmtKind::Return(_)))
        || !matches!(tree.stmt(comm).kind, StmtKind::Expr(_))
    {
        return None;
    }
    let from = received(tree, clause)?;
    if let ExprKind::Call { fun, .. } = tree.expr(from).kind {
        return match tree.selector_path(fun)?.as_slice() {
            [first, context, "Done"] if *first == of => Some(format!("{context}.Done()")),
            _ => None,
        };
    }
    match tree.selector_path(from)?.as_slice() {
        [first, quit] if *first == of => Some((*quit).to_owned()),
        _ => None,
    }
}

/// Whether the file closes a field by this name.
fn is_closed(site: &Site<'_>, field: &str) -> bool {
    let end = format!(".{field})");
    let text = site.source.text();
    text.match_indices("close(").any(|(at, _)| {
        let rest = text.get(at..).unwrap_or_default();
        let call = rest.lines().next().unwrap_or_default();
        call.split_inclusive(')')
            .next()
            .is_some_and(|call| call.ends_with(&end))
    })
}

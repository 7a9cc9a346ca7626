//! A release by hand before each exit that misses it: where the value is handed on when all goes well,
//! inside loops, and where the other paths release it already.

use caulk_leaks::{Exit, ExitKind, Held};
use std::collections::BTreeSet;

use caulk_syntax::{AssignOp, Descend, ExprId, ExprKind, NilTest, Node, Span, StmtKind, Tree};

use super::obstacle::holds;
use super::over::{has_conditional_defer, is_released_before, may_be_over};
use super::{
    Proposal, Proposed, deferred, ended, failing, on_error, outliving, parted, process, unchecked,
};
use crate::bound::refuse_if_needed_behind_turn;
use crate::edit::Edit;
use crate::leaving::{Leave, Stretch};
use crate::name::named;
use crate::refusal::Refusal;
use crate::site::{Site, span};
use crate::source::At;

/// More exits than these are better served by a function of their own.
const MAX_EXITS: usize = 6;

/// Where more exits than these lose it, and no other way leads on, one `defer` reads better.
const MAX_BY_HAND: usize = 2;

/// Rules whose values can be asked whether they are nil where their error was not looked at.
const GUARDED: [&str; 5] = [
    "unclosed-connection",
    "unclosed-file",
    "unclosed-reader",
    "unclosed-response-body",
    "unclosed-rows",
];

/// Releases before every exit that loses the value.
pub(super) fn propose(site: &Site<'_>) -> Proposed {
    let template = site.template();
    let nowhere = || {
        Refusal::new(
            "no single exit could be named that loses it: release it where it is last needed",
        )
    };
    if template.losing_exits.is_empty() {
        return Err(nowhere());
    }
    let named = named(site)?;
    let release = site.release(&named.value)?;
    let abort = site.abort(&named.value)?;
    let lost = match losses(site) {
        Ok(lost) => lost,
        Err(refusal) => return outliving::propose(site)?.ok_or(refusal),
    };
    if lost.is_empty() {
        return Err(nowhere());
    }
    if lost.len() > MAX_BY_HAND
        && is_lost_everywhere(site, &lost)
        && let Ok(deferred) = deferred::propose(site)
    {
        return Ok(deferred);
    }
    if lost.len() > MAX_EXITS {
        let by_hand = abort.as_ref().unwrap_or(&release);
        return on_error::propose(site, &named.value, by_hand, || {
            Refusal::of(
                "… exits lose it: move the work into a function of its own and defer the release there",
                &lost.len().to_string(),
            )
        });
    }
    let last = lost.iter().map(|loss| place_of(site, *loss).start).max();
    if !site.may_end_twice() && last.is_some_and(|last| has_conditional_defer(site, last)) {
        return Err(Refusal::new(
            "a deferred release depends on a condition: release it on the other ways too, if that is not meant",
        ));
    }
    if !site.may_end_twice()
        && lost
            .iter()
            .any(|loss| may_be_over(site, place_of(site, *loss)))
    {
        return Err(Refusal::of(
            "some of the ways to an exit that loses … have released it",
            &named.value,
        ));
    }
    let by_hand = abort.as_ref().unwrap_or(&release);
    let mut edits = named.edits;
    let mut loose = site.hold()?.condition.is_some();
    let mut review = None;
    if loose && !GUARDED.contains(&site.finding.rule) {
        let check = unchecked::check(site).ok_or_else(|| {
            Refusal::new(match site.hold().is_ok_and(|hold| hold.goes_on()) {
                true => "the function goes on where there is an error: release it where it is known to be there",
                false => "its error is never checked: check it first",
            })
        })?;
        edits.push(check);
        loose = false;
        review = Some(unchecked::REVIEW.to_owned());
    }
    // What goes on behind the turn may need the context that the turn was given.
    let goes_on =
        |loss: &Loss| matches!(loss, Loss::Leave(leave) if !matches!(leave, Leave::Return(_)));
    if site.is_cancel() && lost.iter().any(goes_on) {
        refuse_if_needed_behind_turn(site)?;
    }
    let stretch = Stretch::around(&site.scope, site.hold()?.anchor);
    for place in lost {
        if let Loss::Leave(leave) = place
            && let Some(stretch) = &stretch
            && let Some(parted) = parted::propose(site, stretch, leave, &named.value, by_hand)
        {
            edits.extend(parted?);
            continue;
        }
        let loose = loose && !site.is_without_error(place_of(site, place));
        if let Loss::Leave(Leave::Return(id)) = place
            && !loose
            && let Some(looked_at) = failing::propose(site, id, by_hand)
        {
            edits.extend(looked_at?);
            continue;
        }
        edits.push(match place {
            Loss::Leave(Leave::Return(id) | Leave::Branch(id)) if loose => {
                let mut lines = vec![format!("if {} != nil {{", named.value)];
                let inner = site.style.statement(by_hand);
                lines.extend(inner.iter().map(|line| format!("\t{line}")));
                lines.push("}".to_owned());
                if !site.scope.uses(id, &named.value).is_empty() {
                    return Err(Refusal::new("its error is never checked: check it first"));
                }
                site.layout()
                    .insert_above(site.scope.tree.stmt(id).span.start, &lines)
                    .ok_or_else(Refusal::crowded)?
            }
            Loss::Leave(leave) if loose => {
                let where_held = by_hand.clone().where_held(&named.value);
                site.release_before(leave, &named.value, &where_held)?
            }
            Loss::Assignment(_) if loose => {
                return Err(Refusal::new("its error is never checked: check it first"));
            }
            Loss::Leave(leave) if is_asked_for(site, leave, &named.value) => site.release_before(
                leave,
                &named.value,
                &by_hand.clone().where_held(&named.value),
            )?,
            Loss::Leave(leave) => match told(site, leave, &named.value) {
                Some(edit) => edit?,
                None => {
                    let killed = process::killed_first(site, leave, by_hand);
                    let by_hand = killed.as_ref().unwrap_or(by_hand);
                    site.release_before(leave, &named.value, by_hand)?
                }
            },
            Loss::Assignment(at) => {
                let lines = site.style.statement(by_hand);
                before_assignment(site, at, &named.value, &lines)?
            }
        });
    }
    edits.extend(ended::propose(site, &named.value));
    Ok(Proposal { edits, review })
}

/// The release before a `return` of an error that can be told to whoever reads from the other end; none where
/// there is no such release, or no such error.
fn told(site: &Site<'_>, leave: Leave, value: &str) -> Option<Result<Edit, Refusal>> {
    let method = site.template().release.with_error.as_deref()?;
    let Leave::Return(id) = leave else {
        return None;
    };
    let tree = site.scope.tree;
    let StmtKind::Return(results) = tree.stmt(id).kind else {
        return None;
    };
    let place = tree.stmt(id).span;
    let fails = |exit: &Exit| exit.with_error && span(exit.span) == place;
    let error = tree.ident(*tree.exprs(results).last()?)?;
    if error == "nil" || !site.template().losing_exits.iter().any(fails) {
        return None;
    }
    let line = [format!("{value}.{method}({error})")];
    let edit = site.layout().insert_above(place.start, &line);
    Some(edit.ok_or_else(Refusal::crowded))
}

/// Where the value is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    Leave(Leave),
    /// At a statement that assigns another value to its variable.
    Assignment(At),
}

/// The places before which a release must stand: those of the losing exits that lie in the block that has
/// the value, and where others lie outside of it, the ways out of the block that lead there.
fn losses(site: &Site<'_>) -> Result<Vec<Loss>, Refusal> {
    let hold = site.hold()?;
    let stretch = Stretch::around(&site.scope, hold.anchor).ok_or_else(|| {
        Refusal::new("the block that has the value cannot be followed: release it at its end")
    })?;
    let after = hold.anchor.offset();
    let mut lost = Vec::new();
    let mut falls_out = false;
    for exit in &site.template().losing_exits {
        let place = span(exit.span);
        let within = stretch.span().encloses(place) && place.start >= after;
        let statement = site
            .scope
            .statement(place)
            .filter(|at| site.scope.siblings(*at).is_some());
        match (statement, site.scope.kind_of(statement)) {
            (Some(at), Some(StmtKind::Return(_))) if within => {
                lost.extend(
                    site.scope
                        .stmt_id(at)
                        .map(|id| Loss::Leave(Leave::Return(id))),
                );
            }
            (Some(at), Some(StmtKind::Assign { .. }))
                if within && exit.kind == ExitKind::Overwritten =>
            {
                lost.push(Loss::Assignment(at));
            }
            _ => falls_out = true,
        }
    }
    // An exit may be listed once for each thing that its error can be.
    lost.dedup();
    if !falls_out {
        return Ok(lost);
    }
    // What was discarded gets a variable of the block's own.
    let outer = !matches!(site.template().held, Held::Blank(_))
        && matches!(
            site.scope.kind(site.acquiring),
            Some(StmtKind::Assign {
                op: AssignOp::Assign,
                ..
            })
        );
    let whole_body = stretch.span() == site.body();
    if !whole_body && (outer || is_copied(site, &stretch)) {
        return Err(Refusal::new(
            "it is assigned to a variable that outlives the block: release it where that ends",
        ));
    }
    let leaves = stretch.leaves(after).ok_or_else(|| {
        Refusal::new("the block that has the value is left in a way that cannot be followed: release it before each way out")
    })?;
    for leave in leaves {
        if !matches!(leave, Leave::Return(_)) && !is_released_before(site, &stretch, leave) {
            lost.push(Loss::Leave(leave));
        }
    }
    Ok(lost)
}

/// Whether every way out of the function from where the value is held on loses it, so that a deferred release comes no
/// later and no more often than one before each.
fn is_lost_everywhere(site: &Site<'_>, lost: &[Loss]) -> bool {
    let template = site.template();
    let release = &template.release;
    let plain = template.releases.is_empty()
        && template.may_release.is_empty()
        && !template.in_loop
        && !site.is_labeled()
        // What takes it over where all goes well is no loss then.
        && !template.losing_exits.iter().any(|exit| exit.failing_call)
        && !release.commits
        && release.abort.is_none()
        && release.with_error.is_none();
    let leaves = || {
        let hold = site.hold().ok()?;
        let stretch = Stretch::around(&site.scope, hold.anchor)?;
        let whole = stretch.span() == site.body() && hold.condition.is_none();
        stretch.leaves(hold.anchor.offset()).filter(|_| whole)
    };
    plain
        && leaves().is_some_and(|leaves| {
            let is_lost = |leave: &Leave| lost.contains(&Loss::Leave(*leave));
            leaves.iter().all(is_lost)
        })
}

/// Whether the value may be nil where control leaves: the function asks for it elsewhere, in a question that goes on
/// where it is (`v != nil && …`), and not around this place; or what leaves is the answer to `v == nil || …`.
fn is_asked_for(site: &Site<'_>, leave: Leave, value: &str) -> bool {
    let tree = site.scope.tree;
    let place = match leave {
        Leave::Return(id) | Leave::Branch(id) => tree.stmt(id).span,
        Leave::Brace(offset) => Span::empty(offset),
        Leave::Below(statement) => statement,
    };
    let Some(body) = site.body_block() else {
        return false;
    };
    let start = site.scope.span(site.acquiring).end;
    let (mut asked, mut known) = (false, false);
    tree.walk(body, |node| {
        if let Node::Stmt(id) = node
            && let StmtKind::If { cond, then, .. } = tree.stmt(id).kind
            && start <= tree.stmt(id).span.start
            && tree.stmt(id).span.start < place.start
        {
            let (mut asks, mut missing) = (false, false);
            tree.walk(cond, |node| {
                if let Node::Expr(id) = node
                    && let Some((x, test)) = tree.nil_test(id)
                    && tree.ident(x) == Some(value)
                {
                    asks |= test == NilTest::NotNil;
                    missing |= test == NilTest::IsNil;
                }
                Descend::Into
            });
            let around = tree.stmt(then).span.encloses(place);
            asked |= asks || missing && around;
            known |= asks && around;
        }
        Descend::Into
    });
    asked && !known
}

/// Whether a statement of the block puts the value into a place that outlives it.
pub(super) fn is_copied(site: &Site<'_>, stretch: &Stretch<'_>) -> bool {
    let tree = site.scope.tree;
    let Ok(value) = site.value() else {
        return false;
    };
    let mut holding: BTreeSet<&str> = [value.as_str()].into_iter().collect();
    let Some(block) = site.scope.node(stretch.at) else {
        return false;
    };
    let mut declared = BTreeSet::from(["_"]);
    let mut copies: BTreeSet<Option<&str>> = BTreeSet::new();
    tree.walk(block, |node| {
        if let Node::Stmt(id) = node
            && let StmtKind::Assign { lhs, op, rhs, .. } = tree.stmt(id).kind
        {
            let names = tree.exprs(lhs).iter().map(|left| tree.ident(*left));
            match op {
                AssignOp::Define => {
                    declared.extend(names.clone().flatten());
                    // `w := newLayerWriter(f)`
                    if tree
                        .exprs(rhs)
                        .iter()
                        .any(|x| is_wrapped(tree, *x, &holding))
                    {
                        holding.extend(names.take(1).flatten());
                    }
                }
                _ if tree.exprs(rhs).iter().any(|x| holds(tree, *x, &holding)) => {
                    copies.extend(names);
                }
                // What is made of it, and used once the block has ended, needs it as long.
                _ if tree.exprs(rhs).iter().any(|x| is_given(tree, *x, &holding)) => {
                    let made = tree.exprs(lhs).iter().map(|left| tree.ident(*left)).take(1);
                    copies.extend(made.filter(|made| {
                        made.is_none_or(|made| is_used_behind(site, made, stretch.span().end))
                    }));
                }
                _ => {}
            }
        }
        Descend::Into
    });
    // A field or an element is somebody's who may need it.
    copies
        .iter()
        .any(|name| name.is_none_or(|name| !declared.contains(name)))
}

/// Whether an expression is a call that makes something over one of these variables, by its name.
fn is_wrapped(tree: &Tree, x: ExprId, holding: &BTreeSet<&str>) -> bool {
    let ExprKind::Call { fun, .. } = tree.expr(tree.unparen(x)).kind else {
        return false;
    };
    let path = tree.selector_path(fun).unwrap_or_default();
    let makes = |name: &&str| {
        ["New", "new", "Wrap", "wrap"]
            .iter()
            .any(|verb| name.starts_with(verb))
    };
    path.last().is_some_and(makes) && is_given(tree, x, holding)
}

/// Whether an expression is a call that is given one of these variables.
fn is_given(tree: &Tree, x: ExprId, holding: &BTreeSet<&str>) -> bool {
    match tree.expr(tree.unparen(x)).kind {
        ExprKind::Call { args, .. } => {
            let mut args = tree.exprs(args).iter();
            args.any(|arg| holds(tree, *arg, holding))
        }
        _ => false,
    }
}

/// Whether the function uses a variable behind an offset.
fn is_used_behind(site: &Site<'_>, name: &str, offset: u32) -> bool {
    site.body_block().is_some_and(|body| {
        let uses = site.scope.uses(body, name);
        uses.iter().any(|place| place.start >= offset)
    })
}

fn place_of(site: &Site<'_>, loss: Loss) -> Span {
    match loss {
        Loss::Leave(leave) => leave.place(site.scope.tree),
        Loss::Assignment(at) => site.scope.span(at),
    }
}

/// The release before the variable gets another value, which must not come from the old one.
fn before_assignment(
    site: &Site<'_>,
    at: At,
    value: &str,
    lines: &[String],
) -> Result<Edit, Refusal> {
    let Some(StmtKind::Assign { rhs, .. }) = site.scope.kind(at) else {
        return Err(Refusal::new(
            "an exit that loses it has no place for a release before it: give it a line of its own",
        ));
    };
    let sides = site.scope.tree.exprs(rhs);
    // What comes with the value may end with it, as a context does with its cancel function.
    let with_value = match site.scope.kind(site.acquiring) {
        Some(StmtKind::Assign { lhs, .. }) if site.is_cancel() => site.scope.tree.exprs(lhs),
        _ => &[],
    };
    let named = with_value
        .iter()
        .filter_map(|id| site.scope.tree.ident(*id));
    let names: Vec<&str> = named.chain([value]).collect();
    if sides.iter().any(|side| {
        let used = |name: &&str| !site.scope.uses(*side, name).is_empty();
        names.iter().any(used)
    }) {
        return Err(Refusal::of(
            "the statement that loses … still uses it",
            value,
        ));
    }
    site.layout()
        .insert_above(site.scope.span(at).start, lines)
        .ok_or_else(Refusal::crowded)
}

impl Site<'_> {
    /// Whether a release of it stands in the function that is not deferred. That it was read to its end does
    /// not count: a release after that does nothing.
    pub(super) fn releases_by_hand(&self) -> bool {
        self.template().releases.iter().any(|release| {
            if self.ends_itself(span(*release)) {
                return false;
            }
            let at = self.scope.statement(span(*release));
            !at.is_some_and(|at| {
                self.scope
                    .outwards(at)
                    .any(|at| matches!(self.scope.kind(at), Some(StmtKind::Defer(_))))
            })
        })
    }

    /// Whether it ends by itself there: by a method of its own that is not its release, `rows.Next()`, or as a timer that has
    /// fired.
    fn ends_itself(&self, place: Span) -> bool {
        let text = self.layout().text(place);
        if self.finding.rule == "unstopped-timer" && text.contains("<-") {
            return true;
        }
        let method = self
            .value_name()
            .and_then(|value| text.strip_prefix(value)?.strip_prefix('.'));
        let release = self.template().release.method.as_deref();
        self.template().release.ended_in_error.is_some()
            && method
                .is_some_and(|method| Some(method.split('(').next().unwrap_or(method)) != release)
    }

    /// Whether every release of it in the function is the release itself, not a call that it is passed to.
    pub(super) fn releases_itself(&self) -> bool {
        let call = self.value().and_then(|value| self.release(&value));
        let call = call.map(|release| release.call).unwrap_or_default();
        self.template().releases.iter().all(|release| {
            let text = self.layout().text(span(*release));
            !call.is_empty() && text.contains(&call)
        })
    }

    /// Whether a `defer` of its release stands in the function.
    pub(super) fn defers_release(&self) -> bool {
        self.template().releases.iter().any(|release| {
            let at = self.scope.statement(span(*release));
            matches!(self.scope.kind_of(at), Some(StmtKind::Defer(_)))
        })
    }
}

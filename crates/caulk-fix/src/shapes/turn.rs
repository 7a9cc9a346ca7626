//! A `defer` inside a loop, which piles up until the function ends: the release moves to each exit of the
//! turn, or the body of the loop into a function literal.

use caulk_syntax::{AssignOp, Descend, Node, Span, StmtId, StmtKind};

use super::exits::is_copied;
use super::{Proposal, Proposed};
use crate::anchor::Anchor;
use crate::edit::Edit;
use crate::leaving::{Leave, Stretch};
use crate::refusal::Refusal;
use crate::release::Release;
use crate::site::{Site, span};
use crate::source::At;

/// A turn with more exits is better served by a function of its own.
const MAX_EXITS: usize = 3;

/// Takes the `defer` out and releases before each exit of the turn that comes after it.
pub(super) fn propose(site: &Site<'_>) -> Proposed {
    // A function that is deferred for more than the release is among the steps alone.
    let steps = site.finding.path.iter().map(|step| &step.location.span);
    let deferred = site
        .template()
        .releases
        .iter()
        .chain(steps)
        .find_map(|place| {
            let at = site.scope.statement_around(span(*place))?;
            let whole = site.body();
            let mut around = site
                .scope
                .outwards(at)
                .take_while(|at| site.scope.span(*at) != whole);
            around.find(|at| matches!(site.scope.kind(*at), Some(StmtKind::Defer(_))))
        });
    let deferred = deferred.ok_or_else(|| Refusal::new("its deferred release cannot be found"))?;
    let value = site.value()?;
    let release = site.release(&value)?;
    let Some(body) = enclosing_loop(site, deferred) else {
        return Err(by_function(
            "the deferred release stands in no loop of its function",
        ));
    };
    // Where control goes on to the next turn in one way alone, a function around the turn changes nothing else.
    let around = |reason: &str| as_function(site, body).ok_or_else(|| by_function(reason));
    if !is_plain(site, deferred, &release.call) {
        return around("its deferred release does more than release").map(Proposal::sure);
    }
    let stretch = Stretch::around(&site.scope, Anchor::Below(site.scope.span(deferred)));
    let stretch = stretch.filter(|stretch| {
        site.scope.node(stretch.at) == Some(Node::Stmt(body)) || is_own_branch(site, stretch)
    });
    let Some(stretch) = stretch else {
        return around("the deferred release stands in a branch of the turn").map(Proposal::sure);
    };
    if is_copied(site, &stretch) {
        return Err(Refusal::of(
            "what outlives the turn may need …: release it where that ends",
            &value,
        ));
    }
    let leaves = stretch
        .leaves(site.scope.span(deferred).end)
        .ok_or_else(|| by_function("the turn is left in a way that cannot be followed"))?;
    if leaves.len() > MAX_EXITS {
        return Err(Refusal::of(
            "the turn has … exits: move it into a function of its own",
            &leaves.len().to_string(),
        ));
    }

    let layout = site.layout();
    let removal = layout
        .remove_lines(site.scope.span(deferred))
        .ok_or_else(|| Refusal::new("its deferred release shares its line with other code"))?;
    let mut edits = vec![removal];
    for leave in leaves {
        edits.push(match written(site, leave, &release) {
            Some(lines) => lines?,
            None => site.release_before(leave, &value, &release)?,
        });
    }
    Ok(Proposal::sure(edits))
}

/// The release where a turn that wrote all went well, its error returned; none where nothing is written, or the function
/// returns no error.
fn written(site: &Site<'_>, leave: Leave, release: &Release) -> Option<Result<Edit, Refusal>> {
    let owed = &site.template().release;
    if !owed.written || !owed.returns_error || !site.returns_error() {
        return None;
    }
    let layout = site.layout();
    let (place, below) = match leave {
        Leave::Brace(offset) => (Span::empty(offset), None),
        Leave::Below(statement) => (statement, Some(statement)),
        Leave::Return(_) | Leave::Branch(_) => return None,
    };
    let lines = match site.checked_call(&release.call, place) {
        Ok(lines) => lines,
        Err(_) => return None,
    };
    let edit = match below {
        Some(statement) => layout.insert_below(statement, &lines),
        None => layout.insert_at_block_end(place.start, &lines),
    };
    Some(edit.ok_or_else(Refusal::crowded))
}

/// Whether a branch of the turn acquires the value itself, and nothing that outlives the branch gets it.
fn is_own_branch(site: &Site<'_>, stretch: &Stretch<'_>) -> bool {
    let defines = matches!(
        site.scope.kind(site.acquiring),
        Some(StmtKind::Assign {
            op: AssignOp::Define,
            ..
        })
    );
    defines && site.scope.parent(site.acquiring) == Some(stretch.at) && !is_copied(site, stretch)
}

fn by_function(reason: &str) -> Refusal {
    Refusal::new(format!(
        "{reason}: move the turn into a function of its own"
    ))
}

/// Puts the body of a loop into a function literal, so that what it defers happens in each turn; none where control
/// leaves it otherwise than at its end, or something else is deferred there.
fn as_function(site: &Site<'_>, body: StmtId) -> Option<Vec<Edit>> {
    let tree = site.scope.tree;
    let layout = site.layout();
    let block = tree.stmt(body).span;
    let at = site.scope.statement(block)?;
    let first = tree.stmt(*tree.block(body).first()?).span.start;
    let stretch = Stretch::around(&site.scope, Anchor::BlockStart(block.start + 1))?;
    let straight = stretch.at == at
        && stretch
            .leaves(block.start)?
            .iter()
            .all(|leave| matches!(leave, Leave::Brace(_)));
    let mut defers = 0;
    tree.walk(body, |node| match node {
        Node::Stmt(id) => {
            defers += usize::from(matches!(tree.stmt(id).kind, StmtKind::Defer(_)));
            Descend::Into
        }
        Node::Expr(_) => Descend::Skip,
    });
    let brace = block.end.checked_sub(1)?;
    let whole_lines =
        layout.closes_line(block.start + 1) && layout.opens_line(first) && layout.opens_line(brace);
    let inside = Span::new(layout.next_line(block.start), layout.line_start(brace));
    let text = layout.text(inside);
    // The lines of a raw string are its own.
    if !straight || defers != 1 || !whole_lines || text.contains('`') || text.contains("/*") {
        return None;
    }
    let indent = layout.deeper(layout.indent(brace));
    let line_break = layout.line_break(block.start);
    let mut lines = format!("{indent}func() {{{line_break}");
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() {
            lines.push('\t');
        }
        lines.push_str(line);
    }
    lines.push_str(&format!("{indent}}}(){line_break}"));
    Some(vec![Edit::replace(inside, lines)])
}

/// Whether a `defer` is the release and nothing else.
fn is_plain(site: &Site<'_>, deferred: At, call: &str) -> bool {
    let text = site.layout().text(site.scope.span(deferred));
    let text = text.strip_prefix("defer").unwrap_or_default().trim();
    text == call
        || text == format!("func() {{ _ = {call} }}()")
        || text == format!("func() {{ {call} }}()")
}

/// The body of the innermost loop around a statement within its function.
fn enclosing_loop(site: &Site<'_>, at: At) -> Option<StmtId> {
    for around in site.scope.outwards(at) {
        match site.scope.node(around)? {
            Node::Expr(_) => return None,
            Node::Stmt(_) => match site.scope.kind(around)? {
                StmtKind::For { body, .. } | StmtKind::Range { body, .. } => {
                    return Some(body);
                }
                _ => {}
            },
        }
    }
    None
}

//! A goroutine that blocks for ever on a value it sends, since nobody waits any more: room for all that it sends in
//! the channel lets it end.

use caulk_syntax::{
    AssignOp, BinaryOp, Descend, ExprId, ExprKind, Node, Span, SpecKind, StmtId, StmtKind, Tree,
    UnaryOp,
};

use super::{Proposal, Proposed};
use crate::edit::Edit;
use crate::leaving::{MAX_DEPTH, ends};
use crate::refusal::Refusal;
use crate::site::{Site, span};
use crate::source::At;

/// Gives each channel that the goroutine sends on a buffer for all of its values.
pub(super) fn propose(site: &Site<'_>) -> Proposed {
    let tree = site.scope.tree;
    let started = started(site).ok_or_else(|| Refusal::new("the go statement cannot be found"))?;
    let function = function_around(site, started)
        .ok_or_else(|| Refusal::new("the function around it cannot be found"))?;
    let run = run(site, started, function)
        .ok_or_else(|| Refusal::new("what the goroutine does is not written where it starts: give its channel room for what it sends"))?;
    let channels = sends(tree, run.body)?;
    let mut edits = Vec::new();
    let mut signed = None;
    for (own, most) in channels {
        let given = run.given.iter().find(|(param, _)| *param == own);
        let channel = given.map_or(own, |(_, variable)| *variable);
        let elsewhere = || {
            Refusal::of(
                "… is not made in this function: who reads it cannot be seen",
                channel,
            )
        };
        let (made, known) = made(site, function, channel).ok_or_else(elsewhere)?;
        let place = tree.expr(made).span;
        let turns: Vec<At> = site
            .scope
            .outwards(started)
            .filter(|around| {
                matches!(
                    site.scope.kind(*around),
                    Some(StmtKind::For { .. } | StmtKind::Range { .. })
                ) && !site.scope.span(*around).encloses(place)
            })
            .collect();
        let length = match turns.as_slice() {
            [] => None,
            [only] => Some(turns_of(site, function, *only, place)),
            _ => Some(None),
        };
        match known {
            Some(known) if length.is_none() && known >= most => continue,
            Some(_) => return Err(elsewhere()),
            None => {}
        }
        let room = match (length, most) {
            (None, most) => most.to_string(),
            (Some(Some(length)), most) => {
                if length.signed {
                    signed = Some(length.text.clone());
                }
                match most {
                    1 => length.text,
                    most => format!("{most}*{}", length.text),
                }
            }
            (Some(None), _) => {
                return Err(Refusal::of(
                    "several goroutines send on …: its buffer must hold one value for each",
                    channel,
                ));
            }
        };
        let renamed = own != channel;
        let outside = usize::from(given.is_some());
        if !only_sent_there(tree, function, run.body, channel, outside)
            || renamed && !only_sent_there(tree, run.body, run.body, own, 0)
        {
            return Err(Refusal::of(
                "… is also sent to or handed on elsewhere: one place in its buffer may not be enough",
                channel,
            ));
        }
        edits.push(Edit::insert(
            place.end.saturating_sub(1),
            format!(", {room}"),
        ));
    }
    if edits.is_empty() {
        return Err(Refusal::new("there is room already for all that it sends"));
    }
    Ok(match signed {
        Some(number) => Proposal::review(edits, format!("where {number} is negative, make panics")),
        None => Proposal::sure(edits),
    })
}

/// The `go` statement of a finding.
pub(super) fn started(site: &Site<'_>) -> Option<At> {
    let place = span(site.finding.location.span);
    let at = site.scope.statement_around(place)?;
    site.scope
        .outwards(at)
        .find(|at| matches!(site.scope.kind(*at), Some(StmtKind::Go(_))))
}

/// The body of the innermost function or literal around a statement.
pub(super) fn function_around(site: &Site<'_>, at: At) -> Option<StmtId> {
    let mut around = site.scope.outwards(at).skip(1);
    around.find_map(|at| match site.scope.node(at)? {
        Node::Expr(id) => literal_body(site.scope.tree, id),
        Node::Stmt(id) if site.scope.parent(at).is_none() => Some(id),
        Node::Stmt(_) => None,
    })
}

/// What a goroutine runs that is written in the function which starts it.
struct Run<'a> {
    body: StmtId,
    /// Its parameters, with the variables that it is given for them.
    given: Vec<(&'a str, &'a str)>,
}

/// The literal that a `go` statement calls, where it stands or by the name of a variable that holds nothing else.
fn run<'a>(site: &Site<'a>, started: At, function: StmtId) -> Option<Run<'a>> {
    let tree = site.scope.tree;
    let Some(StmtKind::Go(call)) = site.scope.kind(started) else {
        return None;
    };
    let (fun, args) = site.scope.call(call)?;
    let literal = match tree.ident(fun) {
        Some(name) => match values(tree, function, name).as_slice() {
            [only] => *only,
            _ => return None,
        },
        None => fun,
    };
    let ExprKind::FuncLit { signature, body } = tree.expr(tree.unparen(literal)).kind else {
        return None;
    };
    let fields = tree.fields(tree.signature(signature).params).iter();
    let params = fields.flat_map(|field| tree.names(field.names));
    let given = params
        .zip(args)
        .filter_map(|(param, arg)| Some((tree.name(*param), tree.ident(*arg)?)));
    Some(Run {
        body,
        given: given.collect(),
    })
}

/// How many turns a loop has at most, as Go text.
struct Turns {
    text: String,
    /// Whether it may be negative, which no buffer can be.
    signed: bool,
}

/// The turns of the loop at `at`, where they are known from the place `made` on: the length of a slice or a map, or a number,
/// that is not assigned after that.
fn turns_of(site: &Site<'_>, function: StmtId, at: At, made: Span) -> Option<Turns> {
    let tree = site.scope.tree;
    let bound = match site.scope.kind(at)? {
        StmtKind::Range { x, .. } => x,
        StmtKind::For {
            init: Some(init),
            cond: Some(cond),
            post: Some(post),
            body,
        } => counted(site, init, cond, post, body)?,
        _ => return None,
    };
    let literal = matches!(tree.expr(bound).kind, ExprKind::BasicLit(_));
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let text = site.layout().text(tree.expr(bound).span);
    if literal {
        return number(text).then(|| Turns {
            text: text.to_owned(),
            signed: false,
        });
    }
    let is_range = matches!(site.scope.kind(at), Some(StmtKind::Range { .. }));
    let measured = site.scope.call(bound).and_then(|(fun, args)| {
        let [only] = args else { return None };
        (tree.ident(fun) == Some("len")).then(|| tree.ident(*only))?
    });
    let name = measured.or_else(|| tree.ident(bound))?;
    let is_list = measured.is_some() || (is_range && is_countable(site, function, name, made));
    if !is_declared(site, function, name, made) || is_changed(site, function, name, made) {
        return None;
    }
    if is_list {
        return Some(Turns {
            text: format!("len({name})"),
            signed: false,
        });
    }
    let is_number = !is_range || is_int(site, function, name, made);
    let given = declared_as(site, function, name, made);
    is_number.then(|| Turns {
        text: name.to_owned(),
        signed: given.is_empty() || !given.into_iter().all(is_count),
    })
}

/// What `i` is counted up to in `for i := 0; i < n; i++`, if nothing else changes it.
fn counted(
    site: &Site<'_>,
    init: StmtId,
    cond: ExprId,
    post: StmtId,
    body: StmtId,
) -> Option<ExprId> {
    let tree = site.scope.tree;
    let StmtKind::Assign {
        lhs,
        op: AssignOp::Define,
        rhs,
        ..
    } = tree.stmt(init).kind
    else {
        return None;
    };
    let ([left], [zero]) = (tree.exprs(lhs), tree.exprs(rhs)) else {
        return None;
    };
    let counter = tree.ident(*left)?;
    let from_zero = site.layout().text(tree.expr(*zero).span) == "0";
    let ExprKind::Binary {
        x,
        op: BinaryOp::Lss,
        y,
        ..
    } = tree.expr(cond).kind
    else {
        return None;
    };
    let steps = site.layout().text(tree.stmt(post).span) == format!("{counter}++");
    let counts = from_zero && steps && tree.ident(x) == Some(counter);
    (counts && !site.scope.assigns(body, counter)).then_some(y)
}

/// The values that a variable of the function is given where it is declared above the place `made`, as Go text.
fn declared_as<'a>(site: &Site<'a>, function: StmtId, name: &str, made: Span) -> Vec<&'a str> {
    let tree = site.scope.tree;
    let mut found = Vec::new();
    tree.walk(function, |node| {
        if let Node::Stmt(id) = node
            && tree.stmt(id).span.end <= made.start
            && let StmtKind::Assign {
                lhs,
                op: AssignOp::Define,
                rhs,
                ..
            } = tree.stmt(id).kind
        {
            let pairs = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
            found.extend(
                pairs
                    .filter(|(left, _)| tree.ident(**left) == Some(name))
                    .map(|(_, right)| site.layout().text(tree.expr(*right).span)),
            );
        }
        Descend::Into
    });
    found
}

fn parameter<'a>(site: &Site<'a>, function: StmtId, name: &str) -> Option<&'a str> {
    let body = site.scope.tree.stmt(function).span;
    site.source.parameter_type(&site.scope, body, name)
}

/// Whether a name stands for a parameter, or for a variable that is declared above the place `made`.
fn is_declared(site: &Site<'_>, function: StmtId, name: &str, made: Span) -> bool {
    parameter(site, function, name).is_some() || !declared_as(site, function, name, made).is_empty()
}

/// Whether a variable is a slice or a map, as far as its declaration says.
fn is_countable(site: &Site<'_>, function: StmtId, name: &str, made: Span) -> bool {
    let countable = |text: &str| {
        let text = text.strip_prefix("make(").unwrap_or(text);
        let starts = ["[]", "map[", "..."];
        starts.iter().any(|start| text.starts_with(start))
    };
    parameter(site, function, name).is_some_and(countable)
        || declared_as(site, function, name, made)
            .into_iter()
            .any(countable)
}

/// Whether a variable is an integer, as far as its declaration says.
fn is_int(site: &Site<'_>, function: StmtId, name: &str, made: Span) -> bool {
    parameter(site, function, name).is_some_and(|ty| ty == "int")
        || declared_as(site, function, name, made)
            .into_iter()
            .any(is_count)
}

/// Whether an expression is an integer that is never negative, as far as its text says.
fn is_count(text: &str) -> bool {
    let number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    number || text.starts_with("len(") || text.starts_with("runtime.NumCPU(")
}

/// Whether a variable may get another value from the place `made` on, or another may stand under its name there.
fn is_changed(site: &Site<'_>, function: StmtId, name: &str, made: Span) -> bool {
    let tree = site.scope.tree;
    let mut changed = false;
    tree.walk(function, |node| {
        match node {
            Node::Stmt(id) => match tree.stmt(id).kind {
                StmtKind::Assign { lhs, op, .. } => {
                    let above = tree.stmt(id).span.end <= made.start;
                    let plainly = matches!(op, AssignOp::Define | AssignOp::Assign);
                    let named = tree
                        .exprs(lhs)
                        .iter()
                        .any(|left| tree.ident(*left) == Some(name));
                    changed |= named && !(above && plainly);
                }
                StmtKind::IncDec { x, .. } => changed |= tree.ident(x) == Some(name),
                _ => {}
            },
            Node::Expr(id) => {
                if let ExprKind::Unary {
                    op: UnaryOp::Address,
                    x,
                } = tree.expr(id).kind
                {
                    changed |= tree.ident(x) == Some(name);
                }
            }
        }
        Descend::Into
    });
    changed
}

fn literal_body(tree: &Tree, id: ExprId) -> Option<StmtId> {
    match tree.expr(tree.unparen(id)).kind {
        ExprKind::FuncLit { body, .. } => Some(body),
        _ => None,
    }
}

/// The channels that a goroutine sends on, each with the most values that one run of it sends there.
fn sends(tree: &Tree, body: StmtId) -> Result<Vec<(&str, usize)>, Refusal> {
    let mut channels: Vec<&str> = Vec::new();
    let mut unnamed = false;
    let mut repeats = false;
    let mut receives = false;
    tree.walk(body, |node| {
        match node {
            Node::Stmt(id) => match tree.stmt(id).kind {
                StmtKind::Send { chan, .. } => match tree.ident(chan) {
                    Some(name) if channels.contains(&name) => {}
                    Some(name) => channels.push(name),
                    None => unnamed = true,
                },
                StmtKind::For { body, .. } | StmtKind::Range { body, .. } => {
                    repeats |= sends_again(tree, body);
                }
                _ => {}
            },
            Node::Expr(id) => {
                receives |= matches!(
                    tree.expr(id).kind,
                    ExprKind::Unary {
                        op: UnaryOp::Receive,
                        ..
                    }
                );
            }
        }
        Descend::Into
    });
    let refused = match (unnamed, channels.is_empty()) {
        (true, _) => "it blocks on a channel that is not a variable",
        (false, true) if receives => {
            "it waits for a value that never comes: close the channel, or let it watch a context"
        }
        (false, true) => "it blocks in a place that an edit here cannot free",
        (false, false) if repeats => {
            "it sends more than one value: let each send watch a context as well"
        }
        (false, false) => {
            let list = tree.block(body);
            return Ok(channels
                .into_iter()
                .map(|channel| (channel, most(tree, list, channel, MAX_DEPTH).0))
                .collect());
        }
    };
    Err(Refusal::new(refused))
}

/// Whether a loop may send in more than one of its turns: not where the function is left right behind each send.
fn sends_again(tree: &Tree, body: StmtId) -> bool {
    let is_send = |id: &&StmtId| matches!(tree.stmt(**id).kind, StmtKind::Send { .. });
    let mut last = 0;
    tree.walk(body, |node| {
        let list = match node {
            // It may be called again and again.
            Node::Expr(id) if literal_body(tree, id).is_some() => return Descend::Skip,
            Node::Expr(_) => return Descend::Into,
            Node::Stmt(id) => match tree.stmt(id).kind {
                StmtKind::Block(_) => tree.block(id),
                StmtKind::Case { body, .. } | StmtKind::Comm { body, .. } => tree.stmts(body),
                _ => return Descend::Into,
            },
        };
        if let [sends @ .., end] = list
            && matches!(tree.stmt(*end).kind, StmtKind::Return(_))
        {
            last += sends.iter().filter(is_send).count();
        }
        Descend::Into
    });
    count(tree, body, None) > last
}

/// How many statements below a node send on a channel, or on any.
fn count(tree: &Tree, root: StmtId, channel: Option<&str>) -> usize {
    let mut found = 0;
    tree.walk(root, |node| {
        if let Node::Stmt(id) = node
            && let StmtKind::Send { chan, .. } = tree.stmt(id).kind
        {
            found += usize::from(channel.is_none() || tree.ident(chan) == channel);
        }
        Descend::Into
    });
    found
}

/// The most values that a way through statements sends on a channel: of any way, and of those that go on behind
/// them.
fn most(tree: &Tree, list: &[StmtId], channel: &str, depth: usize) -> (usize, usize) {
    let (mut any, mut on) = (0, 0);
    for id in list {
        let branches: Vec<StmtId> = match tree.stmt(*id).kind {
            StmtKind::If { then, els, .. } => [Some(then), els].into_iter().flatten().collect(),
            StmtKind::Block(_) => vec![*id],
            StmtKind::Switch { body, .. }
            | StmtKind::TypeSwitch { body, .. }
            | StmtKind::Select(body) => tree.block(body).to_vec(),
            _ => Vec::new(),
        };
        if branches.is_empty() || depth == 0 {
            on += count(tree, *id, Some(channel));
            any = any.max(on);
        }
        let mut further = 0;
        for branch in branches {
            let (own, inner): (usize, &[StmtId]) = match tree.stmt(branch).kind {
                StmtKind::Block(_) => (0, tree.block(branch)),
                StmtKind::Case { body, .. } => (0, tree.stmts(body)),
                StmtKind::Comm { comm, body, .. } => (
                    comm.map_or(0, |comm| count(tree, comm, Some(channel))),
                    tree.stmts(body),
                ),
                // `else if`.
                _ => (0, std::slice::from_ref(&branch)),
            };
            let (most_any, most_on) = most(tree, inner, channel, depth.saturating_sub(1));
            any = any.max(on + own + most_any);
            let leaves = inner
                .last()
                .is_some_and(|last| ends(tree, *last, MAX_DEPTH));
            if !leaves {
                further = further.max(own + most_on);
            }
        }
        on += further;
        any = any.max(on);
    }
    (any, on)
}

/// What a function assigns to a variable, by its name.
fn values(tree: &Tree, function: StmtId, name: &str) -> Vec<ExprId> {
    let mut found = Vec::new();
    tree.walk(function, |node| {
        let Node::Stmt(id) = node else {
            return Descend::Into;
        };
        match tree.stmt(id).kind {
            StmtKind::Assign {
                lhs,
                op: AssignOp::Define | AssignOp::Assign,
                rhs,
                ..
            } => {
                let pairs = tree.exprs(lhs).iter().zip(tree.exprs(rhs));
                found.extend(
                    pairs
                        .filter(|(left, _)| tree.ident(**left) == Some(name))
                        .map(|(_, right)| *right),
                );
            }
            StmtKind::Decl(decl) => {
                for spec in tree.specs(tree.gen_decl(decl).specs) {
                    let SpecKind::Value(value) = spec.kind else {
                        continue;
                    };
                    let pairs = tree.names(value.names).iter().zip(tree.exprs(value.values));
                    found.extend(
                        pairs
                            .filter(|(declared, _)| tree.name(**declared) == name)
                            .map(|(_, right)| *right),
                    );
                }
            }
            _ => {}
        }
        Descend::Into
    });
    found
}

/// The call that makes the channel, and the length of the buffer that it has.
pub(super) fn made(
    site: &Site<'_>,
    function: StmtId,
    channel: &str,
) -> Option<(ExprId, Option<usize>)> {
    let tree = site.scope.tree;
    let found = values(tree, function, channel);
    let [only] = found.as_slice() else {
        return None;
    };
    let ExprKind::Call { fun, args, .. } = tree.expr(*only).kind else {
        return None;
    };
    let (ty, room) = match tree.exprs(args) {
        [ty] => (ty, None),
        [ty, room] => (
            ty,
            Some(site.layout().text(tree.expr(*room).span).parse().ok()?),
        ),
        _ => return None,
    };
    let is_channel = matches!(tree.expr(*ty).kind, ExprKind::ChanType { .. });
    (tree.ident(fun) == Some("make") && is_channel).then_some((*only, room))
}

/// Whether a channel is sent to in `literal` only, and every other use but `others` is a receive or a `close`.
fn only_sent_there(
    tree: &Tree,
    function: StmtId,
    literal: StmtId,
    channel: &str,
    others: usize,
) -> bool {
    let is_it = |id: ExprId| tree.ident(id) == Some(channel);
    let mut uses = 0;
    let mut understood = 0;
    tree.walk(function, |node| {
        match node {
            Node::Expr(id) => match tree.expr(id).kind {
                ExprKind::Ident(_) if is_it(id) => uses += 1,
                ExprKind::Unary {
                    op: UnaryOp::Receive,
                    x,
                } if is_it(x) => understood += 1,
                ExprKind::Call { fun, args, .. } if tree.ident(fun) == Some("close") => {
                    understood += tree.exprs(args).iter().filter(|arg| is_it(**arg)).count();
                }
                _ => {}
            },
            Node::Stmt(id) => match tree.stmt(id).kind {
                StmtKind::Send { chan, .. } if is_it(chan) => understood += 1,
                StmtKind::Range { x, .. } if is_it(x) => understood += 1,
                StmtKind::Assign { lhs, .. } => {
                    understood += tree.exprs(lhs).iter().filter(|left| is_it(**left)).count();
                }
                _ => {}
            },
        }
        Descend::Into
    });
    let sends = count(tree, function, Some(channel));
    sends == count(tree, literal, Some(channel)) && uses == understood + others
}

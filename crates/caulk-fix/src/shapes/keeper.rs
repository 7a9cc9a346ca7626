//! A field that the release method of its own type forgets: the method releases it too, behind what it releases already,
//! and its error joins the others in the manner of the file.

use caulk_leaks::Keeper;
use caulk_syntax::{Descend, ExprId, ExprKind, Node, Span, StmtId, StmtKind, Tree};

use super::{Proposal, Proposed};
use crate::edit::Edit;
use crate::layout::under;
use crate::refusal::Refusal;
use crate::release::Release;
use crate::site::Site;
use crate::source::{At, Scope, Source};

/// Names of methods that release, as far as these say.
const RELEASING: [&str; 9] = [
    "Close",
    "Destroy",
    "Disconnect",
    "Free",
    "Quit",
    "Release",
    "Shutdown",
    "Stop",
    "Unsubscribe",
];

/// Releases the field where its type is released.
pub(super) fn propose(site: &Site<'_>, keeper: &Keeper) -> Proposed {
    let release = &site.template().release;
    if release.commits
        || release.by_context
        || release.taker.is_some()
        || !release.arguments.is_empty()
    {
        return Err(Refusal::of(
            "… keeps it: release it there",
            &keeper.type_name,
        ));
    }
    if !keeper.can_release {
        return Err(Refusal::of(
            "the type of the field …, as it is declared, cannot release it",
            &keeper.field,
        ));
    }
    let Some(name) = &keeper.method else {
        return Err(sketch(site, keeper));
    };
    let full = format!("{}.{name}", keeper.type_name);
    let method = Method::find(site.source, keeper, name)
        .ok_or_else(|| Refusal::of("… stands elsewhere: release it there", &full))?;
    method
        .edits(site, keeper)
        .map(Proposal::sure)
        .ok_or_else(|| Refusal::of("… cannot be followed: release it there", &full))
}

/// The method that a type lacks.
fn sketch(site: &Site<'_>, keeper: &Keeper) -> Refusal {
    let name = &keeper.type_name;
    let receiver: String = name.chars().take(1).flat_map(char::to_lowercase).collect();
    let value = format!("{receiver}.{}", keeper.field);
    let call = site
        .release(&value)
        .map(|release| release.call)
        .unwrap_or_default();
    let (result, give) = match site.template().release.returns_error {
        true => (" error", "return "),
        false => ("", ""),
    };
    Refusal::of(
        "the type that keeps it has no release method: give it one, and call that where its values end: …",
        &format!("func ({receiver} *{name}) Close(){result} {{ {give}{call} }}"),
    )
}

/// The release method of a type.
struct Method<'a> {
    scope: Scope<'a>,
    /// The statements of its body.
    block: StmtId,
    receiver: &'a str,
    /// Its results: the name, where it has one, and the type.
    results: Vec<(Option<&'a str>, &'a str)>,
}

impl<'a> Method<'a> {
    fn find(source: &'a Source, keeper: &Keeper, name: &str) -> Option<Self> {
        let file = source.file();
        let tree = &file.tree;
        let text = |id: ExprId| source.layout().text(tree.expr(id).span);
        file.funcs().find_map(|func| {
            let [receiver] = tree.fields(func.recv?) else {
                return None;
            };
            let ty = text(receiver.ty).trim_start_matches('*');
            let ty = ty.split('[').next().unwrap_or(ty);
            if ty != keeper.type_name || tree.name(func.name) != name {
                return None;
            }
            let receiver = tree.name(*tree.names(receiver.names).first()?);
            let scope = source.scope(func.body?)?;
            let block = scope.stmt_id(scope.statement(func.body?)?)?;
            let fields = tree
                .signature(func.signature)
                .results
                .map(|list| tree.fields(list));
            let mut results = Vec::new();
            for field in fields.unwrap_or_default() {
                let names = tree.names(field.names);
                let ty = text(field.ty);
                results.extend(names.iter().map(|name| (Some(tree.name(*name)), ty)));
                if names.is_empty() {
                    results.push((None, ty));
                }
            }
            (receiver != "_").then_some(Self {
                scope,
                block,
                receiver,
                results,
            })
        })
    }

    /// The edits; none where the method has another form.
    fn edits(&self, site: &Site<'_>, keeper: &Keeper) -> Option<Vec<Edit>> {
        let tree = self.scope.tree;
        let value = format!("{}.{}", self.receiver, keeper.field);
        let release = site.release(&value).ok()?;
        let beside = self.last_release();
        let guarded = !self.is_always_set(site, keeper);
        if guarded && !keeper.can_be_nil {
            return None;
        }
        let guard = |lines: Vec<String>| match guarded {
            true => under(&format!("{value} != nil"), lines),
            false => lines,
        };
        let layout = site.layout();
        let plainly = guard(site.style.statement(&release));
        let returns = self.returns();
        let last = *tree.block(self.block).last()?;
        let only_return = returns == [last];
        let straight = beside.is_none_or(|at| self.is_straight(at));
        match (self.results.as_slice(), tree.stmt(last).kind) {
            _ if !straight => {
                let beside = self.scope.span(self.without_nil_check(beside?));
                Some(vec![layout.insert_below(beside, &plainly)?])
            }
            ([], _) => Some(vec![match beside {
                Some(at) if !self.is_deferred(at) => {
                    layout.insert_below(self.scope.span(self.without_nil_check(at)), &plainly)?
                }
                _ if returns.is_empty() => {
                    let end = tree.stmt(self.block).span.end.checked_sub(1)?;
                    layout.insert_at_block_end(end, &plainly)?
                }
                _ => return None,
            }]),
            ([(named, "error")], StmtKind::Return(results)) if only_return => {
                let [result] = tree.exprs(results) else {
                    return None;
                };
                let result = Returned {
                    statement: tree.stmt(last).span,
                    result: *result,
                    named: *named,
                };
                self.joined(site, &release, &result, guarded, &guard)
            }
            ([(_, "error")], _) => {
                // Whatever returns first: the field is released behind that.
                let first = self.first_release()?;
                let lines = guard(site.style.deferred(&release));
                let above = tree
                    .block(self.block)
                    .iter()
                    .find(|id| tree.stmt(**id).span.encloses(self.scope.span(first)))?;
                Some(vec![
                    layout.insert_above(tree.stmt(*above).span.start, &lines)?,
                ])
            }
            _ => None,
        }
    }

    /// The release before the only return, its error returned with what is returned there.
    fn joined(
        &self,
        site: &Site<'_>,
        release: &Release,
        returned: &Returned<'_>,
        guarded: bool,
        guard: &dyn Fn(Vec<String>) -> Vec<String>,
    ) -> Option<Vec<Edit>> {
        let tree = self.scope.tree;
        let layout = site.layout();
        let call = &release.call;
        let fails = site.template().release.returns_error;
        let plainly = || site.style.statement(release);
        let above =
            |lines: Vec<String>| layout.insert_above(returned.statement.start, &guard(lines));
        let place = tree.expr(returned.result).span;
        match tree.ident(returned.result) {
            Some("nil") if !fails => return Some(vec![above(plainly())?]),
            Some("nil") if guarded => return Some(vec![above(vec![format!("return {call}")])?]),
            Some("nil") => return Some(vec![Edit::replace(place, call.clone())]),
            Some(_) if !fails => return Some(vec![above(plainly())?]),
            Some(error)
                if self.scope.assigns(self.block, error) || returned.named == Some(error) =>
            {
                return Some(vec![above(join(site, error, call))?]);
            }
            Some(_) => return None,
            None => {}
        }
        let path = self
            .scope
            .call(returned.result)
            .and_then(|(fun, _)| tree.selector_path(fun));
        match path.as_deref() {
            // `return result.ErrorOrNil()`
            Some([errors, "ErrorOrNil"]) if fails => {
                let lines = vec![
                    format!("if err := {call}; err != nil {{"),
                    format!("\t{errors} = multierror.Append({errors}, err)"),
                    "}".to_owned(),
                ];
                return Some(vec![above(lines)?]);
            }
            Some([package, function]) if fails && !guarded => {
                if let ("errors", "Join") | ("multierr", "Combine") = (*package, *function) {
                    let end = place.end.checked_sub(1)?;
                    return Some(vec![Edit::insert(end, format!(", {call}"))]);
                }
            }
            _ => {}
        }
        if let Some(function) = joining(site).filter(|_| fails && !guarded) {
            return Some(vec![
                Edit::insert(place.start, format!("{function}(")),
                Edit::insert(place.end, format!(", {call})")),
            ]);
        }
        // What is returned is made first, then this, then it is returned.
        let text = layout.text(tree.stmt(self.block).span);
        let (error, sign) = match returned.named {
            Some("_") => return None,
            Some(name) => (name, "="),
            None if !text.contains("err") => ("err", ":="),
            None => return None,
        };
        let lines = match fails {
            true => guard(join(site, error, call)),
            false => guard(plainly()),
        };
        let lines: Vec<String> = lines
            .into_iter()
            .chain([format!("return {error}")])
            .collect();
        let block = tree.stmt(self.block).span;
        if !layout.opens_line(returned.statement.start) {
            // A body on one line.
            let (indent, line_break) = (layout.indent(block.start), layout.line_break(block.start));
            let inner = layout.deeper(indent);
            let below: String = lines
                .iter()
                .map(|line| format!("{line_break}{inner}{line}"))
                .collect();
            let (first, last) = (block.start + 1, block.end.checked_sub(1)?);
            let alone =
                tree.block(self.block).len() == 1 && !layout.text(block).contains(['\n', '/']);
            return alone.then(|| {
                vec![
                    Edit::replace(
                        Span::new(first, place.start),
                        format!("{line_break}{inner}{error} {sign} "),
                    ),
                    Edit::replace(
                        Span::new(place.end, last),
                        format!("{below}{line_break}{indent}"),
                    ),
                ]
            });
        }
        Some(vec![
            Edit::replace(
                Span::new(returned.statement.start, place.start),
                format!("{error} {sign} "),
            ),
            layout.insert_below(returned.statement, &lines)?,
        ])
    }

    /// The returns of the method itself.
    fn returns(&self) -> Vec<StmtId> {
        let tree = self.scope.tree;
        let mut found = Vec::new();
        tree.walk(self.block, |node| match node {
            Node::Stmt(id) => {
                if matches!(tree.stmt(id).kind, StmtKind::Return(_)) {
                    found.push(id);
                }
                Descend::Into
            }
            Node::Expr(_) => Descend::Skip,
        });
        found
    }

    /// The statements that release other fields, in order.
    fn releases(&self) -> Vec<At> {
        let tree = self.scope.tree;
        let mut found = Vec::new();
        tree.walk(self.block, |node| {
            if let Node::Expr(id) = node
                && let ExprKind::Call { fun, .. } = tree.expr(id).kind
                && is_release(tree, fun, self.receiver)
            {
                found.extend(self.scope.statement_around(tree.expr(id).span));
            }
            Descend::Into
        });
        found.sort_by_key(|at| self.scope.span(*at).start);
        found
    }

    fn first_release(&self) -> Option<At> {
        self.releases().into_iter().next()
    }

    fn last_release(&self) -> Option<At> {
        self.releases().into_iter().next_back()
    }

    fn is_deferred(&self, at: At) -> bool {
        matches!(self.scope.kind(at), Some(StmtKind::Defer(_)))
    }

    /// The check around a statement whether what it releases is there at all, or else the statement itself; the header of
    /// an `if` belongs to that.
    fn without_nil_check(&self, at: At) -> At {
        let tree = self.scope.tree;
        let mut outer = at;
        for around in self.scope.outwards(at).skip(1) {
            match self.scope.kind(around) {
                Some(StmtKind::Block(_)) => {}
                Some(StmtKind::If { init, cond, .. }) => {
                    let in_header = init.is_some() && init == self.scope.stmt_id(outer);
                    let path = tree.not_nil(cond).and_then(|x| tree.selector_path(x));
                    let asks = path.is_some_and(|path| path.first() == Some(&self.receiver));
                    if !in_header && !asks {
                        return outer;
                    }
                    outer = around;
                }
                _ => return outer,
            }
        }
        outer
    }

    /// Whether a statement runs whenever the method does, but for a check whether there is something to release.
    fn is_straight(&self, at: At) -> bool {
        let outer = self.without_nil_check(at);
        let parent = self.scope.parent(outer);
        parent.and_then(|at| self.scope.stmt_id(at)) == Some(self.block)
    }

    /// Whether every value of the type that the file makes has the field, as it has what the method releases without a
    /// look.
    fn is_always_set(&self, site: &Site<'_>, keeper: &Keeper) -> bool {
        let releases = self.releases();
        let looks = |at: &At| self.without_nil_check(*at) != *at;
        if releases.is_empty() || releases.iter().any(looks) {
            return false;
        }
        let (mut all, mut set) = (0, 0);
        for body in site.source.bodies() {
            let tree = &body.tree;
            tree.walk(body.block, |node| {
                if let Node::Expr(id) = node
                    && let ExprKind::CompositeLit {
                        ty: Some(ty), elts, ..
                    } = tree.expr(id).kind
                    && tree.ident(ty) == Some(&keeper.type_name)
                {
                    all += 1;
                    set += usize::from(tree.exprs(elts).iter().any(|element| {
                        matches!(tree.expr(*element).kind, ExprKind::KeyValue { key, .. }
                            if tree.ident(key) == Some(&keeper.field))
                    }));
                }
                Descend::Into
            });
        }
        all > 0 && all == set
    }
}

/// What the only return of a method gives.
struct Returned<'a> {
    statement: Span,
    result: ExprId,
    /// The name of the result.
    named: Option<&'a str>,
}

/// Whether a function is a release of a field of the receiver.
fn is_release(tree: &Tree, fun: ExprId, receiver: &str) -> bool {
    let path = tree.selector_path(fun).unwrap_or_default();
    match path.as_slice() {
        [first, _, .., last] => *first == receiver && RELEASING.contains(last),
        [first, field] => *first == receiver && field.starts_with("cancel"),
        _ => false,
    }
}

/// The function that the file joins errors with.
fn joining(site: &Site<'_>) -> Option<&'static str> {
    let text = site.source.text();
    ["errors.Join", "multierr.Append"]
        .into_iter()
        .find(|function| text.contains(&format!("{function}(")))
}

/// The lines that add the error of `call` to `error`; the first wins where the file does not join errors.
fn join(site: &Site<'_>, error: &str, call: &str) -> Vec<String> {
    match joining(site) {
        Some(function) => vec![format!("{error} = {function}({error}, {call})")],
        None => vec![
            format!("if closeErr := {call}; {error} == nil {{"),
            format!("\t{error} = closeErr"),
            "}".to_owned(),
        ],
    }
}

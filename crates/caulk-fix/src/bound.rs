//! What may still need a context, or a server, after the function that would end it has returned.
//!
//! A context is not held as a client is: it is handed to calls, and most of these are done with it when they
//! return. What is not: goroutines, values that keep it, and results that are read later (rows, bodies,
//! streams). They are told apart by how the context gets there and by the names of the types that are
//! returned, since a wrong guess here would break a program that works.

use std::collections::BTreeSet;

use caulk_syntax::{Descend, ExprId, ExprKind, Node, SpecKind, StmtId, StmtKind};

use crate::refusal::Refusal;
use crate::site::{Site, span};

/// Parts of the names of types whose values are of use only while the context of their call lives. A connection
/// is not among them: the context of a dial ends with it.
const LIVING: [&str; 22] = [
    "Body",
    "Client",
    "Cmd",
    "Context",
    "Cursor",
    "Group",
    "Iter",
    "Listener",
    "Process",
    "Pull",
    "Read",
    "Request",
    "Response",
    "Row",
    "Server",
    "Session",
    "Stmt",
    "Stream",
    "Subscription",
    "Transaction",
    "Tx",
    "Watch",
];

/// Functions that are done with a function literal when they return, by their names.
const RUNNING: [&str; 12] = [
    "Do",
    "DoChan",
    "Each",
    "ForEach",
    "Range",
    "Retry",
    "Run",
    "RunInTransaction",
    "Sort",
    "Walk",
    "WalkDir",
    "WithTransaction",
];

/// Whether a function of this name is done with a function literal when it returns.
pub(crate) fn runs_at_once(name: &str) -> bool {
    name != "DoChan" && RUNNING.contains(&name)
}

/// Rounds in which values made from others are found; a longer chain is not followed.
const MAX_ROUNDS: usize = 4;

/// Refuses where a release at the end of the function would come too early.
pub(crate) fn refuse_if_needed(site: &Site<'_>) -> Result<(), Refusal> {
    if site.finding.resource.type_name == "net/http/httptest.Server" {
        return refuse_returning_server(site);
    }
    if site.template().release.method.is_some() {
        return refuse_returning_reader(site);
    }
    Search::of(site).map_or(Ok(()), |search| search.refuse_if_needed())
}

/// Refuses where the context that a span came with goes on behind the end of the function, or of the turn: the span would
/// end before what it is there to measure.
pub(crate) fn refuse_if_measured_later(site: &Site<'_>) -> Result<(), Refusal> {
    let Some(mut search) = Search::of(site) else {
        return Ok(());
    };
    search.itself_only = true;
    search.refuse_if_needed()
}

/// Refuses where something may need the context of a cancel function behind the turn of a loop that makes it: who waits for that at the
/// end of the function waits too late.
pub(crate) fn refuse_if_needed_behind_turn(site: &Site<'_>) -> Result<(), Refusal> {
    let Some(mut search) = Search::of(site) else {
        return Ok(());
    };
    search.of_turn = true;
    search.refuse_if_needed()
}

/// Refuses where something may need the context `name` after the function has returned.
pub(crate) fn refuse_if_used_later(site: &Site<'_>, name: &str) -> Result<(), Refusal> {
    let cannot = || Refusal::new("what uses its context cannot be followed");
    let mut search = Search::of(site).ok_or_else(cannot)?;
    let name = site
        .scope
        .uses(site.scope.stmt_id(site.acquiring).ok_or_else(cannot)?, name)
        .first()
        .map(|place| site.layout().text(*place))
        .ok_or_else(cannot)?;
    search.holding = [name].into_iter().collect();
    search.made.clear();
    search.follow();
    search.refuse_if_needed()
}

/// A server is reached by its address, so that anything that is returned may need it.
fn refuse_returning_server(site: &Site<'_>) -> Result<(), Refusal> {
    let results = site.source.result_types(&site.scope, site.body());
    if results.iter().any(|result| result != "error") {
        return Err(Refusal::new(
            "what the function returns may need the server",
        ));
    }
    Ok(())
}

/// A function that was given a response may return what reads its body.
fn refuse_returning_reader(site: &Site<'_>) -> Result<(), Refusal> {
    let template = site.template();
    let Some(mut search) = Search::of(site).filter(|_| !template.release.path.is_empty()) else {
        return Ok(());
    };
    search.holding = [site.value_name()].into_iter().flatten().collect();
    search.made.clear();
    search.follow();
    let types = site.source.result_types(&site.scope, span(template.body));
    let reads = types
        .iter()
        .any(|name| READING.iter().any(|word| name.ends_with(word)));
    let returns_made =
        search
            .later_statements()
            .into_iter()
            .any(|id| match site.scope.tree.stmt(id).kind {
                StmtKind::Return(results) => {
                    let results = site.scope.tree.exprs(results);
                    results
                        .iter()
                        .any(|result| search.tie(*result) == Tie::Made)
                }
                _ => false,
            });
    match reads && returns_made {
        true => Err(Refusal::new(
            "what the function returns may still read from it",
        )),
        false => Ok(()),
    }
}

/// How the names of types end that read from what they were made of.
const READING: [&str; 9] = [
    ".Decoder",
    ".ReadCloser",
    ".Reader",
    ".Response",
    ".Scanner",
    "Cursor",
    "Iterator",
    "Rows",
    "Stream",
];

/// The values of a function that hold a context, or were made by a call that was given it.
struct Search<'s, 'a> {
    site: &'s Site<'a>,
    body: StmtId,
    /// The context, what holds it, and function literals that use it.
    holding: BTreeSet<&'a str>,
    /// Results of calls that were given it.
    made: BTreeSet<&'a str>,
    /// Whether those do not matter.
    itself_only: bool,
    /// Whether it ends with the turn of a loop, not with the function.
    of_turn: bool,
}

/// How an expression is tied to the context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tie {
    None,
    /// The result of a call that was given it.
    Made,
    Holding,
}

impl<'s, 'a> Search<'s, 'a> {
    /// None where the release is not that of a context.
    fn of(site: &'s Site<'a>) -> Option<Self> {
        let body = site.body_block()?;
        let StmtKind::Assign { lhs, .. } = site.scope.kind(site.acquiring)? else {
            return None;
        };
        let value = site.value().unwrap_or_default();
        let holding: BTreeSet<&str> = site
            .scope
            .tree
            .exprs(lhs)
            .iter()
            .filter_map(|left| site.scope.tree.ident(*left))
            .filter(|name| *name != "_" && *name != value && !is_error(name))
            .collect();
        let mut search = Self {
            site,
            body,
            holding,
            made: BTreeSet::new(),
            itself_only: false,
            of_turn: false,
        };
        search.follow();
        Some(search)
    }

    /// Follows assignments until nothing new is found.
    fn follow(&mut self) {
        for _ in 0..MAX_ROUNDS {
            let known = (self.holding.len(), self.made.len());
            self.spread();
            if known == (self.holding.len(), self.made.len()) {
                break;
            }
        }
    }

    /// Follows assignments once.
    fn spread(&mut self) {
        let tree = self.site.scope.tree;
        for id in self.later_statements() {
            match tree.stmt(id).kind {
                StmtKind::Assign { lhs, rhs, .. } => {
                    let rhs = tree.exprs(rhs);
                    let ties: Vec<Tie> = rhs.iter().map(|right| self.tie(*right)).collect();
                    for (at, left) in tree.exprs(lhs).iter().enumerate() {
                        let tie = if rhs.len() == 1 {
                            ties.first()
                        } else {
                            ties.get(at)
                        };
                        self.learn(tree.ident(*left), tie.copied());
                    }
                }
                StmtKind::Decl(decl) => {
                    for spec in tree.specs(tree.gen_decl(decl).specs) {
                        let SpecKind::Value(value) = spec.kind else {
                            continue;
                        };
                        let tie = tree.exprs(value.values).iter().map(|x| self.tie(*x)).max();
                        for name in tree.names(value.names) {
                            self.learn(Some(tree.name(*name)), tie);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn learn(&mut self, name: Option<&'a str>, tie: Option<Tie>) {
        let Some(name) = name.filter(|name| *name != "_" && !is_error(name)) else {
            return;
        };
        match tie {
            Some(Tie::Holding) => {
                self.holding.insert(name);
            }
            Some(Tie::Made) => {
                self.made.insert(name);
            }
            Some(Tie::None) | None => {}
        }
    }

    /// Refuses where something may need the context later.
    fn refuse_if_needed(&self) -> Result<(), Refusal> {
        let tree = self.site.scope.tree;
        let context = self.holding.first().copied().unwrap_or_default();
        for id in self.later_statements() {
            let stmt = tree.stmt(id);
            let reason = match stmt.kind {
                StmtKind::Go(call) if self.mentions(call) && !self.is_over(id) => {
                    "a goroutine may still use"
                }
                StmtKind::Send { value, .. } if self.tie(value) == Tie::Holding => {
                    "a receiver may still use"
                }
                StmtKind::Assign { lhs, rhs, .. }
                    if tree
                        .exprs(rhs)
                        .iter()
                        .any(|right| self.tie(*right) == Tie::Holding)
                        && tree
                            .exprs(lhs)
                            .iter()
                            .any(|left| tree.ident(*left).is_none()) =>
                {
                    "what is stored may still use"
                }
                StmtKind::Return(results) if self.returns_need(tree.exprs(results)) => {
                    "what is returned may still use"
                }
                _ => match !self.itself_only && self.literal_passed_on(id) {
                    true => "a function that is passed on may still use",
                    false => continue,
                },
            };
            return Err(Refusal::of(
                format!("{reason} … after the function has returned"),
                context,
            ));
        }
        Ok(())
    }

    fn returns_need(&self, results: &[ExprId]) -> bool {
        let types = self
            .site
            .source
            .result_types(&self.site.scope, self.site.body());
        let lives = |name: &String| is_living(name.as_str());
        results
            .iter()
            .enumerate()
            .any(|(at, result)| match self.tie(*result) {
                Tie::Holding => true,
                Tie::Made if self.itself_only => false,
                Tie::Made if results.len() == 1 => types.iter().any(lives),
                Tie::Made => types.get(at).is_none_or(lives),
                Tie::None => false,
            })
    }

    /// Whether a statement itself hands a function literal that uses the context to a call that may keep it.
    fn literal_passed_on(&self, id: StmtId) -> bool {
        let tree = self.site.scope.tree;
        let mut found = false;
        tree.children(id, |child| {
            let Node::Expr(root) = child else {
                return;
            };
            tree.walk(root, |node| {
                let Node::Expr(expr) = node else {
                    return Descend::Skip;
                };
                if let ExprKind::Call { fun, args, .. } = tree.expr(expr).kind {
                    let passes = tree.exprs(args).iter().any(|arg| {
                        matches!(tree.expr(*arg).kind, ExprKind::FuncLit { .. })
                            && self.mentions(*arg)
                    });
                    let path = tree.selector_path(fun).unwrap_or_default();
                    let name = path.last().copied().unwrap_or_default();
                    let waits = name == "Go" && !self.of_turn && self.waits();
                    found |= passes && !waits && !RUNNING.contains(&name);
                }
                Descend::Into
            });
        });
        found
    }

    /// Whether a goroutine that a span is for has ended by the time of a deferred release.
    fn is_over(&self, started: StmtId) -> bool {
        let place = self.site.scope.tree.stmt(started).span;
        let deferred = self.itself_only && !self.site.template().in_loop;
        let at = self.site.scope.statement(place).filter(|_| deferred);
        at.is_some_and(|at| self.site.waits_for(at))
    }

    /// Whether the function waits for others before it returns.
    fn waits(&self) -> bool {
        let text = self
            .site
            .layout()
            .text(self.site.scope.tree.stmt(self.body).span);
        text.contains(".Wait()")
    }

    /// The statements of the function's own body from the acquisition on; those of function literals are
    /// theirs.
    fn later_statements(&self) -> Vec<StmtId> {
        let tree = self.site.scope.tree;
        let start = self.site.scope.span(self.site.acquiring).end;
        let mut found = Vec::new();
        tree.walk(self.body, |node| match node {
            Node::Stmt(id) => {
                if tree.stmt(id).span.start >= start {
                    found.push(id);
                }
                Descend::Into
            }
            Node::Expr(_) => Descend::Skip,
        });
        found
    }

    fn mentions(&self, root: ExprId) -> bool {
        let tree = self.site.scope.tree;
        let mut found = false;
        tree.walk(root, |node| {
            if let Node::Expr(id) = node {
                found |= tree
                    .ident(id)
                    .is_some_and(|name| self.holding.contains(name) || self.made.contains(name));
            }
            Descend::Into
        });
        found
    }

    /// How the value of an expression is tied to the context.
    fn tie(&self, root: ExprId) -> Tie {
        let tree = self.site.scope.tree;
        let mut strongest = Tie::None;
        tree.walk(root, |node| {
            let Node::Expr(id) = node else {
                return Descend::Skip;
            };
            let (tie, descend) = match tree.expr(id).kind {
                ExprKind::Ident(name) if self.holding.contains(tree.name(name)) => {
                    (Tie::Holding, Descend::Skip)
                }
                ExprKind::Ident(name) if self.made.contains(tree.name(name)) => {
                    (Tie::Made, Descend::Skip)
                }
                ExprKind::FuncLit { .. } if self.mentions(id) => (Tie::Holding, Descend::Skip),
                ExprKind::FuncLit { .. } => (Tie::None, Descend::Skip),
                ExprKind::Call { fun, args, .. } => {
                    let given = tree.exprs(args).iter().any(|arg| self.mentions(*arg));
                    let tie = match given {
                        true if self.derives_context(fun) => Tie::Holding,
                        true => Tie::Made,
                        // A method of a request or of rows made with it; `ctx.Err()` is not.
                        false => self.receiver_tie(fun),
                    };
                    (tie, Descend::Skip)
                }
                _ => (Tie::None, Descend::Into),
            };
            strongest = strongest.max(tie);
            descend
        });
        strongest
    }

    /// Whether a call wraps a context or makes a request of it: `context.WithValue`, `req.WithContext`.
    fn derives_context(&self, fun: ExprId) -> bool {
        let path = self.site.scope.tree.selector_path(fun).unwrap_or_default();
        path.first() == Some(&"context")
            || path
                .last()
                .is_some_and(|name| name.ends_with("WithContext") || name.ends_with("ToContext"))
    }

    fn receiver_tie(&self, fun: ExprId) -> Tie {
        match self.site.scope.tree.expr(fun).kind {
            ExprKind::Selector { x, .. } => self.tie(x).min(Tie::Made),
            _ => Tie::None,
        }
    }
}

/// Whether a variable holds an error, or whether there was none, as far as its name says.
pub(crate) fn is_error(name: &str) -> bool {
    name == "err" || name == "ok" || name.ends_with("Err")
}

/// Whether a value of a type, by its text, is what it is when the function has returned, and reads from nothing.
pub(crate) fn is_data(name: &str) -> bool {
    let reads = READING.iter().any(|word| name.ends_with(word)) || name.starts_with("io.");
    !reads && !is_living(name) && !["any", "interface{}"].contains(&name)
}

/// Whether a value of a type, by its text, may be read or used further: a stream, a connection, a channel.
fn is_living(name: &str) -> bool {
    let name = name.trim_start_matches(['*', '[', ']']);
    if name.starts_with("func") || name.contains("chan ") || name.contains("chan<-") {
        return true;
    }
    let (package, last) = name.rsplit_once('.').unwrap_or(("", name));
    !package.ends_with("pb") && LIVING.iter().any(|word| last.contains(word))
}

#[cfg(test)]
mod tests {
    use super::is_living;

    #[test]
    fn types_that_are_read_later() {
        for (name, expected) in [
            ("*sql.Rows", true),
            ("*http.Response", true),
            ("io.ReadCloser", true),
            ("<-chan int", true),
            ("func() error", true),
            ("[]*pubsub.Subscription", true),
            ("*orderpb.ListResponse", false),
            ("[]byte", false),
            ("string", false),
            ("error", false),
            ("*User", false),
        ] {
            assert_eq!(is_living(name), expected, "{name}");
        }
    }
}

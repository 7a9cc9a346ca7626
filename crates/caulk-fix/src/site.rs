//! The place of one finding: what the analysis tells of it, and what its file has there.

use caulk_leaks::{ByteSpan, ContractSource, Finding, FixTemplate, Held};
use caulk_syntax::{AssignOp, ExprId, ExprKind, Node, Span, SpecKind, StmtId, StmtKind, UnaryOp};

use crate::layout::Layout;
use crate::refusal::Refusal;
use crate::release::{Release, Style};
use crate::source::{At, Scope, Source, lists};

/// Types of the standard library whose second release does nothing, whoever hands them out.
const REPEATABLE: [&str; 3] = [
    "context.CancelFunc",
    "database/sql.Rows",
    "net/http.Response",
];

/// A span of the analysis as one of the syntax tree.
pub(crate) fn span(bytes: ByteSpan) -> Span {
    Span::new(bytes.start, bytes.end.max(bytes.start))
}

/// One finding in its file.
pub(crate) struct Site<'a> {
    pub(crate) finding: &'a Finding,
    pub(crate) source: &'a Source,
    pub(crate) style: &'a Style,
    pub(crate) scope: Scope<'a>,
    /// The acquiring statement.
    pub(crate) acquiring: At,
    /// Names that fixes of other findings give in the file, each with the place of the `_` that had none.
    pub(crate) given: &'a [(u32, String)],
}

impl<'a> Site<'a> {
    /// The site of a finding, unless its statement is not found where the analysis saw it.
    pub(crate) fn new(
        finding: &'a Finding,
        source: &'a Source,
        style: &'a Style,
        given: &'a [(u32, String)],
    ) -> Result<Self, Refusal> {
        let lost = || Refusal::new("the acquiring statement cannot be found in the file");
        let scope = source
            .scope(span(finding.acquired_at().span))
            .ok_or_else(lost)?;
        let acquiring = scope
            .statement_around(span(finding.acquired_at().span))
            .ok_or_else(lost)?;
        Ok(Self {
            finding,
            source,
            style,
            scope,
            acquiring,
            given,
        })
    }

    pub(crate) fn template(&self) -> &'a FixTemplate {
        &self.finding.fix
    }

    /// The body of the innermost function that acquires.
    pub(crate) fn body(&self) -> Span {
        span(self.template().body)
    }

    /// That body in the tree.
    pub(crate) fn body_block(&self) -> Option<StmtId> {
        self.scope.stmt_id(self.scope.statement(self.body())?)
    }

    pub(crate) fn layout(&self) -> Layout<'a> {
        self.source.layout()
    }

    /// Whether a second release is known to do no harm: what the catalogue lists takes one, unless it is given back to
    /// something, which may have handed out another by the same number. Waiting a second time is an error.
    pub(crate) fn may_end_twice(&self) -> bool {
        let resource = &self.finding.resource;
        let listed = resource.contract_from == ContractSource::Catalogue
            && self.finding.rule != "unwaited-process";
        (listed && self.template().release.taker.is_none())
            || REPEATABLE.contains(&resource.type_name.as_str())
    }

    /// The release of a value held in `value`.
    pub(crate) fn release(&self, value: &str) -> Result<Release, Refusal> {
        let call = &self.template().release;
        let arguments = self.arguments()?;
        let rebound = self.is_rebound(value);
        if let Some(taker) = &call.taker
            && self.is_rebound(taker.split('.').next().unwrap_or(taker))
        {
            return Err(Refusal::of(
                "… is another by the time of the release",
                taker,
            ));
        }
        let method = call.method.as_deref();
        let body = self.layout().text(self.body());
        let release = Release::new(value, call, method, &arguments, rebound);
        // What is embedded has its methods without the name of the field, too.
        let promoted = caulk_leaks::ReleaseCall {
            path: String::new(),
            ..call.clone()
        };
        let shorter = Release::new(value, &promoted, method, &arguments, rebound);
        let mut written = self.template().releases.iter();
        if !call.path.is_empty()
            && written.any(|place| self.layout().text(span(*place)).contains(&shorter.call))
        {
            return Ok(shorter);
        }
        Ok(release.asked_for(call, body))
    }

    /// The release that gives up what was done with the value; none where it has no such method.
    pub(crate) fn abort(&self, value: &str) -> Result<Option<Release>, Refusal> {
        let call = &self.template().release;
        let Some(method) = call.abort.as_deref() else {
            return Ok(None);
        };
        let arguments = self.arguments()?;
        let rebound = self.is_rebound(value);
        Ok(Some(Release::new(
            value,
            call,
            Some(method),
            &arguments,
            rebound,
        )))
    }

    /// The release of `value` by a method without arguments that returns nothing.
    pub(crate) fn release_by(&self, method: &str, value: &str) -> Release {
        let call = caulk_leaks::ReleaseCall::default();
        Release::new(value, &call, Some(method), "", false)
    }

    /// The arguments of the release, as far as their names are known here.
    fn arguments(&self) -> Result<String, Refusal> {
        let call = &self.template().release;
        let called = call.arguments.is_empty().then(|| self.arguments_given());
        let wanted = &called.flatten().unwrap_or_else(|| call.arguments.clone());
        let mut names = self
            .source
            .names_around(span(self.finding.acquired_at().span));
        names.retain(|name| !self.is_declared_later(name));
        // What stands behind a dot is known where the name before it is.
        let part = |character: char| character.is_alphanumeric() || "_.".contains(character);
        let mut words = wanted
            .split(|character| !part(character))
            .filter_map(|path| path.split('.').next())
            .filter(|name| name.starts_with(|first: char| !first.is_ascii_digit()));
        let importable = |name: &str| name == "context" && self.source.import(name).is_ok();
        if words.all(|name| names.contains(name) || importable(name)) {
            return Ok(wanted.clone());
        }
        if wanted == "ctx" && importable("context") {
            return Ok("context.Background()".to_owned());
        }
        Err(Refusal::of(
            "its release needs …, which is not known here",
            wanted,
        ))
    }

    /// What the function passes to the release where it calls that itself: its type may not be at hand.
    fn arguments_given(&self) -> Option<String> {
        let tree = self.scope.tree;
        let (value, release) = (self.value_name()?, &self.template().release);
        let method = release.method.as_deref()?;
        let called = format!("{value}{}.{method}", release.path);
        let mut given = None;
        tree.walk(self.body_block()?, |node| {
            if let Node::Expr(id) = node
                && let Some((fun, [first, .., last] | [first @ last])) = self.scope.call(id)
                && tree
                    .selector_path(fun)
                    .is_some_and(|path| path.join(".") == called)
            {
                let place = Span::new(tree.expr(*first).span.start, tree.expr(*last).span.end);
                given.get_or_insert_with(|| self.layout().text(place).to_owned());
            }
            caulk_syntax::Descend::Into
        });
        given
    }

    /// Whether a name is that of a variable which the function declares behind the acquisition only.
    fn is_declared_later(&self, name: &str) -> bool {
        let (tree, scope) = (self.scope.tree, &self.scope);
        let start = scope.span(self.acquiring).start;
        let around: Vec<At> = scope.outwards(self.acquiring).collect();
        let Some(function) = around.last().and_then(|at| scope.node(*at)) else {
            return false;
        };
        let mut places = Vec::new();
        tree.walk(function, |node| {
            if let Node::Stmt(id) = node
                && let StmtKind::Assign {
                    lhs,
                    op: AssignOp::Define,
                    ..
                } = tree.stmt(id).kind
                && lists(tree, lhs, name)
            {
                places.push(tree.stmt(id).span.start);
            }
            caulk_syntax::Descend::Into
        });
        let is_parameter = around.iter().any(|at| {
            let body = match scope.node(*at) {
                Some(Node::Expr(id)) => match tree.expr(id).kind {
                    ExprKind::FuncLit { body, .. } => tree.stmt(body).span,
                    _ => return false,
                },
                _ => scope.span(*at),
            };
            self.source.has_parameter(scope, body, name)
        });
        !places.is_empty() && places.iter().all(|place| *place > start) && !is_parameter
    }

    /// The variable of the test that the innermost function is. A function literal within a test that is no
    /// test itself (a handler, a goroutine) ends on its own.
    pub(crate) fn test(&self) -> Option<&'a str> {
        let name = self.template().test_variable.as_deref()?;
        let body = self.body();
        self.source
            .has_parameter(&self.scope, body, name)
            .then_some(name)
    }

    /// Whether it is acquired in the body of `main` itself.
    pub(crate) fn is_main(&self) -> bool {
        self.finding.function == "main.main"
    }

    /// Whether it is a function that cancels a context.
    pub(crate) fn is_cancel(&self) -> bool {
        self.template().release.method.is_none()
    }

    /// The place whose text names the value, without regard to a discarded one.
    pub(crate) fn value(&self) -> Result<String, Refusal> {
        match &self.template().held {
            Held::Variable(name) => Ok(name.clone()),
            Held::Place(place) => Ok(place.clone()),
            Held::Blank(_) => Err(Refusal::new("its result is discarded")),
            Held::Nothing => Err(Refusal::new(
                "the result is not kept in a variable: give it a name first",
            )),
        }
    }

    /// The variable that holds the value.
    pub(crate) fn value_name(&self) -> Option<&'a str> {
        match &self.template().held {
            Held::Variable(name) => Some(name),
            _ => None,
        }
    }

    /// Whether the variable `name` is assigned again after the acquiring statement.
    pub(crate) fn is_rebound(&self, name: &str) -> bool {
        let start = self.scope.span(self.acquiring).start;
        let mut rebound = false;
        let Some(block) = self.body_block() else {
            return true;
        };
        self.scope.tree.walk(block, |node| {
            if let Node::Stmt(id) = node
                && let StmtKind::Assign { lhs, .. } = self.scope.tree.stmt(id).kind
                && self.scope.tree.stmt(id).span.start > start
            {
                rebound |= lists(self.scope.tree, lhs, name);
            }
            caulk_syntax::Descend::Into
        });
        // In a loop the acquiring statement itself assigns an outer variable again.
        let assigns = matches!(
            self.scope.kind(self.acquiring),
            Some(StmtKind::Assign {
                op: AssignOp::Assign,
                ..
            })
        );
        rebound || (assigns && self.template().in_loop)
    }

    /// The type, as written, of the one declaration `var name T` of a name in a body; none where another declaration of it
    /// stands there, or where that gives it a value.
    pub(crate) fn declared_without_value(&self, body: StmtId, name: &str) -> Option<&'a str> {
        let tree = self.scope.tree;
        let mut declared = Vec::new();
        tree.walk(body, |node| {
            if let Node::Stmt(id) = node
                && let StmtKind::Decl(decl) = tree.stmt(id).kind
            {
                for spec in tree.specs(tree.gen_decl(decl).specs) {
                    if let SpecKind::Value(value) = spec.kind
                        && tree
                            .names(value.names)
                            .iter()
                            .any(|other| tree.name(*other) == name)
                    {
                        declared.push(value.ty.filter(|_| value.values.is_empty()));
                    }
                }
            }
            caulk_syntax::Descend::Into
        });
        match declared[..] {
            [Some(ty)] => Some(self.layout().text(tree.expr(ty).span)),
            _ => None,
        }
    }

    /// Whether a statement within another runs only under a condition.
    pub(crate) fn is_conditional(&self, inner: At, outer: At) -> bool {
        self.scope
            .outwards(inner)
            .take_while(|at| *at != outer)
            .any(|at| {
                matches!(
                    self.scope.kind(at),
                    Some(
                        StmtKind::If { .. }
                            | StmtKind::Case { .. }
                            | StmtKind::Comm { .. }
                            | StmtKind::For { .. }
                            | StmtKind::Range { .. }
                    )
                )
            })
    }

    /// Whether the function waits for the end of a goroutine, and does not return before: by `Wait` of something that the
    /// goroutine uses, or by a receive from a channel that it is done with when it sends there or closes it.
    pub(crate) fn waits_for(&self, started: At) -> bool {
        let tree = self.scope.tree;
        let Some(goroutine) = self.scope.node(started) else {
            return false;
        };
        let after = self.scope.span(started).end;
        let Some(body) = self.body_block() else {
            return false;
        };
        tree.block(body).iter().any(|id| {
            let stmt = tree.stmt(*id);
            let waits = match stmt.kind {
                StmtKind::Expr(x) => self.waited_at(x, goroutine, started),
                StmtKind::Assign { rhs, .. } => {
                    matches!(tree.exprs(rhs), [only] if self.waited_at(*only, goroutine, started))
                }
                _ => false,
            };
            waits
                && stmt.span.start >= after
                && !self.returns_between(body, Span::new(after, stmt.span.start))
        })
    }

    /// Whether an expression waits for a goroutine.
    fn waited_at(&self, x: ExprId, goroutine: Node, started: At) -> bool {
        let tree = self.scope.tree;
        if let ExprKind::Unary {
            op: UnaryOp::Receive,
            x,
        } = tree.expr(tree.unparen(x)).kind
        {
            return tree
                .ident(x)
                .is_some_and(|channel| self.ends_on(started, channel));
        }
        let path = self
            .scope
            .call(x)
            .and_then(|(fun, _)| tree.selector_path(fun));
        matches!(path.as_deref(), Some([group, "Wait"]) if !self.scope.uses(goroutine, group).is_empty())
    }

    /// Whether the last that the literal of a `go` statement does is to send on a channel or to close it.
    fn ends_on(&self, started: At, channel: &str) -> bool {
        let tree = self.scope.tree;
        let Some(StmtKind::Go(call)) = self.scope.kind(started) else {
            return false;
        };
        let Some((fun, args)) = self.scope.call(call) else {
            return false;
        };
        let ExprKind::FuncLit { body, .. } = tree.expr(tree.unparen(fun)).kind else {
            return false;
        };
        let closes = |x: ExprId| {
            self.scope.call(x).is_some_and(|(fun, args)| {
                tree.ident(fun) == Some("close")
                    && matches!(args, [only] if tree.ident(*only) == Some(channel))
            })
        };
        let statements = tree.block(body);
        let defers = |id: &StmtId| matches!(tree.stmt(*id).kind, StmtKind::Defer(_));
        let last = statements
            .last()
            .is_some_and(|last| match tree.stmt(*last).kind {
                StmtKind::Send { chan, .. } => tree.ident(chan) == Some(channel),
                StmtKind::Expr(x) => closes(x),
                _ => false,
            });
        // What is deferred first runs last.
        let deferred = statements.iter().find(|id| defers(id));
        args.is_empty()
            && match deferred {
                Some(first) => matches!(tree.stmt(*first).kind, StmtKind::Defer(x) if closes(x)),
                None => last,
            }
    }

    /// Whether a `return` of the function itself stands in a part of its body.
    fn returns_between(&self, body: StmtId, part: Span) -> bool {
        let mut found = false;
        self.scope.tree.walk(body, |node| match node {
            Node::Stmt(id) => {
                let stmt = self.scope.tree.stmt(id);
                found |= matches!(stmt.kind, StmtKind::Return(_)) && part.encloses(stmt.span);
                caulk_syntax::Descend::Into
            }
            Node::Expr(_) => caulk_syntax::Descend::Skip,
        });
        found
    }

    /// Whether an exit within a statement loses the value.
    pub(crate) fn loses_within(&self, statement: Span) -> bool {
        let mut exits = self.template().losing_exits.iter();
        exits.any(|exit| statement.encloses(span(exit.span)))
    }

    /// Whether an exit between the acquisition and `offset` loses the value.
    pub(crate) fn loses_before(&self, offset: u32) -> bool {
        let start = self.scope.span(self.acquiring).end;
        self.template().losing_exits.iter().any(|exit| {
            let place = span(exit.span).start;
            start <= place && place < offset
        })
    }
}

//! The place of one finding: what is there, and where a release can go.

use caulk_leaks::{ByteSpan, ContractSource, Finding, FixTemplate, Held};
use caulk_syntax::{AssignOp, BinaryOp, ExprId, ExprKind, Node, Span, StmtId, StmtKind};

use crate::bound::is_data;
use crate::edit::Edit;
use crate::layout::Layout;
use crate::leaving::{Leave, MAX_DEPTH, ends};
use crate::name::common_name;
use crate::release::{Release, Style};
use crate::source::{At, Scope, Source};

/// Why a finding is left to a person, as a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: String,
    /// The reason with `…` for the names in it, so that the same reasons can be counted.
    pub(crate) kind: String,
}

impl Refusal {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            kind: reason.clone(),
            reason,
        }
    }

    /// A reason that speaks of `name`, where `kind` has `…`.
    pub(crate) fn of(kind: impl Into<String>, name: &str) -> Self {
        let kind = kind.into();
        Self {
            reason: kind.replacen('…', name, 1),
            kind,
        }
    }

    /// Where gofmt would have to set a whole line anew.
    pub(crate) fn crowded() -> Self {
        Self::new("the code stands on one line: set it on several first")
    }
}

/// A span of the analysis as one of the syntax tree.
pub(crate) fn span(bytes: ByteSpan) -> Span {
    Span::new(bytes.start, bytes.end.max(bytes.start))
}

/// Functions of tests that end the test where an error is not nil, as far as their names say.
const ASSERTING: [&str; 8] = [
    "NoError", "NoErrorf", "NoErr", "NilError", "Nil", "OK", "Ok", "Must",
];

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

/// Where a release goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// Below a statement.
    Below(Span),
    /// At the start of the block that opens with a brace just before this offset.
    BlockStart(u32),
    /// Above a statement.
    Above(Span),
}

impl Anchor {
    pub(crate) fn insert(self, layout: Layout<'_>, lines: &[String]) -> Result<Edit, Refusal> {
        let edit = match self {
            Self::Below(statement) => layout.insert_below(statement, lines),
            Self::BlockStart(offset) => layout.insert_at_block_start(offset, lines),
            Self::Above(statement) => layout.insert_above(statement.start, lines),
        };
        edit.ok_or_else(Refusal::crowded)
    }

    /// From where on a release stands.
    pub(crate) fn offset(self) -> u32 {
        match self {
            Self::Below(statement) => statement.end,
            Self::BlockStart(offset) => offset,
            Self::Above(statement) => statement.start,
        }
    }
}

/// An anchor, and the condition under which the value is held there: none where it always is.
pub(crate) struct Hold {
    pub(crate) anchor: Anchor,
    pub(crate) condition: Option<String>,
    /// The end of a check for the opposite of the condition that lets control go on: an `else` fits there.
    otherwise: Option<u32>,
}

impl Hold {
    pub(crate) fn always(anchor: Anchor) -> Self {
        Self {
            anchor,
            condition: None,
            otherwise: None,
        }
    }

    /// Puts a release at the anchor, under the condition.
    pub(crate) fn insert(&self, layout: Layout<'_>, lines: Vec<String>) -> Result<Edit, Refusal> {
        if let Some(end) = self.otherwise {
            return layout.insert_else(end, &lines).ok_or_else(Refusal::crowded);
        }
        let lines = match &self.condition {
            Some(condition) => {
                let inner = lines.iter().map(|line| format!("\t{line}"));
                std::iter::once(format!("if {condition} {{"))
                    .chain(inner)
                    .chain(["}".to_owned()])
                    .collect()
            }
            None => lines,
        };
        self.anchor.insert(layout, &lines)
    }
}

/// What a condition says of an error or a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Test {
    IsNil,
    NotNil,
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
        let scope = source.scope(span(finding.location.span)).ok_or_else(lost)?;
        let acquiring = scope
            .statement_around(span(finding.location.span))
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

    pub(crate) fn layout(&self) -> Layout<'a> {
        self.source.layout()
    }

    /// Whether a second release is known to do no harm: what the catalogue lists takes one.
    pub(crate) fn may_end_twice(&self) -> bool {
        let resource = &self.finding.resource;
        resource.contract_from == ContractSource::Catalogue
            || resource.type_name == "context.CancelFunc"
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
        let release = Release::new(value, call, call.method.as_deref(), &arguments, rebound);
        let body = self.layout().text(span(self.template().body));
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
        let wanted = &self.template().release.arguments;
        let names = self.source.names_around(span(self.finding.location.span));
        let word = |character: char| character.is_alphanumeric() || character == '_';
        let mut words = wanted
            .split(|character| !word(character))
            .filter(|name| name.starts_with(|first: char| !first.is_ascii_digit()));
        if words.all(|name| names.contains(name)) {
            return Ok(wanted.clone());
        }
        if wanted == "ctx" && names.contains("context") {
            return Ok("context.Background()".to_owned());
        }
        Err(Refusal::of(
            "its release needs …, which is not known here",
            wanted,
        ))
    }

    /// The variable of the test that the innermost function is. A function literal within a test that is no
    /// test itself (a handler, a goroutine) ends on its own.
    pub(crate) fn test(&self) -> Option<&'a str> {
        let name = self.template().test_variable.as_deref()?;
        let body = span(self.template().body);
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
        let body = span(self.template().body);
        let start = self.scope.span(self.acquiring).start;
        let mut rebound = false;
        let Some(block) = self
            .scope
            .statement(body)
            .and_then(|at| self.scope.node(at))
        else {
            return true;
        };
        self.scope.tree.walk(block, |node| {
            if let Node::Stmt(id) = node
                && let StmtKind::Assign { lhs, .. } = self.scope.tree.stmt(id).kind
                && self.scope.tree.stmt(id).span.start > start
            {
                let names = self.scope.tree.exprs(lhs);
                rebound |= names
                    .iter()
                    .any(|left| self.scope.tree.ident(*left) == Some(name));
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

    /// Where the value is known to be held first.
    pub(crate) fn hold(&self) -> Result<Hold, Refusal> {
        let parent = self.scope.parent(self.acquiring);
        if let Some(at) = parent
            && let Some(StmtKind::If {
                init: Some(init),
                cond,
                then,
                els,
            }) = self.scope.kind(at)
            && self.scope.node(self.acquiring) == Some(Node::Stmt(init))
        {
            return self
                .hold_within(cond, then, els)
                .or_else(|refusal| self.hold_behind(at, cond, then, els).ok_or(refusal));
        }
        let Some((siblings, index)) = self.scope.siblings(self.acquiring) else {
            return Err(Refusal::new("it is acquired in the header of a statement"));
        };
        let template = self.template();
        let acquiring = self.scope.span(self.acquiring);
        let later = siblings.get(index + 1..).unwrap_or_default();
        if let Some(error) = &template.error_variable {
            return Ok(match self.hold_by_check(later, error) {
                Some(anchor) => Hold::always(anchor),
                None => Hold {
                    anchor: Anchor::Below(acquiring),
                    condition: Some(format!("{error} == nil")),
                    otherwise: self.check_that_goes_on(later, error),
                },
            });
        }
        let next = later.first().map(|id| self.scope.tree.stmt(*id).kind);
        // An error that is discarded says nothing: a path into the value must be guarded, and a value that nobody has
        // used.
        let guarded = match &template.held {
            Held::Variable(name) if self.discards_error() && !template.release.path.is_empty() => {
                name.clone()
            }
            Held::Blank(_) if self.may_be_missing() => common_name(self),
            _ => return Ok(Hold::always(Anchor::Below(acquiring))),
        };
        let guarded = guarded.as_str();
        if let Some(StmtKind::If {
            init: None,
            cond,
            then,
            ..
        }) = next
            && self.nil_test(cond, guarded) == Some(Test::NotNil)
        {
            return Ok(Hold::always(self.start_of(then)));
        }
        Ok(Hold {
            anchor: Anchor::Below(acquiring),
            condition: Some(format!("{guarded} != nil")),
            otherwise: None,
        })
    }

    /// Whether a discarded value may be nil and its release not be called then: nothing tells its error, and it is no
    /// file, whose methods look at that.
    fn may_be_missing(&self) -> bool {
        let template = self.template();
        let error = template.error_result;
        error.is_some_and(|error| error != template.result.0)
            && self.discards_error()
            && template.release.method.is_some()
            && self.finding.resource.type_name != "os.File"
    }

    /// Whether the acquiring statement assigns its last result to `_`.
    fn discards_error(&self) -> bool {
        match self.scope.kind(self.acquiring) {
            Some(StmtKind::Assign { lhs, .. }) => {
                let lhs = self.scope.tree.exprs(lhs);
                lhs.len() > 1
                    && lhs
                        .last()
                        .is_some_and(|last| self.scope.tree.is_blank(*last))
            }
            _ => false,
        }
    }

    /// The place behind the plain check of the error among the statements after the acquisition: below it, or
    /// in the branch that has the value. None where there is no such check, or an exit before it loses the
    /// value already.
    fn hold_by_check(&self, later: &[StmtId], error: &str) -> Option<Anchor> {
        let value = self.value().unwrap_or_default();
        for (index, id) in later.iter().enumerate() {
            let stmt = self.scope.tree.stmt(*id);
            if self.loses_before(stmt.span.start) {
                return None;
            }
            if let StmtKind::If {
                init: None,
                cond,
                then,
                els,
            } = stmt.kind
                && let Some(test) = self.nil_test(cond, error)
            {
                let below = later.get(index + 1..).unwrap_or_default();
                let needed_below = below
                    .iter()
                    .any(|id| !self.scope.uses(*id, &value).is_empty());
                return match (test, els) {
                    // The branch goes on, and does not hold the value alone.
                    (Test::IsNil, _) if needed_below && !self.leaves(then) => None,
                    (Test::IsNil, _) => Some(self.start_of(then)),
                    (Test::NotNil, _) if self.leaves(then) => Some(Anchor::Below(stmt.span)),
                    (Test::NotNil, Some(els)) => self.block_start(els),
                    (Test::NotNil, None) => None,
                };
            }
            let is_check = matches!(stmt.kind, StmtKind::If { init: None, .. });
            let looks_at_error = !self.scope.uses(*id, error).is_empty();
            if self.asserts(*id, error) {
                return Some(Anchor::Below(stmt.span));
            }
            let looks_at_value = !self.scope.uses(*id, &value).is_empty();
            let is_early_release = matches!(stmt.kind, StmtKind::Defer(_));
            if (looks_at_error && !is_check) || (looks_at_value && !is_check && !is_early_release) {
                return None;
            }
        }
        None
    }

    /// The end of the check right behind the acquisition that does not leave where there is an error.
    fn check_that_goes_on(&self, later: &[StmtId], error: &str) -> Option<u32> {
        let StmtKind::If {
            init: None,
            cond,
            then,
            els: None,
        } = self.scope.tree.stmt(*later.first()?).kind
        else {
            return None;
        };
        let end = self.scope.tree.stmt(then).span.end;
        let is_it = self.nil_test(cond, error) == Some(Test::NotNil) && !self.loses_before(end);
        is_it.then_some(end)
    }

    /// Whether a statement is a call that goes on only where the error is nil, by the common names of such
    /// functions: `require.NoError(t, err)`.
    fn asserts(&self, id: StmtId, error: &str) -> bool {
        let tree = self.scope.tree;
        let StmtKind::Expr(call) = tree.stmt(id).kind else {
            return false;
        };
        let Some((fun, args)) = self.scope.call(call) else {
            return false;
        };
        let path = tree.selector_path(fun).unwrap_or_default();
        // An `assert` goes on as a rule, but the one that has this name.
        let goes_on = path.first() == Some(&"assert") && path.last() != Some(&"NilError");
        let names_it = path.last().is_some_and(|name| ASSERTING.contains(name));
        let plainly = args.iter().any(|arg| tree.ident(*arg) == Some(error));
        plainly && (names_it && !goes_on || self.is_asserted_nil(&path, args, error))
            || self.is_expected_nil(fun, args, error)
    }

    /// `c.Assert(err, IsNil)`
    fn is_asserted_nil(&self, path: &[&str], args: &[ExprId], error: &str) -> bool {
        let tree = self.scope.tree;
        path.len() > 1
            && path.last() == Some(&"Assert")
            && matches!(args, [value, checker, ..] if tree.ident(*value) == Some(error)
                && tree.selector_path(*checker).is_some_and(|path| path.last() == Some(&"IsNil")))
    }

    /// `Expect(err).NotTo(HaveOccurred())`, `Expect(err).To(Succeed())`
    fn is_expected_nil(&self, fun: ExprId, args: &[ExprId], error: &str) -> bool {
        let tree = self.scope.tree;
        let ExprKind::Selector { x, sel } = tree.expr(fun).kind else {
            return false;
        };
        let name_of = |call: ExprId| {
            let (fun, args) = self.scope.call(call)?;
            Some((*tree.selector_path(fun)?.last()?, args))
        };
        let Some((matcher, _)) = args.first().and_then(|matcher| name_of(*matcher)) else {
            return false;
        };
        let expects = match tree.name(sel) {
            "NotTo" | "ToNot" | "ShouldNot" => matcher == "HaveOccurred",
            "To" | "Should" => matches!(matcher, "BeNil" | "Succeed"),
            _ => false,
        };
        expects
            && name_of(x).is_some_and(|(name, args)| {
                matches!(name, "Expect" | "ExpectWithOffset" | "Ω")
                    && args
                        .last()
                        .is_some_and(|arg| tree.ident(*arg) == Some(error))
            })
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

    /// Whether the function calls `Wait` on something that a goroutine uses, and does not return before.
    pub(crate) fn waits_for(&self, started: At) -> bool {
        let tree = self.scope.tree;
        let Some(goroutine) = self.scope.node(started) else {
            return false;
        };
        let after = self.scope.span(started).end;
        let body = self.scope.statement(span(self.template().body));
        let Some(body) = body.and_then(|body| self.scope.stmt_id(body)) else {
            return false;
        };
        tree.block(body).iter().any(|id| {
            let stmt = tree.stmt(*id);
            let StmtKind::Expr(call) = stmt.kind else {
                return false;
            };
            let path = self
                .scope
                .call(call)
                .and_then(|(fun, _)| tree.selector_path(fun));
            match path.as_deref() {
                Some([group, "Wait"]) => {
                    stmt.span.start >= after
                        && !self.scope.uses(goroutine, group).is_empty()
                        && !self.returns_between(body, Span::new(after, stmt.span.start))
                }
                _ => false,
            }
        })
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

    /// Whether an exit between the acquisition and `offset` loses the value.
    fn loses_before(&self, offset: u32) -> bool {
        let start = self.scope.span(self.acquiring).end;
        self.template().losing_exits.iter().any(|exit| {
            let place = span(exit.span).start;
            start <= place && place < offset
        })
    }

    /// The place behind an `if` whose header assigns to outer variables and whose only branch leaves where there is an
    /// error.
    fn hold_behind(&self, at: At, cond: ExprId, then: StmtId, els: Option<StmtId>) -> Option<Hold> {
        let assigns = matches!(
            self.scope.kind(self.acquiring),
            Some(StmtKind::Assign {
                op: AssignOp::Assign,
                ..
            })
        );
        let error = self.template().error_variable.as_deref()?;
        let fails = self.nil_test(cond, error) == Some(Test::NotNil);
        self.scope.siblings(at)?;
        let is_it = assigns && fails && els.is_none() && self.leaves(then);
        is_it.then(|| Hold::always(Anchor::Below(self.scope.span(at))))
    }

    /// The place in the branch of an `if` whose header acquires.
    fn hold_within(
        &self,
        cond: ExprId,
        then: StmtId,
        els: Option<StmtId>,
    ) -> Result<Hold, Refusal> {
        let template = self.template();
        let by_error = template
            .error_variable
            .as_deref()
            .and_then(|name| self.nil_test(cond, name));
        let by_value = match &template.held {
            Held::Variable(name) => self.nil_test(cond, name),
            _ => None,
        };
        let branch = match (by_error, by_value) {
            (Some(Test::IsNil), _) | (None, Some(Test::NotNil)) => Some(then),
            (Some(Test::NotNil), _) | (None, Some(Test::IsNil)) => els,
            (None, None) => None,
        };
        branch
            .and_then(|block| self.block_start(block))
            .map(Hold::always)
            .ok_or_else(|| Refusal::new("it is acquired in the header of a statement"))
    }

    /// Whether a condition is that the acquisition failed.
    pub(crate) fn asks_for_error(&self, cond: ExprId) -> bool {
        let error = self.template().error_variable.as_deref();
        error.is_some_and(|error| self.nil_test(cond, error) == Some(Test::NotNil))
    }

    /// What `name == nil` or `name != nil` says; nothing for any other condition.
    fn nil_test(&self, cond: ExprId, name: &str) -> Option<Test> {
        let tree = self.scope.tree;
        let ExprKind::Binary { x, op, y, .. } = tree.expr(tree.unparen(cond)).kind else {
            return None;
        };
        let sides = (tree.ident(x), tree.ident(y));
        if sides != (Some(name), Some("nil")) && sides != (Some("nil"), Some(name)) {
            return None;
        }
        match op {
            BinaryOp::Eql => Some(Test::IsNil),
            BinaryOp::Neq => Some(Test::NotNil),
            _ => None,
        }
    }

    /// The start of a statement that is a block.
    fn block_start(&self, id: StmtId) -> Option<Anchor> {
        matches!(self.scope.tree.stmt(id).kind, StmtKind::Block(_)).then(|| self.start_of(id))
    }

    fn start_of(&self, block: StmtId) -> Anchor {
        Anchor::BlockStart(self.scope.tree.stmt(block).span.start + 1)
    }

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
                let lines = match (uses.is_empty(), leave) {
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
                layout.insert_above(self.scope.tree.stmt(id).span.start, &lines)
            }
            Leave::Brace(offset) => layout.insert_at_block_end(offset, lines),
            Leave::Below(statement) => layout.insert_below(statement, lines),
        };
        edit.ok_or_else(Refusal::crowded)
    }
}

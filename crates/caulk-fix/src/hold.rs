//! From where on a value is held for certain: behind the check of the error that came with it.

use caulk_leaks::Held;
use caulk_syntax::{AssignOp, ExprId, ExprKind, NilTest, Node, Span, StmtId, StmtKind};

use crate::anchor::Anchor;
use crate::edit::Edit;
use crate::layout::{Layout, under};
use crate::name::common_name;
use crate::refusal::Refusal;
use crate::site::Site;
use crate::source::At;

/// Functions of tests that end the test where an error is not nil, as far as their names say.
const ASSERTING: [&str; 8] = [
    "NoError", "NoErrorf", "NoErr", "NilError", "Nil", "OK", "Ok", "Must",
];

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

    /// Whether the function looks at the error and goes on with it.
    pub(crate) fn goes_on(&self) -> bool {
        self.otherwise.is_some()
    }

    /// Puts a release at the anchor, under the condition.
    pub(crate) fn insert(&self, layout: Layout<'_>, lines: Vec<String>) -> Result<Edit, Refusal> {
        if let Some(end) = self.otherwise {
            return layout.insert_else(end, &lines).ok_or_else(Refusal::crowded);
        }
        let lines = match &self.condition {
            Some(condition) => under(condition, lines),
            None => lines,
        };
        self.anchor.insert(layout, &lines)
    }
}

impl Site<'_> {
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
        let labeled = parent.filter(|_| self.is_labeled());
        let listed = labeled.unwrap_or(self.acquiring);
        let Some((siblings, index)) = self.scope.siblings(listed) else {
            return Err(Refusal::new(
                "it is acquired in the header of a statement: acquire it on a line above",
            ));
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
            && self.nil_test(cond, guarded) == Some(NilTest::NotNil)
        {
            return Ok(Hold::always(self.start_of(then)));
        }
        Ok(Hold {
            anchor: Anchor::Below(acquiring),
            condition: Some(format!("{guarded} != nil")),
            otherwise: None,
        })
    }

    /// Whether the acquiring statement has a label, which something may come back to.
    pub(crate) fn is_labeled(&self) -> bool {
        let parent = self.scope.parent(self.acquiring);
        matches!(self.scope.kind_of(parent), Some(StmtKind::Labeled { .. }))
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
                    (NilTest::IsNil, _) if needed_below && !self.leaves(then) => None,
                    (NilTest::IsNil, _) => Some(self.start_of(then)),
                    (NilTest::NotNil, _) if self.leaves(then) => {
                        Some(self.behind_branch(stmt.span, then, els))
                    }
                    (NilTest::NotNil, Some(els)) => self.block_start(els),
                    (NilTest::NotNil, None) => None,
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
        let is_it = self.nil_test(cond, error) == Some(NilTest::NotNil) && !self.loses_before(end);
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

    /// The place behind an `if` whose header assigns to outer variables and whose branch leaves where there is an error.
    fn hold_behind(&self, at: At, cond: ExprId, then: StmtId, els: Option<StmtId>) -> Option<Hold> {
        let assigns = matches!(
            self.scope.kind(self.acquiring),
            Some(StmtKind::Assign {
                op: AssignOp::Assign,
                ..
            })
        );
        let error = self.template().error_variable.as_deref()?;
        let fails = self.nil_test(cond, error) == Some(NilTest::NotNil);
        self.scope.siblings(at)?;
        let is_it = assigns && fails && self.leaves(then);
        is_it.then(|| Hold::always(self.behind_branch(self.scope.span(at), then, els)))
    }

    /// The place behind the branch of a check that leaves: below the check, unless what it goes on with loses the value.
    fn behind_branch(&self, check: Span, then: StmtId, els: Option<StmtId>) -> Anchor {
        let tree = self.scope.tree;
        let Some(els) = els.filter(|els| self.loses_within(tree.stmt(*els).span)) else {
            return Anchor::Below(check);
        };
        self.block_start(els).unwrap_or(Anchor::Else {
            statement: check,
            gap: Span::new(tree.stmt(then).span.end, tree.stmt(els).span.start),
        })
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
            (Some(NilTest::IsNil), _) | (None, Some(NilTest::NotNil)) => Some(then),
            (Some(NilTest::NotNil), _) | (None, Some(NilTest::IsNil)) => els,
            (None, None) => None,
        };
        branch
            .and_then(|block| self.block_start(block))
            .map(Hold::always)
            .ok_or_else(|| {
                Refusal::new(
                    "it is acquired in the header of a statement: acquire it on a line above",
                )
            })
    }

    /// Whether a condition is that the acquisition failed.
    pub(crate) fn asks_for_error(&self, cond: ExprId) -> bool {
        let error = self.template().error_variable.as_deref();
        error.is_some_and(|error| self.nil_test(cond, error) == Some(NilTest::NotNil))
    }

    /// Whether a place is in the first case, `case err == nil:`, of the switch right behind the acquisition.
    pub(crate) fn is_without_error(&self, place: Span) -> bool {
        let (tree, error) = (self.scope.tree, self.template().error_variable.as_deref());
        let (Some(error), Some((siblings, index))) = (error, self.scope.siblings(self.acquiring))
        else {
            return false;
        };
        let next = siblings.get(index + 1).map(|id| tree.stmt(*id).kind);
        let Some(StmtKind::Switch {
            init: None,
            tag: None,
            body,
            ..
        }) = next
        else {
            return false;
        };
        tree.block(body).first().is_some_and(|clause| {
            let StmtKind::Case { list, .. } = tree.stmt(*clause).kind else {
                return false;
            };
            tree.stmt(*clause).span.encloses(place)
                && matches!(tree.exprs(list), [only] if self.nil_test(*only, error) == Some(NilTest::IsNil))
        })
    }

    /// What `name == nil` or `name != nil` says; nothing for any other condition.
    fn nil_test(&self, cond: ExprId, name: &str) -> Option<NilTest> {
        let tree = self.scope.tree;
        let (x, test) = tree.nil_test(cond)?;
        (tree.ident(x) == Some(name)).then_some(test)
    }

    /// The start of a statement that is a block.
    fn block_start(&self, id: StmtId) -> Option<Anchor> {
        matches!(self.scope.tree.stmt(id).kind, StmtKind::Block(_)).then(|| self.start_of(id))
    }

    fn start_of(&self, block: StmtId) -> Anchor {
        Anchor::BlockStart(self.scope.tree.stmt(block).span.start + 1)
    }
}

//! Fields that the release method of their owner leaves alone where something else stands in the way: what is left to write and
//! cannot be written, or the end of another whose result it returns. That the end of another fails is not expected.

use caulk_program::LocalId;
use caulk_syntax::{BinaryOp, Descend, ExprId, ExprKind, Node, StmtId, StmtKind};
use smol_str::SmolStr;

use crate::body::Function;
use crate::contract::is_release_name;
use crate::engine::{FieldPath, Lost, Run, Start};
use crate::finding::{ExitKind, Severity, Step};
use crate::inference::handed_on::only_uses;
use crate::module::Reach;
use crate::publish::described::Described;
use crate::publish::replaced::LostField;
use crate::types::last_name;

/// What writes what is left, and fails where there is no room for it.
const LAST_WORDS: &[&str] = &["Flush", "Sync", "Commit"];

/// Why a release method leaves a field alone.
enum Way {
    /// It returns what the end of another gives.
    OfAnother,
    /// What was left could not be written.
    Failing,
}

impl Described<'_, '_> {
    /// The field that keeps the resource, and that nothing but the release method of its owner releases, where that returns before.
    pub(crate) fn skipped_field(&self) -> Option<LostField> {
        let outcomes = &self.verdict.outcomes;
        let contract = &self.site.contract;
        let is_kept = outcomes.owed.is_empty() && outcomes.unknown.is_none();
        if !is_kept || contract.runs_to_its_end || contract.finishes || contract.idle {
            return None;
        }
        let (ty, field) = self.kept_in()?;
        let named = self.module.program.named_of(ty)?;
        if !self.is_own_field(ty, &field) || self.may_be_meant("field-never-released") {
            return None;
        }
        let method = self.release_method(ty)?;
        let release = self.release_body(ty, &named.name)?;
        let (way, lost) = self.left_by(&release, &field)?;
        let owner = named.full_name();
        if self.may_be_released_beside(&release, &owner, &field)
            || self.is_ended_by_parent()
            || self.is_lent_by_test(ty)
            || self.ends_along(&owner)
            || self.is_held_by_others(ty, &field)
        {
            return None;
        }
        let by = crate::place::short_name(&self.site.acquired_by);
        let (place, done) = (format!("{}.{field}", named.name), self.done_word());
        let when = match way {
            Way::OfAnother => "returns before that",
            Way::Failing => "returns before that where writing fails",
        };
        let file = caulk_flow::file_of(self.module.program, release.typed.owner)?;
        Some(LostField {
            message: format!(
                "{place} from {by} is {done} by {}.{method} alone, which {when}",
                named.name
            ),
            path: vec![Step {
                location: crate::place::location(self.module.program, file, lost.span),
                note: format!("returns with {place} {}", self.open_word()),
            }],
            most: match way {
                Way::OfAnother => Severity::Medium,
                Way::Failing => Severity::Low,
            },
        })
    }

    /// Where the release method of the owner returns with a field as it was.
    fn left_by(&self, release: &Function, field: &SmolStr) -> Option<(Way, Lost)> {
        let start = Start::Param {
            local: release.info().receiver()?,
            field: Some(FieldPath::of(field.clone())),
            depth: 0,
            error: None,
            untested: false,
        };
        let run = Run::new(
            self.module,
            release,
            None,
            Reach::FULL,
            &self.site.release,
            None,
        );
        let outcomes = run.outcomes(start);
        let is_released = outcomes.by_hand && !outcomes.released.is_empty();
        if !is_released || outcomes.unknown.is_some() || outcomes.settled.is_some() {
            return None;
        }
        let mut lost = outcomes.owed.into_iter();
        lost.find_map(|lost| {
            let leaves = lost.kind == ExitKind::Return && !lost.unlikely;
            let way = leaves.then(|| self.way_out(release, &lost))??;
            Some((way, lost))
        })
    }

    /// Why a function is left where it is, if that is since something else stands in the way.
    fn way_out(&self, function: &Function, lost: &Lost) -> Option<Way> {
        let tree = function.tree();
        let mut leaves = None;
        tree.walk(function.graph(None)?.body, |node| {
            if let Node::Stmt(stmt) = node
                && let StmtKind::Return(list) = tree.stmt(stmt).kind
                && tree.stmt(stmt).span == lost.span
            {
                leaves = Some((stmt, list));
            }
            Descend::Into
        });
        let (leaves, list) = leaves?;
        let branch = function.branch_of(Node::Stmt(leaves))?;
        let StmtKind::If { init, cond, .. } = tree.stmt(branch).kind else {
            return None;
        };
        let ends_another = |x: &ExprId| calls_another(function, *x, &is_release_name);
        if tree.exprs(list).iter().any(ends_another) {
            return asks_for_type(function, init, cond).then_some(Way::OfAnother);
        }
        let ExprKind::Binary {
            x,
            op: BinaryOp::Neq,
            ..
        } = tree.expr(tree.unparen(cond)).kind
        else {
            return None;
        };
        let error = function.local(x)?;
        let given = init.or_else(|| before(function, branch))?;
        let call = given_to(function, given, error)?;
        let may_fail = crate::types::is_error(self.module.program, function.info().type_of(x))
            && !crate::inference::never_fails::call(self.module, &function.typed, call);
        (may_fail && calls_another(function, call, &|name| LAST_WORDS.contains(&name)))
            .then_some(Way::Failing)
    }

    /// Whether another function than the release method may release the field.
    fn may_be_released_beside(&self, release: &Function, owner: &str, field: &SmolStr) -> bool {
        let releases = |method: &str| self.site.release.is_method(method);
        let may_release = |function: &Function| {
            let uses = self.uses_in(function, owner, field);
            let lent = |func, index| only_uses(self.module, &self.site.release, func, index);
            uses.without_lent(&lent).may_release(&releases)
        };
        let is_release = |function: &Function| function.typed.owner == release.typed.owner;
        is_release(self.function)
            || may_release(self.function)
            || self.others_naming(field).any(|function| {
                !is_release(&function)
                    && may_release(&function)
                    && !crate::in_test::is_in_test(self.module, &function)
            })
    }
}

/// Whether a condition asks for the type of a value alone: what else the owner keeps does not hang on that.
fn asks_for_type(function: &Function, init: Option<StmtId>, cond: ExprId) -> bool {
    let tree = function.tree();
    let Some(StmtKind::Assign { lhs, rhs, .. }) = init.map(|init| tree.stmt(init).kind) else {
        return false;
    };
    let ([_, says], [value]) = (tree.exprs(lhs), tree.exprs(rhs)) else {
        return false;
    };
    matches!(
        tree.expr(tree.unparen(*value)).kind,
        ExprKind::TypeAssert { .. }
    ) && function.local(*says).is_some()
        && function.local(*says) == function.local(tree.unparen(cond))
}

/// Whether an expression is a call of such a method, on another than the owner: what that does to itself may find that it has ended
/// before.
fn calls_another(function: &Function, x: ExprId, is_such: &dyn Fn(&str) -> bool) -> bool {
    let callee = function.callee(function.tree().unparen(x));
    let receiver = function.info().receiver();
    let of_another = callee
        .receiver()
        .is_some_and(|x| function.local(x) != receiver);
    of_another && is_such(last_name(callee))
}

/// The statement before another in the list that it stands in.
fn before(function: &Function, stmt: StmtId) -> Option<StmtId> {
    let siblings = function.siblings(stmt)?;
    let at = siblings.iter().position(|one| *one == stmt)?;
    siblings.get(at.checked_sub(1)?).copied()
}

/// The one value that an assignment gives a variable.
fn given_to(function: &Function, stmt: StmtId, local: LocalId) -> Option<ExprId> {
    let tree = function.tree();
    match tree.stmt(stmt).kind {
        StmtKind::Assign { lhs, rhs, .. } => match (tree.exprs(lhs), tree.exprs(rhs)) {
            ([target], [value]) if function.local(*target) == Some(local) => Some(*value),
            _ => None,
        },
        _ => None,
    }
}

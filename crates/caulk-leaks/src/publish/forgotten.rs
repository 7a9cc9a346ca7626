//! Fields that keep a resource which nothing in the module ever releases.

use std::sync::Arc;

use caulk_program::{BodyOwner, Builtin, Callee, Object, Type, TypeId};
use caulk_syntax::{BinaryOp, Descend, ExprId, ExprKind, Node, Span, StmtKind, UnaryOp};
use memchr::memmem;
use smol_str::SmolStr;

use crate::body::Function;
use crate::contract::{RELEASE_METHODS, is_release_name};
use crate::engine::Value;
use crate::finding::{Heat, Keeper, SettledBy, Step};
use crate::inference::field_uses::{FieldUses, Uses};
use crate::inference::handed_on::only_uses;
use crate::publish::described::Described;

/// Where a field is released that the release method of its owner forgets.
enum Elsewhere {
    /// In the function that acquires, where that fails.
    WhereItFails,
    /// Where another is acquired in its place.
    WhereReplaced,
    /// Where it has come to its end, or is of no more use, by whoever uses it.
    OnTheWay,
    /// In this method.
    By(String),
}

/// Such a field.
pub(crate) struct Forgotten {
    pub rule: &'static str,
    pub message: String,
    pub path: Vec<Step>,
    pub keeper: Keeper,
}

impl Described<'_, '_> {
    /// The field that the resource is kept in, where nothing in the module releases it: of a type whose own release
    /// method forgets it, or of one without such a method that is made again and again.
    pub(crate) fn forgotten_field(&self) -> Option<Forgotten> {
        let outcomes = &self.verdict.outcomes;
        let contract = &self.site.contract;
        // A writer that only finishes what it has written holds nothing.
        if !outcomes.owed.is_empty()
            || outcomes.unknown.is_some()
            || contract.runs_to_its_end
            || contract.finishes
        {
            return None;
        }
        let (ty, field) = self.kept_in()?;
        let named = self.module.program.named_of(ty)?;
        if !self.is_own_field(ty, &field) {
            return None;
        }
        let release = &self.site.release;
        // A number is closed in other ways than a field is: `unix.Close(f.Release())`.
        if release.actions.is_empty() && crate::inference::effort::frees(self.module, ty) {
            return None;
        }
        let package = self.function.package;
        let uses = self
            .module
            .uses_of_field(package, &named.full_name(), &field)?
            .without_lent(&|func, index| only_uses(self.module, release, func, index));
        let is_released = uses.may_release(&|method| release.is_method(method));
        let elsewhere = match is_released {
            false => None,
            true => Some(self.released_elsewhere(ty, &named.full_name(), &field)?),
        };
        if self.is_ended_by_parent()
            || self.ends_along(&named.full_name())
            || self.is_held_by_others(ty, &field)
            || self.is_lent_by_test(ty)
        {
            return None;
        }
        let by = crate::place::short_name(&self.site.acquired_by);
        let owner = &named.name;
        let at = outcomes
            .returned_at
            .or(outcomes.settled.map(|(_, at)| at))
            .unwrap_or_default();
        let path = |note: String| {
            vec![Step {
                location: self.location(at),
                note,
            }]
        };
        let program = self.module.program;
        let method = self.release_method(ty);
        let declared = program.field_type(ty, &field);
        let keeper = Keeper {
            type_name: owner.to_string(),
            field: field.to_string(),
            can_release: declared.is_some_and(|ty| self.can_release(ty)),
            can_be_nil: declared.is_some_and(|ty| crate::types::is_nilable(program, ty)),
            method: method.map(str::to_owned),
        };
        // What only its channel is used of is seen whole.
        let rule = match self.site.contract.endless_channel {
            Some(_) => self.site.contract.rule,
            None => crate::rules::static_name("field-never-released"),
        };
        let is_cancel = self.site.contract.rule == "uncalled-cancel";
        match method {
            Some(_) if self.may_be_meant(rule) => None,
            Some(method) => {
                let done = self.done_word();
                let how = match &elsewhere {
                    None => format!("never {done}"),
                    Some(Elsewhere::WhereItFails) => format!("{done} only where opening fails"),
                    Some(Elsewhere::WhereReplaced) => {
                        format!("{done} only where it is replaced")
                    }
                    Some(Elsewhere::OnTheWay) => format!("{done} only by what uses it"),
                    Some(Elsewhere::By(other)) => format!("{done} by {owner}.{other} alone"),
                };
                Some(Forgotten {
                    rule,
                    message: format!(
                        "{owner}.{field} from {by} is {how}: {owner}.{method} forgets it"
                    ),
                    path: path(match &elsewhere {
                        None => format!("kept in {owner}.{field}, which nothing releases"),
                        Some(_) => format!("kept in {owner}.{field}"),
                    }),
                    keeper,
                })
            }
            // A cancel function that nobody calls might as well have been dropped where it was made.
            // What whoever made it has used until it ended is not for others, and what is kept as something that cannot be released is
            // for nobody.
            None if !is_released
                && (self.is_made_again()
                    || is_cancel
                    || declared.is_some_and(|ty| self.is_answer_of_its_own(ty))
                    || self.is_used_up_here(at, &field)
                    || declared.is_some_and(|ty| self.is_out_of_reach(ty))) =>
            {
                Some(Forgotten {
                    rule: self.site.contract.rule,
                    message: format!("{owner}.{field} from {by} is never {}", self.done_word()),
                    path: path(format!("kept in {owner}.{field}, which nothing releases")),
                    keeper,
                })
            }
            None => None,
        }
    }

    /// Whether a field of this type keeps the whole answer to one request, and so one of many: whoever keeps it has no use for it once it
    /// was read.
    fn is_answer_of_its_own(&self, kept: TypeId) -> bool {
        self.site.contract.rule == "unclosed-response-body"
            && crate::types::is_response(self.module.program, kept)
            && self.heat != Heat::Test
    }

    /// Whether the function that fills a field of what it is passed goes round in a loop without an end behind that, and returns.
    fn is_used_up_here(&self, at: Span, field: &str) -> bool {
        let tree = self.function.tree();
        let Some(graph) = self.function.graph(None).filter(|graph| graph.returns()) else {
            return false;
        };
        let mut goes_round = false;
        for stmt in tree.block(graph.body) {
            let stmt = match tree.stmt(*stmt).kind {
                StmtKind::Labeled { stmt, .. } => stmt,
                _ => *stmt,
            };
            let behind = tree.stmt(stmt).span.start >= at.end;
            goes_round |= behind && tree.is_endless_loop(stmt);
        }
        goes_round
            && self.heat != Heat::Once
            && self.site.root.is_none()
            && self.holder(at, field).is_some()
    }

    /// Whether a type says that what it holds need not be released, and so nobody does that.
    fn is_out_of_reach(&self, ty: TypeId) -> bool {
        let program = self.module.program;
        // What is read comes to its end; what is written to, a log, may be meant to last.
        let is_plain = program.is_interface(ty)
            && program.has_method(ty, "Read")
            && !program.has_method(ty, "Write");
        is_plain
            && self.heat != Heat::Once
            && self.site.release.path().is_empty()
            && !self.can_release(ty)
    }

    /// Whether what is kept in a field is made again and again.
    pub(super) fn is_made_again(&self) -> bool {
        self.in_loop || self.heat == Heat::Request
    }

    /// Where a field is released that its owner's release method forgets; none where that, or somebody else, may release it.
    fn released_elsewhere(&self, ty: TypeId, owner: &str, field: &SmolStr) -> Option<Elsewhere> {
        // What others can name by themselves they may release.
        let name = crate::types::simple_name(owner);
        if caulk_syntax::is_exported(field) && caulk_syntax::is_exported(name) {
            return None;
        }
        let release = &self.site.release;
        let releases = |method: &str| release.is_method(method);
        let here = self.uses_in(self.function, owner, field);
        let fails =
            here.is_released(&releases) && !here.escapes() && self.is_released_on_failure(field);
        let does_nothing = !fails && !here.may_release(&releases) && self.does_nothing(ty, name);
        // Others are asked only where one of the three can be.
        if !fails && !does_nothing && !self.is_left_by_release(ty, owner, field) {
            return None;
        }
        let mut releasing = Vec::new();
        for function in self.others_naming(field) {
            let uses = self.uses_in(&function, owner, field);
            let uses =
                uses.without_lent(&|func, index| only_uses(self.module, release, func, index));
            if uses.escapes() {
                return None;
            }
            if uses.may_release(&releases) {
                releasing.push(function);
            }
        }
        match &releasing[..] {
            [] if fails => Some(Elsewhere::WhereItFails),
            [only] if does_nothing => self.is_ending_of_its_own(name, field, only),
            _ if fails || does_nothing || here.escapes() => None,
            others => {
                let here = here.may_release(&releases);
                let acquires = self.function.tree().expr(self.site.call).span.start;
                let replaced = (here || !others.is_empty())
                    && (!here || self.is_released_before(self.function, field, acquires))
                    && others.iter().all(|other| {
                        let called = self.calls_here(other);
                        called.is_some_and(|call| self.is_released_before(other, field, call))
                    });
                if replaced {
                    return Some(Elsewhere::WhereReplaced);
                }
                let on_the_way = !release.is_call()
                    && !self.may_signal(ty, name)
                    && (!here || self.is_released_on_the_way(self.function, field))
                    && others
                        .iter()
                        .all(|other| self.is_released_on_the_way(other, field));
                on_the_way.then_some(Elsewhere::OnTheWay)
            }
        }
    }

    /// Whether each release of a field in a function stands before some place, and none in what is put off.
    fn is_released_before(&self, function: &Function, field: &str, place: u32) -> bool {
        let tree = function.tree();
        let releases = |callee: &Callee, call: ExprId| {
            let itself = matches!(tree.expr(call).kind, ExprKind::Call { fun, .. } if names_field(function, fun, field));
            itself || self.is_released_by(function, callee, field)
        };
        let mut calls = function.info().calls().into_iter();
        calls.all(|(call, callee)| {
            !releases(callee, call)
                || tree.expr(call).span.start < place
                    && function.root_of(call).is_none()
                    && !function.is_deferred(call)
        })
    }

    /// Whether each release of a field in a function stands under a condition that asks for more than whether there is something in
    /// it, and empties the field: whoever uses it is done with this one, and may leave others. One that goes round until it is told
    /// to end may be what ends it.
    fn is_released_on_the_way(&self, function: &Function, field: &str) -> bool {
        let tree = function.tree();
        let Some(graph) = function.graph(None) else {
            return false;
        };
        let mut waits = false;
        tree.walk(graph.body, |node| {
            waits |= match node {
                Node::Stmt(stmt) => {
                    matches!(
                        tree.stmt(stmt).kind,
                        StmtKind::Select { .. } | StmtKind::Go(_)
                    ) || tree.is_endless_loop(stmt)
                }
                Node::Expr(expr) => {
                    matches!(
                        tree.expr(expr).kind,
                        ExprKind::Unary {
                            op: UnaryOp::Receive,
                            ..
                        }
                    )
                }
            };
            Descend::Into
        });
        // One that ends it by another name.
        let ends = function.id().and_then(|id| self.module.program.func(id));
        let ends = ends.is_none_or(|func| is_release_name(&func.name));
        !waits
            && !ends
            && function.info().calls().iter().all(|(call, callee)| {
                !self.is_released_by(function, callee, field)
                    || function.root_of(*call).is_none()
                        && self.empties_behind(function, *call, field)
                        && self.is_asked_for_more(function, *call, field)
            })
    }

    /// Whether a statement behind a call, in the list that it stands in, gives a field something else.
    fn empties_behind(&self, function: &Function, call: ExprId, field: &str) -> bool {
        let tree = function.tree();
        let Some(statement) = function.statement(call) else {
            return false;
        };
        let behind = tree.stmt(statement).span.end;
        let siblings = function.siblings(statement).unwrap_or_default();
        siblings.iter().any(|stmt| {
            matches!(tree.stmt(*stmt).kind, StmtKind::Assign { lhs, .. }
                if tree.stmt(*stmt).span.start >= behind
                    && tree.exprs(lhs).iter().any(|target| names_field(function, *target, field)))
        })
    }

    /// Whether a call stands below a condition that is more than a test of whether there is something in the field.
    fn is_asked_for_more(&self, function: &Function, call: ExprId, field: &str) -> bool {
        let tree = function.tree();
        let is_test = |cond: ExprId| {
            matches!(tree.expr(tree.unparen(cond)).kind,
                ExprKind::Binary { x, op: BinaryOp::Neq, .. } if names_field(function, x, field))
        };
        let mut at = Node::Expr(call);
        while let Some(branch) = function.branch_of(at) {
            match tree.stmt(branch).kind {
                StmtKind::If { cond, .. } if is_test(cond) => at = Node::Stmt(branch),
                StmtKind::If { .. } => return true,
                _ => return false,
            }
        }
        false
    }

    /// Whether the release method of a type tells others to end, or waits for them: one of these may see to its fields.
    fn may_signal(&self, ty: TypeId, owner: &str) -> bool {
        let Some(release) = self.release_body(ty, owner) else {
            return true;
        };
        let tree = release.tree();
        let calls = release.info().calls();
        let mut signals = calls.iter().any(|(call, callee)| {
            let is_field = matches!(tree.expr(*call).kind, ExprKind::Call { fun, .. }
                if matches!(release.info().object(fun), Object::Field { .. }));
            is_field
                || matches!(callee, Callee::Builtin(Builtin::Close))
                || ["Wait", "Broadcast", "Signal", "cancel", "Cancel"]
                    .contains(&crate::types::last_name(callee))
        });
        if let Some(graph) = release.graph(None) {
            tree.walk(graph.body, |node| {
                signals |= matches!(node, Node::Stmt(stmt)
                    if matches!(tree.stmt(stmt).kind, StmtKind::Send { .. } | StmtKind::Go(_) | StmtKind::Select { .. }));
                Descend::Into
            });
        }
        signals
    }

    /// Whether the release method of a type, itself or by what it calls of the type, leaves a field alone that a method of the type
    /// fills.
    fn is_left_by_release(&self, ty: TypeId, owner: &str, field: &str) -> bool {
        let stored = self.verdict.outcomes.returned.is_none();
        let release = || self.release_body(ty, crate::types::simple_name(owner));
        stored
            && release().is_some_and(|release| {
                let leaves =
                    |function: &Function| self.uses_in(function, owner, field) == Uses::default();
                let mut calls = release.info().calls().into_iter();
                leaves(&release)
                    && calls.all(|(_, callee)| {
                        let id = callee.func().and_then(|func| func.id);
                        let called = id.filter(|id| id.package == self.function.package);
                        let called =
                            called.and_then(|id| self.module.function(BodyOwner::Func(id)));
                        called.is_none_or(|called| {
                            leaves(&called) && self.calls_here(&called).is_none()
                        })
                    })
            })
    }

    /// Where a function first calls the one that acquires.
    fn calls_here(&self, function: &Function) -> Option<u32> {
        let here = self.function.id()?;
        let mut calls = function.info().calls().into_iter();
        let (call, _) =
            calls.find(|(_, callee)| callee.func().and_then(|func| func.id) == Some(here))?;
        Some(function.tree().expr(call).span.start)
    }

    /// What a function does with a field.
    pub(super) fn uses_in(&self, function: &Function, owner: &str, field: &str) -> Uses {
        let mut uses = FieldUses::default();
        let module = self.module;
        uses.read(module.program, module.catalogue, &function.typed, false);
        uses.of_field(owner, field)
    }

    /// The other functions of the package in which a name stands.
    pub(super) fn others_naming(&self, name: &str) -> impl Iterator<Item = Arc<Function>> {
        let own = self.function.typed.owner;
        let owners = self.module.program.owners(self.function.package);
        owners
            .into_iter()
            .filter(move |owner| *owner != own && self.names(*owner, name))
            .filter_map(|owner| self.module.function(owner))
    }

    /// Whether the release method of a type calls nothing, and so releases nothing.
    fn does_nothing(&self, ty: TypeId, owner: &str) -> bool {
        let release = self.release_body(ty, owner);
        release.is_some_and(|release| release.info().calls().is_empty())
    }

    /// The body of the release method of a type, by its simple name.
    pub(super) fn release_body(&self, ty: TypeId, owner: &str) -> Option<Arc<Function>> {
        let package = self.module.program.package(self.function.package);
        let method = package.method_of(owner, self.release_method(ty)?)?;
        self.module.function(BodyOwner::Func(package.id_of(method)))
    }

    /// Whether a call is of a method that releases, on a field of this name.
    fn is_released_by(&self, function: &Function, callee: &Callee, field: &str) -> bool {
        let of_field = callee
            .receiver()
            .is_some_and(|x| names_field(function, x, field));
        of_field && self.site.release.is_method(crate::types::last_name(callee))
    }

    /// The one method that releases a field, where it is another way to end the owner than its release method: others call the one
    /// or the other.
    fn is_ending_of_its_own(
        &self,
        owner: &str,
        field: &str,
        method: &Function,
    ) -> Option<Elsewhere> {
        let program = self.module.program;
        let func = program.func(method.id()?)?;
        let is_way_out = func.receiver.as_deref() == Some(owner)
            && caulk_syntax::is_exported(&func.name)
            && !is_release_name(&func.name)
            && method.info().calls().iter().all(|(call, callee)| {
                let ends = self.is_released_by(method, callee, field);
                !ends || method.root_of(*call).is_none() && !method.is_deferred(*call)
            });
        let called_here = || {
            let owners = program.owners(self.function.package).into_iter();
            owners
                .filter_map(|owner| self.module.function(owner))
                .any(|function| {
                    let calls = function.info().calls();
                    calls
                        .iter()
                        .any(|(_, callee)| callee.func().and_then(|func| func.id) == method.id())
                })
        };
        (is_way_out && !called_here()).then(|| Elsewhere::By(func.name.to_string()))
    }

    /// Whether the text of a body has a name in it.
    fn names(&self, owner: BodyOwner, name: &str) -> bool {
        let BodyOwner::Func(id) = owner else {
            return true;
        };
        let program = self.module.program;
        let body = program.func(id).and_then(|func| func.body_span());
        let text = program.file_of(id).zip(body);
        text.is_some_and(|(file, body)| {
            memmem::find(body.of(&file.bytes()), name.as_bytes()).is_some()
        })
    }

    /// Whether each release of a field in the function stands below a condition on an error.
    fn is_released_on_failure(&self, field: &str) -> bool {
        let (function, tree) = (self.function, self.function.tree());
        let asks_for_error = |node: Node| match node {
            Node::Stmt(stmt) => matches!(tree.stmt(stmt).kind, StmtKind::If { cond, .. }
                if matches!(tree.expr(tree.unparen(cond)).kind, ExprKind::Binary { x, op: BinaryOp::Neq, .. }
                    if crate::types::is_error(self.module.program, function.info().type_of(x)))),
            Node::Expr(_) => false,
        };
        function.info().calls().iter().all(|(call, callee)| {
            let releases = self.is_released_by(function, callee, field);
            let mut at = function.parent(*call);
            while let Some(node) = at.filter(|node| !asks_for_error(*node)) {
                at = function.parent(node);
            }
            !releases || at.is_some()
        })
    }

    /// Whether what keeps it lives as long as the process, or nothing but types and habits say that it has to be released.
    pub(super) fn may_be_meant(&self, rule: &str) -> bool {
        rule == "field-never-released"
            && (self.heat == Heat::Once || self.site.contract.origin.is_guess())
    }

    /// Whether another gets what the field keeps, and may release it.
    pub(super) fn is_held_by_others(&self, owner: TypeId, field: &str) -> bool {
        let program = self.module.program;
        let Some(name) = program.named_name(owner) else {
            return true;
        };
        let declared = program.field_type(owner, field);
        let among = declared.is_some_and(|ty| {
            let ty = program.ty(program.underlying(ty));
            matches!(ty, Type::Slice(..) | Type::Map(..) | Type::Array(..))
        });
        let target = self.site.target(self.function);
        let local = target.and_then(|target| self.function.local(target));
        local.is_some_and(|local| {
            let (module, function) = (self.module, self.function);
            crate::publish::shared::is_shared(module, function, self.site, local, &name, among)
        })
    }

    /// A test fills fields of what it tests by hand: who does that in the program need not be the owner.
    pub(super) fn is_lent_by_test(&self, ty: TypeId) -> bool {
        let program = self.module.program;
        let package = program.package(self.function.package);
        let of_test = |file| crate::in_test::is_of_tests(self.module, package, file);
        crate::in_test::is_in_test(self.module, self.function)
            && !program.file_declaring(ty).is_some_and(of_test)
    }

    /// Whether the release can be called on a field of a type.
    fn can_release(&self, ty: TypeId) -> bool {
        let program = self.module.program;
        let release = &self.site.release;
        if program.named_name(ty).as_ref() == Some(&self.site.type_name) {
            return true;
        }
        match release
            .actions
            .first()
            .and_then(|action| action.method.as_deref())
        {
            Some(method) => release.path().is_empty() && program.has_method(ty, method),
            None => program
                .func_type(ty)
                .is_some_and(|signature| signature.params.is_empty()),
        }
    }

    /// The type and the field of it that the resource ends up in on every path.
    pub(super) fn kept_in(&self) -> Option<(TypeId, SmolStr)> {
        let outcomes = &self.verdict.outcomes;
        match (&outcomes.returned, outcomes.settled) {
            (Some((_, Value::Owner(Some(part)))), None) if part.depth == 0 => {
                Some((outcomes.returned_type?, part.field.only()?.clone()))
            }
            (None, Some((SettledBy::Stored, _))) if !outcomes.stored_elsewhere => {
                outcomes.stored_in.clone()
            }
            _ => None,
        }
    }

    /// Whether only the module itself can reach the field of a type that it declares, and the field is no embedded one.
    pub(super) fn is_own_field(&self, ty: TypeId, field: &str) -> bool {
        let program = self.module.program;
        let Some(named) = program.named_of(ty).filter(|named| named.is_loaded()) else {
            return false;
        };
        let fields = program.struct_fields(program.underlying(program.deref(ty)));
        let Some(declared) = fields.iter().find(|declared| declared.name == field) else {
            return false;
        };
        let hidden = !caulk_syntax::is_exported(field)
            || !caulk_syntax::is_exported(&named.name)
            || named.package.split('/').any(|part| part == "internal");
        let own = program.package(self.function.package);
        let hidden = hidden || own.name() == "main";
        hidden && !declared.embedded && &*named.package == own.path()
    }

    /// A release method that the type declares itself.
    pub(super) fn release_method(&self, ty: TypeId) -> Option<&'static str> {
        let program = self.module.program;
        // One that only the package calls is as good.
        let hidden = ["close", "stop", "shutdown"];
        let mut names = RELEASE_METHODS.iter().copied().chain(hidden);
        names.find(|name| {
            program.method(ty, name).is_some_and(|method| {
                // One with arguments ends something that it is given, `Stop(task)`; a context only says for how long to wait.
                let takes_others = program
                    .func_type(method.signature)
                    .is_some_and(|signature| {
                        let is_context = |ty: &TypeId| program.is_named(*ty, "context.Context");
                        !signature.params.iter().all(is_context)
                    });
                !method.of_interface && method.through.is_empty() && !takes_others
            })
        })
    }
}

/// Whether an expression selects a field of this name.
pub(super) fn names_field(function: &Function, x: ExprId, field: &str) -> bool {
    let tree = function.tree();
    matches!(tree.expr(tree.unparen(x)).kind, ExprKind::Selector { sel, .. } if tree.name(sel) == field)
}

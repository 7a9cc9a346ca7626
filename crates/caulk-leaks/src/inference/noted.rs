//! What is noted of each body while the calls between them are read, so that what most bodies mean is found out once: how they
//! use fields, and which of their calls may acquire. A body none of whose calls does is not looked at again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use caulk_program::{
    BodyOwner, Callee, FuncId, FuncRef, PackageId, Program, Type, TypeId, TypedBody,
};
use caulk_syntax::{Descend, ExprKind, Node, StmtKind};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::catalogue::Catalogue;
use crate::inference::field_uses::FieldUses;
use crate::module::{Module, Reach};
use crate::sites::owed::{Called, contracts_of};

/// Notes while they are taken, on any thread.
pub(crate) struct Taking<'p> {
    program: &'p Program,
    catalogue: &'p Catalogue,
    checked: FxHashSet<PackageId>,
    notes: Mutex<Notes>,
}

/// What was noted of the bodies that were read in this run.
#[derive(Default)]
pub(crate) struct Notes {
    bodies: FxHashMap<BodyOwner, Note>,
    /// How the bodies of packages that are checked use fields.
    pub uses: UsesByFile,
}

/// By package and file.
pub(crate) type UsesByFile = BTreeMap<(PackageId, PathBuf), FieldUses>;

/// What was noted of one body.
enum Note {
    /// It acquires something, or starts goroutines, whatever it calls does.
    Acts,
    /// It acquires what these give, if they do.
    Calls(Box<[Call]>),
}

#[derive(PartialEq, Eq)]
struct Call {
    func: FuncRef,
    of_interface: bool,
    types: Box<[TypeId]>,
}

impl<'p> Taking<'p> {
    pub fn of(program: &'p Program, catalogue: &'p Catalogue) -> Taking<'p> {
        Taking {
            program,
            catalogue,
            checked: program.check_packages().iter().copied().collect(),
            notes: Mutex::default(),
        }
    }

    /// Notes what matters of a body, and says whether it is certain to be looked at again.
    pub fn note(&self, body: &TypedBody) -> bool {
        let package = caulk_flow::package_of(&body.owner);
        let note = self.read(body);
        let acts = matches!(note, Note::Acts);
        let mut uses = FieldUses::default();
        let is_checked = self.checked.contains(&package);
        let file = caulk_flow::file_of(self.program, body.owner);
        if is_checked {
            let is_test = file.is_some_and(caulk_program::SourceFile::is_test);
            uses.read(self.program, self.catalogue, body, is_test);
            let path = self.program.package(package).path();
            uses.habits.read(self.program, path, body, is_test);
        }
        let mut notes = self.lock();
        notes.bodies.insert(body.owner, note);
        if is_checked && let Some(file) = file {
            let of_file = notes.uses.entry((package, file.path.clone()));
            of_file.or_default().extend(uses);
        }
        acts
    }

    pub fn finish(self) -> Notes {
        self.notes
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, body: &TypedBody) -> Note {
        let program = self.program;
        let is_channel = |ty: TypeId| matches!(program.ty(ty), Type::Chan(..));
        let named = Named::of(program, body);
        let file = caulk_flow::file_of(program, body.owner);
        let is_test = file.is_some_and(caulk_program::SourceFile::is_test);
        let starts = named.go
            || named.endless_context && !is_test && self.passes_context(body)
            || body.info.locals().any(|(_, local)| is_channel(local.ty));
        if starts
            || crate::inference::own_use::may_owe(body)
            || crate::sites::written_out::acquires(program, self.catalogue, body)
        {
            return Note::Acts;
        }
        let mut calls: Vec<Call> = Vec::new();
        for (call, callee) in body.info.calls() {
            let ty = body.info.type_of(call);
            match self.may_acquire(callee, ty, &named) {
                May::No => {}
                May::Yes => return Note::Acts,
                May::AsSourceSays(func) => {
                    let types = crate::types::results(program, ty);
                    // A goroutine may send on it.
                    if types.iter().any(|ty| is_channel(*ty)) {
                        return Note::Acts;
                    }
                    let call = Call {
                        func: func.clone(),
                        of_interface: matches!(callee, Callee::Interface { .. }),
                        types: types.into(),
                    };
                    if !calls.contains(&call) {
                        calls.push(call);
                    }
                }
            }
        }
        Note::Calls(calls.into())
    }

    /// Whether a body passes a context on to the project's own.
    fn passes_context(&self, body: &TypedBody) -> bool {
        let tree = body.tree();
        body.info.calls().iter().any(|(call, callee)| {
            let is_own = callee.func().and_then(|func| func.id);
            is_own.is_some_and(|id| self.checked.contains(&id.package))
                && matches!(tree.expr(*call).kind, ExprKind::Call { args, .. }
                if tree.exprs(args).iter().any(|argument| {
                    let ty = body.info.type_of(*argument);
                    self.program.is_named(ty, "context.Context")
                }))
        })
    }

    fn may_acquire<'c>(&self, callee: &'c Callee, ty: TypeId, named: &Named) -> May<'c> {
        let (program, catalogue) = (self.program, self.catalogue);
        let Some(func) = callee.func() else {
            let is_value = matches!(
                callee,
                Callee::Local(_)
                    | Callee::Field { .. }
                    | Callee::PackageVar { .. }
                    | Callee::Unknown { .. }
            );
            let types = crate::types::results(program, ty);
            let may_owe = match ty.is_unknown() {
                true => named.tell_a_type(),
                false => {
                    crate::inference::convention::may_owe(program, &types)
                        || crate::sites::owed::by_result_type(program, catalogue, &types).is_some()
                        || crate::sites::owed::of_makers(program, catalogue, &types).is_some()
                }
            };
            return match is_value && may_owe {
                true => May::Yes,
                false => May::No,
            };
        };
        let (package, name) = crate::types::split_name(program, func);
        if catalogue.contract(package, name).is_some() {
            return May::Yes;
        }
        let of_interface = matches!(callee, Callee::Interface { .. });
        if ty.is_unknown() && (of_interface || named.tell_a_type()) {
            return May::Yes;
        }
        // Those who implement a method of an interface may agree on what it gives.
        let types = crate::types::results(program, ty);
        let is_plain = |ty: &TypeId| {
            *ty == TypeId::VOID
                || program.is_basic(*ty)
                || crate::types::is_error(program, *ty)
                || !crate::types::may_hold(program, *ty)
        };
        if of_interface
            && (crate::inference::registered::gives(catalogue, name) || !types.iter().all(is_plain))
        {
            return May::Yes;
        }
        if ty == TypeId::VOID || catalogue.free_entry(package, name).is_some() {
            return May::No;
        }
        if crate::sites::owed::by_result_type(program, catalogue, &types).is_some() {
            return May::Yes;
        }
        let is_own = |id: FuncId| {
            self.checked.contains(&id.package) || caulk_flow::is_followed(program, id.package)
        };
        if crate::types::is_std_path(package) && !func.id.is_some_and(is_own) {
            return May::No;
        }
        May::AsSourceSays(func)
    }
}

/// What the names in a body tell of what it does.
#[derive(Default)]
struct Named {
    /// It starts a goroutine, or sends on a channel.
    go: bool,
    /// It may pass on a context that has no end, for which others wait.
    endless_context: bool,
    sends_request: bool,
    body: bool,
    status: bool,
    next: bool,
    scan: bool,
    opens: bool,
    watches: bool,
}

impl Named {
    fn of(program: &Program, body: &TypedBody) -> Named {
        let tree = body.tree();
        let mut named = Named::default();
        let mut note = |node: Node| match node {
            Node::Stmt(stmt) => {
                named.go |= matches!(
                    tree.stmt(stmt).kind,
                    StmtKind::Go(_) | StmtKind::Send { .. }
                );
            }
            Node::Expr(expr) => match tree.expr(expr).kind {
                ExprKind::Selector { sel, .. } => named.note(tree.name(sel)),
                ExprKind::Ident(name) => named.note(tree.name(name)),
                _ => {}
            },
        };
        if body.block().is_some() {
            tree.each_node(note);
            return named;
        }
        // An initializer is a small part of its file's tree.
        for root in caulk_flow::roots(program, body) {
            tree.walk(root, |node| {
                note(node);
                Descend::Into
            });
        }
        named
    }

    fn note(&mut self, name: &str) {
        match name {
            "Do" | "RoundTrip" => self.sends_request = true,
            "Body" => self.body = true,
            "StatusCode" => self.status = true,
            "Next" => self.next = true,
            "Scan" => self.scan = true,
            "ResultChan" => self.watches = true,
            "Background" | "TODO" => self.endless_context = true,
            _ => {
                self.opens |= super::convention::is_named_for_opening(name);
            }
        }
    }

    /// Whether a value of a type that is not known may be a response or rows by its use, as
    /// [`crate::inference::convention::looks_like`] tells.
    fn tell_a_type(&self) -> bool {
        self.sends_request
            || self.opens
            || self.watches
            || self.body && self.status
            || self.next && self.scan
    }
}

/// Whether a call may acquire.
enum May<'c> {
    No,
    Yes,
    AsSourceSays(&'c FuncRef),
}

impl Notes {
    /// Whether a body gets something from a function that leads back to it.
    pub fn is_in_circle(&self, module: &Module<'_>, owner: BodyOwner) -> bool {
        let Some(Note::Calls(calls)) = self.bodies.get(&owner) else {
            return false;
        };
        calls.iter().any(|call| {
            let id = call.func.id.filter(|_| !call.of_interface);
            id.is_some_and(|id| module.is_called_back(owner, id))
        })
    }

    /// Whether a body is known to acquire nothing and to start no goroutine.
    pub fn is_idle(&self, module: &Module<'_>, owner: BodyOwner, reach: Reach) -> bool {
        let Some(Note::Calls(calls)) = self.bodies.get(&owner) else {
            return false;
        };
        let caller = owner.func();
        let package = caulk_flow::package_of(&owner);
        calls.iter().all(|call| {
            let value = call.types.first().copied().unwrap_or(TypeId::UNKNOWN);
            if module
                .habit(package, &call.func.name, value, false)
                .is_some()
                || call.types.len() == 2 && module.habit_of_type(value).is_some()
                || super::iterators::contract(module, package, &call.types).is_some()
            {
                return false;
            }
            let called = Called {
                func: &call.func,
                of_interface: call.of_interface,
                types: &call.types,
                count: call.types.len(),
                reach,
                caller,
            };
            contracts_of(module, &called, &|| None).is_empty()
                && crate::inference::convention::of_subscription(module, &called).is_none()
        })
    }
}

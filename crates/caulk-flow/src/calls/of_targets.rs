//! What the declarations of a program, and the builds before, tell of what runs.

use std::collections::BTreeMap;

use caulk_program::{BodyOwner, FuncId, Program};

use super::facts::NameHash;
use super::{Calls, Named};
use crate::body::{file_of, package_of};
use crate::failing::{Failing, Known};
use crate::frequency::Frequency;
use crate::purpose::Applications;
use crate::reach::Target;

pub(super) struct OfTargets<'a> {
    pub program: &'a Program,
    /// What the bodies say of themselves.
    pub own: &'a BTreeMap<BodyOwner, Option<Frequency>>,
    pub frequencies: &'a BTreeMap<Target, Frequency>,
    pub names: &'a BTreeMap<FuncId, NameHash>,
    pub before: &'a [&'a Calls],
    pub applications: Applications<'a>,
}

impl OfTargets<'_> {
    fn own_of(&self, target: &Target) -> Option<Frequency> {
        match target {
            Target::Body(owner) => self.own.get(owner).copied().flatten(),
            _ => None,
        }
    }
}

impl Known for OfTargets<'_> {
    fn is_main(&self, target: &Target) -> bool {
        let Target::Body(BodyOwner::Func(id)) = target else {
            return false;
        };
        let func = self.program.func(*id);
        let is_main = || func.is_some_and(|func| func.name == "main");
        self.own_of(target) == Some(Frequency::Once)
            && (is_main() || crate::command::is_method_of_command(self.program, *id))
    }

    fn is_request(&self, target: &Target) -> bool {
        self.own_of(target) == Some(Frequency::Request)
    }

    fn is_test(&self, target: &Target) -> bool {
        match target {
            Target::Body(owner) | Target::Literal(owner, _) => {
                self.own.get(owner) == Some(&Some(Frequency::Test))
                    || takes_test(self.program, *owner)
                    || helps_tests(self.program, *owner)
            }
            _ => false,
        }
    }

    fn is_of_application(&self, target: &Target) -> bool {
        match target {
            Target::Body(owner) | Target::Literal(owner, _) => {
                self.applications.has(package_of(owner))
            }
            _ => false,
        }
    }

    fn is_of_program(&self, target: &Target) -> bool {
        match target {
            Target::Body(owner) => self.applications.is_of_command(package_of(owner)),
            _ => false,
        }
    }

    fn is_offered(&self, target: &Target) -> bool {
        matches!(target, Target::Body(BodyOwner::Func(id)) if is_offered(self.program, *id))
    }

    fn runs_by_name(&self, target: &Target) -> bool {
        matches!(target, Target::Body(BodyOwner::Func(id)) if is_library_function(self.program, *id))
    }

    fn recovers(&self, target: &Target) -> bool {
        self.frequencies.get(target) == Some(&Frequency::Request)
    }

    fn before(&self, target: &Target) -> Option<Failing> {
        let named = Named::of(self.names, target)?;
        let mut builds = self.before.iter();
        builds.find_map(|calls| Some(calls.by_name.get(&named)?.1))
    }
}

/// Whether others can call a function by its name, or a method by way of an interface of theirs.
fn is_offered(program: &Program, id: FuncId) -> bool {
    let func = program.func(id);
    func.is_some_and(|func| caulk_syntax::is_exported(&func.name))
}

/// Whether a function is there for whoever names it: no method, which an interface may lead to.
fn is_library_function(program: &Program, id: FuncId) -> bool {
    is_offered(program, id) && program.func(id).is_some_and(|func| func.receiver.is_none())
}

/// Whether a body stands where things are that help with tests.
fn helps_tests(program: &Program, owner: BodyOwner) -> bool {
    let package = program.package(package_of(&owner));
    file_of(program, owner).is_some_and(|file| crate::purpose::is_named_for_tests(package, file))
}

/// Whether a function is for tests alone, as its parameters say: a step of one that others share.
fn takes_test(program: &Program, owner: BodyOwner) -> bool {
    let BodyOwner::Func(id) = owner else {
        return false;
    };
    let signature = program.func_type(program.signature(id));
    signature.is_some_and(|signature| {
        let mut names = signature
            .params
            .iter()
            .filter_map(|param| program.named_name(program.deref(*param)));
        names.any(|name| crate::purpose::is_of_test(&name))
    })
}

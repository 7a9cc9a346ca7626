//! What an edit can reach: packages as a whole, and single bodies.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use caulk_flow::{CallFacts, Frequencies, file_of};
use caulk_program::{BodyOwner, Changed, FuncId, Inventory, PackageId, Program, SourceFile};
use memchr::memmem;

use crate::check::reuse::Findings;
use crate::inference::habit::Habits;
use crate::module::{ImplementersAsked, Module, implementers};

/// What an edit touches.
pub(super) struct Edited {
    /// The packages whose source is another.
    pub sources: BTreeSet<PackageId>,
    /// Those of them that declare other things.
    pub declarations: BTreeSet<PackageId>,
    /// The bodies in edited files of the rest of them.
    pub bodies: BTreeSet<BodyOwner>,
    /// Those of whom no fact holds any more.
    facts: BTreeSet<PackageId>,
}

impl Edited {
    pub fn of(program: &Program, inventory: &Inventory, changed: &Changed) -> Edited {
        let others = program.asked_otherwise(inventory);
        let declarations = inventory.packages_in(&(&others | &changed.declaring));
        let is_edited = |file: &SourceFile| changed.files.contains(&file.path);
        let has_edited = |package: &PackageId| {
            let mut files = program.package(*package).files().iter();
            files.any(|file| is_edited(file))
        };
        let mut same = inventory.packages_in(&changed.folders);
        same.retain(|package| !declarations.contains(package) && has_edited(package));
        let bodies = same.iter().flat_map(|package| program.owners(*package));
        let bodies = bodies.filter(|owner| file_of(program, *owner).is_some_and(is_edited));
        Edited {
            bodies: bodies.collect(),
            facts: whoever_reaches(inventory.imports.iter().copied(), &declarations),
            sources: &same | &declarations,
            declarations,
        }
    }

    pub fn knows_facts(&self, inventory: &Inventory, package: PackageId) -> bool {
        inventory.has(package) && !self.facts.contains(&package)
    }
}

/// What an edit can reach in one build.
#[derive(Clone, Default)]
pub(super) struct Reached {
    /// As if the package were another.
    pub packages: BTreeSet<PackageId>,
    /// Since a body that was looked at is another.
    pub bodies: BTreeSet<BodyOwner>,
}

impl Findings {
    /// What leads to packages that are others now, and to bodies that are.
    pub fn reached(
        &self,
        inventory: &Inventory,
        packages: &BTreeSet<PackageId>,
        bodies: &BTreeSet<BodyOwner>,
    ) -> Reached {
        let asked = self.implementers.iter();
        let through_interfaces = asked.flat_map(|(package, asked)| {
            let methods = asked.values().flatten().filter(|(build, _)| *build == 0);
            methods.map(|(_, method)| (*package, method.package))
        });
        let imports = inventory.imports.iter().copied();
        let looks = self.looks.iter().filter(|look| look.builds_before == 0);
        Reached {
            packages: whoever_reaches(imports.chain(through_interfaces), packages),
            bodies: whoever_reaches(looks.map(|look| (look.by, look.at)), bodies),
        }
    }

    /// The packages that are told otherwise who implements a method of an interface, or named one that an earlier build's edit
    /// can reach.
    pub fn answered_otherwise(
        &self,
        module: &Module<'_>,
        before: &[Reached],
    ) -> BTreeSet<PackageId> {
        let calls = module.all_calls();
        let is_reached = |(build, method): &(usize, FuncId)| {
            let reached = build.checked_sub(1).and_then(|build| before.get(build));
            reached.is_some_and(|reached| reached.packages.contains(&method.package))
        };
        let is_same = |asked: &ImplementersAsked| {
            let mut asked = asked.iter();
            asked.all(|((key, name), found)| {
                implementers(&calls, key, name) == *found && !found.iter().any(is_reached)
            })
        };
        let asked = self.implementers.iter();
        let others = asked.filter(|(_, asked)| !is_same(asked));
        others.map(|(package, _)| *package).collect()
    }

    /// The bodies that looked at some which an edit can reach in the builds before.
    pub fn looking_back(&self, before: &[Reached]) -> BTreeSet<BodyOwner> {
        let looks = self.looks.iter().filter(|look| {
            let build = look.builds_before.checked_sub(1);
            let reached = build.and_then(|build| before.get(build));
            reached.is_some_and(|reached| reached.bodies.contains(&look.at))
        });
        looks.map(|look| look.by).collect()
    }
}

/// What answers hang on of the calls between functions, besides what each body says.
#[derive(Default)]
pub(super) struct Graph {
    bodies: BTreeMap<PackageId, Vec<BodyOwner>>,
    circles: BTreeMap<FuncId, FuncId>,
    files: BTreeSet<PathBuf>,
}

impl Graph {
    pub fn of(calls: &CallFacts) -> Graph {
        Graph {
            bodies: calls.bodies(),
            circles: calls.circles(),
            files: calls.files().cloned().collect(),
        }
    }

    /// The packages of which other bodies are followed, or whose functions go in other circles.
    pub fn differing(&self, other: &Graph) -> BTreeSet<PackageId> {
        let packages = self.bodies.keys().chain(other.bodies.keys());
        let bodies = packages.filter(|id| self.bodies.get(id) != other.bodies.get(id));
        let functions = self.circles.keys().chain(other.circles.keys());
        let circles = functions.filter(|id| self.circles.get(id) != other.circles.get(id));
        bodies
            .copied()
            .chain(circles.map(|id| id.package))
            .collect()
    }

    /// The folders of the files that are in one of the two alone.
    pub fn folders_of_others(&self, other: &Graph) -> BTreeSet<PathBuf> {
        let files = self.files.symmetric_difference(&other.files);
        let folders = files.filter_map(|file| file.parent());
        folders.map(Path::to_owned).collect()
    }
}

/// The bodies that run more or less often than before, or hold literals that do.
pub(super) fn differing(before: &Frequencies, now: &Frequencies) -> BTreeSet<BodyOwner> {
    if before == now {
        return BTreeSet::new();
    }
    let before: BTreeSet<_> = before.iter().collect();
    let now: BTreeSet<_> = now.iter().collect();
    let others = before.symmetric_difference(&now);
    others.map(|(owner, ..)| *owner).collect()
}

/// The bodies that may call a function whose results their package or the program releases by habit, and did not, or no longer does.
pub(super) fn calling_by_habit(
    module: &Module<'_>,
    inventory: &Inventory,
    before: &Habits,
) -> BTreeSet<BodyOwner> {
    let mut bodies = BTreeSet::new();
    let program = module.program;
    for (path, function) in module.habits().iter().flat_map(|now| before.differing(now)) {
        let packages: Vec<PackageId> = match path {
            Some(path) => inventory.packages_of(path).collect(),
            None => program.check_packages().to_vec(),
        };
        let owners = packages.iter().flat_map(|package| program.owners(*package));
        bodies.extend(owners.filter(|owner| may_call(program, *owner, function)));
    }
    bodies
}

/// Whether a body may call a function of this name.
fn may_call(program: &Program, owner: BodyOwner, name: &str) -> bool {
    let BodyOwner::Func(id) = owner else {
        return true;
    };
    let name = crate::types::simple_name(name);
    let body = program.func(id).and_then(|func| func.body_span());
    program
        .file_of(id)
        .zip(body)
        .is_some_and(|(file, body)| memmem::find(body.of(&file.bytes()), name.as_bytes()).is_some())
}

/// What leads to some, these themselves included.
fn whoever_reaches<T: Copy + Ord>(
    leads: impl Iterator<Item = (T, T)>,
    some: &BTreeSet<T>,
) -> BTreeSet<T> {
    let mut from: BTreeMap<T, Vec<T>> = BTreeMap::new();
    for (by, to) in leads {
        from.entry(to).or_default().push(by);
    }
    let mut reached = some.clone();
    let mut todo: Vec<T> = some.iter().copied().collect();
    while let Some(next) = todo.pop() {
        for by in from.get(&next).into_iter().flatten() {
            if reached.insert(*by) {
                todo.push(*by);
            }
        }
    }
    reached
}

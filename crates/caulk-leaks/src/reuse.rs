//! A check after an edit: only packages that the edit can matter to are followed again.
//!
//! What is said of a package hangs on three things:
//!
//! - the source of the package, and of every package that was reached from it: by an import, and by those of that one.
//!   Nothing else leads from one package to another, but
//! - what the whole tree says where it is asked: who implements a method of an interface (which leads to those packages),
//!   which functions belong to the project, how often functions run, how fields are used. Each such answer is kept with
//!   who asked;
//! - the catalogue, the settings, and what imports lead to. These are not looked at here: where they differ, nothing is
//!   kept.
//!
//! What the tree says is put together anew each time from facts of its packages. These hang on less, the source of
//! the package and the declarations of what it imports, so that most are known after an edit of a function's body.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use caulk_flow::{CallFacts, Calls, Frequencies};
use caulk_program::{Inventory, Known, PackageId, Program};
use caulk_system::{Changes, Files};
use serde::{Deserialize, Serialize};

use crate::check::{Options, in_pool, look_at, report, whole};
use crate::finding::Analysis;
use crate::kept::FieldUses;
use crate::module::{ImplementersAsked, Module};
use crate::unit::Unit;

/// What a check found out, for the next one.
#[derive(Default, Serialize, Deserialize)]
pub struct Kept {
    builds: Vec<Build>,
}

/// Of one build.
#[derive(Serialize, Deserialize)]
struct Build {
    inventory: Inventory,
    findings: Findings,
}

#[derive(Default, Serialize, Deserialize)]
struct Findings {
    calls: CallFacts,
    uses: BTreeMap<PackageId, FieldUses>,
    /// What packages asked about methods of interfaces.
    implementers: BTreeMap<PackageId, ImplementersAsked>,
    units: BTreeMap<PackageId, Unit>,
}

/// How much of a check was known from the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reused {
    /// Packages whose findings were known.
    pub packages: usize,
    /// All packages.
    pub of: usize,
}

/// What was found in an earlier check, apart from what the program is loaded with.
#[derive(Default)]
pub struct Before {
    findings: Vec<Findings>,
}

impl Kept {
    /// The folders whose packages are others after some changes; none where nothing that is kept may hold.
    pub fn changed_folders(
        &self,
        files: &dyn Files,
        changes: &Changes,
    ) -> Option<BTreeSet<PathBuf>> {
        let builds: Vec<&Inventory> = self.builds.iter().map(|build| &build.inventory).collect();
        caulk_program::changed_folders(files, &builds, changes)
    }

    /// Parts it into what a program is loaded with, where files in some folders have changed, and the rest.
    pub fn after(self, changed: BTreeSet<PathBuf>) -> (Known, Before) {
        let (builds, findings) = self
            .builds
            .into_iter()
            .map(|build| (build.inventory, build.findings))
            .unzip();
        (Known { builds, changed }, Before { findings })
    }
}

/// Checks builds that were loaded with what an earlier check knows. The answer is what [`crate::check_builds`] gives.
pub fn check_builds_again(
    builds: &[&Program],
    options: &Options,
    known: Known,
    before: Before,
) -> (Analysis, Kept, Reused) {
    in_pool(options, || {
        let Known {
            builds: inventories,
            changed,
        } = known;
        let mut before: Vec<(Inventory, Findings)> =
            inventories.into_iter().zip(before.findings).collect();
        let mut kept = Kept::default();
        let mut reused = Reused::default();
        let mut parts = Vec::new();
        for program in builds {
            let platform = &program.options().platform;
            let same = before
                .iter()
                .position(|(inventory, _)| inventory.platform == *platform)
                .filter(|_| program.knows_inventory());
            let known = same.map(|index| before.swap_remove(index));
            let findings = check_again(program, options, known, &changed, &mut reused);
            let of_package = |package| findings.units.get(package).cloned();
            let units = program.check_packages().iter().filter_map(of_package);
            parts.push((*program, units.collect()));
            kept.builds.push(Build {
                inventory: program.inventory(),
                findings,
            });
        }
        (whole(parts, options), kept, reused)
    })
}

fn check_again(
    program: &Program,
    options: &Options,
    known: Option<(Inventory, Findings)>,
    changed: &BTreeSet<PathBuf>,
    reused: &mut Reused,
) -> Findings {
    let (inventory, before) = known.unwrap_or_default();
    let edited = Edited::of(program, &inventory, changed);
    let is_known = |package: PackageId| edited.knows_facts(&inventory, package);
    let bodies = before.calls.bodies();
    let calls = Calls::with(program, before.calls, &is_known);

    // Where the tree answers otherwise than before, whoever asked is as good as edited.
    let mut sources = edited.sources.clone();
    let bodies_now = calls.facts().bodies();
    let is_other = |package: &&PackageId| bodies.get(package) != bodies_now.get(package);
    sources.extend(bodies.keys().chain(bodies_now.keys()).filter(is_other));
    let answers_same = |asked: &ImplementersAsked| {
        let mut asked = asked.iter();
        asked.all(|((key, name), found)| calls.implementers(key, name) == found)
    };
    let asked = before.implementers.iter();
    sources.extend(
        asked
            .filter(|(_, asked)| !answers_same(asked))
            .map(|(package, _)| *package),
    );
    let through_interfaces = before.implementers.iter().flat_map(|(package, asked)| {
        let methods = asked.values().flatten();
        methods.map(|method| (*package, method.package))
    });
    let leads: Vec<(PackageId, PackageId)> = inventory
        .imports
        .iter()
        .copied()
        .chain(through_interfaces)
        .collect();
    let reaching = whoever_reaches(&leads, &sources);

    let frequencies = calls.frequencies();
    let none = Frequencies::new();
    let often = |package: &PackageId| frequencies.get(package).unwrap_or(&none);
    let mut units = before.units;
    units.retain(|package, unit| {
        inventory.has(*package)
            && !reaching.contains(package)
            && unit.frequencies == *often(package)
    });
    let new = |units: &BTreeMap<PackageId, Unit>| -> Vec<PackageId> {
        let packages = program.check_packages().iter();
        packages
            .filter(|package| !units.contains_key(package))
            .copied()
            .collect()
    };

    let module = Module::of(program, options.catalogue(), &calls);
    let mut to_report = new(&units);
    let (mut looked, new_uses) = look_at(&module, &to_report, &|package| !is_known(package));
    let mut uses = before.uses;
    uses.retain(|package, _| is_known(*package));
    uses.extend(new_uses);
    module.know_field_uses(uses.values());
    units.retain(|_, unit| {
        let mut fields = unit.fields.iter();
        fields.all(|((ty, field), uses)| module.use_of_field(ty, field).as_ref() == Some(uses))
    });
    let all_new = new(&units);
    let more: Vec<PackageId> = all_new
        .iter()
        .filter(|package| !to_report.contains(package))
        .copied()
        .collect();
    looked.extend(look_at(&module, &more, &|_| false).0);
    to_report.extend(more);
    reused.packages += program.check_packages().len() - to_report.len();
    reused.of += program.check_packages().len();
    units.extend(report(&module, &calls, options, &to_report, looked));

    let asked = module.take_asked();
    for package in &to_report {
        if let Some(unit) = units.get_mut(package) {
            unit.frequencies = often(package).clone();
            unit.fields = asked.fields.get(package).cloned().unwrap_or_default();
        }
    }
    units.retain(|package, _| program.check_packages().contains(package));
    let mut implementers = before.implementers;
    implementers.retain(|package, _| !sources.contains(package));
    for (package, asked) in asked.implementers {
        implementers.entry(package).or_default().extend(asked);
    }
    drop(module);
    Findings {
        calls: calls.into_facts(),
        uses,
        implementers,
        units,
    }
}

/// Which packages an edit touches.
struct Edited {
    /// Those whose source is another.
    sources: BTreeSet<PackageId>,
    /// Those of whom no fact holds any more.
    facts: BTreeSet<PackageId>,
}

impl Edited {
    fn of(program: &Program, inventory: &Inventory, changed: &BTreeSet<PathBuf>) -> Edited {
        let mut folders = program.unknown_folders(inventory);
        folders.extend(changed.iter().cloned());
        let sources = inventory.packages_in(&folders);
        let declarations = program.declaring_anew(inventory, &sources);
        let imports: Vec<_> = inventory.imports.iter().copied().collect();
        let mut facts = whoever_reaches(&imports, &declarations);
        facts.extend(&sources);
        Edited { sources, facts }
    }

    fn knows_facts(&self, inventory: &Inventory, package: PackageId) -> bool {
        inventory.has(package) && !self.facts.contains(&package)
    }
}

/// The packages that lead to some, those themselves included.
fn whoever_reaches(
    leads: &[(PackageId, PackageId)],
    some: &BTreeSet<PackageId>,
) -> BTreeSet<PackageId> {
    let mut from: BTreeMap<PackageId, Vec<PackageId>> = BTreeMap::new();
    for (package, to) in leads {
        from.entry(*to).or_default().push(*package);
    }
    let mut reached = some.clone();
    let mut todo: Vec<PackageId> = some.iter().copied().collect();
    while let Some(package) = todo.pop() {
        for by in from.get(&package).into_iter().flatten() {
            if reached.insert(*by) {
                todo.push(*by);
            }
        }
    }
    reached
}

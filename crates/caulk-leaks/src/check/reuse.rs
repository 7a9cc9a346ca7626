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
use std::path::{Path, PathBuf};

use caulk_flow::{CallFacts, Calls, Frequencies};
use caulk_program::{FuncId, Inventory, Known, PackageId, Program};
use caulk_system::{Changes, Files};
use serde::{Deserialize, Serialize};

use crate::check::unit::Unit;
use crate::check::{in_pool, look_at, read, report, whole};
use crate::finding::Analysis;
use crate::inference::field_uses::FieldUses;
use crate::module::{ImplementersAsked, Module, implementers};
use crate::options::Options;

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
        let known = inventories.into_iter().zip(before.findings);
        let mut check = Again {
            options,
            changed,
            known: known.collect(),
            checked: Vec::new(),
            reused: Reused::default(),
        };
        check.builds(builds, None);
        let mut kept = Kept::default();
        let mut parts = Vec::new();
        // The last build is done first.
        for (program, findings) in builds.iter().zip(check.checked.into_iter().rev()) {
            let of_package = |package| findings.units.get(package).cloned();
            let units = program.check_packages().iter().filter_map(of_package);
            parts.push((*program, units.collect()));
            kept.builds.push(Build {
                inventory: program.inventory(),
                findings,
            });
        }
        (whole(parts, options), kept, check.reused)
    })
}

/// A check with what an earlier one knows.
struct Again<'o> {
    options: &'o Options,
    changed: BTreeSet<PathBuf>,
    known: Vec<(Inventory, Findings)>,
    checked: Vec<Findings>,
    reused: Reused,
}

/// A build that was checked, for those after it.
struct Earlier<'m> {
    module: &'m Module<'m>,
    /// The packages of each build, the nearest first, that the edit can reach; none where all of them were checked anew.
    reached: Option<Vec<BTreeSet<PackageId>>>,
    /// The folders, those apart that the edit is in, with files that these builds have and had not, or had and have not.
    moved: BTreeSet<PathBuf>,
}

impl Earlier<'_> {
    /// The folders of the packages that the edit can reach in these builds.
    fn reached_folders(&self) -> Option<BTreeSet<PathBuf>> {
        let builds = self.module.builds().zip(self.reached.as_ref()?);
        let folders = builds.flat_map(|(module, reached)| {
            let folders = reached
                .iter()
                .filter_map(|id| module.program.folder_of(*id));
            folders.map(Path::to_owned)
        });
        Some(folders.collect())
    }
}

impl Again<'_> {
    /// Checks builds one after the other, each with those before it at hand.
    fn builds(&mut self, builds: &[&Program], before: Option<&Earlier<'_>>) {
        let [program, further @ ..] = builds else {
            return;
        };
        let calls_before = before
            .map(|before| before.module.all_calls())
            .unwrap_or_default();
        let moved = before.map(|before| &before.moved);
        let mut known = self.known_of(program).filter(|(inventory, _)| {
            moved.is_none_or(|moved| inventory.packages_in(moved).is_empty())
        });
        let dirty = before.map(Earlier::reached_folders);
        if dirty == Some(None) {
            known = None;
        }
        let dirty = dirty.flatten().unwrap_or_default();
        let is_known = known.is_some();
        let (inventory, before_edit) = known.unwrap_or_default();
        let edited = Edited::of(program, &inventory, &self.changed);
        let knows_facts = |package: PackageId| edited.knows_facts(&inventory, package);
        let bodies = before_edit.calls.bodies();
        let files: BTreeSet<PathBuf> = before_edit.calls.files().cloned().collect();
        let (calls, mut notes) = read(
            program,
            self.options,
            before_edit.calls,
            &knows_facts,
            &calls_before,
        );
        let all_calls: Vec<&Calls> = std::iter::once(&calls).chain(calls_before).collect();

        // Where the tree answers otherwise than before, whoever asked is as good as edited, and so is what the builds
        // before say something else of.
        let mut sources = edited.sources.clone();
        sources.extend(inventory.packages_in(&dirty));
        let bodies_now = calls.facts().bodies();
        let is_other = |package: &&PackageId| bodies.get(package) != bodies_now.get(package);
        sources.extend(bodies.keys().chain(bodies_now.keys()).filter(is_other));
        let reached_before = before
            .and_then(|before| before.reached.as_deref())
            .unwrap_or_default();
        let is_reached = |(build, method): &(usize, FuncId)| {
            let reached = build
                .checked_sub(1)
                .and_then(|build| reached_before.get(build));
            reached.is_some_and(|reached| reached.contains(&method.package))
        };
        let answers_same = |asked: &ImplementersAsked| {
            let mut asked = asked.iter();
            asked.all(|((key, name), found)| {
                implementers(&all_calls, key, name) == *found && !found.iter().any(is_reached)
            })
        };
        let asked = before_edit.implementers.iter();
        sources.extend(
            asked
                .filter(|(_, asked)| !answers_same(asked))
                .map(|(package, _)| *package),
        );
        let through_interfaces = before_edit
            .implementers
            .iter()
            .flat_map(|(package, asked)| {
                let methods = asked.values().flatten().filter(|(build, _)| *build == 0);
                methods.map(|(_, method)| (*package, method.package))
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
        let mut units = before_edit.units;
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

        let options = self.options;
        let module_before = before.map(|before| before.module);
        let mut uses = before_edit.uses;
        uses.retain(|package, _| knows_facts(*package));
        uses.extend(
            std::mem::take(&mut notes.uses)
                .into_iter()
                .filter(|(package, _)| !knows_facts(*package)),
        );
        let module = Module::of(program, options.catalogue(), &calls, module_before, notes);
        module.know_field_uses(uses.values().cloned());
        units.retain(|_, unit| {
            let mut fields = unit.fields.iter();
            fields.all(|((ty, field), uses)| module.use_of_field(ty, field).as_ref() == Some(uses))
        });
        let to_report = new(&units);
        let looked = look_at(&module, &to_report);
        self.reused.packages += program.check_packages().len() - to_report.len();
        self.reused.of += program.check_packages().len();
        units.extend(report(&module, &calls, options, &to_report, looked));
        module.rest();
        let reached = is_known.then(|| {
            std::iter::once(reaching)
                .chain(reached_before.iter().cloned())
                .collect()
        });
        let files_now: BTreeSet<PathBuf> = calls.facts().files().cloned().collect();
        let mut moved = folders_of_others(&files, &files_now);
        moved.retain(|folder| !self.changed.contains(folder));
        moved.extend(
            before
                .iter()
                .flat_map(|before| before.moved.iter().cloned()),
        );
        let done = Earlier {
            module: &module,
            reached,
            moved,
        };
        self.builds(further, Some(&done));

        let asked = module.take_asked();
        for package in &to_report {
            if let Some(unit) = units.get_mut(package) {
                unit.frequencies = often(package).clone();
                unit.fields = asked.fields.get(package).cloned().unwrap_or_default();
            }
        }
        units.retain(|package, _| program.check_packages().contains(package));
        let mut implementers = before_edit.implementers;
        implementers.retain(|package, _| !sources.contains(package));
        for (package, asked) in asked.implementers {
            implementers.entry(package).or_default().extend(asked);
        }
        drop(module);
        self.checked.push(Findings {
            calls: calls.into_facts(),
            uses,
            implementers,
            units,
        });
    }

    /// What is known of a build.
    fn known_of(&mut self, program: &Program) -> Option<(Inventory, Findings)> {
        let platform = &program.options().platform;
        let mut known = self.known.iter();
        let same = known
            .position(|(inventory, _)| inventory.platform == *platform)
            .filter(|_| program.knows_inventory())?;
        Some(self.known.swap_remove(same))
    }
}

/// The folders of the files that are in one set alone.
fn folders_of_others(one: &BTreeSet<PathBuf>, other: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let files = one.symmetric_difference(other);
    files
        .filter_map(|file| file.parent())
        .map(Path::to_owned)
        .collect()
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

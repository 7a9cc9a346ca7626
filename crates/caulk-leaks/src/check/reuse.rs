//! A check after an edit: only bodies that the edit can matter to are followed again.
//!
//! What is said of a package hangs on three things:
//!
//! - its own source, and what others declare that were reached from it: by an import, and by those of that one. Nothing
//!   else leads from one package to another, but
//! - what the whole tree says where it is asked: who implements a method of an interface (which leads to those packages),
//!   which functions belong to the project, how often functions run, how fields are used. Each such answer is kept with
//!   who asked;
//! - the bodies of functions that were looked at for it, and those that were looked at for these ([`crate::looks`]);
//! - the catalogue, the settings, and what imports lead to. These are not looked at here: where they differ, nothing is
//!   kept.
//!
//! What the tree says is put together anew each time from facts of its bodies. These hang on less, the body and the
//! declarations of what its package imports, so that after an edit of a function's body all others are known.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use caulk_flow::{CallFacts, Calls, Frequencies, package_of};
use caulk_program::{BodyOwner, Changed, Inventory, Known, PackageId, Program};
use caulk_system::{Changes, Files};
use serde::{Deserialize, Serialize};

use crate::answers::Answers;
use crate::check::edited::{Edited, Graph, Reached, calling_by_habit, differing};
use crate::check::unit::Unit;
use crate::check::{follow, in_pool, not_followed, read, whole};
use crate::finding::Analysis;
use crate::inference::habit::Habits;
use crate::inference::noted::UsesByFile;
use crate::looks::Look;
use crate::module::{ImplementersAsked, Module};
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
pub(super) struct Findings {
    calls: CallFacts,
    uses: UsesByFile,
    /// What packages asked about methods of interfaces.
    pub implementers: BTreeMap<PackageId, ImplementersAsked>,
    pub looks: BTreeSet<Look>,
    /// Not written down: they are many.
    #[serde(skip)]
    answers: Answers,
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
    /// What is another after some changes; none where nothing that is kept may hold.
    pub fn changed(&self, files: &dyn Files, changes: &Changes) -> Option<Changed> {
        let builds: Vec<&Inventory> = self.builds.iter().map(|build| &build.inventory).collect();
        caulk_program::changed(files, &builds, changes)
    }

    /// Parts it into what a program is loaded with, where something has changed, and the rest.
    pub fn after(self, changed: Changed) -> (Known, Before) {
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
        let known: Vec<_> = inventories.into_iter().zip(before.findings).collect();
        let mut check = Again {
            options,
            changed,
            known: known.into_iter(),
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

impl Findings {
    /// Follows again what the edit can reach, and says which packages that is in.
    fn follow(
        &mut self,
        module: &Module<'_>,
        calls: &Calls,
        options: &Options,
        inventory: &Inventory,
        edited: &BTreeSet<PackageId>,
        reached: &Reached,
    ) -> BTreeSet<PackageId> {
        let program = module.program;
        let frequencies = calls.frequencies();
        let none = Frequencies::new();
        let often = |package: &PackageId| frequencies.get(package).unwrap_or(&none);
        let fields_same = |unit: &Unit| {
            let mut fields = unit.fields.iter();
            let mut channels = unit.channels.iter();
            fields.all(|((ty, field), uses)| module.use_of_field(ty, field).as_ref() == Some(uses))
                && channels.all(|(places, uses)| module.use_of_channel(places) == Some(*uses))
        };
        let check: BTreeSet<PackageId> = program.check_packages().iter().copied().collect();
        self.units.retain(|package, unit| {
            check.contains(package)
                && inventory.has(*package)
                && !reached.packages.contains(package)
                && fields_same(unit)
        });
        let is_new = |package: &&PackageId| !self.units.contains_key(*package);
        let new: Vec<PackageId> = check.iter().filter(is_new).copied().collect();
        let (mut units, mut to_follow) = not_followed(module, &new);
        let mut again: BTreeSet<PackageId> = new.into_iter().collect();
        for (package, unit) in &mut units {
            unit.frequencies.clone_from(often(package));
        }

        let mut bodies_of: BTreeMap<PackageId, BTreeSet<BodyOwner>> = BTreeMap::new();
        for body in &reached.bodies {
            bodies_of.entry(package_of(body)).or_default().insert(*body);
        }
        for (package, unit) in &mut self.units {
            let mut bodies = bodies_of.remove(package).unwrap_or_default();
            // How often an idle body runs does not matter.
            let others = differing(&unit.frequencies, often(package));
            bodies.extend(others.iter().filter(|body| unit.parts.contains_key(body)));
            unit.frequencies.clone_from(often(package));
            let is_edited = edited.contains(package);
            if bodies.is_empty() && !is_edited {
                continue;
            }
            again.insert(*package);
            let followed = crate::check::bodies(module, *package);
            if is_edited {
                unit.renew(Unit::of(program, *package, &followed));
            }
            unit.parts.retain(|body, _| !bodies.contains(body));
            to_follow.extend(followed.iter().filter(|body| bodies.contains(body)));
        }
        self.units.append(&mut units);
        for (body, part) in follow(module, calls, options, to_follow) {
            let unit = self.units.entry(package_of(&body)).or_default();
            unit.parts.insert(body, part);
        }
        again
    }
}

/// A check with what an earlier one knows.
struct Again<'o> {
    options: &'o Options,
    changed: Changed,
    known: std::vec::IntoIter<(Inventory, Findings)>,
    checked: Vec<Findings>,
    reused: Reused,
}

/// A build that was checked, for those after it.
struct Earlier<'m> {
    module: &'m Module<'m>,
    /// What the edit can reach in each build, the nearest first; none where all of it was checked anew.
    reached: Option<Vec<Reached>>,
    /// The folders, those apart that the edit is in, with files that these builds have and had not, or had and have not.
    moved: BTreeSet<PathBuf>,
}

impl Earlier<'_> {
    /// The folders of the packages that the edit can reach as a whole in these builds.
    fn reached_folders(&self) -> Option<BTreeSet<PathBuf>> {
        let builds = self.module.builds().zip(self.reached.as_ref()?);
        let folders = builds.flat_map(|(module, reached)| {
            let folders = reached
                .packages
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
        let (inventory, mut kept) = known.unwrap_or_default();
        let edited = Edited::of(program, &inventory, &self.changed);
        let knows_facts = |package: PackageId| edited.knows_facts(&inventory, package);
        let (options, changed) = (self.options, &self.changed);

        let graph = Graph::of(&kept.calls);
        let mut known_calls = std::mem::take(&mut kept.calls);
        known_calls.keep(&knows_facts, &edited.bodies);
        let touched: BTreeSet<PackageId> = edited.bodies.iter().map(package_of).collect();
        let is_whole = |package: PackageId| knows_facts(package) && !touched.contains(&package);
        let (calls, mut notes) = read(program, options, known_calls, &is_whole, &calls_before);
        let graph_now = match is_known {
            true => Graph::of(calls.facts()),
            false => Graph::default(),
        };

        let habits = Habits::of_uses(kept.uses.values());
        let knows_uses = |package: PackageId, file: &PathBuf| {
            knows_facts(package) && !changed.files.contains(file)
        };
        kept.uses
            .retain(|(package, file), _| knows_uses(*package, file));
        let uses_now = std::mem::take(&mut notes.uses);
        let is_new = |((package, file), _): &((PackageId, PathBuf), _)| !knows_uses(*package, file);
        kept.uses.extend(uses_now.into_iter().filter(is_new));
        let module_before = before.map(|before| before.module);
        let mut module = Module::of(program, options.catalogue(), &calls, module_before, notes);
        module.know_field_uses(kept.uses.values().cloned());

        let reached_before = before
            .and_then(|before| before.reached.as_deref())
            .unwrap_or_default();
        let mut others = BTreeSet::new();
        let mut reached = Reached::default();
        // Where nothing is taken over there is nothing that an edit could reach.
        if is_known {
            others.clone_from(&edited.declarations);
            others.extend(inventory.packages_in(&dirty));
            others.extend(graph.differing(&graph_now));
            others.extend(kept.answered_otherwise(&module, reached_before));
            let mut bodies = edited.bodies.clone();
            bodies.extend(calling_by_habit(&module, &inventory, &habits));
            bodies.extend(kept.looking_back(reached_before));
            reached = kept.reached(&inventory, &others, &bodies);
        }

        let holds = |body: &BodyOwner| {
            !reached.packages.contains(&package_of(body)) && !reached.bodies.contains(body)
        };
        kept.looks.retain(|look| holds(&look.by));
        let mut answers = std::mem::take(&mut kept.answers);
        answers.retain(holds);
        module.know_answers(answers);

        let again = kept.follow(
            &module,
            &calls,
            options,
            &inventory,
            &edited.sources,
            &reached,
        );
        self.reused.packages += program.check_packages().len() - again.len();
        self.reused.of += program.check_packages().len();
        drop(module.rest());

        let mut moved = graph.folders_of_others(&graph_now);
        moved.retain(|folder| !changed.folders.contains(folder));
        moved.extend(
            before
                .iter()
                .flat_map(|before| before.moved.iter().cloned()),
        );
        let done = Earlier {
            module: &module,
            reached: is_known.then(|| {
                std::iter::once(reached)
                    .chain(reached_before.iter().cloned())
                    .collect()
            }),
            moved,
        };
        self.builds(further, Some(&done));

        let mut asked = module.take_asked();
        for package in &again {
            if let Some(unit) = kept.units.get_mut(package) {
                let fields = asked.fields.remove(package);
                unit.fields.extend(fields.unwrap_or_default());
                let channels = asked.channels.remove(package);
                unit.channels.extend(channels.unwrap_or_default());
            }
        }
        kept.implementers
            .retain(|package, _| !others.contains(package));
        for (package, asked) in asked.implementers {
            let of_package = kept.implementers.entry(package).or_default();
            of_package.extend(asked);
        }
        kept.looks.extend(module.take_looks());
        kept.answers = module.take_answers();
        drop(module);
        kept.calls = calls.into_facts();
        self.checked.push(kept);
    }

    /// What is known of the next build.
    fn known_of(&mut self, program: &Program) -> Option<(Inventory, Findings)> {
        let known = self.known.next()?;
        let is_same = known.0.platform == program.options().platform;
        (is_same && program.knows_inventory()).then_some(known)
    }
}

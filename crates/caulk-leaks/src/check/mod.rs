//! The whole check: every acquisition of the packages that were asked for, in order.

mod edited;
pub(crate) mod reuse;
pub(crate) mod unit;

use std::collections::BTreeMap;

use caulk_flow::{CallFacts, Calls, Frequency, file_of};
use caulk_program::{BodyOwner, PackageId, Program, TypedBody};
use rayon::prelude::*;

use crate::body::Function;
use crate::check::unit::{Part, Unit};
use crate::finding::{Analysis, Confidence, Heat, Outcome, Problem, Severity};
use crate::goroutines::found::Goroutines;
use crate::inference::noted::{Notes, Taking};
use crate::module::Module;
use crate::options::Options;
use crate::publish::described::Described;
use crate::publish::suppress::Silencer;

/// Stack of a worker: a summary asks for the summaries of what it calls, as deep as the program does.
const STACK_BYTES: usize = 256 << 20;

/// Checks the packages of a program. Never fails; the same program gives the same answer.
pub fn check(program: &Program, options: &Options) -> Analysis {
    check_builds(&[program], options)
}

/// Checks several builds of one tree, each asked for files of its own, as if they were one.
pub fn check_builds(builds: &[&Program], options: &Options) -> Analysis {
    in_pool(options, || {
        let mut parts = Vec::new();
        in_turn(builds, None, options, &mut |program, module, calls| {
            let units = units(module, calls, options, program.check_packages());
            parts.push((program, units));
        });
        whole(parts, options)
    })
}

/// Reads builds one after the other, each with those before it at hand, and follows in each what is asked for.
pub(crate) fn in_turn<'p>(
    builds: &[&'p Program],
    before: Option<&Module<'_>>,
    options: &Options,
    follow: &mut dyn FnMut(&'p Program, &Module<'_>, &Calls),
) {
    let [program, further @ ..] = builds else {
        return;
    };
    let calls_before = before.map(Module::all_calls).unwrap_or_default();
    let known = CallFacts::default();
    let (mut calls, mut notes) = read(program, options, known, &|_| false, &calls_before);
    calls.forget_facts();
    let uses = std::mem::take(&mut notes.uses);
    let module = Module::of(program, options.catalogue(), &calls, before, notes);
    module.know_field_uses(uses.into_values());
    follow(program, &module, &calls);
    let rest = module.rest();
    rayon::in_place_scope(|scope| {
        // It is taken apart beside what comes next. A thread that is alone would only do so in the end.
        match rayon::current_num_threads() {
            1 => drop(rest),
            _ => scope.spawn(|_| drop(rest)),
        }
        in_turn(further, Some(&module), options, follow);
    });
}

/// Reads the bodies of a build of which nothing is known, as [`Calls::with`] does, and notes what matters of each.
pub(crate) fn read(
    program: &Program,
    options: &Options,
    known: CallFacts,
    is_known: &(dyn Fn(PackageId) -> bool + Sync),
    before: &[&Calls],
) -> (Calls, Notes) {
    let taking = Taking::of(program, options.catalogue());
    let note = |body: &TypedBody| taking.note(body);
    let calls = Calls::with(program, known, is_known, before, &note);
    (calls, taking.finish())
}

/// The answer for a tree from those for the packages of its builds.
pub(crate) fn whole(builds: Vec<(&Program, Vec<Unit>)>, options: &Options) -> Analysis {
    let mut silencers = Vec::new();
    let mut parts = builds.into_iter().map(|(program, units)| {
        let mut part = Analysis {
            problems: program
                .problems()
                .iter()
                .map(|found| problem(program, found))
                .collect(),
            ..Analysis::default()
        };
        for unit in units {
            silencers.extend(unit.add_to(&mut part));
        }
        part
    });
    let mut analysis = parts.next().unwrap_or_default();
    for part in parts {
        analysis.add(part);
    }
    finish(silencers, options, &mut analysis);
    analysis
}

/// Runs on threads with stacks that are deep enough.
pub(crate) fn in_pool<T: Send>(options: &Options, run: impl FnOnce() -> T + Send) -> T {
    match rayon::ThreadPoolBuilder::new()
        .stack_size(STACK_BYTES)
        .num_threads(options.threads.unwrap_or(0))
        .build()
    {
        Ok(pool) => pool.install(run),
        Err(_) => run(),
    }
}

/// What was found in each of some packages, in order.
pub(crate) fn units(
    module: &Module<'_>,
    calls: &Calls,
    options: &Options,
    packages: &[PackageId],
) -> Vec<Unit> {
    let (mut units, bodies) = not_followed(module, packages);
    for (owner, part) in follow(module, calls, options, bodies) {
        let unit = units.entry(caulk_flow::package_of(&owner)).or_default();
        unit.parts.insert(owner, part);
    }
    packages
        .iter()
        .map(|package| units.remove(package).unwrap_or_default())
        .collect()
}

/// What can be said of some packages before their bodies are followed, and these bodies.
pub(crate) fn not_followed(
    module: &Module<'_>,
    packages: &[PackageId],
) -> (BTreeMap<PackageId, Unit>, Vec<BodyOwner>) {
    let found: Vec<((PackageId, Unit), Vec<BodyOwner>)> = packages
        .par_iter()
        .map(|package| {
            let bodies = bodies(module, *package);
            let unit = Unit::of(module.program, *package, &bodies);
            ((*package, unit), bodies)
        })
        .collect();
    let (units, bodies): (BTreeMap<_, _>, Vec<_>) = found.into_iter().unzip();
    (units, bodies.into_iter().flatten().collect())
}

/// The bodies of a package that were asked for, and that no build before this one follows.
pub(crate) fn bodies(module: &Module<'_>, package: PackageId) -> Vec<BodyOwner> {
    let program = module.program;
    let is_asked_for = |owner: &BodyOwner| {
        let file = file_of(program, *owner);
        module.has_body(*owner) && file.is_some_and(|file| program.is_asked_for(file))
    };
    let mut bodies = program.owners(package);
    bodies.retain(is_asked_for);
    bodies
}

/// What becomes of every acquisition of some bodies; none of those is named that are idle. All of them are looked at before
/// anything is reported.
pub(crate) fn follow(
    module: &Module<'_>,
    calls: &Calls,
    options: &Options,
    bodies: Vec<BodyOwner>,
) -> Vec<(BodyOwner, Part)> {
    let looked: Vec<(BodyOwner, Goroutines)> = bodies
        .into_par_iter()
        .filter_map(|owner| {
            let goroutines = module.at(owner, || {
                let is_idle = module.is_idle(owner) && !module.is_in_circle(owner);
                (!is_idle).then(|| look(module, owner))
            });
            Some((owner, goroutines?))
        })
        .collect();
    looked
        .into_par_iter()
        .map(|(owner, goroutines)| {
            let check = || check_body(module, calls, options, owner, goroutines);
            (owner, module.at(owner, check))
        })
        .collect()
}

/// Follows what a body acquires, which the module keeps, and finds the goroutines that stay.
fn look(module: &Module<'_>, owner: BodyOwner) -> Goroutines {
    module.acquisitions(owner);
    module
        .function(owner)
        .map(|function| Goroutines::of(module, &function))
        .unwrap_or_default()
}

fn check_body(
    module: &Module<'_>,
    calls: &Calls,
    options: &Options,
    owner: BodyOwner,
    goroutines: Goroutines,
) -> Part {
    let mut part = Part::default();
    let Some(file) = file_of(module.program, owner) else {
        return part;
    };
    let verdicts = module.acquisitions(owner);
    if verdicts.is_empty() && goroutines.is_empty() {
        return part;
    }
    let Some(function) = module.function(owner) else {
        return part;
    };
    for (site, verdict) in verdicts.iter() {
        let heat = heat(module, calls, &function, site.root);
        let failing = calls.failing(owner, site.root);
        let described = Described::new(module, &function, file, site, verdict, heat, failing);
        if let Some(forgotten) = described.forgotten_field() {
            let wanted = options.wants(forgotten.rule, site.contract.preview);
            part.acquisitions
                .push(described.acquisition(Outcome::Owed(forgotten.path.clone())));
            part.findings
                .extend(wanted.then(|| described.forgotten(forgotten)));
            continue;
        }
        let wanted = options.wants(site.contract.rule, site.contract.preview);
        let left = |sent| crate::goroutines::blocked::left_in_channel(module, &function, sent);
        let lost = described
            .replaced_field()
            .or_else(|| described.field_left_filled())
            .or_else(|| described.skipped_field())
            .or_else(|| described.left_in_channel(&left));
        if let Some(lost) = lost {
            part.acquisitions
                .push(described.acquisition(Outcome::Owed(lost.path.clone())));
            part.findings
                .extend(wanted.then(|| described.lost_field(lost)));
            continue;
        }
        let outcome = described.outcome();
        let in_loop = described.defer_in_loop();
        if let Outcome::Owed(path) = &outcome
            && wanted
            && in_loop.is_none()
        {
            part.findings.push(described.finding(path.clone()));
        }
        if options.wants("release-before-error-check", false)
            && let Some(finding) = described.early_release()
        {
            part.findings.push(finding);
        }
        part.findings
            .extend(in_loop.filter(|_| options.wants("defer-in-loop", false)));
        part.acquisitions.push(described.acquisition(outcome));
    }
    let heat = |root| heat(module, calls, &function, root);
    let failing = |root| calls.failing(owner, root);
    for (acquisition, finding) in goroutines.described(module, &function, file, &heat, &failing) {
        part.acquisitions.push(acquisition);
        if options.wants(finding.rule, false) {
            part.findings.push(finding);
        }
    }
    part
}

/// How often a function or a literal in it is likely to run.
pub(crate) fn heat(
    module: &Module<'_>,
    calls: &Calls,
    function: &Function,
    root: crate::body::Root,
) -> Heat {
    if crate::in_test::is_in_test(module, function) {
        return Heat::Test;
    }
    let frequency = match root {
        Some(literal) => calls.literal_frequency(function.typed.owner, literal),
        None => function
            .id()
            .map_or(Frequency::Once, |id| calls.frequency(id)),
    };
    match frequency {
        Frequency::Test => Heat::Test,
        Frequency::Once => Heat::Once,
        Frequency::Unknown => Heat::Unknown,
        Frequency::Repeated => Heat::Repeated,
        Frequency::Request => Heat::Request,
    }
}

/// Sorts, tells equal findings apart, and silences.
fn finish(silencers: Vec<(String, Vec<Silencer>)>, options: &Options, analysis: &mut Analysis) {
    analysis.coverage.acquisitions = analysis.acquisitions.len();
    analysis.coverage.decided = analysis
        .acquisitions
        .iter()
        .filter(|acquisition| !matches!(acquisition.outcome, Outcome::Unknown { .. }))
        .count();
    analysis.sort_by_place();
    // A goroutine that several callers leave behind is one, for the surest reason, and so is a process that one of several commands is
    // started as.
    analysis.findings.dedup_by(|later, first| {
        let is_begun = later.resource.acquired_by == "go" || later.begun.is_some();
        let same = is_begun && (later.rule, &later.location) == (first.rule, &first.location);
        if same && later.confidence == Confidence::Certain && first.confidence != later.confidence {
            std::mem::swap(later, first);
        }
        same
    });
    // Before any is silenced: a comment must not give the others a new name.
    let mut ordinals: BTreeMap<String, u32> = BTreeMap::new();
    for finding in &mut analysis.findings {
        let ordinal = ordinals.entry(finding.identity.clone()).or_default();
        *ordinal += 1;
        finding.fingerprint = crate::publish::fingerprint::of(&finding.identity, *ordinal);
        // Of what is only likely one in four was wrong in code that nobody had looked at: it is not shown unasked.
        if finding.confidence == Confidence::Likely {
            finding.severity = Severity::Low;
            let likely = || "it is only likely".to_owned();
            finding.low_because.get_or_insert_with(likely);
        }
    }
    crate::publish::suppress::silence(silencers, options, analysis);
    analysis.problems.sort();
}

fn problem(program: &Program, problem: &caulk_program::Problem) -> Problem {
    let mut place = problem
        .file
        .as_ref()
        .map(|file| program.relative(file).to_string_lossy().replace('\\', "/"))
        .unwrap_or_default();
    if let Some(line) = problem.line {
        place.push_str(&format!(":{line}"));
    }
    Problem {
        kind: problem.kind.name().to_owned(),
        what: problem.what.clone(),
        place,
    }
}

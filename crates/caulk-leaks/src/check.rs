//! The whole check: every acquisition of the packages that were asked for, in order.

use std::collections::BTreeMap;
use std::sync::Arc;

use caulk_flow::{Calls, Frequency};
use caulk_program::{BodyOwner, Program, SourceFile};
use rayon::prelude::*;

use crate::blocked::Blocked;
use crate::catalogue::Catalogue;
use crate::endless::Endless;
use crate::engine::Function;
use crate::finding::{
    Acquisition, Analysis, Coverage, Finding, Heat, Outcome, Problem, SettledBy, Settlement,
};
use crate::module::{Module, Reach};
use crate::report::Described;

/// Stack of a worker: a summary asks for the summaries of what it calls, as deep as the program does.
const STACK_BYTES: usize = 256 << 20;

/// What to check for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Rules in preview report too.
    pub preview: bool,
    /// Only these rules report; all where it is empty.
    pub rules: Vec<String>,
    /// How many threads work; as many as there are processors where it is not given.
    pub threads: Option<usize>,
    /// What is known of calls; the shipped catalogue where it is not given.
    pub catalogue: Option<Arc<Catalogue>>,
}

impl Options {
    pub(crate) fn catalogue(&self) -> &Catalogue {
        match &self.catalogue {
            Some(catalogue) => catalogue,
            None => Catalogue::shipped(),
        }
    }
}

/// Checks the packages of a program. Never fails; the same program gives the same answer.
pub fn check(program: &Program, options: &Options) -> Analysis {
    check_builds(&[program], options)
}

/// Checks several builds of one tree, each asked for files of its own, as if they were one.
pub fn check_builds(builds: &[&Program], options: &Options) -> Analysis {
    in_pool(options, || {
        let mut parts = builds.iter().map(|program| {
            let calls = Calls::of(program);
            let module = Module::of(program, options.catalogue(), &calls);
            analysis(&module, &calls, options)
        });
        let mut whole = parts.next().unwrap_or_default();
        for part in parts {
            whole.add(part);
        }
        finish(builds, options, &mut whole);
        whole
    })
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

/// What one body gives.
#[derive(Default)]
struct Part {
    acquisitions: Vec<Acquisition>,
    findings: Vec<Finding>,
}

/// What becomes of every acquisition that was asked for.
pub(crate) fn analysis(module: &Module<'_>, calls: &Calls, options: &Options) -> Analysis {
    let program = module.program;
    let looked: Vec<(BodyOwner, Goroutines)> = module
        .look_at_bodies(|owner| {
            let is_asked_for =
                file_of(program, owner).is_some_and(|file| program.is_asked_for(file));
            is_asked_for.then(|| look(module, owner))
        })
        .into_iter()
        .filter_map(|(owner, goroutines)| Some((owner, goroutines?)))
        .collect();
    let mut analysis = Analysis {
        coverage: coverage(program, looked.iter().map(|(owner, _)| *owner)),
        ..Analysis::default()
    };
    let parts: Vec<Part> = looked
        .into_par_iter()
        .map(|(owner, goroutines)| check_body(module, calls, options, owner, goroutines))
        .collect();
    for part in parts {
        analysis.acquisitions.extend(part.acquisitions);
        analysis.findings.extend(part.findings);
    }
    analysis.coverage.acquisitions = analysis.acquisitions.len();
    analysis.coverage.decided = analysis
        .acquisitions
        .iter()
        .filter(|acquisition| !matches!(acquisition.outcome, Outcome::Unknown { .. }))
        .count();
    analysis.problems = program.problems().iter().map(problem).collect();
    analysis.problems.extend(idle_directives(program));
    analysis
}

fn coverage(program: &Program, owners: impl Iterator<Item = BodyOwner>) -> Coverage {
    let files = program
        .check_packages()
        .iter()
        .flat_map(|package| program.package(*package).files())
        .filter(|file| program.is_asked_for(file))
        .count();
    let functions = owners
        .filter(|owner| matches!(owner, BodyOwner::Func(_)))
        .count();
    Coverage {
        files,
        functions,
        ..Coverage::default()
    }
}

pub(crate) fn file_of(program: &Program, owner: BodyOwner) -> Option<&SourceFile> {
    match owner {
        BodyOwner::Func(id) => program.file_of(id).map(|file| &**file),
        BodyOwner::Initializer(package, index) => {
            let package = program.package(package);
            let initializer = package.initializers().get(index as usize)?;
            package
                .files()
                .get(initializer.file as usize)
                .map(|file| &**file)
        }
    }
}

/// The goroutines of a body that stay for ever.
#[derive(Default)]
struct Goroutines {
    blocked: Vec<Blocked>,
    endless: Vec<Endless>,
}

/// Follows what a body acquires, which the module keeps, and finds the goroutines that stay.
fn look(module: &Module<'_>, owner: BodyOwner) -> Goroutines {
    module.verdicts(owner, Reach::FULL);
    module
        .function(owner)
        .map(|function| Goroutines {
            blocked: crate::blocked::goroutines(module, &function),
            endless: crate::endless::goroutines(module, &function),
        })
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
    let verdicts = module.verdicts(owner, Reach::FULL);
    let Goroutines { blocked, endless } = goroutines;
    if verdicts.is_empty() && blocked.is_empty() && endless.is_empty() {
        return part;
    }
    let Some(function) = module.function(owner) else {
        return part;
    };
    for (site, verdict) in verdicts.iter() {
        let heat = heat(calls, file, &function, site.root);
        let described = Described::new(module, &function, file, site, verdict, heat);
        if let Some(forgotten) = described.forgotten_field() {
            let wanted = wants(options, forgotten.rule, site.contract.preview);
            part.acquisitions
                .push(described.acquisition(Outcome::Owed(forgotten.path.clone())));
            part.findings
                .extend(wanted.then(|| described.forgotten(forgotten)));
            continue;
        }
        let outcome = described.outcome();
        let wanted = wants(options, site.contract.rule, site.contract.preview);
        let in_loop = described.defer_in_loop();
        if let Outcome::Owed(path) = &outcome
            && wanted
            && in_loop.is_none()
        {
            part.findings.push(described.finding(path.clone()));
        }
        if wants(options, "release-before-error-check", false)
            && let Some(finding) = described.early_release()
        {
            part.findings.push(finding);
        }
        part.findings
            .extend(in_loop.filter(|_| wants(options, "defer-in-loop", false)));
        part.acquisitions.push(described.acquisition(outcome));
    }
    let mut add = |(acquisition, finding): (Acquisition, Finding)| {
        part.acquisitions.push(acquisition);
        if wants(options, finding.rule, false) {
            part.findings.push(finding);
        }
    };
    for goroutine in blocked {
        let heat = heat(calls, file, &function, goroutine.root);
        add(crate::blocked::described(
            module, &function, file, &goroutine, heat,
        ));
    }
    for goroutine in endless {
        let heat = heat(calls, file, &function, goroutine.root);
        if goroutine.is_left_behind(heat)
            && let Some(described) = crate::endless::described(module, &function, &goroutine, heat)
        {
            add(described);
        }
    }
    part
}

pub(crate) fn wants(options: &Options, rule: &str, preview: bool) -> bool {
    let preview = preview || crate::rules::rule(rule).is_some_and(|rule| rule.preview);
    if options.rules.is_empty() {
        options.preview || !preview
    } else {
        options.rules.iter().any(|name| name == rule)
    }
}

/// How often a function or a literal in it is likely to run.
pub(crate) fn heat(
    calls: &Calls,
    file: &SourceFile,
    function: &Function,
    root: crate::engine::Root,
) -> Heat {
    if file.is_test() {
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
pub(crate) fn finish(builds: &[&Program], options: &Options, analysis: &mut Analysis) {
    analysis.sort_by_place();
    // Before any is silenced: a comment must not give the others a new name.
    let mut ordinals: BTreeMap<String, u32> = BTreeMap::new();
    for finding in &mut analysis.findings {
        let ordinal = ordinals.entry(finding.identity.clone()).or_default();
        *ordinal += 1;
        finding.fingerprint = crate::fingerprint::of(&finding.identity, *ordinal);
    }
    crate::suppress::silence(builds, options, analysis);
    analysis.problems.sort();
}

/// Directives that name no parameter.
fn idle_directives(program: &Program) -> Vec<Problem> {
    let mut problems = Vec::new();
    for package in program.check_packages() {
        for func in program.package(*package).funcs() {
            let Some(id) = func.reference.id else {
                continue;
            };
            for directive in crate::directive::directives(program, id) {
                if !crate::directive::names_a_parameter(program, id, &directive.name)
                    && let Some(file) = program.file_of(id)
                {
                    let path = program.relative(&file.path).to_string_lossy();
                    problems.push(Problem {
                        kind: "unknown-parameter".to_owned(),
                        what: format!("{} has no parameter {}", func.name, directive.name),
                        place: format!("{}:{}", path.replace('\\', "/"), directive.line),
                    });
                }
            }
        }
    }
    problems
}

fn problem(problem: &caulk_program::Problem) -> Problem {
    let mut place = problem
        .file
        .as_ref()
        .map(|file| file.to_string_lossy().replace('\\', "/"))
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

/// A settlement that no statement stands for.
pub(crate) fn settled_without_place(how: SettledBy) -> Outcome {
    Outcome::Settled(Settlement { how, at: None })
}

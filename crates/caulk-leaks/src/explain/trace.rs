//! Why a place is reported, or why not: what became of every acquisition on a line, step by step.

use caulk_flow::{Calls, file_of};
use caulk_program::{BodyOwner, Callee, PackageId, Program};
use caulk_syntax::Span;

use crate::check::{heat, in_pool, in_turn, units, whole};
use crate::contract::Contract;
use crate::explain::belief::{Belief, Subject, believe};
use crate::finding::{Acquisition, Finding, Location, Step};
use crate::module::Module;
use crate::options::Options;
use crate::place::{location, text};
use crate::publish::described::Described;

/// What is known of the calls on a line.
#[derive(Debug, Clone, Default)]
pub struct LineExplained {
    /// The acquisitions on it.
    pub acquisitions: Vec<Traced>,
    /// Where there are none: what is believed of the functions that it calls.
    pub calls: Vec<Belief>,
}

/// An acquisition and the way to its verdict.
#[derive(Debug, Clone)]
pub struct Traced {
    /// The acquisition with its outcome.
    pub acquisition: Acquisition,
    /// What is owed and who says so; none for a goroutine.
    pub contract: Option<Contract>,
    /// What is reported of it.
    pub findings: Vec<Finding>,
    /// What happens to it, in source order, the acquisition first.
    pub trace: Vec<Step>,
}

/// Explains a line of a file of builds of one tree, as [`check_builds`](crate::check_builds) sees it. `file` is relative to the
/// folder that was checked, with `/`; `line` is 1-based.
pub fn explain_line(
    builds: &[&Program],
    options: &Options,
    file: &str,
    line: u32,
) -> LineExplained {
    in_pool(options, || {
        let mut explained = LineExplained::default();
        in_turn(builds, None, options, &mut |program, module, calls| {
            if let Some(package) = package_of(program, file) {
                explained = explain(module, calls, options, package, file, line);
            }
        });
        explained
    })
}

/// The package of a file in the build that is asked for it.
fn package_of(program: &Program, path: &str) -> Option<PackageId> {
    let holds = |package: &PackageId| {
        let files = program.package(*package).files();
        let mut asked = files.iter().filter(|file| program.is_asked_for(file));
        asked.any(|file| location(program, file, Span::default()).file == path)
    };
    let packages = program.check_packages();
    packages.iter().copied().find(holds)
}

/// The findings about an acquisition.
fn findings_of<'a>(
    findings: &'a [Finding],
    acquisition: &'a Acquisition,
) -> impl Iterator<Item = &'a Finding> {
    findings.iter().filter(|finding| {
        finding.places().contains(&&acquisition.location)
            && finding.resource == acquisition.resource
    })
}

fn explain(
    module: &Module<'_>,
    calls: &Calls,
    options: &Options,
    package: PackageId,
    file: &str,
    line: u32,
) -> LineExplained {
    let units = units(module, calls, options, &[package]);
    let analysis = whole(vec![(module.program, units)], options);
    let mut acquisitions: Vec<Acquisition> = analysis
        .acquisitions
        .into_iter()
        .filter(|acquisition| {
            let at = &acquisition.location;
            let stands_here = at.file == file && (at.line..=at.end_line).contains(&line);
            let mut findings = findings_of(&analysis.findings, acquisition);
            let is_found_here = |at: &&Location| at.file == file && at.line == line;
            stands_here || findings.any(|finding| finding.places().iter().any(is_found_here))
        })
        .collect();
    // A call over several lines holds others: those that begin here count first.
    if acquisitions.iter().any(|a| a.location.line == line) {
        acquisitions.retain(|acquisition| acquisition.location.line == line);
    }
    let mut traces = traces(module, calls, package, file);
    let explained: Vec<Traced> = acquisitions
        .into_iter()
        .map(|acquisition| {
            let findings = findings_of(&analysis.findings, &acquisition)
                .cloned()
                .collect();
            // Equal ones, of several results of one call, come in the same order in both.
            let known = traces.iter().position(|(known, ..)| *known == acquisition);
            let (contract, trace) = match known.map(|index| traces.remove(index)) {
                Some((_, contract, trace)) => (Some(contract), trace),
                None => (None, Vec::new()),
            };
            Traced {
                contract,
                trace,
                findings,
                acquisition,
            }
        })
        .collect();
    let calls = if explained.is_empty() {
        calls_on(module, package, file, line)
    } else {
        Vec::new()
    };
    LineExplained {
        acquisitions: explained,
        calls,
    }
}

type Known = (Acquisition, Contract, Vec<Step>);

/// Every acquisition of a file with its trace.
fn traces(module: &Module<'_>, calls: &Calls, package: PackageId, path: &str) -> Vec<Known> {
    let mut found = Vec::new();
    for owner in bodies_of(module, package, path) {
        let Some((file, function)) = file_of(module.program, owner).zip(module.function(owner))
        else {
            continue;
        };
        for (site, verdict) in module.acquisitions(owner).iter() {
            let heat = heat(module, calls, &function, site.root);
            let failing = calls.failing(owner, site.root);
            let described = Described::new(module, &function, file, site, verdict, heat, failing);
            found.push((
                described.acquisition(described.outcome()),
                (*site.contract).clone(),
                described.trace(),
            ));
        }
    }
    found
}

fn bodies_of(module: &Module<'_>, package: PackageId, path: &str) -> Vec<BodyOwner> {
    let program = module.program;
    let mut bodies = program.owners(package);
    bodies.retain(|owner| {
        file_of(program, *owner)
            .is_some_and(|file| location(program, file, Span::default()).file == path)
    });
    bodies
}

/// What is believed of the functions that a line calls.
fn calls_on(module: &Module<'_>, package: PackageId, path: &str, line: u32) -> Vec<Belief> {
    let mut found: Vec<Belief> = Vec::new();
    for owner in bodies_of(module, package, path) {
        let Some((file, function)) = file_of(module.program, owner).zip(module.function(owner))
        else {
            continue;
        };
        let mut calls = function.info().calls();
        calls.sort_by_key(|(call, _)| function.tree().expr(*call).span);
        for (call, callee) in calls {
            let at = file.line_column(function.tree().expr(call).span.start).line;
            if let Some(func) = callee.func().filter(|_| at == line) {
                let subject = Subject {
                    func: func.clone(),
                    types: module.program.results_of(function.info().type_of(call)),
                    of_interface: matches!(callee, Callee::Interface { .. }),
                };
                let belief = believe(module, &subject);
                if found.iter().all(|known| known.function != belief.function) {
                    found.push(belief);
                }
            }
        }
    }
    found
}

impl Described<'_, '_> {
    /// What happens to the resource, in source order.
    fn trace(&self) -> Vec<Step> {
        let outcomes = &self.verdict.outcomes;
        let call = self.function.tree().expr(self.site.call).span;
        let mut events: Vec<(Span, String)> = Vec::new();
        for release in &outcomes.releases {
            let source = text(self.file, *release);
            let note = if source.starts_with("defer") {
                "will be released when the function ends"
            } else {
                "released"
            };
            events.push((*release, note.to_owned()));
        }
        if let Some((how, at)) = outcomes.settled {
            events.push((at, how.word().to_owned()));
        }
        if let Some(at) = outcomes.returned_at {
            let note = "returned to the caller, which owes it from here on";
            events.push((at, note.to_owned()));
        }
        if let Some((why, at)) = &outcomes.unknown {
            events.push((*at, format!("not followed further: {why}")));
        }
        for lost in &outcomes.owed {
            if let Some((span, truth)) = lost.turns.first() {
                events.push((*span, format!("where {}", self.condition(*span, *truth))));
            }
            events.push((lost.span, self.exit_note(lost)));
        }
        events.sort();
        events.dedup();
        let acquired = Step {
            location: self.location(call),
            note: format!("acquired by {}", self.site.acquired_by),
        };
        let rest = events.into_iter().map(|(span, note)| Step {
            location: self.location(if span.is_empty() { call } else { span }),
            note,
        });
        std::iter::once(acquired).chain(rest).collect()
    }
}

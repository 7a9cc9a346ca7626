//! What was found in one package, and what that hangs on besides the source of the package and of those that it imports.

use std::collections::BTreeMap;

use caulk_flow::Frequencies;
use caulk_program::{BodyOwner, PackageId, Program};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::finding::{Acquisition, Analysis, Finding, Problem};
use crate::inference::field_uses::Uses;
use crate::module::ChannelsAsked;
use crate::publish::suppress::Silencer;

/// The answer for one package.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Unit {
    /// What its bodies give, but for the idle ones.
    pub parts: BTreeMap<BodyOwner, Part>,
    /// Files that were asked for.
    files: usize,
    /// Functions in them.
    functions: usize,
    /// Directives that name no parameter.
    problems: Vec<Problem>,
    /// Comments that silence, by file.
    silencers: Vec<(String, Vec<Silencer>)>,
    /// How often its functions are likely to run.
    pub frequencies: Frequencies,
    /// How the tree uses fields that keep what the package acquires, by type and field.
    pub fields: BTreeMap<(String, SmolStr), Uses>,
    /// What the tree does with channels that the package uses.
    pub channels: ChannelsAsked,
}

/// What one body gives.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Part {
    pub acquisitions: Vec<Acquisition>,
    pub findings: Vec<Finding>,
}

impl Unit {
    /// What can be said of a package, and of those of its bodies that are to be followed, before any is.
    pub fn of(program: &Program, package: PackageId, bodies: &[BodyOwner]) -> Unit {
        let files = program.package(package).files();
        let files = files.iter().filter(|file| program.is_asked_for(file));
        Unit {
            files: files.clone().count(),
            functions: bodies
                .iter()
                .filter(|owner| matches!(owner, BodyOwner::Func(_)))
                .count(),
            problems: idle_directives(program, package),
            silencers: files
                .map(|file| crate::publish::suppress::of_file(program, file))
                .filter(|(_, silencers)| !silencers.is_empty())
                .collect(),
            ..Unit::default()
        }
    }

    /// Takes what can be said of the package now before any of its bodies is followed.
    pub fn renew(&mut self, now: Unit) {
        self.files = now.files;
        self.functions = now.functions;
        self.problems = now.problems;
        self.silencers = now.silencers;
    }

    /// Adds it to the answer for all, but for the comments that silence.
    pub fn add_to(self, analysis: &mut Analysis) -> Vec<(String, Vec<Silencer>)> {
        for part in self.parts.into_values() {
            analysis.acquisitions.extend(part.acquisitions);
            analysis.findings.extend(part.findings);
        }
        analysis.problems.extend(self.problems);
        analysis.coverage.files += self.files;
        analysis.coverage.functions += self.functions;
        self.silencers
    }
}

fn idle_directives(program: &Program, package: PackageId) -> Vec<Problem> {
    let mut problems = Vec::new();
    let package = program.package(package);
    for func in package.funcs() {
        let id = package.id_of(func);
        for directive in crate::inference::directive::directives(program, id) {
            if !crate::inference::directive::names_a_parameter(program, id, &directive.name)
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
    problems
}

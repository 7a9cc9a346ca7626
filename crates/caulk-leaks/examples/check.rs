//! Prints the findings and acquisitions of a folder: `cargo run -p caulk-leaks --example check -- DIR [--all]`.

#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::path::PathBuf;
use std::sync::Arc;

use caulk_leaks::{Options, Outcome, check};
use caulk_program::{GoEnv, Program};
use caulk_system::{Files, OsFiles};

fn main() {
    let mut args = std::env::args().skip(1);
    let dir = PathBuf::from(args.next().unwrap_or_else(|| ".".to_owned()));
    let all = args.next().is_some();
    let dir = std::path::absolute(&dir).unwrap_or(dir);
    let files: Arc<dyn Files> = Arc::new(OsFiles);
    let env = GoEnv::of_process(&*files);
    let mut options = caulk_program::Options::new(env, dir.clone());
    options.known_types = Some(caulk_leaks::known_types());
    let start = std::time::Instant::now();
    let program = Program::load(files, options, &[dir.join("...")]);
    let loaded = start.elapsed();
    let analysis = check(
        &program,
        &Options {
            preview: all,
            ..Options::default()
        },
    );
    for finding in &analysis.findings {
        println!(
            "{}: {} [{}] {} {}",
            finding.location, finding.message, finding.rule, finding.severity, finding.confidence
        );
        if all {
            for step in &finding.path {
                println!("    {}: {}", step.location, step.note);
            }
        }
    }
    if all {
        for acquisition in &analysis.acquisitions {
            match &acquisition.outcome {
                Outcome::Unknown { why, at, .. } => {
                    let at = at.as_ref().map(ToString::to_string).unwrap_or_default();
                    println!(
                        "unknown {} {}: {why} ({at})",
                        acquisition.location, acquisition.resource.acquired_by
                    );
                }
                Outcome::Settled(settled) => {
                    let at = settled
                        .at
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default();
                    println!(
                        "settled {} {}: {} ({at})",
                        acquisition.location,
                        acquisition.resource.acquired_by,
                        settled.how.word()
                    );
                }
                Outcome::Owed(_) => {}
            }
        }
    }
    let coverage = analysis.coverage;
    eprintln!(
        "{} findings, {} suppressed, {} of {} decided, {} functions in {} files, load {loaded:?}, all {:?}",
        analysis.findings.len(),
        analysis.suppressed,
        coverage.decided,
        coverage.acquisitions,
        coverage.functions,
        coverage.files,
        start.elapsed()
    );
    for problem in analysis.problems.iter().take(5) {
        eprintln!("{problem:?}");
    }
}

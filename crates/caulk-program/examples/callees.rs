//! How well the calls of a tree are known, and how fast: `cargo run --release -p caulk-program --example callees -- PATH…`.
//!
//! Prints files and bytes read, time, calls by kind of callee, and the unknown ones that occur most.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use caulk_program::{Callee, GoEnv, Options, Program};
use caulk_system::{OsFiles, current_folder};
use rayon::prelude::*;

#[derive(Default)]
struct Counts {
    kinds: BTreeMap<&'static str, usize>,
    unknown: BTreeMap<String, usize>,
}

impl Counts {
    fn add(&mut self, callee: &Callee) {
        let kind = match callee {
            Callee::Static(func) if func.id.is_some() => "function",
            Callee::Static(func) => {
                *self
                    .unknown
                    .entry(format!("source of {}", func.name))
                    .or_default() += 1;
                "function without source"
            }
            Callee::Method { func, .. } if func.id.is_some() => "method",
            Callee::Method { .. } => "method without source",
            Callee::Interface { .. } => "interface method",
            Callee::Field { .. } => "field",
            Callee::Local(_) | Callee::Literal(_) => "closure or variable",
            Callee::PackageVar { .. } => "package variable",
            Callee::Value => "other value",
            Callee::Builtin(_) => "builtin",
            Callee::Conversion(_) => "conversion",
            Callee::Unknown { why, name, .. } => {
                *self.unknown.entry(format!("{name}: {why}")).or_default() += 1;
                "unknown"
            }
        };
        *self.kinds.entry(kind).or_default() += 1;
    }

    fn merge(mut self, other: Counts) -> Counts {
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        for (what, count) in other.unknown {
            *self.unknown.entry(what).or_default() += count;
        }
        self
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut roots: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if roots.is_empty() {
        roots.push("./...".into());
    }
    let started = Instant::now();
    let files = Arc::new(OsFiles);
    let options = Options::new(GoEnv::of_process(&*files), current_folder()?);
    let program = Program::load(files, options, &roots);
    let loaded = started.elapsed();
    let packages = program.check_packages();
    let sources = packages
        .iter()
        .flat_map(|package| program.package(*package).files());
    let (count, bytes) = sources.fold((0, 0), |(n, bytes), file| {
        (n + 1, bytes + file.bytes().len())
    });

    let owners: Vec<_> = packages
        .iter()
        .flat_map(|package| program.owners(*package))
        .collect();
    let counts = owners
        .par_iter()
        .fold(Counts::default, |mut counts, owner| {
            for (_, callee) in program
                .body(*owner)
                .iter()
                .flat_map(|typed| typed.info.calls())
            {
                counts.add(callee);
            }
            counts
        })
        .reduce(Counts::default, Counts::merge);
    let typed = started.elapsed();

    println!(
        "{} packages, {count} files, {bytes} bytes, {} bodies",
        packages.len(),
        owners.len()
    );
    println!("loaded in {loaded:?}, typed in {:?}", typed - loaded);
    for problem in program.problems() {
        println!(
            "{}: {} ({} times)",
            problem.kind.name(),
            problem.what,
            problem.count
        );
    }
    let total: usize = counts.kinds.values().sum();
    for (kind, count) in &counts.kinds {
        println!(
            "{count:8} {kind} ({:.2} %)",
            *count as f64 * 100.0 / total.max(1) as f64
        );
    }
    let mut unknown: Vec<_> = counts.unknown.into_iter().collect();
    unknown.sort_by_key(|(what, count)| (std::cmp::Reverse(*count), what.clone()));
    for (what, count) in unknown.iter().take(20) {
        println!("{count:8} unknown {what}");
    }
    Ok(())
}

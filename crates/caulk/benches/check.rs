//! What `caulk check` costs on a tree of Go, beside `grep`, `gofmt -l`, parsing alone, and the linters that look for
//! the same leaks where they are installed:
//!
//!     cargo bench -p caulk --bench check                              # the Go library's source
//!     cargo bench -p caulk --bench check -- --tree DIR --rounds 10
//!     cargo bench -p caulk --bench check -- --tree DIR --peers        # golangci-lint and bodyclose too: minutes
//!
//! The tree is copied, since one of its files is edited. The commands take turns, so that a busy machine disturbs
//! all alike; each figure is the median of the rounds.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used
)]

mod measure;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use caulk_system::{Files, OsFiles, WalkOptions, walk};
use measure::{Measured, measure, measure_here};
use rayon::prelude::*;

const CAULK: &str = env!("CARGO_BIN_EXE_caulk");

/// What the linters are asked for: the leaks that caulk looks for as well.
const LINTERS: &str = "bodyclose,sqlclosecheck,rowserrcheck,spancheck";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["measure", command @ ..] => return measure_here(command),
        ["parse", tree] => return parse(Path::new(tree)),
        _ => {}
    }
    let value = |name: &str| {
        let at = words.iter().position(|word| *word == name)?;
        words.get(at + 1).copied()
    };
    let rounds: usize = value("--rounds").map_or(5, |rounds| rounds.parse().unwrap());
    let tree = value("--tree").map_or_else(|| goroot().join("src"), PathBuf::from);
    let copy = tempfile::tempdir().unwrap();
    let edited = copy_tree(&tree, copy.path());
    // Not in the tree, which it would change.
    let caches = tempfile::tempdir().unwrap();
    let mut bench = Bench {
        tree: copy.path().to_owned(),
        cache: caches.path().join("caulk"),
        cache_of_peers: caches.path().join("peers"),
        edited,
        edits: 0,
    };
    println!(
        "{:<26} {:>8} {:>8} {:>9}",
        "median of rounds", "CPU s", "wall s", "peak MB"
    );
    let results = bench.run(rounds);
    let of = |name: &str| {
        results
            .iter()
            .find(|(known, _)| *known == name)
            .and_then(|(_, m)| m.as_ref())
    };
    for (name, measured) in &results {
        match measured {
            Some(m) => println!(
                "{name:<26} {:>8.3} {:>8.3} {:>9.0}",
                m.cpu,
                m.wall,
                m.peak / 1e6
            ),
            None => println!("{name:<26} NOT THERE"),
        }
    }
    println!();
    for (ours, other, bar) in [
        ("caulk check, cold", "grep -rl", 10.0),
        ("caulk check, cold", "parse", 1.5),
        ("caulk check, warm", "grep -rl", 3.0),
        ("caulk check, one edited", "caulk check, cold", 1.0),
        ("caulk check, cold", "gofmt -l", f64::INFINITY),
    ] {
        if let (Some(ours_took), Some(other_took)) = (of(ours), of(other)) {
            let (wall, cpu) = (
                ours_took.wall / other_took.wall,
                ours_took.cpu / other_took.cpu,
            );
            let verdict = if wall > bar { "  MISSED" } else { "" };
            println!("{ours} is {wall:.2} times {other} ({cpu:.2} times its CPU){verdict}");
        }
    }
    let printed = |name: &str| of(name).map(|measured| measured.printed.clone());
    let same = printed("caulk check, cold") == printed("caulk check, warm");
    println!(
        "cold and warm print {}",
        if same {
            "the same bytes"
        } else {
            "OTHER BYTES"
        }
    );
    if words.contains(&"--peers") {
        bench.peers(of("caulk check, cold"));
    }
}

struct Bench {
    tree: PathBuf,
    cache: PathBuf,
    cache_of_peers: PathBuf,
    /// A file in the tree that is edited in each round.
    edited: PathBuf,
    edits: usize,
}

impl Bench {
    /// The median of each command by wall time.
    fn run(&mut self, rounds: usize) -> Vec<(&'static str, Option<Measured>)> {
        let own = std::env::current_exe().unwrap();
        let tree = self.tree.to_str().unwrap().to_owned();
        let check: &[&str] = &["check", "--format", "json", "--severity", "low", "."];
        let commands: [(&str, &Path, &[&str]); 7] = [
            ("grep -rl", Path::new("grep"), &["-rl", "NewClient(", "."]),
            ("gofmt -l", Path::new("gofmt"), &["-l", "."]),
            ("parse", &own, &["parse", &tree]),
            (
                "caulk check, no cache",
                Path::new(CAULK),
                &[
                    "check",
                    "--no-cache",
                    "--format",
                    "json",
                    "--severity",
                    "low",
                    ".",
                ],
            ),
            ("caulk check, cold", Path::new(CAULK), check),
            ("caulk check, warm", Path::new(CAULK), check),
            ("caulk check, one edited", Path::new(CAULK), check),
        ];
        let mut taken: Vec<Vec<Measured>> = commands.iter().map(|_| Vec::new()).collect();
        // The first round fills the system's own caches.
        for round in 0..=rounds {
            for ((name, program, arguments), taken) in commands.iter().zip(&mut taken) {
                match *name {
                    "caulk check, cold" => drop(std::fs::remove_dir_all(&self.cache)),
                    "caulk check, one edited" => self.edit(),
                    _ => {}
                }
                match measure(
                    &self.tree,
                    &[("CAULK_CACHE", &self.cache)],
                    program,
                    arguments,
                ) {
                    Ok(measured) if round > 0 => taken.push(measured),
                    Ok(_) => {}
                    Err(error) => eprintln!("{name}: {error}"),
                }
            }
        }
        let names = commands.iter().map(|(name, _, _)| *name);
        names.zip(taken.into_iter().map(median)).collect()
    }

    /// A comment more, which shifts no line that has code.
    fn edit(&mut self) {
        self.edits += 1;
        let mut file = std::fs::File::options()
            .append(true)
            .open(&self.edited)
            .unwrap();
        writeln!(file, "// edit {}", self.edits).unwrap();
    }

    fn peers(&self, ours: Option<&Measured>) {
        let environment: &[(&str, &Path)] = &[("GOLANGCI_LINT_CACHE", &self.cache_of_peers)];
        let commands: [(&str, &[&str]); 2] = [
            (
                "golangci-lint",
                &[
                    "run",
                    "--default=none",
                    "-E",
                    LINTERS,
                    "--issues-exit-code=0",
                    "./...",
                ],
            ),
            ("bodyclose", &["./..."]),
        ];
        println!();
        for (program, arguments) in commands {
            if Command::new(program).arg("--help").output().is_err() {
                println!("{program} IS NOT INSTALLED: it was not measured");
                continue;
            }
            match measure(&self.tree, environment, Path::new(program), arguments) {
                Ok(m) => {
                    let times = ours.map_or(0.0, |ours| m.cpu / ours.cpu);
                    println!(
                        "{program:<26} {:>8.1} {:>8.1} {:>9.0}  {times:.0} times the CPU of caulk check, cold",
                        m.cpu,
                        m.wall,
                        m.peak / 1e6
                    );
                }
                Err(error) => println!("{program} FAILED: {error}"),
            }
        }
    }
}

fn median(mut taken: Vec<Measured>) -> Option<Measured> {
    taken.sort_by(|a, b| a.wall.total_cmp(&b.wall));
    let middle = taken.len() / 2;
    taken.into_iter().nth(middle)
}

fn goroot() -> PathBuf {
    let output = Command::new("go").args(["env", "GOROOT"]).output();
    let output = output.expect("without Go there must be --tree");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
}

/// Copies what Go reads, and gives the file in the middle: neither the root of everything nor the end.
fn copy_tree(from: &Path, to: &Path) -> PathBuf {
    let files = go_tree(from);
    for file in &files {
        let target = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(file, target).unwrap();
    }
    let sources: Vec<&PathBuf> = files.iter().filter(|file| is_go(file)).collect();
    let bytes: usize = sources
        .iter()
        .map(|file| std::fs::metadata(file).unwrap().len() as usize)
        .sum();
    println!(
        "{} Go files, {:.1} MB, of {}",
        sources.len(),
        bytes as f64 / 1e6,
        from.display()
    );
    let middle = sources.get(sources.len() / 2).expect("a tree of Go");
    to.join(middle.strip_prefix(from).unwrap())
}

fn is_go(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "go")
}

fn go_tree(root: &Path) -> Vec<PathBuf> {
    let is_wanted = |file: &PathBuf| {
        let name = file
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        is_go(file) || matches!(name, "go.mod" | "go.sum" | "go.work" | "modules.txt")
    };
    walk(&OsFiles, root, &WalkOptions::default())
        .files
        .into_iter()
        .filter(is_wanted)
        .collect()
}

/// The floor: every file read and parsed, bodies too, on all processors, and nothing made of it.
fn parse(tree: &Path) {
    let files: Vec<PathBuf> = go_tree(tree)
        .into_iter()
        .filter(|file| is_go(file))
        .collect();
    let nodes: usize = files
        .par_iter()
        .map(|file| {
            let bytes = OsFiles.read(file).unwrap_or_default();
            caulk_syntax::parse(&bytes).bodies.len()
        })
        .sum();
    println!("{nodes}");
}

//! Every case of `cases/*.md` and `catalogue/*.md` gets its verdict; `cases/README.md` says how they are written.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use caulk_leaks::{Analysis, Catalogue, Contract, Options, check};
use caulk_program::{GoEnv, Program};
use caulk_system::MemoryFiles;

use support::{Compared, Reported};

/// A Go file of a suite.
struct GoFile {
    /// Below the root of the module: a folder for each heading.
    name: String,
    text: String,
    /// Where it begins: file, line.
    suite: String,
    line: usize,
}

/// The Go blocks of all suites of a folder, by name.
fn go_files(folder: &str) -> Vec<GoFile> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder);
    let mut suites: Vec<PathBuf> = folder
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    suites.sort();
    suites.iter().flat_map(|path| blocks(path)).collect()
}

/// The Go blocks of a suite: one package for each heading.
fn blocks(path: &Path) -> Vec<GoFile> {
    #[expect(clippy::disallowed_methods, reason = "a test reads its own fixtures")]
    let text = std::fs::read_to_string(path).unwrap();
    let suite = path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut files: Vec<GoFile> = Vec::new();
    let mut heading = String::new();
    let mut open = false;
    for (index, line) in text.lines().enumerate() {
        if open {
            open = line != "```";
            if open && let Some(file) = files.last_mut() {
                file.text.push_str(line);
                file.text.push('\n');
            }
        } else if let Some(title) = line.strip_prefix("## ") {
            heading = slug(title);
        } else if let Some(info) = line.strip_prefix("```go") {
            open = true;
            let file = match info.trim() {
                "" => "case.go",
                name => name,
            };
            files.push(GoFile {
                name: format!("{suite}/{heading}/{file}"),
                text: String::new(),
                suite: format!("{suite}.md"),
                line: index + 2,
            });
        }
    }
    files
}

fn slug(title: &str) -> String {
    let letters = title.chars().map(|c| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    });
    letters.collect()
}

fn analyse(cases: &[GoFile]) -> Analysis {
    let root = PathBuf::from("/cases");
    // A library, unless a case is a command: others may call what it has.
    let module = MemoryFiles::new()
        .with("/cases/go.mod", "module example.com/cases\n\ngo 1.22\n")
        .with("/cases/cases.go", "package cases\n");
    let files = cases.iter().fold(module, |files, case| {
        files.with(root.join(&case.name), case.text.as_str())
    });
    let files: Arc<dyn caulk_system::Files> = Arc::new(files);
    // Neither Go nor a module is there: the outline of the standard library and the catalogue are all there is.
    let env = GoEnv::discover(&*files, &|_| None);
    let mut options = caulk_program::Options::new(env, root.clone());
    options.known_types = Some(caulk_leaks::known_types());
    let program = Program::load(files, options, &[root.join("...")]);
    let options = Options {
        preview: true,
        threads: Some(2),
        ..Options::default()
    };
    check(&program, &options)
}

/// Compares what is reported with what the suites of a folder expect.
fn compare(folder: &str) -> (Analysis, Compared) {
    let cases = go_files(folder);
    let analysis = analyse(&cases);
    let mut reported = Reported::of(&analysis);
    let mut compared = Compared::default();
    for case in &cases {
        let shown = |index: usize| format!("{}:{}", case.suite, case.line + index);
        reported.compare(&case.name, &shown, &case.text, &mut compared);
    }
    println!(
        "{folder}: {} expectations, wanted: {:?}",
        compared.expectations, compared.wanted
    );
    assert!(
        compared.wrong.is_empty(),
        "{} of {} wrong:\n{}",
        compared.wrong.len(),
        compared.expectations,
        compared.wrong.join("\n")
    );
    (analysis, compared)
}

#[test]
fn every_case_gets_its_verdict() {
    let (_, compared) = compare("cases");
    let wanted: usize = compared.wanted.values().sum();
    assert!(wanted > 150, "only {wanted} findings are wanted");
    assert!(
        compared.expectations > 300,
        "only {} expectations were read",
        compared.expectations
    );
}

/// The catalogue's entry for a function by its canonical name.
fn entry(name: &str) -> Option<&'static Contract> {
    let base = name.rfind('/').map_or(0, |slash| slash + 1);
    let dots = name.match_indices('.').filter(|(at, _)| *at >= base);
    dots.into_iter()
        .filter_map(|(at, _)| Catalogue::shipped().contract(&name[..at], &name[at + 1..]))
        .next()
}

/// Entries without an example: those that stand for types and not for functions.
const WITHOUT: &[&str] = &["convention.toml"];

#[test]
fn every_entry_of_the_catalogue_is_used() {
    let (catalogue, _) = compare("catalogue");
    let (cases, _) = compare("cases");
    let used: Vec<&Contract> = catalogue
        .findings
        .iter()
        .chain(&cases.findings)
        .filter_map(|finding| entry(&finding.resource.acquired_by))
        .collect();
    let unused: Vec<String> = Catalogue::shipped()
        .contracts()
        .filter(|contract| !used.iter().any(|used| std::ptr::eq(*used, *contract)))
        .map(|contract| format!("{:?} {}", contract.origin, contract.type_name))
        .filter(|entry| !WITHOUT.iter().any(|known| entry.contains(known)))
        .collect();
    assert!(
        unused.is_empty(),
        "{} entries without an example:\n{}",
        unused.len(),
        unused.join("\n")
    );
}

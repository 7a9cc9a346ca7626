//! Some functions in a module: fixed, and run before and after.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use caulk_fix::{Outcome, PlanOptions};
use caulk_leaks::Catalogue;
use caulk_system::process::{Command, Output, run};
use caulk_system::{Files, Limits, OsFiles, create_folder, write_atomic};

use crate::checked::Checked;
use crate::generate::{Function, Kind, function};

const RESOURCES: &str = include_str!("go/res.go");
const HELPERS: &str = include_str!("go/helpers.go");
const DRIVER: &str = include_str!("go/drive_test.go");

/// What an upload owes cannot be read from its source: its `Close` saves it.
const CONTRACT: &str = r#"
package = "example.com/random/res"
functions = ["Create"]
release = ["Close"]
commits = true
abort = "Abort"
returns_error = true
"#;

/// What a share of the functions, in percent, may be refused.
const MAX_REFUSED: usize = 15;

/// What was seen of some functions.
#[derive(Default)]
pub struct Tally {
    functions: usize,
    runs: usize,
    findings: usize,
    fixed: usize,
    review: usize,
    /// Reasons, and how often each was given.
    refused: BTreeMap<String, usize>,
    leaking_before: usize,
    /// Functions that lose something still, though nothing of them was refused: what the check did not find.
    missed: Vec<String>,
    /// Functions that are wrong after the fix.
    faults: Vec<String>,
}

impl Tally {
    pub fn add(&mut self, other: Tally) {
        self.functions += other.functions;
        self.runs += other.runs;
        self.findings += other.findings;
        self.fixed += other.fixed;
        self.review += other.review;
        self.leaking_before += other.leaking_before;
        self.missed.extend(other.missed);
        self.faults.extend(other.faults);
        for (reason, count) in other.refused {
            *self.refused.entry(reason).or_default() += count;
        }
    }

    fn refusals(&self) -> usize {
        self.refused.values().sum()
    }

    #[track_caller]
    pub fn assert_good(&self) {
        println!("{self}");
        for (reason, count) in &self.refused {
            println!("{count:6} {reason}");
        }
        let shown = self.faults.iter().take(80).cloned().collect::<Vec<_>>();
        assert!(
            self.faults.is_empty(),
            "{} functions are wrong after the fix\n{}",
            self.faults.len(),
            shown.join("\n")
        );
        let missed = self.missed.join("\n");
        println!("{missed}");
        assert!(
            self.missed.len() * 1000 <= self.functions,
            "too much is missed\n{missed}"
        );
        assert!(
            self.fixed * 3 > self.functions,
            "the generator loses too little: {self}"
        );
        assert!(
            self.refusals() * 100 < MAX_REFUSED * self.findings,
            "too much is refused: {self}"
        );
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} functions in {} runs, {} of them leaking: {} findings, {} fixed, {} of these to review, {} refused, {} still leaking, {} wrong",
            self.functions,
            self.runs,
            self.leaking_before,
            self.findings,
            self.fixed,
            self.review,
            self.refusals(),
            self.missed.len(),
            self.faults.len()
        )
    }
}

/// What one run of a function showed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    /// Its result, and what it acquired, used and committed.
    result: String,
    panicked: String,
    faults: String,
    left: String,
}

type Run = BTreeMap<(String, u32), Seen>;

/// A module with functions.
pub struct Batch {
    folder: tempfile::TempDir,
    functions: Vec<Function>,
}

impl Batch {
    pub fn new(series: u64, items: Range<u64>) -> Batch {
        let folder = tempfile::tempdir().unwrap();
        let functions: Vec<Function> = items.map(|item| function(series, item)).collect();
        let batch = Batch { folder, functions };
        batch.write("go.mod", "module example.com/random\n\ngo 1.24\n");
        batch.write("res/res.go", RESOURCES);
        batch.write("helpers.go", HELPERS);
        batch.write("drive_test.go", DRIVER);
        batch.write("runs_test.go", &batch.runs());
        for function in &batch.functions {
            batch.write(&file(function), &function.source);
        }
        batch
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.folder.path().join(file);
        create_folder(path.parent().unwrap()).unwrap();
        write_atomic(&path, text.as_bytes()).unwrap();
    }

    /// The table of the functions, each with a caller that does what it owes.
    fn runs(&self) -> String {
        let mut text = "package random\n\nimport (\n\t\"testing\"\n\n\t\"example.com/random/res\"\n)\n\nvar runs = []run{\n".to_owned();
        for function in &self.functions {
            let name = &function.name;
            let call = match function.kind {
                Kind::Plain => format!("return {name}(in)"),
                Kind::Handle => format!(
                    "h, err := {name}(in)\n\t\tif h == nil {{\n\t\t\treturn 0, err\n\t\t}}\n\t\tdefer h.Close()\n\t\treturn h.Get(), err"
                ),
                Kind::Response => format!(
                    "resp, err := {name}(in)\n\t\tif resp == nil {{\n\t\t\treturn 0, err\n\t\t}}\n\t\tdefer resp.Body.Close()\n\t\treturn res.Len(resp.Body), err"
                ),
                Kind::Cleanup => format!(
                    "end, err := {name}(in)\n\t\tif end != nil {{\n\t\t\tend()\n\t\t}}\n\t\treturn 0, err"
                ),
                Kind::Keeper => format!(
                    "k := &keeper{{}}\n\t\terr := k.{name}(in)\n\t\tn := 0\n\t\tfor _, h := range k.kept {{\n\t\t\tn += h.Get()\n\t\t}}\n\t\tk.Close()\n\t\treturn n, err"
                ),
                Kind::Channel => format!(
                    "out := make(chan *res.Handle, 100)\n\t\terr := {name}(in, out)\n\t\tclose(out)\n\t\tn := 0\n\t\tfor h := range out {{\n\t\t\tn += h.Get()\n\t\t\th.Close()\n\t\t}}\n\t\treturn n, err"
                ),
                Kind::Test => format!("{name}(t, in)\n\t\treturn 0, nil"),
            };
            text += &format!(
                "\t{{\"{name}\", {}, func(t *testing.T, in *res.In) (int, error) {{\n\t\t{call}\n\t}}}},\n",
                function.inputs
            );
        }
        text + "}\n"
    }

    /// Fixes the functions, and says what is wrong with what came of it.
    pub fn judge(self) -> Tally {
        let root = self.root();
        assert_eq!(
            self.unformatted(),
            "",
            "the generator's files are formatted"
        );
        let before = self.run();
        let checked = check(&root);
        let plan = checked.plan(WITH_REVIEW);
        for edit in &plan.files {
            write_atomic(&root.join(&edit.path), &edit.after).unwrap();
        }
        let mut faults = BTreeMap::new();
        let mut fault = |name: &str, what: String| {
            faults.entry(name.to_owned()).or_insert(what);
        };
        for line in self.unformatted().lines() {
            fault(name_of(line), "gofmt would change it".to_owned());
        }
        let refused: BTreeSet<&str> = checked
            .findings
            .iter()
            .zip(&plan.fixes)
            .filter(|(_, fix)| matches!(fix.outcome, Outcome::Refused(_)))
            .map(|(finding, _)| name_of(&finding.location.file))
            .collect();
        let mut builds = true;
        for (name, line) in self.vetted() {
            builds &= !line.starts_with("vet: ");
            // What is not fixed is as it was.
            if !(refused.contains(name.as_str()) && line.contains("cancel")) {
                fault(&name, line);
            }
        }
        let again = check(&root);
        for edit in again.plan(WITH_REVIEW).files {
            fault(
                name_of(&edit.path),
                "a second fix changes it again".to_owned(),
            );
        }
        // Where one breaks the build, nothing is known of the others.
        let after = if builds { self.run() } else { Run::new() };
        let mut leaking = BTreeSet::new();
        let mut missed = BTreeMap::new();
        for ((name, bits), was) in &before {
            assert_eq!(was.faults, "", "the generator's function {name} is wrong");
            if !was.left.is_empty() {
                leaking.insert(name.as_str());
            }
            let Some(is) = after.get(&(name.clone(), *bits)) else {
                continue;
            };
            if !is.faults.is_empty() {
                fault(name, format!("with inputs {bits:b}: {}", is.faults));
            } else if was.panicked.is_empty()
                && (&was.result, &was.panicked) != (&is.result, &is.panicked)
            {
                let was = &was.result;
                fault(
                    name,
                    format!(
                        "with inputs {bits:b}: {was}, then {} {}",
                        is.result, is.panicked
                    ),
                );
            } else if !is.left.is_empty()
                && is.panicked.is_empty()
                && !refused.contains(name.as_str())
            {
                let what = format!("with inputs {bits:b} it leaves {}", is.left);
                missed.entry(name.clone()).or_insert(what);
            }
        }
        let mut tally = Tally {
            functions: self.functions.len(),
            runs: before.len(),
            findings: checked.findings.len(),
            leaking_before: leaking.len(),
            ..Tally::default()
        };
        for fix in &plan.fixes {
            match &fix.outcome {
                Outcome::Fixed => tally.fixed += 1,
                Outcome::FixedReview(_) => {
                    tally.fixed += 1;
                    tally.review += 1;
                }
                Outcome::Refused(reason) => {
                    *tally.refused.entry(without_names(reason)).or_default() += 1;
                }
            }
        }
        let show = |(name, what): (String, String)| {
            let function = self.functions.iter().find(|function| function.name == name);
            let file = function.map(file).unwrap_or_default();
            let edit = plan.files.iter().find(|edit| edit.path == file);
            let diff = match edit {
                Some(edit) => {
                    let hunks = caulk_fix::diff::hunks(&edit.before, &edit.after, 1000);
                    let lines = hunks.into_iter().flat_map(|hunk| hunk.lines);
                    lines.map(|line| format!("{}\n", shown(line))).collect()
                }
                None => function.map(|f| f.source.clone()).unwrap_or_default(),
            };
            let findings: String = checked
                .findings
                .iter()
                .zip(&plan.fixes)
                .filter(|(finding, _)| finding.location.file == file)
                .map(|(finding, fix)| {
                    format!(
                        "{} {}: {:?}\n",
                        finding.location, finding.message, fix.outcome
                    )
                })
                .collect();
            format!("{name}: {what}\n{findings}{diff}")
        };
        tally.missed = missed.into_iter().map(&show).collect();
        tally.faults = faults.into_iter().map(&show).collect();
        tally
    }

    fn unformatted(&self) -> String {
        let output = self.go("gofmt", &["-l", "."], Path::new(""));
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    /// The functions that vet has something to say of, each with a line of that.
    fn vetted(&self) -> Vec<(String, String)> {
        let output = self.go("go", &["vet", "./..."], Path::new(""));
        text(&output.stderr)
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| {
                let file = line.trim_start_matches("vet: ").split(':').next();
                (
                    name_of(file.unwrap_or_default()).to_owned(),
                    line.to_owned(),
                )
            })
            .collect()
    }

    fn run(&self) -> Run {
        let out = self.root().join("out.txt");
        let arguments = ["test", "-vet=off", "-count=1", "."];
        let output = self.go("go", &arguments, &out);
        let said = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{}", text(&said));
        let lines = text(&OsFiles.read(&out).unwrap());
        lines
            .lines()
            .map(|line| {
                let mut parts = line.splitn(3, ' ');
                let name = parts.next().unwrap().to_owned();
                let bits = parts.next().unwrap().parse().unwrap();
                let fields: Vec<&str> = parts.next().unwrap().split('\t').collect();
                let [result, events, panicked, faults, left] = fields.as_slice() else {
                    panic!("{line}");
                };
                let seen = Seen {
                    result: format!("{result} after {events}"),
                    panicked: (*panicked).to_owned(),
                    faults: (*faults).to_owned(),
                    left: (*left).to_owned(),
                };
                ((name, bits), seen)
            })
            .collect()
    }

    fn go(&self, program: &str, arguments: &[&str], out: &Path) -> Output {
        let command = Command::new(program)
            .args(arguments)
            .env("GOFLAGS", "")
            .env("GOWORK", "off")
            .env("RANDOM_OUT", out)
            .folder(self.root());
        let limits = Limits::default().within(Duration::from_secs(600));
        run(&command, &limits).unwrap_or_else(|error| panic!("these tests need Go: {error}"))
    }
}

fn file(function: &Function) -> String {
    match function.kind {
        Kind::Test => format!("{}_test.go", function.name),
        _ => format!("{}.go", function.name),
    }
}

/// The function of a file.
fn name_of(file: &str) -> &str {
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.strip_suffix(".go").unwrap_or(name);
    name.strip_suffix("_test").unwrap_or(name)
}

/// A reason without the numbers in the names of variables.
fn without_names(reason: &str) -> String {
    reason
        .chars()
        .filter(|character| !character.is_ascii_digit())
        .collect()
}

fn shown(line: caulk_fix::diff::HunkLine) -> String {
    match line {
        caulk_fix::diff::HunkLine::Context(text) => format!("  {text}"),
        caulk_fix::diff::HunkLine::Removed(text) => format!("- {text}"),
        caulk_fix::diff::HunkLine::Added(text) => format!("+ {text}"),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn check(root: &Path) -> Checked {
    let contract = toml::from_str(CONTRACT).unwrap();
    let catalogue = Catalogue::with_project([(1, contract)]).unwrap();
    let options = caulk_leaks::Options {
        catalogue: Some(Arc::new(catalogue)),
        ..caulk_leaks::Options::default()
    };
    Checked::new(root, options)
}

/// What is to be reviewed may change what is done; here it must not.
const WITH_REVIEW: PlanOptions = PlanOptions { take_review: true };

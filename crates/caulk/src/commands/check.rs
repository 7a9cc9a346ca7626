//! `caulk check`: findings in source.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use caulk_leaks::{Finding, Outcome, Severity};
use caulk_report::json::check as json;
use caulk_report::{Block, FindingList, Page, Report, render};
use caulk_system::Files;
use clap::{Args, ValueEnum};

use crate::cli::{OutputFormat, SourceArgs};
use crate::context::Context;
use crate::exit::{Exit, Failure, Outcome as Ended};
use crate::outputs::{Output, outputs};
use crate::patching;
use crate::present::listing::{self, Places, Told};
use crate::present::{check as present, finding, findings_page};
use crate::source::{self, Analysed, Reading};

/// Find leaks in source
///
/// Reads a tree without building it: no Go toolchain, no network. Dependencies are read from the
/// module cache where they are there, and known by name where they are not.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CheckArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// Exit with 1 for findings of this severity and above
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = Level::Medium)]
    pub fail_on: Level,
    /// Show findings of this severity and above [default: as --fail-on]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub severity: Option<Level>,
    /// Only findings of these rules, separated by commas
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub rule: Vec<String>,
    /// List the acquisitions that could not be decided, with the reason
    #[arg(long)]
    pub undecided: bool,
    /// Say of each finding how it would be fixed
    #[arg(long)]
    pub fixes: bool,
    /// Write results to a file instead of stdout, in the format that its name says (.json, .sarif,
    /// .html, .xml); with a format before it (gitlab=FILE), besides stdout; may repeat
    #[arg(short, long, value_name = "[FORMAT=]FILE")]
    pub output: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  caulk check                          all packages below this folder
  caulk check ./internal/... --rule unclosed-response-body
  caulk check --format json --severity low ./...
  caulk check --undecided ./store";

/// Severities as they are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Level {
    Low,
    Medium,
    High,
}

impl Level {
    pub fn severity(self) -> Severity {
        match self {
            Level::Low => Severity::Low,
            Level::Medium => Severity::Medium,
            Level::High => Severity::High,
        }
    }
}

pub fn run(args: CheckArgs, context: &Context) -> Ended {
    let outputs = outputs(&args.output, context.common.output_format)?;
    let selected = Selected::new(&args, context)?;
    let progress = context.progress(false);
    progress.phase("checking");
    let analysed = selected.analyse()?;
    let mut findings = selected.findings(&analysed);
    if let Some(least) = args.severity {
        findings.retain(|f| f.severity >= least.severity());
    }
    let shown: Vec<&Finding> = findings
        .iter()
        .copied()
        .filter(|f| f.severity >= selected.least)
        .collect();
    let is_sarif = |output: &Output| output.format == Some(OutputFormat::Sarif);
    let patches = if args.fixes || outputs.iter().any(is_sarif) {
        progress.phase("planning fixes");
        patching::plan(&analysed, &selected.reading, &findings, false)
    } else {
        patching::Patches::default()
    };
    progress.finish();
    if context.cancel.is_cancelled() {
        return Err(Failure::interrupted());
    }

    let fails = findings
        .iter()
        .any(|f| f.severity >= args.fail_on.severity());
    let results = Results {
        args: &args,
        analysed: &analysed,
        findings: &findings,
        shown: &shown,
        patches: &patches,
    };
    for output in &outputs {
        results.print(&context.to(output))?;
    }
    Ok(if fails { Exit::Found } else { Exit::Clean })
}

/// What was found, for every format.
struct Results<'a> {
    args: &'a CheckArgs,
    analysed: &'a Analysed,
    findings: &'a [&'a Finding],
    /// Those that are not only counted where a person reads.
    shown: &'a [&'a Finding],
    patches: &'a patching::Patches,
}

impl Results<'_> {
    fn print(&self, context: &Context) -> anyhow::Result<()> {
        match context.format(present::usual_format(self.shown.len())) {
            OutputFormat::Json => {
                context.print_json(&json_report(self.analysed, self.findings, self.patches))
            }
            OutputFormat::Sarif => context.print_text(&render::sarif(&self.list(self.findings))),
            OutputFormat::Github => context.print_text(&render::github(&self.list(self.shown))),
            OutputFormat::Gitlab => context.print_text(&render::gitlab(&self.list(self.shown))),
            OutputFormat::Junit => context.print_text(&render::junit(&self.list(self.shown))),
            OutputFormat::Html => context.print_page(&self.page()),
            format => context.print(&self.report(context.common.quiet), format),
        }
    }

    fn source(&self, file: &str) -> Option<Vec<u8>> {
        source::os_files().read(&self.analysed.root.join(file)).ok()
    }

    /// For what shows findings elsewhere, where paths begin at the top of the repository.
    fn list(&self, findings: &[&Finding]) -> FindingList {
        let read = |file: &str| self.source(file);
        let prefix = source::below_repository(&*source::os_files(), &self.analysed.root);
        let told: Vec<Told<'_>> = findings
            .iter()
            .map(|finding| Told {
                finding,
                first: None,
                fix: self.patches.outcome(finding),
            })
            .collect();
        let places = Places::new(&read, &prefix);
        listing::list(&told, &self.analysed.analysis.problems, &places)
    }

    fn page(&self) -> Page {
        let read = |file: &str| self.source(file);
        let root = self.analysed.root.file_name().unwrap_or_default();
        let told: Vec<findings_page::Told<'_>> = self
            .findings
            .iter()
            .map(|finding| findings_page::Told {
                finding,
                fix: self.patches.outcome(finding),
                patch: self.patches.hunks(finding),
            })
            .collect();
        let analysis = &self.analysed.analysis;
        findings_page::page(
            &root.to_string_lossy(),
            told,
            &analysis.coverage,
            present::limits(analysis),
            &read,
        )
    }

    fn report(&self, quiet: bool) -> Report {
        let read = |file: &str| self.source(file);
        let mut report = Report::new();
        for finding in self.shown {
            let mut diagnostic = finding::diagnostic(finding, &read);
            present::add_fix(&mut diagnostic, self.patches.outcome(finding));
            report.push(diagnostic);
        }
        let analysis = &self.analysed.analysis;
        if self.args.undecided {
            for acquisition in &analysis.acquisitions {
                if let Outcome::Unknown { why, .. } = &acquisition.outcome {
                    report.push(present::undecided(acquisition, why));
                }
            }
        }
        if !quiet {
            for diagnostic in present::wrong_comments(&analysis.problems) {
                report.push(diagnostic);
            }
            let hidden = self.findings.len() - self.shown.len();
            report.push(Block::Summary(present::summary(
                analysis,
                self.shown,
                hidden,
                self.args.undecided,
            )));
        }
        report
    }
}

/// A folder stands for everything in it, as it does for other checkers: nobody who names the top of a
/// tree wants to hear that one package in it is clean.
fn with_all_below(files: &dyn Files, root: &Path, path: &Path) -> PathBuf {
    if files.is_dir(&root.join(path)) {
        path.join("...")
    } else {
        path.to_owned()
    }
}

/// What was asked for on the command line of `check` or `fix`.
pub struct Selected {
    pub root: PathBuf,
    pub reading: Reading,
    /// Findings below it are counted, not shown.
    pub least: Severity,
    rules: Vec<String>,
}

impl Selected {
    fn new(args: &CheckArgs, context: &Context) -> anyhow::Result<Selected> {
        let least = args.severity.unwrap_or(args.fail_on);
        Selected::from_parts(&args.source, least, &args.rule, context)
    }

    /// Checks that paths and rules exist.
    pub fn from_parts(
        args: &SourceArgs,
        least: Level,
        rules: &[String],
        context: &Context,
    ) -> anyhow::Result<Selected> {
        let root = caulk_system::current_folder()?;
        for path in &args.paths {
            let text = path.to_string_lossy();
            let plain = text.strip_suffix("...").unwrap_or(&text);
            let folder = root.join(if plain.is_empty() { "." } else { plain });
            if !context.files.exists(&folder) {
                bail!("{text}: there is no such file or folder");
            }
        }
        for rule in rules {
            if !caulk_leaks::rules().iter().any(|known| known.name == *rule) {
                bail!("there is no rule {rule}: caulk rules lists them");
            }
        }
        let reading = Reading {
            build_tags: args.build_tags.clone(),
            goos: args.goos.clone(),
            goarch: args.goarch.clone(),
            no_tests: args.no_tests,
            // Who names a platform or tags wants that build and no other.
            other_builds: args.goos.is_none()
                && args.goarch.is_none()
                && args.build_tags.is_empty(),
            preview: args.preview,
            catalogue: crate::config::catalogue(&context.files, &root)?,
            ..Reading::default()
        };
        let reading = match args.paths.as_slice() {
            [] => reading,
            paths => Reading {
                patterns: paths
                    .iter()
                    .map(|path| with_all_below(&context.files, &root, path))
                    .collect(),
                ..reading
            },
        };
        Ok(Selected {
            root,
            reading,
            least: least.severity(),
            rules: rules.to_vec(),
        })
    }

    /// The same, with paths told relative to another folder, which all that was named is below.
    pub fn below(mut self, root: PathBuf) -> Selected {
        for pattern in &mut self.reading.patterns {
            *pattern = caulk_system::normalize(&self.root.join(&*pattern));
        }
        self.root = root;
        self
    }

    /// Reads and analyses; a tree without Go is an error, since nothing was checked.
    pub fn analyse(&self) -> Result<Analysed, Failure> {
        let analysed = source::analyse(source::os_files(), &self.root, &self.reading);
        if analysed.analysis.coverage.files == 0 {
            let patterns: Vec<String> = self
                .reading
                .patterns
                .iter()
                .map(|p| p.display().to_string())
                .collect();
            return Err(anyhow!("there are no Go files in {}", patterns.join(" ")).into());
        }
        Ok(analysed)
    }

    /// The findings of the rules that were asked for.
    pub fn findings<'a>(&self, analysed: &'a Analysed) -> Vec<&'a Finding> {
        let wanted = |finding: &&Finding| {
            self.rules.is_empty() || self.rules.iter().any(|r| r == finding.rule)
        };
        analysed.analysis.findings.iter().filter(wanted).collect()
    }
}

/// The report for machines.
pub fn json_report(
    analysed: &Analysed,
    findings: &[&Finding],
    patches: &patching::Patches,
) -> json::CheckReport {
    let analysis = &analysed.analysis;
    json::CheckReport {
        version: json::VERSION,
        findings: findings
            .iter()
            .map(|f| finding::to_json(f, patches.outcome(f)))
            .collect(),
        problems: analysis.problems.iter().map(finding::problem).collect(),
        coverage: json::Coverage {
            acquisitions: analysis.coverage.acquisitions as u64,
            decided: analysis.coverage.decided as u64,
        },
        summary: json::Summary {
            files: analysis.coverage.files as u64,
            functions: analysis.coverage.functions as u64,
            findings: findings.len() as u64,
        },
    }
}

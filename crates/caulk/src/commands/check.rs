//! `caulk check`: findings in source.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use caulk_leaks::{Coverage, Finding};
use caulk_system::{Cache, Files, Limits};
use clap::Args;

use crate::baseline::{self, Baseline, Scope};
use crate::cli::{OutputFormat, SourceArgs};
use crate::config::{self, CheckConfig};
use crate::context::{Context, shown, write_out};
use crate::exit::{Exit, Failure, Outcome as Ended};
use crate::levels::{Level, Sureness};
use crate::outputs::{Output, outputs};
use crate::patching;
use crate::present::check as present;
use crate::remembered::{self, Remembered};
use crate::results::Results;
use crate::since::{self, From};
use crate::source::module_root;
use crate::source::{self, Analysed, Reading};
use crate::stats::{self, CacheUse, Phases};

/// Find leaks in source
///
/// Reads a tree without building it: no Go toolchain, no network. Dependencies are read from the
/// module cache where they are there, and known by name where they are not.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct CheckArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// Exit with 1 for findings of this severity and above [default: medium]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub fail_on: Option<Level>,
    /// Exit with 4 where nothing is found and less than this share of the acquisitions was decided
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub min_coverage: Option<f64>,
    /// Only findings of this severity and above [default: as --fail-on where a person reads, else low]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub severity: Option<Level>,
    /// Only findings that are as sure as this [default: likely]
    #[arg(long, value_enum, value_name = "CONFIDENCE")]
    pub confidence: Option<Sureness>,
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
    /// Only findings that this revision did not have: its tree is checked too
    #[arg(long, value_name = "REV", help_heading = NEW)]
    pub new_from_rev: Option<String>,
    /// The same from the commit where HEAD and this branch parted
    #[arg(long, value_name = "BRANCH", help_heading = NEW, conflicts_with = "new_from_rev")]
    pub new_from_merge_base: Option<String>,
    /// Leave out the findings that this file has
    #[arg(long, value_name = "FILE", help_heading = NEW)]
    pub baseline: Option<PathBuf>,
    /// Write all findings to the baseline [default: caulk-baseline.json], and report none
    #[arg(
        long,
        help_heading = NEW,
        conflicts_with_all = ["new_from_rev", "new_from_merge_base", "prune_baseline"]
    )]
    pub write_baseline: bool,
    /// Take findings that are gone out of the baseline
    #[arg(long, help_heading = NEW)]
    pub prune_baseline: bool,
    /// Check everything anew, and keep nothing for the next time
    #[arg(long)]
    pub no_cache: bool,
    /// Say on stderr what was read, what was known from earlier runs, and where the time went
    #[arg(long)]
    pub stats: bool,
}

/// Where help lists the flags that tell new findings from known ones.
const NEW: &str = "New findings only";

const EXAMPLES: &str = "\
Examples:
  caulk check                          all packages below this folder
  caulk check ./internal/... --rule unclosed-response-body
  caulk check --new-from-merge-base main            what this branch adds
  caulk check --write-baseline; caulk check --baseline caulk-baseline.json
  caulk check --format github -o sarif=caulk.sarif  two reports of one run
  caulk check -o report.html                        a page to send around
  caulk check --undecided ./store";

pub fn run(args: CheckArgs, context: &Context) -> Ended {
    let outputs = outputs(&args.output, context.common.output_format)?;
    let selected = Selected::new(&args.source, &args.rule, context)?;
    let settings = &selected.settings;
    let fail_on = args.fail_on.or(settings.fail_on).unwrap_or(Level::Medium);
    let severity = args.severity.or(settings.severity);
    let confidence = args.confidence.or(settings.confidence);
    let current = caulk_system::current_folder()?;
    let typed = args.baseline.as_ref().map(|file| current.join(file));
    let baseline = typed.or(settings.baseline.clone());
    let progress = context.progress(false);
    progress.phase("checking");
    let ends = context.end_when_interrupted();
    let cache = Cache::of_user().filter(|_| !args.no_cache);
    let (mut analysed, cache_use) = selected.analyse_with(cache.as_ref(), context)?;
    let mut phases = std::mem::replace(&mut analysed.phases, Phases::start());
    let mut findings = selected.findings(&analysed);
    findings.retain(|f| severity.is_none_or(|least| f.severity >= least.severity()));
    findings.retain(|f| confidence.is_none_or(|least| f.confidence >= least.confidence()));
    let scope = Scope {
        analysed: &analysed,
        runs: &|rule| selected.runs(rule),
    };
    if args.write_baseline {
        progress.finish();
        let path = match baseline {
            Some(path) => path,
            None => current.join(baseline::FILE_NAME),
        };
        baseline::write_new(&context.files, &path, &findings, &scope)?;
        let count = present::counted(findings.len(), "finding");
        write_out(format!("{count} written to {}\n", shown(&path)).as_bytes())?;
        return Ok(Exit::Clean);
    }

    let mut notes = Vec::new();
    let mut changed = BTreeMap::new();
    if let Some(from) = from(&args) {
        progress.phase("checking the older tree");
        let limits = Limits::new(&context.cancel);
        let since = since::check(&selected.root, &selected.reading, &from, &limits)?;
        let all = findings.len();
        let new = since.new_ones(&analysed, &findings);
        findings = new.iter().map(|new| new.finding).collect();
        notes.extend(present::older(all - findings.len(), &since.commit));
        for new in new {
            let of = (new.finding.fingerprint.clone(), new.changed);
            changed.extend(of.1.map(|at| (of.0, at)));
        }
    }
    if let Some(path) = baseline {
        let baseline = Baseline::read(&context.files, &path)?;
        let all: Vec<&Finding> = analysed.analysis.findings.iter().collect();
        let known = baseline.take_away(&mut findings);
        let gone = baseline.gone(&all, &scope);
        if args.prune_baseline && gone > 0 {
            baseline.prune(&all, &scope)?;
        }
        notes.extend(present::known(
            known,
            gone,
            args.prune_baseline,
            &shown(&path),
        ));
    } else if args.prune_baseline {
        return Err(anyhow!("--prune-baseline needs --baseline FILE").into());
    }

    let is_sarif = |output: &Output| output.format == Some(OutputFormat::Sarif);
    let patches = if args.fixes || outputs.iter().any(is_sarif) {
        progress.phase("planning fixes");
        patching::plan(&analysed, &findings, false)
    } else {
        patching::Patches::default()
    };
    progress.finish();
    if context.cancel.is_cancelled() {
        return Err(Failure::interrupted());
    }
    drop(ends);

    let least = severity.unwrap_or(fail_on).severity();
    let results = Results {
        analysed: &analysed,
        shown: findings
            .iter()
            .copied()
            .filter(|f| f.severity >= least)
            .collect(),
        patches: &patches,
        changed,
        notes,
        undecided: args.undecided,
        findings,
    };
    for output in &outputs {
        results.print(&context.to(output))?;
    }
    // Nothing on stdout would look as if nothing had been done.
    if !context.common.quiet && outputs.iter().all(|output| output.file.is_some()) {
        let files: Vec<String> = outputs
            .iter()
            .filter_map(|output| output.file.as_deref().map(shown))
            .collect();
        let told = present::in_files(results.shown.len(), results.findings.len(), &files);
        drop(writeln!(std::io::stderr(), "caulk: {told}"));
    }
    let fails = |f: &&Finding| f.severity >= fail_on.severity();
    let min_coverage = args.min_coverage.or(settings.min_coverage);
    let exit = if results.findings.iter().any(fails) {
        Exit::Found
    } else {
        match min_coverage {
            Some(least) if decided(&analysed.analysis.coverage) < least => Exit::Inconclusive,
            _ => Exit::Clean,
        }
    };
    if args.stats {
        phases.end("report");
        stats::print(&analysed.analysis, cache_use, &phases);
    }
    // Nobody looks at the program again: the system takes its memory back faster than we could.
    std::mem::forget(analysed);
    Ok(exit)
}

/// The share of the acquisitions that was decided, in percent; all where there are none.
fn decided(coverage: &Coverage) -> f64 {
    match coverage.acquisitions {
        0 => 100.0,
        all => 100.0 * coverage.decided as f64 / all as f64,
    }
}

fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        _ => Err("say a number from 0 to 100".to_owned()),
    }
}

fn from(args: &CheckArgs) -> Option<From> {
    let revision = args.new_from_rev.clone().map(From::Revision);
    revision.or_else(|| args.new_from_merge_base.clone().map(From::MergeBase))
}

/// Who names a rule wants it.
fn is_preview(rule: &str) -> bool {
    caulk_leaks::rule(rule).is_some_and(|rule| rule.preview)
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

/// Where paths lead out of the current folder, the module that they lie in, else the folder that holds
/// them all: files outside of what is checked are not edited.
fn root_elsewhere(current: &Path, paths: &[PathBuf], context: &Context) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = paths
        .iter()
        .map(|path| {
            let mut folder = caulk_system::normalize(&current.join(path));
            while !context.files.is_dir(&folder) && folder.pop() {}
            folder
        })
        .collect();
    if folders.iter().all(|folder| folder.starts_with(current)) {
        return None;
    }
    let mut common = folders.first()?.clone();
    while !folders.iter().all(|folder| folder.starts_with(&common)) && common.pop() {}
    Some(module_root(&context.files, &common).unwrap_or(common))
}

/// What was asked for on the command line of `check` or `fix`, and in `[check]` of `caulk.toml`.
pub struct Selected {
    pub root: PathBuf,
    pub reading: Reading,
    pub settings: CheckConfig,
    rules: Vec<String>,
}

impl Selected {
    /// Checks that paths and rules exist. What is typed holds before what is written.
    pub fn new(args: &SourceArgs, rules: &[String], context: &Context) -> anyhow::Result<Selected> {
        let root = caulk_system::current_folder()?;
        for path in &args.paths {
            let text = path.to_string_lossy();
            if path.to_str().is_none() {
                bail!("{text}: the name is not UTF-8, and no package can be called so");
            }
            let plain = text.strip_suffix("...").unwrap_or(&text);
            let folder = root.join(if plain.is_empty() { "." } else { plain });
            if !context.files.exists(&folder) {
                bail!("{text}: there is no such file or folder");
            }
        }
        let settings = config::check(&context.files, &root)?;
        let typed_or = |typed: &[String], written: &[String]| match typed {
            [] => written.to_vec(),
            typed => typed.to_vec(),
        };
        let rules = typed_or(rules, &settings.rules);
        for rule in &rules {
            if !caulk_leaks::rules().iter().any(|known| known.name == *rule) {
                bail!("there is no rule {rule}: caulk rules lists them");
            }
        }
        let build_tags = typed_or(&args.build_tags, &settings.build_tags);
        let reading = Reading {
            goos: args.goos.clone(),
            goarch: args.goarch.clone(),
            no_tests: args.no_tests || (!args.tests && settings.tests == Some(false)),
            // Who names a platform or tags wants that build and no other.
            other_builds: args.goos.is_none() && args.goarch.is_none() && build_tags.is_empty(),
            preview: args.preview || settings.preview || rules.iter().any(|rule| is_preview(rule)),
            build_tags,
            catalogue: config::catalogue(&context.files, &root)?,
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
        let selected = Selected {
            root,
            reading,
            settings,
            rules,
        };
        Ok(match root_elsewhere(&selected.root, &args.paths, context) {
            Some(root) => selected.below(root),
            None => selected,
        })
    }

    /// The same, with paths told relative to another folder, which all that was named is below.
    fn below(mut self, root: PathBuf) -> Selected {
        for pattern in &mut self.reading.patterns {
            *pattern = caulk_system::normalize(&self.root.join(&*pattern));
        }
        self.root = root;
        self
    }

    /// Reads and analyses; a tree without Go is an error, since nothing was checked.
    pub fn analyse(&self) -> Result<Analysed, Failure> {
        let analysed = source::analyse(source::os_files(), &self.root, &self.reading);
        self.not_empty(analysed)
    }

    /// The same, from the cache where it was done before.
    fn analyse_with(
        &self,
        cache: Option<&Cache>,
        context: &Context,
    ) -> Result<(Analysed, CacheUse), Failure> {
        let Some(cache) = cache else {
            let analysed = source::analyse_once(source::os_files(), &self.root, &self.reading);
            return Ok((self.not_empty(analysed)?, CacheUse::Off));
        };
        let Remembered {
            analysed,
            cache_use,
            failed,
        } = remembered::analyse(cache, &self.root, &self.reading, &context.cancel);
        if let Some(failed) = failed
            && !context.common.quiet
        {
            let text = format!("caulk: failed to keep the results for the next time: {failed}");
            drop(writeln!(std::io::stderr(), "{text}"));
        }
        Ok((self.not_empty(analysed)?, cache_use))
    }

    fn not_empty(&self, analysed: Analysed) -> Result<Analysed, Failure> {
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
        let wanted = |finding: &&Finding| self.is_asked_for(finding.rule);
        analysed.analysis.findings.iter().filter(wanted).collect()
    }

    fn is_asked_for(&self, rule: &str) -> bool {
        self.rules.is_empty() || self.rules.iter().any(|asked| asked == rule)
    }

    /// Whether a rule can have findings in this run.
    fn runs(&self, rule: &str) -> bool {
        let is_on = |rule: &caulk_leaks::Rule| self.reading.preview || !rule.preview;
        self.is_asked_for(rule) && caulk_leaks::rule(rule).is_none_or(is_on)
    }
}

//! `caulk fix`: edits that end findings, printed or written.

mod ask;
mod verify;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{anyhow, bail};
use caulk_leaks::Finding;
use caulk_report::json::check::FixOutcome;
use caulk_report::render::printable;
use caulk_report::{Block, Report};
use caulk_system::{Cancel, Files};
use clap::Args;

use self::verify::{Verifier, Verify};
use super::check::Selected;
use crate::baseline::Baseline;
use crate::cli::{OutputFormat, SourceArgs};
use crate::context::{Context, shown, shown_folder, write_out};
use crate::exit::{Exit, Failure, Outcome};
use crate::levels::Level;
use crate::load_flags;
use crate::patching::{self, Patches, Written};
use crate::present::check::{self as present, counted};
use crate::present::finding;
use crate::results::json_report;
use crate::source::{Analysed, slashed};

/// Fix leaks in source
///
/// Puts the release that is missing where it belongs, checks the edited tree again, and refuses
/// with a reason where a person must decide. Files with uncommitted changes are left alone.
///
/// What `caulk.toml` says of severity, confidence, rules and the baseline holds here as for check.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct FixArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// Print the patch and write nothing; exit with 1 where something would change
    #[arg(long, visible_alias = "dry-run")]
    pub diff: bool,
    /// Show each fix and ask; what is declined is remembered until its file changes
    #[arg(long, conflicts_with = "diff")]
    pub interactive: bool,
    /// Ask also for what was declined before
    #[arg(long, requires = "interactive")]
    pub restart: bool,
    /// Build and vet the edited packages before anything is written (needs Go); with =test, run
    /// their tests before and after, too. What breaks something is not fixed
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "build"
    )]
    pub verify: Option<Verify>,
    /// How long each command of --verify may take
    #[arg(
        long,
        value_name = "TIME",
        value_parser = load_flags::duration,
        default_value = "10m",
        requires = "verify"
    )]
    pub verify_timeout: Duration,
    /// Take also fixes that may change behaviour and want a review
    #[arg(long = "unsafe")]
    pub take_review: bool,
    /// Only the finding at this place; may repeat
    #[arg(long, value_name = "FILE:LINE")]
    pub only: Vec<String>,
    /// Fix findings of this severity and above [default: as check reports, medium]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub severity: Option<Level>,
    /// Only findings of these rules, separated by commas
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub rule: Vec<String>,
    /// Leave the findings alone that this file has
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write also files that have uncommitted changes
    #[arg(long)]
    pub allow_dirty: bool,
}

const EXAMPLES: &str = "\
Examples:
  caulk fix --diff ./... | git apply
  caulk fix ./internal/store
  caulk fix --only internal/store/store.go:47
  caulk fix --interactive              show each fix and ask
  caulk fix --verify                   build and vet with the fixes, then write
  caulk fix --verify=test --diff       the patch with which the tests pass that pass now

Exit codes: 0 nothing is left to do; 1 findings are left, or --diff would change something;
2 wrong use; 3 --verify could not run; 130 ended by Ctrl-C";

pub fn run(args: FixArgs, context: &Context) -> Outcome {
    let json = context.common.output_format == Some(OutputFormat::Json);
    if args.interactive {
        if json {
            return Err(anyhow!("--interactive speaks to a person, not as JSON").into());
        }
        ask::at_terminal()?;
    }
    let mut only = places(&args.only)?;
    let mut source = args.source.clone();
    if source.paths.is_empty() {
        if let Some(gone) = only
            .iter()
            .find(|place| !context.files.is_file(Path::new(&place.file)))
        {
            return Err(anyhow!("{}: there is no such file", gone.file).into());
        }
        // A place names its package: nothing else need be read.
        source.paths = only.iter().map(|place| folder_of(&place.file)).collect();
        source.paths.dedup();
    }
    let current = caulk_system::current_folder()?;
    let selected = Selected::new(&source, &args.rule, context)?;
    for place in &mut only {
        let file = caulk_system::normalize(&current.join(&place.file));
        if let Some(relative) = file.strip_prefix(&selected.root).ok().and_then(slashed) {
            place.file = relative;
        }
    }
    let progress = context.progress(args.verify.is_some());
    progress.phase("checking");
    let ends = context.end_when_interrupted();
    let analysed = selected.analyse()?;
    let mut findings = selected.findings(&analysed);
    let notes = match only.is_empty() {
        true => narrow(&mut findings, &args, &selected, &current, context)?,
        // Who names a place wants it fixed, whatever is known of it.
        false => Vec::new(),
    };
    if let Some(missing) = only
        .iter()
        .find(|place| !findings.iter().any(|f| place.is(f)))
    {
        return Err(anyhow!("there is no finding at {}:{}", missing.file, missing.line).into());
    }
    findings.retain(|f| only.is_empty() || only.iter().any(|place| place.is(f)));
    progress.phase("planning fixes");
    let take_review = args.take_review || args.interactive;
    let patches = patching::plan(&analysed, &findings, take_review);
    if context.cancel.is_cancelled() {
        return Err(Failure::interrupted());
    }
    // From here on files are written and programs run.
    drop(ends);
    let mut work = Work {
        args: &args,
        context,
        selected: &selected,
        analysed: &analysed,
        findings,
        notes,
    };
    if args.interactive {
        progress.finish();
        return work.interactively(&patches);
    }
    let patches = work.verified(patches, &Written::new(), take_review)?;
    progress.finish();
    if args.diff {
        return work.print(&patches, json);
    }
    let written = patches.write(&analysed.root, args.allow_dirty, &context.cancel);
    if json {
        context.print_json(&json_report(&analysed, &work.findings, &patches))?;
    } else {
        work.tell(&patches, &written)?;
    }
    Ok(work.exit(&patches, &written))
}

/// Leaves the findings that a check would report, and says of which it does not.
fn narrow(
    findings: &mut Vec<&Finding>,
    args: &FixArgs,
    selected: &Selected,
    current: &Path,
    context: &Context,
) -> anyhow::Result<Vec<String>> {
    let settings = &selected.settings;
    let least = args.severity.or(settings.severity).or(settings.fail_on);
    let least = least.unwrap_or(Level::Medium).severity();
    let all = findings.len();
    findings.retain(|f| f.severity >= least);
    let lower = present::lower(all - findings.len(), "left alone");
    if let Some(least) = settings.confidence {
        findings.retain(|f| f.confidence >= least.confidence());
    }
    let typed = args.baseline.as_ref().map(|file| current.join(file));
    let mut notes: Vec<String> = lower.into_iter().collect();
    if let Some(path) = typed.or_else(|| settings.baseline.clone()) {
        let known = Baseline::read(&context.files, &path)?.take_away(findings);
        notes.extend(present::known(known, 0, false, &shown(&path)));
    }
    Ok(notes)
}

/// The findings that are to be fixed, and how.
struct Work<'a> {
    args: &'a FixArgs,
    context: &'a Context,
    selected: &'a Selected,
    analysed: &'a Analysed,
    findings: Vec<&'a Finding>,
    /// Closing lines.
    notes: Vec<String>,
}

impl<'a> Work<'a> {
    /// The patches without those that break something, as far as that was asked for. Nothing is written.
    fn verified(
        &mut self,
        mut patches: Patches,
        written: &Written,
        take_review: bool,
    ) -> Result<Patches, Failure> {
        let Some(verify) = self.args.verify else {
            return Ok(patches);
        };
        let progress = self.context.progress(true);
        let mut verifier = Verifier::new(
            &self.analysed.root,
            &self.selected.reading,
            verify,
            self.args.verify_timeout,
            &self.context.cancel,
            &progress,
        );
        let mut left: Vec<&Finding> = self
            .findings
            .iter()
            .copied()
            .filter(|finding| patches.outcome(finding).is_some())
            .collect();
        // Each round withdraws something, or is the last.
        while patches.changes() {
            let broken = verifier.broken(&patches, &left)?;
            if broken.is_empty() {
                break;
            }
            for broken in &broken {
                if let Some(finding) = left.get(broken.finding) {
                    patches.withdraw(finding, broken.reason.clone());
                }
            }
            let stays = |at: &usize| !broken.iter().any(|broken| broken.finding == *at);
            left = (0..left.len())
                .filter(stays)
                .filter_map(|at| left.get(at).copied())
                .collect();
            progress.phase("planning fixes without what broke");
            let mut next = patching::plan_with(self.analysed, &left, take_review, written);
            next.take_withdrawn(patches);
            patches = next;
        }
        let folder = shown_folder(&self.analysed.root);
        for (package, reason) in &verifier.unproved {
            let below = package.strip_prefix(&self.analysed.root);
            let name = match below.ok().and_then(slashed) {
                Some(name) if !name.is_empty() => format!("{folder}{name}"),
                _ => shown(package),
            };
            self.notes
                .push(format!("{name} is fixed without proof: {reason}"));
        }
        Ok(patches)
    }

    /// Asks for each fix, and writes what was accepted.
    fn interactively(mut self, patches: &Patches) -> Outcome {
        let session = ask::Session {
            context: self.context,
            analysed: self.analysed,
            restart: self.args.restart,
        };
        let answers = session.ask(&self.findings, patches)?;
        let accepted =
            patching::plan_with(self.analysed, &answers.accepted, true, &answers.written);
        let accepted = match answers.interrupted {
            // Ctrl-C would end a build at once: what was accepted waits for the next time.
            true if self.args.verify.is_some() => Patches::default(),
            _ => self.verified(accepted, &answers.written, true)?,
        };
        // The session may have been ended by Ctrl-C; what was accepted before is written all the same.
        let written = accepted.write(&self.analysed.root, self.args.allow_dirty, &Cancel::new());
        session.remember(&answers);
        self.notes.extend(answers.told());
        // What could not be fixed at all is told as without questions.
        let mut all = accepted;
        all.take_refused(patches);
        self.tell(&all, &written)?;
        match answers.interrupted {
            true => Err(Failure::interrupted()),
            false => Ok(self.exit(&all, &written)),
        }
    }

    /// Prints the patch, and on stderr what it leaves.
    fn print(&self, patches: &Patches, json: bool) -> Outcome {
        if json {
            let report = json_report(self.analysed, &self.findings, patches);
            self.context.print_json(&report)?;
        } else {
            write_out(&patches.unified())?;
            if !self.context.common.quiet {
                tell_what_is_left(&self.findings, patches, self.args.take_review);
                for note in &self.notes {
                    drop(writeln!(std::io::stderr(), "caulk: {}", printable(note)));
                }
            }
        }
        Ok(match patches.changes() {
            true => Exit::Found,
            false => Exit::Clean,
        })
    }

    fn tell(&self, patches: &Patches, written: &patching::Applied) -> anyhow::Result<()> {
        let root = &self.analysed.root;
        let read = |file: &str| match patches.unedited(file) {
            Some(before) => Some(before.to_vec()),
            None => self.context.files.read(&root.join(file)).ok(),
        };
        let take_review = self.args.take_review || self.args.interactive;
        let quiet = self.context.common.quiet;
        let mut report = report(&self.findings, patches, written, take_review, quiet, &read);
        if !self.notes.is_empty() && !quiet {
            report.push(Block::Summary(self.notes.clone()));
        }
        self.context
            .print(&report, self.context.format(OutputFormat::Concise))
    }

    fn exit(&self, patches: &Patches, written: &patching::Applied) -> Exit {
        let take_review = self.args.take_review || self.args.interactive;
        let is_done = |finding: &&Finding| is_done(finding, patches, take_review);
        match self.findings.iter().all(is_done) && written.left.is_empty() {
            true => Exit::Clean,
            false => Exit::Found,
        }
    }
}

fn folder_of(file: &str) -> PathBuf {
    let folder = file.rsplit_once('/').map_or(".", |(folder, _)| folder);
    match folder {
        "." => PathBuf::from("."),
        folder => Path::new(".").join(folder),
    }
}

/// On stderr, since stdout is the patch.
fn tell_what_is_left(findings: &[&Finding], patches: &Patches, take_review: bool) {
    for finding in findings {
        let Some(fix) = patches.outcome(finding) else {
            continue;
        };
        if !is_done(finding, patches, take_review) {
            let more = match fix.outcome {
                FixOutcome::FixedReview => " (--unsafe takes it)",
                _ => "",
            };
            let line = format!(
                "caulk: {}: not fixed: {}{more}",
                finding.location, fix.reason
            );
            drop(writeln!(std::io::stderr(), "{}", printable(&line)));
        }
    }
    for line in alternatives(findings, patches, take_review) {
        drop(writeln!(std::io::stderr(), "caulk: {}", printable(&line)));
    }
}

fn is_done(finding: &Finding, patches: &Patches, take_review: bool) -> bool {
    match patches.outcome(finding).map(|fix| fix.outcome) {
        Some(FixOutcome::Fixed) => true,
        Some(FixOutcome::FixedReview) => take_review,
        Some(FixOutcome::Refused) | None => false,
    }
}

/// What became of each finding, then how many were fixed and why others were not. To the quiet only what is left.
fn report(
    findings: &[&Finding],
    patches: &Patches,
    written: &patching::Applied,
    take_review: bool,
    quiet: bool,
    read: &finding::Sources<'_>,
) -> Report {
    let mut report = Report::new();
    let mut counts = Counts::default();
    for finding in findings {
        let Some(fix) = patches.outcome(finding) else {
            continue;
        };
        let mut left = written.left.iter();
        let unwritten = left.find(|(file, _)| *file == finding.location.file);
        let not_fixed = match (is_done(finding, patches, take_review), unwritten) {
            (true, None) => None,
            (true, Some((_, reason))) => {
                *counts.refused.entry(reason.clone()).or_default() += 1;
                Some(reason.as_str())
            }
            (false, _) if fix.outcome == FixOutcome::FixedReview => {
                counts.review += 1;
                Some(fix.reason.as_str())
            }
            (false, _) => {
                let kind = patches.reason_kind(finding);
                *counts.refused.entry(kind).or_default() += 1;
                Some(fix.reason.as_str())
            }
        };
        let mut diagnostic = finding::diagnostic(finding, read);
        match not_fixed {
            Some(reason) => {
                diagnostic.message = format!("{}; not fixed: {reason}", diagnostic.message);
            }
            None if quiet => {
                counts.fixed += 1;
                continue;
            }
            None => {
                counts.fixed += 1;
                diagnostic.tags.push("fixed".to_owned());
            }
        }
        report.push(diagnostic);
    }
    if !quiet {
        let mut lines = counts.lines(written.written.len());
        // What an edit needs in a file where nothing was found.
        for (file, reason) in &written.left {
            if !findings.iter().any(|f| f.location.file == *file) {
                lines.push(format!("{file} was not written: {reason}"));
            }
        }
        lines.extend(alternatives(findings, patches, take_review));
        report.push(Block::Summary(lines));
    }
    report
}

/// What could be done instead of the edits that were made, one line each.
fn alternatives<'a>(
    findings: &'a [&Finding],
    patches: &'a Patches,
    take_review: bool,
) -> impl Iterator<Item = String> + 'a {
    let done = findings
        .iter()
        .filter(move |finding| is_done(finding, patches, take_review));
    done.filter_map(|finding| {
        let other = caulk_fix::alternative(finding)?;
        Some(format!("instead, at {}: {other}", finding.location))
    })
}

/// What became of findings.
#[derive(Default)]
struct Counts {
    fixed: usize,
    review: usize,
    /// By reason.
    refused: BTreeMap<String, usize>,
}

impl Counts {
    /// What was fixed, what wants a review, and what was refused by reason, the commonest first.
    fn lines(self, files: usize) -> Vec<String> {
        let refused: usize = self.refused.values().sum();
        if self.fixed + self.review + refused == 0 {
            return vec!["nothing to fix".to_owned()];
        }
        let findings = |count| counted(count, "finding");
        let mut lines = vec![match self.fixed {
            0 => "nothing fixed".to_owned(),
            fixed => format!("{} fixed in {}", findings(fixed), counted(files, "file")),
        }];
        if self.review > 0 {
            lines.push(format!(
                "{} left to a review: --unsafe takes the edits, --unsafe --diff shows them",
                findings(self.review)
            ));
        }
        if refused > 0 {
            lines.push(format!("{} not fixed:", findings(refused)));
        }
        let mut reasons: Vec<(String, usize)> = self.refused.into_iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        lines.extend(
            reasons
                .iter()
                .map(|(reason, count)| format!("{count:6}  {reason}")),
        );
        lines
    }
}

struct Place {
    file: String,
    line: u32,
}

impl Place {
    fn is(&self, finding: &Finding) -> bool {
        finding.places().into_iter().any(|at| {
            at.file == self.file && at.line <= self.line && self.line <= at.end_line.max(at.line)
        })
    }
}

fn places(only: &[String]) -> anyhow::Result<Vec<Place>> {
    only.iter()
        .map(|text| {
            let mut parts = text.splitn(3, ':');
            let (file, line) = (
                parts.next().unwrap_or_default(),
                parts.next().unwrap_or_default(),
            );
            match line.parse() {
                Ok(line) if !file.is_empty() => {
                    let file = file.trim_start_matches("./").replace('\\', "/");
                    Ok(Place { file, line })
                }
                _ => bail!("'{text}' is not a place: write FILE:LINE"),
            }
        })
        .collect()
}

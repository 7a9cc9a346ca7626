//! `caulk fix`: edits that end findings, printed or written.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use caulk_leaks::Finding;
use caulk_report::json::check::FixOutcome;
use caulk_report::render::printable;
use caulk_report::{Block, Report};
use caulk_system::Files;
use clap::Args;

use super::check::{Level, Selected};
use crate::cli::{OutputFormat, SourceArgs};
use crate::context::{Context, write_out};
use crate::exit::{Exit, Failure, Outcome};
use crate::patching;
use crate::present::{check as present, finding};
use crate::results::json_report;
use crate::source::slashed;

/// Fix leaks in source
///
/// Puts the release that is missing where it belongs, checks the edited tree again, and refuses
/// with a reason where a person must decide. Files with uncommitted changes are left alone.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct FixArgs {
    #[command(flatten)]
    pub source: SourceArgs,
    /// Print the patch and write nothing; exit with 1 where something would change
    #[arg(long)]
    pub diff: bool,
    /// Take also fixes that may change behaviour and want a review
    #[arg(long = "unsafe")]
    pub take_review: bool,
    /// Only the finding at this place; may repeat
    #[arg(long, value_name = "FILE:LINE")]
    pub only: Vec<String>,
    /// Fix findings of this severity and above
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = Level::Medium)]
    pub severity: Level,
    /// Only findings of these rules, separated by commas
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub rule: Vec<String>,
    /// Write also files that have uncommitted changes
    #[arg(long)]
    pub allow_dirty: bool,
}

const EXAMPLES: &str = "\
Examples:
  caulk fix --diff ./... | git apply
  caulk fix ./internal/store
  caulk fix --only internal/store/store.go:47";

pub fn run(args: FixArgs, context: &Context) -> Outcome {
    let mut only = places(&args.only)?;
    let least = if only.is_empty() {
        args.severity
    } else {
        Level::Low
    };
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
    let progress = context.progress(false);
    progress.phase("checking");
    let analysed = selected.analyse()?;
    let mut findings = selected.findings(&analysed);
    findings.retain(|f| f.severity >= least.severity());
    if let Some(missing) = only
        .iter()
        .find(|place| !findings.iter().any(|f| place.is(f)))
    {
        return Err(anyhow!("there is no finding at {}:{}", missing.file, missing.line).into());
    }
    findings.retain(|f| only.is_empty() || only.iter().any(|place| place.is(f)));
    progress.phase("planning fixes");
    let patches = patching::plan(&analysed, &selected.reading, &findings, args.take_review);
    if context.cancel.is_cancelled() {
        return Err(Failure::interrupted());
    }
    progress.finish();

    let json = context.common.output_format == Some(OutputFormat::Json);
    if args.diff {
        if json {
            context.print_json(&json_report(&analysed, &findings, &patches))?;
        } else {
            write_out(&patches.unified())?;
            if !context.common.quiet {
                tell_what_is_left(&findings, &patches, args.take_review);
            }
        }
        return Ok(if patches.changes() {
            Exit::Found
        } else {
            Exit::Clean
        });
    }
    let written = patches.write(&analysed.root, args.allow_dirty, &context.cancel);
    if json {
        context.print_json(&json_report(&analysed, &findings, &patches))?;
    } else {
        let read = |file: &str| context.files.read(&analysed.root.join(file)).ok();
        let report = report(&findings, &patches, &written, args.take_review, &read);
        context.print(&report, context.format(OutputFormat::Concise))?;
    }
    let left = findings
        .iter()
        .any(|f| !is_done(f, &patches, args.take_review));
    let left = left || !written.left.is_empty();
    Ok(if left { Exit::Found } else { Exit::Clean })
}

fn folder_of(file: &str) -> PathBuf {
    let folder = file.rsplit_once('/').map_or(".", |(folder, _)| folder);
    match folder {
        "." => PathBuf::from("."),
        folder => Path::new(".").join(folder),
    }
}

/// On stderr, since stdout is the patch.
fn tell_what_is_left(findings: &[&Finding], patches: &patching::Patches, take_review: bool) {
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
}

fn is_done(finding: &Finding, patches: &patching::Patches, take_review: bool) -> bool {
    match patches.outcome(finding).map(|fix| fix.outcome) {
        Some(FixOutcome::Fixed) => true,
        Some(FixOutcome::FixedReview) => take_review,
        Some(FixOutcome::Refused) | None => false,
    }
}

/// What is left to a person, then what was done.
fn report(
    findings: &[&Finding],
    patches: &patching::Patches,
    written: &patching::Written,
    take_review: bool,
    read: &finding::Sources<'_>,
) -> Report {
    let mut report = Report::new();
    let mut counts = [0usize; 3];
    for finding in findings {
        let Some(fix) = patches.outcome(finding) else {
            continue;
        };
        let index = match fix.outcome {
            FixOutcome::Fixed => 0,
            FixOutcome::FixedReview => 1,
            FixOutcome::Refused => 2,
        };
        if let Some(count) = counts.get_mut(index) {
            *count += 1;
        }
        if !is_done(finding, patches, take_review) {
            let mut diagnostic = finding::diagnostic(finding, read);
            diagnostic.message = format!("{}; not fixed: {}", diagnostic.message, fix.reason);
            report.push(diagnostic);
        }
    }
    let [fixed, review, refused] = counts;
    let mut lines = vec![format!(
        "{} fixed in {}, {} to review, {} refused",
        present::counted(if take_review { fixed + review } else { fixed }, "finding"),
        present::counted(written.written.len(), "file"),
        if take_review { 0 } else { review },
        refused
    )];
    if review > 0 && !take_review {
        lines
            .push("fixes to review are taken with --unsafe; --diff --unsafe shows them".to_owned());
    }
    for (file, reason) in &written.left {
        lines.push(format!("{file} was not written: {reason}"));
    }
    report.push(Block::Summary(lines));
    report
}

struct Place {
    file: String,
    line: u32,
}

impl Place {
    fn is(&self, finding: &Finding) -> bool {
        let at = &finding.location;
        at.file == self.file && at.line <= self.line && self.line <= at.end_line.max(at.line)
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

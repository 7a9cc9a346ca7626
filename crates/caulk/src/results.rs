//! What a check found, in every format.

use std::collections::BTreeMap;

use caulk_leaks::{Finding, Location, Outcome};
use caulk_report::json::check as json;
use caulk_report::{Block, FindingList, Page, Report, render};
use caulk_system::Files;

use crate::cli::OutputFormat;
use crate::context::{Context, shown_folder};
use crate::patching;
use crate::present::listing::{self, Places, Told};
use crate::present::{check as present, finding, findings_page};
use crate::source::{self, Analysed};

/// What was found, and how it is told.
pub struct Results<'a> {
    pub analysed: &'a Analysed,
    pub findings: Vec<&'a Finding>,
    /// Those that are not only counted where a person reads.
    pub shown: Vec<&'a Finding>,
    pub patches: &'a patching::Patches,
    /// Where a change made a finding one, by its fingerprint.
    pub changed: BTreeMap<String, Location>,
    /// Closing lines about findings that are not shown.
    pub notes: Vec<String>,
    /// Whether acquisitions that could not be decided are listed.
    pub undecided: bool,
}

impl Results<'_> {
    /// Prints them in the format, and to the place, that the context says.
    pub fn print(&self, context: &Context) -> anyhow::Result<()> {
        match context.format(present::usual_format(self.shown.len())) {
            OutputFormat::Json => context.print_json(&self.json()),
            OutputFormat::Sarif => context.print_text(&render::sarif(&self.list(&self.findings))),
            OutputFormat::Github => context.print_text(&render::github(&self.list(&self.shown))),
            OutputFormat::Gitlab => context.print_text(&render::gitlab(&self.list(&self.shown))),
            OutputFormat::Junit => context.print_text(&render::junit(&self.list(&self.shown))),
            OutputFormat::Html => context.print_page(&self.page()),
            format => context.print(&self.report(format, context.common.quiet), format),
        }
    }

    fn source(&self, file: &str) -> Option<Vec<u8>> {
        source::os_files().read(&self.analysed.root.join(file)).ok()
    }

    /// Which change made a finding one, where it does not stand at the acquiring call.
    fn change(&self, finding: &Finding) -> Option<String> {
        let changed = self.changed.get(&finding.fingerprint)?;
        Some(format!(
            "new by the change at {}:{}",
            changed.file, changed.line
        ))
    }

    fn json(&self) -> json::CheckReport {
        let mut report = json_report(self.analysed, &self.findings, self.patches);
        for (listed, finding) in report.findings.iter_mut().zip(&self.findings) {
            let changed = self.changed.get(&finding.fingerprint);
            listed.changed = changed.map(finding::span);
        }
        report
    }

    /// For what shows findings elsewhere, where paths begin at the top of the repository.
    fn list(&self, findings: &[&Finding]) -> FindingList {
        let read = |file: &str| self.source(file);
        let prefix = source::below_repository(&*source::os_files(), &self.analysed.root);
        let told: Vec<Told<'_>> = findings
            .iter()
            .map(|finding| Told {
                finding,
                first: self.changed.get(&finding.fingerprint),
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
                note: self.change(finding),
            })
            .collect();
        let analysis = &self.analysed.analysis;
        findings_page::page(
            &root.to_string_lossy(),
            told,
            &analysis.coverage,
            self.notes
                .iter()
                .cloned()
                .chain(present::limits(analysis))
                .collect(),
            &read,
        )
    }

    fn report(&self, format: OutputFormat, quiet: bool) -> Report {
        // A line for each shows no source.
        let is_shown = format != OutputFormat::Concise;
        let read = |file: &str| is_shown.then(|| self.source(file)).flatten();
        let folder = shown_folder(&self.analysed.root);
        let mut report = Report::new();
        for finding in &self.shown {
            let mut diagnostic = finding::diagnostic(finding, &read);
            present::add_fix(&mut diagnostic, self.patches.outcome(finding));
            diagnostic.notes.extend(self.change(finding));
            finding::put_before(&mut diagnostic, &folder);
            report.push(diagnostic);
        }
        let analysis = &self.analysed.analysis;
        if self.undecided {
            for acquisition in &analysis.acquisitions {
                if let Outcome::Unknown { why, .. } = &acquisition.outcome {
                    let mut diagnostic = present::undecided(acquisition, why);
                    finding::put_before(&mut diagnostic, &folder);
                    report.push(diagnostic);
                }
            }
        }
        if !quiet {
            for mut diagnostic in present::wrong_comments(&analysis.problems) {
                finding::put_before(&mut diagnostic, &folder);
                report.push(diagnostic);
            }
            let hidden = self.findings.len() - self.shown.len();
            let new_only = !self.notes.is_empty();
            let mut lines =
                present::summary(analysis, &self.shown, hidden, new_only, self.undecided);
            lines.extend(self.notes.iter().cloned());
            if !self.shown.is_empty() {
                lines.push(present::NEXT.to_owned());
            }
            report.push(Block::Summary(lines));
        }
        report
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
        blocked_by: present::blocking(analysis)
            .into_iter()
            .map(|(callee, times)| json::Blocking {
                callee: callee.to_owned(),
                acquisitions: times as u64,
            })
            .collect(),
        summary: json::Summary {
            files: analysis.coverage.files as u64,
            functions: analysis.coverage.functions as u64,
            findings: findings.len() as u64,
        },
    }
}

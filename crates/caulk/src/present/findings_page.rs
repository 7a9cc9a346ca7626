//! The findings of a check as one page: how many of which rule, and each with its source, of which a reader
//! chooses.

use std::collections::{BTreeMap, BTreeSet};

use caulk_leaks::{self as leaks, Finding};
use caulk_report::json::check::{Fix, FixOutcome};
use caulk_report::{
    Block, Catalogue, CatalogueItem, Cell, Column, Diagnostic, Facet, Figure, KeyValue, Page,
    Paragraph, Part, Patch, Section, Severity, Table, Tone, units,
};

use super::check::{add_fix, counted};
use super::finding::{self, Sources};

/// Lines of source that are shown around what is pointed at.
const AROUND: u32 = 2;
/// Findings that a page shows: nobody reads more, and browsers become slow.
const SHOWN: usize = 2000;
const LEVELS: [leaks::Severity; 3] = [
    leaks::Severity::High,
    leaks::Severity::Medium,
    leaks::Severity::Low,
];

/// A finding and what would be done about it.
pub struct Told<'a> {
    pub finding: &'a Finding,
    pub fix: Option<Fix>,
    pub patch: Patch,
    /// What else is said of it.
    pub note: Option<String>,
}

/// The page of what was found below a folder that goes by `name`, the worst first; `remarks` say what it has to
/// be read with.
pub fn page(
    name: &str,
    mut told: Vec<Told<'_>>,
    coverage: &leaks::Coverage,
    remarks: Vec<String>,
    sources: &Sources<'_>,
) -> Page {
    told.sort_by_key(|told| std::cmp::Reverse(told.finding.severity));
    let told = told.as_slice();
    let mut sections = Vec::new();
    if !told.is_empty() {
        let table = Part::Table {
            caption: "How many findings each rule has".to_owned(),
            table: by_rule(told),
        };
        sections.push(Section::new("By rule", vec![table]));
        sections.push(findings(told, sources));
        sections.push(rules(told));
    }
    let verdict = verdict(told, coverage);
    Page {
        title: format!("{name}: {}", verdict.message),
        subject: vec![name.to_owned(), "caulk check".to_owned()],
        verdict,
        facts: facts(told, coverage),
        remarks: remarks
            .into_iter()
            .map(|remark| Paragraph::with_lead("Note:", remark))
            .collect(),
        sections,
        made_by: format!("caulk {}", env!("CARGO_PKG_VERSION")),
    }
}

fn verdict(told: &[Told<'_>], coverage: &leaks::Coverage) -> Diagnostic {
    let read = format!(
        "{} in {}",
        counted(coverage.functions, "function"),
        counted(coverage.files, "file")
    );
    let worst = told.iter().map(|told| told.finding.severity).max();
    match worst {
        Some(worst) => Diagnostic::new(
            Severity::new("LEAKS", finding::tone(worst)),
            format!("{} in {read}", counted(told.len(), "finding")),
        ),
        None => Diagnostic::new(
            Severity::new("CLEAN", Tone::Good),
            format!("no findings in {read}"),
        ),
    }
}

fn facts(told: &[Told<'_>], coverage: &leaks::Coverage) -> Vec<Figure> {
    let figure = |value: String, label: &str| Figure {
        value,
        label: label.to_owned(),
    };
    let count = |number: usize| units::count(number as u64);
    let mut facts: Vec<Figure> = LEVELS
        .into_iter()
        .map(|level| (level, of_level(told, level)))
        .filter(|(_, number)| *number > 0)
        .map(|(level, number)| figure(count(number), level.word()))
        .collect();
    let fixable = told.iter().filter(|told| !told.patch.hunks.is_empty());
    let fixable = fixable.count();
    if fixable > 0 {
        facts.push(figure(count(fixable), "fixable"));
    }
    if coverage.acquisitions > 0 {
        let share = coverage.decided as f64 / coverage.acquisitions as f64;
        facts.push(figure(
            units::percent(share),
            &format!(
                "of {} decided",
                counted(coverage.acquisitions, "acquisition")
            ),
        ));
    }
    facts
}

fn of_level(told: &[Told<'_>], level: leaks::Severity) -> usize {
    let has = |told: &&Told<'_>| told.finding.severity == level;
    told.iter().filter(has).count()
}

fn by_rule(told: &[Told<'_>]) -> Table {
    let mut rules: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for told in told {
        let counts = rules.entry(told.finding.rule).or_default();
        for (level, count) in LEVELS.iter().zip(counts) {
            *count += usize::from(told.finding.severity == *level);
        }
    }
    let mut rules: Vec<_> = rules.into_iter().collect();
    rules.sort_by_key(|(rule, counts)| (std::cmp::Reverse(counts.iter().sum::<usize>()), *rule));
    let mut table = Table::new([
        Column::left("rule"),
        Column::left("what it finds"),
        Column::right("all"),
        Column::right("high"),
        Column::right("medium"),
        Column::right("low"),
    ]);
    for (rule, counts) in rules {
        let summary = leaks::rule(rule).map_or("", |rule| rule.summary);
        let number = |count: usize| Cell::from(units::count(count as u64));
        let all = number(counts.iter().sum());
        let cells = [
            Cell::code(rule).linked(rule_name(rule)),
            Cell::from(summary),
            all,
        ];
        table.row(cells.into_iter().chain(counts.map(number)));
    }
    table
}

fn findings(told: &[Told<'_>], sources: &Sources<'_>) -> Section {
    let rules: BTreeSet<&str> = told.iter().map(|told| told.finding.rule).collect();
    let rules: Vec<&str> = rules.into_iter().collect();
    let facets = vec![
        facet("Rule", rules.iter().copied()),
        facet("Severity", LEVELS.into_iter().map(leaks::Severity::word)),
        facet("Confidence", ["certain", "likely"]),
    ];
    let items = told
        .iter()
        .take(SHOWN)
        .enumerate()
        .map(|(at, told)| {
            let level = LEVELS
                .iter()
                .position(|level| *level == told.finding.severity);
            let rule = rules.iter().position(|rule| *rule == told.finding.rule);
            let is_likely = told.finding.confidence == leaks::Confidence::Likely;
            CatalogueItem {
                name: format!("finding-{}", at + 1),
                values: vec![
                    rule.unwrap_or(0),
                    level.unwrap_or(0),
                    usize::from(is_likely),
                ],
                blocks: blocks(told, sources),
            }
        })
        .collect();
    let mut parts = vec![Part::Catalogue(Catalogue { facets, items })];
    let more = told.len().saturating_sub(SHOWN);
    if more > 0 {
        parts.push(Part::from(Paragraph::from(format!(
            "{} more in --format json.",
            units::count(more as u64)
        ))));
    }
    Section::new("Findings", parts)
}

fn facet<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Facet {
    Facet {
        name: name.to_owned(),
        values: values.into_iter().map(str::to_owned).collect(),
    }
}

fn blocks(told: &Told<'_>, sources: &Sources<'_>) -> Vec<Block> {
    let mut diagnostic = finding::diagnostic(told.finding, sources);
    for snippet in &mut diagnostic.snippets {
        if let Some(source) = sources(&snippet.file) {
            *snippet = std::mem::take(snippet).surround(&source, AROUND);
        }
    }
    let place = &told.finding.location;
    let apply = format!("caulk fix --only {}:{}", place.file, place.line);
    let apply = match told.fix.as_ref().map(|fix| fix.outcome) {
        Some(FixOutcome::Fixed) => Some(apply),
        Some(FixOutcome::FixedReview) => Some(format!("{apply} --unsafe")),
        Some(FixOutcome::Refused) | None => None,
    };
    add_fix(&mut diagnostic, told.fix.clone());
    diagnostic.notes.extend(told.note.clone());
    let mut blocks = vec![Block::from(diagnostic)];
    if !told.patch.hunks.is_empty() {
        blocks.push(told.patch.clone().into());
    }
    blocks.extend(apply.map(|apply| Block::KeyValues(vec![KeyValue::new("apply", apply)])));
    blocks
}

/// What the rules with findings mean.
fn rules(told: &[Told<'_>]) -> Section {
    let names: BTreeSet<&str> = told.iter().map(|told| told.finding.rule).collect();
    let parts = names
        .into_iter()
        .filter_map(leaks::rule)
        .map(|rule| Part::Article {
            name: rule_name(rule.name),
            blocks: vec![
                Paragraph::with_lead(rule.name, rule.section("What it does").replace('\n', " "))
                    .into(),
                Paragraph::from(rule.section("Why it is bad").replace('\n', " ")).into(),
                Paragraph::from(format!("More: caulk explain {}", rule.name)).into(),
            ],
        })
        .collect();
    Section::new("What the rules mean", parts)
}

fn rule_name(rule: &str) -> String {
    format!("rule-{rule}")
}

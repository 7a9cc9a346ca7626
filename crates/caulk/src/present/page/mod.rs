//! What a hunt or a diagnosis found, as one page: the same words as the text report, with plots, flame
//! graphs, and all that a colleague would ask for next.

mod evidence;
mod flames;
mod functions;
mod goroutines;
mod plots;

use caulk_growth::Verdict;
use caulk_report::{
    Block, Cell, Column, Diagnostic, Figure, KeyValue, Page, Paragraph, Part, Section, Table, units,
};

use super::finding::{self, Sources};
use super::rates::{Rates, of_scalar, seconds};
use super::table;
use super::words;
use super::{culprit, hunt, verdict};
use crate::diagnosis::{Blamed, Findings, load_figures};

/// Lines of source that are shown around what is pointed at.
const AROUND: u32 = 3;
/// Culprits with an article of their own.
const TOLD: usize = 20;

/// What was found in one program, and where its source is read.
pub struct Told<'a> {
    /// What tells it from the others; said only where there are others.
    pub name: &'a str,
    pub findings: &'a Findings,
    pub sources: &'a Sources<'a>,
}

/// The page of one program.
pub fn page(findings: &Findings, sources: &Sources<'_>) -> Page {
    let only = Told {
        name: "",
        findings,
        sources,
    };
    of_several(&only, &[])
}

/// The page of several programs, or of several instances of one: the first opens it.
pub fn of_several(first: &Told<'_>, others: &[Told<'_>]) -> Page {
    let (mut verdict, remarks) = opening(first);
    if !others.is_empty() {
        verdict.message = format!("{}: {}", first.name, verdict.message);
    }
    let mut sections = sections(first, 0);
    for (other, number) in others.iter().zip(1..) {
        let (verdict, remarks) = opening(other);
        let mut parts = vec![Part::from(verdict)];
        parts.extend(remarks.into_iter().map(Part::from));
        sections.push(Section::new(other.name, parts));
        sections.extend(
            self::sections(other, number)
                .into_iter()
                .map(|section| Section {
                    heading: format!("{}: {}", other.name, section.heading),
                    ..section
                }),
        );
    }
    Page {
        title: format!("{}: {}", verdict.severity.word, verdict.message),
        subject: evidence::subject(first.findings),
        verdict,
        facts: facts(first.findings),
        remarks,
        sections,
        made_by: format!("caulk {}", env!("CARGO_PKG_VERSION")),
    }
}

/// The verdict in words, and what it has to be read with.
fn opening(told: &Told<'_>) -> (Diagnostic, Vec<Paragraph>) {
    let findings = told.findings;
    let mut openings = hunt::openings(findings).into_iter();
    let first = findings.culprits.first();
    let verdict = openings
        .next()
        .or_else(|| {
            Some(without_source(culprit::headline(
                findings,
                first?,
                told.sources,
            )))
        })
        .unwrap_or_else(|| verdict::nobody(findings));
    let mut remarks = words::paragraphs(findings);
    remarks.extend(hunt::watched(findings));
    remarks.extend(openings.map(|opening| opening.message.into()));
    remarks.extend(hunt::left_open(findings));
    remarks.extend(findings.input.iter().flat_map(|input| input.paragraphs()));
    (verdict, remarks)
}

fn sections(told: &Told<'_>, number: usize) -> Vec<Section> {
    let findings = told.findings;
    let grown = findings.run.grown(&findings.growth);
    let sections = [
        plots::section(findings),
        culprits(findings, told.sources, number),
        proof(findings),
        flames::section(findings, &grown),
        functions::section(findings, &grown),
        goroutines::section(findings),
        evidence::section(findings),
    ];
    sections.into_iter().flatten().collect()
}

fn without_source(diagnostic: Diagnostic) -> Diagnostic {
    Diagnostic {
        snippets: Vec::new(),
        steps: Vec::new(),
        ..diagnostic
    }
}

// ---- figures at the top

fn facts(findings: &Findings) -> Vec<Figure> {
    let growth = &findings.growth;
    let rates = Rates::of(findings);
    let per = rates.in_words();
    let heap = table::heap(growth);
    let points = &findings.run.loaded().series.points;
    let mut facts = Vec::new();
    if points.iter().any(|point| point.has_heap) {
        facts.push(Figure {
            value: rates.bytes_in(&heap, rates.unit(&heap)),
            label: format!("heap{per}"),
        });
    }
    for (kind, name) in table::counts(growth) {
        let rate = of_scalar(growth, kind).filter(|rate| rate.value.abs() >= plots::LEVEL);
        facts.extend(rate.map(|rate| Figure {
            value: rates.number(&rate),
            label: format!("{name}{per}"),
        }));
    }
    let load = load_figures(&findings.case);
    if load.requests > 0 {
        let rounds = usize::try_from(load.rounds).unwrap_or(usize::MAX);
        facts.push(Figure {
            value: units::count(load.requests),
            label: format!("requests, {}", super::check::counted(rounds, "round")),
        });
    } else {
        facts.push(Figure {
            value: units::count(points.len() as u64),
            label: if points.len() == 1 {
                "snapshot"
            } else {
                "snapshots"
            }
            .to_owned(),
        });
    }
    if growth.watched_seconds > 0.0 {
        facts.push(Figure {
            value: units::duration(seconds(growth.watched_seconds)),
            label: "watched".to_owned(),
        });
    }
    facts
}

// ---- culprits

/// `number` tells the programs of a page apart.
fn culprits(findings: &Findings, sources: &Sources<'_>, number: usize) -> Option<Section> {
    if findings.culprits.is_empty() {
        return None;
    }
    let told = || findings.culprits.iter().take(TOLD).enumerate();
    let mut parts = Vec::new();
    if findings.culprits.len() > 1 {
        parts.push(Part::Table {
            caption: "The places to blame, the heaviest first".to_owned(),
            table: ranking(findings, number),
        });
    }
    parts.extend(told().map(|(index, blamed)| Part::Article {
        name: article_name(number, index),
        blocks: article(findings, blamed, index == 0, sources),
    }));
    let more = findings.culprits.len().saturating_sub(TOLD);
    if more > 0 {
        parts.push(Part::from(Paragraph::from(format!(
            "{more} more in --format json."
        ))));
    }
    let heading = match findings.culprits.len() {
        1 => "Culprit",
        _ => "Culprits",
    };
    Some(Section::new(heading, parts))
}

fn article_name(number: usize, index: usize) -> String {
    format!("culprit-{}-{}", number + 1, index + 1)
}

fn ranking(findings: &Findings, number: usize) -> Table {
    let rates = Rates::of(findings);
    let per = rates.in_words();
    let mut table = Table::new([
        Column::left("place"),
        Column::left("what"),
        Column::right("share of the heap's growth"),
        Column::right(format!("heap{per}")),
        Column::right("new goroutines"),
        Column::left("fix"),
    ]);
    for (index, blamed) in findings.culprits.iter().take(TOLD).enumerate() {
        let culprit = &blamed.culprit;
        let place = finding::location(&culprit.anchor.location).to_string();
        table.row([
            Cell::code(place).linked(article_name(number, index)),
            Cell::from(culprit::sentence(findings, blamed)),
            Cell::from(units::percent(culprit.share_of_heap)).with_share(culprit.share_of_heap),
            Cell::from(rates.bytes(culprit.weight.bytes)),
            Cell::from(units::count(
                u64::try_from(culprit.weight.new_goroutines).unwrap_or(0),
            )),
            Cell::from(fix_word(blamed)),
        ]);
    }
    table
}

fn fix_word(blamed: &Blamed) -> &'static str {
    use caulk_report::json::check::FixOutcome;
    match blamed.fix.as_ref().map(|fix| &fix.json.outcome) {
        Some(FixOutcome::Fixed) => "yes",
        Some(FixOutcome::FixedReview) => "yes, to review",
        Some(FixOutcome::Refused) => "refused",
        None => "",
    }
}

fn article(
    findings: &Findings,
    blamed: &Blamed,
    is_first: bool,
    sources: &Sources<'_>,
) -> Vec<Block> {
    let mut blocks = hunt::told(findings, blamed, is_first, sources);
    for block in &mut blocks {
        if let Block::Diagnostic(diagnostic) = block {
            diagnostic.snippets = std::mem::take(&mut diagnostic.snippets)
                .into_iter()
                .map(|snippet| match sources(&snippet.file) {
                    Some(source) => snippet.surround(&source, AROUND),
                    None => snippet,
                })
                .collect();
        }
    }
    if is_first {
        let apply = hunt::closing(findings).into_iter();
        let apply: Vec<KeyValue> = apply.filter(|pair| pair.key == "apply").collect();
        if !apply.is_empty() {
            blocks.push(Block::KeyValues(apply));
        }
    }
    blocks
}

// ---- the proof

fn proof(findings: &Findings) -> Option<Section> {
    let proof = findings.proof.as_ref()?;
    let lead = if proof.proved {
        "The same load on the program with the fix: the growth is gone, and it answers as well as before.".to_owned()
    } else {
        format!("The fix is not proved: {}.", proof.reason)
    };
    let table = Part::Table {
        caption: "The program as it is, and with the fix".to_owned(),
        table: table::table(findings),
    };
    let parts = if proof.growth.is_some() {
        vec![table]
    } else {
        Vec::new()
    };
    Some(Section::new("Proof", parts).with_lead(lead))
}

/// Whether anything is said to grow.
fn grows(findings: &Findings) -> bool {
    !matches!(findings.growth.verdict, Some(Verdict::Steady) | None)
}

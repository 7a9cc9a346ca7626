//! The goroutines that came, or where there is nothing else, those that are there: what they do, and where.

use caulk_evidence::{Alike, Frame};
use caulk_report::{Cell, Column, Paragraph, Part, Section, Table, units};

use super::super::goroutines::{alone, told};
use super::super::rates::short_symbol;
use super::flames;
use crate::diagnosis::Findings;

/// Groups that the table shows.
const ROWS: usize = 30;
/// Suspect groups that are told one by one.
const TOLD: usize = 5;

/// The section.
pub fn section(findings: &Findings) -> Option<Section> {
    let alone = alone(findings);
    let came = |alike: &Alike| alike.new.is_some_and(|new| new > 0);
    let alike = findings.run.alike().iter();
    let mut groups: Vec<&Alike> = alike.filter(|alike| alone || came(alike)).collect();
    groups.sort_by_key(|alike| std::cmp::Reverse((alike.new.unwrap_or(0).max(0), alike.count)));
    if groups.is_empty() {
        return None;
    }
    let mut parts = Vec::new();
    if alone && findings.culprits.is_empty() {
        let suspects = findings
            .run
            .alike()
            .iter()
            .filter(|alike| alike.is_suspect());
        parts.extend(suspects.take(TOLD).map(|alike| {
            let lead = format!("{} alike:", units::count(alike.count));
            Part::from(Paragraph::with_lead(lead, told(findings, alike)))
        }));
    }
    let caption = match (alone, groups.len().saturating_sub(ROWS)) {
        (true, 0) => "Goroutines, alike ones together".to_owned(),
        (false, 0) => "Goroutines that came, alike ones together".to_owned(),
        (_, more) => format!("The largest groups of goroutines; {more} smaller ones are left out"),
    };
    parts.push(Part::Table {
        caption,
        table: table(findings, &groups),
    });
    Some(Section::new("Goroutines", parts))
}

fn table(findings: &Findings, groups: &[&Alike]) -> Table {
    let has_new = groups.iter().any(|alike| alike.new.is_some());
    let mut columns = vec![Column::left("began in"), Column::right("goroutines")];
    columns.extend(has_new.then(|| Column::right("new")));
    columns.extend(["they", "at", "started by"].map(Column::left));
    let mut table = Table::new(columns);
    let place = |frame: Option<&Frame>| {
        frame.map_or(String::new(), |frame| {
            flames::short_place(frame, &findings.code)
        })
    };
    for alike in groups.iter().take(ROWS) {
        let entry = alike
            .group
            .entry()
            .map_or("", |frame| short_symbol(&frame.function));
        let mut cells = vec![Cell::code(entry), Cell::from(units::count(alike.count))];
        cells.extend(has_new.then(|| {
            let new = u64::try_from(alike.new.unwrap_or(0)).unwrap_or(0);
            Cell::from(units::count(new))
        }));
        cells.push(Cell::from(format!(
            "{}: {}",
            alike.words,
            alike.stuck.words()
        )));
        cells.push(Cell::code(place(alike.place(&findings.code))));
        cells.push(Cell::code(place(alike.group.created_by.as_ref())));
        table.rows.push(cells);
    }
    table
}

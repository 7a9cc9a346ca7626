//! Growth by function, and the goroutines that came, as tables.

use std::collections::{BTreeMap, BTreeSet};

use caulk_evidence::{Frame, GoroutineGroup, Observed};
use caulk_report::{Cell, Column, Part, Section, Table, units};

use super::super::hunt::{self, short_symbol};
use super::{flames, grows};
use crate::hunting::result::Findings;

/// Rows of a table.
const ROWS: usize = 25;
/// Rows even where each is below [`SMALLEST`].
const FEWEST: usize = 8;
/// Functions below this part of the whole are not listed beside heavier ones.
const SMALLEST: f64 = 0.005;

/// What each function allocated itself, and with what it called.
pub fn section(findings: &Findings, grown: &Observed) -> Option<Section> {
    if !grows(findings) {
        return None;
    }
    let rates = hunt::rates(findings);
    let mut functions: BTreeMap<&str, (f64, f64, f64)> = BTreeMap::new();
    let mut total = 0.0;
    for stack in grown.heap.iter().filter(|stack| stack.bytes > 0.0) {
        total += stack.bytes;
        let names: BTreeSet<&str> = stack.frames.iter().map(|f| f.function.as_str()).collect();
        for name in names {
            functions.entry(name).or_default().1 += stack.bytes;
        }
        if let Some(leaf) = stack.frames.first() {
            let own = functions.entry(&leaf.function).or_default();
            own.0 += stack.bytes;
            own.2 += stack.objects;
        }
    }
    let mut rows: Vec<(&str, (f64, f64, f64))> = functions
        .into_iter()
        .filter(|(_, (own, ..))| *own > 0.0)
        .collect();
    rows.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then_with(|| a.0.cmp(b.0)));
    rows.truncate(ROWS);
    let listed = rows
        .iter()
        .take_while(|(_, (own, ..))| *own > SMALLEST * total);
    let listed = listed.count().max(FEWEST);
    rows.truncate(listed);
    if rows.is_empty() {
        return None;
    }
    let per = rates.in_words();
    let mut table = Table::new([
        Column::left("function"),
        Column::right("share"),
        Column::right("itself"),
        Column::right("objects"),
        Column::right("with what it calls"),
    ]);
    for (name, (own, with_callees, objects)) in rows {
        let share = own / total;
        table.row([
            Cell::code(short_symbol(name)),
            Cell::from(units::percent(share)).with_share(share),
            Cell::from(rates.bytes(own)),
            Cell::from(rates.amount(objects)),
            Cell::from(rates.bytes(with_callees)),
        ]);
    }
    let caption = format!("Bytes by the function that allocated them,{per}");
    let part = Part::Table { caption, table };
    Some(Section::new("By function", vec![part]))
}

/// The goroutines that came, alike ones together.
pub fn goroutines(findings: &Findings, grown: &Observed) -> Option<Section> {
    let rates = hunt::rates(findings);
    let mut alike: BTreeMap<Row, (i64, f64)> = BTreeMap::new();
    for group in grown.goroutines.iter().filter(|group| group.new > 0) {
        let row = alike.entry(Row::of(group, findings)).or_default();
        row.0 += group.new;
        row.1 += group.growth;
    }
    let mut groups: Vec<(Row, (i64, f64))> = alike.into_iter().collect();
    groups.sort_by(|a, b| b.1.0.cmp(&a.1.0).then_with(|| a.0.cmp(&b.0)));
    if groups.is_empty() {
        return None;
    }
    let mut table = Table::new([
        Column::left("began in"),
        Column::right("new"),
        Column::right(rates.in_words().trim()),
        Column::left("waits for"),
        Column::left("waits at"),
        Column::left("started by"),
    ]);
    for (row, (new, growth)) in groups.iter().take(ROWS) {
        table.row([
            Cell::code(row.entry.as_str()),
            Cell::from(units::count(u64::try_from(*new).unwrap_or(0))),
            Cell::from(rates.amount(*growth)),
            Cell::from(row.state.as_str()),
            Cell::code(row.waits_at.as_str()),
            Cell::code(row.started_at.as_str()),
        ]);
    }
    let more = groups.len().saturating_sub(ROWS);
    let caption = match more {
        0 => "Goroutines that came, the largest groups first".to_owned(),
        _ => format!(
            "Goroutines that came, the largest groups first; {more} smaller ones are left out"
        ),
    };
    let part = Part::Table { caption, table };
    Some(Section::new("Goroutines", vec![part]))
}

/// What tells goroutines apart in the table; whoever their ancestors were.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    entry: String,
    state: String,
    waits_at: String,
    started_at: String,
}

impl Row {
    fn of(group: &GoroutineGroup, findings: &Findings) -> Row {
        let place = |frame: Option<&Frame>| {
            frame.map_or(String::new(), |frame| {
                flames::short_place(frame, &findings.code)
            })
        };
        // Where the program or a library stands says more than where Go's own code does.
        let in_code = |frame: &&Frame| flames::kind(frame, &findings.code) < 2;
        let in_go = |frame: &&Frame| flames::kind(frame, &findings.code) < 3;
        let own = || group.own.iter();
        let waits_at = own().find(in_code).or_else(|| own().find(in_go));
        Row {
            entry: group
                .entry()
                .map_or("", |frame| short_symbol(&frame.function))
                .to_owned(),
            state: group.state.clone(),
            waits_at: place(waits_at),
            started_at: place(group.created_by.as_ref()),
        }
    }
}

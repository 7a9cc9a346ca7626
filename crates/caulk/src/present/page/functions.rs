//! Growth by function, as a table.

use std::collections::{BTreeMap, BTreeSet};

use caulk_evidence::Observed;
use caulk_report::{Cell, Column, Part, Section, Table, units};

use super::super::rates::{Rates, short_symbol};
use super::grows;
use crate::diagnosis::Findings;

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
    let rates = Rates::of(findings);
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

//! The table of a hunt: what grew as the program is, what grows with the fix, and how it answered.

use std::time::Duration;

use caulk_case::{Case, Metrics, Stage};
use caulk_growth::{Growth, ScalarKind};
use caulk_report::{Cell, Column, Table, units};

use super::check::counted;
use super::rates::{Rates, of_scalar};
use crate::diagnosis::{Findings, LoadFigures, load_figures};

/// One run's side of the table.
#[derive(Clone, Copy)]
struct Side<'a> {
    growth: &'a Growth,
    case: &'a Case,
}

/// The figures of the run as it is, beside those with the fix where that was run.
pub fn table(findings: &Findings) -> Table {
    let before = Side {
        growth: &findings.growth,
        case: &findings.case,
    };
    let after = findings.proof.as_ref().and_then(|proof| {
        Some(Side {
            growth: proof.growth.as_ref()?,
            case: proof.case.as_ref()?,
        })
    });
    let rates = Rates::new(before.growth, before.case);
    let per = rates.suffix;

    let mut columns = vec![Column::left(""), Column::left("as is")];
    columns.extend(after.map(|_| Column::left("with the fix")));
    columns.push(Column::left(watched(before)));
    let mut table = Table::new(columns);
    // A figure that the run as it is does not have gets no row.
    let mut row = |name: String, note: String, figure: &dyn Fn(Side<'_>) -> Option<String>| {
        let Some(of_before) = figure(before) else {
            return;
        };
        let mut cells = vec![Cell::from(name), Cell::from(of_before)];
        cells.extend(after.map(|side| Cell::from(figure(side).unwrap_or_default())));
        cells.push(Cell::from(note));
        table.rows.push(cells);
    };

    for (kind, name) in counts(before.growth) {
        row(format!("{name}{per}"), String::new(), &|side| {
            Some(rates.number(&of_scalar(side.growth, kind)?))
        });
    }
    let unit = rates.unit(&heap(before.growth));
    let smallest = before.growth.smallest_visible_bytes;
    let note = smallest.map_or(String::new(), |b| {
        format!("smallest visible {}", rates.bytes(b))
    });
    row(format!("heap{per}"), note, &|side| {
        let known = !side.growth.stacks.is_empty() || smallest.is_some();
        known.then(|| rates.bytes_in(&heap(side.growth), unit))
    });
    // Without a profile the runtime's own figure, garbage included.
    row(format!("heap{per}"), "with garbage".to_owned(), &|side| {
        let rate = of_scalar(side.growth, ScalarKind::HeapBytes)?;
        Some(rates.bytes_in(&rate, rates.unit(&rate)))
    });
    row("p50, failed".to_owned(), String::new(), &|side| {
        answers(&load_figures(side.case))
    });
    let note = resident(before.case).map_or(String::new(), |rss| rss.parts);
    row("RSS".to_owned(), note, &|side| {
        Some(resident(side.case)?.change)
    });
    table
}

/// Over what it was measured.
fn watched(side: Side<'_>) -> String {
    let load = load_figures(side.case);
    if load.requests > 0 {
        let rounds = usize::try_from(load.rounds).unwrap_or(usize::MAX);
        format!(
            "{} requests, {}",
            units::count(load.requests),
            counted(rounds, "round")
        )
    } else {
        let snapshots = side
            .case
            .snapshots
            .len()
            .max(side.growth.rounds as usize + 1);
        counted(snapshots, "snapshot")
    }
}

/// What is counted and not sampled. The socket of a connection is a descriptor too: told once.
pub(super) fn counts(growth: &Growth) -> Vec<(ScalarKind, &'static str)> {
    let mut kinds = vec![
        (ScalarKind::Connections, "connections"),
        (ScalarKind::Goroutines, "goroutines"),
        (ScalarKind::Threads, "threads"),
        (ScalarKind::Descriptors, "descriptors"),
    ];
    if of_scalar(growth, ScalarKind::Connections).is_some() {
        kinds.pop();
    }
    kinds
}

/// Growth of the heap; of a single snapshot, what is held.
pub(super) fn heap(growth: &Growth) -> caulk_growth::Estimate {
    if growth.rounds == 0 {
        growth.heap_bytes.last
    } else {
        growth.heap_bytes.rate
    }
}

/// A load command tells neither latencies nor failures.
fn answers(load: &LoadFigures) -> Option<String> {
    let p50 = Duration::try_from_secs_f64(load.p50_seconds)
        .ok()
        .filter(|p50| !p50.is_zero())?;
    Some(format!(
        "{}, {}",
        units::duration(p50),
        units::count(load.failed)
    ))
}

/// How resident memory changed from the first snapshot to the last under load.
struct Resident {
    change: String,
    /// What it is made of.
    parts: String,
}

fn resident(case: &Case) -> Option<Resident> {
    let under_load = || {
        case.snapshots
            .iter()
            .filter(|s| s.stage != Stage::Cooldown)
            .map(|s| s.metrics)
    };
    let (first, last) = (under_load().next()?, under_load().next_back()?);
    let change = |of: fn(&Metrics) -> Option<u64>| Some(of(&last)? as f64 - of(&first)? as f64);
    let rss = change(|m| m.rss_bytes)?;
    let heap = change(|m| {
        Some(
            m.heap_inuse_bytes?
                .saturating_add(m.heap_idle_bytes.unwrap_or(0)),
        )
    });
    let stacks = change(|m| m.stack_inuse_bytes);
    let parts = match (heap, stacks) {
        (Some(heap), Some(stacks)) => format!(
            "heap {}, stacks {}, other {}",
            units::bytes_change(heap),
            units::bytes_change(stacks),
            units::bytes_change(rss - heap - stacks)
        ),
        _ => String::new(),
    };
    Some(Resident {
        change: units::bytes_change(rss),
        parts,
    })
}

//! Growth by function, package or label, as a table and as JSON.

use caulk_evidence::By;
use caulk_growth::{Estimate, Finding, Growth, Verdict};
use caulk_report::json::hunt as json;
use caulk_report::{Cell, Column, Table};

use super::hunt_json::{rate_json, verdict_json};
use super::rates::Rates;
use super::rates::short_symbol;
use crate::diagnosis::Findings;

/// Rows of the table.
const ROWS: usize = 15;
/// Rows of JSON.
const MOST: usize = 200;

/// The largest growth first; none where nobody asked, or nothing changed.
pub fn table(findings: &Findings) -> Option<Table> {
    let (by, grown) = findings.grown_by.as_ref()?;
    let rates = Rates::of(findings);
    // Labels are of goroutines or of the heap; of what is allocated below a function there is no flat.
    let has_heap = grown.iter().any(|row| row.cum.is_some());
    let has_flat = grown.iter().any(|row| row.flat.is_some());
    let has_goroutines = grown.iter().any(|row| row.goroutines.is_some());
    let per = rates.suffix;
    let mut columns = vec![Column::left(match by {
        By::Function => "function",
        By::Package => "package",
        By::Label => "label",
    })];
    columns.extend(has_flat.then(|| Column::right(format!("flat{per}"))));
    if has_heap {
        let heap = if has_flat { "cum" } else { "heap" };
        columns.push(Column::right(format!("{heap}{per}")));
        columns.extend(["95 %", ""].map(Column::left));
    }
    if has_goroutines {
        columns.push(Column::right(format!("goroutines{per}")));
        columns.extend(["95 %", ""].map(Column::left));
    }
    let mut table = Table::new(columns);
    let bytes = |value: f64| rates.bytes(value);
    let number = |value: f64| rates.amount(value);
    for row in grown.iter().take(ROWS) {
        let mut cells = vec![Cell::from(match by {
            By::Function => short_symbol(&row.name),
            By::Package | By::Label => &row.name,
        })];
        if has_flat {
            let flat = row.flat.as_ref();
            cells.push(
                flat.map_or(String::new(), |flat| bytes(flat.bytes.rate.value))
                    .into(),
            );
        }
        if has_heap {
            let cum = row.cum.as_ref();
            let figures = cum.map(|cum| (&cum.bytes.rate, &cum.finding));
            cells.extend(figure(figures, &bytes));
        }
        if has_goroutines {
            let counted = row.goroutines.as_ref();
            let figures = counted.map(|(metric, finding)| (&metric.rate, finding));
            cells.extend(figure(figures, &number));
        }
        table.rows.push(cells);
    }
    (!table.rows.is_empty()).then_some(table)
}

/// A rate, its interval, and the word for it; three empty cells where there is none.
fn figure(of: Option<(&Estimate, &Finding)>, text: &dyn Fn(f64) -> String) -> [Cell; 3] {
    match of {
        Some((rate, finding)) => [
            text(rate.value).into(),
            interval(rate, text).into(),
            word(finding).into(),
        ],
        None => ["", "", ""].map(Cell::from),
    }
}

fn interval(rate: &Estimate, text: impl Fn(f64) -> String) -> String {
    let interval = rate.interval;
    interval.map_or(String::new(), |interval| {
        format!("{} to {}", text(interval.low), text(interval.high))
    })
}

fn word(finding: &Finding) -> &'static str {
    match finding.verdict {
        Verdict::Leak => "leak",
        Verdict::Growing => "growing",
        Verdict::Grew => "grew",
        Verdict::Steady => "",
    }
}

/// The same for other programs.
pub fn to_json(findings: &Findings) -> Option<json::GrowthBy> {
    let (by, grown) = findings.grown_by.as_ref()?;
    let growth = &findings.growth;
    let rows = grown.iter().take(MOST).map(|row| json::GrownBy {
        name: row.name.clone(),
        flat: row.flat.as_ref().map(|flat| sum(growth, flat)),
        cum: row.cum.as_ref().map(|cum| sum(growth, cum)),
        goroutines: row
            .goroutines
            .as_ref()
            .map(|(metric, finding)| json::GrownSum {
                per_request: rate_json(&metric.rate),
                per_second: growth.per_second(&metric.rate).map(|rate| rate_json(&rate)),
                objects_per_request: None,
                verdict: verdict_json(finding.verdict),
                chance: finding.q,
            }),
    });
    Some(json::GrowthBy {
        by: match by {
            By::Function => "function",
            By::Package => "package",
            By::Label => "label",
        }
        .to_owned(),
        rows: rows.collect(),
    })
}

fn sum(growth: &Growth, grown: &caulk_growth::Grown) -> json::GrownSum {
    json::GrownSum {
        per_request: rate_json(&grown.bytes.rate),
        per_second: growth
            .per_second(&grown.bytes.rate)
            .map(|rate| rate_json(&rate)),
        objects_per_request: Some(rate_json(&grown.objects.rate)),
        verdict: verdict_json(grown.finding.verdict),
        chance: grown.finding.q,
    }
}

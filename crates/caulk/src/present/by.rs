//! Growth by function, package or label, as a table and as JSON.

use caulk_evidence::By;
use caulk_growth::{Estimate, Finding, Growth, Verdict};
use caulk_report::json::hunt as json;
use caulk_report::{Cell, Column, Table};

use super::hunt::short_symbol;
use super::hunt_json::{rate_json, verdict_json};
use super::rates::Rates;
use crate::hunting::result::Findings;

/// Rows of the table.
const ROWS: usize = 15;
/// Rows of JSON.
const MOST: usize = 200;

/// The largest growth first; none where nobody asked, or nothing changed.
pub fn table(findings: &Findings) -> Option<Table> {
    let (by, grown) = findings.grown_by.as_ref()?;
    let rates = Rates::new(&findings.growth, &findings.case);
    let mut table = match by {
        By::Label => Table::new([
            Column::left("label"),
            Column::right(format!("goroutines{}", rates.suffix)),
            Column::left("95 %"),
            Column::left(""),
        ]),
        By::Function | By::Package => Table::new([
            Column::left(if *by == By::Function {
                "function"
            } else {
                "package"
            }),
            Column::right(format!("flat{}", rates.suffix)),
            Column::right(format!("cum{}", rates.suffix)),
            Column::left("95 %"),
            Column::left(""),
        ]),
    };
    for row in grown.iter().take(ROWS) {
        let name = match by {
            By::Function => short_symbol(&row.name),
            By::Package | By::Label => &row.name,
        };
        let mut cells = vec![Cell::from(name)];
        match (&row.cum, &row.goroutines) {
            (Some(cum), _) => {
                let flat = row
                    .flat
                    .as_ref()
                    .map(|flat| rates.bytes(flat.bytes.rate.value));
                cells.push(Cell::from(flat.unwrap_or_default()));
                cells.push(Cell::from(rates.bytes(cum.bytes.rate.value)));
                cells.push(Cell::from(interval(&cum.bytes.rate, |value| {
                    rates.bytes(value)
                })));
                cells.push(Cell::from(word(&cum.finding)));
            }
            (None, Some((metric, finding))) => {
                cells.push(Cell::from(rates.amount(metric.rate.value)));
                cells.push(Cell::from(interval(&metric.rate, |value| {
                    rates.amount(value)
                })));
                cells.push(Cell::from(word(finding)));
            }
            (None, None) => continue,
        }
        table.rows.push(cells);
    }
    (!table.rows.is_empty()).then_some(table)
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

//! What the verdict rests on: the snapshots, the load, the commands.

use caulk_growth::{Problem, ScalarKind, Stage};
use caulk_report::{Block, Cell, Column, KeyValue, Paragraph, Part, Section, Table, units};

use super::super::rates::seconds;
use super::super::{hunt, table};
use super::plots::heap_bytes;
use crate::context::shown;
use crate::diagnosis::Findings;

/// Snapshots that are listed.
const ROWS: usize = 300;

/// What the page is about.
pub fn subject(findings: &Findings) -> Vec<String> {
    let case = &findings.case;
    let loaded = findings.run.loaded();
    let mut subject = Vec::new();
    if !case.target.is_empty() {
        subject.push(case.target.clone());
    } else if !findings.code.module.is_empty() {
        subject.push(findings.code.module.clone());
    } else {
        let count = loaded.series.points.len();
        subject.push(super::super::check::counted(count, "snapshot"));
    }
    subject.extend(case.go_version.clone());
    let times = case.snapshots.iter().filter_map(|snapshot| snapshot.time);
    subject.extend(
        case.started
            .into_iter()
            .chain(times)
            .next()
            .map(|started| started.strftime("%-d %B %Y, %H:%M UTC").to_string()),
    );
    subject
}

/// The section.
pub fn section(findings: &Findings) -> Option<Section> {
    let mut parts = Vec::new();
    parts.extend(
        findings
            .growth
            .problems
            .iter()
            .map(|problem| Part::from(Paragraph::from(in_words(problem)))),
    );
    if findings
        .proof
        .as_ref()
        .is_none_or(|proof| proof.growth.is_none())
        && findings.growth.rounds > 0
    {
        parts.push(Part::Table {
            caption: "Measured".to_owned(),
            table: table::table(findings),
        });
    }
    parts.push(Part::Folded {
        summary: "Snapshots".to_owned(),
        parts: vec![Part::Table {
            caption: match findings.run.loaded().series.points.len() {
                count if count > ROWS => {
                    format!("What was held at each snapshot: the first {ROWS} of {count}")
                }
                _ => "What was held at each snapshot".to_owned(),
            },
            table: snapshots(findings),
        }],
    });
    let how = how(findings);
    if !how.is_empty() {
        parts.push(Part::Folded {
            summary: "How it was measured".to_owned(),
            parts: vec![Part::Block(Block::KeyValues(how))],
        });
    }
    Some(Section::new("Evidence", parts))
}

fn in_words(problem: &Problem) -> String {
    match problem {
        Problem::NoSnapshots => "There is no snapshot.".to_owned(),
        Problem::NoRequests => {
            "The number of requests is not known: rates are per second.".to_owned()
        }
        Problem::NoTime => {
            "Neither requests nor times are known: rates are per snapshot.".to_owned()
        }
        Problem::Backwards { snapshots } => format!(
            "Time or requests went backwards at {}, left out.",
            super::super::check::counted(*snapshots as usize, "snapshot")
        ),
        Problem::Restarted {
            restarts,
            snapshots,
        } => format!(
            "The program was restarted ({}): only the process that was watched longest counts; {} of others left out.",
            super::super::check::counted(*restarts as usize, "time"),
            super::super::check::counted(*snapshots as usize, "snapshot")
        ),
        Problem::CountsLost => "The sampling rate is not known: figures have no errors.".to_owned(),
    }
}

fn snapshots(findings: &Findings) -> Table {
    let loaded = findings.run.loaded();
    let series = &loaded.series;
    let heap = heap_bytes(series);
    let first = series.points.first().map_or(0.0, |point| point.seconds);
    let kinds = [
        (ScalarKind::Goroutines, "goroutines"),
        (ScalarKind::Connections, "connections"),
        (ScalarKind::Descriptors, "descriptors"),
        (ScalarKind::ResidentBytes, "RSS"),
    ];
    let scalars: Vec<_> = kinds
        .into_iter()
        .filter_map(|(kind, name)| {
            let scalar = series.scalars.iter().find(|scalar| scalar.kind == kind)?;
            Some((name, scalar))
        })
        .collect();
    let has_requests = series.points.iter().any(|point| point.requests.is_some());
    let mut columns = vec![Column::left("snapshot"), Column::right("after")];
    if has_requests {
        columns.push(Column::right("requests"));
    }
    columns.push(Column::right("heap"));
    columns.extend(scalars.iter().map(|(name, _)| Column::right(*name)));
    let mut table = Table::new(columns);
    for (index, point) in series.points.iter().enumerate().take(ROWS) {
        let name = match loaded
            .files
            .get(index)
            .and_then(|files| files.heap.as_ref().or(files.goroutines.as_ref()))
        {
            Some(file) => shown(file),
            None => match point.stage {
                Stage::Warmup => format!("{index}, after the warm-up"),
                Stage::Round => format!("{index}"),
                Stage::Cooldown => format!("{index}, after the cool-down"),
            },
        };
        let mut cells = vec![
            Cell::from(name),
            Cell::from(units::duration(seconds(point.seconds - first))),
        ];
        if has_requests {
            cells.push(Cell::from(
                point.requests.map_or(String::new(), units::count),
            ));
        }
        cells.push(Cell::from(
            heap.get(index)
                .copied()
                .flatten()
                .map_or(String::new(), units::bytes),
        ));
        for (_, scalar) in &scalars {
            let value = scalar.values.get(index).copied().flatten();
            cells.push(Cell::from(value.map_or(
                String::new(),
                |value| match scalar.kind {
                    ScalarKind::ResidentBytes => units::bytes(value),
                    _ => units::count(value.max(0.0) as u64),
                },
            )));
        }
        table.rows.push(cells);
    }
    table
}

fn how(findings: &Findings) -> Vec<KeyValue> {
    let case = &findings.case;
    let mut pairs = Vec::new();
    let mut command = |name: &str, arguments: &[String]| {
        if !arguments.is_empty() {
            pairs.push(KeyValue::new(name, arguments.join(" ")));
        }
    };
    command("built", &case.commands.build);
    command("started", &case.commands.start);
    for companion in &case.commands.companions {
        command("beside it", companion);
    }
    command("loaded", &case.commands.load);
    for route in &case.routes {
        pairs.push(KeyValue::new(
            "route",
            format!("{} {}", route.method, route.path),
        ));
    }
    if let Some(rate) = case.mem_profile_rate {
        pairs.push(KeyValue::new(
            "sampled",
            format!("one allocation in {}", units::bytes(rate as f64)),
        ));
    }
    for (name, time) in &findings.phases {
        pairs.push(KeyValue::new(name, units::duration(*time)));
    }
    pairs.extend(
        hunt::closing(findings)
            .into_iter()
            .filter(|pair| pair.key == "case"),
    );
    pairs
}

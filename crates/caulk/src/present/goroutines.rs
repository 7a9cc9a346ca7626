//! Goroutine dumps in words: who is alike, what they wait for, and since when.

use caulk_evidence::{Alike, Frame, Wait, Words};
use caulk_report::json::hunt as json;
use caulk_report::{Block, Cell, Column, Paragraph, Table, units};

use super::hunt_json::frame_json;
use super::rates::short_symbol;
use crate::diagnosis::Findings;

/// Groups that the table shows.
const ROWS: usize = 8;
/// Suspects that are told one by one.
const TOLD: usize = 3;
/// Groups that JSON carries.
const MOST: usize = 50;

/// Whether goroutines are all that there is to speak of.
pub fn alone(findings: &Findings) -> bool {
    findings.run.loaded().series.stacks.is_empty() && !findings.run.alike().is_empty()
}

fn total(findings: &Findings) -> u64 {
    let counts = findings.run.alike().iter().map(|alike| alike.count);
    counts.fold(0, u64::saturating_add)
}

/// The headline of dumps that come without a heap profile.
pub fn headline(findings: &Findings) -> Option<String> {
    if !alone(findings) {
        return None;
    }
    let all = units::count(total(findings));
    let alike = findings.run.alike();
    let most = alike.first()?;
    let how_many = units::count(most.count);
    let place = most.place(&findings.code);
    let at = place.map_or(String::new(), |frame| {
        format!(" in {}", short_symbol(&frame.function))
    });
    let words = most.words;
    Some(match (most.new, most.is_suspect()) {
        (_, false) => format!("{all} goroutines, and no group of them that is likely stuck"),
        (Some(new), true) if new > 0 => {
            let new = units::count(new.unsigned_abs());
            format!("{new} more goroutines that {words}{at}: {how_many} of {all}")
        }
        (_, true) => format!("{how_many} of {all} goroutines {words}{at}"),
    })
}

/// The groups and what is to be said of the suspect ones; empty where there is more to go by than dumps.
pub fn blocks(findings: &Findings) -> Vec<Block> {
    if !alone(findings) {
        return Vec::new();
    }
    let mut blocks = vec![Block::from(table(findings))];
    let suspects = findings
        .run
        .alike()
        .iter()
        .filter(|alike| alike.is_suspect());
    // Of whom there is a line to blame, all is said there.
    let told_here = if findings.culprits.is_empty() {
        TOLD
    } else {
        0
    };
    for alike in suspects.take(told_here) {
        let lead = format!("{} alike:", units::count(alike.count));
        blocks.push(Paragraph::with_lead(lead, told(findings, alike)).into());
    }
    let more = findings.run.alike().len().saturating_sub(ROWS);
    if more > 0 {
        let groups = super::check::counted(more, "smaller group");
        blocks.push(Paragraph::from(format!("{groups} in --format json.")).into());
    }
    blocks
}

fn table(findings: &Findings) -> Table {
    let alike = findings.run.alike();
    // Not every form of a dump has them all.
    let has_new = alike.iter().any(|alike| alike.new.is_some());
    let has_state = alike.iter().any(|alike| !state(alike).is_empty());
    let has_creator = alike.iter().any(|alike| alike.group.created_by.is_some());
    let mut columns = vec![Column::right("goroutines")];
    columns.extend(has_new.then(|| Column::right("new")));
    columns.extend(has_state.then(|| Column::left("state")));
    columns.push(Column::left("wait at"));
    columns.extend(has_creator.then(|| Column::left("started by")));
    let mut table = Table::new(columns);
    // The largest and the longest waits, whatever is suspect.
    let mut rows: Vec<&Alike> = alike.iter().collect();
    rows.sort_by_key(|alike| {
        std::cmp::Reverse((
            alike.new.unwrap_or(0).max(0),
            alike.count,
            alike.longest_minutes,
        ))
    });
    for alike in rows.into_iter().take(ROWS) {
        let place = alike.place(&findings.code);
        let mut cells = vec![Cell::from(units::count(alike.count))];
        cells.extend(has_new.then(|| Cell::from(change(alike.new))));
        cells.extend(has_state.then(|| Cell::from(state(alike))));
        cells.push(Cell::from(place.map_or(String::new(), at)));
        let creator = alike.group.created_by.as_ref();
        cells.extend(has_creator.then(|| Cell::from(creator.map_or(String::new(), at))));
        table.rows.push(cells);
    }
    table
}

fn change(new: Option<i64>) -> String {
    match new {
        Some(0) | None => String::new(),
        Some(new) if new > 0 => format!("+{}", units::count(new.unsigned_abs())),
        Some(new) => format!("-{}", units::count(new.unsigned_abs())),
    }
}

fn state(alike: &Alike) -> String {
    let state = alike.group.state.as_str();
    match alike.longest_minutes {
        Some(minutes) if state.is_empty() => since(minutes),
        Some(minutes) => format!("{state}, {}", since(minutes)),
        None => state.to_owned(),
    }
}

/// `5 min`, `3 h 20 min`.
fn since(minutes: u64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// `queue.(*Queue).Wait.func1 queue.go:45`.
fn at(frame: &Frame) -> String {
    let file = frame.file.rsplit(['/', '\\']).next().unwrap_or_default();
    format!("{} {file}:{}", short_symbol(&frame.function), frame.line)
}

/// What one group does, how sure it is that it never ends, where it comes from and what it belongs to.
pub fn told(findings: &Findings, alike: &Alike) -> String {
    let mut said = vec![match alike.wait {
        Wait::Unknown => format!("they {}", alike.words),
        _ => format!("they {}, {}", alike.words, alike.stuck.words()),
    }];
    if let Some(created_by) = &alike.group.created_by {
        said.push(format!("started by {}", at(created_by)));
    }
    if let Some(ancestor) = alike.ancestor(&findings.code) {
        said.push(format!("descend from {}", at(ancestor)));
    }
    if let Some(resource) = resource(findings, alike) {
        said.push(format!(
            "part of {}; what most often keeps them: {}",
            resource.many, resource.kept_by
        ));
    }
    said.join("; ")
}

fn resource(findings: &Findings, alike: &Alike) -> Option<&'static caulk_evidence::Resource> {
    let is_users =
        |frame: &Frame| findings.code.file_of(frame).is_some() || frame.package() == "main";
    let library: Vec<&str> = alike
        .group
        .own
        .iter()
        .take_while(|frame| !is_users(frame))
        .map(|frame| frame.function.as_str())
        .collect();
    let meaning = Words::shipped().of_stack(&library)?;
    (!meaning.is_general).then_some(meaning.resource)
}

/// The groups for other programs.
pub fn to_json(findings: &Findings) -> Vec<json::Goroutines> {
    let groups = findings.run.alike().iter().take(MOST);
    groups
        .map(|alike| json::Goroutines {
            count: alike.count,
            new: alike.new,
            state: alike.group.state.clone(),
            longest_wait_minutes: alike.longest_minutes,
            waits: alike.words.to_owned(),
            for_ever: alike.stuck.words().to_owned(),
            resource: resource(findings, alike).map(|resource| resource.name.clone()),
            place: alike.place(&findings.code).map(frame_json),
            created_by: alike.group.created_by.as_ref().map(frame_json),
            descends_from: alike.ancestor(&findings.code).map(frame_json),
            frames: alike.group.own.iter().map(frame_json).collect(),
        })
        .collect()
}

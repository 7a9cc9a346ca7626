//! `-list`: the source of functions, with the values of each line.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::Subject;
use super::graph::{Graph, NodeId, Wanted, trim};
use super::places::{Place, Places};
use super::source::SourceReader;
use crate::error::ReportError;
use crate::units;

/// Lines before the first and after the last with a value.
const MARGIN: i64 = 5;

/// Appends to `out` what `go tool pprof -list` prints of the functions whose name matches.
pub(crate) fn list(subject: Subject, out: &mut Vec<u8>) -> Result<(), ReportError> {
    let Subject {
        measure, config, ..
    } = &subject;
    let places = Places::new(subject.profile, subject.identity().with_object_files());
    let graph = trim(&subject, &places, Wanted::None).graph;
    let is_match = |name: &[u8]| subject.pattern.as_ref().is_none_or(|p| p.is_match(name));

    type Files<'n> = BTreeMap<&'n [u8], Vec<NodeId>>;
    let mut functions: BTreeMap<&[u8], Files> = BTreeMap::new();
    for &node in graph.shown() {
        let place = graph.place(node);
        let name = places.text(place.name);
        if is_match(name) {
            let files = functions.entry(name).or_default();
            files.entry(places.text(place.file)).or_default().push(node);
        }
    }
    if functions.is_empty() {
        return Err(ReportError::no_match(subject.pattern.as_ref()));
    }

    let mut sources = SourceReader::new(&subject.surroundings.sources, config);
    out.extend_from_slice(format!("Total: {}\n", measure.label(measure.total)).as_bytes());
    for (name, mut files) in functions {
        files.remove(&[][..]);
        if files.is_empty() {
            out.extend_from_slice(&[b"No source information for ", name, b"\n"].concat());
        }
        for (file, nodes) in files {
            let title = b"ROUTINE ======================== ";
            out.extend_from_slice(&[&title[..], name, b" in ", file, b"\n"].concat());
            let (flat, cum) = sum(&graph, &nodes);
            let values = format!(
                "{:>10} {:>10} (flat, cum) {} of Total\n",
                measure.label(flat),
                measure.label(cum),
                units::percentage(cum, measure.total)
            );
            out.extend_from_slice(values.as_bytes());
            let range = range(&graph, &nodes);
            // Without a line to show the reference does not open the file, but complains if it has
            // tried before.
            let lines = if range.is_empty() {
                sources.lines_if_read(file)
            } else {
                sources.lines(file)
            };
            match lines {
                Ok(lines) => write_lines(&subject, &graph, &nodes, range, lines, out),
                Err(error) => {
                    out.extend_from_slice(&[b" Error: ", error, b"\n"].concat());
                }
            }
        }
    }
    Ok(())
}

fn sum(graph: &Graph, nodes: &[NodeId]) -> (i64, i64) {
    nodes.iter().fold((0i64, 0i64), |(flat, cum), &node| {
        let value = graph.value(node);
        (flat.wrapping_add(value.flat), cum.wrapping_add(value.cum))
    })
}

/// The lines from the function's start, or a few before the first value, to a few after the last.
fn range(graph: &Graph, nodes: &[NodeId]) -> RangeInclusive<i64> {
    let first = |place: Place| match place.start_line {
        0 => place.line.wrapping_sub(MARGIN),
        start => start,
    };
    let last = |place: Place| place.line.wrapping_add(MARGIN);
    let placed = || nodes.iter().map(|&node| graph.place(node));
    let start = placed().map(first).min().unwrap_or(1).max(1);
    start..=placed().map(last).max().unwrap_or(0)
}

fn write_lines(
    subject: &Subject,
    graph: &Graph,
    nodes: &[NodeId],
    range: RangeInclusive<i64>,
    lines: &[Vec<u8>],
    out: &mut Vec<u8>,
) {
    let mut by_line: BTreeMap<i64, Vec<NodeId>> = BTreeMap::new();
    for &node in nodes {
        by_line
            .entry(graph.place(node).line)
            .or_default()
            .push(node);
    }
    let label = |value: i64| match value {
        0 => ".".to_owned(),
        value => subject.measure.label(value),
    };
    for (number, line) in (1i64..).zip(lines) {
        if !range.contains(&number) {
            continue;
        }
        let (flat, cum) = match by_line.get(&number) {
            Some(nodes) => sum(graph, nodes),
            None => (0, 0),
        };
        let values = format!("{:>10} {:>10} {number:>6}:", label(flat), label(cum));
        out.extend_from_slice(values.as_bytes());
        out.extend_from_slice(line);
        out.push(b'\n');
    }
}

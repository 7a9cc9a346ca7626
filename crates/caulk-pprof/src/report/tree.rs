//! `-tree` and `-peek`: each node between its callers and its callees.

use super::Subject;
use super::graph::{Edge, NodeId, Wanted, trim};
use super::header::write_header;
use super::places::Places;
use crate::error::ReportError;
use crate::units;

const SEPARATOR: &[u8] =
    b"----------------------------------------------------------+-------------\n";
const LEGEND: &[u8] =
    b"      flat  flat%   sum%        cum   cum%   calls calls% + context \t \t \n";

/// Appends to `out` what `go tool pprof -tree` prints for the profile; with a pattern, what `-peek`
/// does: only nodes with such a name.
pub(crate) fn tree(mut subject: Subject, out: &mut Vec<u8>) -> Result<(), ReportError> {
    let places = Places::new(subject.profile, subject.identity());
    let pattern = subject.pattern.clone();
    let is_match = |name: &[u8]| pattern.as_ref().is_none_or(|p| p.is_match(name));
    let trimmed = trim(&subject, &places, Wanted::Around(&is_match));
    let graph = &trimmed.graph;
    subject.choose_unit(graph.shown_values());
    write_header(&subject, &trimmed, out);
    out.extend_from_slice(SEPARATOR);
    out.extend_from_slice(LEGEND);

    let measure = &subject.measure;
    let write_call = |out: &mut Vec<u8>, edge: Edge, other: NodeId, cum: i64| {
        let row = format!(
            "{:>50} {} |   ",
            measure.label(edge.weight),
            units::percentage(edge.weight, cum)
        );
        out.extend_from_slice(row.as_bytes());
        out.extend_from_slice(graph.name(other));
        out.extend_from_slice(if edge.is_inline {
            b" (inline)\n"
        } else {
            b"\n"
        });
    };
    let mut sum = 0i64;
    let mut has_match = false;
    for &node in graph.shown() {
        let name = graph.name(node);
        if !is_match(name) {
            continue;
        }
        has_match = true;
        let value = graph.value(node);
        let (flat, cum) = (value.flat_value(), value.cum_value());
        out.extend_from_slice(SEPARATOR);
        for edge in graph.calls_of(node) {
            write_call(out, edge, edge.caller, cum);
        }
        sum = sum.wrapping_add(flat);
        out.extend_from_slice(measure.figures(flat, sum, cum).as_bytes());
        out.extend_from_slice(b"                | ");
        out.extend_from_slice(name);
        out.push(b'\n');
        for edge in graph.calls_by(node) {
            write_call(out, edge, edge.callee, cum);
        }
    }
    if !graph.shown().is_empty() {
        out.extend_from_slice(SEPARATOR);
    }
    if pattern.is_some() && !has_match {
        return Err(ReportError::no_match(pattern.as_ref()));
    }
    Ok(())
}

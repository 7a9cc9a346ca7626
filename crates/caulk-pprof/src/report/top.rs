//! `-top`: a row for each node.

use super::Subject;
use super::graph::{Inlining, Wanted, trim};
use super::header::write_header;
use super::places::Places;

/// Appends to `out` what `go tool pprof -top` prints for the profile.
pub(crate) fn top(mut subject: Subject, out: &mut Vec<u8>) {
    let places = Places::new(subject.profile, subject.identity());
    let trimmed = trim(&subject, &places, Wanted::OfInlined);
    let graph = &trimmed.graph;
    subject.choose_unit(graph.shown_values());
    write_header(&subject, &trimmed, out);
    out.extend_from_slice(b"      flat  flat%   sum%        cum   cum%\n");
    let measure = &subject.measure;
    let mut sum = 0i64;
    for &node in graph.shown() {
        let value = graph.value(node);
        let (flat, cum) = (value.flat_value(), value.cum_value());
        sum = sum.wrapping_add(flat);
        out.extend_from_slice(measure.figures(flat, sum, cum).as_bytes());
        out.extend_from_slice(b"  ");
        out.extend_from_slice(graph.name(node));
        out.extend_from_slice(match graph.inlining(node) {
            Inlining::Always => b" (inline)",
            Inlining::Partly => b" (partial-inline)",
            Inlining::Never => b"",
        });
        out.push(b'\n');
    }
}

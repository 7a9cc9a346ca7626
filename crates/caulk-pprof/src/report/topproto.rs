//! `-topproto`: the rows of `-top` as a profile.

use super::Subject;
use super::graph::{Wanted, trim};
use super::places::Places;
use caulk_profile::arithmetic::truncate;
use caulk_profile::{Function, Line, ProfileBuilder};

/// Appends to `out` what `go tool pprof -topproto` writes for the profile, gzipped: each node as a
/// sample of its own.
pub(crate) fn topproto(mut subject: Subject, out: &mut Vec<u8>) {
    let places = Places::new(subject.profile, subject.identity());
    let trimmed = trim(&subject, &places, Wanted::None);
    let graph = &trimmed.graph;
    subject.choose_unit(graph.shown_values());
    let measure = &subject.measure;
    // The reference does not divide these.
    let scaled = |value: i64| truncate(measure.in_output_unit(value));

    let mut rows = ProfileBuilder::new();
    rows.sample_type("cum", &measure.output_unit);
    rows.sample_type("flat", &measure.output_unit);
    for &node in graph.shown() {
        let place = graph.place(node);
        let function = Function {
            name: rows.bytes(places.text(place.name)),
            filename: rows.bytes(places.text(place.file)),
            start_line: place.start_line,
            ..Function::default()
        };
        let line = Line {
            function: rows.add_function(function),
            line: place.line,
            column: place.column,
        };
        let location = rows.location(None, place.address, &[line]);
        let value = graph.value(node);
        let values = [scaled(value.cum_value()), scaled(value.flat_value())];
        rows.sample(&[location], &values, &[]);
    }
    let profile = subject.profile;
    let period_type = profile.period_type;
    rows.period(
        profile.string(period_type.kind),
        profile.string(period_type.unit),
        profile.period,
    );
    rows.profile_mut().time_nanos = profile.time_nanos;
    rows.profile_mut().duration_nanos = profile.duration_nanos;
    let written = caulk_profile::write(&rows.finish(), out);
    debug_assert!(written.is_ok(), "a vector takes all that is written");
}

//! The lines above the rows (`ProfileLabels` and `reportLabels` of the reference).

use super::paths::base_name;
use super::{Measure, units};
use crate::config::Config;
use crate::generate::Surroundings;
use caulk_profile::arithmetic::truncate;
use caulk_profile::{Mapping, Profile};

/// What the header says of the rows below it.
pub(super) struct Shown {
    /// Sum of the flat values.
    pub total: i64,
    pub nodes: usize,
    pub nodes_before_limit: usize,
    pub dropped_nodes: usize,
}

/// Writes the lines about the profile and about what is shown of it.
pub(super) fn write_header(
    profile: &Profile,
    measure: &Measure,
    config: &Config,
    surroundings: &Surroundings,
    shown: &Shown,
    out: &mut Vec<u8>,
) {
    if !config.compact_labels {
        write_profile_lines(profile, measure, config, surroundings, out);
    }
    let mut line = |text: String| {
        out.extend_from_slice(text.as_bytes());
        out.push(b'\n');
    };
    line(format!(
        "Showing nodes accounting for {}, {} of {} total",
        measure.label(shown.total),
        units::percentage(shown.total, measure.total).trim(),
        measure.label(measure.total)
    ));
    if measure.total == 0 {
        return;
    }
    if shown.dropped_nodes > 0 {
        let cutoff = truncate(measure.total as f64 * config.nodefraction).wrapping_abs();
        let plural = if shown.dropped_nodes > 1 { "s" } else { "" };
        line(format!(
            "Dropped {} node{plural} (cum <= {})",
            shown.dropped_nodes,
            measure.label(cutoff)
        ));
    }
    if shown.nodes > 0 && shown.nodes < shown.nodes_before_limit {
        line(format!(
            "Showing top {} nodes out of {}",
            shown.nodes, shown.nodes_before_limit
        ));
    }
}

fn write_profile_lines(
    profile: &Profile,
    measure: &Measure,
    config: &Config,
    surroundings: &Surroundings,
    out: &mut Vec<u8>,
) {
    let strings = profile.strings();
    let mut line = |title: &str, value: &[u8]| {
        out.extend_from_slice(title.as_bytes());
        out.extend_from_slice(value);
        out.push(b'\n');
    };
    if let Some(main) = profile.mappings().first() {
        let file = strings.bytes(main.file);
        if !file.is_empty() && !is_source_url(main, file) {
            line("File: ", base_name(file));
        }
        let build_id = strings.bytes(main.build_id);
        if !build_id.is_empty() {
            line("Build ID: ", build_id);
        }
    }
    for comment in profile.comments() {
        let comment = comment.as_bytes();
        if !comment.starts_with(b"#") {
            line("", comment);
        }
    }
    let kind = strings.bytes(measure.kind);
    if config.mean {
        line("Type: mean_", kind);
    } else if !kind.is_empty() {
        line("Type: ", kind);
    }
    let doc_url = strings.bytes(profile.doc_url);
    if !doc_url.is_empty() {
        line("Doc: ", doc_url);
    }
    if profile.time_nanos != 0 {
        line("Time: ", time(profile.time_nanos, surroundings).as_bytes());
    }
    if profile.duration_nanos != 0 {
        line("Duration: ", duration(profile, measure).as_bytes());
    }
}

/// A URL stands in a mapping only until symbols are asked for there.
fn is_source_url(mapping: &Mapping, file: &[u8]) -> bool {
    let scheme = file.split(|&byte| byte == b':').next().unwrap_or(&[]);
    let is_scheme_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    mapping.build_id.0 == 0
        && scheme.len() < file.len()
        && scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(is_scheme_byte)
}

fn time(nanos: i64, surroundings: &Surroundings) -> String {
    match jiff::Timestamp::from_nanosecond(nanos.into()) {
        Ok(time) => {
            let time = time.to_zoned(surroundings.time_zone.clone());
            time.strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
        }
        Err(_) => String::new(),
    }
}

/// The line keeps its space where there is no ratio.
fn duration(profile: &Profile, measure: &Measure) -> String {
    let duration = units::label(profile.duration_nanos, "nanoseconds", "auto");
    let (nanos, unit) = units::scale(measure.total, &measure.unit, "nanoseconds");
    let ratio = if unit == "ns" && nanos != 0.0 {
        format!(
            "({})",
            units::percentage(truncate(nanos), profile.duration_nanos)
        )
    } else {
        String::new()
    };
    format!(
        "{duration}, Total samples = {} {ratio}",
        measure.label(measure.total)
    )
}

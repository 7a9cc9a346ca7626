//! The lines above the rows (`ProfileLabels` and `reportLabels` of the reference).

use super::graph::Trimmed;
use super::mappings::program_file;
use super::paths::base_name;
use super::{Measure, Subject};
use crate::config::Config;
use crate::error::ReportError;
use crate::surroundings::Surroundings;
use crate::units;
use caulk_profile::Profile;
use caulk_profile::arithmetic::truncate;

/// A line may have line ends of its own.
type Line = Vec<u8>;

/// Writes the lines about the profile and about what is shown of it, above a text report.
pub(super) fn write_header(subject: &Subject, trimmed: &Trimmed, out: &mut Vec<u8>) {
    let mut lines = Vec::new();
    if !subject.config.compact_labels {
        lines.extend(profile_lines(subject));
    }
    lines.extend(report_lines(subject, trimmed, 0));
    out.extend_from_slice(&lines.join(&b"\n"[..]));
    out.push(b'\n');
}

/// What is shown of the profile.
pub(super) fn report_lines(
    subject: &Subject,
    trimmed: &Trimmed,
    dropped_edges: usize,
) -> Vec<Line> {
    let Subject {
        config, measure, ..
    } = subject;
    let mut lines = filter_lines(config);
    let shown = trimmed.graph.shown_total();
    let mut line = |text: String| lines.push(text.into_bytes());
    line(format!(
        "Showing nodes accounting for {}, {} of {} total",
        measure.label(shown),
        units::percentage(shown, measure.total).trim(),
        measure.label(measure.total)
    ));
    if measure.total == 0 {
        return lines;
    }
    let mut dropped = |count: usize, what: &str, value: &str, fraction: f64| {
        if count > 0 {
            let plural = if count > 1 { "s" } else { "" };
            let cutoff = truncate(measure.total as f64 * fraction).wrapping_abs();
            let cutoff = measure.label(cutoff);
            line(format!(
                "Dropped {count} {what}{plural} ({value} <= {cutoff})"
            ));
        }
    };
    dropped(trimmed.dropped_nodes, "node", "cum", config.nodefraction);
    dropped(dropped_edges, "edge", "freq", config.edgefraction);
    let nodes = trimmed.graph.shown().len();
    if nodes > 0 && nodes < trimmed.before_limit {
        line(format!(
            "Showing top {nodes} nodes out of {}",
            trimmed.before_limit
        ));
    }
    lines
}

/// Which filters are set. Long ones are cut.
fn filter_lines(config: &Config) -> Vec<Line> {
    const LONGEST: usize = 80;
    let filters = [
        ("focus", &config.focus),
        ("ignore", &config.ignore),
        ("hide", &config.hide),
        ("show", &config.show),
        ("show_from", &config.show_from),
        ("tagfocus", &config.tagfocus),
        ("tagignore", &config.tagignore),
        ("tagshow", &config.tagshow),
        ("taghide", &config.taghide),
    ];
    let mut lines = Vec::new();
    for (name, pattern) in filters {
        if pattern.is_empty() {
            continue;
        }
        if lines.is_empty() {
            lines.push(b"Active filters:".to_vec());
        }
        let filter = format!("{name}={pattern}").into_bytes();
        lines.push(match filter.get(..LONGEST) {
            Some(start) if filter.len() > LONGEST => [b"   ", start, "…".as_bytes()].concat(),
            _ => [b"   ", &filter[..]].concat(),
        });
    }
    lines
}

/// What the profile says of itself, a line each, and its total.
pub(crate) fn about(
    profile: &Profile,
    config: &Config,
    surroundings: &Surroundings,
) -> Result<(String, i64), ReportError> {
    let subject = Subject {
        profile,
        config,
        surroundings,
        measure: Measure::new(profile, config)?,
        label_units: crate::filter::LabelUnits::default(),
        pattern: None,
    };
    let mut about = String::new();
    for line in profile_lines(&subject) {
        about += &String::from_utf8_lossy(&line);
        about.push('\n');
    }
    Ok((about, subject.measure.total))
}

/// What the profile says of itself.
pub(super) fn profile_lines(subject: &Subject) -> Vec<Line> {
    let Subject {
        profile,
        config,
        surroundings,
        measure,
        ..
    } = subject;
    let strings = profile.strings();
    let mut lines = Vec::new();
    let mut line = |title: &str, value: &[u8]| lines.push([title.as_bytes(), value].concat());
    if let Some(program) = profile.mappings().first() {
        let file = program_file(profile);
        if !file.is_empty() {
            line("File: ", base_name(file));
        }
        let build_id = strings.bytes(program.build_id);
        if !build_id.is_empty() {
            line("Build ID: ", build_id);
        }
    }
    for &comment in profile.comment_ids() {
        let comment = strings.bytes(comment);
        if !comment.starts_with(b"#") {
            line("", comment);
        }
    }
    let kind = measure.kind_name(profile, config);
    if !kind.is_empty() {
        line("Type: ", &kind);
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
    lines
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

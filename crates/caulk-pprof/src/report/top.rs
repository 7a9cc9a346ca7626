//! `-top`: one row for each function.

use caulk_profile::Profile;

use super::graph::{Inlining, NodeTable, inlining};
use super::header::{Shown, write_header};
use super::trim::trim;
use super::{Measure, units};
use crate::config::Config;
use crate::generate::Surroundings;

/// Appends to `out` what `go tool pprof -top` prints for the profile.
pub(crate) fn top(
    profile: &Profile,
    mut measure: Measure,
    config: &Config,
    surroundings: &Surroundings,
    out: &mut Vec<u8>,
) {
    let nodes = NodeTable::by_function(profile, !config.noinlines);
    let columns = measure.columns(profile, config);
    let limit = usize::try_from(config.nodecount).unwrap_or(0);
    let trimmed = trim(profile, &nodes, columns, config, limit);
    measure.choose_unit(
        trimmed.shown.iter().map(|&node| trimmed.value(node)),
        config,
    );
    let inlining = inlining(
        profile,
        &nodes,
        columns,
        &trimmed.is_shown(),
        trimmed.edge_cutoff,
    );

    let flat_sum = |sum: i64, &node: &u32| sum.wrapping_add(trimmed.value(node).flat_value());
    let shown = Shown {
        total: trimmed.shown.iter().fold(0, flat_sum),
        nodes: trimmed.shown.len(),
        nodes_before_limit: trimmed.before_limit,
        dropped_nodes: trimmed.dropped,
    };
    write_header(profile, &measure, config, surroundings, &shown, out);
    out.extend_from_slice(b"      flat  flat%   sum%        cum   cum%\n");
    let mut sum = 0i64;
    for &node in &trimmed.shown {
        let value = trimmed.value(node);
        let (flat, cum) = (value.flat_value(), value.cum_value());
        sum = sum.wrapping_add(flat);
        let row = format!(
            "{:>10} {} {} {:>10} {}  ",
            measure.label(flat),
            units::percentage(flat, measure.total),
            units::percentage(sum, measure.total),
            measure.label(cum),
            units::percentage(cum, measure.total),
        );
        out.extend_from_slice(row.as_bytes());
        out.extend_from_slice(nodes.name(node));
        out.extend_from_slice(match inlining.get(node as usize) {
            Some(Inlining::Always) => b" (inline)",
            Some(Inlining::Partly) => b" (partial-inline)",
            _ => b"",
        });
        out.push(b'\n');
    }
}

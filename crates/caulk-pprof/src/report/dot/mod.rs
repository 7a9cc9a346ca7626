//! `-dot`: the graph of calls as a picture in Graphviz's language (`internal/graph/dotgraph.go` of
//! the reference).

mod color;
mod names;
mod tags;

use rustc_hash::FxHashMap;

use super::graph::{Edge, Graph, NodeId, Trimmed, trim_picture, trim_tree};
use super::header::{profile_lines, report_lines};
use super::mappings::program_file;
use super::paths::base_name;
use super::places::Places;
use super::{Measure, Subject};
use crate::error::ReportError;
use crate::units;
use caulk_profile::arithmetic::truncate;
use color::{Ground, color};
use names::{escape, label_name};

/// Appends to `out` what `go tool pprof -dot` prints for the profile.
pub(crate) fn dot(mut subject: Subject, out: &mut Vec<u8>) -> Result<(), ReportError> {
    let places = Places::new(subject.profile, subject.identity());
    let trimmed = if subject.config.call_tree {
        trim_tree(&subject, &places, true)?
    } else {
        trim_picture(&subject, &places)
    };
    subject.choose_unit(trimmed.graph.shown_values());

    let program = program_file(subject.profile);
    let title = match program {
        [] => &b"unnamed"[..],
        file => base_name(file),
    };
    out.extend_from_slice(&[b"digraph \"", title, b"\" {\n"].concat());
    out.extend_from_slice(b"node [style=filled fillcolor=\"#f8f8f8\"]\n");
    write_legend(&subject, &trimmed, out);
    let picture = Picture {
        graph: &trimmed.graph,
        places: &places,
        measure: &subject.measure,
    };
    picture.write(out);
    out.extend_from_slice(b"}\n");
    Ok(())
}

fn write_legend(subject: &Subject, trimmed: &Trimmed, out: &mut Vec<u8>) {
    let mut lines = profile_lines(subject);
    lines.extend(report_lines(subject, trimmed, trimmed.dropped_edges));
    lines.push(b"\nSee https://git.io/JfYMW for how to read the graph".to_vec());
    let lines: Vec<Vec<u8>> = lines.iter().map(|line| escape(line)).collect();
    let name = lines.first().map_or(&[][..], Vec::as_slice);
    let label = lines.join(&b"\\l"[..]);
    out.extend_from_slice(b"subgraph cluster_L { \"");
    out.extend_from_slice(
        &[
            name,
            b"\" [shape=box fontsize=16 label=\"",
            &label,
            b"\\l\"",
        ]
        .concat(),
    );
    let program = program_file(subject.profile);
    if !program.is_empty() {
        out.extend_from_slice(&[b" tooltip=\"", base_name(program), b"\""].concat());
    }
    out.extend_from_slice(b"] }\n");
}

struct Picture<'g> {
    graph: &'g Graph<'g>,
    places: &'g Places,
    measure: &'g Measure,
}

impl Picture<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let largest = self
            .graph
            .shown_values()
            .map(|value| value.flat_value().wrapping_abs())
            .max()
            .unwrap_or(0);
        let mut numbers = FxHashMap::default();
        let mut has_tags = FxHashMap::default();
        for (index, &node) in self.graph.shown().iter().enumerate() {
            let number = index + 1;
            numbers.insert(node, number);
            self.write_node(node, number, largest, out);
            has_tags.insert(node, tags::write_tags(self, node, number, out));
        }
        for edge in self.graph.calls_by_shown() {
            // The reference numbers what it does not show 0.
            let number = |node: NodeId| numbers.get(&node).copied().unwrap_or(0);
            let ends = (number(edge.caller), number(edge.callee));
            let is_far = has_tags.get(&edge.caller) == Some(&true);
            self.write_edge(&edge, ends, is_far, out);
        }
    }

    fn write_node(&self, node: NodeId, number: usize, largest: i64, out: &mut Vec<u8>) {
        let value = self.graph.value(node);
        let (flat, cum) = (value.flat_value(), value.cum_value());
        let percentage = |value| units::percentage(value, self.measure.total);
        let flat_label = self.measure.label(flat);
        let mut label = label_name(&self.graph.place(node), self.places);
        let mut shown = if flat == 0 {
            "0".to_owned()
        } else {
            format!("{flat_label} ({})", percentage(flat).trim())
        };
        let mut cum_label = flat_label;
        if cum != flat {
            shown.push_str(if flat == 0 { " " } else { "\\n" });
            cum_label = self.measure.label(cum);
            shown.push_str(&format!("of {cum_label} ({})", percentage(cum).trim()));
        }
        label.extend_from_slice(shown.as_bytes());

        let score = cum as f64 / self.measure.total.wrapping_abs() as f64;
        let name = escape(self.graph.name(node));
        out.extend_from_slice(format!("N{number} [label=\"").as_bytes());
        out.extend_from_slice(&label);
        let size = font_size(flat, largest);
        let looks = format!("\" id=\"node{number}\" fontsize={size} shape=box tooltip=\"");
        out.extend_from_slice(looks.as_bytes());
        out.extend_from_slice(&name);
        let looks = format!(
            " ({cum_label})\" color=\"{}\" fillcolor=\"{}\"]\n",
            color(score, Ground::Front),
            color(score, Ground::Back)
        );
        out.extend_from_slice(looks.as_bytes());
    }

    /// `is_far` leaves room for the tags of the caller.
    fn write_edge(&self, edge: &Edge, ends: (usize, usize), is_far: bool, out: &mut Vec<u8>) {
        let value = edge.weight_value();
        let label = self.measure.label(value);
        let inline = if edge.is_inline { "\\n (inline)" } else { "" };
        let mut looks = format!("N{} -> N{} [label=\" {label}{inline}\"", ends.0, ends.1);
        let total = self.measure.total;
        if total != 0 {
            let part = |parts: i64| {
                let part = value.wrapping_mul(parts).wrapping_div(total);
                part.wrapping_abs().min(parts).wrapping_add(1)
            };
            for (name, parts) in [("weight", 100), ("penwidth", 5)] {
                let part = part(parts);
                if part > 1 {
                    looks.push_str(&format!(" {name}={part}"));
                }
            }
            let score = value as f64 / total.wrapping_abs() as f64;
            looks.push_str(&format!(" color=\"{}\"", color(score, Ground::Front)));
        }
        let arrow: &[u8] = if edge.is_residual { b" ... " } else { b" -> " };
        let caller = escape(self.graph.name(edge.caller));
        let callee = escape(self.graph.name(edge.callee));
        let end = format!(" ({label})\"");
        let tooltip = [b"\"", &caller[..], arrow, &callee, end.as_bytes()].concat();
        out.extend_from_slice(looks.as_bytes());
        out.extend_from_slice(&[b" tooltip=", &tooltip[..], b" labeltooltip=", &tooltip].concat());
        if edge.is_residual {
            out.extend_from_slice(b" style=\"dotted\"");
        }
        if is_far {
            out.extend_from_slice(b" minlen=2");
        }
        out.extend_from_slice(b"]\n");
    }
}

/// From 8 to 24 points by how much of the largest flat value the node has.
fn font_size(flat: i64, largest: i64) -> i64 {
    let (size, largest) = (flat.wrapping_abs() as f64, largest as f64);
    if largest != 0.0 && flat != 0 && size <= largest {
        8 + truncate((16.0 * (size / largest).sqrt()).ceil())
    } else {
        8
    }
}

//! `-traces`: each sample with its labels and stack.

use std::io::{self, Write};

use caulk_profile::{Label, LabelValue};
use rustc_hash::FxHashMap;

use super::Subject;
use super::aligned::{pad, width};
use super::header::profile_lines;
use super::places::{Identity, PlaceId, Places};
use crate::units;

const SEPARATOR: &[u8] = b"-----------+-------------------------------------------------------\n";
const WIDTH: usize = 10;

/// What is written at once.
const CHUNK: usize = 1 << 16;

/// Writes to `sink` what `go tool pprof -traces` prints.
pub(crate) fn traces(subject: &Subject, sink: &mut dyn Write) -> io::Result<()> {
    let profile = subject.profile;
    let out = &mut Vec::with_capacity(2 * CHUNK);
    out.extend_from_slice(&profile_lines(subject).join(&b"\n"[..]));
    out.push(b'\n');
    // Source paths stay as they are.
    let places = Places::new(profile, Identity::new(subject.config));
    let rows = Rows::new(&places);
    let columns = subject.columns();
    let mut labels = Vec::new();
    let mut known = KnownLines::default();
    for sample in 0..profile.sample_count() {
        let stack = profile.stack(sample);
        if stack.is_empty() {
            continue;
        }
        if out.len() >= CHUNK {
            sink.write_all(out)?;
            out.clear();
        }
        out.extend_from_slice(SEPARATOR);
        profile.labels_by_key(sample, &mut labels);
        match labels.as_slice() {
            &[label] => known.write(subject, label, out),
            labels => write_labels(subject, labels, out),
        }
        let mut value = Some(subject.measure.label(columns.mean_of(sample)));
        for location in stack.iter() {
            let places_of = places.of_location(location);
            for (depth, &place) in places_of.iter().enumerate() {
                let mut row = rows.of(place);
                // The value stands before the first.
                if let Some(value) = value.take() {
                    pad(width(value.as_bytes()), WIDTH, out);
                    out.extend_from_slice(value.as_bytes());
                    row = row.get(WIDTH..).unwrap_or(row);
                }
                out.extend_from_slice(row);
                if depth + 1 < places_of.len() {
                    out.extend_from_slice(b" (inline)");
                }
                out.push(b'\n');
            }
        }
    }
    out.extend_from_slice(SEPARATOR);
    sink.write_all(out)
}

/// The row of each place below the first of a stack: most of the report is these.
struct Rows {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Rows {
    fn new(places: &Places) -> Rows {
        let mut rows = Rows {
            text: Vec::new(),
            ends: Vec::with_capacity(places.len()),
        };
        for place in 0..places.len() {
            pad(0, WIDTH + 3, &mut rows.text);
            rows.text.extend_from_slice(places.name(place as PlaceId));
            rows.ends.push(rows.text.len());
        }
        rows
    }

    fn of(&self, place: PlaceId) -> &[u8] {
        let at = place as usize;
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before));
        let end = self.ends.get(at).copied().unwrap_or(0);
        self.text
            .get(start.copied().unwrap_or(0)..end)
            .unwrap_or(&[])
    }
}

/// The lines of labels that were written before: in a heap profile every sample has the size of its
/// objects, and there are few sizes.
#[derive(Default)]
struct KnownLines {
    lines: FxHashMap<Label, Vec<u8>>,
}

impl KnownLines {
    /// More lines than this are not worth their memory.
    const MOST: usize = 1 << 12;

    fn write(&mut self, subject: &Subject, label: Label, out: &mut Vec<u8>) {
        if let Some(line) = self.lines.get(&label) {
            return out.extend_from_slice(line);
        }
        let start = out.len();
        write_labels(subject, &[label], out);
        if self.lines.len() < Self::MOST {
            self.lines
                .insert(label, out.get(start..).unwrap_or(&[]).to_vec());
        }
    }
}

/// A line for each key, texts before numbers.
fn write_labels(subject: &Subject, labels: &[Label], out: &mut Vec<u8>) {
    let strings = subject.profile.strings();
    let is_number = |label: &Label| matches!(label.value, LabelValue::Number { .. });
    let numbers = labels.iter().position(is_number).unwrap_or(labels.len());
    let (texts, numbers) = labels.split_at_checked(numbers).unwrap_or((labels, &[]));
    for labels in [texts, numbers] {
        let mut lines: Vec<Vec<u8>> = labels
            .chunk_by(|a, b| strings.bytes(a.key) == strings.bytes(b.key))
            .map(|labels| {
                let key = labels.first().map_or(&[][..], |l| strings.bytes(l.key));
                let value = |label: &Label| match label.value {
                    LabelValue::Text(text) => strings.bytes(text).to_vec(),
                    LabelValue::Number { value, .. } => {
                        let unit = String::from_utf8_lossy(subject.label_units.of(key));
                        units::label(value, &unit, "auto").into_bytes()
                    }
                };
                let mut line = Vec::new();
                pad(width(key), WIDTH, &mut line);
                line.extend_from_slice(key);
                line.extend_from_slice(b":  ");
                let values: Vec<Vec<u8>> = labels.iter().map(value).collect();
                line.extend_from_slice(&values.join(&b" "[..]));
                line.push(b'\n');
                line
            })
            .collect();
        // By the lines, in which short keys are indented.
        lines.sort();
        lines.iter().for_each(|line| out.extend_from_slice(line));
    }
}

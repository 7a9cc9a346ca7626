use std::collections::BTreeMap;

use maud::{Markup, PreEscaped, html};
use serde::Serialize;

use crate::render::printable;
use crate::{FlameFrame, FlameGraph};

/// Characters of a name that are shown at the pointer.
const LONGEST: usize = 400;

/// What the script reads: the figures of plots and flame graphs, in the order of the page.
#[derive(Debug, Default, Serialize)]
pub(super) struct Data {
    plots: Vec<Vec<PointData>>,
    flames: Vec<FlameData>,
}

/// A point of a plot: thousandths of the width from the left and of the height from the top, and what is
/// said of it.
#[derive(Debug, Serialize)]
pub(super) struct PointData(i32, i32, String);

impl PointData {
    /// From shares of the width and the height.
    pub(super) fn new(x: f64, y: f64, text: String) -> Self {
        let thousandths = |share: f64| (share * 1e3).round() as i32;
        Self(thousandths(x), thousandths(y), plain(&text))
    }
}

/// A flame graph, column by column: what follows from the order of the boxes is left out.
#[derive(Debug, Serialize)]
struct FlameData {
    whole: String,
    total: String,
    kinds: Vec<String>,
    /// Names, whole names, places and kinds of the frames; each once.
    frames: Vec<(String, String, String, u8)>,
    frame: Vec<usize>,
    depth: Vec<u16>,
    /// Millionths of the whole.
    start: Vec<u32>,
    width: Vec<u32>,
    value: Vec<String>,
}

impl Data {
    /// Adds a plot's points, and returns the plot's number.
    pub(super) fn plot(&mut self, points: Vec<PointData>) -> usize {
        self.plots.push(points);
        self.plots.len() - 1
    }

    /// Adds a flame graph, and returns its number.
    pub(super) fn flame(&mut self, graph: &FlameGraph) -> usize {
        self.flames.push(FlameData::new(graph));
        self.flames.len() - 1
    }

    /// The block of JSON. `<`, `>` and `&` only stand in its strings, where they are written as numbers:
    /// so nothing in it can end the block or begin a comment.
    pub(super) fn markup(&self) -> Markup {
        let json = serde_json::to_string(self).unwrap_or_else(|_| "{}".to_owned());
        let mut safe = String::with_capacity(json.len());
        for character in json.chars() {
            match character {
                '<' => safe.push_str("\\u003c"),
                '>' => safe.push_str("\\u003e"),
                '&' => safe.push_str("\\u0026"),
                _ => safe.push(character),
            }
        }
        html! {
            script type="application/json" id="data" { (PreEscaped(safe)) }
        }
    }
}

impl FlameData {
    fn new(graph: &FlameGraph) -> Self {
        let mut known: BTreeMap<&FlameFrame, usize> = BTreeMap::new();
        let mut data = Self {
            whole: graph.whole.clone(),
            total: graph.total.clone(),
            kinds: graph.kinds.clone(),
            frames: Vec::new(),
            frame: Vec::new(),
            depth: Vec::new(),
            start: Vec::new(),
            width: Vec::new(),
            value: Vec::new(),
        };
        for part in &graph.boxes {
            let next = data.frames.len();
            let frame = *known.entry(&part.frame).or_insert(next);
            if frame == next {
                let FlameFrame {
                    name,
                    full_name,
                    place,
                    kind,
                } = &part.frame;
                data.frames
                    .push((plain(name), plain(full_name), plain(place), *kind));
            }
            data.frame.push(frame);
            data.depth.push(part.depth);
            data.start.push(millionths(part.start));
            data.width
                .push(millionths(part.start + part.share).saturating_sub(millionths(part.start)));
            data.value.push(part.value.clone());
        }
        data
    }
}

/// Text without control characters, cut where no reader would follow it.
fn plain(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", printable(text.get(..end).unwrap_or_default())),
        None => printable(text).into_owned(),
    }
}

fn millionths(share: f64) -> u32 {
    (share.clamp(0.0, 1.0) * 1e6).round() as u32
}

//! From a series to its growth.

use crate::growth::{Axis, Growth, Metric, Problem};
use crate::options::Options;
use crate::series::Series;

/// Says what grows in a series. Never fails: what is wrong with the input is in
/// [`Growth::problems`].
pub fn analyze(series: &Series, _options: &Options) -> Growth {
    let problems = if series.points.is_empty() {
        vec![Problem::NoSnapshots]
    } else {
        Vec::new()
    };
    Growth {
        verdict: None,
        per: Axis::Request,
        span: 0.0,
        watched_seconds: 0.0,
        rounds: 0,
        heap_bytes: Metric::default(),
        heap_objects: Metric::default(),
        scalars: Vec::new(),
        stacks: Vec::new(),
        clusters: Vec::new(),
        smallest_visible_bytes: None,
        cooldown: None,
        cooldown_reasons: Vec::new(),
        problems,
    }
}

//! From counting and shape to a word, for one stack or scalar.

use crate::counting::Track;
use crate::growth::{Finding, Verdict, Veto};
use crate::options::Options;
use crate::series::Load;
use crate::shape::{Shape, shape};

/// What is known of one stack or scalar when it is judged.
pub struct Evidence<'a> {
    pub track: &'a Track,
    /// The same objects in bytes, for a stack.
    pub bytes: Option<&'a [f64]>,
    /// The chance of one to be counted.
    pub probability: f64,
    /// Growth below this per axis does not matter, with the growth in the same unit.
    pub floor: f64,
    pub rate: f64,
    pub q: f64,
    pub still_held: Option<f64>,
    pub loads: &'a [Option<Load>],
    pub counts_lost: bool,
}

/// A cool-down that finds less than this share of the growth clears it …
const RELEASED: f64 = 0.3;
/// … and one that finds less than this leaves doubt.
const HELD: f64 = 0.7;

/// The word for one stack or scalar, and whether it grew evenly.
pub fn judge(evidence: &Evidence, options: &Options) -> (Finding, bool) {
    let rounds = evidence.track.y.len().saturating_sub(1) as u32;
    let mut finding = Finding {
        verdict: Verdict::Steady,
        q: evidence.q,
        exactly: None,
        vetoes: Vec::new(),
        still_held: evidence.still_held,
    };
    if evidence.track.y.is_empty() {
        return (finding, true);
    }
    if rounds == 0 {
        finding.verdict = Verdict::Grew;
        return (finding, true);
    }
    let grew = evidence.track.growth() > 0.0;
    let grew_in_bytes = evidence
        .bytes
        .and_then(|bytes| Some(bytes.last()? - bytes.first()?))
        .is_some_and(|growth| growth > 0.0);
    if !grew && !grew_in_bytes {
        return (finding, true);
    }
    let Shape {
        vetoes,
        ended,
        in_steps: stairs,
    } = match rounds {
        1 => Shape::default(),
        _ => shape(evidence.track, evidence.bytes, evidence.loads),
    };
    let certain = evidence.q <= options.false_discovery_rate && grew;
    if !certain && !stairs {
        finding.vetoes.push(Veto::Chance);
        finding.vetoes.extend(vetoes);
        return (finding, true);
    }
    if evidence.rate < evidence.floor {
        finding.vetoes.push(Veto::Small);
        return (finding, !stairs);
    }
    finding.vetoes = vetoes;
    if rounds == 1 {
        finding.vetoes.push(Veto::FewRounds);
        finding.verdict = Verdict::Grew;
        return (finding, true);
    }
    if ended {
        return (finding, true);
    }
    if rounds < options.rounds_for_leak {
        finding.vetoes.push(Veto::FewRounds);
    }
    finding.exactly = evidence.track.exactly(evidence.probability);
    finding.verdict = if finding.vetoes.is_empty() && !evidence.counts_lost {
        Verdict::Leak
    } else {
        Verdict::Growing
    };
    match evidence.still_held {
        Some(held) if held < RELEASED => {
            finding.verdict = Verdict::Steady;
            finding.vetoes.push(Veto::Released);
        }
        Some(held) if held < HELD => {
            finding.verdict = Verdict::Growing;
            finding.vetoes.push(Veto::Released);
        }
        _ => {}
    }
    (finding, !stairs)
}

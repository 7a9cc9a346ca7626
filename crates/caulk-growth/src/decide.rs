//! Whether a hunt may stop.

use serde::Serialize;

use crate::growth::{CooldownReason, Growth, Verdict, Veto};
use crate::options::Options;

/// What a hunt should do after a round.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "next", rename_all = "snake_case")]
pub enum Decision {
    /// Stop: more rounds would not change the word.
    Sure {
        /// The word.
        verdict: Verdict,
    },
    /// Stop the load, wait, and capture once more: the verdict hangs on what is still held then.
    Cooldown {
        /// Why.
        reasons: Vec<CooldownReason>,
    },
    /// Go on with another round.
    NeedMore {
        /// Why.
        why: NeedMore,
    },
}

/// Why another round is needed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NeedMore {
    /// Fewer rounds than any verdict needs.
    Rounds {
        /// How many there are.
        have: u32,
        /// How many are needed.
        need: u32,
    },
    /// Something grows, and these are what keeps it from being called a leak.
    NotYetSure {
        /// The vetoes of the largest growth.
        vetoes: Vec<Veto>,
    },
    /// Nothing grows, but a growth that matters would not have been seen yet.
    TooCoarse {
        /// The smallest growth that would have been seen, in heap bytes per request.
        smallest_visible_bytes: Option<f64>,
    },
}

/// Decides after a round whether a hunt may stop. `growth` is [`crate::analyze`]'s of all rounds so far.
pub fn sure_enough(growth: &Growth, options: &Options) -> Decision {
    let verdict = growth.verdict.unwrap_or(Verdict::Grew);
    if verdict == Verdict::Leak {
        return if growth.cooldown_reasons.is_empty() {
            Decision::Sure { verdict }
        } else {
            Decision::Cooldown {
                reasons: growth.cooldown_reasons.clone(),
            }
        };
    }
    let need = options.rounds_for_leak.max(options.rounds_for_steady);
    if growth.rounds < need {
        return Decision::NeedMore {
            why: NeedMore::Rounds {
                have: growth.rounds,
                need,
            },
        };
    }
    if verdict == Verdict::Steady {
        // Ten times the floor: a hunt need not run until the last hundred bytes are excluded.
        return match growth.smallest_visible_bytes {
            Some(bytes) if bytes <= 10.0 * options.floor_bytes => Decision::Sure { verdict },
            bytes => Decision::NeedMore {
                why: NeedMore::TooCoarse {
                    smallest_visible_bytes: bytes,
                },
            },
        };
    }
    let vetoes = growth
        .scalars
        .iter()
        .map(|scalar| &scalar.finding)
        .chain(growth.stacks.iter().map(|stack| &stack.finding))
        .find(|finding| finding.verdict == Verdict::Growing)
        .map(|finding| finding.vetoes.clone())
        .unwrap_or_default();
    Decision::NeedMore {
        why: NeedMore::NotYetSure { vetoes },
    }
}

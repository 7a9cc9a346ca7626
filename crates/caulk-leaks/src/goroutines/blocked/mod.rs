//! Goroutines that can block for ever on a channel: a send that nobody receives, a wait for a close
//! that does not come.

mod described;
mod forsaken;
mod outlives;
mod paths;
mod progress;
mod round;
mod served;
mod told;
mod untold;
mod waiting;
mod within;

use caulk_syntax::{Node, Span};

use crate::engine::Function;
use crate::inference::channel::{Started, channels, uses};
use crate::inference::produced::produced;
use crate::module::Module;
use served::Used;

pub(crate) use described::described;

/// A goroutine that waits on a channel which nobody serves any more.
#[derive(Clone)]
pub(crate) struct Blocked {
    /// The `go` statement, or the call that starts the goroutine.
    pub go: Node,
    /// Where it is started, if not in this function.
    pub started: Option<Started>,
    /// Where it waits: a send, or a range. In another function it is the `go` statement itself.
    pub waits: Span,
    pub wait: Wait,
    pub channel: String,
    /// Where the channel is made.
    pub made: Span,
    /// Where its starter leaves.
    pub leaves: Span,
    /// Whether one element of room would let every send go through.
    pub single_send: bool,
}

/// What a goroutine waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// That someone receives what it sends, where it looks elsewhere whether it is to end.
    Untold,
    /// For the end of a value, to release what its starter has released.
    Outlived,
    /// That someone receives what it sends.
    Receive,
    /// That someone closes what it ranges over.
    Close,
    /// That someone closes, or sends on, what it receives from.
    Signal,
}

/// The goroutines of a body that can block for ever.
pub(crate) fn goroutines(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    let used: Vec<Used> = channels(module, function)
        .into_iter()
        .filter_map(|channel| {
            let uses = uses(module, function, &channel)?;
            Some(Used { channel, uses })
        })
        .chain(produced(module, function).into_iter().map(Used::from))
        .collect();
    let mut found: Vec<Blocked> = Vec::new();
    for one in &used {
        for blocked in served::blocked(module, function, one, &used) {
            // A goroutine that waits twice is one goroutine.
            if found.iter().all(|known| known.go != blocked.go) {
                found.push(blocked);
            }
        }
    }
    let others = forsaken::forsaken(module, function)
        .into_iter()
        .chain(untold::untold(module, function))
        .chain(outlives::outlives(module, function));
    for blocked in others {
        if found.iter().all(|known| known.go != blocked.go) {
            found.push(blocked);
        }
    }
    found
}

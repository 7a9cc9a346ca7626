//! The loop of a hunt, as states: build, start, load, capture, judge, cool down, diagnose, fix, prove.
//!
//! [`Hunt`] says what to do next ([`Action`]) and is told how it went ([`Answer`]). It holds no
//! process, no socket and no clock, so every course of a hunt can be played through in a test; the
//! driver that does the work is in the binary. It does not know how a process is started, how
//! growth is measured or what a fix looks like.

mod machine;
mod schedule;

pub use machine::{Action, Answer, CaptureRole, Hunt, Judgement, Variant};
pub use schedule::{Plan, Round};

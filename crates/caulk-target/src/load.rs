//! Load: rounds of requests by the generator here, or by a command of the user's.

mod client;
mod command;
mod round;
mod spec;
mod stats;
mod tls;

pub use command::{CommandRound, LoadCommand};
pub use round::Load;
pub use spec::{LoadError, LoadSpec, Template};
pub use stats::{FailureKind, RoundStats, RouteStats};

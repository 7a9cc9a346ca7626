//! Contracts, obligations and rules; publishes each acquisition with its outcome. Does not know profiles or text edits.

mod finding;

pub use finding::{
    Acquisition, Analysis, ByteSpan, Confidence, ContractSource, Coverage, Exit, ExitKind, Finding,
    FixTemplate, Harm, Heat, Held, Location, Obstacle, Outcome, Problem, ReleaseCall, Resource,
    SettledBy, Settlement, Severity, Step,
};

//! Contracts, obligations and rules; publishes each acquisition with its outcome. Does not know profiles or text edits.

mod answers;
mod body;
mod catalogue;
mod channels;
mod check;
mod contract;
mod engine;
mod explain;
mod finding;
mod goroutines;
mod in_test;
mod inference;
mod looks;
mod module;
mod options;
mod place;
mod publish;
mod rules;
mod sites;
mod types;

pub use catalogue::known_types::known_types;
pub use catalogue::{Catalogue, ContractError};
pub use check::reuse::{Before, Kept, Reused, check_builds_again};
pub use check::{check, check_builds};
pub use contract::{Contract, ErrorAt, Origin, Release, ReleaseAction};
pub use explain::belief::{Belief, ParameterBelief, explain_function};
pub use explain::trace::{LineExplained, Traced, explain_line};
pub use finding::{
    Acquisition, Analysis, ByteSpan, Confidence, ContractSource, Coverage, Exit, ExitKind, Finding,
    FixTemplate, Harm, Heat, Held, Keeper, Location, Obstacle, Outcome, Problem, ReleaseCall,
    Resource, SettledBy, Settlement, Severity, Step,
};
pub use options::Options;
pub use rules::{HEADINGS, Rule, rule, rules};

//! Contracts, obligations and rules; publishes each acquisition with its outcome. Does not know profiles or text edits.

mod around;
mod belief;
mod blocked;
mod catalogue;
mod check;
mod context;
mod contract;
mod convention;
mod directive;
mod doc;
mod endless;
mod engine;
mod finding;
mod fingerprint;
mod glob;
mod goroutine;
mod idle;
mod kept;
mod known_types;
mod module;
mod noted;
mod owned;
mod parents;
mod policy;
mod provenance;
mod recent;
mod registered;
mod report;
mod reuse;
mod rules;
mod sibling;
mod sites;
mod started;
mod summary;
mod suppress;
mod template;
mod trace;
mod types;
mod unit;
mod waited;

pub use belief::{Belief, ParameterBelief, explain_function};
pub use catalogue::{Catalogue, ContractError};
pub use check::{Options, check, check_builds};
pub use contract::{Contract, ErrorAt, Origin, Release, ReleaseAction};
pub use finding::{
    Acquisition, Analysis, ByteSpan, Confidence, ContractSource, Coverage, Exit, ExitKind, Finding,
    FixTemplate, Harm, Heat, Held, Keeper, Location, Obstacle, Outcome, Problem, ReleaseCall,
    Resource, SettledBy, Settlement, Severity, Step,
};
pub use known_types::known_types;
pub use reuse::{Before, Kept, Reused, check_builds_again};
pub use rules::{HEADINGS, Rule, rule, rules};
pub use trace::{LineExplained, Traced, explain_line};

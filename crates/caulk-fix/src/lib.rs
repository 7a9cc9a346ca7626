//! From an obligation to edits, composed, laid over the program and checked again.
//!
//! [`plan()`] takes what a check found and gives every selected finding an outcome: fixed, fixed but to be
//! reviewed, or refused with the reason. It works on the facts that the analysis publishes with a finding and
//! on the text of its file; how obligations are found, and how a check is run, it does not know: it asks a
//! [`Checker`]. [`diff`] shows a plan, [`apply()`] writes it.

mod align;
mod alternative;
mod anchor;
mod apply;
mod blame;
mod bound;
pub mod diff;
mod edit;
mod hold;
mod identity;
mod imports;
mod layout;
mod leaving;
mod linter;
mod name;
mod plan;
mod refusal;
mod release;
mod returning;
mod settle;
mod shapes;
mod site;
mod source;
mod workspace;

pub use alternative::alternative;
pub use apply::{Applied, ApplyOptions, apply};
pub use edit::{Edit, Edits, Overlap, joined};
pub use plan::{Checker, FileEdit, FindingFix, FixPlan, Outcome, PlanOptions, plan, plan_with};
pub use workspace::{Folder, Workspace};

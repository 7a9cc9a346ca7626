//! The join: what grew at run time meets what the source acquires, and out come the culprits.
//!
//! Takes growing stacks, growing groups of goroutines with their ancestors, and the acquisitions of
//! the source with their outcomes; gives the places that are to blame, ranked, each with what
//! speaks for it. It knows nothing of output formats, processes, or how any of its inputs were
//! obtained.

mod account;
mod anchor;
mod by;
mod diagnosis;
mod explain;
mod frames;
mod groups;
mod holders;
mod join;
mod label_counts;
mod locate;
mod observed;
mod reach;
mod source;
mod waiting;
mod words;

pub use account::{Blocked, Reason, StackEvidence, Weight};
pub use anchor::{Anchor, AnchorKind, Anchors};
pub use by::{By, GrownBy};
pub use diagnosis::{Diagnosis, Run};
pub use explain::{Explained, ExplainedPart, Explanation, explain};
pub use frames::{Frame, UserCode};
pub use groups::{GroupCounts, group_goroutines};
pub use join::{Culprit, Joined, join};
pub use locate::SyntaxSource;
pub use observed::{Ancestor, GoroutineGroup, HeapStack, Observed};
pub use source::{Source, Store, StoreKind};
pub use waiting::{Alike, Stuck, Wait};
pub use words::{Meaning, Part, Resource, Words};

//! One file per output format, and what they share.
//!
//! A renderer takes plain data and returns text; where it goes is not its business. Text that came from
//! outside is made harmless on its way to a terminal: control and direction characters show as symbols.

mod concise;
mod full;
mod github;
mod gitlab;
mod json;
mod junit;
mod painter;
mod patch;
mod sarif;
mod snippet;
mod table;
mod width;

pub use concise::concise;
pub use full::full;
pub use github::github;
pub use gitlab::gitlab;
pub use json::json;
pub use junit::junit;
pub(crate) use patch::spread;
pub use sarif::sarif;
pub(crate) use snippet::{Shown, shared_indent};
pub use width::printable;
pub(crate) use width::{char_width, harmless};

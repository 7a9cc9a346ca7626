//! One file per output format, and what they share.
//!
//! A renderer takes plain data and returns text; where it goes is not its business. Text that came from
//! outside is made harmless on its way to a terminal: control and direction characters show as symbols.

mod concise;
mod full;
mod json;
mod painter;
mod patch;
mod snippet;
mod table;
mod width;

pub use concise::concise;
pub use full::full;
pub use json::json;
pub(crate) use patch::spread;
pub(crate) use snippet::{Shown, shared_indent};
pub(crate) use width::{char_width, harmless, printable};

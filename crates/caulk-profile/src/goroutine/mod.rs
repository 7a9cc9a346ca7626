//! Goroutine dumps: the text forms `debug=2` (one block for each goroutine, with state, wait,
//! creator and ancestors) and `debug=1` (one block for each stack, with its count and labels).

mod dump;
mod group;
mod parse;

pub use dump::{Ancestor, Creator, Dump, DumpFrame, DumpFrameId, DumpProblem, Goroutine, Trace};
pub use group::Group;
pub use parse::{is_dump_of_debug_2, read};

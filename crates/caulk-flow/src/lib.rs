//! Control flow of one Go function, and calls between functions. Does not know ownership.

mod build;
mod calls;
mod components;
mod constants;
mod frequency;
mod graph;
mod handler;
mod implementers;
mod nested;
mod reach;
mod registration;
mod routes;
mod symbol;

pub use build::{graph, literal_graph, type_switch_operand, unparen};
pub use calls::{CallFacts, Calls, Frequencies, file_of, interface_key, is_followed, roots};
pub use frequency::Frequency;
pub use graph::{BasicBlock, BlockId, End, Event, Graph, Loop, LoopId};
pub use routes::{Route, routes};
pub use symbol::{Symbol, symbol_of};

//! Control flow of one Go function, and calls between functions. Does not know ownership.

mod build;
mod graph;

pub use build::{graph, literal_graph, type_switch_operand, unparen};
pub use graph::{BasicBlock, BlockId, End, Event, Graph, Loop, LoopId};

//! Control flow of one Go function, and calls between functions. Does not know ownership.

mod build;
mod calls;
mod graph;
mod routes;
mod symbol;

pub use build::{graph, literal_graph, type_switch_operand, unparen};
pub use calls::{CallEdge, Calls, Frequency, is_handler_literal, roots};
pub use graph::{BasicBlock, BlockId, End, Event, Graph, Loop, LoopId};
pub use routes::{Route, routes};
pub use symbol::{Running, Symbol, resolve_symbol, symbol_of};

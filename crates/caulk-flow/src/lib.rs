//! Control flow of one Go function, and calls between functions. Does not know ownership.

mod body;
mod build;
mod calls;
mod command;
mod components;
mod constants;
mod failing;
mod frequency;
mod graph;
mod handler;
mod implementers;
mod nested;
mod outcome;
mod purpose;
mod reach;
mod registration;
mod repeats;
mod routes;
mod symbol;

pub use body::{file_of, has_one_element, package_of, roots};
pub use build::{graph, literal_graph, type_switch_operand};
pub use calls::{CallFacts, Calls, Frequencies, interface_key, is_followed};
pub use failing::Failing;
pub use frequency::Frequency;
pub use graph::{BasicBlock, BlockId, End, Event, Graph, Loop, LoopId};
pub use purpose::{
    is_for_tests_of_its_folder, is_named_for_tests, is_of_commands, is_of_migrations, is_of_test,
};
pub use routes::{Route, routes};
pub use symbol::{Symbol, symbol_of};

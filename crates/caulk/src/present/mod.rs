//! From what the crates found to what is printed: the only place where domain meets report.

pub mod by;
pub mod check;
pub mod culprit;
pub mod explain;
pub mod finding;
pub mod findings_page;
pub mod goroutines;
pub mod hunt;
pub mod hunt_json;
pub mod input;
pub mod listing;
pub mod page;
pub mod rates;
pub mod together;
pub mod verdict;
pub mod words;

mod table;

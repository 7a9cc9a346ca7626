//! A page as one HTML file that needs nothing else: no network, no fonts, no scripts from elsewhere.
//!
//! What needs no script (the verdict, plots, tables, source) is written here as it will be seen. The script
//! adds what moves: flame graphs, values at the pointer, the switch between light and dark. It reads its
//! figures from a block of JSON and puts them into the page as text alone.
//!
//! A Content-Security-Policy names the one style sheet and the one script by their hashes, so that even what
//! was overlooked in a name or a path could not run.

mod block;
mod catalogue;
mod data;
mod document;
mod flame;
mod plot;
mod source;

pub use document::document;

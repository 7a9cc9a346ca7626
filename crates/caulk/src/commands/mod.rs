//! One file per command: its flags, and what it does.

pub mod check;
pub mod completions;
pub mod diagnose;
pub mod explain;
pub mod fix;
pub mod hunt;
pub mod rules;

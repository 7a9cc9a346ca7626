//! One file per command: its flags, and what it does.

pub mod completions;
pub mod diagnose;
pub mod hunt;

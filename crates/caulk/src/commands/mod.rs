//! One file per command: its flags, and what it does.

pub mod capture;
pub mod check;
pub mod completions;
pub mod diagnose;
pub mod doctor;
pub mod explain;
pub mod fix;
pub mod hunt;
pub mod init;
pub mod pprof;
pub mod rules;

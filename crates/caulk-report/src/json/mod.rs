//! The shapes that machines read.
//!
//! Each command that prints JSON has one file here. The shapes are stable: a field may be added, but none
//! changes its name, type or meaning without a new `version`. Lines and columns are 1-based, columns count
//! bytes, byte offsets are 0-based, and a quantity has its unit in its name.

pub mod check;
pub mod hunt;

//! The command line of caulk.

fn main() {}

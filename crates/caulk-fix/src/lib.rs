//! From an obligation to edits that are composed, laid over the program and checked again.

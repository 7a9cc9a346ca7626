//! Control flow of one Go function, and calls between functions. Does not know ownership.

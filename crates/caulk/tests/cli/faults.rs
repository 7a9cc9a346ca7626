//! What can go wrong in a hunt: each fault has its message and exit code, no process is left, and
//! what was captured is kept.

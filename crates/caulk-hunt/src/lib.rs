//! The loop of a hunt as a state machine. Does not know how a process is started.

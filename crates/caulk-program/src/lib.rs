//! Go modules resolved without running go, and what names and expressions mean. Does not know leaks.

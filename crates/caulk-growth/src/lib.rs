//! What grows, how fast and how sure. Does not know where profiles come from.

//! Contracts, obligations and rules; publishes each acquisition with its outcome. Does not know profiles or text edits.

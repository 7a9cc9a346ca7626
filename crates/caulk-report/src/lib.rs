//! Plain data for people and machines, and one small file per output format. Does not know any domain.

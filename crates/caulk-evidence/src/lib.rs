//! The join of growth and source: culprits, ranked and explained. Does not know output formats.

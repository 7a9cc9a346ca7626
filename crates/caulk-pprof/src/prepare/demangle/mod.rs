//! The names that compilers of C++ and Rust have mangled, as the reference shows them.
//!
//! Crates read them, and what they write is brought into the words of the reference. Where the two
//! differ, it is in what hardly occurs: template constructors, packs of arguments and types of
//! functions in the long form (`demangle=full`), operators of a user's own literals, ABI tags on
//! abbreviations.

mod cpp;
mod rust;

use super::Names;

/// The name for people; `None` for one that is not mangled.
pub(super) fn demangle(name: &[u8], names: Names) -> Option<String> {
    let mangled = std::str::from_utf8(name).ok()?;
    if !mangled.starts_with('_') {
        return None;
    }
    let one = |mangled| rust::demangle(mangled, names).or_else(|| cpp::demangle(mangled, names));
    // Some linkers put another underscore before all names.
    one(mangled).or_else(|| one(mangled.strip_prefix('_')?))
}

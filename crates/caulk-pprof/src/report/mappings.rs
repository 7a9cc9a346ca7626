//! The files that a profile's mappings name.

use caulk_profile::{Mapping, Profile};

/// The file of a mapping; empty for a URL, which stands there only until symbols are asked for.
pub(super) fn shown_file<'p>(profile: &'p Profile, mapping: &Mapping) -> &'p [u8] {
    let file = profile.strings().bytes(mapping.file);
    if mapping.build_id.0 == 0 && is_url(file) {
        &[]
    } else {
        file
    }
}

/// The file of the first mapping, which is the program.
pub(super) fn program_file(profile: &Profile) -> &[u8] {
    match profile.mappings().first() {
        Some(mapping) => shown_file(profile, mapping),
        None => &[],
    }
}

fn is_url(text: &[u8]) -> bool {
    let scheme = text.split(|&byte| byte == b':').next().unwrap_or(&[]);
    let is_scheme_byte = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
    scheme.len() < text.len()
        && scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(is_scheme_byte)
}

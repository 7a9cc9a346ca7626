//! A name for a finding that stays the same when lines move.

/// 64 bits of FNV-1a over what a finding is, and which of several equal ones it is, in hexadecimal.
///
/// Formula: <https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>, section 2.
pub(crate) fn of(parts: &str, ordinal: u32) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.bytes().chain(ordinal.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn equal_findings_are_told_apart_by_their_order() {
        assert_eq!(super::of("a", 1), super::of("a", 1));
        assert_ne!(super::of("a", 1), super::of("a", 2));
    }
}

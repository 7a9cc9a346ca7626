//! A name for a finding that stays the same when lines move.

use caulk_program::BodyOwner;

use crate::body::Function;
use crate::module::Module;

/// What a finding is, wherever it stands: the rule, the package, the declared function, what is acquired by what and
/// held in what. No file and no line, so that it stays the same when code moves within its package; and no literal,
/// since those are numbered in order.
pub(crate) fn identity(
    module: &Module<'_>,
    function: &Function,
    rule: &str,
    acquired_by: &str,
    variable: &str,
) -> String {
    let package = match function.typed.owner {
        BodyOwner::Func(id) => id.package,
        BodyOwner::Initializer(package, _) => package,
    };
    let declared = caulk_flow::symbol_of(module.program, &function.typed, None);
    // The symbol of a main package does not say which.
    let package = module.program.package(package).path();
    [rule, package, &declared, acquired_by, variable].join("\n")
}

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

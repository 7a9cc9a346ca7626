//! Where caulk and the tool may differ, and why. Each is in `docs/pprof.md` too.

/// Pairs whose profile and command line have these words may differ.
pub struct Exception {
    pub profile: &'static str,
    pub line: &'static str,
    pub allows: Allowed,
    #[expect(dead_code, reason = "it is for the reader")]
    pub why: &'static str,
}

/// What may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// The order of lines.
    Order,
    /// Everything.
    Anything,
}

const TIES: &str = "nodes and edges of the same size stand in the order of a Go map";
const NOT_A_PROGRAM: &str = "the tool takes a binary CPU profile that is followed by other sources for a program of \
                             Windows, and leaves it out";

const fn ties(line: &'static str) -> Exception {
    Exception {
        profile: "",
        line,
        allows: Allowed::Order,
        why: TIES,
    }
}

const fn first_eighty(profile: &'static str, line: &'static str) -> Exception {
    Exception {
        profile,
        line,
        allows: Allowed::Anything,
        why: "which of many nodes alike are among the first eighty hangs on the order of a Go map",
    }
}

/// Captured profiles are others in each run. The other ones are the same, and hold these lines to more.
const fn opposite(line: &'static str) -> Exception {
    Exception {
        profile: "captured/",
        line,
        allows: Allowed::Anything,
        why: "values of two captures are often each other's opposite: which of them is shown hangs on the order of a Go map",
    }
}

const fn not_a_program(profile: &'static str, line: &'static str) -> Exception {
    Exception {
        profile,
        line,
        allows: Allowed::Anything,
        why: NOT_A_PROGRAM,
    }
}

const EXCEPTIONS: &[Exception] = &[
    Exception {
        profile: "cppbench.cpu",
        line: "-topproto -base",
        allows: Allowed::Anything,
        why: TIES,
    },
    first_eighty("", "-dot -call_tree"),
    first_eighty("", "-tree -files"),
    first_eighty("", "-dot -files"),
    opposite("-dot -base"),
    opposite("-dot -diff_base"),
    opposite("-tree -base"),
    opposite("-tree -diff_base"),
    opposite("-callgrind -base"),
    opposite("-topproto -base"),
    not_a_program("cppbench.cpu", "{file}"),
    not_a_program("gobench.cpu", "{file}"),
    not_a_program("go.crc32.cpu", "{file}"),
    ties("-files"),
    ties("granularity=files"),
    ties("-base="),
    ties("-diff_base="),
];

/// The exception that a pair falls under: the first that fits.
pub fn exception(profile: &str, line: &str) -> Option<&'static Exception> {
    EXCEPTIONS
        .iter()
        .find(|it| profile.contains(it.profile) && line.contains(it.line))
}

//! Where caulk and the tool differ, and why. Each line is in `docs/pprof.md` too.

/// Pairs whose profile and command line begin like this may differ.
pub struct Exception {
    pub profile: &'static str,
    pub line: &'static str,
    #[expect(dead_code, reason = "it is for the reader")]
    pub why: &'static str,
}

pub const EXCEPTIONS: &[Exception] = &[];

/// The exception that a pair falls under.
pub fn exception(profile: &str, line: &str) -> Option<&'static Exception> {
    EXCEPTIONS
        .iter()
        .find(|it| profile.starts_with(it.profile) && line.starts_with(it.line))
}

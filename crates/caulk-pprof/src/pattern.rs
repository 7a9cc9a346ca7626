//! Regular expressions of options and reports.

use regex::bytes::Regex;

/// A regular expression that a user gave.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(Regex);

impl Pattern {
    /// The pattern, or what is wrong with it.
    pub fn new(pattern: &str) -> Result<Pattern, String> {
        Regex::new(pattern)
            .map(Pattern)
            .map_err(|error| error.to_string())
    }

    /// Whether it is found in a text.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.0.is_match(text)
    }

    /// The pattern as it was given.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

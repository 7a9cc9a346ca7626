//! Regular expressions in the syntax of Go's package regexp, which is RE2's: what the tool takes and
//! what it refuses, with its messages.
//!
//! Where Rust's regex crate differs (`\d`, `\w`, `\s` and `\b` are ASCII, `$` is the end alone,
//! counts end at 1000, `a**` is an error, names of classes), it is Go's meaning that counts. Only
//! whether something matches is asked, so greed and groups leave no trace.

mod classes;
mod parse;

use std::borrow::Cow;

use regex_automata::meta;

/// The compiled form of a pattern may take this much memory.
const MOST_BYTES: usize = 64 << 20;

/// A compiled regular expression.
#[derive(Debug, Clone)]
pub struct Pattern {
    regex: meta::Regex,
    text: String,
}

/// Why a text is no regular expression, in the words of Go.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error parsing regexp: {problem}: `{expression}`")]
pub struct PatternError {
    problem: &'static str,
    expression: String,
}

impl Pattern {
    /// Compiles a pattern.
    pub fn new(text: &str) -> Result<Pattern, PatternError> {
        let too_large = || PatternError {
            problem: "expression too large",
            expression: text.to_owned(),
        };
        let hir = parse::parse(text)?;
        let config = meta::Config::new().nfa_size_limit(Some(MOST_BYTES));
        let regex = meta::Builder::new()
            .configure(config)
            .build_from_hir(&hir)
            .map_err(|_| too_large())?;
        Ok(Pattern {
            regex,
            text: text.to_owned(),
        })
    }

    /// Whether any part of a text matches. A byte that is not UTF-8 counts as one character, U+FFFD.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.regex.is_match(&*as_characters(text))
    }

    /// The pattern as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn as_characters(text: &[u8]) -> Cow<'_, [u8]> {
    if std::str::from_utf8(text).is_ok() {
        return Cow::Borrowed(text);
    }
    let mut characters = String::with_capacity(text.len() + 16);
    for chunk in text.utf8_chunks() {
        characters.push_str(chunk.valid());
        for _ in chunk.invalid() {
            characters.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Cow::Owned(characters.into_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_byte_that_is_not_utf8_is_a_character() {
        let is_match = |pattern: &str, text: &[u8]| Pattern::new(pattern).unwrap().is_match(text);
        assert!(is_match("^a..b$", b"a\xe2\x82b"));
        assert!(!is_match("^a.b$", b"a\xe2\x82b"));
        assert!(is_match("^a[^a-z]b$", b"a\xffb"));
        assert!(is_match("^..$", "aß".as_bytes()));
    }

    #[test]
    fn a_pattern_that_would_take_gigabytes_is_refused() {
        let error = Pattern::new(&r"\pL{1000}".repeat(99)).unwrap_err();
        assert!(
            error.to_string().contains("expression too large: `"),
            "{error}"
        );
    }
}

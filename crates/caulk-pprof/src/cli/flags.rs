//! The flag syntax of Go's `flag` package: one dash or two, `-name=value` or `-name value`, and no
//! flags after the first argument that is none.

use std::ffi::{OsStr, OsString};

use crate::numbers::{self, NumberError};

/// Why a command line cannot be read. The words are those of Go's `flag` package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    /// Three dashes, or none before an equals sign.
    #[error("bad flag syntax: {0}")]
    Syntax(String),
    /// There is no such flag.
    #[error("flag provided but not defined: -{0}")]
    Unknown(String),
    /// A flag at the end that takes a value.
    #[error("flag needs an argument: -{0}")]
    NoValue(String),
    /// Not what the flag takes.
    #[error("invalid {what} {value:?} for {name}: {reason}")]
    Value {
        /// `value` or `boolean value`.
        what: &'static str,
        /// What was given.
        value: OsString,
        /// The flag, as Go's package calls it there.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing, or `=true` and the like.
    Bool,
    Int,
    Float,
    Text,
}

/// A flag's value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(OsString),
}

/// A command line, read.
#[derive(Debug, PartialEq)]
pub(crate) enum Parsed {
    /// `-h` or `-help`.
    Help,
    /// Flags in the order given, and the arguments after them.
    Given(Vec<(String, Value)>, Vec<OsString>),
}

/// Reads a command line. `kind` knows the flags.
pub(crate) fn parse(
    arguments: &[OsString],
    kind: impl Fn(&str) -> Option<Kind>,
) -> Result<Parsed, FlagError> {
    let mut given = Vec::new();
    let mut rest = arguments;
    while let Some((first, after)) = rest.split_first() {
        let bytes = first.as_encoded_bytes();
        let Some(unsigned) = bytes.strip_prefix(b"-").filter(|name| !name.is_empty()) else {
            break;
        };
        rest = after;
        let name = unsigned.strip_prefix(b"-").unwrap_or(unsigned);
        if name.is_empty() {
            break;
        }
        // Values need not be UTF-8, since they may be file names; names of flags do.
        let (name, value) = match name.iter().position(|&byte| byte == b'=') {
            Some(at) => (
                text(name.get(..at)),
                os_text(first, bytes.len() - name.len() + at + 1),
            ),
            None => (text(Some(name)), None),
        };
        if name.is_empty() || name.starts_with('-') {
            return Err(FlagError::Syntax(first.display().to_string()));
        }
        let value = match kind(&name) {
            None if name == "h" || name == "help" => return Ok(Parsed::Help),
            None => return Err(FlagError::Unknown(name)),
            Some(Kind::Bool) => Value::Bool(match value {
                None => true,
                Some(value) => boolean(&value).ok_or_else(|| FlagError::Value {
                    what: "boolean value",
                    value,
                    name: format!("-{name}"),
                    reason: "parse error",
                })?,
            }),
            Some(kind) => {
                let value = match (value, rest.split_first()) {
                    (Some(value), _) => value,
                    (None, Some((next, after))) => {
                        rest = after;
                        next.clone()
                    }
                    (None, None) => return Err(FlagError::NoValue(name)),
                };
                typed(kind, &value).map_err(|reason| FlagError::Value {
                    what: "value",
                    value,
                    name: format!("flag -{name}"),
                    reason,
                })?
            }
        };
        given.push((name, value));
    }
    Ok(Parsed::Given(given, rest.to_vec()))
}

fn text(bytes: Option<&[u8]>) -> String {
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}

/// What follows `from` in an argument. It is after an ASCII `=`, so that it is whole.
#[cfg(unix)]
fn os_text(argument: &OsStr, from: usize) -> Option<OsString> {
    use std::os::unix::ffi::OsStrExt;
    let bytes = argument.as_bytes().get(from..)?;
    Some(OsStr::from_bytes(bytes).to_owned())
}

#[cfg(not(unix))]
fn os_text(argument: &OsStr, from: usize) -> Option<OsString> {
    Some(argument.to_string_lossy().get(from..)?.into())
}

fn boolean(value: &OsStr) -> Option<bool> {
    numbers::boolean(value.to_str()?)
}

fn typed(kind: Kind, value: &OsStr) -> Result<Value, &'static str> {
    let number = |value: &OsStr| value.to_str().ok_or("parse error").map(str::to_owned);
    let reason = |error: NumberError| match error {
        NumberError::Syntax => "parse error",
        NumberError::Range => "value out of range",
    };
    Ok(match kind {
        Kind::Bool => Value::Bool(boolean(value).ok_or("parse error")?),
        Kind::Int => Value::Int(numbers::integer(&number(value)?).map_err(reason)?),
        Kind::Float => Value::Float(numbers::float(&number(value)?).map_err(reason)?),
        Kind::Text => Value::Text(value.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn kind(name: &str) -> Option<Kind> {
        Some(match name {
            "top" => Kind::Bool,
            "nodecount" => Kind::Int,
            "nodefraction" => Kind::Float,
            "output" => Kind::Text,
            _ => return None,
        })
    }

    fn read(arguments: &[&str]) -> Result<Parsed, FlagError> {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        parse(&arguments, kind)
    }

    fn given(arguments: &[&str]) -> (Vec<(String, Value)>, Vec<OsString>) {
        match read(arguments).unwrap() {
            Parsed::Given(flags, rest) => (flags, rest),
            Parsed::Help => panic!("help was not asked for"),
        }
    }

    #[test]
    fn one_dash_or_two_with_the_value_joined_or_apart() {
        let (flags, rest) = given(&["-top", "--nodecount=010", "-output", "a=b", "x", "-top"]);
        assert_eq!(
            flags,
            [
                ("top".to_owned(), Value::Bool(true)),
                ("nodecount".to_owned(), Value::Int(8)),
                ("output".to_owned(), Value::Text("a=b".into())),
            ]
        );
        assert_eq!(rest, ["x", "-top"]);
    }

    #[test]
    fn two_dashes_end_the_flags_and_one_is_an_argument() {
        assert_eq!(given(&["-top=f", "--", "-top"]).1, ["-top"]);
        assert_eq!(given(&["-", "-top"]).1, ["-", "-top"]);
    }

    #[test]
    fn wrong_use_is_told_in_the_words_of_go() {
        for (arguments, message) in [
            (&["-bogus"][..], "flag provided but not defined: -bogus"),
            (&["---top"], "bad flag syntax: ---top"),
            (&["-nodecount"], "flag needs an argument: -nodecount"),
            (
                &["-nodecount=x"],
                "invalid value \"x\" for flag -nodecount: parse error",
            ),
            (
                &["-nodefraction=1e999"],
                "invalid value \"1e999\" for flag -nodefraction: value out of range",
            ),
            (
                &["-top=maybe"],
                "invalid boolean value \"maybe\" for -top: parse error",
            ),
        ] {
            assert_eq!(read(arguments).unwrap_err().to_string(), message);
        }
        assert_eq!(read(&["-help"]).unwrap(), Parsed::Help);
    }
}

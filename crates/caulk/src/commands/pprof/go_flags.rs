//! The flag syntax of Go's `flag` package: one dash or two, `-name=value` or `-name value`, and no
//! flags after the first argument that is none.

use std::ffi::{OsStr, OsString};

use anyhow::{anyhow, bail};

/// What a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, or `=true` and the like.
    Bool,
    Int,
    Float,
    Text,
}

/// A flag's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(OsString),
}

/// A command line, read.
#[derive(Debug, PartialEq)]
pub enum Parsed {
    /// `-h` or `-help`.
    Help,
    /// Flags in the order given, and the arguments after them.
    Given(Vec<(String, Value)>, Vec<OsString>),
}

/// Reads a command line. `kind` knows the flags.
pub fn parse(
    arguments: &[OsString],
    kind: impl Fn(&str) -> Option<Kind>,
) -> anyhow::Result<Parsed> {
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
            bail!("bad flag syntax: {}", first.display());
        }
        let value = match kind(&name) {
            None if name == "h" || name == "help" => return Ok(Parsed::Help),
            None => bail!("flag provided but not defined: -{name}"),
            Some(Kind::Bool) => Value::Bool(match &value {
                None => true,
                Some(value) => boolean(value).ok_or_else(|| {
                    anyhow!("invalid boolean value {value:?} for -{name}: parse error")
                })?,
            }),
            Some(kind) => {
                let value = match (value, rest.split_first()) {
                    (Some(value), _) => value,
                    (None, Some((next, after))) => {
                        rest = after;
                        next.clone()
                    }
                    (None, None) => bail!("flag needs an argument: -{name}"),
                };
                typed(kind, &value).ok_or_else(|| {
                    anyhow!("invalid value {value:?} for flag -{name}: parse error")
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
    match value.to_str()? {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn typed(kind: Kind, value: &OsStr) -> Option<Value> {
    Some(match kind {
        Kind::Bool => Value::Bool(boolean(value)?),
        Kind::Int => Value::Int(integer(value.to_str()?)?),
        Kind::Float => Value::Float(value.to_str()?.parse().ok()?),
        Kind::Text => Value::Text(value.to_owned()),
    })
}

/// An integer as it may be written in Go, without underscores.
fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = if let Some(hex) = lower.strip_prefix("0x") {
        (16, hex)
    } else if let Some(binary) = lower.strip_prefix("0b") {
        (2, binary)
    } else if let Some(octal) = lower.strip_prefix("0o") {
        (8, octal)
    } else if let Some(octal) = lower.strip_prefix('0').filter(|rest| !rest.is_empty()) {
        (8, octal)
    } else {
        (10, lower.as_str())
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let size = i128::from(u64::from_str_radix(digits, radix).ok()?);
    i64::try_from(if negative { -size } else { size }).ok()
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

    fn read(arguments: &[&str]) -> anyhow::Result<Parsed> {
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
                &["-top=maybe"],
                "invalid boolean value \"maybe\" for -top: parse error",
            ),
        ] {
            assert_eq!(read(arguments).unwrap_err().to_string(), message);
        }
        assert_eq!(read(&["-help"]).unwrap(), Parsed::Help);
    }

    #[test]
    fn integers_have_the_prefixes_of_go() {
        for (text, value) in [
            ("-1", Some(-1)),
            ("0", Some(0)),
            ("0x1F", Some(31)),
            ("0b11", Some(3)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("08", None),
            ("", None),
            ("--1", None),
        ] {
            assert_eq!(integer(text), value, "{text}");
        }
    }
}

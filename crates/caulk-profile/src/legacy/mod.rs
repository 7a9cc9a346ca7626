//! The forms of profiles from before `profile.proto`, those that Go's runtime writes with
//! `debug=1` among them.

mod contention;
pub(crate) mod count;
mod cpu;
mod frames;
mod heap;
mod java;
pub(crate) mod lines;
mod locations;
mod memory_map;
mod memstats;
pub(crate) mod notes;
pub(crate) mod quoted;
mod threads;

use regex::bytes::{Captures, Regex};

use crate::{Profile, ReadError};
use lines::Lines;
use notes::Notes;

/// What becomes of the symbol lines and the labels, which `go tool pprof` skips.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symbols {
    Keep,
    Skip,
}

impl Symbols {
    /// What the comment lines below a sample say, if that is kept.
    fn below<'t>(self, lines: &mut Lines<'t>) -> Notes<'t> {
        match self {
            Symbols::Keep => Notes::below(lines),
            Symbols::Skip => Notes::default(),
        }
    }
}

/// Why a reader does not take the bytes.
#[derive(Debug)]
enum Refusal {
    /// They may be of another form; with a reason where they begin as this one does.
    OtherForm(Option<ReadError>),
    /// They are of this form, and broken.
    Broken(ReadError),
}

/// Reads any legacy form: the first that takes the bytes, in the order of the reference.
pub(crate) fn read(bytes: &[u8], symbols: Symbols) -> Result<Profile, ReadError> {
    type Reader = fn(&[u8], Symbols) -> Result<Profile, Refusal>;
    let readers: [Reader; 6] = [
        cpu::read,
        heap::read,
        count::read,
        |bytes, _| threads::read(bytes),
        contention::read,
        |bytes, _| java::read(bytes),
    ];
    let mut reason = None;
    for reader in readers {
        match reader(bytes, symbols) {
            Ok(profile) => return Ok(profile),
            Err(Refusal::Broken(error)) => return Err(error),
            Err(Refusal::OtherForm(error)) => reason = reason.or(error),
        }
    }
    Err(reason.unwrap_or(ReadError::Unrecognized))
}

fn wrong_line(lines: &Lines, what: String) -> Refusal {
    Refusal::Broken(ReadError::Text {
        line: lines.number(),
        what,
    })
}

/// A pattern of this crate over bytes, in which `{space}` is what Go's `\s` is.
fn regex(pattern: &str) -> Regex {
    const SPACES: &str = r"\t\n\f\r ";
    let pattern = pattern
        .replace("{spaces}", SPACES)
        .replace("{space}", &format!("[{SPACES}]"));
    Regex::new(&format!("(?-u){pattern}")).expect("the patterns of this crate are right")
}

/// What a group matched; empty where it did not.
fn group<'t>(found: &Captures<'t>, at: usize) -> &'t [u8] {
    found.get(at).map_or(b"", |group| group.as_bytes())
}

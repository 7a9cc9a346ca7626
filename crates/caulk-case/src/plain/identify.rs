//! Reads a file and finds out what it is.

use std::path::Path;
use std::time::UNIX_EPOCH;

use caulk_profile::{Limits, Profile, ReadError, StackTable, goroutine};
use caulk_system::Files;

use crate::exposition::{self, NotOne};
use crate::folder::read_raw;
use crate::kind::ProfileKind;
use crate::series::NotUsed;

use super::cloud;
use super::file::{Form, Identified, PlainFile, folder_of};
use super::profiled::{of_profile, unread};

/// A file as far as it can be read without the table of stacks.
pub struct Opened {
    content: Result<Content, NotUsed>,
    modified_nanos: Option<i64>,
}

/// What goes into the table of stacks, and what does not.
enum Content {
    Profile(Box<Profile>),
    /// What a store exports, which may hold several profiles.
    Export(Vec<u8>),
    Other(Box<PlainFile>),
}

/// Reads a file.
pub fn open(files: &dyn Files, path: &Path, limits: Limits) -> Opened {
    let metadata = files.metadata(path).ok();
    let modified_nanos = metadata
        .and_then(|found| found.modified?.duration_since(UNIX_EPOCH).ok())
        .and_then(|since| i64::try_from(since.as_nanos()).ok());
    let content = if metadata.is_some_and(|found| found.len > limits.inflated_bytes) {
        Err(NotUsed::TooLarge {
            limit: limits.inflated_bytes,
        })
    } else {
        read_raw(files, path)
            .map_err(|error| NotUsed::Unreadable(error.to_string()))
            .and_then(|bytes| content(path, &bytes, limits))
    };
    Opened {
        content,
        modified_nanos,
    }
}

/// The same for bytes that came from elsewhere, under the name of `path`.
pub fn open_bytes(path: &Path, bytes: &[u8], limits: Limits) -> Opened {
    Opened {
        content: content(path, bytes, limits),
        modified_nanos: None,
    }
}

impl Opened {
    /// Says what the file is, with its stacks in the table.
    pub fn identify(self, path: &Path, limits: Limits, stacks: &mut StackTable) -> Identified {
        let mut read = match self.content? {
            Content::Profile(profile) => vec![of_profile(path, &profile, stacks)?],
            Content::Export(bytes) => cloud::read(path, &bytes, limits, stacks)?,
            Content::Other(file) => vec![*file],
        };
        for file in &mut read {
            file.modified_nanos = self.modified_nanos;
        }
        Ok(read)
    }
}

fn content(path: &Path, bytes: &[u8], limits: Limits) -> Result<Content, NotUsed> {
    if bytes.is_empty() {
        return Err(NotUsed::Empty);
    }
    if is_trace(bytes) {
        return Err(NotUsed::Trace);
    }
    if bytes.starts_with(b"{") || bytes.starts_with(b"[") {
        return Ok(Content::Export(bytes.to_vec()));
    }
    let other = |file| Content::Other(Box::new(file));
    if let Some(dump) = dump(path, bytes) {
        return Ok(other(dump));
    }
    match caulk_profile::read(bytes, limits) {
        Ok(mut profile) => {
            plain_names(&mut profile);
            Ok(Content::Profile(Box::new(profile)))
        }
        Err(ReadError::Unrecognized) => scrape(path, bytes).map(other),
        Err(error @ ReadError::TooLarge { .. }) => Err(unread(error)),
        Err(error) => match scrape(path, bytes) {
            Ok(file) => Ok(other(file)),
            Err(NotUsed::Instances(labels)) => Err(NotUsed::Instances(labels)),
            Err(_) => Err(unread(error)),
        },
    }
}

/// Some stores put their own name of a sample type into the profile, such as
/// `memory:inuse_space:bytes:space:bytes`: the runtime's is in it.
fn plain_names(profile: &mut Profile) {
    const KNOWN: [&str; 9] = [
        "inuse_space",
        "inuse_objects",
        "alloc_space",
        "alloc_objects",
        "goroutine",
        "goroutines",
        "contentions",
        "delay",
        "cpu",
    ];
    let types = profile.sample_types();
    if !types
        .iter()
        .any(|named| profile.string(named.kind).contains(':'))
    {
        return;
    }
    profile.replace_strings(|text| {
        let mut parts = text.split(':');
        let known = parts.find(|part| KNOWN.contains(part))?;
        text.contains(':').then(|| known.to_owned())
    });
}

/// What `go tool trace` reads begins so.
fn is_trace(bytes: &[u8]) -> bool {
    let start = bytes.get(..16).unwrap_or(bytes);
    start.starts_with(b"go 1.") && start.windows(5).any(|word| word == b"trace")
}

/// A goroutine dump of `debug=2`, or the counts of `debug=1`.
fn dump(path: &Path, bytes: &[u8]) -> Option<PlainFile> {
    if !bytes.starts_with(b"goroutine ") {
        return None;
    }
    let dump = goroutine::read(bytes);
    if dump.goroutines().len() == 0 {
        return None;
    }
    let form = if goroutine::is_dump_of_debug_2(bytes) {
        Form::Dump
    } else {
        Form::Counts
    };
    let mut file = PlainFile::of(path, ProfileKind::Goroutines, form);
    file.metrics.goroutines = Some(dump.total());
    let own = dump.goroutines().flat_map(|goroutine| {
        goroutine
            .stack()
            .frames()
            .filter(|frame| frame.function.starts_with("main."))
            .map(|frame| folder_of(frame.file).to_owned())
    });
    file.program.main_folder = own.min().unwrap_or_default();
    Some(file)
}

fn scrape(path: &Path, bytes: &[u8]) -> Result<PlainFile, NotUsed> {
    let text = String::from_utf8_lossy(bytes);
    let scrape = exposition::read(&text).map_err(|error| match error {
        NotOne::NoMetrics => NotUsed::NoProfile,
        NotOne::Several(labels) => NotUsed::Instances(labels),
    })?;
    let mut file = PlainFile::of(path, ProfileKind::Metrics, Form::Scrape);
    file.metrics = scrape.metrics;
    file.process_start = scrape.process_start;
    file.time_nanos = scrape
        .time_millis
        .map(|millis| millis.saturating_mul(1_000_000));
    Ok(file)
}

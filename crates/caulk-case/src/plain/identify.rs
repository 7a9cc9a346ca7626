//! What one file is: its kind, when it was taken, and of which program.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use caulk_profile::{Limits, Profile, ReadError, Snapshot, StackTable, goroutine};
use caulk_system::Files;

use crate::case::Metrics;
use crate::exposition::{self, NotOne};
use crate::folder::read_raw;
use crate::kind::ProfileKind;
use crate::series::NotUsed;

use super::cloud;

/// In which form a file has what it has. Of the same moment in several forms the first is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Goroutines one by one, with states and ancestors.
    Dump,
    /// `debug=1`, of goroutines.
    Counts,
    Proto,
    /// The same as a heap profile, with another default.
    Allocs,
    /// `debug=1`.
    Text,
    /// Metrics scraped.
    Scrape,
}

/// The program that a profile is of, as far as the profile says.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Program {
    /// The name of its binary.
    pub binary: String,
    /// Its build.
    pub build_id: String,
    /// The folders of its `main` package's files.
    pub main_folder: String,
}

impl Program {
    /// Whether the profile says which binary it is of.
    pub fn is_named(&self) -> bool {
        !self.binary.is_empty() || !self.build_id.is_empty()
    }
}

/// A profile, read. Its stacks are those of the table that it was read into.
#[derive(Debug)]
pub struct PlainFile {
    pub path: PathBuf,
    /// Its place among the files that were given.
    pub position: usize,
    pub kind: ProfileKind,
    pub form: Form,
    /// When it was taken, nanoseconds since 1970, as it says itself.
    pub time_nanos: Option<i64>,
    /// When the file was last written, nanoseconds since 1970.
    pub modified_nanos: Option<i64>,
    /// The numbers in its name.
    pub numbers: Vec<u64>,
    pub program: Program,
    /// A store's words for where it came from: deployment, version, instance.
    pub origin: String,
    /// Its values by stack; none of metrics, dumps, and where only the total is used.
    pub values: Option<Snapshot>,
    pub metrics: Metrics,
    /// When its process started, seconds since 1970.
    pub process_start: Option<f64>,
    /// Merged by a store over this many nanoseconds: values are sums, counts are lost.
    pub merged_nanos: Option<i64>,
}

/// What a file turned out to be.
pub type Identified = Result<Vec<PlainFile>, NotUsed>;

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

/// What came of a profile that is none, or too large.
pub fn unread(error: ReadError) -> NotUsed {
    match error {
        ReadError::TooLarge { limit } => NotUsed::TooLarge { limit },
        error => NotUsed::Unreadable(error.to_string()),
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

fn plain(path: &Path, kind: ProfileKind, form: Form) -> PlainFile {
    PlainFile {
        path: path.to_owned(),
        position: 0,
        kind,
        form,
        time_nanos: None,
        modified_nanos: None,
        numbers: numbers(path),
        program: Program::default(),
        origin: String::new(),
        values: None,
        metrics: Metrics::default(),
        process_start: None,
        merged_nanos: None,
    }
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
    let mut file = plain(path, ProfileKind::Goroutines, form);
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
    let mut file = plain(path, ProfileKind::Metrics, Form::Scrape);
    file.metrics = scrape.metrics;
    file.process_start = scrape.process_start;
    file.time_nanos = scrape
        .time_millis
        .map(|millis| millis.saturating_mul(1_000_000));
    Ok(file)
}

/// Which kind a profile is, by its sample types.
pub fn of_profile(
    path: &Path,
    profile: &Profile,
    stacks: &mut StackTable,
) -> Result<PlainFile, NotUsed> {
    let has = |kind: &str| profile.sample_type_named(kind).is_some();
    let is_text = profile.time_nanos == 0 && profile.mappings().is_empty();
    let default = profile.string(profile.default_sample_type);
    let seconds = match u64::try_from(profile.duration_nanos) {
        Ok(nanos) if nanos > 0 => Some(nanos.div_ceil(1_000_000_000)),
        _ => None,
    };
    let mut merged_nanos = None;
    let (kind, form) = if has("inuse_space") || has("inuse_objects") {
        // A snapshot has both, and what was allocated. A store keeps each by itself, summed up over a
        // range of time; a difference that the runtime was asked for has all four.
        match seconds {
            Some(seconds) if has("alloc_space") => return Err(NotUsed::Difference { seconds }),
            Some(_) => merged_nanos = Some(profile.duration_nanos),
            None => {}
        }
        if !has("inuse_space") {
            return Err(NotUsed::ObjectsOnly);
        }
        let form = match default {
            _ if is_text => Form::Text,
            "alloc_space" => Form::Allocs,
            _ => Form::Proto,
        };
        (ProfileKind::Heap, form)
    } else if has("alloc_space") || has("alloc_objects") {
        return Err(NotUsed::AllocationsOnly);
    } else if has("goroutineleak") {
        (ProfileKind::LeakedGoroutines, form_of(is_text))
    } else if has("goroutine") || has("goroutines") {
        merged_nanos = seconds.map(|_| profile.duration_nanos);
        (ProfileKind::Goroutines, form_of(is_text))
    } else if has("threadcreate") {
        (ProfileKind::Threads, form_of(is_text))
    } else if has("contentions") || has("delay") {
        if let Some(seconds) = seconds {
            return Err(NotUsed::Difference { seconds });
        }
        (contention(path, profile), form_of(is_text))
    } else if has("cpu") || has("samples") {
        return Err(NotUsed::Cpu);
    } else {
        return Err(NotUsed::OtherKind);
    };
    let mut file = plain(path, kind, form);
    file.time_nanos = Some(profile.time_nanos).filter(|nanos| *nanos > 0);
    file.merged_nanos = merged_nanos;
    file.program = program(profile);
    if let Some(memory) = profile.memory() {
        let known = |bytes: u64| Some(bytes).filter(|bytes| *bytes > 0);
        file.metrics.heap_alloc_bytes = known(memory.heap_alloc);
        file.metrics.heap_inuse_bytes = known(memory.heap_inuse);
        file.metrics.heap_idle_bytes =
            known(memory.heap_idle).map(|idle| idle.saturating_sub(memory.heap_released));
        file.metrics.stack_inuse_bytes = known(memory.stack_inuse);
        file.metrics.sys_bytes = known(memory.sys);
    }
    let mut values = stacks.add(profile);
    if merged_nanos.is_some() {
        // What was sampled cannot be counted any more.
        values.heap_sampling_rate = None;
    }
    let total = |names: &[&str]| {
        let column = names
            .iter()
            .find_map(|name| values.sample_type_named(name))?;
        u64::try_from(values.total(column)).ok()
    };
    match kind {
        ProfileKind::Goroutines if merged_nanos.is_none() => {
            file.metrics.goroutines = total(&["goroutine", "goroutines"]);
        }
        ProfileKind::Threads => file.metrics.threads = total(&["threadcreate"]),
        _ => {}
    }
    file.values = (kind != ProfileKind::Threads).then_some(values);
    Ok(file)
}

fn form_of(is_text: bool) -> Form {
    if is_text { Form::Text } else { Form::Proto }
}

/// Mutex and block profiles have the same sample types; a mutex profile blames who unlocks.
fn contention(path: &Path, profile: &Profile) -> ProfileKind {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.contains("mutex") {
        return ProfileKind::Mutex;
    }
    if name.contains("block") {
        return ProfileKind::Block;
    }
    let unlocks = |sample: &caulk_profile::Sample<'_>| {
        let leaf = sample.stack().first();
        let line = leaf.and_then(|leaf| profile.lines(leaf).first().copied());
        line.is_some_and(|line| {
            let name = profile.string(profile.function(line.function).name);
            name.to_lowercase().contains("unlock") || name.contains("LostContended")
        })
    };
    let unlocking = profile.samples().filter(unlocks).count();
    if 2 * unlocking > profile.sample_count() {
        ProfileKind::Mutex
    } else {
        ProfileKind::Block
    }
}

fn program(profile: &Profile) -> Program {
    let mapping = profile.mappings().first().copied().unwrap_or_default();
    let file = profile.string(mapping.file);
    let main_folder = profile
        .functions()
        .iter()
        .filter(|function| profile.string(function.name).starts_with("main."))
        .map(|function| folder_of(profile.string(function.filename)))
        .min();
    Program {
        binary: file.rsplit(['/', '\\']).next().unwrap_or(file).to_owned(),
        build_id: profile.string(mapping.build_id).to_owned(),
        main_folder: main_folder.unwrap_or_default().to_owned(),
    }
}

fn folder_of(file: &str) -> &str {
    file.rsplit_once(['/', '\\'])
        .map_or("", |(folder, _)| folder)
}

/// The numbers in a file's name, its ending aside: 6 in `heap.6.pb.gz`, 2026, 1 and 31 in
/// `heap-2026-01-31.pprof`. A name without any may lie in a folder that has them.
pub fn numbers(path: &Path) -> Vec<u64> {
    let of = |name: Option<&std::ffi::OsStr>| -> Vec<u64> {
        let name = name.unwrap_or_default().to_string_lossy();
        name.split(|c: char| !c.is_ascii_digit())
            .filter_map(|digits| digits.parse().ok())
            .collect()
    };
    let own = of(path.file_name());
    if own.is_empty() {
        of(path.parent().and_then(Path::file_name))
    } else {
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_a_name_are_those_of_its_own_or_its_folder() {
        for (name, found) in [
            ("heap.6.pb.gz", &[6][..]),
            ("a/pprof.server.alloc_objects.012.pb.gz", &[12]),
            ("run-3/heap-2026-01-31.pprof", &[2026, 1, 31]),
            ("run-3/heap.pprof", &[3]),
            ("heap", &[]),
            ("heap.99999999999999999999999.pb", &[]),
        ] {
            assert_eq!(numbers(Path::new(name)), found, "{name}");
        }
    }
}

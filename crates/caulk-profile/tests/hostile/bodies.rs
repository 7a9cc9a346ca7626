//! What must hold of any bytes, for the tests here and for the fuzz targets (`/fuzz`).

use caulk_profile::{Limits, Profile, StackTable, goroutine, read, read_as_pprof, write};
use prost::Message;

use crate::oracle::{Proto, describe, describe_proto};

/// Few enough that a bomb is found to be one at once.
const LIMITS: Limits = Limits {
    inflated_bytes: 1 << 24,
};

/// How the legacy forms begin, with a name for each.
pub const BEGINNINGS: [(&str, &[u8]); 9] = [
    (
        "text_heap",
        b"heap profile: 1: 2 [3: 4] @ heap/1048576\n1: 2 [3: 4] @ 0x5",
    ),
    ("count", b"goroutine profile: total 1\n1 @ 0x5"),
    (
        "threads",
        b"--- threadz 1 ---\n--- Thread 7f (name: a/1) stack: ---\n0x5",
    ),
    (
        "contention",
        b"--- mutex:\ncycles/second=1000000001\n1 2 @ 0x5",
    ),
    (
        "java",
        b"--- heapz 1 ---\nresolution=bytes\n1 2 @ 0x5\n0x5 a.b (c.java:1)",
    ),
    (
        "memory_map",
        b"x profile: total 1\n1 @ 0x400005\n--- Memory map: ---\n400000-500000 r-xp ",
    ),
    (
        "binary_cpu_32",
        b"\0\0\0\0\x03\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0",
    ),
    (
        "binary_cpu_64",
        b"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0",
    ),
    (
        "java_cpu",
        b"\0\0\0\0\x03\0\0\0\x01\0\0\0\x01\0\0\0\0\0\0\0",
    ),
];

/// Both readers read the bytes or refuse them, with a reason on one line, and what they read is
/// written and read back as the same.
pub fn any(bytes: &[u8]) {
    for result in [read(bytes, LIMITS), read_as_pprof(bytes, LIMITS)] {
        match result {
            Ok(profile) => use_up(&profile),
            Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
        }
    }
}

/// Everything that this crate does with a profile, none of which may panic.
fn use_up(profile: &Profile) {
    let mut table = StackTable::new();
    let snapshot = table.add(profile);
    for entry in snapshot.entries() {
        assert_eq!(entry.values.len(), profile.sample_types().len());
        assert_eq!(
            table.frames(entry.stack).count(),
            table.stack(entry.stack).len()
        );
    }
    let mut written = Vec::new();
    write(profile, &mut written).expect("a vector takes everything");
    let back = read(&written, Limits::default()).expect("it is a profile");
    assert_eq!(as_written(describe(&back)), as_written(describe(profile)));
}

/// What the library reads, if it and ours do.
pub fn differential(bytes: &[u8]) {
    let (Ok(profile), Ok(proto)) = (read(bytes, LIMITS), Proto::decode(bytes)) else {
        return;
    };
    // What protobuf calls an empty message may be a text.
    if profile.sample_types().len() == proto.sample_type.len() {
        assert_eq!(describe(&profile), describe_proto(&proto));
    }
}

/// Every goroutine of a dump is in one group.
pub fn goroutine_dump(bytes: &[u8]) {
    let dump = goroutine::read(bytes);
    let groups = dump.groups();
    let grouped: usize = groups.iter().map(|group| group.goroutines.len()).sum();
    assert_eq!(grouped, dump.goroutines().len());
    StackTable::new().add_dump(&dump);
}

/// The writer orders the labels of a sample, and those without a value cannot be written.
pub fn as_written(said: Vec<String>) -> Vec<String> {
    let is_label = |line: &String| line.starts_with("label ");
    let is_empty = |line: &String| line.ends_with("\" \"\"") || line.ends_with("\" 0 \"\"");
    let mut said: Vec<String> = said
        .into_iter()
        .filter(|line| !(is_label(line) && is_empty(line)))
        .collect();
    for labels in said.chunk_by_mut(|a, b| is_label(a) && is_label(b)) {
        labels.sort();
    }
    said
}

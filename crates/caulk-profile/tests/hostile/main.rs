//! Input that is not as it should be: an error, never a panic, never more memory than its size
//! explains; and what is read is what an independent decoder reads.
#![allow(clippy::unwrap_used, missing_docs)]

mod oracle;

use std::io::Write;

use caulk_profile::{
    Limits, Profile, ReadError, StackTable, goroutine, read, read_as_pprof, write,
};
use oracle::{Proto, describe, describe_proto};
use proptest::prelude::*;
use prost::Message;

/// Everything that may be done with a profile, none of which may panic.
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
    write(profile, &mut written).unwrap();
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The writer orders the labels of a sample, and those without a value cannot be written.
fn as_written(said: Vec<String>) -> Vec<String> {
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

/// Damage: bits flipped, bytes replaced, removed, repeated or put in, the end cut off.
fn damage() -> impl Strategy<Value = Vec<(usize, u8, u8)>> {
    prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..6)
}

fn damaged(bytes: &[u8], damage: &[(usize, u8, u8)]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for &(at, kind, byte) in damage {
        if bytes.is_empty() {
            break;
        }
        let at = at % bytes.len();
        match kind % 8 {
            0 => bytes[at] ^= 1 << (byte % 8),
            1 => bytes[at] = byte,
            2 => bytes.truncate(at),
            3 => bytes.insert(at, byte),
            4 => bytes.insert(at, 0xff),
            5 => {
                bytes.remove(at);
            }
            6 => {
                let end = bytes.len().min(at + usize::from(byte));
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
            _ => bytes[at] = 0x80,
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reads_what_the_oracle_wrote(proto in oracle::proto()) {
        let bytes = proto.encode_to_vec();
        let profile = read(&gzip(&bytes), Limits::default()).unwrap();
        prop_assert_eq!(describe(&profile), describe_proto(&proto));
        use_up(&profile);
    }

    #[test]
    fn the_oracle_reads_what_is_written(proto in oracle::proto()) {
        let profile = read(&proto.encode_to_vec(), Limits::default()).unwrap();
        let mut file = Vec::new();
        write(&profile, &mut file).unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&file[..]), &mut bytes).unwrap();
        let back = Proto::decode(&bytes[..]).unwrap();
        let written = as_written(describe(&profile));
        prop_assert_eq!(as_written(describe_proto(&back)), written.clone());
        prop_assert_eq!(as_written(describe(&read(&file, Limits::default()).unwrap())), written);
    }

    #[test]
    fn damaged_protobuf_is_an_error_or_what_the_oracle_reads(
        proto in oracle::proto(),
        damage in damage(),
    ) {
        let bytes = damaged(&proto.encode_to_vec(), &damage);
        let Ok(profile) = read(&bytes, Limits::default()) else { return Ok(()) };
        if let Ok(proto) = Proto::decode(&bytes[..]) {
            prop_assert_eq!(describe(&profile), describe_proto(&proto));
        }
        use_up(&profile);
    }

    #[test]
    fn damaged_gzip_never_panics(proto in oracle::proto(), damage in damage()) {
        let file = damaged(&gzip(&proto.encode_to_vec()), &damage);
        if let Ok(profile) = read(&file, Limits { inflated_bytes: 1 << 20 }) {
            use_up(&profile);
        }
    }

    #[test]
    fn damaged_text_never_panics(which in 0..TEXTS.len(), damage in damage()) {
        let text = damaged(TEXTS[which].as_bytes(), &damage);
        let ours = read(&text, Limits::default());
        let as_pprof = read_as_pprof(&text, Limits::default());
        ours.iter().chain(&as_pprof).for_each(use_up);
        if let Ok(profile) = ours && profile.memory().is_none() {
            let mut file = Vec::new();
            write(&profile, &mut file).unwrap();
            let back = read(&file, Limits::default()).unwrap();
            prop_assert_eq!(as_written(describe(&back)), as_written(describe(&profile)));
        }
        let dump = goroutine::read(&text);
        let groups = dump.groups();
        prop_assert_eq!(groups.iter().map(|group| group.goroutines.len()).sum::<usize>(), dump.goroutines().len());
        let mut table = StackTable::new();
        table.add_dump(&dump);
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&bytes, Limits::default());
        let _ = goroutine::read(&bytes);
    }
}

const TEXTS: [&str; 4] = [HEAP, GOROUTINES, DUMP, CRASH];

const HEAP: &str = "heap profile: 3: 4096 [5: 8192] @ heap/1048576
1: 2048 [2: 4096] @ 0x47d00c 0x480069 0x4c5d88 0x484fa1
#\t0x4c5d87\tmain.(*T).Do[...]+0x47\t\t/src/a b.go:277
#\t0x4c5d87\tmain.inlined+0x47\t/src/b.go:7

0: 0 [3: 4096] @ 0x47d005

# runtime.MemStats
# Alloc = 15697744
# Stack = 491520 / 491520
# GCCPUFraction = 0.08
";

const GOROUTINES: &str = "goroutine profile: total 26
25 @ 0x47e8ee 0x4159ae 0x4154f2 0x4e23d9 0x484fa1
# labels: {\"path\":\"/a \\\"q\\\" {p}\", \"tenant\":\"t0\"}
#\t0x4e23d8\tmain.receive+0x18\t/src/main.go:96

1 @ 0x0
#\t0x0

";

const DUMP: &str = "goroutine 7 gp=0xc000002380 m=nil [chan receive, 12 minutes, locked to thread labels:{\"k\": \"v\"}]:
main.(*T).wait(0xc000010000, {0x1, 0x2})
\t/src/a b.go:10 +0x1f fp=0xc0 sp=0xc1 pc=0x2
...23 frames elided...
main.outer(...)
\t/src/a.go:20
created by main.start in goroutine 1
\t/src/a.go:30 +0x25
[originating from goroutine 1]:
main.start(...)
\t/src/a.go:31 +0x2a
...additional frames elided...
created by main.main
\t/src/a.go:40 +0x50

goroutine 8 [running]:
\tgoroutine running on other thread; stack unavailable
created by main.start in goroutine 1
\t/src/a.go:30 +0x25
";

const CRASH: &str = "panic: oh no

goroutine 1 [running]:
main.main()
\t/src/a.go:3 +0x18
exit status 2
";

#[test]
fn the_dump_used_above_is_read_whole() {
    let dump = goroutine::read(DUMP.as_bytes());
    assert_eq!(dump.problems, []);
    let goroutines: Vec<_> = dump.goroutines().collect();
    let first = goroutines[0];
    assert_eq!(first.id(), Some(7));
    assert_eq!(first.state(), "chan receive");
    assert_eq!(first.wait_minutes(), Some(12));
    assert!(first.is_locked_to_thread());
    assert_eq!(first.labels().collect::<Vec<_>>(), [("k", "v")]);
    let frames: Vec<_> = first
        .stack()
        .frames()
        .map(|f| (f.function, f.file, f.line, f.pc_offset))
        .collect();
    assert_eq!(
        frames,
        [
            ("main.(*T).wait", "/src/a b.go", 10, Some(0x1f)),
            ("main.outer", "/src/a.go", 20, None)
        ]
    );
    assert_eq!(first.stack().gap_after(), Some(1));
    assert_eq!(first.entry().unwrap().function, "main.outer");
    let ancestor = first.ancestors().next().unwrap();
    assert_eq!((ancestor.id, ancestor.stack.gap_after()), (1, Some(1)));
    assert_eq!(ancestor.created_by.unwrap().line, 40);
    assert_eq!(goroutines[1].stack().ids().len(), 0);
    assert_eq!(goroutines[1].created_by().unwrap().goroutine, Some(1));

    let crash = goroutine::read(CRASH.as_bytes());
    assert_eq!(crash.goroutines().len(), 1);
    assert_eq!(crash.problems.len(), 2, "{:?}", crash.problems);
}

fn error_of(proto: &Proto) -> String {
    read(&proto.encode_to_vec(), Limits::default())
        .unwrap_err()
        .to_string()
}

#[test]
fn errors_name_what_is_wrong() {
    let valid = Proto {
        string_table: vec![String::new(), "space".into(), "bytes".into()],
        sample_type: vec![oracle::ValueType { kind: 1, unit: 2 }],
        sample: vec![oracle::Sample {
            location_id: vec![1],
            value: vec![5],
            label: vec![],
        }],
        location: vec![oracle::Location {
            id: 1,
            line: vec![oracle::Line {
                function_id: 1,
                ..Default::default()
            }],
            ..Default::default()
        }],
        function: vec![oracle::Function {
            id: 1,
            ..Default::default()
        }],
        ..Default::default()
    };
    assert!(read(&valid.encode_to_vec(), Limits::default()).is_ok());
    let broken = |change: fn(&mut Proto)| {
        let mut proto = valid.clone();
        change(&mut proto);
        error_of(&proto)
    };
    type Change = fn(&mut Proto);
    let cases: [(Change, &str); 14] = [
        (
            |p| p.sample[0].location_id = vec![2],
            "sample 0 refers to location 2, which is not there",
        ),
        (
            |p| p.sample[0].location_id = vec![0],
            "sample 0 refers to location 0, which is not there",
        ),
        (
            |p| p.sample[0].value = vec![1, 2],
            "sample 0 has 2 values, but there are 1 sample types",
        ),
        (
            |p| p.sample[0].value = vec![],
            "sample 0 has 0 values, but there are 1 sample types",
        ),
        (|p| p.sample_type.clear(), "missing sample type information"),
        (
            |p| p.function[0].id = 9,
            "a line of location 1 refers to function 1, which is not there",
        ),
        (
            |p| p.function[0].id = 0,
            "found function with reserved id 0",
        ),
        (
            |p| p.location.push(p.location[0].clone()),
            "multiple locations with same id: 1",
        ),
        (
            |p| p.function.push(p.function[0]),
            "multiple functions with same id: 1",
        ),
        (
            |p| p.function[0].name = 3,
            "string 3 is referred to, but there are 3 strings",
        ),
        (
            |p| p.doc_url = -1,
            "string -1 is referred to, which cannot be",
        ),
        (
            |p| p.string_table[0] = "x".into(),
            "the first string of the table is not empty",
        ),
        (
            |p| p.string_table.clear(),
            "string 2 is referred to, but there are 0 strings",
        ),
        (
            |p| {
                p.sample[0].label = vec![oracle::Label {
                    key: 7,
                    number: 1,
                    ..Default::default()
                }]
            },
            "string 7 is referred to, but there are 3 strings",
        ),
    ];
    for (change, expected) in cases {
        assert_eq!(broken(change), format!("read the profile: {expected}"));
    }

    let mut twice = Proto {
        time_nanos: 5,
        ..valid.clone()
    }
    .encode_to_vec();
    twice.extend(twice.clone());
    assert_eq!(
        read(&twice, Limits::default()),
        Err(ReadError::Concatenated)
    );
    assert_eq!(read(&[], Limits::default()), Err(ReadError::Empty));
    assert_eq!(
        read(b"hello, world\n", Limits::default()),
        Err(ReadError::Unrecognized)
    );
    let group = [0x0b, 0x0c];
    let error = read(&group, Limits::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "read the profile: a field has an unknown wire type at byte 1 of the protobuf"
    );
}

#[test]
fn bombs_are_refused_before_they_cost_memory() {
    // Half a million empty samples in two kilobytes of gzip.
    let mut empty_samples = vec![0x32, 0x00];
    empty_samples.extend([0x12, 0x00].repeat(500_000));
    let error = read(&gzip(&empty_samples), Limits::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("missing sample type information"),
        "{error}"
    );
    // As many sample types as samples: their product would be memory for ever.
    let mut square = [0x0a, 0x00].repeat(200_000);
    square.extend([0x32, 0x00]);
    square.extend([0x12, 0x00].repeat(200_000));
    let error = read(&gzip(&square), Limits::default()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("there are 200000 sample types, more than the samples have values"),
        "{error}"
    );
    // Lengths that are not there.
    let error = read(
        &[0x32, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
        Limits::default(),
    );
    assert!(
        matches!(error, Err(ReadError::Wire { offset: 9, .. })),
        "{error:?}"
    );
    let limits = Limits {
        inflated_bytes: 1000,
    };
    let error = read(&gzip(&[b' '; 1001]), limits);
    assert_eq!(error, Err(ReadError::TooLarge { limit: 1000 }));
}

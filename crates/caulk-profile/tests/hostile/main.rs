//! Input that is not as it should be: an error, never a panic, never more memory than its size
//! explains; and what is read is what an independent decoder reads.
#![allow(clippy::unwrap_used, missing_docs)]

mod bodies;
mod forms;
mod generate;
mod oracle;

use std::io::Write;

use bodies::as_written;
use caulk_profile::{Limits, ReadError, goroutine, read, read_as_pprof, write};
use oracle::{Proto, describe, describe_proto};
use proptest::prelude::*;
use prost::Message;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
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
    fn reads_what_the_oracle_wrote(proto in generate::proto()) {
        let bytes = proto.encode_to_vec();
        let profile = read(&gzip(&bytes), Limits::default()).unwrap();
        prop_assert_eq!(describe(&profile), describe_proto(&proto));
        bodies::any(&bytes);
    }

    #[test]
    fn the_oracle_reads_what_is_written(proto in generate::proto()) {
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
        proto in generate::proto(),
        damage in damage(),
    ) {
        let bytes = damaged(&proto.encode_to_vec(), &damage);
        bodies::any(&bytes);
        bodies::differential(&bytes);
    }

    #[test]
    fn damaged_gzip_never_panics(proto in generate::proto(), damage in damage()) {
        bodies::any(&damaged(&gzip(&proto.encode_to_vec()), &damage));
    }

    #[test]
    fn damaged_legacy_profiles_and_dumps_never_panic(which in any::<usize>(), damage in damage()) {
        let texts = forms::READ.iter().map(|(_, text)| *text).chain([DUMP, CRASH]);
        let texts = texts.map(|text| text.as_bytes().to_vec());
        let all: Vec<Vec<u8>> = texts.chain(forms::cpus().into_iter().map(|(_, cpu)| cpu)).collect();
        let bytes = damaged(&all[which % all.len()], &damage);
        bodies::any(&bytes);
        bodies::goroutine_dump(&bytes);
    }

    #[test]
    fn whatever_follows_the_beginning_of_a_form_never_panics(
        rest in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            "[ 0-9a-fx@:\\[\\]=$\n#/.()-]{0,60}".prop_map(String::into_bytes),
        ],
    ) {
        for (_, beginning) in bodies::BEGINNINGS {
            bodies::any(&[beginning, &rest].concat());
        }
    }

    #[test]
    fn noise_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        bodies::any(&bytes);
        bodies::differential(&bytes);
        bodies::goroutine_dump(&bytes);
    }
}

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
            "a string is referred to that cannot be there",
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
    for (bytes, why) in [
        (
            &b"404 page not found\n"[..],
            "unrecognized format; it begins with \"404 page not found\"",
        ),
        (b"\n\n", "unrecognized format"),
        (
            b"go 1.23 trace\0\0\0\x01\x02",
            "it is an execution trace, which go tool trace reads, not a profile",
        ),
        (
            b"<!doctype html><title>Sign in</title>",
            "it is a web page, not a profile",
        ),
        (b"{\"profile\": []}", "it is JSON, not a profile"),
        (
            b"\x7fELF\x02\x01\x01\0",
            "it is a program or a core dump, not a profile",
        ),
    ] {
        for bytes in [bytes.to_vec(), gzip(bytes)] {
            let error = read(&bytes, Limits::default()).unwrap_err();
            assert_eq!(error.to_string(), format!("read the profile: {why}"));
        }
    }
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
            .contains("sample 0 has 0 values, but there are 200000 sample types"),
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
    for bytes in [gzip(&[b' '; 1001]), vec![b' '; 1001]] {
        let error = read(&bytes, limits);
        assert_eq!(error, Err(ReadError::TooLarge { limit: 1000 }));
    }
}

#[test]
fn broken_legacy_profiles_say_what_is_wrong_where() {
    for (text, why) in forms::REFUSED {
        for error in [
            read(text.as_bytes(), Limits::default()),
            read_as_pprof(text.as_bytes(), Limits::default()),
        ] {
            let error = error.expect_err(text).to_string();
            assert_eq!(error, format!("read the profile: {why}"), "{text}");
        }
    }
    // A binary profile, cut within its second sample.
    let words = [0, 3, 0, 1, 0, 1, 1, 0x5, 1, 2, 0x5];
    let cut = forms::cpu(&words, 8, false, b"");
    assert_eq!(
        read(&cut, Limits::default()).unwrap_err().to_string(),
        "read the profile: the sample is cut off at byte 64 of the binary CPU profile"
    );
}

/// `go tool pprof` gives up at these.
#[test]
fn lines_of_over_64_kib_are_read() {
    let addresses: String = (0..10_000)
        .map(|at| format!(" 0x{:x}", 0x40_0000 + at))
        .collect();
    let symbol = "x".repeat(100_000);
    for text in [
        format!("goroutine profile: total 7\n7 @{addresses}\n"),
        format!("heap profile: 1: 2 [1: 2] @ heap/2\n1: 2 [1: 2] @{addresses}\n"),
        format!("--- mutex:\n1 2 @{addresses}\n"),
        format!("goroutine profile: total 7\n7 @ 0x5\n#\t0x4\t{symbol}\ta.go:1\n"),
    ] {
        for profile in [
            read(text.as_bytes(), Limits::default()).unwrap(),
            read_as_pprof(text.as_bytes(), Limits::default()).unwrap(),
        ] {
            let frames = if text.contains(&symbol) { 1 } else { 10_000 };
            assert_eq!(profile.stack(0).len(), frames);
        }
    }
}

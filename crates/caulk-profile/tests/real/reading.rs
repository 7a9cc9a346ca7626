//! Profiles in their forms: what one says the other says.

use std::collections::BTreeMap;

use caulk_profile::{Limits, Profile, ReadError, StackTable, read, read_as_pprof, write};

use crate::capture::{self, PROTO, TEXT};

const IN_BOTH_FORMS: [&str; 6] = [
    "heap",
    "allocs",
    "goroutine",
    "threadcreate",
    "mutex",
    "block",
];

/// Functions, files and lines of each stack, with the sums of its values.
fn stacks(profile: &Profile) -> BTreeMap<Vec<String>, Vec<i64>> {
    let mut table = StackTable::new();
    let snapshot = table.add(profile);
    let mut stacks = BTreeMap::new();
    for entry in snapshot.entries() {
        let name = |frame: caulk_profile::Frame| {
            format!("{} {}:{}", frame.function, frame.file, frame.line)
        };
        let frames = table.frames(entry.stack).map(name).collect();
        let sums = stacks.entry(frames).or_insert(vec![0; entry.values.len()]);
        sums.iter_mut()
            .zip(entry.values)
            .for_each(|(sum, value)| *sum += value);
    }
    stacks
}

#[test]
fn a_heap_profile_has_the_runtimes_sample_types_rate_and_stacks() {
    let heap = capture::profile("heap", PROTO);
    let types: Vec<_> = heap
        .sample_types()
        .iter()
        .map(|t| (heap.string(t.kind), heap.string(t.unit)))
        .collect();
    assert_eq!(
        types,
        [
            ("alloc_objects", "count"),
            ("alloc_space", "bytes"),
            ("inuse_objects", "count"),
            ("inuse_space", "bytes")
        ]
    );
    assert_eq!(heap.heap_sampling_rate(), Some(4096));
    assert!(heap.time_nanos > 1_700_000_000_000_000_000);
    assert!(
        heap.mappings()
            .iter()
            .any(|m| heap.string(m.file).ends_with("/capture"))
    );
    let grown = stacks(&heap)
        .into_iter()
        .filter(|(stack, _)| stack[0].starts_with("main.grow "));
    let deepest = grown.map(|(stack, _)| stack.len()).max().unwrap();
    assert!(deepest > 6, "recursion is kept: {deepest}");
}

#[test]
fn text_forms_keep_symbols_labels_and_memory_figures() {
    for name in ["goroutine", "threadcreate", "mutex", "block"] {
        let text = capture::profile(name, TEXT);
        assert!(text.samples().count() > 0);
        for stack in stacks(&text).keys() {
            assert!(
                stack
                    .iter()
                    .all(|frame| frame.contains(".go:") || frame.contains(".s:")),
                "{stack:?}"
            );
        }
    }
    let goroutines = capture::profile("goroutine", TEXT);
    let labels: Vec<_> = goroutines
        .samples()
        .flat_map(|sample| sample.labels().to_vec())
        .map(|label| goroutines.string(label.key).to_owned())
        .collect();
    assert!(labels.contains(&"tenant".to_owned()), "{labels:?}");

    let heap = capture::profile("heap", TEXT);
    let memory = heap.memory().unwrap();
    assert!(memory.heap_alloc > 1_000_000 && memory.heap_sys >= memory.heap_inuse);
    assert!(memory.num_forced_gc >= 1 && memory.stack_sys > 0);
    assert_eq!(heap.heap_sampling_rate(), Some(4096));
}

/// The two forms are written one after the other, so what the writing itself allocates differs.
#[test]
fn text_and_protobuf_of_a_heap_have_the_same_stacks_sizes_and_estimates() {
    let (proto, text) = (
        capture::profile("heap", PROTO),
        capture::profile("heap", TEXT),
    );
    let (proto, text) = (stacks(&proto), stacks(&text));
    let mut compared = 0;
    for (stack, values) in &proto {
        if stack
            .iter()
            .any(|frame| frame.starts_with("runtime/pprof.") || frame.starts_with("main.spin "))
        {
            continue;
        }
        assert_eq!(text.get(stack), Some(values), "{stack:#?}");
        compared += 1;
    }
    assert!(compared > 10, "{compared} stacks compared");
}

#[test]
fn what_is_written_reads_back_the_same() {
    for name in [
        "heap",
        "allocs",
        "goroutine",
        "mutex",
        "block",
        "threadcreate",
        "cpu",
    ] {
        let profile = capture::profile(name, PROTO);
        let mut written = Vec::new();
        write(&profile, &mut written).unwrap();
        let back = read(&written, Limits::default()).unwrap();
        assert_eq!(stacks(&back), stacks(&profile), "{name}");
        let mut again = Vec::new();
        write(&back, &mut again).unwrap();
        assert_eq!(again, written, "{name}");
    }
    for name in IN_BOTH_FORMS {
        let profile = capture::profile(name, TEXT);
        let mut written = Vec::new();
        write(&profile, &mut written).unwrap();
        let back = read(&written, Limits::default()).unwrap();
        assert_eq!(stacks(&back), stacks(&profile), "{name}");
    }
}

#[test]
fn read_as_pprof_skips_symbols() {
    let heap = read_as_pprof(&capture::bytes("heap", TEXT), Limits::default()).unwrap();
    assert!(heap.functions().is_empty() && heap.memory().is_none());
    assert!(heap.sample_count() > 0);
}

#[test]
fn a_dump_is_told_from_a_profile() {
    let dump = read(&capture::bytes("goroutine.dump", TEXT), Limits::default());
    assert_eq!(dump, Err(ReadError::GoroutineDump));
}

/// The capture samples every second contention: what the runtime prints is scaled already.
#[test]
fn text_and_protobuf_of_contention_have_the_same_stacks_and_values() {
    for name in ["mutex", "block"] {
        let (proto, text) = (
            stacks(&capture::profile(name, PROTO)),
            stacks(&capture::profile(name, TEXT)),
        );
        let of_main = |stack: &&Vec<String>| stack.iter().any(|frame| frame.starts_with("main."));
        let mut compared = 0;
        for (stack, values) in proto.iter().filter(|(stack, _)| of_main(stack)) {
            assert_eq!(text.get(stack), Some(values), "{name}: {stack:#?}");
            compared += 1;
        }
        assert!(compared > 0, "{name}: {:#?}", proto.keys());
    }
}

#[test]
fn a_cut_profile_is_an_error_that_says_where() {
    let bytes = capture::bytes("heap", PROTO);
    for cut in (0..bytes.len()).step_by(101) {
        let error = read(&bytes[..cut], Limits::default()).unwrap_err();
        let expected = if cut == 0 {
            "it is empty"
        } else {
            "in the gzip member at byte 0"
        };
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn paths_can_be_taken_out_of_a_profile() {
    let mut heap = capture::profile("heap", PROTO);
    let count = heap.sample_count();
    heap.replace_strings(|text| text.starts_with('/').then(|| "/src/hidden".to_owned()));
    let mut written = Vec::new();
    write(&heap, &mut written).unwrap();
    let back = read(&written, Limits::default()).unwrap();
    assert_eq!(back.sample_count(), count);
    let functions = back.functions().iter();
    assert!(
        functions
            .clone()
            .any(|f| back.string(f.name) == "main.grow")
    );
    let files = functions
        .map(|f| f.filename)
        .chain(back.mappings().iter().map(|m| m.file));
    for path in files.map(|file| back.string(file)) {
        assert!(path == "/src/hidden" || !path.starts_with('/'), "{path}");
    }
}

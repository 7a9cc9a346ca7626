//! What reading costs: for every kind of input that was made to be large in memory, the peak is a
//! bounded multiple of the bytes.
#![allow(clippy::print_stdout, missing_docs)]
#![allow(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use caulk_profile::{Limits, goroutine, read, read_as_pprof};

/// Bytes that are in use, and the most that were.
static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let now = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(now, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The bytes that `work` takes at its peak, more than there are before it.
fn peak_of(work: impl FnOnce()) -> usize {
    let before = IN_USE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    work();
    PEAK.load(Ordering::Relaxed) - before
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn field(number: u64, content: &[u8]) -> Vec<u8> {
    [
        &varint(number << 3 | 2)[..],
        &varint(content.len() as u64),
        content,
    ]
    .concat()
}

fn with_id(number: u64, id: usize) -> Vec<u8> {
    field(number, &[&[0x08][..], &varint(id as u64 + 1)].concat())
}

const SIZE: usize = 1 << 18;

/// `piece` after piece until it is [`SIZE`].
fn repeated(start: &[u8], mut piece: impl FnMut(usize) -> Vec<u8>) -> Vec<u8> {
    let mut bytes = start.to_vec();
    let mut index = 0;
    while bytes.len() < SIZE {
        bytes.extend(piece(index));
        index += 1;
    }
    bytes
}

fn protobufs() -> Vec<(&'static str, Vec<u8>)> {
    // An empty string and one sample type; a location with one function.
    let strings = field(6, b"");
    let typed = [&strings[..], &field(1, b"")].concat();
    let located = [&typed[..], &with_id(4, 0), &with_id(5, 0)].concat();
    let line = field(4, &[0x08, 0x01]);
    vec![
        ("nothing at all", vec![0; SIZE]),
        ("strings", repeated(&strings, |_| field(6, b""))),
        ("broken strings", repeated(&strings, |_| field(6, b"\xff"))),
        ("sample types", repeated(&strings, |_| field(1, b""))),
        ("comments", field(13, &vec![0; SIZE])),
        ("mappings", repeated(&strings, |id| with_id(3, id))),
        ("locations", repeated(&strings, |id| with_id(4, id))),
        (
            "sparse locations",
            repeated(&strings, |id| with_id(4, id * 1_000_003)),
        ),
        ("functions", repeated(&strings, |id| with_id(5, id))),
        (
            "lines",
            [
                &located[..],
                &field(4, &repeated(&[0x08, 0x02], |_| line.clone())),
            ]
            .concat(),
        ),
        ("samples", repeated(&typed, |_| field(2, &[0x10, 0x00]))),
        (
            "frames",
            [
                &located[..],
                &field(2, &[&field(1, &vec![1; SIZE])[..], &[0x10, 0x00]].concat()),
            ]
            .concat(),
        ),
        (
            "values",
            repeated(
                &repeated(&strings, |_| field(1, b""))[..SIZE / 1024],
                |_| field(2, &field(2, &vec![0; 510])),
            ),
        ),
        (
            "labels",
            [
                &typed[..],
                &field(2, &repeated(&[0x10, 0x00], |_| field(3, &[0x18, 0x01]))),
            ]
            .concat(),
        ),
    ]
}

fn legacy() -> Vec<(&'static str, Vec<u8>)> {
    let text = |start: &str, line: fn(usize) -> String| {
        repeated(start.as_bytes(), |index| line(index).into_bytes())
    };
    let words = |words: &[u32]| {
        words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect::<Vec<_>>()
    };
    vec![
        (
            "heap",
            text("heap profile: 1: 1 [1: 2] @ heap/2\n", |i| {
                format!("1:1[1:1] @0x{i:x}\n")
            }),
        ),
        (
            "empty stacks",
            text("heap profile: 1: 1 [1: 2] @ heap/2\n", |_| {
                "1:1[1:1] @\n".into()
            }),
        ),
        (
            "counts",
            text("x profile: total 1\n", |i| format!("1 @ 0x{i:x}\n")),
        ),
        (
            "deep stack",
            text("x profile: total 1\n1 @", |i| format!(" 0x{i:x}")),
        ),
        (
            "symbols",
            text("x profile: total 1\n1 @ 0x1\n", |i| {
                format!("#\t0x0\t{i:x}\n")
            }),
        ),
        (
            "labels",
            text("x profile: total 1\n1 @ 0x1\n# labels: {", |i| {
                format!("\"{i:x}\":\"x\",")
            }),
        ),
        ("waits", text("--- mutex:\n", |i| format!("1 1 @0x{i:x}\n"))),
        (
            "threads",
            text("", |i| {
                format!("--- Thread 1 (name: /1) stack: ---\n0x{i:x}\n")
            }),
        ),
        (
            "map",
            text("--- mutex:\n--- Memory map: ---\n", |i| {
                format!("{i:x}-{i:x}\n")
            }),
        ),
        (
            "names",
            text("--- mutex:\n--- Memory map: ---\n", |i| {
                format!("g{i:x}=\n")
            }),
        ),
        (
            "names of names",
            text(
                "--- mutex:\n--- Memory map: ---\ng0=xxxxxxxxxxxxxxxx\n",
                |i| {
                    let before = format!("$g{i}");
                    format!("g{}={before}{before}\n", i + 1)
                },
            ),
        ),
        (
            "Java",
            text("--- heapz 1 ---\nresolution=b\n1 1 @ 0x1\n", |i| {
                format!("0x1 {i:x}\n")
            }),
        ),
        (
            "binary",
            repeated(&words(&[0, 3, 0, 1, 0]), |_| words(&[1, 0])),
        ),
        (
            "deep binary",
            repeated(&words(&[0, 3, 0, 1, 0, 1, 200_000]), |i| words(&[i as u32])),
        ),
    ]
}

/// One test: the allocator counts for all threads.
#[test]
fn memory_is_a_bounded_multiple_of_the_input() {
    const MOST: usize = 32;
    let mut over = Vec::new();
    let mut check = |reader: &str, name: &str, bytes: &[u8], work: &dyn Fn()| {
        let times = peak_of(work) as f64 / bytes.len() as f64;
        println!("{times:6.1} {reader} {name}");
        if times > MOST as f64 {
            over.push(format!("{reader} {name}: {times:.1} times"));
        }
    };
    for (name, bytes) in protobufs().into_iter().chain(legacy()) {
        check("read", name, &bytes, &|| {
            let _ = read(&bytes, Limits::default());
        });
        check("read_as_pprof", name, &bytes, &|| {
            let _ = read_as_pprof(&bytes, Limits::default());
        });
        check("goroutine::read", name, &bytes, &|| {
            let _ = goroutine::read(&bytes);
        });
    }
    assert!(over.is_empty(), "{over:#?}");
}

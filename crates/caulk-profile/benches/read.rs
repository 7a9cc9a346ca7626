//! What reading costs beside inflating the same bytes:
//! `cargo bench -p caulk-profile --bench read`.

mod synthetic;

use std::io::Read;

use caulk_profile::{Limits, Profile, StackTable, read};
use divan::Bencher;

const SAMPLES: [usize; 2] = [100_000, 1_000_000];

fn main() {
    divan::main();
}

fn inflated(file: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(file)
        .read_to_end(&mut bytes)
        .expect("it is our own gzip");
    bytes
}

fn profile(samples: usize) -> Profile {
    read(&synthetic::heap_file(samples), Limits::default()).expect("it is our own profile")
}

/// The floor: the bytes alone, with nothing made of them.
#[divan::bench(args = SAMPLES, sample_count = 5, sample_size = 1)]
fn a_inflate(bencher: Bencher, samples: usize) {
    let file = synthetic::heap_file(samples);
    let size = inflated(&file).len();
    bencher.bench_local(|| {
        let mut bytes = vec![0; size];
        libdeflater::Decompressor::new()
            .gzip_decompress(&file, &mut bytes)
            .map(|_| bytes)
    });
}

#[divan::bench(args = SAMPLES, sample_count = 5, sample_size = 1)]
fn b_read_inflated(bencher: Bencher, samples: usize) {
    let bytes = inflated(&synthetic::heap_file(samples));
    bencher.bench_local(|| read(&bytes, Limits::default()));
}

#[divan::bench(args = SAMPLES, sample_count = 5, sample_size = 1)]
fn c_read(bencher: Bencher, samples: usize) {
    let file = synthetic::heap_file(samples);
    bencher.bench_local(|| read(&file, Limits::default()));
}

#[divan::bench(args = SAMPLES, sample_count = 3, sample_size = 1)]
fn d_stack_table(bencher: Bencher, samples: usize) {
    let profile = profile(samples);
    bencher.bench_local(|| {
        let mut table = StackTable::new();
        let snapshot = table.add(&profile);
        (table, snapshot)
    });
}

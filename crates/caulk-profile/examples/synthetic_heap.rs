//! Writes the synthetic heap profile of the benchmarks, for `go tool pprof` to be measured with:
//! `cargo run --release -p caulk-profile --example synthetic_heap -- 1000000 heap.pb.gz`.
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

#[path = "../benches/synthetic/mod.rs"]
mod synthetic;

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [samples, file] = arguments.as_slice() else {
        eprintln!("usage: synthetic_heap SAMPLES FILE");
        return std::process::ExitCode::from(2);
    };
    let written = samples
        .parse()
        .map_err(|error| format!("{samples}: {error}"))
        .and_then(|samples| {
            std::fs::write(file, synthetic::heap_file(samples))
                .map_err(|error| format!("{file}: {error}"))
        });
    match written {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            std::process::ExitCode::FAILURE
        }
    }
}

//! Writes a series of heap profiles of one service, for `caulk diagnose` to be measured with:
//! `cargo run --release -p caulk-profile --example synthetic_series -- 1000 20000 FOLDER`.
#![allow(clippy::disallowed_methods, clippy::print_stderr)]

#[path = "../benches/synthetic/mod.rs"]
mod synthetic;

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers = arguments.first().zip(arguments.get(1));
    let numbers = numbers.and_then(|(a, b)| Some((a.parse::<u32>().ok()?, b.parse().ok()?)));
    let (Some((profiles, samples)), Some(folder)) = (numbers, arguments.get(2)) else {
        eprintln!("usage: synthetic_series PROFILES SAMPLES FOLDER");
        return std::process::ExitCode::from(2);
    };
    let mut series = synthetic::series::Series::new(samples);
    for index in 0..profiles {
        let file = format!("{folder}/heap.{index:04}.pb.gz");
        if let Err(error) = std::fs::write(&file, series.next_file()) {
            eprintln!("{file}: {error}");
            return std::process::ExitCode::FAILURE;
        }
    }
    std::process::ExitCode::SUCCESS
}

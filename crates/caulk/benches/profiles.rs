//! What large profiles and long series of them cost, beside inflating them and beside
//! `go tool pprof`, whose processor time and memory are what ours are measured by:
//!
//!     cargo bench -p caulk --bench profiles                       # all of it; half an hour
//!     cargo bench -p caulk --bench profiles -- --samples 100000   # smaller
//!     cargo bench -p caulk --bench profiles -- --only series --snapshots 250,500
//!
//! Every command is a process of its own, measured by the system: processor time of all its
//! threads, and the most memory that it held. What it prints is read and compared.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used
)]

mod measure;
#[path = "../../caulk-profile/benches/synthetic/mod.rs"]
mod synthetic;

use std::path::{Path, PathBuf};
use std::process::Command;

use measure::{Measured, measure_here};

const CAULK: &str = env!("CARGO_BIN_EXE_caulk");

/// The commands that are compared, with the part of `go tool pprof`'s time that they may take.
const COMMANDS: [(&[&str], f64); 6] = [
    (&["-top"], 50.0),
    (&["-tree"], 20.0),
    (&["-peek=Method123$"], 20.0),
    (&["-traces"], 20.0),
    (&["-top", "-base=BASE"], 20.0),
    (&["-top", "BASE"], 20.0),
];

/// How often what takes less than a second is measured.
const TURNS: usize = 7;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["measure", command @ ..] => return measure_here(command),
        ["inflate", file] => return inflate(Path::new(file)),
        _ => {}
    }
    let value = |name: &str| {
        let at = words.iter().position(|word| *word == name)?;
        words.get(at + 1).copied()
    };
    let samples = value("--samples").map_or(1_000_000, |samples| samples.parse().unwrap());
    let snapshots = value("--snapshots").unwrap_or("250,500,1000");
    let folder = tempfile::tempdir().unwrap();
    if value("--only") != Some("series") {
        reports(folder.path(), samples);
    }
    if value("--only") != Some("reports") {
        let snapshots = snapshots.split(',').map(|count| count.parse().unwrap());
        series(folder.path(), &snapshots.collect::<Vec<_>>());
    }
}

fn reports(folder: &Path, samples: usize) {
    let write = |name: &str, bytes: Vec<u8>| -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let file = write("heap.pb.gz", synthetic::heap_file(samples));
    let base = write("before.pb.gz", synthetic::earlier_heap_file(samples));
    let size = std::fs::metadata(&file).unwrap().len();
    println!("{samples} samples, {:.1} MB of gzip", size as f64 / 1e6);
    println!("{:<34} {:>8} {:>8} {:>9}", "", "CPU s", "wall s", "peak MB");
    let own = std::env::current_exe().unwrap();
    let inflating = || measure(&own, &["inflate", file.to_str().unwrap()]);
    show("inflate", &inflating(), "");

    let go = Command::new("go")
        .args(["tool", "-n", "pprof"])
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    for (command, part) in COMMANDS {
        let with_files: Vec<String> = command
            .iter()
            .map(|word| word.replace("BASE", base.to_str().unwrap()))
            .collect();
        let mut arguments: Vec<&str> = with_files.iter().map(String::as_str).collect();
        arguments.push(file.to_str().unwrap());
        let name = command.join(" ");
        let reference = match &go {
            Ok(go) => measure(Path::new(go), &arguments),
            Err(error) => Err(error.to_string()),
        };
        show(&format!("go tool pprof {name}"), &reference, "");
        let mut all = vec!["pprof"];
        all.extend(arguments);
        let (inflate, ours) = in_turn(&inflating, &|| measure(Path::new(CAULK), &all));
        let mut verdict = String::new();
        if let (Ok(inflate), Ok(ours)) = (&inflate, &ours) {
            verdict = format!("{:.2} × inflate", ours.cpu / inflate.cpu);
        }
        if let (Ok(ours), Ok(reference)) = (&ours, &reference) {
            let time = reference.cpu / ours.cpu;
            let memory = reference.peak / ours.peak;
            let is = |holds: bool| if holds { "" } else { " MISSED" };
            verdict += &format!(
                ", 1/{time:.0} of the time{} and 1/{memory:.1} of the memory{} of go tool pprof, {}",
                is(time >= part),
                is(memory >= 5.0),
                match ours.printed == reference.printed {
                    true => "same bytes",
                    false => "OTHER BYTES",
                }
            );
        }
        show(&format!("caulk pprof {name}"), &ours, &verdict);
    }
}

type Measuring<'m> = &'m dyn Fn() -> Result<Measured, String>;

/// Measures two commands [`TURNS`] times in turn, and gives the middle one of each: one run of a fraction
/// of a second says little on a machine that does other things.
fn in_turn(
    one: Measuring,
    other: Measuring,
) -> (Result<Measured, String>, Result<Measured, String>) {
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ones.push(one());
        others.push(other());
    }
    (middle(ones), middle(others))
}

fn middle(measured: Vec<Result<Measured, String>>) -> Result<Measured, String> {
    let mut measured = measured.into_iter().collect::<Result<Vec<_>, _>>()?;
    measured.sort_by(|one, other| one.cpu.total_cmp(&other.cpu));
    Ok(measured.swap_remove(measured.len() / 2))
}

fn series(folder: &Path, snapshots: &[usize]) {
    let folder = folder.join("series");
    std::fs::create_dir(&folder).unwrap();
    let mut series = synthetic::series::Series::new(16_000);
    let (mut written, mut size) = (0, 0);
    println!("\ncaulk diagnose of a series of heap profiles");
    println!("{:<34} {:>8} {:>8} {:>9}", "", "CPU s", "wall s", "peak MB");
    for &count in snapshots {
        while written < count {
            let file = series.next_file();
            size += file.len();
            std::fs::write(folder.join(format!("heap.{written:05}.pb.gz")), file).unwrap();
            written += 1;
        }
        let name = format!("{count} of {:.2} MB", size as f64 / 1e6 / count as f64);
        let measured = measure(
            Path::new(CAULK),
            &["diagnose", folder.to_str().unwrap(), "--no-progress"],
        );
        let each = measured.as_ref().map_or(String::new(), |measured| {
            format!("{:.1} ms CPU each", measured.cpu * 1e3 / count as f64)
        });
        show(&name, &measured, &each);
    }
}

fn measure(program: &Path, arguments: &[&str]) -> Result<Measured, String> {
    measure::measure(Path::new("."), &[], program, arguments)
}

fn show(name: &str, measured: &Result<Measured, String>, verdict: &str) {
    match measured {
        Ok(measured) => println!(
            "{name:<34} {:>8.2} {:>8.2} {:>9.0}  {verdict}",
            measured.cpu,
            measured.wall,
            measured.peak / 1e6
        ),
        Err(error) => println!("{name:<34} not there: {error}"),
    }
}

/// The floor: the bytes alone, with nothing made of them.
fn inflate(file: &Path) {
    let bytes = std::fs::read(file).unwrap();
    let size = u32::from_le_bytes(*bytes.last_chunk::<4>().unwrap()) as usize;
    let mut inflated = vec![0; size];
    let written = libdeflater::Decompressor::new().gzip_decompress(&bytes, &mut inflated);
    assert_eq!(written.unwrap(), inflated.len());
    std::hint::black_box(&inflated);
}

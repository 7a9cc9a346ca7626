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

#[path = "../../caulk-profile/benches/synthetic/mod.rs"]
mod synthetic;

use std::hash::Hasher;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

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
    let inflate = measure(&own, &["inflate", file.to_str().unwrap()]);
    show("inflate", &inflate, "");
    let Ok(inflate) = inflate else { return };

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
        let ours = measure(Path::new(CAULK), &all);
        let mut verdict = String::new();
        if let Ok(ours) = &ours {
            verdict = format!("{:.1} × inflate", ours.cpu / inflate.cpu);
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

/// What a process took.
struct Measured {
    /// Seconds, all threads.
    cpu: f64,
    /// Seconds.
    wall: f64,
    /// Bytes resident at most.
    peak: f64,
    /// The number of bytes it printed, and their hash.
    printed: String,
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

/// Measures a program in a process between, of which it is the only child: the system tells the
/// memory of the largest child, not of each.
fn measure(program: &Path, arguments: &[&str]) -> Result<Measured, String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .arg("measure")
        .arg(program)
        .args(arguments)
        .output()
        .map_err(|error| error.to_string())?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let words: Vec<&str> = printed.split_whitespace().collect();
    let [cpu, wall, peak, printed] = words.as_slice() else {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(error.lines().next().unwrap_or("it failed").to_owned());
    };
    Ok(Measured {
        cpu: cpu.parse().unwrap(),
        wall: wall.parse().unwrap(),
        peak: peak.parse().unwrap(),
        printed: (*printed).to_owned(),
    })
}

fn measure_here(command: &[&str]) {
    let (program, arguments) = command.split_first().unwrap();
    let start = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut errors = child.stderr.take().unwrap();
    let errors = std::thread::spawn(move || {
        let mut text = String::new();
        errors.read_to_string(&mut text).map(|_| text)
    });
    let mut output = child.stdout.take().unwrap();
    let (mut buffer, mut bytes) = (vec![0; 1 << 16], 0);
    let mut hasher = std::hash::DefaultHasher::new();
    loop {
        let read = output.read(&mut buffer).unwrap();
        if read == 0 {
            break;
        }
        bytes += read;
        // Byte by byte the same, however it was cut by the pipe.
        buffer[..read]
            .iter()
            .for_each(|byte| hasher.write_u8(*byte));
    }
    let status = child.wait().unwrap();
    let wall = start.elapsed().as_secs_f64();
    // 1: something leaks. 4: not sure.
    if !matches!(status.code(), Some(0 | 1 | 4)) {
        eprint!("{}", errors.join().unwrap().unwrap());
        std::process::exit(1);
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    println!(
        "{} {wall} {} {bytes}-{:x}",
        seconds(usage.user_time()) + seconds(usage.system_time()),
        usage.max_rss() as f64 * 1024.0,
        hasher.finish()
    );
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

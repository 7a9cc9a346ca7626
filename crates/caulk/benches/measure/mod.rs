//! What a command takes, told by the system: processor time of all its threads, and the most memory that it held.

use std::hash::Hasher;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

/// What a process took.
pub struct Measured {
    /// Seconds, all threads.
    pub cpu: f64,
    /// Seconds.
    pub wall: f64,
    /// Bytes resident at most.
    pub peak: f64,
    /// The number of bytes it printed, and their hash.
    pub printed: String,
}

/// Measures a program in a process between, of which it is the only child: the system tells the
/// memory of the largest child, not of each. A bench whose arguments are `measure` and a command hands
/// the command to [`measure_here`]. It runs in a folder, with more in the environment.
pub fn measure(
    folder: &Path,
    environment: &[(&str, &Path)],
    program: &Path,
    arguments: &[&str],
) -> Result<Measured, String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .current_dir(folder)
        .envs(environment.iter().copied())
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

/// Runs a command, and prints what [`measure`] reads.
pub fn measure_here(command: &[&str]) {
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
    // 1: something was found. 4: not sure.
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

//! The bytes of a source on this machine: a file, a pipe, standard input.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::{anyhow, bail};
use caulk_system::process::{self, Command};
use caulk_system::{Cancel, Files, Limits, OsFiles, SourceError, TempFolder, read_source};

use super::tell;
use crate::context::Context;
use crate::exit::Failure;

/// Reads a source, at most `most` bytes of it. Whoever waits for a pipe can be interrupted, which is
/// the outer error. `-` is standard input where no file has that name.
pub fn read(
    source: &OsStr,
    most: u64,
    context: &Context,
) -> Result<anyhow::Result<Vec<u8>>, Failure> {
    let mut path = Path::new(source);
    if source == "-" && !OsFiles.exists(path) {
        if !cfg!(unix) {
            let read = caulk_system::read_stdin(most);
            return Ok(read.map_err(|error| anyhow!("failed to {error}")));
        }
        path = Path::new("/dev/stdin");
    }
    let bytes = match read_source(path, most, &context.cancel) {
        Ok(bytes) => bytes,
        Err(SourceError::Stopped(..)) => return Err(Failure::interrupted()),
        Err(error) => return Ok(Err(anyhow!("failed to {error}"))),
    };
    Ok(match bytes.starts_with(b"PERFILE2") {
        true => converted(path, context),
        false => Ok(bytes),
    })
}

/// What `perf record` wrote, as a profile, which another program makes of it.
fn converted(path: &Path, context: &Context) -> anyhow::Result<Vec<u8>> {
    tell(&format!(
        "Converting {} to a profile.proto...",
        path.display()
    ));
    let folder = TempFolder::new("caulk-perf-").map_err(|error| anyhow!("failed to {error}"))?;
    let profile = folder.path().join("profile.pb.gz");
    let command = Command::new("perf_to_profile")
        .arg("-i")
        .arg(path)
        .arg("-o")
        .arg(&profile)
        .arg("-f");
    let failed = |error: String| {
        anyhow!(
            "failed to convert perf.data file. Try github.com/google/perf_data_converter: {error}"
        )
    };
    let limits = Limits::new(&context.cancel);
    let ran = process::run(&command, &limits).map_err(|error| failed(error.to_string()))?;
    if !ran.status.success() {
        bail!(failed(ran.status.to_string()));
    }
    OsFiles
        .read(&profile)
        .map_err(|error| anyhow!("failed to {error}"))
}

/// Whether a path leads to a program. Pipes are left alone: what is read from them is gone.
pub fn is_program(path: &OsStr) -> bool {
    let path = Path::new(path);
    const ENOUGH: u64 = 8;
    OsFiles.is_file(path)
        && read_source(path, ENOUGH, &Cancel::new()).is_ok_and(|bytes| is_object(&bytes))
}

/// ELF, Mach-O or PE.
pub fn is_object(bytes: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 5] = [
        b"\x7fELF",
        b"\xcf\xfa\xed\xfe",
        b"\xce\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"MZ",
    ];
    BEGINNINGS
        .iter()
        .any(|beginning| bytes.starts_with(beginning))
}

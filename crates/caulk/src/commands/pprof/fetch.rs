//! From sources to one prepared profile.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use caulk_pprof::{BaseOptions, Invocation, Remote};
use caulk_profile::{Limits, Profile, ReadError};
use caulk_system::{Cancel, Files, OsFiles, SourceError, read_source};

use super::{tell, tell_all};
use crate::context::Context;
use crate::exit::Failure;

/// Fetches what a command line names, adds it up and prepares it. As with the tool, a source that
/// cannot be read is complained about, and is no failure as long as another can.
pub fn fetch(invocation: &Invocation, context: &Context) -> Result<Profile, Failure> {
    let (mut profile, count) = fetch_all(&invocation.sources, "source", invocation, context)?;
    if let Some(base) = &invocation.base {
        let sources = std::slice::from_ref(&base.source);
        let (subtracted, _) = fetch_all(sources, "base", invocation, context)?;
        let options = BaseOptions {
            is_diff: base.is_total,
            normalize: invocation.config.normalize,
        };
        profile = caulk_pprof::subtract(profile, subtracted, options)?;
    } else if count > 1 && is_of_heap(&profile) {
        tell("These are heap profiles: their sums count what is in several of them several times");
    }
    caulk_pprof::prepare(&mut profile, invocation.symbolize, &invocation.comment);
    Ok(profile)
}

/// Most profiles that are held at once.
const CHUNK: usize = 128;

/// The sum of some sources, and of how many it is. `which` is what the complaints call them.
fn fetch_all(
    sources: &[OsString],
    which: &str,
    invocation: &Invocation,
    context: &Context,
) -> Result<(Profile, usize), Failure> {
    let program = text_of(invocation.program.as_deref());
    let mut sum: Option<Profile> = None;
    let mut complaints = Vec::new();
    for chunk in sources.chunks(CHUNK) {
        let mut profiles = Vec::with_capacity(chunk.len());
        for source in chunk {
            match grab(source, invocation, context)? {
                Ok(mut profile) => {
                    caulk_pprof::name_program(&mut profile, &program, &invocation.build_id);
                    profiles.push(profile);
                }
                Err(error) => complaints.push(format!("{error:#}")),
            }
        }
        if profiles.is_empty() {
            continue;
        }
        let problem = || format!("problem fetching {which} profiles");
        let combined = caulk_pprof::combine(profiles).with_context(problem)?;
        sum = Some(match sum {
            Some(sum) => caulk_pprof::combine(vec![sum, combined]).with_context(problem)?,
            None => combined,
        });
    }
    let Some(sum) = sum else {
        return Err(anyhow!(complaints.join("\n")).into());
    };
    tell_all(&complaints);
    let count = sources.len() - complaints.len();
    if !complaints.is_empty() {
        tell(&format!(
            "Fetched {count} {which} profiles out of {}",
            sources.len()
        ));
    }
    Ok((sum, count))
}

/// Whether what it counts is still there, so that two profiles count the same twice.
fn is_of_heap(profile: &Profile) -> bool {
    ["inuse_space", "inuse_objects"]
        .iter()
        .any(|kind| profile.sample_type_named(kind).is_some())
}

fn text_of(program: Option<&OsStr>) -> String {
    program.map_or(String::new(), |program| {
        program.to_string_lossy().into_owned()
    })
}

/// The profile of one source, or what is wrong with it.
fn grab(
    source: &OsString,
    invocation: &Invocation,
    context: &Context,
) -> Result<anyhow::Result<Profile>, Failure> {
    let path = Path::new(source);
    let remote = source
        .to_str()
        .filter(|_| !OsFiles.exists(path))
        .and_then(|text| Remote::new(text, &invocation.fetching));
    if let Some(remote) = remote {
        return Err(anyhow!(
            "fetching {} is not in caulk pprof yet: save the profile, or run caulk capture",
            remote.url
        )
        .into());
    }
    let limits = limits(invocation);
    // One byte more tells that there is too much.
    let most = limits.inflated_bytes.saturating_add(1);
    let bytes = match read_source(path, most, &context.cancel) {
        Ok(bytes) => bytes,
        Err(SourceError::Stopped(..)) => return Err(Failure::interrupted()),
        Err(error) => return Ok(Err(anyhow!("failed to {error}"))),
    };
    Ok(parse(&bytes, limits).map_err(|error| anyhow!("{}: {error:#}", source.display())))
}

fn limits(invocation: &Invocation) -> Limits {
    let mut limits = Limits::default();
    if let Some(size) = invocation.max_profile_size {
        limits.inflated_bytes = size;
    }
    limits
}

fn parse(bytes: &[u8], limits: Limits) -> anyhow::Result<Profile> {
    if is_object(bytes) {
        bail!("it is a program, not a profile");
    }
    caulk_profile::read_as_pprof(bytes, limits).map_err(|error| match error {
        ReadError::TooLarge { .. } => anyhow!("failed to {error} (-max_profile_size raises it)"),
        _ => anyhow!("failed to {error}"),
    })
}

/// Whether a path leads to a program.
pub fn is_program(path: &OsStr) -> bool {
    let path = Path::new(path);
    const ENOUGH: u64 = 8;
    OsFiles.is_file(path)
        && read_source(path, ENOUGH, &Cancel::new()).is_ok_and(|bytes| is_object(&bytes))
}

/// ELF, Mach-O or PE.
fn is_object(bytes: &[u8]) -> bool {
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

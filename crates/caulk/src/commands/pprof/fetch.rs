//! From sources to one prepared profile.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use caulk_pprof::{BaseOptions, Invocation, MappingSource, Remote};
use caulk_profile::{Limits, Profile, ReadError};
use caulk_system::{Files, OsFiles, open_file};

use super::{service, source, tell, tell_all};
use crate::context::Context;
use crate::exit::Failure;

/// Most profiles that are held at once.
const CHUNK: usize = 128;

/// The sum of some sources.
struct Fetched {
    profile: Profile,
    /// Of how many sources it is the sum.
    count: usize,
    /// Whom names can be asked of; empty where no source was a URL.
    sources: Vec<MappingSource>,
}

/// Fetches what a command line names, adds it up and prepares it. As with the tool, a source that
/// cannot be read is complained about, and is no failure as long as another can.
pub fn fetch(invocation: &Invocation, context: &Context) -> Result<Profile, Failure> {
    let base = invocation.base.as_ref();
    // A service collects for some time: the base's must be the same.
    let (fetched, base) = std::thread::scope(|scope| {
        let base = base.map(|base| {
            let sources = std::slice::from_ref(&base.source);
            let options = BaseOptions {
                is_diff: base.is_total,
                normalize: invocation.config.normalize,
            };
            let fetched = scope.spawn(|| fetch_all(sources, "base", invocation, context));
            (options, fetched)
        });
        let fetched = fetch_all(&invocation.sources, "source", invocation, context);
        (fetched, base.map(|(options, base)| (options, joined(base))))
    });
    let Fetched {
        mut profile,
        count,
        mut sources,
    } = fetched?;
    if let Some((options, base)) = base {
        let base = base?;
        profile = caulk_pprof::subtract(profile, base.profile, options)?;
        sources.extend(base.sources);
    } else if count > 1 && is_of_heap(&profile) {
        tell("These are heap profiles: their sums count what is in several of them several times");
    }
    let symbolize = invocation.symbolize;
    if symbolize.local {
        tell_unread(&profile, symbolize.force);
    }
    if symbolize.remote {
        for query in caulk_pprof::name_queries(&mut profile, &sources, symbolize.force)? {
            let answer = service::names(&query, &invocation.fetching, context)?;
            caulk_pprof::take_names(&mut profile, &query, &answer)?;
        }
    }
    caulk_pprof::prepare(&mut profile, symbolize, &invocation.comment);
    if !sources.is_empty() {
        service::keep(&profile);
    }
    Ok(profile)
}

fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Fetches sources, many at once, and adds them up. `which` is what the complaints call them.
fn fetch_all(
    sources: &[OsString],
    which: &str,
    invocation: &Invocation,
    context: &Context,
) -> Result<Fetched, Failure> {
    let mut sum: Option<Profile> = None;
    let mut complaints = Vec::new();
    let mut mappings = Vec::new();
    for chunk in sources.chunks(CHUNK) {
        let grabbed: Vec<_> = std::thread::scope(|scope| {
            let threads = chunk
                .iter()
                .map(|source| scope.spawn(|| grab(source, invocation, context)));
            let threads: Vec<_> = threads.collect();
            threads.into_iter().map(joined).collect()
        });
        let mut profiles = Vec::with_capacity(chunk.len());
        for grabbed in grabbed {
            match grabbed? {
                Ok((profile, sources)) => {
                    profiles.push(profile);
                    mappings.extend(sources);
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
    let Some(profile) = sum else {
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
    Ok(Fetched {
        profile,
        count,
        sources: mappings,
    })
}

/// The profile of one source with whom its names can be asked of, or what is wrong with it.
fn grab(
    source: &OsStr,
    invocation: &Invocation,
    context: &Context,
) -> Result<anyhow::Result<(Profile, Vec<MappingSource>)>, Failure> {
    let mut limits = Limits::default();
    if let Some(size) = invocation.max_profile_size {
        limits.inflated_bytes = size;
    }
    let remote = source
        .to_str()
        .filter(|_| !OsFiles.exists(Path::new(source)))
        .and_then(|text| Remote::new(text, &invocation.fetching));
    let large = match remote {
        Some(_) => None,
        None => open_file(Path::new(source)),
    };
    let profile = match large.and_then(|file| caulk_profile::read_large(file, limits)) {
        Some(profile) => Ok(profile),
        None => read(source, remote.as_ref(), limits, invocation, context)?,
    };
    Ok(profile.map(|mut profile| {
        let program = invocation.program.as_deref().unwrap_or_default();
        let program = program.to_string_lossy();
        caulk_pprof::name_program(&mut profile, &program, &invocation.build_id);
        let sources = match &remote {
            Some(remote) => caulk_pprof::note_source(&mut profile, &remote.url),
            None => Vec::new(),
        };
        (profile, sources)
    }))
}

/// The profile of a source, all of which is in memory.
fn read(
    source: &OsStr,
    remote: Option<&Remote>,
    limits: Limits,
    invocation: &Invocation,
    context: &Context,
) -> Result<anyhow::Result<Profile>, Failure> {
    let bytes = match remote {
        Some(remote) => {
            let bytes = service::get(remote, &invocation.fetching, limits.inflated_bytes, context);
            if context.cancel.is_cancelled() {
                return Err(Failure::interrupted());
            }
            bytes
        }
        // One byte more tells that there is too much.
        None => source::read(source, limits.inflated_bytes.saturating_add(1), context)?,
    };
    let named = |error: anyhow::Error| match remote {
        Some(_) => error.context(source.display().to_string()),
        None => error,
    };
    Ok(match bytes.map_err(named) {
        Ok(bytes) => parse(&bytes, limits).with_context(|| source.display().to_string()),
        Err(error) => Err(error),
    })
}

fn parse(bytes: &[u8], limits: Limits) -> anyhow::Result<Profile> {
    if source::is_object(bytes) {
        bail!("it is a program, not a profile");
    }
    caulk_profile::read_as_pprof(bytes, limits).map_err(|error| match error {
        ReadError::TooLarge { .. } => anyhow!("failed to {error} (-max_profile_size raises it)"),
        _ => anyhow!("failed to {error}"),
    })
}

/// Whether what it counts is still there, so that two profiles count the same twice.
fn is_of_heap(profile: &Profile) -> bool {
    ["inuse_space", "inuse_objects"]
        .iter()
        .any(|kind| profile.sample_type_named(kind).is_some())
}

/// Tells of which programs the tool would read names, which caulk does not.
fn tell_unread(profile: &Profile, force: bool) {
    for file in caulk_pprof::files_with_names(profile, force) {
        if source::is_program(OsStr::new(&file)) {
            tell(&format!(
                "The names in {file} are not read: go tool pprof does that, caulk does not yet"
            ));
        }
    }
}

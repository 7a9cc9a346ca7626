//! What a profile says of itself: which kind it is, when it was taken, and of which program.

use std::path::Path;

use caulk_profile::{Profile, ReadError, StackTable};

use crate::kind::ProfileKind;
use crate::series::NotUsed;

use super::file::{Form, PlainFile, Program, folder_of};

/// Which kind a profile is, by its sample types.
pub fn of_profile(
    path: &Path,
    profile: &Profile,
    stacks: &mut StackTable,
) -> Result<PlainFile, NotUsed> {
    let has = |kind: &str| profile.sample_type_named(kind).is_some();
    let is_text = profile.time_nanos == 0 && profile.mappings().is_empty();
    let default = profile.string(profile.default_sample_type);
    let seconds = match u64::try_from(profile.duration_nanos) {
        Ok(nanos) if nanos > 0 => Some(nanos.div_ceil(1_000_000_000)),
        _ => None,
    };
    let mut merged_nanos = None;
    let (kind, form) = if has("inuse_space") || has("inuse_objects") {
        // A snapshot has both, and what was allocated. A store keeps each by itself, summed up over a
        // range of time; a difference that the runtime was asked for has all four.
        match seconds {
            Some(seconds) if has("alloc_space") => return Err(NotUsed::Difference { seconds }),
            Some(_) => merged_nanos = Some(profile.duration_nanos),
            None => {}
        }
        if !has("inuse_space") {
            return Err(NotUsed::ObjectsOnly);
        }
        let form = match default {
            _ if is_text => Form::Text,
            "alloc_space" => Form::Allocs,
            _ => Form::Proto,
        };
        (ProfileKind::Heap, form)
    } else if has("alloc_space") || has("alloc_objects") {
        return Err(NotUsed::AllocationsOnly);
    } else if has("goroutineleak") {
        (ProfileKind::LeakedGoroutines, form_of(is_text))
    } else if has("goroutine") || has("goroutines") {
        merged_nanos = seconds.map(|_| profile.duration_nanos);
        (ProfileKind::Goroutines, form_of(is_text))
    } else if has("threadcreate") {
        (ProfileKind::Threads, form_of(is_text))
    } else if has("contentions") || has("delay") {
        if let Some(seconds) = seconds {
            return Err(NotUsed::Difference { seconds });
        }
        (contention(path, profile), form_of(is_text))
    } else if has("cpu") || has("samples") {
        return Err(NotUsed::Cpu);
    } else {
        return Err(NotUsed::OtherKind);
    };
    let mut file = PlainFile::of(path, kind, form);
    file.time_nanos = Some(profile.time_nanos).filter(|nanos| *nanos > 0);
    file.merged_nanos = merged_nanos;
    file.program = program(profile);
    if let Some(memory) = profile.memory() {
        let known = |bytes: u64| Some(bytes).filter(|bytes| *bytes > 0);
        file.metrics.heap_alloc_bytes = known(memory.heap_alloc);
        file.metrics.heap_inuse_bytes = known(memory.heap_inuse);
        file.metrics.heap_idle_bytes =
            known(memory.heap_idle).map(|idle| idle.saturating_sub(memory.heap_released));
        file.metrics.stack_inuse_bytes = known(memory.stack_inuse);
        file.metrics.sys_bytes = known(memory.sys);
    }
    let mut values = stacks.add(profile);
    if merged_nanos.is_some() {
        // What was sampled cannot be counted any more.
        values.heap_sampling_rate = None;
    }
    let total = |names: &[&str]| {
        let column = names
            .iter()
            .find_map(|name| values.sample_type_named(name))?;
        u64::try_from(values.total(column)).ok()
    };
    match kind {
        ProfileKind::Goroutines if merged_nanos.is_none() => {
            file.metrics.goroutines = total(&["goroutine", "goroutines"]);
        }
        ProfileKind::Threads => file.metrics.threads = total(&["threadcreate"]),
        _ => {}
    }
    file.values = (kind != ProfileKind::Threads).then_some(values);
    Ok(file)
}

fn form_of(is_text: bool) -> Form {
    if is_text { Form::Text } else { Form::Proto }
}

/// Mutex and block profiles have the same sample types; a mutex profile blames who unlocks.
fn contention(path: &Path, profile: &Profile) -> ProfileKind {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.contains("mutex") {
        return ProfileKind::Mutex;
    }
    if name.contains("block") {
        return ProfileKind::Block;
    }
    let unlocks = |sample: &caulk_profile::Sample<'_>| {
        let leaf = sample.stack().first();
        let line = leaf.and_then(|leaf| profile.lines(leaf).first().copied());
        line.is_some_and(|line| {
            let name = profile.string(profile.function(line.function).name);
            name.to_lowercase().contains("unlock") || name.contains("LostContended")
        })
    };
    let unlocking = profile.samples().filter(unlocks).count();
    if 2 * unlocking > profile.sample_count() {
        ProfileKind::Mutex
    } else {
        ProfileKind::Block
    }
}

fn program(profile: &Profile) -> Program {
    let mapping = profile.mappings().first().copied().unwrap_or_default();
    let file = profile.string(mapping.file);
    let main_folder = profile
        .functions()
        .iter()
        .filter(|function| profile.string(function.name).starts_with("main."))
        .map(|function| folder_of(profile.string(function.filename)))
        .min();
    Program {
        binary: file.rsplit(['/', '\\']).next().unwrap_or(file).to_owned(),
        build_id: profile.string(mapping.build_id).to_owned(),
        main_folder: main_folder.unwrap_or_default().to_owned(),
    }
}

/// What came of a profile that is none, or too large.
pub fn unread(error: ReadError) -> NotUsed {
    match error {
        ReadError::TooLarge { limit } => NotUsed::TooLarge { limit },
        error => NotUsed::Unreadable(error.to_string()),
    }
}

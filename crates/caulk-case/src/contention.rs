//! What waits: mutex and block profiles, which count up from the start of the process.

use caulk_profile::{Snapshot, StackTable};

use crate::kind::ProfileKind;

/// How much was waited between the first profile and the last. It grows as long as a process works:
/// only that it grows faster says something.
#[derive(Clone, Debug, PartialEq)]
pub struct Contention {
    /// [`ProfileKind::Mutex`] or [`ProfileKind::Block`].
    pub kind: ProfileKind,
    /// Seconds from the first profile to the last; none where times are not known.
    pub seconds: Option<f64>,
    /// Seconds waited in that time, over all goroutines.
    pub waited: f64,
    /// How often.
    pub times: u64,
    /// Seconds waited per second at first, and at last, where there are enough profiles to tell.
    pub rates: Option<(f64, f64)>,
    /// The function outside of the runtime and `sync` where most was waited; empty where none.
    pub function: String,
    /// Its part of what was waited, 0 to 1.
    pub share: f64,
}

/// What was waited between profiles in order of time; `times` are nanoseconds since 1970, empty where
/// not known. None where a total falls, as after a restart.
pub fn contention(
    kind: ProfileKind,
    profiles: &[&Snapshot],
    times: &[i64],
    stacks: &StackTable,
) -> Option<Contention> {
    let (first, last) = (profiles.first()?, profiles.last()?);
    let one = profiles.len() < 2;
    let delay = |snapshot: &Snapshot| {
        let column = snapshot.sample_type_named("delay")?;
        Some(snapshot.total(column))
    };
    let delays: Vec<i64> = profiles.iter().map(|p| delay(p)).collect::<Option<_>>()?;
    if delays.iter().zip(delays.iter().skip(1)).any(|(a, b)| b < a) {
        return None;
    }
    let count = |snapshot: &Snapshot| {
        snapshot
            .sample_type_named("contentions")
            .map_or(0, |column| snapshot.total(column))
    };
    // Of one profile all since the start is told.
    let waited = delay(last)? - if one { 0 } else { delay(first)? };
    let times_waited = count(last).saturating_sub(if one { 0 } else { count(first) });
    let seconds = match (times.first(), times.last()) {
        (Some(first), Some(last)) if !one && last > first => {
            Some(last.saturating_sub(*first) as f64 / 1e9)
        }
        _ => None,
    };
    let (function, most) = most_waited(last, (!one).then_some(*first), stacks);
    Some(Contention {
        kind,
        seconds,
        waited: waited as f64 / 1e9,
        times: u64::try_from(times_waited).unwrap_or(0),
        rates: rates(&delays, times),
        share: if waited > 0 {
            (most as f64 / waited as f64).clamp(0.0, 1.0)
        } else {
            0.0
        },
        function,
    })
}

/// Seconds waited per second in the first half and in the second.
fn rates(delays: &[i64], times: &[i64]) -> Option<(f64, f64)> {
    if delays.len() < 3 || times.len() != delays.len() {
        return None;
    }
    let middle = delays.len() / 2;
    let rate = |from: usize, to: usize| {
        let waited = delays.get(to)?.saturating_sub(*delays.get(from)?) as f64;
        let passed = times.get(to)?.saturating_sub(*times.get(from)?) as f64;
        (passed > 0.0).then(|| waited / passed)
    };
    Some((rate(0, middle)?, rate(middle, delays.len() - 1)?))
}

/// The function of the program or its libraries where most was waited, with the nanoseconds.
fn most_waited(last: &Snapshot, first: Option<&Snapshot>, stacks: &StackTable) -> (String, i64) {
    let mut by_function: std::collections::BTreeMap<&str, i64> = std::collections::BTreeMap::new();
    let mut add = |snapshot: &Snapshot, sign: i64| {
        let Some(column) = snapshot.sample_type_named("delay") else {
            return;
        };
        for entry in snapshot.entries() {
            let own = stacks.frames(entry.stack).find(|frame| {
                !["runtime.", "sync.", "internal/"]
                    .iter()
                    .any(|package| frame.function.starts_with(package))
            });
            let delay = entry.values.get(column).copied().unwrap_or(0);
            let sum = by_function
                .entry(own.map_or("", |frame| frame.function))
                .or_default();
            *sum = sum.saturating_add(sign * delay);
        }
    };
    add(last, 1);
    if let Some(first) = first {
        add(first, -1);
    }
    by_function
        .into_iter()
        .filter(|(function, _)| !function.is_empty())
        .max_by_key(|(_, delay)| *delay)
        .filter(|(_, delay)| *delay > 0)
        .map(|(function, delay)| (function.to_owned(), delay))
        .unwrap_or_default()
}

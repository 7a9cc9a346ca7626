//! Whether heap profiles are of one process: what was allocated only ever rises within one.

use caulk_profile::Snapshot;

/// Stacks of a profile that may have allocated less later without its being another process: a profile
/// that was written anew by a tool may have lost some.
const LOST: f64 = 0.02;

/// Parts of a series beyond which it is not tried to tell processes apart.
const MOST_PARTS: usize = 1000;

/// How many snapshots there must be for each restart, on average: several processes that answer in
/// turn would look like one that is restarted all the time.
const SNAPSHOTS_PER_PROCESS: usize = 3;

/// Of how many processes profiles are. Positions are those in the list that was asked about.
#[derive(Debug, PartialEq, Eq)]
pub enum Processes {
    /// Of one.
    One,
    /// Of one after the other: a restart between each two.
    Restarted(Vec<Vec<usize>>),
    /// Of several at once, each with its profiles.
    Several(Vec<Vec<usize>>),
    /// Of several, and which is of which cannot be told. Allocations fall this often.
    Mixed { falls: u32 },
}

/// Tells the processes of profiles apart that are in order of time.
///
/// A profile continues another where no total is lower and hardly any stack has allocated less: what one process sampled
/// at its start another one is unlikely to have sampled as well. Each part that rises is appended to the one process that
/// it continues; where it could be one of several, nothing can be told.
pub fn tell_apart(heaps: &[&Snapshot]) -> Processes {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    for (at, heap) in heaps.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| heaps.get(before));
        match (before, parts.last_mut()) {
            (Some(before), Some((_, end))) if continues(before, heap) => *end = at + 1,
            _ => parts.push((at, at + 1)),
        }
    }
    let falls = parts.len().saturating_sub(1);
    let mixed = Processes::Mixed {
        falls: u32::try_from(falls).unwrap_or(u32::MAX),
    };
    if falls == 0 {
        return Processes::One;
    }
    if parts.len() > MOST_PARTS {
        return mixed;
    }
    let mut processes: Vec<Vec<usize>> = Vec::new();
    for &(start, end) in &parts {
        let Some(first) = heaps.get(start) else {
            continue;
        };
        let continued: Vec<usize> = (0..processes.len())
            .filter(|&process| {
                let last = processes.get(process).and_then(|process| process.last());
                last.and_then(|&last| heaps.get(last))
                    .is_some_and(|last| continues(last, first))
            })
            .collect();
        match continued.as_slice() {
            [] => processes.push((start..end).collect()),
            &[one] => {
                if let Some(process) = processes.get_mut(one) {
                    process.extend(start..end);
                }
            }
            _ => return mixed,
        }
    }
    let in_turn = processes.len() == parts.len();
    if !in_turn {
        return Processes::Several(processes);
    }
    let few = falls == 1 || heaps.len() >= SNAPSHOTS_PER_PROCESS * parts.len();
    if few {
        Processes::Restarted(processes)
    } else {
        mixed
    }
}

/// Whether one process can have been seen as `before` and later as `after`.
fn continues(before: &Snapshot, after: &Snapshot) -> bool {
    let (Some(first), Some(second)) = (Allocated::of(before), Allocated::of(after)) else {
        return true;
    };
    if second.objects < first.objects || second.bytes < first.bytes {
        return false;
    }
    // The text form names the frames of inlined calls otherwise.
    if before.time_nanos == 0 || after.time_nanos == 0 {
        return true;
    }
    let key = |entry: &caulk_profile::SnapshotEntry| (entry.stack, entry.object_size);
    let count = |entry: &caulk_profile::SnapshotEntry, column: usize| {
        entry.values.get(column).copied().unwrap_or(0)
    };
    let (mut all, mut fewer) = (0u64, 0u64);
    let mut later = after.entries().peekable();
    for entry in before.entries() {
        all += 1;
        while later.peek().is_some_and(|other| key(other) < key(&entry)) {
            later.next();
        }
        let since = match later.peek() {
            Some(other) if key(other) == key(&entry) => count(other, second.column),
            _ => 0,
        };
        fewer += u64::from(since < count(&entry, first.column));
    }
    fewer as f64 <= LOST * all as f64
}

/// What was allocated since the process started.
struct Allocated {
    column: usize,
    objects: i64,
    bytes: i64,
}

impl Allocated {
    fn of(heap: &Snapshot) -> Option<Allocated> {
        let column = heap.sample_type_named("alloc_objects")?;
        let bytes = heap.sample_type_named("alloc_space")?;
        Some(Allocated {
            column,
            objects: heap.total(column),
            bytes: heap.total(bytes),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caulk_profile::{Line, Profile, ProfileBuilder, StackTable};

    /// A profile in which each site has allocated so many objects; sites are the processes' own.
    fn heap(process: &str, counts: &[i64]) -> Profile {
        let mut builder = ProfileBuilder::new();
        for (kind, unit) in [
            ("alloc_objects", "count"),
            ("alloc_space", "bytes"),
            ("inuse_objects", "count"),
            ("inuse_space", "bytes"),
        ] {
            builder.sample_type(kind, unit);
        }
        for (site, &count) in counts.iter().enumerate() {
            let function = builder.function(&format!("{process}{site}"), "/src/a.go", 0);
            let line = Line {
                function,
                line: 1,
                column: 0,
            };
            let location = builder.location(None, 0, &[line]);
            builder.sample(&[location], &[count, count * 64, 1, 64], &[]);
        }
        let mut profile = builder.finish();
        profile.time_nanos = 1;
        profile
    }

    fn told(heaps: &[(&str, &[i64])]) -> Processes {
        let mut table = StackTable::new();
        let heaps: Vec<Snapshot> = heaps
            .iter()
            .map(|(process, counts)| table.add(&heap(process, counts)))
            .collect();
        tell_apart(&heaps.iter().collect::<Vec<_>>())
    }

    #[test]
    fn what_only_rises_is_one_process() {
        assert_eq!(told(&[]), Processes::One);
        assert_eq!(told(&[("a", &[5])]), Processes::One);
        assert_eq!(
            told(&[("a", &[5, 1]), ("a", &[5, 2]), ("a", &[9, 2])]),
            Processes::One
        );
    }

    #[test]
    fn instances_that_answer_by_chance_are_told_apart_by_their_stacks() {
        // The second instance has allocated more of everything, but not the same.
        let (a, b) = ("a", "b");
        assert_eq!(
            told(&[
                (a, &[5]),
                (b, &[100]),
                (b, &[110]),
                (a, &[6]),
                (b, &[120]),
                (a, &[7]),
            ]),
            Processes::Several(vec![vec![0, 3, 5], vec![1, 2, 4]])
        );
    }

    #[test]
    fn a_restart_begins_low_again() {
        assert_eq!(
            told(&[("a", &[50]), ("a", &[90]), ("a", &[2]), ("a", &[60])]),
            Processes::Restarted(vec![vec![0, 1], vec![2, 3]])
        );
    }

    #[test]
    fn of_two_the_second_is_another_and_a_shuffle_is_mixed() {
        assert_eq!(
            told(&[("a", &[50]), ("a", &[9])]),
            Processes::Restarted(vec![vec![0], vec![1]])
        );
        let shuffled = [10, 40, 20, 50, 30, 60];
        let shuffled: Vec<[i64; 1]> = shuffled.iter().map(|&count| [count]).collect();
        let heaps: Vec<(&str, &[i64])> = shuffled.iter().map(|c| ("a", c.as_slice())).collect();
        assert_eq!(told(&heaps), Processes::Mixed { falls: 2 });
    }
}

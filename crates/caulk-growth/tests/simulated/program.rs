//! Simulated programs: sites that allocate under a load, seen as the runtime's profile would show them.
//!
//! Each object is sampled or not when it is allocated, with the chance 1 − e^(−size/rate) of the
//! runtime's Poisson process over allocated bytes, and stays so for as long as it lives. What is stored
//! is the estimate that the profile publishes: ⌊k / p⌋ objects for k sampled ones.

use caulk_growth::{Bucket, Point, Sampling, Series, Stack, StackId, Stage, Values};

use crate::random::Random;

/// What one allocation site does.
#[derive(Clone, Copy, Debug)]
pub enum Site {
    /// So many objects since the start, never freed.
    Base(u64),
    /// So many alive at any moment, all replaced between two snapshots; `swing` is by how much
    /// their number varies (requests in flight, garbage that waits for a collection).
    Churn { alive: u64, swing: f64 },
    /// As many alive as the load of the moment asks for: `alive` at its mean.
    WithLoad { alive: u64 },
    /// A cache of this size that is full, with this share replaced in each round.
    Cache { size: u64, replaced: f64 },
    /// A cache that fills at one per request until it is full.
    Filling { size: u64 },
    /// A cache whose keys are drawn from this many: it fills ever more slowly.
    Keyed { keys: u64 },
    /// A one-time allocation of so many objects at a random moment.
    Step(u64),
    /// A buffer that takes one object a request and is emptied after this many.
    Saw { every: u64 },
    /// `each` objects in every request that leaks, never freed. Which requests those are is the
    /// program's, and the same for all of its sites.
    Leak { each: u64 },
    /// A slice to which every request that leaks appends one element of the site's size.
    Append,
    /// A map into which every request that leaks puts one entry of the site's size.
    Map,
}

/// How many requests a round has.
#[derive(Clone, Copy, Debug)]
pub enum LoadShape {
    /// About the same in every round, as a hunt does it.
    Even,
    /// A day's waves: this many rounds from one peak to the next.
    Waves { period: f64 },
}

pub struct Program {
    /// Mean bytes between two samples.
    pub rate: u64,
    /// Each site with the size of its objects.
    pub sites: Vec<(Site, u64)>,
    /// The share of the requests that leak.
    pub leaking: f64,
    pub warm_up: u64,
    pub rounds: usize,
    pub per_round: u64,
    pub load: LoadShape,
    pub with_allocations: bool,
    /// The snapshot before which the program was started again.
    pub restart_at: Option<usize>,
}

/// What happened before one snapshot.
#[derive(Clone, Copy)]
struct Round {
    /// Requests since the snapshot before.
    sent: u64,
    /// Those of them that leak.
    leaked: u64,
    /// The load at the snapshot, 1 on average.
    load: f64,
    /// The program was started again since the snapshot before.
    restarted: bool,
}

impl Program {
    pub fn run(&self, random: &mut Random) -> Series {
        let rounds = self.rounds(random);
        let mut requests = 0;
        let points = rounds.iter().enumerate().map(|(index, round)| {
            requests += round.sent;
            Point {
                seconds: index as f64 * 2.0,
                requests: Some(requests),
                stage: if index == 0 {
                    Stage::Warmup
                } else {
                    Stage::Round
                },
                load: None,
                has_heap: true,
            }
        });
        let points = points.collect();
        let stacks = self.sites.iter().enumerate().map(|(id, &(site, size))| {
            let buckets = match site {
                Site::Append => replaced(&rounds, &growslice(size), self.rate, random),
                Site::Map => replaced(
                    &rounds,
                    &map_tables(&rounds, size, random),
                    self.rate,
                    random,
                ),
                _ => {
                    let p = chance(size, self.rate);
                    let (live, allocated) = draw(site, &rounds, p, random);
                    vec![bucket(size, p, &live, &allocated)]
                }
            };
            Stack {
                id: StackId(id as u32),
                buckets,
                may_expire: false,
                is_reused: false,
                join: None,
            }
        });
        let mut stacks: Vec<Stack> = stacks.collect();
        if !self.with_allocations {
            let buckets = stacks.iter_mut().flat_map(|stack| &mut stack.buckets);
            buckets.for_each(|bucket| bucket.allocated_objects = Values::new());
        }
        Series {
            points,
            sampling: Sampling::EveryBytes(self.rate),
            stacks,
            scalars: Vec::new(),
        }
    }

    fn rounds(&self, random: &mut Random) -> Vec<Round> {
        let uneven = [100, 85, 115, 92, 108, 80, 120];
        let phase = random.unit();
        (0..=self.rounds)
            .map(|index| {
                let load = match self.load {
                    LoadShape::Even => 1.0,
                    LoadShape::Waves { period } => {
                        let turn = index as f64 / period + phase;
                        1.0 + 0.7 * (2.0 * std::f64::consts::PI * turn).sin()
                    }
                };
                let even = match index.checked_sub(1) {
                    None => self.warm_up,
                    Some(round) => self.per_round * uneven[round % 7] / 100,
                };
                let sent = (even as f64 * load).round() as u64;
                Round {
                    sent,
                    leaked: random.binomial(sent, self.leaking),
                    load,
                    restarted: self.restart_at == Some(index),
                }
            })
            .collect()
    }
}

/// The chance of an object to be sampled.
pub fn chance(size: u64, rate: u64) -> f64 {
    1.0 - (-(size as f64) / rate as f64).exp()
}

fn bucket(size: u64, p: f64, live: &[u64], allocated: &[u64]) -> Bucket {
    let estimate = |sampled: &[u64], each: f64| -> Values {
        let published = |&k: &u64| (k as f64 / p * each) as i64;
        sampled.iter().map(published).collect()
    };
    Bucket {
        object_bytes: size,
        objects: estimate(live, 1.0),
        bytes: estimate(live, size as f64),
        allocated_objects: estimate(allocated, 1.0),
    }
}

/// A site's live and allocated sampled objects, snapshot by snapshot.
fn draw(site: Site, rounds: &[Round], p: f64, random: &mut Random) -> (Vec<u64>, Vec<u64>) {
    let (mut live, mut allocated) = (Vec::new(), Vec::new());
    let step_at = random.below(rounds.len() as u64) as usize;
    // Sampled: held, and made so far. In the program itself: in a cache, or since a flush.
    let (mut held, mut made, mut inside) = (0u64, 0u64, 0u64);
    let mut is_start = true;
    for (index, round) in rounds.iter().enumerate() {
        if round.restarted {
            (held, made, inside, is_start) = (0, 0, 0, true);
        }
        let sent = round.sent;
        match site {
            Site::Base(objects) if is_start => {
                held = random.binomial(objects, p);
                made = held;
            }
            Site::Base(_) | Site::Append | Site::Map => {}
            Site::Churn { alive, swing } => {
                let factor = 1.0 + swing * random.between(-1.0, 1.0);
                held = random.binomial((alive as f64 * factor) as u64, p);
                made += held + random.binomial(sent * 3, p);
            }
            Site::WithLoad { alive } => {
                held = random.binomial((alive as f64 * round.load) as u64, p);
                made += held + random.binomial(sent, p);
            }
            Site::Cache { size, .. } if is_start => {
                held = random.binomial(size, p);
                made = held;
            }
            Site::Cache { size, replaced } => {
                let away = random.binomial(held, replaced);
                let new = random.binomial((size as f64 * replaced) as u64, p);
                held = held - away + new;
                made += new;
            }
            Site::Filling { size } => {
                let room = size - inside;
                inside += room.min(sent);
                let new = random.binomial(room.min(sent), p);
                // Once full, each new one replaces an old one.
                let turned = random.binomial(sent.saturating_sub(room), p);
                held += new;
                made += new + turned;
            }
            Site::Keyed { keys } => {
                let before = inside;
                for _ in 0..sent {
                    inside += u64::from(random.below(keys) >= inside);
                }
                let new = random.binomial(inside - before, p);
                (held, made) = (held + new, made + new);
            }
            Site::Step(objects) => {
                if index == step_at {
                    held = random.binomial(objects, p);
                    made += held;
                }
            }
            Site::Saw { every } => {
                let after = inside + sent;
                if after >= every {
                    let new = random.binomial(after % every, p);
                    made += new + random.binomial(sent.saturating_sub(after % every), p);
                    held = new;
                } else {
                    let new = random.binomial(sent, p);
                    (held, made) = (held + new, made + new);
                }
                inside = after % every;
            }
            Site::Leak { each } => {
                let new = random.binomial(round.leaked * each, p);
                (held, made) = (held + new, made + new);
            }
        }
        is_start = false;
        live.push(held);
        allocated.push(made);
    }
    (live, allocated)
}

/// The sizes that one thing has: from so many leaked requests on, it is made of these objects (their
/// size, and how many).
type Sizes = Vec<(u64, Vec<(u64, u64)>)>;

/// What `append` makes of a slice: `nextslicecap` in Go's `runtime/slice.go`, without the rounding up to
/// a size class.
fn growslice(element: u64) -> Sizes {
    let (mut capacity, mut sizes) = (1u64, Vec::new());
    let mut from = 1;
    while from < 1_000_000 {
        sizes.push((from, vec![(capacity * element, 1)]));
        from = capacity + 1;
        capacity = match capacity {
            0..256 => 2 * capacity,
            _ => capacity + (capacity + 3 * 256) / 4,
        };
    }
    sizes
}

/// What inserting makes of a map: tables of up to 1,024 slots, 7 in 8 of which may be full; a full one
/// of less doubles, a full one of 1,024 is split into two (`internal/runtime/maps`).
fn map_tables(rounds: &[Round], slot: u64, random: &mut Random) -> Sizes {
    let inserted: u64 = rounds.iter().map(|round| round.leaked).sum();
    // Depth, slots, entries of each table; a key goes to a table of depth d with the chance 2^-d.
    let mut tables = vec![(0u32, 8u64, 0u64)];
    let mut sizes = Vec::new();
    let mut state = |from: u64, tables: &[(u32, u64, u64)]| {
        let mut objects: Vec<(u64, u64)> = Vec::new();
        for &(_, slots, _) in tables {
            let size = slots / 8 * (8 + 8 * slot);
            match objects.iter_mut().find(|(known, _)| *known == size) {
                Some((_, count)) => *count += 1,
                None => objects.push((size, 1)),
            }
        }
        sizes.push((from, objects));
    };
    state(1, &tables);
    for insert in 1..=inserted {
        let mut at = random.unit();
        let hit = tables.iter().position(|&(depth, ..)| {
            at -= 0.5f64.powi(depth as i32);
            at < 0.0
        });
        let hit = hit.unwrap_or(tables.len() - 1);
        let (depth, slots, entries) = &mut tables[hit];
        *entries += 1;
        if *entries * 8 <= *slots * 7 {
            continue;
        }
        if *slots < 1024 {
            *slots *= 2;
        } else {
            let half = *entries / 2;
            (*depth, *entries) = (*depth + 1, half);
            let other = (*depth, 1024, half);
            tables.push(other);
        }
        state(insert, &tables);
    }
    sizes
}

/// The profile of a thing that is replaced by larger ones as it grows.
fn replaced(rounds: &[Round], sizes: &Sizes, rate: u64, random: &mut Random) -> Vec<Bucket> {
    let mut inserted = 0;
    // Each size with what is held of it, sampled, and was ever made, at each snapshot.
    let mut found: Vec<(u64, Vec<u64>, Vec<u64>)> = Vec::new();
    let mut before: Vec<(u64, u64)> = Vec::new();
    let mut reached = 0;
    for (index, round) in rounds.iter().enumerate() {
        if round.restarted {
            (inserted, reached) = (0, 0);
            before.clear();
        }
        for (_, live, allocated) in &mut found {
            live.push(if round.restarted {
                0
            } else {
                live.last().copied().unwrap_or(0)
            });
            allocated.push(if round.restarted {
                0
            } else {
                allocated.last().copied().unwrap_or(0)
            });
        }
        inserted += round.leaked;
        for (_, objects) in sizes
            .iter()
            .skip(reached)
            .take_while(|(from, _)| *from <= inserted)
        {
            reached += 1;
            for &(size, count) in objects {
                let known = before.iter().find(|(other, _)| *other == size);
                let known = known.map_or(0, |(_, count)| *count);
                let at = found.iter().position(|(other, ..)| *other == size);
                let at = at.unwrap_or_else(|| {
                    found.push((size, vec![0; index + 1], vec![0; index + 1]));
                    found.len() - 1
                });
                let (_, live, allocated) = &mut found[at];
                let new = random.binomial(count.saturating_sub(known), chance(size, rate));
                live[index] += new;
                allocated[index] += new;
            }
            for &(size, _) in &before {
                let now = objects.iter().find(|(other, _)| *other == size);
                let now = now.map_or(0, |(_, count)| *count);
                if let Some((_, live, _)) = found.iter_mut().find(|(other, ..)| *other == size) {
                    live[index] = live[index].min(now);
                }
            }
            before.clone_from(objects);
        }
    }
    let buckets = found.iter();
    buckets
        .map(|(size, live, allocated)| bucket(*size, chance(*size, rate), live, allocated))
        .collect()
}

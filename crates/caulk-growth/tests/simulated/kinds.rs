//! The kinds of programs that are simulated: those that do not leak, and those that do.

use crate::program::{LoadShape, Program, Site, chance};
use crate::random::Random;

/// How a program is watched.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    pub rate: u64,
    pub rounds: usize,
    pub with_allocations: bool,
}

/// A kind of program.
pub struct Kind {
    pub name: &'static str,
    pub make: fn(Watch, &mut Random) -> Program,
}

const WARM_UP: u64 = 60;
const PER_ROUND: u64 = 70;

const SIZES: [u64; 12] = [
    16, 32, 48, 64, 96, 128, 256, 512, 1024, 4096, 16_384, 65_536,
];

/// A connection's parts: bytes of an object, objects a connection.
pub const CONNECTION: [(u64, u64); 9] = [
    (32_768, 1),
    (16_384, 1),
    (4096, 2),
    (1024, 4),
    (512, 6),
    (256, 12),
    (128, 20),
    (64, 40),
    (48, 60),
];

fn program(watch: Watch, sites: Vec<(Site, u64)>) -> Program {
    Program {
        rate: watch.rate,
        sites,
        leaking: 1.0,
        warm_up: WARM_UP,
        rounds: watch.rounds,
        per_round: PER_ROUND,
        load: LoadShape::Even,
        with_allocations: watch.with_allocations,
        restart_at: None,
    }
}

/// So many sites that do not grow: what lives from the start on, what comes and goes, full caches.
pub fn busy(count: usize, random: &mut Random) -> Vec<(Site, u64)> {
    (0..count)
        .map(|index| {
            let size = random.pick(&SIZES);
            let alive = random.between(1.0, 400_000.0 / size as f64 + 2.0) as u64;
            let site = match index % 6 {
                0..=2 => Site::Base(alive),
                3 | 4 => Site::Churn {
                    alive,
                    swing: random.between(0.0, 0.9),
                },
                _ => Site::Cache {
                    size: alive,
                    replaced: random.between(0.05, 0.9),
                },
            };
            (site, size)
        })
        .collect()
}

/// What lives from the start on, and nothing else.
pub fn quiet(count: usize, random: &mut Random) -> Vec<(Site, u64)> {
    let base = |(site, size)| matches!(site, Site::Base(_)).then_some((site, size));
    busy(2 * count, random)
        .into_iter()
        .filter_map(base)
        .collect()
}

fn with(watch: Watch, random: &mut Random, more: impl Fn(&mut Random) -> (Site, u64)) -> Program {
    let mut sites = busy(150, random);
    for _ in 0..12 {
        let site = more(random);
        sites.push(site);
    }
    program(watch, sites)
}

/// The requests of the watch, about.
fn watched(watch: Watch) -> f64 {
    (WARM_UP + PER_ROUND * watch.rounds as u64) as f64
}

/// Programs that do not leak. What fills or steps has done so by the middle of the watch: until then it
/// is what it looks like.
pub const STEADY: [Kind; 8] = [
    Kind {
        name: "noise only",
        make: |watch, random| program(watch, busy(300, random)),
    },
    Kind {
        name: "plateaus: caches that fill",
        make: |watch, random| {
            with(watch, random, |random| {
                let size = random.between(10.0, 0.5 * watched(watch)) as u64;
                (Site::Filling { size }, random.pick(&SIZES))
            })
        },
    },
    Kind {
        name: "plateaus: caches by key",
        make: |watch, random| {
            with(watch, random, |random| {
                let keys = random.between(5.0, 0.2 * watched(watch)) as u64;
                (Site::Keyed { keys }, random.pick(&SIZES))
            })
        },
    },
    Kind {
        name: "steps",
        make: |watch, random| {
            with(watch, random, |random| {
                let objects = random.between(1.0, 200.0) as u64;
                (Site::Step(objects), random.pick(&SIZES))
            })
        },
    },
    Kind {
        name: "saws: filled and flushed",
        make: |watch, random| {
            with(watch, random, |random| {
                let every = random.between(10.0, 0.4 * watched(watch)) as u64;
                (Site::Saw { every }, random.pick(&SIZES))
            })
        },
    },
    Kind {
        name: "one saw, slower than a round",
        make: |watch, random| {
            let mut sites = busy(150, random);
            let every = random.between(PER_ROUND as f64, 0.5 * watched(watch)) as u64;
            sites.push((Site::Saw { every }, random.pick(&SIZES)));
            program(watch, sites)
        },
    },
    Kind {
        name: "load in waves",
        make: |watch, random| {
            let period = random.between(2.5, 0.8 * watch.rounds as f64);
            let alive = random.between(50.0, 2000.0) as u64;
            let more = |random: &mut Random| (Site::WithLoad { alive }, random.pick(&SIZES));
            Program {
                load: LoadShape::Waves { period },
                ..with(watch, random, more)
            }
        },
    },
    Kind {
        name: "a restart in the middle",
        make: |watch, random| Program {
            restart_at: Some(1 + random.below(watch.rounds as u64) as usize),
            ..program(watch, busy(300, random))
        },
    },
];

/// A kind of leak.
pub struct LeakKind {
    pub name: &'static str,
    /// Bytes of an object, and how many are lost each time. The first is one growing thing for the
    /// last two ways.
    pub parts: &'static [(u64, u64)],
    /// In which share of the requests.
    pub share: f64,
    pub way: Way,
}

/// How a leak holds what it loses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    /// Each object for itself.
    Objects,
    /// Appended to one slice.
    Slice,
    /// Put into one map.
    Map,
}

pub const LEAKS: [LeakKind; 10] = [
    leak("200 bytes a request", &[(112, 1), (48, 2)], 1.0),
    leak("400 bytes a request", &[(208, 1), (48, 4)], 1.0),
    leak("a kilobyte a request", &[(512, 1), (256, 1), (128, 2)], 1.0),
    leak("a buffer of 64 KiB a request", &[(65_536, 1)], 1.0),
    leak("a connection a request", &CONNECTION, 1.0),
    leak("a connection in 5 requests", &CONNECTION, 0.2),
    leak("a connection in 25 requests", &CONNECTION, 0.04),
    leak("two objects of 4 KiB a request", &[(4096, 2)], 1.0),
    LeakKind {
        name: "a slice of 512 byte elements",
        parts: &[(512, 1)],
        share: 1.0,
        way: Way::Slice,
    },
    LeakKind {
        name: "a map with slots of 256 bytes",
        parts: &[(256, 1)],
        share: 1.0,
        way: Way::Map,
    },
];

const fn leak(name: &'static str, parts: &'static [(u64, u64)], share: f64) -> LeakKind {
    LeakKind {
        name,
        parts,
        share,
        way: Way::Objects,
    }
}

impl LeakKind {
    /// Bytes per request, in the long run.
    pub fn bytes(&self) -> f64 {
        let bytes = self.parts.iter().map(|(size, each)| (size * each) as f64);
        bytes.sum::<f64>() * self.share
    }

    /// The error of the growth over a whole watch that sampling and chance leave, as its part: that of
    /// counting sampled objects, and of the number of requests that leak.
    pub fn sampling_error(&self, watch: Watch) -> f64 {
        let events = self.share * (watch.rounds as u64 * PER_ROUND) as f64;
        if self.way != Way::Objects {
            // What is lost is in few objects, so large that they are sampled, or else are not seen.
            let (size, _) = self.parts.first().copied().unwrap_or_default();
            let p = chance(size * events as u64 / 2, watch.rate);
            return if p > 0.999 { 0.0 } else { f64::INFINITY };
        }
        let variance = self.parts.iter().map(|&(size, each)| {
            let p = chance(size, watch.rate);
            events * each as f64 * (size as f64).powi(2) / p
        });
        let bytes = events * self.bytes() / self.share;
        let counting = variance.sum::<f64>().sqrt() / bytes;
        let of_events = if self.share < 1.0 {
            events.sqrt().recip()
        } else {
            0.0
        };
        counting.max(of_events)
    }

    pub fn in_program(&self, watch: Watch, around: Vec<(Site, u64)>) -> Program {
        let mut sites = around;
        sites.extend(self.parts.iter().map(|&(size, each)| {
            let site = match self.way {
                Way::Objects => Site::Leak { each },
                Way::Slice => Site::Append,
                Way::Map => Site::Map,
            };
            (site, size)
        }));
        Program {
            leaking: self.share,
            ..program(watch, sites)
        }
    }
}

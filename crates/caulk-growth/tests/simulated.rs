//! Simulated programs: how often a steady one is called a leak, how often a leak is found, and how
//! often the error bars cover the truth. The tables are printed with `--nocapture`.
//!
//! The simulator draws what the runtime would have sampled, each object when it is allocated
//! and for as long as it lives, and stores the estimates that the profile would hold.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use caulk_growth::{
    Bucket, Growth, Options, Point, Sampling, Series, Stack, StackId, Stage, Values, Verdict,
    analyze,
};

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn happens(&mut self, chance: f64) -> bool {
        self.unit() < chance
    }

    /// Successes of n trials; the normal approximation for many.
    fn binomial(&mut self, trials: u64, chance: f64) -> u64 {
        if trials < 400 {
            return (0..trials).filter(|_| self.happens(chance)).count() as u64;
        }
        let mean = trials as f64 * chance;
        if mean < 20.0 {
            return self.poisson(mean).min(trials);
        }
        let normal = (-2.0 * self.unit().max(1e-300).ln()).sqrt()
            * (2.0 * std::f64::consts::PI * self.unit()).cos();
        let drawn = mean + normal * (mean * (1.0 - chance)).sqrt();
        drawn.round().clamp(0.0, trials as f64) as u64
    }

    fn poisson(&mut self, mean: f64) -> u64 {
        let (limit, mut product, mut count) = ((-mean).exp(), self.unit(), 0);
        while product > limit && count < 1000 {
            product *= self.unit();
            count += 1;
        }
        count
    }
}

/// What one allocation site does.
#[derive(Clone, Copy)]
enum Site {
    /// So many objects since the start, never freed.
    Base(u64),
    /// So many alive at any moment, all replaced between two snapshots; `swing` is by how much
    /// their number varies (requests in flight, garbage that waits for a collection).
    Churn { alive: u64, swing: f64 },
    /// A cache of this size that is full, with this share replaced in each round.
    Cache { size: u64, replaced: f64 },
    /// A cache that fills at one per request until it is full.
    Filling { size: u64 },
    /// A one-time allocation of so many objects at a random moment.
    Step(u64),
    /// `each` objects a request in a share of the requests, never freed.
    Leak { each: u64, share: f64 },
}

/// A site's live and allocated sampled objects, snapshot by snapshot.
fn draw(site: Site, requests: &[u64], p: f64, random: &mut Random) -> (Vec<u64>, Vec<u64>) {
    let (mut live, mut allocated) = (Vec::new(), Vec::new());
    let step_at = random.next() as usize % requests.len();
    let (mut held, mut made, mut before, mut filled) = (0u64, 0u64, 0u64, 0u64);
    for (index, &now) in requests.iter().enumerate() {
        let sent = now - before;
        before = now;
        match site {
            Site::Base(objects) if index == 0 => {
                held = random.binomial(objects, p);
                made = held;
            }
            Site::Base(_) => {}
            Site::Churn { alive, swing } => {
                let factor = 1.0 + swing * random.between(-1.0, 1.0);
                held = random.binomial((alive as f64 * factor) as u64, p);
                made += held + random.binomial(sent * 3, p);
            }
            Site::Cache { size, replaced } => {
                if index == 0 {
                    held = random.binomial(size, p);
                    made = held;
                } else {
                    let away = random.binomial(held, replaced);
                    let new = random.binomial((size as f64 * replaced) as u64, p);
                    held = held - away + new;
                    made += new;
                }
            }
            Site::Filling { size } => {
                let room = size - filled;
                filled += room.min(sent);
                let new = random.binomial(room.min(sent), p);
                // Once full, each new one replaces an old one.
                let turned = random.binomial(sent.saturating_sub(room), p);
                held += new;
                made += new + turned;
            }
            Site::Step(objects) => {
                if index == step_at {
                    held = random.binomial(objects, p);
                    made = held;
                }
            }
            Site::Leak { each, share } => {
                let leaking = random.binomial(sent, share);
                let new = random.binomial(leaking * each, p);
                held += new;
                made += new;
            }
        }
        live.push(held);
        allocated.push(made);
    }
    (live, allocated)
}

struct Program {
    rate: u64,
    /// Each site with the size of its objects.
    sites: Vec<(Site, u64)>,
    warm_up: u64,
    rounds: usize,
    per_round: u64,
    with_allocations: bool,
}

impl Program {
    fn run(&self, random: &mut Random) -> Series {
        let sizes = [100, 85, 115, 92, 108, 80, 120];
        let mut requests = vec![self.warm_up];
        for round in 0..self.rounds {
            requests.push(requests.last().unwrap() + self.per_round * sizes[round % 7] / 100);
        }
        let points = requests.iter().enumerate().map(|(index, &requests)| Point {
            seconds: index as f64 * 2.0,
            requests: Some(requests),
            stage: if index == 0 {
                Stage::Warmup
            } else {
                Stage::Round
            },
            load: None,
            has_heap: true,
        });
        let stacks = self.sites.iter().enumerate().map(|(id, &(site, size))| {
            let p = 1.0 - (-(size as f64) / self.rate as f64).exp();
            let (live, allocated) = draw(site, &requests, p, random);
            let estimate = |sampled: &[u64], each: f64| -> Values {
                sampled
                    .iter()
                    .map(|&k| (k as f64 / p * each) as i64)
                    .collect()
            };
            Stack {
                id: StackId(id as u32),
                buckets: vec![Bucket {
                    object_bytes: size,
                    objects: estimate(&live, 1.0),
                    bytes: estimate(&live, size as f64),
                    allocated_objects: match self.with_allocations {
                        true => estimate(&allocated, 1.0),
                        false => Values::new(),
                    },
                }],
                may_expire: false,
                join: None,
            }
        });
        Series {
            points: points.collect(),
            sampling: Sampling::EveryBytes(self.rate),
            stacks: stacks.collect(),
            scalars: Vec::new(),
        }
    }
}

const SIZES: [u64; 12] = [
    16, 32, 48, 64, 96, 128, 256, 512, 1024, 4096, 16_384, 65_536,
];

/// A steady program: hundreds of sites of every steady kind.
fn steady_sites(count: usize, random: &mut Random) -> Vec<(Site, u64)> {
    (0..count)
        .map(|index| {
            let size = SIZES[random.next() as usize % SIZES.len()];
            let alive = random.between(1.0, 400_000.0 / size as f64 + 2.0) as u64;
            let site = match index % 8 {
                _ if index % 30 == 29 => Site::Step(random.between(1.0, 40.0) as u64),
                0..=2 => Site::Base(alive),
                3 | 4 => Site::Churn {
                    alive,
                    swing: random.between(0.0, 0.9),
                },
                5 => Site::Cache {
                    size: alive,
                    replaced: random.between(0.05, 0.9),
                },
                _ => Site::Filling {
                    size: random.between(10.0, 60.0) as u64,
                },
            };
            (site, size)
        })
        .collect()
}

fn standard_runs(program: &dyn Fn(&mut Random) -> Program, runs: u64, seed: u64) -> Vec<Growth> {
    (0..runs)
        .map(|run| {
            let mut random = Random(seed.wrapping_mul(1_000_003).wrapping_add(run));
            let program = program(&mut random);
            analyze(&program.run(&mut random), &Options::default())
        })
        .collect()
}

fn share(growths: &[Growth], wanted: impl Fn(&Growth) -> bool) -> f64 {
    growths.iter().filter(|growth| wanted(growth)).count() as f64 / growths.len() as f64
}

#[test]
fn steady_programs_are_seldom_called_leaks() {
    steady_programs(80);
}

/// `cargo test -p caulk-growth --release --test simulated -- --ignored --nocapture`
#[test]
#[ignore = "a minute in a release build"]
fn steady_programs_at_length_are_seldom_called_leaks() {
    steady_programs(2000);
}

fn steady_programs(runs: u64) {
    println!(
        "rate      rounds  allocations  leak    growing  (of {runs} programs with 300 stacks)"
    );
    for (seed, (rate, rounds, with_allocations)) in [
        (4096, 4, true),
        (4096, 8, true),
        (4096, 8, false),
        (524_288, 8, true),
        (524_288, 12, false),
    ]
    .into_iter()
    .enumerate()
    {
        let program = |random: &mut Random| Program {
            rate,
            sites: steady_sites(300, random),
            warm_up: 60,
            rounds,
            per_round: 70,
            with_allocations,
        };
        let growths = standard_runs(&program, runs, seed as u64);
        let leak = share(&growths, |growth| growth.verdict == Some(Verdict::Leak));
        let growing = share(&growths, |growth| growth.verdict == Some(Verdict::Growing));
        println!("{rate:<9} {rounds:<7} {with_allocations:<12} {leak:<7.3} {growing:.3}");
        assert!(leak <= 0.025, "called leaks: {leak}");
        assert!(growing <= 0.05, "called growing: {growing}");
    }
}

/// A connection's parts: bytes of an object, objects a connection.
const CONNECTION: [(u64, u64); 9] = [
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

/// A leak, and how often it must be found and its size be within the 95 % interval.
struct LeakCase {
    rate: u64,
    name: &'static str,
    /// Bytes of an object, and how many are lost each time.
    parts: &'static [(u64, u64)],
    /// In which share of the requests.
    in_share: f64,
    rounds: usize,
    per_round: u64,
    least: f64,
    covered: f64,
}

#[test]
fn leaks_are_found_and_their_size_is_covered() {
    println!(
        "rate      leak                          rounds  leak   grows  coverage  (of 100 programs)"
    );
    let kilobyte: &[(u64, u64)] = &[(512, 1), (256, 1), (128, 2)];
    let case = |rate, name, parts, in_share, rounds, per_round, least, covered| LeakCase {
        rate,
        name,
        parts,
        in_share,
        rounds,
        per_round,
        least,
        covered,
    };
    let cases = [
        case(
            4096,
            "a connection a request",
            &CONNECTION[..],
            1.0,
            3,
            70,
            0.98,
            0.90,
        ),
        case(
            4096,
            "a connection a request",
            &CONNECTION,
            1.0,
            8,
            70,
            0.98,
            0.90,
        ),
        case(
            4096,
            "a connection in 25 requests",
            &CONNECTION,
            0.04,
            8,
            70,
            0.90,
            0.88,
        ),
        case(
            4096,
            "a kilobyte a request",
            kilobyte,
            1.0,
            8,
            70,
            0.98,
            0.90,
        ),
        case(
            4096,
            "400 bytes a request",
            &[(208, 1), (48, 4)],
            1.0,
            8,
            150,
            0.95,
            0.90,
        ),
        case(
            524_288,
            "a connection a request",
            &CONNECTION,
            1.0,
            5,
            70,
            0.95,
            0.90,
        ),
        case(
            524_288,
            "a connection a request",
            &CONNECTION,
            1.0,
            8,
            70,
            0.98,
            0.90,
        ),
        case(
            524_288,
            "a buffer of 64 KiB a request",
            &[(65_536, 1)],
            1.0,
            5,
            70,
            0.95,
            0.90,
        ),
    ];
    for (seed, case) in cases.into_iter().enumerate() {
        let LeakCase {
            rate,
            name,
            parts,
            in_share,
            rounds,
            per_round,
            least,
            covered,
        } = case;
        let truth: f64 = parts
            .iter()
            .map(|(size, each)| (size * each) as f64 * in_share)
            .sum();
        let program = |random: &mut Random| {
            // Retained from the start: what is measured here is the leak's own error.
            let mut sites: Vec<(Site, u64)> = steady_sites(200, random)
                .into_iter()
                .filter(|(site, _)| matches!(site, Site::Base(_)))
                .collect();
            sites.extend(parts.iter().map(|&(size, each)| {
                (
                    Site::Leak {
                        each,
                        share: in_share,
                    },
                    size,
                )
            }));
            Program {
                rate,
                sites,
                warm_up: 60,
                rounds,
                per_round,
                with_allocations: true,
            }
        };
        let growths = standard_runs(&program, 100, 100 + seed as u64);
        let leak = share(&growths, |growth| growth.verdict == Some(Verdict::Leak));
        let grows = share(&growths, |growth| growth.verdict > Some(Verdict::Steady));
        let coverage = share(&growths, |growth| {
            let rate = growth.heap_bytes.rate;
            (rate.value - truth).abs() <= 1.96 * rate.error.unwrap() + 0.5
        });
        println!("{rate:<9} {name:<29} {rounds:<7} {leak:<6.2} {grows:<6.2} {coverage:.2}");
        assert!(leak >= least, "{name}: found {leak}");
        assert!(coverage >= covered, "{name}: covered {coverage}");
    }
}

#[test]
fn a_leak_is_found_among_hundreds_of_busy_stacks() {
    let program = |random: &mut Random| {
        let mut sites = steady_sites(300, random);
        sites.extend(
            CONNECTION
                .iter()
                .map(|&(size, each)| (Site::Leak { each, share: 1.0 }, size)),
        );
        Program {
            rate: 4096,
            sites,
            warm_up: 60,
            rounds: 8,
            per_round: 70,
            with_allocations: true,
        }
    };
    let growths = standard_runs(&program, 50, 900);
    let found = share(&growths, |growth| {
        let largest = growth.clusters.first();
        growth.verdict == Some(Verdict::Leak)
            && largest.and_then(|cluster| cluster.representative) == Some(StackId(300))
    });
    let one = share(&growths, |growth| {
        let resources = growth
            .clusters
            .first()
            .map_or(0.0, |cluster| cluster.resources.value);
        (resources - 1.0).abs() < 0.1
    });
    let stacks = |verdict: Verdict, ids: std::ops::Range<u32>| -> usize {
        let all = growths.iter().flat_map(|growth| &growth.stacks);
        all.filter(|stack| stack.finding.verdict >= verdict && ids.contains(&stack.id.0))
            .count()
    };
    let false_stacks = stacks(Verdict::Leak, 0..300);
    let (wrong, right) = (
        stacks(Verdict::Growing, 0..300),
        stacks(Verdict::Growing, 300..400),
    );
    println!(
        "found {found:.2}, one resource a request {one:.2}, false stacks {false_stacks} of 15000"
    );
    println!("counted to the growth: {right} of 450 rightly, {wrong} wrongly");
    assert!(found >= 0.98 && one >= 0.95);
    assert!(false_stacks <= 5, "{false_stacks}");
    assert!(right >= 440 && wrong <= 45, "{right} {wrong}");
}

#[test]
fn a_cache_that_fills_within_the_rounds_is_not_a_leak() {
    println!("full at   leak   growing  steady  (of 100 programs, 60 + 8 x 70 requests)");
    for (size, least_steady) in [(100, 0.97), (200, 0.97), (300, 0.95), (400, 0.95)] {
        let program = |random: &mut Random| {
            let mut sites = steady_sites(100, random);
            sites.push((Site::Filling { size }, 4096));
            sites.push((Site::Filling { size }, 96));
            Program {
                rate: 4096,
                sites,
                warm_up: 60,
                rounds: 8,
                per_round: 70,
                with_allocations: true,
            }
        };
        let growths = standard_runs(&program, 100, size);
        let of = |verdict| share(&growths, |growth| growth.verdict == Some(verdict));
        let (leak, growing, steady) =
            (of(Verdict::Leak), of(Verdict::Growing), of(Verdict::Steady));
        println!("{size:<9} {leak:<6.2} {growing:<8.2} {steady:.2}");
        assert!(
            leak <= 0.03 && steady >= least_steady,
            "{size}: {leak} {steady}"
        );
    }
}

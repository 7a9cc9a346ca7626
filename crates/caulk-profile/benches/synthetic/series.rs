//! Heap profiles of one service, minute after minute: most stacks are in all of them, a few come and
//! go, what is hot allocates all the time, and one stack leaks.

use caulk_profile::{Label, LabelValue, LocationIndex, Profile, ProfileBuilder, StringId};

use super::{Random, Service};

/// Mean bytes between two sampled allocations.
const RATE: f64 = 524_288.0;
/// Of a hundred stacks so many allocate in every minute.
const HOT: u64 = 15;
/// One in so many others allocates in a minute.
const COLD: u64 = 60;
/// In a minute one stack in so many falls silent for good, and one that is new allocates: the runtime
/// never forgets a stack, so that profiles become longer with time.
const CHURN: u64 = 2_000;
/// Sampled objects that are leaked in a minute.
const LEAKED: u64 = 3;

/// What the runtime has sampled of one stack and object size.
struct Bucket {
    stack: Vec<LocationIndex>,
    object_bytes: i64,
    is_hot: bool,
    allocated: u64,
    in_use: u64,
}

/// The profiles, one after the other.
pub struct Series {
    random: Random,
    service: Service,
    buckets: Vec<Bucket>,
    minutes: i64,
}

impl Series {
    /// A service whose first profile has so many samples; after a thousand minutes there are two
    /// thirds more. 20,000 are a megabyte of gzip.
    pub fn new(samples: usize) -> Series {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let service = Service::new(&mut ProfileBuilder::new());
        let buckets = (0..samples)
            .map(|_| Bucket::new(&service, &mut random))
            .collect();
        Series {
            random,
            service,
            buckets,
            minutes: 0,
        }
    }

    /// The next profile, a minute after the one before.
    pub fn next_profile(&mut self) -> Profile {
        let mut builder = ProfileBuilder::new();
        Service::new(&mut builder);
        let random = &mut self.random;
        let mut come = 0;
        for (index, bucket) in self.buckets.iter_mut().enumerate() {
            if index == 0 {
                bucket.allocated += LEAKED;
                bucket.in_use += LEAKED;
            } else if random.below(CHURN) == 0 {
                bucket.is_hot = false;
                bucket.in_use = 0;
                come += 1;
            } else if bucket.is_hot || random.below(COLD) == 0 {
                let allocated = 1 + random.below(6);
                let level = 1 + bucket.in_use / 4;
                bucket.allocated += allocated;
                bucket.in_use = (bucket.in_use + random.below(level + 1))
                    .saturating_sub(random.below(level + 1))
                    .min(bucket.allocated);
            }
        }
        for _ in 0..come {
            self.buckets.push(Bucket::new(&self.service, random));
        }
        self.minutes += 1;
        builder.profile_mut().time_nanos =
            1_760_000_000_000_000_000 + self.minutes * 60_000_000_000;
        let bytes = builder.string("bytes");
        for bucket in &self.buckets {
            let label = Label {
                key: bytes,
                value: LabelValue::Number {
                    value: bucket.object_bytes,
                    unit: StringId(0),
                },
            };
            builder.sample(&bucket.stack, &bucket.values(), &[label]);
        }
        builder.finish()
    }

    /// The gzipped profile.
    pub fn next_file(&mut self) -> Vec<u8> {
        super::gzipped(&self.next_profile())
    }
}

impl Bucket {
    fn new(service: &Service, random: &mut Random) -> Bucket {
        let mut stack = Vec::new();
        service.stack(random, &mut stack);
        Bucket {
            stack,
            object_bytes: 16 << random.below(12),
            is_hot: random.below(100) < HOT,
            allocated: 1 + random.below(40),
            in_use: random.below(3),
        }
    }

    /// Scaled up as `runtime/pprof` does it.
    fn values(&self) -> [i64; 4] {
        let scale = 1.0 / (1.0 - (-(self.object_bytes as f64) / RATE).exp());
        let objects = |sampled: u64| (sampled as f64 * scale) as i64;
        let space = |sampled: u64| (sampled as f64 * self.object_bytes as f64 * scale) as i64;
        [
            objects(self.allocated),
            space(self.allocated),
            objects(self.in_use),
            space(self.in_use),
        ]
    }
}

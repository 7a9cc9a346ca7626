//! A heap profile of any size, as a large service would give it: the same bytes for the same
//! number of samples.
#![allow(
    dead_code,
    reason = "each program that is made with this needs a part of it"
)]

use caulk_profile::{
    Label, LabelValue, Line, LocationIndex, Mapping, Profile, ProfileBuilder, StringId,
};

pub mod series;

const PACKAGES: u64 = 300;
const FUNCTIONS: u64 = 6_000;
const LOCATIONS: u64 = 20_000;
/// Every so many locations is a call with one inlined call in it.
const INLINED: u64 = 7;

/// Builds the profile. A sample takes about 100 bytes of protobuf.
pub fn heap(samples: usize) -> Profile {
    heap_at(samples, Moment::Now)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    Now,
    /// Less has been allocated, and of some stacks nothing yet.
    Earlier,
}

fn heap_at(samples: usize, moment: Moment) -> Profile {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let mut builder = ProfileBuilder::new();
    let service = Service::new(&mut builder);
    builder.profile_mut().time_nanos = 1_760_000_000_000_000_000;
    let bytes = builder.string("bytes");
    let mut stack = Vec::new();
    for _ in 0..samples {
        service.stack(&mut random, &mut stack);
        let size = 16 << random.below(12);
        let allocated = 1 + random.below(5_000) as i64;
        let in_use = random.below(3) as i64 * random.below(100) as i64;
        let (allocated, in_use) = match moment {
            Moment::Now => (allocated, in_use),
            Moment::Earlier if allocated % 20 == 0 => continue,
            Moment::Earlier => (allocated - allocated / 3, in_use - in_use / 4),
        };
        let values = [allocated, allocated * size, in_use, in_use * size];
        let label = Label {
            key: bytes,
            value: LabelValue::Number {
                value: size,
                unit: StringId(0),
            },
        };
        builder.sample(&stack, &values, &[label]);
    }
    builder.finish()
}

/// The gzipped profile.
pub fn heap_file(samples: usize) -> Vec<u8> {
    gzipped(&heap(samples))
}

/// That of the same service some time before.
pub fn earlier_heap_file(samples: usize) -> Vec<u8> {
    gzipped(&heap_at(samples, Moment::Earlier))
}

fn gzipped(profile: &Profile) -> Vec<u8> {
    let mut file = Vec::new();
    caulk_profile::write(profile, &mut file).expect("a vector takes everything");
    file
}

/// The code of the service: the same locations in every profile.
struct Service {
    locations: Vec<LocationIndex>,
}

impl Service {
    /// Adds everything but the samples to a profile.
    fn new(builder: &mut ProfileBuilder) -> Service {
        for (kind, unit) in [
            ("alloc_objects", "count"),
            ("alloc_space", "bytes"),
            ("inuse_objects", "count"),
            ("inuse_space", "bytes"),
        ] {
            builder.sample_type(kind, unit);
        }
        builder.period("space", "bytes", 524_288);
        let file = builder.string("/srv/bin/service");
        let mapping = builder.mapping(Mapping {
            start: 0x40_0000,
            limit: 0x200_0000,
            file,
            has_functions: true,
            ..Mapping::default()
        });
        let functions: Vec<_> = (0..FUNCTIONS)
            .map(|index| {
                let package = index % PACKAGES;
                let name =
                    format!("example.com/service/internal/package{package}.(*Type).Method{index}");
                builder.function(
                    &name,
                    &format!("/src/package{package}/file{}.go", index % 11),
                    10,
                )
            })
            .collect();
        let locations = (0..LOCATIONS)
            .map(|index| {
                // A function calls from a few places in a row; what is inlined is always the same.
                let caller = index * FUNCTIONS / LOCATIONS;
                let inlined = (index % INLINED == 0).then_some((caller * 7 + 1) % FUNCTIONS);
                let line_of = |function: u64| Line {
                    function: functions[function as usize],
                    line: 1 + (index % 900) as i64,
                    column: 0,
                };
                let lines: Vec<Line> = inlined.into_iter().chain([caller]).map(line_of).collect();
                builder.location(Some(mapping), 0x40_0000 + index * 37, &lines)
            })
            .collect();
        Service { locations }
    }

    /// Makes a stack of 15 to 64 frames, leaf first.
    fn stack(&self, random: &mut Random, stack: &mut Vec<LocationIndex>) {
        // Callers have few callees: the root decides most of the way.
        stack.clear();
        let mut at = random.below(40);
        for _ in 0..15 + random.below(50) {
            stack.push(self.locations[at as usize]);
            let branch = if random.below(24) == 0 {
                random.below(3)
            } else {
                0
            };
            at = (at * 31 + 17 + branch * 4_099) % LOCATIONS;
        }
        stack.reverse();
    }
}

/// A small generator of its own, so that the bytes never change.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

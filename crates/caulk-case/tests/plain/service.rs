//! A service on paper: its profiles of any kind at any time, as the runtime would write them.

use caulk_profile::{Label, LabelValue, Line, LocationIndex, Mapping, ProfileBuilder, write};

/// One process of a program.
#[derive(Clone, Copy)]
pub struct Process {
    pub binary: &'static str,
    pub build: &'static str,
    /// What it happened to allocate at its start, which tells it from others.
    pub start: u64,
    /// Requests served before it is watched.
    pub age: i64,
    /// Buffers kept by each request.
    pub leaks: i64,
}

pub const SECOND: i64 = 1_000_000_000;
const EPOCH: i64 = 1_800_000_000 * SECOND;
const BUFFER: i64 = 65_536;

impl Process {
    pub fn new() -> Process {
        Process {
            binary: "/app/server",
            build: "b1",
            start: 1,
            age: 100,
            leaks: 1,
        }
    }

    fn builder(&self, at: i64, types: &[(&str, &str)]) -> ProfileBuilder {
        let mut builder = ProfileBuilder::new();
        for (kind, unit) in types {
            builder.sample_type(kind, unit);
        }
        let file = builder.string(self.binary);
        let build_id = builder.string(self.build);
        builder.mapping(Mapping {
            start: 0x400000,
            limit: 0x800000,
            file,
            build_id,
            ..Mapping::default()
        });
        builder.profile_mut().time_nanos = EPOCH + at * SECOND;
        builder
    }

    fn stack(builder: &mut ProfileBuilder, frames: &[&str]) -> Vec<LocationIndex> {
        frames
            .iter()
            .map(|name| {
                let function = builder.function(name, "/src/cmd/server/main.go", 0);
                let line = Line {
                    function,
                    line: 7,
                    column: 0,
                };
                builder.location(None, 0, &[line])
            })
            .collect()
    }

    /// `heap` after so many seconds, one request each.
    pub fn heap(&self, at: i64) -> Vec<u8> {
        let mut builder = self.builder(
            at,
            &[
                ("alloc_objects", "count"),
                ("alloc_space", "bytes"),
                ("inuse_objects", "count"),
                ("inuse_space", "bytes"),
            ],
        );
        builder.period("space", "bytes", 1);
        self.heap_samples(&mut builder, at, 4);
        bytes(builder)
    }

    fn heap_samples(&self, builder: &mut ProfileBuilder, at: i64, columns: usize) {
        let key = builder.string("bytes");
        let requests = self.age + at;
        let own = format!("main.init.{}", self.start);
        let held = self.leaks * at;
        for (frames, size, allocated, live) in [
            (vec!["main.keep", "main.handle"], BUFFER, requests, held),
            (vec!["main.handle"], 512, 40 * requests, 3),
            (vec![own.as_str()], 4096, 2, 2),
        ] {
            let stack = Process::stack(builder, &frames);
            let label = Label {
                key,
                value: LabelValue::Number {
                    value: size,
                    unit: caulk_profile::StringId(0),
                },
            };
            let values = [allocated, allocated * size, live, live * size];
            match columns {
                4 => builder.sample(&stack, &values, &[label]),
                // A store keeps no labels, and one type a profile.
                _ => builder.sample(&stack, &values[3..], &[]),
            }
        }
    }

    /// What a store makes of the heap over some seconds: a sum of one sample type.
    pub fn merged(&self, at: i64, seconds: i64) -> Vec<u8> {
        // Some stores put their own name of the type into the profile.
        let kind = match at % (2 * seconds) {
            0 => "inuse_space",
            _ => "memory:inuse_space:bytes:space:bytes",
        };
        let mut builder = self.builder(at, &[(kind, "bytes")]);
        builder.period("space", "bytes", 524_288);
        builder.profile_mut().duration_nanos = seconds * SECOND;
        self.heap_samples(&mut builder, at, 1);
        bytes(builder)
    }

    /// `heap?seconds=5`: a difference.
    pub fn difference(&self, at: i64) -> Vec<u8> {
        let mut builder = self.builder(
            at,
            &[
                ("alloc_objects", "count"),
                ("alloc_space", "bytes"),
                ("inuse_objects", "count"),
                ("inuse_space", "bytes"),
            ],
        );
        builder.period("space", "bytes", 1);
        builder.profile_mut().duration_nanos = 5 * SECOND;
        self.heap_samples(&mut builder, 5, 4);
        bytes(builder)
    }

    /// A profile that counts stacks: `goroutine`, `goroutineleak`, `threadcreate`.
    pub fn counts(&self, kind: &str, at: i64, count: i64) -> Vec<u8> {
        let mut builder = self.builder(at, &[(kind, "count")]);
        builder.period(kind, "count", 1);
        let waiting = Process::stack(&mut builder, &["runtime.gopark", "main.handle.func1"]);
        builder.sample(&waiting, &[count], &[]);
        let main = Process::stack(&mut builder, &["runtime.gopark", "main.main"]);
        builder.sample(&main, &[3], &[]);
        bytes(builder)
    }

    /// `mutex`, or `block`, or a CPU profile.
    pub fn waiting(&self, leaf: &str, at: i64, seconds: i64) -> Vec<u8> {
        let mut builder = self.builder(at, &[("contentions", "count"), ("delay", "nanoseconds")]);
        builder.period("contentions", "count", 1);
        let stack = Process::stack(&mut builder, &[leaf, "main.handle"]);
        builder.sample(&stack, &[seconds * 10, seconds * SECOND], &[]);
        bytes(builder)
    }

    pub fn cpu(&self, at: i64) -> Vec<u8> {
        let mut builder = self.builder(at, &[("samples", "count"), ("cpu", "nanoseconds")]);
        builder.period("cpu", "nanoseconds", 10_000_000);
        builder.profile_mut().duration_nanos = SECOND;
        let stack = Process::stack(&mut builder, &["main.handle"]);
        builder.sample(&stack, &[3, 30_000_000], &[]);
        bytes(builder)
    }
}

fn bytes(builder: ProfileBuilder) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&builder.finish(), &mut bytes).unwrap();
    bytes
}

/// `goroutine?debug=2` with so many that wait for ever.
pub fn dump(count: i64) -> String {
    let mut text =
        "goroutine 1 [IO wait]:\nmain.main()\n\t/src/cmd/server/main.go:3 +0x1\n".to_owned();
    for id in 0..count {
        text.push_str(&format!(
            "\ngoroutine {} [chan receive]:\nmain.handle.func1()\n\t/src/cmd/server/main.go:9 +0x1\n\
             created by main.handle in goroutine 1\n\t/src/cmd/server/main.go:8 +0x1\n",
            id + 20
        ));
    }
    text
}

/// A scrape of `/metrics`.
pub fn scrape(start: f64, goroutines: i64, heap: i64) -> String {
    format!(
        "# HELP go_goroutines Number of goroutines that currently exist.\n# TYPE go_goroutines gauge\n\
         go_goroutines {goroutines}\n# TYPE go_threads gauge\ngo_threads 9\n\
         # TYPE go_memstats_heap_alloc_bytes gauge\ngo_memstats_heap_alloc_bytes {heap}\n\
         # TYPE process_open_fds gauge\nprocess_open_fds 12\n\
         # TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {start}\n"
    )
}

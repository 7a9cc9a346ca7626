//! `report::top` against `go tool pprof -top`, byte for byte.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use caulk_profile::report::{Options, Sort, top};
use caulk_profile::{
    Label, LabelValue, Limits, Line, Mapping, Profile, ProfileBuilder, StringId, read_as_pprof,
    write,
};

use crate::capture::{self, PROTO, TEXT};

/// The tool of the Go distribution, which `go` builds when it is first asked for.
fn pprof() -> &'static Path {
    static TOOL: OnceLock<PathBuf> = OnceLock::new();
    TOOL.get_or_init(|| {
        let output = Command::new("go").args(["tool", "-n", "pprof"]).output();
        let output = output.expect("these tests need Go");
        let text = String::from_utf8(output.stdout).unwrap();
        PathBuf::from(text.trim())
    })
}

/// Flags as the tool takes them, and as options of ours.
type Case = (&'static [&'static str], fn(&mut Options));

const CASES: [Case; 20] = [
    (&[], |_| {}),
    (&["-cum"], |o| o.sort = Sort::Cum),
    (&["-nodecount=1"], |o| o.node_count = 1),
    (&["-nodecount=7"], |o| o.node_count = 7),
    (&["-nodecount=5", "-cum"], |o| {
        o.node_count = 5;
        o.sort = Sort::Cum;
    }),
    (&["-nodefraction=0"], |o| o.node_fraction = 0.0),
    (&["-nodefraction=0.05"], |o| o.node_fraction = 0.05),
    (&["-nodefraction=0.2", "-cum"], |o| {
        o.node_fraction = 0.2;
        o.sort = Sort::Cum;
    }),
    (&["-edgefraction=0.3"], |o| o.edge_fraction = 0.3),
    (&["-trim=false"], |o| o.trim = false),
    (&["-trim=false", "-nodecount=2"], |o| {
        o.trim = false;
        o.node_count = 2;
    }),
    (&["-sample_index=0"], |o| o.sample_index = "0".into()),
    (&["-sample_index=0", "-unit=kb"], |o| {
        o.sample_index = "0".into();
        o.unit = "kb".into();
    }),
    (&["-unit=MB"], |o| o.unit = "MB".into()),
    (&["-unit=auto"], |o| o.unit = "auto".into()),
    (&["-divide_by=3"], |o| o.divide_by = 3.0),
    (&["-divide_by=1e300"], |o| o.divide_by = 1e300),
    (&["-mean"], |o| o.mean = true),
    (&["-noinlines", "-drop_negative", "-compact_labels"], |o| {
        o.no_inlines = true;
        o.drop_negative = true;
        o.compact_labels = true;
    }),
    (&["-symbolize=none"], |o| o.demangle = false),
];

fn expected(flags: &[&str], file: &Path) -> String {
    let mut command = Command::new(pprof());
    command.arg("-top").args(flags).arg(file);
    command.env("TZ", "UTC").env("HOME", capture::folder());
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn compare(file: &Path, what: &str) -> usize {
    let profile = read_as_pprof(&std::fs::read(file).unwrap(), Limits::default()).unwrap();
    for (flags, set) in CASES {
        let mut options = Options::default();
        set(&mut options);
        let mut ours = Vec::new();
        top(&profile, &options, &mut ours).unwrap();
        let ours = String::from_utf8(ours).unwrap();
        let theirs = expected(flags, file);
        assert!(
            ours == theirs,
            "{what} {flags:?}\n--- caulk\n{ours}\n--- go tool pprof\n{theirs}"
        );
    }
    CASES.len()
}

fn compare_built(build: impl FnOnce(&mut ProfileBuilder), what: &str) -> usize {
    let mut builder = ProfileBuilder::new();
    build(&mut builder);
    compare_profile(&builder.finish(), what)
}

fn compare_profile(profile: &Profile, what: &str) -> usize {
    let file = capture::folder().join(format!("{}.built.pb.gz", what.replace(' ', "-")));
    write(profile, std::fs::File::create(&file).unwrap()).unwrap();
    compare(&file, what)
}

#[test]
fn captured_profiles_in_every_form() {
    let mut compared = 0;
    for name in [
        "heap",
        "allocs",
        "goroutine",
        "mutex",
        "block",
        "threadcreate",
        "cpu",
    ] {
        compared += compare(&capture::path(name, PROTO), name);
    }
    for name in ["heap", "allocs", "goroutine", "threadcreate"] {
        // The tool refuses lines of more than 64 KiB and stacks without an address.
        compared += compare(&capture::path(name, TEXT), name);
    }
    println!("{compared} reports are the same");
}

/// A profile from small descriptions: each stack is root first, `a+b` is b inlined into a.
fn stacks(builder: &mut ProfileBuilder, samples: &[(&str, &[i64])]) {
    for (stack, values) in samples {
        let mut frames = Vec::new();
        for place in stack.split_whitespace().rev() {
            let mut lines = Vec::new();
            for name in place.split('+').rev() {
                let function = builder.function(name, "/src/file.go", 0);
                lines.push(Line {
                    function,
                    line: 7,
                    column: 0,
                });
            }
            frames.push(builder.location(None, 0x1000, &lines));
        }
        builder.sample(&frames, values, &[]);
    }
}

#[test]
fn hand_made_profiles() {
    let mut compared = 0;
    let mut check = |what: &str, build: &dyn Fn(&mut ProfileBuilder)| {
        compared += compare_built(build, what);
    };
    check("no samples", &|b| {
        b.sample_type("space", "bytes");
    });
    check("only zeros", &|b| {
        b.sample_type("space", "bytes");
        stacks(b, &[("a b", &[0]), ("a", &[0])]);
    });
    check("no stack", &|b| {
        b.sample_type("space", "bytes");
        b.sample(&[], &[7], &[]);
        stacks(b, &[("a", &[3])]);
    });
    check("recursion", &|b| {
        b.sample_type("samples", "count");
        b.sample_type("cpu", "nanoseconds");
        stacks(
            b,
            &[
                ("a b a b a", &[1, 10]),
                ("a a a", &[2, 20]),
                ("b", &[3, 3_000_000]),
            ],
        );
    });
    check("inlining", &|b| {
        b.sample_type("samples", "count");
        b.sample_type("cpu", "nanoseconds");
        stacks(
            b,
            &[
                ("main a+b+c d", &[5, 5]),
                ("main a+b c", &[1, 1]),
                ("main b", &[1, 2]),
                ("main a+a+b", &[3, 1]),
                ("main tiny+c", &[1, 1]),
                ("other a tiny+d", &[900, 1000]),
            ],
        );
    });
    check("negative values", &|b| {
        b.sample_type("objects", "count");
        b.sample_type("space", "bytes");
        stacks(
            b,
            &[
                ("a b", &[-3, -4000]),
                ("a c", &[2, 300]),
                ("d", &[1, -1]),
                ("e d", &[1, 1]),
                ("e", &[0, 2]),
            ],
        );
    });
    check("cancelling values", &|b| {
        b.sample_type("space", "bytes");
        stacks(b, &[("a+b c", &[500]), ("a+b c", &[-500]), ("a b", &[7])]);
    });
    check("extreme values", &|b| {
        b.sample_type("objects", "count");
        b.sample_type("space", "bytes");
        stacks(
            b,
            &[
                ("a b", &[i64::MAX, i64::MIN]),
                ("a c", &[i64::MAX, 1]),
                ("d", &[2, -1]),
            ],
        );
    });
    check("smallest integer", &|b| {
        b.sample_type("space", "widgets");
        stacks(
            b,
            &[("a", &[i64::MIN]), ("b", &[i64::MIN]), ("c", &[i64::MIN])],
        );
    });
    check("units", &|b| {
        b.sample_type("power", "milligcu");
        b.sample_type("wait", "microseconds");
        stacks(
            b,
            &[
                ("a", &[1500, 3_600_000_000]),
                ("b", &[1, 1]),
                ("c", &[12_000_000, 59_000]),
            ],
        );
    });
    check("header", &|b| {
        b.sample_type("objects", "count");
        b.sample_type("delay", "nanoseconds");
        b.sample_type("last", "bytes");
        stacks(b, &[("a", &[1, 250_000_000, 5])]);
        b.comment("a remark");
        b.comment("#a hidden remark");
        let (url, kind) = (b.string("https://caulk.dev/delay"), b.string("delay"));
        let profile = b.profile_mut();
        profile.time_nanos = 1_234_567_890_123_456_789;
        profile.duration_nanos = 30_500_000_000;
        profile.doc_url = url;
        profile.default_sample_type = kind;
    });
    check("early time", &|b| {
        b.sample_type("space", "bytes");
        stacks(b, &[("a", &[1])]);
        b.profile_mut().time_nanos = -5_000_000_000_000_000_000;
        b.profile_mut().duration_nanos = -7;
    });
    check("names of other languages", &|b| {
        b.sample_type("space", "bytes");
        let names = [
            "main.(*T).Do.Map[...].func1",
            "main.(*stack[...]).push",
            "std::vector<int,_std::less<int>>::push_back(int)_const",
            "java.util.List.<init>",
            "a::b)c(d",
            "plain(int)",
            "größe.ß",
        ];
        let samples: Vec<(&str, &[i64])> =
            names.iter().map(|name| (*name, &[100i64][..])).collect();
        stacks(b, &samples);
    });
    check("hidden frames", &|b| {
        b.sample_type("space", "bytes");
        stacks(
            b,
            &[
                ("main user malloc inner", &[100]),
                ("malloc user", &[10]),
                ("main new+malloc+x inner", &[1000]),
                ("main keep.malloc inner", &[5000]),
                ("main malloc(int) y", &[77]),
            ],
        );
        let (drop, keep) = (b.string("malloc|.*\\.malloc"), b.string("keep\\..*"));
        b.profile_mut().drop_frames = drop;
        b.profile_mut().keep_frames = keep;
    });
    check("patterns that are none", &|b| {
        b.sample_type("space", "bytes");
        stacks(b, &[("main malloc", &[100])]);
        let drop = b.string("(");
        b.profile_mut().drop_frames = drop;
    });
    check("mappings", &|b| {
        b.sample_type("space", "bytes");
        let files = ["/bin/program", "/lib/libc.so.6/", "", "/other/libc.so.6"];
        let mut at = 0;
        for file in files {
            let (file, build_id) = (b.string(file), b.string("0123456789abcdef"));
            let mapping = Mapping {
                start: at,
                limit: at + 0x1000,
                file,
                build_id,
                has_functions: true,
                ..Mapping::default()
            };
            let mapping = b.mapping(mapping);
            for (start_line, value) in [(0, 40), (3, 5), (3, 6), (9, 7)] {
                let function = b.function("", "", start_line);
                let lines = [Line {
                    function,
                    line: 1,
                    column: 0,
                }];
                let lines = if start_line == 0 {
                    &lines[..0]
                } else {
                    &lines[..]
                };
                let location = b.location(Some(mapping), at + value as u64, lines);
                b.sample(&[location], &[value * (at as i64 + 1)], &[]);
            }
            at += 0x1000;
        }
    });
    check("a mapping that is a URL", &|b| {
        b.sample_type("space", "bytes");
        let file = b.string("http://host/debug/pprof/heap");
        b.mapping(Mapping {
            file,
            has_functions: true,
            ..Mapping::default()
        });
        stacks(b, &[("a", &[1])]);
    });
    check("a base", &|b| {
        b.sample_type("space", "bytes");
        stacks(b, &[("a", &[1000]), ("b", &[30])]);
        let key = b.string("pprof::base");
        let base = Label {
            key,
            value: LabelValue::Text(b.string("true")),
        };
        let number = LabelValue::Number {
            value: 8,
            unit: StringId(0),
        };
        let bytes = Label {
            key: b.string("bytes"),
            value: number,
        };
        let function = b.function("a", "", 0);
        let location = b.location(
            None,
            0,
            &[Line {
                function,
                line: 1,
                column: 0,
            }],
        );
        b.sample(&[location], &[-200], &[bytes, base]);
    });
    println!("{compared} reports are the same");
}

/// Names of few functions in many shapes, from a fixed sequence of numbers.
#[test]
fn random_profiles() {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut compared = 0;
    for round in 0..12 {
        let mut builder = ProfileBuilder::new();
        builder.sample_type("objects", "count");
        builder.sample_type("space", "bytes");
        let functions = 3 + next(40);
        let locations: Vec<_> = (0..functions * 2)
            .map(|_| {
                let lines: Vec<Line> = (0..1 + next(4).saturating_sub(1))
                    .map(|_| {
                        let name = format!("f{:02}", next(functions));
                        let function = builder.function(&name, "f.go", 1);
                        Line {
                            function,
                            line: next(9) as i64,
                            column: 0,
                        }
                    })
                    .collect();
                builder.location(None, 1, &lines)
            })
            .collect();
        for _ in 0..next(200) {
            let depth = next(12) as usize;
            let stack: Vec<_> = (0..depth)
                .map(|_| locations[next(locations.len() as u64) as usize])
                .collect();
            let bytes = match round % 3 {
                0 => next(5000) as i64,
                1 => 1 << next(30),
                _ => next(300) as i64 - 100,
            };
            builder.sample(&stack, &[bytes / 16 + 1, bytes], &[]);
        }
        compared += compare_profile(&builder.finish(), &format!("random {round}"));
    }
    println!("{compared} reports are the same");
}

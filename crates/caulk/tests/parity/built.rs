//! Profiles made by hand, of which the corners are known.

use caulk_profile::{Label, LabelValue, Line, Mapping, Profile, ProfileBuilder, StringId};

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

/// Profiles that stand at the edges of what the format allows.
pub fn hand_made() -> Vec<(String, Profile)> {
    let mut made = Vec::new();
    let mut check = |what: &str, build: &dyn Fn(&mut ProfileBuilder)| {
        let mut builder = ProfileBuilder::new();
        build(&mut builder);
        made.push((what.to_owned(), builder.finish()));
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
    made
}

/// Names of few functions in many shapes, from a fixed sequence of numbers.
pub fn random() -> Vec<(String, Profile)> {
    let mut made = Vec::new();
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut next = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
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
        made.push((format!("random {round}"), builder.finish()));
    }
    made
}

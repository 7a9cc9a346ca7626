//! What is easily got wrong in the reports that stand on the graph of calls. The expected texts are what
//! `go tool pprof` prints for the same profiles.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;

use caulk_pprof::{
    Command, Config, Granularity, Request, Sort, SourceFiles, Surroundings, generate,
};
use caulk_profile::{Label, LabelValue, Line, Mapping, MappingIndex, ProfileBuilder, StringId};
use caulk_system::MemoryFiles;

/// A sample type `space`, and a sample for each of these stacks, root first; `a+b` is b inlined
/// into a, and each function `f` stands in `f.go`.
fn profile(samples: &[(&str, i64)]) -> ProfileBuilder {
    let mut builder = ProfileBuilder::new();
    builder.sample_type("space", "bytes");
    for (stack, value) in samples {
        add(&mut builder, None, stack, *value, &[]);
    }
    builder
}

fn add(
    builder: &mut ProfileBuilder,
    mapping: Option<MappingIndex>,
    stack: &str,
    value: i64,
    labels: &[Label],
) {
    let mut frames = Vec::new();
    for place in stack.split_whitespace().rev() {
        let mut lines = Vec::new();
        for name in place.split('+').rev() {
            let (name, line) = name.split_once(':').unwrap_or((name, "1"));
            lines.push(Line {
                function: builder.function(name, &format!("/src/{name}.go"), 0),
                line: line.parse().unwrap(),
                column: 0,
            });
        }
        frames.push(builder.location(mapping, 0x1000, &lines));
    }
    builder.sample(&frames, &[value], labels);
}

fn report(builder: ProfileBuilder, command: Command, config: &Config) -> String {
    let files = MemoryFiles::new().with("/src/f.go", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
    let surroundings = Surroundings {
        time_zone: jiff::tz::TimeZone::UTC,
        sources: SourceFiles::new(Arc::new(files), "/elsewhere".into()),
    };
    let takes_pattern = matches!(command, Command::Peek | Command::List);
    let request = Request {
        command,
        argument: takes_pattern.then(|| "^[f-z]".to_owned()),
    };
    let profile = builder.finish();
    let generated = generate(&profile, &request, config, &surroundings).unwrap();
    String::from_utf8(generated.report).unwrap()
}

fn compact() -> Config {
    Config {
        compact_labels: true,
        ..Config::default()
    }
}

#[test]
fn calls_of_a_node_whose_values_cancel_stay_while_nothing_is_dropped() {
    let samples = [("a gone b", 500), ("a gone", -500), ("c", 300)];
    let config = Config {
        nodefraction: 0.0,
        ..compact()
    };
    insta::assert_snapshot!(report(profile(&samples), Command::Tree, &config));
}

#[test]
fn calls_over_dropped_nodes_are_dotted_and_go_where_another_way_leads() {
    let samples = [
        ("a b c", 500),
        ("a small c", 20),
        ("a tiny d", 30),
        ("a+one f", 40),
        ("a two f", 40),
        ("a three f", 40),
        ("a b c d", 900),
    ];
    let config = Config {
        nodefraction: 0.05,
        ..compact()
    };
    insta::assert_snapshot!(report(profile(&samples), Command::Dot, &config));
}

#[test]
fn many_numbers_are_shown_as_ranges() {
    let mut builder = profile(&[("a b", 10)]);
    let key = builder.string("bytes");
    let text = Label {
        key: builder.string("kind"),
        value: LabelValue::Text(builder.string("cache")),
    };
    for (index, size) in [8, 16, 24, 1000, 2000, 1 << 20, 3 << 20]
        .into_iter()
        .enumerate()
    {
        let number = Label {
            key,
            value: LabelValue::Number {
                value: size,
                unit: StringId(0),
            },
        };
        let labels = [number, text];
        let labels = &labels[..1 + index % 2];
        add(&mut builder, None, "a b", 100 * (index as i64 + 1), labels);
        add(&mut builder, None, "a", 70 + index as i64, &labels[..1]);
    }
    insta::assert_snapshot!(report(builder, Command::Dot, &compact()));
}

#[test]
fn functions_of_the_same_name_in_two_programs_are_numbered_for_callgrind() {
    let mut builder = profile(&[]);
    for (file, value) in [("/bin/one", 4096), ("/lib/two.so", 5000)] {
        let file = builder.string(file);
        let mapping = builder.mapping(Mapping {
            file,
            has_functions: true,
            ..Mapping::default()
        });
        add(&mut builder, Some(mapping), "main:3 work:7", value, &[]);
        add(
            &mut builder,
            Some(mapping),
            "main:3 other+work:9",
            value / 10,
            &[],
        );
    }
    let config = Config {
        sort: Sort::Cum,
        ..Config::default()
    };
    insta::assert_snapshot!(report(builder, Command::Callgrind, &config));
}

#[test]
fn a_tree_of_calls_has_a_node_for_each_path() {
    let samples = [("a b c", 500), ("a c", 300), ("a b b c", 200), ("a x c", 2)];
    let config = Config {
        call_tree: true,
        nodefraction: 0.01,
        ..compact()
    };
    insta::assert_snapshot!(report(profile(&samples), Command::Dot, &config));
}

#[test]
fn inlined_calls_are_told_from_others() {
    let samples = [("a+f g", 500), ("b f", 300), ("a+g", 200), ("a+f+a", 100)];
    insta::assert_snapshot!(report(profile(&samples), Command::Peek, &compact()));
}

#[test]
fn lines_of_a_function_are_listed_with_some_around_them() {
    let samples = [("a f:3", 500), ("a f:7 f:8", 300), ("a gone:12", 40)];
    insta::assert_snapshot!(report(profile(&samples), Command::List, &Config::default()));
}

#[test]
fn files_and_lines_are_nodes_of_their_own() {
    let samples = [("a:1 f:3", 500), ("a:2 f:3", 300), ("a:2+b:7 f:4", 40)];
    let config = |granularity| Config {
        granularity: Some(granularity),
        ..compact()
    };
    let files = report(profile(&samples), Command::Top, &config(Granularity::Files));
    let lines = report(
        profile(&samples),
        Command::Tree,
        &config(Granularity::Lines),
    );
    insta::assert_snapshot!(format!("{files}\n{lines}"));
}

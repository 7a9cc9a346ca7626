//! What each filter leaves of a small profile.
#![allow(clippy::unwrap_used)]

use super::{LabelUnits, add_label_frames, filter};
use crate::config::Config;
use caulk_profile::{Label, LabelValue, Line, LocationIndex, Profile, ProfileBuilder};

/// Stacks, root first; `+` before a call that was inlined. Then labels: `key=text`, `key=number/unit`.
const SAMPLES: [&str; 5] = [
    "main serve+read alloc | worker=a size=16/bytes",
    "main serve gc | worker=b size=64/bytes",
    "main idle | size=2/kb",
    "gc sweep | worker=a worker=b",
    "|",
];

fn profile(samples: &[&str]) -> Profile {
    let mut builder = ProfileBuilder::new();
    builder.sample_type("samples", "count");
    for (index, sample) in samples.iter().enumerate() {
        let (stack, labels) = sample.split_once('|').unwrap();
        let mut frames: Vec<LocationIndex> = Vec::new();
        for place in stack.split_whitespace().rev() {
            let names = place.split('+').rev();
            let lines: Vec<Line> = names
                .map(|name| Line {
                    function: builder.function(name, &format!("{name}.go"), 0),
                    line: 1,
                    column: 0,
                })
                .collect();
            frames.push(builder.location(None, 0, &lines));
        }
        let mut given = Vec::new();
        for label in labels.split_whitespace() {
            let (key, value) = label.split_once('=').unwrap();
            let value = match value.split_once('/') {
                Some((number, unit)) => LabelValue::Number {
                    value: number.parse().unwrap(),
                    unit: builder.string(unit),
                },
                None => LabelValue::Text(builder.string(value)),
            };
            let key = builder.string(key);
            given.push(Label { key, value });
        }
        builder.sample(&frames, &[index as i64], &given);
    }
    builder.finish()
}

/// Each sample as it was given above.
fn told(profile: &Profile) -> Vec<String> {
    let text = |id| profile.string(id);
    let place = |location: LocationIndex| {
        let lines = profile.lines(location).iter().rev();
        let names = lines.map(|line| text(profile.function(line.function).name));
        names.collect::<Vec<_>>().join("+")
    };
    let label = |label: &Label| match label.value {
        LabelValue::Text(value) => format!("{}={}", text(label.key), text(value)),
        LabelValue::Number { value, unit } => format!("{}={value}/{}", text(label.key), text(unit)),
    };
    profile
        .samples()
        .map(|sample| {
            let stack: Vec<String> = sample.stack().iter().rev().map(place).collect();
            let labels: Vec<String> = sample.labels().iter().map(label).collect();
            format!("{} | {}", stack.join(" "), labels.join(" "))
                .trim()
                .to_owned()
        })
        .collect()
}

/// What is left, and what the user is told.
fn filtered(options: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let mut config = Config::default();
    for (name, value) in options {
        config.set(name, value).unwrap();
    }
    let profile = profile(&SAMPLES);
    let mut warnings = Vec::new();
    let units = LabelUnits::new(&profile, &mut Vec::new());
    let left = filter(&profile, &units, &config, &mut warnings).unwrap();
    (told(&left.unwrap_or(profile)), warnings)
}

fn stacks(options: &[(&str, &str)]) -> Vec<String> {
    let (left, warnings) = filtered(options);
    assert!(warnings.is_empty(), "{warnings:?}");
    let stack = |sample: &String| sample.split('|').next().unwrap().trim().to_owned();
    left.iter().map(stack).collect()
}

#[test]
fn nothing_is_filtered_if_nothing_is_asked_for() {
    assert_eq!(filtered(&[]).0.len(), SAMPLES.len());
}

#[test]
fn focus_and_ignore_choose_samples_by_names_and_files() {
    assert_eq!(
        stacks(&[("focus", "^serve$")]),
        ["main serve+read alloc", "main serve gc"]
    );
    assert_eq!(stacks(&[("focus", "read\\.go")]), ["main serve+read alloc"]);
    assert_eq!(
        stacks(&[("focus", "main"), ("ignore", "gc|idle")]),
        ["main serve+read alloc"]
    );
    // As in the reference, a sample without a stack goes whenever names are filtered.
    assert_eq!(stacks(&[("ignore", "main")]), ["gc sweep"]);
}

#[test]
fn hide_and_show_choose_frames_also_inlined_ones() {
    assert_eq!(
        stacks(&[("hide", "^read|main")]),
        ["serve alloc", "serve gc", "idle", "gc sweep"]
    );
    assert_eq!(stacks(&[("show", "serve|gc")]), ["serve", "serve gc", "gc"]);
    assert_eq!(stacks(&[("hide", "gc"), ("show", "gc|sweep")]), ["sweep"]);
}

#[test]
fn show_from_and_prune_from_cut_stacks() {
    assert_eq!(
        stacks(&[("show_from", "serve")]),
        ["serve+read alloc", "serve gc"]
    );
    // What called an inlined call goes, too.
    assert_eq!(
        stacks(&[("show_from", "read|idle")]),
        ["read alloc", "idle"]
    );
    assert_eq!(
        stacks(&[("prune_from", "serve|^gc")]),
        ["main serve", "main serve gc", "main idle", "gc", ""]
    );
}

#[test]
fn labels_choose_samples_by_text_and_by_number() {
    let labels = |options: &[(&str, &str)]| -> Vec<String> {
        let (left, _) = filtered(options);
        let label = |sample: &String| sample.split('|').nth(1).unwrap_or("").trim().to_owned();
        left.iter().map(label).collect()
    };
    assert_eq!(
        labels(&[("tagfocus", "worker=a")]),
        ["worker=a size=16/bytes", "worker=a worker=b"]
    );
    // Without a key each of the patterns must match some label, with one any of them.
    assert_eq!(labels(&[("tagfocus", "a$,b$")]), ["worker=a worker=b"]);
    assert_eq!(labels(&[("tagfocus", "worker=a,b")]).len(), 3);
    // The unit of all sizes is that of the first.
    assert_eq!(
        labels(&[("tagfocus", "size=:16b")]),
        ["worker=a size=16/bytes", "size=2/kb"]
    );
    assert_eq!(labels(&[("tagignore", "1:100")]).len(), 5);
    assert_eq!(
        labels(&[("tagignore", "1b:100b")]),
        ["worker=a worker=b", ""]
    );
    assert_eq!(
        labels(&[("tagshow", "^s"), ("focus", "serve|idle")]),
        ["size=16/bytes", "size=64/bytes", "size=2/kb"]
    );
    assert_eq!(
        labels(&[("taghide", "size"), ("focus", "serve|idle")]),
        ["worker=a", "worker=b", ""]
    );
}

#[test]
fn what_matches_nothing_is_told() {
    for (option, title) in [
        ("focus", "Focus"),
        ("ignore", "Ignore"),
        ("hide", "Hide"),
        ("show", "Show"),
        ("show_from", "ShowFrom"),
        ("tagfocus", "TagFocus"),
        ("tagignore", "TagIgnore"),
        ("tagshow", "TagShow"),
        ("taghide", "TagHide"),
    ] {
        let (_, warnings) = filtered(&[(option, "nowhere")]);
        let expected = format!("{title} expression matched no samples");
        assert_eq!(warnings, [expected]);
    }
    let (_, warnings) = filtered(&[("tagfocus", "size=1kb:")]);
    assert_eq!(
        warnings,
        [
            "tagfocus:Interpreted '1kb:' as range, not regexp",
            "TagFocus expression matched no samples"
        ]
    );
}

#[test]
fn wrong_patterns_are_told_in_the_words_of_go() {
    let error = |option: &str, value: &str| {
        let mut config = Config::default();
        config.set(option, value).unwrap();
        let units = LabelUnits::default();
        let left = filter(&profile(&SAMPLES), &units, &config, &mut Vec::new());
        left.unwrap_err().to_string()
    };
    assert_eq!(
        error("focus", "a("),
        "parsing focus regexp: error parsing regexp: missing closing ): `a(`"
    );
    assert_eq!(
        error("tagignore", "k=a,*"),
        "parsing tagignore regexp: error parsing regexp: missing argument to repetition operator: `*`"
    );
    assert_eq!(
        error("tagfocus", "99999999999999999999"),
        "parsing tagfocus range: 99999999999999999999 is out of range"
    );
}

#[test]
fn labels_become_frames() {
    let framed = |options: &[(&str, &str)]| {
        let mut config = Config::default();
        for (name, value) in options {
            config.set(name, value).unwrap();
        }
        let mut warnings = Vec::new();
        let framed = add_label_frames(&profile(&SAMPLES), &config, &mut warnings);
        let stack = |sample: String| sample.split('|').next().unwrap().trim().to_owned();
        let stacks: Vec<String> = told(&framed.unwrap()).into_iter().map(stack).collect();
        (stacks, warnings)
    };
    assert_eq!(
        framed(&[("tagroot", "worker,size"), ("tagleaf", "worker")]).0,
        [
            "a 16B main serve+read alloc a",
            "b 64B main serve gc b",
            "2kB main idle",
            "a,b  gc sweep a,b",
            ""
        ]
    );
    let (_, warnings) = framed(&[("tagroot", "nothing"), ("tagleaf", "size")]);
    assert_eq!(warnings, ["TagRoot expression matched no samples"]);
}

#[test]
fn the_unit_of_a_label_is_the_first_that_is_met() {
    let profile = profile(&["a | n=1/ms n=2/s m=3/ request=4/ n=1/us n=1/s"]);
    let mut warnings = Vec::new();
    let units = LabelUnits::new(&profile, &mut warnings);
    assert_eq!(units.of(b"n"), b"ms");
    assert_eq!(units.of(b"m"), b"m");
    assert_eq!(units.of(b"request"), b"bytes");
    assert_eq!(
        warnings,
        ["For tag n used unit ms, also encountered unit(s) s, us"]
    );
}

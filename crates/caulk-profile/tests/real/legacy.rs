//! Profiles of forms from before `profile.proto`: what the profile package of `go tool pprof`
//! makes of them.

use std::path::PathBuf;
use std::process::Command;

use caulk_profile::{Label, LabelValue, Limits, Line, Mapping, ProfileBuilder, StringId};

use crate::capture::{self, TEXT};
use crate::forms;
use crate::reference::{assert_neither, assert_same, difference};

const MODULE: &str = "github.com/google/pprof@v0.0.0-20251114195745-4902fdda35c8";

/// The folder of the module github.com/google/pprof, whose tests have profiles of every form.
fn pprof_module() -> PathBuf {
    let mut download = Command::new("go");
    download.args(["mod", "download", "-json", MODULE]);
    let output = download
        .env("GOFLAGS", "-mod=mod")
        .output()
        .unwrap_or_else(|error| panic!("cannot run {download:?}: {error}; this needs Go"));
    let text = String::from_utf8_lossy(&output.stdout);
    let folder = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("\"Dir\": \"")?.strip_suffix("\","));
    let Some(folder) = folder else {
        panic!(
            "{download:?} gave no folder: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    PathBuf::from(folder)
}

/// The profiles among the test data of the module.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let module = pprof_module();
    let mut found = Vec::new();
    for folder in ["profile", "internal/driver", "internal/report"] {
        for entry in std::fs::read_dir(module.join(folder).join("testdata")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let kinds = [".cpu", ".heap", ".growth", ".contention", ".thread"];
            let has_kind = kinds.iter().any(|kind| name.contains(kind));
            if has_kind && !name.ends_with(".string") && !name.starts_with("pprof.") {
                found.push((format!("{folder}/{name}"), std::fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_profiles_of_pprofs_own_tests_are_read_as_pprof_does() {
    let corpus = corpus();
    assert!(corpus.len() >= 20, "{} profiles", corpus.len());
    for (name, bytes) in corpus {
        let profile = assert_same(&name, &bytes);
        assert!(profile.sample_count() > 0, "{name}");
    }
}

#[test]
fn the_runtimes_text_forms_are_read_as_pprof_does() {
    for name in [
        "heap",
        "allocs",
        "goroutine",
        "threadcreate",
        "mutex",
        "block",
    ] {
        let profile = assert_same(name, &capture::bytes(name, TEXT));
        assert!(profile.sample_count() > 0, "{name}");
    }
}

#[test]
fn odd_corners_of_every_form_are_read_as_pprof_does() {
    for (name, text) in forms::READ {
        assert_same(name, text.as_bytes());
    }
    for (name, bytes) in forms::cpus() {
        assert_same(&name, &bytes);
    }
}

#[test]
fn what_pprof_refuses_is_refused_with_a_reason() {
    for (text, why) in forms::REFUSED {
        let error = assert_neither(text, text.as_bytes());
        assert_eq!(error.to_string(), format!("read the profile: {why}"));
    }
}

#[test]
fn a_binary_profile_cut_anywhere_is_read_or_refused_as_pprof_does() {
    for (name, bytes) in forms::cpus() {
        for cut in 0..bytes.len().min(200) {
            if let Some(difference) = difference(&bytes[..cut]) {
                panic!("{name}, cut at {cut}: {difference}");
            }
        }
    }
}

/// Profiles of every form, small enough to be damaged thousands of times.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = corpus();
    seeds.retain(|(_, bytes)| bytes.len() < 4 << 10);
    seeds.extend(forms::READ.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())));
    seeds.extend(forms::cpus());
    seeds
}

/// Small profiles as `profile.proto`, inflated: what the legacy forms are once they are written, and
/// one with labels of every kind, inlined calls and numbers that are large.
pub fn protobufs() -> Vec<(String, Vec<u8>)> {
    let mut builder = ProfileBuilder::new();
    builder.period("cpu", "nanoseconds", 1);
    builder.sample_type("samples", "count");
    builder.sample_type("cpu", "nanoseconds");
    builder.comment("a remark");
    let mapping = builder.mapping(Mapping {
        start: 0x40_0000,
        limit: u64::MAX,
        has_functions: true,
        ..Mapping::default()
    });
    let lines = ["inlined", "main"].map(|name| Line {
        function: builder.function(name, "a.go", 7),
        line: i64::MAX,
        column: -1,
    });
    let leaf = builder.location(Some(mapping), 0x40_0001, &lines);
    let root = builder.location(None, u64::MAX, &lines[1..]);
    let mut label = |key: &str, value: LabelValue| Label {
        key: builder.string(key),
        value,
    };
    let number = |value| LabelValue::Number {
        value,
        unit: StringId(1),
    };
    let labels = [
        label("a", LabelValue::Text(StringId(2))),
        label("a", LabelValue::Text(StringId(3))),
        label("b", number(i64::MIN)),
        label("b", number(5)),
    ];
    builder.sample(&[leaf, root], &[1, i64::MIN], &labels);
    builder.sample(&[root], &[-1, i64::MAX], &labels[..2]);
    let profile = builder.profile_mut();
    profile.time_nanos = 1;
    profile.duration_nanos = -1;
    profile.doc_url = StringId(1);
    profile.default_sample_type = StringId(2);
    let made = ("made".to_owned(), builder.finish());
    let legacy = forms::READ.iter().filter_map(|(name, text)| {
        let profile = caulk_profile::read(text.as_bytes(), Limits::default()).ok()?;
        Some(((*name).to_owned(), profile))
    });
    let all = legacy.chain([made.clone(), made]);
    all.map(|(name, profile)| {
        let mut file = Vec::new();
        caulk_profile::write(&profile, &mut file).unwrap();
        let mut bytes = Vec::new();
        let mut inflated = flate2::read::GzDecoder::new(&file[..]);
        std::io::Read::read_to_end(&mut inflated, &mut bytes).unwrap();
        (name, bytes)
    })
    .collect()
}

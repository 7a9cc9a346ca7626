//! Profiles of forms from before `profile.proto`: what the profile package of `go tool pprof`
//! makes of them.

use std::path::PathBuf;
use std::process::Command;

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

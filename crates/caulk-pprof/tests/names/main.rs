//! Names that compilers have mangled, against what `go tool pprof` makes of them.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    missing_docs
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command as Process;

use caulk_pprof::{Symbolize, prepare};
use caulk_profile::{Limits, Line, Profile, ProfileBuilder, read, write};

/// One name a line: of C++ (a program of its own and the standard library), of Rust in both schemes,
/// and what only looks like one.
const NAMES: &str = include_str!("mangled.txt");

/// A profile with a function of each name; its file is the name, too, so that it can be told.
fn profile() -> Profile {
    let mut builder = ProfileBuilder::new();
    builder.sample_type("samples", "count");
    for name in NAMES.lines() {
        let function = builder.function(name, name, 0);
        let line = Line {
            function,
            line: 1,
            column: 0,
        };
        let location = builder.location(None, 0, &[line]);
        builder.sample(&[location], &[1], &[]);
    }
    builder.finish()
}

fn shown(profile: &Profile) -> BTreeMap<String, String> {
    let functions = profile.functions().iter();
    let text = |id| profile.string(id).to_owned();
    functions
        .map(|f| (text(f.filename), text(f.name)))
        .collect()
}

fn shown_by_the_tool(file: &Path, mode: &str) -> BTreeMap<String, String> {
    let output = file.with_extension("out.pb.gz");
    let status = Process::new("go")
        .args(["tool", "pprof", "-proto", &format!("-symbolize={mode}")])
        .arg(format!("-output={}", output.display()))
        .arg(file)
        .status()
        .expect("these tests need Go");
    assert!(status.success());
    let bytes = std::fs::read(output).unwrap();
    shown(&read(&bytes, Limits::default()).unwrap())
}

#[test]
fn names_are_shown_as_the_tool_shows_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("names.pb.gz");
    write(&profile(), std::fs::File::create(&file).unwrap()).unwrap();
    for mode in ["", "demangle=templates", "demangle=full", "demangle=none"] {
        let mut ours = profile();
        let mut warnings = Vec::new();
        prepare(&mut ours, Symbolize::new(mode, &mut warnings), "");
        let (ours, theirs) = (shown(&ours), shown_by_the_tool(&file, mode));
        assert_eq!(theirs.len(), NAMES.lines().count());
        let is_different = |name: &&String| ours.get(*name) != theirs.get(*name);
        let different: Vec<_> = theirs.keys().filter(is_different).collect();
        let told: Vec<String> = different
            .iter()
            .map(|name| format!("{name}\n  caulk {}\n  tool  {}", ours[*name], theirs[*name]))
            .collect();
        assert!(told.is_empty(), "{mode:?}:\n{}", told.join("\n"));
        println!("{} names are the same with {mode:?}", theirs.len());
    }
}

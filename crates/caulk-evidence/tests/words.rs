//! The table of plain words beside the real source: what it names must be there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use caulk_evidence::Words;
use caulk_flow::Symbol;

fn go_env(name: &str) -> PathBuf {
    let output = Command::new("go").args(["env", name]).output();
    let output = output.expect("this test needs Go");
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// What the functions and methods of a folder's files are called by the runtime.
fn declared(folder: &Path, package: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path.to_string_lossy();
        if !name.ends_with(".go") || name.ends_with("_test.go") {
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let functions = text.lines().filter_map(|line| line.strip_prefix("func "));
        found.extend(functions.filter_map(|rest| symbol(rest, package)));
    }
    found
}

/// The symbol of a declaration after `func`: `(t *T[K]) name(…`, `name[T any](…`.
fn symbol(rest: &str, package: &str) -> Option<String> {
    let (receiver, rest) = match rest.strip_prefix('(') {
        Some(rest) => {
            let (receiver, rest) = rest.split_once(')')?;
            (Some(receiver.trim()), rest.trim_start())
        }
        None => (None, rest),
    };
    let end = rest.find(['(', '['])?;
    let name = rest.get(..end)?;
    let arguments = |text: &str| if text.contains('[') { "[...]" } else { "" };
    Some(match receiver {
        Some(receiver) => {
            let of_type = receiver
                .split_once(' ')
                .map_or(receiver, |(_, of_type)| of_type);
            let bare = of_type.trim_start_matches('*').split('[').next()?.trim();
            match of_type.starts_with('*') {
                true => format!("{package}.(*{bare}{}).{name}", arguments(of_type)),
                false => format!("{package}.{bare}{}.{name}", arguments(of_type)),
            }
        }
        None => format!("{package}.{name}{}", arguments(rest.get(end..end + 1)?)),
    })
}

/// The folders of a package in the module cache, one for each version.
fn in_module_cache(cache: &Path, package: &str) -> Vec<PathBuf> {
    let escaped: String = package
        .chars()
        .flat_map(|c| {
            let mark = c.is_ascii_uppercase().then_some('!');
            mark.into_iter().chain([c.to_ascii_lowercase()])
        })
        .collect();
    let parts: Vec<&str> = escaped.split('/').collect();
    let mut found = Vec::new();
    for module in 1..=parts.len() {
        let (above, below) = parts.split_at(module);
        let folder = cache.join(above[..module - 1].join("/"));
        let versions = format!("{}@", above[module - 1]);
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(&versions) {
                let folder = entry.path().join(below.join("/"));
                found.extend(folder.is_dir().then_some(folder));
            }
        }
    }
    found
}

#[test]
fn the_functions_of_the_table_exist() {
    let goroot = go_env("GOROOT").join("src");
    let cache = go_env("GOMODCACHE");
    let mut known: BTreeMap<String, Vec<BTreeSet<String>>> = BTreeMap::new();
    let (mut standard, mut of_modules, mut not_at_hand) = (0, 0, 0);
    let mut missing = Vec::new();
    for part in Words::shipped().parts() {
        for function in part.functions.iter().chain(&part.under) {
            let package = Symbol::package_of(function);
            let versions = known.entry(package.clone()).or_insert_with(|| {
                let escaped = function.strip_suffix(function_part(function)).unwrap();
                let escaped = escaped.trim_end_matches('.');
                let folder = goroot.join(&package);
                match folder.is_dir() {
                    true => vec![declared(&folder, escaped)],
                    false => in_module_cache(&cache, &package)
                        .iter()
                        .map(|folder| declared(folder, escaped))
                        .collect(),
                }
            });
            if versions.is_empty() {
                not_at_hand += 1;
            } else if !versions.iter().any(|version| version.contains(function)) {
                missing.push(function.clone());
            } else if goroot.join(&package).is_dir() {
                standard += 1;
            } else {
                of_modules += 1;
            }
        }
    }
    println!(
        "{standard} of the standard library, {of_modules} of modules, {not_at_hand} of modules not at hand"
    );
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(standard > 150);
}

/// What follows the package in a symbol: `(*T).f`.
fn function_part(symbol: &str) -> &str {
    let base = symbol.rfind('/').map_or(0, |slash| slash + 1);
    let dot = symbol[base..].find('.').unwrap();
    &symbol[base + dot + 1..]
}

//! A baseline: findings that are known and not reported, in a file that is committed with the source.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use caulk_leaks::Finding;
use caulk_system::{Files, OsFiles, normalize};
use serde::{Deserialize, Serialize};

use crate::context::shown;
use crate::source::{Analysed, slashed};

/// The name of the file where none is given.
pub const FILE_NAME: &str = "caulk-baseline.json";
const VERSION: u32 = 1;

/// The file as it is written: one line for each finding, so that changes of it can be read.
#[derive(Debug, Deserialize)]
struct Written {
    version: u32,
    findings: Vec<Known>,
}

/// A finding that is known. Only the fingerprint identifies it; the rest is for readers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Known {
    /// Relative to the folder of the baseline, with `/`.
    file: String,
    rule: String,
    message: String,
    fingerprint: String,
}

/// A baseline that was read.
#[derive(Debug)]
pub struct Baseline {
    path: PathBuf,
    known: Vec<Known>,
}

/// What a check can say of a baseline: the rules that ran over the files that were read.
pub struct Scope<'a> {
    pub analysed: &'a Analysed,
    pub runs: &'a dyn Fn(&str) -> bool,
}

impl Baseline {
    /// Reads the file.
    pub fn read(files: &dyn Files, path: &Path) -> anyhow::Result<Baseline> {
        let name = shown(path);
        if !files.exists(path) {
            bail!("there is no baseline {name}; --write-baseline writes one");
        }
        let bytes = files
            .read(path)
            .map_err(|error| anyhow::anyhow!("failed to {error}"))?;
        let written: Written =
            serde_json::from_slice(&bytes).with_context(|| format!("{name} is no baseline"))?;
        if written.version != VERSION {
            bail!(
                "{name} is a baseline of version {}, and this caulk reads version {VERSION}",
                written.version
            );
        }
        Ok(Baseline {
            path: path.to_owned(),
            known: written.findings,
        })
    }

    /// Takes away the findings that are known; how many these were.
    pub fn take_away(&self, findings: &mut Vec<&Finding>) -> usize {
        let known: BTreeSet<&str> = self.known.iter().map(|k| k.fingerprint.as_str()).collect();
        let before = findings.len();
        findings.retain(|finding| !known.contains(finding.fingerprint.as_str()));
        before - findings.len()
    }

    /// How many known findings are no more, of those that the check would have found.
    pub fn gone(&self, found: &[&Finding], scope: &Scope<'_>) -> usize {
        let (gone, _) = self.parted(found, scope);
        gone.len()
    }

    /// Writes the file again without those.
    pub fn prune(&self, found: &[&Finding], scope: &Scope<'_>) -> anyhow::Result<()> {
        let (_, left) = self.parted(found, scope);
        write(&self.path, left.into_iter().cloned().collect())
    }

    /// The known findings that are no more, and the others.
    fn parted(&self, found: &[&Finding], scope: &Scope<'_>) -> (Vec<&Known>, Vec<&Known>) {
        let found: BTreeSet<&str> = found.iter().map(|f| f.fingerprint.as_str()).collect();
        let read = scope.files();
        let folder = self.path.parent().unwrap_or(Path::new(""));
        self.known.iter().partition(|known| {
            let file = normalize(&folder.join(&known.file));
            let was_read = read.contains(&file) || !OsFiles.exists(&file);
            was_read && (scope.runs)(&known.rule) && !found.contains(known.fingerprint.as_str())
        })
    }
}

impl Scope<'_> {
    fn files(&self) -> BTreeSet<PathBuf> {
        let programs = self.analysed.builds().iter();
        let files = programs.flat_map(|program| {
            let packages = program.check_packages().iter();
            let files = packages.flat_map(|package| program.package(*package).files());
            files.filter(|file| program.is_asked_for(file))
        });
        files.map(|file| normalize(&file.path)).collect()
    }
}

/// Writes the findings to a baseline; what an older one holds of what was not checked stays.
pub fn write_new(
    files: &dyn Files,
    path: &Path,
    findings: &[&Finding],
    scope: &Scope<'_>,
) -> anyhow::Result<()> {
    let mut known: Vec<Known> = match files.exists(path) {
        true => {
            let old = Baseline::read(files, path)?;
            let (_, left) = old.parted(&[], scope);
            left.into_iter().cloned().collect()
        }
        false => Vec::new(),
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    known.extend(findings.iter().map(|finding| Known {
        file: relative(folder, &scope.analysed.root.join(&finding.location.file)),
        rule: finding.rule.to_owned(),
        message: finding.message.clone(),
        fingerprint: finding.fingerprint.clone(),
    }));
    write(path, known)
}

fn write(path: &Path, mut known: Vec<Known>) -> anyhow::Result<()> {
    known.sort();
    known.dedup_by(|a, b| a.fingerprint == b.fingerprint);
    let mut lines = Vec::new();
    for known in &known {
        lines.push(format!("    {}", serde_json::to_string(known)?));
    }
    let text = if lines.is_empty() {
        format!("{{\n  \"version\": {VERSION},\n  \"findings\": []\n}}\n")
    } else {
        format!(
            "{{\n  \"version\": {VERSION},\n  \"findings\": [\n{}\n  ]\n}}\n",
            lines.join(",\n")
        )
    };
    caulk_system::write_atomic(path, text.as_bytes())
        .map_err(|error| anyhow::anyhow!("failed to {error}"))
}

/// A path from a folder, with `/` and with `..` where it does not lie below.
fn relative(folder: &Path, file: &Path) -> String {
    let (folder, file) = (normalize(folder), normalize(file));
    let shared = folder
        .components()
        .zip(file.components())
        .take_while(|(a, b)| a == b)
        .count();
    let up = folder
        .components()
        .skip(shared)
        .map(|_| PathBuf::from(".."));
    let down: PathBuf = file.components().skip(shared).collect();
    let path: PathBuf = up.chain([down]).collect();
    slashed(&path).unwrap_or_else(|| path.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_folder_of_the_baseline() {
        let relative = |folder: &str, file: &str| relative(Path::new(folder), Path::new(file));
        assert_eq!(relative("/a/b", "/a/b/c/d.go"), "c/d.go");
        assert_eq!(relative("/a/b", "/a/x.go"), "../x.go");
        assert_eq!(relative("/a/b/", "/a/b/./x.go"), "x.go");
    }
}

//! `fix --verify`: the edits laid over a build, before anything is written. An edit that breaks the build, that
//! `go vet` has something new to say of, or with which a test fails that passed, is withdrawn.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::anyhow;
use caulk_leaks::Finding;
use caulk_system::process::{Command, Output, run};
use caulk_system::{
    Cancel, Files, Limits, OsFiles, Stopped, TempFolder, create_folder, write_atomic,
};
use clap::ValueEnum;

use crate::exit::Failure;
use crate::patching::Patches;
use crate::progress::Progress;
use crate::source::module_root;
use crate::source::{Reading, slashed};

/// How far edits are proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Verify {
    /// The packages build, and vet says nothing new.
    Build,
    /// Their tests pass, too.
    Test,
}

/// With more fixes in a package than these, which of them a test fails with is not tried out.
const MAX_TRIALS: usize = 8;

/// A fix that did not prove itself.
pub struct Broken {
    /// Which of the findings.
    pub finding: usize,
    pub reason: String,
}

/// Builds, vets and tests packages as they are, once, and with edits.
pub struct Verifier<'a> {
    pub root: &'a Path,
    pub reading: &'a Reading,
    pub verify: Verify,
    /// Of one command.
    pub timeout: Duration,
    pub cancel: &'a Cancel,
    pub progress: &'a Progress,
    /// What was said of each package, by its folder, before any edit.
    before: BTreeMap<PathBuf, Said>,
    /// Packages that could not be proved, each with the reason, as a fragment.
    pub unproved: BTreeMap<PathBuf, String>,
}

/// What the toolchain says of a package.
#[derive(Debug, Clone, Default)]
struct Said {
    messages: Vec<Message>,
    /// Why it could not be looked at, where no message has a place.
    failure: Option<String>,
    /// It does not build.
    broken: bool,
    failing: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Message {
    file: PathBuf,
    line: u32,
    text: String,
}

impl<'a> Verifier<'a> {
    pub fn new(
        root: &'a Path,
        reading: &'a Reading,
        verify: Verify,
        timeout: Duration,
        cancel: &'a Cancel,
        progress: &'a Progress,
    ) -> Verifier<'a> {
        Verifier {
            root,
            reading,
            verify,
            timeout,
            cancel,
            progress,
            before: BTreeMap::new(),
            unproved: BTreeMap::new(),
        }
    }

    /// The fixes that break something; none where all that could be proved is.
    pub fn broken(
        &mut self,
        patches: &Patches,
        findings: &[&Finding],
    ) -> Result<Vec<Broken>, Failure> {
        let edits = patches.edits(self.root);
        let mut modules: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
        for file in edits.keys() {
            let folder = file.parent().unwrap_or(self.root).to_owned();
            match module_root(&OsFiles, &folder) {
                Some(module) => {
                    modules.entry(module).or_default().insert(folder);
                }
                None => {
                    let reason = "it is in no module".to_owned();
                    self.unproved.insert(folder, reason);
                }
            }
        }
        let mut broken: Vec<Broken> = Vec::new();
        for (module, folders) in modules {
            let new: Vec<&PathBuf> = folders
                .iter()
                .filter(|folder| !self.before.contains_key(*folder))
                .collect();
            if !new.is_empty() {
                let said = self.look(&module, &new, &BTreeMap::new())?;
                self.before.extend(said);
            }
            let builds = |folder: &&PathBuf| !self.before.get(*folder).is_some_and(|b| b.broken);
            let proved: Vec<&PathBuf> = folders.iter().filter(builds).collect();
            for folder in &folders {
                if let Some(said) = self.before.get(folder).filter(|said| said.broken) {
                    self.unproved.insert(folder.clone(), said.why());
                }
            }
            if proved.is_empty() {
                continue;
            }
            let after = self.look(&module, &proved, &edits)?;
            for (folder, said) in after {
                let before = self.before.get(&folder).cloned().unwrap_or_default();
                self.blame(&folder, &before, &said, patches, findings, &mut broken);
                if let Some(test) = said.failing.difference(&before.failing).next() {
                    let reason = format!("with the edit, {test} fails");
                    for finding in
                        self.failing_alone(&module, &folder, &before, patches, findings)?
                    {
                        let reason = reason.clone();
                        broken.push(Broken { finding, reason });
                    }
                }
            }
        }
        broken.sort_by_key(|broken| broken.finding);
        broken.dedup_by_key(|broken| broken.finding);
        Ok(broken)
    }

    /// Adds the findings whose edits most likely made what is said new.
    fn blame(
        &self,
        folder: &Path,
        before: &Said,
        after: &Said,
        patches: &Patches,
        findings: &[&Finding],
        broken: &mut Vec<Broken>,
    ) {
        let within = |finding: &Finding| self.is_within(finding, folder, patches);
        let all = |reason: String| -> Vec<Broken> {
            let of_folder = findings.iter().enumerate().filter(|(_, f)| within(f));
            of_folder
                .map(|(finding, _)| Broken {
                    finding,
                    reason: reason.clone(),
                })
                .collect()
        };
        let mut known: Vec<(&Path, &str)> = before.messages.iter().map(Message::what).collect();
        for message in &after.messages {
            if let Some(at) = known.iter().position(|known| *known == message.what()) {
                known.swap_remove(at);
                continue;
            }
            let reason = format!("with the edit, go says: {}", message.text);
            let file = message.file.strip_prefix(self.root).ok().and_then(slashed);
            let nearest = findings
                .iter()
                .enumerate()
                .filter_map(|(finding, f)| {
                    let distance = patches.distance(f, file.as_deref()?, message.line)?;
                    Some((distance, finding))
                })
                .min();
            match nearest {
                Some((_, finding)) => broken.push(Broken { finding, reason }),
                None => broken.extend(all(reason)),
            }
        }
        if let (None, Some(failure)) = (&before.failure, &after.failure)
            && after.messages.is_empty()
        {
            broken.extend(all(format!("with the edit, go says: {failure}")));
        }
    }

    /// The findings of a package with whose edits alone a test fails that did not before; all of them where that is said
    /// of none, or where there are too many to try.
    fn failing_alone(
        &self,
        module: &Path,
        folder: &Path,
        before: &Said,
        patches: &Patches,
        findings: &[&Finding],
    ) -> Result<Vec<usize>, Failure> {
        let of_folder: Vec<usize> = (0..findings.len())
            .filter(|at| {
                findings
                    .get(*at)
                    .is_some_and(|f| self.is_within(f, folder, patches))
            })
            .collect();
        let mut blamed = Vec::new();
        if (2..=MAX_TRIALS).contains(&of_folder.len()) {
            let pattern = pattern(module, folder);
            for at in &of_folder {
                let Some(finding) = findings.get(*at) else {
                    continue;
                };
                self.progress.phase(format!(
                    "testing {pattern} with the fix at {}",
                    finding.location
                ));
                let work =
                    TempFolder::new("caulk-verify-").map_err(|e| anyhow!("failed to {e}"))?;
                let overlay = Overlay::write(work.path(), &patches.edit_of(finding, self.root))?;
                let failing = self.failing(module, &overlay, &pattern)?;
                if !failing.is_subset(&before.failing) {
                    blamed.push(*at);
                }
            }
        }
        match blamed.is_empty() {
            true => Ok(of_folder),
            false => Ok(blamed),
        }
    }

    /// Whether a finding has edits in a folder.
    fn is_within(&self, finding: &Finding, folder: &Path, patches: &Patches) -> bool {
        let file = self.root.join(&finding.location.file);
        file.parent() == Some(folder)
            && patches
                .distance(finding, &finding.location.file, 1)
                .is_some()
    }

    /// What the toolchain says of packages of a module, by their folders, with files laid over the tree.
    fn look(
        &self,
        module: &Path,
        folders: &[&PathBuf],
        edits: &BTreeMap<PathBuf, Vec<u8>>,
    ) -> Result<BTreeMap<PathBuf, Said>, Failure> {
        let (how, how_one) = if edits.is_empty() {
            ("as they are", "as it is")
        } else {
            ("with the fixes", "with the fixes")
        };
        let (count, how) = match folders.len() {
            1 => ("1 package".to_owned(), how_one),
            count => (format!("{count} packages"), how),
        };
        let work = TempFolder::new("caulk-verify-").map_err(|e| anyhow!("failed to {e}"))?;
        let overlay = Overlay::write(work.path(), edits)?;
        let mut said: BTreeMap<PathBuf, Said> = folders
            .iter()
            .map(|folder| ((*folder).clone(), Said::default()))
            .collect();
        let patterns: Vec<String> = folders
            .iter()
            .map(|folder| pattern(module, folder))
            .collect();
        self.progress.phase(format!("building {count} {how}"));
        let null = if cfg!(windows) { "NUL" } else { "/dev/null" };
        let build = self.go(module, &["build", "-o", null], &overlay, &patterns)?;
        self.progress.phase(format!("vetting {count} {how}"));
        let vet = self.go(module, &["vet"], &overlay, &patterns)?;
        for (output, builds) in [(&build, true), (&vet, false)] {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            let mut placed = false;
            for line in text.lines() {
                let Some(mut message) = message(line, module) else {
                    continue;
                };
                message.file = overlay.original(&message.file);
                let folder = message.file.parent().unwrap_or(module);
                if let Some(said) = said.get_mut(folder) {
                    placed = true;
                    // `go vet` says of what does not compile that it could not be vetted.
                    said.broken |= builds || line.starts_with("vet: ");
                    if !said.messages.contains(&message) {
                        said.messages.push(message);
                    }
                }
            }
            if !output.status.success() && !placed {
                let lines = text.lines().filter(|line| !line.starts_with('#'));
                let why = lines.map(str::trim).find(|line| !line.is_empty());
                for said in said.values_mut() {
                    said.broken = true;
                    let why = why.unwrap_or("it does not say why").to_owned();
                    said.failure.get_or_insert(why);
                }
            }
        }
        if self.verify == Verify::Test {
            for (folder, said) in said.iter_mut().filter(|(_, said)| !said.broken) {
                let pattern = pattern(module, folder);
                self.progress.phase(format!("testing {pattern} {how_one}"));
                let known = self.before.get(folder).map(|before| &before.failing);
                said.failing = self.failing(module, &overlay, &pattern)?;
                if known.is_some_and(|known| !said.failing.is_subset(known)) {
                    // What fails now and then is nobody's fault.
                    let again = self.failing(module, &overlay, &pattern)?;
                    said.failing.retain(|test| again.contains(test));
                }
            }
        }
        Ok(said)
    }

    /// The tests of a package that fail.
    fn failing(
        &self,
        module: &Path,
        overlay: &Overlay,
        pattern: &str,
    ) -> Result<BTreeSet<String>, Failure> {
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Event {
            action: String,
            #[serde(default)]
            test: String,
        }
        let arguments = ["test", "-json", "-vet=off", "-count=1"];
        let output = self.go(module, &arguments, overlay, &[pattern.to_owned()])?;
        let mut failing = BTreeSet::new();
        for line in output.stdout.split(|byte| *byte == b'\n') {
            if let Ok(event) = serde_json::from_slice::<Event>(line)
                && event.action == "fail"
                && !event.test.is_empty()
            {
                failing.insert(event.test);
            }
        }
        if failing.is_empty() && !output.status.success() {
            failing.insert(format!("the test program of {pattern}"));
        }
        Ok(failing)
    }

    fn go(
        &self,
        module: &Path,
        arguments: &[&str],
        overlay: &Overlay,
        patterns: &[String],
    ) -> Result<Output, Failure> {
        let mut command = Command::new("go").args(arguments).folder(module);
        if !self.reading.build_tags.is_empty() {
            command = command.arg(format!("-tags={}", self.reading.build_tags.join(",")));
        }
        if let Some(file) = &overlay.file {
            command = command.arg(format!("-overlay={}", file.display()));
        }
        for (name, value) in [
            ("GOOS", &self.reading.goos),
            ("GOARCH", &self.reading.goarch),
        ] {
            if let Some(value) = value {
                command = command.env(name, value);
            }
        }
        let limits = Limits::new(self.cancel).within(self.timeout);
        run(&command.args(patterns), &limits).map_err(|error| {
            if error.is_missing_program() {
                return Failure::target(anyhow!(
                    "--verify needs Go, and there is no go in PATH: install it (https://go.dev/dl), or leave --verify out"
                ));
            }
            match error.stopped() {
                Some(Stopped::Cancelled) => Failure::interrupted(),
                Some(Stopped::TimedOut) => Failure::target(anyhow!(
                    "go {} did not end within {}s: give it more with --verify-timeout; nothing was written",
                    arguments.first().copied().unwrap_or_default(),
                    self.timeout.as_secs()
                )),
                None => Failure::target(anyhow!("failed to {error}")),
            }
        })
    }
}

impl Said {
    /// Why it is not proved.
    fn why(&self) -> String {
        let first = self.messages.first().map(|message| message.text.as_str());
        let first = first.or(self.failure.as_deref()).unwrap_or_default();
        format!("it does not build as it is: {first}")
    }
}

impl Message {
    /// What it says of which file, whatever the line.
    fn what(&self) -> (&Path, &str) {
        (&self.file, &self.text)
    }
}

/// A message of the toolchain with a place: `./a/b.go:3:5: text`, also with `vet: ` before it.
fn message(line: &str, module: &Path) -> Option<Message> {
    let line = line.strip_prefix("vet: ").unwrap_or(line).trim_start();
    let (file, rest) = line.split_once(".go:")?;
    let (number, rest) = rest.split_once(':')?;
    let text = match rest.split_once(':') {
        Some((column, text)) if column.bytes().all(|byte| byte.is_ascii_digit()) => text,
        _ => rest,
    };
    let file = caulk_system::normalize(&module.join(format!("{file}.go")));
    Some(Message {
        file,
        line: number.parse().ok()?,
        text: text.trim().to_owned(),
    })
}

/// A package as the `go` command is told it in the folder of its module.
fn pattern(module: &Path, folder: &Path) -> String {
    match folder.strip_prefix(module).ok().and_then(slashed) {
        Some(below) if !below.is_empty() => format!("./{below}"),
        _ => ".".to_owned(),
    }
}

/// Edited files beside the tree, and the file that tells the `go` command of them.
struct Overlay {
    file: Option<PathBuf>,
    /// The file of the tree for each that takes its place.
    originals: BTreeMap<PathBuf, PathBuf>,
}

impl Overlay {
    fn write(work: &Path, edits: &BTreeMap<PathBuf, Vec<u8>>) -> Result<Overlay, Failure> {
        let failed = |error| anyhow!("failed to {error}");
        let mut originals = BTreeMap::new();
        if edits.is_empty() {
            return Ok(Overlay {
                file: None,
                originals,
            });
        }
        // `go` may say where a link leads instead of the link.
        let work = OsFiles.canonicalize(work).unwrap_or(work.to_owned());
        let mut replace = BTreeMap::new();
        for (number, (path, bytes)) in edits.iter().enumerate() {
            let folder = work.join(number.to_string());
            create_folder(&folder).map_err(failed)?;
            let copy = folder.join(path.file_name().unwrap_or_default());
            write_atomic(&copy, bytes).map_err(failed)?;
            replace.insert(path.clone(), copy.clone());
            originals.insert(copy, path.clone());
        }
        let file = work.join("overlay.json");
        let text = serde_json::to_vec(&BTreeMap::from([("Replace", replace)]))?;
        write_atomic(&file, &text).map_err(failed)?;
        Ok(Overlay {
            file: Some(file),
            originals,
        })
    }

    fn original(&self, file: &Path) -> PathBuf {
        self.originals.get(file).cloned().unwrap_or(file.to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn messages_are_told_by_their_places() {
        let module = Path::new("/m");
        let found = message("vet: ./a/b.go:3:5: undefined: x", module).unwrap();
        assert_eq!(found.file, Path::new("/m/a/b.go"));
        assert_eq!((found.line, found.text.as_str()), (3, "undefined: x"));
        let found = message("/t/b.go:12: a: b", module).unwrap();
        assert_eq!(found.file, Path::new("/t/b.go"));
        assert_eq!(found.text, "a: b");
        for line in ["# example.com/m", "go: no such module", "ok"] {
            assert_eq!(message(line, module), None);
        }
    }
}

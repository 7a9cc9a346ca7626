//! `fix --interactive`: each fix is shown and asked for. What was declined is remembered in caulk's cache until
//! its file changes.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{anyhow, bail};
use caulk_fix::diff;
use caulk_leaks::Finding;
use caulk_report::json::check::FixOutcome;
use caulk_report::{Block, Report};
use caulk_system::process::{Command, run_attended};
use caulk_system::{Cache, CacheKey, Files, OsFiles, TempFolder, write_atomic};

use crate::cli::OutputFormat;
use crate::context::{Context, write_out};
use crate::patching::{self, Patches, Written};
use crate::present::finding;
use crate::source::Analysed;

/// What somebody answered.
#[derive(Default)]
pub struct Answers<'a> {
    pub accepted: Vec<&'a Finding>,
    /// Edits that were changed before they were accepted.
    pub written: Written,
    declined: Vec<&'a Finding>,
    /// How many were declined in an earlier session, and not shown.
    pub remembered: usize,
    /// How many are still to be answered.
    pub open: usize,
    /// Ctrl-C ended the session.
    pub interrupted: bool,
}

const KEYS: &str = "\
y  apply this fix
n  do not; it is not asked again until its file changes (or with --restart)
a  apply this fix and all that follow
q  stop here; what was accepted is written, the rest is asked the next time
e  edit the patch in $VISUAL or $EDITOR, then apply it
?  show this
";

/// What stands above a patch that is edited. Whatever is above the first heading counts for nothing.
const ABOVE: &str = "\
# Lines that begin with + are put in, those with - are taken out; the others must stay as they are.
# An empty patch applies nothing.
";

/// Whether there is somebody to ask.
pub fn at_terminal() -> anyhow::Result<()> {
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return Ok(());
    }
    bail!("--interactive needs a terminal: --diff prints the patch, and caulk fix alone writes it")
}

/// Shows fixes, and asks.
pub struct Session<'a> {
    pub context: &'a Context,
    pub analysed: &'a Analysed,
    /// Ask also for what was declined before.
    pub restart: bool,
}

enum Answer {
    Text(String),
    End,
    Interrupted,
}

impl Session<'_> {
    /// Asks for the fixes of findings, in order.
    pub fn ask<'f>(
        &self,
        findings: &[&'f Finding],
        patches: &Patches,
    ) -> anyhow::Result<Answers<'f>> {
        let mut answers = Answers::default();
        let mut todo: Vec<&Finding> = findings
            .iter()
            .copied()
            .filter(|f| !patches.patch(f).is_empty())
            .collect();
        let all = todo.len();
        if !self.restart {
            todo.retain(|finding| !self.was_declined(finding));
        }
        answers.remembered = all - todo.len();
        let count = todo.len();
        let mut take_all = false;
        for (at, finding) in todo.iter().enumerate() {
            if take_all {
                answers.accepted.push(finding);
                continue;
            }
            answers.open = count - at;
            self.show(finding, patches, at + 1, count)?;
            loop {
                let typed = match self.read("fix this? [y,n,a,q,e,?] ")? {
                    Answer::Text(text) => text.trim().to_lowercase(),
                    Answer::End => "q".to_owned(),
                    Answer::Interrupted => {
                        answers.interrupted = true;
                        write_out(b"\n")?;
                        return Ok(answers);
                    }
                };
                match typed.as_str() {
                    "y" | "yes" => answers.accepted.push(finding),
                    "n" | "no" => answers.declined.push(finding),
                    "a" => {
                        take_all = true;
                        answers.accepted.push(finding);
                    }
                    "q" => return Ok(answers),
                    "e" => match self.edited(finding, patches)? {
                        Ok(edits) => {
                            let fingerprint = finding.fingerprint.clone();
                            answers.written.insert(fingerprint, edits);
                            answers.accepted.push(finding);
                        }
                        Err(reason) => {
                            write_out(format!("not taken: {reason}\n").as_bytes())?;
                            continue;
                        }
                    },
                    _ => {
                        write_out(KEYS.as_bytes())?;
                        continue;
                    }
                }
                break;
            }
        }
        answers.open = 0;
        Ok(answers)
    }

    /// The finding with the way to the leak, and what would change.
    fn show(
        &self,
        finding: &Finding,
        patches: &Patches,
        number: usize,
        count: usize,
    ) -> anyhow::Result<()> {
        let read = |file: &str| OsFiles.read(&self.analysed.root.join(file)).ok();
        let mut diagnostic = finding::diagnostic(finding, &read);
        if let Some(fix) = patches.outcome(finding)
            && fix.outcome == FixOutcome::FixedReview
        {
            diagnostic.notes.push(format!("to review: {}", fix.reason));
        }
        let mut report = Report::new();
        report.push(diagnostic);
        report.push(Block::Patch(patches.hunks(finding)));
        write_out(format!("\n({number} of {count})\n").as_bytes())?;
        self.context.print(&report, OutputFormat::Full)
    }

    /// A line from the terminal. It is read beside, so that Ctrl-C ends the wait for it; and only when it is asked
    /// for, so that an editor has the terminal for itself.
    fn read(&self, prompt: &str) -> anyhow::Result<Answer> {
        write_out(prompt.as_bytes())?;
        let (sender, receiver) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = std::io::stdin().read_line(&mut line);
            drop(sender.send(read.map(|count| (count > 0).then_some(line))));
        });
        loop {
            match receiver.recv_timeout(Duration::from_millis(20)) {
                Ok(Ok(Some(line))) => return Ok(Answer::Text(line)),
                Ok(Ok(None)) | Err(RecvTimeoutError::Disconnected) => return Ok(Answer::End),
                Ok(Err(error)) => return Err(error.into()),
                Err(RecvTimeoutError::Timeout) if self.context.cancel.is_cancelled() => {
                    return Ok(Answer::Interrupted);
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// The edits of a finding after its patch was in an editor, checked; or why they are not taken.
    fn edited(
        &self,
        finding: &Finding,
        patches: &Patches,
    ) -> anyhow::Result<Result<Vec<caulk_fix::Edit>, String>> {
        let folder = TempFolder::new("caulk-fix-").map_err(|error| anyhow!("failed to {error}"))?;
        let file = folder.path().join("fix.patch");
        let text = [ABOVE.as_bytes(), &patches.patch(finding)].concat();
        write_atomic(&file, &text).map_err(|error| anyhow!("failed to {error}"))?;
        let ended = run_attended(&editor(&file));
        match ended {
            Ok(status) if status.success() => {}
            Ok(status) => return Ok(Err(format!("the editor ended with {status}"))),
            Err(error) => return Ok(Err(format!("failed to {error}"))),
        }
        let text = OsFiles.read(&file)?;
        let edits = match diff::edits_of(&text, patches.before(finding)) {
            Ok(edits) if edits.is_empty() => return Ok(Err("the patch is empty".to_owned())),
            Ok(edits) => edits,
            Err(reason) => return Ok(Err(reason)),
        };
        let written = Written::from([(finding.fingerprint.clone(), edits.clone())]);
        let plan = patching::plan_with(self.analysed, &[finding], true, &written);
        Ok(match plan.outcome(finding) {
            Some(fix) if fix.outcome != FixOutcome::Refused => Ok(edits),
            Some(fix) => Err(fix.reason),
            None => Err("the finding is gone".to_owned()),
        })
    }

    fn was_declined(&self, finding: &Finding) -> bool {
        let cache = Cache::of_user();
        cache.is_some_and(|cache| cache.get(&self.key(finding)).is_some())
    }

    /// Remembers what was declined, with its file as it is now.
    pub fn remember(&self, answers: &Answers<'_>) {
        let Some(cache) = Cache::of_user() else {
            return;
        };
        let mut kept = BTreeSet::new();
        for finding in &answers.declined {
            if kept.insert(&finding.fingerprint) {
                // Where it cannot be kept, it is asked again.
                let _ = cache.put(&self.key(finding), b"declined");
            }
        }
    }

    fn key(&self, finding: &Finding) -> CacheKey {
        let path = self.analysed.root.join(&finding.location.file);
        let text = OsFiles.read(&path).unwrap_or_default();
        CacheKey::new("declined")
            .with(&format!("{path:?}"))
            .with(&finding.fingerprint)
            .with(&String::from_utf8_lossy(&text))
    }
}

impl Answers<'_> {
    /// What the closing lines say of the session.
    pub fn told(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.declined.is_empty() {
            let kept = match Cache::of_user() {
                Some(cache) => format!(
                    "remembered in {} until their files change",
                    cache.folder().display()
                ),
                None => "not remembered: there is no cache".to_owned(),
            };
            lines.push(format!("{} declined, {kept}", self.declined.len()));
        }
        if self.remembered > 0 {
            lines.push(format!(
                "{} declined before: --restart asks again",
                self.remembered
            ));
        }
        if self.open > 0 {
            lines.push(format!(
                "{} not answered: the same command goes on there",
                self.open
            ));
        }
        lines
    }
}

/// The user's editor on a file. What the variables say may hold arguments.
fn editor(file: &Path) -> Command {
    let set = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    let fallback = if cfg!(windows) { "notepad" } else { "vi" };
    let editor = set("VISUAL").or_else(|| set("EDITOR"));
    let editor = editor.unwrap_or_else(|| fallback.to_owned());
    if cfg!(windows) {
        return Command::shell(format!("{editor} \"{}\"", file.display()));
    }
    Command::shell(format!("{editor} \"$@\""))
        .arg("caulk")
        .arg(file)
}

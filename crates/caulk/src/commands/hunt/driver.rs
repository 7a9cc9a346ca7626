//! The driver of a hunt: does what [`caulk_hunt::Hunt`] asks for, and tells it how that went.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use caulk_case::{CaseFolder, LoadedSeries, Stage};
use caulk_evidence::Run;
use caulk_growth::{Decision, Options, Verdict};
use caulk_hunt::{Action, Answer, CaptureRole, Hunt, Judgement, Plan, Variant};
use caulk_report::units;
use caulk_system::{Files, Limits, Stopped, TempFolder};
use caulk_target::Built;

use super::args::HuntArgs;
use super::proof::{self, Finished};
use super::runner::{RoundEnd, Running};
use super::setup::{self, LoadSource, Setup, Source};
use super::workshop::Workshop;
use crate::cli::OutputFormat;
use crate::config::LoadConfig;
use crate::context::{Context, shown, shown_folder};
use crate::diagnosis::{Died, Findings};
use crate::exit::{Failure, Outcome as Ended};
use crate::present;
use crate::progress::Progress;
use crate::solve::{self, Solved};

/// Hunts, and prints what was found.
pub fn run(args: HuntArgs, loads: Vec<LoadConfig>, context: &Context) -> Ended {
    let setup = setup::setup(args, loads, context)?;
    let mut driver = Driver::new(&setup, context)?;
    let ended = driver.drive();
    drop(driver.running.take());
    if context.cancel.is_cancelled() {
        return Err(driver.with_place(Failure::interrupted()));
    }
    let out_of_time = driver.out_of_time();
    driver.warnings.extend(out_of_time);
    ended.map_err(|failure| driver.with_place(failure))?;
    let findings = driver.findings()?;
    driver.progress.finish();

    let sources = driver.solved.as_ref().map(|solved| solved.root.clone());
    let read = |file: &str| context.files.read(&sources.as_ref()?.join(file)).ok();
    match context.format(OutputFormat::Full) {
        OutputFormat::Json => context.print_json(&present::hunt_json::to_json(&findings))?,
        OutputFormat::Html => context.print_page(&present::page::page(&findings, &read))?,
        format => context.print(&present::hunt::report(&findings, &read), format)?,
    }
    Ok(findings.exit())
}

struct Driver<'a> {
    setup: &'a Setup,
    context: &'a Context,
    progress: Progress,
    limits: Limits,
    workshop: Workshop,
    built: Option<Built>,
    running: Option<Running>,
    case_folder: PathBuf,
    /// The case's folder until there is something in it to keep.
    temporary: Option<TempFolder>,
    options: Options,
    /// What the last round was like, for the capture after it.
    varied: Option<bool>,
    as_is: Option<Finished>,
    with_fix: Option<Finished>,
    /// Why the run with the fix did not come to its end.
    unproved: Option<String>,
    solved: Option<Solved>,
    phases: Vec<(String, Duration)>,
    warnings: Vec<String>,
    died: Option<Died>,
}

impl<'a> Driver<'a> {
    fn new(setup: &'a Setup, context: &'a Context) -> Result<Driver<'a>, Failure> {
        let (case_folder, temporary) = match &setup.output {
            Some(folder) => (folder.clone(), None),
            None => {
                let folder = TempFolder::new(&case_prefix(setup))?;
                (folder.path().to_owned(), Some(folder))
            }
        };
        Ok(Driver {
            setup,
            context,
            progress: context.progress(true),
            limits: Limits::new(&context.cancel).within(setup.timeout),
            workshop: Workshop::new(setup)?,
            built: None,
            running: None,
            case_folder,
            temporary,
            options: Options::default(),
            varied: None,
            as_is: None,
            with_fix: None,
            unproved: None,
            solved: None,
            phases: Vec::new(),
            warnings: Vec::new(),
            died: None,
        })
    }

    fn drive(&mut self) -> Result<(), Failure> {
        let plan = Plan {
            requests: self.setup.requests,
            varied: self.setup.load.can_vary(),
            can_rebuild: matches!(self.setup.source, Source::Package(_)),
            can_cool_down: !self.setup.cooldown.is_zero(),
        };
        if !plan.can_rebuild {
            self.workshop.build_companions(self.setup, &self.limits)?;
        }
        let mut hunt = Hunt::new(plan);
        loop {
            let action = hunt.action();
            if action == Action::Finish {
                return Ok(());
            }
            if self.context.cancel.is_cancelled() {
                return Err(Failure::interrupted());
            }
            let start = Instant::now();
            let answer = match self.perform(action) {
                Ok(answer) => answer,
                Err(failure) => self.recover(action, failure)?,
            };
            self.account(action, start.elapsed());
            hunt.answer(answer);
        }
    }

    /// What becomes of an action that failed: in the run with the fix it leaves the fix unproved; in
    /// the run as it is, once something was captured, the hunt goes on with that.
    fn recover(&mut self, action: Action, failure: Failure) -> Result<Answer, Failure> {
        if self.context.cancel.is_cancelled() {
            return Err(failure);
        }
        let proving = self.as_is.is_some();
        let captured = self
            .running
            .as_ref()
            .is_some_and(|running| running.so_far().1.len() > 1);
        match action {
            Action::Build(_) | Action::Start(_) if proving => {
                self.unproved = Some(format!("{:#}", failure.error));
                Ok(Answer::Failed)
            }
            Action::WarmUp { .. } | Action::Load(_) | Action::Capture(_) if proving => {
                self.unproved = Some(format!("{:#}", failure.error));
                Ok(Answer::CutShort)
            }
            Action::Load(_) | Action::Capture(_) if captured => {
                self.warnings.push(format!("{:#}", failure.error));
                Ok(Answer::CutShort)
            }
            _ => Err(failure),
        }
    }

    fn perform(&mut self, action: Action) -> Result<Answer, Failure> {
        match action {
            Action::Build(variant) => self.build(variant),
            Action::Start(variant) => self.start(variant),
            Action::WarmUp { requests } => {
                let of = self.planned(requests, "requests");
                self.progress.phase(format!("warming up{of}"));
                let vary = self.setup.load.can_vary();
                self.send(requests, vary, Stage::Warmup)
            }
            Action::Load(round) => {
                let kind = if round.vary {
                    "varied requests"
                } else {
                    "requests"
                };
                let of = self.planned(round.requests, kind);
                self.progress
                    .phase(format!("round {}{of}", round.index + 1));
                self.varied = Some(round.vary);
                self.send(round.requests, round.vary, Stage::Round)
            }
            Action::Capture(role) => self.capture(role),
            Action::Judge(variant) => self.judge(variant),
            Action::CoolDown => self.cool_down(),
            Action::Stop(variant) => self.stop(variant),
            Action::Diagnose => self.diagnose(),
            Action::Compare | Action::Finish => Ok(Answer::Done),
        }
    }

    /// What a round will send, where that is ours to say.
    fn planned(&self, requests: u64, kind: &str) -> String {
        match &self.setup.load {
            LoadSource::Own(_) => format!(": {requests} {kind}"),
            LoadSource::Command(_) => String::new(),
        }
    }

    fn build(&mut self, variant: Variant) -> Result<Answer, Failure> {
        let mut edits = BTreeMap::new();
        if variant == Variant::AsIs {
            self.progress.phase("building the program");
            self.workshop.find(self.setup, &self.limits)?;
        } else if let Some(solved) = &self.solved {
            self.progress.phase("building the program with the fix");
            edits = solved.edits();
        }
        self.workshop.build_companions(self.setup, &self.limits)?;
        self.built = Some(self.workshop.build(&edits, &self.limits)?);
        Ok(Answer::Done)
    }

    fn start(&mut self, variant: Variant) -> Result<Answer, Failure> {
        self.progress.phase(match &self.setup.source {
            Source::Attach(_) => "attaching",
            Source::Package(_) | Source::Exec(_) => "starting",
        });
        let folder = match variant {
            Variant::AsIs => self.case_folder.clone(),
            Variant::WithFix => self.case_folder.join("with-fix"),
        };
        let running = Running::start(
            self.setup,
            &self.workshop,
            self.built.as_ref(),
            &folder,
            &self.progress,
            &self.limits,
        )?;
        if let Some(folder) = self.temporary.take() {
            folder.keep();
        }
        self.varied = None;
        self.running = Some(running);
        Ok(Answer::Done)
    }

    fn running(&mut self) -> Result<&mut Running, Failure> {
        self.running
            .as_mut()
            .ok_or_else(|| Failure::target(anyhow!("the program does not run")))
    }

    fn send(&mut self, requests: u64, vary: bool, stage: Stage) -> Result<Answer, Failure> {
        let limits = self.limits.clone();
        match self.running()?.send(requests, vary, stage, &limits)? {
            RoundEnd::Whole => Ok(Answer::Done),
            RoundEnd::Died | RoundEnd::CutShort => {
                // What could still be seen is captured: a program that hangs has much to tell.
                if stage == Stage::Round {
                    let vary = self.varied;
                    let _ = self.running()?.capture(Stage::Round, vary, &limits);
                }
                Ok(Answer::CutShort)
            }
        }
    }

    fn capture(&mut self, role: CaptureRole) -> Result<Answer, Failure> {
        self.progress.detail("capturing");
        let stage = match role {
            CaptureRole::Baseline => Stage::Warmup,
            CaptureRole::Round => Stage::Round,
            CaptureRole::CoolDown => Stage::Cooldown,
        };
        let (limits, vary) = (self.limits.clone(), self.varied);
        self.running()?.capture(stage, vary, &limits)?;
        Ok(Answer::Done)
    }

    fn judge(&mut self, variant: Variant) -> Result<Answer, Failure> {
        let files = &self.context.files;
        let options = self.options;
        let Some(running) = &self.running else {
            return Ok(Answer::CutShort);
        };
        let (case, dumps) = running.so_far();
        let run = Run::new(LoadedSeries::from_case(files, case), dumps);
        let growth = run.growth(&options);
        let judgement = match (variant, &self.as_is) {
            (Variant::WithFix, Some(before)) => {
                proof::told_apart(&before.growth, &growth, &options)
            }
            _ => match caulk_growth::sure_enough(&growth, &options) {
                Decision::Sure { .. } => Judgement::Sure,
                Decision::Cooldown { .. } => Judgement::NeedCoolDown,
                Decision::NeedMore { .. } => Judgement::NeedMore,
            },
        };
        Ok(Answer::Judged(judgement))
    }

    fn cool_down(&mut self) -> Result<Answer, Failure> {
        let wait = self.setup.cooldown;
        let seconds = wait.as_secs();
        self.progress.phase(format!(
            "cooling down for {seconds} s, to see what is still held"
        ));
        match self.limits.sleep(wait) {
            Ok(()) => Ok(Answer::Done),
            Err(Stopped::TimedOut) => Ok(Answer::CutShort),
            Err(_) => Err(Failure::interrupted()),
        }
    }

    fn stop(&mut self, variant: Variant) -> Result<Answer, Failure> {
        let Some(running) = self.running.take() else {
            return Ok(Answer::Done);
        };
        self.progress.detail("stopping");
        let record = running.stop();
        let loaded = LoadedSeries::from_case(&self.context.files, &record.case);
        let run = Run::new(loaded, &record.dumps);
        let growth = run.growth(&self.options);
        if let Some(death) = &record.death {
            let died = Died::of(death);
            match variant {
                Variant::AsIs => self.died = Some(died),
                Variant::WithFix => {
                    self.unproved = Some(format!("the program ended under the load: {}", died.how))
                }
            }
        }
        let finished = Finished {
            record,
            run,
            growth,
        };
        match variant {
            Variant::AsIs => self.as_is = Some(finished),
            Variant::WithFix => self.with_fix = Some(finished),
        }
        Ok(Answer::Done)
    }

    fn diagnose(&mut self) -> Result<Answer, Failure> {
        self.progress.phase("looking for the line");
        let Some(finished) = &self.as_is else {
            return Ok(Answer::Diagnosed { fix: false });
        };
        let grows = !matches!(finished.growth.verdict, Some(Verdict::Steady) | None);
        let root = self.workshop.package.as_ref().map(|package| solve::Root {
            folder: package.module_folder.clone(),
            main: package.folder.clone(),
        });
        let root = root.or_else(|| solve::Root::around(self.context, &self.setup.folder, None));
        self.solved = Some(solve::solve(
            self.context,
            &finished.run,
            root,
            &self.setup.build_tags,
            &finished.growth,
            grows,
        )?);
        let fix = self.solved.as_ref().is_some_and(|solved| solved.has_fix());
        let worth_proving = finished.growth.verdict == Some(Verdict::Leak) && self.died.is_none();
        Ok(Answer::Diagnosed {
            fix: fix && worth_proving,
        })
    }

    /// Adds an action's time to the phase that the user would call it.
    fn account(&mut self, action: Action, took: Duration) {
        let proving = self.as_is.is_some()
            && !matches!(action, Action::Diagnose | Action::Stop(Variant::AsIs));
        let name = match action {
            _ if proving => "proof",
            Action::Build(_) => "build",
            Action::Start(_) => "start",
            Action::WarmUp { .. } | Action::Capture(CaptureRole::Baseline) => "warm-up",
            Action::CoolDown | Action::Capture(CaptureRole::CoolDown) => "cool-down",
            Action::Diagnose => "diagnosis",
            Action::Stop(_) => "stop",
            _ => "rounds",
        };
        match self.phases.iter_mut().find(|(known, _)| known == name) {
            Some((_, time)) => *time += took,
            None => self.phases.push((name.to_owned(), took)),
        }
    }

    fn out_of_time(&self) -> Option<String> {
        let limit = units::duration(self.setup.timeout);
        let is_out = self.limits.check() == Err(Stopped::TimedOut);
        is_out.then(|| format!("the time limit of {limit} has passed: --timeout sets another"))
    }

    /// A failure, with the time limit where that has passed, and with where the snapshots are that were
    /// taken before it.
    fn with_place(&self, failure: Failure) -> Failure {
        let mut lines = vec![format!("{:#}", failure.error)];
        lines.extend(self.out_of_time());
        let case = CaseFolder::open(&self.context.files, &self.case_folder);
        if case.is_ok_and(|case| !case.case.snapshots.is_empty()) {
            lines.push(format!(
                "what was captured is in {}",
                shown(&self.case_folder)
            ));
        }
        Failure {
            exit: failure.exit,
            error: anyhow!(lines.join("\n    ")),
        }
    }

    fn findings(&mut self) -> Result<Findings, Failure> {
        let Some(finished) = self.as_is.take() else {
            return Err(Failure::target(anyhow!(
                "the hunt ended before anything was captured"
            )));
        };
        let mut solved = self.solved.take().unwrap_or_default();
        let worth_proving = solved.has_fix() && finished.growth.verdict == Some(Verdict::Leak);
        let proof = worth_proving
            .then(|| {
                let (after, trouble) = (self.with_fix.take(), self.unproved.clone());
                proof::proof(&finished, after, trouble, &self.options)
            })
            .flatten();
        let mut applied = false;
        let mut warnings = std::mem::take(&mut self.warnings);
        if self.setup.fix {
            match &proof {
                Some(proof) if proof.proved => {
                    solved.apply(self.setup.allow_dirty, &self.context.cancel)?;
                    applied = true;
                }
                Some(_) => {
                    warnings.push("the patch was not written, since it is not proved".to_owned())
                }
                None => warnings.push("there is no patch to write".to_owned()),
            }
        }
        let Finished {
            record,
            run,
            growth,
        } = finished;
        warnings.extend(record.warnings);
        warnings.extend(self.cannot_know());
        warnings.append(&mut solved.warnings);
        let findings = Findings {
            growth,
            run,
            code: std::mem::take(&mut solved.code),
            input: None,
            not_covered: solved.not_covered(&record.case.case),
            case: record.case.case,
            culprits: std::mem::take(&mut solved.culprits),
            unexplained: std::mem::take(&mut solved.unexplained),
            explanation: std::mem::take(&mut solved.explanation),
            grown_by: None,
            new_goroutines: solved.new_goroutines,
            proof,
            died: self.died.take(),
            warnings,
            phases: std::mem::take(&mut self.phases),
            case_shown: Some(shown(&self.case_folder)),
            source_shown: shown_folder(&solved.root),
            applied,
        };
        self.solved = Some(solved);
        Ok(findings)
    }

    fn cannot_know(&self) -> Vec<String> {
        let mut notes = Vec::new();
        match &self.setup.source {
            Source::Package(_) => {}
            Source::Exec(_) => notes.push(
                "the program was not built here: a fix cannot be proved, and its functions may be inlined".to_owned(),
            ),
            Source::Attach(_) => notes.push(
                "the program was not started here: there are no ancestors of goroutines, no count of descriptors, and a fix cannot be proved".to_owned(),
            ),
        }
        notes
    }
}

/// `caulk-secret-proxy-`: the folder is found again by the program's name.
fn case_prefix(setup: &Setup) -> String {
    let named = match &setup.source {
        Source::Package(named) => setup.folder.join(named),
        Source::Exec(_) | Source::Attach(_) => setup.folder.clone(),
    };
    let name = caulk_system::normalize(&named);
    let name = name
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    format!("caulk-{}-", name.unwrap_or_else(|| "case".to_owned()))
}

//! All goroutines of a body that stay for ever, and what is said of them.

use std::collections::BTreeSet;

use caulk_flow::Failing;
use caulk_program::SourceFile;
use caulk_syntax::StmtId;

use super::blocked::{self, Blocked};
use super::deaf::{self, Deaf};
use super::endless::{self, Endless};
use super::single::is_started_once;
use super::stopped::{self, Stopped};
use crate::body::{Function, Root};
use crate::finding::{Acquisition, Finding, Heat, Severity};
use crate::module::Module;

/// Why goroutines matter little.
const ONCE: &str = "it is started once in a process";
const UNSEEN: &str = "nothing shows that there are many";

/// The goroutines of a body that stay for ever, by the reason.
#[derive(Default)]
pub(crate) struct Goroutines {
    blocked: Vec<Blocked>,
    endless: Vec<Endless>,
    deaf: Vec<Deaf>,
    stopped: Vec<Stopped>,
}

impl Goroutines {
    pub fn of(module: &Module<'_>, function: &Function) -> Goroutines {
        Goroutines {
            blocked: blocked::goroutines(module, function),
            endless: endless::goroutines(module, function),
            deaf: deaf::goroutines(module, function),
            stopped: stopped::goroutines(module, function),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.blocked.is_empty()
            && self.endless.is_empty()
            && self.deaf.is_empty()
            && self.stopped.is_empty()
    }

    /// What is said of each where it runs as often as `heat` tells; of one `go` statement for which there are several reasons, the
    /// surest. What a function that runs once in a process starts, as `failing` tells, is one goroutine at most, or as many as a loop starts;
    /// and what it leaves where it fails ends with the process, where all its callers end that then.
    pub fn described(
        self,
        module: &Module<'_>,
        function: &Function,
        file: &SourceFile,
        heat: &dyn Fn(Root) -> Heat,
        failing: &dyn Fn(Root) -> Failing,
    ) -> Vec<(Acquisition, Finding)> {
        let mut all = Vec::new();
        for goroutine in self.blocked {
            let root = function.root_of(goroutine.go);
            let heat = heat(root);
            if goroutine.is_left_behind(heat) {
                let (acquisition, mut finding) =
                    blocked::described(module, function, file, &goroutine, heat);
                let failing = failing(root);
                if goroutine.is_last {
                    finding.severity = finding.severity.min(Severity::Medium);
                }
                let in_loop = function.in_loop(goroutine.go);
                let why = match failing {
                    _ if goroutine.is_slight(heat) => Some(UNSEEN),
                    Failing { once: true, .. } => Some(ONCE),
                    Failing { few: true, .. } if !in_loop => {
                        Some("what calls it does so a few times in a process")
                    }
                    Failing { process: true, .. } if goroutine.is_left_by_failing(function) => {
                        Some("the process ends with the error")
                    }
                    Failing { tested: true, .. } => Some("only tests call it"),
                    _ => None,
                };
                lower(&mut finding, why);
                all.push((acquisition, finding));
            }
        }
        let mut said: BTreeSet<StmtId> = BTreeSet::new();
        let mut say = |start: StmtId, described: Option<(Acquisition, Finding)>| {
            if let Some(described) = described
                && said.insert(start)
            {
                all.push(described);
            }
        };
        for goroutine in self.deaf {
            let heat = heat(function.root_of(goroutine.start));
            if heat != Heat::Test {
                let described = goroutine.described(module, function, heat);
                say(goroutine.start, described);
            }
        }
        let (unreleased, endless): (Vec<Endless>, Vec<Endless>) =
            self.endless.into_iter().partition(Endless::is_unreleased);
        let of_endless = |goroutine: Endless| {
            let heat = heat(goroutine.root);
            let described = goroutine
                .is_left_behind(heat)
                .then(|| endless::described(module, function, &goroutine, heat));
            let is_slight = goroutine.is_slight(heat);
            let mut described = described.flatten();
            if let Some((_, finding)) = &mut described {
                let is_once = failing(goroutine.root).once && !function.in_loop(goroutine.start)
                    || is_started_once(module.program, function, goroutine.start);
                let why = is_slight.then_some(UNSEEN);
                lower(finding, why.or(is_once.then_some(ONCE)));
            }
            (goroutine.start, described)
        };
        for (start, described) in endless.into_iter().map(of_endless) {
            say(start, described);
        }
        for goroutine in self.stopped {
            let heat = heat(function.root_of(goroutine.start));
            if !matches!(heat, Heat::Test | Heat::Once) {
                let described = goroutine.described(module, function, heat);
                say(goroutine.start, described);
            }
        }
        for (start, described) in unreleased.into_iter().map(of_endless) {
            say(start, described);
        }
        all
    }
}

/// Makes a finding one of low severity where there is a reason.
fn lower(finding: &mut Finding, why: Option<&str>) {
    if let Some(why) = why {
        finding.severity = Severity::Low;
        finding.low_because = Some(why.to_owned());
    }
}

//! Findings as an analysis would publish them, written down by hand.

#![allow(clippy::unwrap_used, dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::sync::Arc;

use caulk_fix::{FixPlan, PlanOptions, Workspace, plan};
use caulk_leaks::{
    ByteSpan, Confidence, ContractSource, Exit, ExitKind, Finding, FixTemplate, Harm, Heat, Held,
    Location, Obstacle, ReleaseCall, Resource, Severity,
};

pub const FILE: &str = "p.go";

/// One file, which may be edited.
pub struct OneFile<'a>(pub &'a [u8]);

impl Workspace for OneFile<'_> {
    fn read(&self, _file: &str) -> Result<Vec<u8>, String> {
        Ok(self.0.to_vec())
    }

    fn refusal(&self, _file: &str) -> Option<String> {
        None
    }
}

/// The plan where the check of the edited file finds nothing.
pub fn planned(src: &str, findings: &[Finding], options: PlanOptions) -> FixPlan {
    let all: Vec<usize> = (0..findings.len()).collect();
    let mut nothing = |_: &BTreeMap<String, Arc<[u8]>>| Vec::new();
    plan(
        findings,
        &all,
        &OneFile(src.as_bytes()),
        &mut nothing,
        options,
    )
}

/// A leak in a source text, with the facts that most have.
pub struct Leak<'a> {
    src: &'a str,
    /// Where the statement starts.
    start: usize,
    finding: Finding,
}

impl<'a> Leak<'a> {
    /// A client that `statement` in `function` acquires and that `Close` releases. The variable, the error
    /// and its check are taken from the text.
    pub fn of(src: &'a str, function: &str, statement: &str) -> Self {
        let function = src.find(&format!("func {function}(")).unwrap();
        let body_start = function + src[function..].find("{\n").unwrap_or(0);
        let body_end = body_start + src[body_start..].find("\n}").map_or(1, |at| at + 2);
        let start = function + src[function..].find(statement).unwrap();
        let end = start + statement.len();
        let (left, right) = statement.split_once(" := ").unwrap_or(("_", statement));
        let names: Vec<&str> = left.split(", ").collect();
        let call = (start + statement.find(right).unwrap()) as u32;
        let statement = ByteSpan {
            start: start as u32,
            end: end as u32,
        };
        let location = Location {
            file: FILE.into(),
            line: 1,
            column: 1,
            end_line: 1,
            end_column: 1,
            span: ByteSpan {
                start: call,
                end: end as u32,
            },
        };
        let fix = FixTemplate {
            release: ReleaseCall {
                method: Some("Close".into()),
                returns_error: true,
                ..ReleaseCall::default()
            },
            held: Held::Variable(names[0].into()),
            result: (0, names.len()),
            error_result: names.iter().position(|name| *name == "err"),
            error_variable: names.contains(&"err").then(|| "err".into()),
            statement,
            after: statement,
            body: ByteSpan {
                start: body_start as u32,
                end: body_end as u32,
            },
            in_loop: false,
            test_variable: None,
            losing_exits: Vec::new(),
            handed_on: false,
            handed_on_at: Vec::new(),
            releases: Vec::new(),
            may_release: Vec::new(),
            obstacles: Vec::new(),
            keeper: None,
        };
        let finding = Finding {
            rule: "unclosed-client",
            severity: Severity::High,
            low_because: None,
            confidence: Confidence::Certain,
            message: "is never closed".into(),
            location,
            begun: None,
            resource: Resource {
                type_name: "example.com/x.Client".into(),
                acquired_by: "example.com/x.NewClient".into(),
                release: "Close".into(),
                variable: None,
                contract_from: ContractSource::Catalogue,
                harm: Harm::default(),
                cost: String::new(),
            },
            path: Vec::new(),
            function: "example.com/x.f".into(),
            heat: Heat::Unknown,
            fix,
            identity: format!("{start}"),
            fingerprint: format!("{start}"),
        };
        let next = src[end..].trim_start();
        let leak = Self {
            src,
            start,
            finding,
        };
        if next.starts_with("if err != nil {") {
            leak.check("if err != nil")
        } else {
            leak
        }
    }

    /// The first statement after the acquisition that starts with `text` checks its error.
    pub fn check(mut self, text: &str) -> Self {
        let start = self.start + self.src[self.start..].find(text).unwrap();
        let indent = &self.src[self.src[..start].rfind('\n').unwrap()..start];
        let end =
            start + self.src[start..].find(&format!("{indent}}}")).unwrap() + indent.len() + 1;
        self.finding.fix.after = ByteSpan {
            start: start as u32,
            end: end as u32,
        };
        self
    }

    /// It is acquired in the function literal whose text starts and ends so.
    pub fn in_literal(self, head: &str, tail: &str) -> Self {
        let start = self.src.find(head).unwrap() + head.len() - 1;
        let end = start + self.src[start..].find(tail).unwrap() + tail.find('}').unwrap() + 1;
        self.with(|fix| {
            fix.body = ByteSpan {
                start: start as u32,
                end: end as u32,
            }
        })
    }

    /// The first place of `text` behind the acquisition may need it after the function has ended.
    pub fn obstacle(self, text: &str, why: &str) -> Self {
        let span = self.place(self.start, text);
        self.with(|fix| {
            fix.obstacles.push(Obstacle {
                span,
                why: why.into(),
            })
        })
    }

    pub fn rule(mut self, rule: &'static str) -> Self {
        self.finding.rule = rule;
        self
    }

    /// Released by a method, or by calling it.
    pub fn release(self, method: Option<&str>) -> Self {
        self.with(|fix| {
            fix.release.method = method.map(Into::into);
            fix.release.returns_error = method.is_some();
        })
    }

    /// A response whose body is owed.
    pub fn body_of_response(mut self) -> Self {
        self.finding.resource.type_name = "net/http.Response".into();
        self.with(|fix| fix.release.path = ".Body".into())
    }

    /// The value is assigned to `_`, the first one of the statement.
    pub fn blank(self) -> Self {
        let start = self.start + self.src[self.start..].find('_').unwrap();
        self.with(|fix| {
            fix.held = Held::Blank(ByteSpan {
                start: start as u32,
                end: start as u32 + 1,
            });
        })
    }

    /// A statement after the acquisition releases it, too late or not always.
    pub fn released_by(self, statement: &str) -> Self {
        let at = self.place(self.start, statement);
        self.with(|fix| fix.releases.push(at))
    }

    /// The first place of `exit` behind `marker`, which is searched behind the acquisition, loses it.
    pub fn exit_after(self, marker: &str, exit: &str, kind: ExitKind) -> Self {
        let marker = self.place(self.start, marker).end as usize;
        let span = self.place(marker, exit);
        let with_error = exit.ends_with("err");
        self.with(|fix| {
            fix.losing_exits.push(Exit {
                span,
                kind,
                with_error,
                failing_call: false,
            })
        })
    }

    /// The next turn of a loop acquires again while the value is held.
    pub fn next_turn(self) -> Self {
        let span = self.finding.fix.statement;
        self.with(|fix| {
            fix.in_loop = true;
            fix.losing_exits.push(Exit {
                span,
                kind: ExitKind::NextIteration,
                with_error: false,
                failing_call: false,
            });
        })
    }

    pub fn with(mut self, change: impl FnOnce(&mut FixTemplate)) -> Self {
        change(&mut self.finding.fix);
        self
    }

    pub fn finding(self) -> Finding {
        self.finding
    }

    fn place(&self, from: usize, text: &str) -> ByteSpan {
        let start = from + self.src[from..].find(text).unwrap();
        ByteSpan {
            start: start as u32,
            end: (start + text.len()) as u32,
        }
    }
}

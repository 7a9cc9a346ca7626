//! Whatever an analysis says of whatever text: nothing panics, no edit breaks the syntax, and bytes that are
//! not edited stay.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::time::Duration;

use caulk_fix::{FixPlan, Outcome, PlanOptions};
use caulk_leaks::{ByteSpan, Exit, ExitKind, Finding, Held};
use caulk_syntax::StmtKind;
use caulk_system::process::{Command, run};
use caulk_system::{Files, Limits, OsFiles, write_atomic};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use support::{Leak, planned};

/// Every shape's source.
fn sources() -> Vec<String> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shapes"));
    let shapes = OsFiles.read_dir(folder).unwrap();
    shapes
        .iter()
        .map(|shape| {
            OsFiles
                .read(&folder.join(&shape.name).join("before.go"))
                .unwrap()
        })
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .collect()
}

/// The statements of a file, which an analysis could name.
#[derive(Default)]
struct Statements {
    all: Vec<ByteSpan>,
    assignments: Vec<ByteSpan>,
    checks: Vec<ByteSpan>,
    exits: Vec<ByteSpan>,
    defers: Vec<ByteSpan>,
}

impl Statements {
    fn of(src: &str) -> Self {
        let parsed = caulk_syntax::parse(src.as_bytes());
        let mut found = Self::default();
        for body in &parsed.bodies {
            body.tree.walk(body.block, |node| {
                if let caulk_syntax::Node::Stmt(id) = node {
                    let stmt = body.tree.stmt(id);
                    let span = ByteSpan {
                        start: stmt.span.start,
                        end: stmt.span.end,
                    };
                    found.all.push(span);
                    match stmt.kind {
                        StmtKind::Assign { .. } | StmtKind::Go(_) => found.assignments.push(span),
                        StmtKind::If { .. } => found.checks.push(span),
                        StmtKind::Return(_) | StmtKind::Branch { .. } => found.exits.push(span),
                        StmtKind::Block(_) => {
                            found.exits.push(ByteSpan {
                                start: span.end - 1,
                                end: span.end,
                            });
                        }
                        StmtKind::Defer(_) => found.defers.push(span),
                        _ => {}
                    }
                }
                caulk_syntax::Descend::Into
            });
        }
        found
    }
}

const RULES: [&str; 4] = [
    "unclosed-client",
    "release-before-error-check",
    "defer-in-loop",
    "blocked-goroutine",
];

/// A finding whose facts are picked from the file's own statements by numbers: mostly of the right kind.
fn finding(known: &Statements, picks: &[u16], flags: u32) -> Finding {
    let pick = |at: usize, kind: &[ByteSpan]| {
        let number = usize::from(picks.get(at).copied().unwrap_or(0));
        let from = if number % 8 == 0 || kind.is_empty() {
            &known.all
        } else {
            kind
        };
        from.get(number / 8 % from.len().max(1))
            .copied()
            .unwrap_or_default()
    };
    let flag = |bit: u32| flags >> bit & 1 == 1;
    let mut finding = Leak::of("func f(\n}c := d()", "f", "c := d()").finding();
    finding.rule = RULES
        .get((flags >> 16) as usize % 16)
        .copied()
        .unwrap_or("unclosed-client");
    finding.location.span = pick(0, &known.assignments);
    let fix = &mut finding.fix;
    fix.statement = pick(0, &known.assignments);
    fix.after = if flag(0) {
        pick(1, &known.checks)
    } else {
        fix.statement
    };
    fix.body = pick(2, &[]);
    fix.held = match flags >> 20 & 7 {
        0 => Held::Blank(pick(3, &[])),
        1 => Held::Nothing,
        _ => Held::Variable("value".into()),
    };
    fix.error_variable = flag(1).then(|| "err".into());
    fix.in_loop = flag(2);
    fix.handed_on = flag(3);
    fix.test_variable = flag(6).then(|| "t".into());
    if flag(15) {
        fix.release.method = None;
    }
    if flag(23) {
        fix.release.path = ".Body".into();
    }
    fix.release.commits = flag(7) && flag(8);
    fix.release.abort = (flag(9) && flag(10)).then(|| "Rollback".into());
    let kinds = [
        ExitKind::Return,
        ExitKind::End,
        ExitKind::NextIteration,
        ExitKind::Overwritten,
    ];
    fix.losing_exits = (4..4 + (flags >> 11 & 3) as usize)
        .map(|at| Exit {
            span: pick(at, &known.exits),
            kind: kinds[at % kinds.len()],
            with_error: flag(13),
            failing_call: flag(14),
        })
        .collect();
    if flag(14) {
        fix.releases.push(pick(8, &known.defers));
    }
    finding
}

fn errors(text: &[u8]) -> usize {
    let parsed = caulk_syntax::parse(text);
    let in_bodies: usize = parsed.bodies.iter().map(|body| body.errors.len()).sum();
    parsed.file.errors.len() + in_bodies
}

fn check(src: &str, plan: &FixPlan) {
    for file in &plan.files {
        assert!(errors(&file.after) <= errors(src.as_bytes()), "{src}");
        let mut rest = file.after.as_slice();
        let mut done = 0;
        for edit in &file.edits {
            let kept = &src.as_bytes()[done..edit.span.start as usize];
            rest = rest.strip_prefix(kept).unwrap();
            rest = rest.strip_prefix(edit.text.as_bytes()).unwrap();
            done = edit.span.end as usize;
        }
        assert_eq!(rest, &src.as_bytes()[done..]);
    }
    for fix in &plan.fixes {
        match &fix.outcome {
            Outcome::Refused(reason) => assert!(!reason.is_empty() && fix.edits.is_empty()),
            Outcome::Fixed | Outcome::FixedReview(_) => assert!(!fix.edits.is_empty()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000,
        failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_finding_on_any_shape(
        shape in any::<prop::sample::Index>(),
        cut in prop::option::of((any::<prop::sample::Index>(), "[{}()\n;a`\"/*]{0,3}")),
        picks in prop::collection::vec((prop::collection::vec(any::<u16>(), 9), any::<u32>()), 1..4),
    ) {
        let sources = sources();
        let mut src = shape.get(&sources).clone();
        let known = Statements::of(&src);
        if let Some((at, text)) = cut {
            let at = at.index(src.len());
            src.insert_str(at, &text);
        }
        let findings: Vec<Finding> =
            picks.iter().map(|(picks, flags)| finding(&known, picks, *flags)).collect();
        let plan = planned(&src, &findings, PlanOptions { take_review: true });
        check(&src, &plan);
    }
}

/// Files that gofmt leaves alone must be left alone by it after any edit, whether the edit makes sense or not.
#[test]
fn edited_files_stay_formatted() {
    let mut runner = TestRunner::deterministic();
    let sources = sources();
    let choice = (
        any::<prop::sample::Index>(),
        prop::collection::vec((prop::collection::vec(any::<u16>(), 9), any::<u32>()), 1..3),
    );
    let folder = tempfile::tempdir().unwrap();
    let mut written = 0;
    while written < 300 {
        let (shape, picks) = choice.new_tree(&mut runner).unwrap().current();
        let src = shape.get(&sources);
        let known = Statements::of(src);
        let findings: Vec<Finding> = picks
            .iter()
            .map(|(picks, flags)| finding(&known, picks, *flags))
            .collect();
        let plan = planned(src, &findings, PlanOptions { take_review: true });
        for file in plan.files {
            write_atomic(&folder.path().join(format!("{written}.go")), &file.after).unwrap();
            written += 1;
        }
    }
    let command = Command::new("gofmt")
        .args(["-l", "-d", "."])
        .folder(folder.path());
    let output = run(&command, &Limits::default().within(Duration::from_secs(60)))
        .unwrap_or_else(|error| panic!("gofmt must be installed for this test: {error}"));
    let text = [output.stdout, output.stderr].concat();
    assert!(text.is_empty(), "{}", String::from_utf8_lossy(&text));
}

//! One fixture through every format.

#![allow(clippy::unwrap_used)]

use caulk_report::json::check;
use caulk_report::terminal::Terminal;
use caulk_report::{
    Align, Block, Cell, Column, Diagnostic, Figure, KeyValue, Location, Mark, Paragraph, Patch,
    PatchHunk, PatchLine, Report, Severity, Snippet, Step, Table, Tone, render,
};

const SOURCE: &str = "package secret

func (s *Store) Get(ctx context.Context) ([]byte, error) {
\tclient, err := secretmanager.NewClient(ctx)
\tif err != nil {
\t\treturn nil, err
\t}
\tres, err := client.AccessSecretVersion(ctx, s.request)
\treturn res.Payload.Data, err
}
";

fn span(of: &str) -> std::ops::Range<usize> {
    let start = SOURCE.find(of).unwrap();
    start..start + of.len()
}

fn story() -> Report {
    let mut report = Report::new();
    let mut leak = Diagnostic::new(
        Severity::new("LEAK", Tone::Alarm),
        "secretmanager client never closed: 1 per POST /v0/cron",
    )
    .at(Location::new("secret/secret.go", 4, 17));
    let exit = span("return res").start;
    leak.snippets = vec![
        Snippet::new("secret/secret.go")
            .label(
                SOURCE.as_bytes(),
                exit..exit,
                Mark::Caret,
                "returns with client open",
            )
            .label(
                SOURCE.as_bytes(),
                span("secretmanager.NewClient(ctx)"),
                Mark::Dash,
                "opened here",
            ),
    ];
    report.push(leak);

    let mut table = Table::new([
        Column::left(""),
        Column::decimal("as is"),
        Column::decimal("with the fix"),
        Column::left("642 requests, 6 rounds each"),
    ]);
    table.row(["connections/req", "1.000", "0.000", "642 of 642 left one"]);
    table.row([
        "heap/req",
        "64.5 kB ± 0.4",
        "0.05 kB ± 0.09",
        "smallest visible 0.1 kB",
    ]);
    table.row(["RSS", "+46 MB", "+1 MB", "heap 41, stacks 3, other 2"]);
    report.push(table);
    report.push(Paragraph::with_lead(
        "Why this line:",
        "3,210 of 3,214 new goroutines descend from it; they root 94 % of the new heap",
    ));
    report.push(Block::Figures(vec![
        Figure {
            value: "20.1 kB/req".into(),
            label: "transport.newHTTP2Client".into(),
        },
        Figure {
            value: "11.8 kB/req".into(),
            label: "tls.(*Conn).readFromUntil".into(),
        },
        Figure {
            value: "9.0 kB/req".into(),
            label: "bufio.NewReaderSize".into(),
        },
    ]));
    report.push(Paragraph::with_lead(
        "Fix",
        "(proved by the right-hand column)",
    ));
    report.push(Patch {
        hunks: vec![PatchHunk {
            file: "secret/secret.go".into(),
            line: 8,
            lines: vec![
                PatchLine::Context("\t}".into()),
                PatchLine::Added("\tdefer client.Close()".into()),
                PatchLine::Removed("\told()".into()),
            ],
        }],
    });
    report.push(Block::KeyValues(vec![
        KeyValue::new("apply", "caulk fix --only secret/secret.go:4"),
        KeyValue::new("case", "secret-proxy-0412 (48 s)"),
    ]));

    let mut lost = Diagnostic::new(
        Severity::new("high", Tone::Warning),
        "resp.Body is never closed",
    )
    .at(Location::new("feed/feed.go", 31, 15));
    lost.rule = Some("unclosed-response-body".into());
    lost.tags = vec!["fixable".into()];
    lost.steps = vec![Step {
        location: Location::new("feed/feed.go", 36, 3),
        note: "returns when the status is not 200".into(),
    }];
    lost.notes = vec![
        "the connection cannot be used again until its body has been read to the end and closed"
            .into(),
    ];
    report.push(lost);
    report.push(Block::Summary(vec![
        "2 findings: 1 fixable, 1 refused".into(),
    ]));
    report
}

#[test]
fn full_text() {
    insta::assert_snapshot!(render::full(&story(), Terminal::PLAIN));
}

#[test]
fn full_text_in_colour() {
    let terminal = Terminal {
        color: true,
        ..Terminal::PLAIN
    };
    let text = render::full(&story(), terminal).replace('\u{1b}', "ESC");
    insta::assert_snapshot!(text);
}

#[test]
fn concise_text() {
    insta::assert_snapshot!(render::concise(&story(), Terminal::PLAIN));
}

#[test]
fn colour_adds_nothing_but_escape_sequences() {
    let colored = render::full(
        &story(),
        Terminal {
            color: true,
            ..Terminal::PLAIN
        },
    );
    let mut bare = String::new();
    let mut rest = colored.as_str();
    while let Some(at) = rest.find('\u{1b}') {
        bare.push_str(&rest[..at]);
        rest = &rest[at + rest[at..].find('m').unwrap() + 1..];
    }
    bare.push_str(rest);
    assert_eq!(bare, render::full(&story(), Terminal::PLAIN));
}

#[test]
fn check_json() {
    let mut report = check::CheckReport::new();
    report.findings.push(check::Finding {
        rule: "unclosed-client".into(),
        severity: check::Severity::High,
        low_because: None,
        confidence: check::Confidence::Certain,
        message: "client is never closed".into(),
        location: check::Span {
            file: "a/b.go".into(),
            line: 47,
            column: 17,
            end_line: 47,
            end_column: 62,
        },
        changed: None,
        resource: Some(check::Resource {
            type_name: "cloud.google.com/go/pubsub.Client".into(),
            acquired_by: "cloud.google.com/go/pubsub.NewClient".into(),
            release: "Close".into(),
            variable: "client".into(),
            contract_from: "catalogue".into(),
        }),
        path: vec![check::PathStep {
            file: "a/b.go".into(),
            line: 51,
            column: 3,
            note: "returns with client still open".into(),
        }],
        fix: Some(check::Fix {
            outcome: check::FixOutcome::FixedReview,
            reason: "the order of releases changes".into(),
            edits: vec![check::Edit {
                file: "a/b.go".into(),
                start: 1204,
                end: 1204,
                text: "\tdefer client.Close()\n".into(),
            }],
        }),
        fingerprint: "5f1d".into(),
    });
    report.problems.push(check::Problem {
        kind: "missing-module".into(),
        what: "example.com/x".into(),
        place: "go.mod:12".into(),
    });
    report.coverage = check::Coverage {
        acquisitions: 1931,
        decided: 1904,
    };
    let text = render::json(&report).unwrap();
    assert_eq!(
        serde_json::from_str::<check::CheckReport>(&text).unwrap(),
        report
    );
    insta::assert_snapshot!(text);
}

fn labelled(source: &str, what: &str, width: usize) -> String {
    let start = source.find(what).unwrap();
    let mut found = Diagnostic::new(Severity::new("low", Tone::Notice), "m");
    found.location = Some(Location::new("a.go", 1, 1));
    found.snippets = vec![Snippet::new("a.go").label(
        source.as_bytes(),
        start..start + what.len(),
        Mark::Caret,
        "here",
    )];
    let mut report = Report::new();
    report.push(found);
    render::full(
        &report,
        Terminal {
            color: false,
            width,
        },
    )
}

#[test]
fn marks_stand_below_wide_characters_and_tabs() {
    insta::assert_snapshot!(labelled("\t\tname(\"漢字é\",\tclient) // 結\r\n", "client", 80), @r#"
    low  a.go:1:1  m
      1 |  name("漢字é",   client) // 結
        |                  ^^^^^^ here
    "#);
}

#[test]
fn long_lines_are_cut_around_their_label() {
    let source = format!("{} = target() + {}\n", "a".repeat(90), "b".repeat(90));
    let text = labelled(&source, "target()", 60);
    assert!(
        text.lines().all(|line| line.chars().count() <= 60),
        "{text}"
    );
    insta::assert_snapshot!(text, @r"
    low  a.go:1:1  m
      1 |  …aaaaaaaaaaaaa = target() + bbbbbbbbbbbbbbbbbbbbbbbb…
        |                   ^^^^^^^^ here
    ");
}

#[test]
fn source_cannot_command_the_terminal() {
    let text = labelled("x := \"\u{1b}]0;owned\u{7}\" // \u{202e}evil\n", "x", 80);
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
}

#[test]
fn snippets_take_any_bytes_and_any_span() {
    let source: &[u8] = b"\xff\xfe\tab\n\x80c";
    for start in 0..12 {
        for end in 0..12 {
            let snippet = Snippet::new("a.go").label(source, start..end, Mark::Dash, "");
            let mut found = Diagnostic::new(Severity::new("low", Tone::Notice), "m");
            found.snippets = vec![snippet];
            let mut report = Report::new();
            report.push(found);
            assert!(render::full(&report, Terminal::PLAIN).contains('-'));
        }
    }
}

#[test]
fn decimal_points_stand_below_each_other() {
    let mut table = Table::new([
        Column::left("what"),
        Column {
            heading: "n".into(),
            align: Align::Decimal,
        },
    ]);
    table.row([Cell::from("a"), Cell::from("1,234.5 kB")]);
    table.row([Cell::strong("b"), Cell::from("0.05 kB")]);
    table.row([Cell::from("c"), Cell::from("+46 MB")]);
    let mut report = Report::new();
    report.push(table);
    insta::assert_snapshot!(render::full(&report, Terminal::PLAIN), @r"
      what    n
      a       1,234.5 kB
      b           0.05 kB
      c         +46 MB
    ");
}

//! A page with one of everything, in which a name can be chosen.

#![allow(dead_code, reason = "each test binary uses a part of it")]

use caulk_report::{
    Axis, Block, Catalogue, CatalogueItem, Cell, Column, Diagnostic, Facet, Figure, Fit,
    FlameFrame, FlameGraph, KeyValue, Location, Mark, Page, Paragraph, Part, Patch, PatchHunk,
    PatchLine, Plot, PlotLine, PlotPoint, Section, Severity, Snippet, Table, Tone, Unit,
};

/// Names as nobody should choose them.
pub const HOSTILE: [&str; 6] = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\"><img src=x onerror=alert(1)>",
    "a\u{2028}b\u{2029}c\u{202e}d\u{0}e\u{1b}[31mf",
    "]]></style><style>*{display:none}</style>",
    "' onload='alert(1)",
];

/// The page; `name` stands wherever a name, a path or a line of source can.
pub fn page(name: &str) -> Page {
    let severity = || Severity::new("LEAK", Tone::Alarm);
    let head = Diagnostic::new(severity(), format!("client of {name} is never closed"))
        .at(Location::new("a/b.go", 2, 8));
    let source = format!("package a\nvar x = open(\"{name}\")\n\treturn x\n");
    let mut finding = head.clone();
    finding.rule = Some(name.to_owned());
    finding.snippets = vec![
        Snippet::new(name)
            .label(source.as_bytes(), 18..22, Mark::Dash, "opened here")
            .surround(source.as_bytes(), 1),
    ];
    let patch = Patch {
        hunks: vec![PatchHunk {
            file: name.to_owned(),
            line: 3,
            lines: vec![
                PatchLine::Removed(format!("\t{name}")),
                PatchLine::Added("\tdefer client.Close()".replace('\t', "    ")),
            ],
        }],
    };
    let mut ranking = Table::new([Column::left("place"), Column::right("share")]);
    ranking.row([
        Cell::code("a/b.go:2:8").linked("culprit-1"),
        Cell::from("73 %").with_share(0.73),
    ]);
    ranking.row([Cell::code(name), Cell::from("2 %").with_share(0.02)]);
    Page {
        title: format!("LEAK: {name}"),
        subject: vec![name.to_owned(), "go1.26".to_owned()],
        verdict: head,
        facts: vec![Figure {
            value: "58 kB ± 6".to_owned(),
            label: "heap per request".to_owned(),
        }],
        remarks: vec![Paragraph::with_lead("Note:", name)],
        sections: vec![
            Section::new("What grows", vec![Part::Plots(vec![plot(name)])]).with_lead(name),
            Section::new(
                "Culprits",
                vec![
                    Part::Table {
                        caption: name.to_owned(),
                        table: ranking,
                    },
                    Part::Article {
                        name: "culprit-1".to_owned(),
                        blocks: vec![
                            finding.into(),
                            patch.into(),
                            Block::Figures(vec![Figure {
                                value: "1 kB".to_owned(),
                                label: name.to_owned(),
                            }]),
                            Block::KeyValues(vec![KeyValue::new("apply", name)]),
                        ],
                    },
                ],
            ),
            Section::new("Flame graph", vec![Part::Flames(flames(name))]),
            Section::new("Findings", vec![Part::Catalogue(catalogue(name))]),
        ],
        made_by: "caulk".to_owned(),
    }
}

/// Three findings: a rule of this name at high and at low, another one at low.
pub fn catalogue(name: &str) -> Catalogue {
    let facet = |name: &str, values: &[&str]| Facet {
        name: name.to_owned(),
        values: values.iter().map(|&value| value.to_owned()).collect(),
    };
    let item = |number: usize, values: [usize; 2], text: &str| CatalogueItem {
        name: format!("finding-{number}"),
        values: values.to_vec(),
        blocks: vec![Diagnostic::new(Severity::new("high", Tone::Alarm), text).into()],
    };
    Catalogue {
        facets: vec![
            facet("Rule", &[name, "unclosed-file"]),
            facet("Severity", &["high", "low"]),
        ],
        items: vec![
            item(1, [0, 0], name),
            item(2, [0, 1], "conn is never closed"),
            item(3, [1, 1], "f is never closed"),
        ],
    }
}

fn plot(name: &str) -> Plot {
    let points: Vec<PlotPoint> = (1..=5)
        .map(|round| PlotPoint {
            x: 10.0 * f64::from(round),
            y: 1e6 * f64::from(round),
            aside: String::new(),
        })
        .collect();
    Plot {
        name: "Live heap".to_owned(),
        remark: "+100 kB per request".to_owned(),
        x: Axis::new("requests", Unit::Count),
        y: Axis::new("heap", Unit::Bytes),
        lines: vec![PlotLine {
            name: name.to_owned(),
            points,
            fit: Some(Fit {
                from: (10.0, 1e6),
                to_x: 50.0,
                slope: 1e5,
                slopes: Some((9e4, 1.1e5)),
            }),
        }],
    }
}

fn flames(name: &str) -> Vec<FlameGraph> {
    vec![
        graph("Heap bytes", stacks(name)),
        graph("Goroutines", stacks("other.Name")),
    ]
}

/// A stack from the root inwards, after its value.
pub type Stack = (f64, Vec<FlameFrame>);

pub fn graph(name: &str, stacks: Vec<Stack>) -> FlameGraph {
    let kinds = ["own", "library"];
    FlameGraph::new(name, "growth", &kinds, stacks, Clone::clone, |value| {
        format!("{value:.0} B")
    })
}

/// `main.main` calls `serve`, which calls the named one (600) and `http.Serve` and it `http.inner` (300); `main.other` is 100.
pub fn stacks(name: &str) -> Vec<Stack> {
    let stack =
        |names: &[&str], value: f64| (value, names.iter().map(|name| frame(name)).collect());
    vec![
        stack(&["main.main", "main.serve", name], 600.0),
        stack(
            &[
                "main.main",
                "main.serve",
                "net/http.Serve",
                "net/http.inner",
            ],
            300.0,
        ),
        stack(&["main.main", "main.other"], 100.0),
    ]
}

pub fn frame(name: &str) -> FlameFrame {
    FlameFrame {
        name: name.rsplit('/').next().unwrap_or(name).to_owned(),
        full_name: name.to_owned(),
        place: format!("{name}.go:7"),
        kind: u8::from(!name.starts_with("main.")),
    }
}

/// So many stacks, some heavy and most light, that share their beginnings.
pub fn many_stacks(count: u32) -> Vec<Stack> {
    (0..count)
        .map(|index| {
            let mut frames = vec![
                frame("main.main"),
                frame(&format!("main.route{}", index % 40)),
            ];
            let mut left = index;
            while left > 0 {
                frames.push(frame(&format!("example.com/library/v2.step{}", left % 7)));
                left /= 7;
            }
            (1e6 / f64::from(index + 1), frames)
        })
        .collect()
}

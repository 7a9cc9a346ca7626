//! Findings for other programs: one list through every format, and names as nobody should choose them.

#![allow(clippy::unwrap_used)]

use caulk_report::{
    FindingList, Level, ListedFinding, ListedFix, Region, RegionEdit, RuleInfo, Tool, Waypoint,
    render,
};
use serde_json::Value;

/// Each of them ends something or begins something in one of the formats.
const HOSTILE: &str = "a b%0A::error::x,y:z\r\n\"<&>' ]]>\u{0}\u{b}\u{1b}[31m\u{fffe}é漢";

fn region(file: &str, line: u32) -> Region {
    Region {
        file: file.to_owned(),
        line,
        column: 3,
        end_line: line,
        end_column: 9,
    }
}

fn finding(file: &str, line: u32, level: Level) -> ListedFinding {
    ListedFinding {
        rule: "unclosed-client".to_owned(),
        level,
        confidence: "certain".to_owned(),
        message: "client is never closed".to_owned(),
        place: region(file, line),
        path: vec![
            Waypoint {
                place: region(file, line),
                note: "opened here".to_owned(),
            },
            Waypoint {
                place: region(file, line + 4),
                note: "returns with client still open".to_owned(),
            },
        ],
        fix: Some(ListedFix {
            description: "release it with Close".to_owned(),
            edits: vec![RegionEdit {
                place: Region {
                    end_column: 3,
                    ..region(file, line + 3)
                },
                text: "defer client.Close()\n".to_owned(),
            }],
        }),
        fingerprint: format!("{line:016x}"),
    }
}

fn list(findings: Vec<ListedFinding>) -> FindingList {
    FindingList {
        tool: Tool {
            name: "caulk".to_owned(),
            version: "1.2.3".to_owned(),
            url: "https://example.com/caulk".to_owned(),
        },
        rules: vec![RuleInfo {
            name: "unclosed-client".to_owned(),
            summary: "a client is not closed".to_owned(),
            page: "# unclosed-client\n".to_owned(),
        }],
        findings,
        remarks: vec!["1 module not in the module cache: example.com/x".to_owned()],
    }
}

fn usual() -> FindingList {
    list(vec![
        finding("a/b c.go", 7, Level::High),
        finding("a/b c.go", 40, Level::Low),
        finding("z.go", 2, Level::Medium),
    ])
}

fn hostile() -> FindingList {
    let mut finding = finding(HOSTILE, 1, Level::High);
    finding.message = HOSTILE.to_owned();
    finding.rule = HOSTILE.to_owned();
    finding.path[1].note = HOSTILE.to_owned();
    let mut list = list(vec![finding]);
    list.remarks = vec![format!("::set-output name=x::{HOSTILE}")];
    list
}

#[test]
fn sarif() {
    insta::assert_snapshot!(render::sarif(&usual()));
}

#[test]
fn github() {
    insta::assert_snapshot!(render::github(&usual()), @r#"
    ::error file=a/b c.go,line=7,endLine=7,col=3,endColumn=8,title=unclosed-client::client is never closed%0Aline 7: opened here%0Aline 11: returns with client still open
    ::warning file=z.go,line=2,endLine=2,col=3,endColumn=8,title=unclosed-client::client is never closed%0Aline 2: opened here%0Aline 6: returns with client still open
    ::notice file=a/b c.go,line=40,endLine=40,col=3,endColumn=8,title=unclosed-client::client is never closed%0Aline 40: opened here%0Aline 44: returns with client still open
    caulk: 1 module not in the module cache: example.com/x
    "#);
}

#[test]
fn gitlab() {
    insta::assert_snapshot!(render::gitlab(&list(vec![finding("a/b c.go", 7, Level::High)])), @r#"
    [
      {
        "description": "client is never closed",
        "check_name": "unclosed-client",
        "fingerprint": "0000000000000007",
        "severity": "critical",
        "location": {
          "path": "a/b c.go",
          "lines": {
            "begin": 7,
            "end": 7
          }
        }
      }
    ]
    "#);
}

#[test]
fn junit() {
    insta::assert_snapshot!(render::junit(&usual()), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="caulk" tests="3" failures="3" errors="0">
      <testsuite name="a/b c.go" tests="2" failures="2" errors="0">
        <testcase name="unclosed-client at 7:3" classname="a/b c.go" file="a/b c.go" line="7">
          <failure message="client is never closed" type="high, certain">a/b c.go:7:3: client is never closed
    a/b c.go:7:3: opened here
    a/b c.go:11:3: returns with client still open</failure>
        </testcase>
        <testcase name="unclosed-client at 40:3" classname="a/b c.go" file="a/b c.go" line="40">
          <failure message="client is never closed" type="low, certain">a/b c.go:40:3: client is never closed
    a/b c.go:40:3: opened here
    a/b c.go:44:3: returns with client still open</failure>
        </testcase>
      </testsuite>
      <testsuite name="z.go" tests="1" failures="1" errors="0">
        <testcase name="unclosed-client at 2:3" classname="z.go" file="z.go" line="2">
          <failure message="client is never closed" type="medium, certain">z.go:2:3: client is never closed
    z.go:2:3: opened here
    z.go:6:3: returns with client still open</failure>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
}

#[test]
fn a_file_is_named_by_an_address_in_sarif() {
    let log: Value = serde_json::from_str(&render::sarif(&hostile())).unwrap();
    let result = &log["runs"][0]["results"][0];
    let artifact = &result["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(
        artifact["uri"],
        "a%20b%250A%3A%3Aerror%3A%3Ax%2Cy%3Az%0D%0A%22%3C%26%3E%27%20%5D%5D%3E%00%0B%1B%5B31m%EF%BF%BE%C3%A9%E6%BC%A2"
    );
    assert_eq!(artifact["uriBaseId"], "%SRCROOT%");
    assert_eq!(result["message"]["text"], HOSTILE);
    assert!(result["ruleIndex"].is_null(), "it is not in the list");
}

#[test]
fn a_name_is_no_command_of_github() {
    let text = render::github(&hostile());
    let commands: Vec<&str> = text.lines().filter(|line| line.starts_with("::")).collect();
    assert_eq!(commands.len(), 1, "{text}");
    let (properties, message) = commands[0][2..].split_once("::").unwrap();
    assert_eq!(properties.matches(',').count(), 5, "{properties}");
    assert_eq!(properties.matches(':').count(), 0, "{properties}");
    assert!(
        message.starts_with("a b%250A::error::x,y:z%0D%0A\""),
        "{message}"
    );
}

#[test]
fn github_is_told_the_worst_first_and_its_limit_is_named() {
    let mut findings: Vec<ListedFinding> = (1..=11)
        .map(|line| finding("a.go", line, Level::Medium))
        .collect();
    findings.push(finding("b.go", 1, Level::High));
    let text = render::github(&list(findings));
    assert!(text.starts_with("::error file=b.go,"), "{text}");
    assert!(
        text.contains("\nGitHub shows 10 annotations of one level for a step; the log has all 12"),
        "{text}"
    );
    assert!(!render::github(&usual()).contains("GitHub shows"));
}

#[test]
fn places_of_several_lines_have_no_columns_in_an_annotation() {
    let mut long = finding("a.go", 1, Level::High);
    long.place.end_line = 3;
    let text = render::github(&list(vec![long]));
    assert!(
        text.starts_with("::error file=a.go,line=1,endLine=3,title="),
        "{text}"
    );
}

#[test]
fn a_parser_of_xml_reads_what_was_meant() {
    let xml = render::junit(&hostile());
    let document = roxmltree::Document::parse(&xml).unwrap();
    let failure = document
        .descendants()
        .find(|node| node.has_tag_name("failure"))
        .unwrap();
    // What XML cannot hold at all shows as U+FFFD.
    let expected = HOSTILE.replace(['\u{0}', '\u{b}', '\u{1b}', '\u{fffe}'], "\u{fffd}");
    assert_eq!(failure.attribute("message").unwrap(), expected);
    let case = failure.parent().unwrap();
    assert_eq!(case.attribute("file").unwrap(), expected);
    let text = failure.text().unwrap();
    assert!(text.contains("]]>") && text.lines().count() == 3, "{text}");
    assert_eq!(document.root_element().attribute("failures"), Some("1"));
}

#[test]
fn nothing_found_is_a_report_too() {
    let empty = list(Vec::new());
    let log: Value = serde_json::from_str(&render::sarif(&empty)).unwrap();
    assert_eq!(log["runs"][0]["results"], Value::Array(Vec::new()));
    assert_eq!(render::gitlab(&empty), "[]\n");
    let xml = render::junit(&empty);
    let document = roxmltree::Document::parse(&xml).unwrap();
    let cases = document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"));
    assert_eq!(cases.count(), 1);
    assert_eq!(document.root_element().attribute("failures"), Some("0"));
}

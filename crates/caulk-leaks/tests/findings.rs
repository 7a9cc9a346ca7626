//! What a finding says: where, how bad, how it is named, and when a comment silences it.

#![allow(clippy::unwrap_used)]

mod module;

use caulk_leaks::{Confidence, ExitKind, Heat, Held, Severity};
use module::analyse;

const HANDLER: &str = r#"package m

import "net/http"

func serve(w http.ResponseWriter, r *http.Request) {
	resp, err := http.Get("http://localhost/")
	if err != nil {
		return
	}
	if resp.StatusCode != 200 {
		return
	}
	resp.Body.Close()
}
"#;

#[test]
fn a_finding_names_the_call_the_exit_and_the_edit() {
    let analysis = analyse(HANDLER);
    let [finding] = analysis.findings.as_slice() else {
        panic!("{:?}", analysis.findings)
    };
    assert_eq!(finding.rule, "unclosed-response-body");
    assert_eq!(
        finding.message,
        "resp.Body from http.Get is not closed on every path"
    );
    assert_eq!(
        (
            finding.location.file.as_str(),
            finding.location.line,
            finding.location.column
        ),
        ("m.go", 6, 15)
    );
    assert_eq!(
        (finding.severity, finding.heat),
        (Severity::High, Heat::Request)
    );
    assert_eq!(finding.function, "example.com/m.serve");
    assert_eq!(finding.path.last().unwrap().location.line, 11);
    assert_eq!(
        finding.path.last().unwrap().note,
        "returns with resp.Body still open"
    );
    let fix = &finding.fix;
    assert_eq!(fix.held, Held::Variable("resp".into()));
    assert_eq!(
        (fix.release.path.as_str(), fix.release.method.as_deref()),
        (".Body", Some("Close"))
    );
    assert_eq!(
        fix.losing_exits
            .iter()
            .map(|exit| exit.kind)
            .collect::<Vec<_>>(),
        [ExitKind::Return]
    );
    let text = |span: caulk_leaks::ByteSpan| &HANDLER[span.start as usize..span.end as usize];
    assert!(text(fix.after).starts_with("if err != nil"));
    assert_eq!(
        fix.releases
            .iter()
            .map(|span| text(*span))
            .collect::<Vec<_>>(),
        ["resp.Body.Close()"]
    );
}

#[test]
fn a_condition_that_does_not_hold_is_turned_round() {
    let turned = |condition: &str| {
        let source = HANDLER.replace(
            "resp.StatusCode != 200 {\n\t\treturn",
            &format!("{condition} {{\n\t\tresp.Body.Close()"),
        );
        let source = source.replace("\tresp.Body.Close()\n}", "}");
        let analysis = analyse(&source);
        let path = &analysis.findings.first().unwrap().path;
        path.first().unwrap().note.clone()
    };
    assert_eq!(
        turned("resp.StatusCode != 200"),
        "where resp.StatusCode == 200"
    );
    assert_eq!(
        turned("resp.StatusCode < 300"),
        "where resp.StatusCode >= 300"
    );
    assert_eq!(turned("!resp.Uncompressed"), "where resp.Uncompressed");
    assert_eq!(turned("resp.Uncompressed"), "where not resp.Uncompressed");
}

#[test]
fn a_case_of_a_switch_is_told_as_what_it_compares() {
    let switched = HANDLER.replace(
        "if resp.StatusCode",
        "switch resp.StatusCode {\n\tcase http.StatusTeapot:\n\t\treturn\n\t}\n\tif resp.StatusCode",
    );
    let analysis = analyse(&switched);
    let notes: Vec<&str> = analysis.findings[0]
        .path
        .iter()
        .map(|step| step.note.as_str())
        .collect();
    let told = "where resp.StatusCode == http.StatusTeapot";
    assert_eq!(notes.first(), Some(&told), "{notes:?}");
}

#[test]
fn that_the_acquisition_did_not_fail_is_no_step_of_its_way() {
    let never = HANDLER.replace(
        "\tif resp.StatusCode != 200 {\n\t\treturn\n\t}\n\tresp.Body.Close()\n",
        "",
    );
    let analysis = analyse(&never);
    let told: Vec<&str> = analysis.findings[0]
        .path
        .iter()
        .map(|step| step.note.as_str())
        .collect();
    assert_eq!(told, ["ends with resp.Body still open"]);
    let dropped = never
        .replace("resp, err :=", "_, err =")
        .replace("\t_, err =", "\tvar err error\n\t_, err =");
    let analysis = analyse(&dropped);
    let told = &analysis.findings[0].path.last().unwrap().note;
    assert_eq!(told, "ends with the response body still open");
}

#[test]
fn the_exit_that_stands_first_is_the_way_that_is_told() {
    let last_always_loses = r#"
package m

import "os"

func names() ([]string, error) {
	d, err := os.Open("d")
	if err != nil {
		return nil, err
	}
	var all []string
	for {
		some, err := d.Readdirnames(10)
		if len(some) == 0 {
			break
		}
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}
"#;
    let analysis = analyse(last_always_loses);
    let told: Vec<(u32, &str)> = analysis.findings[0]
        .path
        .iter()
        .map(|step| (step.location.line, step.note.as_str()))
        .collect();
    let expected = [
        (17, "where err != nil"),
        (18, "returns with d still open"),
        (22, "also returns with d still open"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_fingerprint_survives_shifted_lines() {
    let shifted = HANDLER.replace("func serve", "// Another line.\n\n\nfunc serve");
    let (before, after) = (analyse(HANDLER), analyse(&shifted));
    assert_ne!(
        before.findings[0].location.line,
        after.findings[0].location.line
    );
    assert_eq!(
        before.findings[0].fingerprint,
        after.findings[0].fingerprint
    );
}

#[test]
fn a_comment_silences_its_rule_alone() {
    let silenced = HANDLER.replace(
        "\tresp, err",
        "\t//caulk:ignore unclosed-response-body the test server is local\n\tresp, err",
    );
    let analysis = analyse(&silenced);
    assert_eq!((analysis.findings.len(), analysis.suppressed), (0, 1));
    let other = HANDLER.replace(
        "\tresp, err",
        "\t//caulk:ignore unclosed-file no\n\tresp, err",
    );
    assert_eq!(analyse(&other).findings.len(), 1);
}

#[test]
fn what_runs_once_is_low() {
    let main = HANDLER.replace("package m", "package main").replace(
        "func serve(w http.ResponseWriter, r *http.Request)",
        "func main()",
    );
    let analysis = analyse(&main);
    assert_eq!(
        (analysis.findings[0].severity, analysis.findings[0].heat),
        (Severity::Low, Heat::Once)
    );
}

#[test]
fn what_helps_tests_is_low_whatever_its_file_is_called() {
    let helper = HANDLER.replace("\"net/http\"", "(\n\t\"net/http\"\n\t\"testing\"\n)")
        + "\nfunc run(t *testing.T) { t.Helper() }\n";
    let finding = &analyse(&helper).findings[0];
    assert_eq!(
        (finding.severity, finding.heat),
        (Severity::Low, Heat::Test)
    );
    let beside = helper + "\nfunc one() {}\n\nfunc two() {}\n";
    assert_eq!(analyse(&beside).findings[0].heat, Heat::Request);
}

#[test]
fn what_is_only_likely_is_low() {
    let user = |name: &str, release: &str| {
        format!(
            "\nfunc {name}(b *example.Bus) error {{\n\tsub, err := b.Open()\n\tif err != nil {{\n\t\treturn err\n\t}}\n{release}\tsub.Send()\n\treturn nil\n}}\n"
        )
    };
    let closes = "\tdefer sub.Close()\n";
    let users = user("a", closes) + &user("b", closes) + &user("c", "");
    let head = "package m\n\nimport \"example.org/example\"\n";
    let findings = analyse(&(head.to_owned() + &users)).findings;
    let found: Vec<(Confidence, Severity)> = findings
        .iter()
        .map(|finding| (finding.confidence, finding.severity))
        .collect();
    assert_eq!(found, [(Confidence::Likely, Severity::Low)]);
}

#[test]
fn broken_code_is_checked_where_it_can_be() {
    let broken = format!("{HANDLER}\nfunc broken( {{ if }}\n");
    assert_eq!(analyse(&broken).findings.len(), 1);
}

const CHAIN: &str = r#"package m

import "example.com/missing/trace"

func upgrade(u string) (int, error) {
	resp, err := trace.NewTransport(nil).RoundTrip(u)
	if err != nil {
		return 0, err
	}
	if resp.StatusCode != 101 {
		return 0, resp.Body.Close()
	}
	return 0, resp.Body.Close()
}
"#;

#[test]
fn what_a_response_is_asked_of_is_no_response() {
    let analysis = analyse(CHAIN);
    assert!(analysis.findings.is_empty(), "{:?}", analysis.findings);
}

#[test]
fn a_body_that_was_read_to_its_end_is_low() {
    let drained = HANDLER
        .replace("net/http\"", "io\"\nimport \"net/http\"")
        .replace(
            "\tif resp.StatusCode",
            "\tio.Copy(w, resp.Body)\n\tif resp.StatusCode",
        );
    let analysis = analyse(&drained);
    let [finding] = analysis.findings.as_slice() else {
        panic!("{:?}", analysis.findings)
    };
    assert_eq!(finding.severity, Severity::Low);
    assert_eq!(
        finding.path.last().unwrap().note,
        "returns with resp.Body still open, though read to its end"
    );
    let fails = drained.replace(
        "\tio.Copy(w, resp.Body)",
        "\tif _, err := io.Copy(w, resp.Body); err != nil {\n\t\treturn\n\t}",
    );
    assert_eq!(analyse(&fails).findings[0].severity, Severity::High);
    let on_one_path = drained.replace(
        "\tio.Copy",
        "\tif r.Body == nil {\n\t\treturn\n\t}\n\tio.Copy",
    );
    assert_eq!(analyse(&on_one_path).findings[0].severity, Severity::High);
}

#[test]
fn what_is_lost_on_ways_that_were_not_followed_one_by_one_is_low() {
    // Each flag doubles the ways; none of them loses the file, which is closed where it was opened.
    let with_flags = |count: usize| {
        let mut text = String::from(
            "package m\n\nimport \"os\"\n\nfunc f(a []int, name string) {\n\tvar file *os.File\n\topened := false\n",
        );
        for flag in 0..count {
            text.push_str(&format!(
                "\ts{flag} := false\n\tif a[{flag}] > 0 {{\n\t\ts{flag} = true\n\t}}\n"
            ));
        }
        text.push_str("\tif len(a) > 9 {\n\t\tvar err error\n\t\tfile, err = os.Open(name)\n\t\tif err != nil {\n\t\t\treturn\n\t\t}\n\t\topened = true\n\t}\n");
        for flag in 0..count {
            text.push_str(&format!(
                "\tif s{flag} {{\n\t\tprintln({flag})\n\t}}\n\tif s{flag} {{\n\t\tprintln()\n\t}}\n"
            ));
        }
        text.push_str("\tif opened {\n\t\tfile.Close()\n\t}\n}\n");
        analyse(&text)
    };
    assert!(with_flags(3).findings.is_empty());
    for finding in &with_flags(16).findings {
        assert_eq!(finding.severity, Severity::Low);
        let why = finding.low_because.as_deref();
        assert!(why.is_some_and(|why| why.contains("one by one")));
    }
    assert_eq!(with_flags(16).findings.len(), 1);
}

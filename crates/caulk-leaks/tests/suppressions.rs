//! Comments that silence findings, and what is said of those that are wrong.

#![allow(clippy::unwrap_used)]

mod module;

use caulk_leaks::{Options, check};
use module::{analyse, program};

/// Three leaks: a response in line 11, a file in line 16, and another file in line 22.
const LEAKS: &str = r#"// head

package m

import (
	"net/http"
	"os"
)

func get() error {
	resp, err := http.Get("http://localhost/") // GET
	if err != nil {
		return err
	}
	println(resp.StatusCode)
	f, err := os.Open("a")
	if err != nil {
		return err
	}
	println(f.Name())
	// FOR
	for i := 0; ; i++ {
		g, err := os.Open("b")
		if err != nil {
			return err
		}
		println(g.Name())
	}
}
"#;

/// The names of the variables whose findings are left, and the problems, when a comment stands at a mark.
fn left(mark: &str, comment: &str) -> (String, Vec<String>) {
    let source = LEAKS.replacen(&format!("// {mark}"), comment, 1);
    assert_ne!(source, LEAKS);
    let analysis = analyse(&source);
    let mut names: Vec<String> = analysis
        .findings
        .iter()
        .map(|finding| finding.resource.variable.clone().unwrap())
        .collect();
    names.sort();
    assert_eq!(analysis.suppressed, 3 - names.len());
    let problems = analysis.problems.iter();
    let problems = problems.map(|p| format!("{}: {} ({})", p.place, p.what, p.kind));
    (names.join(" "), problems.collect())
}

#[track_caller]
fn leaves(mark: &str, comment: &str, names: &str) {
    assert_eq!(
        left(mark, comment),
        (names.to_owned(), Vec::new()),
        "{comment}"
    );
}

#[test]
fn without_a_comment_there_are_three() {
    leaves("head", "// nothing is said", "f g resp");
}

#[test]
fn a_comment_behind_code_speaks_of_its_line() {
    leaves(
        "GET",
        "//caulk:ignore unclosed-response-body a test server",
        "f g",
    );
    leaves(
        "GET",
        "// caulk:ignore unclosed-response-body,unclosed-response-body twice",
        "f g",
    );
    leaves("GET", "//caulk:ignore * all of it", "f g");
    leaves("GET", "//nolint", "f g");
    leaves("GET", "// nolint // not ours", "f g");
    leaves("GET", "//nolint:all", "f g");
    leaves("GET", "//nolint:caulk", "f g");
    leaves("GET", "//nolint:errcheck,bodyclose // not ours", "f g");
    leaves("GET", "//nolint: BodyClose", "f g");
}

#[test]
fn other_comments_silence_nothing() {
    for comment in [
        "//nolint:errcheck",
        "//nolint:sqlclosecheck",
        "//nolinting",
        "//nolint:bodyclosed",
        "// see nolint",
        "//caulk:ignored unclosed-response-body no",
    ] {
        leaves("GET", comment, "f g resp");
    }
    // Nor does what only looks like a comment.
    let source = LEAKS.replace("http://localhost/", "http://localhost/ //nolint");
    assert_eq!(analyse(&source).findings.len(), 3);
}

#[test]
fn a_comment_on_a_line_of_its_own_speaks_of_the_statement_below() {
    leaves("FOR", "//caulk:ignore unclosed-file once", "f resp");
    leaves("FOR", "//nolint\n\t// and more", "f resp");
    leaves("FOR", "//nolint:all\n\n", "f g resp");
    let above = LEAKS.replace("\tf, err", "\t//nolint\n\tf, err");
    assert_eq!(analyse(&above).suppressed, 1);
    // It does not reach over a line of code.
    let further = LEAKS.replace("\tprintln(resp", "\t//nolint\n\tprintln(resp");
    assert_eq!(analyse(&further).suppressed, 0);
    let behind = LEAKS.replace("StatusCode)", "StatusCode) //nolint");
    assert_eq!(analyse(&behind).suppressed, 0);
}

#[test]
fn the_name_of_a_check_of_vet_is_understood() {
    let source = "package m\n\nimport \"context\"\n\nfunc f(ctx context.Context) context.Context {\n\t//nolint:lostcancel // until the deadline\n\tctx, _ = context.WithTimeout(ctx, 1)\n\treturn ctx\n}\n";
    assert_eq!(analyse(source).suppressed, 1);
    assert!(analyse(source).findings.is_empty());
}

#[test]
fn the_only_line_that_loses_it_can_speak_too() {
    let once = "package m\n\nimport \"os\"\n\nfunc open() {\n\tf, err := os.Open(\"a\")\n\tif err != nil {\n\t\treturn\n\t}\n\tif f.Name() == \"\" {\n\t\treturn // LOST\n\t}\n\tf.Close()\n}\n";
    let suppressed =
        |source: &str, comment: &str| analyse(&source.replace("// LOST", comment)).suppressed;
    let with_rule = "//caulk:ignore unclosed-file the process ends";
    assert_eq!(suppressed(once, with_rule), 1);
    // Without a name it is more likely about something else.
    assert_eq!(suppressed(once, "//nolint"), 0);
    // Another exit loses it too.
    let twice = once.replace(
        "\tf.Close()\n",
        "\tif f.Fd() == 0 {\n\t\treturn\n\t}\n\tf.Close()\n",
    );
    assert_eq!(suppressed(&twice, with_rule), 0);
}

#[test]
fn a_comment_above_a_declaration_or_the_package_speaks_of_all_of_it() {
    for comment in [
        "//nolint",
        "//nolint:all // why",
        "// get gets.\n//\n//caulk:ignore * all",
    ] {
        let source = LEAKS.replace("func get", &format!("{comment}\nfunc get"));
        assert_eq!(analyse(&source).suppressed, 3, "{comment}");
    }
    for comment in [
        "//nolint:caulk\npackage m",
        "//caulk:ignore * generated\n//\npackage m",
    ] {
        let source = LEAKS.replace("package m", comment);
        assert_eq!(analyse(&source).suppressed, 3, "{comment}");
    }
    // An empty line parts them.
    let apart = LEAKS.replace("func get", "//nolint\n\nfunc get");
    assert_eq!(analyse(&apart).suppressed, 0);
    assert_eq!(analyse(&LEAKS.replace("// head", "//nolint")).suppressed, 0);
}

#[test]
fn what_is_wrong_with_a_comment_is_told() {
    for (comment, names, problem) in [
        (
            "//caulk:ignore unclosed-file not here",
            "f g resp",
            "m.go:11: //caulk:ignore unclosed-file silences nothing (stale-ignore)",
        ),
        (
            "//caulk:ignore unclosed-response-body,unclosed-file both",
            "f g",
            "m.go:11: //caulk:ignore unclosed-file silences nothing (stale-ignore)",
        ),
        (
            "//caulk:ignore unclosed-body it is closed",
            "f g resp",
            "m.go:11: //caulk:ignore names unclosed-body, which is no rule (unknown-rule)",
        ),
        (
            "//caulk:ignore",
            "f g resp",
            "m.go:11: //caulk:ignore names no rule (unknown-rule)",
        ),
        (
            "//caulk:ignore unclosed-response-body",
            "f g",
            "m.go:11: //caulk:ignore gives no reason (ignore-without-reason)",
        ),
    ] {
        let expected = (names.to_owned(), vec![problem.to_owned()]);
        assert_eq!(left("GET", comment), expected, "{comment}");
    }
}

#[test]
fn a_comment_for_a_rule_that_does_not_run_is_not_stale() {
    let source = LEAKS.replace("// GET", "//caulk:ignore unclosed-client not today");
    let program = program(&source);
    let problems = |rules: &[&str]| {
        let options = Options {
            rules: rules.iter().map(|&rule| rule.to_owned()).collect(),
            ..Options::default()
        };
        check(&program, &options).problems.len()
    };
    assert_eq!((problems(&[]), problems(&["unclosed-file"])), (1, 0));
}

#[test]
fn equal_findings_keep_their_names_when_one_is_silenced() {
    let twice = "package m\n\nimport \"os\"\n\nfunc open() {\n\tf, _ := os.Open(\"a\")\n\tprintln(f)\n\tf, _ = os.Open(\"b\")\n\tprintln(f)\n}\n";
    let all = analyse(twice);
    assert_eq!(all.findings.len(), 2, "{:?}", all.findings);
    let one = analyse(&twice.replace("(\"a\")", "(\"a\") //nolint"));
    assert_eq!(one.findings.len(), 1);
    assert_eq!(one.findings[0].fingerprint, all.findings[1].fingerprint);
}

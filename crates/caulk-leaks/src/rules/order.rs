//! Releases that stand in the wrong place.

use super::{Page, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "release-before-error-check",
        summary: "a release is deferred before the error is looked at",
        preview: false,
        page: Page {
            what: "Finds a deferred release that stands before the check of the acquisition's error.",
            why: "Where the acquisition failed there is nothing to release: the deferred call meets a nil value and can panic.",
            example: "resp, err := http.Get(url)\ndefer resp.Body.Close()\nif err != nil {\n\treturn err\n}",
            instead: "resp, err := http.Get(url)\nif err != nil {\n\treturn err\n}\ndefer resp.Body.Close()",
            fix_safety: "Safe: the deferred call moves behind the check.",
        },
    },
    Rule {
        name: "defer-in-loop",
        summary: "a release is deferred in a loop that does not end",
        preview: false,
        page: Page {
            what: "Finds deferred releases in a loop that acquires and that does not end by itself: `for { … }`, or a range over a channel. \
                   A loop over what is there already holds its resources until the function returns, and no longer; it is not reported.",
            why: "Deferred calls run when the function ends, not when the iteration does: all of them stay open until then.",
            example: "for path := range incoming {\n\tf, err := os.Open(path)\n\tif err != nil {\n\t\treturn err\n\t}\n\tdefer f.Close()\n\tparse(f)\n}",
            instead: "for path := range incoming {\n\tif err := parseFile(path); err != nil { // opens, defers, parses\n\t\treturn err\n\t}\n}",
            fix_safety: "Needs review: the body of the loop becomes a function literal, so `return`, `break` and `continue` change their meaning.",
        },
    },
];

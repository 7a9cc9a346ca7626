//! The table of rules. A rule is named for the fault; what it looks for is in the catalogue, and what it means is on
//! its page below `pages/`, whose examples are run as tests.

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its name, as in output and in `//caulk:ignore`.
    pub name: &'static str,
    /// What it finds, as a fragment.
    pub summary: &'static str,
    /// Off unless asked for: it has not earned its precision.
    pub preview: bool,
    /// Its page as Markdown, without the title; the headings are [`HEADINGS`].
    pub page: &'static str,
}

/// The headings of every page, in order.
pub const HEADINGS: [&str; 7] = [
    "What it does",
    "Why it is bad",
    "Example",
    "Use instead",
    "When it is no leak",
    "How sure it is",
    "Fix safety",
];

/// By name.
const RULES: &[Rule] = &[
    Rule {
        name: "blocked-goroutine",
        summary: "a goroutine can block for ever on a channel that nobody serves any more",
        preview: false,
        page: include_str!("pages/blocked-goroutine.md"),
    },
    Rule {
        name: "defer-in-loop",
        summary: "a release is deferred in a loop that does not end",
        preview: false,
        page: include_str!("pages/defer-in-loop.md"),
    },
    Rule {
        name: "endless-goroutine",
        summary: "a goroutine has no way to end",
        preview: false,
        page: include_str!("pages/endless-goroutine.md"),
    },
    Rule {
        name: "field-never-released",
        summary: "the release method of a type forgets a field",
        preview: false,
        page: include_str!("pages/field-never-released.md"),
    },
    Rule {
        name: "release-before-error-check",
        summary: "a release is deferred before the error is looked at",
        preview: false,
        page: include_str!("pages/release-before-error-check.md"),
    },
    Rule {
        name: "uncalled-cancel",
        summary: "the cancel function of a context is not called",
        preview: false,
        page: include_str!("pages/uncalled-cancel.md"),
    },
    Rule {
        name: "unclosed-client",
        summary: "a client that owns connections and goroutines is not closed",
        preview: false,
        page: include_str!("pages/unclosed-client.md"),
    },
    Rule {
        name: "unclosed-connection",
        summary: "a network connection or listener is not closed",
        preview: false,
        page: include_str!("pages/unclosed-connection.md"),
    },
    Rule {
        name: "unclosed-file",
        summary: "a file, directory or pipe is not closed",
        preview: false,
        page: include_str!("pages/unclosed-file.md"),
    },
    Rule {
        name: "unclosed-pipe",
        summary: "an end of an io.Pipe is not closed",
        preview: false,
        page: include_str!("pages/unclosed-pipe.md"),
    },
    Rule {
        name: "unclosed-reader",
        summary: "a reader that owns something is not closed",
        preview: false,
        page: include_str!("pages/unclosed-reader.md"),
    },
    Rule {
        name: "unclosed-resource",
        summary: "a value whose type releases something in its own release method is not released",
        preview: false,
        page: include_str!("pages/unclosed-resource.md"),
    },
    Rule {
        name: "unclosed-response-body",
        summary: "the body of an HTTP response is not closed",
        preview: false,
        page: include_str!("pages/unclosed-response-body.md"),
    },
    Rule {
        name: "unclosed-rows",
        summary: "the rows of a query are not closed",
        preview: false,
        page: include_str!("pages/unclosed-rows.md"),
    },
    Rule {
        name: "unclosed-statement",
        summary: "a prepared statement is not closed",
        preview: false,
        page: include_str!("pages/unclosed-statement.md"),
    },
    Rule {
        name: "unclosed-writer",
        summary: "a writer that commits on close is not closed",
        preview: false,
        page: include_str!("pages/unclosed-writer.md"),
    },
    Rule {
        name: "unended-span",
        summary: "a span is not ended",
        preview: false,
        page: include_str!("pages/unended-span.md"),
    },
    Rule {
        name: "unfinished-transaction",
        summary: "a transaction is neither committed nor rolled back",
        preview: false,
        page: include_str!("pages/unfinished-transaction.md"),
    },
    Rule {
        name: "unreleased-subscription",
        summary: "a subscription is not released",
        preview: false,
        page: include_str!("pages/unreleased-subscription.md"),
    },
    Rule {
        name: "unstopped-iterator",
        summary: "an iterator that holds a stream or a snapshot is not stopped",
        preview: false,
        page: include_str!("pages/unstopped-iterator.md"),
    },
    Rule {
        name: "unstopped-ticker",
        summary: "a ticker is not stopped (before Go 1.23)",
        preview: false,
        page: include_str!("pages/unstopped-ticker.md"),
    },
    Rule {
        name: "unstopped-timer",
        summary: "a timer is left running (before Go 1.23)",
        preview: false,
        page: include_str!("pages/unstopped-timer.md"),
    },
    Rule {
        name: "unstopped-watcher",
        summary: "a watcher is not stopped",
        preview: false,
        page: include_str!("pages/unstopped-watcher.md"),
    },
    Rule {
        name: "unwaited-process",
        summary: "a process that was started is not waited for",
        preview: false,
        page: include_str!("pages/unwaited-process.md"),
    },
];

/// All rules, by name.
pub fn rules() -> Vec<&'static Rule> {
    RULES.iter().collect()
}

/// A rule by its name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}

/// The name of a rule as the table holds it; empty where there is none.
pub(crate) fn static_name(name: &str) -> &'static str {
    rule(name).map_or("", |rule| rule.name)
}

impl Rule {
    /// Its page with its name as the title, as Markdown.
    pub fn markdown(&self) -> String {
        let preview = if self.preview {
            "This rule is in preview: it is off unless asked for (`--preview`, or `--rule` with its name), since less than nine \
             of ten of its findings are right, or nobody has measured that yet.\n\n"
        } else {
            ""
        };
        format!("# {}\n\n{preview}{}", self.name, self.page)
    }

    /// What stands below one of the [`HEADINGS`] of its page.
    pub fn section(&self, heading: &str) -> &'static str {
        let below = self.page.split("## ").find_map(|section| {
            let (title, text) = section.split_once('\n')?;
            (title == heading).then_some(text)
        });
        below.unwrap_or_default().trim()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_pages_complete() {
        for pair in RULES.windows(2) {
            assert!(pair.first().map(|r| r.name) < pair.get(1).map(|r| r.name));
        }
        for rule in RULES {
            let headings = rule
                .page
                .lines()
                .filter_map(|line| line.strip_prefix("## "));
            assert!(headings.eq(HEADINGS), "{}", rule.name);
            for heading in HEADINGS {
                assert_ne!(rule.section(heading), "", "{}: {heading}", rule.name);
            }
        }
    }
}

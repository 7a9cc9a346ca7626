//! The table of rules. A rule is named for the fault; what it looks for is in the catalogue.

mod clients;
mod contexts;
mod database;
mod files;
mod goroutines;
mod network;
mod order;

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Its name, as in output and in `//caulk:ignore`.
    pub name: &'static str,
    /// What it finds, as a fragment.
    pub summary: &'static str,
    /// Off unless asked for: it has not earned its precision.
    pub preview: bool,
    /// The parts of its page.
    pub page: Page,
}

/// The parts of a rule's page, as Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// What it does.
    pub what: &'static str,
    /// Why it is bad.
    pub why: &'static str,
    /// Go code that is reported.
    pub example: &'static str,
    /// Go code to write instead.
    pub instead: &'static str,
    /// When a fix could change behaviour.
    pub fix_safety: &'static str,
}

const TABLES: &[&[Rule]] = &[
    clients::RULES,
    network::RULES,
    files::RULES,
    database::RULES,
    contexts::RULES,
    goroutines::RULES,
    order::RULES,
];

/// All rules, by name.
pub fn rules() -> Vec<&'static Rule> {
    let mut rules: Vec<&'static Rule> = TABLES.iter().flat_map(|table| table.iter()).collect();
    rules.sort_by_key(|rule| rule.name);
    rules
}

/// A rule by its name.
pub fn rule(name: &str) -> Option<&'static Rule> {
    TABLES
        .iter()
        .flat_map(|table| table.iter())
        .find(|rule| rule.name == name)
}

/// The name of a rule as the table holds it; empty where there is none.
pub(crate) fn static_name(name: &str) -> &'static str {
    rule(name).map_or("", |rule| rule.name)
}

impl Rule {
    /// Its page, with fixed headings, as Markdown.
    pub fn markdown(&self) -> String {
        let Page {
            what,
            why,
            example,
            instead,
            fix_safety,
        } = self.page;
        let preview = if self.preview {
            "\nThis rule is in preview: it is off unless asked for.\n"
        } else {
            ""
        };
        format!(
            "# {}\n{preview}\n## What it does\n\n{what}\n\n## Why it is bad\n\n{why}\n\n## Example\n\n```go\n{example}\n```\n\n\
             ## Use instead\n\n```go\n{instead}\n```\n\n## Fix safety\n\n{fix_safety}\n",
            self.name
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_pages_complete() {
        let rules = rules();
        for pair in rules.windows(2) {
            assert_ne!(pair.first().map(|r| r.name), pair.get(1).map(|r| r.name));
        }
        for rule in rules {
            for part in [
                rule.page.what,
                rule.page.why,
                rule.page.example,
                rule.page.instead,
                rule.page.fix_safety,
            ] {
                assert!(!part.is_empty(), "{} has an empty part", rule.name);
            }
        }
    }
}

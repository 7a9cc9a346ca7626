//! Expectations that stand at the end of the lines of Go files, compared with what is reported there.

use std::collections::BTreeMap;

use caulk_leaks::{Analysis, Severity};

/// What comparing came to.
#[derive(Default)]
pub struct Compared {
    /// Lines with another verdict than they ask for.
    pub wrong: Vec<String>,
    /// Lines that say what they expect.
    pub expectations: usize,
    /// Findings that are wanted, by rule; `any` where the line names none.
    pub wanted: BTreeMap<String, usize>,
}

/// Rules that were reported, by file and line, and whether what is reported is shown unasked.
pub struct Reported(BTreeMap<(String, usize), Vec<(&'static str, bool)>>);

impl Reported {
    pub fn of(analysis: &Analysis) -> Reported {
        let mut lines: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for finding in &analysis.findings {
            let place = (
                finding.location.file.clone(),
                finding.location.line as usize,
            );
            let shown = finding.severity > Severity::Low;
            lines.entry(place).or_default().push((finding.rule, shown));
        }
        Reported(lines)
    }

    /// Compares the lines of a file; `name` is what findings call it, `shown` what the reader does.
    pub fn compare(
        &mut self,
        name: &str,
        shown: &dyn Fn(usize) -> String,
        text: &str,
        compared: &mut Compared,
    ) {
        for (index, line) in text.lines().enumerate() {
            let rules = self
                .0
                .remove(&(name.to_owned(), index + 1))
                .unwrap_or_default();
            let wanted = wanted(line);
            let right = match wanted {
                Some(rule) => {
                    !rules.is_empty()
                        && rules.iter().all(|(found, shown)| {
                            rule.is_none_or(|rule| rule == *found)
                                && is_shown(line).is_none_or(|wanted| wanted == *shown)
                        })
                }
                None => rules.is_empty(),
            };
            if let Some(rule) = wanted {
                let rule = rule.unwrap_or("any").to_owned();
                *compared.wanted.entry(rule).or_default() += 1;
            }
            compared.expectations += usize::from(wanted.is_some() || line.contains("// ok"));
            if !right {
                compared.wrong.push(format!(
                    "{}: {} reported {rules:?}",
                    shown(index),
                    line.trim()
                ));
            }
        }
    }
}

/// The rule of a comment `// want leak /rule/`; any rule where it names none.
fn wanted(line: &str) -> Option<Option<&str>> {
    let (_, want) = line.split_once("// want ")?;
    Some(want.split('/').nth(1))
}

/// What a comment says behind the rule of how a finding is reported: `shown` unasked, or `low`.
fn is_shown(line: &str) -> Option<bool> {
    let (_, want) = line.split_once("// want ")?;
    match want.rsplit('/').next()?.trim() {
        "shown" => Some(true),
        "low" => Some(false),
        _ => None,
    }
}

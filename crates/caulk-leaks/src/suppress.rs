//! `//caulk:ignore RULE reason` on the line of a finding or on the line above it.

use std::collections::BTreeMap;

use caulk_program::Program;

use crate::finding::Finding;

/// The comments that silence findings, by file and line.
#[derive(Debug, Default)]
pub(crate) struct Silenced {
    rules: BTreeMap<(String, u32), Vec<String>>,
}

impl Silenced {
    /// Whether a comment silences a finding, at the acquiring line or at the line that loses it.
    pub fn covers(&self, finding: &Finding) -> bool {
        let at = |line: u32| {
            [line, line.saturating_sub(1)].into_iter().any(|line| {
                self.rules
                    .get(&(finding.location.file.clone(), line))
                    .is_some_and(|rules| {
                        rules.iter().any(|rule| rule == finding.rule || rule == "*")
                    })
            })
        };
        at(finding.location.line)
    }
}

/// Reads the comments of all checked files.
pub(crate) fn comments(program: &Program) -> Silenced {
    let mut silenced = Silenced::default();
    for package in program.check_packages() {
        for file in program.package(*package).files() {
            let text = String::from_utf8_lossy(&file.bytes);
            if !text.contains("//caulk:ignore ") {
                continue;
            }
            let path = program
                .relative(&file.path)
                .to_string_lossy()
                .replace('\\', "/");
            for (index, line) in text.lines().enumerate() {
                let Some((_, rest)) = line.split_once("//caulk:ignore ") else {
                    continue;
                };
                let Some(rules) = rest.split_whitespace().next() else {
                    continue;
                };
                let line = u32::try_from(index + 1).unwrap_or(u32::MAX);
                let names = rules.split(',').map(str::to_owned);
                silenced
                    .rules
                    .entry((path.clone(), line))
                    .or_default()
                    .extend(names);
            }
        }
    }
    silenced
}

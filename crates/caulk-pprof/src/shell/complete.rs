//! What the beginning of a line may become.

use caulk_profile::Profile;

use crate::commands::{COMMANDS, command_named};
use crate::options;

/// Names that lines are completed from.
#[derive(Debug, Clone)]
pub struct Completer {
    functions: Vec<String>,
}

/// Most functions that are offered at once.
const MOST: usize = 100;

impl Completer {
    /// A completer with the functions of a profile.
    pub fn new(profile: &Profile) -> Completer {
        let functions = profile.functions().iter();
        let mut functions: Vec<String> = functions
            .map(|function| profile.string(function.name).to_owned())
            .filter(|name| !name.is_empty())
            .collect();
        functions.sort_unstable();
        functions.dedup();
        Completer { functions }
    }

    /// Where in the line the word begins that can be completed, and what it can become: a command
    /// or an option that begins with it, or a function that has it in its name.
    pub fn complete(&self, line: &str) -> (usize, Vec<String>) {
        let start = line.rfind(char::is_whitespace).map_or(0, |space| {
            space + line[space..].chars().next().map_or(1, char::len_utf8)
        });
        let (before, word) = line.split_at(start);
        let mut words = before.split_whitespace();
        match (words.next(), words.next()) {
            (None, _) | (Some("help"), None) => (start, names(word)),
            (Some(command), _) => {
                let takes_functions = command_named(command).is_some_and(|c| c.name != "tags");
                if !takes_functions || word.is_empty() {
                    return (start, Vec::new());
                }
                let dash = usize::from(word.starts_with('-'));
                let part = word.get(dash..).unwrap_or_default();
                let matching = self.functions.iter().filter(|name| name.contains(part));
                (start + dash, matching.take(MOST).cloned().collect())
            }
        }
    }
}

fn names(prefix: &str) -> Vec<String> {
    let prefix = prefix.to_lowercase();
    let others = ["exit", "help", "options", "quit"];
    let commands = COMMANDS.iter().map(|command| command.name);
    let mut names: Vec<String> = commands
        .chain(options::names())
        .chain(others)
        .filter(|name| name.starts_with(&prefix))
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use caulk_profile::ProfileBuilder;

    #[test]
    fn names_are_completed_by_their_beginning_and_functions_by_any_part() {
        let mut builder = ProfileBuilder::new();
        for name in ["main.main", "main.keep", "runtime.mallocgc"] {
            builder.function(name, "", 0);
        }
        let completer = Completer::new(&builder.finish());
        for (line, start, expected) in [
            ("traces", 0, &["traces"][..]),
            ("sample", 0, &["sample_index"]),
            ("TOP", 0, &["top", "topproto"]),
            ("help pe", 5, &["peek"]),
            ("list keep", 5, &["main.keep"]),
            ("top 5 -mall", 7, &["runtime.mallocgc"]),
            ("peek main.", 5, &["main.keep", "main.main"]),
            ("tags main", 5, &[]),
            ("top ", 4, &[]),
        ] {
            let (at, found) = completer.complete(line);
            assert_eq!(at, start, "{line}");
            assert_eq!(found, expected, "{line}");
        }
    }
}

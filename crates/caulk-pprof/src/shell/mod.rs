//! The shell: what each line that is typed means. Nothing is read or printed here.

mod complete;
mod line;

use caulk_profile::Profile;

pub use self::complete::Completer;
use self::line::Report;
use crate::cli::NamedReport;
use crate::commands::command_named;
use crate::config::Config;
use crate::options::{self, Field, Named, OPTIONS};
use crate::report;
use crate::surroundings::Surroundings;
use crate::usage::shell_usage;

/// What the shell prints before it waits for a line.
pub const PROMPT: &str = "(pprof) ";

/// What is to be done for a line, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Something that was asked for is told, beside the reports.
    Tell(String),
    /// Something is wrong with the line.
    Complain(String),
    /// A report is made.
    Report(NamedReport, Box<Config>),
    /// The shell ends.
    Quit,
}

/// The options as the lines so far have set them, and what names stand for.
#[derive(Debug, Clone)]
pub struct Shell {
    config: Config,
    sample_types: Vec<String>,
    default_sample_type: String,
}

impl Shell {
    /// A shell about a prepared profile, which begins with the options of the command line.
    pub fn new(profile: &Profile, config: &Config) -> Shell {
        let types = profile.sample_types();
        Shell {
            config: Config {
                compact_labels: true,
                ..config.clone()
            },
            sample_types: types
                .iter()
                .map(|t| profile.string(t.kind).to_owned())
                .collect(),
            default_sample_type: profile.string(profile.default_sample_type).to_owned(),
        }
    }

    /// What is told before the first line: the profile, and what can be asked.
    pub fn greeting(&self, profile: &Profile, surroundings: &Surroundings) -> String {
        let mut greeting = String::new();
        if let Ok((about, total)) = report::about(profile, &self.config, surroundings) {
            greeting += &about;
            if total == 0 && self.sample_types.len() > 1 {
                greeting +=
                    "There are no samples of this type; sample_index=TYPE chooses another.\n";
            }
        }
        greeting + "Entering interactive mode (type \"help\" for commands, \"o\" for options)\n"
    }

    /// What a line asks for.
    pub fn line(&mut self, line: &str) -> Vec<Action> {
        let mut actions = Vec::new();
        for line in self.expanded(line.trim()) {
            let action = self.act(&line);
            let ends = action == Some(Action::Quit);
            actions.extend(action);
            if ends {
                break;
            }
        }
        actions
    }

    /// Some words stand for assignments.
    fn expanded(&self, line: &str) -> Vec<String> {
        let is_type = |name: &str| self.sample_types.iter().any(|kind| kind == name);
        if is_type(line) {
            return vec![format!("sample_index={line}")];
        }
        for (prefix, mean) in [("total_", "mean=0"), ("mean_", "mean=1")] {
            if let Some(kind) = line.strip_prefix(prefix).filter(|kind| is_type(kind)) {
                return vec![mean.to_owned(), format!("sample_index={kind}")];
            }
        }
        if line == ":" {
            let filters = ["focus=", "ignore=", "hide=", "tagfocus=", "tagignore="];
            return filters.map(str::to_owned).to_vec();
        }
        vec![line.to_owned()]
    }

    fn act(&mut self, line: &str) -> Option<Action> {
        let (name, value) = match line.split_once('=') {
            Some((name, value)) => {
                let value = value.rsplit_once("//:").map_or(value, |(value, _)| value);
                (name, Some(value.trim()))
            }
            None => (line, None),
        };
        if let Some(named) = options::named(name.trim()) {
            return self
                .assign(name.trim(), named, value)
                .err()
                .map(Action::Complain);
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let (first, rest) = words.split_first()?;
        Some(match *first {
            "o" | "options" => Action::Tell(self.options()),
            "exit" | "quit" | "q" => Action::Quit,
            "help" => self.help(&rest.join(" ")),
            _ => match line::report(first, rest, &self.config) {
                Ok(Report { named, config }) => Action::Report(named, Box::new(config)),
                Err(error) => Action::Complain(error.to_string()),
            },
        })
    }

    fn assign(&mut self, name: &str, named: Named, value: Option<&str>) -> Result<(), String> {
        let is_switch = match named {
            Named::Option(option) => option.is_switch(),
            Named::Sort(_) | Named::Granularity(_) => true,
        };
        if value.is_none() && !is_switch {
            return Err(format!("please specify a value, e.g. {name}=<val>"));
        }
        let value = value.unwrap_or_default();
        let mut kind = None;
        if name == "sample_index" {
            let types: Vec<&str> = self.sample_types.iter().map(String::as_str).collect();
            let index = report::sample_index(&types, &self.default_sample_type, value)
                .map_err(|error| error.to_string())?;
            kind = types.get(index).map(|kind| (*kind).to_owned());
        }
        let value = kind.as_deref().unwrap_or(value);
        self.config
            .set(name, value)
            .map_err(|error| error.to_string())
    }

    /// The options with their values, as `o` lists them.
    fn options(&self) -> String {
        let mut out = String::new();
        for option in OPTIONS.iter().filter(|option| option.name != "source_path") {
            let mut value = option.get(&self.config);
            let mut choices = option.choices();
            choices.sort_unstable();
            if option.name == "sample_index" {
                choices = self.sample_types.iter().map(String::as_str).collect();
                if value.is_empty() {
                    value = choices.last().copied().unwrap_or_default().to_owned();
                }
            }
            let mut remark = String::new();
            if !choices.is_empty() {
                remark = format!("//: [{}]", choices.join(" | "));
            } else if option.name == "nodecount" && value == "-1" {
                remark = "//: default".to_owned();
            } else if value.is_empty() {
                value = "\"\"".to_owned();
            }
            if matches!(option.field, Field::Granularity) && value.is_empty() {
                value = "(default)".to_owned();
            }
            out += &format!("  {:<25} = {value:<20} {remark}\n", option.name);
        }
        out
    }

    fn help(&self, about: &str) -> Action {
        if about.is_empty() {
            return Action::Tell(shell_usage());
        }
        if let Some(command) = command_named(about) {
            return Action::Tell(command.help());
        }
        let lines = match options::named(about) {
            // The groups have no help of their own: their choices do.
            Some(Named::Option(option)) if option.choices().is_empty() => option.help,
            Some(Named::Sort(choice)) => choice.help,
            Some(Named::Granularity(choice)) => choice.help,
            _ => return Action::Complain(format!("Unknown command: {about}")),
        };
        let mut help = lines.join("\n") + "\n";
        if about == "sample_index" {
            help += &format!("The names are {}.\n", self.sample_types.join(" "));
        }
        Action::Tell(help + "\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, Makes, Sort};
    use caulk_profile::ProfileBuilder;

    fn profile() -> Profile {
        let mut builder = ProfileBuilder::new();
        for kind in ["alloc_space", "inuse_space"] {
            builder.sample_type(kind, "bytes");
        }
        builder.finish()
    }

    fn shell() -> Shell {
        Shell::new(&profile(), &Config::default())
    }

    fn complaint(line: &str) -> String {
        match shell().line(line).as_slice() {
            [Action::Complain(complaint)] => complaint.clone(),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn assignments_stay_and_what_a_command_says_does_not() {
        let mut shell = shell();
        assert_eq!(shell.line("nodecount = 7 //: the first"), []);
        assert_eq!(shell.line("sort=cum"), []);
        let of = |actions: Vec<Action>| match actions.as_slice() {
            [Action::Report(named, config)] => (named.clone(), (**config).clone()),
            other => panic!("{other:?}"),
        };
        let (named, config) = of(shell.line("top 3 a -b c"));
        assert_eq!(named.makes, Makes::Text(Command::Top));
        assert_eq!((config.nodecount, config.sort), (3, Sort::Cum));
        assert_eq!(
            (config.focus.as_str(), config.ignore.as_str()),
            ("a|c", "b")
        );
        let (_, config) = of(shell.line("top"));
        assert_eq!(config.nodecount, 7);
        assert_eq!(config.focus, "");
        assert!(config.compact_labels);
    }

    #[test]
    fn a_sample_type_is_a_word_of_its_own() {
        let mut shell = shell();
        for (line, index, mean) in [
            ("alloc_space", "alloc_space", false),
            ("mean_inuse_space", "inuse_space", true),
            ("sample_index=0", "alloc_space", true),
            ("sample_index=", "inuse_space", true),
            ("total_alloc_space", "alloc_space", false),
        ] {
            assert_eq!(shell.line(line), [], "{line}");
            assert_eq!(shell.config.sample_index, index, "{line}");
            assert_eq!(shell.config.mean, mean, "{line}");
        }
    }

    #[test]
    fn a_colon_forgets_the_filters() {
        let mut shell = shell();
        for name in ["focus", "ignore", "hide", "tagfocus", "tagignore", "show"] {
            shell.line(&format!("{name}=x"));
        }
        shell.line(" : ");
        assert_eq!(shell.config.focus, "");
        assert_eq!(shell.config.tagignore, "");
        assert_eq!(shell.config.show, "x");
    }

    #[test]
    fn wrong_lines_are_told_in_the_words_of_the_reference() {
        for (line, message) in [
            ("cum", "unknown config field \"cum\""),
            ("sort", "please specify a value, e.g. sort=<val>"),
            ("sample_index 0", "did you mean: sample_index=0"),
            ("focus x", "did you mean: focus=x"),
            (
                "sample_index=2",
                "sample_index 2 is outside the range [0..1]",
            ),
            (
                "sample_index=x",
                "sample_index \"x\" must be one of: [alloc_space inuse_space]",
            ),
            ("foo", "unrecognized command: \"foo\""),
            ("foo=3", "unrecognized command: \"foo=\""),
            ("top >", "unexpected end of line after >"),
            ("list", "command list requires an argument"),
            ("help zzz", "Unknown command: zzz"),
            ("help sort", "Unknown command: sort"),
        ] {
            assert_eq!(complaint(line), message);
        }
    }

    #[test]
    fn options_are_listed_with_what_they_may_be() {
        let listed = shell().line("o");
        let [Action::Tell(text)] = listed.as_slice() else {
            panic!("{listed:?}");
        };
        for line in [
            "  call_tree                 = false                \n",
            "  granularity               = (default)            //: [addresses | filefunctions | files | functions | lines]\n",
            "  nodecount                 = -1                   //: default\n",
            "  sample_index              = inuse_space          //: [alloc_space | inuse_space]\n",
            "  focus                     = \"\"                   \n",
        ] {
            assert!(text.contains(line), "{line:?} in\n{text}");
        }
    }

    #[test]
    fn nothing_follows_the_end() {
        assert_eq!(shell().line("q"), [Action::Quit]);
        assert_eq!(shell().line(""), []);
        assert_eq!(shell().line(" \t "), []);
    }
}

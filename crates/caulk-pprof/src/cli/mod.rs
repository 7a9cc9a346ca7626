//! The command line: what was asked for, and which wishes do not go together (`parseFlags` of the
//! reference).

mod flags;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

pub use self::flags::FlagError;
use self::flags::{Kind, Parsed, Value};
use crate::commands::{self, CommandInfo, Makes, command_named};
use crate::config::Config;
use crate::options::{Choice, Field, GRANULARITIES, OPTIONS, SORTS};
use crate::prepare::Symbolize;

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum CommandLine {
    /// How it is used.
    Help,
    /// A report or the shell.
    Run(Box<Invocation>),
}

/// A report, or the shell, about some sources.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// The report, or `None` for the shell.
    pub report: Option<NamedReport>,
    /// The options.
    pub config: Config,
    /// Files and URLs, added up. The first may be the program, see [`Invocation::take_program`].
    pub sources: Vec<OsString>,
    /// The program whose profile it is.
    pub program: Option<OsString>,
    /// What is subtracted, if anything.
    pub base: Option<Base>,
    /// How sources are fetched.
    pub fetching: Fetching,
    /// Where names come from.
    pub symbolize: Symbolize,
    /// The build id of the program where the profile has none.
    pub build_id: String,
    /// A remark to keep in the profile.
    pub comment: String,
    /// Most bytes that a profile may inflate to, if the user says so.
    pub max_profile_size: Option<u64>,
    /// What the user should be told, a line each.
    pub warnings: Vec<String>,
}

/// A report by its command's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedReport {
    /// The command.
    pub name: &'static str,
    /// What it makes.
    pub makes: Makes,
    /// The pattern, for those that take one.
    pub argument: Option<String>,
}

/// A profile to subtract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// File or URL.
    pub source: OsString,
    /// Whether it is what percentages are of.
    pub is_total: bool,
}

/// How sources are fetched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fetching {
    /// For how long a service is to collect, where that is said: more than 0.
    pub seconds: Option<u32>,
    /// For how long to wait, in seconds, where that is said: more than 0.
    pub timeout: Option<u32>,
    /// A certificate to show.
    pub certificate: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    /// Certificates of authorities that are trusted.
    pub authorities: Option<PathBuf>,
}

/// Why a command line cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandLineError {
    /// It cannot be read.
    #[error(transparent)]
    Flag(#[from] FlagError),
    /// Nothing is said of where the profile is.
    #[error("no profile source specified")]
    NoSource,
    /// Several values of an option that has one.
    #[error("conflicting options set: [{0}]")]
    Conflict(String),
    /// Several reports.
    #[error("must set at most one output format")]
    SeveralReports,
    /// A web page and a report.
    #[error("-http is not compatible with an output format on the command line")]
    PageAndReport,
    /// No web page is asked for.
    #[error("-no_browser only makes sense with -http")]
    NoPage,
    /// Both ways to subtract.
    #[error("-base and -diff_base flags cannot both be specified")]
    SeveralBases,
    /// Nothing to scale to.
    #[error("must have base profile to normalize by")]
    NoBase,
    /// A text that is not UTF-8.
    #[error("invalid value {value:?} for flag -{name}: not UTF-8")]
    NotUtf8 {
        /// The flag.
        name: String,
        /// What was given.
        value: OsString,
    },
    /// Not a size.
    #[error("invalid value {0:?} for flag -max_profile_size: say a number of bytes, or 8GB")]
    Size(String),
    /// A part of the reference that caulk does not have.
    #[error("-{0} is not in caulk: go tool pprof has it")]
    Elsewhere(&'static str),
}

/// Flags that choose a sample type, in the order in which they count.
const SAMPLE_TYPES: [(&str, &str); 7] = [
    ("total_delay", "delay"),
    ("mean_delay", "delay"),
    ("contentions", "contentions"),
    ("inuse_space", "inuse_space"),
    ("inuse_objects", "inuse_objects"),
    ("alloc_space", "alloc_space"),
    ("alloc_objects", "alloc_objects"),
];

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "add_comment" | "base" | "buildid" | "diff_base" | "http" | "max_profile_size"
        | "symbolize" | "tls_ca" | "tls_cert" | "tls_key" | "tools" => Kind::Text,
        "seconds" | "timeout" => Kind::Int,
        "no_browser" => Kind::Bool,
        _ if SAMPLE_TYPES.iter().any(|(flag, _)| *flag == name) => Kind::Bool,
        _ if SORTS.iter().any(|choice| choice.name == name) => Kind::Bool,
        _ if GRANULARITIES.iter().any(|choice| choice.name == name) => Kind::Bool,
        _ => match command_named(name) {
            Some(command) if command.takes_pattern => Kind::Text,
            Some(_) => Kind::Bool,
            None => match OPTIONS.iter().find(|option| option.name == name)?.field {
                Field::Switch(_) => Kind::Bool,
                Field::Count(_) => Kind::Int,
                Field::Fraction(_) => Kind::Float,
                Field::Text(_) | Field::Path(_) => Kind::Text,
                // Each choice is a flag of its own.
                Field::Sort | Field::Granularity => return None,
            },
        },
    })
}

/// Reads a command line.
pub fn command_line(arguments: &[OsString]) -> Result<CommandLine, CommandLineError> {
    let (given, sources) = match flags::parse(arguments, kind)? {
        Parsed::Help => return Ok(CommandLine::Help),
        Parsed::Given(given, sources) => (Given::new(given), sources),
    };
    if sources.is_empty() {
        return Err(CommandLineError::NoSource);
    }
    let mut warnings = Vec::new();
    let mut config = given.config()?;
    let report = given.report()?;
    let asks_for_page = given.text("http").is_some();
    if report.is_some() && asks_for_page {
        return Err(CommandLineError::PageAndReport);
    }
    if given.is_set("no_browser") && !asks_for_page {
        return Err(CommandLineError::NoPage);
    }
    for (flag, sample_type) in SAMPLE_TYPES {
        match (given.is_set(flag), config.sample_index.is_empty()) {
            (true, true) => sample_type.clone_into(&mut config.sample_index),
            (true, false) => warnings.push(format!("Multiple value selections, ignoring -{flag}")),
            (false, _) => {}
        }
    }
    config.mean |= given.is_set("mean_delay");
    let base = given.base()?;
    if config.normalize && base.is_none() {
        return Err(CommandLineError::NoBase);
    }
    if asks_for_page {
        return Err(CommandLineError::Elsewhere("http"));
    }
    if let Some(report) = &report
        && report.makes == Makes::Elsewhere
    {
        return Err(CommandLineError::Elsewhere(report.name));
    }
    let symbolize = Symbolize::new(&given.utf8("symbolize")?, &mut warnings);
    let max_profile_size = match given.utf8("max_profile_size")? {
        text if text.is_empty() => None,
        text => Some(size(&text).ok_or(CommandLineError::Size(text))?),
    };
    Ok(CommandLine::Run(Box::new(Invocation {
        report,
        config,
        sources,
        program: None,
        base,
        fetching: given.fetching(),
        symbolize,
        build_id: given.utf8("buildid")?,
        comment: given.utf8("add_comment")?,
        max_profile_size,
        warnings,
    })))
}

impl Invocation {
    /// Takes the program off the sources, where the first of several is one.
    pub fn take_program(&mut self, is_program: impl FnOnce(&OsStr) -> bool) {
        if let [first, _, ..] = self.sources.as_slice()
            && is_program(first)
        {
            self.program = Some(self.sources.remove(0));
        }
    }
}

/// The flags of a command line. Of one that is given twice, the last counts.
struct Given(BTreeMap<String, Value>);

impl Given {
    fn new(flags: Vec<(String, Value)>) -> Given {
        Given(flags.into_iter().collect())
    }

    fn is_set(&self, name: &str) -> bool {
        self.0.get(name) == Some(&Value::Bool(true))
    }

    /// A text that is not empty.
    fn text(&self, name: &str) -> Option<&OsStr> {
        match self.0.get(name) {
            Some(Value::Text(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    fn utf8(&self, name: &str) -> Result<String, CommandLineError> {
        let Some(text) = self.text(name) else {
            return Ok(String::new());
        };
        match text.to_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(CommandLineError::NotUtf8 {
                name: name.to_owned(),
                value: text.to_owned(),
            }),
        }
    }

    fn config(&self) -> Result<Config, CommandLineError> {
        let mut config = Config::default();
        for option in &OPTIONS {
            match (option.field, self.0.get(option.name)) {
                (Field::Switch(field), Some(Value::Bool(value))) => *field(&mut config) = *value,
                (Field::Count(field), Some(Value::Int(value))) => *field(&mut config) = *value,
                (Field::Fraction(field), Some(Value::Float(value))) => {
                    *field(&mut config) = *value;
                }
                (Field::Text(field), Some(Value::Text(_))) => {
                    *field(&mut config) = self.utf8(option.name)?;
                }
                (Field::Path(field), Some(Value::Text(path))) => {
                    path.clone_into(field(&mut config));
                }
                _ => {}
            }
        }
        if let Some(sort) = self.choice(&SORTS)? {
            config.sort = sort;
        }
        config.granularity = self.choice(&GRANULARITIES)?;
        Ok(config)
    }

    fn choice<T: Copy>(&self, choices: &[Choice<T>]) -> Result<Option<T>, CommandLineError> {
        let set = |choice: &&Choice<T>| self.is_set(choice.name);
        let set: Vec<&Choice<T>> = choices.iter().filter(set).collect();
        match set.as_slice() {
            [] => Ok(None),
            [choice] => Ok(Some(choice.value)),
            several => {
                let names: Vec<&str> = several.iter().map(|choice| choice.name).collect();
                Err(CommandLineError::Conflict(names.join(" ")))
            }
        }
    }

    fn report(&self) -> Result<Option<NamedReport>, CommandLineError> {
        let asked = |command: &&CommandInfo| match self.0.get(command.name) {
            Some(Value::Bool(set)) => *set,
            Some(Value::Text(argument)) => !argument.is_empty(),
            _ => false,
        };
        let asked: Vec<&CommandInfo> = commands::COMMANDS.iter().filter(asked).collect();
        match asked.as_slice() {
            [] => Ok(None),
            [command] => Ok(Some(NamedReport {
                name: command.name,
                makes: command.makes,
                argument: match self.utf8(command.name)? {
                    argument if argument.is_empty() => None,
                    argument => Some(argument),
                },
            })),
            _ => Err(CommandLineError::SeveralReports),
        }
    }

    fn base(&self) -> Result<Option<Base>, CommandLineError> {
        let base = |source: &OsStr, is_total| Base {
            source: source.to_owned(),
            is_total,
        };
        match (self.text("base"), self.text("diff_base")) {
            (None, None) => Ok(None),
            (Some(source), None) => Ok(Some(base(source, false))),
            (None, Some(source)) => Ok(Some(base(source, true))),
            (Some(_), Some(_)) => Err(CommandLineError::SeveralBases),
        }
    }

    fn fetching(&self) -> Fetching {
        let seconds = |name: &str| match self.0.get(name) {
            Some(Value::Int(seconds)) if *seconds > 0 => {
                Some(u32::try_from(*seconds).unwrap_or(u32::MAX))
            }
            _ => None,
        };
        let path = |name: &str| self.text(name).map(PathBuf::from);
        Fetching {
            seconds: seconds("seconds"),
            timeout: seconds("timeout"),
            certificate: path("tls_cert"),
            key: path("tls_key"),
            authorities: path("tls_ca"),
        }
    }
}

/// A number of bytes, with a unit such as `MB` (powers of 1024) or without.
pub fn size(text: &str) -> Option<u64> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (digits, unit) = text.split_at(digits);
    let shift = match unit
        .trim()
        .to_ascii_lowercase()
        .trim_end_matches(['b', 'i'])
    {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Command, Granularity, Sort};

    fn read(line: &str) -> Result<CommandLine, CommandLineError> {
        let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        command_line(&arguments)
    }

    fn run(line: &str) -> Invocation {
        match read(line).unwrap() {
            CommandLine::Run(invocation) => *invocation,
            CommandLine::Help => panic!("help was not asked for"),
        }
    }

    #[test]
    fn flags_become_options() {
        let run = run(
            "-top -cum -lines -nodecount 5 -unit=kb -trim=false -tagroot=a,b -mean_delay \
             -output=x -base b f g",
        );
        assert_eq!(run.report.unwrap().makes, Makes::Text(Command::Top));
        let config = Config {
            sort: Sort::Cum,
            granularity: Some(Granularity::Lines),
            nodecount: 5,
            unit: "kb".to_owned(),
            trim: false,
            tagroot: "a,b".to_owned(),
            mean: true,
            sample_index: "delay".to_owned(),
            output: "x".into(),
            ..Config::default()
        };
        assert_eq!(run.config, config);
        assert_eq!(run.base.unwrap().source, "b");
        assert_eq!(run.sources, ["f", "g"]);
        assert!(run.warnings.is_empty());
    }

    #[test]
    fn a_second_sample_type_is_told_and_ignored() {
        let run = run("-alloc_space -inuse_space f");
        assert_eq!(run.config.sample_index, "inuse_space");
        assert_eq!(
            run.warnings,
            ["Multiple value selections, ignoring -alloc_space"]
        );
        assert!(run.report.is_none());
    }

    #[test]
    fn the_first_of_several_sources_may_be_the_program() {
        let mut run = run("-top prog f");
        run.take_program(|path| path == "prog");
        assert_eq!(run.program, Some("prog".into()));
        assert_eq!(run.sources, ["f"]);
        run.take_program(|_| true);
        assert_eq!(run.sources, ["f"]);
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for (line, message) in [
            ("-top", "no profile source specified"),
            ("-cum -flat f", "conflicting options set: [cum flat]"),
            ("-files -lines f", "conflicting options set: [files lines]"),
            ("-top -text f", "must set at most one output format"),
            ("-peek=a -list=b f", "must set at most one output format"),
            (
                "-http=:0 -top f",
                "-http is not compatible with an output format on the command line",
            ),
            ("-no_browser f", "-no_browser only makes sense with -http"),
            (
                "-base=a -diff_base=b f",
                "-base and -diff_base flags cannot both be specified",
            ),
            ("-normalize f", "must have base profile to normalize by"),
            ("-http=:0 f", "-http is not in caulk: go tool pprof has it"),
            ("-web f", "-web is not in caulk: go tool pprof has it"),
            ("-sort=cum f", "flag provided but not defined: -sort"),
        ] {
            assert_eq!(read(line).unwrap_err().to_string(), message, "{line}");
        }
        assert_eq!(read("-h").unwrap(), CommandLine::Help);
    }

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [
            ("1000", Some(1000)),
            ("8GB", Some(8 << 30)),
            ("2 mib", Some(2 << 20)),
            ("1k", Some(1024)),
            ("99999999TB", None),
            ("x", None),
            ("-1", None),
        ] {
            assert_eq!(size(text), bytes, "{text}");
        }
    }
}

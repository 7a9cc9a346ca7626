//! The options of a report by name: how a flag, an assignment in the shell and a saved setting say
//! them.

use std::ffi::OsString;

use crate::config::{Config, Granularity, Sort};
use crate::numbers::{self, NumberError};

/// An option of a report.
pub(crate) struct OptionInfo {
    /// Its name.
    pub name: &'static str,
    /// What it is for, a line each; the first stands in lists.
    pub help: &'static [&'static str],
    pub(crate) field: Field,
}

/// Where an option's value is, and of which kind it is.
#[derive(Clone, Copy)]
pub(crate) enum Field {
    Switch(fn(&mut Config) -> &mut bool),
    Count(fn(&mut Config) -> &mut i64),
    Fraction(fn(&mut Config) -> &mut f64),
    Text(fn(&mut Config) -> &mut String),
    Path(fn(&mut Config) -> &mut OsString),
    /// One of [`SORTS`].
    Sort,
    /// One of [`GRANULARITIES`].
    Granularity,
}

/// A value of an option that has few, each with a name of its own.
pub(crate) struct Choice<T> {
    pub name: &'static str,
    pub help: &'static [&'static str],
    pub value: T,
}

const fn choice<T: Copy>(name: &'static str, value: T, help: &'static [&'static str]) -> Choice<T> {
    Choice { name, help, value }
}

/// The orders of rows.
pub(crate) static SORTS: [Choice<Sort>; 2] = [
    choice(
        "cum",
        Sort::Cum,
        &["Largest first, by the value with all that was called"],
    ),
    choice("flat", Sort::Flat, &["Largest first, by the own value"]),
];

/// What one row or node may be.
pub(crate) static GRANULARITIES: [Choice<Granularity>; 5] = [
    choice(
        "functions",
        Granularity::Functions,
        &[
            "A function is one node",
            "Functions of the same name in several files are one.",
        ],
    ),
    choice(
        "filefunctions",
        Granularity::FileFunctions,
        &[
            "A function of a file is one node",
            "Functions of the same name in several files are apart.",
        ],
    ),
    choice("files", Granularity::Files, &["A source file is one node"]),
    choice("lines", Granularity::Lines, &["A source line is one node"]),
    choice(
        "addresses",
        Granularity::Addresses,
        &[
            "A code address is one node",
            "The address stands before the name.",
        ],
    ),
];

macro_rules! option {
    ($kind:ident $name:ident $help:expr) => {
        OptionInfo {
            name: stringify!($name),
            help: &$help,
            field: Field::$kind(|config| &mut config.$name),
        }
    };
}

const MATCHES: &str = "Names of functions, of source files and of programs are looked at.";
const TAG_KEY: &str = "key=pattern looks at the labels of that key only.";
const TAG_RANGES: &str = "Numbers are given as ranges: 1kb, 1kb:10kb, :64kb, bytes=32mb:";
const TAG_TEXTS: &str = "Texts are given as patterns: foo, foo.*bar, key=foo.*bar";

/// All options, by name.
pub(crate) static OPTIONS: [OptionInfo; 33] = [
    option!(Switch call_tree [
        "Make a node of each calling path, not of each function",
        "What is reached in several ways is shown once for each.",
    ]),
    option!(Switch compact_labels ["Leave out the lines about the profile"]),
    option!(Fraction divide_by [
        "Divide all values by this",
        "For instance the number of processors, or of requests served.",
    ]),
    option!(Switch drop_negative [
        "Leave out what became less",
        "Where a base was subtracted, nodes with a negative value are not shown.",
    ]),
    option!(Fraction edgefraction ["Hide edges below this part of the total"]),
    option!(Text focus [
        "Keep only samples with a frame that matches this pattern",
        MATCHES,
    ]),
    OptionInfo {
        name: "granularity",
        help: &["What one node is"],
        field: Field::Granularity,
    },
    option!(Text hide [
        "Take frames that match this pattern out of the stacks",
        "The samples stay, with their other frames.",
        MATCHES,
    ]),
    option!(Text ignore [
        "Leave out samples with a frame that matches this pattern",
        MATCHES,
    ]),
    option!(Switch intel_syntax ["Assembly in Intel's syntax", "For disasm and weblist."]),
    option!(Switch mean [
        "Divide each value by the first one, which is a count",
        "The mean size of an allocation, or the mean time of an event.",
    ]),
    option!(Count nodecount [
        "Show at most this many nodes",
        "-1 stands for the report's own default, 0 for no limit. In graphs, dotted edges lead",
        "over nodes that are not shown.",
    ]),
    option!(Fraction nodefraction ["Hide nodes below this part of the total"]),
    option!(Switch noinlines [
        "Take inlined calls as part of the function they are in",
    ]),
    option!(Switch normalize ["Scale the profile so that its total is the base's"]),
    option!(Path output ["The file that the report goes into, instead of stdout"]),
    option!(Text prune_from [
        "Take off the frames that match this pattern, with all they called",
    ]),
    option!(Switch relative_percentages [
        "Percentages of what the filters leave",
        "Otherwise they are of the whole profile, so that reports can be compared.",
    ]),
    option!(Text sample_index [
        "The sample type to report, by number or name",
        "A profile has several values for each sample; they are counted from 0.",
    ]),
    option!(Text show ["Show only frames that match this pattern", MATCHES]),
    option!(Text show_from [
        "Take off the frames above the outermost one that matches this pattern",
        MATCHES,
    ]),
    option!(Switch showcolumns ["Show the column beside the source line"]),
    OptionInfo {
        name: "sort",
        help: &["How rows are ordered"],
        field: Field::Sort,
    },
    option!(Text source_path ["Where source files are looked for"]),
    option!(Text tagfocus [
        "Keep only samples with a label that matches",
        TAG_KEY,
        TAG_RANGES,
        TAG_TEXTS,
    ]),
    option!(Text taghide ["Take labels whose key matches this pattern away"]),
    option!(Text tagignore [
        "Leave out samples with a label that matches",
        TAG_KEY,
        TAG_RANGES,
        TAG_TEXTS,
    ]),
    option!(Text tagleaf [
        "Make frames at the leaf of the values of these labels",
        "Label keys with commas between; the last becomes the new leaf.",
    ]),
    option!(Text tagroot [
        "Make frames at the root of the values of these labels",
        "Label keys with commas between; the first becomes the new root.",
    ]),
    option!(Text tagshow ["Keep only labels whose key matches this pattern"]),
    option!(Switch trim [
        "Let nodecount, nodefraction and edgefraction hide nodes",
        "With trim=false all is shown.",
    ]),
    option!(Text trim_path ["What is taken off the front of source paths before they are looked for"]),
    option!(Text unit [
        "The unit of the values",
        "Such as seconds or ms, megabytes or kb. auto takes for each value the one that suits it,",
        "minimum the same for all.",
    ]),
];

/// Why an option cannot be set. The words are those of the reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// No option has this name.
    #[error("unknown config field {0:?}")]
    Unknown(String),
    /// None of the few values that the option has.
    #[error("invalid {name:?} value {value:?}")]
    Choice {
        /// The option.
        name: &'static str,
        /// What was given.
        value: String,
    },
    /// Not a truth value.
    #[error("illegal value \"{0}\" for bool variable")]
    Switch(String),
    /// Not a number.
    #[error("{function}: parsing {value:?}: {reason}")]
    Number {
        /// The reference's name for what reads it.
        function: &'static str,
        /// What was given.
        value: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// What an option's or a choice's name stands for.
#[derive(Clone, Copy)]
pub(crate) enum Named {
    Option(&'static OptionInfo),
    Sort(&'static Choice<Sort>),
    Granularity(&'static Choice<Granularity>),
}

/// Looks a name up.
pub(crate) fn named(name: &str) -> Option<Named> {
    let option = OPTIONS.iter().find(|option| option.name == name);
    let sort = SORTS.iter().find(|choice| choice.name == name);
    let granularity = GRANULARITIES.iter().find(|choice| choice.name == name);
    option
        .map(Named::Option)
        .or_else(|| sort.map(Named::Sort))
        .or_else(|| granularity.map(Named::Granularity))
}

/// The names of all options and choices.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    let options = OPTIONS.iter().map(|option| option.name);
    let sorts = SORTS.iter().map(|choice| choice.name);
    options
        .chain(sorts)
        .chain(GRANULARITIES.iter().map(|choice| choice.name))
}

impl OptionInfo {
    /// The names of an option's values, where it has few.
    pub fn choices(&self) -> Vec<&'static str> {
        match self.field {
            Field::Sort => SORTS.iter().map(|choice| choice.name).collect(),
            Field::Granularity => GRANULARITIES.iter().map(|choice| choice.name).collect(),
            _ => Vec::new(),
        }
    }

    pub fn is_switch(&self) -> bool {
        matches!(self.field, Field::Switch(_))
    }

    /// The value as it would be given; empty for a granularity that is the report's own.
    pub fn get(&self, config: &Config) -> String {
        let mut config = config.clone();
        match self.field {
            Field::Switch(field) => field(&mut config).to_string(),
            Field::Count(field) => field(&mut config).to_string(),
            Field::Fraction(field) => numbers::shown_float(*field(&mut config)),
            Field::Text(field) => std::mem::take(field(&mut config)),
            Field::Path(field) => field(&mut config).to_string_lossy().into_owned(),
            Field::Sort => name_of(&SORTS, Some(config.sort)),
            Field::Granularity => name_of(&GRANULARITIES, config.granularity),
        }
    }

    fn set(&self, config: &mut Config, value: &str) -> Result<(), OptionError> {
        let number = |function| {
            move |error| OptionError::Number {
                function,
                value: value.to_owned(),
                reason: match error {
                    NumberError::Syntax => "invalid syntax",
                    NumberError::Range => "value out of range",
                },
            }
        };
        let no_choice = || OptionError::Choice {
            name: self.name,
            value: value.to_owned(),
        };
        match self.field {
            Field::Switch(field) => {
                *field(config) = switched(value).ok_or(OptionError::Switch(value.to_owned()))?;
            }
            Field::Count(field) => {
                *field(config) = numbers::decimal(value).map_err(number("strconv.Atoi"))?;
            }
            Field::Fraction(field) => {
                *field(config) = numbers::float(value).map_err(number("strconv.ParseFloat"))?;
            }
            Field::Text(field) => value.clone_into(field(config)),
            Field::Path(field) => *field(config) = value.into(),
            Field::Sort => config.sort = value_of(&SORTS, value).ok_or_else(no_choice)?,
            Field::Granularity => {
                config.granularity = Some(value_of(&GRANULARITIES, value).ok_or_else(no_choice)?);
            }
        }
        Ok(())
    }
}

fn name_of<T: Copy + PartialEq>(choices: &[Choice<T>], value: Option<T>) -> String {
    let choice = choices.iter().find(|choice| Some(choice.value) == value);
    choice.map_or(String::new(), |choice| choice.name.to_owned())
}

fn value_of<T: Copy>(choices: &[Choice<T>], name: &str) -> Option<T> {
    let choice = choices.iter().find(|choice| choice.name == name);
    choice.map(|choice| choice.value)
}

/// The shell takes more words for a truth value than a flag does, and none at all for true.
fn switched(value: &str) -> Option<bool> {
    match value.to_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "1" | "" => Some(true),
        "false" | "f" | "no" | "n" | "0" => Some(false),
        _ => None,
    }
}

impl Config {
    /// Sets an option by its name, or by the name of one of its choices with a true value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        let unknown = || OptionError::Unknown(name.to_owned());
        let named = named(name).ok_or_else(unknown)?;
        if let Named::Option(option) = named {
            return option.set(self, value);
        }
        // A choice wants its truth value said, other than a switch.
        if numbers::boolean(value) != Some(true) {
            return Err(unknown());
        }
        match named {
            Named::Sort(choice) => self.sort = choice.value,
            Named::Granularity(choice) => self.granularity = Some(choice.value),
            Named::Option(_) => {}
        }
        Ok(())
    }

    /// The value of an option by its name, as [`Config::set`] takes it; empty also for a granularity
    /// that is the report's own.
    pub fn get(&self, name: &str) -> Option<String> {
        match named(name)? {
            Named::Option(option) => Some(option.get(self)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_option_reads_back_as_it_was_set() {
        for option in &OPTIONS {
            let value = match option.field {
                Field::Switch(_) => "true",
                Field::Count(_) => "17",
                Field::Fraction(_) => "0.25",
                Field::Text(_) | Field::Path(_) => "a b",
                Field::Sort => "cum",
                Field::Granularity => "lines",
            };
            let mut config = Config::default();
            config.set(option.name, value).unwrap();
            assert_eq!(config.get(option.name).unwrap(), value, "{}", option.name);
        }
        assert!(OPTIONS.is_sorted_by_key(|option| option.name));
    }

    #[test]
    fn a_choice_is_set_by_its_name_with_a_true_value() {
        let mut config = Config::default();
        config.set("cum", "1").unwrap();
        config.set("lines", "true").unwrap();
        assert_eq!(config.sort, Sort::Cum);
        assert_eq!(config.granularity, Some(Granularity::Lines));
        let error = config.set("flat", "").unwrap_err().to_string();
        assert_eq!(error, "unknown config field \"flat\"");
    }

    #[test]
    fn wrong_values_are_told_in_the_words_of_the_reference() {
        for (name, value, message) in [
            ("sort", "x", "invalid \"sort\" value \"x\""),
            (
                "nodecount",
                "x",
                "strconv.Atoi: parsing \"x\": invalid syntax",
            ),
            (
                "nodefraction",
                "1e999",
                "strconv.ParseFloat: parsing \"1e999\": value out of range",
            ),
            ("mean", "maybe", "illegal value \"maybe\" for bool variable"),
            ("nothing", "1", "unknown config field \"nothing\""),
        ] {
            let error = Config::default().set(name, value).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
        let mut config = Config::default();
        config.set("mean", "").unwrap();
        assert!(config.mean);
        config.set("mean", "No").unwrap();
        assert!(!config.mean);
    }
}

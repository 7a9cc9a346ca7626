//! The line of a report: `command [n] [pattern]* [-ignored]* [-cum] [>file]`.

use crate::cli::NamedReport;
use crate::commands::command_named;
use crate::config::{Config, Sort};
use crate::options;

/// A report, and the options that hold for it alone.
#[derive(Debug)]
pub(super) struct Report {
    pub named: NamedReport,
    pub config: Config,
}

/// Why a line is none. The words are those of the reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum LineError {
    #[error("did you mean: {name}={value}")]
    Assignment { name: String, value: String },
    #[error("unrecognized command: {0:?}")]
    Unknown(String),
    #[error("command {0} requires an argument")]
    NoArgument(String),
    #[error("unexpected end of line after >")]
    NoFile,
}

/// How many rows a report has where nothing is said: a screen has few.
const ROWS: i64 = 10;

/// Reads the words of a line.
pub(super) fn report(first: &str, rest: &[&str], config: &Config) -> Result<Report, LineError> {
    // Digits at the end of a command are its first argument.
    let (name, digits) = match command_named(first) {
        Some(_) => (first, ""),
        None => first.split_at(first.trim_end_matches(|c: char| c.is_ascii_digit()).len()),
    };
    let (name, digits) = if name.is_empty() {
        (first, "")
    } else {
        (name, digits)
    };
    let mut words = (!digits.is_empty())
        .then_some(digits)
        .into_iter()
        .chain(rest.iter().copied());
    let Some(command) = command_named(name) else {
        let has_help = options::named(name).is_some() && !matches!(name, "sort" | "granularity");
        return Err(if has_help {
            LineError::Assignment {
                name: name.to_owned(),
                value: words.next().unwrap_or("<val>").to_owned(),
            }
        } else {
            LineError::Unknown(name.to_owned())
        });
    };
    let argument = match command.takes_pattern {
        true => match words.next() {
            Some(word) => Some(word.to_owned()),
            None => return Err(LineError::NoArgument(name.to_owned())),
        },
        false => None,
    };

    let mut config = config.clone();
    let (mut focus, mut ignore) = (String::new(), String::new());
    while let Some(word) = words.next() {
        if let Ok(count) = word.parse::<i32>() {
            config.nodecount = count.into();
        } else if let Some(file) = word.strip_prefix('>') {
            let file = match file {
                "" => words.next().ok_or(LineError::NoFile)?,
                file => file,
            };
            config.output = file.into();
        } else if let Some(pattern) = word.strip_prefix('-') {
            match pattern {
                "cum" | "-cum" => config.sort = Sort::Cum,
                pattern => add(&mut ignore, pattern),
            }
        } else {
            add(&mut focus, word);
        }
    }
    let (focus_field, ignore_field) = match name {
        "tags" => (&mut config.tagfocus, &mut config.tagignore),
        _ => (&mut config.focus, &mut config.ignore),
    };
    if !focus.is_empty() {
        *focus_field = focus;
    }
    if !ignore.is_empty() {
        *ignore_field = ignore;
    }
    if config.nodecount == -1 && matches!(name, "top" | "text") {
        config.nodecount = ROWS;
    }
    let named = NamedReport {
        name: command.name,
        makes: command.makes,
        argument,
    };
    Ok(Report { named, config })
}

/// Several patterns are alternatives.
fn add(pattern: &mut String, alternative: &str) {
    if !pattern.is_empty() && !alternative.is_empty() {
        pattern.push('|');
    }
    pattern.push_str(alternative);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(line: &str) -> Report {
        let words: Vec<&str> = line.split_whitespace().collect();
        report(words[0], &words[1..], &Config::default()).unwrap()
    }

    #[test]
    fn digits_at_a_command_are_its_argument() {
        assert_eq!(read("top").config.nodecount, 10);
        assert_eq!(read("top25").config.nodecount, 25);
        assert_eq!(read("top -5").config.nodecount, -5);
        assert_eq!(read("top -1").config.nodecount, 10);
        assert_eq!(read("tree").config.nodecount, -1);
        let list = read("list12 5");
        assert_eq!(list.named.argument.unwrap(), "12");
        assert_eq!(list.config.nodecount, 5);
        let error = report("99", &[], &Config::default()).unwrap_err();
        assert_eq!(error, LineError::Unknown("99".to_owned()));
    }

    #[test]
    fn words_are_patterns_counts_and_a_file() {
        let report = read("tree a -b 4 - c >out --cum");
        let config = report.config;
        assert_eq!(config.focus, "a|c");
        assert_eq!(config.ignore, "b");
        assert_eq!(config.nodecount, 4);
        assert_eq!(config.output, "out");
        assert_eq!(config.sort, Sort::Cum);
        assert_eq!(read("top > out").config.output, "out");
        let tags = read("tags k -v").config;
        assert_eq!(
            (tags.tagfocus.as_str(), tags.tagignore.as_str()),
            ("k", "v")
        );
        assert_eq!(tags.focus, "");
    }
}

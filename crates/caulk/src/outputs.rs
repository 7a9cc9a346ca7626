//! Where the results of a command go: stdout, files, or both, each in its format.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use clap::ValueEnum;

use crate::cli::OutputFormat;

/// One report to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// None for the command's usual one.
    pub format: Option<OutputFormat>,
    /// None for stdout.
    pub file: Option<PathBuf>,
}

/// What was typed as `[FORMAT=]FILE`. A file without a format takes the place of stdout, and is of the format
/// that was asked for (`asked`), else of the one that its name says; one with its format is written besides.
pub fn outputs(typed: &[OsString], asked: Option<OutputFormat>) -> anyhow::Result<Vec<Output>> {
    let mut outputs = Vec::new();
    let mut instead = false;
    for typed in typed {
        let (format, file) = match with_format(typed) {
            Some((format, file)) => (Some(format), PathBuf::from(file)),
            None => {
                instead = true;
                let file = PathBuf::from(typed);
                (asked.or_else(|| named(&file)), file)
            }
        };
        if file.as_os_str().is_empty() {
            return Err(anyhow!("--output needs the name of a file"));
        }
        outputs.push(Output {
            format,
            file: Some(file),
        });
    }
    if !instead {
        outputs.push(Output {
            format: asked,
            file: None,
        });
    }
    Ok(outputs)
}

fn with_format(typed: &OsString) -> Option<(OutputFormat, &str)> {
    let (format, file) = typed.to_str()?.split_once('=')?;
    Some((OutputFormat::from_str(format, false).ok()?, file))
}

/// The format that the name of a file says.
pub fn named(file: &Path) -> Option<OutputFormat> {
    match file.extension()?.to_str()? {
        "html" | "htm" => Some(OutputFormat::Html),
        "json" => Some(OutputFormat::Json),
        "sarif" => Some(OutputFormat::Sarif),
        "xml" => Some(OutputFormat::Junit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn of(typed: &[&str], asked: Option<OutputFormat>) -> Vec<Output> {
        let typed: Vec<OsString> = typed.iter().map(OsString::from).collect();
        outputs(&typed, asked).unwrap()
    }

    fn to(format: Option<OutputFormat>, file: &str) -> Output {
        Output {
            format,
            file: (!file.is_empty()).then(|| PathBuf::from(file)),
        }
    }

    #[test]
    fn a_plain_file_takes_the_place_of_stdout_and_others_are_written_besides() {
        use OutputFormat::{Github, Gitlab, Html, Json, Sarif};
        assert_eq!(of(&[], None), [to(None, "")]);
        assert_eq!(of(&["r.sarif"], None), [to(Some(Sarif), "r.sarif")]);
        assert_eq!(of(&["r.html"], Some(Json)), [to(Some(Json), "r.html")]);
        assert_eq!(
            of(&["gitlab=q.json", "html=a=b.html"], Some(Github)),
            [
                to(Some(Gitlab), "q.json"),
                to(Some(Html), "a=b.html"),
                to(Some(Github), "")
            ]
        );
        // No format: it is part of the name.
        assert_eq!(of(&["a=b.txt"], None), [to(None, "a=b.txt")]);
    }

    #[test]
    fn a_file_needs_a_name() {
        assert!(outputs(&["sarif=".into()], None).is_err());
    }
}

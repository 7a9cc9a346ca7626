//! From a prepared profile to the bytes of a report.

use std::borrow::Cow;
use std::io::{self, Write};

use caulk_profile::Profile;

use crate::config::Config;
use crate::error::ReportError;
use crate::filter::{LabelUnits, add_label_frames, filter};
use crate::pattern::Pattern;
use crate::report::{self, Measure, Subject};
use crate::request::{Command, Request};
use crate::surroundings::Surroundings;

/// A report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Generated {
    /// Its bytes.
    pub report: Vec<u8>,
    /// What the user should be told beside it, a line each.
    pub warnings: Vec<String>,
}

/// Why there is no report, or not all of one.
#[derive(Debug, thiserror::Error)]
pub enum WriteReportError {
    /// There is none.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// It could not be written.
    #[error("failed to write the report")]
    Write(#[from] io::Error),
}

/// Makes a report (`generateReport` of the reference).
///
/// The total is that of all samples, unless percentages are to be relative to what the filters leave.
pub fn generate(
    profile: &Profile,
    request: &Request,
    config: &Config,
    surroundings: &Surroundings,
) -> Result<Generated, ReportError> {
    let (mut report, mut warnings) = (Vec::new(), Vec::new());
    let tell = |told: &[String]| warnings.extend_from_slice(told);
    match write_report(profile, request, config, surroundings, tell, &mut report) {
        Err(WriteReportError::Report(error)) => Err(error),
        // A vector takes everything.
        Err(WriteReportError::Write(_)) | Ok(()) => Ok(Generated { report, warnings }),
    }
}

/// As [`generate`], and writes the report to `out` as it is made: that of all stacks takes gigabytes.
/// `tell` gets the warnings before anything is written; of a report that fails nothing is.
pub fn write_report(
    profile: &Profile,
    request: &Request,
    config: &Config,
    surroundings: &Surroundings,
    tell: impl FnOnce(&[String]),
    out: &mut dyn Write,
) -> Result<(), WriteReportError> {
    let config = &request.overridden(config);
    let mut warnings = Vec::new();
    let label_units = LabelUnits::new(profile, &mut warnings);
    let mut profile = Cow::Borrowed(profile);
    if let Some(with_frames) = add_label_frames(&profile, config, &mut warnings) {
        profile = Cow::Owned(with_frames);
    }
    let mut filter = |profile: &mut Cow<Profile>| -> Result<(), ReportError> {
        if let Some(filtered) = filter(profile, &label_units, config, &mut warnings)? {
            *profile = Cow::Owned(filtered);
        }
        Ok(())
    };
    if config.relative_percentages {
        filter(&mut profile)?;
    }
    let measure = Measure::new(&profile, config)?;
    let pattern = request.argument.as_deref().map(argument).transpose()?;
    if !config.relative_percentages {
        filter(&mut profile)?;
    }
    if matches!(request.command, Command::Raw | Command::Proto) && config.noinlines {
        without_inlines(profile.to_mut(), config);
    }
    let subject = Subject {
        profile: &profile,
        config,
        surroundings,
        measure,
        label_units,
        pattern,
    };
    let mut report = Vec::new();
    let whole = &mut report;
    match request.command {
        Command::Traces => {
            tell(&warnings);
            return Ok(report::traces(&subject, out)?);
        }
        Command::Top => report::top(subject, whole),
        Command::TopProto => report::topproto(subject, whole),
        Command::List => report::list(subject, whole)?,
        Command::Callgrind => report::callgrind(subject, whole)?,
        Command::Dot => report::dot(subject, whole)?,
        Command::Tree | Command::Peek => report::tree(subject, whole)?,
        Command::Tags => report::tags(&subject, whole),
        Command::Comments => report::comments(&profile, whole),
        Command::Raw => report::raw(&profile, surroundings, whole),
        Command::Proto => report::proto(&subject, whole)?,
    }
    tell(&warnings);
    Ok(out.write_all(&report)?)
}

/// What the other reports do as they look at locations.
fn without_inlines(profile: &mut Profile, config: &Config) {
    profile.drop_inlined_lines();
    if !config.showcolumns {
        profile.clear_columns();
    }
}

fn argument(pattern: &str) -> Result<Pattern, ReportError> {
    Pattern::new(pattern).map_err(|reason| ReportError::Pattern {
        pattern: pattern.to_owned(),
        reason,
    })
}

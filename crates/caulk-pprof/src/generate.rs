//! From a prepared profile to the bytes of a report.

use caulk_profile::Profile;

use crate::config::Config;
use crate::pattern::Pattern;
use crate::report::{self, Measure, ReportError, Subject};
use crate::request::{Command, Request};

/// What a report depends on beside the profile and the options.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Where times are told.
    pub time_zone: jiff::tz::TimeZone,
}

/// A report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Generated {
    /// Its bytes.
    pub report: Vec<u8>,
    /// What the user should be told beside it, a line each.
    pub warnings: Vec<String>,
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
    let config = &request.overridden(config);
    let mut generated = Generated::default();
    let subject = Subject {
        profile,
        config,
        surroundings,
        measure: Measure::new(profile, config)?,
        pattern: request.argument.as_deref().map(argument).transpose()?,
    };
    let out = &mut generated.report;
    match request.command {
        Command::Top => report::top(subject, out),
        Command::TopProto => report::topproto(subject, out),
        Command::Callgrind => report::callgrind(subject, out)?,
        Command::Dot => report::dot(subject, out)?,
        Command::Tree | Command::Peek => report::tree(subject, out)?,
    }
    Ok(generated)
}

fn argument(pattern: &str) -> Result<Pattern, ReportError> {
    Pattern::new(pattern).map_err(|reason| ReportError::Pattern {
        pattern: pattern.to_owned(),
        reason,
    })
}

//! Severities and confidences, as they are typed and as `caulk.toml` has them.

use caulk_leaks::{Confidence, Severity};
use clap::ValueEnum;
use serde::Deserialize;

/// Severities as they are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Low,
    Medium,
    High,
}

impl Level {
    pub fn severity(self) -> Severity {
        match self {
            Level::Low => Severity::Low,
            Level::Medium => Severity::Medium,
            Level::High => Severity::High,
        }
    }
}

/// Confidences as they are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sureness {
    /// A step may rest on a convention.
    Likely,
    /// Every step was decided.
    Certain,
}

impl Sureness {
    pub fn confidence(self) -> Confidence {
        match self {
            Sureness::Likely => Confidence::Likely,
            Sureness::Certain => Confidence::Certain,
        }
    }
}

//! What `go tool pprof` does with profiles, byte for byte: its command line, its options, its filters,
//! its reports, its shell.
//!
//! The crate knows the reference's rules (those of google/pprof in the Go distribution) and
//! nothing of series, growth or leaks. A profile goes one way through it:
//!
//! 1. [`command_line`]: what is asked for; [`Remote`]: which of its sources are URLs.
//! 2. [`combine`]: the profiles of several sources to one; [`subtract`] for a base.
//! 3. [`name_program`], [`name_queries`], [`prepare`]: what the reference does to a profile when it has
//!    fetched it.
//! 4. [`generate`]: filters and report, as a [`Request`] and a [`Config`] ask. [`Shell`] makes these
//!    of the lines that are typed.
//!
//! Nothing here reads or prints: bytes, warnings and actions are returned.

mod cli;
mod combine;
mod commands;
mod config;
mod error;
mod filter;
mod generate;
mod go_time;
mod numbers;
mod options;
mod pattern;
mod prepare;
mod report;
mod request;
mod shell;
mod sources;
mod surroundings;
mod svg;
mod units;
mod url;
mod usage;

pub use cli::{
    Base, CommandLine, CommandLineError, Fetching, FlagError, Invocation, NamedReport,
    command_line, size,
};
pub use combine::{BaseOptions, CombineError, combine, subtract};
pub use commands::Makes;
pub use config::{Config, Granularity, Sort};
pub use error::ReportError;
pub use generate::{Generated, WriteReportError, generate, write_report};
pub use options::OptionError;
pub use pattern::{Pattern, PatternError};
pub use prepare::{
    MappingSource, NameQuery, Names, NamesError, Symbolize, files_with_names, forget_empty_labels,
    name_program, name_queries, note_source, prepare, take_names,
};

pub use request::{Command, Request};
pub use shell::{Action, Completer, PROMPT, Shell};
pub use sources::{Remote, kept_name};
pub use surroundings::{SourceFiles, Surroundings};
pub use svg::movable_svg;
pub use usage::{EXAMPLES, usage};

//! The command line as it is typed. What the flags mean stands with each command.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;

/// Finds, proves, fixes and prevents memory and resource leaks in Go programs.
#[derive(Debug, Parser)]
#[command(
    name = "caulk",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = EXAMPLES
)]
pub struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  caulk hunt                       hunt in the program of this folder, as its caulk.toml says
  caulk hunt ./cmd/api --load 'POST http://127.0.0.1:8080/v0/cron' --fix
  caulk check ./...                find leaks in source
  caulk fix --diff ./...           print the patch that ends them
  caulk diagnose heap.0 heap.6     say what grew between two profiles, and what to suspect

Exit codes:
  0    clean
  1    findings, a leak, or changes that --diff shows
  2    wrong use, wrong configuration or unreadable input
  3    the target program could not be built, started or reached
  4    inconclusive: growing but not yet sure, seen in one or two snapshots only, most requests
       failed, or less decided than --min-coverage asks for
  130  ended by Ctrl-C";

/// Where help lists the flags that every command takes, apart from the command's own.
const OUTPUT: &str = "Output";

/// Flags that every command takes.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// How results are printed
    #[arg(
        long,
        visible_alias = "format",
        value_enum,
        value_name = "FORMAT",
        global = true,
        help_heading = OUTPUT
    )]
    pub output_format: Option<OutputFormat>,
    /// Say less: results without explanations, no progress
    #[arg(short, long, global = true, help_heading = OUTPUT)]
    pub quiet: bool,
    /// When to use colour
    #[arg(
        long,
        value_enum,
        default_value_t = ColorWhen::Auto,
        global = true,
        value_name = "WHEN",
        help_heading = OUTPUT
    )]
    pub color: ColorWhen,
    /// No progress on stderr
    #[arg(long, global = true, help_heading = OUTPUT)]
    pub no_progress: bool,
}

/// The output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// In full while there is little to say, else a line each; the usual one.
    Text,
    /// One line for each finding.
    Concise,
    /// Findings with snippets and paths.
    Full,
    /// One JSON document.
    Json,
    /// One page for a browser, which needs no network (check, hunt and diagnose).
    Html,
    /// SARIF 2.1.0, for code scanning (check).
    Sarif,
    /// Annotations of GitHub, as workflow commands (check).
    Github,
    /// The code quality report of GitLab (check).
    Gitlab,
    /// JUnit's XML, for build servers (check).
    Junit,
}

impl OutputFormat {
    /// Whether it only has a form for findings in source.
    pub fn is_for_findings(self) -> bool {
        matches!(
            self,
            OutputFormat::Sarif | OutputFormat::Github | OutputFormat::Gitlab | OutputFormat::Junit
        )
    }
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// In a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    Hunt(commands::hunt::HuntArgs),
    Diagnose(commands::diagnose::DiagnoseArgs),
    Check(commands::check::CheckArgs),
    Fix(commands::fix::FixArgs),
    Explain(commands::explain::ExplainArgs),
    Rules(commands::rules::RulesArgs),
    Capture(commands::capture::CaptureArgs),
    Pprof(commands::pprof::PprofArgs),
    Init(commands::init::InitArgs),
    Doctor(commands::doctor::DoctorArgs),
    Completions(commands::completions::CompletionsArgs),
    #[command(hide = true)]
    Man(commands::completions::ManArgs),
}

/// Which files a check or fix reads, and how.
#[derive(Debug, Clone, Args)]
pub struct SourceArgs {
    /// Files, or folders with all that is below them; ./... means the same as . [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Build tags, separated by commas
    #[arg(
        long,
        visible_alias = "tags",
        value_name = "TAGS",
        value_delimiter = ','
    )]
    pub build_tags: Vec<String>,
    /// Operating system to check for [default: this one, and for files that it leaves out one that takes them]
    #[arg(long, value_name = "GOOS")]
    pub goos: Option<String>,
    /// Architecture to check for [default: as for the operating system]
    #[arg(long, value_name = "GOARCH")]
    pub goarch: Option<String>,
    /// Leave test files out
    #[arg(long, overrides_with = "tests")]
    pub no_tests: bool,
    /// Read test files, which caulk.toml may leave out
    #[arg(long, overrides_with = "no_tests")]
    pub tests: bool,
    /// Rules in preview report too
    #[arg(long)]
    pub preview: bool,
}

//! The command line of caulk: flags and configuration in, one command, one report out.

mod baseline;
mod cli;
mod commands;
mod config;
mod context;
mod diagnosis;
mod exit;
mod inputs;
mod levels;
mod load_flags;
mod outputs;
mod patching;
mod present;
mod progress;
mod recording;
mod remembered;
mod results;
mod since;
mod solve;
mod source;
mod stats;

use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;
use clap::{CommandFactory, FromArgMatches, ValueEnum};

use crate::cli::{Cli, Command, OutputFormat};
use crate::context::Context;
use crate::exit::{Exit, Failure, Outcome};

fn main() -> ExitCode {
    let matches = match Cli::command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            // Help goes to stdout with 0, wrong use to stderr with 2: clap knows which.
            drop(error.print());
            return if error.use_stderr() {
                Exit::Usage.into()
            } else {
                Exit::Clean.into()
            };
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let context = Context::new(&cli.common);
    match run(cli.command, &matches, &context) {
        Ok(exit) => exit.into(),
        Err(failure) if failure.is_broken_pipe() => Exit::Clean.into(),
        Err(failure) => {
            report(&failure);
            failure.exit.into()
        }
    }
}

fn run(command: Command, matches: &clap::ArgMatches, context: &Context) -> Outcome {
    if let Some(format) = context.common.output_format {
        has_format(&command, format)?;
    }
    match command {
        Command::Capture(args) => {
            let own = matches.subcommand().map_or(matches, |(_, own)| own);
            commands::capture::run(args, own, context)
        }
        Command::Doctor(args) => commands::doctor::run(args, context),
        Command::Hunt(args) => {
            let loads = match matches.subcommand() {
                Some((_, own)) => load_flags::loads(own)?,
                None => Vec::new(),
            };
            commands::hunt::run(args, loads, context)
        }
        Command::Diagnose(args) => {
            let context = Context::new(&context.common).writing_to(args.output.clone());
            commands::diagnose::run(args, &context)
        }
        Command::Check(args) => commands::check::run(args, context),
        Command::Fix(args) => commands::fix::run(args, context),
        Command::Explain(args) => commands::explain::run(args, context),
        Command::Rules(args) => commands::rules::run(args, context),
        Command::Init(args) => commands::init::run(args, context),
        Command::Pprof(args) => commands::pprof::run(args, context),
        Command::Completions(args) => commands::completions::run(args),
        Command::Man(args) => commands::completions::man(args),
    }
}

/// Whether a command has a format that not every command has.
fn has_format(command: &Command, format: OutputFormat) -> anyhow::Result<()> {
    let has_page = matches!(
        command,
        Command::Hunt(_) | Command::Diagnose(_) | Command::Check(_)
    );
    if format == OutputFormat::Html && !has_page {
        bail!("only check, hunt and diagnose have an HTML report (--format html)");
    }
    if format.is_for_findings() && !matches!(command, Command::Check(_)) {
        let name = format.to_possible_value();
        let name = name.as_ref().map_or("", |value| value.get_name());
        bail!("--format {name} is for the findings of check alone");
    }
    Ok(())
}

/// One line on stderr. Messages of several lines (a compiler's, a program's last words) follow it as
/// they are.
fn report(failure: &Failure) {
    let text = format!("{:#}", failure.error);
    drop(writeln!(std::io::stderr(), "caulk: {text}"));
}

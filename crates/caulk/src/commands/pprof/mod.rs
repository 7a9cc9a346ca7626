//! `caulk pprof`: the flags, the bytes and the exit codes of `go tool pprof`.

mod fetch;
mod interactive;
mod lines;
mod output;
mod service;
mod source;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use caulk_pprof::{CommandLine, Invocation, SourceFiles, Surroundings};
use caulk_system::{Files, OsFiles};
use clap::Args;

use self::output::Reader;
use crate::context::{Context, write_out};
use crate::exit::{Exit, Outcome};

/// Print reports as go tool pprof does, byte for byte
///
/// Takes the flags of go tool pprof, in Go's syntax: they end at the first file.
/// caulk pprof -h lists them.
#[derive(Debug, Args)]
#[command(after_help = caulk_pprof::EXAMPLES.trim_end(), disable_help_flag = true)]
pub struct PprofArgs {
    /// The format, its flags, then the profiles
    #[arg(
        value_name = "FLAGS… FILE…",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    arguments: Vec<OsString>,
}

pub fn run(args: PprofArgs, context: &Context) -> Outcome {
    let arguments = as_typed(args.arguments);
    let mut invocation = match caulk_pprof::command_line(&arguments)? {
        CommandLine::Help => {
            write_out(caulk_pprof::usage().as_bytes())?;
            return Ok(Exit::Clean);
        }
        CommandLine::Run(invocation) => *invocation,
    };
    let _ends = context.end_when_interrupted();
    invocation.take_program(source::is_program);
    tell_all(&invocation.warnings);
    let mut profile = fetch::fetch(&invocation, context)?;
    let surroundings = Surroundings {
        time_zone: jiff::tz::TimeZone::system(),
        sources: SourceFiles::new(Arc::new(OsFiles), working_folder()),
    };
    let Invocation { report, config, .. } = &invocation;
    let Some(report) = report else {
        caulk_pprof::forget_empty_labels(&mut profile);
        return interactive::run(&profile, config, &surroundings, context);
    };
    let reader = Reader::CommandLine;
    output::report(&profile, report, config, &surroundings, reader, context)?;
    Ok(Exit::Clean)
}

/// The arguments with a leading `--`, which Go's flags end with, too: it was taken off on the way.
fn as_typed(arguments: Vec<OsString>) -> Vec<OsString> {
    let typed = std::env::args_os();
    let typed: Vec<OsString> = typed.skip_while(|word| word != "pprof").skip(1).collect();
    match typed.split_first() {
        Some((first, rest)) if first == "--" && rest == arguments => typed,
        _ => arguments,
    }
}

/// The current folder, by the name that the user has for it, as Go takes it.
fn working_folder() -> PathBuf {
    let folder = caulk_system::current_folder().unwrap_or_else(|_| PathBuf::from("."));
    let named = std::env::var_os("PWD").map(PathBuf::from);
    match named {
        Some(named)
            if named.is_absolute()
                && OsFiles.canonicalize(&named).ok().as_ref() == Some(&folder) =>
        {
            named
        }
        _ => folder,
    }
}

/// As the tool does, what is not part of a report is said on stderr.
fn tell(message: &str) {
    drop(writeln!(std::io::stderr(), "{message}"));
}

fn tell_all(messages: &[String]) {
    messages.iter().for_each(|message| tell(message));
}

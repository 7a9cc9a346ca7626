//! The lists of commands and options that `-h` and the shell's `help` print.

use crate::commands::{COMMANDS, Makes};
use crate::options::{Field, GRANULARITIES, OPTIONS, SORTS};

/// Who reads it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    CommandLine,
    Shell,
}

impl Reader {
    fn row(self, name: &str, text: &str) -> String {
        let dash = if self == Reader::CommandLine { "-" } else { "" };
        format!("    {:<16} {text}\n", format!("{dash}{name}"))
    }
}

/// What `caulk pprof -h` lists.
pub fn usage() -> String {
    [
        "Print reports of a profile as go tool pprof does, byte for byte.\n\n",
        EXAMPLES,
        "  One report:\n    caulk pprof -FORMAT [options] [program] source...\n\n",
        "  A shell that makes reports one after the other:\n    caulk pprof [options] [program] source...\n\n",
        "Flags are written as in Go, and end at the first source.\n\n",
        &lists(Reader::CommandLine),
        SOURCES,
    ]
    .concat()
}

/// What `help` lists in the shell.
pub(crate) fn shell_usage() -> String {
    lists(Reader::Shell)
        + "  :   Forget focus, ignore, hide, tagfocus and tagignore\n\n\
           \x20 help COMMAND or help OPTION says more\n"
}

fn lists(reader: Reader) -> String {
    let mut out = String::from(match reader {
        Reader::CommandLine => "  Formats, of which at most one is given:\n",
        Reader::Shell => "  Commands:\n",
    });
    let here = |makes: Makes| makes != Makes::Elsewhere;
    for command in COMMANDS.iter().filter(|command| here(command.makes)) {
        out += &reader.row(command.name, command.summary);
    }
    if reader == Reader::Shell {
        out += &reader.row("o/options", "The options and what they are set to");
        out += &reader.row("q/quit/exit/^D", "Leave the shell");
    }
    out += "\n  Options:\n";
    let first = |help: &[&'static str]| help.first().copied().unwrap_or_default();
    for option in &OPTIONS {
        if !matches!(option.field, Field::Sort | Field::Granularity) {
            out += &reader.row(option.name, first(option.help));
        }
    }
    out += "\n  Groups, of which at most one is given:\n    granularity\n";
    for choice in &GRANULARITIES {
        out += &format!("  {}", reader.row(choice.name, first(choice.help)));
    }
    out += "    sort\n";
    for choice in &SORTS {
        out += &format!("  {}", reader.row(choice.name, first(choice.help)));
    }
    out
}

/// Command lines to begin with.
pub const EXAMPLES: &str = "\
Examples:
  caulk pprof -top heap.0.pb.gz
  caulk pprof -top -cum -nodecount=20 -sample_index=inuse_objects heap.0.pb.gz
  caulk pprof -top -base=heap.0.pb.gz heap.6.pb.gz
  caulk pprof -svg -output=heap.svg http://localhost:6060/debug/pprof/heap
  caulk pprof heap.0.pb.gz

";

const SOURCES: &str = "
  Sources:
    file                  A profile: profile.proto, gzipped or not, or an older form
    host:port             The CPU profile of a Go service (/debug/pprof/profile)
    http://host/path      Any profile of a service; https+insecure:// checks no certificate
    -                     Standard input
    program               The program, as the first of several: its name stands in the report
    Several sources are added up.

    -base source          Subtract this profile
    -diff_base source     Subtract this profile, and take it as 100 %
    -seconds n            For how long a service is to collect
    -timeout n            For how long to wait for it, in seconds
    -add_comment text     A remark to keep in the profile
    -buildid id           The build id of the program, where the profile has none
    -symbolize words      none, local, fastlocal, remote, force, demangle=none|full|templates,
                          colons between. Names are read from the profile and asked of the
                          service it came from; those in a program's file are not read yet.
    -tls_cert file        Certificate to show to a service
    -tls_key file         Its key
    -tls_ca file          Certificates of those who vouch for a service
    -max_profile_size n   How large a profile may get when it is inflated (default 1GB)

  For short:
    -inuse_space          -sample_index=inuse_space
    -inuse_objects        -sample_index=inuse_objects
    -alloc_space          -sample_index=alloc_space
    -alloc_objects        -sample_index=alloc_objects
    -total_delay          -sample_index=delay
    -contentions          -sample_index=contentions
    -mean_delay           -mean -sample_index=delay

  Accepted and without effect: -tools.
  Only in go tool pprof: -http, -disasm, and the formats that open another program.

  Environment:
    PPROF_TMPDIR          Where fetched profiles are kept (default $HOME/pprof)
";

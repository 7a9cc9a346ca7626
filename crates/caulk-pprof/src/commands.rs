//! The commands by name: what each makes, and what help says of it.

use crate::request::Command;

/// A command of the command line and of the shell.
pub(crate) struct CommandInfo {
    /// Its name.
    pub name: &'static str,
    pub makes: Makes,
    /// Whether it takes a pattern, without which there is no report.
    pub takes_pattern: bool,
    /// What it does, on one line.
    pub summary: &'static str,
    usage: Usage,
}

/// What a command makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Makes {
    /// A report for people.
    Text(Command),
    /// A report for programs, which does not go to a screen but into a file with this ending.
    File(Command, &'static str),
    /// A graph that Graphviz's `dot` draws in this format, into a file with that ending.
    Picture(Command, &'static str),
    /// Nothing: it shows a picture or a page in another program, or needs a disassembler.
    Elsewhere,
}

/// How help says that a command is used.
#[derive(Clone, Copy)]
enum Usage {
    /// Its name says it.
    Plain,
    /// A report of rows, ordered and limited.
    Rows,
    /// A graph that can go into a file.
    Graph,
    /// A graph that is shown elsewhere.
    Shown,
    /// Source of functions.
    Source,
    /// Assembly of functions, which can go into a file.
    Assembly,
    /// Around functions.
    Around,
    /// Labels.
    Labels,
}

const fn command(
    name: &'static str,
    makes: Makes,
    usage: Usage,
    summary: &'static str,
) -> CommandInfo {
    CommandInfo {
        name,
        makes,
        takes_pattern: matches!(usage, Usage::Source | Usage::Assembly | Usage::Around),
        summary,
        usage,
    }
}

/// All commands, by name.
pub(crate) static COMMANDS: [CommandInfo; 25] = {
    use Makes::{Elsewhere, File, Picture, Text};
    use Usage::{Around, Assembly, Graph, Labels, Plain, Rows, Shown, Source};
    [
        command(
            "callgrind",
            File(Command::Callgrind, "callgraph.out"),
            Graph,
            "The graph of calls for KCachegrind",
        ),
        command(
            "comments",
            Text(Command::Comments),
            Plain,
            "The comments of the profile",
        ),
        command("disasm", Elsewhere, Assembly, "Assembly with its values"),
        command(
            "dot",
            Text(Command::Dot),
            Graph,
            "The graph of calls in the language of Graphviz",
        ),
        command("eog", Elsewhere, Shown, "The graph of calls, shown by eog"),
        command(
            "evince",
            Elsewhere,
            Shown,
            "The graph of calls, shown by evince",
        ),
        command(
            "gif",
            Picture(Command::Dot, "gif"),
            Graph,
            "The graph of calls as a GIF",
        ),
        command("gv", Elsewhere, Shown, "The graph of calls, shown by gv"),
        command(
            "kcachegrind",
            Elsewhere,
            Shown,
            "The graph of calls, shown by KCachegrind",
        ),
        command(
            "list",
            Text(Command::List),
            Source,
            "Source lines of matching functions, with their values",
        ),
        command(
            "pdf",
            Picture(Command::Dot, "pdf"),
            Graph,
            "The graph of calls as a PDF",
        ),
        command(
            "peek",
            Text(Command::Peek),
            Around,
            "Callers and callees of matching functions",
        ),
        command(
            "png",
            Picture(Command::Dot, "png"),
            Graph,
            "The graph of calls as a PNG",
        ),
        command(
            "proto",
            File(Command::Proto, "pb.gz"),
            Plain,
            "The profile itself, gzipped",
        ),
        command(
            "ps",
            Picture(Command::Dot, "ps"),
            Graph,
            "The graph of calls as PostScript",
        ),
        command(
            "raw",
            Text(Command::Raw),
            Plain,
            "All that is in the profile, as text",
        ),
        command(
            "svg",
            Picture(Command::Dot, "svg"),
            Graph,
            "The graph of calls as an SVG",
        ),
        command(
            "tags",
            Text(Command::Tags),
            Labels,
            "The labels of the profile, with their values",
        ),
        command(
            "text",
            Text(Command::Top),
            Rows,
            "A row for each function, the largest first",
        ),
        command(
            "top",
            Text(Command::Top),
            Rows,
            "A row for each function, the largest first",
        ),
        command(
            "topproto",
            File(Command::TopProto, "pb.gz"),
            Plain,
            "The rows of top as a profile, gzipped",
        ),
        command(
            "traces",
            Text(Command::Traces),
            Plain,
            "Each sample with its stack",
        ),
        command(
            "tree",
            Text(Command::Tree),
            Rows,
            "Each function with its callers and callees",
        ),
        command(
            "web",
            Elsewhere,
            Shown,
            "The graph of calls, shown by a browser",
        ),
        command(
            "weblist",
            Elsewhere,
            Source,
            "Source and assembly, shown by a browser",
        ),
    ]
};

/// The command of a name.
pub(crate) fn command_named(name: &str) -> Option<&'static CommandInfo> {
    COMMANDS.iter().find(|command| command.name == name)
}

impl CommandInfo {
    /// What help says of it, several lines.
    pub fn help(&self) -> String {
        let rows = "At most n rows, of the samples that match and do not match -ignored.";
        let nodes = "At most n nodes, of the samples that match and do not match -ignored.";
        let cum = "-cum orders them by the value with all that was called.";
        let file = "With >file the report goes into a file.";
        let functions = "Functions whose name matches, or that have the address.";
        let samples = "Of the samples that match the further patterns and do not match -ignored.";
        let (form, lines): (&str, &[&str]) = match self.usage {
            Usage::Plain => return format!("{}\n\n", self.summary),
            Usage::Rows => (
                " [n] [pattern]* [-ignored]* [-cum] [>file]",
                &[rows, cum, file],
            ),
            Usage::Graph => (" [n] [pattern]* [-ignored]* [>file]", &[nodes, file]),
            Usage::Shown => (" [n] [pattern]* [-ignored]*", &[nodes]),
            Usage::Source => (
                " function|address [pattern]* [-ignored]*",
                &[functions, samples],
            ),
            Usage::Assembly => (
                " function|address [pattern]* [-ignored]* [>file]",
                &[functions, samples, file],
            ),
            Usage::Around => (
                " function",
                &["Who calls the functions that match, and what they call."],
            ),
            Usage::Labels => (
                " [pattern]* [-ignored]* [>file]",
                &[
                    "Labels whose key:value matches and does not match -ignored.",
                    file,
                ],
            ),
        };
        let mut help = format!("{}\n  Usage:\n    {}{form}\n", self.summary, self.name);
        for line in lines {
            help.push_str(&format!("    {line}\n"));
        }
        help + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_in_order() {
        assert!(COMMANDS.is_sorted_by_key(|command| command.name));
    }
}

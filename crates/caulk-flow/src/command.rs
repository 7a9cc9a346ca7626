//! Commands, as libraries for command lines have them: they run a function, and the process ends with its error.

use caulk_program::{FuncId, Program, TypeId};

/// Libraries for command lines, by the beginnings of their paths.
const LIBRARIES: &[&str] = &[
    "github.com/peterbourgon/ff",
    "github.com/spf13/cobra",
    "github.com/urfave/cli",
];

/// Stands for a type that is not at hand.
const UNKNOWN: &str = "?";

/// Fields of commands with functions that give an error.
const WITH_ERROR: &[&str] = &[
    "Action",
    "Before",
    "Exec",
    "PersistentPreRunE",
    "PostRunE",
    "PreRunE",
    "RunE",
];

/// Fields with functions that give none: where one fails it ends the process itself, or panics.
const WITHOUT_ERROR: &[&str] = &["PersistentPreRun", "PostRun", "PreRun", "Run"];

/// Whether a type, by its full name, is that of a command.
pub(crate) fn is_command(ty: &str) -> bool {
    is_of_library(ty) && ty.ends_with(".Command")
}

/// Whether a field, by the full name of the type that has it, holds a function that a command runs, and ends with.
pub(crate) fn is_run_by_command(holder: &str, field: &str) -> bool {
    (holder == UNKNOWN || is_of_library(holder)) && WITH_ERROR.contains(&field)
        || (holder == UNKNOWN || holder == "github.com/spf13/cobra.Command")
            && WITHOUT_ERROR.contains(&field)
}

fn is_of_library(ty: &str) -> bool {
    LIBRARIES.iter().any(|library| ty.starts_with(library))
}

/// Whether a function is the `Run` of a command that gives the status which the process ends with, as those of
/// `github.com/mitchellh/cli` do: `func (c *AgentCommand) Run(args []string) int`, beside its `Synopsis`.
pub(crate) fn gives_status(program: &Program, id: FuncId) -> bool {
    let Some(func) = program.func(id) else {
        return false;
    };
    let Some(receiver) = func.receiver.as_ref().filter(|_| func.name == "Run") else {
        return false;
    };
    let is =
        |types: &[TypeId], name: &str| matches!(types, [one] if program.type_string(*one) == name);
    let takes_words = program
        .func_type(program.signature(id))
        .is_some_and(|signature| {
            is(&signature.params, "[]string") && is(&signature.results, "int")
        });
    let mut methods = program.package(id.package).funcs().iter();
    takes_words
        && methods
            .any(|other| other.name == "Synopsis" && other.receiver.as_ref() == Some(receiver))
}

//! Commands, as libraries for command lines have them: they run a function, and the process ends with its error.

mod method;

pub(crate) use method::is_method_of_command;

/// Libraries for command lines, by the beginnings of their paths.
const LIBRARIES: &[&str] = &[
    "github.com/codegangsta/cli",
    "github.com/peterbourgon/ff",
    "github.com/spf13/cobra",
    "github.com/urfave/cli",
    "gopkg.in/urfave/cli",
];

/// Functions, of libraries that build a program out of what it is made of, that are passed constructors: each runs once, as the program starts,
/// and the process ends with its error.
const BUILDERS: &[&str] = &[
    "go.uber.org/dig.Container.Invoke",
    "go.uber.org/dig.Container.Provide",
    "go.uber.org/fx.Annotate",
    "go.uber.org/fx.Decorate",
    "go.uber.org/fx.Invoke",
    "go.uber.org/fx.Provide",
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

/// Whether a function, by its full name, is passed the constructors of a program.
pub(crate) fn builds_program(func: &str) -> bool {
    BUILDERS.contains(&func)
}

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

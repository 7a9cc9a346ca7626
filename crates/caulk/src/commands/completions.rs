//! `caulk completions` and `caulk man`: made from the command line's own description.

use std::path::PathBuf;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::context::write_out;
use crate::exit::{Exit, Outcome};

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  caulk completions bash > ~/.local/share/bash-completion/completions/caulk"
)]
pub struct CompletionsArgs {
    /// bash, zsh, fish, elvish or powershell
    shell: Shell,
}

/// Print the manual page, or write it and those of all commands into a folder
#[derive(Debug, Args)]
pub struct ManArgs {
    /// Folder for caulk.1, caulk-hunt.1, …
    folder: Option<PathBuf>,
}

pub fn run(args: CompletionsArgs) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "caulk", &mut script);
    write_out(&script)?;
    Ok(Exit::Clean)
}

pub fn man(args: ManArgs) -> Outcome {
    let Some(folder) = args.folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Cli::command()).render(&mut page)?;
        write_out(&page)?;
        return Ok(Exit::Clean);
    };
    caulk_system::create_folder(&folder)?;
    let mut root = Cli::command();
    root.build();
    let pages = root
        .get_subcommands()
        .filter(|command| command.get_name() != "help");
    for command in std::iter::once(&root).chain(pages) {
        let name = match command.get_name() {
            "caulk" => "caulk".to_owned(),
            name => format!("caulk-{name}"),
        };
        let mut page = Vec::new();
        clap_mangen::Man::new(command.clone())
            .title(name.to_uppercase())
            .render(&mut page)?;
        caulk_system::write_atomic(&folder.join(format!("{name}.1")), &page)?;
    }
    Ok(Exit::Clean)
}

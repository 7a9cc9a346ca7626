//! A module of one file, checked.

use std::path::PathBuf;
use std::sync::Arc;

use caulk_leaks::{Analysis, Options, check};
use caulk_program::{GoEnv, Program};
use caulk_system::MemoryFiles;

/// A module whose one file is `m.go`. The standard library is not there: the catalogue knows it by name.
pub fn program(source: &str) -> Program {
    let root = PathBuf::from("/m");
    let files = MemoryFiles::new()
        .with("/m/go.mod", "module example.com/m\n\ngo 1.22\n")
        .with("/m/m.go", source);
    let files: Arc<dyn caulk_system::Files> = Arc::new(files);
    let env = GoEnv::discover(&*files, &|_| None);
    let options = caulk_program::Options::new(env, root.clone());
    Program::load(files, options, &[root.join("...")])
}

/// What a check says of such a module.
pub fn analyse(source: &str) -> Analysis {
    check(&program(source), &Options::default())
}

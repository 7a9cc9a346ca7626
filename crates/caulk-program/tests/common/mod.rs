//! Small programs in memory.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::PathBuf;
use std::sync::Arc;

use caulk_program::{BodyOwner, GoEnv, Options, Program, TypedBody};
use caulk_system::MemoryFiles;

/// A module `m` with one package of one file, over a few packages of a standard library.
pub fn program(text: &str) -> Program {
    program_with(text, |_| {})
}

pub fn program_with(text: &str, change: impl FnOnce(&mut Options)) -> Program {
    let mut files = MemoryFiles::new();
    for (path, text) in [
        (
            "/go/src/io/io.go",
            "package io\ntype Reader interface { Read(p []byte) (n int, err error) }\ntype Closer interface { Close() error }\ntype ReadCloser interface { Reader; Closer }\n",
        ),
        (
            "/go/src/os/os.go",
            "package os\ntype File struct{ *file }\ntype file struct{}\nfunc (f *File) Close() error\nfunc (f *file) Sync() error\nfunc Open(name string) (*File, error)\n",
        ),
        ("/w/go.mod", "module m\ngo 1.22\n"),
    ] {
        files.insert(path, text);
    }
    files.insert("/w/m.go", text);
    let env = GoEnv {
        goroot: Some("/go".into()),
        ..GoEnv::default()
    };
    let mut options = Options::new(env, PathBuf::from("/w"));
    change(&mut options);
    Program::load(Arc::new(files), options, &[PathBuf::from("./...")])
}

pub fn body(program: &Program, func: &str) -> TypedBody {
    let package = program.check_packages()[0];
    let id = program
        .find_func(package, &format!("m.{func}"))
        .expect("the function is declared");
    program
        .body(BodyOwner::Func(id))
        .expect("the function has a body")
}

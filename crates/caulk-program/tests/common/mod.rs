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
    let mut options = options();
    change(&mut options);
    Program::load(Arc::new(files(text)), options, &[PathBuf::from("./...")])
}

pub fn options() -> Options {
    let env = GoEnv {
        goroot: Some("/go".into()),
        ..GoEnv::default()
    };
    Options::new(env, PathBuf::from("/w"))
}

pub fn files(text: &str) -> MemoryFiles {
    let mut files = MemoryFiles::new();
    for (path, text) in [
        (
            "/go/src/io/io.go",
            "package io
type Reader interface { Read(p []byte) (n int, err error) }
type Closer interface { Close() error }
type ReadCloser interface { Reader; Closer }
",
        ),
        (
            "/go/src/os/os.go",
            "package os
type File struct{ *file }
type file struct{}
func (f *File) Close() error
func (f *file) Sync() error
func Open(name string) (*File, error)
",
        ),
        ("/w/go.mod", "module m\ngo 1.22\n"),
    ] {
        files.insert(path, text);
    }
    files.insert("/w/m.go", text);
    files
}

pub fn body(program: &Program, func: &str) -> Arc<TypedBody> {
    let package = program.check_packages()[0];
    let id = program
        .find_func(package, &format!("m.{func}"))
        .expect("the function is declared");
    program
        .body(BodyOwner::Func(id))
        .expect("the function has a body")
}

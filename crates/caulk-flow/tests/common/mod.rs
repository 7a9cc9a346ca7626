//! Programs in memory, and the examples.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use caulk_program::{GoEnv, Options, Program};
use caulk_system::{MemoryFiles, OsFiles};

/// What the tests need of `net/http`.
const HTTP: &str = r#"package http
const MethodPut = "PUT"
type Request struct{}
type ResponseWriter interface { WriteHeader(status int) }
type Handler interface { ServeHTTP(ResponseWriter, *Request) }
type HandlerFunc func(ResponseWriter, *Request)
func (f HandlerFunc) ServeHTTP(w ResponseWriter, r *Request) { f(w, r) }
type ServeMux struct{}
func NewServeMux() *ServeMux { return nil }
func (mux *ServeMux) ServeHTTP(w ResponseWriter, r *Request) {}
func (mux *ServeMux) Handle(pattern string, handler Handler) {}
func (mux *ServeMux) HandleFunc(pattern string, handler func(ResponseWriter, *Request)) {}
func Handle(pattern string, handler Handler) {}
func HandleFunc(pattern string, handler func(ResponseWriter, *Request)) {}
func ListenAndServe(addr string, handler Handler) error { return nil }
"#;

/// A module `m` over a few packages of a standard library; no other module is there.
pub fn program(files: &[(&str, &str)]) -> Program {
    let mut memory = MemoryFiles::new()
        .with("/go/src/net/http/http.go", HTTP)
        .with(
            "/go/src/context/context.go",
            "package context\ntype Context interface { Err() error }\n",
        )
        .with(
            "/go/src/testing/testing.go",
            "package testing\ntype T struct{}\n",
        )
        .with("/w/go.mod", "module m\ngo 1.22\n");
    for (path, text) in files {
        memory.insert(Path::new("/w").join(path), text);
    }
    let env = GoEnv {
        goroot: Some("/go".into()),
        ..GoEnv::default()
    };
    let options = Options::new(env, PathBuf::from("/w"));
    Program::load(Arc::new(memory), options, &[PathBuf::from("./...")])
}

/// One of the examples of this repository.
pub fn example(name: &str) -> Program {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples")
        .join(name)
        .canonicalize()
        .expect("the example is there");
    let files = OsFiles;
    let options = Options::new(GoEnv::of_process(&files), root);
    Program::load(Arc::new(files), options, &[PathBuf::from("./...")])
}

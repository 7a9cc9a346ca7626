//! Whole trees in memory, from the paths on a command line to the packages that their imports lead to.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use caulk_system::{Entry, FileAction, FileError, Files, MemoryFiles, Metadata};

use super::LATEST_GO_MINOR;
use crate::{GoEnv, GoWork, Options, PackageKind, ProblemKind, Program, Source, load_builds};

/// A Go installation and module cache of a few packages, and the files of a test over them.
fn files(extra: &[(&str, &str)]) -> Arc<MemoryFiles> {
    let base = [
        ("/go/VERSION", "go1.26.1\n"),
        (
            "/go/src/fmt/print.go",
            "package fmt\nfunc Println(a ...any) (n int, err error)\n",
        ),
        (
            "/go/src/net/net.go",
            "package net\nimport \"golang.org/x/net/dns\"\nvar D = dns.New()\n",
        ),
        (
            "/go/src/vendor/golang.org/x/net/dns/d.go",
            "package dns\nfunc New() *T\ntype T struct{}\n",
        ),
    ];
    let mut files = MemoryFiles::new();
    for (path, text) in base.iter().chain(extra) {
        files.insert(path, text);
    }
    Arc::new(files)
}

fn env() -> GoEnv {
    GoEnv {
        goroot: Some("/go".into()),
        goroot_minor: Some(26),
        gomodcache: Some("/cache".into()),
        gopath: vec!["/gopath".into()],
        ..GoEnv::default()
    }
}

fn load_with(env: GoEnv, extra: &[(&str, &str)], patterns: &[&str]) -> Program {
    let mut options = Options::new(env, PathBuf::from("/w"));
    options.platform.goos = "linux".into();
    options.platform.goarch = "amd64".into();
    let patterns: Vec<PathBuf> = patterns.iter().map(PathBuf::from).collect();
    Program::load(files(extra), options, &patterns)
}

fn load(extra: &[(&str, &str)], patterns: &[&str]) -> Program {
    load_with(env(), extra, patterns)
}

/// Import paths of the packages that are checked, `!` before those of other kinds than the importable one.
fn checked(program: &Program) -> Vec<String> {
    let packages = program
        .check_packages()
        .iter()
        .map(|id| program.package(*id));
    packages
        .map(|package| match package.kind() {
            PackageKind::Primary => package.path().to_owned(),
            _ => format!("!{} {}", package.path(), package.name()),
        })
        .collect()
}

fn problems(program: &Program) -> Vec<(ProblemKind, &str, u32)> {
    program
        .problems()
        .iter()
        .map(|p| (p.kind, p.what.as_str(), p.count))
        .collect()
}

/// Type of a package-level variable of the first package.
fn type_of(program: &Program, name: &str) -> String {
    let package = program.package(program.check_packages()[0]);
    let index = package
        .index
        .values
        .iter()
        .position(|v| v.canonical(package).ends_with(&format!(".{name}")));
    program.type_string(program.value_type(package, index.unwrap() as u32))
}

const LIB: &str = "package lib\nfunc Open() *Store { return nil }\ntype Store struct{}\n";

#[test]
fn a_module_with_tests_and_folders_to_skip() {
    let program = load(
        &[
            ("/w/go.mod", "module example.com/m\ngo 1.21\n"),
            ("/w/a.go", "package m\n"),
            ("/w/a_test.go", "package m\n"),
            ("/w/x_test.go", "package m_test\n"),
            ("/w/gen.go", "//go:build ignore\n\npackage main\n"),
            ("/w/a_windows.go", "package m\n"),
            ("/w/cmd/tool/main.go", "package main\n"),
            ("/w/broken/b.go", "package broken\nfunc f( {\nfunc g() {}\n"),
            ("/w/testdata/t.go", "package t\n"),
            ("/w/pkg/mod/x.y/z@v1.0.0/go.mod", "module x.y/z\n"),
            ("/w/pkg/mod/x.y/z@v1.0.0/z.go", "package z\n"),
            ("/w/_x/t.go", "package t\n"),
            ("/w/.x/t.go", "package t\n"),
            ("/w/nested/go.mod", "module example.com/nested\n"),
            ("/w/nested/n.go", "package nested\n"),
        ],
        &["./..."],
    );
    assert_eq!(
        checked(&program),
        [
            "example.com/m",
            "!example.com/m m_test",
            "example.com/m/broken",
            "example.com/m/cmd/tool",
            "example.com/nested"
        ]
    );
    let package = program.package(program.check_packages()[0]);
    let names: Vec<_> = package
        .files()
        .iter()
        .map(|f| f.path.file_name().unwrap())
        .collect();
    assert_eq!(names, ["a.go", "a_test.go"]);
    assert_eq!(package.module().go_minor, Some(21));
    assert!(package.module().is_main);
    let broken = program.package(program.check_packages()[2]);
    assert!(
        broken.funcs().iter().any(|f| f.name == "g"),
        "what parses is there"
    );
    assert!(
        problems(&program)
            .iter()
            .any(|(kind, ..)| *kind == ProblemKind::Syntax)
    );
}

#[test]
fn one_file_and_what_is_not_there() {
    let program = load(
        &[
            ("/w/go.mod", "module m\n"),
            ("/w/a.go", "package m\n"),
            ("/w/b.go", "package m\n"),
            ("/w/c_windows.go", "package m\n"),
            ("/w/docs/x.md", ""),
        ],
        &["a.go", "c_windows.go", "nowhere", "docs"],
    );
    assert_eq!(checked(&program), ["m"]);
    let package = program.package(program.check_packages()[0]);
    let asked: Vec<bool> = package
        .files()
        .iter()
        .map(|f| program.is_asked_for(f))
        .collect();
    assert_eq!(asked, [true, false]);
    assert_eq!(
        problems(&program),
        [
            (ProblemKind::Unreadable, "nowhere", 1),
            (ProblemKind::NoGoFiles, "docs", 1),
            (ProblemKind::Excluded, "c_windows.go", 1)
        ]
    );
}

/// Files of which some cannot be looked at.
struct Denied {
    files: Arc<MemoryFiles>,
    paths: &'static [&'static str],
}

impl Denied {
    fn check(&self, action: FileAction, path: &Path) -> Result<(), FileError> {
        if !self.paths.iter().any(|denied| Path::new(denied) == path) {
            return Ok(());
        }
        let source = Arc::new(std::io::ErrorKind::PermissionDenied.into());
        let path = path.to_owned();
        Err(FileError {
            action,
            path,
            source,
        })
    }
}

impl Files for Denied {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        self.check(FileAction::Read, path)?;
        self.files.read(path)
    }
    fn read_dir(&self, path: &Path) -> Result<Vec<Entry>, FileError> {
        self.check(FileAction::List, path)?;
        self.files.read_dir(path)
    }
    fn metadata(&self, path: &Path) -> Result<Metadata, FileError> {
        self.files.metadata(path)
    }
    fn canonicalize(&self, path: &Path) -> Result<PathBuf, FileError> {
        self.files.canonicalize(path)
    }
}

#[test]
fn what_below_the_tree_cannot_be_read_is_told() {
    let files = files(&[
        ("/w/go.mod", "module m\n"),
        ("/w/a.go", "package m\n"),
        ("/w/b.go", "package m\n"),
        ("/w/sub/c.go", "package sub\n"),
    ]);
    let paths = &["/w/b.go", "/w/sub"];
    let programs = load_builds(
        Arc::new(Denied { files, paths }),
        Options::new(env(), PathBuf::from("/w")),
        &[PathBuf::from("./...")],
    );
    assert_eq!(checked(&programs[0]), ["m"]);
    assert_eq!(
        problems(&programs[0]),
        [
            (ProblemKind::Unreadable, "b.go: permission denied", 1),
            (ProblemKind::Unreadable, "sub: permission denied", 1)
        ]
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_go_file_whose_name_is_not_utf8_is_told() {
    use std::os::unix::ffi::OsStrExt;

    let mut files = files(&[("/w/go.mod", "module m\n"), ("/w/a.go", "package m\n")]);
    let name = std::ffi::OsStr::from_bytes(b"/w/\xff.go");
    Arc::make_mut(&mut files).insert(name, "package m\n");
    let options = Options::new(env(), PathBuf::from("/w"));
    let program = Program::load(files, options, &[PathBuf::from("...")]);
    let told = "\u{fffd}.go: its name is not UTF-8";
    assert_eq!(problems(&program), [(ProblemKind::Unreadable, told, 1)]);
}

#[test]
fn the_module_cache_and_minimal_version_selection() {
    // The main module is unpruned: what its requirements require counts. `b` raises `c` to 1.2.0.
    let program = load(
        &[
            (
                "/w/go.mod",
                "module m\ngo 1.14\nrequire (\n\tx.y/B v1.0.0\n\tx.y/c v1.1.0\n)\n",
            ),
            (
                "/w/a.go",
                "package m\nimport \"x.y/c\"\nvar V = lib.Open()\nvar W = lib.Only12()\n",
            ),
            (
                "/cache/cache/download/x.y/!b/@v/v1.0.0.mod",
                "module x.y/B\nrequire x.y/c v1.2.0\n",
            ),
            ("/cache/x.y/c@v1.1.0/c.go", LIB),
            (
                "/cache/x.y/c@v1.2.0/c.go",
                &format!("{LIB}func Only12() int\n"),
            ),
        ],
        &["."],
    );
    assert_eq!(type_of(&program, "V"), "*x.y/c.Store");
    assert_eq!(type_of(&program, "W"), "int");
}

#[test]
fn pruned_modules_leave_out_what_their_requirements_require() {
    let program = load(
        &[
            ("/w/go.mod", "module m\ngo 1.20\nrequire x.y/b v1.0.0\n"),
            (
                "/w/a.go",
                "package m\nimport \"x.y/c\"\nimport \"x.y/d\"\nvar V = lib.Open()\n",
            ),
            (
                "/cache/cache/download/x.y/b/@v/v1.0.0.mod",
                "module x.y/b\ngo 1.20\nrequire x.y/c v1.2.0\n",
            ),
            (
                "/cache/cache/download/x.y/c/@v/v1.2.0.mod",
                "module x.y/c\ngo 1.20\nrequire x.y/d v1.0.0\n",
            ),
            ("/cache/x.y/c@v1.2.0/c.go", LIB),
            ("/cache/x.y/d@v1.0.0/d.go", "package d\n"),
        ],
        &["."],
    );
    assert_eq!(type_of(&program, "V"), "*x.y/c.Store");
    assert_eq!(
        problems(&program),
        [(ProblemKind::MissingPackage, "x.y/d", 1)]
    );
}

#[test]
fn missing_modules_are_counted_and_their_names_still_known() {
    let program = load(
        &[
            (
                "/w/go.mod",
                "module m\ngo 1.21\n\nrequire x.y/go-pub/v2 v2.1.0\n",
            ),
            (
                "/w/a.go",
                "package m\nimport \"x.y/go-pub/v2/sub\"\nimport \"x.y/go-pub/v2\"\nvar C *pub.Client\nvar D []sub.T\n",
            ),
        ],
        &["."],
    );
    assert_eq!(
        problems(&program),
        [(ProblemKind::MissingModule, "x.y/go-pub/v2@v2.1.0", 2)]
    );
    let problem = &program.problems()[0];
    assert_eq!(
        (problem.file.as_deref(), problem.line),
        (Some(Path::new("/w/go.mod")), Some(4))
    );
    assert_eq!(type_of(&program, "C"), "*x.y/go-pub/v2.Client");
    assert_eq!(type_of(&program, "D"), "[]x.y/go-pub/v2/sub.T");
}

#[test]
fn replacements_by_folder_and_by_module() {
    let program = load(
        &[
            (
                "/w/go.mod",
                "module m\ngo 1.21\nrequire (\n\tx.y/a v1.0.0\n\tx.y/b v1.0.0\n)\nreplace x.y/a => ../local\nreplace x.y/b v1.0.0 => f.k/b v1.5.0\n",
            ),
            (
                "/w/a.go",
                "package m\nimport (\n\ta \"x.y/a\"\n\tb \"x.y/b\"\n)\nvar A = a.Open()\nvar B = b.Open()\n",
            ),
            ("/local/l.go", LIB),
            ("/cache/f.k/b@v1.5.0/l.go", LIB),
        ],
        &["."],
    );
    assert_eq!(type_of(&program, "A"), "*x.y/a.Store");
    assert_eq!(type_of(&program, "B"), "*x.y/b.Store");
}

#[test]
fn vendored_modules() {
    let tree = [
        ("/w/go.mod", "module m\ngo 1.21\nrequire x.y/a v1.0.0\n"),
        (
            "/w/a.go",
            "package m\nimport \"x.y/a\"\nvar A = lib.Open()\n",
        ),
        (
            "/w/vendor/modules.txt",
            "# x.y/a v1.0.0\n## explicit; go 1.20\nx.y/a\n",
        ),
        ("/w/vendor/x.y/a/l.go", LIB),
    ];
    let program = load(&tree, &["./..."]);
    assert_eq!(checked(&program), ["m"]);
    assert_eq!(type_of(&program, "A"), "*x.y/a.Store");
    let mod_flag = GoEnv {
        goflags: vec!["-mod=mod".into()],
        ..env()
    };
    let program = load_with(mod_flag, &tree, &["./..."]);
    assert_eq!(problems(&program)[0].0, ProblemKind::MissingModule);
}

#[test]
fn workspaces_join_their_modules() {
    let tree = [
        ("/w/go.work", "go 1.21\nuse (\n\t./a\n\t./b\n)\n"),
        ("/w/a/go.mod", "module x.y/a\n"),
        (
            "/w/a/a.go",
            "package a\nimport \"x.y/b\"\nvar A = lib.Open()\n",
        ),
        ("/w/b/go.mod", "module x.y/b\n"),
        ("/w/b/b.go", LIB),
    ];
    let program = load(&tree, &["./..."]);
    assert_eq!(type_of(&program, "A"), "*x.y/b.Store");
    let off = GoEnv {
        gowork: GoWork::Off,
        ..env()
    };
    let program = load_with(off, &tree, &["./..."]);
    assert_eq!(
        problems(&program),
        [(ProblemKind::MissingPackage, "x.y/b", 1)]
    );
}

#[test]
fn trees_without_go_mod() {
    let program = load(
        &[
            (
                "/gopath/src/x.y/app/a.go",
                "package app\nimport (\n\t\"x.y/lib\"\n\tv \"z.w/vend\"\n)\nvar A = lib.Open()\nvar B = v.Open()\n",
            ),
            ("/gopath/src/x.y/lib/l.go", LIB),
            ("/gopath/src/x.y/app/vendor/z.w/vend/l.go", LIB),
        ],
        &["/gopath/src/x.y/app"],
    );
    assert_eq!(checked(&program), ["x.y/app"]);
    assert_eq!(type_of(&program, "A"), "*x.y/lib.Store");
    assert_eq!(type_of(&program, "B"), "*z.w/vend.Store");

    let program = load(
        &[
            (
                "/w/.git/config",
                "[remote \"origin\"]\n\turl = git@example.org:me/app.git\n",
            ),
            (
                "/w/a.go",
                "package app\nimport \"example.org/me/app/lib\"\nvar A = lib.Open()\n",
            ),
            ("/w/lib/l.go", LIB),
        ],
        &["./..."],
    );
    assert_eq!(
        checked(&program),
        ["example.org/me/app", "example.org/me/app/lib"]
    );
    assert_eq!(type_of(&program, "A"), "*example.org/me/app/lib.Store");
}

#[test]
fn a_tree_says_by_its_imports_what_it_is_called() {
    let app =
        "package app\nimport (\n\t\"old.org/me/app/lib\"\n\t\"z.w/lib\"\n)\nvar A = lib.Open()\n";
    let cmd = "package cmd\nimport deep \"old.org/me/app/lib/deep\"\nvar B = deep.Open()\n";
    let tree = [
        ("/w/a.go", app),
        ("/w/cmd/c.go", cmd),
        ("/w/lib/l.go", LIB),
        ("/w/lib/deep/l.go", LIB),
    ];
    let program = load(&tree, &["./..."]);
    assert_eq!(
        checked(&program),
        [
            "old.org/me/app",
            "old.org/me/app/cmd",
            "old.org/me/app/lib",
            "old.org/me/app/lib/deep"
        ]
    );
    assert_eq!(type_of(&program, "A"), "*old.org/me/app/lib.Store");

    let git = (
        "/w/.git/config",
        "[remote \"origin\"]\n\turl = git@example.org:new/app.git\n",
    );
    let cloned: Vec<_> = tree.into_iter().chain([git]).collect();
    let program = load(&cloned, &["./..."]);
    assert_eq!(type_of(&program, "A"), "*old.org/me/app/lib.Store");

    let program = load(&tree, &["./cmd"]);
    assert_eq!(checked(&program), ["old.org/me/app/cmd"]);
    assert_eq!(type_of(&program, "B"), "*old.org/me/app/lib/deep.Store");
}

#[test]
fn a_tree_of_one_package_is_called_what_its_commands_import() {
    let command =
        "package main\nimport (\n\t\"old.org/me/lib\"\n\t\"z.w/other\"\n)\nvar A = lib.Open()\n";
    let tree = [("/w/l.go", LIB), ("/w/cmd/c.go", command)];
    let program = load(&tree, &["./..."]);
    assert_eq!(checked(&program), ["old.org/me/lib", "old.org/me/lib/cmd"]);

    // Which of two there is no telling.
    let second = ("/w/cmd/d.go", "package main\nimport _ \"z.w/lib\"\n");
    let program = load(&[tree[0], tree[1], second], &["./..."]);
    assert_eq!(checked(&program)[0], "w");
}

#[test]
fn a_tree_that_moved_still_names_itself_as_before() {
    let program = load(
        &[
            (
                "/gopath/src/x.y/new/app/cmd/a.go",
                "package cmd\nimport \"x.y/old/app/lib\"\nvar A = lib.Open()\n",
            ),
            ("/gopath/src/x.y/new/app/lib/l.go", LIB),
        ],
        &["/gopath/src/x.y/new/app/..."],
    );
    assert_eq!(type_of(&program, "A"), "*x.y/new/app/lib.Store");
    assert!(program.problems().is_empty(), "{:?}", program.problems());
}

#[test]
fn one_import_tells_the_former_name_of_a_tree_below_a_gopath() {
    let files = [
        (
            "/gopath/src/x.y/me/the-app/a.go",
            "package main\nimport \"x.y/you/the_app/lib\"\nvar A = lib.Open()\n",
        ),
        ("/gopath/src/x.y/me/the-app/lib/l.go", LIB),
    ];
    let program = load(&files, &["/gopath/src/x.y/me/the-app/..."]);
    assert_eq!(type_of(&program, "A"), "*x.y/you/the_app/lib.Store");
    assert!(program.problems().is_empty(), "{:?}", program.problems());
}

#[test]
fn a_fork_below_a_gopath_goes_by_the_path_that_its_files_know() {
    let files = [
        (
            "/gopath/src/x.y/fork/cmd/a.go",
            "package cmd\nimport (\n\t\"old.org/app/pkg/lib\"\n\t\"old.org/app/pkg/one\"\n\t\"old.org/app/pkg/two\"\n)\n\
             var A = lib.Open()\nvar B, C = one.Open(), two.Open()\n",
        ),
        ("/gopath/src/x.y/fork/pkg/lib/l.go", LIB),
        ("/gopath/src/x.y/fork/pkg/one/l.go", LIB),
        ("/gopath/src/x.y/fork/pkg/two/l.go", LIB),
    ];
    let program = load(&files, &["/gopath/src/x.y/fork/..."]);
    assert_eq!(type_of(&program, "A"), "*old.org/app/pkg/lib.Store");

    // Where what they know stands below the GOPATH too, they mean that.
    let original = ("/gopath/src/old.org/app/pkg/lib/l.go", LIB);
    let both: Vec<_> = files.into_iter().chain([original]).collect();
    let program = load(&both, &["/gopath/src/x.y/fork/..."]);
    assert_eq!(checked(&program)[0], "x.y/fork/cmd");
}

#[test]
fn a_tree_brings_its_dependencies_along() {
    let program = load(
        &[
            (
                "/gopath/src/x.y/app/cmd/a.go",
                "package cmd\nimport (\n\t\"x.y/app/lib\"\n\tv \"z.w/vend\"\n)\nvar A = lib.Open()\nvar B = v.Open()\n",
            ),
            ("/gopath/src/x.y/app/lib/l.go", LIB),
            ("/gopath/src/x.y/app/vendor/src/z.w/vend/l.go", LIB),
        ],
        &["/gopath/src/x.y/app/..."],
    );
    assert_eq!(checked(&program), ["x.y/app/cmd", "x.y/app/lib"]);
    assert_eq!(type_of(&program, "A"), "*x.y/app/lib.Store");
    assert_eq!(type_of(&program, "B"), "*z.w/vend.Store");
    let vendored = program
        .find_package(program.check_packages()[0], "z.w/vend")
        .unwrap();
    assert!(!program.package(vendored).module().is_main);
}

#[test]
fn the_standard_library_sees_what_it_vendors() {
    let program = load(&[], &["/go/src/net"]);
    assert_eq!(checked(&program), ["net"]);
    assert_eq!(type_of(&program, "D"), "*vendor/golang.org/x/net/dns.T");
    assert!(program.problems().is_empty(), "{:?}", program.problems());
}

#[test]
fn the_outline_stands_for_an_installed_library_of_its_release() {
    let fmt_as_seen = |minor: u32, goos: &str, pattern: &str| {
        let env = GoEnv {
            goroot_minor: Some(minor),
            ..env()
        };
        let mut options = Options::new(env, PathBuf::from("/w"));
        options.platform.goos = goos.into();
        options.platform.goarch = "amd64".into();
        options.std_outline = true;
        let main = [("/w/go.mod", "module m\n"), ("/w/m.go", "package m\n")];
        let program = Program::load(files(&main), options, &[pattern.into()]);
        let importer = program.package(program.check_packages()[0]);
        let fmt = program.import(importer, "fmt").unwrap();
        program.package(fmt).source().clone()
    };
    assert_eq!(fmt_as_seen(LATEST_GO_MINOR, "linux", "."), Source::Shipped);
    // Another release may declare something else, the outline does not have all platforms, and a package of the installation
    // means what is installed beside it.
    let installed = Source::Folder("/go/src/fmt".into());
    assert_eq!(fmt_as_seen(LATEST_GO_MINOR - 1, "linux", "."), installed);
    assert_eq!(fmt_as_seen(LATEST_GO_MINOR, "plan9", "."), installed);
    assert_eq!(
        fmt_as_seen(LATEST_GO_MINOR, "linux", "/go/src/net"),
        installed
    );
}

#[test]
fn settings_of_the_environment_and_of_go_env() {
    let files = files(&[
        (
            "/home/me/.config/go/env",
            "GOFLAGS=-tags=integration,slow\nGOMODCACHE=/other\n#GOROOT=/no\n",
        ),
        ("/usr/lib/go/src/runtime/r.go", "package runtime\n"),
        ("/usr/lib/go/VERSION", "go1.22.3\n"),
        ("/usr/lib/go/bin/go", ""),
    ]);
    let variables = |name: &str| match name {
        "HOME" => Some("/home/me".to_owned()),
        "PATH" => Some("/bin:/usr/lib/go/bin".to_owned()),
        "GOMODCACHE" => Some("/mine".to_owned()),
        _ => None,
    };
    let env = GoEnv::discover(&*files, &variables);
    assert_eq!(env.goroot.as_deref(), Some(Path::new("/usr/lib/go")));
    assert_eq!(env.goroot_minor, Some(22));
    assert_eq!(
        env.gomodcache.as_deref(),
        Some(Path::new("/mine")),
        "the process wins over go env -w"
    );
    assert_eq!(env.gopath, [PathBuf::from("/home/me/go")]);
    assert_eq!(env.tags(), ["integration", "slow"]);
}

#[test]
fn edited_files_are_read_again() {
    let tree = files(&[
        ("/w/go.mod", "module m\n"),
        ("/w/a.go", "package m\nvar A = 1\n"),
        ("/w/b/b.go", "package b\n"),
    ]);
    let patterns = [PathBuf::from("./...")];
    let options = Options::new(env(), PathBuf::from("/w"));
    let before = Program::load(tree.clone(), options, &patterns);
    assert_eq!(type_of(&before, "A"), "int");
    let edits = BTreeMap::from([(
        PathBuf::from("/w/a.go"),
        Arc::from(&b"package m\nvar A = \"\"\n"[..]),
    )]);
    let edited = caulk_system::Overlay::new(tree, edits);
    let after = before.reload(Arc::new(edited), &[PathBuf::from("/w/a.go")]);
    assert_eq!(type_of(&after, "A"), "string");
    let b = |program: &Program| program.package(program.check_packages()[1]).files()[0].clone();
    assert!(
        Arc::ptr_eq(&b(&before), &b(&after)),
        "what was not edited is kept"
    );
}

#[test]
fn every_file_is_asked_for_in_one_build() {
    let mut options = Options::new(env(), PathBuf::from("/w"));
    options.platform.goos = "linux".into();
    options.platform.goarch = "amd64".into();
    let tree = files(&[
        ("/w/go.mod", "module m\n"),
        ("/w/a.go", "package m\nvar A = size\n"),
        ("/w/size_linux.go", "package m\nvar size = 1\n"),
        ("/w/size_windows.go", "package m\nvar size = \"\"\n"),
        ("/w/other.go", "//go:build !linux\n\npackage m\n"),
        ("/w/a_test.go", "//go:build integration\n\npackage m\n"),
        ("/w/never.go", "//go:build linux && windows\n\npackage m\n"),
        ("/w/b/b.go", "package b\n"),
    ]);
    let builds = crate::load_builds(tree, options, &["./...".into()]);
    let asked: Vec<Vec<String>> = builds
        .iter()
        .map(|program| {
            let packages = program.check_packages().iter();
            let files = packages.flat_map(|package| program.package(*package).files());
            let asked = files.filter(|file| program.is_asked_for(file));
            asked
                .map(|file| program.relative(&file.path).display().to_string())
                .collect()
        })
        .collect();
    assert_eq!(
        asked,
        [
            vec!["a.go", "size_linux.go", "b/b.go"],
            vec!["a_test.go"],
            vec!["other.go", "size_windows.go"],
        ]
    );
    assert_eq!(type_of(&builds[0], "A"), "int");
    assert_eq!(type_of(&builds[2], "A"), "string");
}

#[test]
fn copies_go_by_the_path_of_what_they_are_copies_of() {
    let program = load(
        &[
            (
                "/w/a.go",
                "package w\nimport \"w/Godeps/_workspace/src/google.golang.org/grpc\"\nvar A = grpc.Conn{}\n",
            ),
            (
                "/w/Godeps/_workspace/src/google.golang.org/grpc/grpc.go",
                "package grpc\ntype Conn struct{}\n",
            ),
        ],
        &["."],
    );
    assert_eq!(type_of(&program, "A"), "google.golang.org/grpc.Conn");
}

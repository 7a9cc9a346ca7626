//! What a package is there for, by the names of folders and files: tests, or programs alone.

use caulk_program::{Package, PackageId, Program, SourceFile, is_of_examples};
use rustc_hash::FxHashSet;

/// Folders and files with helpers and programs of tests, by the beginnings of their names.
const HELPERS: &[&str] = &[
    "acceptance",
    "e2e",
    "fakeclient",
    "fakedriver",
    "fakeserver",
    "integrationtest",
    "itest",
    "mock",
    "smoketest",
    "systemtest",
    "testapi",
    "testbackend",
    "testbed",
    "testcluster",
    "testdata",
    "testdb",
    "testenv",
    "testframework",
    "testfs",
    "testharness",
    "testhelper",
    "testing",
    "testinfra",
    "testkit",
    "testlib",
    "testonly",
    "tests",
    "testserver",
    "testsuite",
    "testsupport",
    "testutil",
];

/// Folders with what a command line is made of.
const COMMANDS: &[&str] = &["cli", "cmd", "command", "commands"];

/// Other folders with programs, and with what only these are made of.
const PROGRAMS: &[&str] = &[
    "benchmarks",
    "contrib",
    "example",
    "examples",
    "hack",
    "internal",
    "scripts",
    "tools",
];

/// Folders with programs that are there for whoever works on a product, which may be a library.
const FOR_DEVELOPERS: &[&str] = &[
    "benchmark",
    "benchmarks",
    "build",
    "ci",
    "contrib",
    "demo",
    "dev",
    "docs",
    "example",
    "examples",
    "gen",
    "generate",
    "generator",
    "hack",
    "internal",
    "misc",
    "script",
    "scripts",
    "tool",
    "tools",
];

/// Folders of a program with what others may use as well.
const OFFERED: &[&str] = &["api", "apis", "client", "clients", "lib", "libs", "sdk"];

/// Whether a type stands for a test, by its full name: `testing.T`, or the interface that libraries for tests have for it.
pub fn is_of_test(name: &str) -> bool {
    let (package, name) = name.rsplit_once('.').unwrap_or(("", name));
    match name {
        "T" | "B" | "F" | "TB" => package == "testing",
        "TestingT" => true,
        _ => false,
    }
}

/// Whether a file is named as one that helps with tests, or stands in a folder that is.
pub fn is_named_for_tests(package: &Package, file: &SourceFile) -> bool {
    is_in_folder_of_tests(package) || is_named_so(file)
}

/// By the import path, behind whose module it is.
fn is_in_folder_of_tests(package: &Package) -> bool {
    let path = package.path();
    let root = folders_of_project(path);
    // `github.com/owner/name/nametest`
    let project = path.split('/').nth(root.saturating_sub(1));
    let is_of_project = |name: &str| {
        name.strip_suffix("test")
            .is_some_and(|of| Some(of) == project)
    };
    let mut folders = path.split('/').skip(root);
    // Beside what a product is integrated with, `iam/integration`.
    let tests_all = folders.clone().find(|name| *name != "src") == Some("integration");
    tests_all
        || folders.any(|name| {
            is_name_of_helper(name)
                || ["fake", "fakes"].contains(&name)
                || name.ends_with("_test")
                || is_of_project(name)
                || sets_up(package, name)
        })
}

/// Whether a folder is named after what its package sets up for tests, `testredis`: something that it imports, or takes from a test.
fn sets_up(package: &Package, folder: &str) -> bool {
    let Some(of) = folder.strip_prefix("test").filter(|of| of.len() > 2) else {
        return false;
    };
    let mut imports = package
        .files()
        .iter()
        .filter(|file| !file.is_test())
        .flat_map(|file| package.imported_by(file));
    imports.any(|path| {
        let mut names = path.split(|c: char| !c.is_alphanumeric());
        path == "testing" || names.any(|name| name == of)
    })
}

/// The projects of a program that are programs themselves, and no libraries: their root is a command, or nothing, and they have commands elsewhere.
pub(crate) struct Applications<'a> {
    program: &'a Program,
    roots: FxHashSet<&'a str>,
    /// Those whose root is a command.
    commands: FxHashSet<&'a str>,
}

impl<'a> Applications<'a> {
    pub fn of(program: &'a Program) -> Applications<'a> {
        let (mut roots, mut commands) = (FxHashSet::default(), FxHashSet::default());
        let (mut libraries, mut own) = (FxHashSet::default(), FxHashSet::default());
        for id in program.check_packages() {
            let package = program.package(*id);
            let root = root_of(program, *id);
            let is_main = package.name() == "main";
            let mut folders = folders_of(package);
            if is_main
                && !folders.any(|name| FOR_DEVELOPERS.contains(&name) || is_name_of_helper(name))
            {
                roots.insert(root);
            }
            // `github.com/owner/go-bench/cmd/go-bench`
            if is_main && package.path().rsplit('/').next() == Some(name_of(root)) {
                own.insert(root);
            }
            if package.path() == root {
                match is_main {
                    true => commands.insert(root),
                    false => libraries.insert(root),
                };
            }
        }
        roots.retain(|root| {
            !libraries.contains(root) && (own.contains(root) || !is_named_a_library(root))
        });
        Applications {
            program,
            roots,
            commands,
        }
    }

    /// Whether a package is of programs alone, and nobody else calls what it has: a command, what a command line is made of, an internal one,
    /// what those run who work on a product, and most of what a program is made of.
    pub fn has(&self, id: PackageId) -> bool {
        let package = self.program.package(id);
        package.name() == "main"
            || is_of_commands(package)
            || folders_of(package).any(|name| PROGRAMS.contains(&name))
            || self.roots.contains(root_of(self.program, id)) && !is_for_others(package)
    }

    /// Whether a package is of a program whose root is a command, which nobody imports.
    pub fn is_of_command(&self, id: PackageId) -> bool {
        self.commands.contains(root_of(self.program, id))
            && !is_for_others(self.program.package(id))
    }
}

/// Whether a project is called after what it does for programs in Go: `go-qemu`, `nats.go`, `storage-sdk`.
fn is_named_a_library(root: &str) -> bool {
    let name = name_of(root);
    name.starts_with("go-")
        || ["-go", ".go", "-sdk", "-client"]
            .iter()
            .any(|end| name.ends_with(end))
}

/// The name of a project, by the path of its module without the major version.
fn name_of(root: &str) -> &str {
    let is_version = |name: &&str| {
        let number = name.strip_prefix('v');
        number.is_some_and(|number| number.parse::<u8>().is_ok())
    };
    let mut names = root.rsplit('/');
    names.find(|name| !is_version(name)).unwrap_or(root)
}

/// Whether a package is one of those of a program that others may use as well.
fn is_for_others(package: &Package) -> bool {
    folders_of(package).any(|name| OFFERED.contains(&name))
}

/// The path of the project that a package is of: that of its module, or as far as its host names one.
fn root_of(program: &Program, id: PackageId) -> &str {
    let path = program.package(id).path();
    let module = program.module_of(id).map_or("", |module| &module.path);
    if !module.is_empty() && path.starts_with(module) {
        return module;
    }
    let folders = path.match_indices('/').nth(folders_of_project(path) - 1);
    folders.map_or(path, |(end, _)| path.get(..end).unwrap_or(path))
}

/// Whether a package is one of those that a command line is made of.
pub fn is_of_commands(package: &Package) -> bool {
    folders_of(package).any(|name| COMMANDS.contains(&name))
}

/// Whether a package takes what is stored from one version of a program to the next, once each.
pub fn is_of_migrations(package: &Package) -> bool {
    folders_of(package).any(|name| ["migration", "migrations"].contains(&name))
}

/// The folders that a package stands in, within its project.
fn folders_of(package: &Package) -> impl Iterator<Item = &str> {
    let path = package.path();
    path.split('/').skip(folders_of_project(path))
}

/// How many folders of an import path name the project: the folder of a module of its own may be one for tests too,
/// `github.com/owner/name/tests`.
fn folders_of_project(path: &str) -> usize {
    match path.split('/').next() {
        Some("github.com" | "gitlab.com" | "bitbucket.org") => 3,
        Some(host) if host.contains('.') => 2,
        _ => 1,
    }
}

/// Whether a package is called after the folder that it stands in, for whoever tests what uses that: `smtp/smtptest`. Others may have
/// it for their tests too.
pub fn is_for_tests_of_its_folder(package: &Package) -> bool {
    let mut folders = package.path().rsplit('/');
    let (name, around) = (folders.next(), folders.next());
    name.and_then(|name| name.strip_suffix("test"))
        .is_some_and(|of| Some(of) == around)
}

/// Whether a package shows how others are used: `_examples/server`.
pub(crate) fn is_example(package: &Package) -> bool {
    folders_of(package).any(is_of_examples)
}

fn is_name_of_helper(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['-', '_'], "");
    name == "test" || HELPERS.iter().any(|helper| name.starts_with(helper))
}

/// `setup_tests.go`, `testutil.go`, `server_mock.go`; `test.go` may be a command.
fn is_named_so(file: &SourceFile) -> bool {
    let name = file.path.file_stem().and_then(|name| name.to_str());
    name.is_some_and(|name| {
        let last = name
            .rfind("_test")
            .or_else(|| name.rfind("_mock"))
            .and_then(|at| name.get(at + 1..));
        let is_fake = name == "fake" || name.starts_with("fake_") || name.ends_with("_fake");
        !["test", "tests"].contains(&name)
            && (is_fake || is_name_of_helper(name) || last.is_some_and(is_name_of_helper))
    })
}

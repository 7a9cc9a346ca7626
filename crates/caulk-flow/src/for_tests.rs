//! What helps with tests, by the names of folders and files.

use caulk_program::{Package, SourceFile};

/// Folders and files with helpers and programs of tests, by the beginnings of their names.
const HELPERS: &[&str] = &[
    "e2e",
    "integrationtest",
    "mock",
    "testcluster",
    "testdata",
    "testenv",
    "testframework",
    "testhelper",
    "testing",
    "testinfra",
    "testkit",
    "testlib",
    "tests",
    "testsuite",
    "testsupport",
    "testutil",
];

/// Whether a file is named as one that helps with tests, or stands in a folder that is.
pub fn is_named_for_tests(package: &Package, file: &SourceFile) -> bool {
    is_in_folder_of_tests(package) || is_named_so(file)
}

/// By the import path, behind whose module it is.
fn is_in_folder_of_tests(package: &Package) -> bool {
    let path = package.path();
    // The folder of a module may be one too: `github.com/owner/name/tests`.
    let root: usize = match path.split('/').next() {
        Some("github.com" | "gitlab.com" | "bitbucket.org") => 3,
        Some(host) if host.contains('.') => 2,
        _ => 1,
    };
    // `github.com/owner/name/nametest`
    let project = path.split('/').nth(root.saturating_sub(1));
    let is_of_project = |name: &str| {
        name.strip_suffix("test")
            .is_some_and(|of| Some(of) == project)
    };
    path.split('/').skip(root).any(|name| {
        is_name_of_helper(name) || ["fake", "fakes"].contains(&name) || is_of_project(name)
    })
}

/// Whether a package is called after the folder that it stands in, for whoever tests what uses that: `smtp/smtptest`. Others may have
/// it for their tests too.
pub fn is_for_tests_of_its_folder(package: &Package) -> bool {
    let mut folders = package.path().rsplit('/');
    let (name, around) = (folders.next(), folders.next());
    name.and_then(|name| name.strip_suffix("test"))
        .is_some_and(|of| Some(of) == around)
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
        let is_fake = name == "fake" || name.starts_with("fake_client") || name.ends_with("_fake");
        !["test", "tests"].contains(&name)
            && (is_fake || is_name_of_helper(name) || last.is_some_and(is_name_of_helper))
    })
}

//! Plans on disk: what is written, what is left, and that nothing else changes.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use caulk_fix::{ApplyOptions, FixPlan, Folder, Outcome, PlanOptions, apply, plan};
use caulk_system::process::{Command, run};
use caulk_system::{Files, Limits, OsFiles, create_folder, write_atomic};
use support::{FILE, Leak};

const SRC: &str = "package p

func get() error {
\tc, err := dial() // open
\tif err != nil { // closed
\t\treturn err
\t}
\treturn nil
}
";

fn git(folder: &Path, args: &[&str]) {
    let command = Command::new("git").args(args).folder(folder);
    let output = run(&command, &Limits::default().within(Duration::from_secs(30))).unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn plan_in(folder: &Path, file: &str) -> FixPlan {
    let mut finding = Leak::of(SRC, "get", "c, err := dial()").finding();
    finding.location.file = file.into();
    let mut nothing = |_: &BTreeMap<String, Arc<[u8]>>| Vec::new();
    let workspace = Folder::new(&OsFiles, folder);
    plan(
        &[finding],
        &[0],
        &workspace,
        &mut nothing,
        PlanOptions::default(),
    )
}

fn refusal(folder: &Path, file: &str) -> String {
    match plan_in(folder, file).fixes.remove(0).outcome {
        Outcome::Refused(reason) => reason,
        other => panic!("{other:?}"),
    }
}

fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_atomic(&folder.path().join(FILE), SRC.as_bytes()).unwrap();
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "."]);
    let identity = ["-c", "user.name=n", "-c", "user.email=e@example.com"];
    git(
        folder.path(),
        &[&identity[..], &["commit", "-qm", "one"]].concat(),
    );
    folder
}

fn apply_to(folder: &Path, plan: &FixPlan, allow_dirty: bool) -> caulk_fix::Applied {
    apply(
        plan,
        folder,
        &OsFiles,
        ApplyOptions { allow_dirty },
        &Limits::default(),
    )
}

#[test]
fn a_clean_file_is_written_once() {
    let folder = repository();
    let plan = plan_in(folder.path(), FILE);
    assert_eq!(apply_to(folder.path(), &plan, false).written, [FILE]);
    let after = OsFiles.read(&folder.path().join(FILE)).unwrap();
    assert_eq!(after, plan.files[0].after);
    let again = apply_to(folder.path(), &plan, true);
    let reason = "the file has changed since it was checked";
    assert_eq!(again.left, [(FILE.to_owned(), reason.to_owned())]);
}

#[test]
fn a_changed_file_is_left_unless_allowed() {
    let folder = repository();
    let path = folder.path().join(FILE);
    let changed = format!("{SRC}// more\n");
    write_atomic(&path, changed.as_bytes()).unwrap();
    let plan = plan_in(folder.path(), FILE);
    let applied = apply_to(folder.path(), &plan, false);
    assert!(applied.written.is_empty());
    assert!(
        applied.left[0].1.contains("not committed"),
        "{:?}",
        applied.left
    );
    assert_eq!(OsFiles.read(&path).unwrap(), changed.as_bytes());
    assert_eq!(apply_to(folder.path(), &plan, true).written, [FILE]);
    assert!(OsFiles.read(&path).unwrap().ends_with(b"// more\n"));
}

#[test]
fn files_that_are_not_the_programs_own_are_refused() {
    let folder = repository();
    create_folder(&folder.path().join("vendor/x")).unwrap();
    write_atomic(&folder.path().join("vendor/x/p.go"), SRC.as_bytes()).unwrap();
    assert_eq!(
        refusal(folder.path(), "vendor/x/p.go"),
        "the file is a vendored copy"
    );
    assert_eq!(
        refusal(folder.path(), "../p.go"),
        "the file is outside of the folder that was checked"
    );
    let missing = refusal(folder.path(), "missing.go");
    assert!(missing.starts_with("failed to read "), "{missing}");
}

#[cfg(unix)]
#[test]
fn links_and_read_only_files_are_refused() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = repository();
    symlink(FILE, folder.path().join("link.go")).unwrap();
    symlink(".", folder.path().join("loop")).unwrap();
    let reason = "the file is reached through a symbolic link";
    assert_eq!(refusal(folder.path(), "link.go"), reason);
    assert_eq!(refusal(folder.path(), "loop/p.go"), reason);
    let mode = std::fs::Permissions::from_mode(0o444);
    std::fs::set_permissions(folder.path().join(FILE), mode).unwrap();
    assert_eq!(refusal(folder.path(), FILE), "the file is read-only");
}

#[test]
fn the_patch_of_a_plan_is_what_it_writes() {
    let folder = repository();
    let plan = plan_in(folder.path(), FILE);
    let edit = &plan.files[0];
    let patch = caulk_fix::diff::unified(&edit.path, &edit.before, &edit.after);
    write_atomic(&folder.path().join("fix.patch"), &patch).unwrap();
    git(folder.path(), &["apply", "fix.patch"]);
    assert_eq!(OsFiles.read(&folder.path().join(FILE)).unwrap(), edit.after);
}

#[test]
fn a_strict_linter_is_satisfied() {
    let folder = repository();
    let config = b"version: \"2\"\nlinters:\n  enable:\n    - errcheck\n";
    write_atomic(&folder.path().join(".golangci.yml"), config).unwrap();
    let after = String::from_utf8(plan_in(folder.path(), FILE).files[0].after.clone()).unwrap();
    let closed = "\tdefer func() {\n\t\t_ = c.Close()\n\t}()\n";
    assert!(after.contains(closed), "{after}");
}

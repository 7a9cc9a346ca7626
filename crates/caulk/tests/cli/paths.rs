//! What the paths of `check` stand for.

use super::world::World;

const LEAKY: &str = r#"package inner

import "net/http"

func Fetch(url string) error {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	println(resp.StatusCode)
	return nil
}
"#;

#[test]
fn a_folder_stands_for_all_that_is_below_it() {
    let world = World::with(&[
        ("go.mod", "module example.com/m\n\ngo 1.22\n"),
        ("m.go", "package m\n"),
        ("a/inner/inner.go", LEAKY),
        ("b/b.go", "package b\n"),
    ]);
    let whole = world.run(&["check"]).expect(1);
    assert!(
        whole.stdout.contains("a/inner/inner.go"),
        "{}",
        whole.stdout
    );
    let top = world.path("");
    for path in [".", "./...", "a", "a/...", top.to_str().unwrap()] {
        let ran = world.run(&["check", path]).expect(1);
        assert!(
            ran.stdout.contains("a/inner/inner.go"),
            "{path}: {}",
            ran.stdout
        );
    }
    world.run(&["check", "b"]).expect(0);
}

#[test]
fn files_of_other_platforms_and_tags_are_checked_and_fixed_too() {
    let tagged = LEAKY
        .replace("Fetch", "FetchOften")
        .replace("package", "//go:build slow && !race\n\npackage");
    let files: [(&str, &str); 5] = [
        ("go.mod", "module example.com/m\n\ngo 1.22\n"),
        ("inner/fetch_windows.go", LEAKY),
        ("inner/fetch_plan9.go", LEAKY),
        ("inner/slow_test.go", &tagged),
        ("inner/inner.go", "package inner\n"),
    ];
    let world = World::with(&files);
    let all = world.run(&["check", "--severity", "low"]).expect(1).stdout;
    for (file, _) in &files[1..4] {
        assert!(all.contains(file), "{file}: {all}");
    }
    let here = world.run(&["check", "--goos", "linux"]).expect(0).stdout;
    assert!(!here.contains("inner/"), "{here}");
    world.run(&["fix", "--severity", "low"]).expect(0);
    for (file, _) in &files[1..4] {
        assert!(
            world.read(file).contains("defer resp.Body.Close()"),
            "{file}"
        );
    }
}

/// It was said not to be there.
#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_not_utf_8_is_said_to_be_that() {
    use std::os::unix::ffi::OsStrExt;
    let world = World::new();
    let name = std::ffi::OsStr::from_bytes(b"no\xff");
    std::fs::create_dir(world.path("").join(name)).unwrap();
    let output = world.caulk(&["check"]).arg(name).output().unwrap();
    world
        .ran(output)
        .expect(2)
        .stderr_has("the name is not UTF-8");
}

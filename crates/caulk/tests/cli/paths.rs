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

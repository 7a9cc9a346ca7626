//! `--format html`: the page of a diagnosis, and who has none.

use std::path::{Path, PathBuf};

use crate::world::World;

fn example(path: &str) -> String {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    root.join(path).to_str().unwrap().to_owned()
}

/// What caulk prints, as it is: a page is not printed where a test fails, and its times are part of it.
#[track_caller]
fn printed(world: &World, arguments: &[&str], code: i32) -> String {
    let output = world.caulk(arguments).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    assert_eq!(stderr, "");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_diagnosis_as_a_page_says_what_the_text_says() {
    let world = World::new();
    let (case, source) = (example("session-store/case"), example("session-store"));
    let diagnose = |more: &[&str]| {
        let arguments = ["diagnose", &case, "--source", &source];
        printed(&world, &[&arguments[..], more].concat(), 1)
    };
    let text = diagnose(&[]);
    let page = diagnose(&["--format", "html"]);
    let headline = text.lines().next().unwrap();
    let place = headline.split_whitespace().nth(1).unwrap();
    let said = headline.split_once(place).unwrap().1.trim();
    let escaped = said.replace('&', "&amp;");
    for part in [
        place,
        &escaped,
        "Flame graph",
        "By function",
        "Evidence",
        "Live heap",
    ] {
        assert!(page.contains(part), "no {part:?}");
    }
    assert_eq!(page, diagnose(&["--format", "html"]));
}

#[test]
fn two_profiles_and_even_one_have_a_page() {
    let world = World::new();
    let heap = |number: u32| example(&format!("session-store/case/heap.{number}.pb.gz"));
    let two = ["diagnose", &heap(0), &heap(3), "--format", "html"];
    let two = printed(&world, &two, 4);
    assert!(two.contains("Two snapshots cannot tell a leak from a warm-up"));
    assert!(two.contains("class=\"line first\""));
    let one = ["diagnose", &heap(3), "--format", "html"];
    let one = printed(&world, &one, 4);
    assert!(one.contains("One snapshot shows what is held"));
    assert!(one.contains("Flame graph"));
}

#[test]
fn a_report_goes_into_a_file_whose_name_says_its_format() {
    let world = World::new();
    let case = example("session-store/case");
    let diagnose = |more: &[&str]| printed(&world, &[&["diagnose", &case][..], more].concat(), 1);
    for (name, format) in [("r.html", "html"), ("r.json", "json"), ("r.txt", "full")] {
        assert_eq!(diagnose(&["-o", name]), "");
        assert_eq!(world.read(name), diagnose(&["--format", format]), "{name}");
    }
    diagnose(&["-o", "r.html", "--format", "json"]);
    assert_eq!(world.read("r.html"), world.read("r.json"));
    world
        .run(&["diagnose", &case, "-o", "no/such/folder.html"])
        .expect(2)
        .stderr_has("no/such/folder.html");
}

#[test]
fn commands_without_a_page_say_so() {
    let world = World::new();
    for command in [&["fix", "--diff"][..], &["rules"], &["doctor"]] {
        world
            .run(&[command, &["--format", "html"]].concat())
            .expect(2)
            .says_nothing_on_stdout()
            .stderr_has("only check, hunt and diagnose have an HTML report");
    }
}

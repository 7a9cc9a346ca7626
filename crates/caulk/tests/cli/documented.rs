//! What `docs/ci.md` and the hook file tell to type, typed.

use std::path::Path;

use crate::world::World;

fn text(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(file)).unwrap()
}

/// A repository with one leak.
fn world() -> World {
    let leak = "package shop\n\nimport \"os\"\n\nfunc Name() string {\n\tf, err := os.Open(\"a\")\n\tif err != nil {\n\t\treturn \"\"\n\t}\n\treturn f.Name()\n}\n";
    let world = World::with(&[
        ("go.mod", "module example.com/shop\n\ngo 1.24\n"),
        ("shop.go", leak),
    ]);
    for arguments in [
        &["init", "-q", "-b", "main"][..],
        &["add", "-A"],
        &[
            "-c",
            "user.name=n",
            "-c",
            "user.email=e@example.com",
            "commit",
            "-qm",
            "one",
        ],
        &["update-ref", "refs/remotes/origin/main", "main"],
    ] {
        let status = world.command("git").args(arguments).status().unwrap();
        assert!(status.success());
    }
    world
}

#[test]
fn the_commands_of_the_page_about_ci_work() {
    let world = world();
    let (page, hooks) = (text("docs/ci.md"), text(".pre-commit-hooks.yaml"));
    let lines = page.lines().chain(hooks.lines());
    let commands: Vec<String> = lines
        .filter_map(|line| {
            let line = line.trim().trim_start_matches("- ");
            let line = line
                .trim_start_matches("run: ")
                .trim_start_matches("entry: ");
            line.strip_prefix("caulk check")
        })
        .map(|rest| rest.replace("\"origin/$GITHUB_BASE_REF\"", "origin/main"))
        .collect();
    assert!(commands.len() >= 8, "{commands:?}");
    for command in commands {
        let arguments: Vec<&str> = std::iter::once("check")
            .chain(command.split_whitespace())
            .collect();
        let ran = world.run(&arguments);
        assert!(
            matches!(ran.code, Some(0 | 1)),
            "caulk check{command}: {ran:#?}"
        );
        assert_eq!(ran.stderr, "", "caulk check{command}");
    }
    for file in [
        "caulk.sarif",
        "gl-code-quality.json",
        "caulk.xml",
        "caulk-baseline.json",
    ] {
        assert!(world.exists(file), "{file}");
    }
}

#[test]
fn the_configuration_of_the_page_about_ci_is_one() {
    let page = text("docs/ci.md");
    let (_, block) = page.split_once("```toml\n").unwrap();
    let world = world();
    world.run(&["check", "--write-baseline"]).expect(0);
    world.write("caulk.toml", block.split("```").next().unwrap());
    world.run(&["check"]).expect(0).stdout_has("no findings");
}

#[test]
fn every_format_is_on_the_page_about_ci() {
    let page = text("docs/ci.md");
    let help = World::new().run(&["check", "--help"]).expect(0).stdout;
    for format in ["text", "json", "sarif", "github", "gitlab", "junit", "html"] {
        assert!(page.contains(&format!("\n| `{format}` |")), "{format}");
        assert!(help.contains(&format!("- {format}: ")), "{format}");
    }
}

/// The readme shows what is printed, up to its `…`.
#[test]
fn what_the_readme_shows_of_check_and_fix_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (readme, world) = (text("README.md"), World::new());
    for arguments in [
        ["check", "examples/feed-reader"].as_slice(),
        &["fix", "--diff", "examples/feed-reader"],
    ] {
        let mut command = world.caulk(arguments);
        let ran = world.ran(command.current_dir(&root).output().unwrap());
        let typed = format!("$ caulk {}\n", arguments.join(" "));
        let (_, shown) = readme.split_once(&typed).unwrap();
        let shown = shown.split(['…', '`']).next().unwrap();
        assert!(
            !shown.is_empty() && ran.stdout.starts_with(shown),
            "{ran:#?}"
        );
    }
}

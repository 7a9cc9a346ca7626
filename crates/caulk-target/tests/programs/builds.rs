use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use caulk_system::process::{Command, run};
use caulk_system::{Stopped, create_folder};
use caulk_target::{Build, BuildError, GoFlags, MainPackage, PackageError, Program, build};

use super::support::{GO_MOD, Project, SERVER, get, limits};

/// A server that answers `/ok` with what `answer` yields.
fn server(imports: &str, answer: &str) -> String {
    format!(
        "package main\n\nimport (\n\t\"net/http\"\n\t\"os\"\n{imports})\n\nfunc main() {{\n\
         \thttp.HandleFunc(\"/ok\", func(w http.ResponseWriter, r *http.Request) {{ w.Write([]byte({answer})) }})\n\
         \thttp.ListenAndServe(os.Getenv(\"LISTEN\"), nil)\n}}\n"
    )
}

fn assert_runs(project: &mut Project, what: &str) {
    let program = project.start(what).unwrap();
    assert!(program.capture(&limits()).unwrap().unwrap().heap.len() > 100);
    drop(program);
    project.assert_untouched();
}

#[test]
fn names_of_the_program_do_not_clash_with_the_agent_s() {
    let clash =
        "package main\n\nvar net, runtime, pprof, strconv, zz_caulk, bufio = 1, 2, 3, 4, 5, 6\n";
    let mut project = Project::new(&[
        GO_MOD,
        ("main.go", SERVER),
        ("zz_caulk.go", clash),
        ("zz_caulk/theirs.go", "package zz_caulk\n"),
    ]);
    assert_runs(&mut project, ".");
}

#[test]
fn a_vendored_module_is_built_from_its_vendor_folder() {
    let mut project = Project::new(&[
        (
            "go.mod",
            "module example.com/p\n\ngo 1.24\n\nrequire example.com/dep v1.2.3\n",
        ),
        ("main.go", &server("\t\"example.com/dep\"\n", "dep.Name()")),
        (
            "vendor/modules.txt",
            "# example.com/dep v1.2.3\n## explicit; go 1.24\nexample.com/dep\n",
        ),
        (
            "vendor/example.com/dep/dep.go",
            "package dep\n\nfunc Name() string { return \"dep\" }\n",
        ),
    ]);
    assert_runs(&mut project, ".");
}

#[test]
fn a_module_of_a_workspace_is_built_with_the_others() {
    let mut project = Project::new(&[
        ("go.work", "go 1.24\n\nuse (\n\t./app\n\t./lib\n)\n"),
        ("app/go.mod", "module example.com/app\n\ngo 1.24\n"),
        (
            "app/cmd/serve/main.go",
            &server("\t\"example.com/lib\"\n", "lib.Name()"),
        ),
        ("lib/go.mod", "module example.com/lib\n\ngo 1.24\n"),
        (
            "lib/lib.go",
            "package lib\n\nfunc Name() string { return \"lib\" }\n",
        ),
    ]);
    let package = project.find("app").unwrap();
    assert_eq!(package.import_path, "example.com/app/cmd/serve");
    assert_eq!(package.own_modules, ["example.com/app", "example.com/lib"]);
    assert_runs(&mut project, "app");
}

#[test]
fn a_module_taken_from_a_folder_counts_as_one_s_own() {
    let require = "require example.com/lib v0.0.0\n\nreplace example.com/lib => ../lib\n";
    let mut project = Project::new(&[
        (
            "app/go.mod",
            &format!("module example.com/app\n\ngo 1.24\n\n{require}"),
        ),
        (
            "app/main.go",
            &server("\t\"example.com/lib\"\n", "lib.Name()"),
        ),
        ("lib/go.mod", "module example.com/lib\n\ngo 1.24\n"),
        (
            "lib/lib.go",
            "package lib\n\nfunc Name() string { return \"lib\" }\n",
        ),
    ]);
    let package = project.find("app").unwrap();
    assert_eq!(package.own_modules, ["example.com/app", "example.com/lib"]);
    assert_runs(&mut project, "app");
}

#[cfg(unix)]
#[test]
fn a_folder_reached_through_a_link_is_overlaid_too() {
    let mut project = Project::new(&[GO_MOD, ("main.go", SERVER)]);
    let link = project.work().with_file_name("link");
    std::os::unix::fs::symlink(project.tree(), &link).unwrap();
    let built = project.build_with(&link, ".", &BTreeMap::new()).unwrap();
    let mut launch = project.launch(&built);
    launch.folder = link;
    let program = Program::start(&launch, &limits()).unwrap();
    assert!(
        program
            .agent()
            .unwrap()
            .stats(&limits())
            .unwrap()
            .goroutines()
            .unwrap()
            > 1
    );
    project.assert_untouched();
}

#[test]
fn edits_are_built_in_and_the_tree_stays() {
    let main = server("", "answer()");
    let mut project = Project::new(&[
        GO_MOD,
        ("main.go", &main),
        (
            "answer.go",
            "package main\n\nfunc answer() string { return undefined }\n",
        ),
    ]);
    let error = project.build(".").unwrap_err();
    let BuildError::Compile { lines, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(
        lines,
        &["# example.com/p", "./answer.go:3:31: undefined: undefined"]
    );

    let fixed = b"package main\n\nfunc answer() string { return \"fixed\" }\n".to_vec();
    let edits = BTreeMap::from([(project.tree().join("answer.go"), fixed)]);
    let built = project.build_with(&project.tree(), ".", &edits).unwrap();
    let program = Program::start(&project.launch(&built), &limits()).unwrap();
    assert_eq!(get(project.url("/ok")), "fixed");
    drop(program);
    project.assert_untouched();
}

#[test]
fn a_program_is_chosen_or_the_choice_is_told() {
    let main = "package main\n\nfunc main() {}\n";
    let project = Project::new(&[
        GO_MOD,
        ("lib.go", "package p\n"),
        ("cmd/one/main.go", main),
        ("cmd/two/main.go", main),
        ("data/readme.txt", ""),
        ("broken/main.go", "packag main\n"),
    ]);
    let error = project.find("broken").unwrap_err();
    assert!(matches!(error, PackageError::Broken { .. }), "{error}");
    let error = project.find(".").unwrap_err();
    let want = "choose between 2 programs: example.com/p/cmd/one, example.com/p/cmd/two";
    assert_eq!(error.to_string(), want);
    assert_eq!(
        project.find("./cmd/two").unwrap().import_path,
        "example.com/p/cmd/two"
    );
    assert_eq!(
        project
            .find("example.com/p/cmd/one")
            .unwrap()
            .folder
            .file_name()
            .unwrap(),
        "one"
    );
    assert_eq!(
        project.find("cmd/one/main.go").unwrap().import_path,
        "example.com/p/cmd/one"
    );
    for what in ["data", "no/such/folder", "broken", "example.com/nowhere"] {
        let error = project.find(what).unwrap_err();
        assert!(!error.to_string().is_empty(), "{what}");
    }
}

#[test]
fn a_folder_outside_any_module_is_refused_in_go_s_words() {
    let project = Project::new(&[("main.go", SERVER)]);
    let error = project.find(".").unwrap_err().to_string();
    assert!(error.contains("go.mod"), "{error}");
}

/// The agent stands in a package of its own, or in `main`, as `gofmt` leaves it and `go vet` accepts it.
#[test]
fn the_agent_s_source_is_clean_in_both_places() {
    let source = include_str!("../../agent/agent.go");
    let in_main = source.replacen("package zz_caulk", "package main", 2);
    let project = Project::new(&[
        GO_MOD,
        ("agent/agent.go", source),
        (
            "main.go",
            "package main\n\nvar net, os, time = 1, 2, 3\n\nfunc main() {}\n",
        ),
        ("zz_caulk.go", &in_main),
    ]);
    let go = |program: &str, args: &[&str]| {
        let command = Command::new(program).args(args).folder(project.tree());
        let output = run(&command, &limits()).unwrap();
        let said = [output.stdout, output.stderr].concat();
        assert!(
            output.status.success() && said.is_empty(),
            "{}",
            String::from_utf8_lossy(&said)
        );
    };
    go("gofmt", &["-l", "."]);
    go("go", &["vet", "./..."]);
    // As `go run` would, outside modules as well.
    let output: PathBuf = project.work();
    create_folder(&output).unwrap();
    let command = Command::new("go")
        .args(["build", "-o", &output.join("p").display().to_string(), "."])
        .env("GO111MODULE", "off")
        .folder(project.tree());
    let built = run(&command, &limits()).unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
}

#[test]
fn a_build_ends_when_time_is_up() {
    let project = Project::new(&[GO_MOD, ("main.go", SERVER)]);
    let (go, package) = MainPackage::find(&project.tree(), ".", &limits()).unwrap();
    let (flags, edits, work) = (GoFlags::default(), BTreeMap::new(), project.work());
    let request = Build {
        package: &package,
        flags: &flags,
        agent: true,
        edits: &edits,
        work: &work,
    };
    let soon = limits().within(Duration::from_millis(5));
    let error = build(&go, &request, &soon).unwrap_err();
    assert_eq!(error.stopped(), Some(Stopped::TimedOut), "{error}");
}

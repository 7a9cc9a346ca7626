use std::net::TcpListener;
use std::time::{Duration, Instant};

use caulk_system::{Cancel, Limits};
use caulk_target::{Program, StartError, What};

use super::support::{GO_MOD, Project, SERVER, limits};

#[test]
fn a_program_that_ends_at_once_is_quoted() {
    let main = "package main\n\nimport \"log\"\n\nfunc main() { log.SetFlags(0); log.Fatal(\"no DB_URL\") }\n";
    let mut project = Project::new(&[GO_MOD, ("main.go", main)]);
    let error = project.start(".").unwrap_err();
    let want = "start p: it ended at once, exit status 1; its last lines:\n    no DB_URL";
    assert_eq!(error.to_string(), want);
}

#[test]
fn a_program_that_never_answers_is_given_up_and_ended() {
    let main = "package main\n\nimport (\n\t\"os\"\n\t\"time\"\n)\n\nfunc main() {\n\tprintln(\"waiting for the database\", os.Getpid())\n\ttime.Sleep(time.Hour)\n}\n";
    let mut project = Project::new(&[GO_MOD, ("main.go", main)]);
    let built = project.build(".").unwrap();
    let mut launch = project.launch(&built);
    launch.ready_timeout = Duration::from_secs(1);
    let error = Program::start(&launch, &limits()).unwrap_err();
    let StartError::NeverReady { check, lines, .. } = &error else {
        panic!("{error}")
    };
    assert!(check.starts_with("http://127.0.0.1:"), "{check}");
    assert!(
        lines[0].starts_with("waiting for the database"),
        "{lines:?}"
    );

    // Without a check it counts as started once it has lived for a moment, and the agent answers.
    launch.ready.clear();
    let program = Program::start(&launch, &limits()).unwrap();
    assert!(program.capture(&limits()).unwrap().is_ok());

    launch.ready = vec!["tcp://127.0.0.1:1".parse().unwrap()];
    launch.ready_timeout = Duration::from_secs(60);
    let cancel = Cancel::new();
    let soon = Limits::new(&cancel).within(Duration::from_millis(300));
    let start = Instant::now();
    let error = Program::start(&launch, &soon).unwrap_err();
    assert_eq!(error.to_string(), "start p: timed out");
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_port_in_use_is_told_before_anything_is_started() {
    let mut project = Project::new(&[GO_MOD, ("main.go", SERVER)]);
    let built = project.build(".").unwrap();
    let launch = project.launch(&built);
    let address = launch.env[0].1.clone();
    let _listener = TcpListener::bind(&address).unwrap();
    let error = Program::start(&launch, &limits()).unwrap_err();
    let port = address.rsplit(':').next().unwrap();
    let want = format!("start p: port {port} is already in use by another program");
    assert_eq!(error.to_string(), want);
}

#[test]
fn a_command_is_started_and_ends_with_its_whole_group() {
    let mut project = Project::new(&[GO_MOD, ("main.go", SERVER)]);
    let built = project.build(".").unwrap();
    let mut launch = project.launch(&built);
    // Not `exec`: the server is the shell's child.
    launch.what = What::Shell(format!(
        "echo starting; {}; echo over",
        built.binary.display()
    ));
    let program = Program::start(&launch, &limits()).unwrap();
    assert!(program.capture(&limits()).is_none());
    if cfg!(target_os = "linux") {
        let sockets = program.facts().unwrap().descriptors.unwrap().sockets;
        assert!(sockets >= 1, "{sockets}");
    }
    let status = program.stop(Duration::from_secs(5));
    assert!(status.requested);
    let error = Program::start(&launch, &limits()).map(drop);
    assert!(error.is_ok(), "the port is free again: {error:?}");
}

#[test]
fn a_missing_command_is_quoted_from_the_shell() {
    let mut project = Project::new(&[GO_MOD, ("main.go", SERVER)]);
    let built = project.build(".").unwrap();
    let mut launch = project.launch(&built);
    launch.what = What::Shell("no-such-server --port 80".into());
    let error = Program::start(&launch, &limits()).unwrap_err().to_string();
    assert!(
        error.contains("exit status 127") && error.contains("no-such-server"),
        "{error}"
    );
    launch.what = What::Binary {
        path: "/no/such/file".into(),
        args: vec![],
        agent: true,
    };
    let error = Program::start(&launch, &limits()).unwrap_err().to_string();
    assert_eq!(error, "start /no/such/file: no such file or directory");
}

#[test]
fn a_binary_without_the_agent_is_told() {
    let mut project = Project::new(&[GO_MOD, ("main.go", SERVER)]);
    let (go, package) = caulk_target::MainPackage::find(&project.tree(), ".", &limits()).unwrap();
    let (flags, edits, work) = Default::default();
    let work: std::path::PathBuf = project.work().join::<std::path::PathBuf>(work);
    let request = caulk_target::Build {
        package: &package,
        flags: &flags,
        agent: false,
        edits: &edits,
        work: &work,
    };
    let built = caulk_target::build(&go, &request, &limits()).unwrap();
    let launch = project.launch(&built);
    let error = Program::start(&launch, &limits()).unwrap_err();
    assert!(matches!(error, StartError::NoAgent { .. }), "{error}");
}

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use caulk_system::{Cancel, Limits, Stopped};
use caulk_target::{FailureKind, Load, LoadSpec, Program};

use super::support::{GO_MOD, Project, SERVER, get, limits};

#[test]
fn rounds_are_mixed_by_weight_numbered_and_counted() {
    let mut project = Project::new(&[GO_MOD, ("main.go", SERVER)]);
    let _program = project.start(".").unwrap();
    let load = project.load(&[("/ok?n={n}", 3), ("/fail", 1)]);
    assert!(load.can_vary());
    let varied = load.run_round(40, 100, true, &limits()).unwrap();
    assert_eq!(varied.statuses(), BTreeMap::from([(200, 30), (503, 10)]));
    assert_eq!(
        (varied.sent(), varied.answered(), varied.failed()),
        (40, 40, 0)
    );
    let routes: Vec<_> = varied
        .routes
        .iter()
        .map(|r| (r.route.as_str(), r.sent))
        .collect();
    assert_eq!(routes, [("POST /ok", 30), ("POST /fail", 10)]);
    assert!(varied.latency(0.5).unwrap() <= varied.latency(0.99).unwrap());
    let same = load.run_round(4, 140, false, &limits()).unwrap();
    assert_eq!(same.sent(), 4);

    let url = project.url("/seen");
    let mut seen: Vec<String> = get(url)
        .lines()
        .filter(|line| line.contains("n="))
        .map(str::to_owned)
        .collect();
    seen.sort();
    seen.dedup();
    // 30 numbered ones and the repeated one, each with its number in the body as well.
    assert_eq!(seen.len(), 31, "{seen:?}");
    assert_eq!(seen[0], "/ok?n=0 {\"n\": 0} me");
    assert!(
        seen.contains(&"/ok?n=101 {\"n\": 101} me".to_owned()),
        "{seen:?}"
    );
}

#[test]
fn failures_are_counted_by_kind() {
    let mut project = Project::new(&[GO_MOD, ("main.go", SERVER)]);
    let program = project.start(".").unwrap();
    let closed = project
        .load(&[("/panic", 1)])
        .run_round(30, 0, true, &limits())
        .unwrap();
    assert_eq!(
        closed.failures(),
        BTreeMap::from([(FailureKind::Closed, 30)])
    );
    assert!(!closed.gave_up);
    assert!(program.notable_lines()[0].contains("http: panic serving"));

    // Each worker's requests time out, and the round is given up rather than waited for.
    let spec = LoadSpec {
        timeout: Duration::from_millis(50),
        ..project.load_spec(&[("/slow", 1)])
    };
    let start = Instant::now();
    let silent = Load::new(spec)
        .unwrap()
        .run_round(100_000, 0, true, &limits())
        .unwrap();
    assert!(silent.gave_up && start.elapsed() < Duration::from_secs(10));
    assert_eq!(
        silent.failures().keys().collect::<Vec<_>>(),
        [&FailureKind::Timeout]
    );

    let load = project.load(&[("/ok", 1)]);
    drop(program);
    let refused = load.run_round(1000, 0, true, &limits()).unwrap();
    assert!(
        refused.gave_up && refused.sent() < 100,
        "{}",
        refused.sent()
    );
    assert_eq!(
        refused.failures().keys().collect::<Vec<_>>(),
        [&FailureKind::Refused]
    );
    assert_eq!(
        refused.first_failure.as_deref(),
        Some("POST /ok: connection refused")
    );
}

#[test]
fn a_round_keeps_its_rate_and_ends_when_told() {
    let mut project = Project::new(&[GO_MOD, ("main.go", SERVER)]);
    let _program = project.start(".").unwrap();
    let spec = LoadSpec {
        rps: Some(50.0),
        ..project.load_spec(&[("/ok", 1)])
    };
    let load = Load::new(spec).unwrap();
    let stats = load.run_round(26, 0, true, &limits()).unwrap();
    assert!(stats.took >= Duration::from_millis(490), "{:?}", stats.took);

    let cancel = Cancel::new();
    let soon = Limits::new(&cancel).within(Duration::from_millis(200));
    let stats = load.run_round(100_000, 0, true, &soon).unwrap();
    assert_eq!(stats.stopped, Some(Stopped::TimedOut));
    assert!(stats.sent() < 50 && stats.took < Duration::from_secs(5));
}

#[test]
fn the_connections_of_a_round_do_not_outlive_it() {
    let mut project = Project::new(&[GO_MOD, ("main.go", SERVER)]);
    let program = project.start(".").unwrap();
    let goroutines = || {
        program
            .agent()
            .unwrap()
            .stats(&limits())
            .unwrap()
            .goroutines()
            .unwrap()
    };
    let load = project.load(&[("/ok", 1)]);
    load.run_round(10, 0, true, &limits()).unwrap();
    program.settle(Duration::from_secs(5), &limits()).unwrap();
    let before = goroutines();
    load.run_round(500, 10, true, &limits()).unwrap();
    program.settle(Duration::from_secs(5), &limits()).unwrap();
    assert_eq!(goroutines(), before);
}

#[test]
fn an_encrypted_server_on_loopback_needs_no_valid_certificate() {
    let server = SERVER
        .replacen("\t\"net/http\"\n", "\t\"net/http\"\n\t\"net/http/httptest\"\n", 1)
        .replacen(
            "if err := http.ListenAndServe(os.Getenv(\"LISTEN\"), nil); err != nil {",
            "certificate := httptest.NewTLSServer(nil).TLS.Certificates\n\
             \tserver := http.Server{Addr: os.Getenv(\"LISTEN\"), TLSConfig: &tls.Config{Certificates: certificate}}\n\
             \tif err := server.ListenAndServeTLS(\"\", \"\"); err != nil {",
            1,
        )
        .replacen("import (\n", "import (\n\t\"crypto/tls\"\n", 1);
    let mut project = Project::new(&[GO_MOD, ("main.go", &server)]);
    let built = project.build(".").unwrap();
    let mut launch = project.launch(&built);
    let url = project.url("/ok").replace("http://", "https://");
    launch.ready = vec![url.parse().unwrap()];
    let _program = Program::start(&launch, &limits()).unwrap();

    let mut spec = project.load_spec(&[("/ok", 1)]);
    spec.requests[0].url = url.clone();
    let stats = Load::new(spec.clone())
        .unwrap()
        .run_round(20, 0, true, &limits())
        .unwrap();
    assert_eq!(stats.statuses(), BTreeMap::from([(200, 20)]));

    // Plain HTTP there is a request that the server answers, with the status that says so.
    spec.requests[0].url = url.replace("https://", "http://");
    let stats = Load::new(spec)
        .unwrap()
        .run_round(1, 0, true, &limits())
        .unwrap();
    assert_eq!(stats.statuses(), BTreeMap::from([(400, 1)]));
}

#[test]
fn a_server_that_does_not_speak_tls_is_told() {
    let mut project = Project::new(&[GO_MOD, ("main.go", SERVER)]);
    let _program = project.start(".").unwrap();
    let mut spec = project.load_spec(&[("/ok", 1)]);
    spec.requests[0].url = project.url("/ok").replace("http://", "https://");
    let stats = Load::new(spec)
        .unwrap()
        .run_round(2, 0, true, &limits())
        .unwrap();
    assert_eq!(stats.failures(), BTreeMap::from([(FailureKind::Tls, 2)]));
    assert!(stats.first_failure.unwrap().starts_with("POST /ok: TLS: "));
}

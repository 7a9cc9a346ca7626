//! How often the functions of small programs and of the examples are likely to run.

mod common;

use std::collections::BTreeMap;

use caulk_flow::{Calls, Frequency, symbol_of};
use caulk_program::{BodyOwner, FuncId, Program};

fn frequencies<const N: usize>(program: &Program, symbols: [&str; N]) -> [Frequency; N] {
    let calls = Calls::of(program);
    let functions: BTreeMap<String, FuncId> = calls
        .owners()
        .filter_map(|owner| match owner {
            BodyOwner::Func(id) => Some((symbol_of(program, &*program.body(owner)?, None), id)),
            BodyOwner::Initializer(..) => None,
        })
        .collect();
    symbols.map(|symbol| calls.frequency(functions[symbol]))
}

#[test]
fn a_request_reaches_who_implements_an_interface() {
    let program = common::program(&[
        (
            "server/server.go",
            r#"package server

import "net/http"

type Store interface{ Fetch(name string) ([]byte, error) }

type Server struct{ store Store }

func New(store Store) *Server { return &Server{store: store} }

func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /x", s.get)
	return mux
}

func (s *Server) get(w http.ResponseWriter, r *http.Request) { s.store.Fetch("x") }
"#,
        ),
        (
            "server/server_test.go",
            r#"package server

import (
	"net/http"
	"testing"
)

type fake struct{}

func (fake) Fetch(name string) ([]byte, error) { return helped(), nil }

func helped() []byte { return onlyFaked() }

func TestGet(t *testing.T) {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { onlyTested() })
}
"#,
        ),
        (
            "server/helpers.go",
            "package server\nfunc onlyFaked() []byte { return nil }\nfunc onlyTested() { below() }\nfunc below() {}\n",
        ),
        (
            "main.go",
            r#"package main

import (
	"net/http"

	"m/server"
)

type files struct{}

func (files) Fetch(name string) ([]byte, error) { return nil, read(name) }

func (files) Other(name string) ([]byte, error) { return nil, nil }

type unrelated struct{}

func (unrelated) Fetch(id int) error { return nil }

func read(name string) error { return nil }

func open() files { return files{} }

func main() {
	http.ListenAndServe(":0", server.New(open()).Handler())
	unrelated{}.Fetch(1)
	unrelated{}.Fetch(2)
}
"#,
        ),
    ]);
    assert_eq!(
        frequencies(
            &program,
            [
                "main.files.Fetch",
                "main.read",
                "main.open",
                "main.unrelated.Fetch",
                "main.files.Other",
                "m/server.New",
                "m/server.onlyFaked",
                "m/server.below",
                "m/server.helped",
            ]
        ),
        [
            Frequency::Request,
            Frequency::Request,
            Frequency::Once,
            Frequency::Once,
            Frequency::Unknown,
            Frequency::Once,
            Frequency::Unknown,
            Frequency::Unknown,
            Frequency::Test,
        ]
    );
}

#[test]
fn functions_run_where_they_are_put() {
    let program = common::program(&[(
        "main.go",
        r#"package main

import "net/http"

type server struct {
	fetch func() error
	setup func() error
	done  func()
}

var now = clock

func clock() int { return 0 }

func newServer(fetch func() error) *server {
	return &server{fetch: fetch, setup: prepare}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.fetch()
	s.done()
	now()
	each(item)
}

func each(do func()) { do() }

func item() {}

func load() error { return nil }

func prepare() error { return nil }

func close() { closed() }

func closed() {}

func repeated() {}

func work() { repeated() }

func once() {}

func main() {
	s := newServer(load)
	s.done = func() { close() }
	s.setup()
	for {
		go work()
	}
	once()
}
"#,
    )]);
    assert_eq!(
        frequencies(
            &program,
            [
                "main.load",
                "main.prepare",
                "main.closed",
                "main.clock",
                "main.item",
                "main.repeated",
                "main.once",
                "main.newServer",
                "main.main",
            ]
        ),
        [
            Frequency::Request,
            Frequency::Once,
            Frequency::Request,
            Frequency::Request,
            Frequency::Request,
            Frequency::Repeated,
            Frequency::Once,
            Frequency::Once,
            Frequency::Once,
        ]
    );
}

#[test]
fn a_loop_over_a_table_runs_each_entry_once() {
    let program = common::program(&[(
        "main.go",
        r#"package main

type check interface{ Run() }

type disk struct{}

func (disk) Run() {}

type poll struct{}

func (poll) Poll() {}

type poller interface{ Poll() }

func faces() {}

func main() {
	samples := []struct {
		name        string
		local, uri func()
	}{{"faces", faces, nil}}
	for _, sample := range samples {
		sample.local()
	}
	checks := []check{disk{}}
	for i := range checks {
		checks[i].Run()
	}
	polls := []poller{poll{}}
	for {
		for _, p := range polls {
			p.Poll()
		}
	}
}
"#,
    )]);
    assert_eq!(
        frequencies(&program, ["main.faces", "main.disk.Run", "main.poll.Poll"]),
        [Frequency::Once, Frequency::Once, Frequency::Repeated]
    );
}

#[test]
fn registered_functions_of_any_signature_run_for_requests() {
    let program = common::program(&[
        (
            "main.go",
            r#"package main

import (
	"context"
	"net/http"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/go-chi/chi/v5"
	"m/usersv1connect"
	pb "example.com/api/v1"
	"google.golang.org/grpc"
)

func own(handle func(context.Context) error) http.HandlerFunc { return nil }

func list(ctx context.Context) error { return listed() }

func listed() error { return nil }

func option() int { return 0 }

func event(ctx context.Context) error { return nil }

type service struct{ size int }

func (s *service) Get(ctx context.Context, in *pb.In) (*pb.Out, error) { return nil, got() }

func (s *service) Len() int { return s.size }

func got() error { return nil }

type users struct{}

func (users) Find(ctx context.Context, name string) (string, error) { return name, nil }

func main() {
	r := chi.NewRouter()
	r.Get("/x", own(list))
	r.Get("/y", wrap(option(), list))
	lambda.Start(event)
	pb.RegisterItemsServer(grpc.NewServer(), &service{})
	usersv1connect.NewUsersHandler(users{})
}

func wrap(n int, f func(context.Context) error) http.HandlerFunc { return nil }
"#,
        ),
        (
            "usersv1connect/users.go",
            "package usersv1connect\nfunc NewUsersHandler(svc any) string { return \"\" }\n",
        ),
    ]);
    assert_eq!(
        frequencies(
            &program,
            [
                "main.listed",
                "main.own",
                "main.option",
                "main.event",
                "main.got",
                "main.(*service).Len",
                "main.users.Find",
            ]
        ),
        [
            Frequency::Request,
            Frequency::Once,
            Frequency::Once,
            Frequency::Request,
            Frequency::Request,
            Frequency::Unknown,
            Frequency::Request,
        ]
    );
}

#[test]
fn a_method_of_very_many_types_says_nothing_of_one() {
    let types = |count: u32| {
        let mut source = String::new();
        for number in 0..count {
            source.push_str(&format!(
                "type t{number} struct{{}}\nfunc (t{number}) Lock() {{}}\nfunc (t{number}) Unlock() {{}}\n"
            ));
        }
        source
    };
    let main = "package main\nimport (\n\"net/http\"\n\"sync\"\n)\ntype T interface{ Lock() }\nvar all []T\nfunc main() { http.HandleFunc(\"/\", h) }\nfunc h(w http.ResponseWriter, r *http.Request) { all[0].Lock() }\n";
    let source = format!("{main}{}", types(17)).replace("\"sync\"\n", "");
    let program = common::program(&[("main.go", &source)]);
    // Those of an interface of the project are written for it.
    assert_eq!(
        frequencies(&program, ["main.t3.Lock"]),
        [Frequency::Request]
    );
    let others = source
        .replace("\"net/http\"\n", "\"net/http\"\n\"sync\"\n")
        .replace("var all []T", "var all []sync.Locker");
    let program = common::program(&[("main.go", &others)]);
    assert_eq!(
        frequencies(&program, ["main.t3.Lock"]),
        [Frequency::Unknown]
    );
    let source = format!("{main}{}", types(65)).replace("\"sync\"\n", "");
    let program = common::program(&[("main.go", &source)]);
    assert_eq!(
        frequencies(&program, ["main.t3.Lock"]),
        [Frequency::Unknown]
    );
    // All that can have a method which no other package can are there.
    let program = common::program(&[(
        "main.go",
        &others
            .replace("Lock()", "lock()")
            .replace("sync.Locker", "T"),
    )]);
    assert_eq!(
        frequencies(&program, ["main.t3.lock"]),
        [Frequency::Request]
    );
}

#[test]
fn requests_reach_what_the_examples_lose() {
    for (name, symbol) in [
        (
            "secret-proxy",
            "example.com/secret-proxy/secret.(*Store).Fetch",
        ),
        (
            "feed-reader",
            "example.com/feed-reader/internal/feed.(*Reader).Fetch",
        ),
        (
            "job-queue",
            "example.com/job-queue/internal/queue.(*Queue).Submit",
        ),
        (
            "session-store",
            "example.com/session-store/internal/session.(*Store).Create",
        ),
        ("warm-cache", "example.com/warm-cache/internal/avatar.Draw"),
    ] {
        let program = common::example(name);
        assert_eq!(
            frequencies(&program, [symbol]),
            [Frequency::Request],
            "{name}"
        );
    }
    let program = common::example("secret-proxy");
    assert_eq!(
        frequencies(
            &program,
            [
                "example.com/secret-proxy/secret.New",
                "example.com/secret-proxy/internal/config.FromEnv",
                "example.com/secret-proxy/internal/manager.Certificate",
                "example.com/secret-proxy/internal/manager.(*Manager).AccessSecretVersion",
            ]
        ),
        [
            Frequency::Once,
            Frequency::Once,
            Frequency::Once,
            Frequency::Request,
        ]
    );
}

#[test]
fn what_is_passed_runs_as_often_as_whoever_passes_it() {
    let program = common::program(&[(
        "main.go",
        r#"package main

type runner struct{ each []func() error }

func main() {
	once()
	for {
		again()
	}
}

func once() { with(func() error { return inOnce() }); repeat(func() error { return inRepeat() }) }

func again() { with(func() error { return inAgain() }) }

func with(do func() error) error { return do() }

func repeat(do func() error) {
	for do() != nil {
	}
	for _, name := range []string{"a"} {
		inOneRound(name)
	}
}

func inOnce() error            { return nil }
func inAgain() error           { return nil }
func inRepeat() error          { return nil }
func inOneRound(_ string) error { return nil }
"#,
    )]);
    assert_eq!(
        frequencies(
            &program,
            [
                "main.inOnce",
                "main.inAgain",
                "main.inRepeat",
                "main.inOneRound"
            ]
        ),
        [
            Frequency::Once,
            Frequency::Repeated,
            Frequency::Repeated,
            Frequency::Once,
        ]
    );
}

#[test]
fn what_a_loop_of_kubernetes_is_passed_runs_again_and_again() {
    let program = common::program(&[(
        "main.go",
        r#"package main

import (
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

type syncer struct{ stop chan struct{} }

func (s syncer) sync() {}

func report() {}

func other() {}

func main() {
	s := syncer{}
	go wait.Until(s.sync, time.Second, s.stop)
	wait.Until(func() { report() }, time.Second, s.stop)
	wait.PollImmediate(time.Second, time.Minute, func() (bool, error) { other(); return true, nil })
}
"#,
    )]);
    assert_eq!(
        frequencies(&program, ["main.syncer.sync", "main.report", "main.other"]),
        [Frequency::Repeated, Frequency::Repeated, Frequency::Once]
    );
}

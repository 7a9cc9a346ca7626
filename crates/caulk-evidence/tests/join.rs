//! The join on small programs: what a person would point at, from what a profile and a dump show.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use caulk_evidence::{
    Ancestor, AnchorKind, Anchors, Frame, GoroutineGroup, HeapStack, Joined, Observed, Reason,
    SyntaxSource, UserCode, join,
};
use caulk_leaks::{
    Acquisition, ByteSpan, ContractSource, Harm, Heat, Location, Outcome, Resource, SettledBy,
    Settlement,
};

/// A module `example.com/m` of some files, with the acquisitions that are marked in them: a line
/// that ends in `// owed: CALL` (or `unknown`, `settled`) acquires by CALL.
struct Module {
    files: BTreeMap<&'static str, &'static str>,
}

impl Module {
    fn acquisitions(&self) -> Vec<Acquisition> {
        let mut found = Vec::new();
        for (file, text) in &self.files {
            let mut offset = 0;
            for (line, content) in (1..).zip(text.lines()) {
                if let Some((code, mark)) = content.split_once(" // ")
                    && let Some((outcome, call)) = mark.split_once(": ")
                {
                    let start = code.find(call).unwrap();
                    let end = matching(code, start);
                    let position = |at: usize| u32::try_from(at + 1).unwrap();
                    found.push(acquisition(
                        Location {
                            file: (*file).to_owned(),
                            line,
                            column: position(start),
                            end_line: line,
                            end_column: position(end),
                            span: ByteSpan {
                                start: u32::try_from(offset + start).unwrap(),
                                end: u32::try_from(offset + end).unwrap(),
                            },
                        },
                        call,
                        outcome,
                    ));
                }
                offset += content.len() + 1;
            }
        }
        found
    }

    fn join(&self, observed: &Observed) -> Joined {
        let code = UserCode {
            module: "example.com/m".to_owned(),
            main_folder: String::new(),
            files: self.files.keys().map(|file| (*file).to_owned()).collect(),
        };
        let source =
            SyntaxSource::new(|file| self.files.get(file).map(|text| text.as_bytes().to_vec()));
        let acquisitions = self.acquisitions();
        join(
            observed,
            &Anchors {
                code: &code,
                source: &source,
                acquisitions: &acquisitions,
            },
        )
    }

    /// The line of the first file that holds a text.
    fn line(&self, file: &str, text: &str) -> u32 {
        let at = self.files[file]
            .lines()
            .position(|line| line.contains(text))
            .unwrap();
        u32::try_from(at + 1).unwrap()
    }
}

fn matching(code: &str, start: usize) -> usize {
    let open = start + code[start..].find('(').unwrap();
    let mut depth = 0;
    for (at, c) in code[open..].char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + at + 1;
        }
    }
    code.len()
}

fn acquisition(location: Location, call: &str, outcome: &str) -> Acquisition {
    Acquisition {
        location,
        resource: Resource {
            type_name: "T".to_owned(),
            acquired_by: call.to_owned(),
            release: "Close".to_owned(),
            variable: Some("x".to_owned()),
            contract_from: ContractSource::Catalogue,
            harm: Harm::default(),
            cost: String::new(),
        },
        rule: "unclosed-client",
        function: String::new(),
        heat: Heat::Request,
        in_loop: false,
        outcome: match outcome {
            "owed" => Outcome::Owed(Vec::new()),
            "unknown" => Outcome::Unknown {
                why: String::new(),
                at: None,
                callee: None,
            },
            _ => Outcome::Settled(Settlement {
                how: SettledBy::Released,
                at: None,
            }),
        },
    }
}

fn frame(function: &str, file: &str, line: u32) -> Frame {
    Frame {
        function: function.to_owned(),
        file: format!("/b/{file}"),
        line,
        after_call: false,
    }
}

fn library(function: &str) -> Frame {
    frame(function, "library.go", 1)
}

fn heap(bytes: f64, frames: Vec<Frame>) -> HeapStack {
    HeapStack {
        frames,
        bytes,
        objects: 1.0,
        allocated: Some(1.0),
        ..HeapStack::default()
    }
}

const STORE: &str = r#"package store

import "example.com/client"

func (s *Store) Fetch(name string) ([]byte, error) {
	c, err := client.New(s.address) // owed: client.New(
	if err != nil {
		return nil, err
	}
	data, err := c.Read(name)
	return data, err
}
"#;

const HANDLER: &str = r#"package server

func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	data, err := s.store.Fetch(r.URL.Path)
	if err != nil {
		http.Error(w, err.Error(), 500)
		return
	}
	w.Write(data)
}
"#;

fn client_module() -> Module {
    Module {
        files: [("store/store.go", STORE), ("server/server.go", HANDLER)].into(),
    }
}

/// A reader goroutine of the client library, three generations below the user's line.
fn reader(module: &Module, growth: f64) -> GoroutineGroup {
    let after = |mut frame: Frame| {
        frame.after_call = true;
        frame
    };
    // The runtime reports the line of the instruction after the call: that of the error check.
    let fetch = module.line("store/store.go", "client.New") + 1;
    let handle = module.line("server/server.go", "Fetch");
    GoroutineGroup {
        own: vec![
            library("internal/poll.(*FD).Read"),
            library("example.com/client.(*T).reader"),
        ],
        created_by: Some(library("example.com/client.dial")),
        ancestors: vec![
            Ancestor {
                frames: vec![
                    after(library("example.com/client.dial")),
                    after(library("example.com/client.(*picker).connect")),
                ],
                created_by: Some(library("example.com/client.New")),
            },
            Ancestor {
                frames: vec![
                    after(library("example.com/client.New")),
                    after(frame(
                        "example.com/m/store.(*Store).Fetch",
                        "store.go",
                        fetch,
                    )),
                    after(frame(
                        "example.com/m/server.(*Server).handle",
                        "server.go",
                        handle,
                    )),
                    after(library("net/http.(*conn).serve")),
                ],
                created_by: Some(library("net/http.(*Server).Serve")),
            },
        ],
        state: "IO wait".to_owned(),
        growth,
        new: 500,
    }
}

#[test]
fn goroutines_of_a_library_lead_back_to_the_users_line_through_their_ancestors() {
    let module = client_module();
    let observed = Observed {
        goroutines: vec![reader(&module, 1.0)],
        heap: vec![
            // Rooted in the goroutine itself, and in an ancestor that has ended since.
            heap(
                40e3,
                vec![
                    library("bufio.NewReaderSize"),
                    library("example.com/client.(*T).reader"),
                ],
            ),
            heap(
                20e3,
                vec![
                    library("crypto/tls.x"),
                    library("example.com/client.(*picker).connect"),
                ],
            ),
            heap(
                1e3,
                vec![library("runtime.malg"), library("runtime.newproc1")],
            ),
        ],
    };
    let joined = module.join(&observed);
    let [culprit] = joined.culprits.as_slice() else {
        panic!("{:?}", joined.culprits)
    };
    let location = &culprit.anchor.location;
    assert_eq!(location.file, "store/store.go");
    assert_eq!(location.line, module.line("store/store.go", "client.New"));
    assert_eq!(location.column, 12);
    assert_eq!(culprit.anchor.kind, AnchorKind::Acquisition(0));
    assert!(culprit.share_of_heap > 0.99, "{}", culprit.share_of_heap);
    assert!((culprit.instances - 1.0).abs() < 1e-9);
    assert_eq!(culprit.reason, Reason::Ancestry);
}

#[test]
fn without_dumps_the_acquirer_that_calls_into_the_growing_library_is_to_blame() {
    let module = client_module();
    let fetch = module.line("store/store.go", "client.New");
    let users = vec![
        library("example.com/client.New"),
        frame("example.com/m/store.(*Store).Fetch", "store.go", fetch),
        library("net/http.(*conn).serve"),
    ];
    let observed = Observed {
        goroutines: Vec::new(),
        heap: vec![
            heap(1e3, users),
            heap(
                40e3,
                vec![
                    library("bufio.NewReaderSize"),
                    library("example.com/client.(*T).reader"),
                ],
            ),
        ],
    };
    let joined = module.join(&observed);
    let [culprit] = joined.culprits.as_slice() else {
        panic!("{:?}", joined.culprits)
    };
    assert_eq!(culprit.anchor.location.line, fetch);
    assert!(culprit.share_of_heap > 0.99);
    assert_eq!(
        culprit.reason,
        Reason::Reach,
        "most of it shows no frame of the user's"
    );
    assert!(joined.unexplained.is_empty());
}

#[test]
fn an_owed_acquisition_further_out_outweighs_a_plain_call_further_in() {
    let inner = "package dial\n\nfunc Open(a string) (net.Conn, error) {\n\treturn net.Dial(\"tcp\", a) // settled: net.Dial(\n}\n";
    let outer = "package store\n\nfunc Load() error {\n\tc, err := dial.Open(\"x\") // owed: dial.Open(\n\treturn err\n}\n";
    let module = Module {
        files: [("dial/dial.go", inner), ("store/load.go", outer)].into(),
    };
    let stack = vec![
        library("net.newFD"),
        frame("example.com/m/dial.Open", "dial.go", 4),
        frame("example.com/m/store.Load", "load.go", 4),
    ];
    let joined = module.join(&Observed {
        heap: vec![heap(1e3, stack)],
        ..Observed::default()
    });
    assert_eq!(joined.culprits[0].anchor.location.file, "store/load.go");
}

#[test]
fn a_goroutine_of_the_users_own_is_lost_at_its_go_statement() {
    let queue = "package queue\n\nfunc Run(ctx context.Context) error {\n\tout := make(chan int)\n\tgo func() {\n\t\tout <- work()\n\t}()\n\tselect {\n\tcase <-out:\n\t\treturn nil\n\tcase <-ctx.Done():\n\t\treturn ctx.Err()\n\t}\n}\n";
    let module = Module {
        files: [("queue/queue.go", queue)].into(),
    };
    let group = GoroutineGroup {
        own: vec![frame("example.com/m/queue.Run.func1", "queue.go", 6)],
        created_by: Some(frame("example.com/m/queue.Run", "queue.go", 5)),
        state: "chan send".to_owned(),
        growth: 1.0,
        new: 100,
        ..GoroutineGroup::default()
    };
    let joined = module.join(&Observed {
        goroutines: vec![group],
        heap: Vec::new(),
    });
    let culprit = &joined.culprits[0];
    assert_eq!(culprit.anchor.kind, AnchorKind::GoStatement);
    assert_eq!(
        (culprit.anchor.location.line, culprit.anchor.location.column),
        (5, 2)
    );
    let blocked = culprit.blocked.as_ref().unwrap();
    assert_eq!(
        (blocked.file.as_deref(), blocked.frame.line),
        (Some("queue/queue.go"), 6)
    );
    assert_eq!(blocked.state, "chan send");
}

const SESSIONS: &str = r#"package session

func (s *Store) Create(user string) *Session {
	session := newSession(user)
	s.mu.Lock()
	s.sessions[session.ID] = session
	s.mu.Unlock()
	return session
}

func newSession(user string) *Session {
	local := map[string]int{}
	local[user] = 1
	return &Session{User: user, Data: make([]byte, 512)}
}
"#;

#[test]
fn what_a_map_holds_is_lost_where_it_is_put_in() {
    let module = Module {
        files: [("session/store.go", SESSIONS)].into(),
    };
    let create = |line| frame("example.com/m/session.(*Store).Create", "store.go", line);
    let made = vec![
        frame("example.com/m/session.newSession", "store.go", 14),
        create(4),
    ];
    let insert = vec![library("internal/runtime/maps.(*Map).grow"), create(6)];
    for stacks in [
        vec![heap(900.0, made.clone()), heap(60.0, insert)],
        // Within a short run the map may not have grown at all.
        vec![heap(900.0, made)],
    ] {
        let joined = module.join(&Observed {
            heap: stacks,
            ..Observed::default()
        });
        let [culprit] = joined.culprits.as_slice() else {
            panic!("{:?}", joined.culprits)
        };
        assert_eq!(
            (culprit.anchor.location.line, culprit.anchor.location.column),
            (6, 2)
        );
        let AnchorKind::Store(store) = &culprit.anchor.kind else {
            panic!("{culprit:?}")
        };
        assert_eq!(store.holder, "s.sessions");
    }
}

#[test]
fn what_nobody_accounts_for_is_said() {
    let module = client_module();
    let observed = Observed {
        heap: vec![heap(
            5e3,
            vec![
                library("example.com/other.grow"),
                library("example.com/other.loop"),
            ],
        )],
        ..Observed::default()
    };
    let joined = module.join(&observed);
    assert!(joined.culprits.is_empty());
    assert!((joined.unexplained_heap - 1.0).abs() < 1e-9);
    assert_eq!(joined.unexplained[0].function, "example.com/other.grow");
}

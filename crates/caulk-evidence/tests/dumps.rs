//! From goroutine dumps, as the runtime prints them, to groups and to the place that is to blame.
#![allow(clippy::unwrap_used)]

use caulk_case::LoadedSeries;
use caulk_evidence::{AnchorKind, Anchors, Run, SyntaxSource, UserCode, group_goroutines};
use caulk_growth::{Options, Point, Series, Stage};
use caulk_profile::goroutine::{Dump, read};

/// A dump as with `GODEBUG=tracebackancestors=10`: the main goroutine, and `stuck` goroutines that
/// handlers of requests started, each in the state that `state` gives for its number.
fn dump(stuck: usize, state: impl Fn(usize) -> &'static str) -> Dump {
    let mut text = String::from("goroutine 1 [IO wait]:\nmain.main()\n\t/b/main.go:9 +0x1d\n\n");
    for number in 0..stuck {
        let id = 100 + number;
        text += &format!(
            "goroutine {id} [{}]:\n\
             example.com/m/queue.Run.func1()\n\
             \t/b/queue/queue.go:6 +0x25\n\
             created by example.com/m/queue.Run in goroutine 7\n\
             \t/b/queue/queue.go:5 +0x9c\n\
             [originating from goroutine 7]:\n\
             example.com/m/queue.Run(...)\n\
             \t/b/queue/queue.go:8 +0xa0\n\
             main.handle(...)\n\
             \t/b/main.go:21 +0x31\n\
             created by net/http.(*Server).Serve\n\
             \t/go/src/net/http/server.go:3454 +0x485\n\n",
            state(number)
        );
    }
    let dump = read(text.as_bytes());
    assert_eq!(dump.problems, []);
    assert_eq!(dump.goroutines().len(), stuck + 1);
    dump
}

#[test]
fn goroutines_alike_are_one_group_over_all_dumps_whatever_their_state() {
    let first = dump(2, |_| "running");
    let last = dump(5, |number| {
        if number == 0 {
            "runnable"
        } else {
            "chan send, 3 minutes"
        }
    });
    let groups = group_goroutines(&[Some(&first), None, Some(&last)]);
    let [main, stuck] = groups.as_slice() else {
        panic!("{groups:?}")
    };
    assert_eq!(main.counts, [Some(1), None, Some(1)]);
    assert_eq!(main.group.created_by, None);
    assert_eq!(stuck.counts, [Some(2), None, Some(5)]);
    // Four of seven sightings.
    assert_eq!(stuck.group.state, "chan send");

    let created_by = stuck.group.created_by.as_ref().unwrap();
    assert_eq!((created_by.line, created_by.after_call), (5, false));
    let [ancestor] = stuck.group.ancestors.as_slice() else {
        panic!("{:?}", stuck.group.ancestors)
    };
    let frames: Vec<_> = ancestor
        .frames
        .iter()
        .map(|frame| (frame.function.as_str(), frame.line, frame.after_call))
        .collect();
    assert_eq!(
        frames,
        [
            ("example.com/m/queue.Run", 8, true),
            ("main.handle", 21, true)
        ]
    );
    let entries: Vec<_> = stuck.group.entries().map(|e| e.function.as_str()).collect();
    assert_eq!(entries, ["example.com/m/queue.Run.func1", "main.handle"]);
}

#[test]
fn a_different_ancestor_makes_a_different_group() {
    let text = |line: u32| {
        format!(
            "goroutine 9 [select]:\nm.loop()\n\t/b/m.go:3 +0x1\ncreated by m.New in goroutine 1\n\t/b/m.go:8 +0x2\n\
             [originating from goroutine 1]:\nmain.main(...)\n\t/b/main.go:{line} +0x3\n\n"
        )
    };
    let dump = read((text(10) + &text(20)).as_bytes());
    assert_eq!(group_goroutines(&[Some(&dump)]).len(), 2);
}

const QUEUE: &str = "package queue

func Run(ctx context.Context) error {
	out := make(chan int)
	go func() {
		out <- work()
	}()
	select {
	case <-out:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
";

#[test]
fn a_run_is_diagnosed_from_its_dumps_alone() {
    const ROUNDS: usize = 8;
    let points = (0..=ROUNDS)
        .map(|round| Point {
            seconds: round as f64,
            requests: Some(100 * round as u64),
            stage: if round == 0 {
                Stage::Warmup
            } else {
                Stage::Round
            },
            load: None,
            has_heap: false,
        })
        .collect();
    let loaded = LoadedSeries {
        series: Series {
            points,
            ..Series::default()
        },
        ..LoadedSeries::default()
    };
    let dumps: Vec<Option<Dump>> = (0..=ROUNDS)
        .map(|round| Some(dump(100 * round, |_| "chan send")))
        .collect();
    let run = Run::new(loaded, &dumps);
    // The main goroutine is always one: it costs the others no certainty.
    assert_eq!(run.loaded().series.scalars.len(), 1);

    let code = UserCode {
        module: "example.com/m".to_owned(),
        main_folder: String::new(),
        files: ["queue/queue.go".to_owned()].into(),
    };
    let source =
        SyntaxSource::new(|file| (file == "queue/queue.go").then(|| QUEUE.as_bytes().to_vec()));
    let anchors = Anchors {
        code: &code,
        source: &source,
        acquisitions: &[],
    };
    let diagnosis = run.diagnose(&run.growth(&Options::default()), &anchors);
    assert_eq!(diagnosis.new_goroutines, 100 * ROUNDS as i64);
    let [culprit] = diagnosis.joined.culprits.as_slice() else {
        panic!("{:?}", diagnosis.joined)
    };
    assert_eq!(culprit.anchor.kind, AnchorKind::GoStatement);
    let location = &culprit.anchor.location;
    assert_eq!(
        (location.file.as_str(), location.line),
        ("queue/queue.go", 5)
    );
    assert!(
        (culprit.weight.goroutines - 1.0).abs() < 0.01,
        "{culprit:?}"
    );
    assert!((culprit.instances - 1.0).abs() < 0.01, "{culprit:?}");
    let blocked = culprit.blocked.as_ref().unwrap();
    assert_eq!(
        (blocked.state.as_str(), blocked.frame.line),
        ("chan send", 6)
    );
}

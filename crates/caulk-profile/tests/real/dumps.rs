//! Goroutine dumps of a real program.

use caulk_profile::StackTable;
use caulk_profile::goroutine::{self, DumpProblem};

use crate::capture::{self, TEXT};

#[test]
fn a_dump_tells_state_creator_lines_and_ancestors() {
    let dump = goroutine::read(&capture::bytes("goroutine.dump", TEXT));
    assert_eq!(dump.problems, []);
    let waiting: Vec<_> = dump
        .goroutines()
        .filter(|g| {
            g.entry()
                .is_some_and(|frame| frame.function == "main.receive")
        })
        .collect();
    assert_eq!(waiting.len(), 25);
    let source = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/capture/main.go"
    ))
    .unwrap();
    let line_of = |text: &str| source.lines().position(|l| l.contains(text)).unwrap() as u32 + 1;
    for goroutine in &waiting {
        assert_eq!(goroutine.state(), "chan receive");
        assert_eq!(goroutine.count(), 1);
        let leaf = goroutine.stack().frames().next().unwrap();
        assert_eq!(leaf.line, line_of("func receive"));
        let creator = goroutine.created_by().unwrap();
        let ancestors: Vec<_> = goroutine.ancestors().collect();
        assert_eq!(creator.goroutine, Some(ancestors[0].id));
        let main = ancestors.last().unwrap();
        assert_eq!(main.id, 1);
        assert_eq!(main.stack.frames().last().unwrap().function, "main.main");
        assert!(main.created_by.is_none());
        if ancestors.len() == 2 {
            // Started by a goroutine that park started.
            assert_eq!(creator.frame.function, "main.park.func1");
            assert_eq!(ancestors[0].created_by.unwrap().function, "main.park");
            assert_eq!(creator.frame.line, line_of("\t\t\tgo receive(never)"));
        } else {
            assert_eq!(creator.frame.function, "main.park");
            assert!(creator.frame.pc_offset.unwrap() > 0);
        }
    }
}

#[test]
fn a_dump_tells_threads_labels_and_elided_frames() {
    let dump = goroutine::read(&capture::bytes("goroutine.dump", TEXT));
    let locked: Vec<_> = dump
        .goroutines()
        .filter(|g| g.is_locked_to_thread())
        .collect();
    assert_eq!(locked.len(), 1);
    assert_eq!(locked[0].state(), "select (no cases)");
    let labelled: Vec<_> = dump
        .goroutines()
        .filter(|g| {
            g.labels()
                .any(|(key, value)| key == "path" && value == r#"/a "quoted" {path}"#)
        })
        .collect();
    assert_eq!(labelled.len(), 5);
    let deep = dump
        .goroutines()
        .find(|g| g.stack().gap_after().is_some())
        .unwrap();
    assert_eq!(deep.stack().frames().len(), 100);
    assert_eq!(deep.stack().gap_after(), Some(50));
    assert_eq!(deep.entry().map(|frame| frame.function), Some("main.deep"));
}

#[test]
fn the_forms_agree_on_stacks_and_counts() {
    let dump = goroutine::read(&capture::bytes("goroutine.dump", TEXT));
    let counted = goroutine::read(&capture::bytes("goroutine", TEXT));
    assert_eq!(counted.problems, []);
    assert_eq!(dump.total(), counted.total());
    let receivers = |dump: &goroutine::Dump| {
        let groups = dump.groups();
        groups
            .iter()
            .filter(|group| group.entry == "main.receive")
            .map(|group| group.count)
            .sum()
    };
    let (from_dump, from_counted): (u64, u64) = (receivers(&dump), receivers(&counted));
    assert_eq!((from_dump, from_counted), (25, 25));
    let groups = dump.groups();
    assert_eq!(
        (
            groups[0].entry,
            groups[0].creator,
            groups[0].state,
            groups[0].count
        ),
        ("main.receive", "main.park", "chan receive", 20)
    );

    // In one table the forms of a stack are one stack.
    let mut table = StackTable::new();
    let snapshots = [
        table.add_dump(&dump),
        table.add_dump(&counted),
        table.add(&capture::profile("goroutine", TEXT)),
    ];
    let receive = |snapshot: &caulk_profile::Snapshot| {
        let of_receive = |entry: &caulk_profile::SnapshotEntry| {
            let mut frames = table.frames(entry.stack);
            frames
                .next_back()
                .is_some_and(|root| root.function == "main.receive")
        };
        snapshot
            .entries()
            .filter(of_receive)
            .map(|e| (e.stack, e.values[0]))
            .collect::<Vec<_>>()
    };
    let counts = snapshots.each_ref().map(receive);
    assert_eq!(counts[0].iter().map(|(_, count)| count).sum::<i64>(), 25);
    for other in &counts[1..] {
        assert_eq!(&counts[0], other);
    }
}

#[test]
fn a_dump_cut_anywhere_gives_what_is_whole() {
    let whole = capture::bytes("goroutine.dump", TEXT);
    let all = goroutine::read(&whole);
    for cut in (1..whole.len()).step_by(37) {
        let dump = goroutine::read(&whole[..cut]);
        let problems = &dump.problems;
        assert!(dump.goroutines().len() <= all.goroutines().len());
        // A cut between two lines of the last goroutine cannot be told from its end.
        let uncertain = usize::from(whole[cut - 1] == b'\n');
        let certain = dump.goroutines().len().saturating_sub(uncertain);
        for (cut_one, whole_one) in dump.goroutines().zip(all.goroutines()).take(certain) {
            assert_eq!(cut_one.id(), whole_one.id());
            assert_eq!(
                cut_one.stack().frames().len(),
                whole_one.stack().frames().len()
            );
        }
        if whole[cut - 1] != b'\n' {
            assert_eq!(*problems, [DumpProblem::CutOff { offset: cut }]);
        }
    }
}

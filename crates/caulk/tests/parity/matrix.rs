//! Every profile against every command line.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::corpus::{Item, corpus};
use crate::exceptions::{Allowed, exception};
use crate::lines::{COMMAND_LINES, SCRIPTS};
use crate::tool::{Answer, Tool, run};

/// One run of both tools.
struct Pair<'c> {
    item: &'c Item,
    /// Flags, or for the shell nothing.
    line: &'static str,
    /// For the shell.
    script: Option<&'static str>,
}

impl Pair<'_> {
    fn name(&self) -> String {
        match self.script {
            Some(script) => format!("{} < {:?}", self.item.name, script),
            None => format!("{} {}", self.item.name, self.line),
        }
    }

    fn arguments(&self) -> Vec<String> {
        let file = self.item.file.to_str().unwrap();
        let other = self.item.other.to_str().unwrap();
        let mut arguments: Vec<String> = self
            .line
            .split_whitespace()
            .map(|word| word.replace("{file}", file).replace("{other}", other))
            .collect();
        let has_source = self
            .line
            .split_whitespace()
            .any(|word| word == "{file}" || word == "no_such_file");
        if !has_source {
            arguments.push(file.to_owned());
        }
        arguments
    }
}

enum Outcome {
    Same,
    /// The tool's answer hangs on the order of a Go map, and only the order differs.
    SameLines,
    /// As an exception allows.
    Excepted,
    Differs {
        caulk: Answer,
        reference: Answer,
    },
}

/// How often the tool is asked again before ours is called another: where its answer hangs on the
/// order of a Go map, ours must be one of those that it gives.
const QUESTIONS: usize = 6;
/// How often it is asked where it always gave the same, which ours is not: the order of two is told by a
/// coin, that falls the same six times in a row in one of so many pairs.
const MOST_QUESTIONS: usize = 30;

fn compare(pair: &Pair, home: &Path) -> Outcome {
    let arguments = pair.arguments();
    let input = pair.script.unwrap_or("");
    let caulk = run(Tool::Caulk, &arguments, input, home);
    let allowed = exception(&pair.item.name, pair.script.unwrap_or(pair.line))
        .map(|exception| exception.allows);
    let mut first = None;
    let mut wavers = false;
    for question in 0..MOST_QUESTIONS {
        if question >= QUESTIONS && (wavers || allowed.is_some()) {
            break;
        }
        let reference = run(Tool::Reference, &arguments, input, home);
        // What the reference does when it panics is not an answer: an error is.
        let is_panic = reference.stderr.contains("goroutine 1 [running]");
        let is_same = caulk.code == reference.code && caulk.stdout == reference.stdout
            || is_panic && caulk.code == Some(2);
        if is_same {
            return Outcome::Same;
        }
        match &first {
            None => first = Some(reference),
            Some(first) => wavers |= *first != reference,
        }
    }
    let Some(reference) = first else {
        return Outcome::Same;
    };
    let may_reorder = wavers || allowed == Some(Allowed::Order);
    if may_reorder && sorted(&caulk) == sorted(&reference) {
        Outcome::SameLines
    } else if allowed == Some(Allowed::Anything) {
        Outcome::Excepted
    } else {
        Outcome::Differs { caulk, reference }
    }
}

/// The lines of an answer in an order of their own, without what follows from their order: sums so far,
/// the numbers and short names that graphs give to nodes, addresses that are steps from the one before,
/// and in callgrind the lines that say where the next ones are.
fn sorted(answer: &Answer) -> Vec<String> {
    let text = String::from_utf8_lossy(&answer.stdout);
    let is_callgrind = text.starts_with("positions: ");
    let is_place = |line: &str| {
        line.is_empty()
            || ["ob=", "fl=", "fn="]
                .iter()
                .any(|start| line.starts_with(start))
    };
    let by_order = regex::Regex::new(
        r"\b(N+|node)\d+(_\d+)?|\(\d+\).*$|^(0x[0-9a-f]+|[-+]\d+|\*) |^(calls=\d+) .*| +[\d.e-]+%",
    )
    .unwrap();
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| !(is_callgrind && is_place(line)))
        .map(|line| by_order.replace_all(line, "$4").into_owned())
        .collect();
    lines.sort();
    lines
}

fn pairs<'c>(items: &'c [Item], wanted: &str) -> Vec<Pair<'c>> {
    let mut pairs = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let lines = COMMAND_LINES.iter().map(|line| (*line, None));
        let scripts = SCRIPTS.iter().map(|script| ("", Some(*script)));
        for (index, (line, script)) in lines.chain(scripts).enumerate() {
            let pair = Pair { item, line, script };
            if (item.is_full || (index + at) % 4 == 0)
                && wanted.split('&').all(|word| pair.name().contains(word))
            {
                pairs.push(pair);
            }
        }
    }
    pairs
}

#[test]
fn the_same_bytes_as_the_tool_of_the_go_distribution() {
    let folder = tempfile::tempdir().unwrap();
    let items = corpus(folder.path());
    let wanted = std::env::var("CAULK_PARITY").unwrap_or_default();
    let pairs = pairs(&items, &wanted);

    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let home = tempfile::tempdir().unwrap();
                while let Some(pair) = pairs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = compare(pair, home.path());
                    outcomes.lock().unwrap().push((pair, outcome));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap();
    outcomes.sort_by_key(|(pair, _)| pair.name());

    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("parity");
    drop(std::fs::remove_dir_all(&kept));
    std::fs::create_dir_all(&kept).unwrap();
    let (mut same, mut reordered, mut excepted, mut different) = (0, 0, 0, 0);
    let mut told = String::new();
    for (pair, outcome) in &outcomes {
        match outcome {
            Outcome::Same => same += 1,
            Outcome::SameLines => reordered += 1,
            Outcome::Excepted => excepted += 1,
            Outcome::Differs { caulk, reference } => {
                different += 1;
                writeln!(
                    told,
                    "{different}: {} (exit {:?}, the tool's {:?})",
                    pair.name(),
                    caulk.code,
                    reference.code
                )
                .unwrap();
                for (name, answer) in [("caulk", caulk), ("go", reference)] {
                    let file = kept.join(format!("{different}.{name}"));
                    let mut bytes = answer.stdout.clone();
                    bytes.extend_from_slice(b"\n--- stderr\n");
                    bytes.extend_from_slice(answer.stderr.as_bytes());
                    std::fs::write(file, bytes).unwrap();
                }
            }
        }
    }
    println!(
        "{same} of {} pairs of profile and command line are the same byte for byte; {reordered} but for the order of \
         ties, {excepted} are exceptions, {different} differ",
        pairs.len(),
    );
    std::fs::write(kept.join("list"), &told).unwrap();
    assert!(
        different == 0,
        "{different} differ (both answers are in {}):\n{}",
        kept.display(),
        told.lines().take(60).collect::<Vec<_>>().join("\n")
    );
}

//! Flame graphs of the growth: which calls hold what came.

use caulk_evidence::{Frame, GoroutineGroup, HeapStack, Observed, UserCode};
use caulk_report::{FlameFrame, FlameGraph, Part, Section, units};

use super::super::goroutines;
use super::super::rates::{Rates, short_symbol};
use super::grows;
use crate::diagnosis::Findings;

/// Whose a frame is, in the order of the numbers of [`kind`].
const KINDS: [&str; 4] = [
    "this program",
    "its libraries",
    "Go's library",
    "Go's runtime",
];

/// Flame graphs of what grew; of a single snapshot, of what is held.
pub fn section(findings: &Findings, grown: &Observed) -> Option<Section> {
    if goroutines::alone(findings) {
        return Some(of_dumps(findings));
    }
    if !grows(findings) {
        return None;
    }
    let rates = Rates::of(findings);
    let held = findings.growth.rounds == 0;
    let whole = if held { "heap held" } else { "growth" };
    let code = &findings.code;
    let in_own_words = |frame: &Frame| flame_frame(frame, code);
    let heap = |name: &str, value: fn(&HeapStack) -> f64, written: &dyn Fn(f64) -> String| {
        let stacks = grown.heap.iter().map(|stack| (value(stack), stack));
        let frames = |stack: &&HeapStack| stack.frames.iter().rev().map(in_own_words).collect();
        FlameGraph::new(name, whole, &KINDS, stacks, frames, written)
    };
    let inside_out = |written: &dyn Fn(f64) -> String| {
        let stacks = grown.heap.iter().map(|stack| (stack.bytes, stack));
        let frames = |stack: &&HeapStack| stack.frames.iter().map(in_own_words).collect();
        let graph = FlameGraph::new("By allocation", whole, &KINDS, stacks, frames, written);
        graph.with_remark(
            "Here callers stand below what they call: the first row is what allocated.",
        )
    };
    let bytes = |bytes: f64| format!("{}{}", rates.bytes(bytes), rates.suffix);
    let amount = |count: f64| format!("{}{}", rates.amount(count), rates.suffix);
    let graphs: Vec<FlameGraph> = [
        heap("Heap bytes", |stack| stack.bytes, &bytes),
        inside_out(&bytes),
        heap("Heap objects", |stack| stack.objects, &amount),
        FlameGraph::new(
            "Goroutines",
            "new goroutines",
            &KINDS,
            grown.goroutines.iter().map(|group| (group.growth, group)),
            |group| whole_stack(group).map(in_own_words).collect(),
            amount,
        ),
    ]
    .into_iter()
    .filter(|graph| !graph.boxes.is_empty())
    .collect();
    if graphs.is_empty() {
        return None;
    }
    let lead = if held {
        "Which calls hold the heap: each box is a call, as wide as what was allocated within it, its callers above it.".to_owned()
    } else {
        format!(
            "Which calls hold what came: each box is a call, as wide as what was allocated within it and stays, its callers above it.{}",
            beside_the_whole(&grown.heap, findings)
        )
    };
    Some(Section::new("Flame graph", vec![Part::Flames(graphs)]).with_lead(lead))
}

/// Of dumps alone, all goroutines that are there.
fn of_dumps(findings: &Findings) -> Section {
    let code = &findings.code;
    let alike = findings.run.alike().iter();
    let graph = FlameGraph::new(
        "Goroutines",
        "goroutines",
        &KINDS,
        alike.map(|alike| (alike.count as f64, &alike.group)),
        |group| {
            whole_stack(group)
                .map(|frame| flame_frame(frame, code))
                .collect()
        },
        |count| units::count(count as u64),
    );
    let lead = "Where goroutines stand: each box is a call, as wide as their number, its callers above it, and above those whoever started them.";
    Section::new("Flame graph", vec![Part::Flames(vec![graph])]).with_lead(lead)
}

/// That the graph is less than the growth of the heap, where it is: a stack is drawn that grows by itself.
fn beside_the_whole(stacks: &[HeapStack], findings: &Findings) -> String {
    let rates = Rates::of(findings);
    let drawn: f64 = stacks.iter().map(|stack| stack.bytes.max(0.0)).sum();
    let whole = findings.growth.heap_bytes.rate;
    if drawn <= 0.0 || drawn > 0.95 * whole.value {
        return String::new();
    }
    format!(
        " Of {} {}, {} is in stacks that are seen to grow each by itself; these are drawn.",
        rates.bytes_in(&whole, rates.unit(&whole)),
        rates.words,
        rates.bytes(drawn)
    )
}

/// The calls that lead to a goroutine's frames: the stacks of its ancestors when they started the next
/// one, then its own; from the outermost inwards.
fn whole_stack(group: &GoroutineGroup) -> impl Iterator<Item = &Frame> {
    let creator = group
        .created_by
        .iter()
        .filter(|_| group.ancestors.is_empty());
    let ancestors = group
        .ancestors
        .iter()
        .rev()
        .flat_map(|ancestor| ancestor.frames.iter().rev());
    ancestors.chain(creator).chain(group.own.iter().rev())
}

fn flame_frame(frame: &Frame, code: &UserCode) -> FlameFrame {
    FlameFrame {
        name: short_symbol(&frame.function).to_owned(),
        full_name: frame.function.clone(),
        place: place(frame, code),
        kind: kind(frame, code),
    }
}

/// The file and line, the file as the reader knows it: in the module, in the module cache, in Go's tree.
pub fn place(frame: &Frame, code: &UserCode) -> String {
    let after = |mark: &str| {
        frame
            .file
            .find(mark)
            .and_then(|at| frame.file.get(at + mark.len()..))
    };
    let file = code
        .file_of(frame)
        .or_else(|| after("/pkg/mod/"))
        .or_else(|| after("/go/src/"))
        .unwrap_or(&frame.file);
    match (file, frame.line) {
        ("", _) => String::new(),
        (file, 0) => file.to_owned(),
        (file, line) if frame.after_call => format!("{file}, at or before line {line}"),
        (file, line) => format!("{file}:{line}"),
    }
}

/// As [`place`], a library's file with no more than its folder.
pub fn short_place(frame: &Frame, code: &UserCode) -> String {
    let place = place(frame, code);
    if code.file_of(frame).is_some() {
        return place;
    }
    let slashes: Vec<usize> = place.match_indices('/').map(|(at, _)| at).collect();
    let cut = slashes
        .len()
        .checked_sub(2)
        .and_then(|index| slashes.get(index));
    let short = cut.and_then(|cut| place.get(cut + 1..));
    short.unwrap_or(&place).to_owned()
}

/// A position in [`KINDS`].
pub fn kind(frame: &Frame, code: &UserCode) -> u8 {
    let package = frame.package();
    let first = package.split('/').next().unwrap_or_default();
    let is_own = package == "main"
        || !code.module.is_empty()
            && package
                .strip_prefix(&code.module)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    match first {
        _ if is_own => 0,
        "runtime" => 3,
        // Only paths of Go's own library begin without a dot.
        _ if first.contains('.') || first.contains('%') => 1,
        _ => 2,
    }
}

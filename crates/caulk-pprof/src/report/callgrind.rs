//! `-callgrind`: the graph of calls for KCachegrind.

use rustc_hash::FxHashMap;

use super::Subject;
use super::graph::{Graph, NodeId, Wanted, trim, trim_tree};
use super::places::{Place, Places};
use super::texts::TextId;
use crate::error::ReportError;
use caulk_profile::arithmetic::truncate;

/// Appends to `out` what `go tool pprof -callgrind` prints for the profile.
pub(crate) fn callgrind(mut subject: Subject, out: &mut Vec<u8>) -> Result<(), ReportError> {
    let places = Places::new(subject.profile, subject.identity().with_object_files());
    let trimmed = if subject.config.call_tree {
        trim_tree(&subject, &places, false)?
    } else {
        trim(&subject, &places, Wanted::All)
    };
    let graph = &trimmed.graph;
    subject.choose_whole_unit(graph.shown_values());
    let measure = &subject.measure;
    // The reference does not divide these.
    let scaled = |value: i64| truncate(measure.in_output_unit(value));

    let kind = measure.kind_name(subject.profile, subject.config);
    let unit = measure.output_unit.as_bytes();
    out.extend_from_slice(b"positions: instr line\nevents: ");
    out.extend_from_slice(&[&kind, &b"("[..], unit, b")\n"].concat());

    let callee_names = callee_names(graph, &places);
    let mut objects = Compression::default();
    let mut files = Compression::default();
    let mut names = Compression::default();
    let mut before: Option<Place> = None;
    for &node in graph.shown() {
        let place = graph.place(node);
        let function = |place: Place| (place.object_file, place.file, place.name);
        if before.is_none_or(|before| function(before) != function(place)) {
            out.push(b'\n');
            objects.write(out, "ob=", places.text(place.object_file));
            files.write(out, "fl=", places.text(place.file));
            names.write(out, "fn=", places.text(place.name));
        }
        let address = relative_address(before, place.address);
        let flat = scaled(graph.value(node).flat_value());
        let cost = format!("{address} {} {flat}\n", place.line);
        out.extend_from_slice(cost.as_bytes());
        for edge in graph.calls_by(node) {
            let callee = graph.place(edge.callee);
            files.write(out, "cfl=", places.text(callee.file));
            let name = callee_names
                .get(&edge.callee)
                .map_or(&[][..], Vec::as_slice);
            names.write(out, "cfn=", name);
            let address = relative_address(before, callee.address);
            let weight = scaled(edge.weight);
            let call = format!("calls=0 {address} {}\n* * {weight}\n", callee.line);
            out.extend_from_slice(call.as_bytes());
        }
        before = Some(place);
    }
    Ok(())
}

/// Texts that were written before, of which only the number is written again.
#[derive(Default)]
struct Compression(FxHashMap<Vec<u8>, usize>);

impl Compression {
    fn write(&mut self, out: &mut Vec<u8>, title: &str, text: &[u8]) {
        out.extend_from_slice(title.as_bytes());
        if let Some(number) = self.0.get(text) {
            out.extend_from_slice(format!("({number})").as_bytes());
        } else if !text.is_empty() {
            let number = self.0.len() + 1;
            self.0.insert(text.to_vec(), number);
            out.extend_from_slice(format!("({number}) ").as_bytes());
            out.extend_from_slice(text);
        }
        out.push(b'\n');
    }
}

/// An address, as the distance from the one before where that is shorter.
fn relative_address(before: Option<Place>, address: u64) -> String {
    let absolute = format!("{address:#x}");
    let Some(before) = before else {
        return absolute;
    };
    if before.address == address {
        return "*".to_owned();
    }
    let relative = format!("{:+}", address.wrapping_sub(before.address) as i64);
    if relative.len() < absolute.len() {
        relative
    } else {
        absolute
    }
}

/// The names of nodes as callees: functions that only the name and the file would not tell apart
/// have a number.
fn callee_names(graph: &Graph, places: &Places) -> FxHashMap<NodeId, Vec<u8>> {
    type Named = (TextId, TextId);
    type Function = (Option<NodeId>, Place);
    let named = |node: NodeId| -> (Named, Function) {
        let place = graph.place(node);
        // Without address and line, a column alone makes a function of its own.
        let function = match (place.address, place.line) {
            (0, 0) => place,
            _ => Place {
                address: 0,
                line: 0,
                column: 0,
                ..place
            },
        };
        ((place.file, place.name), (graph.parent(node), function))
    };
    let mut functions: FxHashMap<Named, FxHashMap<Function, usize>> = FxHashMap::default();
    for &node in graph.shown() {
        let (name, function) = named(node);
        let numbers = functions.entry(name).or_default();
        let next = numbers.len() + 1;
        numbers.entry(function).or_insert(next);
    }
    let mut names = FxHashMap::default();
    for &node in graph.shown() {
        let (name, function) = named(node);
        let mut shown = places.text(name.1).to_vec();
        if let Some(numbers) = functions.get(&name)
            && numbers.len() > 1
        {
            let number = numbers.get(&function).copied().unwrap_or(0);
            shown.extend_from_slice(format!(" [{number}/{}]", numbers.len()).as_bytes());
        }
        names.insert(node, shown);
    }
    names
}

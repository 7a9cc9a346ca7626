//! What grew, in the words of the table: which resources, and how much of the growth each is.

use std::collections::BTreeMap;

use crate::observed::Observed;
use crate::words::{Meaning, Resource, Words};
use crate::{Frame, UserCode};

/// What grew, by resource.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Explanation {
    /// The resources that the table knows, the heaviest first: those that say what holds come before
    /// those that only say what is held, such as a map or a buffer.
    pub resources: Vec<Explained>,
}

/// One resource in what grew.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The resource.
    pub resource: Resource,
    /// Its part of the new bytes of the heap (of one snapshot, of those held), 0 to 1.
    pub share: f64,
    /// Its bytes per request, or what else growth is per.
    pub bytes: f64,
    /// Its goroutines per request.
    pub goroutines: f64,
    /// Says what is held and not what holds it.
    pub is_general: bool,
    /// What of it is there, the heaviest first.
    pub parts: Vec<ExplainedPart>,
}

/// Something that belongs to a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedPart {
    /// `write buffer`.
    pub what: String,
    /// Bytes per request.
    pub bytes: f64,
    /// Objects per request.
    pub objects: f64,
    /// The innermost functions of its stacks, the heaviest first.
    pub functions: Vec<String>,
}

#[derive(Default)]
struct Sum {
    goroutines: f64,
    is_general: bool,
    parts: BTreeMap<String, (f64, f64, BTreeMap<String, f64>)>,
}

/// Puts what grew into words. `code` says which frames are the user's own.
#[must_use]
pub fn explain(observed: &Observed, code: &UserCode) -> Explanation {
    let words = Words::shipped();
    let mut sums: BTreeMap<&Resource, Sum> = BTreeMap::new();
    let mut all_bytes = 0.0;
    for stack in observed.heap.iter().filter(|stack| stack.bytes > 0.0) {
        all_bytes += stack.bytes;
        let Some(meaning) = meaning(words, &stack.frames, code) else {
            continue;
        };
        let sum = sums.entry(meaning.resource).or_default();
        sum.is_general = meaning.is_general;
        let (bytes, objects, functions) = sum.parts.entry(meaning.part.to_owned()).or_default();
        *bytes += stack.bytes;
        *objects += stack.objects;
        if let Some(leaf) = stack.frames.first() {
            *functions.entry(leaf.function.clone()).or_default() += stack.bytes;
        }
    }
    for group in observed
        .goroutines
        .iter()
        .filter(|group| group.growth > 0.0)
    {
        // Goroutines in a general place are no resource of their own.
        if let Some(meaning) = meaning(words, &group.own, code).filter(|m| !m.is_general) {
            sums.entry(meaning.resource).or_default().goroutines += group.growth;
        }
    }
    let mut resources: Vec<Explained> = sums
        .into_iter()
        .map(|(resource, sum)| explained(resource, sum, all_bytes))
        .collect();
    resources.sort_by(|a, b| {
        let held_first = a.is_general.cmp(&b.is_general);
        held_first
            .then(b.bytes.total_cmp(&a.bytes))
            .then(b.goroutines.total_cmp(&a.goroutines))
    });
    Explanation { resources }
}

fn explained(resource: &Resource, sum: Sum, all_bytes: f64) -> Explained {
    let mut parts: Vec<ExplainedPart> = sum
        .parts
        .into_iter()
        .map(|(what, (bytes, objects, functions))| {
            let mut functions: Vec<(String, f64)> = functions.into_iter().collect();
            functions.sort_by(|a, b| b.1.total_cmp(&a.1));
            ExplainedPart {
                what,
                bytes,
                objects,
                functions: functions.into_iter().map(|(name, _)| name).collect(),
            }
        })
        .collect();
    parts.sort_by(|a, b| b.bytes.total_cmp(&a.bytes));
    let bytes: f64 = parts.iter().map(|part| part.bytes).sum();
    Explained {
        resource: resource.clone(),
        share: if all_bytes > 0.0 {
            (bytes / all_bytes).clamp(0.0, 1.0)
        } else {
            0.0
        },
        bytes,
        goroutines: sum.goroutines,
        is_general: sum.is_general,
        parts,
    }
}

/// What the frames up to the first of the user's own mean.
fn meaning<'w>(words: &'w Words, frames: &'w [Frame], code: &UserCode) -> Option<Meaning<'w>> {
    let is_users = |frame: &Frame| frame.package() == "main" || code.file_of(frame).is_some();
    let library: Vec<&str> = frames
        .iter()
        .take_while(|frame| !is_users(frame))
        .map(|frame| frame.function.as_str())
        .collect();
    match (library.is_empty(), frames.first()) {
        (true, Some(leaf)) => Some(Meaning {
            resource: words.own_value()?,
            part: without_package_path(&leaf.function),
            is_general: true,
        }),
        _ => words.of_stack(&library),
    }
}

/// `session.newSession` of `example.com/m/session.newSession`.
fn without_package_path(symbol: &str) -> &str {
    let plain = symbol.split('[').next().unwrap_or(symbol);
    let start = plain.rfind('/').map_or(0, |slash| slash + 1);
    symbol.get(start..).unwrap_or(symbol)
}

//! What labels say of parts of a node's values.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::tree::Tree;
use super::trim::membership;
use super::{NodeId, NodeValue};
use crate::combine::BASE_LABEL;
use crate::report::Subject;
use crate::report::places::Places;
use crate::report::texts::{TextId, Texts};
use crate::units;
use caulk_profile::{LabelValue, Profile};

/// Most tags of a node that a picture shows.
pub(in crate::report) const MOST_SHOWN: usize = 4;

/// The part of a node's values that has a label.
#[derive(Debug, Clone, Default)]
pub(in crate::report) struct Tag {
    pub name: Vec<u8>,
    /// For a number, what it is.
    pub number: i64,
    /// For a number, its unit.
    pub unit: String,
    pub value: NodeValue,
}

/// The tags of one node.
#[derive(Debug, Default)]
pub(in crate::report) struct NodeTags {
    /// One for each set of texts that samples have.
    pub texts: Vec<Tag>,
    /// Numbers by the name of the texts that they are beside, empty where there are none.
    pub numbers: BTreeMap<Vec<u8>, Vec<Tag>>,
}

/// The tags of nodes.
#[derive(Debug, Default)]
pub(in crate::report) struct Tags(FxHashMap<NodeId, NodeTags>);

impl Tags {
    /// The tags of a node, if it has any.
    pub fn of(&self, node: NodeId) -> Option<&NodeTags> {
        self.0.get(&node)
    }

    /// Drops tags of which both values are below a cutoff.
    pub fn drop_light(&mut self, cutoff: i64) {
        let is_heavy = |tag: &Tag| {
            tag.value.flat.wrapping_abs() >= cutoff || tag.value.cum.wrapping_abs() >= cutoff
        };
        for tags in self.0.values_mut() {
            tags.texts.retain(is_heavy);
            tags.numbers
                .values_mut()
                .for_each(|numbers| numbers.retain(is_heavy));
        }
    }

    /// How many nodes fit into a picture of so many, where tags take places, too.
    pub fn limit(&self, shown: &[NodeId], limit: usize) -> usize {
        let mut count = 0;
        for (index, &node) in shown.iter().enumerate() {
            let tags = self.of(node).map_or(0, NodeTags::flat_count);
            count += tags.min(MOST_SHOWN) + 1;
            if count >= limit {
                return index + 1;
            }
        }
        limit
    }
}

impl NodeTags {
    fn flat_count(&self) -> usize {
        let numbers = self.numbers.values().flatten();
        let tags = self.texts.iter().chain(numbers);
        tags.filter(|tag| tag.value.flat != 0).count()
    }
}

/// The tags of some nodes of the graph.
pub(super) fn tags_of_places(subject: &Subject, places: &Places, shown: &[NodeId]) -> Tags {
    let is_shown = membership(places.len(), shown);
    let mut seen_in = vec![0u32; places.len()];
    let mut path = Vec::new();
    collect(subject, &is_shown, |sample| {
        let stamp = sample as u32 + 1;
        path.clear();
        let stack = subject.profile.stack(sample);
        for location in stack.iter().rev() {
            for &place in places.of_location(location).iter().rev() {
                if let Some(seen_in) = seen_in.get_mut(place as usize)
                    && *seen_in != stamp
                {
                    *seen_in = stamp;
                    path.push(place);
                }
            }
        }
        let leaf = stack.first().map_or(&[][..], |at| places.of_location(at));
        (path.clone(), leaf.first().copied())
    })
}

/// The tags of some nodes of the tree.
pub(super) fn tags_of_tree(
    subject: &Subject,
    places: &Places,
    tree: &Tree,
    shown: &[NodeId],
) -> Tags {
    let is_shown = membership(tree.len(), shown);
    collect(subject, &is_shown, |sample| {
        let path = tree.path(subject.profile, places, sample);
        let leaf = path.last().copied();
        (path, leaf)
    })
}

/// Goes through all samples; `path` has the nodes that a sample counts for, and its leaf.
fn collect(
    subject: &Subject,
    is_shown: &[bool],
    mut path: impl FnMut(usize) -> (Vec<NodeId>, Option<NodeId>),
) -> Tags {
    let columns = subject.columns();
    let mut names = Names::new(subject);
    let mut ids: FxHashMap<(NodeId, TagName), usize> = FxHashMap::default();
    let mut tags: Vec<(NodeId, TagName, i64, NodeValue)> = Vec::new();
    let mut of_sample = Vec::new();
    for sample in 0..subject.profile.sample_count() {
        let (value, divisor) = columns.of(sample);
        if value == 0 && divisor == 0 {
            continue;
        }
        of_sample.clear();
        names.of_sample(sample, &mut of_sample);
        if of_sample.is_empty() {
            continue;
        }
        let (nodes, leaf) = path(sample);
        for &node in &nodes {
            if is_shown.get(node as usize) != Some(&true) {
                continue;
            }
            for &(name, number) in &of_sample {
                let id = *ids.entry((node, name)).or_insert_with(|| {
                    tags.push((node, name, number, NodeValue::default()));
                    tags.len() - 1
                });
                if let Some((_, _, _, total)) = tags.get_mut(id) {
                    total.add_cum(value, divisor);
                    if leaf == Some(node) {
                        total.add_flat(value, divisor);
                    }
                }
            }
        }
    }

    let mut by_node: FxHashMap<NodeId, NodeTags> = FxHashMap::default();
    for (node, name, number, value) in tags {
        let of_node = by_node.entry(node).or_default();
        let texts = names.texts.get(name.texts);
        match name.number {
            None => of_node.texts.push(Tag {
                name: texts.to_vec(),
                value,
                ..Tag::default()
            }),
            Some(shown) => {
                let numbers = of_node.numbers.entry(texts.to_vec()).or_default();
                numbers.push(Tag {
                    name: names.texts.get(shown).to_vec(),
                    number,
                    unit: names.unit.clone(),
                    value,
                });
            }
        }
    }
    Tags(by_node)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct TagName {
    /// The texts of a sample.
    texts: TextId,
    /// A number of a sample, as it is printed.
    number: Option<TextId>,
}

/// The names of tags.
struct Names<'s> {
    profile: &'s Profile,
    texts: Texts,
    /// The unit of the numbers.
    unit: String,
    output_unit: &'s str,
    numbers: FxHashMap<i64, TextId>,
}

/// The only numbers that are shown.
const NUMBER_KEY: &[u8] = b"bytes";

impl<'s> Names<'s> {
    fn new(subject: &Subject<'s>) -> Names<'s> {
        let unit = String::from_utf8_lossy(subject.label_units.of(NUMBER_KEY));
        Names {
            profile: subject.profile,
            texts: Texts::new(),
            unit: unit.into_owned(),
            output_unit: &subject.config.unit,
            numbers: FxHashMap::default(),
        }
    }

    /// The tags that a sample counts for, numbers with what they are.
    fn of_sample(&mut self, sample: usize, out: &mut Vec<(TagName, i64)>) {
        let labels = self.profile.labels(sample);
        let strings = self.profile.strings();
        let mut texts: Vec<Vec<u8>> = Vec::new();
        for label in labels {
            let key = strings.bytes(label.key);
            if let LabelValue::Text(text) = label.value
                // Whether a sample is of a base is not shown.
                && key != BASE_LABEL.as_bytes()
            {
                texts.push([key, b":", strings.bytes(text)].concat());
            }
        }
        texts.sort();
        let texts = self.texts.intern(&texts.join(&b"\\n"[..]));
        if texts != TextId::default() {
            let name = TagName {
                texts,
                number: None,
            };
            out.push((name, 0));
        }
        for label in labels {
            if let LabelValue::Number { value, .. } = label.value
                && strings.bytes(label.key) == NUMBER_KEY
            {
                let shown = *self.numbers.entry(value).or_insert_with(|| {
                    let label = units::label(value, &self.unit, self.output_unit);
                    self.texts.intern(label.as_bytes())
                });
                let name = TagName {
                    texts,
                    number: Some(shown),
                };
                out.push((name, value));
            }
        }
    }
}

//! Small boxes at a node for its tags.

use super::Picture;
use crate::report::graph::{MOST_SHOWN, NodeId, NodeValue, Tag};
use crate::units;
use caulk_profile::arithmetic::truncate;

/// Writes the boxes of a node's tags, and says whether there are any.
///
/// A leaf has its cumulative tags, which have those of what was dropped below it; other nodes have
/// flat ones.
pub(super) fn write_tags(
    picture: &Picture,
    node: NodeId,
    number: usize,
    out: &mut Vec<u8>,
) -> bool {
    let Some(tags) = picture.graph.tags(node) else {
        return false;
    };
    let start = out.len();
    let is_flat = picture.graph.has_callees(node);
    let mut texts: Vec<&Tag> = tags.texts.iter().collect();
    sort_tags(&mut texts, is_flat);
    for (index, tag) in texts.into_iter().take(MOST_SHOWN).enumerate() {
        let weight = if is_flat {
            tag.value.flat_value()
        } else {
            tag.value.cum_value()
        };
        if weight == 0 {
            continue;
        }
        let source = format!("N{number}");
        let target = format!("N{number}_{index}");
        write_box(picture, &source, &target, &tag.name, weight, "", out);
        if let Some(numbers) = tags.numbers.get(&tag.name) {
            write_numbers(picture, numbers, is_flat, &target, out);
        }
    }
    if let Some(numbers) = tags.numbers.get(&[][..]) {
        write_numbers(picture, numbers, is_flat, &format!("N{number}"), out);
    }
    out.len() > start
}

fn write_numbers(
    picture: &Picture,
    numbers: &[Tag],
    is_flat: bool,
    source: &str,
    out: &mut Vec<u8>,
) {
    for (index, tag) in collapse(numbers, is_flat).iter().enumerate() {
        let (flat, cum) = (tag.value.flat_value(), tag.value.cum_value());
        let (weight, looks) = if is_flat || flat == cum {
            (flat, "")
        } else {
            (cum, " style=\"dotted\"")
        };
        if weight != 0 {
            let target = format!("N{source}_{index}");
            write_box(picture, source, &target, &tag.name, weight, looks, out);
        }
    }
}

/// A box and the line to it.
fn write_box(
    picture: &Picture,
    source: &str,
    target: &str,
    name: &[u8],
    weight: i64,
    looks: &str,
    out: &mut Vec<u8>,
) {
    let weight = picture.measure.label(weight);
    out.extend_from_slice(format!("{target} [label = \"").as_bytes());
    out.extend_from_slice(name);
    let rest = format!(
        "\" id=\"{target}\" fontsize=8 shape=box3d tooltip=\"{weight}\"]\n\
         {source} -> {target} [label=\" {weight}\" weight=100 tooltip=\"{weight}\" \
         labeltooltip=\"{weight}\"{looks}]\n"
    );
    out.extend_from_slice(rest.as_bytes());
}

/// The heaviest first, then by name.
fn sort_tags(tags: &mut [&Tag], is_flat: bool) {
    tags.sort_by(|a, b| {
        let size = |value: i64| value.wrapping_abs();
        let flat = size(b.value.flat).cmp(&size(a.value.flat));
        let cum = size(b.value.cum).cmp(&size(a.value.cum));
        let by_weight = if is_flat { flat } else { cum.then(flat) };
        by_weight.then_with(|| a.name.cmp(&b.name))
    });
}

/// Numbers as they are shown: where there are many, the heaviest, each with those that are nearest to
/// it.
fn collapse(numbers: &[Tag], is_flat: bool) -> Vec<Tag> {
    let mut sorted: Vec<&Tag> = numbers.iter().collect();
    sort_tags(&mut sorted, is_flat);
    if sorted.len() <= MOST_SHOWN {
        return sorted.into_iter().cloned().collect();
    }
    let others = sorted.split_off(MOST_SHOWN);
    let mut groups: Vec<Vec<&Tag>> = sorted.iter().map(|&tag| vec![tag]).collect();
    for tag in others {
        let mut nearest: Option<(f64, usize)> = None;
        for (index, &heaviest) in sorted.iter().enumerate() {
            let distance = distance(tag, heaviest);
            if nearest.is_none_or(|(least, _)| distance < least) {
                nearest = Some((distance, index));
            }
        }
        if let Some(group) = nearest.and_then(|(_, index)| groups.get_mut(index)) {
            group.push(tag);
        }
    }
    let shown: Vec<Tag> = groups.iter().filter_map(|group| combined(group)).collect();
    let mut sorted: Vec<&Tag> = shown.iter().collect();
    sort_tags(&mut sorted, is_flat);
    sorted.into_iter().cloned().collect()
}

fn distance(tag: &Tag, from: &Tag) -> f64 {
    let (number, _) = units::scale(from.number, &from.unit, &tag.unit);
    (number - tag.number as f64).abs()
}

/// One tag for several: the range of their numbers.
fn combined(group: &[&Tag]) -> Option<Tag> {
    let (first, others) = group.split_first()?;
    let label = |tag: &Tag| units::label(tag.number, &tag.unit, "auto");
    let (mut least, mut most) = (*first, *first);
    let mut sum = first.value;
    for tag in others {
        let number = |unit: &str| truncate(units::scale(tag.number, &tag.unit, unit).0);
        if number(&least.unit) < least.number {
            least = tag;
        }
        if number(&most.unit) > most.number {
            most = tag;
        }
        sum.add_flat(tag.value.flat, tag.value.flat_divisor);
        sum.add_cum(tag.value.cum, tag.value.cum_divisor);
    }
    let name = if others.is_empty() {
        label(first)
    } else {
        format!("{}..{}", label(least), label(most))
    };
    let mut value = NodeValue::default();
    value.add_flat(sum.flat_value(), 0);
    value.add_cum(sum.cum_value(), 0);
    Some(Tag {
        name: name.into_bytes(),
        value,
        ..Tag::default()
    })
}

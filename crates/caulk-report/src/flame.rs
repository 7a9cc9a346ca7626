//! A flame graph, laid out: which frame stands where, and how wide it is.

use std::collections::BTreeMap;

/// Frames below this part of the whole are not drawn: they would be narrower than a pixel.
const SMALLEST: f64 = 1.0 / 2000.0;
/// Frames that are drawn at most.
const MOST_FRAMES: usize = 4_000;
/// Stacks that are looked at, the heaviest first.
const MOST_STACKS: usize = 10_000;
/// Frames of a stack that are looked at, from the root.
const DEEPEST: usize = 300;
/// Frames that are told apart at most; stacks of which more would be needed end early.
const MOST_NODES: usize = 400_000;

/// Nested calls as nested boxes, each as wide as its value.
#[derive(Debug, Clone, PartialEq)]
pub struct FlameGraph {
    /// What its values are: `Live heap`.
    pub name: String,
    /// What the whole is: `growth`. Shares are of it.
    pub whole: String,
    /// The whole, written: `58.0 kB/req`.
    pub total: String,
    /// A sentence on how to read it; may be empty.
    pub remark: String,
    /// The kinds that frames are of, by [`FlameFrame::kind`].
    pub kinds: Vec<String>,
    /// In the order in which a reader meets them: a frame before those within it, the widest of those first.
    pub boxes: Vec<FlameBox>,
    /// How many frames are not drawn.
    pub left_out: usize,
    /// The part of the whole, 0 to 1, that ends in frames that are not drawn.
    pub left_out_share: f64,
}

/// One frame of a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlameFrame {
    /// The name that fits into a box: `transport.newHTTP2Client`.
    pub name: String,
    /// The whole name; frames are the same where this is.
    pub full_name: String,
    /// Where it is, such as a file and a line; may be empty.
    pub place: String,
    /// A position in [`FlameGraph::kinds`].
    pub kind: u8,
}

/// A stack and how much of the whole is its.
struct FlameStack {
    /// From the root inwards.
    frames: Vec<FlameFrame>,
    /// In the unit of the graph.
    value: f64,
}

/// A frame at its place.
#[derive(Debug, Clone, PartialEq)]
pub struct FlameBox {
    /// The frame; of several with one name, the heaviest one's place.
    pub frame: FlameFrame,
    /// Frames around it.
    pub depth: u16,
    /// Where it begins, 0 to 1.
    pub start: f64,
    /// How much of the whole it is, 0 to 1.
    pub share: f64,
    /// Its value, written.
    pub value: String,
}

impl FlameGraph {
    /// Lays stacks out: of each its value, which is left out where it is not above 0, and whatever `frames`
    /// makes its frames of, from the root inwards. It is asked for those of the heaviest only. `written`
    /// writes a value with its unit.
    pub fn new<S>(
        name: impl Into<String>,
        whole: impl Into<String>,
        kinds: &[&str],
        stacks: impl IntoIterator<Item = (f64, S)>,
        frames: impl Fn(&S) -> Vec<FlameFrame>,
        written: impl Fn(f64) -> String,
    ) -> Self {
        let mut stacks: Vec<(f64, S)> = stacks
            .into_iter()
            .filter(|(value, _)| *value > 0.0 && value.is_finite())
            .collect();
        stacks.sort_by(|a, b| b.0.total_cmp(&a.0));
        let total: f64 = stacks.iter().map(|(value, _)| value).sum();
        let beyond = stacks.split_off(stacks.len().min(MOST_STACKS));
        let mut lost: f64 = beyond.iter().map(|(value, _)| value).sum();
        let stacks: Vec<FlameStack> = stacks
            .iter()
            .map(|(value, stack)| FlameStack {
                frames: frames(stack),
                value: *value,
            })
            .collect();
        let tree = Tree::of(&stacks);
        let smallest = tree.smallest(total);
        let mut graph = Self {
            name: name.into(),
            whole: whole.into(),
            total: written(total),
            remark: String::new(),
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            boxes: Vec::new(),
            left_out: 0,
            left_out_share: 0.0,
        };
        graph.left_out = beyond.len();
        if total > 0.0 {
            lost += graph.lay_out(&tree, total, smallest, &written);
            graph.left_out_share = (lost / total).clamp(0.0, 1.0);
        }
        graph
    }

    /// The same with a sentence on how to read it.
    pub fn with_remark(mut self, remark: impl Into<String>) -> Self {
        self.remark = remark.into();
        self
    }

    /// Places what is not too small, and returns the value of the stacks that end in what is.
    fn lay_out(
        &mut self,
        tree: &Tree<'_>,
        total: f64,
        smallest: f64,
        written: &impl Fn(f64) -> String,
    ) -> f64 {
        let mut lost = 0.0;
        // Places where something is to be put, the next one last.
        let mut open: Vec<(usize, u16, f64)> = Vec::new();
        let put = |open: &mut Vec<(usize, u16, f64)>, nodes: &[usize], depth: u16, from: f64| {
            let mut at = from;
            let first = open.len();
            for &node in nodes {
                open.push((node, depth, at));
                at += tree.value(node) / total;
            }
            if let Some(added) = open.get_mut(first..) {
                added.reverse();
            }
        };
        put(&mut open, &tree.roots(), 0, 0.0);
        while let Some((index, depth, start)) = open.pop() {
            let Some(node) = tree.nodes.get(index) else {
                continue;
            };
            if node.value < smallest {
                self.left_out += tree.size(index);
                lost += node.value;
                continue;
            }
            self.boxes.push(FlameBox {
                frame: node.frame.clone(),
                depth,
                start,
                share: node.value / total,
                value: written(node.value),
            });
            put(
                &mut open,
                &tree.inner(index),
                depth.saturating_add(1),
                start,
            );
        }
        lost
    }
}

/// Stacks with their common beginnings merged.
struct Tree<'s> {
    nodes: Vec<Node<'s>>,
    roots: BTreeMap<&'s str, usize>,
}

struct Node<'s> {
    frame: &'s FlameFrame,
    value: f64,
    inner: BTreeMap<&'s str, usize>,
}

impl<'s> Node<'s> {
    fn new(frame: &'s FlameFrame) -> Self {
        Self {
            frame,
            value: 0.0,
            inner: BTreeMap::new(),
        }
    }
}

impl<'s> Tree<'s> {
    /// Of stacks that are the heaviest first, so that a frame's place is that of the heaviest.
    fn of(stacks: &'s [FlameStack]) -> Self {
        let mut tree = Self {
            nodes: Vec::new(),
            roots: BTreeMap::new(),
        };
        for stack in stacks {
            let mut parent: Option<usize> = None;
            for frame in stack.frames.iter().take(DEEPEST) {
                let next = tree.nodes.len();
                let children = match parent.and_then(|parent| tree.nodes.get_mut(parent)) {
                    Some(parent) => &mut parent.inner,
                    None => &mut tree.roots,
                };
                let index = match children.get(frame.full_name.as_str()) {
                    Some(&known) => known,
                    None if next >= MOST_NODES => break,
                    None => {
                        children.insert(&frame.full_name, next);
                        tree.nodes.push(Node::new(frame));
                        next
                    }
                };
                if let Some(node) = tree.nodes.get_mut(index) {
                    node.value += stack.value;
                }
                parent = Some(index);
            }
        }
        tree
    }

    fn value(&self, index: usize) -> f64 {
        self.nodes.get(index).map_or(0.0, |node| node.value)
    }

    fn roots(&self) -> Vec<usize> {
        self.widest_first(&self.roots)
    }

    fn inner(&self, index: usize) -> Vec<usize> {
        let node = self.nodes.get(index);
        node.map_or(Vec::new(), |node| self.widest_first(&node.inner))
    }

    /// Those of the same width stay in the order of their names.
    fn widest_first(&self, nodes: &BTreeMap<&str, usize>) -> Vec<usize> {
        let mut sorted: Vec<usize> = nodes.values().copied().collect();
        sorted.sort_by(|&a, &b| self.value(b).total_cmp(&self.value(a)));
        sorted
    }

    /// Frames at and within one.
    fn size(&self, index: usize) -> usize {
        let mut open = vec![index];
        let mut size = 0;
        while let Some(index) = open.pop() {
            size += 1;
            if let Some(node) = self.nodes.get(index) {
                open.extend(node.inner.values());
            }
        }
        size
    }

    /// The value below which a frame is not drawn. A frame is never smaller than one within it, so what
    /// is drawn hangs together.
    fn smallest(&self, total: f64) -> f64 {
        let mut values: Vec<f64> = self.nodes.iter().map(|node| node.value).collect();
        values.sort_by(|a, b| b.total_cmp(a));
        // Just above the first value that is too many.
        let bound = values
            .get(MOST_FRAMES)
            .map_or(0.0, |value| value * (1.0 + 1e-12));
        bound.max(total * SMALLEST)
    }
}

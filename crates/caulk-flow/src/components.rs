//! Strongly connected components of the call graph.

use std::collections::BTreeMap;

use caulk_program::{BodyOwner, FuncId};

/// Tarjan's algorithm, without recursion.
pub(crate) fn components(edges: &BTreeMap<BodyOwner, Vec<FuncId>>) -> BTreeMap<FuncId, u32> {
    #[derive(Default, Clone, Copy)]
    struct Mark {
        index: u32,
        low: u32,
        on_stack: bool,
    }
    let none: &[FuncId] = &[];
    let callees = |id: FuncId| edges.get(&BodyOwner::Func(id)).map_or(none, Vec::as_slice);
    let mut marks: BTreeMap<FuncId, Mark> = BTreeMap::new();
    let mut found: BTreeMap<FuncId, u32> = BTreeMap::new();
    let mut stack: Vec<FuncId> = Vec::new();
    let (mut next_index, mut next_component) = (0u32, 0u32);
    for owner in edges.keys() {
        let BodyOwner::Func(root) = *owner else {
            continue;
        };
        if marks.contains_key(&root) {
            continue;
        }
        let mut frames: Vec<(FuncId, usize)> = vec![(root, 0)];
        while let Some((id, position)) = frames.pop() {
            if position == 0 {
                marks.insert(
                    id,
                    Mark {
                        index: next_index,
                        low: next_index,
                        on_stack: true,
                    },
                );
                next_index += 1;
                stack.push(id);
            }
            let callees = callees(id);
            let mut descended = false;
            for (offset, callee) in callees.iter().enumerate().skip(position) {
                if !edges.contains_key(&BodyOwner::Func(*callee)) {
                    continue;
                }
                match marks.get(callee).copied() {
                    None => {
                        frames.push((id, offset + 1));
                        frames.push((*callee, 0));
                        descended = true;
                        break;
                    }
                    Some(mark) if mark.on_stack => {
                        if let Some(own) = marks.get_mut(&id) {
                            own.low = own.low.min(mark.index);
                        }
                    }
                    Some(_) => {}
                }
            }
            if descended {
                continue;
            }
            let Some(own) = marks.get(&id).copied() else {
                continue;
            };
            if own.low == own.index {
                while let Some(member) = stack.pop() {
                    if let Some(mark) = marks.get_mut(&member) {
                        mark.on_stack = false;
                    }
                    found.insert(member, next_component);
                    if member == id {
                        break;
                    }
                }
                next_component += 1;
            }
            if let Some((caller, _)) = frames.last()
                && let Some(mark) = marks.get_mut(caller)
            {
                mark.low = mark.low.min(own.low);
            }
        }
    }
    found
}

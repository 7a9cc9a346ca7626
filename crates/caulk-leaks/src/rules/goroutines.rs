//! Goroutines that cannot end.

use super::{Page, Rule};

pub(super) const RULES: &[Rule] = &[Rule {
    name: "blocked-goroutine",
    summary: "a goroutine can block for ever on a channel that nobody serves any more",
    preview: false,
    page: Page {
        what: "Finds goroutines that wait on a channel of the function that starts them, where nobody serves it any more: a send after \
               the receiver has left through another case of a `select` or an early return, more sends than receives and room, a \
               producer whose consumers stop before the channel is closed, a range or a receive where the starter returns before \
               it closes the channel.",
        why: "The goroutine waits for ever, and keeps its stack and everything that it can reach.",
        example: "ch := make(chan result)\ngo func() { ch <- work() }()\nselect {\ncase r := <-ch:\n\treturn r, nil\ncase <-ctx.Done():\n\treturn nil, ctx.Err()\n}",
        instead: "ch := make(chan result, 1)\ngo func() { ch <- work() }()\nselect {\ncase r := <-ch:\n\treturn r, nil\ncase <-ctx.Done():\n\treturn nil, ctx.Err()\n}",
        fix_safety: "Room for one element lets a single send go through; where more are sent the fix is refused.",
    },
}];

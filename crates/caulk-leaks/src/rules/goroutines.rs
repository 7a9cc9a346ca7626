//! Goroutines that cannot end.

use super::{Page, Rule};

pub(super) const RULES: &[Rule] = &[Rule {
    name: "blocked-goroutine",
    summary: "a goroutine can block for ever on a send that nobody receives",
    preview: false,
    page: Page {
        what: "Finds goroutines that send on an unbuffered channel of the function that starts them, where that function can leave \
               without receiving: through another case of a `select`, or by an early return.",
        why: "The goroutine waits for ever, and keeps its stack and everything that it can reach.",
        example: "ch := make(chan result)\ngo func() { ch <- work() }()\nselect {\ncase r := <-ch:\n\treturn r, nil\ncase <-ctx.Done():\n\treturn nil, ctx.Err()\n}",
        instead: "ch := make(chan result, 1)\ngo func() { ch <- work() }()\nselect {\ncase r := <-ch:\n\treturn r, nil\ncase <-ctx.Done():\n\treturn nil, ctx.Err()\n}",
        fix_safety: "Room for one element lets a single send go through; where more are sent the fix is refused.",
    },
}];

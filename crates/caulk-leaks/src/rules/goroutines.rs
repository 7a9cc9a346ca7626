//! Goroutines that cannot end.

use super::{Page, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
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
    },
    Rule {
        name: "unclosed-pipe",
        summary: "the write end of an `io.Pipe` is not closed",
        preview: false,
        page: Page {
            what: "Finds write ends of `io.Pipe` that are not closed on some path. A compressor or an archive writer on top of one does \
                   not close it.",
            why: "The reader waits for more for ever: its goroutine stays, with all that it can reach.",
            example: "pr, pw := io.Pipe()\ngo func() {\n\tz := gzip.NewWriter(pw)\n\tio.Copy(z, src)\n\tz.Close()\n}()\nreturn pr",
            instead: "pr, pw := io.Pipe()\ngo func() {\n\tz := gzip.NewWriter(pw)\n\t_, err := io.Copy(z, src)\n\tif err == nil {\n\t\terr = z.Close()\n\t}\n\tpw.CloseWithError(err)\n}()\nreturn pr",
            fix_safety: "Needs review: closed without an error, the reader takes what came so far for all there is.",
        },
    },
];

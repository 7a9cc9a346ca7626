//! Cancel functions, tickers, timers, spans.

use super::{Page, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "uncalled-cancel",
        summary: "the cancel function of a context is not called",
        preview: false,
        page: Page {
            what: "Finds cancel functions that are discarded, or neither called nor kept on some path.",
            why: "The child stays registered with its parent, with its timer and whatever waits for it, until the parent ends or the deadline passes.",
            example: "ctx, _ := context.WithTimeout(parent, time.Minute)\nreturn call(ctx)",
            instead: "ctx, cancel := context.WithTimeout(parent, time.Minute)\ndefer cancel()\nreturn call(ctx)",
            fix_safety: "Needs review where the context is used after the function returns, by a goroutine or by a value that is returned.",
        },
    },
    Rule {
        name: "unstopped-ticker",
        summary: "a ticker is not stopped (before Go 1.23)",
        preview: false,
        page: Page {
            what: "Finds tickers that are neither stopped nor kept on some path, and `time.Tick` in functions that return, in modules whose \
                   `go` line is below 1.23.",
            why: "Before Go 1.23 the runtime kept a ticker that was not stopped for ever, and fired it.",
            example: "t := time.NewTicker(d)\nfor i := 0; i < 3; i++ {\n\t<-t.C\n}",
            instead: "t := time.NewTicker(d)\ndefer t.Stop()\nfor i := 0; i < 3; i++ {\n\t<-t.C\n}",
            fix_safety: "Safe where the ticker stays within the function.",
        },
    },
    Rule {
        name: "unstopped-timer",
        summary: "a timer is left running (before Go 1.23)",
        preview: true,
        page: Page {
            what: "Finds timers that are neither stopped nor waited for on some path, in modules whose `go` line is below 1.23.",
            why: "Before Go 1.23 the runtime kept a timer until it fired. A long one in a busy function adds up.",
            example: "t := time.NewTimer(time.Hour)\nselect {\ncase <-t.C:\ncase <-done:\n}",
            instead: "t := time.NewTimer(time.Hour)\ndefer t.Stop()\nselect {\ncase <-t.C:\ncase <-done:\n}",
            fix_safety: "Safe where the timer stays within the function.",
        },
    },
    Rule {
        name: "unended-span",
        summary: "a span is not ended",
        preview: false,
        page: Page {
            what: "Finds spans of OpenTelemetry, OpenCensus and OpenTracing that are neither ended nor kept on some path.",
            why: "A span that is not ended is never exported: the trace has a hole, and often just where the error was.",
            example: "ctx, span := tracer.Start(ctx, \"load\")\nif err := load(ctx); err != nil {\n\treturn err\n}\nspan.End()",
            instead: "ctx, span := tracer.Start(ctx, \"load\")\ndefer span.End()\nif err := load(ctx); err != nil {\n\treturn err\n}",
            fix_safety: "A deferred end may come later than a call in place: the span can get longer.",
        },
    },
];

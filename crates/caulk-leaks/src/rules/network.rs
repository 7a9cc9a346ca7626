//! HTTP bodies, connections, streams.

use super::{Page, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "unclosed-response-body",
        summary: "the body of an HTTP response is not closed",
        preview: false,
        page: Page {
            what: "Finds responses of `net/http` (and of wrappers that return one) whose body is not closed on some path, or that \
                   are discarded.",
            why: "The connection is not used again and not closed; its two goroutines and buffers stay until the other side hangs up.",
            example: "resp, err := http.Get(url)\nif err != nil {\n\treturn err\n}\nif resp.StatusCode != http.StatusOK {\n\treturn errStatus\n}\ndefer resp.Body.Close()",
            instead: "resp, err := http.Get(url)\nif err != nil {\n\treturn err\n}\ndefer resp.Body.Close()\nif resp.StatusCode != http.StatusOK {\n\treturn errStatus\n}",
            fix_safety: "Safe where the response and its body stay within the function.",
        },
    },
    Rule {
        name: "unclosed-connection",
        summary: "a network connection or listener is not closed",
        preview: false,
        page: Page {
            what: "Finds connections and listeners that are opened and, on some path, neither closed nor kept.",
            why: "A descriptor and the other side's resources stay taken; a gRPC connection also keeps goroutines and buffers.",
            example: "conn, err := net.Dial(\"tcp\", addr)\nif err != nil {\n\treturn err\n}\n_, err = conn.Write(msg)\nreturn err",
            instead: "conn, err := net.Dial(\"tcp\", addr)\nif err != nil {\n\treturn err\n}\ndefer conn.Close()\n_, err = conn.Write(msg)\nreturn err",
            fix_safety: "Safe where the connection stays within the function.",
        },
    },
    Rule {
        name: "unclosed-reader",
        summary: "a reader that owns something is not closed",
        preview: false,
        page: Page {
            what: "Finds readers that own a connection, goroutines or memory of their own (a cloud object's, a parallel \
                   decompressor's) and are not closed on some path.",
            why: "What the reader owns stays: unlike a `bufio.Reader` it is more than a view of something else.",
            example: "r, err := zstd.NewReader(f)\nif err != nil {\n\treturn err\n}\n_, err = io.Copy(w, r)\nreturn err",
            instead: "r, err := zstd.NewReader(f)\nif err != nil {\n\treturn err\n}\ndefer r.Close()\n_, err = io.Copy(w, r)\nreturn err",
            fix_safety: "Safe where the reader stays within the function.",
        },
    },
    Rule {
        name: "unclosed-writer",
        summary: "a writer that commits on close is not closed",
        preview: false,
        page: Page {
            what: "Finds writers (of a cloud object, or an `io.WriteCloser` beside an error) that are not closed on some path.",
            why: "What was written is not committed, and the goroutine and connection that would send it stay.",
            example: "w := object.NewWriter(ctx)\nif _, err := w.Write(data); err != nil {\n\treturn err\n}\nreturn nil",
            instead: "w := object.NewWriter(ctx)\nif _, err := w.Write(data); err != nil {\n\tw.Close()\n\treturn err\n}\nreturn w.Close()",
            fix_safety: "Needs review: a close commits. On an error path half of the data would be kept, so there the context is to be \
                         cancelled instead.",
        },
    },
    Rule {
        name: "unstopped-iterator",
        summary: "an iterator that holds a stream or a snapshot is not stopped",
        preview: false,
        page: Page {
            what: "Finds iterators (of Spanner, Firestore, LevelDB, Badger) that are left before their end without being stopped.",
            why: "A session, a stream or a snapshot of the store stays taken.",
            example: "it := client.Single().Query(ctx, stmt)\nrow, err := it.Next()\nif err != nil {\n\treturn err\n}\nreturn use(row)",
            instead: "it := client.Single().Query(ctx, stmt)\ndefer it.Stop()\nrow, err := it.Next()\nif err != nil {\n\treturn err\n}\nreturn use(row)",
            fix_safety: "Safe where the iterator stays within the function.",
        },
    },
];

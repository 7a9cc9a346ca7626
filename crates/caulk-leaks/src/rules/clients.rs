//! Clients and other values that own connections or goroutines.

use super::{Page, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "unclosed-client",
        summary: "a client that owns connections and goroutines is not closed",
        preview: false,
        page: Page {
            what: "Finds clients (Google Cloud, databases, queues, caches) that are made and, on some path, neither closed nor kept.",
            why: "A client owns connections, the goroutines that read and write them, and their buffers. None of them is \
                  collected while the connection lives: a client per request grows until the process is killed.",
            example: "client, err := pubsub.NewClient(ctx, project)\nif err != nil {\n\treturn err\n}\nreturn publish(ctx, client)",
            instead: "client, err := pubsub.NewClient(ctx, project)\nif err != nil {\n\treturn err\n}\ndefer client.Close()\nreturn publish(ctx, client)\n\n\
                      // Better: make one client when the program starts and use it for every request.",
            fix_safety: "Safe where the client, and everything made from it, stays within the function. Where a handle made from it \
                         (a topic, a bucket) is returned or stored the fix is refused: it would be of no use after the close.",
        },
    },
    Rule {
        name: "unclosed-resource",
        summary: "a value whose type releases something in its own release method is not released",
        preview: false,
        page: Page {
            what: "Finds values made by a constructor of the module itself (or by a known one) that hold a file, a connection or the \
                   like, and whose release method is not called on some path.",
            why: "Whatever the value holds stays open: the type's own release method is the only place that ends it.",
            example: "store, err := OpenStore(path) // Store.Close closes its file\nif err != nil {\n\treturn err\n}\nreturn store.Load()",
            instead: "store, err := OpenStore(path)\nif err != nil {\n\treturn err\n}\ndefer store.Close()\nreturn store.Load()",
            fix_safety: "Safe where the value stays within the function.",
        },
    },
    Rule {
        name: "field-never-released",
        summary: "the release method of a type forgets a field",
        preview: true,
        page: Page {
            what: "Finds resources that are kept in a field of a type with a release method, where neither that method nor anything else \
                   in the module releases the field.",
            why: "Whoever closes the value believes that everything in it is closed. What the field holds stays open with nobody left to know of it.",
            example: "index, err := os.Create(path + \".idx\")\nif err != nil {\n\treturn nil, err\n}\nreturn &Journal{data: data, index: index}, nil\n\n\
                      // func (j *Journal) Close() error { return j.data.Close() }",
            instead: "// func (j *Journal) Close() error { return errors.Join(j.data.Close(), j.index.Close()) }",
            fix_safety: "Never fixed automatically: the order of the releases in the method is for its author to choose.",
        },
    },
    Rule {
        name: "unstopped-watcher",
        summary: "a watcher is not stopped",
        preview: false,
        page: Page {
            what: "Finds watchers (file system, Kubernetes) that are started and not stopped on some path.",
            why: "A watcher keeps a goroutine and a descriptor or a connection until it is stopped.",
            example: "w, err := fsnotify.NewWatcher()\nif err != nil {\n\treturn err\n}\nreturn w.Add(dir)",
            instead: "w, err := fsnotify.NewWatcher()\nif err != nil {\n\treturn err\n}\ndefer w.Close()\nreturn w.Add(dir)",
            fix_safety: "Safe where the watcher stays within the function.",
        },
    },
    Rule {
        name: "unreleased-subscription",
        summary: "a subscription is not released",
        preview: false,
        page: Page {
            what: "Finds subscriptions that are taken out and not released on some path.",
            why: "The other side keeps sending: a connection, a goroutine and a queue stay for each.",
            example: "sub := client.Subscribe(ctx, \"jobs\")\nmsg := <-sub.Channel()\nreturn handle(msg)",
            instead: "sub := client.Subscribe(ctx, \"jobs\")\ndefer sub.Close()\nmsg := <-sub.Channel()\nreturn handle(msg)",
            fix_safety: "Safe where the subscription stays within the function.",
        },
    },
];

//! Functions that are known by name for what they say of an error or do with an argument.

use caulk_program::Callee;

use crate::catalogue::CallEffect;

/// How the names begin of functions and methods that make data of a stream.
const PARSES: &[&str] = &["Parse", "Decode", "Unmarshal"];

/// How the names begin of functions that are done with a stream when they return, if they give no more than an error.
const USES: &[&str] = &[
    "Render", "Write", "Encode", "Marshal", "Execute", "Print", "Fprint", "Dump", "Export",
    "Import", "Copy", "Read", "Load", "Save", "Draw", "Upload", "Download", "Extract", "Untar",
    "Unzip", "Hash", "Validate",
];

/// How the names begin of functions that ask for what they give, and give no more than data: `dbutil.ShowVersion(ctx, db)`.
const ASKS: &[&str] = &[
    "Check", "Compare", "Count", "Describe", "Has", "Is", "List", "Ping", "Show", "Verify",
];

/// What the names say of what functions make that reads from a stream, writes to it or talks over it, such as a stub over a
/// connection: with it that is kept, or closed, if it can be.
const READS: &[&str] = &[
    "Client",
    "Reader",
    "Writer",
    "Seeker",
    "Decoder",
    "Encoder",
    "Parser",
    "Scanner",
    "Lexer",
    "Tokenizer",
];

/// What a function of a package, whose source is not at hand, does by its name with a stream that its caller goes on owning:
/// `yaml.Unmarshal(f)`, `dns.NewZoneParser(f)`, and, where it gives no more than an error, `page.Render(f)`.
pub(super) fn by_name(callee: &Callee, gives_at_most_an_error: bool) -> Option<CallEffect> {
    let (Callee::Static(func) | Callee::Method { func, .. }) = callee else {
        return None;
    };
    let name = crate::types::simple_name(&func.name);
    let begins = |verb: &&str| {
        name.strip_prefix(*verb)
            .is_some_and(|rest| !rest.starts_with(char::is_lowercase))
    };
    if gives_at_most_an_error && USES.iter().any(begins) {
        return Some(CallEffect::Borrow);
    }
    // `ReadAll`, `ReadKey`, which say what they give; `Read` alone may give what goes on reading.
    let reads = name.len() > "Read".len() && begins(&"Read");
    if (reads || PARSES.iter().any(|verb| name.starts_with(verb))) && !name.contains("Close") {
        return Some(CallEffect::Borrow);
    }
    if matches!(callee, Callee::Method { .. }) {
        return None;
    }
    if ASKS.iter().any(begins) {
        return Some(CallEffect::Borrow);
    }
    let made = name.strip_prefix("New")?;
    READS
        .iter()
        .any(|noun| made.contains(noun))
        .then_some(CallEffect::Own)
}

/// Whether a method of an interface writes a line of a log: what it is passed is put into words during the call.
pub(super) fn is_of_log(name: &str) -> bool {
    let name = crate::types::simple_name(name);
    let name = name.trim_end_matches(['f', 'w']);
    matches!(
        name.strip_suffix("ln").unwrap_or(name),
        "Trace" | "Debug" | "Info" | "Notice" | "Warn" | "Warning" | "Error" | "Print" | "Log"
    )
}

/// Methods of well-known interfaces whose implementations use an argument and let it go.
pub(super) fn is_borrowing_interface(package: &str, name: &str) -> bool {
    matches!(
        (package, name),
        (
            "io",
            "ReaderFrom.ReadFrom" | "WriterTo.WriteTo" | "Writer.Write" | "Reader.Read"
        ) | ("testing", _)
            | ("context", _)
            | ("hash", _)
            | ("fmt", _)
            | ("net/http", "ResponseWriter.Write")
    )
}

/// Whether a predicate that holds of an error says that there is one.
pub(super) fn implies_error(name: &str) -> bool {
    let last = crate::types::simple_name(name);
    matches!(
        name,
        "errors.Is"
            | "errors.As"
            | "os.IsNotExist"
            | "os.IsExist"
            | "os.IsPermission"
            | "os.IsTimeout"
    ) || last.starts_with("Is")
        || last.starts_with("is")
        || last.starts_with("Has")
        || last.ends_with("Is")
        || last.ends_with("As")
        || last.contains("NotFound")
}

/// Whether a predicate says of a value that it is nil, perhaps behind an interface.
pub(super) fn asks_for_nil(name: &str) -> bool {
    let last = crate::types::simple_name(name);
    ["isNil", "IsNil"]
        .iter()
        .any(|begins| last.starts_with(begins))
}

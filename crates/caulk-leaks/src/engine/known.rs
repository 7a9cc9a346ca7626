//! Functions that are known by name for what they say of an error or do with an argument.

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
    let last = name.rsplit('.').next().unwrap_or(name);
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
    let last = name.rsplit('.').next().unwrap_or(name);
    ["isNil", "IsNil"]
        .iter()
        .any(|begins| last.starts_with(begins))
}

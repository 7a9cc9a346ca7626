//! Functions that are known by name for what they say of an error or do with an argument.

/// Whether a function asserts that an error among its arguments is nil (or is not).
pub(super) fn asserted(package: &str, name: &str) -> Option<bool> {
    let method = name.rsplit('.').next().unwrap_or(name);
    let ends = |suffix: &str| package.ends_with(suffix);
    if ends("testify/require") {
        return match method {
            "NoError" | "NoErrorf" | "Nil" | "Nilf" => Some(true),
            "Error" | "Errorf" | "ErrorIs" | "ErrorIsf" | "ErrorAs" | "ErrorContains"
            | "EqualError" | "NotNil" => Some(false),
            _ => None,
        };
    }
    if ends("gotest.tools/assert") || ends("gotest.tools/v3/assert") {
        return match method {
            "NilError" => Some(true),
            "Error" | "ErrorContains" | "ErrorType" | "ErrorIs" => Some(false),
            _ => None,
        };
    }
    if ends("shoenig/test/must") {
        return match method {
            "NoError" | "Nil" => Some(true),
            "Error" | "EqError" | "ErrorIs" | "ErrorContains" => Some(false),
            _ => None,
        };
    }
    None
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
        || (name.contains("testify/assert") && last.starts_with("Error"))
}

/// `assert.NoError(t, err)` as a condition.
pub(super) fn is_no_error_assertion(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    name.contains("testify") && last.starts_with("NoError")
}

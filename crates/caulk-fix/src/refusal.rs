//! Why a finding is not fixed.

/// Why a finding is left to a person, as a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) reason: String,
    /// The reason with `…` for the names in it, so that the same reasons can be counted.
    pub(crate) kind: String,
}

impl Refusal {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self {
            kind: reason.clone(),
            reason,
        }
    }

    /// A reason that speaks of `name`, where `kind` has `…`.
    pub(crate) fn of(kind: impl Into<String>, name: &str) -> Self {
        let kind = kind.into();
        Self {
            reason: kind.replacen('…', name, 1),
            kind,
        }
    }

    /// Where gofmt would have to set a whole line anew.
    pub(crate) fn crowded() -> Self {
        Self::new("the code stands on one line: set it on several first")
    }
}

//! What is asked of a check.

use std::sync::Arc;

use crate::catalogue::Catalogue;

/// What to check for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Rules in preview report too.
    pub preview: bool,
    /// Only these rules report; all where it is empty.
    pub rules: Vec<String>,
    /// How many threads work; as many as there are processors where it is not given.
    pub threads: Option<usize>,
    /// What is known of calls; the shipped catalogue where it is not given.
    pub catalogue: Option<Arc<Catalogue>>,
}

impl Options {
    pub(crate) fn catalogue(&self) -> &Catalogue {
        match &self.catalogue {
            Some(catalogue) => catalogue,
            None => Catalogue::shipped(),
        }
    }

    /// Whether findings of a rule are reported.
    pub(crate) fn wants(&self, rule: &str, preview: bool) -> bool {
        let preview = preview || crate::rules::rule(rule).is_some_and(|rule| rule.preview);
        if self.rules.is_empty() {
            self.preview || !preview
        } else {
            self.rules.iter().any(|name| name == rule)
        }
    }
}

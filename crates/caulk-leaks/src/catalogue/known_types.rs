//! What the catalogue knows of the results of functions, and of variables and fields, whose source is missing: enough to name the methods that are
//! called on them.

use std::sync::Arc;

use caulk_program::KnownTypes;

use crate::catalogue::Catalogue;
use crate::catalogue::glob;
use crate::contract::{Contract, ErrorAt};

/// The types that the shipped catalogue knows, for [`caulk_program::Options::known_types`].
pub fn known_types() -> Arc<dyn KnownTypes> {
    Arc::new(Shipped(Catalogue::shipped()))
}

struct Shipped(&'static Catalogue);

impl KnownTypes for Shipped {
    fn results_of(&self, func: &str) -> Option<Vec<String>> {
        let (package, name) = crate::types::split_canonical(func);
        if let Some(results) = self.0.returns(package, name) {
            return Some(results.iter().map(|ty| in_package(ty, package)).collect());
        }
        results_of(self.0.contract(package, name)?, package, name)
    }

    fn type_of(&self, name: &str) -> Option<String> {
        let (package, name) = crate::types::split_canonical(name);
        let ty = self.0.type_of(package, name)?;
        Some(in_package(ty, package))
    }
}

/// A type of a `returns` or `typed` entry: a name without a package is one of the function's own package.
fn in_package(ty: &str, package: &str) -> String {
    let bare = ty.trim_start_matches(['*', '[', ']']);
    let own = bare.starts_with(|c: char| c.is_ascii_uppercase()) && !bare.contains('.');
    match ty.strip_suffix(bare) {
        Some(prefix) if own => format!("{prefix}{package}.{bare}"),
        _ => ty.to_owned(),
    }
}

/// The results of a function that acquires: what is owed, a context before it, an error behind it.
fn results_of(contract: &Contract, package: &str, name: &str) -> Option<Vec<String>> {
    let owed = contract.results.iter().copied().max()?;
    let ty = type_of(contract, package, name)?;
    let mut results = vec!["?".to_owned(); owed + 1];
    for (index, result) in results.iter_mut().enumerate() {
        if contract.results.contains(&index) {
            result.clone_from(&ty);
        } else if index == 0 {
            "context.Context".clone_into(result);
        }
    }
    match contract.error {
        ErrorAt::Last => results.push("error".to_owned()),
        ErrorAt::Index(index) if index >= results.len() => {
            results.resize(index, "?".to_owned());
            results.push("error".to_owned());
        }
        ErrorAt::Index(_) => return None,
        ErrorAt::Never => {}
    }
    Some(results)
}

/// The type that is owed, in the major version of the package that is called.
fn type_of(contract: &Contract, package: &str, name: &str) -> Option<String> {
    let text = contract.type_name.as_str();
    if text == "*" {
        let made = name.strip_prefix("New")?.replace("REST", "");
        let base = made.split("With").next().filter(|base| !base.is_empty());
        return Some(format!("*{package}.{}", base.unwrap_or("Client")));
    }
    let (path, base) = crate::types::split_canonical(text);
    if base.is_empty() || base.contains(' ') {
        return None;
    }
    let plain = |path: &str| glob::unversioned(path).unwrap_or_else(|| path.to_owned());
    Some(if plain(path) == plain(package) {
        format!("*{package}.{base}")
    } else {
        format!("*{text}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_those_of_the_version_that_is_called() {
        let known = known_types();
        let results = |func: &str| known.results_of(func).unwrap_or_default().join(", ");
        assert_eq!(
            results("cloud.google.com/go/storage.NewClient"),
            "*cloud.google.com/go/storage.Client, error"
        );
        assert_eq!(
            results("cloud.google.com/go/storage.Client.Bucket"),
            "*cloud.google.com/go/storage.BucketHandle"
        );
        assert_eq!(
            results("github.com/jackc/pgx/v5/pgxpool.Pool.Acquire"),
            "*github.com/jackc/pgx/v5/pgxpool.Conn, error"
        );
        assert_eq!(
            results("go.opentelemetry.io/otel/trace.Tracer.Start"),
            "context.Context, *go.opentelemetry.io/otel/trace.Span"
        );
        assert_eq!(
            results("github.com/gorilla/websocket.Dialer.Dial"),
            "*github.com/gorilla/websocket.Conn, ?, error"
        );
        assert_eq!(results("example.com/x.New"), "");
        assert_eq!(
            known
                .type_of("github.com/gorilla/websocket.DefaultDialer")
                .as_deref(),
            Some("*github.com/gorilla/websocket.Dialer")
        );
    }
}

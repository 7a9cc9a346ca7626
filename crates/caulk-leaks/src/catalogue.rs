//! The shipped catalogue: which calls acquire, what calls do with what is passed to them, which do
//! not return. Matched on import path and name alone, so that it speaks also where a dependency's
//! source is missing.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use crate::contract::{Contract, ErrorAt, Release, ReleaseAction};
use crate::finding::{Confidence, Harm};
use crate::glob;

/// The files of the catalogue: name, text.
const FILES: &[(&str, &str)] = &[
    (
        "compression.toml",
        include_str!("../catalogue/compression.toml"),
    ),
    (
        "convention.toml",
        include_str!("../catalogue/convention.toml"),
    ),
    ("context.toml", include_str!("../catalogue/context.toml")),
    ("effects.toml", include_str!("../catalogue/effects.toml")),
    ("errors.toml", include_str!("../catalogue/errors.toml")),
    ("files.toml", include_str!("../catalogue/files.toml")),
    ("google.toml", include_str!("../catalogue/google.toml")),
    ("http.toml", include_str!("../catalogue/http.toml")),
    (
        "messaging.toml",
        include_str!("../catalogue/messaging.toml"),
    ),
    ("net.toml", include_str!("../catalogue/net.toml")),
    ("sql.toml", include_str!("../catalogue/sql.toml")),
    ("tracing.toml", include_str!("../catalogue/tracing.toml")),
];

/// What a call does with a resource that is passed to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CallEffect {
    /// Uses it during the call.
    Borrow,
    /// Releases it.
    Close,
    /// Keeps it, and releases it or lives as long as the process.
    Keep,
    /// The result uses it and does not release it.
    View,
    /// The result owns it.
    Own,
    /// Not known.
    Unknown,
}

/// What a call says of an error among its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ErrorTest {
    /// It returns only where the error is nil.
    ReturnsIfNil,
    /// It returns only where the error is not nil.
    ReturnsIfError,
    /// Its result is true only where the error is nil, and false only where it is not.
    TrueIfNil,
    /// Its result is true only where the error is not nil.
    TrueIfError,
}

/// Contracts and effects by import path and name.
#[derive(Debug, Default)]
pub struct Catalogue {
    acquires: Table<Contract>,
    effects: Table<CallEffect>,
    exits: Table<()>,
    error_tests: Table<ErrorTest>,
    returns: Table<Vec<String>>,
    /// Indexes into `acquires` by package and name of a result's type.
    by_type: FxHashMap<String, FxHashMap<String, usize>>,
    borrowing_fields: Vec<FieldEntry>,
    /// Files that could not be read, with the reason. Empty for the shipped files (tested).
    pub problems: Vec<String>,
}

impl Catalogue {
    /// The catalogue that caulk ships.
    pub fn shipped() -> &'static Catalogue {
        static SHIPPED: OnceLock<Catalogue> = OnceLock::new();
        SHIPPED.get_or_init(|| Catalogue::from_files(FILES))
    }

    fn from_files(files: &[(&str, &str)]) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (name, text) in files {
            match toml::from_str::<File>(text) {
                Ok(file) => catalogue.add(file),
                Err(error) => catalogue.problems.push(format!("{name}: {error}")),
            }
        }
        catalogue
    }

    fn add(&mut self, file: File) {
        for entry in file.acquire {
            let selector = entry.select.clone();
            for ty in &entry.of_type {
                let (package, name) = crate::types::split_canonical(ty);
                let names = self.by_type.entry(package.to_owned()).or_default();
                names.insert(name.to_owned(), self.acquires.entries.len());
            }
            self.acquires.push(selector, entry.into_contract());
        }
        for entry in file.effect {
            self.effects.push(entry.select, entry.effect);
        }
        for entry in file.exit {
            self.exits.push(entry.select, ());
        }
        for entry in file.returns {
            self.returns.push(entry.select, entry.results);
        }
        for entry in file.error {
            self.error_tests.push(entry.select, entry.test);
        }
        self.borrowing_fields.extend(file.field);
    }

    /// The contract of a function or method: `os`, `Open`; `net/http`, `Client.Do`.
    pub fn contract(&self, package: &str, function: &str) -> Option<&Contract> {
        self.acquires.find(package, function)
    }

    /// The contract of whatever call gives a result of this type beside an error.
    pub(crate) fn contract_of_type(&self, package: &str, name: &str) -> Option<&Contract> {
        let index = *self.by_type.get(package)?.get(name)?;
        self.acquires
            .entries
            .get(index)
            .map(|(_, contract)| contract)
    }

    /// What a call does with a resource among its arguments, where the catalogue says so.
    pub(crate) fn effect(&self, package: &str, function: &str) -> Option<CallEffect> {
        self.effects.find(package, function).copied()
    }

    /// The result types of a function as its `returns` entry writes them.
    pub(crate) fn returns(&self, package: &str, function: &str) -> Option<&[String]> {
        self.returns.find(package, function).map(Vec::as_slice)
    }

    /// What a call says of an error among its arguments.
    pub(crate) fn error_test(&self, package: &str, function: &str) -> Option<ErrorTest> {
        self.error_tests.find(package, function).copied()
    }

    /// Whether a call never returns.
    pub fn exits(&self, package: &str, function: &str) -> bool {
        self.exits.find(package, function).is_some()
    }

    /// Whether a field only borrows what is stored in it: `os/exec`, `Cmd`, `Stdout`.
    pub(crate) fn field_borrows(&self, package: &str, type_name: &str, field: &str) -> bool {
        self.borrowing_fields.iter().any(|entry| {
            entry.package == package
                && entry.type_name == type_name
                && entry.fields.iter().any(|f| f == field)
        })
    }

    /// All contracts in the order of the files.
    pub fn contracts(&self) -> impl Iterator<Item = &Contract> {
        self.acquires.entries.iter().map(|(_, contract)| contract)
    }
}

/// Entries selected by package and function; the first that matches wins, exact packages before globs.
#[derive(Debug)]
struct Table<T> {
    entries: Vec<(Selector, T)>,
    exact: FxHashMap<String, Vec<usize>>,
    globs: Vec<usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table {
            entries: Vec::new(),
            exact: FxHashMap::default(),
            globs: Vec::new(),
        }
    }
}

impl<T> Table<T> {
    fn push(&mut self, selector: Selector, value: T) {
        let index = self.entries.len();
        for package in selector.packages() {
            if package.contains('*') {
                self.globs.push(index);
            } else {
                self.exact.entry(package.clone()).or_default().push(index);
            }
        }
        self.entries.push((selector, value));
    }

    fn find(&self, package: &str, function: &str) -> Option<&T> {
        let unversioned = glob::without_major_version(package);
        let exact = [Some(package), unversioned]
            .into_iter()
            .flatten()
            .filter_map(|name| self.exact.get(name))
            .flatten();
        let hit = exact
            .filter(|&&index| {
                self.entries
                    .get(index)
                    .is_some_and(|(s, _)| s.names(function))
            })
            .chain(self.globs.iter().filter(|&&index| {
                self.entries
                    .get(index)
                    .is_some_and(|(s, _)| s.selects(package, function))
            }))
            .next()?;
        self.entries.get(*hit).map(|(_, value)| value)
    }
}

#[derive(Debug, Clone, Deserialize)]
struct Selector {
    package: Option<String>,
    #[serde(default)]
    packages: Vec<String>,
    #[serde(default)]
    except_packages: Vec<String>,
    functions: Vec<String>,
    #[serde(default)]
    except_functions: Vec<String>,
}

impl Selector {
    fn packages(&self) -> impl Iterator<Item = &String> {
        self.package.iter().chain(&self.packages)
    }

    fn names(&self, function: &str) -> bool {
        self.functions
            .iter()
            .any(|pattern| glob::name_matches(pattern, function))
            && !self
                .except_functions
                .iter()
                .any(|pattern| glob::name_matches(pattern, function))
    }

    fn selects(&self, package: &str, function: &str) -> bool {
        self.names(function)
            && self
                .packages()
                .any(|pattern| glob::path_matches(pattern, package))
            && !self
                .except_packages
                .iter()
                .any(|pattern| glob::path_matches(pattern, package))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    acquire: Vec<AcquireEntry>,
    #[serde(default)]
    effect: Vec<EffectEntry>,
    #[serde(default)]
    field: Vec<FieldEntry>,
    #[serde(default)]
    exit: Vec<ExitEntry>,
    #[serde(default)]
    error: Vec<ErrorEntry>,
    #[serde(default)]
    returns: Vec<ReturnsEntry>,
}

#[derive(Debug, Deserialize)]
struct EffectEntry {
    #[serde(flatten)]
    select: Selector,
    effect: CallEffect,
}

#[derive(Debug, Deserialize)]
struct ExitEntry {
    #[serde(flatten)]
    select: Selector,
}

#[derive(Debug, Deserialize)]
struct ReturnsEntry {
    #[serde(flatten)]
    select: Selector,
    results: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct ErrorEntry {
    #[serde(flatten)]
    select: Selector,
    test: ErrorTest,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldEntry {
    package: String,
    #[serde(rename = "type")]
    type_name: String,
    fields: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct AcquireEntry {
    #[serde(flatten)]
    select: Selector,
    rule: String,
    #[serde(rename = "type")]
    type_name: String,
    #[serde(default)]
    results: Vec<usize>,
    error: Option<i32>,
    release: Vec<String>,
    #[serde(default)]
    release_arguments: String,
    #[serde(default)]
    returns_error: bool,
    abort: Option<String>,
    #[serde(default)]
    commits: bool,
    #[serde(default)]
    two_results: bool,
    #[serde(default)]
    end_on_false: Vec<String>,
    #[serde(default)]
    end_on_error: Vec<String>,
    end_on_receive: Option<String>,
    #[serde(default)]
    acquired_after: Vec<String>,
    context_ends: Option<usize>,
    parent: Option<ParentEntry>,
    until: Option<String>,
    /// `asynctimerchan=1`: the `godebug` line with which it matters whatever the version.
    revived_by: Option<String>,
    /// The channel that is never closed: the field `C` of a ticker, or nothing where it is the value itself.
    endless_channel: Option<String>,
    #[serde(default)]
    endless_context: bool,
    /// Types of a first result, beside an error, that are owed whatever function gives them.
    #[serde(default)]
    of_type: Vec<String>,
    #[serde(default)]
    main_is_ok: bool,
    #[serde(default)]
    preview: bool,
    #[serde(default)]
    harm: Vec<HarmEntry>,
    #[serde(default)]
    cost: String,
    #[serde(default)]
    confidence: ConfidenceEntry,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ParentEntry {
    receiver: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum HarmEntry {
    Goroutines,
    Connections,
    Descriptors,
    Memory,
    Healed,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ConfidenceEntry {
    #[default]
    Certain,
    Likely,
}

impl AcquireEntry {
    fn into_contract(self) -> Contract {
        let mut harm = Harm::default();
        for kind in &self.harm {
            match kind {
                HarmEntry::Goroutines => harm.goroutines = true,
                HarmEntry::Connections => harm.connections = true,
                HarmEntry::Descriptors => harm.descriptors = true,
                HarmEntry::Memory => harm.memory = true,
                HarmEntry::Healed => harm.healed = true,
            }
        }
        Contract {
            rule: crate::rules::static_name(&self.rule),
            type_name: self.type_name,
            results: if self.results.is_empty() {
                vec![0]
            } else {
                self.results
            },
            beside: None,
            error: match self.error {
                None => ErrorAt::Last,
                Some(index) => usize::try_from(index).map_or(ErrorAt::Never, ErrorAt::Index),
            },
            release: Release {
                actions: self
                    .release
                    .iter()
                    .map(|text| ReleaseAction::parse(text))
                    .collect(),
                arguments: self.release_arguments,
                returns_error: self.returns_error,
                commits: self.commits,
                abort: self.abort,
                ends_on_false: self.end_on_false,
                ends_on_error: self.end_on_error,
            },
            two_results: self.two_results,
            end_on_receive: self.end_on_receive,
            acquired_after: self.acquired_after,
            context_ends: self.context_ends,
            parent: self.parent.map(|parent| parent.receiver),
            until: self
                .until
                .as_deref()
                .and_then(crate::contract::parse_version),
            revived_by: self.revived_by,
            endless_channel: self.endless_channel,
            endless_context: self.endless_context,
            main_is_ok: self.main_is_ok,
            preview: self.preview,
            harm,
            cost: self.cost,
            confidence: match self.confidence {
                ConfidenceEntry::Certain => Confidence::Certain,
                ConfidenceEntry::Likely => Confidence::Likely,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn shipped_files_are_read_without_a_problem() {
        let catalogue = Catalogue::shipped();
        assert_eq!(catalogue.problems, Vec::<String>::new());
        assert!(catalogue.contracts().count() > 50);
        for contract in catalogue.contracts() {
            assert!(
                !contract.rule.is_empty(),
                "{contract:?} names an unknown rule"
            );
        }
    }

    #[test]
    fn cloud_clients_match_whatever_the_service() {
        let catalogue = Catalogue::shipped();
        let rule =
            |package: &str, function: &str| catalogue.contract(package, function).map(|c| c.rule);
        let client = Some("unclosed-client");
        assert_eq!(rule("cloud.google.com/go/pubsub", "NewClient"), client);
        assert_eq!(
            rule("cloud.google.com/go/pubsub/v2", "NewClientWithConfig"),
            client
        );
        assert_eq!(
            rule("cloud.google.com/go/secretmanager/apiv1", "NewClient"),
            client
        );
        assert_eq!(
            rule(
                "cloud.google.com/go/kms/apiv1",
                "NewKeyManagementRESTClient"
            ),
            client
        );
        assert_eq!(
            rule(
                "cloud.google.com/go/kms/apiv1/kmspb",
                "NewKeyManagementServiceClient"
            ),
            None
        );
        assert_eq!(
            rule(
                "cloud.google.com/go/pubsublite/pscompat",
                "NewSubscriberClient"
            ),
            None
        );
        assert_eq!(
            catalogue
                .contract(
                    "cloud.google.com/go/pubsublite/pscompat",
                    "NewPublisherClient"
                )
                .unwrap()
                .release
                .words(),
            "Stop"
        );
    }

    #[test]
    fn major_versions_share_an_entry() {
        let catalogue = Catalogue::shipped();
        assert!(
            catalogue
                .contract("github.com/redis/go-redis/v9", "NewClient")
                .is_some()
        );
        assert!(
            catalogue
                .contract("github.com/jackc/pgx/v5", "Connect")
                .is_some()
        );
        assert!(catalogue.exits("log", "Logger.Fatalf"));
        assert!(catalogue.exits("testing", "common.Fatal"));
        assert_eq!(
            catalogue.effect("bufio", "NewReader"),
            Some(CallEffect::View)
        );
    }
}

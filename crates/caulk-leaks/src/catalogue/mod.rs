//! The catalogue, the shipped one and what a project adds to it: which calls acquire, what calls do with what is passed to them, which do
//! not return. Matched on import path and name alone, so that it speaks also where a dependency's
//! source is missing.

pub(crate) mod glob;
pub(crate) mod known_types;

mod entry;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::Deserialize;

use self::entry::{AcquireEntry, Entry, FieldEntry, File, ProjectEntry, RenamedEntry, Selector};
pub(crate) use self::entry::{PairEntry, SentenceEntry};
use crate::contract::{Contract, Origin};

/// The files of the catalogue: name, text.
const FILES: &[(&str, &str)] = &[
    ("aws.toml", include_str!("../../catalogue/aws.toml")),
    ("azure.toml", include_str!("../../catalogue/azure.toml")),
    ("caches.toml", include_str!("../../catalogue/caches.toml")),
    ("chains.toml", include_str!("../../catalogue/chains.toml")),
    ("columns.toml", include_str!("../../catalogue/columns.toml")),
    (
        "compression.toml",
        include_str!("../../catalogue/compression.toml"),
    ),
    (
        "containers.toml",
        include_str!("../../catalogue/containers.toml"),
    ),
    ("context.toml", include_str!("../../catalogue/context.toml")),
    (
        "convention.toml",
        include_str!("../../catalogue/convention.toml"),
    ),
    (
        "coordination.toml",
        include_str!("../../catalogue/coordination.toml"),
    ),
    (
        "databases.toml",
        include_str!("../../catalogue/databases.toml"),
    ),
    ("effects.toml", include_str!("../../catalogue/effects.toml")),
    ("errors.toml", include_str!("../../catalogue/errors.toml")),
    ("files.toml", include_str!("../../catalogue/files.toml")),
    ("git.toml", include_str!("../../catalogue/git.toml")),
    (
        "goroutines.toml",
        include_str!("../../catalogue/goroutines.toml"),
    ),
    ("google.toml", include_str!("../../catalogue/google.toml")),
    ("http.toml", include_str!("../../catalogue/http.toml")),
    ("kafka.toml", include_str!("../../catalogue/kafka.toml")),
    (
        "kubernetes.toml",
        include_str!("../../catalogue/kubernetes.toml"),
    ),
    ("kv.toml", include_str!("../../catalogue/kv.toml")),
    (
        "messaging.toml",
        include_str!("../../catalogue/messaging.toml"),
    ),
    ("native.toml", include_str!("../../catalogue/native.toml")),
    ("net.toml", include_str!("../../catalogue/net.toml")),
    ("objects.toml", include_str!("../../catalogue/objects.toml")),
    ("peers.toml", include_str!("../../catalogue/peers.toml")),
    (
        "postgres.toml",
        include_str!("../../catalogue/postgres.toml"),
    ),
    ("redis.toml", include_str!("../../catalogue/redis.toml")),
    ("remote.toml", include_str!("../../catalogue/remote.toml")),
    ("renamed.toml", include_str!("../../catalogue/renamed.toml")),
    ("sql.toml", include_str!("../../catalogue/sql.toml")),
    ("system.toml", include_str!("../../catalogue/system.toml")),
    ("tracing.toml", include_str!("../../catalogue/tracing.toml")),
];

/// What a call does with a resource that is passed to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CallEffect {
    /// Uses it during the call.
    Borrow,
    /// Reads it to its end during the call.
    Drain,
    /// Reads from it: its error says that there is nothing left.
    Read,
    /// Releases it.
    Close,
    /// Keeps it, and releases it or lives as long as the process.
    Keep,
    /// The result uses it and does not release it.
    View,
    /// The result owns it.
    Own,
    /// The same, and where the call fails it has released it.
    Take,
    /// The result is it.
    Pass,
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
    /// It states that a condition among its arguments is true.
    Holds,
    /// It states that it is false.
    Denies,
    /// It states that two of its arguments, the first behind what ends the test, are equal.
    Equates,
}

/// Contracts and effects by import path and name.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    acquires: Table<Contract>,
    effects: Table<(CallEffect, Origin)>,
    exits: Table<Origin>,
    free: Table<Origin>,
    starts: Table<Origin>,
    waits: Table<Origin>,
    error_tests: Table<ErrorTest>,
    returns: Table<Vec<String>>,
    typed: Table<String>,
    /// Indexes into `acquires` by package and name of a result's type.
    by_type: FxHashMap<String, FxHashMap<String, usize>>,
    /// Indexes into `acquires` by the type that is owed, of what is made for whoever asks and released by a method of its own.
    by_made_type: FxHashMap<String, usize>,
    borrowing_fields: Vec<FieldEntry>,
    pairs: Vec<PairEntry>,
    sentences: Vec<SentenceEntry>,
    renamed: Vec<RenamedEntry>,
    /// Patterns of packages that tests alone import.
    for_tests: Vec<String>,
    /// Indexes into `acquires`.
    endless: Vec<usize>,
    /// Patterns of packages of which values that are written out acquire: an entry names such a one `Transport{}`.
    written_out: BTreeSet<String>,
    /// Functions that release what they are passed, by their last name.
    takers: BTreeSet<String>,
    /// Files that could not be read, with the reason. Empty for the shipped files (tested).
    pub problems: Vec<String>,
}

/// An entry of a project that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractError {
    /// 1-based line on which the entry begins.
    pub line: u32,
    /// What is wrong, as a fragment.
    pub message: String,
}

impl Catalogue {
    /// The catalogue that caulk ships.
    pub fn shipped() -> &'static Catalogue {
        static SHIPPED: OnceLock<Catalogue> = OnceLock::new();
        SHIPPED.get_or_init(|| Catalogue::from_files(FILES))
    }

    /// The shipped catalogue with a project's own entries behind it: each the line on which it begins,
    /// and its table. An entry that names a package counts before one with a pattern for it; among
    /// equals the shipped one does.
    pub fn with_project(
        entries: impl IntoIterator<Item = (u32, toml::Table)>,
    ) -> Result<Catalogue, ContractError> {
        let mut catalogue = Catalogue::shipped().clone();
        for (line, table) in entries {
            let origin = Origin::Project { line };
            match ProjectEntry::read(table).map_err(|message| ContractError { line, message })? {
                ProjectEntry::Acquire(entry) => catalogue.acquire(*entry, origin),
                ProjectEntry::Effect(entry) => {
                    catalogue.effects.push(entry.select, (entry.effect, origin));
                }
                ProjectEntry::Exit(entry) => catalogue.exits.push(entry.select, origin),
                ProjectEntry::Free(entry) => catalogue.free.push(entry.select, origin),
            }
        }
        Ok(catalogue)
    }

    fn from_files(files: &[(&'static str, &str)]) -> Catalogue {
        let mut catalogue = Catalogue::default();
        // Every run waits for them.
        let read: Vec<_> = files
            .par_iter()
            .map(|(_, text)| toml::from_str::<File>(text))
            .collect();
        let renamed = read.iter().flatten().flat_map(|file| &file.renamed);
        catalogue.renamed = renamed.cloned().collect();
        for ((name, text), file) in files.iter().zip(read) {
            match file {
                Ok(file) => catalogue.add(file, name, text),
                Err(error) => catalogue.problems.push(format!("{name}: {error}")),
            }
        }
        catalogue
    }

    fn add(&mut self, file: File, name: &'static str, text: &str) {
        let mut problems = Vec::new();
        let mut checked = |start: usize, fault: Option<String>| {
            let line = line_of(text, start);
            problems.extend(fault.map(|fault| format!("{name}:{line}: {fault}")));
            Origin::Catalogue { file: name, line }
        };
        for entry in file.acquire {
            let origin = checked(entry.span().start, entry.get_ref().fault());
            let entry = entry.into_inner();
            for ty in &entry.of_type {
                let (package, name) = crate::types::split_canonical(ty);
                for path in self.paths_of(package) {
                    let names = self.by_type.entry(path).or_default();
                    names.insert(name.to_owned(), self.acquires.entries.len());
                }
            }
            self.acquire(entry, origin);
        }
        for entry in file.effect {
            let origin = checked(entry.span().start, entry.get_ref().fault());
            let entry = entry.into_inner();
            let select = entry.select.followed(&self.renamed);
            self.effects.push(select, (entry.effect, origin));
        }
        for (entries, table) in [
            (file.exit, &mut self.exits),
            (file.free, &mut self.free),
            (file.start, &mut self.starts),
            (file.wait, &mut self.waits),
        ] {
            for entry in entries {
                let origin = checked(entry.span().start, entry.get_ref().fault());
                table.push(entry.into_inner().select.followed(&self.renamed), origin);
            }
        }
        for entry in file.returns {
            checked(entry.span().start, entry.get_ref().fault());
            let entry = entry.into_inner();
            let select = entry.select.followed(&self.renamed);
            self.returns.push(select, entry.results);
        }
        for entry in file.typed {
            checked(entry.span().start, entry.get_ref().fault());
            let entry = entry.into_inner();
            let select = entry.select.followed(&self.renamed);
            self.typed.push(select, entry.type_name);
        }
        for entry in file.error {
            checked(entry.span().start, entry.get_ref().fault());
            let entry = entry.into_inner();
            let select = entry.select.followed(&self.renamed);
            self.error_tests.push(select, entry.test);
        }
        self.problems.extend(problems);
        self.borrowing_fields.extend(file.field);
        self.pairs.extend(file.pair);
        self.sentences.extend(file.sentence);
        let for_tests = file.tests.into_iter().flat_map(|entry| entry.packages);
        self.for_tests.extend(for_tests);
    }

    fn acquire(&mut self, entry: AcquireEntry, origin: Origin) {
        let select = entry.select.clone().followed(&self.renamed);
        let contract = entry.into_contract(origin);
        if contract.endless_channel.is_some() {
            self.endless.push(self.acquires.entries.len());
        }
        let takers = contract.release.taken_by.iter();
        self.takers.extend(takers.cloned());
        if contract.is_made_for_the_asking() {
            let index = self.acquires.entries.len();
            let (package, name) = crate::types::split_canonical(&contract.type_name);
            for path in self.paths_of(package) {
                let ty = format!("{path}.{name}");
                self.by_made_type.entry(ty).or_insert(index);
            }
        }
        if select.names_values() {
            self.written_out.extend(select.packages().cloned());
        }
        self.acquires.push(select, contract);
    }

    /// A package under each of its paths, today's first.
    fn paths_of(&self, package: &str) -> Vec<String> {
        let others = self.renamed.iter().flat_map(|entry| entry.others(package));
        std::iter::once(package.to_owned()).chain(others).collect()
    }

    /// The contract of a value of a named type that is written out: `net/http`, `Transport`.
    pub(crate) fn contract_of_value(&self, package: &str, name: &str) -> Option<&Contract> {
        let mut packages = self.written_out.iter();
        packages
            .any(|pattern| glob::path_matches(pattern, package))
            .then(|| self.contract(package, &format!("{name}{{}}")))
            .flatten()
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

    /// The contract of the functions that make a type, in whatever major version of its package.
    pub(crate) fn contract_of_makers(&self, package: &str, name: &str) -> Option<&Contract> {
        let of = |package: &str| self.by_made_type.get(&format!("{package}.{name}"));
        let index = *of(package).or_else(|| glob::without_major_version(package).and_then(of))?;
        self.acquires
            .entries
            .get(index)
            .map(|(_, contract)| contract)
    }

    /// What a call does with a resource among its arguments, where the catalogue says so.
    pub(crate) fn effect(&self, package: &str, function: &str) -> Option<CallEffect> {
        self.effects
            .find(package, function)
            .map(|(effect, _)| *effect)
    }

    /// The same, with who says so.
    pub(crate) fn effect_entry(
        &self,
        package: &str,
        function: &str,
    ) -> Option<&(CallEffect, Origin)> {
        self.effects.find(package, function)
    }

    /// Who says that a call never returns.
    pub(crate) fn exit_entry(&self, package: &str, function: &str) -> Option<&Origin> {
        self.exits.find(package, function)
    }

    /// Who says that a call owes nothing, whatever its documentation or its types say.
    pub(crate) fn free_entry(&self, package: &str, function: &str) -> Option<&Origin> {
        self.free.find(package, function)
    }

    /// The result types of a function as its `returns` entry writes them.
    pub(crate) fn returns(&self, package: &str, function: &str) -> Option<&[String]> {
        self.returns.find(package, function).map(Vec::as_slice)
    }

    /// The type of a variable or a field as its `typed` entry writes it.
    pub(crate) fn type_of(&self, package: &str, name: &str) -> Option<&str> {
        self.typed.find(package, name).map(String::as_str)
    }

    /// What a call says of an error among its arguments.
    pub(crate) fn error_test(&self, package: &str, function: &str) -> Option<ErrorTest> {
        self.error_tests.find(package, function).copied()
    }

    /// Whether tests, and what helps them, are all that imports a package.
    pub(crate) fn is_for_tests(&self, package: &str) -> bool {
        self.for_tests
            .iter()
            .any(|pattern| glob::path_matches(pattern, package))
    }

    /// Whether a call never returns.
    pub fn exits(&self, package: &str, function: &str) -> bool {
        self.exits.find(package, function).is_some()
    }

    /// Whether a call runs a function among its arguments in a goroutine of its own.
    pub(crate) fn starts_goroutine(&self, package: &str, function: &str) -> bool {
        self.starts.find(package, function).is_some()
    }

    /// Whether a field only borrows what is stored in it: `os/exec`, `Cmd`, `Stdout`.
    pub(crate) fn field_borrows(&self, package: &str, type_name: &str, field: &str) -> bool {
        self.borrowing_fields.iter().any(|entry| {
            entry.package == package
                && entry.type_name == type_name
                && entry.fields.iter().any(|f| f == field)
        })
    }

    /// Contracts of what has a channel that is never closed.
    pub(crate) fn endless(&self) -> impl Iterator<Item = &Contract> {
        self.endless
            .iter()
            .filter_map(|index| self.acquires.entries.get(*index))
            .map(|(_, contract)| contract)
    }

    /// Whether a function of this name releases what it is passed: `syscall.Munmap(data)`.
    pub(crate) fn may_take(&self, function: &str) -> bool {
        self.takers.contains(function)
    }

    /// Whether a call waits until goroutines of a group have ended.
    pub(crate) fn waits_for_group(&self, package: &str, function: &str) -> bool {
        self.waits.find(package, function).is_some()
    }

    /// Names of methods that hand out and take back.
    pub(crate) fn pairs(&self) -> &[PairEntry] {
        &self.pairs
    }

    /// Assertions that read as sentences.
    pub(crate) fn sentences(&self) -> &[SentenceEntry] {
        &self.sentences
    }

    /// All contracts in the order of the files.
    pub fn contracts(&self) -> impl Iterator<Item = &Contract> {
        self.acquires.entries.iter().map(|(_, contract)| contract)
    }
}

/// Entries selected by package and function; the first that matches wins, exact packages before globs.
#[derive(Debug, Clone)]
struct Table<T> {
    entries: Vec<(Selector, T)>,
    exact: FxHashMap<String, Vec<usize>>,
    globs: Vec<usize>,
    asked: ByPackage,
}

/// Which entries speak of a package, for those that were asked for: there are many calls of each.
#[derive(Debug, Default)]
struct ByPackage(RwLock<FxHashMap<String, Arc<OfPackage>>>);

/// The entries that speak of a package, in the order in which they count, and of those functions that were asked for the one that
/// counts.
#[derive(Debug)]
struct OfPackage {
    entries: Box<[usize]>,
    by_function: RwLock<FxHashMap<String, Option<usize>>>,
}

impl OfPackage {
    fn known(&self, function: &str) -> Option<Option<usize>> {
        let known = self.by_function.read();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        known.get(function).copied()
    }

    fn know(&self, function: &str, index: Option<usize>) {
        let known = self.by_function.write();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        known.insert(function.to_owned(), index);
    }
}

impl Clone for ByPackage {
    fn clone(&self) -> ByPackage {
        ByPackage::default()
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table {
            entries: Vec::new(),
            exact: FxHashMap::default(),
            globs: Vec::new(),
            asked: ByPackage::default(),
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
        self.asked = ByPackage::default();
    }

    fn find(&self, package: &str, function: &str) -> Option<&T> {
        let of_package = self.of_package(package);
        if of_package.entries.is_empty() {
            return None;
        }
        let index = of_package.known(function).unwrap_or_else(|| {
            let names = |index: &&usize| {
                let entry = self.entries.get(**index);
                entry.is_some_and(|(selector, _)| selector.names(function))
            };
            let index = of_package.entries.iter().find(names).copied();
            of_package.know(function, index);
            index
        });
        let (_, value) = self.entries.get(index?)?;
        Some(value)
    }

    fn of_package(&self, package: &str) -> Arc<OfPackage> {
        let asked = &self.asked.0;
        let known = asked.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(entries) = known.get(package) {
            return Arc::clone(entries);
        }
        drop(known);
        let unversioned = glob::unversioned(package);
        let exact = [Some(package), unversioned.as_deref()]
            .into_iter()
            .flatten()
            .filter_map(|name| self.exact.get(name))
            .flatten();
        let by_pattern = self.globs.iter().filter(|index| {
            self.entries
                .get(**index)
                .is_some_and(|(selector, _)| selector.speaks_of(package))
        });
        let of_package = Arc::new(OfPackage {
            entries: exact.chain(by_pattern).copied().collect(),
            by_function: RwLock::default(),
        });
        let mut known = asked.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(package.to_owned(), Arc::clone(&of_package));
        of_package
    }
}

/// The 1-based line of an offset.
fn line_of(text: &str, offset: usize) -> u32 {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    let newlines = memchr::memchr_iter(b'\n', before).count();
    u32::try_from(newlines + 1).unwrap_or(u32::MAX)
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
    fn packages_that_moved_share_an_entry() {
        let catalogue = Catalogue::shipped();
        let sarama = |path: &str| {
            catalogue
                .contract(path, "NewClient")
                .map(|found| found.rule)
        };
        assert!(sarama("github.com/IBM/sarama").is_some());
        assert_eq!(
            sarama("github.com/Shopify/sarama"),
            sarama("github.com/IBM/sarama")
        );
        assert!(catalogue.exits("github.com/Sirupsen/logrus", "Entry.Fatalf"));
        assert!(
            catalogue
                .contract("code.google.com/p/go.crypto/ssh", "Dial")
                .is_some()
        );
        assert!(
            catalogue
                .contract("github.com/Shopify/saramatest", "NewClient")
                .is_none()
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

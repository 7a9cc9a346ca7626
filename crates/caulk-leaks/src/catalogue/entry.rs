//! The form of an entry: as the shipped files have it in tables of their own (`[[acquire]]`,
//! `[[effect]]`, …), and a project in `[[contract]]`, where the keys say of which kind it is.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

use super::{CallEffect, ErrorTest};
use crate::catalogue::glob;
use crate::contract::{
    Contract, EmptyWhere, ErrorAt, Origin, Release, ReleaseAction, TakesOver, Written,
};
use crate::finding::{Confidence, Harm};

/// Which functions an entry speaks of.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Selector {
    package: Option<String>,
    #[serde(default)]
    packages: Vec<String>,
    #[serde(default)]
    except_packages: Vec<String>,
    /// Functions and methods; variables and fields where it speaks of types.
    #[serde(default, alias = "names")]
    functions: Vec<String>,
    #[serde(default)]
    except_functions: Vec<String>,
}

impl Selector {
    pub fn packages(&self) -> impl Iterator<Item = &String> {
        self.package.iter().chain(&self.packages)
    }

    /// Lets it speak of packages under their other paths too.
    pub fn followed(mut self, renamed: &[RenamedEntry]) -> Selector {
        let others = |packages: &mut dyn Iterator<Item = &String>| -> Vec<String> {
            packages
                .flat_map(|package| renamed.iter().flat_map(|entry| entry.others(package)))
                .collect()
        };
        let named = others(&mut self.package.iter().chain(&self.packages));
        self.packages.extend(named);
        let excepted = others(&mut self.except_packages.iter());
        self.except_packages.extend(excepted);
        self
    }

    pub fn names(&self, function: &str) -> bool {
        self.functions
            .iter()
            .any(|pattern| glob::name_matches(pattern, function))
            && !self
                .except_functions
                .iter()
                .any(|pattern| glob::name_matches(pattern, function))
    }

    /// Whether it speaks of values that are written out: `Transport{}`.
    pub fn names_values(&self) -> bool {
        self.functions.iter().any(|name| name.ends_with("{}"))
    }

    /// Whether a pattern for packages matches one.
    pub fn speaks_of(&self, package: &str) -> bool {
        self.packages()
            .any(|pattern| glob::path_matches(pattern, package))
            && !self
                .except_packages
                .iter()
                .any(|pattern| glob::path_matches(pattern, package))
    }
}

/// A file of the catalogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub acquire: Vec<Spanned<AcquireEntry>>,
    #[serde(default)]
    pub effect: Vec<Spanned<EffectEntry>>,
    #[serde(default)]
    pub field: Vec<FieldEntry>,
    #[serde(default)]
    pub exit: Vec<Spanned<BareEntry>>,
    #[serde(default)]
    pub free: Vec<Spanned<BareEntry>>,
    #[serde(default)]
    pub start: Vec<Spanned<BareEntry>>,
    #[serde(default)]
    pub wait: Vec<Spanned<BareEntry>>,
    #[serde(default)]
    pub error: Vec<Spanned<ErrorEntry>>,
    #[serde(default)]
    pub returns: Vec<Spanned<ReturnsEntry>>,
    #[serde(default)]
    pub typed: Vec<Spanned<TypedEntry>>,
    #[serde(default)]
    pub pair: Vec<PairEntry>,
    #[serde(default)]
    pub sentence: Vec<SentenceEntry>,
    #[serde(default)]
    pub tests: Vec<TestsEntry>,
    #[serde(default)]
    pub renamed: Vec<RenamedEntry>,
}

/// A package, with all below it, that goes by other import paths too.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenamedEntry {
    to: String,
    from: Vec<String>,
}

impl RenamedEntry {
    /// The other paths of a package that goes by the first.
    pub fn others(&self, package: &str) -> impl Iterator<Item = String> {
        let below = package
            .strip_prefix(&*self.to)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'));
        below
            .into_iter()
            .flat_map(|rest| self.from.iter().map(move |from| format!("{from}{rest}")))
    }
}

/// Packages that tests alone import, and what helps them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TestsEntry {
    pub packages: Vec<String>,
}

/// Methods that are called alike everywhere: what one of them hands out the other takes back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PairEntry {
    /// How the name of the first begins; what follows is the same in both.
    pub gives: String,
    /// How the name of the other begins, any of these.
    pub takes: Vec<String>,
}

/// Assertions that read as sentences: `Expect(err).To(HaveOccurred())`. By names alone, as they are mostly imported with a dot.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SentenceEntry {
    pub package: String,
    /// Functions and methods that take what is spoken of.
    pub subject: Vec<String>,
    /// Methods of their result that state what a matcher says, and those that state the opposite.
    pub holds: Vec<String>,
    pub denies: Vec<String>,
    /// What makes a matcher that fits a nil error alone, and one that fits other errors alone.
    pub nil: Vec<String>,
    pub error: Vec<String>,
    /// What makes one that fits what it is given alone.
    pub equal: Vec<String>,
    /// What makes one that fits true alone, and one that fits false alone.
    pub truth: Vec<String>,
    pub falsehood: Vec<String>,
}

/// The types of a function's results.
#[derive(Debug, Deserialize)]
pub(super) struct ReturnsEntry {
    #[serde(flatten)]
    pub select: Selector,
    pub results: Vec<String>,
    #[serde(flatten)]
    rest: Rest,
}

/// The type of variables of a package, and of fields as `Type.Field`.
#[derive(Debug, Deserialize)]
pub(super) struct TypedEntry {
    #[serde(flatten)]
    pub select: Selector,
    #[serde(rename = "type")]
    pub type_name: String,
    #[serde(flatten)]
    rest: Rest,
}

/// What calls say of an error.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorEntry {
    #[serde(flatten)]
    pub select: Selector,
    pub test: ErrorTest,
    #[serde(flatten)]
    rest: Rest,
}

/// What calls do with what is passed to them.
#[derive(Debug, Deserialize)]
pub(super) struct EffectEntry {
    #[serde(flatten)]
    pub select: Selector,
    pub effect: CallEffect,
    #[serde(flatten)]
    rest: Rest,
}

/// An entry whose table says everything else.
#[derive(Debug, Deserialize)]
pub(super) struct BareEntry {
    #[serde(flatten)]
    pub select: Selector,
    #[serde(flatten)]
    rest: Rest,
}

/// Fields that borrow what is stored in them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldEntry {
    pub package: String,
    #[serde(rename = "type")]
    pub type_name: String,
    pub fields: Vec<String>,
}

/// Keys that mean nothing.
type Rest = BTreeMap<String, toml::Value>;

/// A call that acquires.
#[derive(Debug, Deserialize)]
pub(super) struct AcquireEntry {
    #[serde(flatten)]
    pub select: Selector,
    #[serde(default = "usual_rule")]
    rule: String,
    #[serde(default = "any_type", rename = "type")]
    type_name: String,
    #[serde(default)]
    results: Vec<usize>,
    /// The argument that is owed instead of a result.
    argument: Option<usize>,
    /// Whether whoever made the argument need not read it.
    #[serde(default)]
    unread: bool,
    error: Option<i32>,
    release: Vec<String>,
    /// Functions, and methods of something else, that take it back as an argument.
    #[serde(default)]
    taken_by: Vec<String>,
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
    ended_in_error: Option<String>,
    /// The method that releases it and tells an error to the other end.
    with_error: Option<String>,
    /// The function and the field by which the same comes with an owner that can be released: `NewTicker.C`.
    owner: Option<String>,
    /// The method that starts what that function makes anew, for all turns of a loop.
    restarted_by: Option<String>,
    end_on_receive: Option<String>,
    #[serde(default)]
    waited_in_loop: bool,
    #[serde(default)]
    known_by: Vec<String>,
    /// The field that is set when it has ended.
    ended_if_set: Option<String>,
    /// What its fields say where it holds nothing.
    empty_where: Option<EmptyWhere>,
    /// Functions that find it again in the context that comes beside it.
    #[serde(default)]
    found_again_by: Vec<String>,
    /// Methods with which it begins to serve others, until it is released or the process ends.
    #[serde(default)]
    serves_after: Vec<String>,
    /// Whether reading it to its end gives back what it holds.
    #[serde(default)]
    spent_when_read: bool,
    #[serde(default)]
    named_only: bool,
    #[serde(default)]
    kept_only: bool,
    #[serde(default)]
    made_with: Vec<String>,
    takes_over: Option<TakesOver>,
    /// Fields of a value that is written out, any of which set means that nothing lasts.
    #[serde(default)]
    nothing_with: Vec<String>,
    /// Index of an argument with which nothing is held where it is nil.
    nothing_of_nil: Option<usize>,
    /// Index of the argument that is its duration.
    short_argument: Option<usize>,
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
    /// The field that is the error of the acquisition: `Error` of a transaction of gorm.
    error_field: Option<String>,
    /// Whether the release of its receiver releases it.
    #[serde(default)]
    of_parent: bool,
    /// Index of another result whose release ends this one too: the other end of a pipe.
    ended_with: Option<usize>,
    #[serde(default)]
    finishes: bool,
    /// Whether its release is asked for and frees nothing.
    #[serde(default)]
    holds_nothing: bool,
    /// Whether it is meant to run to its end unless another path releases it: a function that a timer calls.
    #[serde(default)]
    runs_to_its_end: bool,
    #[serde(default)]
    written: bool,
    /// Flags among the arguments with which it is opened to be written.
    #[serde(default)]
    written_with: Vec<String>,
    /// Types of a first result, beside an error, that are owed whatever function gives them.
    #[serde(default)]
    pub of_type: Vec<String>,
    #[serde(default)]
    main_is_ok: bool,
    #[serde(default)]
    once_is_ok: bool,
    #[serde(default)]
    preview: bool,
    #[serde(default)]
    slight: bool,
    #[serde(default)]
    harm: Vec<HarmEntry>,
    #[serde(default)]
    cost: String,
    #[serde(default)]
    confidence: ConfidenceEntry,
    #[serde(flatten)]
    rest: Rest,
}

fn usual_rule() -> String {
    "unclosed-resource".to_owned()
}

fn any_type() -> String {
    "*".to_owned()
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
    pub fn into_contract(self, origin: Origin) -> Contract {
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
        let abort = self.abort.as_deref().map(ReleaseAction::parse);
        let mut actions: Vec<ReleaseAction> = self
            .release
            .iter()
            .map(|text| ReleaseAction::parse(text))
            .collect();
        // What gives it up ends it as well, whether or not the entry says so twice.
        actions.extend(abort.filter(|abort| !actions.contains(abort)));
        Contract {
            rule: crate::rules::static_name(&self.rule),
            type_name: self.type_name,
            results: if self.results.is_empty() {
                vec![0]
            } else {
                self.results
            },
            argument: self.argument,
            unread: self.unread,
            beside: None,
            error: match self.error {
                None => ErrorAt::Last,
                Some(index) => usize::try_from(index).map_or(ErrorAt::Never, ErrorAt::Index),
            },
            release: Release {
                actions,
                taken_by: self.taken_by,
                arguments: self.release_arguments,
                returns_error: self.returns_error,
                commits: self.commits,
                abort: self.abort,
                ends_on_false: self.end_on_false,
                ends_on_error: self.end_on_error,
                ended_in_error: self.ended_in_error,
                with_error: self.with_error,
                owner: self.owner,
                restarted_by: self.restarted_by,
            },
            two_results: self.two_results,
            end_on_receive: self.end_on_receive,
            waited_in_loop: self.waited_in_loop,
            known_by: self.known_by,
            ended_if_set: self.ended_if_set,
            empty_where: self.empty_where,
            spent_when_read: self.spent_when_read,
            writer_waits: false,
            found_again_by: self.found_again_by,
            serves_after: self.serves_after,
            named_only: self.named_only,
            kept_only: self.kept_only,
            made_with: self.made_with,
            takes_over: self.takes_over,
            nothing_with: self.nothing_with,
            nothing_of_nil: self.nothing_of_nil,
            short_argument: self.short_argument,
            dynamic_type: None,
            optional: false,
            held_in: None,
            idle: false,
            idle_below: None,
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
            error_field: self.error_field,
            of_parent: self.of_parent,
            ended_with: self.ended_with,
            finishes: self.finishes || self.holds_nothing,
            holds_nothing: self.holds_nothing,
            where_it_fails: false,
            unreleasable: false,
            listed: false,
            runs_to_its_end: self.runs_to_its_end,
            written: Written {
                always: self.written,
                with: self.written_with,
            },
            main_is_ok: self.main_is_ok,
            once_is_ok: self.once_is_ok,
            preview: self.preview,
            slight: self.slight || self.holds_nothing,
            comes_read: false,
            harm,
            cost: self.cost,
            confidence: match self.confidence {
                ConfidenceEntry::Certain => Confidence::Certain,
                ConfidenceEntry::Likely => Confidence::Likely,
            },
            origin,
        }
    }
}

/// An entry that can be wrong in ways that its types do not show.
pub(super) trait Entry: DeserializeOwned {
    /// What is wrong with it, as a fragment.
    fn fault(&self) -> Option<String>;
}

impl Entry for AcquireEntry {
    fn fault(&self) -> Option<String> {
        if crate::rules::static_name(&self.rule).is_empty() {
            return Some(format!("there is no rule `{}`", self.rule));
        }
        if let Some(until) = &self.until
            && crate::contract::parse_version(until).is_none()
        {
            return Some(format!("`until` is no Go version: `{until}`"));
        }
        fault_of(&self.select, &self.rest)
    }
}

impl Entry for EffectEntry {
    fn fault(&self) -> Option<String> {
        fault_of(&self.select, &self.rest)
    }
}

impl Entry for ReturnsEntry {
    fn fault(&self) -> Option<String> {
        fault_of(&self.select, &self.rest)
    }
}

impl Entry for TypedEntry {
    fn fault(&self) -> Option<String> {
        fault_of(&self.select, &self.rest)
    }
}

impl Entry for ErrorEntry {
    fn fault(&self) -> Option<String> {
        fault_of(&self.select, &self.rest)
    }
}

impl Entry for BareEntry {
    fn fault(&self) -> Option<String> {
        fault_of(&self.select, &self.rest)
    }
}

fn fault_of(select: &Selector, rest: &Rest) -> Option<String> {
    if let Some(key) = rest.keys().next() {
        return Some(format!("unknown key `{key}`"));
    }
    if select.packages().next().is_none() {
        return Some("missing key `package`".to_owned());
    }
    select
        .functions
        .is_empty()
        .then(|| "missing key `functions`".to_owned())
}

/// An entry of a project's `[[contract]]`.
pub(super) enum ProjectEntry {
    Acquire(Box<AcquireEntry>),
    Effect(EffectEntry),
    Exit(BareEntry),
    Free(BareEntry),
}

impl ProjectEntry {
    /// Reads one table: with `effect` it says what calls do with an argument, with `exits` that they do
    /// not return, with `free` that they owe nothing; else it says what is owed.
    pub fn read(mut table: toml::Table) -> Result<ProjectEntry, String> {
        if table.contains_key("effect") {
            return entry(table).map(ProjectEntry::Effect);
        }
        for (key, make) in [
            ("exits", ProjectEntry::Exit as fn(BareEntry) -> ProjectEntry),
            ("free", ProjectEntry::Free),
        ] {
            match table.remove(key) {
                Some(toml::Value::Boolean(true)) => return entry(table).map(make),
                Some(_) => return Err(format!("`{key}` can only be true")),
                None => {}
            }
        }
        entry(table).map(|entry| ProjectEntry::Acquire(Box::new(entry)))
    }
}

fn entry<T: Entry>(table: toml::Table) -> Result<T, String> {
    let entry: T = table
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())?;
    match entry.fault() {
        Some(fault) => Err(fault),
        None => Ok(entry),
    }
}

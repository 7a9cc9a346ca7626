//! What an analysis publishes: acquisitions with their outcome, findings, coverage, problems.
//!
//! Everything here is plain data. Files are relative to the folder that was checked, with `/`;
//! lines and columns are 1-based, columns count bytes; spans are byte offsets into the file. All of it can be written
//! down and read back by the same build of caulk.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// The name of a rule, as the table of rules has it. A type of its own: `serde` would borrow a plain one from what it
/// reads.
pub type RuleName = &'static str;

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Location {
    /// File relative to the folder that was checked, with `/`.
    pub file: String,
    /// 1-based line of the first byte.
    pub line: u32,
    /// 1-based byte column of the first byte.
    pub column: u32,
    /// 1-based line just past the last byte.
    pub end_line: u32,
    /// 1-based byte column just past the last byte.
    pub end_column: u32,
    /// The same place as byte offsets into the file.
    pub span: ByteSpan,
}

/// A half-open range of bytes of one file.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct ByteSpan {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset just past the last byte.
    pub end: u32,
}

/// How much an unreleased resource hurts where it stands: harm × frequency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// In `main`, `init` and tests, where exit cleans up.
    Low,
    /// Acquired elsewhere, or healed by the collector, or cheap.
    Medium,
    /// Holds goroutines, connections or memory, and is acquired per request, per item or in a loop.
    High,
}

/// What a finding rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Confidence {
    /// A convention: a doc comment, a name, an interface's usual implementer.
    Likely,
    /// Every step was decided from source or from the catalogue.
    Certain,
}

/// How often a function is likely to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Heat {
    /// Reached only from tests.
    Test,
    /// Reached only from `main` or `init`: once per process.
    Once,
    /// Nothing is known of its callers.
    Unknown,
    /// Reached from a loop, or from a goroutine that is started again and again.
    Repeated,
    /// Reached from a handler of requests.
    Request,
}

/// Where the belief comes from that a call acquires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ContractSource {
    /// The catalogue shipped with caulk.
    Catalogue,
    /// The project's own configuration.
    Project,
    /// The source of the acquiring function.
    Source,
    /// The documentation of the acquiring function.
    Documentation,
    /// The types of its results alone.
    Convention,
}

/// What is acquired, by what, and what releases it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Resource {
    /// The Go type that is owed, without a pointer star: `cloud.google.com/go/pubsub.Client`.
    pub type_name: String,
    /// Canonical name of the acquiring function: `net/http.(*Client).Do`, `os.Open`.
    pub acquired_by: String,
    /// The release as a reader would say it: `Close`, `Stop`, `Body.Close`, `cancel()`.
    pub release: String,
    /// The variable or field that holds it (`client`, `s.conn`); none where it was discarded.
    pub variable: Option<String>,
    /// Who says so.
    pub contract_from: ContractSource,
    /// What an unreleased one keeps alive.
    pub harm: Harm,
    /// What one unreleased resource typically costs, in plain words; empty where nobody measured it.
    pub cost: String,
}

/// What an unreleased resource keeps alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Harm {
    /// Goroutines stay blocked.
    pub goroutines: bool,
    /// A network or database connection stays open or checked out.
    pub connections: bool,
    /// A file descriptor stays open.
    pub descriptors: bool,
    /// Heap memory, or memory outside the heap, stays reachable.
    pub memory: bool,
    /// The garbage collector releases it in the end (finalizer or cleanup).
    pub healed: bool,
}

impl Harm {
    /// Whether what is kept is memory alone, which comes free by itself.
    pub(crate) fn is_time_alone(self) -> bool {
        self.healed && !(self.goroutines || self.connections || self.descriptors)
    }
}

/// One step of the path that loses a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Where.
    pub location: Location,
    /// What happens there, as a fragment: `returns with client still open`.
    pub note: String,
}

/// What became of an acquisition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Some path loses it; the shortest such path, from the acquisition on.
    Owed(Vec<Step>),
    /// Released or handed to an owner on every path.
    Settled(Settlement),
    /// Not decided, with the reason as a fragment: `passed to store.Keep, whose source is not known`.
    Unknown {
        /// Why.
        why: String,
        /// Where the trail was lost.
        at: Option<Location>,
        /// Canonical name of the function that is called there, where one is.
        callee: Option<String>,
    },
}

impl Outcome {
    /// Settled, though no statement stands for it.
    pub(crate) fn settled_without_place(how: SettledBy) -> Self {
        Self::Settled(Settlement { how, at: None })
    }

    /// Not known, though no statement is to blame.
    pub(crate) fn unknown_without_place(why: &str) -> Self {
        Self::Unknown {
            why: why.to_owned(),
            at: None,
            callee: None,
        }
    }
}

/// How an acquisition was settled. Where paths differ, the first in source order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// In which way.
    pub how: SettledBy,
    /// Where.
    pub at: Option<Location>,
}

/// The ways to settle an obligation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SettledBy {
    /// Released here or by a callee, deferred or not.
    Released,
    /// Returned to the caller, which owes it now.
    Returned,
    /// Stored in a field, a collection or a variable that outlives the call.
    Stored,
    /// Stored in a package-level variable: lives as long as the process.
    ProcessLifetime,
    /// Sent on a channel.
    Sent,
    /// Passed to a function that takes ownership.
    HandedOver,
    /// A function that releases it was passed on: `t.Cleanup(func() { db.Close() })`.
    ReleaseHandedOver,
    /// Every path ends the process, panics, or never leaves the function.
    NeverReturns,
    /// Ended by something else that is released: a transaction by its context.
    ByParent,
}

/// An acquiring call and what became of it. Published also where undecided: run-time proof
/// matters most where the source cannot say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acquisition {
    /// The acquiring call expression.
    pub location: Location,
    /// What is acquired.
    pub resource: Resource,
    /// Rule that speaks of this kind of resource.
    #[serde(deserialize_with = "rule_name")]
    pub rule: RuleName,
    /// Runtime symbol of the function it stands in: `example.com/m/store.(*DB).Load.func1`.
    pub function: String,
    /// How often that function is likely to run.
    pub heat: Heat,
    /// Whether the call stands in a loop of its function.
    pub in_loop: bool,
    /// Owed, settled or unknown.
    pub outcome: Outcome,
}

/// A leak, or an order of statements that will become one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Name of the rule, as `caulk rules` lists it.
    #[serde(deserialize_with = "rule_name")]
    pub rule: RuleName,
    /// How bad.
    pub severity: Severity,
    /// Why it matters little, as a fragment for people; of low severity alone.
    pub low_because: Option<String>,
    /// How sure.
    pub confidence: Confidence,
    /// One plain sentence without a full stop.
    pub message: String,
    /// The acquiring call; of a goroutine that is written out where it is started, where it stays, and of a process, where it starts.
    pub location: Location,
    /// Where its path begins, if not there: the `go` statement, the call that makes the command.
    pub begun: Option<Location>,
    /// What leaks.
    pub resource: Resource,
    /// How it is lost.
    pub path: Vec<Step>,
    /// Runtime symbol of the enclosing function.
    pub function: String,
    /// How often that function is likely to run.
    pub heat: Heat,
    /// What an edit that ends the leak needs to know.
    pub fix: FixTemplate,
    /// Rule, package, declared function, acquirer and variable: the same wherever in its package it stands, and the
    /// same for several of a kind in one function.
    pub identity: String,
    /// A name for it, unique in an analysis: [`Self::identity`] and the ordinal among equals.
    pub fingerprint: String,
}

impl Finding {
    /// The expression that acquires; of a goroutine, [`Self::location`].
    pub fn acquired_at(&self) -> &Location {
        let made = self.begun.as_ref();
        made.filter(|_| self.resource.acquired_by != "go")
            .unwrap_or(&self.location)
    }

    /// The places that it may be asked for by: [`Self::location`] and [`Self::begun`].
    pub fn places(&self) -> Vec<&Location> {
        let mut places = vec![&self.location];
        places.extend(&self.begun);
        places
    }
}

/// What an edit that ends a leak needs to know. Spans are of [`Finding::location`]'s file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FixTemplate {
    /// The call that releases.
    pub release: ReleaseCall,
    /// How the value is held after the acquiring statement.
    pub held: Held,
    /// Which result of the acquiring call it is, and how many that has.
    pub result: (usize, usize),
    /// The result of the acquiring call that is an error.
    pub error_result: Option<usize>,
    /// The error variable assigned beside it.
    pub error_variable: Option<String>,
    /// The acquiring statement.
    pub statement: ByteSpan,
    /// The statement after which the value is known to be held: the check of the error, else the
    /// acquiring statement itself.
    pub after: ByteSpan,
    /// The `{…}` of the innermost function, declaration or literal, that holds the statement.
    pub body: ByteSpan,
    /// Whether the statement stands in a loop of that function, where a `defer` would pile up.
    pub in_loop: bool,
    /// Name of the variable of type `*testing.T`, `*testing.B` or `testing.TB` in scope.
    pub test_variable: Option<String>,
    /// Where control leaves with the resource still open.
    pub losing_exits: Vec<Exit>,
    /// On other paths the value is handed on (returned, stored): release on the losing exits only.
    pub handed_on: bool,
    /// Where that happens, or may; none for what is part of the value.
    pub handed_on_at: Vec<ByteSpan>,
    /// Statements that already release it, on some path or too early.
    pub releases: Vec<ByteSpan>,
    /// Calls that release it on some paths, and do not say on which.
    pub may_release: Vec<ByteSpan>,
    /// Reasons why a release in this function could close something still in use.
    pub obstacles: Vec<Obstacle>,
    /// Where it is kept, and nothing releases it.
    pub keeper: Option<Keeper>,
}

/// A field of a type of the module that keeps a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keeper {
    /// The name of the type.
    pub type_name: String,
    /// The field.
    pub field: String,
    /// Whether the release can be called on the field as it is declared.
    pub can_release: bool,
    /// Whether the field can be compared with nil.
    pub can_be_nil: bool,
    /// The release method of the type, which forgets the field; none where it has none.
    pub method: Option<String>,
}

/// The parts of a call that releases: `{value}{path}.{method}({arguments})`, or `{value}()`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReleaseCall {
    /// Field path from the value to what is released, with dots: `.Body`, or empty.
    pub path: String,
    /// Method; none where the value itself is called.
    pub method: Option<String>,
    /// What has the method instead, and is given the value: `bus` in `bus.Unsubscribe(sub)`.
    pub taker: Option<String>,
    /// Arguments as Go text: `ctx`, or empty.
    pub arguments: String,
    /// Whether it returns an error.
    pub returns_error: bool,
    /// Whether it commits what was written, so that its error matters and an error path should abort.
    pub commits: bool,
    /// The interface with that method which the value is asked for, where its variable is of one without: `io.Closer`.
    pub asserted: Option<String>,
    /// The method that aborts instead, on a path with an error: `Rollback`.
    pub abort: Option<String>,
    /// Whether it writes what was kept back and frees nothing, so that a path with an error needs no release.
    pub finishes: bool,
    /// The context among the arguments of the acquiring call whose end gives it up.
    pub context: Option<ByteSpan>,
    /// Whether there is no call that releases it, only the end of its context.
    pub by_context: bool,
    /// The function and the field of its result by which the same comes with an owner that can release it, where
    /// the call hides that: `NewTicker.C` for `time.Tick`.
    pub owner: Option<String>,
    /// The method that starts what that function makes anew, so that one serves for all turns of a loop: `Reset`.
    pub restarted_by: Option<String>,
    /// The method that releases it and tells an error to whoever uses the other end: `CloseWithError` of a pipe.
    pub with_error: Option<String>,
    /// Why it cannot be written here, as a fragment, whatever still needs the value: it takes arguments that are not known,
    /// or waits for a goroutine that may not have been started.
    pub impossible: Option<String>,
    /// The method that says whether reading it to the end ended in an error: `Err` of rows.
    pub ended_in_error: Option<String>,
    /// Whether it was opened to be written, so that the error of its release may be that of a write.
    pub written: bool,
}

/// How a value is held after the acquiring statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Held {
    /// In a variable that the release can name.
    Variable(String),
    /// Assigned to `_` at this span.
    Blank(ByteSpan),
    /// In a field or an element: the Go text of the place.
    Place(String),
    /// Nowhere: the call is a statement, or part of a larger expression.
    Nothing,
}

/// Where control leaves with a resource still open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// The statement that leaves; for [`ExitKind::End`] the closing brace.
    pub span: ByteSpan,
    /// In which way.
    pub kind: ExitKind,
    /// The exit returns an error that is known not to be nil there.
    pub with_error: bool,
    /// It returns all results of a call that takes the resource over, and leaves it where it fails.
    pub failing_call: bool,
}

/// In which way a resource is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ExitKind {
    /// A `return` statement.
    Return,
    /// The end of the body.
    End,
    /// The next iteration acquires again.
    NextIteration,
    /// The only variable that held it is assigned.
    Overwritten,
}

/// A reason why a release at the end of the function could close something still in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// Where.
    pub span: ByteSpan,
    /// What happens there, as a fragment: `returns topic, which is bound to client`.
    pub why: String,
}

/// A fact that limits what was checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Problem {
    /// Kind in kebab case: `missing-module`, `syntax`, `bound`.
    pub kind: String,
    /// What is missing or wrong.
    pub what: String,
    /// Where it was noticed: `go.mod:12`.
    pub place: String,
}

/// How much was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// Files read.
    pub files: usize,
    /// Functions with a body, literals not counted.
    pub functions: usize,
    /// Acquiring calls seen.
    pub acquisitions: usize,
    /// Those that are owed or settled.
    pub decided: usize,
}

/// The answer of a check: sorted, the same for the same input.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Analysis {
    /// Every acquiring call, by place.
    pub acquisitions: Vec<Acquisition>,
    /// Leaks, by place.
    pub findings: Vec<Finding>,
    /// Findings silenced by a comment in the source.
    pub suppressed: usize,
    /// How much was decided.
    pub coverage: Coverage,
    /// What limited the check.
    pub problems: Vec<Problem>,
}

impl Analysis {
    /// Adds the answer for other files of the same tree.
    pub(crate) fn add(&mut self, other: Analysis) {
        self.acquisitions.extend(other.acquisitions);
        self.findings.extend(other.findings);
        self.coverage.files += other.coverage.files;
        self.coverage.functions += other.coverage.functions;
        self.coverage.acquisitions += other.coverage.acquisitions;
        self.coverage.decided += other.coverage.decided;
        // What is missing in one build is mostly missing in the other too.
        self.problems.extend(other.problems);
        self.problems.sort();
        self.problems
            .dedup_by(|a, b| a.kind == b.kind && a.what == b.what);
    }

    pub(crate) fn sort_by_place(&mut self) {
        self.acquisitions
            .sort_by(|a, b| (&a.location, a.rule).cmp(&(&b.location, b.rule)));
        self.findings
            .sort_by(|a, b| (&a.location, a.rule).cmp(&(&b.location, b.rule)));
    }
}

/// The name of a rule as the table holds it.
fn rule_name<'de, D: Deserializer<'de>>(from: D) -> Result<RuleName, D::Error> {
    let name = String::deserialize(from)?;
    let rule = crate::rules::rule(&name);
    rule.map(|rule| rule.name)
        .ok_or_else(|| serde::de::Error::custom("there is no such rule"))
}

impl Severity {
    /// Harm × frequency.
    pub(crate) fn of(harm: Harm, heat: Heat, in_loop: bool) -> Self {
        let strong = (harm.goroutines || harm.connections || harm.memory) && !harm.healed;
        match heat {
            Heat::Test => Self::Low,
            Heat::Once if !in_loop => Self::Low,
            _ if strong && (in_loop || matches!(heat, Heat::Request | Heat::Repeated)) => {
                Self::High
            }
            _ => Self::Medium,
        }
    }

    /// Why what runs so seldom matters little.
    pub(crate) fn low_by(heat: Heat) -> Option<&'static str> {
        match heat {
            Heat::Test => Some("in a test"),
            Heat::Once => Some("it runs once in a process"),
            Heat::Unknown | Heat::Repeated | Heat::Request => None,
        }
    }

    /// The word of the output formats.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
        }
    }
}

impl Confidence {
    /// The word of the output formats.
    pub fn word(self) -> &'static str {
        match self {
            Confidence::Likely => "likely",
            Confidence::Certain => "certain",
        }
    }
}

impl ContractSource {
    /// The word of the output formats.
    pub fn word(self) -> &'static str {
        match self {
            ContractSource::Catalogue => "catalogue",
            ContractSource::Project => "caulk.toml",
            ContractSource::Source => "source",
            ContractSource::Documentation => "documentation",
            ContractSource::Convention => "convention",
        }
    }
}

impl Heat {
    /// The word of the output formats.
    pub fn word(self) -> &'static str {
        match self {
            Heat::Test => "test",
            Heat::Once => "once",
            Heat::Unknown => "unknown",
            Heat::Repeated => "repeated",
            Heat::Request => "request",
        }
    }
}

impl SettledBy {
    /// What happened, as a fragment.
    pub fn word(self) -> &'static str {
        match self {
            SettledBy::Released => "released",
            SettledBy::Returned => "returned",
            SettledBy::Stored => "stored",
            SettledBy::ProcessLifetime => "kept for the life of the process",
            SettledBy::Sent => "sent on a channel",
            SettledBy::HandedOver => "handed over",
            SettledBy::ReleaseHandedOver => "its release handed over",
            SettledBy::NeverReturns => "the function does not return",
            SettledBy::ByParent => "ended by its parent",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Heat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

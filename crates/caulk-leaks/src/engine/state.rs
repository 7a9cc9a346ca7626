//! What is known on one path: where the resource is, what is known of other variables, what will
//! run at exit.

use std::sync::Arc;

use caulk_program::LocalId;
use caulk_syntax::{ExprId, Span, StmtId};
use smol_str::SmolStr;

use crate::finding::SettledBy;

/// Longest field path of a [`Place`].
const MAX_PATH: usize = 2;

/// A variable, or a field of one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Place {
    pub root: LocalId,
    pub path: Vec<SmolStr>,
}

impl Place {
    pub fn of(root: LocalId) -> Place {
        Place {
            root,
            path: Vec::new(),
        }
    }

    /// What a path of fields leads to; none beyond the depth that is followed.
    pub fn at(root: LocalId, path: &FieldPath) -> Option<Place> {
        let place = Place::of(root).field(&path.outer)?;
        match &path.inner {
            None => Some(place),
            Some(inner) => place.field(inner),
        }
    }

    /// A field of it; none beyond the depth that is followed.
    pub fn field(mut self, name: &SmolStr) -> Option<Place> {
        self.path.push(name.clone());
        (self.path.len() <= MAX_PATH).then_some(self)
    }
}

/// A field, or a field of what is in a field, which is as deep as a [`Place`] leads.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FieldPath {
    pub outer: SmolStr,
    pub inner: Option<SmolStr>,
}

impl FieldPath {
    pub fn of(outer: SmolStr) -> FieldPath {
        FieldPath { outer, inner: None }
    }

    /// The field, where it is one of the value itself.
    pub fn only(&self) -> Option<&SmolStr> {
        self.inner.is_none().then_some(&self.outer)
    }
}

impl std::fmt::Display for FieldPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.outer)?;
        self.inner
            .iter()
            .try_for_each(|inner| write!(f, ".{inner}"))
    }
}

/// A field that holds the resource, or what is so many fields down the path of its release: `Result{Body: resp.Body}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Part {
    pub field: FieldPath,
    pub depth: usize,
}

impl Part {
    /// What a field of the whole is, where the part is in it.
    pub fn in_field(&self, name: &str) -> Option<Value> {
        if self.field.outer != name {
            return None;
        }
        let depth = self.depth;
        Some(match &self.field.inner {
            None => Value::At(depth),
            Some(inner) => Value::Owner(Some(Part {
                field: FieldPath::of(inner.clone()),
                depth,
            })),
        })
    }
}

/// How a value relates to the resource that is followed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    /// The resource, or a part of it: so many fields down the path of its release.
    At(usize),
    /// The error of the acquisition.
    Error,
    /// Another result of the acquisition, from which its success may be told.
    Companion,
    /// An error made from the acquisition's, which may be nil where that is not, or a truth value that says of the
    /// acquisition's what it is.
    DerivedError,
    /// A truth value: whether the acquisition succeeded is this or its opposite.
    Acquired(bool),
    /// An error whose being nil (or not) says that the resource is released; or a truth value, by which true is as nil.
    ReleasedIf { nil: bool },
    /// The error of a callee that leaves it open on some of the ways on which it fails, and is not followed otherwise, for
    /// this reason; whether it releases it on others of these.
    LeftIfError { why: Arc<str>, unlikely: bool },
    /// An error which says, where it is not nil, that not all that there is to read was copied.
    NotCopied,
    /// An error of reading from it: where it is not nil, or is `io.EOF` alone, there is nothing left to read.
    ReadError { any: bool },
    /// A truth value: where it is false the resource has ended, as rows have behind their last.
    More,
    /// What came of the channel of events of a watch: empty where that has ended, and the channel is closed.
    Event,
    /// A function that releases it when it is called.
    Releaser,
    /// A function literal of this body.
    Closure(ExprId),
    /// Holds the resource, or a part of it, in this field where that is known.
    Owner(Option<Part>),
    /// Reads from it or writes to it, and does not release it.
    View,
    /// Made from it, and of no use once it is released.
    Handle,
    /// A list of the function's own, which it is an element of.
    Listed,
}

impl Value {
    /// What holds this in a field, where that is known.
    pub fn within(&self, field: Option<SmolStr>) -> Value {
        let (inner, depth) = match self {
            Value::At(depth) => (None, *depth),
            Value::Owner(Some(part)) => match part.field.only() {
                Some(inner) => (Some(inner.clone()), part.depth),
                None => return Value::Owner(None),
            },
            Value::Owner(None) => return Value::Owner(None),
            _ => (None, 0),
        };
        Value::Owner(field.map(|outer| Part {
            field: FieldPath { outer, inner },
            depth,
        }))
    }

    /// Whether it is in what is in a field.
    pub fn is_deep(&self) -> bool {
        matches!(self, Value::Owner(Some(part)) if part.field.only().is_none())
    }

    /// Whether handing this on hands on the resource.
    pub fn holds(&self) -> bool {
        matches!(
            self,
            Value::At(_) | Value::Owner(_) | Value::Releaser | Value::Listed
        )
    }
}

/// What is known of a variable that is not related to the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fact {
    Nil,
    NonNil,
    True,
    False,
    /// The error of a function whose source never fails, as it is written today, or the answer of an assertion that holds.
    NeverFails,
}

/// What a `defer` statement will do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Deferred {
    /// Releases the resource.
    Release(StmtId),
    /// Runs a function literal.
    Closure(StmtId, ExprId),
    /// Does something with the resource that is not known.
    Unknown(StmtId, Arc<str>),
    /// Calls a release method of a variable that holds nothing yet: `defer r.Close()` before `r.f` is opened.
    Later(StmtId),
}

impl Deferred {
    pub fn stmt(&self) -> StmtId {
        match self {
            Deferred::Release(stmt)
            | Deferred::Closure(stmt, _)
            | Deferred::Unknown(stmt, _)
            | Deferred::Later(stmt) => *stmt,
        }
    }
}

/// Where an obligation stands on a path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Status {
    /// Nothing is held: not acquired yet, or the acquisition failed.
    Before,
    Owed,
    Released(Span),
    Settled(SettledBy, Span),
    /// Returned as this result, so many fields down; `owner` where inside something else.
    Returned {
        result: usize,
        value: Value,
        span: Span,
    },
    Unknown(Arc<str>, Span),
    /// The last variable that held it was assigned.
    Lost(StmtId),
}

impl Status {
    /// Whether nothing that follows can change it.
    pub fn is_final(&self) -> bool {
        !matches!(self, Status::Before | Status::Owed)
    }
}

/// What is known on one path. Equal states at the same block are the same path.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub status: Status,
    bindings: Vec<(Place, Value)>,
    facts: Vec<(LocalId, Fact)>,
    /// Conditions that are asked again, by number, and what they are.
    conditions: Vec<(usize, bool)>,
    /// Variables that a function literal made on the way may assign at any time: nothing stays known of them.
    loose: Vec<LocalId>,
    pub defers: Vec<Deferred>,
    /// A condition on the acquisition's error was not understood: it may have failed.
    pub doubt: bool,
    /// The acquisition's error was looked at and is nil.
    pub succeeded: bool,
    /// It may be nil, nothing but a test can tell, and there was none so far, nor a use.
    pub untested: bool,
    /// What there is to read of it was read to its end, or the context is over that it was asked for with.
    pub drained: bool,
    /// A condition holds on the way that the source gives no reason to expect.
    pub unlikely: bool,
    /// A callee has left it open, or what it did then is not known, for this reason.
    pub left: Option<(Arc<str>, Span)>,
}

impl State {
    pub fn new() -> State {
        State {
            status: Status::Before,
            bindings: Vec::new(),
            facts: Vec::new(),
            conditions: Vec::new(),
            loose: Vec::new(),
            defers: Vec::new(),
            doubt: false,
            succeeded: false,
            untested: false,
            drained: false,
            unlikely: false,
            left: None,
        }
    }

    pub fn get(&self, place: &Place) -> Option<&Value> {
        let index = self.bindings.binary_search_by(|(p, _)| p.cmp(place)).ok()?;
        self.bindings.get(index).map(|(_, value)| value)
    }

    /// Binds a place, or clears it and everything in it.
    pub fn bind(&mut self, place: Place, value: Option<Value>) {
        self.bindings
            .retain(|(p, _)| !(p.root == place.root && p.path.starts_with(&place.path)));
        if let Some(value) = value {
            let index = self.bindings.partition_point(|(p, _)| *p < place);
            self.bindings.insert(index, (place, value));
        }
    }

    /// A field is given something else: it no longer holds the resource, and what it is a field of no longer does by it.
    pub fn empty(&mut self, field: Place) {
        let around = Place::of(field.root);
        let is_by_it = |value: &Value| {
            matches!(value, Value::Owner(Some(part))
                if [&part.field.outer].into_iter().chain(&part.field.inner).eq(&field.path))
        };
        if self.get(&around).is_some_and(is_by_it) {
            self.bindings.retain(|(place, _)| *place != around);
        }
        self.bind(field, None);
    }

    /// Binds a place without forgetting what is in it.
    pub fn bind_around(&mut self, place: Place, value: Value) {
        if self.get(&place).is_none() {
            let index = self.bindings.partition_point(|(p, _)| *p < place);
            self.bindings.insert(index, (place, value));
        }
    }

    pub fn bindings(&self) -> impl Iterator<Item = &(Place, Value)> {
        self.bindings.iter()
    }

    /// Places that hold the resource.
    pub fn holders(&self) -> impl Iterator<Item = &Place> {
        self.bindings
            .iter()
            .filter(|(_, value)| value.holds())
            .map(|(place, _)| place)
    }

    /// Whether a variable is related to the resource. The error of a read is one like others.
    pub fn is_bound(&self, local: LocalId) -> bool {
        let is_related = |value: &Value| !matches!(value, Value::ReadError { .. });
        let mut bindings = self.bindings.iter();
        bindings.any(|(place, value)| place.root == local && is_related(value))
    }

    pub fn fact(&self, local: LocalId) -> Option<Fact> {
        let index = self.facts.binary_search_by(|(l, _)| l.cmp(&local)).ok()?;
        self.facts.get(index).map(|(_, fact)| *fact)
    }

    pub fn set_fact(&mut self, local: LocalId, fact: Option<Fact>) {
        self.facts.retain(|(l, _)| *l != local);
        if let Some(fact) = fact.filter(|_| self.loose.binary_search(&local).is_err()) {
            let index = self.facts.partition_point(|(l, _)| *l < local);
            self.facts.insert(index, (local, fact));
        }
    }

    /// Adds what a condition is; false where it is known to be the opposite.
    pub fn assume_condition(&mut self, key: usize, truth: bool) -> bool {
        match self.conditions.binary_search_by_key(&key, |(key, _)| *key) {
            Ok(index) => self
                .conditions
                .get(index)
                .is_none_or(|(_, known)| *known == truth),
            Err(index) => {
                self.conditions.insert(index, (key, truth));
                true
            }
        }
    }

    pub fn has_conditions(&self) -> bool {
        !self.conditions.is_empty()
    }

    pub fn forget_conditions(&mut self, which: impl Fn(usize) -> bool) {
        self.conditions.retain(|(key, _)| !which(*key));
    }

    /// A variable may be assigned at any time from here on.
    pub fn loosen(&mut self, local: LocalId) {
        self.set_fact(local, None);
        if let Err(index) = self.loose.binary_search(&local) {
            self.loose.insert(index, local);
        }
    }

    pub fn is_loose(&self, local: LocalId) -> bool {
        self.loose.binary_search(&local).is_ok()
    }

    pub fn forget_facts(&mut self) {
        self.facts.clear();
        self.conditions.clear();
    }

    /// A call that was passed it returns on some path without having released it, for this reason; the first such call counts.
    pub fn leave(&mut self, why: Arc<str>, call: Span) {
        if self.status == Status::Owed {
            self.left.get_or_insert((why, call));
        }
    }

    /// The acquisition failed, or what was held is no longer followed: nothing is held.
    pub fn reset(&mut self) {
        self.status = Status::Before;
        self.doubt = false;
        self.succeeded = false;
        self.untested = false;
        self.drained = false;
        self.unlikely = false;
        self.left = None;
        self.bindings
            .retain(|(_, value)| matches!(value, Value::Closure(_)));
        self.defers
            .retain(|deferred| matches!(deferred, Deferred::Closure(..) | Deferred::Later(_)));
    }

    /// Forgets what belongs to an acquisition that is over, but not the closures.
    pub fn error_is_known(&mut self) {
        self.doubt = false;
        self.succeeded = true;
        self.bindings.retain(|(_, value)| {
            !matches!(
                value,
                Value::Error | Value::DerivedError | Value::Acquired(_)
            )
        });
    }

    /// It was looked at, or used, and is not nil.
    pub fn is_there(&mut self) {
        if self.untested {
            self.untested = false;
            self.doubt = false;
        }
    }

    /// Why something that will run at exit may deal with it, where that is not known.
    pub fn pending_unknown(&self) -> Option<Arc<str>> {
        self.defers.iter().find_map(|deferred| match deferred {
            Deferred::Unknown(_, why) => Some(why.clone()),
            _ => None,
        })
    }

    /// Whether something that will run at exit can release it.
    pub fn has_pending_release(&self) -> bool {
        self.defers
            .iter()
            .any(|deferred| matches!(deferred, Deferred::Release(_)))
    }
}

impl State {
    /// Nothing is known any more.
    pub fn bind_nothing(&mut self) {
        self.bindings.clear();
        self.facts.clear();
        self.conditions.clear();
    }

    /// Keeps what also holds in another state.
    pub fn keep_common(&mut self, other: &State) {
        let theirs = &other.bindings;
        self.bindings
            .retain(|binding| theirs.binary_search_by(|(p, _)| p.cmp(&binding.0)).is_ok());
        self.facts.retain(|fact| other.facts.contains(fact));
        self.conditions
            .retain(|known| other.conditions.contains(known));
        for local in &other.loose {
            self.loosen(*local);
        }
    }
}

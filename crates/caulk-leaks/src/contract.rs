//! What it means that a call acquires.

use std::sync::Arc;

use crate::finding::{Confidence, ContractSource, Harm, Location, Step};

/// A call acquires: which result is owed, what releases it, what an unreleased one does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// The rule that speaks of it.
    pub rule: &'static str,
    /// The Go type that is owed, `*` where it follows from the call.
    pub type_name: String,
    /// The concrete type behind an interface that is owed, where it is known.
    pub dynamic_type: Option<String>,
    /// Indexes of the results that are owed.
    pub results: Vec<usize>,
    /// The argument that is owed instead of a result: the channel of `signal.Notify`.
    pub argument: Option<usize>,
    /// Whether the argument need not be read by whoever made it: closing it is what matters.
    pub unread: bool,
    /// Another result through which it can be released as well: the resource beside the function that releases it.
    pub beside: Option<usize>,
    /// Which result says that nothing was acquired.
    pub error: ErrorAt,
    /// What releases it.
    pub release: Release,
    /// Holds only where the call has two results (a constructor with an error).
    pub two_results: bool,
    /// The channel, a field or what a method gives, whose receive ends it: `C` of a timer, `Err` of a subscription.
    pub end_on_receive: Option<String>,
    /// The channel that is never closed, so that a range over it does not end: `C` of a ticker; empty where it is the
    /// value itself.
    pub endless_channel: Option<String>,
    /// It is a channel that is received from where it is made, and matters in a loop alone.
    pub waited_in_loop: bool,
    /// The argument that says how long it lasts; a short time does no harm.
    pub short_argument: Option<usize>,
    /// Fields by which others may know it, and release it without its maker: the number of a process.
    pub known_by: Vec<String>,
    /// The field that is set when it has ended: the state of a process.
    pub ended_if_set: Option<String>,
    /// What its fields say where it holds nothing.
    pub empty_where: Option<EmptyWhere>,
    /// What is let go in the expression that makes it is meant to be: owed only where a variable holds it.
    pub named_only: bool,
    /// What nobody keeps is meant to last as long as what gives it: owed only where a variable or a field holds it.
    pub kept_only: bool,
    /// Owed only where an argument is seen to be made with a call of one of these: `WithBatcher`.
    pub made_with: Vec<String>,
    /// Owed only where what it takes over is from elsewhere, and owed by nobody: a descriptor that a system call gives.
    pub takes_over: Option<TakesOver>,
    /// Fields of a value that is written out, any of which set means that nothing lasts: `DisableKeepAlives`.
    pub nothing_with: Vec<String>,
    /// Index of an argument where there is nothing to hold if it is nil: a decoder of no stream.
    pub nothing_of_nil: Option<usize>,
    /// Methods before which nothing is held: `Connect`.
    pub acquired_after: Vec<String>,
    /// Functions that find it again in the context that comes beside it: to drop it by name is not to lose it then.
    pub found_again_by: Vec<String>,
    /// Methods with which it begins to serve others, until it is released or the process ends.
    pub serves_after: Vec<String>,
    /// The result is a list of such: each of them is owed.
    pub listed: bool,
    /// Reading it to its end gives back what it holds.
    pub spent_when_read: bool,
    /// Whoever writes to its other end waits until all is read, or it is closed: nothing is held once it was read to its end.
    pub writer_waits: bool,
    /// It may be nil although there is no error: another result says so, or a test of it.
    pub optional: bool,
    /// The field that holds what is owed, and is nil where nothing is.
    pub held_in: Option<String>,
    /// Nothing is held until a method starts a goroutine; where a habit says that it is owed, until anything is done with it.
    pub idle: bool,
    /// Index of a context argument below which it only puts a context away: it is idle where that has no end.
    pub idle_below: Option<usize>,
    /// Index of the context argument whose cancellation ends it.
    pub context_ends: Option<usize>,
    /// Type of a receiver whose own release ends it at the latest: rows of a transaction.
    pub parent: Option<String>,
    /// The Go version from which an unreleased one does no harm.
    pub until: Option<(u32, u32)>,
    /// The `godebug` setting, as `name=value`, with which it does harm in any version.
    pub revived_by: Option<String>,
    /// Owed only where the context argument is known never to end.
    pub endless_context: bool,
    /// The field of the value that is the error of the acquisition.
    pub error_field: Option<String>,
    /// Whether the release of the receiver of the acquiring call releases it.
    pub of_parent: bool,
    /// Index of another result of the call whose own release ends this one too.
    pub ended_with: Option<usize>,
    /// Its release writes what was kept back, and frees nothing: owed only where it is never released and nothing fails.
    pub finishes: bool,
    /// Its release is asked for and frees nothing: whoever is given it by a function of the project owes it no more.
    pub holds_nothing: bool,
    /// Owed only where the function fails: what becomes of it otherwise is not said.
    pub where_it_fails: bool,
    /// It is held in a field that nothing in the module releases, of a value without a release.
    pub unreleasable: bool,
    /// It is meant to run to its end, unless some path releases it: owed only where another does.
    pub runs_to_its_end: bool,
    /// When it is opened to be written.
    pub written: Written,
    /// Never reported in `main.main`.
    pub main_is_ok: bool,
    /// Never reported in what runs once.
    pub once_is_ok: bool,
    /// Reported only when asked for.
    pub preview: bool,
    /// One costs so little, or is so often meant, that it is of low severity.
    pub slight: bool,
    /// Who gives it has read it to its end.
    pub comes_read: bool,
    /// What an unreleased one keeps alive.
    pub harm: Harm,
    /// Typical cost of one, in plain words.
    pub cost: String,
    /// What the contract rests on.
    pub confidence: Confidence,
    /// Who says so, and where.
    pub origin: Origin,
}

/// Who says what is believed of a function, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An entry of the shipped catalogue.
    Catalogue {
        /// Its file.
        file: &'static str,
        /// 1-based line on which the entry begins.
        line: u32,
    },
    /// An entry of the project's configuration.
    Project {
        /// 1-based line on which the entry begins.
        line: u32,
    },
    /// The function's source: from what it calls down to what is acquired, and what releases it.
    Source(Arc<[Step]>),
    /// A sentence of the function's documentation.
    Documentation {
        /// The sentence.
        sentence: Arc<str>,
        /// The function.
        at: Arc<Location>,
    },
    /// The types of the results alone.
    Convention,
    /// What others of the package do with the same.
    Habit,
    /// What others of the whole program do with the like of it.
    Custom,
    /// What the function that calls does with it on another path.
    OwnUse,
}

impl Origin {
    /// Who says so, as a fragment.
    pub(crate) fn who(&self) -> String {
        match self {
            Self::Catalogue { file, line } => format!("the catalogue ({file}:{line})"),
            Self::Project { line } => format!("caulk.toml:{line}"),
            Self::Source(_) => "its source".to_owned(),
            Self::Documentation { .. } => "its documentation".to_owned(),
            Self::Convention => "the types of its results".to_owned(),
            Self::Habit => "what others of the package do with it".to_owned(),
            Self::Custom => "what others of the program do with it".to_owned(),
            Self::OwnUse => "what becomes of it on another path".to_owned(),
        }
    }

    /// In one word.
    pub fn source(&self) -> ContractSource {
        match self {
            Origin::Catalogue { .. } => ContractSource::Catalogue,
            Origin::Project { .. } => ContractSource::Project,
            Origin::Source(_) => ContractSource::Source,
            Origin::Documentation { .. } => ContractSource::Documentation,
            Origin::Convention | Origin::Habit | Origin::Custom | Origin::OwnUse => {
                ContractSource::Convention
            }
        }
    }

    /// Whether no source, and nobody who knows it, says so.
    pub(crate) fn is_guess(&self) -> bool {
        self.source() == ContractSource::Convention
    }
}

impl Contract {
    /// Whether each who asks gets one of its own that connects to somewhere, and a method of it is all that it takes to release it.
    pub(crate) fn is_made_for_the_asking(&self) -> bool {
        self.type_name != "*"
            && matches!(self.rule, "unclosed-client" | "unclosed-connection")
            && self.results == [0]
            && self.release.path().is_empty()
            && !self.of_parent
            && self.parent.is_none()
            && self.acquired_after.is_empty()
            && self.made_with.is_empty()
            && self.takes_over.is_none()
    }

    /// Whether more than a guess says so: the catalogue without a doubt, or the source of what is called.
    pub(crate) fn is_told(&self) -> bool {
        self.confidence == Confidence::Certain || matches!(self.origin, Origin::Source(_))
    }

    /// Whether it certainly stays open until it is released, with something that is short: the collector does not close it.
    pub(crate) fn is_kept_open(&self) -> bool {
        let harm = &self.harm;
        self.confidence == Confidence::Certain
            && (harm.connections || harm.goroutines || harm.descriptors)
            && !harm.healed
            && self.rule.starts_with("unclosed-")
            && !self.release.actions.is_empty()
            && self.release.ends_on_false.is_empty()
            && !self.is_spent_when_read()
            && !self.idle
            && self.acquired_after.is_empty()
    }

    /// The same where whoever gets it has no way to release it, and loses it with what holds it.
    pub(crate) fn unreleasable(self) -> Contract {
        Contract {
            unreleasable: true,
            main_is_ok: true,
            held_in: None,
            confidence: Confidence::Likely,
            ..self
        }
    }

    /// Whether reading it to its end gives back what it holds: the connection of a body.
    pub(crate) fn is_spent_when_read(&self) -> bool {
        self.spent_when_read || self.rule == "unclosed-response-body"
    }

    /// A value that owes one of these methods, with nothing special about it.
    pub(crate) fn of(release: Release, confidence: Confidence, origin: Origin) -> Contract {
        Contract {
            rule: crate::rules::static_name("unclosed-resource"),
            type_name: "*".to_owned(),
            results: vec![0],
            argument: None,
            unread: false,
            beside: None,
            error: ErrorAt::Last,
            release,
            two_results: false,
            end_on_receive: None,
            endless_channel: None,
            waited_in_loop: false,
            known_by: Vec::new(),
            ended_if_set: None,
            empty_where: None,
            listed: false,
            spent_when_read: false,
            writer_waits: false,
            found_again_by: Vec::new(),
            serves_after: Vec::new(),
            named_only: false,
            kept_only: false,
            made_with: Vec::new(),
            takes_over: None,
            nothing_with: Vec::new(),
            nothing_of_nil: None,
            short_argument: None,
            dynamic_type: None,
            optional: false,
            held_in: None,
            idle: false,
            idle_below: None,
            acquired_after: Vec::new(),
            context_ends: None,
            parent: None,
            until: None,
            revived_by: None,
            endless_context: false,
            error_field: None,
            of_parent: false,
            ended_with: None,
            finishes: false,
            holds_nothing: false,
            where_it_fails: false,
            unreleasable: false,
            runs_to_its_end: false,
            written: Written::default(),
            main_is_ok: false,
            once_is_ok: false,
            preview: false,
            slight: false,
            comes_read: false,
            harm: Harm::default(),
            cost: String::new(),
            confidence,
            origin,
        }
    }
}

/// Whose result a call takes over, and with which argument.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakesOver {
    /// Index of the argument.
    pub argument: usize,
    /// Packages of the functions.
    pub from: Vec<String>,
}

/// The field of a value that says that it holds nothing: the status of a response without a body.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmptyWhere {
    /// The field.
    pub field: String,
    /// What it is then: numbers, or the last names of constants.
    pub is: Vec<String>,
    /// What it is besides where a test sent something: `net/http` redirects anything but `GET` without a body.
    #[serde(default)]
    pub is_when_sent: Vec<String>,
}

/// When a call opens something to be written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// Always.
    pub always: bool,
    /// Where one of these stands in an argument: `O_WRONLY`.
    pub with: Vec<String>,
}

impl Written {
    /// Whether a call with these arguments, as Go text, opens it so.
    pub fn is_met<'a>(&self, mut arguments: impl Iterator<Item = &'a [u8]>) -> bool {
        let named = |argument: &[u8]| {
            let text = String::from_utf8_lossy(argument);
            self.with.iter().any(|flag| text.contains(flag.as_str()))
        };
        self.always || arguments.any(named)
    }
}

/// Which result says that nothing was acquired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorAt {
    /// The last of several results.
    Last,
    /// This one.
    Index(usize),
    /// None: the call always acquires.
    Never,
}

impl ErrorAt {
    /// The index of the error among `results` results.
    pub fn index(self, results: usize) -> Option<usize> {
        match self {
            ErrorAt::Last => results.checked_sub(1).filter(|&last| last > 0),
            ErrorAt::Index(index) => (index < results).then_some(index),
            ErrorAt::Never => None,
        }
    }
}

/// What releases a resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Release {
    /// Any of these; the first is the one to write.
    pub actions: Vec<ReleaseAction>,
    /// Functions, and methods of something else, that take it back as an argument: `Unsubscribe`. Their last names alone.
    pub taken_by: Vec<String>,
    /// Arguments as Go text.
    pub arguments: String,
    /// Whether it returns an error.
    pub returns_error: bool,
    /// Whether it commits what was written.
    pub commits: bool,
    /// The method that aborts instead.
    pub abort: Option<String>,
    /// The method that releases it and tells an error to the other end.
    pub with_error: Option<String>,
    /// The function and the field of its result by which the same comes with an owner: `NewTicker.C`.
    pub owner: Option<String>,
    /// The method that starts what that function makes anew: `Reset`.
    pub restarted_by: Option<String>,
    /// Methods whose `false` releases it as well: `Next` of rows.
    pub ends_on_false: Vec<String>,
    /// The method that says whether that was for an error: `Err` of rows.
    pub ended_in_error: Option<String>,
    /// Methods whose error releases it as well: `Next` of an iterator.
    pub ends_on_error: Vec<String>,
}

/// A field path from the value, and the method called there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReleaseAction {
    /// Fields from the value to what is released: `["Body"]`.
    pub path: Vec<String>,
    /// The method; none where the value itself is called.
    pub method: Option<String>,
}

impl ReleaseAction {
    /// Reads `Close`, `Body.Close`, `()`.
    pub fn parse(text: &str) -> ReleaseAction {
        if text == "()" {
            return ReleaseAction {
                path: Vec::new(),
                method: None,
            };
        }
        let mut path: Vec<String> = text.split('.').map(str::to_owned).collect();
        let method = path.pop();
        ReleaseAction { path, method }
    }
}

impl Release {
    /// A release by one method of the value itself.
    pub fn method(name: &str) -> Release {
        Release::any_of([name])
    }

    /// A release by any of these methods of the value itself; the first is the one to write.
    pub fn any_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Release {
        let action = |name: &str| ReleaseAction {
            path: Vec::new(),
            method: Some(name.to_owned()),
        };
        Release {
            actions: names.into_iter().map(action).collect(),
            ..Release::default()
        }
    }

    /// The field path of the first action.
    pub fn path(&self) -> &[String] {
        self.actions.first().map_or(&[], |action| &action.path)
    }

    /// Whether a field, or a method's result, so many down leads on to what is released.
    pub fn leads(&self, depth: usize, name: &str) -> bool {
        let part = |action: &ReleaseAction| action.path.get(depth).is_some_and(|part| part == name);
        self.actions.iter().any(part)
    }

    /// Whether calling `method` on a value so many fields down releases.
    pub fn releases(&self, depth: usize, method: &str) -> bool {
        self.actions
            .iter()
            .any(|action| action.path.len() == depth && action.method.as_deref() == Some(method))
    }

    /// Whether calling `method` on the value at its field path releases.
    pub fn is_method(&self, method: &str) -> bool {
        self.actions
            .iter()
            .any(|action| action.method.as_deref() == Some(method))
    }

    /// Whether calling the value itself releases.
    pub fn is_call(&self) -> bool {
        self.actions.iter().any(|action| action.method.is_none())
    }

    /// Whether a function of this name takes the value back.
    pub fn is_taken_by(&self, function: &str) -> bool {
        self.taken_by.iter().any(|name| name == function)
    }

    /// The release as a reader would say it: `Body.Close`, `cancel()`, `Unsubscribe`.
    pub fn words(&self) -> String {
        match self.actions.first() {
            None => self.taken_by.first().cloned().unwrap_or_default(),
            Some(ReleaseAction { method: None, .. }) => "cancel()".to_owned(),
            Some(ReleaseAction {
                path,
                method: Some(method),
            }) => path
                .iter()
                .chain([method])
                .cloned()
                .collect::<Vec<_>>()
                .join("."),
        }
    }
}

/// Reads `1.23` of a `go` directive; a patch number or a release candidate is ignored.
pub(crate) fn parse_version(text: &str) -> Option<(u32, u32)> {
    let text = text.trim_start_matches("go");
    let (major, rest) = text.split_once('.')?;
    let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Methods that are taken for the release of a type that holds a resource, the usual first.
pub(crate) const RELEASE_METHODS: &[&str] = &[
    "Close",
    "Stop",
    "Shutdown",
    "Release",
    "Disconnect",
    "Destroy",
    "Cleanup",
    "CloseNow",
    "Done",
    "Finish",
    "Unlock",
    "Cancel",
    "Kill",
    "Wait",
    "Free",
    "Dispose",
    "End",
    "close",
    "stop",
    "shutdown",
    "release",
    "cleanup",
    "destroy",
];

/// Methods that may release too, where they do so to a field that holds something.
pub(crate) const RELEASES_OF_FIELDS: &[&str] = &[
    "Delete",
    "Terminate",
    "Teardown",
    "TearDown",
    "Detach",
    "Unmap",
    "Quit",
    "Exit",
    "Rollback",
];

/// Whether a method's name says that it releases.
pub(crate) fn is_release_name(name: &str) -> bool {
    RELEASE_METHODS.contains(&name)
        || [
            "Close",
            "Stop",
            "Shutdown",
            "Release",
            "Disconnect",
            "Teardown",
            "TearDown",
            "Cleanup",
            "close",
            "stop",
            "shutdown",
        ]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_go_directives() {
        assert_eq!(parse_version("1.23"), Some((1, 23)));
        assert_eq!(parse_version("go1.21.5"), Some((1, 21)));
        assert_eq!(parse_version("1.24rc1"), Some((1, 24)));
        assert_eq!(parse_version("master"), None);
    }
}

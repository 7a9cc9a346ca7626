//! Goroutines that can block for ever on a channel: a send that nobody receives, a wait for a close
//! that does not come.

mod abandoned;
mod again;
mod at_end;
mod begun;
mod by_turn;
mod described;
mod elsewhere;
mod failed;
mod failing;
mod forsaken;
mod gathering;
mod hurried;
mod itself;
mod lingers;
mod outlives;
mod paths;
mod polling;
mod progress;
mod round;
mod served;
mod several;
mod stranded;
mod told;
mod unanswered;
mod unasked;
mod unclosed;
mod undefaulted;
mod unended;
mod unhanded;
mod unreceived;
mod unsignalled;
mod untold;
mod waiting;
mod within;
mod workers;

use std::sync::Arc;

use caulk_program::{BodyOwner, FuncId, Object};
use caulk_syntax::{Descend, ExprId, Node, Span, StmtKind};

use crate::body::{Function, Root};
use crate::channels::made::{Started, channels, span_of, uses};
use crate::channels::produced::produced;
use crate::finding::{Heat, Location};
use crate::goroutines::Run;
use crate::module::Module;
use crate::place::location;
use served::Used;

pub(in crate::goroutines) use described::RULE;
pub(crate) use described::described;
pub(crate) use unreceived::left_in_channel;

/// A goroutine that waits on a channel which nobody serves any more.
#[derive(Clone)]
pub(crate) struct Blocked {
    /// The `go` statement, or the call that starts the goroutine.
    pub go: Node,
    /// Where it is started, if not in this function.
    pub started: Option<Started>,
    /// Where it waits: a send, or a range. In another function it is the `go` statement itself.
    pub waits: Span,
    /// Where that is, in a function that the goroutine runs or calls.
    pub within: Option<Location>,
    pub wait: Wait,
    pub channel: String,
    /// Where the channel is made.
    pub made: Span,
    /// Where its starter leaves.
    pub leaves: Span,
    /// Whether one element of room would let every send go through.
    pub single_send: bool,
    /// Whether it may be meant to serve for as long as the process runs, where its starter runs but once.
    pub may_serve: bool,
    /// Whether it is that of the last turn of a loop alone.
    pub is_last: bool,
    pub many: Many,
}

impl Blocked {
    /// A goroutine that waits where it starts, as far as can be told here.
    fn new(function: &Function, go: impl Into<Node>, wait: Wait, channel: String) -> Blocked {
        let go = go.into();
        let begun = span_of(function, go);
        Blocked {
            go,
            started: None,
            waits: begun,
            within: None,
            wait,
            channel,
            made: begun,
            leaves: begun,
            single_send: false,
            may_serve: false,
            is_last: false,
            many: Many::Likely,
        }
    }

    /// Whether a program has one of it, as far as can be told.
    pub fn is_slight(&self, heat: Heat) -> bool {
        match self.many {
            Many::Likely => false,
            Many::ByRequest => heat != Heat::Request,
            Many::Unseen => true,
        }
    }

    /// Whether its starter leaves with an error.
    pub fn is_left_by_failing(&self, function: &Function) -> bool {
        self.started.is_none()
            && gives_nil_last(function, function.root_of(self.go), self.leaves) == Some(false)
    }

    /// Whether it is seen to be more than one of a kind, or is one too many.
    pub fn is_left_behind(&self, heat: Heat) -> bool {
        match heat {
            Heat::Repeated | Heat::Request => true,
            // What its starter is given may end with the process, as what runs once does.
            Heat::Once if matches!(self.wait, Wait::Lingers | Wait::Polls) => false,
            _ => !self.may_serve,
        }
    }
}

/// What shows that a program has more than one goroutine of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Many {
    /// What it is, however often its starter runs.
    Likely,
    /// That each request starts one.
    ByRequest,
    /// Nothing.
    Unseen,
}

/// What a goroutine waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// That someone receives what it sends, where it looks elsewhere whether it is to end.
    Untold,
    /// The same, where it does not look at all whether those that receive may have left.
    Unasked,
    /// The same, where all that receive may have left.
    Abandoned,
    /// The same, of whoever calls a method of the value that it belongs to.
    Asked,
    /// The same, of whoever calls the function that sends.
    Stranded,
    /// That a goroutine sends, which may end without.
    Unanswered,
    /// For its own end.
    Itself,
    /// For a signal that there is none of.
    Unsignalled,
    /// For the end of a value, to release what its starter has released.
    Outlived,
    /// For the end of something that its starter is given, to guard what is over when that comes back.
    Lingers,
    /// Until something is so that it asks for again and again.
    Polls,
    /// For the end of something, as the goroutines do that the turns before have started.
    Gathered,
    /// That someone receives what it sends.
    Receive,
    /// That someone closes what it ranges over.
    Close,
    /// The same, which nobody ever does.
    Unclosed,
    /// That something comes on what nothing ever closes, again and again.
    Fed,
    /// The same, where there is no channel: the call that gives it has failed.
    Failed,
    /// That someone closes, or sends on, what it receives from.
    Signal,
    /// The same, which a release method does not do where something else fails that it releases.
    Failing,
    /// The same, or for the end of the value whose method starts it.
    Lasting,
    /// That someone receives what it sends, or for the end of the value whose method starts it.
    Held,
}

/// What a goroutine does where it hangs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hangs {
    Sends,
    Calls,
    Ranges,
    Waits,
}

impl Wait {
    fn hangs(self) -> Hangs {
        match self {
            Wait::Receive
            | Wait::Held
            | Wait::Untold
            | Wait::Unasked
            | Wait::Abandoned
            | Wait::Asked
            | Wait::Stranded => Hangs::Sends,
            Wait::Itself | Wait::Polls => Hangs::Calls,
            Wait::Close | Wait::Unclosed | Wait::Failed => Hangs::Ranges,
            Wait::Signal
            | Wait::Failing
            | Wait::Lasting
            | Wait::Unsignalled
            | Wait::Outlived
            | Wait::Lingers
            | Wait::Fed
            | Wait::Gathered
            | Wait::Unanswered => Hangs::Waits,
        }
    }
}

/// The goroutines of a body that can block for ever.
pub(crate) fn goroutines(module: &Module<'_>, function: &Function) -> Vec<Blocked> {
    let used: Vec<Used> = made(module, function)
        .chain(produced(module, function).into_iter().map(Used::from))
        .collect();
    let mut found: Vec<Blocked> = Vec::new();
    for one in &used {
        for blocked in served::blocked(module, function, one, &used) {
            // A goroutine that waits twice is one goroutine.
            if found.iter().all(|known| known.go != blocked.go) {
                found.push(blocked);
            }
        }
    }
    let others = forsaken::forsaken(module, function)
        .into_iter()
        .chain(untold::untold(module, function))
        .chain(outlives::outlives(module, function))
        .chain(lingers::lingers(module, function, &used))
        .chain(gathering::gathering(module, function))
        .chain(unsignalled::unsignalled(module, function))
        .chain(itself::itself(module, function))
        .chain(abandoned::abandoned(module, function))
        .chain(stranded::stranded(module, function))
        .chain(elsewhere::elsewhere(module, function))
        .chain(unended::unended(module, function))
        .chain(several::several(module, function))
        .chain(unclosed::unclosed(module, function))
        .chain(undefaulted::undefaulted(module, function))
        .chain(failed::failed(module, function))
        .chain(failing::failing(module, function))
        .chain(unhanded::unhanded(module, function, &used))
        .chain(unasked::unasked(module, function))
        .chain(by_turn::by_turn(module, function));
    for blocked in others {
        if found.iter().all(|known| known.go != blocked.go) {
            found.push(blocked);
        }
    }
    found
}

/// What waits so of the goroutines that a body starts. A test ends before it matters.
fn outside_of_tests(
    module: &Module<'_>,
    function: &Function,
    waits: impl Fn(Node, &Run) -> Option<Blocked>,
) -> Vec<Blocked> {
    if crate::in_test::is_in_test(module, function) {
        return Vec::new();
    }
    let starts = crate::goroutines::started(module, function).into_iter();
    starts
        .filter_map(|(start, run)| waits(start, &run))
        .collect()
}

/// The channels that a function makes, and all of whose uses are understood.
fn made<'a>(module: &'a Module<'_>, function: &'a Function) -> impl Iterator<Item = Used> + 'a {
    channels(module, function)
        .into_iter()
        .filter_map(|channel| {
            let uses = uses(module, function, &channel)?;
            Some(Used { channel, uses })
        })
}

/// Whether the last of what a function, or a literal of it, returns at a place is nil; none where nothing is returned there by name.
fn gives_nil_last(function: &Function, root: Root, at: Span) -> Option<bool> {
    let last = returned_last(function, root, at)?;
    Some(*function.info().object(function.tree().unparen(last)) == Object::Nil)
}

/// The last of what a function, or a literal of it, returns at a place.
fn returned_last(function: &Function, root: Root, at: Span) -> Option<ExprId> {
    let tree = function.tree();
    let mut last = None;
    tree.walk(function.graph(root)?.body, |node| {
        if let Node::Stmt(stmt) = node
            && let StmtKind::Return(results) = tree.stmt(stmt).kind
            && tree.stmt(stmt).span == at
        {
            last = tree.exprs(results).last().copied();
        }
        Descend::Into
    });
    last
}

/// Where a node of a function stands.
fn place_of(module: &Module<'_>, function: &Function, node: Node) -> Option<Location> {
    let file = caulk_flow::file_of(module.program, function.typed.owner)?;
    Some(location(module.program, file, span_of(function, node)))
}

/// A function of the project in the package of another: their fields can be told apart.
fn of_same_package(module: &Module<'_>, function: &Function, id: FuncId) -> Option<Arc<Function>> {
    let id = Some(id).filter(|id| module.is_own(*id))?;
    let callee = module.function(BodyOwner::Func(id))?;
    (callee.package == function.package).then_some(callee)
}

//! From a chain of the user's frames to the one place that is to blame.
//!
//! A growing stack usually shows several of the user's frames: a handler that calls a helper that
//! opens a connection. The deepest is nearest to the cause, but where the source says which call
//! acquires something that is owed, that call is the place.

use caulk_leaks::{Acquisition, Location, Outcome};

use crate::frames::{Frame, UserCode};
use crate::source::{Source, Store};

/// A place in the user's source, and what makes it the place.
#[derive(Debug, Clone, PartialEq)]
pub struct Anchor {
    /// The acquiring, starting or allocating expression.
    pub location: Location,
    /// The function it stands in, as the runtime names it.
    pub function: String,
    /// What stands there.
    pub kind: AnchorKind,
}

/// What stands at an anchor.
#[derive(Debug, Clone, PartialEq)]
pub enum AnchorKind {
    /// A call that acquires: an index into the acquisitions.
    Acquisition(usize),
    /// A `go` statement.
    GoStatement,
    /// A statement that keeps what it is given: a map insert, an append.
    Store(Store),
    /// Any other expression: a call, a composite literal.
    Expression,
}

impl AnchorKind {
    /// How much the kind explains, most first.
    fn rank(&self, acquisitions: &[Acquisition]) -> u8 {
        match self {
            AnchorKind::Acquisition(index) => match acquisitions.get(*index).map(|a| &a.outcome) {
                Some(Outcome::Owed(_)) => 0,
                Some(Outcome::Unknown { .. }) => 2,
                _ => 4,
            },
            AnchorKind::GoStatement => 1,
            AnchorKind::Store(_) | AnchorKind::Expression => 3,
        }
    }
}

/// Finds anchors: the user's code, its source, and what the source acquires.
pub struct Anchors<'a> {
    /// Which frames are the user's.
    pub code: &'a UserCode,
    /// What stands on a line.
    pub source: &'a dyn Source,
    /// What the source acquires.
    pub acquisitions: &'a [Acquisition],
}

impl Anchors<'_> {
    /// The anchor of a stack of the heap profile, where one of its frames is the user's.
    #[must_use]
    pub fn of_stack(&self, frames: &[Frame]) -> Option<Anchor> {
        self.best(frames.iter().map(|frame| (frame, Role::OnStack)))
    }

    /// The anchor of goroutines: their own frames, then the `go` statement that started them, then
    /// their ancestors from the nearest on.
    #[must_use]
    pub fn of_goroutines(&self, group: &crate::GoroutineGroup) -> Option<Anchor> {
        let own = group.own.iter().map(|frame| (frame, Role::OnStack));
        let started = group.created_by.iter().map(|frame| (frame, Role::Started));
        // An ancestor's own `go` statement is far from what its descendants lost: it is a call like
        // any other there.
        let ancestors = group
            .ancestors
            .iter()
            .flat_map(|ancestor| ancestor.frames.iter().chain(&ancestor.created_by))
            .map(|frame| (frame, Role::OnStack));
        let chain = own.chain(started).chain(ancestors);
        self.best(chain)
    }

    /// The first of the best kind: an acquisition that is owed, else the `go` statement of a
    /// goroutine of the user's own, else the deepest of the user's frames.
    fn best<'f>(&self, chain: impl Iterator<Item = (&'f Frame, Role)>) -> Option<Anchor> {
        chain
            .filter_map(|(frame, role)| self.at(frame, role))
            .enumerate()
            .min_by_key(|(position, anchor)| (anchor.kind.rank(self.acquisitions), *position))
            .map(|(_, anchor)| anchor)
    }

    fn at(&self, frame: &Frame, role: Role) -> Option<Anchor> {
        let file = self.code.file_of(frame)?;
        let function = frame.function.clone();
        if role == Role::Started
            && let Some(location) = self.source.go_statement(file, frame.line)
        {
            return Some(Anchor {
                location,
                function,
                kind: AnchorKind::GoStatement,
            });
        }
        let call = self
            .source
            .call(file, &function, frame.line, frame.after_call);
        if let Some(index) = self.acquisition(file, frame, call.as_ref()) {
            let location = self.acquisitions.get(index)?.location.clone();
            return Some(Anchor {
                location,
                function,
                kind: AnchorKind::Acquisition(index),
            });
        }
        if let Some(store) = self.source.store(file, &function, frame.line) {
            let location = store.location.clone();
            return Some(Anchor {
                location,
                function,
                kind: AnchorKind::Store(store),
            });
        }
        let location = call.or_else(|| self.source.line(file, frame.line))?;
        Some(Anchor {
            location,
            function,
            kind: AnchorKind::Expression,
        })
    }

    /// The acquisition at a frame: the one that the call of the frame is, else one whose call spans
    /// the line. Where several share the line, one that is owed.
    fn acquisition(&self, file: &str, frame: &Frame, call: Option<&Location>) -> Option<usize> {
        let in_file = || {
            self.acquisitions
                .iter()
                .enumerate()
                .filter(|(_, a)| a.location.file == file)
        };
        if let Some(call) = call
            && let Some((index, _)) = in_file().find(|(_, a)| a.location.span == call.span)
        {
            return Some(index);
        }
        if frame.after_call {
            return None;
        }
        in_file()
            .filter(|(_, a)| {
                a.location.line <= frame.line
                    && frame.line <= a.location.end_line.max(a.location.line)
            })
            .min_by_key(|(index, a)| (!matches!(a.outcome, Outcome::Owed(_)), *index))
            .map(|(index, _)| index)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// The frame was executing a call.
    OnStack,
    /// The frame is a `created by` line.
    Started,
}

//! The states of a hunt.

use crate::schedule::{Plan, Round};

/// Which program is meant: the user's, or the one with the fix laid over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// The program as it is.
    AsIs,
    /// The program built with the patched files laid over it.
    WithFix,
}

/// What a capture is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureRole {
    /// After the warm-up, before the first round: where growth is measured from.
    Baseline,
    /// After a round.
    Round,
    /// After the cool-down.
    CoolDown,
}

/// What the driver is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Build the program.
    Build(Variant),
    /// Start it and wait until it is ready.
    Start(Variant),
    /// Send the warm-up.
    WarmUp {
        /// Requests to send.
        requests: u64,
    },
    /// Send a round of load.
    Load(Round),
    /// Take a snapshot.
    Capture(CaptureRole),
    /// Say whether the snapshots so far are enough, in the run with the fix to tell it from the run
    /// without: answered by [`Answer::Judged`].
    Judge(Variant),
    /// Wait without load.
    CoolDown,
    /// End the program.
    Stop(Variant),
    /// Find the culprits and plan their fix: answered by [`Answer::Diagnosed`].
    Diagnose,
    /// Compare the run with the fix against the run without.
    Compare,
    /// Nothing is left to do.
    Finish,
}

/// What the snapshots so far allow to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Another round is needed.
    NeedMore,
    /// Sure, but for what a capture after a pause would show.
    NeedCoolDown,
    /// Sure.
    Sure,
}

/// How the last action went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// As it should.
    Done,
    /// The answer to [`Action::Judge`].
    Judged(Judgement),
    /// The answer to [`Action::Diagnose`].
    Diagnosed {
        /// Whether there is a fix to prove.
        fix: bool,
    },
    /// The program ended, or time ran out: go on with what was captured.
    CutShort,
    /// It could not be done. In the run as it is, the hunt is over; in the run with the fix, the
    /// fix stays unproved.
    Failed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Building(Variant),
    Starting(Variant),
    WarmingUp(Variant),
    Capturing(Variant, CaptureRole),
    Loading(Variant),
    Judging(Variant),
    Cooling(Variant),
    Stopping(Variant),
    Diagnosing,
    Comparing,
    Finished,
}

/// A hunt under way.
///
/// ```
/// use caulk_hunt::{Action, Answer, Hunt, Plan, Variant};
/// let plan = Plan { requests: 600, varied: false, can_rebuild: true, can_cool_down: true };
/// let mut hunt = Hunt::new(plan);
/// assert_eq!(hunt.action(), Action::Build(Variant::AsIs));
/// hunt.answer(Answer::Done);
/// assert_eq!(hunt.action(), Action::Start(Variant::AsIs));
/// ```
#[derive(Debug, Clone)]
pub struct Hunt {
    plan: Plan,
    state: State,
    /// Rounds sent in the run that is under way.
    sent: u32,
    /// What the run as it is took; the run with the fix repeats it.
    taken: u32,
    cooled: bool,
}

impl Hunt {
    /// A hunt that begins by building, or by starting where there is nothing to build.
    #[must_use]
    pub fn new(plan: Plan) -> Hunt {
        let state = if plan.can_rebuild {
            State::Building(Variant::AsIs)
        } else {
            State::Starting(Variant::AsIs)
        };
        Hunt {
            plan,
            state,
            sent: 0,
            taken: 0,
            cooled: false,
        }
    }

    /// What to do next.
    #[must_use]
    pub fn action(&self) -> Action {
        match self.state {
            State::Building(variant) => Action::Build(variant),
            State::Starting(variant) => Action::Start(variant),
            State::WarmingUp(_) => Action::WarmUp {
                requests: self.plan.warm_up(),
            },
            State::Capturing(_, role) => Action::Capture(role),
            State::Loading(_) => Action::Load(self.plan.round(self.sent)),
            State::Judging(variant) => Action::Judge(variant),
            State::Cooling(_) => Action::CoolDown,
            State::Stopping(variant) => Action::Stop(variant),
            State::Diagnosing => Action::Diagnose,
            State::Comparing => Action::Compare,
            State::Finished => Action::Finish,
        }
    }

    /// Takes how the last action went and moves on.
    pub fn answer(&mut self, answer: Answer) {
        self.state = match answer {
            Answer::Failed => self.after_failure(),
            Answer::CutShort => self.after_cut(),
            Answer::Judged(judgement) => self.after_judgement(judgement),
            Answer::Diagnosed { fix } if fix && self.plan.can_rebuild => {
                self.sent = 0;
                State::Building(Variant::WithFix)
            }
            Answer::Diagnosed { .. } => State::Finished,
            Answer::Done => self.after_success(),
        };
    }

    fn after_success(&mut self) -> State {
        match self.state {
            State::Building(variant) => State::Starting(variant),
            State::Starting(variant) => State::WarmingUp(variant),
            State::WarmingUp(variant) => State::Capturing(variant, CaptureRole::Baseline),
            State::Capturing(variant, CaptureRole::Baseline) => State::Loading(variant),
            State::Loading(variant) => {
                self.sent += 1;
                State::Capturing(variant, CaptureRole::Round)
            }
            State::Capturing(Variant::AsIs, CaptureRole::Round) => State::Judging(Variant::AsIs),
            State::Capturing(Variant::WithFix, CaptureRole::Round) => {
                if self.sent < self.taken {
                    State::Loading(Variant::WithFix)
                } else {
                    State::Judging(Variant::WithFix)
                }
            }
            State::Cooling(variant) => State::Capturing(variant, CaptureRole::CoolDown),
            State::Capturing(variant, CaptureRole::CoolDown) => State::Stopping(variant),
            State::Stopping(variant) => self.after_stop(variant),
            State::Judging(_) | State::Diagnosing | State::Comparing | State::Finished => {
                State::Finished
            }
        }
    }

    fn after_stop(&mut self, variant: Variant) -> State {
        match variant {
            Variant::AsIs => {
                self.taken = self.sent;
                State::Diagnosing
            }
            Variant::WithFix => State::Comparing,
        }
    }

    fn after_judgement(&mut self, judgement: Judgement) -> State {
        let State::Judging(variant) = self.state else {
            return State::Finished;
        };
        let spent = self.sent >= self.plan.rounds();
        if judgement == Judgement::NeedMore && !spent {
            return State::Loading(variant);
        }
        // The run with the fix cools down if the run without did.
        let cool = match variant {
            Variant::AsIs => judgement == Judgement::NeedCoolDown && self.plan.can_cool_down,
            Variant::WithFix => self.cooled,
        };
        if cool {
            self.cooled = true;
            return State::Cooling(variant);
        }
        State::Stopping(variant)
    }

    fn after_cut(&mut self) -> State {
        match self.state {
            // Nothing has been captured yet: there is nothing to go on with.
            State::Building(Variant::AsIs) | State::Starting(Variant::AsIs) => State::Finished,
            State::Diagnosing | State::Comparing | State::Finished => State::Finished,
            State::Judging(variant) => State::Stopping(variant),
            State::Building(variant) | State::Starting(variant) | State::WarmingUp(variant) => {
                State::Stopping(variant)
            }
            State::Capturing(variant, _) | State::Loading(variant) | State::Cooling(variant) => {
                State::Stopping(variant)
            }
            State::Stopping(variant) => self.after_stop(variant),
        }
    }

    fn after_failure(&self) -> State {
        match self.state {
            // A fix that does not build or start is judged like one that runs: by comparing.
            State::Building(Variant::WithFix) | State::Starting(Variant::WithFix) => {
                State::Comparing
            }
            _ => State::Finished,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a hunt to its end; `judge` answers each judgement, counted from 1.
    fn play(
        plan: Plan,
        judge: impl Fn(u32) -> Judgement,
        fix: bool,
        trouble: impl Fn(Action) -> Option<Answer>,
    ) -> Vec<Action> {
        let mut hunt = Hunt::new(plan);
        let mut judged = 0;
        let mut actions = Vec::new();
        while hunt.action() != Action::Finish {
            let action = hunt.action();
            actions.push(action);
            assert!(actions.len() < 200, "the hunt does not end: {actions:?}");
            hunt.answer(trouble(action).unwrap_or_else(|| match action {
                Action::Judge(Variant::AsIs) => {
                    judged += 1;
                    Answer::Judged(judge(judged))
                }
                Action::Judge(Variant::WithFix) => Answer::Judged(Judgement::Sure),
                Action::Diagnose => Answer::Diagnosed { fix },
                _ => Answer::Done,
            }));
        }
        actions
    }

    const PLAN: Plan = Plan {
        requests: 600,
        varied: true,
        can_rebuild: true,
        can_cool_down: true,
    };

    fn loads(actions: &[Action]) -> Vec<Round> {
        actions
            .iter()
            .filter_map(|a| {
                if let Action::Load(round) = a {
                    Some(*round)
                } else {
                    None
                }
            })
            .collect()
    }

    #[test]
    fn the_run_with_the_fix_repeats_the_load_of_the_run_without() {
        let sure_after_five = |n| {
            if n < 5 {
                Judgement::NeedMore
            } else {
                Judgement::Sure
            }
        };
        let actions = play(PLAN, sure_after_five, true, |_| None);
        let rounds = loads(&actions);
        assert_eq!(rounds.len(), 10);
        assert_eq!(rounds[..5], rounds[5..]);
        assert_eq!(actions.last(), Some(&Action::Compare));
    }

    #[test]
    fn the_run_with_the_fix_goes_on_until_it_can_be_told_from_the_run_without() {
        let unsure = |action| match action {
            Action::Judge(Variant::WithFix) => Some(Answer::Judged(Judgement::NeedMore)),
            _ => None,
        };
        let actions = play(PLAN, |_| Judgement::Sure, true, unsure);
        assert_eq!(loads(&actions).len(), 1 + PLAN.rounds() as usize);
    }

    #[test]
    fn without_a_fix_the_program_runs_once() {
        let actions = play(PLAN, |_| Judgement::Sure, false, |_| None);
        assert_eq!(loads(&actions).len(), 1);
        assert_eq!(actions.last(), Some(&Action::Diagnose));
    }

    #[test]
    fn the_budget_ends_a_hunt_that_is_never_sure() {
        let actions = play(PLAN, |_| Judgement::NeedMore, false, |_| None);
        assert_eq!(loads(&actions).len(), PLAN.rounds() as usize);
    }

    #[test]
    fn a_cool_down_is_taken_once_and_repeated_with_the_fix() {
        let actions = play(PLAN, |_| Judgement::NeedCoolDown, true, |_| None);
        let cooled = actions.iter().filter(|a| **a == Action::CoolDown).count();
        assert_eq!(cooled, 2);
        let refused = Plan {
            can_cool_down: false,
            ..PLAN
        };
        let actions = play(refused, |_| Judgement::NeedCoolDown, true, |_| None);
        assert!(!actions.contains(&Action::CoolDown));
    }

    #[test]
    fn a_program_that_dies_under_load_is_diagnosed_with_what_was_captured() {
        let dies = |action| match action {
            Action::Load(Round { index: 2, .. }) => Some(Answer::CutShort),
            _ => None,
        };
        let actions = play(PLAN, |_| Judgement::NeedMore, false, dies);
        assert!(actions.contains(&Action::Stop(Variant::AsIs)));
        assert_eq!(actions.last(), Some(&Action::Diagnose));
    }

    #[test]
    fn a_failed_build_ends_the_hunt_and_a_failed_patched_build_ends_in_the_comparison() {
        let first = |action| (action == Action::Build(Variant::AsIs)).then_some(Answer::Failed);
        assert_eq!(play(PLAN, |_| Judgement::Sure, true, first).len(), 1);
        let second = |action| (action == Action::Build(Variant::WithFix)).then_some(Answer::Failed);
        assert_eq!(
            play(PLAN, |_| Judgement::Sure, true, second).last(),
            Some(&Action::Compare)
        );
    }

    #[test]
    fn what_cannot_be_rebuilt_is_started_at_once_and_not_proved() {
        let plan = Plan {
            can_rebuild: false,
            ..PLAN
        };
        let actions = play(plan, |_| Judgement::Sure, true, |_| None);
        assert_eq!(actions.first(), Some(&Action::Start(Variant::AsIs)));
        assert!(!actions.contains(&Action::Build(Variant::WithFix)));
    }
}

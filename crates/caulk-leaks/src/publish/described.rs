//! From a walk's outcome to what is published: words, places, severity.

use caulk_flow::{Failing, symbol_of};
use caulk_program::{BodyOwner, SourceFile};
use caulk_syntax::{ExprKind, Node, Span, StmtKind};

use crate::body::Function;
use crate::engine::{Lost, Verdict};
use crate::finding::{
    Acquisition, Confidence, ExitKind, Finding, Heat, Held, Location, Outcome, Resource, SettledBy,
    Settlement, Severity, Step,
};
use crate::module::Module;
use crate::place::{byte_span, short_name, text};
use crate::publish::forgotten::Forgotten;
use crate::publish::turns::Turns;
use crate::sites::Site;

/// An acquisition with everything that its report needs.
pub(crate) struct Described<'a, 'p> {
    pub module: &'a Module<'p>,
    pub function: &'a Function,
    pub file: &'a SourceFile,
    pub site: &'a Site,
    pub verdict: &'a Verdict,
    pub heat: Heat,
    /// What ends as the function fails.
    pub failing: Failing,
    pub held: Held,
    pub in_loop: bool,
}

impl<'a, 'p> Described<'a, 'p> {
    pub fn new(
        module: &'a Module<'p>,
        function: &'a Function,
        file: &'a SourceFile,
        site: &'a Site,
        verdict: &'a Verdict,
        heat: Heat,
        failing: Failing,
    ) -> Described<'a, 'p> {
        let held = held(function, file, site);
        let in_loop = function.in_loop(site.call);
        Described {
            module,
            function,
            file,
            site,
            verdict,
            heat,
            failing,
            held,
            in_loop,
        }
    }

    /// Owed, settled or unknown.
    pub fn outcome(&self) -> Outcome {
        let outcomes = &self.verdict.outcomes;
        if self.is_ended_by_parent() {
            return Outcome::settled_without_place(SettledBy::ByParent);
        }
        if self.is_released_on_the_way_round() {
            return Outcome::unknown_without_place(
                "released earlier in the loop, under a condition",
            );
        }
        if self.is_for_another_turn() {
            return Outcome::unknown_without_place("another case of the loop goes on with it");
        }
        if self.is_left_unfinished() {
            return Outcome::unknown_without_place("an unfinished writer holds nothing by itself");
        }
        if self.is_meant_to_run() {
            return Outcome::settled_without_place(SettledBy::HandedOver);
        }
        if self.is_found_again() {
            return Outcome::unknown_without_place("ended by whoever finds it in its context");
        }
        if self.is_read_on() {
            return Outcome::unknown_without_place("something else goes on using it");
        }
        if !outcomes.owed.is_empty() {
            return if self.runs_once_by_right()
                || self.is_main() && (self.site.contract.main_is_ok || self.serves_to_the_end())
            {
                Outcome::settled_without_place(SettledBy::ProcessLifetime)
            } else {
                Outcome::Owed(self.path())
            };
        }
        if self.is_endless_defer() {
            return Outcome::Owed(self.path());
        }
        if let Some((why, at)) = &outcomes.unknown {
            return Outcome::Unknown {
                why: why.to_string(),
                callee: self.called_at(*at),
                at: (!at.is_empty()).then(|| self.location(*at)),
            };
        }
        if let Some(path) = self.overwritten_per_request() {
            return Outcome::Owed(path);
        }
        let released = outcomes.released_at.map(|at| (SettledBy::Released, at));
        let returned = outcomes.returned_at.map(|at| (SettledBy::Returned, at));
        let first = [released, outcomes.settled, returned]
            .into_iter()
            .flatten()
            .min_by_key(|(_, at)| *at);
        match first {
            Some((how, at)) => {
                let at = (!at.is_empty()).then(|| self.location(at));
                Outcome::Settled(Settlement { how, at })
            }
            None if matches!(self.function.typed.owner, BodyOwner::Initializer(..))
                && self.site.root.is_none() =>
            {
                Outcome::settled_without_place(SettledBy::ProcessLifetime)
            }
            // Every path ends the process or the test, or goes on for ever.
            None => Outcome::settled_without_place(SettledBy::NeverReturns),
        }
    }

    /// The function that the call at a place calls.
    fn called_at(&self, span: Span) -> Option<String> {
        let call = self.function.call_at(span)?;
        Some(self.function.callee(call).func()?.name.to_string())
    }

    pub(crate) fn location(&self, span: Span) -> Location {
        crate::place::location(self.module.program, self.file, span)
    }

    fn path(&self) -> Vec<Step> {
        let held = self
            .verdict
            .outcomes
            .owed
            .iter()
            // A path that nobody doubts before one that may lose nothing; else what a reader of the source comes to first.
            .min_by_key(|lost| {
                let is_spent = lost.drained && self.site.contract.is_spent_when_read();
                (lost.unlikely || is_spent, lost.span)
            });
        let Some(lost) = held else {
            let piled_up = self.verdict.outcomes.defer_in_loop;
            let at = piled_up.map_or(Span::default(), |piled_up| piled_up.at);
            return vec![Step {
                location: self.location(at),
                note: "deferred in a loop that does not end".to_owned(),
            }];
        };
        let mut exits: Vec<&Lost> = vec![lost];
        exits.extend(
            self.verdict
                .outcomes
                .owed
                .iter()
                .filter(|other| other.span != lost.span),
        );
        // As they stand in the source: that is how they are read.
        exits.sort_by_key(|lost| lost.span);
        let mut steps = Vec::new();
        if let Some(call) = lost.left_by
            && let Some(callee) = self.called_at(call)
        {
            steps.push(Step {
                location: self.location(call),
                note: format!(
                    "passed to {}, after which it is {} on some path",
                    short_name(&callee),
                    self.open_word()
                ),
            });
        }
        for (index, exit) in exits.into_iter().enumerate() {
            if let Some((span, truth)) = lost.turns.first().filter(|_| exit.span == lost.span)
                && !self.is_own_error_check(*span)
            {
                steps.push(Step {
                    location: self.location(*span),
                    note: format!("where {}", self.condition(*span, *truth)),
                });
            }
            let also = if index == 0 { "" } else { "also " };
            steps.push(Step {
                location: self.location(exit.span),
                note: format!("{also}{}", self.exit_note(exit)),
            });
        }
        steps.dedup_by(|b, a| a.location == b.location);
        steps
    }

    pub(crate) fn exit_note(&self, lost: &Lost) -> String {
        let held_by = lost
            .held_by
            .clone()
            .filter(|name| !name.is_empty() && name != "_");
        let what = match held_by {
            Some(name) => self.open_part(&name),
            None => self.what(),
        };
        let state = self.open_word();
        let state = if lost.drained && self.site.contract.is_spent_when_read() {
            format!("{state}, though read to its end")
        } else if self.site.contract.writer_waits {
            format!("{state}, and not read to its end")
        } else if let Some(parent) = self.kept_by() {
            format!("{state} until its {} ends", short_name(parent))
        } else {
            state.to_owned()
        };
        match lost.kind {
            ExitKind::Return => match &lost.failing_call {
                Some(call) => format!("returns with {what} {state} where {call} fails"),
                None => format!("returns with {what} {state}"),
            },
            ExitKind::End => format!("ends with {what} {state}"),
            ExitKind::NextIteration => {
                format!("acquired again in the next iteration with {what} {state}")
            }
            ExitKind::Overwritten => format!("{what} is overwritten while {state}"),
        }
    }

    /// What a reader calls it: the variable, else what it is.
    fn what(&self) -> String {
        match &self.held {
            Held::Variable(name) | Held::Place(name) => self.open_part(name),
            Held::Blank(_) | Held::Nothing => match self.noun() {
                VALUE => short_name(&self.site.type_name),
                noun => format!("the {noun}"),
            },
        }
    }

    /// What of a variable is open: of a response its body, or what else holds it.
    fn open_part(&self, name: &str) -> String {
        match (self.site.contract.rule, self.site.release.path()) {
            ("unclosed-response-body", [part, ..]) => format!("{name}.{part}"),
            _ => name.to_owned(),
        }
    }

    pub(super) fn open_word(&self) -> &'static str {
        match self.site.contract.rule {
            "uncalled-cancel" => "not called",
            "unstopped-ticker" | "unstopped-timer" | "unstopped-watcher" | "unstopped-iterator" => {
                "not stopped"
            }
            "unended-span" => "not ended",
            "unfinished-transaction" => "not finished",
            "unreleased-subscription" => "not released",
            "unwaited-process" => "not waited for",
            _ => "still open",
        }
    }

    pub(crate) fn done_word(&self) -> &'static str {
        match self.site.contract.rule {
            "uncalled-cancel" => "called",
            "unstopped-ticker" | "unstopped-timer" | "unstopped-watcher" | "unstopped-iterator" => {
                "stopped"
            }
            "unended-span" => "ended",
            "unfinished-transaction" => "committed or rolled back",
            "unreleased-subscription" => "released",
            "unwaited-process" => "waited for",
            _ => match self
                .site
                .release
                .actions
                .first()
                .and_then(|action| action.method.as_deref())
            {
                Some("Stop") => "stopped",
                Some("Disconnect") => "disconnected",
                Some("Release") => "released",
                None if self.site.contract.origin == crate::contract::Origin::Habit => "given back",
                _ => "closed",
            },
        }
    }

    /// What is spoken of, and what it comes from.
    pub(super) fn subject(&self) -> String {
        let by = short_name(&self.site.acquired_by);
        match &self.held {
            Held::Variable(name) | Held::Place(name) => {
                format!("{} from {by}", self.open_part(name))
            }
            _ => format!("the {} from {by}", self.noun()),
        }
    }

    fn message(&self) -> String {
        let outcomes = &self.verdict.outcomes;
        let subject = self.subject();
        let done = self.done_word();
        if matches!(self.held, Held::Blank(_)) {
            return format!("{subject} is discarded and so never {done}");
        }
        let some_end = !outcomes.released.is_empty()
            || outcomes.settled.is_some()
            || outcomes.returned.is_some()
            || outcomes.unknown.is_some()
            || outcomes.depends_on_returned;
        let overwritten = outcomes
            .owed
            .iter()
            .all(|lost| matches!(lost.kind, ExitKind::NextIteration | ExitKind::Overwritten));
        if overwritten {
            format!("{subject} is lost before it is {done}")
        } else if some_end || !outcomes.releases.is_empty() {
            format!("{subject} is not {done} on every path")
        } else {
            format!("{subject} is never {done}")
        }
    }

    fn noun(&self) -> &'static str {
        match self.site.contract.rule {
            "unclosed-client" => "client",
            "unclosed-response-body" => "response body",
            "unclosed-file" => "file",
            "unclosed-rows" => "result",
            "unclosed-statement" => "statement",
            "unfinished-transaction" => "transaction",
            "unclosed-connection" => "connection",
            "uncalled-cancel" => "cancel function",
            "unstopped-ticker" => "ticker",
            "unstopped-timer" => "timer",
            "unended-span" => "span",
            "unstopped-iterator" => "iterator",
            "unstopped-watcher" => "watcher",
            "unclosed-reader" => "reader",
            "unreleased-subscription" => "subscription",
            "unwaited-process" => "process",
            _ => VALUE,
        }
    }

    pub fn resource(&self) -> Resource {
        Resource {
            type_name: self.site.type_name.clone(),
            acquired_by: self.site.acquired_by.clone(),
            release: self.site.release.words(),
            variable: match &self.held {
                Held::Variable(name) | Held::Place(name) => Some(name.clone()),
                Held::Blank(_) | Held::Nothing => None,
            },
            contract_from: self.site.contract.origin.source(),
            harm: self.site.contract.harm,
            cost: self.site.contract.cost.clone(),
        }
    }

    pub fn symbol(&self) -> String {
        symbol_of(self.module.program, &self.function.typed, self.site.root)
    }

    pub fn acquisition(&self, outcome: Outcome) -> Acquisition {
        Acquisition {
            location: self.location(self.function.tree().expr(self.site.call).span),
            resource: self.resource(),
            rule: self.site.contract.rule,
            function: self.symbol(),
            heat: self.heat,
            in_loop: self.in_loop,
            outcome,
        }
    }

    fn confidence(&self) -> Confidence {
        self.site.contract.confidence
    }

    /// The leak.
    pub fn finding(&self, path: Vec<Step>) -> Finding {
        let (severity, low_because) = self.severity();
        let finding = self.finding_of(self.site.contract.rule, severity, self.message(), path);
        Finding {
            low_because: low_because.map(str::to_owned),
            ..finding
        }
    }

    pub(super) fn finding_of(
        &self,
        rule: &'static str,
        severity: Severity,
        message: String,
        path: Vec<Step>,
    ) -> Finding {
        let made = self.function.tree().expr(self.site.call).span;
        let made = self.location(made);
        let (location, begun) = match self.verdict.outcomes.begun_at {
            Some(at) => (self.location(at), Some(made)),
            None => (made, None),
        };
        let function = self.symbol();
        let resource = self.resource();
        let variable = resource.variable.as_deref().unwrap_or("_");
        let identity = crate::publish::fingerprint::identity(
            self.module,
            self.function,
            rule,
            &resource.acquired_by,
            variable,
        );
        Finding {
            rule,
            severity,
            low_because: Severity::low_by(self.heat).map(str::to_owned),
            confidence: self.confidence(),
            message,
            location,
            begun,
            resource,
            path,
            function,
            heat: self.heat,
            fix: crate::publish::template::template(self),
            identity,
            fingerprint: String::new(),
        }
    }

    /// A field that keeps it and is never released. Nothing in the function that acquires can put that right.
    pub fn forgotten(&self, forgotten: Forgotten) -> Finding {
        let keeper = forgotten.keeper;
        // Who has no release method may live as long as the process.
        let severity = match keeper.method.is_some() || self.is_made_again() {
            true => Severity::of(self.site.contract.harm, self.heat, self.in_loop),
            false => Severity::Low,
        };
        let mut finding =
            self.finding_of(forgotten.rule, severity, forgotten.message, forgotten.path);
        finding.confidence = Confidence::Likely;
        finding.fix.keeper = Some(keeper);
        finding
    }

    /// A deferred release that stands before the check of the error.
    pub fn early_release(&self) -> Option<Finding> {
        let at = self.verdict.outcomes.early_defer?;
        // Without a check behind it there is nothing to put right.
        let check = crate::publish::template::error_check(self.function, self.site, Some(at))?;
        if check.start < at.start {
            return None;
        }
        let severity = if self.site.release.path().is_empty() {
            Severity::Low
        } else {
            Severity::Medium
        };
        let message = format!(
            "{} is {} before its error is looked at",
            self.what(),
            self.done_word()
        );
        let step = Step {
            location: self.location(at),
            note: "deferred before the error is looked at".to_owned(),
        };
        Some(self.finding_of(
            "release-before-error-check",
            severity.min(severity_of_heat(self.heat)),
            message,
            vec![step],
        ))
    }

    /// A deferred release in the loop that acquires.
    pub fn defer_in_loop(&self) -> Option<Finding> {
        let (piled_up, turns) = self.piles_up()?;
        if self.comes_with_timer() || self.comes_in_first_turn() {
            return None;
        }
        let until = match turns {
            Turns::Endless => "that does not end",
            Turns::AsTheyCome => "that ends with what comes in",
            Turns::Listed => "until the function ends",
        };
        let message = format!(
            "{} is {} by a defer in a loop {until}",
            self.what(),
            self.done_word()
        );
        let step = Step {
            location: self.location(piled_up.at),
            note: format!("deferred in a loop {until}"),
        };
        let severity = Severity::of(self.site.contract.harm, self.heat, true);
        let most = match turns {
            // What each turn makes has run out before there are many.
            _ if self.is_timer_alone() => Severity::Low,
            Turns::Endless => Severity::High,
            // A body that each turn reads has given its connection back by then.
            Turns::AsTheyCome if !self.site.contract.is_spent_when_read() => Severity::Medium,
            Turns::AsTheyCome | Turns::Listed => Severity::Low,
        };
        let severity = severity.min(most);
        Some(self.finding_of("defer-in-loop", severity, message, vec![step]))
    }
}

/// What may be anything.
const VALUE: &str = "value";

fn severity_of_heat(heat: Heat) -> Severity {
    if heat == Heat::Test {
        Severity::Low
    } else {
        Severity::High
    }
}

/// How the acquired value is held after its statement.
fn held(function: &Function, file: &SourceFile, site: &Site) -> Held {
    let tree = function.tree();
    if site.argument.is_some()
        && let ExprKind::Call { args, .. } = tree.expr(site.call).kind
        && let Some(name) = site
            .contract
            .argument
            .and_then(|index| tree.ident(*tree.exprs(args).get(index)?))
    {
        return Held::Variable(name.to_owned());
    }
    let mut child = Node::Expr(site.call);
    loop {
        match function.parent(child) {
            Some(Node::Expr(expr)) => match tree.expr(expr).kind {
                ExprKind::Paren(_) => child = Node::Expr(expr),
                _ => return Held::Nothing,
            },
            Some(Node::Stmt(stmt)) => {
                return match tree.stmt(stmt).kind {
                    StmtKind::Assign { .. } => match site.target(function) {
                        Some(target) => match tree.expr(target).kind {
                            ExprKind::Ident(name) if tree.name(name) == "_" => {
                                Held::Blank(byte_span(name.span))
                            }
                            ExprKind::Ident(name) => Held::Variable(tree.name(name).to_owned()),
                            _ => Held::Place(text(file, tree.expr(target).span)),
                        },
                        None => Held::Nothing,
                    },
                    StmtKind::Decl(decl) => {
                        for spec in tree.specs(tree.gen_decl(decl).specs) {
                            if let caulk_syntax::SpecKind::Value(value) = spec.kind
                                && spec.span.encloses(tree.expr(site.call).span)
                                && let Some(name) = tree.names(value.names).get(site.result)
                            {
                                let text = tree.name(*name);
                                return if text == "_" {
                                    Held::Blank(byte_span(name.span))
                                } else {
                                    Held::Variable(text.to_owned())
                                };
                            }
                        }
                        Held::Nothing
                    }
                    _ => Held::Nothing,
                };
            }
            None => return Held::Nothing,
        }
    }
}

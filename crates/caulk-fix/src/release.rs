//! The text of a release, in the manner of the file it goes into.

use caulk_leaks::ReleaseCall;
use caulk_syntax::{AssignOp, ExprId, ExprKind, Node, StmtKind, Tree};

use crate::source::Source;

/// A release of one value.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    /// What is released: `f`, `resp.Body`, `cancel`.
    pub(crate) receiver: String,
    /// The call: `f.Close()`, `cancel()`.
    pub(crate) call: String,
    /// Whether the call's error is dropped when it stands alone.
    returns_error: bool,
    /// Whether the receiver is an `io.Closer`, which a helper could take.
    closer: bool,
    /// Whether the variable gets another value later, so that a closure would release that one.
    rebound: bool,
    /// Whether what is released may not be there, so that it is asked before.
    optional: bool,
    /// What is asked for then.
    asked: String,
    /// What asks the value for the interface that has its release, up to the block that has the answer.
    assertion: Option<String>,
    /// A call that has to go first.
    first: Option<String>,
}

/// The name of a value that was asked for the interface of its release.
const ASSERTED: &str = "closer";

impl Release {
    /// The call of `method` on what is released, or of the value itself, with arguments as Go text.
    pub(crate) fn new(
        value: &str,
        call: &ReleaseCall,
        method: Option<&str>,
        arguments: &str,
        rebound: bool,
    ) -> Self {
        let (receiver, assertion) = match &call.asserted {
            Some(interface) => {
                let asks = format!(
                    "if {ASSERTED}, ok := {value}{}.({interface}); ok {{",
                    call.path
                );
                (ASSERTED.to_owned(), Some(asks))
            }
            None => (format!("{value}{}", call.path), None),
        };
        Self {
            call: match (method, &call.taker) {
                (Some(method), Some(taker)) => format!("{taker}.{method}({receiver})"),
                (Some(method), None) => format!("{receiver}.{method}({arguments})"),
                (None, _) => format!("{value}({arguments})"),
            },
            asked: receiver.clone(),
            receiver,
            returns_error: call.returns_error,
            closer: method == Some("Close") && arguments.is_empty() && call.taker.is_none(),
            rebound,
            optional: false,
            assertion,
            first: None,
        }
    }

    /// The same, where the function around it asks whether a part of the value is there.
    pub(crate) fn asked_for(mut self, call: &ReleaseCall, body: &str) -> Self {
        self.optional =
            !call.path.is_empty() && body.contains(&format!("{} != nil", self.receiver));
        self
    }

    /// The same, where the value itself may not be there.
    pub(crate) fn where_held(mut self, value: &str) -> Self {
        self.optional = true;
        self.asked = value.to_owned();
        self
    }

    /// The same, behind a call of what is released that returns an error.
    pub(crate) fn behind(mut self, call: &str) -> Self {
        self.first = Some(format!("{}.{call}", self.receiver));
        self
    }

    /// The lines of it, under a question where it is optional. An interface that is nil is of no other one either.
    fn guarded(&self, lines: Vec<String>) -> Vec<String> {
        let question = match &self.assertion {
            Some(asks) => asks.clone(),
            None if self.optional => format!("if {} != nil {{", self.asked),
            None => return lines,
        };
        let inner = lines.iter().map(|line| format!("\t{line}"));
        std::iter::once(question)
            .chain(inner)
            .chain(["}".to_owned()])
            .collect()
    }

    /// The function without parameters and results that the call is of, which can be handed on as it is: it keeps
    /// the value that it has now, whatever the variable gets later.
    pub(crate) fn plain_function(&self) -> Option<&str> {
        self.call
            .strip_suffix("()")
            .filter(|function| *function == self.receiver && !self.returns_error)
    }

    /// Whether its error is that of one call, which nothing has to be asked or done before.
    pub(crate) fn is_direct(&self) -> bool {
        self.returns_error && !self.optional && self.assertion.is_none() && self.first.is_none()
    }

    /// Whether the variable gets another value later.
    pub(crate) fn is_rebound(&self) -> bool {
        self.rebound
    }
}

/// A function of the project that closes what it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Helper {
    name: String,
    /// What the file gives it.
    given: Vec<String>,
}

impl Helper {
    /// Whether it takes what a release closes, as far as what it is given elsewhere shows: the same field of a value, the
    /// same variable, or variables of any kind.
    fn takes(&self, release: &Release) -> bool {
        fn field(value: &str) -> Option<&str> {
            value.split_once('.').map(|(_, field)| field)
        }
        let receiver = release.receiver.as_str();
        let mut alike = self
            .given
            .iter()
            .filter(|given| field(given) == field(receiver));
        let Some(first) = alike.next().filter(|_| release.closer) else {
            return false;
        };
        field(receiver).is_some() || first == receiver || alike.any(|other| other != first)
    }

    fn call(&self, release: &Release) -> String {
        format!("{}({})", self.name, release.receiver)
    }
}

/// How a file defers a release whose error it does not want.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Deferred {
    /// `defer f.Close()`
    Plain,
    /// `defer func() { _ = f.Close() }()`, on one line or on three.
    Discarding { one_line: bool },
    /// `defer closeQuietly(f)`
    Helper(Helper),
}

/// How a file releases.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    deferred: Deferred,
    /// `_ = f.Close()` rather than `f.Close()`.
    discards: bool,
    /// The comment that stands behind every deferred release, such as `//nolint:errcheck`.
    comment: Option<String>,
}

impl Style {
    /// The style that most releases of the file have. Where it has none, the plain one, unless a linter is
    /// `strict` with errors that are dropped in silence.
    pub(crate) fn of(source: &Source, strict: bool) -> Self {
        let mut count = Counts::default();
        for body in source.bodies() {
            body.tree.walk(body.block, |node| {
                if let Node::Stmt(id) = node {
                    count.statement(source, &body.tree, id);
                }
                caulk_syntax::Descend::Into
            });
        }
        if strict && count.is_empty() {
            count.lines = 1;
        }
        count.style()
    }

    /// The lines of a deferred release.
    pub(crate) fn deferred(&self, release: &Release) -> Vec<String> {
        release.guarded(self.deferred_plainly(release))
    }

    fn deferred_plainly(&self, release: &Release) -> Vec<String> {
        let comment = self
            .comment
            .as_deref()
            .map_or(String::new(), |text| format!(" {text}"));
        let plain = vec![format!("defer {}{comment}", release.call)];
        if !release.returns_error {
            return vec![format!("defer {}", release.call)];
        }
        match &self.deferred {
            Deferred::Helper(helper) if helper.takes(release) => {
                vec![format!("defer {}", helper.call(release))]
            }
            Deferred::Discarding { .. } if release.rebound => plain,
            Deferred::Discarding { one_line: true } => {
                vec![format!("defer func() {{ _ = {} }}()", release.call)]
            }
            Deferred::Discarding { one_line: false } => vec![
                "defer func() {".to_owned(),
                format!("\t_ = {}", release.call),
                "}()".to_owned(),
            ],
            Deferred::Plain | Deferred::Helper(_) => plain,
        }
    }

    /// The lines of a release that happens at once.
    pub(crate) fn statement(&self, release: &Release) -> Vec<String> {
        let text = match &self.deferred {
            Deferred::Helper(helper) if helper.takes(release) && release.returns_error => {
                helper.call(release)
            }
            _ if self.discards && release.returns_error => format!("_ = {}", release.call),
            _ => release.call.clone(),
        };
        let discards = if self.discards { "_ = " } else { "" };
        let first = release.first.iter();
        let lines = first.map(|first| format!("{discards}{first}"));
        release.guarded(lines.chain([text]).collect())
    }
}

/// How often each way to release stands in a file.
#[derive(Default)]
struct Counts {
    plain: usize,
    one_line: usize,
    lines: usize,
    helpers: Vec<Helper>,
    bare: usize,
    discarded: usize,
    comments: Vec<Option<String>>,
}

impl Counts {
    fn statement(&mut self, source: &Source, tree: &Tree, id: caulk_syntax::StmtId) {
        let stmt = tree.stmt(id);
        match stmt.kind {
            StmtKind::Expr(x) if closes(tree, x) => self.bare += 1,
            StmtKind::Assign {
                lhs,
                op: AssignOp::Assign,
                rhs,
                ..
            } => {
                if let ([left], [right]) = (tree.exprs(lhs), tree.exprs(rhs))
                    && tree.is_blank(*left)
                    && closes(tree, *right)
                {
                    self.discarded += 1;
                }
            }
            StmtKind::Defer(x) if closes(tree, x) => {
                self.plain += 1;
                let layout = source.layout();
                let rest = caulk_syntax::Span::new(stmt.span.end, layout.line_end(stmt.span.end));
                let comment = layout.text(rest).trim();
                self.comments
                    .push(comment.starts_with("//").then(|| comment.to_owned()));
            }
            StmtKind::Defer(x) => self.wrapped(source, tree, x),
            _ => {}
        }
    }

    fn wrapped(&mut self, source: &Source, tree: &Tree, deferred: ExprId) {
        let ExprKind::Call { fun, args, .. } = tree.expr(deferred).kind else {
            return;
        };
        if let ExprKind::FuncLit { body, .. } = tree.expr(fun).kind {
            if let [only] = tree.block(body)
                && let StmtKind::Assign { lhs, rhs, .. } = tree.stmt(*only).kind
                && let ([left], [right]) = (tree.exprs(lhs), tree.exprs(rhs))
                && tree.is_blank(*left)
                && closes(tree, *right)
            {
                let text = source.layout().text(tree.stmt(body).span);
                if text.contains('\n') {
                    self.lines += 1;
                } else {
                    self.one_line += 1;
                }
            }
            return;
        }
        let Some(path) = tree.selector_path(fun) else {
            return;
        };
        let closes = path
            .last()
            .is_some_and(|name| name.to_lowercase().contains("close"));
        // The built-in one is for channels, and a method is of a value that is not known elsewhere.
        let is_function = match path.as_slice() {
            [name] => *name != "close",
            [package, _] => source.names_import(package),
            _ => false,
        };
        if let [only] = tree.exprs(args)
            && closes
            && is_function
            && let Some(given) = tree.selector_path(*only)
        {
            let (name, given) = (path.join("."), given.join("."));
            match self.helpers.iter_mut().find(|other| other.name == name) {
                Some(helper) => helper.given.push(given),
                None => self.helpers.push(Helper {
                    name,
                    given: vec![given],
                }),
            }
        }
    }

    fn is_empty(&self) -> bool {
        let counts = [
            self.plain,
            self.one_line,
            self.lines,
            self.bare,
            self.discarded,
        ];
        counts.iter().all(|count| *count == 0) && self.helpers.is_empty()
    }

    fn style(self) -> Style {
        let helper = self.helpers.iter().max_by_key(|helper| helper.given.len());
        let discarding = self.one_line + self.lines;
        let deferred = match helper {
            Some(helper) if helper.given.len() > self.plain.max(discarding) => {
                Deferred::Helper(helper.clone())
            }
            _ if discarding > self.plain => Deferred::Discarding {
                one_line: self.one_line >= self.lines,
            },
            _ => Deferred::Plain,
        };
        let comment = match self.comments.split_first() {
            Some((first, rest)) if rest.iter().all(|other| other == first) => first
                .clone()
                .filter(|text| text.contains("nolint") || text.contains("errcheck")),
            _ => None,
        };
        Style {
            deferred,
            discards: self.discarded > self.bare || (self.bare == 0 && discarding > self.plain),
            comment,
        }
    }
}

/// Whether an expression is a call `x.Close()`.
fn closes(tree: &Tree, id: ExprId) -> bool {
    let ExprKind::Call { fun, args, .. } = tree.expr(id).kind else {
        return false;
    };
    matches!(tree.expr(fun).kind, ExprKind::Selector { sel, .. } if tree.name(sel) == "Close")
        && args.is_empty()
}

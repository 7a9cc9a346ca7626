//! Random Go functions that acquire, use, release, lose and hand on resources, built from the shapes that
//! leaks have. They compile, are formatted, and never use or release anything too late: what is wrong with
//! them is only what they lose.

use std::collections::BTreeSet;

use crate::random::Random;

/// A function with the file that it stands in.
pub struct Function {
    pub name: String,
    pub source: String,
    /// How many branches its input has.
    pub inputs: usize,
    pub kind: Kind,
}

/// What a function gives to whoever called it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A number and an error.
    Plain,
    /// A handle and an error.
    Handle,
    /// A response and an error.
    Response,
    /// A function that cleans up, and an error.
    Cleanup,
    /// It keeps a handle in its receiver.
    Keeper,
    /// It sends handles on a channel.
    Channel,
    /// A test.
    Test,
}

/// How a kind of resource is written.
struct Resource {
    /// How its variables are called.
    variable: &'static str,
    /// The acquiring call, with `FAIL` for the input that lets it fail.
    acquire: &'static str,
    fallible: bool,
    release: &'static str,
    /// Statements that use it; `X` is the variable.
    uses: &'static [&'static str],
    /// Whether its release has an error.
    error: bool,
}

const HANDLE: Resource = Resource {
    variable: "h",
    acquire: "res.Open(FAIL)",
    fallible: true,
    release: "X.Close()",
    uses: &[
        "total += X.Get()",
        "total += res.Peek(X)",
        "total += res.Len(X)",
        "total += res.Len(bufio.NewReader(X))",
        "total += get(X)",
        "if X.Get() > 5 {\n\ttotal++\n}",
    ],
    error: true,
};

const RESPONSE: Resource = Resource {
    variable: "resp",
    acquire: "res.Web.Get(res.URL(FAIL))",
    fallible: true,
    release: "X.Body.Close()",
    uses: &[
        "total += X.StatusCode",
        "total += res.Len(X.Body)",
        "total += res.Len(io.LimitReader(X.Body, 2))",
    ],
    error: true,
};

const RESOURCES: [Resource; 9] = [
    HANDLE,
    RESPONSE,
    Resource {
        variable: "f",
        acquire: "os.Open(res.Path(FAIL))",
        fallible: true,
        release: "X.Close()",
        uses: &["total += res.Name(X)", "total += res.Len(X)"],
        error: true,
    },
    Resource {
        variable: "w",
        acquire: "res.Start()",
        fallible: false,
        release: "X.Stop()",
        uses: &["total += X.Poll()", "if X.Poll() > 5 {\n\treturn ZERO\n}"],
        error: false,
    },
    Resource {
        variable: "ctx",
        acquire: "context.WithCancel(in.Context())",
        fallible: false,
        release: "cancelX()",
        uses: &["total += res.Ask(X)", "total += ask(X, in)"],
        error: false,
    },
    Resource {
        variable: "rows",
        acquire: "in.DB().Query(res.Query(FAIL))",
        fallible: true,
        release: "X.Close()",
        uses: &[
            "if X.Next() {\n\ttotal++\n}",
            "if cols, err := X.Columns(); err == nil {\n\ttotal += len(cols)\n}",
            "for X.Next() {\n\tvar n int\n\tif err := X.Scan(&n); err != nil {\n\t\treturn ERR\n\t}\n\ttotal += n\n}",
        ],
        error: true,
    },
    Resource {
        variable: "tx",
        acquire: "in.DB().Begin()",
        fallible: true,
        release: "X.Rollback()",
        uses: &["if _, err := X.Exec(\"x\"); err != nil {\n\treturn ERR\n}"],
        error: true,
    },
    Resource {
        variable: "up",
        acquire: "res.Create(FAIL)",
        fallible: true,
        release: "X.Abort()",
        uses: &[
            "if _, err := X.Write([]byte(\"x\")); err != nil {\n\treturn ERR\n}",
            "if n, err := X.Write(nil); err == nil {\n\ttotal += n\n}",
        ],
        error: true,
    },
    Resource {
        variable: "box",
        acquire: "newBox(FAIL)",
        fallible: true,
        release: "X.Close()",
        uses: &["total += X.Get()"],
        error: true,
    },
];

/// What is meant to become of a resource.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// Nothing releases it.
    Never,
    /// A release by hand, forgotten at some of the exits (so many in a hundred are right).
    ByHand(usize),
    /// Deferred where it is known to be held.
    Deferred,
    /// Deferred some statements later.
    DeferredLate,
    /// A function that would release it is never called.
    Uncalled,
    /// Given to somebody who releases it, later.
    HandedOn,
}

struct Held {
    /// The variable that is used.
    name: String,
    resource: &'static Resource,
    plan: Plan,
    /// The block that it lives in.
    block: usize,
    mentioned: bool,
    /// Nothing more is to be done with it: it was released, or deferred, or given away.
    settled: bool,
    /// It can still be used.
    usable: bool,
}

/// A function or function literal.
struct Frame {
    kind: Kind,
    /// What it holds begins here.
    held: usize,
    /// What is held when the turn of a loop begins.
    loops: Vec<usize>,
    /// Whether a `break` would leave a switch.
    in_switch: bool,
}

struct Writer {
    random: Random,
    lines: Vec<String>,
    indent: usize,
    inputs: usize,
    variables: usize,
    held: Vec<Held>,
    frames: Vec<Frame>,
    blocks: usize,
    budget: usize,
    /// Whether anything was acquired.
    acquired: bool,
}

const MAX_INPUTS: usize = 5;

/// The function with the number `item` of a series.
pub fn function(series: u64, item: u64) -> Function {
    let mut random = Random::of(series, item);
    let kinds = [
        (Kind::Plain, 60),
        (Kind::Test, 12),
        (Kind::Handle, 8),
        (Kind::Keeper, 6),
        (Kind::Response, 4),
        (Kind::Cleanup, 4),
        (Kind::Channel, 6),
    ];
    let mut number = random.below(100);
    let mut kind = Kind::Plain;
    for (each, weight) in kinds {
        if number < weight {
            kind = each;
            break;
        }
        number -= weight;
    }
    let budget = 4 + random.below(10);
    let named = random.chance(20);
    let mut writer = Writer {
        random,
        lines: Vec::new(),
        indent: 1,
        inputs: 0,
        variables: 0,
        held: Vec::new(),
        frames: vec![Frame {
            kind,
            held: 0,
            loops: Vec::new(),
            in_switch: false,
        }],
        blocks: 1,
        budget,
        acquired: false,
    };
    let name = format!("f{item}");
    let (receiver, parameters, results) = match kind {
        Kind::Plain if named => ("", "in *res.In", " (n int, err error)"),
        Kind::Plain => ("", "in *res.In", " (int, error)"),
        Kind::Handle => ("", "in *res.In", " (*res.Handle, error)"),
        Kind::Response => ("", "in *res.In", " (*http.Response, error)"),
        Kind::Cleanup => ("", "in *res.In", " (func(), error)"),
        Kind::Keeper => ("(k *keeper) ", "in *res.In", " error"),
        Kind::Channel => ("", "in *res.In, out chan<- *res.Handle", " error"),
        Kind::Test => ("", "t *testing.T, in *res.In", ""),
    };
    writer.line("total := 0");
    writer.body();
    let body = writer.lines.join("\n");
    let head = format!("func {receiver}{name}({parameters}){results} {{");
    let source = file(&head, &body);
    Function {
        name,
        source,
        inputs: writer.inputs,
        kind,
    }
}

/// The file of a function, with the imports that it needs.
fn file(head: &str, body: &str) -> String {
    let text = format!("{head}\n{body}\n}}\n");
    let mut imports = BTreeSet::new();
    for (word, path) in [
        ("bufio.", "bufio"),
        ("context.", "context"),
        ("errors.", "errors"),
        ("fmt.", "fmt"),
        ("http.", "net/http"),
        ("io.", "io"),
        ("os.", "os"),
        ("sync.", "sync"),
        ("testing.", "testing"),
    ] {
        let uses = text.match_indices(word).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '.')
        });
        if uses {
            imports.insert(path);
        }
    }
    let standard: String = imports
        .iter()
        .map(|path| format!("\t\"{path}\"\n"))
        .collect();
    let gap = if standard.is_empty() { "" } else { "\n" };
    format!("package random\n\nimport (\n{standard}{gap}\t\"example.com/random/res\"\n)\n\n{text}")
}

impl Writer {
    fn line(&mut self, text: &str) {
        for line in text.split('\n') {
            let indent = "\t".repeat(if line.is_empty() { 0 } else { self.indent });
            self.lines.push(format!("{indent}{line}"));
        }
    }

    fn frame(&self) -> &Frame {
        self.frames.last().unwrap()
    }

    /// Statements of the function, and its end.
    fn body(&mut self) {
        let block = self.blocks;
        if !self.statements(block, 0) {
            self.end_of_function(block);
        }
        if !self.lines[1..].iter().any(|line| line.contains("total")) {
            self.lines.insert(1, "\tres.Note(total)".to_owned());
        }
    }

    /// Statements until the budget is spent or control has left; whether it has.
    fn statements(&mut self, block: usize, depth: usize) -> bool {
        let count = 1 + self.random.below(if depth == 0 { 8 } else { 4 });
        for _ in 0..count {
            if self.budget == 0 {
                break;
            }
            self.budget -= 1;
            if self.statement(block, depth) {
                return true;
            }
        }
        if depth > 0 && self.random.chance(12) {
            self.exit();
            return true;
        }
        false
    }

    /// A block of its own between braces that stand around it; whether control leaves it.
    fn block(&mut self, depth: usize) -> bool {
        self.blocks += 1;
        let block = self.blocks;
        self.indent += 1;
        let held = self.held.len();
        let leaves = self.statements(block, depth + 1);
        if !leaves {
            self.release_all(held);
        }
        self.held.truncate(held);
        self.indent -= 1;
        leaves
    }

    /// Whether control has left.
    fn statement(&mut self, block: usize, depth: usize) -> bool {
        match self.random.below(100) {
            0..=24 => self.acquire(block, depth),
            25..=39 => self.use_one(),
            40..=57 => self.branch_that_leaves(depth),
            58..=65 if depth < 3 => return self.branches(depth),
            66..=72 if depth < 3 => self.repeat(depth),
            73..=80 => self.settle(block),
            81..=84 if depth < 3 => self.literal(depth),
            85..=87 => self.goroutine(),
            88..=90 => self.overwrite(block),
            91..=93 => self.discard(),
            94..=95 if depth < 3 => return self.choose(depth),
            96 => self.line("// A step of its own.\ntotal++"),
            97 => self.nest(depth),
            _ => self.line("total++"),
        }
        false
    }

    fn condition(&mut self) -> String {
        let input = self.input();
        match self.frame().loops.is_empty() {
            false if self.random.chance(60) => format!("in.At({input}, i)"),
            _ if self.random.chance(20) => format!("!in.B[{input}]"),
            _ => format!("in.B[{input}]"),
        }
    }

    fn input(&mut self) -> usize {
        if self.inputs < MAX_INPUTS && self.random.chance(70) || self.inputs == 0 {
            self.inputs += 1;
            self.inputs - 1
        } else {
            self.random.below(self.inputs)
        }
    }

    /// An acquisition with the check of its error.
    fn acquire(&mut self, block: usize, depth: usize) {
        let resource = if self.random.chance(40) {
            &HANDLE
        } else {
            self.random.pick(&RESOURCES)
        };
        let live = self.held.iter().filter(|held| !held.settled).count();
        if live >= 3 {
            return self.use_one();
        }
        self.variables += 1;
        let name = format!("{}{}", resource.variable, self.variables);
        let plan = self.plan(resource);
        let call = self.call(resource);
        let mut held = Held {
            name: name.clone(),
            resource,
            plan,
            block,
            mentioned: false,
            settled: false,
            usable: true,
        };
        if !resource.fallible {
            self.acquire_surely(&call, &mut held);
            self.held.push(held);
            return self.maybe_use();
        }
        match self.random.below(20) {
            0 if plan != Plan::HandedOn => {
                // The value lives in the branch that has it.
                self.line(&format!("if {name}, err := {call}; err == nil {{"));
                return self.branch_with(held, depth);
            }
            1 if plan != Plan::HandedOn => {
                self.line(&format!("{name}, err := {call}"));
                self.line("if err != nil {");
                self.line("\ttotal += 10");
                self.line("} else {");
                return self.branch_with(held, depth);
            }
            2 if plan == Plan::Deferred => {
                // The wrong order.
                self.line(&format!("{name}, err := {call}"));
                let release = self.release_of(&held);
                self.line(&format!("defer {release}"));
                held.settled = true;
                held.mentioned = true;
                self.check_error();
            }
            3 => {
                self.line(&format!("{name}, err := {call}"));
                self.line("if errors.Is(err, res.ErrFailed) {");
                self.indent += 1;
                self.exit_with("err");
                self.indent -= 1;
                self.line("}");
                self.check_error();
                self.defer_if_planned(&mut held);
            }
            4 if depth == 0 => {
                self.line(&format!("var {name}, err{} = {call}", self.variables));
                self.line(&format!("if err{} != nil {{", self.variables));
                self.indent += 1;
                let error = format!("err{}", self.variables);
                self.exit_with(&error);
                self.indent -= 1;
                self.line("}");
                self.defer_if_planned(&mut held);
            }
            _ => {
                self.line(&format!("{name}, err := {call}"));
                self.check_error();
                self.defer_if_planned(&mut held);
            }
        }
        self.held.push(held);
        self.maybe_use();
    }

    fn plan(&mut self, resource: &Resource) -> Plan {
        let hands_on = match self.frame().kind {
            _ if !self.frame().loops.is_empty() && self.frame().kind != Kind::Channel => false,
            Kind::Response => resource.variable == "resp",
            Kind::Handle | Kind::Keeper | Kind::Channel => resource.variable == "h",
            Kind::Cleanup => true,
            Kind::Plain | Kind::Test => resource.variable == "h" && self.random.chance(20),
        };
        if hands_on && self.random.chance(70) {
            return Plan::HandedOn;
        }
        match self.random.below(10) {
            0..=3 => Plan::Never,
            4..=5 => Plan::ByHand(100),
            6..=7 => Plan::ByHand(60),
            8 if self.random.chance(40) => Plan::Uncalled,
            8 => Plan::DeferredLate,
            _ => Plan::Deferred,
        }
    }

    fn call(&mut self, resource: &Resource) -> String {
        match resource.fallible && resource.acquire.contains("FAIL") {
            true if self.random.chance(60) => {
                let fail = self.condition();
                resource.acquire.replace("FAIL", &fail)
            }
            true => resource.acquire.replace("FAIL", "false"),
            false => resource.acquire.to_owned(),
        }
    }

    /// An acquisition without an error.
    fn acquire_surely(&mut self, call: &str, held: &mut Held) {
        let name = &held.name;
        if held.resource.variable != "ctx" {
            self.line(&format!("{name} := {call}"));
            return self.defer_if_planned(held);
        }
        if held.plan == Plan::Never && self.random.chance(50) {
            self.line(&format!("{name}, _ := {call}"));
            return;
        }
        self.line(&format!("{name}, cancel{name} := {call}"));
        if !matches!(held.plan, Plan::Deferred | Plan::Uncalled) {
            let line = format!("_ = cancel{}", held.name);
            self.line(&line);
        }
        self.defer_if_planned(held);
    }

    /// The branch of an `if`, already opened, that has a value.
    fn branch_with(&mut self, mut held: Held, depth: usize) {
        self.acquired = true;
        self.blocks += 1;
        let block = self.blocks;
        held.block = block;
        self.indent += 1;
        self.defer_if_planned(&mut held);
        let first = self.held.len();
        self.held.push(held);
        self.use_held(first);
        if !self.statements(block, depth + 1) {
            self.release_all(first);
        }
        self.held.truncate(first);
        self.indent -= 1;
        self.line("}");
    }

    fn defer_if_planned(&mut self, held: &mut Held) {
        let release = self.release_of(held);
        match held.plan {
            Plan::Deferred => {
                self.defer(held, &release);
                held.settled = true;
                // The release of a context is another variable.
                held.mentioned = held.resource.variable != "ctx";
            }
            Plan::Uncalled => {
                self.line(&format!("done{} := func() {{ {release} }}", self.variables));
                self.line(&format!("_ = done{}", self.variables));
                held.mentioned = held.resource.variable != "ctx";
            }
            _ => {}
        }
    }

    fn defer(&mut self, held: &Held, release: &str) {
        let test = self.frames.len() == 1 && self.frame().kind == Kind::Test;
        match self.random.below(4) {
            0 if test => self.line(&format!("t.Cleanup(func() {{ {release} }})")),
            1 if held.resource.error => self.line(&format!("defer func() {{ _ = {release} }}()")),
            2 => self.line(&format!("defer func() {{\n\t{release}\n}}()")),
            _ => self.line(&format!("defer {release}")),
        }
    }

    fn release_of(&self, held: &Held) -> String {
        held.resource.release.replace('X', &held.name)
    }

    fn check_error(&mut self) {
        self.line("if err != nil {");
        self.indent += 1;
        if self.random.chance(10) {
            self.line("res.Note(\"failed\")");
        }
        let wraps = self.random.chance(25);
        if wraps {
            self.exit_with("fmt.Errorf(\"wrapped: %w\", err)");
        } else {
            self.exit_with("err");
        }
        self.indent -= 1;
        self.line("}");
    }

    fn maybe_use(&mut self) {
        self.acquired = true;
        let last = self.held.len() - 1;
        if !self.held[last].mentioned || self.random.chance(60) {
            self.use_held(last);
        }
    }

    fn use_one(&mut self) {
        let usable: Vec<usize> = (0..self.held.len())
            .filter(|at| self.held[*at].usable)
            .collect();
        match usable.is_empty() {
            true => self.line("total += 2"),
            false => {
                let at = *self.random.pick(&usable);
                self.use_held(at);
            }
        }
    }

    fn use_held(&mut self, at: usize) {
        let resource = self.held[at].resource;
        let text = *self.random.pick(resource.uses);
        let name = self.held[at].name.clone();
        self.held[at].mentioned = true;
        // A return within is an exit like others, at which nothing is released by hand: the value is lost there.
        let mut text = text.replace('X', &name);
        for (word, error) in [("ERR", "err"), ("ZERO", "nil")] {
            if text.contains(&format!("return {word}")) {
                let leave = self.returned(error);
                text = text.replace(&format!("return {word}"), &leave);
            }
        }
        self.line(&text);
    }

    /// `if condition { …; return }`.
    fn branch_that_leaves(&mut self, depth: usize) {
        let condition = self.condition();
        self.line(&format!("if {condition} {{"));
        self.indent += 1;
        if self.random.chance(30) {
            self.use_one();
        }
        if depth < 2 && self.random.chance(10) && self.budget > 1 {
            self.budget -= 1;
            self.blocks += 1;
            let block = self.blocks;
            let held = self.held.len();
            self.acquire(block, depth + 2);
            self.exit();
            self.held.truncate(held);
        } else {
            self.exit();
        }
        self.indent -= 1;
        self.line("}");
    }

    fn branches(&mut self, depth: usize) -> bool {
        let condition = self.condition();
        self.line(&format!("if {condition} {{"));
        let mut leaves = self.block(depth);
        if self.random.chance(50) {
            self.line("} else {");
            leaves &= self.block(depth);
        } else {
            leaves = false;
        }
        self.line("}");
        leaves
    }

    fn choose(&mut self, depth: usize) -> bool {
        let frame = self.frames.last_mut().unwrap();
        let outer = std::mem::replace(&mut frame.in_switch, true);
        self.line("switch {");
        let condition = self.condition();
        self.line(&format!("case {condition}:"));
        let mut leaves = self.block(depth);
        if self.random.chance(60) {
            self.line("default:");
            leaves &= self.block(depth);
        } else {
            leaves = false;
        }
        self.line("}");
        self.frames.last_mut().unwrap().in_switch = outer;
        leaves
    }

    fn repeat(&mut self, depth: usize) {
        let head = *self.random.pick(&[
            "for i := 0; i < 3; i++ {",
            "for i := range 3 {",
            "for i := range []int{1, 2, 3} {",
        ]);
        self.line(head);
        let held = self.held.len();
        let frame = self.frames.last_mut().unwrap();
        frame.loops.push(held);
        let outer = std::mem::replace(&mut frame.in_switch, false);
        self.indent += 1;
        self.line("total += i");
        self.indent -= 1;
        self.block(depth);
        let frame = self.frames.last_mut().unwrap();
        frame.loops.pop();
        frame.in_switch = outer;
        self.line("}");
    }

    /// A function literal that is called at once, or by a name.
    fn literal(&mut self, depth: usize) {
        self.variables += 1;
        let name = format!("step{}", self.variables);
        let named = self.random.chance(60);
        match named {
            true => self.line(&format!("{name} := func() error {{")),
            false => self.line("if err := func() error {"),
        }
        let held = self.held.len();
        self.frames.push(Frame {
            kind: Kind::Keeper,
            held,
            loops: Vec::new(),
            in_switch: false,
        });
        self.blocks += 1;
        let block = self.blocks;
        self.indent += 1;
        // It returns an error alone, as a keeper does.
        let leaves = self.statements(block, depth.max(1) + 1);
        if !leaves {
            self.release_all(held);
            self.line("return nil");
        }
        self.held.truncate(held);
        self.indent -= 1;
        self.frames.pop();
        match named {
            true => {
                self.line("}");
                self.line(&format!("if err := {name}(); err != nil {{"));
            }
            false => self.line("}(); err != nil {"),
        }
        self.indent += 1;
        self.exit_with("err");
        self.indent -= 1;
        self.line("}");
    }

    fn goroutine(&mut self) {
        let usable: Vec<usize> = (0..self.held.len())
            .filter(|at| {
                let held = &self.held[*at];
                held.usable && matches!(held.resource.variable, "h" | "w" | "ctx")
            })
            .collect();
        if usable.is_empty() {
            return self.line("total += 3");
        }
        let at = *self.random.pick(&usable);
        self.held[at].mentioned = true;
        let name = self.held[at].name.clone();
        let text = self.held[at].resource.uses[0].replace('X', &name);
        self.variables += 1;
        let group = format!("wg{}", self.variables);
        self.line(&format!("var {group} sync.WaitGroup"));
        self.line(&format!("{group}.Add(1)"));
        self.line(&format!(
            "go func() {{\n\tdefer {group}.Done()\n\t{text}\n}}()"
        ));
        self.line(&format!("{group}.Wait()"));
    }

    /// Another value for a variable that holds one.
    fn overwrite(&mut self, block: usize) {
        let fits = |held: &Held| {
            held.block == block
                && !held.settled
                && held.usable
                && held.resource.variable == "h"
                && matches!(held.plan, Plan::Never | Plan::ByHand(_))
        };
        let Some(at) = self.held.iter().position(fits) else {
            return self.line("total += 4");
        };
        if at < self.frame().held || self.frame().loops.last().is_some_and(|first| at < *first) {
            return self.line("total += 5");
        }
        let name = self.held[at].name.clone();
        if let Plan::ByHand(right) = self.held[at].plan
            && self.random.chance(right)
        {
            let release = self.release_of(&self.held[at]);
            self.line(&release);
        }
        // The old value is gone for whatever happens in the check.
        self.held[at].settled = true;
        self.held[at].mentioned = true;
        let call = self.call(&HANDLE);
        self.variables += 1;
        let error = format!("err{}", self.variables);
        self.line(&format!("var {error} error"));
        self.line(&format!("{name}, {error} = {call}"));
        self.line(&format!("if {error} != nil {{"));
        self.indent += 1;
        self.exit_with(&error);
        self.indent -= 1;
        self.line("}");
        self.held[at].settled = false;
    }

    fn discard(&mut self) {
        self.acquired = true;
        match self.random.below(4) {
            0 => {
                let call = self.call(&HANDLE);
                self.line(&format!("if _, err := {call}; err != nil {{"));
                self.indent += 1;
                self.exit_with("err");
                self.indent -= 1;
                self.line("}");
            }
            1 if self.frames[0].kind != Kind::Test => self.line("_ = res.Start()"),
            2 => {
                let call = self.call(&RESPONSE);
                self.variables += 1;
                let error = format!("err{}", self.variables);
                self.line(&format!("_, {error} := {call}"));
                self.line(&format!("if {error} != nil {{"));
                self.indent += 1;
                self.exit_with(&error);
                self.indent -= 1;
                self.line("}");
            }
            _ => {
                self.variables += 1;
                let name = format!("h{}", self.variables);
                self.line(&format!("{name}, _ := res.Open(false)"));
                self.line(&format!("total += {name}.Get()"));
            }
        }
    }

    /// An acquisition within a larger expression.
    fn nest(&mut self, depth: usize) {
        self.acquired = true;
        match self.random.below(6) {
            0 => self.line("total += get(open())"),
            1 => self.line("res.Note(get(open()))"),
            2 => self.line("total += 1 + res.Len(open())"),
            3 => self.line("total += total + get(open())"),
            at => {
                let condition = match at {
                    4 => "get(open()) > 1".to_owned(),
                    _ => format!("{} && get(open()) > 1", self.condition()),
                };
                self.line(&format!("if {condition} {{"));
                self.indent += 1;
                self.line("total += 3");
                self.indent -= 1;
                self.line("}");
                if depth == 0 {
                    self.line("total++");
                }
            }
        }
    }

    /// Something that ends what is held: a release, a `defer` that comes late, or a change of hands.
    fn settle(&mut self, block: usize) {
        let first = self.first_of_turn();
        let Some(at) =
            (first..self.held.len()).find(|at| !self.held[*at].settled && self.held[*at].usable)
        else {
            return self.use_one();
        };
        let same_block = self.held[at].block == block;
        let release = self.release_of(&self.held[at]);
        match self.held[at].plan {
            Plan::ByHand(_) if same_block || self.random.chance(20) => {
                self.release(at);
                self.held[at].usable = false;
                self.held[at].settled = true;
            }
            Plan::DeferredLate if same_block => {
                match self.random.chance(15) {
                    true => {
                        let condition = self.condition();
                        self.line(&format!("if {condition} {{\n\tdefer {release}\n}}"));
                    }
                    false => self.line(&format!("defer {release}")),
                }
                self.held[at].settled = true;
                self.held[at].mentioned = true;
            }
            Plan::HandedOn if same_block && self.held[at].resource.variable == "h" => {
                self.hand_on(at);
            }
            _ => self.use_held(at),
        }
    }

    /// What is held since the innermost loop or function began.
    fn first_of_turn(&self) -> usize {
        let frame = self.frame();
        frame.loops.last().copied().unwrap_or(frame.held)
    }

    fn hand_on(&mut self, at: usize) {
        let name = self.held[at].name.clone();
        let frame = self.frame().kind;
        let outermost = self.frames.len() == 1;
        let text = match frame {
            Kind::Channel if outermost => format!("out <- {name}"),
            Kind::Keeper if outermost => format!("k.keep({name})"),
            Kind::Plain | Kind::Test => match self.random.below(4) {
                0 => format!("total += res.Finish({name})"),
                1 => format!("total += closing({name})"),
                2 => {
                    let condition = self.condition();
                    format!("closeIf({name}, {condition})")
                }
                _ => {
                    self.variables += 1;
                    let owner = format!("box{}", self.variables);
                    self.line(&format!("{owner} := res.NewBox({name})"));
                    self.held[at].settled = true;
                    self.held[at].mentioned = true;
                    let plan = if self.random.chance(50) {
                        Plan::ByHand(80)
                    } else {
                        Plan::Never
                    };
                    let block = self.held[at].block;
                    self.held.push(Held {
                        name: owner,
                        resource: RESOURCES.last().unwrap(),
                        plan,
                        block,
                        mentioned: false,
                        settled: false,
                        usable: true,
                    });
                    return self.use_held(self.held.len() - 1);
                }
            },
            _ => return self.use_held(at),
        };
        self.line(&text);
        self.held[at].settled = true;
        self.held[at].usable = false;
        self.held[at].mentioned = true;
    }

    fn release(&mut self, at: usize) {
        let release = self.release_of(&self.held[at]);
        let resource = self.held[at].resource;
        self.held[at].mentioned = true;
        let text = match resource.variable {
            "tx" if self.random.chance(60) => {
                let leave = self.returned("err");
                format!(
                    "if err := {}.Commit(); err != nil {{\n\t{leave}\n}}",
                    self.held[at].name
                )
            }
            "up" if self.random.chance(60) => {
                let leave = self.returned("err");
                format!(
                    "if err := {}.Close(); err != nil {{\n\t{leave}\n}}",
                    self.held[at].name
                )
            }
            _ if resource.error && self.random.chance(15) => format!("_ = {release}"),
            _ if resource.error && self.random.chance(10) => {
                let leave = self.returned("err");
                format!("if err := {release}; err != nil {{\n\t{leave}\n}}")
            }
            _ => release,
        };
        self.line(&text);
    }

    /// Releases by hand what is to be released before control leaves, as well as it was planned.
    fn release_all(&mut self, first: usize) {
        for at in (first..self.held.len()).rev() {
            let held = &self.held[at];
            if held.settled || !held.usable {
                continue;
            }
            if let Plan::ByHand(right) = held.plan
                && self.random.chance(right)
            {
                self.release(at);
            }
        }
    }

    /// A way out of the function, or of the loop.
    fn exit(&mut self) {
        if let Some(first) = self.frame().loops.last().copied()
            && self.random.chance(50)
        {
            self.release_all(first);
            let breaks = self.random.chance(50) && !self.frame().in_switch;
            let word = if breaks { "break" } else { "continue" };
            return self.line(word);
        }
        match self.random.chance(70) {
            true => self.exit_with("res.ErrBroken"),
            false => self.exit_with("nil"),
        }
    }

    fn exit_with(&mut self, error: &str) {
        self.release_all(self.frame().held);
        let leave = self.returned(error);
        self.line(&leave);
    }

    /// The statement that returns an error.
    fn returned(&mut self, error: &str) -> String {
        match self.frame().kind {
            // Where a test is skipped, nothing is reported.
            Kind::Test if error == "nil" || self.acquired => "return".to_owned(),
            Kind::Test => format!("t.Skip({error})"),
            Kind::Plain if error == "nil" => "return total, nil".to_owned(),
            Kind::Plain => format!("return 0, {error}"),
            Kind::Handle | Kind::Response | Kind::Cleanup => {
                let error = if error == "nil" {
                    "res.ErrBroken"
                } else {
                    error
                };
                format!("return nil, {error}")
            }
            Kind::Keeper | Kind::Channel => format!("return {error}"),
        }
    }

    /// What the function ends with when all goes well.
    fn end_of_function(&mut self, block: usize) {
        let given = (0..self.held.len()).find(|at| {
            let held = &self.held[*at];
            held.plan == Plan::HandedOn && !held.settled && held.usable && held.block == block
        });
        let kind = self.frame().kind;
        let mut taken = None;
        if let Some(at) = given {
            match (kind, self.held[at].resource.variable) {
                (Kind::Keeper, "h") if self.random.chance(20) => {
                    let fails = self.condition();
                    taken = Some(format!("return k.take({}, {fails})", self.held[at].name));
                    self.held[at].settled = true;
                    self.held[at].mentioned = true;
                }
                (Kind::Channel | Kind::Keeper, "h") | (Kind::Plain | Kind::Test, "h") => {
                    self.hand_on(at);
                }
                _ => {}
            }
        }
        self.release_all(0);
        let line = match (kind, given) {
            (Kind::Plain, _) => "return total, nil".to_owned(),
            (Kind::Handle, Some(at)) if self.random.chance(30) => {
                self.line("res.Note(total)");
                let fails = self.condition();
                format!("return checked({}, {fails})", self.held[at].name)
            }
            (Kind::Handle | Kind::Response, Some(at)) => {
                self.line("res.Note(total)");
                format!("return {}, nil", self.held[at].name)
            }
            (Kind::Cleanup, Some(at)) => {
                self.line("res.Note(total)");
                let release = self.release_of(&self.held[at]);
                format!("return func() {{ {release} }}, nil")
            }
            (Kind::Handle | Kind::Response, None) => {
                self.line("res.Note(total)");
                "return nil, nil".to_owned()
            }
            (Kind::Cleanup, None) => {
                self.line("res.Note(total)");
                "return func() {}, nil".to_owned()
            }
            (Kind::Keeper | Kind::Channel, _) => {
                self.line("res.Note(total)");
                taken.unwrap_or_else(|| "return nil".to_owned())
            }
            (Kind::Test, _) => "res.Note(total)".to_owned(),
        };
        self.line(&line);
    }
}

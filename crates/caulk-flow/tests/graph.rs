//! Graphs of real bodies: which statements follow which, and what never returns.

#![allow(clippy::unwrap_used)]

use caulk_flow::{BlockId, End, Event, Graph, graph};
use caulk_syntax::{Body, ExprId, ExprKind, Tree};

/// The body of a function whose text is `body`.
fn parse(body: &str) -> Body {
    let text = format!("package p\n\nfunc f() {{\n{body}\n}}\n");
    let parsed = caulk_syntax::parse(text.as_bytes());
    assert!(!parsed.has_errors(), "{body}");
    parsed.bodies.into_iter().next().unwrap()
}

fn callee(tree: &Tree, call: ExprId) -> Option<String> {
    let ExprKind::Call { fun, .. } = tree.expr(call).kind else {
        return None;
    };
    match tree.expr(fun).kind {
        ExprKind::Ident(name) => Some(tree.name(name).to_owned()),
        _ => None,
    }
}

fn build(body: &Body) -> Graph {
    let no_return =
        |call: ExprId| matches!(callee(&body.tree, call).as_deref(), Some("panic" | "exit"));
    graph(&body.tree, body.block, &no_return)
}

/// The calls `a()`, `b()` … along every path without a repeated block, and how each path ends.
fn paths(text: &str) -> Vec<String> {
    let body = parse(text);
    let graph = build(&body);
    let mut found = Vec::new();
    follow(
        &body.tree,
        &graph,
        graph.entry(),
        &mut Vec::new(),
        String::new(),
        &mut found,
    );
    found.sort();
    found.dedup();
    found
}

fn follow(
    tree: &Tree,
    graph: &Graph,
    at: BlockId,
    seen: &mut Vec<BlockId>,
    mut line: String,
    found: &mut Vec<String>,
) {
    if seen.contains(&at) {
        found.push(line + "again");
        return;
    }
    let block = graph.block(at);
    for event in &block.events {
        match event {
            Event::Eval(expr) => line.extend(callee(tree, *expr).map(|name| name + " ")),
            Event::Defer(_) => line.push_str("defer "),
            _ => {}
        }
    }
    match &block.end {
        End::Return(_) => found.push(line + "return"),
        End::Fall => found.push(line + "end"),
        End::NoReturn(_) => found.push(line + "stop"),
        End::Never => {}
        end => {
            if let End::Branch { cond, .. } = end {
                line.extend(callee(tree, *cond).map(|name| name + "? "));
            }
            seen.push(at);
            for next in end.targets() {
                follow(tree, graph, next, seen, line.clone(), found);
            }
            seen.pop();
        }
    }
}

#[test]
fn short_circuits_are_edges() {
    assert_eq!(
        paths("if a() && !b() { c(); return }\nd()"),
        ["a? b? c return", "a? b? d end", "a? d end"]
    );
    assert_eq!(
        paths("if a() || b() { c() }"),
        ["a? b? c end", "a? b? end", "a? c end"]
    );
}

#[test]
fn switches_try_their_cases_in_order() {
    assert_eq!(
        paths("switch {\ncase a(): x()\ncase b(): y(); fallthrough\ndefault: z()\n}"),
        ["a? b? y z end", "a? b? z end", "a? x end"]
    );
    assert_eq!(
        paths("switch x := v.(type) {\ncase int: a()\n}\nb()"),
        ["a b end", "b end"]
    );
}

#[test]
fn labels_carry_breaks_out_of_loops() {
    assert_eq!(
        paths("outer:\nfor {\nfor a() { break outer }\nb()\n}\nc()"),
        ["a? b again", "a? c end"]
    );
    assert_eq!(paths("for {\na()\n}"), ["a again"]);
    assert!(!build(&parse("for {\na()\n}")).returns());
}

#[test]
fn a_call_that_does_not_return_ends_its_path() {
    assert_eq!(
        paths("if a() { exit() }\ndefer b()\nreturn"),
        ["a? defer return", "a? exit stop"]
    );
    assert!(!build(&parse("panic(1)")).returns());
    assert!(!build(&parse("select {}")).returns());
}

#[test]
fn goto_goes_both_ways() {
    assert_eq!(
        paths("again:\na()\nif b() { goto again }\nif c() { goto done }\nd()\ndone:\ne()"),
        ["a b? again", "a b? c? d e end", "a b? c? e end"]
    );
}

#[test]
fn loops_know_whether_they_end() {
    let body = parse("for { if a() { break } }\nfor { b() }");
    let graph = build(&body);
    let ends: Vec<bool> = graph
        .blocks()
        .filter_map(|(_, block)| graph.loop_(block.in_loop?))
        .map(|l| l.ends)
        .collect();
    assert!(ends.contains(&true) && ends.contains(&false));
}

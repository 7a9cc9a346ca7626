//! Broken and hostile programs: an answer, always, and soon.
#![allow(clippy::unwrap_used)]

mod common;

use caulk_program::Program;
use common::program;
use proptest::prelude::*;

/// Asks everything of every body.
fn ask_all(program: &Program) -> usize {
    let mut answers = 0;
    for package in program.check_packages() {
        for owner in program.owners(*package) {
            let Some(typed) = program.body(owner) else {
                continue;
            };
            for (call, callee) in typed.info.calls() {
                answers += program.type_string(typed.info.type_of(call)).len();
                answers += callee.func().map_or(0, |func| func.name.len());
            }
            for (_, local) in typed.info.locals() {
                answers += program.type_string(local.ty).len();
                answers += usize::from(program.has_method(local.ty, "Close"));
                answers += program.struct_fields(local.ty).len();
            }
        }
        let path = program.package(*package).path().to_owned();
        for name in program.package(*package).type_names() {
            let ty = program.find_type(*package, &path, name);
            answers += usize::from(program.implements(ty, ty).is_some());
            answers += program.type_string(program.underlying(ty)).len();
        }
    }
    answers
}

#[test]
fn cycles_end() {
    for text in [
        "type A = B\ntype B = A\nvar x A",
        "type A B\ntype B A\nfunc f(a A) { a.x() }",
        "type A struct { B }\ntype B struct { A }\nfunc f(a A) { a.x() }",
        "type A struct { *A; a A }\nfunc f(a A) { a.x(); a.a.a.a.y() }",
        "type I interface { J }\ntype J interface { I }\nfunc f(i I) { i.x() }",
        "type I interface { I | J }\ntype J interface { ~I }\nfunc f[T I](t T) { t.x(); f(t) }",
        "var a = b\nvar b = c()\nfunc c() [len(a)]int\nfunc f() { _ = a; c() }",
        "func f(x [len(f(1))]int) [len(f(1))]int { f(2); return x }",
        "func f[P interface{ ~[len(f(1))]int }](p P) P { return f(p) }",
        "type L[T any] struct { next *L[L[T]] }\nfunc f(l L[int]) { l.next.next.next.x() }",
        "type T[P T[P]] struct { P }\nfunc f[P T[P]](p P) { p.x(); f(p) }",
        "func f[A ~[]B, B ~[]A](a A) B { return f(f(a)) }",
        "type A[T any] = A[T]\nvar x A[int]",
        "func f() { type T = T; type U U; type V struct { V }; var v V; v.x() }",
        "type F func(F) F\nfunc f(g F) { g(g)(g)(g) }",
        "const a = b\nconst b = a + iota\nvar c = a",
    ] {
        let program = program(&format!("package m\n{text}\n"));
        ask_all(&program);
    }
}

#[test]
fn deep_nesting_ends() {
    let deep = |open: &str, core: &str, close: &str, n: usize| {
        format!(
            "package m\nfunc f() {{ _ = {}{core}{} }}\n",
            open.repeat(n),
            close.repeat(n)
        )
    };
    for text in [
        deep("(", "f()", ")", 5000),
        deep("-", "f()", "", 5000),
        deep("", "f()", ".x()", 5000),
        deep("f(", "1", ")", 5000),
        deep("[]", "int{}", "", 5000),
        deep("func() { ", "f()", " }", 2000),
        deep("", "1", " + f()", 20000),
        format!(
            "package m\nvar v0 = f()\n{}",
            (1..3000)
                .map(|i| format!("var v{i} = v{}\n", i - 1))
                .collect::<String>()
        ),
        format!(
            "package m\n{}type t3000 int\nfunc f(x t0) {{ x.y() }}\n",
            (0..3000)
                .map(|i| format!("type t{i} struct {{ t{} }}\n", i + 1))
                .collect::<String>()
        ),
    ] {
        ask_all(&program(&text));
    }
}

const SEEDS: &[&str] = &[
    include_str!("seeds/generic.go"),
    include_str!("seeds/service.go"),
];

fn mutated() -> impl Strategy<Value = String> {
    let pieces = [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "*",
        "=",
        ":=",
        "func",
        "type",
        "T",
        "x",
        ",",
        ".",
        "interface",
        "struct",
        "1",
        "range",
        "case",
        "\n",
        "~",
        "|",
        "...",
    ];
    let edit = (
        any::<prop::sample::Index>(),
        0usize..12,
        prop::sample::select(pieces.to_vec()),
    );
    (
        prop::sample::select(SEEDS.to_vec()),
        prop::collection::vec(edit, 1..8),
    )
        .prop_map(|(seed, edits)| {
            let mut text: Vec<char> = seed.chars().collect();
            for (at, remove, insert) in edits {
                let at = at.index(text.len().max(1)).min(text.len());
                let end = (at + remove).min(text.len());
                text.splice(at..end, format!(" {insert} ").chars());
            }
            text.into_iter().collect()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn broken_programs_get_the_same_answer_twice(text in mutated()) {
        prop_assert_eq!(ask_all(&program(&text)), ask_all(&program(&text)));
    }
}

//! No text makes the parser panic, overflow the stack or return a tree whose spans make no sense.

#![allow(clippy::unwrap_used)]

use caulk_syntax::{
    Comments, Decl, DeclKeyword, Descend, Node, Parsed, Span, SpecKind, Tree, parse, tokens,
};
use proptest::prelude::*;

const SAMPLE: &str = r#"//go:build linux

// Package sample has a bit of everything.
package sample

import (
	"fmt"
	. "os"
	_ "embed"
	x "net/http"
)

const (
	A, B int = iota, 1 << iota
	_, _
)

// T is generic.
type T[K comparable, V ~int | ~string] struct {
	fmt.Stringer
	*x.Client `json:"-"`
	m         map[K][]V // trailing
	f         func(a, b K, rest ...V) (ok bool, err error)
}

type (
	I interface {
		M(int) <-chan chan<- int
		~[]byte | fmt.Stringer
	}
	Alias[P any] = T[P, int]
	Arr [4 * A]int
)

var v, w = func() int { return 1 }(), [...]string{2: "a", "b\u00e9\x41", `raw
`}

func (t *T[K, V]) Get(k K) (V, error) {
outer:
	for i, c := range t.m[k][1:2:3] {
		switch y := any(c).(type) {
		case int, string:
			continue outer
		default:
			_ = y
		}
		if j := i + 1; j > 0x_1F && !false || i != 'a' {
			go func() { defer t.f(k, k, c...) }()
		} else if x, ok := <-ch; ok {
			ch <- x
		} else {
			goto outer
		}
	}
	for range 10 {
		select {
		case v, ok := <-ch:
			i++
		case ch <- 1.5e3i:
			i &^= 2
		default:
			break
		}
	}
	var zero V
	return zero, &Error{Code: 1, Inner: []P{{1, 2}, {X: 3}}}
}

func assembly(x int) int
"#;

fn check_node(tree: &Tree, root: impl Into<Node>, outer: Span) {
    let root = root.into();
    let span = |node| match node {
        Node::Expr(id) => tree.expr(id).span,
        Node::Stmt(id) => tree.stmt(id).span,
    };
    assert!(
        outer.encloses(span(root)),
        "{root:?} at {:?} outside {outer:?}",
        span(root)
    );
    tree.walk(root, |node| {
        let outer = span(node);
        assert!(outer.start <= outer.end);
        tree.children(node, |child| {
            assert!(
                outer.encloses(span(child)),
                "{child:?} {:?} in {outer:?}",
                span(child)
            );
        });
        Descend::Into
    });
}

fn check_comments(comments: &Comments, src: &[u8]) {
    for comment in comments.all() {
        assert!(comment.span.of(src).starts_with(b"/"));
        assert_eq!(comments.text(comment).len(), comment.span.len() as usize);
    }
}

fn check(src: &[u8]) -> Parsed {
    let parsed = parse(src);
    let whole = Span::new(0, src.len() as u32);
    let tree = &parsed.file.tree;
    for (decl, body) in parsed.decls() {
        let outer = decl.span();
        assert!(whole.encloses(outer));
        match decl {
            Decl::Bad(_) => {}
            Decl::Gen(decl) => {
                for spec in tree.specs(decl.specs) {
                    assert!(outer.encloses(spec.span));
                    if let SpecKind::Type(ty) = spec.kind {
                        assert!(decl.keyword == DeclKeyword::Type);
                        check_node(tree, ty.ty, spec.span);
                    }
                }
                tree.decl_children(decl, |node| check_node(tree, node, outer));
            }
            Decl::Func(func) => {
                assert!(outer.encloses(func.name.span));
                tree.signature_children(func.signature, |node| check_node(tree, node, outer));
            }
        }
        if let Some(body) = body {
            check_node(&body.tree, body.block, outer);
            check_comments(&body.comments, src);
        }
    }
    check_comments(&parsed.file.comments, src);
    let errors = parsed
        .file
        .errors
        .iter()
        .chain(parsed.bodies.iter().flat_map(|b| &b.errors));
    assert!(
        errors
            .into_iter()
            .all(|error| error.offset <= src.len() as u32)
    );
    for token in tokens(src) {
        assert!(whole.encloses(token.span));
    }
    parsed
}

#[test]
fn the_sample_is_good() {
    assert_eq!(check(SAMPLE.as_bytes()).file.errors, []);
    assert!(!parse(SAMPLE.as_bytes()).has_errors());
}

#[test]
fn every_truncation() {
    for len in 0..SAMPLE.len() {
        check(&SAMPLE.as_bytes()[..len]);
    }
}

/// Texts that once got spans outside of their parents.
#[test]
fn what_is_missing_lies_inside_of_what_it_is_missing_from() {
    for stmts in [
        "[ A outer T [",
        "\"fmt\" if",
        "l:",
        "x.",
        "for ;",
        "if x {} else",
        "a[:",
        "f(a, b",
    ] {
        check(format!("package p\nfunc f() {{\n{stmts} ").as_bytes());
        check(format!("package p\nfunc f() {{\n{stmts} \n}}\n").as_bytes());
        check(format!("package p\nvar x = {stmts} ").as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bits(flips in prop::collection::vec((0..SAMPLE.len(), 0..8u8), 1..20)) {
        let mut src = SAMPLE.as_bytes().to_vec();
        flips.iter().for_each(|&(at, bit)| src[at] ^= 1 << bit);
        check(&src);
    }

    #[test]
    fn spliced_pieces(
        pieces in prop::collection::vec((0..SAMPLE.len(), 0..200usize), 1..20),
        keep_header in any::<bool>(),
    ) {
        let mut src = if keep_header { b"package p\n".to_vec() } else { Vec::new() };
        for (at, len) in pieces {
            src.extend_from_slice(&SAMPLE.as_bytes()[at..(at + len).min(SAMPLE.len())]);
        }
        check(&src);
    }

    #[test]
    fn shuffled_tokens(picks in prop::collection::vec(any::<prop::sample::Index>(), 0..200)) {
        let all = tokens(SAMPLE.as_bytes());
        let mut src = b"package p\nfunc f() {\n".to_vec();
        for pick in picks {
            src.extend_from_slice(pick.get(&all).span.of(SAMPLE.as_bytes()));
            src.push(b' ');
        }
        check(&src);
    }

    #[test]
    fn any_bytes(src in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&src);
    }
}

/// Parses on a thread with the stack that Rust gives threads, half of which is left to walk the tree
/// recursively, as analyses do. Whether there is an error.
fn on_a_small_stack(src: String) -> bool {
    fn height(tree: &Tree, node: Node) -> usize {
        let mut below = 0;
        tree.children(node, |child| below = below.max(height(tree, child)));
        below + 1
    }
    let on_stack = |megabytes: usize, work: Box<dyn FnOnce() -> bool + Send>| {
        std::thread::Builder::new()
            .stack_size(megabytes << 20)
            .spawn(work)
            .unwrap()
            .join()
            .unwrap()
    };
    let again = src.clone();
    let has_errors = on_stack(1, Box::new(move || check(again.as_bytes()).has_errors()));
    on_stack(
        2,
        Box::new(move || {
            let parsed = parse(src.as_bytes());
            for body in &parsed.bodies {
                height(&body.tree, body.block.into());
            }
            let tree = &parsed.file.tree;
            for decl in parsed.file.gen_decls() {
                tree.decl_children(decl, |node| assert!(height(tree, node) > 0));
            }
            true
        }),
    );
    has_errors
}

#[test]
fn deep_nesting_is_an_error() {
    let n = 10_000;
    for (open, close) in [
        ("(", ")"),
        ("[]", ""),
        ("*", ""),
        ("-", ""),
        ("<-", ""),
        ("f(", ")"),
        ("a[", "]"),
        ("T{", "}"),
        ("{", "}"),
        ("func() {", "}"),
        ("func(a ", ")"),
        ("struct { f ", "}"),
        ("interface { m(a ", ")}"),
        ("map[int]", ""),
        ("chan ", ""),
        ("T[", "]"),
        ("if true {", "}"),
        ("for {", "}"),
        ("switch { case true:", "}"),
        ("select { default:", "}"),
        ("l: ", ""),
        ("a.b(", ")"),
        ("(a+", ")"),
        ("(x.x.x.x.x.x.x.x)(", ")"),
        ("x.(", ")"),
        ("if x := func() {", "}; true {}"),
        ("var x = func() {", "}"),
        ("type T struct { f ", "}"),
        ("type T[P ", "]"),
    ] {
        let nested = format!("{}x{}", open.repeat(n), close.repeat(n));
        for (before, after) in [
            ("package p\nvar x = ", "\n"),
            ("package p\nfunc f() {\n", "\n}\n"),
            ("package p\n", ""),
        ] {
            let src = format!("{before}{nested}{after}");
            assert!(on_a_small_stack(src), "{before}{open}");
        }
    }
}

#[test]
fn deep_left_operands_are_an_error() {
    for postfix in [".a", "()", "[0]", ".(T)", "{}", "[1:2]"] {
        let src = format!("package p\nvar x = x{}\n", postfix.repeat(100_000));
        assert!(on_a_small_stack(src), "{postfix}");
    }
    // Each level of parentheses adds as many left operands as may be.
    let mut x = "x".to_owned();
    for _ in 0..100 {
        x = format!("({x}{}{})", " + x".repeat(60), ".a".repeat(500));
    }
    assert!(on_a_small_stack(format!("package p\nvar x = {x}\n")));
    let branches = "if a { b() } else ".repeat(100_000);
    assert!(on_a_small_stack(format!(
        "package p\nfunc f() {{ {branches} {{}} }}\n"
    )));
}

#[test]
fn long_operations_are_not_deep() {
    for op in ["+", "&&", "|", "*"] {
        let src = format!(
            "package p\nvar x = a{}\n",
            format!(" {op} a").repeat(100_000)
        );
        assert!(!on_a_small_stack(src), "{op}");
    }
    let terms = " | a".repeat(1000);
    assert!(!on_a_small_stack(format!(
        "package p\ntype t[P *a{terms}] struct{{}}\n"
    )));
    assert!(!on_a_small_stack(format!(
        "package p\ntype t interface {{ a{terms} }}\n"
    )));
    let branches = "if a { b() } else ".repeat(450);
    assert!(!on_a_small_stack(format!(
        "package p\nfunc f() {{ {branches} {{}} }}\n"
    )));
}

/// With time that grows as the square of the size these would take very long.
#[test]
fn the_time_is_linear_in_the_size() {
    for piece in [
        "#",
        "\"",
        "var;",
        "x;",
        "func f(;",
        "/**/ ",
        " func f() {\nvar x\n",
        "func f() {\nvar x = (\n",
        "func f() {\n// c\n",
        "var x = `\n`\n",
        "l: if x { } else ",
        "'a",
        "\\",
    ] {
        for header in ["", "package p;", "package p\nfunc f() { x("] {
            check(format!("{header}{}", piece.repeat(300_000 / piece.len())).as_bytes());
        }
    }
}

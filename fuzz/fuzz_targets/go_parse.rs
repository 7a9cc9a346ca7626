//! No text makes the Go parser panic, and every node lies within its parent.
//!
//! `cargo +nightly fuzz run go_parse`

#![no_main]

use caulk_syntax::{Descend, Node, Span, Tree, parse, tokens};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|src: &[u8]| {
    let parsed = parse(src);
    for body in &parsed.bodies {
        check(&body.tree, body.block.into());
    }
    let tree = &parsed.file.tree;
    for decl in parsed.file.gen_decls() {
        tree.decl_children(decl, |node| check(tree, node));
    }
    for token in tokens(src) {
        assert!(token.span.end as usize <= src.len());
    }
});

fn check(tree: &Tree, root: Node) {
    tree.walk(root, |node| {
        let outer = span(tree, node);
        tree.children(node, |child| assert!(outer.encloses(span(tree, child))));
        Descend::Into
    });
}

fn span(tree: &Tree, node: Node) -> Span {
    match node {
        Node::Expr(id) => tree.expr(id).span,
        Node::Stmt(id) => tree.stmt(id).span,
    }
}

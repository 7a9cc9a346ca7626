//! Small pieces of Go and what becomes of them.

#![allow(clippy::unwrap_used)]

use caulk_syntax::{
    Decl, DeclKeyword, ExprId, ExprKind, FuncDecl, LineIndex, Parsed, SpecKind, StmtKind,
    TokenKind, Tree, body, outline, parse, tokens,
};

/// `line:column message` of each error, in order.
fn errors(src: &str) -> Vec<String> {
    let parsed = parse(src.as_bytes());
    let lines = LineIndex::new(src.as_bytes());
    let mut errors: Vec<_> = parsed.file.errors.clone();
    errors.extend(parsed.bodies.iter().flat_map(|body| body.errors.clone()));
    errors.sort_by_key(|error| error.offset);
    let text = |error: &caulk_syntax::SyntaxError| {
        let at = lines.line_column(error.offset);
        format!("{}:{} {}", at.line, at.column, error.message)
    };
    errors.iter().map(text).collect()
}

#[track_caller]
fn good(src: &str) -> Parsed {
    assert_eq!(errors(src), [] as [&str; 0], "{src}");
    parse(src.as_bytes())
}

#[track_caller]
fn bad(src: &str, expected: &str) {
    assert_eq!(errors(src), [expected], "{src}");
}

#[track_caller]
fn bad_in_body(stmts: &str, expected: &str) {
    bad(&format!("package p\nfunc f() {{\n{stmts}\n}}\n"), expected);
}

/// The value of the first variable of a file.
fn value(parsed: &Parsed) -> (&Tree, ExprId) {
    let tree = &parsed.file.tree;
    let (_, spec) = parsed
        .file
        .specs()
        .find(|(keyword, _)| *keyword == DeclKeyword::Var)
        .unwrap();
    let SpecKind::Value(value) = spec.kind else {
        panic!("{spec:?}")
    };
    (tree, tree.exprs(value.values)[0])
}

#[test]
fn errors_are_where_and_what_go_says() {
    bad(
        "package p\nvar x = = 1\n",
        "2:9 expected operand, found '='",
    );
    bad("package p\nvar x int = 1 2\n", "2:15 expected ';', found 2");
    bad("package p\nx := 1\n", "2:1 expected declaration, found x");
    bad(
        "package p\nvar s = \"abc\n",
        "2:9 string literal not terminated",
    );
    bad("package p\nvar s = '\\q'\n", "2:11 unknown escape sequence");
    bad("package p\nvar s = ''\n", "2:9 illegal rune literal");
    bad(
        "package p\nvar s = `abc\n",
        "2:9 raw string literal not terminated",
    );
    bad("package p\n/* abc\n", "2:1 comment not terminated");
    bad(
        "package p\nvar x = 08\n",
        "2:10 invalid digit '8' in octal literal",
    );
    bad(
        "package p\nvar x = 1__0\n",
        "2:10 '_' must separate successive digits",
    );
    bad(
        "package p\nvar x = 0x\n",
        "2:11 hexadecimal literal has no digits",
    );
    bad("package p\nvar x = 1e+\n", "2:12 exponent has no digits");
    bad(
        "package p\nvar x = 0x1.0\n",
        "2:14 hexadecimal mantissa requires a 'p' exponent",
    );
    bad(
        "package p\nvar x = T{1,\n2\n}\n",
        "3:2 missing ',' before newline in composite literal",
    );
    bad(
        "package p\nvar x = f(1,\n2\n)\n",
        "3:2 missing ',' before newline in argument list",
    );
    bad(
        "package p\nvar x = a[1::3]\n",
        "2:12 middle index required in 3-index slice",
    );
    bad(
        "package p\nvar x = a[]\n",
        "2:11 expected operand, found ']'",
    );
    bad(
        "package p\nvar x = (T){}\n",
        "2:10 cannot parenthesize type in composite literal",
    );
    bad(
        "package p\nfunc f(a, b ...int, c int)\n",
        "2:13 can only use ... with final parameter",
    );
    bad(
        "package p\nfunc f(a int, string)\n",
        "2:21 missing parameter type",
    );
    bad("package p\nfunc f[]()\n", "2:8 empty type parameter list");
    bad(
        "package p\ntype T[P, Q] struct{}\n",
        "2:12 missing type constraint",
    );
    bad(
        "package p\ntype I interface { m[T any]() }\n",
        "2:21 interface method must have no type parameters",
    );
    bad(
        "package p\nvar f func[T any]()\n",
        "2:11 function type must have no type parameters",
    );
    bad(
        "package p\ntype T struct { (U) }\n",
        "2:17 cannot parenthesize embedded type",
    );
    bad("package p\nimport 1\n", "2:8 import path must be a string");
    bad(
        "package p\nvar x int\nimport \"a\"\n",
        "3:1 imports must appear before other declarations",
    );
    bad(
        "package p\nfunc f()\n{\n}\n",
        "3:1 unexpected semicolon or newline before {",
    );
    bad("package p\nvar x = 1 # 2\n", "2:11 illegal character '#'");
    bad("package p\nvar x = \"\0\"\n", "2:10 illegal character NUL");
    bad("package p\n//line f.go:0\n", "2:13 invalid line number");
    bad("func f() {}\n", "1:1 expected 'package', found 'func'");
}

#[test]
fn errors_in_statements_are_where_and_what_go_says() {
    bad_in_body("if {\n}", "3:4 missing condition in if statement");
    bad_in_body("if x := 1; {\n}", "3:10 missing condition in if statement");
    bad_in_body(
        "if x\n{\n}",
        "3:5 unexpected newline, expecting { after if clause",
    );
    bad_in_body(
        "if x = 1 {\n}",
        "3:4 expected boolean expression, found assignment (missing parentheses around composite literal?)",
    );
    bad_in_body(
        "if x {\n} else x()",
        "4:8 expected if statement or block, found x",
    );
    bad_in_body(
        "for i := 0 {\n}",
        "3:5 expected boolean or range expression, found assignment (missing parentheses around composite literal?)",
    );
    bad_in_body(
        "for a, b, c := range x {\n}",
        "3:11 expected at most 2 expressions",
    );
    bad_in_body("switch x = y.(type) {\n}", "3:10 expected ':=', found '='");
    bad_in_body("go f", "3:5 expression in go must be function call");
    bad_in_body(
        "defer (f())",
        "3:7 expression in defer must not be parenthesized",
    );
    bad_in_body("a, b++", "3:1 expected 1 expression");
    bad_in_body("a.b: x()", "3:4 illegal label declaration");
    bad_in_body("x.1()", "3:2 expected ';', found .1");
    bad_in_body("return return", "3:8 expected operand, found 'return'");
    bad_in_body("select { case a, b: }", "3:15 expected 1 expression");
}

#[test]
fn text_that_is_not_utf8_is_an_error_and_keeps_its_place() {
    let src = b"package p // \xff\n\nvar a = \"\xfe\xfd\"\nvar b = 1\n";
    let parsed = parse(src);
    assert_eq!(parsed.file.errors[0].message, "illegal UTF-8 encoding");
    let names: Vec<_> = parsed
        .file
        .specs()
        .filter_map(|(_, spec)| match spec.kind {
            SpecKind::Value(value) => Some(parsed.file.tree.names(value.names)[0]),
            _ => None,
        })
        .map(|name| parsed.file.tree.name(name).to_owned())
        .collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn newer_syntax_is_good() {
    good("package p\ntype A[P any] = []P\n");
    good("package p\nfunc f() { for range 10 {}; for i := range seq {} }\n");
    good("package p\nvar x = new(1 + 2)\n");
    good("package p\nfunc (t T[P]) Map[Q any](f func(P) Q) T[Q] { return nil }\n");
    good("package p\ntype N[T N[T]] interface { m() T }\n");
    good("\u{feff}package p\n");
    good("package p\nfunc π(été int) (x٣ int) { return été }\n");
}

#[test]
fn type_parameters_and_array_lengths_are_told_apart() {
    let type_params = |src: &str| {
        let parsed = good(&format!("package p\ntype T{src}\n"));
        let kind = parsed.file.specs().next().unwrap().1.kind;
        let SpecKind::Type(ty) = kind else {
            panic!("{kind:?}")
        };
        ty.type_params
            .map(|params| parsed.file.tree.fields(params).len())
    };
    assert_eq!(type_params("[P any] int"), Some(1));
    assert_eq!(type_params("[P *C,] int"), Some(1));
    assert_eq!(type_params("[P *C|~Q] int"), Some(1));
    assert_eq!(type_params("[P, Q any] int"), Some(1));
    assert_eq!(type_params("[P []int, Q (C)] int"), Some(2));
    assert_eq!(type_params("[P * C] int"), None);
    assert_eq!(type_params("[N] int"), None);
    assert_eq!(type_params("[N(C)] int"), None);
    assert_eq!(type_params("[a.N + 1] int"), None);
    assert_eq!(type_params("[] int"), None);
}

#[test]
fn composite_literals_and_blocks_are_told_apart() {
    good("package p\nfunc f() { if x == (T{1}) { y() }; for _, v := range []T{{1}} { v() } }\n");
    good("package p\nfunc f() { switch f(T{}) { case T{}: }; if x := a[T{}.i]; x {} }\n");
    good("package p\nfunc f() { if func() bool { return T{} == x }() { } }\n");
}

#[test]
fn semicolons_are_put_in_at_line_ends() {
    let kinds = |src: &str| -> Vec<_> { tokens(src.as_bytes()).iter().map(|t| t.kind).collect() };
    use TokenKind as T;
    assert_eq!(
        kinds("x // c\ny"),
        [T::Ident, T::Comment, T::Semicolon, T::Ident, T::Semicolon]
    );
    assert_eq!(
        kinds("x /* a\nb */ y"),
        [T::Ident, T::Comment, T::Semicolon, T::Ident, T::Semicolon]
    );
    assert_eq!(kinds("x +\ny;"), [T::Ident, T::Add, T::Ident, T::Semicolon]);
    let all = tokens(b"x\n;");
    assert!(all[1].is_automatic_semicolon());
    assert!(!all[2].is_automatic_semicolon());
}

#[test]
fn comments_are_found_beside_the_tree() {
    let src = "\
//go:build linux && !cgo

// Code generated by x. DO NOT EDIT.

// Package p does it.
package p

import \"C\" // cgo

// F frees.
//
//\tindented
//go:noinline
func F() { // not F's doc
	x() //caulk:ignore unclosed-file closed below
}

// Apart.

func G() {}

type T struct {
	// A is first.
	A int
	B int /* B, too */
}
";
    let parsed = good(src);
    let file = &parsed.file;
    assert_eq!(file.package_name(), "p");
    assert!(file.is_generated());
    assert_eq!(
        file.go_build_lines().collect::<Vec<_>>(),
        ["//go:build linux && !cgo"]
    );
    let functions: Vec<&FuncDecl> = file.funcs().collect();
    assert_eq!(
        file.comments.doc_text(functions[0].span.start),
        "F frees.\n\n\tindented"
    );
    assert_eq!(file.comments.doc_text(functions[1].span.start), "");
    let package = file.package.unwrap().package.offset();
    assert_eq!(file.comments.doc_text(package), "Package p does it.");
    let import = file.imports().next().unwrap();
    assert_eq!(import.path().as_deref(), Some("C"));
    let trailing = file
        .comments
        .trailing(import.span.end, src.as_bytes())
        .unwrap();
    assert_eq!(file.comments.text(trailing), "// cgo");
    let a = src.find("A int").unwrap() as u32;
    assert_eq!(file.comments.doc_text(a), "A is first.");
    let b_end = src.find("B int").unwrap() as u32 + 5;
    assert_eq!(file.comments.doc_text(b_end - 5), "");
    let trailing = file.comments.trailing(b_end, src.as_bytes()).unwrap();
    assert_eq!(file.comments.text(trailing), "/* B, too */");
    let body = &parsed.bodies[0];
    let texts: Vec<_> = body
        .comments
        .all()
        .iter()
        .map(|c| body.comments.text(c))
        .collect();
    assert_eq!(
        texts,
        [
            "// not F's doc",
            "//caulk:ignore unclosed-file closed below"
        ]
    );
    assert!(
        body.comments
            .all()
            .iter()
            .all(|comment| comment.trails_code)
    );
}

#[test]
fn an_outline_leaves_bodies_out_and_body_reads_them() {
    let src = b"package p\n\nfunc f() {\n\tx(\n}\n\nfunc g() int {\n\treturn 1\n}\n\nfunc asm()\n";
    let file = outline(src);
    assert_eq!(file.errors, []);
    let bodies: Vec<_> = file.funcs().map(|func| func.body).collect();
    assert_eq!(body(src, bodies[0].unwrap()).errors.len(), 1);
    let g = body(src, bodies[1].unwrap());
    assert_eq!(bodies[1].unwrap().of(src), b"{\n\treturn 1\n}");
    assert_eq!(g.tree.stmt(g.block).span, bodies[1].unwrap());
    let [only] = g.statements() else {
        panic!("{g:?}")
    };
    let StmtKind::Return(results) = g.tree.stmt(*only).kind else {
        panic!("{g:?}")
    };
    let result = g.tree.exprs(results)[0];
    assert_eq!(g.tree.expr(result).span.of(src), b"1");
    assert_eq!(bodies[2], None);
}

#[test]
fn an_outline_outlives_its_source() {
    let file = {
        let src =
            b"package p\nvar x = y.z(`a`)\nfunc f(arg int) { local() }\nvar after int\n".to_vec();
        outline(&src)
    };
    let names: Vec<&str> = file.funcs().map(|func| file.tree.name(func.name)).collect();
    assert_eq!(names, ["f"]);
    let last = file.specs().last().unwrap().1;
    let SpecKind::Value(value) = last.kind else {
        panic!("{last:?}")
    };
    assert_eq!(file.tree.name(file.tree.names(value.names)[0]), "after");
}

#[test]
fn constants_keep_their_place_in_the_group() {
    let parsed = good("package p\nconst (\n\tA = iota\n\tB\n\tC, D = 1, 2\n)\n");
    let specs: Vec<_> = parsed
        .file
        .specs()
        .filter_map(|(_, spec)| match spec.kind {
            SpecKind::Value(value) => Some((value.iota, value.names.len(), value.values.len())),
            _ => None,
        })
        .collect();
    assert_eq!(specs, [(0, 1, 1), (1, 1, 0), (2, 2, 2)]);
}

#[test]
fn paths_and_literals_are_read_off_the_tree() {
    let parsed = good("package p\nvar x = (a.b).c\n");
    let (tree, x) = value(&parsed);
    assert_eq!(tree.selector_path(x), Some(vec!["a", "b", "c"]));
    let parsed = good("package p\nvar x = f().c\n");
    let (tree, x) = value(&parsed);
    assert_eq!(tree.selector_path(x), None);
    let parsed = good("package p\nvar x = \"a\\n\"\n");
    let (tree, x) = value(&parsed);
    assert_eq!(tree.string_value(x).as_deref(), Some("a\n"));
    let parsed = good("package p\nvar x = _\n");
    let (tree, x) = value(&parsed);
    assert!(tree.is_blank(x));
}

#[test]
fn long_concatenations_are_flat() {
    let parsed = good(&format!("package p\nvar x = a{}\n", " + a".repeat(1000)));
    let (tree, x) = value(&parsed);
    let ExprKind::Chain { rest, .. } = tree.expr(x).kind else {
        panic!("not a chain")
    };
    assert_eq!(rest.len(), 1000);
    let parsed = good("package p\nvar x = a + b + c\n");
    let (tree, x) = value(&parsed);
    assert!(matches!(tree.expr(x).kind, ExprKind::Binary { .. }));
}

#[test]
fn an_unfinished_function_costs_itself() {
    let src = "package p\n\nfunc a() {\n\tif x {\n\n// B is next.\nfunc b() {\n}\n\nvar c = f(\n\ntype d int\n";
    let parsed = parse(src.as_bytes());
    let tree = &parsed.file.tree;
    let names: Vec<&str> = parsed
        .file
        .funcs()
        .map(|func| tree.name(func.name))
        .collect();
    assert_eq!(names, ["a", "b"]);
    let b = parsed.file.funcs().nth(1).unwrap();
    assert_eq!(parsed.file.comments.doc_text(b.span.start), "B is next.");
    assert!(
        matches!(parsed.file.decls.last(), Some(Decl::Gen(d)) if d.keyword == DeclKeyword::Type)
    );
    assert_eq!(
        errors(src),
        [
            "6:1 expected '}', found end of text",
            "12:1 expected ')', found end of text"
        ]
    );
}

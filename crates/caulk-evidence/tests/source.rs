//! Which call a frame was executing, where its line alone does not say.
#![allow(clippy::unwrap_used)]

use caulk_evidence::{Source, SyntaxSource};

const SOURCE: &str = "package p

func (a *A) Open() error {
	conn, err := dial(
		a.host(),
		a.port(),
	)
	if err != nil {
		return wrap(err)
	}
	go func() {
		read(conn)
		done()
	}()
	return first(second(a), third(a))
}

func (b B[K, V]) Open() error { return other(b) }

func Open() error { return plain() }

func each() {
	for range items() { visit(func() { inner() }) }
}
";

/// The text of the call at a line that contains `at`, in the function of `symbol`.
fn call(symbol: &str, at: &str, after_call: bool) -> Option<&'static str> {
    let line = SOURCE.lines().position(|line| line.contains(at)).unwrap();
    let line = u32::try_from(line + 1).unwrap();
    let source = SyntaxSource::new(|_| Some(SOURCE.as_bytes().to_vec()));
    let span = source.call("p.go", symbol, line, after_call)?.span;
    SOURCE.get(span.start as usize..span.end as usize)
}

const OPEN: &str = "m/p.(*A).Open";
const DIAL: &str = "dial(\n\t\ta.host(),\n\t\ta.port(),\n\t)";

#[test]
fn a_call_over_several_lines_is_found_from_each_of_them() {
    assert_eq!(call(OPEN, "dial(", false), Some(DIAL));
    assert_eq!(call(OPEN, "a.host()", false), Some("a.host()"));
    assert_eq!(call(OPEN, "a.port()", false), Some("a.port()"));
}

#[test]
fn after_a_call_the_line_may_be_that_of_the_statement_behind_it() {
    assert_eq!(call(OPEN, "err != nil", true), Some(DIAL));
    assert_eq!(call(OPEN, "a.port()", true), Some("a.port()"));
    assert_eq!(call(OPEN, "conn, err", true), None);
}

#[test]
fn a_literal_has_calls_of_its_own() {
    assert_eq!(
        call("m/p.(*A).Open.func1", "read(conn)", false),
        Some("read(conn)")
    );
    assert_eq!(call("m/p.(*A).Open.func1", "done()", true), Some("done()"));
    // Nothing in the literal has been called yet.
    assert_eq!(call("m/p.(*A).Open.func1", "go func", true), None);
}

#[test]
fn of_several_calls_on_a_line_the_last_to_end_has_just_returned() {
    assert_eq!(
        call(OPEN, "return first", true),
        Some("first(second(a), third(a))")
    );
}

#[test]
fn methods_of_one_name_are_told_apart_by_their_receivers() {
    assert_eq!(call("m/p.B[...].Open", "other(b)", false), Some("other(b)"));
    assert_eq!(
        call("m/p.(*B[...]).Open", "other(b)", false),
        Some("other(b)")
    );
    assert_eq!(call("m/p.Open", "plain()", false), Some("plain()"));
    // A symbol that does not span the line gives way to the function that does.
    assert_eq!(call("m/p.Open", "other(b)", false), Some("other(b)"));
    assert_eq!(call("not a symbol", "plain()", false), Some("plain()"));
}

#[test]
fn a_line_outside_every_function_has_no_call() {
    assert_eq!(call(OPEN, "package p", false), None);
}

#[test]
fn a_store_is_looked_for_in_the_method_of_the_symbols_receiver() {
    let text = "package p

func (a *A) Put(k string) { a.seen[k] = true }
func (b *B[K]) Put(k K) { b.keys = append(b.keys, k) }
func Put(m map[string]int) { m[\"x\"] = 1 }
";
    let source = SyntaxSource::new(|_| Some(text.as_bytes().to_vec()));
    let holders = |symbol: &str| -> Vec<String> {
        let stores = source.stores_in("p.go", symbol);
        stores.into_iter().map(|store| store.holder).collect()
    };
    assert_eq!(holders("m/p.(*A).Put"), ["a.seen"]);
    assert_eq!(holders("m/p.(*B[...]).Put.func2"), ["b.keys"]);
    assert!(holders("m/p.Put").is_empty());
    assert!(holders("m/p.(*C).Put").is_empty());
}

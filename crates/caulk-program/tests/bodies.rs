//! What names denote in bodies: scopes, shadowing, closures, and whom calls call.
#![allow(clippy::unwrap_used)]

mod common;

use caulk_program::{
    BodyOwner, Callee, KnownTypes, LocalId, LocalKind, Object, Program, TypedBody,
};
use caulk_syntax::{Descend, ExprId, ExprKind, Node};
use common::{body, program, program_with};
use std::sync::Arc;

/// Every use of a variable called `name`, as `line of use<line of declaration`, in source order.
fn uses(program: &Program, typed: &TypedBody, name: &str) -> String {
    let BodyOwner::Func(id) = typed.owner else {
        panic!("not a function")
    };
    let file = program.file_of(id).unwrap();
    let line = |offset: u32| file.line_column(offset).line;
    let mut uses = Vec::new();
    typed.tree().walk(typed.block().unwrap(), |node| {
        if let Node::Expr(expr) = node
            && let ExprKind::Ident(ident) = typed.tree().expr(expr).kind
            && typed.tree().name(ident) == name
            && let Some(local) = typed.info.local(expr)
        {
            let declared = typed.info.local_info(local).unwrap().span.start;
            uses.push(format!("{}<{}", line(ident.span.start), line(declared)));
        }
        Descend::Into
    });
    uses.join(" ")
}

fn callees(program: &Program, typed: &TypedBody) -> Vec<String> {
    let name = |local: &LocalId| typed.info.local_info(*local).unwrap().name.to_string();
    typed
        .info
        .calls()
        .into_iter()
        .map(|(_, callee)| match callee {
            Callee::Static(func) => format!("func {}", func.name),
            Callee::Method {
                func,
                recv,
                through,
                ..
            } => {
                format!(
                    "method {} on {} via {through:?}",
                    func.name,
                    program.type_string(*recv)
                )
            }
            Callee::Interface { func, iface, .. } => {
                format!("interface {} of {}", func.name, program.type_string(*iface))
            }
            Callee::Local(local) => format!("local {}", name(local)),
            Callee::Field { name, .. } => format!("field {name}"),
            Callee::Unknown { name, .. } => format!("unknown {name}"),
            other => format!("{other:?}")
                .split(['(', ' '])
                .next()
                .unwrap()
                .to_lowercase(),
        })
        .collect()
}

fn local(typed: &TypedBody, name: &str) -> LocalId {
    typed
        .info
        .locals()
        .find(|(_, local)| local.name == name)
        .unwrap()
        .0
}

#[test]
fn short_declarations_reuse_what_this_scope_has() {
    let program = program(
        "package m
func two() (int, error)
func f() (err error) {
	a, err := two()
	if b, err := two(); err != nil {
		_ = b
		err = nil
	} else if a, err := two(); err != nil {
		_ = a
	}
	b, err := two()
	_, _ = a, b
	return err
}
",
    );
    let typed = body(&program, "f");
    assert_eq!(
        uses(&program, &typed, "err"),
        "4<3 5<5 5<5 7<5 8<8 8<8 11<3 13<3"
    );
    assert_eq!(uses(&program, &typed, "a"), "4<4 8<8 9<8 12<4");
    let result = typed.info.results()[0];
    assert_eq!(
        typed.info.local_info(result).unwrap().kind,
        LocalKind::Result { index: 0 }
    );
    assert_eq!(
        typed
            .info
            .defined_at(typed.info.local_info(result).unwrap().span),
        Some(result)
    );
}

#[test]
fn the_right_side_sees_the_outer_scope() {
    let program = program(
        "package m
func f(x int) {
	{
		x := x
		x, y := x, x
		_, _ = x, y
	}
	for x := range x {
		_ = x
	}
	switch x := x; x {
	case x:
		x := x
		_ = x
	}
	var g func(int) = func(x int) { _ = x }
	g(x)
}
",
    );
    let typed = body(&program, "f");
    assert_eq!(
        uses(&program, &typed, "x"),
        "4<4 4<2 5<4 5<4 5<4 6<4 8<8 8<2 9<8 11<11 11<2 11<11 12<11 13<13 13<11 14<13 16<16 17<2"
    );
    assert_eq!(callees(&program, &typed), ["local g"]);
}

#[test]
fn type_switches_declare_one_symbol_for_each_clause() {
    let program = program(
        "package m
import \"io\"
func f(v any) {
	switch x := v.(type) {
	case io.Closer:
		x.Close()
	case int, string:
		_ = x
	case nil:
		_ = x
	}
}
",
    );
    let typed = body(&program, "f");
    let types: Vec<String> = typed
        .info
        .locals()
        .filter(|(_, local)| local.kind == LocalKind::TypeSwitch)
        .map(|(_, local)| program.type_string(local.ty))
        .collect();
    assert_eq!(types, ["io.Closer", "any", "any"]);
    assert_eq!(
        callees(&program, &typed),
        ["interface io.Closer.Close of io.Closer"]
    );
}

#[test]
fn literals_say_what_they_capture() {
    let program = program(
        "package m
func f(a int) func() {
	b, c := 1, 2
	return func() {
		d := b
		inner := func(e int) int { return a + d + e }
		inner(c)
		func() {}()
	}
}
",
    );
    let typed = body(&program, "f");
    let names = |locals: &[LocalId]| {
        let names = locals
            .iter()
            .map(|l| typed.info.local_info(*l).unwrap().name.to_string());
        names.collect::<Vec<_>>().join(" ")
    };
    let captures: Vec<String> = typed
        .info
        .literals()
        .iter()
        .map(|l| names(&l.captures))
        .collect();
    assert_eq!(captures, ["a b c", "a d", ""]);
    let [outer, inner, _] = typed.info.literals() else {
        panic!()
    };
    assert_eq!((outer.parent, inner.parent), (None, Some(outer.expr)));
    assert_eq!(names(&inner.params), "e");
    assert_eq!(
        typed.info.local_info(local(&typed, "d")).unwrap().function,
        Some(outer.expr)
    );
    assert_eq!(callees(&program, &typed), ["local inner", "literal"]);
}

#[test]
fn methods_are_found_through_embedding_pointers_and_interfaces() {
    let program = program(
        "package m
import \"os\"
import \"io\"
type log struct { *os.File; hook func() }
type both interface { io.ReadCloser; Flush() }
type named io.Closer
type alias = *own
type own struct{}
func (a alias) Stop() {}
func f(l log, b both, n named, p *log, fs []*os.File, m map[string]func()) {
	l.Close()
	l.File.Close()
	p.Sync()
	l.hook()
	b.Close()
	b.Flush()
	n.Close()
	fs[0].Close()
	m[\"x\"]()
	defer (*os.File).Close(fs[1])
	close := l.Close
	close()
	g, err := os.Open(\"\")
	_ = err.Error()
	(g).Close()
	new(own).Stop()
}
",
    );
    let typed = body(&program, "f");
    assert_eq!(
        callees(&program, &typed),
        [
            "method os.File.Close on m.log via [\"File\"]",
            "method os.File.Close on *os.File via []",
            "method os.file.Sync on *m.log via [\"File\", \"file\"]",
            "field hook",
            "interface io.Closer.Close of m.both",
            "interface m.both.Flush of m.both",
            "interface io.Closer.Close of m.named",
            "method os.File.Close on *os.File via []",
            "value",
            "func os.File.Close",
            "local close",
            "func os.Open",
            "interface error.Error of error",
            "method os.File.Close on *os.File via []",
            "builtin",
            "method m.own.Stop on *m.own via []",
        ]
    );
    let closes = typed.info.calls();
    let object = closes.iter().find_map(|(call, _)| {
        let ExprKind::Call { fun, .. } = typed.tree().expr(*call).kind else {
            return None;
        };
        Some(typed.info.object(fun).clone())
    });
    assert!(matches!(object, Some(Object::Method(func)) if func.id.is_some()));
}

#[test]
fn what_an_interface_does_not_declare_is_of_the_one_missing_that_it_embeds() {
    let program = program(
        "package m
import \"io\"
import \"example.com/objstore\"
import \"example.com/other\"
type bucket interface { io.Closer; objstore.Bucket; Own() }
type deeper interface { bucket; More() }
type two interface { objstore.Bucket; other.Store }
type number interface { ~int | objstore.Number }
type tree struct { bucket }
func f(b bucket, d deeper, t two, s tree) {
	b.Get()
	b.Own()
	b.Close()
	d.Get()
	t.Get()
	s.Get()
}
func g[N number](n N) {
	n.Get()
}
",
    );
    assert_eq!(
        callees(&program, &body(&program, "f")),
        [
            "method example.com/objstore.Bucket.Get on m.bucket via []",
            "interface m.bucket.Own of m.bucket",
            "interface io.Closer.Close of m.bucket",
            "method example.com/objstore.Bucket.Get on m.deeper via []",
            "unknown Get",
            "method example.com/objstore.Bucket.Get on m.tree via [\"bucket\"]",
        ]
    );
    assert_eq!(callees(&program, &body(&program, "g")), ["unknown Get"]);
}

struct Catalogue(Vec<String>);

impl KnownTypes for Catalogue {
    fn results_of(&self, func: &str) -> Option<Vec<String>> {
        (func == "cloud.example.com/go/pubsub/v2.NewClient").then(|| self.0.clone())
    }

    fn type_of(&self, name: &str) -> Option<String> {
        let ty = match name {
            "cloud.example.com/go/pubsub/v2.Default" => "*cloud.example.com/go/pubsub/v2.Client",
            "cloud.example.com/go/pubsub/v2.Client.Topics" => {
                "cloud.example.com/go/pubsub/v2.TopicsService"
            }
            _ => return None,
        };
        Some(ty.to_owned())
    }
}

const MISSING: &str = "package m
import pub \"cloud.example.com/go/pubsub/v2\"
type server struct { c *pub.Client }
func f(s server) {
	c, err := pub.NewClient()
	_ = err
	c.Topic(\"a\").Publish(1)
	s.c.Close()
	other, _ := pub.Other()
	other.Close()
}
";

#[test]
fn names_of_missing_packages_are_still_named() {
    let program = program(MISSING);
    let typed = body(&program, "f");
    assert_eq!(
        callees(&program, &typed),
        [
            "func cloud.example.com/go/pubsub/v2.NewClient",
            "unknown Topic",
            "unknown Publish",
            "method cloud.example.com/go/pubsub/v2.Client.Close on *cloud.example.com/go/pubsub/v2.Client via []",
            "func cloud.example.com/go/pubsub/v2.Other",
            "unknown Close",
        ]
    );
}

#[test]
fn a_catalogue_tells_what_missing_functions_return() {
    let results = ["*cloud.example.com/go/pubsub/v2.Client", "error"].map(str::to_owned);
    let catalogue = Arc::new(Catalogue(results.to_vec()));
    let program = program_with(MISSING, |options| options.known_types = Some(catalogue));
    let typed = body(&program, "f");
    assert_eq!(
        callees(&program, &typed)[1],
        "method cloud.example.com/go/pubsub/v2.Client.Topic on *cloud.example.com/go/pubsub/v2.Client via []"
    );
    let error = typed.info.local_info(local(&typed, "err")).unwrap().ty;
    assert_eq!(program.type_string(error), "error");
}

#[test]
fn a_catalogue_tells_what_missing_variables_and_fields_are() {
    let catalogue = Arc::new(Catalogue(Vec::new()));
    let text = "package m
import pub \"cloud.example.com/go/pubsub/v2\"
func f(c *pub.Client) {
	pub.Default.Close()
	c.Topics.Get()
	c.Others.Get()
	pub.Other.Close()
}
";
    let program = program_with(text, |options| options.known_types = Some(catalogue));
    assert_eq!(
        callees(&program, &body(&program, "f")),
        [
            "method cloud.example.com/go/pubsub/v2.Client.Close on *cloud.example.com/go/pubsub/v2.Client via []",
            "method cloud.example.com/go/pubsub/v2.TopicsService.Get on cloud.example.com/go/pubsub/v2.TopicsService via []",
            "unknown Get",
            "unknown Close",
        ]
    );
}

#[test]
fn types_in_go_notation_are_read() {
    let program = program("package m\ntype T struct{}\n");
    let package = program.check_packages()[0];
    for text in [
        "*os.File",
        "[]error",
        "map[string]*m.T",
        "<-chan io.Reader",
        "func(*os.File, int) (io.Closer, error)",
        "func() error",
        "github.com/nats-io/nats.go.Conn",
        "*x.y/z.Pair[string,[]m.T]",
    ] {
        assert_eq!(program.type_string(program.parse_type(package, text)), text);
    }
    for text in [
        "",
        "*",
        "os.",
        "[]",
        "func(",
        "map[string",
        "a b",
        "nothing",
    ] {
        let read = program.type_string(program.parse_type(package, text));
        assert!(read.contains("unknown"), "{text}: {read}");
    }
}

#[test]
fn generic_functions_and_types_are_instantiated() {
    let program = program(
        "package m
import \"os\"
type Pair[K comparable, V any] struct { Key K; Value V }
func (p *Pair[A, B]) Swap() Pair[B, A]
func Map[T, U any](s []T, f func(T) U) []U
func Must[T any](v T, err error) T
func Keys[M ~map[K]V, K comparable, V any](m M) []K
type index map[string]*os.File
func Apply[T1, T2, R any](f func(T1, T2) R, v T1) func(T2) R
func Has[K comparable, V any](m map[K]V, k K) bool
func Again[T any](v T, n int) (r []T) {
	if n > 0 {
		again := Again([]T{v}, n-1)
		return again[0]
	}
	return nil
}
func Slices[E any, S ~[]E](s S) { keys := Again(Rest(s)[0], 1) }
func Rest[E any, S ~[]E](s S) []E
func f(i index, p Pair[string, int]) {
	a := Map([]int{1}, func(n int) *os.File { return nil })
	b := Must(os.Open(\"\"))
	c := Keys(i)
	d := p.Swap()
	e := d.Value
	g := Map[string, error]
	h := new(3.5)
	k := Apply(Has, i)
}
",
    );
    let type_of = |func: &str, name: &str| {
        let typed = body(&program, func);
        program.type_string(typed.info.local_info(local(&typed, name)).unwrap().ty)
    };
    assert_eq!(type_of("f", "k"), "func(string) bool");
    assert_eq!(type_of("Again", "again"), "[][]T");
    assert_eq!(type_of("Slices", "keys"), "[]E");
    let typed = body(&program, "f");
    let types: Vec<String> = ["a", "b", "c", "d", "e", "g", "h"]
        .iter()
        .map(|name| program.type_string(typed.info.local_info(local(&typed, name)).unwrap().ty))
        .collect();
    assert_eq!(
        types,
        [
            "[]*os.File",
            "*os.File",
            "[]string",
            "m.Pair[int,string]",
            "string",
            "func([]string, func(string) error) []error",
            "*float64"
        ]
    );
}

#[test]
fn values_of_package_variables_are_bodies_too() {
    let program = program(
        "package m
import \"os\"
var plain int
var file, err = os.Open(\"\")
var close = func() error { f := file; return f.Close() }
",
    );
    let package = program.check_packages()[0];
    let bodies: Vec<_> = program
        .owners(package)
        .into_iter()
        .filter_map(|owner| program.body(owner))
        .collect();
    let callees: Vec<_> = bodies
        .iter()
        .map(|typed| callees(&program, typed))
        .collect();
    assert_eq!(
        callees,
        [
            vec!["func os.Open"],
            vec!["method os.File.Close on *os.File via []"]
        ]
    );
    let typed = &bodies[1];
    let call: ExprId = typed.info.calls()[0].0;
    assert_eq!(program.type_string(typed.info.type_of(call)), "error");
    assert_eq!(typed.info.literals().len(), 1);
}

#[test]
fn a_method_that_is_not_exported_is_of_its_package_alone() {
    let files = common::files(
        "package m\ntype T struct{}\nfunc (T) begin() {}\ntype I interface { begin() }\n",
    )
    .with(
        "/w/other/o.go",
        "package other\ntype I interface { begin() }\n",
    );
    let program = Program::load(Arc::new(files), common::options(), &["./...".into()]);
    let packages = program.check_packages();
    let ty = |index: usize, name: &str| {
        let path = program.package(packages[index]).path().to_owned();
        program.find_type(packages[index], &path, name)
    };
    assert_eq!(program.implements(ty(0, "T"), ty(0, "I")), Some(true));
    assert_eq!(program.implements(ty(0, "T"), ty(1, "I")), Some(false));
}

#[test]
fn types_answer_what_they_have() {
    let program = program(
        "package m
import \"io\"
import \"os\"
type wrap struct { os.File; n int }
type half struct { io.Reader }
type lost struct { missing.Thing }
",
    );
    let package = program.check_packages()[0];
    let ty = |path: &str, name: &str| program.find_type(package, path, name);
    let (wrap, half, lost) = (ty("m", "wrap"), ty("m", "half"), ty("m", "lost"));
    let closer = ty("io", "Closer");
    assert!(program.has_method(wrap, "Close") && program.has_method(wrap, "Sync"));
    assert!(!program.has_method(half, "Close"));
    assert_eq!(program.implements(wrap, closer), Some(true));
    assert_eq!(program.implements(half, closer), Some(false));
    assert_eq!(program.implements(ty("gone", "T"), closer), None);
    assert_eq!(program.implements(lost, ty("gone", "T")), None);
    let fields: Vec<_> = program
        .struct_fields(wrap)
        .iter()
        .map(|f| f.name.as_str())
        .collect();
    assert_eq!(fields, ["File", "n"]);
    assert_eq!(program.named_name(wrap).as_deref(), Some("m.wrap"));
}

/// Remembers which files were read.
struct Recorder(caulk_system::MemoryFiles, std::sync::Mutex<Vec<String>>);

impl caulk_system::Files for Recorder {
    fn read(&self, path: &std::path::Path) -> Result<Vec<u8>, caulk_system::FileError> {
        self.1.lock().unwrap().push(path.display().to_string());
        self.0.read(path)
    }
    fn read_dir(
        &self,
        path: &std::path::Path,
    ) -> Result<Vec<caulk_system::Entry>, caulk_system::FileError> {
        self.0.read_dir(path)
    }
    fn metadata(
        &self,
        path: &std::path::Path,
    ) -> Result<caulk_system::Metadata, caulk_system::FileError> {
        self.0.metadata(path)
    }
    fn canonicalize(
        &self,
        path: &std::path::Path,
    ) -> Result<std::path::PathBuf, caulk_system::FileError> {
        self.0.canonicalize(path)
    }
}

#[test]
fn only_what_is_asked_for_is_read() {
    let files = common::files(
        "package m
import (\"io\"; \"os\")
func f() { _, err := os.Open(\"\"); println(len(err.Error()), nil) }
func g() (io.Closer, error) { return nil, nil }
",
    );
    let recorder = Arc::new(Recorder(files, Default::default()));
    let program = Program::load(recorder.clone(), common::options(), &["./...".into()]);
    let typed = body(&program, "f");
    assert_eq!(callees(&program, &typed).len(), 4);
    let read = |part: &str| {
        recorder
            .1
            .lock()
            .unwrap()
            .iter()
            .any(|path| path.contains(part))
    };
    assert!(
        read("/os/") && !read("/io/"),
        "{:?}",
        recorder.1.lock().unwrap()
    );
}

//! Names of functions as the runtime prints them: in stack traces, profiles and goroutine dumps.
//!
//! The forms are those of the Go compiler (`cmd/internal/objabi.PathToPrefix` and
//! `cmd/compile/internal/ir.closureName`): `pkg/path.Func`, `pkg/path.(*T).Method`,
//! `pkg/path.T.Method`, `.func1` and `.func1.2` for literals, `.gowrap1` and `.deferwrap1` for the
//! wrappers of `go` and `defer` statements, `-fm` for method values, `[...]` for type arguments;
//! `-range1` for the bodies of range-over-func loops; dots in the last element of the path are
//! written `%2e`.

use caulk_program::{BodyOwner, FuncId, PackageId, PackageKind, Program, TypedBody};
use caulk_syntax::ExprId;

/// A runtime symbol, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Import path; `main` for the package of a program.
    pub package: String,
    /// Type of the receiver without star and type arguments, for a method.
    pub receiver: Option<String>,
    /// Name of the declared function. Literals in it, the wrappers of its `go` and `defer`
    /// statements and the bodies of its range-over-func loops have the name of the function too.
    pub name: String,
}

impl Symbol {
    /// Takes a runtime symbol apart; none where it is not a Go function's.
    #[must_use]
    pub fn parse(text: &str) -> Option<Symbol> {
        let text = without_type_arguments(text);
        let (package, rest) = split_package(&text);
        let rest = rest?;
        let (receiver, name) = match rest.strip_prefix('(') {
            Some(inner) => {
                let (ty, after) = inner.split_once(')')?;
                let after = after.strip_prefix('.')?;
                let name = after.split('.').next()?;
                (Some(ty.trim_start_matches('*')), name)
            }
            None => {
                let mut parts = rest.split('.');
                let first = parts.next()?;
                match parts.next() {
                    Some(second) if !is_nested(second) => (Some(first), second),
                    _ => (None, first),
                }
            }
        };
        // `-fm` for a method value, `-range1` for the body of a loop.
        let name = name.split('-').next().unwrap_or(name);
        (!name.is_empty()).then(|| Symbol {
            package: unescape(package),
            receiver: receiver.map(str::to_owned),
            name: name.to_owned(),
        })
    }

    /// The import path in a runtime symbol, also where the rest names no declared function; all of
    /// the text where it has none.
    #[must_use]
    pub fn package_of(text: &str) -> String {
        // Type arguments may hold slashes of their own.
        let plain = text.split('[').next().unwrap_or(text);
        unescape(split_package(plain).0)
    }
}

/// Splits at the first dot after the last slash: those of the path are escaped there.
fn split_package(text: &str) -> (&str, Option<&str>) {
    let base = text.rfind('/').map_or(0, |slash| slash + 1);
    let dot = text
        .get(base..)
        .and_then(|last| last.find('.'))
        .map(|dot| base + dot);
    match dot {
        Some(dot) => (text.get(..dot).unwrap_or_default(), text.get(dot + 1..)),
        None => (text, None),
    }
}

/// Whether a part of a symbol names something within a function: `func1`, `gowrap2`, `func1-range1`.
fn is_nested(part: &str) -> bool {
    let part = part.split('-').next().unwrap_or(part);
    let number = ["func", "gowrap", "deferwrap"]
        .iter()
        .find_map(|prefix| part.strip_prefix(prefix))
        .unwrap_or(part);
    !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
}

/// Generic functions are printed with `[...]`, wherever it stands.
fn without_type_arguments(text: &str) -> String {
    let mut depth = 0usize;
    text.chars()
        .filter(|c| match c {
            '[' => {
                depth += 1;
                false
            }
            ']' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect()
}

fn unescape(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail
            .get(..2)
            .filter(|_| first == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn escape(path: &str) -> String {
    let base = path.rfind('/').map_or(0, |slash| slash + 1);
    let (head, last) = path.split_at(base);
    format!(
        "{head}{}",
        last.replace('%', "%25")
            .replace('.', "%2e")
            .replace('"', "%22")
    )
}

/// The runtime symbol of a declared function, or of a literal in it.
pub fn symbol_of(program: &Program, body: &TypedBody, literal: Option<ExprId>) -> String {
    let mut symbol = match body.owner {
        BodyOwner::Func(id) => function_symbol(program, id),
        BodyOwner::Initializer(package, _) => format!("{}.init", package_symbol(program, package)),
    };
    let mut path = Vec::new();
    let mut at = literal;
    while let Some(expr) = at {
        path.push(expr);
        at = body.info.literal(expr).and_then(|literal| literal.parent);
    }
    for (depth, expr) in path.iter().rev().enumerate() {
        let parent = body.info.literal(*expr).and_then(|literal| literal.parent);
        let number = body
            .info
            .literals()
            .iter()
            .filter(|literal| literal.parent == parent)
            .position(|literal| literal.expr == *expr)
            .map_or(0, |position| position + 1);
        symbol.push_str(&if depth == 0 {
            format!(".func{number}")
        } else {
            format!(".{number}")
        });
    }
    symbol
}

fn package_symbol(program: &Program, package: PackageId) -> String {
    let package = program.package(package);
    if package.name() == "main" && *package.kind() == PackageKind::Primary {
        return "main".to_owned();
    }
    match package.kind() {
        PackageKind::ExternalTest => escape(&format!("{}_test", package.path())),
        _ => escape(package.path()),
    }
}

pub(crate) fn function_symbol(program: &Program, id: FuncId) -> String {
    let path = package_symbol(program, id.package);
    match program.func(id) {
        None => path,
        Some(func) => match &func.receiver {
            None => format!("{path}.{}", func.name),
            Some(receiver) if func.pointer_receiver => {
                format!("{path}.(*{receiver}).{}", func.name)
            }
            Some(receiver) => format!("{path}.{receiver}.{}", func.name),
        },
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    /// Package, receiver and name.
    fn parsed(text: &str) -> (String, Option<String>, String) {
        let symbol = Symbol::parse(text).unwrap();
        assert_eq!(symbol.package, Symbol::package_of(text));
        (symbol.package, symbol.receiver, symbol.name)
    }

    #[test]
    fn symbols_of_traces_and_profiles() {
        for (text, package, receiver, name) in [
            ("main.main", "main", None, "main"),
            ("main.(*T).Do.func1", "main", Some("T"), "Do"),
            ("main.Value.String", "main", Some("Value"), "String"),
            ("main.(*S).run-fm", "main", Some("S"), "run"),
            ("main.serve.gowrap1", "main", None, "serve"),
            ("main.serve.deferwrap2", "main", None, "serve"),
            ("main.serve.func1-range1", "main", None, "serve"),
            ("main.T.each-range1", "main", Some("T"), "each"),
            // A literal of a function that was inlined into the method.
            ("main.(*T).Do.helper.func1", "main", Some("T"), "Do"),
            (
                "net/http.(*persistConn).readLoop",
                "net/http",
                Some("persistConn"),
                "readLoop",
            ),
            (
                "example.com/m/pkg.Map[...].func2.1",
                "example.com/m/pkg",
                None,
                "Map",
            ),
            (
                "example.com/m.(*Set[...]).Add",
                "example.com/m",
                Some("Set"),
                "Add",
            ),
            (
                "example.com/m/set.Map[go.shape.string,net/url.URL].Add",
                "example.com/m/set",
                Some("Map"),
                "Add",
            ),
            (
                "gopkg.in/yaml%2ev3.Unmarshal",
                "gopkg.in/yaml.v3",
                None,
                "Unmarshal",
            ),
        ] {
            let expected = (
                package.to_owned(),
                receiver.map(str::to_owned),
                name.to_owned(),
            );
            assert_eq!(parsed(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_function_has_a_package_at_most() {
        assert_eq!(Symbol::parse("runtime"), None);
        assert_eq!(Symbol::parse("main."), None);
        assert_eq!(Symbol::parse("main.(*T"), None);
        assert_eq!(Symbol::parse(""), None);
        assert_eq!(
            Symbol::package_of("example.com/m.glob..func1"),
            "example.com/m"
        );
        assert_eq!(Symbol::package_of("runtime"), "runtime");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in r"([a-z/.()*\[\]%é0-9-]|func1|\(\*)*|\PC*") {
            if let Some(symbol) = Symbol::parse(&text) {
                prop_assert!(!symbol.name.is_empty());
            }
            prop_assert!(Symbol::package_of(&text).len() <= text.len());
        }

        #[test]
        fn an_escaped_path_is_read_back(path in r#"([a-z.%"é]{1,5}/){0,2}[a-z.%"é]{1,5}"#) {
            prop_assume!(!path.ends_with('/'));
            // Only the last element is escaped; elsewhere a percent sign would be read as one.
            let head = path.rsplit_once('/').map_or("", |(head, _)| head);
            prop_assume!(!head.contains('%'));
            let symbol = format!("{}.(*T).Run", escape(&path));
            prop_assert_eq!(Symbol::parse(&symbol).unwrap().package, path);
        }
    }
}

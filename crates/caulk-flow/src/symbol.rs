//! Names of functions as the runtime prints them: in stack traces, profiles and goroutine dumps.
//!
//! The forms are those of the Go compiler (`cmd/internal/objabi.PathToPrefix` and
//! `cmd/compile/internal/ir.closureName`): `pkg/path.Func`, `pkg/path.(*T).Method`,
//! `pkg/path.T.Method`, `.func1` and `.func1.2` for literals, `.gowrap1` and `.deferwrap1` for the
//! wrappers of `go` and `defer` statements, `-fm` for method values, `[...]` for type arguments;
//! dots in the last element of the path are written `%2e`.

use caulk_program::{BodyOwner, FuncId, PackageId, PackageKind, Program, TypedBody};
use caulk_syntax::ExprId;

/// A runtime symbol, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Import path.
    pub package: String,
    /// Type of the receiver, for a method.
    pub receiver: Option<String>,
    /// Name of the function.
    pub name: String,
    /// The literals from the function inwards, numbered from 1: `[1, 2]` for `.func1.2`.
    pub literals: Vec<u32>,
}

impl Symbol {
    /// Takes a runtime symbol apart; none where it is not a Go function's.
    pub fn parse(text: &str) -> Option<Symbol> {
        let text = without_type_arguments(text);
        let text = text.strip_suffix("-fm").unwrap_or(&text);
        let base = text.rfind('/').map_or(0, |slash| slash + 1);
        let dot = base + text.get(base..)?.find('.')?;
        let package = unescape(text.get(..dot)?);
        let mut rest = text.get(dot + 1..)?;
        let mut receiver = None;
        if let Some(inner) = rest.strip_prefix('(') {
            let (ty, after) = inner.split_once(')')?;
            receiver = Some(ty.trim_start_matches('*').to_owned());
            rest = after.strip_prefix('.')?;
        }
        let mut parts: Vec<&str> = rest.split('.').collect();
        let literals = trailing_literals(&mut parts);
        let name = match (receiver.is_some(), parts.as_slice()) {
            (true, [name]) | (false, [name]) => (*name).to_owned(),
            (false, [ty, name]) => {
                receiver = Some((*ty).to_owned());
                (*name).to_owned()
            }
            _ => return None,
        };
        (!name.is_empty()).then_some(Symbol {
            package,
            receiver,
            name,
            literals,
        })
    }

    /// The canonical name of the declared function: `pkg/path.Type.Method`.
    pub fn canonical(&self) -> String {
        match &self.receiver {
            Some(receiver) => format!("{}.{receiver}.{}", self.package, self.name),
            None => format!("{}.{}", self.package, self.name),
        }
    }
}

/// Takes `.func1.2`, `.gowrap1`, `.deferwrap2` off the end. `func1` counts literals of the declared
/// function, a bare number those of the literal before it.
fn trailing_literals(parts: &mut Vec<&str>) -> Vec<u32> {
    let numbered = |part: &str, prefix: &str| {
        part.strip_prefix(prefix)
            .and_then(|digits| digits.parse::<u32>().ok())
    };
    let Some(first) = parts.iter().skip(1).position(|part| {
        ["func", "gowrap", "deferwrap"]
            .iter()
            .any(|prefix| numbered(part, prefix).is_some())
    }) else {
        return Vec::new();
    };
    let tail = parts.split_off(first + 1);
    tail.iter()
        .filter_map(|part| numbered(part, "func").or_else(|| numbered(part, "")))
        .collect()
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

/// A function that runs: a declared one, or a literal in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Running {
    /// The declared function.
    pub func: FuncId,
    /// The literal within its body.
    pub literal: Option<ExprId>,
}

/// Finds what a runtime symbol names among the functions of the checked packages and of what they
/// import. `main` is the package of that name; where several are checked, the first that declares
/// the function. A literal that is not found (inlined code counts anew) gives its function.
pub fn resolve_symbol(program: &Program, symbol: &str) -> Option<Running> {
    let symbol = Symbol::parse(symbol)?;
    let candidates = program.check_packages().iter().copied();
    let mut funcs = candidates.filter_map(|id| {
        let package = program.package(id);
        let is_it = if symbol.package == "main" {
            package.name() == "main"
        } else {
            package.path() == symbol.package
        };
        let declared = if is_it { Some(id) } else { None };
        declared.and_then(|id| declared_in(program, id, &symbol))
    });
    let func = funcs.next().or_else(|| {
        let from = *program.check_packages().first()?;
        let package = program.find_package(from, &symbol.package)?;
        declared_in(program, package, &symbol)
    })?;
    let literal = (!symbol.literals.is_empty())
        .then(|| program.body(BodyOwner::Func(func)))
        .flatten()
        .and_then(|body| nested_literal(&body, &symbol.literals));
    Some(Running { func, literal })
}

fn declared_in(program: &Program, package: PackageId, symbol: &Symbol) -> Option<FuncId> {
    let package = program.package(package);
    let found = match &symbol.receiver {
        Some(receiver) => package
            .methods_of(receiver)
            .find(|func| func.name == symbol.name),
        None => package
            .funcs()
            .iter()
            .find(|func| func.receiver.is_none() && func.name == symbol.name),
    };
    found.and_then(|func| func.reference.id)
}

fn nested_literal(body: &TypedBody, numbers: &[u32]) -> Option<ExprId> {
    let mut parent = None;
    for number in numbers {
        let position = usize::try_from(*number).ok()?.checked_sub(1)?;
        let literal = body
            .info
            .literals()
            .iter()
            .filter(|literal| literal.parent == parent)
            .nth(position)?;
        parent = Some(literal.expr);
    }
    parent
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
    use super::*;

    fn canonical(text: &str) -> (String, Vec<u32>) {
        let symbol = Symbol::parse(text).unwrap();
        (symbol.canonical(), symbol.literals)
    }

    #[test]
    fn symbols_of_traces_and_profiles() {
        assert_eq!(canonical("main.main"), ("main.main".into(), vec![]));
        assert_eq!(
            canonical("main.(*T).Do.func1"),
            ("main.T.Do".into(), vec![1])
        );
        assert_eq!(
            canonical("net/http.(*persistConn).readLoop"),
            ("net/http.persistConn.readLoop".into(), vec![])
        );
        assert_eq!(
            canonical("example.com/m/pkg.Map[...].func2.1"),
            ("example.com/m/pkg.Map".into(), vec![2, 1])
        );
        assert_eq!(
            canonical("example.com/m.(*Set[...]).Add"),
            ("example.com/m.Set.Add".into(), vec![])
        );
        assert_eq!(
            canonical("gopkg.in/yaml%2ev3.Unmarshal"),
            ("gopkg.in/yaml.v3.Unmarshal".into(), vec![])
        );
        assert_eq!(canonical("main.(*S).run-fm"), ("main.S.run".into(), vec![]));
        assert_eq!(
            canonical("main.serve.gowrap1"),
            ("main.serve".into(), vec![])
        );
        assert_eq!(
            canonical("main.Value.String"),
            ("main.Value.String".into(), vec![])
        );
        assert_eq!(Symbol::parse("runtime"), None);
    }
}

//! The few questions about types that ownership asks.

use caulk_program::{Basic, Callee, FuncRef, NamedOrigin, Program, Type, TypeId};

use crate::contract::RELEASE_METHODS;
use crate::contract::Release;

/// Whether a type is `error`, an interface of errors with a name of its own, or a pointer to an error that a program has
/// instead: `*probe.Error`.
pub(crate) fn is_error(program: &Program, ty: TypeId) -> bool {
    let is_pointer = matches!(program.ty(ty), Type::Pointer(_));
    program
        .named_of(ty)
        .is_some_and(|named| match named.origin {
            NamedOrigin::Universe => named.name == "error" && !is_pointer,
            _ if is_pointer => named.name.ends_with("Error"),
            _ => {
                named.name.ends_with("Error")
                    && program.is_interface(ty)
                    && program.has_method(ty, "Error")
            }
        })
}

/// Whether a type is `context.Context`, or an interface of a project that has all of its methods.
pub(crate) fn is_context(program: &Program, ty: TypeId) -> bool {
    let has = |method: &str| program.has_method(ty, method);
    program.is_named(ty, "context.Context")
        || program.is_interface(ty) && ["Deadline", "Done", "Err", "Value"].into_iter().all(has)
}

/// Whether a type is `http.Response`, or a pointer to one.
pub(crate) fn is_response(program: &Program, ty: TypeId) -> bool {
    program.is_named(ty, "net/http.Response")
}

/// Whether a variable of a package is one of the streams that each program has, which are nobody's: who opens a file takes one of them
/// where no name is given.
pub(crate) fn is_standard_stream(variable: &str) -> bool {
    matches!(variable, "os.Stdin" | "os.Stdout" | "os.Stderr")
}

/// Whether a type is `bool`.
pub(crate) fn is_bool(program: &Program, ty: TypeId) -> bool {
    matches!(
        program.ty(ty),
        Type::Basic(Basic::Bool | Basic::UntypedBool)
    )
}

/// Whether a type only lets read what stands behind it, which may have to be closed: `io.Reader`.
pub(crate) fn is_reader(program: &Program, ty: TypeId) -> bool {
    program.is_named(ty, "io.Reader") || program.is_named(ty, "io.ReadSeeker")
}

/// Whether a value of the type can be of no use once what it was made from is released: a pointer
/// to a declared type, an interface, a declared struct, or a type that is not known. Plain data never is.
pub(crate) fn can_be_bound(program: &Program, ty: TypeId) -> bool {
    if is_error(program, ty) || is_data(program, ty, DATA_DEPTH) {
        return false;
    }
    match program.ty(ty) {
        Type::Unknown => true,
        Type::Pointer(inner) => !matches!(program.ty(*inner), Type::Basic(_)),
        Type::Named { .. } => {
            matches!(
                program.ty(program.underlying(ty)),
                Type::Interface(_) | Type::Struct(_)
            )
        }
        _ => false,
    }
}

/// Whether a value of the type, part of something bound, may be bound too: anything but plain data.
pub(crate) fn may_hold(program: &Program, ty: TypeId) -> bool {
    !is_data(program, ty, DATA_DEPTH)
}

/// Whether a value of the type is a number, a text or a truth value, and no address.
pub(crate) fn is_plain(program: &Program, ty: TypeId) -> bool {
    matches!(program.ty(program.underlying(ty)),
        Type::Basic(basic) if !matches!(basic, Basic::Uintptr | Basic::UnsafePointer))
}

/// Fields of fields that are looked at to tell data from what holds on to something.
const DATA_DEPTH: u32 = 4;

/// Whether a value of the type can hold nothing but data: numbers, strings, times, messages of
/// protocol buffers, and slices, maps and structs of them. What is too deep to tell is not.
fn is_data(program: &Program, ty: TypeId, depth: u32) -> bool {
    let Some(depth) = depth.checked_sub(1) else {
        return false;
    };
    if is_message(program, ty) {
        return true;
    }
    match program.ty(program.underlying(ty)) {
        Type::Basic(basic) => !matches!(basic, Basic::UnsafePointer),
        Type::Slice(elem) | Type::Array(elem, ..) => is_data(program, *elem, depth),
        Type::Pointer(elem) => is_data(program, *elem, depth),
        Type::Map(key, value) => is_data(program, *key, depth) && is_data(program, *value, depth),
        Type::Struct(fields) => {
            let named = program.named_of(ty);
            let is_time = named.is_some_and(|named| named.is_called("time.Time"));
            // What is behind a file is not told by the outline of the standard library.
            let is_opaque = || {
                named.is_some_and(|named| is_std_path(&named.package)) && has_release(program, ty)
            };
            is_time || fields.iter().all(|field| is_data(program, field.ty, depth)) && !is_opaque()
        }
        _ => false,
    }
}

/// Whether a value of the type can be something that whoever gets it releases: it has a method that
/// releases or is a function that could, or a field of it that others can see is.
pub(crate) fn can_be_owned(program: &Program, ty: TypeId) -> bool {
    if is_error(program, ty) || is_message(program, ty) {
        return false;
    }
    let releases = |ty: TypeId| {
        crate::contract::RELEASE_METHODS
            .iter()
            .chain(crate::contract::RELEASES_OF_FIELDS)
            .filter(|name| caulk_syntax::is_exported(name))
            .any(|name| releases_by(program, ty, name))
    };
    match program.ty(program.underlying(ty)) {
        Type::Func(signature) => signature.params.is_empty() && signature.results.len() <= 1,
        _ if releases(ty) => true,
        _ => program
            .struct_fields(ty)
            .iter()
            .any(|field| releases(field.ty)),
    }
}

/// Whether a value of the type can be released in any way, by a method of it or of what it holds, or by what is behind it; false of
/// what is known to be a struct or a collection without a release.
pub(crate) fn can_be_released(program: &Program, ty: TypeId) -> bool {
    let is_plain = matches!(
        program.ty(program.underlying(ty)),
        Type::Basic(_) | Type::Slice(_) | Type::Array(..) | Type::Map(..) | Type::Struct(_)
    ) || matches!(program.ty(program.underlying(ty)), Type::Pointer(of)
        if matches!(program.ty(program.underlying(*of)), Type::Basic(_) | Type::Struct(_)));
    !is_plain || has_release(program, ty) || can_be_owned(program, ty)
}

/// Whether a type is a message of protocol buffers, which holds data only.
fn is_message(program: &Program, ty: TypeId) -> bool {
    program.has_method(ty, "ProtoReflect") || program.has_method(ty, "ProtoMessage")
}

/// Whether the zero value of a type is `nil`.
pub(crate) fn is_nilable(program: &Program, ty: TypeId) -> bool {
    matches!(
        program.ty(program.underlying(ty)),
        Type::Pointer(_)
            | Type::Slice(_)
            | Type::Map(..)
            | Type::Chan(..)
            | Type::Func(_)
            | Type::Interface(_)
    ) || is_error(program, ty)
}

/// Whether a package is one of the standard library's, by its import path.
pub(crate) fn is_std_path(path: &str) -> bool {
    let end = path.bytes().position(|byte| matches!(byte, b'/' | b'.'));
    let first = match end.map(|end| path.split_at(end)) {
        Some((_, rest)) if rest.starts_with('.') => return false,
        Some((first, _)) => first,
        None => path,
    };
    !matches!(first, "" | "main" | "command-line-arguments")
}

/// Types of the results of a call of this type: one, several, or, where it is not known, none that are.
pub(crate) fn results(program: &Program, call: TypeId) -> Vec<TypeId> {
    match program.ty(call) {
        Type::Tuple(types) => types.to_vec(),
        _ => vec![call],
    }
}

/// Whether a value of the type has a method whose name says that it releases.
pub(crate) fn has_release(program: &Program, ty: TypeId) -> bool {
    RELEASE_METHODS
        .iter()
        .any(|name| releases_by(program, ty, name))
}

/// Whether a value of the type has a method of this name that may release it: to unlock a mutex that it embeds does not.
fn releases_by(program: &Program, ty: TypeId, name: &str) -> bool {
    let method = program.method(ty, name);
    method.is_some_and(|method| !is_unlock(&method.func))
}

/// Whether a function unlocks a mutex.
pub(crate) fn is_unlock(func: &FuncRef) -> bool {
    func.name.starts_with("sync.") && func.name.ends_with(".Unlock")
}

/// Whether a struct, or what a pointer leads to, embeds this field.
pub(crate) fn embeds(program: &Program, ty: TypeId, name: &str) -> bool {
    let fields = program.struct_fields(ty);
    fields
        .iter()
        .any(|field| field.embedded && field.name == *name)
}

/// Whether `value.name()` can be called on a value of the type: a method, or a field that holds a function.
pub(crate) fn has_callable(program: &Program, ty: TypeId, name: &str) -> bool {
    program.has_method(ty, name)
        || program
            .field_type(ty, name)
            .is_some_and(|field| program.func_type(field).is_some())
}

/// The last name of what is called: a method's own.
pub(crate) fn last_name(callee: &Callee) -> &str {
    match callee {
        Callee::Interface { name, .. }
        | Callee::Field { name, .. }
        | Callee::Unknown { name, .. } => name,
        _ => callee.func().map_or("", |func| simple_name(&func.name)),
    }
}

/// The name of a function or variable without its package and receiver.
pub(crate) fn simple_name(name: &str) -> &str {
    name.rsplit(['.', '/']).next().unwrap_or(name)
}

/// Whether a type is an interface with methods, none of which releases: who is given a value as one of these
/// uses it and leaves its release to others.
pub(crate) fn only_lends(program: &Program, ty: TypeId, release: &Release) -> bool {
    let Type::Interface(interface) = program.ty(program.underlying(ty)) else {
        return false;
    };
    let has_methods = !interface.methods.is_empty() || !interface.embedded.is_empty();
    let releases = || {
        release
            .actions
            .iter()
            .filter_map(|action| action.method.as_deref())
    };
    let complete = program.implements(ty, ty) == Some(true);
    complete
        && has_methods
        && !has_release(program, ty)
        && !releases().any(|method| program.has_method(ty, method))
}

/// Import path and name (`Func` or `Type.Method`) of a function.
pub(crate) fn split_name<'a>(program: &Program, func: &'a FuncRef) -> (&'a str, &'a str) {
    let name: &'a str = &func.name;
    if let Some(id) = func.id {
        let path = program.package(id.package).path();
        if let Some(rest) = name
            .strip_prefix(path)
            .and_then(|rest| rest.strip_prefix('.'))
        {
            return (name.get(..path.len()).unwrap_or(""), rest);
        }
    }
    split_canonical(name)
}

/// Import path and name of a canonical name whose package is not at hand. What other packages can
/// name is exported, so a lower-case element after a dot still belongs to the path (`yaml.v3`,
/// `nats.go`) but for the standard library, whose paths have no dots.
pub(crate) fn split_canonical(name: &str) -> (&str, &str) {
    let base = name.rfind('/').map_or(0, |slash| slash + 1);
    let Some(mut dot) = name
        .get(base..)
        .and_then(|last| last.find('.'))
        .map(|dot| base + dot)
    else {
        return ("", name);
    };
    if !is_std_path(name.get(..dot).unwrap_or("")) {
        while let Some(next) = name.get(dot + 1..).and_then(|rest| rest.find('.'))
            && name
                .get(dot + 1..)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_lowercase()))
        {
            dot += 1 + next;
        }
    }
    (
        name.get(..dot).unwrap_or(""),
        name.get(dot + 1..).unwrap_or(""),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonical_names_are_split_after_the_import_path() {
        assert_eq!(split_canonical("os.Open"), ("os", "Open"));
        assert_eq!(
            split_canonical("net/http.Client.Do"),
            ("net/http", "Client.Do")
        );
        assert_eq!(
            split_canonical("testing.common.Fatal"),
            ("testing", "common.Fatal")
        );
        assert_eq!(
            split_canonical("gopkg.in/yaml.v3.Decoder.Decode"),
            ("gopkg.in/yaml.v3", "Decoder.Decode")
        );
        assert_eq!(
            split_canonical("github.com/nats-io/nats.go.Connect"),
            ("github.com/nats-io/nats.go", "Connect")
        );
    }
}

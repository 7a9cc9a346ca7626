//! Predeclared names (<https://go.dev/ref/spec#Predeclared_identifiers>) and those of package `unsafe`.

use std::sync::Arc;

use super::kind::{Basic, NamedId, Type, TypeId};
use super::typer::Operand;
use crate::body::{Builtin, Object};
use crate::program::Program;

/// What a name means where nothing declares it.
pub(crate) fn predeclared(program: &Program, name: &str) -> Option<(Operand, Object)> {
    let ty = |ty: TypeId| (Operand::Type(ty), Object::Type(ty));
    let basic = |basic: Basic| ty(basic.id());
    let constant = |basic: Basic| (Operand::Value(basic.id()), Object::Const(Arc::from(name)));
    let builtin = |builtin| (Operand::Builtin(builtin), Object::Builtin(builtin));
    let named = |decl| {
        ty(program.types.intern(Type::Named {
            decl,
            args: Box::new([]),
        }))
    };
    let predeclared = match name {
        "bool" => basic(Basic::Bool),
        "int" => basic(Basic::Int),
        "int8" => basic(Basic::Int8),
        "int16" => basic(Basic::Int16),
        "int32" | "rune" => basic(Basic::Int32),
        "int64" => basic(Basic::Int64),
        "uint" => basic(Basic::Uint),
        "uint8" | "byte" => basic(Basic::Uint8),
        "uint16" => basic(Basic::Uint16),
        "uint32" => basic(Basic::Uint32),
        "uint64" => basic(Basic::Uint64),
        "uintptr" => basic(Basic::Uintptr),
        "float32" => basic(Basic::Float32),
        "float64" => basic(Basic::Float64),
        "complex64" => basic(Basic::Complex64),
        "complex128" => basic(Basic::Complex128),
        "string" => basic(Basic::String),
        "error" => named(NamedId::ERROR),
        "comparable" => named(NamedId::COMPARABLE),
        "any" => ty(program.types.empty_interface()),
        "true" | "false" => constant(Basic::UntypedBool),
        "iota" => constant(Basic::UntypedInt),
        "nil" => (Operand::Value(Basic::UntypedNil.id()), Object::Nil),
        "append" => builtin(Builtin::Append),
        "cap" => builtin(Builtin::Cap),
        "clear" => builtin(Builtin::Clear),
        "close" => builtin(Builtin::Close),
        "complex" => builtin(Builtin::Complex),
        "copy" => builtin(Builtin::Copy),
        "delete" => builtin(Builtin::Delete),
        "imag" => builtin(Builtin::Imag),
        "len" => builtin(Builtin::Len),
        "make" => builtin(Builtin::Make),
        "max" => builtin(Builtin::Max),
        "min" => builtin(Builtin::Min),
        "new" => builtin(Builtin::New),
        "panic" => builtin(Builtin::Panic),
        "print" => builtin(Builtin::Print),
        "println" => builtin(Builtin::Println),
        "real" => builtin(Builtin::Real),
        "recover" => builtin(Builtin::Recover),
        _ => return None,
    };
    Some(predeclared)
}

/// A name of package `unsafe`.
pub(crate) fn of_unsafe(name: &str) -> (Operand, Object) {
    let builtin = |builtin| (Operand::Builtin(builtin), Object::Builtin(builtin));
    match name {
        "Pointer" => {
            let ty = Basic::UnsafePointer.id();
            (Operand::Type(ty), Object::Type(ty))
        }
        "Alignof" | "Offsetof" | "Sizeof" => builtin(Builtin::UnsafeSize),
        "Add" => builtin(Builtin::UnsafeAdd),
        "Slice" => builtin(Builtin::UnsafeSlice),
        "SliceData" => builtin(Builtin::UnsafeSliceData),
        "String" => builtin(Builtin::UnsafeString),
        "StringData" => builtin(Builtin::UnsafeStringData),
        _ => (Operand::Value(TypeId::UNKNOWN), Object::Unknown),
    }
}

//! What a type is: the kinds of the Go specification, and *unknown* as one of them.

use std::sync::Arc;

use smol_str::SmolStr;

/// An interned type: equal ids are identical types.
///
/// The numbers depend on the order of work; sort by [`crate::Program::type_string`] where order is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TypeId(pub(crate) u32);

/// A declared type, generic or not, without its type arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NamedId(pub(crate) u32);

/// A type parameter of one declaration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TypeParamId(pub(crate) u32);

/// A type's structure; see <https://go.dev/ref/spec#Types>.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Nothing is known: its module is missing, the source is broken, or inference gave up.
    Unknown,
    /// A predeclared type, or the type of an untyped constant or of `nil`.
    Basic(Basic),
    /// A declared type with its type arguments (`error`, `comparable` and `any`'s predecessors included).
    Named {
        /// Its declaration.
        decl: NamedId,
        /// Type arguments, empty where it is not generic or not instantiated.
        args: Box<[TypeId]>,
    },
    /// `*T`.
    Pointer(TypeId),
    /// `[]T`.
    Slice(TypeId),
    /// `[N]T`; the length where it is written as a literal, since constants are not evaluated.
    Array(TypeId, Option<u64>),
    /// `map[K]V`.
    Map(TypeId, TypeId),
    /// `chan T`.
    Chan(ChanDir, TypeId),
    /// `func(…) …`.
    Func(Signature),
    /// `struct{…}`.
    Struct(Arc<[Field]>),
    /// `interface{…}`.
    Interface(Arc<Interface>),
    /// Several values, as a call with several results (or none) has.
    Tuple(Box<[TypeId]>),
    /// A type parameter.
    TypeParam(TypeParamId),
}

/// Predeclared types, and those of untyped constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is named as in Go")]
pub enum Basic {
    Bool,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Uintptr,
    Float32,
    Float64,
    Complex64,
    Complex128,
    String,
    UnsafePointer,
    UntypedBool,
    UntypedInt,
    UntypedRune,
    UntypedFloat,
    UntypedComplex,
    UntypedString,
    UntypedNil,
}

/// Which way a channel goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChanDir {
    /// `chan T`.
    Both,
    /// `chan<- T`.
    Send,
    /// `<-chan T`.
    Receive,
}

/// Parameters and results of a function.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    /// Parameters in order; the last of a variadic function is a slice.
    pub params: Box<[TypeId]>,
    /// Results in order.
    pub results: Box<[TypeId]>,
    /// Whether the last parameter is `...T`.
    pub variadic: bool,
    /// Type parameters of a generic function that is not instantiated.
    pub type_params: Box<[TypeParamId]>,
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// Its name; an embedded field is named as its type.
    pub name: SmolStr,
    /// Its type.
    pub ty: TypeId,
    /// Whether it is embedded.
    pub embedded: bool,
}

/// Methods and type elements of an interface, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Interface {
    /// Methods written in it, with their function types.
    pub methods: Vec<(SmolStr, TypeId)>,
    /// Embedded elements: interfaces, and unions of terms. A single term without tilde is a union of one.
    pub embedded: Vec<Box<[Term]>>,
}

/// A term of a union: `T` or `~T`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Term {
    /// Whether it stands for every type with this underlying type.
    pub tilde: bool,
    /// The type.
    pub ty: TypeId,
}

impl Basic {
    /// Name in the language (`untyped int` for constants).
    pub fn name(self) -> &'static str {
        match self {
            Basic::Bool => "bool",
            Basic::Int => "int",
            Basic::Int8 => "int8",
            Basic::Int16 => "int16",
            Basic::Int32 => "int32",
            Basic::Int64 => "int64",
            Basic::Uint => "uint",
            Basic::Uint8 => "uint8",
            Basic::Uint16 => "uint16",
            Basic::Uint32 => "uint32",
            Basic::Uint64 => "uint64",
            Basic::Uintptr => "uintptr",
            Basic::Float32 => "float32",
            Basic::Float64 => "float64",
            Basic::Complex64 => "complex64",
            Basic::Complex128 => "complex128",
            Basic::String => "string",
            Basic::UnsafePointer => "unsafe.Pointer",
            Basic::UntypedBool => "untyped bool",
            Basic::UntypedInt => "untyped int",
            Basic::UntypedRune => "untyped rune",
            Basic::UntypedFloat => "untyped float",
            Basic::UntypedComplex => "untyped complex",
            Basic::UntypedString => "untyped string",
            Basic::UntypedNil => "untyped nil",
        }
    }

    /// Whether it is the type of an untyped constant, of `nil`, or of a comparison.
    pub fn is_untyped(self) -> bool {
        self.untyped_rank().is_some()
            || matches!(
                self,
                Basic::UntypedBool | Basic::UntypedString | Basic::UntypedNil
            )
    }

    /// Order of the untyped numeric kinds: an operation of two takes the later one.
    pub(crate) fn untyped_rank(self) -> Option<u8> {
        match self {
            Basic::UntypedInt => Some(0),
            Basic::UntypedRune => Some(1),
            Basic::UntypedFloat => Some(2),
            Basic::UntypedComplex => Some(3),
            _ => None,
        }
    }

    /// The type that a variable gets from an untyped constant.
    pub(crate) fn default_type(self) -> Basic {
        match self {
            Basic::UntypedBool => Basic::Bool,
            Basic::UntypedInt => Basic::Int,
            Basic::UntypedRune => Basic::Int32,
            Basic::UntypedFloat => Basic::Float64,
            Basic::UntypedComplex => Basic::Complex128,
            Basic::UntypedString => Basic::String,
            other => other,
        }
    }
}

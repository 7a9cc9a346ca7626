//! Go projects resolved without running `go`, and what names and expressions mean.
//!
//! [`Program::load`] takes the paths of a command line and finds the packages there; everything else is read when it is
//! asked for: a dependency when a name of it is used, a body when [`Program::body`] wants it. Nothing here fails: what is
//! missing or broken is *unknown* ([`Type::Unknown`], [`Callee::Unknown`]) and a [`Problem`].
//!
//! A [`Program`] is shared between threads. Every answer is the same whatever the order of questions; only the numbers
//! of ids differ, so sort by names where order is seen.
//!
//! It does not know leaks.

mod body;
mod load;
mod package;
mod problem;
mod program;
mod resolve;
mod std_outline;
mod types;

pub use body::{
    BodyInfo, BodyOwner, Builtin, Callee, FuncRef, Literal, Local, LocalId, LocalKind, Object,
    TypedBody,
};
pub use package::{Func, FuncId, Initializer, Package, PackageId, PackageKind, SourceFile};
pub use problem::{Problem, ProblemKind};
pub use program::{KnownTypes, Options, Program};
pub use resolve::{GoEnv, GoWork, Module, ModuleVersion, Platform, Source};
pub use types::{
    Basic, ChanDir, Field, Interface, Method, NamedDecl, NamedId, NamedOrigin, ParamOwner,
    Signature, Term, Type, TypeId, TypeParamDecl, TypeParamId,
};

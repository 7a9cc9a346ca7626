//! Go projects resolved without running `go`, and what names and expressions mean.
//!
//! [`Program::load`] takes the paths of a command line and finds the packages there; everything else is read when it is
//! asked for: a dependency when a name of it is used, a body when [`Program::body`] wants it. Nothing here fails: what is
//! missing or broken is *unknown* ([`Type::Unknown`], [`Callee::Unknown`]) and a [`Problem`].
//!
//! A [`Program`] is shared between threads. Every answer is the same whatever the order of questions; only the numbers
//! of ids differ, so sort by names where order is seen.
//!
//! ```
//! use std::{path::PathBuf, sync::Arc};
//! use caulk_program::{GoEnv, Options, Program};
//! use caulk_system::MemoryFiles;
//!
//! let mut files = MemoryFiles::new();
//! files.insert("/m/go.mod", "module example.com/m");
//! files.insert("/m/m.go", "package m\nimport \"os\"\nfunc f() { os.Open(\"x\") }");
//! let options = Options::new(GoEnv::default(), PathBuf::from("/m"));
//! let program = Program::load(Arc::new(files), options, &["./...".into()]);
//!
//! let package = program.check_packages()[0];
//! for owner in program.owners(package) {
//!     let Some(typed) = program.body(owner) else { continue };
//!     for (call, callee) in typed.info.calls() {
//!         assert_eq!(&*callee.func().unwrap().name, "os.Open");
//!         assert_eq!(program.type_string(typed.info.type_of(call)), "(*os.File, error)");
//!     }
//! }
//! ```
//!
//! To check edits, lay them over the files ([`caulk_system::Overlay`]) and [`Program::reload`]: what was read of other
//! folders is kept, and again only what is asked for is looked at.
//!
//! A program is one build: one platform with its tags. [`load_builds`] gives those that all files of a tree need.
//!
//! It does not know leaks.

mod body;
mod builds;
mod inventory;
mod load;
mod package;
mod problem;
mod program;
mod resolve;
mod std_outline;
mod texts;
mod types;

pub use body::{
    BodyInfo, BodyOwner, Builtin, Callee, FuncRef, Literal, Local, LocalId, LocalKind, Object,
    TypedBody,
};
pub use builds::{load_builds, load_builds_with};
pub use inventory::{Changed, Inventory, Known, changed};
pub use package::{Func, FuncId, Initializer, Package, PackageId, PackageKind, SourceFile};
pub use problem::{Problem, ProblemKind};
pub use program::{KnownTypes, Options, Program};
pub use resolve::{GoEnv, GoWork, Module, ModuleVersion, Platform, Source, is_of_examples};
pub use std_outline::OUTLINE_PLATFORMS;
pub use types::{
    Basic, ChanDir, Field, Interface, Method, NamedDecl, NamedId, NamedOrigin, ParamOwner,
    Signature, Term, Type, TypeId, TypeParamDecl, TypeParamId, arithmetic, time_unit,
};

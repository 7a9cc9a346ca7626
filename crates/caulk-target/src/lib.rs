//! A Go program to run: found, built with an agent laid over it, started, loaded, captured and stopped. The user's
//! tree is never written to. It does not know what a leak is: what it brings back are bytes and counts.
//!
//! Everything here blocks, and ends early when its [`caulk_system::Limits`] say so.

mod agent;
mod build;
mod capture;
mod endpoint;
mod go;
mod load;
mod package;
mod placeholders;
mod program;

pub use agent::{Agent, AgentError, Stats};
pub use build::{Build, BuildError, Built, GoFlags, build};
pub use capture::{CaptureError, Captured, Dump, DumpForm, Metrics};
pub use endpoint::{Endpoint, EndpointOptions};
pub use go::{GoEnv, GoError, GoTool};
pub use load::{
    CommandRound, FailureKind, Load, LoadCommand, LoadError, LoadSpec, RoundStats, RouteStats,
    Template,
};
pub use package::{MainPackage, PackageError};
pub use placeholders::{PlaceholderError, Placeholders};
pub use program::{
    Death, Launch, Profiling, Program, ReadyCheck, ReadyCheckError, StartError, What,
};

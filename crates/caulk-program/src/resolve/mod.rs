//! Where packages are: modules, workspaces, `vendor`, the module cache, GOPATH and GOROOT, without running `go`.

mod build;
mod constraint;
mod copied;
mod environment;
mod folders;
mod guess;
mod modfile;
mod module;
mod other_platform;
mod roots;
#[cfg(test)]
mod tests;
mod version;

pub use build::Source;
pub use constraint::Platform;
pub use environment::{GoEnv, GoWork};
pub use modfile::ModuleVersion;
pub use module::Module;
pub use roots::is_of_examples;

pub(crate) use build::{Build, Found, Ground, Import};
pub(crate) use constraint::LATEST_GO_MINOR;
pub(crate) use copied::original_path;
pub(crate) use folders::{Folders, Listing, read as read_folder};
pub(crate) use module::ModFiles;
pub(crate) use other_platform::taking;
pub(crate) use roots::{BuildIndex, RootFolder, Roots, STD_BUILD};

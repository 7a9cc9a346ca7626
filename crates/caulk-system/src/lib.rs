//! The outside world of caulk: files, atomic writes, processes, git, HTTP, sockets, and what the
//! kernel says of a process. Every other crate reaches the outside through here, by bytes or by the traits of this
//! crate, so that it can be tested with the in-memory twins. It knows nothing of Go, of profiles or of leaks.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the one crate that may touch the file system, processes and the network"
)]

mod cache;
mod cancel;
mod error;
mod facts;
mod files;
mod folders;
pub mod git;
mod http;
mod net;
pub mod process;
mod socket;
mod stdin;
mod write;

pub use cache::{Cache, CacheKey};
pub use cancel::{Cancel, Limits, Stopped};
pub use error::io_message;
pub use facts::{CgroupMemory, Descriptors, ProcessFacts, group_members};
pub use files::{
    Changes, Digest, Entry, EntryKind, FileAction, FileError, FileKind, Files, Holds, MemoryFiles,
    Metadata, OsFiles, Overlay, SourceError, Stamp, Trace, Traced, WalkOptions, Walked, digest_of,
    normalize, open_file, read_source, walk,
};
pub use folders::{TempFolder, create_folder, current_folder};
pub use http::{HttpAnswer, HttpClient, HttpError, HttpRequest, Trust};
pub use net::{can_connect, free_port};
pub use socket::{SocketError, ask_unix_socket};
pub use stdin::read_stdin;
pub use write::{is_read_only, write_atomic, write_numbered};

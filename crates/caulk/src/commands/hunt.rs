//! `caulk hunt`: build, run, load, capture, find, fix, prove.

mod args;
mod driver;
mod failures;
mod launch;
mod proof;
mod runner;
mod setup;
mod workshop;

pub use self::args::HuntArgs;
pub use self::driver::run;

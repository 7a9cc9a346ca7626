//! The flags of `caulk hunt`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::load_flags::{LoadFlags, duration, running_number};

/// Hunt a leak in a running program: build, run, load, capture, find, fix, prove
///
/// The program is built with a small agent laid over it; the source tree is not touched. It is
/// loaded in rounds until the verdict is sure or the budget is spent. Where a fix can be made, the
/// program is built again with it and put through the same load.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct HuntArgs {
    /// Folder or package of the program [default: as caulk.toml says, else this folder]
    #[arg(value_name = "DIR|PACKAGE")]
    pub target: Option<String>,
    /// Arguments of the program, after --
    #[arg(last = true, value_name = "ARGS")]
    pub args: Vec<String>,

    #[command(flatten)]
    pub load: LoadFlags,
    /// Header of the --load before it; never written to the case
    #[arg(long, value_name = "'NAME: VALUE'", help_heading = "Load")]
    pub header: Vec<String>,
    /// Requests in total for one run [default: 600]
    #[arg(long, value_name = "TOTAL", help_heading = "Load")]
    pub requests: Option<u64>,
    /// Requests under way at once [default: 8]
    #[arg(long, value_name = "N", help_heading = "Load")]
    pub concurrency: Option<usize>,
    /// Requests per second [default: as fast as they are answered]
    #[arg(long, value_name = "RATE", help_heading = "Load")]
    pub rps: Option<f64>,
    /// Time limit of one request [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Load")]
    pub request_timeout: Option<Duration>,
    /// A command that makes one round of load (k6, ghz, a test suite)
    #[arg(
        long,
        value_name = "CMD",
        conflicts_with = "load",
        help_heading = "Load"
    )]
    pub load_cmd: Option<String>,

    /// Start the program by this command instead of building it
    #[arg(
        long,
        value_name = "CMD",
        conflicts_with = "attach",
        help_heading = "Program"
    )]
    pub exec: Option<String>,
    /// Hunt in a service that runs already and serves net/http/pprof
    #[arg(
        long,
        value_name = "URL",
        value_parser = crate::load_flags::service_url,
        help_heading = "Program"
    )]
    pub attach: Option<String>,
    /// Add to the program's environment; may repeat
    #[arg(long, value_name = "NAME=VALUE", help_heading = "Program")]
    pub env: Vec<String>,
    /// What must answer before the load: http://…, tcp://HOST:PORT or file:PATH
    /// [default: the port of the first load]
    #[arg(long, value_name = "CHECK", help_heading = "Program")]
    pub ready: Option<String>,
    /// How long the program may take until it is ready [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "Program")]
    pub ready_timeout: Option<Duration>,
    /// Build tags, separated by commas
    #[arg(
        long,
        visible_alias = "tags",
        value_name = "TAGS",
        help_heading = "Program"
    )]
    pub build_tags: Option<String>,
    /// Bytes between two sampled allocations
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = 4096,
        value_parser = clap::value_parser!(u64).range(1..),
        help_heading = "Program"
    )]
    pub mem_profile_rate: u64,

    /// Time limit of the whole hunt [default: 5m]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// How long to wait before the capture that tells what is still held; 0 for none [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub cooldown: Option<Duration>,
    /// Write the patch when it is proved
    #[arg(long)]
    pub fix: bool,
    /// With --fix: also over uncommitted changes
    #[arg(long, requires = "fix")]
    pub allow_dirty: bool,
    /// Where to keep what is captured [default: a folder under the system's temporary folder]
    #[arg(short, long, value_name = "CASE")]
    pub output: Option<PathBuf>,
}

const EXAMPLES: &str = concat!(
    "\
Examples:
  caulk hunt                              as caulk.toml says (caulk init writes one)
  caulk hunt ./cmd/api --load 'POST http://127.0.0.1:8080/v0/cron' --data '{\"id\": ",
    running_number!(),
    "}'
  caulk hunt --exec './api --port 8080' --load 'GET http://127.0.0.1:8080/'
  caulk hunt --attach http://127.0.0.1:6060 --load-cmd 'k6 run load.js'
  caulk hunt ./cmd/api --fix -- --config dev.yaml"
);

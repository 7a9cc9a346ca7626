//! Which report is asked for, and what a report changes in the options.

use crate::config::{Config, Granularity};

/// The reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// A row per node (`top`, and `text`, which is the same).
    Top,
    /// The same as a profile.
    TopProto,
    /// Each node between its callers and callees.
    Tree,
    /// The same of the nodes whose name matches a pattern.
    Peek,
    /// The source of the functions whose name matches a pattern.
    List,
    /// The graph of calls in the format of Callgrind.
    Callgrind,
    /// The graph of calls in the language of Graphviz.
    Dot,
    /// Each sample with its labels and stack.
    Traces,
    /// The labels of samples and how much each value has.
    Tags,
    /// Everything in the profile, as text.
    Raw,
    /// The remarks on the profile.
    Comments,
    /// The profile that the filters left, gzipped.
    Proto,
}

/// A report, and what it is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The report.
    pub command: Command,
    /// The pattern that some reports take, such as which functions to list.
    pub argument: Option<String>,
}

impl Request {
    /// A report that takes no pattern.
    pub fn new(command: Command) -> Request {
        Request {
            command,
            argument: None,
        }
    }

    /// The options as the report wants them (`applyCommandOverrides` of the reference): some show
    /// everything, some have a granularity of their own, and each has its default number of nodes.
    pub(crate) fn overridden(&self, config: &Config) -> Config {
        let mut config = config.clone();
        let (default_count, trims, granularity): (_, _, Option<Granularity>) = match self.command {
            Command::Top | Command::TopProto => (0, true, None),
            Command::Tree | Command::Dot => (80, true, None),
            Command::Traces | Command::Tags | Command::Comments => (80, true, None),
            Command::Raw | Command::Proto => (0, false, Some(Granularity::Addresses)),
            Command::Peek => (0, false, None),
            Command::List => (0, false, Some(Granularity::Lines)),
            Command::Callgrind => (0, false, Some(Granularity::Addresses)),
        };
        if config.nodecount == -1 {
            config.nodecount = default_count;
        }
        config.granularity = granularity.or(config.granularity);
        if !(trims && config.trim) {
            config.nodecount = 0;
            config.nodefraction = 0.0;
            config.edgefraction = 0.0;
        }
        config
    }
}

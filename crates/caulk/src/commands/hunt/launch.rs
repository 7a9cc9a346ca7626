//! From what was asked for to programs that run: placeholders filled in, companions first.

use std::collections::BTreeMap;

use anyhow::anyhow;
use caulk_case::{Commands, Route};
use caulk_system::Limits;
use caulk_target::{
    Built, Endpoint, Launch, Load, LoadCommand, LoadSpec, Placeholders, Profiling, Program,
    ReadyCheck, What,
};

use super::failures::target_error;
use super::setup::{LoadSource, Setup, Source};
use super::workshop::Workshop;
use crate::config::CompanionConfig;
use crate::exit::Failure;
use crate::load_flags::method_and_url;
use crate::progress::Progress;
use crate::recording;

/// The load of a run, ready to be sent.
pub enum RunLoad {
    Own(Load),
    Command(LoadCommand),
}

/// Starts the programs of one run. Ports and the temporary folder are chosen anew for each.
pub struct Launcher<'a> {
    setup: &'a Setup,
    workshop: &'a Workshop,
    progress: &'a Progress,
    limits: &'a Limits,
    places: Placeholders,
}

impl<'a> Launcher<'a> {
    pub fn new(
        setup: &'a Setup,
        workshop: &'a Workshop,
        progress: &'a Progress,
        limits: &'a Limits,
    ) -> Launcher<'a> {
        Launcher {
            setup,
            workshop,
            progress,
            limits,
            places: Placeholders::new(),
        }
    }

    /// The ports and the temporary folder, to be kept as long as the programs run.
    pub fn into_places(self) -> Placeholders {
        self.places
    }

    /// Starts the companions, each when the one before is ready.
    pub fn companions(&mut self) -> Result<Vec<Program>, Failure> {
        self.setup
            .companions
            .iter()
            .map(|companion| self.companion(companion))
            .collect()
    }

    fn companion(&mut self, companion: &CompanionConfig) -> Result<Program, Failure> {
        let name = &companion.name;
        let (path, args) = match (self.workshop.companion(name), &companion.command) {
            (Some(built), _) => (built.binary.clone(), self.all(&companion.args)?),
            (None, Some(words)) => {
                let mut words = self.all(words)?.into_iter();
                let Some(program) = words.next() else {
                    return Err(anyhow!("the command of the companion {name} is empty").into());
                };
                (program.into(), words.collect())
            }
            (None, None) => {
                return Err(anyhow!("the companion {name} has neither package nor command").into());
            }
        };
        let launch = Launch {
            name: name.clone(),
            what: What::Binary {
                path,
                args,
                agent: false,
            },
            folder: self.setup.folder.clone(),
            env: self.pairs(&companion.env)?,
            profiling: None,
            ready: self
                .check(companion.ready.as_deref())?
                .into_iter()
                .collect(),
            ready_timeout: self.setup.ready_timeout,
            log: None,
        };
        self.start(launch)
    }

    /// The load, and the routes that it goes to.
    pub fn load(&mut self) -> Result<(RunLoad, Vec<Route>), Failure> {
        let setup = self.setup;
        match &setup.load {
            LoadSource::Command(line) => {
                let (line, folder) = (self.expand(line)?, setup.folder.clone());
                let command = LoadCommand {
                    line,
                    folder,
                    env: Vec::new(),
                };
                Ok((RunLoad::Command(command), Vec::new()))
            }
            LoadSource::Own(loads) => {
                let (requests, routes) = recording::requests(loads, &mut |text| self.expand(text))?;
                let spec = LoadSpec {
                    requests,
                    concurrency: setup.concurrency,
                    rps: setup.rps,
                    timeout: setup.request_timeout,
                };
                let load = Load::new(spec).map_err(|error| anyhow!("failed to {error}"))?;
                Ok((RunLoad::Own(load), routes))
            }
        }
    }

    /// Starts the program itself; none where it runs already.
    pub fn program(&mut self, built: Option<&Built>) -> Result<Option<Program>, Failure> {
        let setup = self.setup;
        let what = match (&setup.source, built) {
            (Source::Attach(_), _) => return Ok(None),
            (Source::Exec(command), _) => What::Shell(self.expand(command)?),
            (Source::Package(_), Some(built)) => What::Binary {
                path: built.binary.clone(),
                args: self.all(&setup.args)?,
                agent: true,
            },
            (Source::Package(_), None) => {
                return Err(Failure::target(anyhow!("the program is not built")));
            }
        };
        // The port of the load is checked beside what the user names: it must not be taken.
        let mut ready: Vec<ReadyCheck> = self.check(setup.ready.as_deref())?.into_iter().collect();
        let port = self.first_url()?.as_deref().and_then(ReadyCheck::port_of);
        ready.extend(port.filter(|port| !ready.contains(port)));
        let rate = setup.mem_profile_rate;
        let launch = Launch {
            name: self.name(),
            what,
            folder: setup.folder.clone(),
            env: self.pairs(&setup.env)?,
            profiling: Some(Profiling {
                mem_profile_rate: rate,
                ..Profiling::default()
            }),
            ready,
            ready_timeout: setup.ready_timeout,
            log: None,
        };
        self.start(launch).map(Some)
    }

    fn start(&self, launch: Launch) -> Result<Program, Failure> {
        self.progress.detail(format!("starting {}", launch.name));
        Program::start(&launch, self.limits).map_err(target_error)
    }

    /// Where profiles come from, where there is no agent. Those of a binary of the user's own are
    /// looked for where the load goes.
    pub fn endpoint(&mut self) -> Result<Option<Endpoint>, Failure> {
        let at = |url: &str| Endpoint::new(url, Vec::new());
        Ok(match &self.setup.source {
            Source::Attach(url) => Some(at(url)),
            Source::Package(_) => None,
            Source::Exec(_) => self
                .first_url()?
                .as_deref()
                .and_then(authority)
                .map(|authority| at(&format!("http://{authority}"))),
        })
    }

    /// What the program is called: its import path, command line or URL.
    pub fn name(&self) -> String {
        match &self.setup.source {
            Source::Package(named) => {
                let package = self.workshop.package.as_ref();
                package.map_or(named.clone(), |package| package.import_path.clone())
            }
            Source::Exec(command) => command.clone(),
            Source::Attach(url) => url.clone(),
        }
    }

    /// How everything was started, for the case.
    pub fn commands(&self, load: &RunLoad) -> Commands {
        let own = |companion: &CompanionConfig| match (&companion.package, &companion.command) {
            (Some(package), _) => std::iter::once(package.clone())
                .chain(companion.args.iter().cloned())
                .collect(),
            (None, command) => command.clone().unwrap_or_default(),
        };
        Commands {
            start: std::iter::once(self.name())
                .chain(self.setup.args.iter().cloned())
                .collect(),
            companions: self.setup.companions.iter().map(own).collect(),
            load: match load {
                RunLoad::Own(_) => Vec::new(),
                RunLoad::Command(command) => vec![command.line.clone()],
            },
            ..Commands::default()
        }
    }

    /// The URL of the first load, where the load is caulk's own.
    fn first_url(&mut self) -> Result<Option<String>, Failure> {
        let LoadSource::Own(loads) = &self.setup.load else {
            return Ok(None);
        };
        let Some(first) = loads.first() else {
            return Ok(None);
        };
        Ok(Some(method_and_url(&self.expand(&first.request)?)?.1))
    }

    fn expand(&mut self, text: &str) -> Result<String, Failure> {
        self.places
            .expand(text)
            .map_err(|error| anyhow!("failed to {error}").into())
    }

    fn all(&mut self, texts: &[String]) -> Result<Vec<String>, Failure> {
        texts.iter().map(|text| self.expand(text)).collect()
    }

    fn pairs(&mut self, env: &BTreeMap<String, String>) -> Result<Vec<(String, String)>, Failure> {
        env.iter()
            .map(|(name, value)| Ok((name.clone(), self.expand(value)?)))
            .collect()
    }

    fn check(&mut self, ready: Option<&str>) -> Result<Option<ReadyCheck>, Failure> {
        let Some(ready) = ready else { return Ok(None) };
        let check = self.expand(ready)?.parse::<ReadyCheck>();
        Ok(Some(check.map_err(|error| anyhow!("failed to {error}"))?))
    }
}

/// Host and port of a URL.
fn authority(url: &str) -> Option<&str> {
    url.split("://").nth(1)?.split(['/', '?']).next()
}

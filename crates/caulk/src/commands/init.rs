//! `caulk init`: a `caulk.toml` for the program of a folder.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use caulk_syntax::TokenKind;
use caulk_system::{Files, normalize};
use clap::Args;

use crate::config;
use crate::context::{Context, shown, write_out};
use crate::exit::{Exit, Outcome};
use crate::solve::main_folders;
use crate::source::module_root;
use crate::source::{self, Reading};

/// Write a caulk.toml that says how to hunt in this program
///
/// Finds the main package, the address it listens on and its routes in the source, and explains
/// every key. What it could not find it says in a comment.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct InitArgs {
    /// Folder of the program, inside a Go module [default: this folder]
    #[arg(value_name = "DIR")]
    pub folder: Option<PathBuf>,
    /// The main package, where there are several
    #[arg(long, value_name = "PACKAGE")]
    pub package: Option<String>,
    /// Replace a caulk.toml that is there
    #[arg(long)]
    pub force: bool,
}

const EXAMPLES: &str = "\
Examples:
  caulk init
  caulk init services/billing --package ./cmd/api
  caulk init && caulk hunt";

pub fn run(args: InitArgs, context: &Context) -> Outcome {
    let current = caulk_system::current_folder()?;
    let folder = match &args.folder {
        Some(folder) => normalize(&current.join(folder)),
        None => current,
    };
    if !context.files.is_dir(&folder) {
        return Err(anyhow!("{} is not a folder", folder.display()).into());
    }
    let path = folder.join(config::FILE_NAME);
    if context.files.exists(&path) && !args.force {
        return Err(anyhow!("{} is there already: --force replaces it", shown(&path)).into());
    }
    let Some(root) = module_root(&context.files, &folder) else {
        return Err(anyhow!(
            "there is no go.mod in {} or above it: caulk init is for a Go module",
            folder.display()
        )
        .into());
    };
    let facts = Facts::find(context, &folder, &root, args.package.as_deref())?;
    caulk_system::write_atomic(&path, facts.to_toml().as_bytes())
        .map_err(|error| anyhow!("failed to {error}"))?;
    let told = format!(
        "wrote {} for {}\ncheck the requests in it, then: caulk hunt\n",
        shown(&path),
        facts.package
    );
    write_out(told.as_bytes())?;
    Ok(Exit::Clean)
}

/// What the source says of the program.
#[derive(Debug, PartialEq)]
struct Facts {
    /// The main package, `./cmd/api`.
    package: String,
    other_packages: Vec<String>,
    /// Where it listens, and the place that says so.
    address: Option<Address>,
    /// Method (empty for any) and pattern.
    routes: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Address {
    port: u16,
    file: String,
    line: u32,
}

impl Facts {
    fn find(
        context: &Context,
        folder: &Path,
        root: &Path,
        wanted: Option<&str>,
    ) -> anyhow::Result<Facts> {
        let mut mains: Vec<String> = main_folders(context, folder)
            .iter()
            .map(|main| dotted(main))
            .collect();
        // The one nearest to the folder first.
        mains.sort_by_key(|main| (main.matches('/').count(), main.clone()));
        let package = match wanted {
            Some(wanted) => {
                let wanted = dotted(wanted.trim_start_matches("./").trim_end_matches('/'));
                if !mains.contains(&wanted) {
                    bail!(
                        "{wanted} is not a main package here; there are {}",
                        list(&mains)
                    );
                }
                wanted
            }
            None => match mains.first() {
                Some(first) => first.clone(),
                None => bail!("there is no main package below {}", folder.display()),
            },
        };
        mains.retain(|main| *main != package);
        let program = source::load(
            source::os_files(),
            root,
            &Reading {
                no_tests: true,
                ..Reading::default()
            },
        );
        Ok(Facts {
            address: address(context, folder, root, &package),
            routes: source::routes(&program),
            package,
            other_packages: mains,
        })
    }

    fn to_toml(&self) -> String {
        let mut toml = String::new();
        let mut line = |text: &str| {
            toml.push_str(text);
            toml.push('\n');
        };
        line("# How caulk hunts for leaks in this program; run: caulk hunt");
        line(
            "# Every string may hold {port:NAME}, a free port that is the same for every use of the name,",
        );
        line("# and {tmp}, a fresh folder.");
        line("");
        line("[hunt]");
        line("# The main package, relative to this file.");
        line(&format!("package = {}", quoted(&self.package)));
        if !self.other_packages.is_empty() {
            line(&format!("# Others here: {}", list(&self.other_packages)));
        }
        line("# Arguments of the program, and what is added to its environment.");
        line("# args = [\"--config\", \"dev.yaml\"]");
        line("# env = { LISTEN = \"127.0.0.1:{port:http}\" }");
        line("# What must answer before the load begins: http://…, tcp://HOST:PORT or file:PATH.");
        let base = format!("http://127.0.0.1:{}", self.port());
        let (ready, loaded) = self.sorted_routes();
        match ready {
            Some(path) => line(&format!("ready = {}", quoted(&format!("{base}{path}")))),
            None => line("# Without it, the port of the first request."),
        }
        line("# How long the program may take until then.");
        line("# ready_timeout = \"30s\"");
        line(
            "# Requests in total for one run, how many are under way at once, the time limit of each.",
        );
        line("requests = 600");
        line("concurrency = 8");
        line("request_timeout = \"10s\"");
        line("# The time limit of the whole hunt, and how long to wait to see what is still held.");
        line("timeout = \"5m\"");
        line("cooldown = \"30s\"");
        line("");
        line(
            "# The requests: METHOD URL. {n} in the URL or the data is a running number; weight says how often",
        );
        line("# a request is sent beside the others.");
        line(&match &self.address {
            Some(at) => format!("# The port stands in {}:{}.", at.file, at.line),
            None => {
                "# No address to listen on was found in the source: 8080 is a guess.".to_owned()
            }
        });
        if loaded.is_empty() {
            line("# No routes were found in the source: put the program's own here.");
        }
        let fallback = [("GET".to_owned(), "/".to_owned())];
        let requests = if loaded.is_empty() {
            &fallback[..]
        } else {
            &loaded
        };
        for (method, path) in requests {
            // What deletes is not sent unless the user wants it.
            let comment = if method == "DELETE" { "# " } else { "" };
            line("");
            line(&format!("{comment}[[hunt.load]]"));
            line(&format!(
                "{comment}request = {}",
                quoted(&format!("{method} {base}{path}"))
            ));
            if matches!(method.as_str(), "POST" | "PUT" | "PATCH") {
                line("# data = '{\"id\": \"{n}\"}'  # or \"@FILE\"");
                line("# headers = [\"Content-Type: application/json\"]");
            }
        }
        line("");
        line("# Programs that must run beside it: a main package of this module, or a command.");
        line("# [[hunt.companion]]");
        line("# name = \"database\"");
        line("# command = [\"postgres\", \"-D\", \"{tmp}\", \"-p\", \"{port:database}\"]");
        line("# ready = \"tcp://127.0.0.1:{port:database}\"");
        toml
    }

    fn port(&self) -> u16 {
        self.address.as_ref().map_or(8080, |address| address.port)
    }

    /// The path that tells whether the program is ready, and the requests worth sending.
    fn sorted_routes(&self) -> (Option<String>, Vec<(String, String)>) {
        let mut ready = None;
        let mut loaded = Vec::new();
        for (method, pattern) in &self.routes {
            let path = path_of(pattern);
            let method = if method.is_empty() { "GET" } else { method };
            if HEALTH
                .iter()
                .any(|health| path.trim_end_matches('/').ends_with(health))
            {
                if method == "GET" && ready.is_none() {
                    ready = Some(path);
                }
            } else if !path.starts_with("/debug/") && !path.ends_with("/metrics") {
                let request = (method.to_owned(), path);
                if !loaded.contains(&request) {
                    loaded.push(request);
                }
            }
        }
        (ready, loaded)
    }
}

/// Paths that services answer to say that they live.
const HEALTH: [&str; 8] = [
    "/health",
    "/healthz",
    "/healthcheck",
    "/live",
    "/livez",
    "/ready",
    "/readyz",
    "/ping",
];

/// A path that a pattern matches: `/items/{id}` and `/items/:id` become `/items/{n}`.
fn path_of(pattern: &str) -> String {
    let path = pattern
        .find('/')
        .and_then(|at| pattern.get(at..))
        .unwrap_or("/");
    let parts: Vec<&str> = path
        .split('/')
        .map(|part| match part {
            "{$}" => "",
            part if part.starts_with(['{', ':', '*']) => "{n}",
            part => part,
        })
        .collect();
    parts.join("/")
}

fn dotted(folder: &str) -> String {
    match folder {
        "" | "." => ".".to_owned(),
        folder => format!("./{folder}"),
    }
}

fn list(names: &[String]) -> String {
    match names {
        [] => "none".to_owned(),
        names => names.join(", "),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The address that the program most likely listens on: a string such as `":8080"`, best of all in
/// the main package, and without the name of another host.
fn address(context: &Context, folder: &Path, root: &Path, package: &str) -> Option<Address> {
    let main = normalize(&folder.join(package));
    let files = source::go_files(&context.files, root);
    let mut best: Option<(u8, Address)> = None;
    for file in files.iter().filter(|file| !file.ends_with("_test.go")) {
        let path = root.join(file);
        let bytes = context.files.read(&path).unwrap_or_default();
        let elsewhere = path.parent() != Some(&main);
        for (offset, port, is_local) in ports(&bytes) {
            let rank = u8::from(elsewhere) * 2 + u8::from(is_local);
            if best.as_ref().is_none_or(|(known, _)| rank < *known) {
                let before = bytes.get(..offset).unwrap_or_default();
                let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
                let shown = path.strip_prefix(folder).ok().and_then(source::slashed);
                let address = Address {
                    port,
                    file: shown.unwrap_or_else(|| file.clone()),
                    line: u32::try_from(line).unwrap_or(u32::MAX),
                };
                best = Some((rank, address));
            }
        }
    }
    best.map(|(_, address)| address)
}

/// Ports of well-known servers, which a program rather calls than is; and that of profiles.
const CALLED: [u16; 12] = [
    25, 587, 2379, 3306, 4317, 4318, 5432, 5672, 6060, 6379, 9092, 27017,
];

/// The addresses among a file's strings: where each stands, its port, and whether it is for this
/// machine alone, as addresses to call are more often than those to listen on.
fn ports(source: &[u8]) -> Vec<(usize, u16, bool)> {
    caulk_syntax::tokens(source)
        .into_iter()
        .filter(|token| token.kind == TokenKind::String)
        .filter_map(|token| {
            let offset = token.span.start as usize;
            let literal = std::str::from_utf8(token.span.of(source)).ok()?;
            let text = String::from_utf8(caulk_syntax::unquote(literal)?).ok()?;
            let (host, port) = text.rsplit_once(':')?;
            let port: u16 = port.parse().ok()?;
            let is_local = match host {
                "" | "0.0.0.0" | "[::]" => false,
                "localhost" | "127.0.0.1" | "[::1]" => true,
                _ => return None,
            };
            (port >= 80 && !CALLED.contains(&port)).then_some((offset, port, is_local))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::Config;

    fn facts(routes: &[(&str, &str)]) -> Facts {
        Facts {
            package: "./cmd/api".to_owned(),
            other_packages: vec!["./cmd/\"odd\"".to_owned()],
            address: Some(Address {
                port: 9000,
                file: "cmd/api/main.go".to_owned(),
                line: 12,
            }),
            routes: routes
                .iter()
                .map(|(m, p)| ((*m).to_owned(), (*p).to_owned()))
                .collect(),
        }
    }

    fn read(facts: &Facts) -> crate::config::HuntConfig {
        toml::from_str::<Config>(&facts.to_toml())
            .unwrap()
            .hunt
            .unwrap()
    }

    #[test]
    fn what_is_written_can_be_read() {
        let hunt = read(&facts(&[
            ("GET", "/healthz"),
            ("POST", "/v0/items/{id}"),
            ("", "example.com/static/"),
            ("DELETE", "/v0/items/:id"),
            ("GET", "/debug/pprof/"),
        ]));
        assert_eq!(hunt.package.as_deref(), Some("./cmd/api"));
        assert_eq!(hunt.ready.as_deref(), Some("http://127.0.0.1:9000/healthz"));
        let requests: Vec<&str> = hunt.load.iter().map(|load| load.request.as_str()).collect();
        assert_eq!(
            requests,
            [
                "POST http://127.0.0.1:9000/v0/items/{n}",
                "GET http://127.0.0.1:9000/static/",
            ]
        );
    }

    #[test]
    fn a_program_of_which_nothing_is_known_gets_a_request_to_change() {
        let hunt = read(&Facts {
            address: None,
            ..facts(&[])
        });
        assert_eq!(hunt.load.len(), 1);
        assert_eq!(hunt.load[0].request, "GET http://127.0.0.1:8080/");
        assert_eq!(hunt.ready, None);
    }

    #[test]
    fn addresses_to_listen_on_are_told_from_others() {
        let source = br#"package main
var (
    _ = ":8080"
    _ = `127.0.0.1:9090`
    _ = "localhost:5432"
    _ = "db.internal:8081"
    _ = "a: 70000"
    _ = "::1:8080"
    // ":7070"
)"#;
        let found: Vec<_> = ports(source)
            .iter()
            .map(|(_, port, local)| (*port, *local))
            .collect();
        assert_eq!(found, [(8080, false), (9090, true)]);
    }
}

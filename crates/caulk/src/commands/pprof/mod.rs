//! `caulk pprof`: the flags, the bytes and the exit codes of `go tool pprof`.

mod go_flags;

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{anyhow, bail};
use caulk_pprof::{Command, Config, Generated, Granularity, Names, Request, Sort, Surroundings};
use caulk_system::{FileError, FileKind, Files, OsFiles};
use clap::{Args, CommandFactory};

use self::go_flags::{Kind, Parsed, Value};
use crate::cli::Cli;
use crate::context::{Context, write_out};
use crate::exit::{Exit, Failure, Outcome};

/// Print reports as go tool pprof does, byte for byte
///
/// Takes the flags of go tool pprof, in Go's syntax: they end at the first file. So far -top (or
/// -text) of one profile, with -sample_index and its shorthands (-inuse_space, -alloc_objects, …),
/// -nodecount, -nodefraction, -edgefraction, -unit, -cum, -flat, -trim, -divide_by, -mean,
/// -drop_negative, -compact_labels, -noinlines, -symbolize=none and -output.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, disable_help_flag = true)]
pub struct PprofArgs {
    /// -top, its flags, then the profile
    #[arg(
        value_name = "FLAGS… FILE",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    arguments: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  caulk pprof -top heap.0.pb.gz
  caulk pprof -top -cum -nodecount=20 -sample_index=inuse_objects heap.0.pb.gz
  caulk pprof -top -unit=MB -output=top.txt heap.0.pb.gz";

/// Flags of `go tool pprof` that are not in caulk yet.
const LATER: &[(&str, Kind)] = &[
    ("add_comment", Kind::Text),
    ("base", Kind::Text),
    ("buildid", Kind::Text),
    ("comments", Kind::Bool),
    ("diff_base", Kind::Text),
    ("disasm", Kind::Text),
    ("eog", Kind::Bool),
    ("evince", Kind::Bool),
    ("focus", Kind::Text),
    ("gif", Kind::Bool),
    ("gv", Kind::Bool),
    ("hide", Kind::Text),
    ("http", Kind::Text),
    ("ignore", Kind::Text),
    ("intel_syntax", Kind::Bool),
    ("kcachegrind", Kind::Bool),
    ("list", Kind::Text),
    ("no_browser", Kind::Bool),
    ("normalize", Kind::Bool),
    ("pdf", Kind::Bool),
    ("png", Kind::Bool),
    ("proto", Kind::Bool),
    ("prune_from", Kind::Text),
    ("ps", Kind::Bool),
    ("raw", Kind::Bool),
    ("relative_percentages", Kind::Bool),
    ("seconds", Kind::Int),
    ("show", Kind::Text),
    ("show_from", Kind::Text),
    ("svg", Kind::Bool),
    ("tagfocus", Kind::Text),
    ("taghide", Kind::Text),
    ("tagignore", Kind::Text),
    ("tagleaf", Kind::Text),
    ("tagroot", Kind::Text),
    ("tags", Kind::Bool),
    ("tagshow", Kind::Text),
    ("timeout", Kind::Int),
    ("tls_ca", Kind::Text),
    ("tls_cert", Kind::Text),
    ("tls_key", Kind::Text),
    ("tools", Kind::Text),
    ("traces", Kind::Bool),
    ("web", Kind::Bool),
    ("weblist", Kind::Text),
];

/// Flags that choose a sample type, and the type.
const SAMPLE_TYPES: &[(&str, &str)] = &[
    ("total_delay", "delay"),
    ("mean_delay", "delay"),
    ("contentions", "contentions"),
    ("inuse_space", "inuse_space"),
    ("inuse_objects", "inuse_objects"),
    ("alloc_space", "alloc_space"),
    ("alloc_objects", "alloc_objects"),
];

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "top" | "text" | "cum" | "flat" | "trim" | "mean" | "drop_negative" | "compact_labels"
        | "noinlines" | "functions" | "addresses" | "filefunctions" | "files" | "lines"
        | "showcolumns" | "tree" | "topproto" | "callgrind" | "dot" | "call_tree" => Kind::Bool,
        "nodecount" => Kind::Int,
        "nodefraction" | "edgefraction" | "divide_by" => Kind::Float,
        "sample_index" | "unit" | "symbolize" | "output" | "peek" | "source_path" | "trim_path" => {
            Kind::Text
        }
        _ if SAMPLE_TYPES.iter().any(|(flag, _)| *flag == name) => Kind::Bool,
        _ => LATER.iter().find(|(flag, _)| *flag == name)?.1,
    })
}

pub fn run(args: PprofArgs, context: &Context) -> Outcome {
    let (flags, sources) = match go_flags::parse(&args.arguments, kind)? {
        Parsed::Help => return help(),
        Parsed::Given(flags, sources) => (flags, sources),
    };
    let asked = Asked::new(flags)?;
    let mut profile = fetch(&sources, context)?;
    caulk_pprof::prepare(&mut profile, asked.names);
    let surroundings = Surroundings {
        time_zone: jiff::tz::TimeZone::system(),
    };
    let Generated { report, warnings } =
        caulk_pprof::generate(&profile, &asked.request, &asked.config, &surroundings)?;
    warnings.iter().for_each(|warning| warn(warning));
    match &asked.output {
        None => write_out(&report)?,
        Some(path) => {
            warn(&format!("Generating report in {}", path.display()));
            caulk_system::write_atomic(path, &report)
                .map_err(|error| anyhow!("failed to {error}"))?;
        }
    }
    Ok(Exit::Clean)
}

fn help() -> Outcome {
    let mut root = Cli::command();
    root.build();
    if let Some(command) = root.find_subcommand_mut("pprof") {
        write_out(command.render_long_help().to_string().as_bytes())?;
    }
    Ok(Exit::Clean)
}

/// As the tool does, problems that do not end the report are said on stderr.
fn warn(message: &str) {
    drop(writeln!(std::io::stderr(), "{message}"));
}

/// The report that was asked for.
struct Asked {
    request: Request,
    config: Config,
    names: Names,
    output: Option<PathBuf>,
}

impl Asked {
    fn new(flags: Vec<(String, Value)>) -> anyhow::Result<Asked> {
        // Of a flag that is given twice, the last counts.
        let mut last = std::collections::BTreeMap::new();
        for (name, value) in flags {
            last.insert(name, value);
        }
        let is_set = |name: &str| last.get(name) == Some(&Value::Bool(true));
        for (name, kind) in LATER {
            let harmless = match (kind, last.get(*name)) {
                (_, None) => true,
                (Kind::Bool, Some(value)) => *value == Value::Bool(false),
                (Kind::Text, Some(Value::Text(text))) => text.is_empty(),
                // Time limits of fetching: nothing is fetched.
                (_, Some(_)) => matches!(*name, "timeout"),
            };
            if !harmless {
                bail!("-{name} is not in caulk yet: go tool pprof has it");
            }
        }
        if is_set("cum") && is_set("flat") {
            bail!("conflicting options set: [cum flat]");
        }
        let mut requests = Vec::new();
        for (name, command) in [
            ("top", Command::Top),
            ("text", Command::Top),
            ("tree", Command::Tree),
            ("topproto", Command::TopProto),
            ("callgrind", Command::Callgrind),
            ("dot", Command::Dot),
        ] {
            if is_set(name) {
                requests.push(Request::new(command));
            }
        }
        for (name, command) in [("peek", Command::Peek)] {
            if let Some(Value::Text(pattern)) = last.get(name)
                && !pattern.is_empty()
            {
                requests.push(Request {
                    command,
                    argument: Some(pattern.to_string_lossy().into_owned()),
                });
            }
        }
        let request = match requests.pop() {
            Some(request) if requests.is_empty() => request,
            Some(_) => bail!("must set at most one output format"),
            None => bail!("the interactive shell is not in caulk yet: say -top"),
        };
        let granularities = [
            ("functions", Granularity::Functions),
            ("filefunctions", Granularity::FileFunctions),
            ("files", Granularity::Files),
            ("lines", Granularity::Lines),
            ("addresses", Granularity::Addresses),
        ];

        let mut names = Names::Short;
        let mut config = Config {
            sort: if is_set("cum") { Sort::Cum } else { Sort::Flat },
            mean: is_set("mean") || is_set("mean_delay"),
            drop_negative: is_set("drop_negative"),
            compact_labels: is_set("compact_labels"),
            noinlines: is_set("noinlines"),
            call_tree: is_set("call_tree"),
            showcolumns: is_set("showcolumns"),
            granularity: granularities
                .iter()
                .find(|(name, _)| is_set(name))
                .map(|(_, granularity)| *granularity),
            ..Config::default()
        };
        if let Some(Value::Bool(trim)) = last.get("trim") {
            config.trim = *trim;
        }
        if let Some(Value::Int(count)) = last.get("nodecount") {
            config.nodecount = *count;
        }
        for (name, field) in [
            ("nodefraction", &mut config.nodefraction),
            ("edgefraction", &mut config.edgefraction),
            ("divide_by", &mut config.divide_by),
        ] {
            if let Some(Value::Float(value)) = last.get(name) {
                *field = *value;
            }
        }
        let text = |name: &str| match last.get(name) {
            Some(Value::Text(text)) if !text.is_empty() => Some(text.clone()),
            _ => None,
        };
        for (name, field) in [
            ("unit", &mut config.unit),
            ("source_path", &mut config.source_path),
            ("trim_path", &mut config.trim_path),
        ] {
            if let Some(Value::Text(text)) = last.get(name) {
                *field = text.to_string_lossy().into_owned();
            }
        }
        if let Some(index) = text("sample_index") {
            config.sample_index = index.to_string_lossy().into_owned();
        }
        for (flag, sample_type) in SAMPLE_TYPES {
            match (is_set(flag), config.sample_index.is_empty()) {
                (true, true) => (*sample_type).clone_into(&mut config.sample_index),
                (true, false) => warn(&format!("Multiple value selections, ignoring -{flag}")),
                (false, _) => {}
            }
        }
        if let Some(mode) = text("symbolize") {
            names = demangles(&mode.to_string_lossy())?;
        }
        Ok(Asked {
            request,
            config,
            names,
            output: text("output").map(PathBuf::from),
        })
    }
}

/// How names are shown, as `-symbolize` says.
fn demangles(mode: &str) -> anyhow::Result<Names> {
    let mut names = Names::Short;
    for word in mode.to_ascii_lowercase().split(':') {
        match word {
            "" => {}
            "none" | "no" => names = Names::AsTheyAre,
            _ => bail!("-symbolize={mode} is not in caulk yet, only -symbolize=none is"),
        }
    }
    Ok(names)
}

/// The one profile among the sources. As with the tool, a source that cannot be read is complained
/// about, and is no failure as long as another can.
fn fetch(sources: &[OsString], context: &Context) -> Result<caulk_profile::Profile, Failure> {
    if sources.is_empty() {
        return Err(anyhow!("no profile source specified: caulk pprof -top FILE").into());
    }
    let mut found = Vec::new();
    let mut complaints = Vec::new();
    for source in sources {
        let shown = source.display();
        if let Some(text) = source.to_str().filter(|text| text.contains("://")) {
            return Err(anyhow!(
                "fetching {text} is not in caulk pprof yet: save the profile, or run caulk capture"
            )
            .into());
        }
        let bytes = match read(Path::new(source), context)? {
            Ok(bytes) => bytes,
            Err(error) => {
                complaints.push(format!("failed to {error}"));
                continue;
            }
        };
        if is_program(&bytes) {
            return Err(anyhow!(
                "{shown} is a program, not a profile: symbols from programs are not in caulk yet"
            )
            .into());
        }
        match caulk_profile::read_as_pprof(&bytes, caulk_profile::Limits::default()) {
            Ok(profile) => found.push(profile),
            Err(error) => complaints.push(format!("{shown}: failed to {error}")),
        }
    }
    if found.len() > 1 {
        return Err(
            anyhow!("adding up several profiles is not in caulk pprof yet: give one").into(),
        );
    }
    match found.pop() {
        Some(profile) => {
            for complaint in &complaints {
                warn(complaint);
            }
            if !complaints.is_empty() {
                warn(&format!(
                    "Fetched 1 source profiles out of {}",
                    sources.len()
                ));
            }
            Ok(profile)
        }
        None => Err(anyhow!(complaints.join("\n")).into()),
    }
}

/// The bytes of a source. A pipe may keep us waiting for ever, so it is read beside: Ctrl-C ends it.
fn read(path: &Path, context: &Context) -> Result<Result<Vec<u8>, FileError>, Failure> {
    let is_pipe = OsFiles
        .metadata(path)
        .is_ok_and(|found| found.kind == FileKind::Other);
    if !is_pipe {
        return Ok(context.files.read(path));
    }
    let (sender, receiver) = mpsc::channel();
    let path = path.to_owned();
    // It is never joined: the process may end while it waits.
    std::thread::spawn(move || sender.send(OsFiles.read(&path)));
    loop {
        match receiver.recv_timeout(Duration::from_millis(20)) {
            Ok(read) => return Ok(read),
            Err(RecvTimeoutError::Timeout) if !context.cancel.is_cancelled() => {}
            Err(_) => return Err(Failure::interrupted()),
        }
    }
}

/// ELF, Mach-O or PE.
fn is_program(bytes: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 5] = [
        b"\x7fELF",
        b"\xcf\xfa\xed\xfe",
        b"\xce\xfa\xed\xfe",
        b"\xca\xfe\xba\xbe",
        b"MZ",
    ];
    BEGINNINGS
        .iter()
        .any(|beginning| bytes.starts_with(beginning))
}

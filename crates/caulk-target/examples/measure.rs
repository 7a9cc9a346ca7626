//! Runs the service of a folder's `caulk.toml` under its load and prints what a request leaves behind:
//!
//!     cargo run --example measure -p caulk-target -- examples/secret-proxy [ROUNDS]
//!
//! A look at the run-time half alone, with no statistics and no verdict.
#![allow(clippy::print_stdout, reason = "an example talks on standard output")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use caulk_system::{Cancel, Files, Limits, OsFiles, TempFolder};
use caulk_target::{
    Build, Captured, GoFlags, Launch, Load, LoadSpec, MainPackage, Placeholders, Profiling,
    Program, Template, What, build,
};

type Failed = Box<dyn Error>;

fn main() -> Result<(), Failed> {
    let mut args = std::env::args().skip(1);
    let folder = args.next().ok_or("usage: measure FOLDER [ROUNDS]")?;
    let rounds: u32 = args.next().map_or(Ok(4), |text| text.parse())?;
    let limits = Limits::new(&Cancel::on_interrupt()).within(Duration::from_secs(300));
    let folder = OsFiles.canonicalize(Path::new(&folder))?;
    let config: toml::Table = OsFiles
        .read_to_string(&folder.join("caulk.toml"))?
        .parse()?;
    let hunt = config
        .get("hunt")
        .and_then(|value| value.as_table())
        .ok_or("no [hunt]")?;
    let mut places = Placeholders::new();
    let work = TempFolder::new("caulk-measure-")?;

    let mut companions = Vec::new();
    for companion in tables(hunt, "companion") {
        companions.push(start(
            &folder,
            companion,
            false,
            work.path(),
            &mut places,
            &limits,
        )?);
    }
    let mut program = start(&folder, hunt, true, work.path(), &mut places, &limits)?;
    println!("{} ready after {:?}", program.name(), program.ready_after());

    let load = Load::new(load_spec(hunt, &mut places)?)?;
    let total = hunt
        .get("requests")
        .and_then(|value| value.as_integer())
        .unwrap_or(600);
    let each = u64::try_from(total)? / u64::from(rounds.max(1));
    let warm_up = load.run_round(each.min(100), 0, true, &limits)?;
    let mut sent = warm_up.sent();
    let mut last = settled(&program, &limits)?;
    for round in 0..rounds {
        let stats = load.run_round(each, sent, round % 2 == 0, &limits)?;
        sent += stats.sent();
        let captured = settled(&program, &limits)?;
        print_growth(&last, &captured, stats.sent());
        println!(
            "         {} in {:?}, statuses {:?}, failures {:?}, p50 {:?}, p99 {:?}",
            stats.sent(),
            stats.took,
            stats.statuses(),
            stats.failures(),
            stats.latency(0.5).unwrap_or_default(),
            stats.latency(0.99).unwrap_or_default(),
        );
        if let Some(death) = program.death() {
            println!("the program died: {death}");
            break;
        }
        last = captured;
    }
    println!("stopped: {}", program.stop(Duration::from_secs(5)));
    drop(companions);
    Ok(())
}

fn tables<'a>(table: &'a toml::Table, name: &str) -> impl Iterator<Item = &'a toml::Table> {
    let all = table
        .get(name)
        .and_then(|value| value.as_array())
        .into_iter()
        .flatten();
    all.filter_map(|value| value.as_table())
}

fn text<'a>(table: &'a toml::Table, name: &str) -> Result<&'a str, Failed> {
    let value = table.get(name).and_then(|value| value.as_str());
    Ok(value.ok_or_else(|| format!("no {name}"))?)
}

fn start(
    folder: &Path,
    table: &toml::Table,
    agent: bool,
    work: &Path,
    places: &mut Placeholders,
    limits: &Limits,
) -> Result<Program, Failed> {
    let pattern = text(table, "package")?;
    let begun = Instant::now();
    let (go, package) = MainPackage::find(folder, pattern, limits)?;
    let found = begun.elapsed();
    let name = package.import_path.clone();
    let work = work.join(name.replace('/', "-"));
    let (flags, edits) = (GoFlags::default(), BTreeMap::new());
    let request = Build {
        package: &package,
        flags: &flags,
        agent,
        edits: &edits,
        work: &work,
    };
    let built = build(&go, &request, limits)?;
    println!("{name}: found in {found:?}, built in {:?}", built.took);
    let mut env = Vec::new();
    for (key, value) in table
        .get("env")
        .and_then(|value| value.as_table())
        .into_iter()
        .flatten()
    {
        env.push((
            key.clone(),
            places.expand(value.as_str().unwrap_or_default())?,
        ));
    }
    let given = table.get("args").and_then(|value| value.as_array());
    let given = given
        .into_iter()
        .flatten()
        .filter_map(|value| value.as_str());
    let args = given
        .map(|arg| places.expand(arg))
        .collect::<Result<Vec<_>, _>>()?;
    let ready = vec![places.expand(text(table, "ready")?)?.parse()?];
    let launch = Launch {
        name,
        what: What::Binary {
            path: built.binary,
            args,
            agent,
        },
        folder: folder.to_owned(),
        env,
        profiling: agent.then(Profiling::default),
        ready,
        ready_timeout: Duration::from_secs(30),
        log: None,
    };
    Ok(Program::start(&launch, limits)?)
}

fn load_spec(hunt: &toml::Table, places: &mut Placeholders) -> Result<LoadSpec, Failed> {
    let mut requests = Vec::new();
    for table in tables(hunt, "load") {
        let request = places.expand(text(table, "request")?)?;
        let (method, url) = request.split_once(' ').ok_or("no method")?;
        let lines = table
            .get("headers")
            .and_then(|value| value.as_array())
            .into_iter()
            .flatten();
        let headers = lines
            .filter_map(|value| value.as_str()?.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        let weight = table
            .get("weight")
            .and_then(|value| value.as_integer())
            .unwrap_or(1);
        requests.push(Template {
            method: method.to_owned(),
            url: url.to_owned(),
            headers,
            data: places
                .expand(text(table, "data").unwrap_or_default())?
                .into_bytes(),
            weight: u32::try_from(weight)?,
        });
    }
    Ok(LoadSpec {
        requests,
        concurrency: 8,
        rps: None,
        timeout: Duration::from_secs(5),
    })
}

fn settled(program: &Program, limits: &Limits) -> Result<Captured, Failed> {
    program.settle(Duration::from_secs(2), limits)?;
    Ok(program.capture(limits).ok_or("no agent")??)
}

fn print_growth(before: &Captured, after: &Captured, requests: u64) {
    let figure = |captured: &Captured, name: &str| {
        let runtime = captured.metrics.runtime.as_ref();
        runtime
            .and_then(|stats| stats.figures.get(name))
            .copied()
            .unwrap_or_default() as f64
    };
    let sockets = |captured: &Captured| {
        captured
            .metrics
            .descriptors_after
            .map_or(0, |count| count.sockets) as f64
    };
    let rss = |captured: &Captured| {
        captured
            .metrics
            .process
            .and_then(|facts| facts.rss_bytes)
            .unwrap_or_default() as f64
    };
    let per = |before: f64, after: f64| (after - before) / requests.max(1) as f64;
    println!(
        "per request: heap {:.0} B, objects {:.1}, goroutines {:.3}, sockets {:.3}, rss {:.0} B \
         (heap {} kB, dump {} kB, captured in {:?}{})",
        per(
            figure(before, "heap_alloc_bytes"),
            figure(after, "heap_alloc_bytes")
        ),
        per(
            figure(before, "heap_objects"),
            figure(after, "heap_objects")
        ),
        per(figure(before, "goroutines"), figure(after, "goroutines")),
        per(sockets(before), sockets(after)),
        per(rss(before), rss(after)),
        after.heap.len() / 1000,
        after.goroutines.as_ref().map_or(0, |dump| dump.bytes.len()) / 1000,
        after.took,
        after
            .problems
            .iter()
            .map(|problem| format!("; {problem}"))
            .collect::<String>(),
    );
}

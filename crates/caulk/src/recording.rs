//! What a case keeps of a capture and of the load; the same for a hunt and for a watch.

use std::path::Path;

use anyhow::{anyhow, bail};
use caulk_case::{CaseFolder, FileKind, Latency, Route};
use caulk_system::Files;
use caulk_target::{Captured, DumpForm, RoundStats, Template};

use crate::config::LoadConfig;
use crate::exit::Failure;
use crate::load_flags::{header_parts, method_and_url};

/// The case that is in a folder to be written to. Files that are no case are not written over.
pub fn case_in(files: &dyn Files, folder: &Path) -> anyhow::Result<Option<CaseFolder>> {
    if CaseFolder::is_case(files, folder) {
        let case = CaseFolder::open(files, folder);
        return case.map(Some).map_err(|error| anyhow!("failed to {error}"));
    }
    let is_free = match files.read_dir(folder) {
        Ok(entries) => entries.is_empty(),
        Err(error) => error.is_missing(),
    };
    if !is_free {
        bail!(
            "{} is there, and is not a case: give another folder with -o",
            folder.display()
        );
    }
    Ok(None)
}

/// The raw files of a snapshot.
pub fn raw_files(captured: Captured) -> Vec<(FileKind, Vec<u8>)> {
    let mut files = vec![(FileKind::Heap, captured.heap)];
    if let Some(dump) = captured.goroutines {
        let kind = match dump.form {
            DumpForm::Stacks => FileKind::GoroutineDump,
            DumpForm::Counts => FileKind::GoroutineText,
        };
        files.push((kind, dump.bytes));
    }
    if let Some(counts) = captured.goroutine_counts {
        files.push((FileKind::GoroutineText, counts));
    }
    files
}

/// How long a round's answers took.
pub fn latency(stats: &RoundStats) -> Option<Latency> {
    let of = |quantile| stats.latency(quantile).map(|time| time.as_secs_f64());
    Some(Latency {
        p50_seconds: of(0.5)?,
        p90_seconds: of(0.9)?,
        p99_seconds: of(0.99)?,
    })
}

/// The requests to send, and the routes that a case says were loaded: those without headers and data.
pub fn requests(
    loads: &[LoadConfig],
    expand: &mut dyn FnMut(&str) -> Result<String, Failure>,
) -> Result<(Vec<Template>, Vec<Route>), Failure> {
    let (mut templates, mut routes) = (Vec::new(), Vec::new());
    for load in loads {
        let (method, url) = method_and_url(&expand(&load.request)?)?;
        let rest = url.split("://").nth(1).unwrap_or_default();
        let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
        routes.push(Route {
            method: method.clone(),
            path: path.to_owned(),
            weight: load.weight,
        });
        templates.push(Template {
            method,
            headers: load
                .headers
                .iter()
                .map(|h| header_parts(h))
                .collect::<Result<_, _>>()?,
            data: expand(load.data.as_deref().unwrap_or_default())?.into_bytes(),
            weight: load.weight,
            url,
        });
    }
    Ok((templates, routes))
}

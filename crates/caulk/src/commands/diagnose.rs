//! `caulk diagnose`: the culprits in captured snapshots.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use caulk_case::{
    Case, CaseFolder, FileKind, LoadedSeries, PlainReader, PlainSeries, PointFiles, SeriesProblem,
    read_raw,
};
use caulk_evidence::{By, Run};
use caulk_growth::{Metric, Options, Verdict};
use caulk_profile::Limits;
use caulk_profile::goroutine::{self, Dump};
use caulk_report::{Block, Paragraph, Report};
use caulk_system::{Files, SourceError, read_source};
use clap::{Args, ValueEnum};

use crate::cli::OutputFormat;
use crate::context::{Context, shown, shown_folder};
use crate::diagnosis::Findings;
use crate::exit::{Exit, Failure, Outcome};
use crate::inputs;
use crate::present::finding::Sources;
use crate::present::{hunt as present, input as present_input, page};
use crate::progress::Progress;
use crate::solve::{self, Root};

/// Find the culprits in captured snapshots
///
/// A case says most. Two heap profiles are enough to say what grew, and one to say what is held. Profiles of any kind that
/// Go writes may be mixed, as text or not: heap, allocs, goroutine, goroutineleak, threadcreate, mutex, block, and
/// metrics as Prometheus scrapes them. Nobody has to number them: they are put in order by the times in them, else by
/// the numbers in their names, else by when the files were written. Of a folder the profiles in it are taken, else those
/// in the folders below it. Programs and instances are told apart, and each is diagnosed by itself.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DiagnoseArgs {
    /// A case, or profiles, folders of them, or patterns ('heap.*.pprof'); - is standard input
    #[arg(required = true, value_name = "CASE|PROFILE|FOLDER")]
    pub inputs: Vec<PathBuf>,
    /// Folder of the program's source [default: the module around a case, else around this folder]
    #[arg(long, value_name = "DIR")]
    pub source: Option<PathBuf>,
    /// Build tags, separated by commas
    #[arg(long, visible_alias = "tags", value_name = "TAGS")]
    pub build_tags: Option<String>,
    /// How large a profile may get when it is inflated: a number of bytes, or 4GB [default: 1GB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub max_profile_size: Option<u64>,
    /// Sum growth up by function, package or label as well
    #[arg(long, value_enum, value_name = "WHAT")]
    pub by: Option<SumUpBy>,
    /// Write the report to this file; one that ends in .html or .json is of that format
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// What growth is summed up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SumUpBy {
    /// Functions, with what is allocated below them
    Function,
    /// Packages, with what is allocated below them
    Package,
    /// Labels of goroutines (pprof.Do), from dumps
    Label,
}

impl From<SumUpBy> for By {
    fn from(by: SumUpBy) -> By {
        match by {
            SumUpBy::Function => By::Function,
            SumUpBy::Package => By::Package,
            SumUpBy::Label => By::Label,
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  caulk diagnose examples/secret-proxy/case
  caulk diagnose heap.0 heap.6 --source ~/src/proxy
  caulk diagnose profiles/ --format json
  caulk diagnose profiles/ -o report.html
  curl -s localhost:6060/debug/pprof/heap | caulk diagnose -";

/// Series that are told in full, the surest growth first; the others get a word.
const MOST_TOLD: usize = 5;

fn size(text: &str) -> Result<u64, String> {
    caulk_pprof::size(text).ok_or_else(|| "say a number of bytes, or 4GB".to_owned())
}

impl DiagnoseArgs {
    fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        if let Some(size) = self.max_profile_size {
            limits.inflated_bytes = size;
        }
        limits
    }
}

pub fn run(args: DiagnoseArgs, context: &Context) -> Outcome {
    let progress = context.progress(false);
    progress.phase("reading profiles");
    let (inputs, elsewhere) = read(&args, context, &progress)?;
    progress.phase("looking for the line");
    let mut all = Vec::with_capacity(inputs.len());
    for input in inputs {
        all.push(findings(&args, input, context)?);
    }
    progress.finish();
    // The surest growth first; as they came where that is the same.
    all.sort_by_key(|told: &Told| std::cmp::Reverse(told.findings.verdict()));
    if let Some(Told { findings, .. }) = all.first_mut() {
        let problems = elsewhere.iter().map(|problem| problem.to_string());
        findings.warnings.extend(problems);
        if let Some(input) = &mut findings.input {
            input.add(&elsewhere);
        }
    }

    match context.format(OutputFormat::Full) {
        OutputFormat::Json => {
            let mut reports = all
                .iter()
                .map(|told| crate::present::hunt_json::to_json(&told.findings));
            let mut first = reports.next();
            if let Some(first) = &mut first {
                first.others = reports.collect();
            }
            context.print_json(&first)?;
        }
        OutputFormat::Html => {
            let others = all.iter().skip(MOST_TOLD).map(in_short);
            let others: Vec<String> = others
                .map(|told| format!("not on this page: {told}"))
                .collect();
            if let Some(first) = all.first_mut() {
                first.findings.warnings.extend(others);
            }
            let shown = all.get(..MOST_TOLD).unwrap_or(&all);
            let readers: Vec<_> = shown
                .iter()
                .map(|told| move |file: &str| context.files.read(&told.root.join(file)).ok())
                .collect();
            let told = shown
                .iter()
                .zip(&readers)
                .map(|(told, sources)| page::Told {
                    name: told.findings.input.as_ref().map_or("", |input| &input.name),
                    findings: &told.findings,
                    sources,
                });
            let told: Vec<page::Told<'_>> = told.collect();
            if let Some((first, others)) = told.split_first() {
                context.print_page(&page::of_several(first, others))?;
            }
        }
        format => {
            let mut report = Report::new();
            for told in all.iter().take(MOST_TOLD) {
                let read = |file: &str| context.files.read(&told.root.join(file)).ok();
                push(&mut report, told, &read, all.len());
            }
            let others: Vec<String> = all.iter().skip(MOST_TOLD).map(in_short).collect();
            if !others.is_empty() {
                report.push(Paragraph::with_lead("Others:", others.join("; ")));
            }
            context.print(&report, format)?;
        }
    }
    let exits = all.iter().map(|told| told.findings.exit());
    // A leak in one of them is a leak; else what is not clean is not.
    Ok(exits
        .min_by_key(|exit| match exit {
            Exit::Found => 0,
            Exit::Inconclusive => 1,
            _ => 2,
        })
        .unwrap_or(Exit::Inconclusive))
}

/// What is told of one series.
struct Told {
    findings: Findings,
    root: PathBuf,
}

/// One line on a series that has no room of its own.
fn in_short(told: &Told) -> String {
    let findings = &told.findings;
    let name = findings.input.as_ref().map_or("", |input| &input.name);
    let verdict = match findings.verdict() {
        Some(Verdict::Leak) => "leak",
        Some(Verdict::Growing) => "growing",
        Some(Verdict::Grew) => "grew",
        Some(Verdict::Steady) => "steady",
        None => "nothing to judge",
    };
    format!("{name}: {verdict}")
}

fn push(report: &mut Report, told: &Told, sources: &Sources<'_>, of: usize) {
    let findings = &told.findings;
    let name = findings.input.as_ref().map_or("", |input| &input.name);
    let mut own = present::report(findings, sources);
    if let (true, Some(Block::Diagnostic(first))) = (of > 1, own.blocks.first_mut()) {
        first.message = format!("{name}: {}", first.message);
    }
    // What to do next stays last.
    let closing = own
        .blocks
        .pop_if(|block| matches!(block, Block::KeyValues(_)));
    let restarted = present_input::restarted(&findings.growth);
    let of_input = findings.input.iter().flat_map(|input| input.paragraphs());
    for paragraph in restarted.into_iter().chain(of_input) {
        own.push(paragraph);
    }
    own.blocks.extend(closing);
    report.blocks.append(&mut own.blocks);
}

fn findings(args: &DiagnoseArgs, input: Input, context: &Context) -> Result<Told, Failure> {
    let mut warnings: Vec<String> = input
        .loaded
        .problems
        .iter()
        .map(|problem| problem.to_string())
        .collect();
    let mut told_input = input
        .case_folder
        .is_none()
        .then(|| present_input::Input::of(&input.loaded));
    let root = root(args, &input, context)?;
    let bytes_only = input.loaded.bytes_only;
    let mut run = Run::new(input.loaded, &input.dumps);
    let mut growth = run.growth(&Options::default());
    if bytes_only {
        growth.heap_objects = Metric::default();
    }
    if let Some(told) = &mut told_input {
        told.judged(&growth);
    }
    let tags = args.build_tags.as_deref().unwrap_or_default();
    let grows = growth.verdict != Some(Verdict::Steady);
    let mut solved = solve::solve(context, &run, root, tags, &growth, grows)?;
    if context.cancel.is_cancelled() {
        return Err(Failure::interrupted());
    }
    warnings.append(&mut solved.warnings);
    let source = |file: &str| context.files.read(&solved.root.join(file)).ok();
    run.look_at_lines(&solved.code, &source);
    let grown_by = args.by.map(|by| {
        let by = by.into();
        (by, run.grown_by(by, &Options::default()))
    });
    let findings = Findings {
        not_covered: solved.not_covered(&input.case),
        input: told_input,
        case: input.case,
        culprits: std::mem::take(&mut solved.culprits),
        unexplained: std::mem::take(&mut solved.unexplained),
        explanation: std::mem::take(&mut solved.explanation),
        grown_by,
        new_goroutines: solved.new_goroutines,
        proof: None,
        died: None,
        warnings,
        phases: Vec::new(),
        case_shown: input.case_folder.as_deref().map(shown),
        source_shown: shown_folder(&solved.root),
        applied: false,
        code: std::mem::take(&mut solved.code),
        run,
        growth,
    };
    Ok(Told {
        findings,
        root: solved.root,
    })
}

#[derive(Default)]
struct Input {
    loaded: LoadedSeries,
    dumps: Vec<Option<Dump>>,
    case: Case,
    case_folder: Option<PathBuf>,
}

/// The series of a case, or those of plain files with what belongs to none.
fn read(
    args: &DiagnoseArgs,
    context: &Context,
    progress: &Progress,
) -> Result<(Vec<Input>, Vec<SeriesProblem>), Failure> {
    let files = &context.files;
    let paths = inputs::expand(files, &args.inputs)?;
    let is_case =
        |path: &PathBuf| CaseFolder::is_case(files, path) || path.ends_with(caulk_case::CASE_FILE);
    match (paths.as_slice(), paths.iter().find(|path| is_case(path))) {
        ([path], Some(_)) => {
            return Ok((vec![case(path, args.limits(), context)?], Vec::new()));
        }
        (_, Some(case)) => {
            let case = shown(case);
            return Err(anyhow!(
                "{case} is a case, which is a series of its own: caulk diagnose {case}"
            )
            .into());
        }
        _ => {}
    }
    let mut reader = PlainReader::new(args.limits());
    let (streams, plain): (Vec<&Path>, Vec<&Path>) = paths
        .iter()
        .map(PathBuf::as_path)
        .partition(|path| is_stream(files, path));
    // What is read from a stream is gone from it.
    let mut read_once = BTreeMap::new();
    for path in streams {
        let (name, bytes) = read_stream(path, args.limits(), context)?;
        reader.read_bytes(&name, &bytes);
        read_once.insert(name, bytes);
    }
    let mut cancelled = false;
    reader.read(files, &plain, &mut |at, total| {
        progress.detail(format!("reading profiles: {} of {total}", at + 1));
        cancelled = context.cancel.is_cancelled();
        !cancelled
    });
    if cancelled {
        return Err(Failure::interrupted());
    }
    let PlainSeries {
        series, problems, ..
    } = reader.finish();
    if series.is_empty() {
        let problems: Vec<String> = problems.iter().map(|problem| problem.to_string()).collect();
        if problems.is_empty() {
            let names: Vec<String> = args.inputs.iter().map(|path| shown(path)).collect();
            return Err(anyhow!(
                "{}: there is no profile; capture some: curl -s localhost:6060/debug/pprof/heap > heap.0.pprof",
                names.join(" ")
            )
            .into());
        }
        // They name the files.
        return Err(anyhow!("there is no profile to judge: {}", problems.join("; ")).into());
    }
    let inputs = series.into_iter().map(|loaded| Input {
        dumps: dumps(&loaded, files, &read_once),
        loaded,
        ..Input::default()
    });
    Ok((inputs.collect(), problems))
}

/// Standard input, a pipe or a device.
fn is_stream(files: &dyn Files, path: &Path) -> bool {
    path.as_os_str() == "-"
        || files
            .metadata(path)
            .is_ok_and(|found| found.kind == caulk_system::FileKind::Other)
}

/// What is in a stream, and by which name it is told of. Whoever waits for it can be interrupted.
fn read_stream(
    path: &Path,
    limits: Limits,
    context: &Context,
) -> Result<(PathBuf, Vec<u8>), Failure> {
    // One byte more tells that there is too much.
    let most = limits.inflated_bytes.saturating_add(1);
    let is_input = path.as_os_str() == "-";
    if is_input && !cfg!(unix) {
        let bytes = caulk_system::read_stdin(most)
            .map_err(|error| anyhow!("failed to read standard input: {error}"))?;
        return Ok(("standard input".into(), bytes));
    }
    let (path, name) = match is_input {
        true => (Path::new("/dev/stdin"), PathBuf::from("standard input")),
        false => (path, path.to_owned()),
    };
    match read_source(path, most, &context.cancel) {
        Ok(bytes) => Ok((name, bytes)),
        Err(SourceError::Stopped(..)) => Err(Failure::interrupted()),
        Err(error) => Err(anyhow!("failed to {error}").into()),
    }
}

/// The goroutine dumps of plain files, point by point.
fn dumps(
    loaded: &LoadedSeries,
    files: &dyn Files,
    read_once: &BTreeMap<PathBuf, Vec<u8>>,
) -> Vec<Option<Dump>> {
    let dump = |point: &PointFiles| {
        let path = point.goroutines.as_ref()?;
        let from_file;
        let bytes = match read_once.get(path) {
            Some(bytes) => bytes,
            None => {
                from_file = read_raw(files, path).ok()?;
                &from_file
            }
        };
        bytes
            .starts_with(b"goroutine ")
            .then(|| goroutine::read(bytes))
    };
    loaded
        .files
        .iter()
        .map(dump)
        .map(|dump| dump.filter(|dump| dump.goroutines().len() > 0))
        .collect()
}

fn case(path: &Path, limits: Limits, context: &Context) -> Result<Input, Failure> {
    let files = &context.files;
    let folder = CaseFolder::open(files, path).map_err(|error| anyhow!("failed to {error}"))?;
    let loaded = LoadedSeries::from_case_within(files, &folder, limits);
    if loaded.series.points.is_empty() {
        let problems: Vec<String> = loaded.problems.iter().map(|p| p.to_string()).collect();
        return Err(if problems.is_empty() {
            anyhow!("{}: there is no snapshot in this case", shown(path)).into()
        } else {
            anyhow!("{}", problems.join("; ")).into()
        });
    }
    // Those in which goroutines stand one by one say more than counts; only alike ones can be compared.
    let many = |kind: FileKind| {
        let snapshots = loaded.snapshots.iter();
        snapshots
            .filter(|index| folder.case.file(**index, kind).is_some())
            .count()
    };
    let kind = match many(FileKind::GoroutineText) > many(FileKind::GoroutineDump) {
        true => FileKind::GoroutineText,
        false => FileKind::GoroutineDump,
    };
    let dumps = loaded
        .snapshots
        .iter()
        .map(|index| Some(goroutine::read(&folder.read(files, *index, kind)?.ok()?)))
        .collect();
    Ok(Input {
        loaded,
        dumps,
        case: folder.case,
        case_folder: Some(folder.path),
    })
}

/// The module that the user names, or the one that the case lies in, or the one around this folder.
fn root(args: &DiagnoseArgs, input: &Input, context: &Context) -> Result<Option<Root>, Failure> {
    let current = caulk_system::current_folder()?;
    let program = Some(input.case.target.as_str()).filter(|target| !target.is_empty());
    let around = |folder: &Path| {
        Root::around(
            context,
            &caulk_system::normalize(&current.join(folder)),
            program,
        )
    };
    // Of several main packages it is the one that the profiles name.
    let built_from = |mut root: Root| {
        let built = Path::new(&input.loaded.main_folder);
        let own = solve::main_folders(context, &root.folder)
            .into_iter()
            .find(|folder| !folder.is_empty() && built.ends_with(folder));
        if let Some(own) = own {
            root.main = root.folder.join(own);
        }
        root
    };
    if let Some(source) = &args.source {
        return match around(source) {
            Some(root) => Ok(Some(built_from(root))),
            None => Err(anyhow!("{}: there is no Go module (no go.mod)", shown(source)).into()),
        };
    }
    let around_case = input.case_folder.as_deref().and_then(around);
    Ok(around_case.or_else(|| around(&current)).map(built_from))
}

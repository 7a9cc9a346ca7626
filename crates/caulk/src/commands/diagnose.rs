//! `caulk diagnose`: the culprits in captured snapshots.

use std::path::{Path, PathBuf};

use anyhow::anyhow;
use caulk_case::{Case, CaseFolder, FileKind, LoadedSeries, read_raw};
use caulk_evidence::Run;
use caulk_growth::{Options, Verdict};
use caulk_profile::goroutine::{self, Dump};
use caulk_system::Files;
use clap::Args;

use crate::cli::OutputFormat;
use crate::context::{Context, shown, shown_folder};
use crate::exit::{Failure, Outcome};
use crate::hunting::result::Findings;
use crate::hunting::solve::{self, Root};
use crate::present::{hunt as present, page};

/// Find the culprits in captured snapshots
///
/// A case says most. Two heap profiles are enough to say what grew, and one to say what is held.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DiagnoseArgs {
    /// A case, or profiles, or a folder of them
    #[arg(required = true, value_name = "CASE|PROFILE|FOLDER")]
    pub inputs: Vec<PathBuf>,
    /// Folder of the program's source [default: the module around a case, else around this folder]
    #[arg(long, value_name = "DIR")]
    pub source: Option<PathBuf>,
    /// Build tags, separated by commas
    #[arg(long, visible_alias = "tags", value_name = "TAGS")]
    pub build_tags: Option<String>,
    /// Write the report to this file; one that ends in .html or .json is of that format
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  caulk diagnose examples/secret-proxy/case
  caulk diagnose heap.0 heap.6 --source ~/src/proxy
  caulk diagnose profiles/ --format json
  caulk diagnose profiles/ -o report.html";

pub fn run(args: DiagnoseArgs, context: &Context) -> Outcome {
    let progress = context.progress(false);
    progress.phase("reading profiles");
    let input = read(&args, context)?;
    let problems: Vec<String> = input
        .loaded
        .problems
        .iter()
        .map(|problem| problem.to_string())
        .collect();
    if input.loaded.series.points.is_empty() {
        if !problems.is_empty() {
            // They name the files.
            return Err(anyhow!("{}", problems.join("; ")).into());
        }
        let names: Vec<String> = args.inputs.iter().map(|path| shown(path)).collect();
        return Err(anyhow!("{}: there is no heap profile", names.join(" ")).into());
    }

    progress.phase("looking for the line");
    let options = Options::default();
    let root = root(&args, &input, context)?;
    let run = Run::new(input.loaded, &input.dumps);
    let growth = run.growth(&options);
    let tags = args.build_tags.as_deref().unwrap_or_default();
    let grows = growth.verdict != Some(Verdict::Steady);
    let mut solved = solve::solve(context, &run, root, tags, &growth, grows)?;
    if context.cancel.is_cancelled() {
        return Err(Failure::interrupted());
    }
    progress.finish();

    let mut warnings = problems;
    warnings.append(&mut solved.warnings);
    let findings = Findings {
        not_covered: solved.not_covered(&input.case),
        case: input.case,
        culprits: std::mem::take(&mut solved.culprits),
        unexplained: std::mem::take(&mut solved.unexplained),
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
    let read = |file: &str| context.files.read(&solved.root.join(file)).ok();
    match context.format(OutputFormat::Full) {
        OutputFormat::Json => context.print_json(&crate::present::hunt_json::to_json(&findings))?,
        OutputFormat::Html => context.print_page(&page::page(&findings, &read))?,
        format => context.print(&present::report(&findings, &read), format)?,
    }
    Ok(findings.exit())
}

struct Input {
    loaded: LoadedSeries,
    dumps: Vec<Option<Dump>>,
    case: Case,
    case_folder: Option<PathBuf>,
}

fn read(args: &DiagnoseArgs, context: &Context) -> Result<Input, Failure> {
    let files = &context.files;
    for path in &args.inputs {
        if !files.exists(path) {
            return Err(anyhow!("{}: there is no such file or folder", shown(path)).into());
        }
    }
    if let [path] = args.inputs.as_slice()
        && (CaseFolder::is_case(files, path) || path.ends_with(caulk_case::CASE_FILE))
    {
        let folder = CaseFolder::open(files, path).map_err(|error| anyhow!("failed to {error}"))?;
        let loaded = LoadedSeries::from_case(files, &folder);
        let dumps = loaded
            .snapshots
            .iter()
            .map(|index| {
                let dump = folder.read(files, *index, FileKind::GoroutineDump)?;
                Some(goroutine::read(&dump.ok()?))
            })
            .collect();
        return Ok(Input {
            loaded,
            dumps,
            case: folder.case,
            case_folder: Some(folder.path),
        });
    }
    let paths: Vec<&Path> = args.inputs.iter().map(PathBuf::as_path).collect();
    let loaded = LoadedSeries::from_files(files, &paths);
    let dumps = loaded
        .files
        .iter()
        .map(|point| {
            let bytes = read_raw(files, point.goroutines.as_ref()?).ok()?;
            Some(goroutine::read(&bytes))
        })
        .map(|dump| dump.filter(|dump| dump.goroutines().len() > 0))
        .collect();
    Ok(Input {
        loaded,
        dumps,
        case: Case::default(),
        case_folder: None,
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
    if let Some(source) = &args.source {
        return match around(source) {
            Some(root) => Ok(Some(root)),
            None => Err(anyhow!("{}: there is no Go module (no go.mod)", shown(source)).into()),
        };
    }
    let around_case = input.case_folder.as_deref().and_then(around);
    Ok(around_case.or_else(|| around(&current)))
}

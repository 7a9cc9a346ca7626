//! `caulk explain`: what a rule means, what is believed of a function, why a place is reported or not.

use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use caulk_program::Program;
use caulk_system::Files;
use clap::Args;
use serde::Serialize;

use crate::cli::OutputFormat;
use crate::context::{Context, write_out};
use crate::exit::{Exit, Outcome};
use crate::present::explain as present;
use crate::source::{self, Reading};

/// Say what a rule means, why a line is reported or not, or what is believed of a function
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ExplainArgs {
    /// Name of a rule (caulk rules lists them), or a line of a Go file
    #[arg(
        value_name = "RULE|FILE:LINE",
        required_unless_present = "contract",
        conflicts_with = "contract"
    )]
    what: Option<String>,
    /// Say what is believed of a function, such as os.Open or net/http.Client.Do, and why
    #[arg(long, value_name = "PKG.FUNC")]
    contract: Option<String>,
    /// Build tags, separated by commas
    #[arg(
        long,
        visible_alias = "tags",
        value_name = "TAGS",
        value_delimiter = ','
    )]
    build_tags: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  caulk explain unclosed-response-body
  caulk explain internal/store/load.go:47
  caulk explain --contract cloud.google.com/go/pubsub.NewClient
  caulk explain --contract store.DB.Load";

/// A rule and its page, as machines read them.
#[derive(Serialize)]
struct Explained {
    name: &'static str,
    summary: &'static str,
    preview: bool,
    /// The page.
    markdown: String,
}

pub fn run(args: ExplainArgs, context: &Context) -> Outcome {
    let _ends = context.end_when_interrupted();
    if let Some(function) = &args.contract {
        return contract(function, &args, context);
    }
    let what = args.what.as_deref().unwrap_or_default();
    match file_and_line(what) {
        Some((file, line)) => place(file, line, &args, context),
        None => rule(what, context),
    }
}

fn rule(name: &str, context: &Context) -> Outcome {
    let Some(rule) = caulk_leaks::rule(name) else {
        if context.files.is_file(Path::new(name)) {
            return Err(anyhow!("{name}: which line? caulk explain {name}:LINE").into());
        }
        let near = nearest(name).map_or(String::new(), |name| format!(" Did you mean {name}?"));
        return Err(anyhow!("there is no rule {name}; caulk rules lists them.{near}").into());
    };
    if context.common.output_format == Some(OutputFormat::Json) {
        context.print_json(&Explained {
            name: rule.name,
            summary: rule.summary,
            preview: rule.preview,
            markdown: rule.markdown(),
        })?;
    } else {
        write_out(rule.markdown().as_bytes())?;
    }
    Ok(Exit::Clean)
}

/// What is believed of a function, as the packages below the current folder would call it.
fn contract(function: &str, args: &ExplainArgs, context: &Context) -> Outcome {
    let root = caulk_system::current_folder()?;
    let reading = reading(args, context, &root)?;
    let progress = context.progress(false);
    progress.phase("reading");
    let program = source::load(source::os_files(), &root, &reading);
    let options = source::leak_options(&reading);
    let belief = caulk_leaks::explain_function(&program, &options, function);
    progress.finish();
    let belief = belief.map_err(|alike| {
        let near = match alike.as_slice() {
            [] if !function.contains('.') => {
                format!("; write its package before it: PKG.{function}")
            }
            [] => String::new(),
            names => format!("; there is {}", names.join(", ")),
        };
        anyhow!("nothing is known of a function {function}{near}")
    })?;
    if context.common.output_format == Some(OutputFormat::Json) {
        context.print_json(&present::BeliefJson::of(&belief))?;
    } else {
        write_out(present::belief(&belief).as_bytes())?;
    }
    Ok(Exit::Clean)
}

/// What became of the acquisitions on a line.
fn place(file: &str, line: u32, args: &ExplainArgs, context: &Context) -> Outcome {
    let root = caulk_system::current_folder()?;
    let path = caulk_system::normalize(&root.join(file));
    let lines = lines_of(&path, file, context)?;
    if line == 0 || line as usize > lines {
        return Err(anyhow!("{file} has {lines} lines").into());
    }
    let root = root_of(&path, root, context);
    // The whole tree, as for check: who calls a function, and what else implements an interface, decides too.
    // The file by itself as well, since patterns pass over some folders.
    let reading = Reading {
        patterns: vec![PathBuf::from("./..."), path.clone()],
        other_builds: true,
        ..reading(args, context, &root)?
    };
    let progress = context.progress(false);
    progress.phase("checking");
    let options = source::leak_options(&reading);
    let relative = source::slashed(path.strip_prefix(&root).unwrap_or(&path));
    let relative = relative.unwrap_or_else(|| file.to_owned());
    let builds = source::builds(source::os_files(), &root, &reading);
    let builds: Vec<&Program> = builds.iter().collect();
    let explained = caulk_leaks::explain_line(&builds, &options, &relative, line);
    progress.finish();
    if context.common.output_format == Some(OutputFormat::Json) {
        context.print_json(&present::LineJson::of(&explained))?;
    } else {
        write_out(present::line(&relative, line, &explained).as_bytes())?;
    }
    Ok(Exit::Clean)
}

/// The tree that a file is seen in: the current folder with all below it, else the file's module or folder.
fn root_of(path: &Path, current: PathBuf, context: &Context) -> PathBuf {
    match path.parent() {
        Some(folder) if !path.starts_with(&current) => {
            source::module_root(&context.files, folder).unwrap_or_else(|| folder.to_owned())
        }
        _ => current,
    }
}

fn reading(args: &ExplainArgs, context: &Context, root: &Path) -> anyhow::Result<Reading> {
    Ok(Reading {
        build_tags: args.build_tags.clone(),
        preview: true,
        catalogue: crate::config::catalogue(&context.files, root)?,
        ..Reading::default()
    })
}

fn lines_of(path: &Path, file: &str, context: &Context) -> anyhow::Result<usize> {
    if !context.files.exists(path) {
        bail!("{file}: there is no such file");
    }
    if path.extension().is_none_or(|extension| extension != "go") {
        bail!("{file} is no Go file");
    }
    let bytes = context.files.read(path)?;
    Ok(String::from_utf8_lossy(&bytes).lines().count())
}

/// `a/b.go:47` or `a/b.go:47:13`, as other tools print places.
fn file_and_line(text: &str) -> Option<(&str, u32)> {
    let (rest, last) = text.rsplit_once(':')?;
    let number: u32 = last.parse().ok()?;
    match rest.rsplit_once(':') {
        Some((file, line)) if line.parse::<u32>().is_ok() => Some((file, line.parse().ok()?)),
        _ => Some((rest, number)),
    }
}

/// The rule whose name has the longest beginning or end in common with what was typed.
fn nearest(typed: &str) -> Option<&'static str> {
    let alike = |name: &str| {
        let start = name
            .bytes()
            .zip(typed.bytes())
            .take_while(|(a, b)| a == b)
            .count();
        let end = name
            .bytes()
            .rev()
            .zip(typed.bytes().rev())
            .take_while(|(a, b)| a == b)
            .count();
        start.max(end)
    };
    caulk_leaks::rules()
        .into_iter()
        .map(|rule| (alike(rule.name), rule.name))
        .max_by_key(|(alike, name)| (*alike, std::cmp::Reverse(*name)))
        .filter(|(alike, _)| *alike >= 4)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::file_and_line;

    #[test]
    fn places_are_told_from_names_of_rules() {
        assert_eq!(file_and_line("a/b.go:47"), Some(("a/b.go", 47)));
        assert_eq!(file_and_line("a/b.go:47:13"), Some(("a/b.go", 47)));
        assert_eq!(file_and_line("C:\\a\\b.go:47"), Some(("C:\\a\\b.go", 47)));
        assert_eq!(file_and_line("unclosed-file"), None);
        assert_eq!(file_and_line("a/b.go:x"), None);
    }
}

//! Where a report goes, and the pictures that Graphviz draws of it.

use std::io::{IsTerminal, Write};
use std::path::Path;

use anyhow::{anyhow, bail};
use caulk_pprof::{Config, Generated, Makes, NamedReport, Request, Surroundings};
use caulk_profile::Profile;
use caulk_system::process::{self, Command};
use caulk_system::{Limits, write_numbered};

use super::{tell, tell_all};
use crate::context::{Context, write_out};

/// Who waits for a report.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The command line.
    CommandLine,
    /// The shell, where what is not for people goes into a file.
    Shell,
}

/// Makes a report and brings it where the options say.
pub fn report(
    profile: &Profile,
    report: &NamedReport,
    config: &Config,
    surroundings: &Surroundings,
    reader: Reader,
    context: &Context,
) -> anyhow::Result<()> {
    let dash = if reader == Reader::Shell { "" } else { "-" };
    let name = report.name;
    let (command, format, file) = match report.makes {
        Makes::Text(command) => (command, None, None),
        Makes::File(command, ending) => (command, None, Some(ending)),
        Makes::Picture(command, format) => (command, Some(format), Some(format)),
        Makes::Elsewhere => bail!("{dash}{name} is not in caulk: go tool pprof has it"),
    };
    let request = Request {
        command,
        argument: report.argument.clone(),
    };
    if format.is_none() && file.is_none() && config.output.is_empty() {
        let mut out = std::io::stdout().lock();
        caulk_pprof::write_report(profile, &request, config, surroundings, tell_all, &mut out)?;
        return Ok(out.flush()?);
    }
    let Generated {
        mut report,
        warnings,
    } = caulk_pprof::generate(profile, &request, config, surroundings)?;
    tell_all(&warnings);
    if let Some(format) = format {
        report = draw(report, format, context)?;
    }
    if !config.output.is_empty() {
        let path = Path::new(&config.output);
        tell(&format!("Generating report in {}", path.display()));
        return caulk_system::write_atomic(path, &report)
            .map_err(|error| anyhow!("failed to {error}"));
    }
    let is_on_screen = reader == Reader::Shell || std::io::stdout().is_terminal();
    match file.filter(|_| is_on_screen) {
        Some(ending) => {
            let path = write_numbered(Path::new(""), "profile", &format!(".{ending}"), &report)
                .map_err(|error| anyhow!("failed to {error}"))?;
            tell(&format!("Generating report in {}", path.display()));
        }
        None => write_out(&report)?,
    }
    Ok(())
}

/// Has Graphviz draw a graph.
fn draw(graph: Vec<u8>, format: &str, context: &Context) -> anyhow::Result<Vec<u8>> {
    let command = Command::new("dot").arg(format!("-T{format}")).input(graph);
    let failed =
        |error: String| anyhow!("failed to execute dot. Is Graphviz installed? Error: {error}");
    let limits = Limits::new(&context.cancel);
    let drawn = process::run(&command, &limits).map_err(|error| failed(error.to_string()))?;
    let said = String::from_utf8_lossy(&drawn.stderr);
    if !said.trim().is_empty() {
        tell(said.trim_end());
    }
    if !drawn.status.success() {
        return Err(failed(drawn.status.to_string()));
    }
    Ok(match format {
        "svg" => caulk_pprof::movable_svg(drawn.stdout),
        _ => drawn.stdout,
    })
}

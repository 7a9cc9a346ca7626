//! Where a report goes.

use std::path::Path;

use anyhow::{anyhow, bail};
use caulk_pprof::{Config, Generated, Makes, NamedReport, Request, Surroundings};
use caulk_profile::Profile;

use super::{tell, tell_all};
use crate::context::write_out;

/// Makes a report and brings it where the options say.
pub fn report(
    profile: &Profile,
    report: &NamedReport,
    config: &Config,
    surroundings: &Surroundings,
) -> anyhow::Result<()> {
    if let Some(option) = config.not_yet() {
        bail!("-{option} is not in caulk yet: go tool pprof has it");
    }
    let command = match report.makes {
        Makes::Text(command) | Makes::File(command, _) | Makes::Picture(command, _) => command,
        Makes::NotYet => bail!("-{} is not in caulk yet: go tool pprof has it", report.name),
        Makes::Elsewhere => bail!("-{} is not in caulk: go tool pprof has it", report.name),
    };
    let request = Request {
        command,
        argument: report.argument.clone(),
    };
    let Generated { report, warnings } =
        caulk_pprof::generate(profile, &request, config, surroundings)?;
    tell_all(&warnings);
    if config.output.is_empty() {
        write_out(&report)?;
    } else {
        let path = Path::new(&config.output);
        tell(&format!("Generating report in {}", path.display()));
        caulk_system::write_atomic(path, &report).map_err(|error| anyhow!("failed to {error}"))?;
    }
    Ok(())
}

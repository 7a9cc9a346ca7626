//! Profiles and names that a running service has, and the copies of them that are kept.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use caulk_pprof::{Fetching, NameQuery, Remote, kept_name};
use caulk_profile::Profile;
use caulk_system::{
    Files, HttpAnswer, HttpClient, HttpRequest, Limits, OsFiles, Trust, create_folder,
    write_numbered,
};

use super::tell;
use crate::context::Context;

/// How much longer an answer may take to begin than a service takes to collect.
const GRACE: Duration = Duration::from_secs(5);

/// For how long to wait for names.
const NAMES: Duration = Duration::from_secs(60);

const MOST_NAMES: u64 = 256 << 20;

/// A scheme that checks no certificate.
const INSECURE: &str = "https+insecure://";

/// Asks a service for a profile.
pub fn get(
    remote: &Remote,
    fetching: &Fetching,
    max_bytes: u64,
    context: &Context,
) -> anyhow::Result<Vec<u8>> {
    tell(&format!("Fetching profile over HTTP from {}", remote.url));
    if let Some(seconds) = fetching.seconds {
        tell(&format!("Please wait... ({seconds}s)"));
    }
    let (client, url) = client(&remote.url, fetching)?;
    let request = HttpRequest {
        url,
        headers: Vec::new(),
        timeout: remote.timeout.saturating_add(GRACE),
        max_bytes,
    };
    let answer = client
        .get(&request, &Limits::new(&context.cancel))
        .map_err(|error| anyhow!("failed to {error}"))?;
    succeeded(answer)
}

/// Asks a service for names.
pub fn names(query: &NameQuery, fetching: &Fetching, context: &Context) -> anyhow::Result<Vec<u8>> {
    let (client, url) = client(&query.url, fetching)?;
    let request = HttpRequest {
        url,
        headers: Vec::new(),
        timeout: NAMES,
        max_bytes: MOST_NAMES,
    };
    let limits = Limits::new(&context.cancel);
    let answer = client
        .post(&request, query.body.as_bytes(), &limits)
        .map_err(anyhow::Error::from)
        .and_then(succeeded);
    answer.with_context(|| format!("http post {}", query.url))
}

/// A client for a URL, and the URL as it takes it.
fn client(url: &str, fetching: &Fetching) -> anyhow::Result<(HttpClient, String)> {
    let (anyone, url) = match url.strip_prefix(INSECURE) {
        Some(rest) => (true, format!("https://{rest}")),
        None => (false, url.to_owned()),
    };
    let read = |path: &PathBuf, flag: &str| {
        let bytes = OsFiles.read(path);
        bytes.map_err(|error| anyhow!("failed to {error}, which -{flag} names"))
    };
    let shows = match (&fetching.certificate, &fetching.key) {
        (Some(certificate), Some(key)) => {
            Some((read(certificate, "tls_cert")?, read(key, "tls_key")?))
        }
        (None, Some(_)) => bail!("-tls_key is specified, so -tls_cert must also be specified"),
        (Some(_), None) => bail!("-tls_cert is specified, so -tls_key must also be specified"),
        (None, None) => None,
    };
    let authorities = fetching.authorities.as_ref();
    let trust = Trust {
        anyone,
        authorities: authorities.map(|path| read(path, "tls_ca")).transpose()?,
        shows,
    };
    let client =
        HttpClient::following(&trust).context("failed to use -tls_cert, -tls_key or -tls_ca")?;
    Ok((client, url))
}

/// The body of a good answer. Of a bad one Go's profile handlers say in the body what was wrong.
fn succeeded(answer: HttpAnswer) -> anyhow::Result<Vec<u8>> {
    if answer.status == 200 {
        return Ok(answer.body);
    }
    let is_text = |kind: &str| kind.contains("text/plain");
    if answer
        .header("x-go-pprof")
        .is_some_and(|value| !value.is_empty())
        && answer.header("content-type").is_some_and(is_text)
    {
        let said = String::from_utf8_lossy(&answer.body);
        bail!(
            "server response: {} - {}",
            answer.status_line,
            said.trim_end()
        );
    }
    bail!("server response: {}", answer.status_line)
}

/// Keeps a copy of what was fetched, since it cannot be fetched again. Where that fails, it is told.
pub fn keep(profile: &Profile) {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let home = variable(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
    let folders = [
        variable("PPROF_TMPDIR").map(PathBuf::from),
        home.map(|home| Path::new(&home).join("pprof")),
        Some(env::temp_dir()),
    ];
    let folder = folders.into_iter().flatten().find(|folder| {
        let made = create_folder(folder);
        if let Err(error) = &made {
            tell(&format!(
                "Could not use temp dir {}: {error}",
                folder.display()
            ));
        }
        made.is_ok()
    });
    let Some(folder) = folder else {
        return;
    };
    let mut bytes = Vec::new();
    let kept = match caulk_profile::write(profile, &mut bytes) {
        Ok(()) => write_numbered(&folder, &kept_name(profile), ".pb.gz", &bytes)
            .map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match kept {
        Ok(path) => tell(&format!("Saved profile in {}", path.display())),
        Err(error) => tell(&format!("Could not save profile: {error}")),
    }
}

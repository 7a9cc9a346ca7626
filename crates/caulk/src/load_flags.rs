//! `--load` may repeat, and `--data`, `--header` and `--weight` belong to the `--load` before them:
//! that order is lost in clap's derived values, so it is read from the indices of the arguments.

use std::path::Path;

use anyhow::{Context, bail};
use caulk_system::Files;
use clap::{ArgMatches, Args};

use crate::config::LoadConfig;

/// The running number as help has to write it: clap makes a line break of a plain one, but not of one
/// with an escape sequence in it, which is dropped or does nothing where it is printed.
macro_rules! running_number {
    () => {
        "{\u{1b}[0mn}"
    };
}
pub(crate) use running_number;

/// The requests of a load. What belongs to which is told by [`loads`].
#[derive(Debug, Args)]
pub struct LoadFlags {
    #[arg(
        long,
        value_name = "'METHOD URL'",
        help = concat!("A request: 'METHOD URL'; may repeat. ", running_number!(), " is a running number"),
        help_heading = "Load"
    )]
    pub load: Vec<String>,
    #[arg(
        long,
        value_name = "TEXT|@FILE",
        help = concat!("Body of the --load before it, or @FILE; may hold ", running_number!()),
        help_heading = "Load"
    )]
    pub data: Vec<String>,
    /// How often the --load before it is sent beside the others [default: 1]
    #[arg(long, value_name = "N", help_heading = "Load")]
    pub weight: Vec<u32>,
}

/// The loads of a command line, each with its own data, headers and weight.
pub fn loads(matches: &ArgMatches) -> anyhow::Result<Vec<LoadConfig>> {
    match loads_and_headers(matches)? {
        (loads, headers) if headers.is_empty() => Ok(loads),
        _ => bail!(no_load_before("--header")),
    }
}

/// The same, and the headers before the first load, for commands that have a use for them.
pub fn loads_and_headers(matches: &ArgMatches) -> anyhow::Result<(Vec<LoadConfig>, Vec<String>)> {
    let mut loads: Vec<(usize, LoadConfig)> = values::<String>(matches, "load")
        .map(|(index, request)| {
            let load = LoadConfig {
                request: request.clone(),
                data: None,
                headers: Vec::new(),
                weight: 1,
            };
            (index, load)
        })
        .collect();
    for (index, data) in values::<String>(matches, "data") {
        let load = owner(&mut loads, index, "--data")?;
        if load.data.replace(data.clone()).is_some() {
            bail!("--data is given twice for --load '{}'", load.request);
        }
    }
    let mut before = Vec::new();
    for (index, header) in values::<String>(matches, "header") {
        match owner(&mut loads, index, "--header") {
            Ok(load) => load.headers.push(header.clone()),
            Err(_) => before.push(header.clone()),
        }
    }
    for (index, weight) in values::<u32>(matches, "weight") {
        owner(&mut loads, index, "--weight")?.weight = *weight;
    }
    Ok((loads.into_iter().map(|(_, load)| load).collect(), before))
}

/// Checks what was typed, and reads the data that is in files; their names are relative to `folder`.
pub fn complete(loads: &mut [LoadConfig], folder: &Path, files: &dyn Files) -> anyhow::Result<()> {
    for load in loads {
        method_and_url(&load.request)?;
        if let Some(file) = load.data.as_deref().and_then(|data| data.strip_prefix('@')) {
            let bytes = files.read(&folder.join(file))?;
            let text = String::from_utf8(bytes)
                .with_context(|| format!("{file}, the data of a load, is not UTF-8"))?;
            load.data = Some(text);
        }
        for header in &load.headers {
            header_parts(header)?;
        }
    }
    Ok(())
}

/// The address of a service that is asked by HTTP, as it was typed.
pub fn service_url(text: &str) -> Result<String, String> {
    let host = match text.split_once("://") {
        Some(("http" | "https", host)) => host,
        Some((scheme, _)) => {
            return Err(format!(
                "a service is asked by http:// or https://, not {scheme}://"
            ));
        }
        None => text,
    };
    match host.split(['/', '?', '#']).next() {
        Some("") | None => Err("there is no host in it".to_owned()),
        Some(_) => Ok(text.to_owned()),
    }
}

/// `Name: value` in two.
pub fn header_parts(header: &str) -> anyhow::Result<(String, String)> {
    match header.split_once(':') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => bail!("'{header}' is not a header: write 'Name: value'"),
    }
}

fn values<'m, T: Clone + Send + Sync + 'static>(
    matches: &'m ArgMatches,
    id: &str,
) -> impl Iterator<Item = (usize, &'m T)> {
    let indices = matches.indices_of(id).into_iter().flatten();
    let values = matches.get_many::<T>(id).into_iter().flatten();
    indices.zip(values)
}

fn owner<'l>(
    loads: &'l mut [(usize, LoadConfig)],
    index: usize,
    flag: &str,
) -> anyhow::Result<&'l mut LoadConfig> {
    match loads.iter_mut().rev().find(|(of_load, _)| *of_load < index) {
        Some((_, load)) => Ok(load),
        None => bail!(no_load_before(flag)),
    }
}

fn no_load_before(flag: &str) -> String {
    format!("{flag} belongs to the --load before it, and there is none")
}

/// A request as it is typed: `POST http://127.0.0.1:8080/v0/cron`; without a method it is a GET.
pub fn method_and_url(request: &str) -> anyhow::Result<(String, String)> {
    let mut words = request.split_whitespace();
    let (method, url) = match (words.next(), words.next(), words.next()) {
        (Some(url), None, None) => ("GET", url),
        (Some(method), Some(url), None) => (method, url),
        _ => bail!(
            "'{request}' is not a request: write 'METHOD URL', such as 'GET http://127.0.0.1:8080/'"
        ),
    };
    if !url.starts_with("http://") && !url.starts_with("https://") {
        bail!("'{url}' is not a URL: it begins with http:// or https://");
    }
    if !method.bytes().all(|b| b.is_ascii_alphabetic()) {
        bail!("'{method}' is not a method: write GET, POST, …");
    }
    Ok((method.to_ascii_uppercase(), url.to_owned()))
}

/// A duration as it is typed: `30s`, `500ms`, `5m`, `1h`; a bare number is seconds.
pub fn duration(text: &str) -> Result<std::time::Duration, String> {
    let wrong = || format!("'{text}' is not a duration: write 30s, 500ms or 5m");
    let digits = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "" | "s" => number,
        "ms" => number / 1000.0,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(wrong()),
    };
    std::time::Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::{Arg, ArgAction, Command, value_parser};

    fn parse(arguments: &[&str]) -> anyhow::Result<Vec<LoadConfig>> {
        let many = |name: &'static str| Arg::new(name).long(name).action(ArgAction::Append);
        let matches = Command::new("caulk")
            .no_binary_name(true)
            .args([many("load"), many("data"), many("header")])
            .arg(many("weight").value_parser(value_parser!(u32)))
            .try_get_matches_from(arguments)?;
        loads(&matches)
    }

    #[test]
    fn data_and_headers_belong_to_the_load_before_them() -> anyhow::Result<()> {
        let loads = parse(&[
            "--load",
            "POST http://a/",
            "--data",
            "x",
            "--header",
            "A: 1",
            "--header",
            "B: 2",
            "--load",
            "GET http://b/",
            "--weight",
            "3",
        ])?;
        assert_eq!(loads[0].data.as_deref(), Some("x"));
        assert_eq!(loads[0].headers, ["A: 1", "B: 2"]);
        assert_eq!((loads[1].data.as_deref(), loads[1].weight), (None, 3));
        Ok(())
    }

    #[test]
    fn data_before_any_load_is_refused() {
        let error = parse(&["--data", "x", "--load", "GET http://b/"]).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("--data belongs to the --load before it")
        );
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("1.5s").unwrap().as_millis(), 1500);
        assert_eq!(duration("2m").unwrap().as_secs(), 120);
        assert!(duration("soon").is_err());
        assert!(duration("-1s").is_err());
    }
}

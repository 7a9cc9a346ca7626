//! `--load` may repeat, and `--data`, `--header` and `--weight` belong to the `--load` before them:
//! that order is lost in clap's derived values, so it is read from the indices of the arguments.

use anyhow::bail;
use clap::ArgMatches;

use crate::config::LoadConfig;

/// The loads of a command line, each with its own data, headers and weight.
pub fn loads(matches: &ArgMatches) -> anyhow::Result<Vec<LoadConfig>> {
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
    for (index, header) in values::<String>(matches, "header") {
        owner(&mut loads, index, "--header")?
            .headers
            .push(header.clone());
    }
    for (index, weight) in values::<u32>(matches, "weight") {
        owner(&mut loads, index, "--weight")?.weight = *weight;
    }
    Ok(loads.into_iter().map(|(_, load)| load).collect())
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
        None => bail!("{flag} belongs to the --load before it, and there is none"),
    }
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

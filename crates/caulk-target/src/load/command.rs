//! A load of the user's own: a command that is run once for each round.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use caulk_system::Limits;
use caulk_system::process::{Command, ExitStatus, ProcessError, run};

/// A command line for the shell that sends one round of load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadCommand {
    /// The command line.
    pub line: String,
    /// Where it runs.
    pub folder: PathBuf,
    /// Set beside the inherited environment. `CAULK_ROUND` is added: the number of the round, counted from 0.
    pub env: Vec<(String, String)>,
}

/// What a round by a command came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRound {
    /// How it ended. A load tool that fails its own thresholds has sent its load all the same.
    pub status: ExitStatus,
    /// How many requests it says it sent; `None` where it does not say.
    pub requests: Option<u64>,
    /// From its start to its end.
    pub took: Duration,
    /// Its last lines.
    pub lines: Vec<String>,
}

const LAST_LINES: usize = 20;

impl LoadCommand {
    /// Runs the command for one round, to its end.
    pub fn run_round(&self, round: u32, limits: &Limits) -> Result<CommandRound, ProcessError> {
        let mut command = Command::shell(&self.line).folder(&self.folder);
        for (name, value) in &self.env {
            command = command.env(name, value);
        }
        let command = command.env("CAULK_ROUND", round.to_string());
        let start = Instant::now();
        let output = run(&command, limits)?;
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push('\n');
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        let mut lines: Vec<String> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(str::to_owned)
            .collect();
        lines.drain(..lines.len().saturating_sub(LAST_LINES));
        let (status, took) = (output.status, start.elapsed());
        Ok(CommandRound {
            status,
            requests: requests_said(&text),
            took,
            lines,
        })
    }
}

/// The number of requests in a load tool's summary, the last that is said.
///
/// Understood are `requests: N` (anyone's), k6's `http_reqs....: N`, vegeta's `Requests [total, rate, throughput] N,`,
/// ghz's `Count: N`, hey's `Total: N requests`, wrk's `N requests in`, and ab's `Complete requests: N`.
fn requests_said(text: &str) -> Option<u64> {
    text.lines().rev().find_map(|line| {
        let line = line.trim();
        let lower = line.to_ascii_lowercase();
        if let Some((count, rest)) = lower.split_once(' ')
            && rest.starts_with("requests in ")
        {
            return count.parse().ok();
        }
        if let Some(rest) = lower
            .strip_prefix("requests")
            .filter(|rest| rest.trim_start().starts_with('['))
        {
            return first_number(rest.split_once(']')?.1);
        }
        let (name, value) = lower.split_once(':')?;
        match name.trim_end_matches(['.', ' ']) {
            "requests" | "http_reqs" | "grpc_reqs" | "iterations" | "count"
            | "complete requests" | "total requests" | "requests sent" => first_number(value),
            _ => None,
        }
    })
}

fn first_number(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '_')
        .unwrap_or(text.len());
    text.get(..end)?.replace('_', "").parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_usual_tools_are_understood() {
        for (text, want) in [
            ("done\nrequests: 500\n", Some(500)),
            ("requests: 5\nRequests: 7 of 7", Some(7)),
            (
                "     http_reqs......................: 1200   39.9/s\n     iterations.....: 1200 x",
                Some(1200),
            ),
            (
                "Requests      [total, rate, throughput]         250, 50.20, 50.19",
                Some(250),
            ),
            (
                "Summary:\n  Count:        200\n  Total:        1.5 s",
                Some(200),
            ),
            ("  3021 requests in 10.05s, 1.2MB read", Some(3021)),
            (
                "Complete requests:      1000\nFailed requests: 0",
                Some(1000),
            ),
            ("ok  \texample.com/x\t0.01s", None),
            ("requests: many", None),
            ("", None),
        ] {
            assert_eq!(requests_said(text), want, "{text}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_round_has_its_number_and_its_own_count() {
        let command = LoadCommand {
            line: "echo requests: $((CAULK_ROUND * 10 + EXTRA)); echo fell short >&2; exit 99"
                .into(),
            folder: std::env::temp_dir(),
            env: vec![("EXTRA".into(), "3".into())],
        };
        let round = command.run_round(2, &Limits::default()).unwrap();
        assert_eq!(round.requests, Some(23));
        assert_eq!(round.status.to_string(), "exit status 99");
        assert_eq!(round.lines, ["requests: 23", "fell short"]);
    }
}

//! `caulk explain`: what a rule means.

use anyhow::anyhow;
use clap::Args;
use serde::Serialize;

use crate::cli::OutputFormat;
use crate::context::{Context, write_out};
use crate::exit::{Exit, Outcome};

/// Say what a rule means, why it matters, and how it is fixed
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  caulk explain unclosed-response-body")]
pub struct ExplainArgs {
    /// Name of a rule; caulk rules lists them
    #[arg(value_name = "RULE")]
    rule: String,
}

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
    let Some(rule) = caulk_leaks::rule(&args.rule) else {
        let near =
            nearest(&args.rule).map_or(String::new(), |name| format!(" Did you mean {name}?"));
        return Err(anyhow!(
            "there is no rule {}; caulk rules lists them.{near}",
            args.rule
        )
        .into());
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

//! `caulk rules`: the list of rules.

use caulk_report::{Cell, Column, Report, Table};
use clap::Args;
use serde::Serialize;

use crate::cli::OutputFormat;
use crate::context::Context;
use crate::exit::{Exit, Outcome};

/// List the rules
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  caulk rules\n  caulk explain unclosed-client")]
pub struct RulesArgs {}

/// A rule as machines read it.
#[derive(Serialize)]
struct RuleJson {
    name: &'static str,
    summary: &'static str,
    preview: bool,
}

pub fn run(_args: RulesArgs, context: &Context) -> Outcome {
    let rules = caulk_leaks::rules();
    if context.format(OutputFormat::Full) == OutputFormat::Json {
        let list: Vec<RuleJson> = rules
            .iter()
            .map(|rule| RuleJson {
                name: rule.name,
                summary: rule.summary,
                preview: rule.preview,
            })
            .collect();
        context.print_json(&list)?;
        return Ok(Exit::Clean);
    }
    let mut table = Table::new([Column::left(""), Column::left("")]);
    for rule in rules {
        let preview = if rule.preview { " (preview)" } else { "" };
        table.row([
            Cell::strong(rule.name),
            Cell::from(format!("{}{preview}", rule.summary)),
        ]);
    }
    let mut report = Report::new();
    report.push(table);
    context.print(&report, OutputFormat::Full)?;
    Ok(Exit::Clean)
}

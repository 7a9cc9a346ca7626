//! What `caulk explain` prints of a function and of a line.

use std::fmt::Write;

use caulk_leaks::{Belief, Contract, Harm, LineExplained, Location, Origin, Outcome, Step, Traced};
use caulk_report::json::check as json;
use serde::Serialize;

use super::finding;

/// What is believed of a function, as text.
pub fn belief(belief: &Belief) -> String {
    let mut out = String::new();
    write_belief(&mut out, belief);
    out
}

// Writing into a string does not fail.
macro_rules! line {
    ($out:expr, $($arg:tt)*) => {
        let _ = writeln!($out, $($arg)*);
    };
}

fn write_belief(out: &mut String, belief: &Belief) {
    line!(out, "{}", belief.function);
    if let Some(signature) = &belief.signature {
        line!(out, "  {signature}");
    }
    if let Some(at) = &belief.declared_at {
        line!(out, "  declared at {}:{}", at.file, at.line);
    }
    if let Some(who) = &belief.never_returns {
        line!(out, "  never returns, by {who}");
    }
    for contract in &belief.owed {
        write_contract(out, contract);
    }
    if let Some(why) = &belief.owes_nothing {
        line!(out, "  owes nothing: {why}");
    }
    for parameter in &belief.parameters {
        line!(
            out,
            "  {} {}: {}, by {}",
            parameter.name,
            parameter.type_name,
            parameter.effect,
            parameter.because
        );
    }
}

fn write_contract(out: &mut String, contract: &Contract) {
    line!(
        out,
        "  {} owed: {} [{}]",
        results(contract),
        release(contract),
        contract.rule
    );
    let held = harm(contract.harm);
    if !held.is_empty() {
        line!(out, "    unreleased it keeps {held}");
    }
    if !contract.cost.is_empty() {
        line!(out, "    it costs {}", contract.cost);
    }
    if let Some((major, minor)) = contract.until {
        line!(out, "    it does harm below Go {major}.{minor} only");
    }
    line!(
        out,
        "    {}, {}",
        contract.confidence,
        who(&contract.origin)
    );
    match &contract.origin {
        Origin::Source(steps) => write_steps(out, steps),
        Origin::Documentation { sentence, at } => {
            line!(out, "      {}:{}: {sentence}", at.file, at.line);
        }
        _ => {}
    }
}

fn results(contract: &Contract) -> String {
    let numbers: Vec<String> = contract
        .results
        .iter()
        .map(|n| (n + 1).to_string())
        .collect();
    match numbers.as_slice() {
        [one] => format!("result {one} is"),
        many => format!("results {} are", many.join(" and ")),
    }
}

/// What releases it, in words: `Close() or Stop()`.
fn release(contract: &Contract) -> String {
    let mut words: Vec<String> = contract
        .release
        .actions
        .iter()
        .map(|action| match &action.method {
            None => "calling it".to_owned(),
            Some(method) => {
                let mut parts = action.path.clone();
                parts.push(format!("{method}({})", contract.release.arguments));
                parts.join(".")
            }
        })
        .collect();
    words.extend(
        contract
            .release
            .abort
            .iter()
            .map(|abort| format!("{abort}()")),
    );
    let takers = contract.release.taken_by.iter();
    words.extend(takers.map(|taker| format!("{taker}(it)")));
    match words.as_slice() {
        [] => "nothing can release it".to_owned(),
        [one] => format!("{one} releases it"),
        many => format!("any of {} releases it", many.join(", ")),
    }
}

fn harm(harm: Harm) -> String {
    let kinds = [
        (harm.goroutines, "goroutines"),
        (harm.connections, "a connection"),
        (harm.descriptors, "a descriptor"),
        (harm.memory, "memory"),
    ];
    let mut text = kinds
        .iter()
        .filter(|(held, _)| *held)
        .map(|(_, name)| *name)
        .collect::<Vec<_>>()
        .join(", ");
    if harm.healed && !text.is_empty() {
        text.push_str(" until the collector finds it");
    }
    text
}

fn who(origin: &Origin) -> String {
    match origin {
        Origin::Catalogue { file, line } => format!("by the catalogue ({file}:{line})"),
        Origin::Project { line } => format!("by caulk.toml:{line}"),
        Origin::Source(_) => "by its source".to_owned(),
        Origin::Documentation { .. } => "by its documentation".to_owned(),
        Origin::Convention => "by the types of its results".to_owned(),
        Origin::Habit => "by what others of the package do with it".to_owned(),
        Origin::Custom => "by what others of the program do with it".to_owned(),
        Origin::OwnUse => "by what becomes of it on another path".to_owned(),
    }
}

fn write_steps(out: &mut String, steps: &[Step]) {
    for step in steps {
        line!(
            out,
            "      {}:{}: {}",
            step.location.file,
            step.location.line,
            step.note
        );
    }
}

/// What became of the acquisitions on a line, as text.
pub fn line(file: &str, line: u32, explained: &LineExplained) -> String {
    let mut out = String::new();
    for (index, traced) in explained.acquisitions.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        write_traced(&mut out, traced);
    }
    if !explained.acquisitions.is_empty() {
        return out;
    }
    if explained.calls.is_empty() {
        line!(out, "{file}:{line} calls no function that is known by name");
        return out;
    }
    line!(out, "{file}:{line} acquires nothing; it calls");
    for belief in &explained.calls {
        out.push('\n');
        write_belief(&mut out, belief);
    }
    out
}

fn write_traced(out: &mut String, traced: &Traced) {
    let acquisition = &traced.acquisition;
    let resource = &acquisition.resource;
    line!(
        out,
        "{}: {} acquires {}",
        acquisition.location,
        resource.acquired_by,
        resource.type_name
    );
    line!(out, "  {}", verdict(traced));
    for finding in &traced.findings {
        line!(
            out,
            "  reported: {} [{}] {}, {}",
            finding.message,
            finding.rule,
            finding.severity,
            finding.confidence
        );
        if let Some(why) = super::finding::low_because(finding) {
            line!(out, "  low: {why}");
        }
    }
    if !traced.trace.is_empty() {
        line!(out, "  what happens to it:");
        write_steps(out, &traced.trace);
    }
    if let Some(contract) = &traced.contract {
        write_contract(out, contract);
    }
}

fn verdict(traced: &Traced) -> String {
    match &traced.acquisition.outcome {
        Outcome::Owed(_) if traced.findings.is_empty() => {
            "lost on some path, and not reported: a comment or a preview rule keeps it back"
                .to_owned()
        }
        Outcome::Owed(_) => "lost on some path".to_owned(),
        Outcome::Settled(settlement) => match &settlement.at {
            Some(at) => format!(
                "settled: {} at {}:{}",
                settlement.how.word(),
                at.file,
                at.line
            ),
            None => format!("settled: {}", settlement.how.word()),
        },
        Outcome::Unknown { why, at, .. } => match at {
            Some(at) => format!(
                "not decided, so not reported: {why} at {}:{}",
                at.file, at.line
            ),
            None => format!("not decided, so not reported: {why}"),
        },
    }
}

/// What is believed of a function, as machines read it.
#[derive(Serialize)]
pub struct BeliefJson {
    function: String,
    signature: Option<String>,
    declared_at: Option<json::Span>,
    owed: Vec<ContractJson>,
    owes_nothing: Option<String>,
    never_returns: Option<String>,
    parameters: Vec<ParameterJson>,
}

#[derive(Serialize)]
struct ContractJson {
    /// From 1.
    results: Vec<usize>,
    #[serde(rename = "type")]
    type_name: String,
    rule: &'static str,
    release: String,
    confidence: String,
    from: &'static str,
    /// Where that is said: a place of the catalogue or of `caulk.toml`, or a sentence.
    says: String,
    chain: Vec<json::PathStep>,
}

#[derive(Serialize)]
struct ParameterJson {
    name: String,
    #[serde(rename = "type")]
    type_name: String,
    effect: String,
    because: String,
}

impl BeliefJson {
    pub fn of(belief: &Belief) -> BeliefJson {
        BeliefJson {
            function: belief.function.clone(),
            signature: belief.signature.clone(),
            declared_at: belief.declared_at.as_ref().map(finding::span),
            owed: belief.owed.iter().map(contract).collect(),
            owes_nothing: belief.owes_nothing.clone(),
            never_returns: belief.never_returns.clone(),
            parameters: belief
                .parameters
                .iter()
                .map(|parameter| ParameterJson {
                    name: parameter.name.clone(),
                    type_name: parameter.type_name.clone(),
                    effect: parameter.effect.clone(),
                    because: parameter.because.clone(),
                })
                .collect(),
        }
    }
}

fn contract(contract: &Contract) -> ContractJson {
    let (says, chain) = match &contract.origin {
        Origin::Source(chain) => (String::new(), chain.iter().map(step).collect()),
        Origin::Documentation { sentence, .. } => (sentence.to_string(), Vec::new()),
        Origin::Catalogue { file, line } => (format!("{file}:{line}"), Vec::new()),
        Origin::Project { line } => (format!("caulk.toml:{line}"), Vec::new()),
        Origin::Convention | Origin::Habit | Origin::Custom | Origin::OwnUse => {
            (String::new(), Vec::new())
        }
    };
    ContractJson {
        results: contract.results.iter().map(|n| n + 1).collect(),
        type_name: contract.type_name.clone(),
        rule: contract.rule,
        release: contract.release.words(),
        confidence: contract.confidence.to_string(),
        from: contract.origin.source().word(),
        says,
        chain,
    }
}

fn step(step: &Step) -> json::PathStep {
    let Location {
        file, line, column, ..
    } = &step.location;
    json::PathStep {
        file: file.clone(),
        line: *line,
        column: *column,
        note: step.note.clone(),
    }
}

/// What became of the acquisitions on a line, as machines read it.
#[derive(Serialize)]
pub struct LineJson {
    acquisitions: Vec<TracedJson>,
    calls: Vec<BeliefJson>,
}

#[derive(Serialize)]
struct TracedJson {
    location: json::Span,
    resource: json::Resource,
    rule: &'static str,
    /// `owed`, `settled` or `unknown`.
    outcome: &'static str,
    verdict: String,
    findings: Vec<json::Finding>,
    trace: Vec<json::PathStep>,
    contract: Option<ContractJson>,
}

impl LineJson {
    pub fn of(explained: &LineExplained) -> LineJson {
        let traced = |traced: &Traced| TracedJson {
            location: finding::span(&traced.acquisition.location),
            resource: finding::resource(&traced.acquisition.resource),
            rule: traced.acquisition.rule,
            outcome: match traced.acquisition.outcome {
                Outcome::Owed(_) => "owed",
                Outcome::Settled(_) => "settled",
                Outcome::Unknown { .. } => "unknown",
            },
            verdict: verdict(traced),
            findings: traced
                .findings
                .iter()
                .map(|found| finding::to_json(found, None))
                .collect(),
            trace: traced.trace.iter().map(step).collect(),
            contract: traced.contract.as_ref().map(contract),
        };
        LineJson {
            acquisitions: explained.acquisitions.iter().map(traced).collect(),
            calls: explained.calls.iter().map(BeliefJson::of).collect(),
        }
    }
}

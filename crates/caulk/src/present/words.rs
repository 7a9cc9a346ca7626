//! What grows in plain words: what it is, how sure that is, and what would tell more.

use caulk_evidence::{Explained, Reason};
use caulk_growth::{Axis, Finding, Growth, Problem, ScalarKind, Verdict, Veto};
use caulk_report::json::hunt as json;
use caulk_report::{Paragraph, units};

use super::check::counted;
use super::rates::{Rates, heap_word};
use crate::diagnosis::Findings;

/// Resources below this share of the growth are not told in text.
const SMALLEST_SHARE: f64 = 0.1;
/// Resources, and parts of one, that are told in text.
const TOLD: usize = 3;
/// Sampling coarser than this hides what leaks slowly.
const FINE_RATE: u64 = 65_536;

/// The paragraphs of the explanation.
pub fn paragraphs(findings: &Findings) -> Vec<Paragraph> {
    let mut said = Vec::new();
    let mut say = |lead, text: String| {
        if !text.is_empty() {
            said.push(Paragraph::with_lead(lead, text));
        }
    };
    say("What it is:", what(findings));
    said.extend(super::together::paragraphs(findings));
    let mut say = |lead, text: String| {
        if !text.is_empty() {
            said.push(Paragraph::with_lead(lead, text));
        }
    };
    say("How sure:", certainty(findings).join("; "));
    say("To know more:", next(findings).join("; "));
    said
}

/// The same for other programs.
pub fn to_json(findings: &Findings) -> json::Explanation {
    let resource = |explained: &Explained| json::ExplainedResource {
        name: explained.resource.name.clone(),
        one: explained.resource.one.clone(),
        many: explained.resource.many.clone(),
        kept_by: explained.resource.kept_by.clone(),
        share: explained.share,
        heap_bytes_per_request: explained.bytes,
        goroutines_per_request: explained.goroutines,
        parts: explained
            .parts
            .iter()
            .map(|part| json::ExplainedPart {
                what: part.what.clone(),
                heap_bytes_per_request: part.bytes,
                heap_objects_per_request: part.objects,
                functions: part.functions.clone(),
            })
            .collect(),
    };
    json::Explanation {
        text: what(findings),
        resources: findings
            .explanation
            .resources
            .iter()
            .map(resource)
            .collect(),
        certainty: certainty(findings),
        chance: chance(&findings.growth),
        next: next(findings),
    }
}

fn grows(growth: &Growth) -> bool {
    growth
        .verdict
        .is_some_and(|verdict| verdict > Verdict::Steady)
}

// ---- what it is

fn what(findings: &Findings) -> String {
    if !grows(&findings.growth) {
        return String::new();
    }
    let resources = &findings.explanation.resources;
    let told: Vec<&Explained> = resources
        .iter()
        .filter(|explained| explained.share >= SMALLEST_SHARE || explained.goroutines > 0.0)
        .take(TOLD)
        .collect();
    let Some((first, others)) = told.split_first() else {
        return String::new();
    };
    let mut text = format!("{}{}", first.resource.many, amounts(findings, first));
    let kept = &first.resource.kept_by;
    text.push_str(&match first.is_general {
        true => format!("; look for {kept}"),
        false => format!("; what most often keeps them: {kept}"),
    });
    for other in others {
        text.push_str(&format!(
            "; also {}{}",
            other.resource.many,
            amounts(findings, other)
        ));
    }
    text
}

/// `, 84 % of the new heap (read buffer 33 kB/req, transport 9 kB/req)`.
fn amounts(findings: &Findings, explained: &Explained) -> String {
    let rates = Rates::of(findings);
    let mut text = String::new();
    if explained.share > 0.0 {
        let share = units::percent(explained.share);
        text.push_str(&format!(", {share} of {}", heap_word(findings)));
        let parts: Vec<String> = explained
            .parts
            .iter()
            .take(TOLD)
            .map(|part| format!("{} {}{}", part.what, rates.bytes(part.bytes), rates.suffix))
            .collect();
        text.push_str(&format!(" ({})", parts.join(", ")));
    }
    if explained.goroutines > 0.0 {
        let goroutines = rates.amount(explained.goroutines);
        text.push_str(&format!(", {goroutines} goroutines{}", rates.suffix));
    }
    text
}

// ---- how sure

/// All that was judged and has the verdict of the whole.
fn deciding(growth: &Growth) -> impl Iterator<Item = &Finding> {
    let scalars = growth.scalars.iter().filter(|scalar| scalar.kind.decides());
    let all = scalars
        .map(|scalar| &scalar.finding)
        .chain(growth.stacks.iter().map(|stack| &stack.finding));
    all.filter(|finding| Some(finding.verdict) == growth.verdict)
}

/// The chance of a growth like the surest one where nothing grows, with what else was looked at
/// accounted for.
fn chance(growth: &Growth) -> Option<f64> {
    let surest = deciding(growth)
        .map(|finding| finding.q)
        .min_by(f64::total_cmp);
    surest.filter(|_| grows(growth) && growth.rounds > 0)
}

fn certainty(findings: &Findings) -> Vec<String> {
    let growth = &findings.growth;
    let mut said = Vec::new();
    if !grows(growth) || growth.rounds == 0 {
        return said;
    }
    let rounds = counted(growth.rounds as usize, "round");
    let exact = growth.scalars.iter().find_map(|scalar| {
        let name = match scalar.kind {
            ScalarKind::Connections => "connection",
            ScalarKind::Goroutines => "goroutine",
            ScalarKind::Descriptors => "descriptor",
            _ => return None,
        };
        let exactly = scalar.finding.exactly?;
        Some(counted(exactly as usize, name))
    });
    if let (Some(exact), true) = (exact, growth.per == Axis::Request) {
        said.push(format!("exactly {exact} a request in each of {rounds}"));
    }
    if let Some(chance) = chance(growth) {
        said.push(format!(
            "chance alone does this {} ({rounds})",
            odds(chance)
        ));
    }
    let rates = Rates::new(growth, &findings.case);
    let heap = growth.heap_bytes.rate;
    if let Some(interval) = heap.interval.filter(|_| heap.samples > 0) {
        let (low, high) = (rates.bytes(interval.low), rates.bytes(interval.high));
        said.push(format!(
            "the heap's growth is between {low} and {high}{} (95 %)",
            rates.suffix
        ));
    }
    said
}

fn odds(chance: f64) -> String {
    match chance {
        chance if chance < 1e-6 => "less than once in a million times".to_owned(),
        chance if chance < 0.5 => {
            let times = (1.0 / chance).round() as u64;
            format!("once in {} times", units::count(times))
        }
        _ => "as often as not".to_owned(),
    }
}

// ---- what would tell more

fn next(findings: &Findings) -> Vec<String> {
    let growth = &findings.growth;
    let mut said: Vec<String> = Vec::new();
    if growth.problems.contains(&Problem::CountsLost) {
        said.push("heap profiles straight from the program: of merged or averaged ones the counts are lost".to_owned());
    }
    if growth.verdict == Some(Verdict::Growing) {
        let vetoes = deciding(growth)
            .next()
            .map_or(&[][..], |finding| &finding.vetoes);
        said.extend(
            vetoes
                .iter()
                .filter_map(|veto| would_clear(*veto))
                .map(str::to_owned),
        );
    }
    let open = findings.unexplained.0 >= SMALLEST_SHARE
        || findings
            .culprits
            .iter()
            .any(|blamed| blamed.culprit.reason == Reason::Reach);
    let nobody = findings.culprits.is_empty() && super::goroutines::alone(findings);
    if grows(growth) && (open || nobody) {
        let run = &findings.run;
        if !run.has_dumps() {
            let with = if nobody {
                ""
            } else {
                " with each heap profile"
            };
            said.push(format!("a goroutine dump{with} (/debug/pprof/goroutine?debug=2) of the program run with GODEBUG=tracebackancestors=10 names the line that started what grows"));
        } else if !run.has_ancestors() {
            said.push("dumps of the program run with GODEBUG=tracebackancestors=10 name the lines that the goroutines descend from".to_owned());
        }
    }
    if growth.per != Axis::Request && growth.rounds > 0 && grows(growth) {
        said.push("with the number of requests at each snapshot (caulk hunt counts them) it would be told how much each one leaves behind".to_owned());
    }
    let rate = match findings.run.loaded().series.sampling {
        caulk_growth::Sampling::EveryBytes(rate) => rate,
        caulk_growth::Sampling::Unknown => 0,
    };
    if rate >= FINE_RATE && growth.rounds > 0 && growth.verdict != Some(Verdict::Leak) {
        let rate = units::bytes(rate as f64);
        said.push(format!("one allocation in {rate} is sampled: GODEBUG=memprofilerate=4096 shows far smaller growth, and sooner"));
    }
    said
}

/// What would turn a growth that is not yet sure into a verdict.
fn would_clear(veto: Veto) -> Option<&'static str> {
    Some(match veto {
        Veto::FewRounds => {
            "more rounds of the same load: these are too few to tell a leak from a warm-up"
        }
        Veto::Chance => "more load: this may be chance",
        Veto::NoTrend => "a longer watch: it goes up and down",
        Veto::Slowing => {
            "more of the same load: it grows more slowly than at first, as a cache does that fills"
        }
        Veto::Plateau => "more of the same load: it has stopped for now",
        Veto::FewSteps => {
            "a longer watch: it grows by steps, as a slice or a map that doubles, and these were few"
        }
        Veto::OnlyVaried => {
            "more different requests than any cache should hold: it grows only while they differ"
        }
        Veto::Released => "a longer cool-down: part of it was released when the load ended",
        Veto::Reused => {
            "the number of goroutines at each snapshot: only their descriptors grow, which are kept for the next ones"
        }
        Veto::Small => return None,
    })
}

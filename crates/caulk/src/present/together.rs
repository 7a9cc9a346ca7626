//! What grows together: one resource with its parts, as the counts show it.

use caulk_growth::{Axis, Cluster, Estimate, ScalarKind, StackGrowth, StackId, Verdict};
use caulk_report::json::hunt as json;
use caulk_report::{Paragraph, units};

use super::check::counted;
use super::hunt_json::{rate_json, verdict_json};
use super::rates::Rates;
use super::rates::short_symbol;
use crate::diagnosis::Findings;

/// Clusters that are told in text.
const TOLD: usize = 2;
/// Clusters with less than this share of the growth are not told in text.
const SMALLEST_SHARE: f64 = 0.1;

/// What grows together, in words; nothing where no rate is known per request.
pub fn paragraphs(findings: &Findings) -> Vec<Paragraph> {
    let growth = &findings.growth;
    if growth.per != Axis::Request || growth.rounds < 2 || growth.verdict < Some(Verdict::Growing) {
        return Vec::new();
    }
    let all: f64 = growth
        .clusters
        .iter()
        .map(|cluster| cluster.bytes.value)
        .sum();
    growth
        .clusters
        .iter()
        .filter(|cluster| cluster.stacks.len() + cluster.scalars.len() > 1)
        .filter(|cluster| all <= 0.0 || cluster.bytes.value >= SMALLEST_SHARE * all)
        .take(TOLD)
        .filter_map(|cluster| {
            Some(Paragraph::with_lead(
                "Grows together:",
                told(findings, cluster)?,
            ))
        })
        .collect()
}

fn told(findings: &Findings, cluster: &Cluster) -> Option<String> {
    let unit = cluster.resources.value;
    if unit <= 0.0 {
        return None;
    }
    let rates = Rates::of(findings);
    let mut text = match cluster.exactly {
        Some(exactly) => format!("exactly {exactly} {}", rates.words),
        None => format!("{} {}", about(&cluster.resources), rates.words),
    };
    let mut each: Vec<String> = counts(findings, cluster, unit);
    // Where counts are few, small parts of it are not yet sure, and left out.
    let objects = cluster.objects.value / unit;
    if objects > 0.0 {
        let objects = counted(objects.round().max(1.0) as usize, "object");
        let bytes = units::bytes(cluster.bytes.value / unit);
        each.push(format!("at least {objects} and {bytes} of the heap"));
    }
    if !each.is_empty() {
        text.push_str(&format!(", each with {}", each.join(", ")));
    }
    if let Some((name, part)) = representative(findings, cluster) {
        text.push_str(&match cluster.stacks.len() {
            1 => format!(" ({name})"),
            stacks => format!(
                " ({stacks} stacks; the largest: {name}, {})",
                part_of(part, unit)
            ),
        });
    }
    Some(text)
}

/// What was counted of it: `5 goroutines`, `1 connection`.
fn counts(findings: &Findings, cluster: &Cluster, unit: f64) -> Vec<String> {
    let scalars = &findings.growth.scalars;
    let members = scalars
        .iter()
        .filter(|scalar| cluster.scalars.contains(&scalar.id));
    let told = members.filter_map(|scalar| {
        let name = match scalar.kind {
            ScalarKind::Goroutines => "goroutine",
            ScalarKind::Connections => "connection",
            ScalarKind::Threads => "thread",
            _ => return None,
        };
        let each = (scalar.metric?.rate.value / unit).round();
        (each >= 1.0).then(|| counted(each as usize, name))
    });
    told.collect()
}

/// `1.02 ± 0.03`, `0.51`.
fn about(estimate: &Estimate) -> String {
    match estimate.error {
        Some(error) if error >= 0.01 => format!("{:.2} ± {error:.2}", estimate.value),
        _ => format!("{:.2}", estimate.value),
    }
}

/// `1 object of 32.8 kB`, with the number that one resource has.
fn part_of(part: &StackGrowth, unit: f64) -> String {
    let each = (part.objects.rate.value / unit).max(0.0);
    let size = match part.objects.rate.value {
        objects if objects > 0.0 => part.bytes.rate.value / objects,
        _ => 0.0,
    };
    let number = match each.round() {
        whole if whole >= 1.0 => counted(whole as usize, "object"),
        _ => format!("{each:.2} objects"),
    };
    format!("{number} of {}", units::bytes(size))
}

fn representative<'f>(
    findings: &'f Findings,
    cluster: &Cluster,
) -> Option<(String, &'f StackGrowth)> {
    let id = cluster.representative?;
    let growth = findings.growth.stacks.iter().find(|stack| stack.id == id)?;
    Some((leaf(findings, id), growth))
}

fn leaf(findings: &Findings, id: StackId) -> String {
    let stacks = &findings.run.loaded().stacks;
    let leaf = stacks.frames(caulk_profile::StackId(id.0)).next();
    leaf.map_or(String::new(), |frame| {
        short_symbol(frame.function).to_owned()
    })
}

/// The same for other programs.
pub fn to_json(findings: &Findings) -> Vec<json::Together> {
    let clusters = findings.growth.clusters.iter();
    clusters
        .map(|cluster| json::Together {
            resources_per_request: rate_json(&cluster.resources),
            exactly: cluster.exactly,
            heap_objects_per_request: rate_json(&cluster.objects),
            heap_bytes_per_request: rate_json(&cluster.bytes),
            stacks: cluster.stacks.len() as u64,
            counts: cluster.scalars.len() as u64,
            representative: representative(findings, cluster).map(|(name, part)| {
                json::TogetherPart {
                    function: name,
                    heap_objects_per_request: rate_json(&part.objects.rate),
                    heap_bytes_per_request: rate_json(&part.bytes.rate),
                }
            }),
            verdict: verdict_json(cluster.verdict),
        })
        .collect()
}

//! What a hunt or a diagnosis found, as machines read it.

use caulk_case::Case;
use caulk_growth::{Estimate, Growth, ScalarKind, Verdict};
use caulk_report::json::hunt as json;

use super::finding;
use super::rates::of_scalar;
use crate::diagnosis::{Blamed, Findings, LoadFigures, Proof, load_figures};

/// The report for machines.
pub fn to_json(findings: &Findings) -> json::HuntReport {
    let load = load_figures(&findings.case);
    json::HuntReport {
        version: json::VERSION,
        verdict: findings.verdict().map(verdict_json),
        reason: super::verdict::reservation(findings),
        died: findings.died.as_ref().map(|died| json::Died {
            how: died.how.clone(),
            last_lines: died.lines.clone(),
        }),
        growth: growth_json(&findings.growth),
        requests: load.requests,
        snapshots: u64::from(findings.growth.rounds) + 1,
        routes: routes_json(&findings.case, &load),
        routes_not_covered: findings.not_covered.clone(),
        horizon_s: findings.growth.watched_seconds,
        smallest_visible_heap_bytes_per_request: findings.growth.smallest_visible_bytes,
        explanation: super::words::to_json(findings),
        together: super::together::to_json(findings),
        by: super::by::to_json(findings),
        goroutines: super::goroutines::to_json(findings),
        culprits: findings
            .culprits
            .iter()
            .enumerate()
            .map(|(index, blamed)| culprit_json(findings, blamed, index == 0))
            .collect(),
        phases: findings
            .phases
            .iter()
            .map(|(name, time)| json::Phase {
                name: name.clone(),
                duration_s: time.as_secs_f64(),
            })
            .collect(),
        warnings: findings.warnings.clone(),
        input: findings.input.as_ref().map(|input| input.to_json()),
        others: Vec::new(),
        case: findings.case_shown.clone(),
    }
}

fn growth_json(growth: &Growth) -> json::Growth {
    let scalar = |kind| of_scalar(growth, kind).map(|estimate| rate_json(&estimate));
    json::Growth {
        heap_bytes_per_request: Some(rate_json(&growth.heap_bytes.rate)),
        heap_objects_per_request: Some(rate_json(&growth.heap_objects.rate)),
        goroutines_per_request: scalar(ScalarKind::Goroutines),
        threads_per_request: scalar(ScalarKind::Threads),
        connections_per_request: scalar(ScalarKind::Connections),
        fds_per_request: scalar(ScalarKind::Descriptors),
        rss_bytes_per_request: scalar(ScalarKind::ResidentBytes),
    }
}

/// The word of a verdict.
pub fn verdict_json(verdict: Verdict) -> json::Verdict {
    match verdict {
        Verdict::Leak => json::Verdict::Leak,
        Verdict::Growing => json::Verdict::Growing,
        Verdict::Grew => json::Verdict::Grew,
        Verdict::Steady => json::Verdict::Steady,
    }
}

pub fn rate_json(estimate: &Estimate) -> json::Rate {
    json::Rate {
        value: estimate.value,
        standard_error: estimate.error,
        samples: estimate.samples,
        interval_95: estimate
            .interval
            .map(|interval| [interval.low, interval.high]),
    }
}

fn routes_json(case: &Case, load: &LoadFigures) -> Vec<json::Route> {
    let weights: u64 = case
        .routes
        .iter()
        .map(|route| u64::from(route.weight))
        .sum();
    case.routes
        .iter()
        .map(|route| {
            let part = |total: u64| {
                total
                    .saturating_mul(u64::from(route.weight))
                    .checked_div(weights)
                    .unwrap_or(0)
            };
            json::Route {
                method: route.method.clone(),
                url: route.path.clone(),
                requests: part(load.requests),
                failed: part(load.failed),
                p50_ms: load.p50_seconds * 1e3,
                p99_ms: load.p99_seconds * 1e3,
            }
        })
        .collect()
}

fn culprit_json(findings: &Findings, blamed: &Blamed, is_first: bool) -> json::Culprit {
    let culprit = &blamed.culprit;
    let weight = &culprit.weight;
    let known = |value: f64, error: Option<f64>| json::Rate {
        value,
        standard_error: error,
        samples: 0,
        interval_95: None,
    };
    json::Culprit {
        message: super::culprit::sentence(findings, blamed),
        location: Some(finding::span(&culprit.anchor.location)),
        resource: blamed
            .acquisition
            .as_ref()
            .map(|a| finding::resource(&a.resource)),
        share: culprit.share_of_heap.max(culprit.share_of_goroutines),
        growth: json::Growth {
            heap_bytes_per_request: Some(known(weight.bytes, Some(weight.bytes_variance.sqrt()))),
            heap_objects_per_request: Some(known(weight.objects, None)),
            goroutines_per_request: Some(known(weight.goroutines, None)),
            ..json::Growth::default()
        },
        stacks: culprit
            .stacks
            .iter()
            .map(|stack| json::Stack {
                kind: json::StackKind::Heap,
                growth_per_request: known(stack.bytes, None),
                frames: stack.frames.iter().map(frame_json).collect(),
            })
            .collect(),
        evidence: super::culprit::reasons(findings, blamed),
        also: culprit
            .ties
            .iter()
            .map(|tie| finding::span(&tie.location))
            .collect(),
        finding: blamed.finding.as_ref().map(|f| finding::to_json(f, None)),
        fix: blamed.fix.as_ref().map(|fix| fix.json.clone()),
        proof: findings
            .proof
            .as_ref()
            .filter(|_| is_first)
            .map(|proof| proof_json(findings, proof)),
    }
}

pub fn frame_json(frame: &caulk_evidence::Frame) -> json::Frame {
    json::Frame {
        function: frame.function.clone(),
        file: frame.file.clone(),
        line: frame.line,
    }
}

fn proof_json(findings: &Findings, proof: &Proof) -> json::Proof {
    let measured = |growth: &Growth, case: &Case| {
        let load = load_figures(case);
        json::Measured {
            growth: growth_json(growth),
            requests: load.requests,
            rounds: load.rounds,
            failed: load.failed,
            p50_ms: load.p50_seconds * 1e3,
            rss_growth_bytes: rss_change(case),
        }
    };
    let before = measured(&findings.growth, &findings.case);
    let after = match (&proof.growth, &proof.case) {
        (Some(growth), Some(case)) => measured(growth, case),
        _ => json::Measured {
            growth: json::Growth::default(),
            requests: 0,
            rounds: 0,
            failed: 0,
            p50_ms: 0.0,
            rss_growth_bytes: 0,
        },
    };
    json::Proof {
        proved: proof.proved,
        reason: proof.reason.clone(),
        before,
        after,
    }
}

fn rss_change(case: &Case) -> i64 {
    let mut sizes = case.snapshots.iter().filter_map(|s| s.metrics.rss_bytes);
    let first = sizes.next().unwrap_or(0);
    let last = sizes.next_back().unwrap_or(first);
    i64::try_from(last)
        .unwrap_or(i64::MAX)
        .saturating_sub(i64::try_from(first).unwrap_or(i64::MAX))
}

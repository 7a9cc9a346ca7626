//! The saw or the ramp: what is held, over the requests or the time.

use caulk_case::Case;
use caulk_evidence::Run;
use caulk_growth::{Axis as Per, Estimate, Growth, ScalarKind, Series, Stage, longest_life};
use caulk_report::units::ByteUnit;
use caulk_report::{Axis, Fit, Part, Plot, PlotLine, PlotPoint, Section, Unit};

use super::super::rates::{Rates, of_scalar};
use super::super::table;
use crate::diagnosis::Findings;

/// Rates of a number below this are shown as none.
pub const LEVEL: f64 = 0.0005;

/// The plots of what was measured more than once.
pub fn section(findings: &Findings) -> Option<Section> {
    let mut sides = vec![Side {
        name: "as is",
        run: &findings.run,
        growth: &findings.growth,
    }];
    let with_fix = findings.proof.as_ref().and_then(|proof| {
        Some(Side {
            name: "with the fix",
            run: proof.run.as_ref()?,
            growth: proof.growth.as_ref()?,
        })
    });
    sides.extend(with_fix);
    if let [only] = sides.as_mut_slice() {
        only.name = "";
    }
    let rates = Rates::of(findings);
    let mut plots = Vec::new();
    plots.extend(heap(&sides, &rates));
    let mut kinds = table::counts(&findings.growth);
    kinds.push((ScalarKind::HeapBytes, "heap with its garbage"));
    kinds.push((ScalarKind::ResidentBytes, "resident memory"));
    // What grows comes before what stays level.
    let is_level = |kind| {
        let rate = of_scalar(&findings.growth, kind);
        rate.is_none_or(|rate| rate.value.abs() < LEVEL)
    };
    kinds.sort_by_key(|(kind, _)| (*kind != ScalarKind::ResidentBytes) && is_level(*kind));
    for (kind, name) in kinds {
        plots.extend(scalar(&sides, &rates, kind, name));
    }
    if plots.is_empty() {
        return None;
    }
    let heading = match super::grows(findings) {
        true => "What grows",
        false => "What was watched",
    };
    Some(Section::new(heading, vec![Part::Plots(plots)]).with_lead(lead(findings)))
}

fn lead(findings: &Findings) -> String {
    let over = match findings.growth.per {
        Per::Request => "requests",
        Per::Second => "time",
        Per::Snapshot => "snapshots",
    };
    let load = match loaded(&findings.case) {
        Some(load) => format!(", under {load}"),
        None => String::new(),
    };
    format!("What was held at each snapshot over the {over}{load}.")
}

fn loaded(case: &Case) -> Option<String> {
    let routes: Vec<String> = case
        .routes
        .iter()
        .take(3)
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    let more = case.routes.len().saturating_sub(routes.len());
    match (routes.is_empty(), more) {
        (true, _) => None,
        (false, 0) => Some(routes.join(", ")),
        (false, _) => Some(format!("{} and {more} more", routes.join(", "))),
    }
}

/// One run.
struct Side<'a> {
    name: &'static str,
    run: &'a Run,
    growth: &'a Growth,
}

fn heap(sides: &[Side<'_>], rates: &Rates) -> Option<Plot> {
    let first = sides.first()?;
    let lines = sides.iter().map(|side| {
        let series = &side.run.loaded().series;
        side.line(&heap_bytes(series), side.growth.heap_bytes.rate)
    });
    let rate = first.growth.heap_bytes.rate;
    plot(
        "Live heap",
        first,
        lines.collect(),
        Unit::Bytes,
        written(rates, &rate, Unit::Bytes),
    )
}

fn scalar(sides: &[Side<'_>], rates: &Rates, kind: ScalarKind, name: &str) -> Option<Plot> {
    let first = sides.first()?;
    let unit = match kind {
        ScalarKind::ResidentBytes | ScalarKind::HeapBytes => Unit::Bytes,
        _ => Unit::Count,
    };
    let rate = of_scalar(first.growth, kind)?;
    let lines = sides.iter().filter_map(|side| {
        let scalars = &side.run.loaded().series.scalars;
        let scalar = scalars.iter().find(|scalar| scalar.kind == kind)?;
        Some(side.line(&scalar.values, of_scalar(side.growth, kind)?))
    });
    let mut name = name.to_owned();
    if let Some(initial) = name.get_mut(..1) {
        initial.make_ascii_uppercase();
    }
    plot(
        &name,
        first,
        lines.collect(),
        unit,
        written(rates, &rate, unit),
    )
}

fn plot(
    name: &str,
    first: &Side<'_>,
    lines: Vec<PlotLine>,
    unit: Unit,
    remark: String,
) -> Option<Plot> {
    // One point alone is a figure, not a plot.
    if lines.first()?.points.len() < 2 {
        return None;
    }
    let x = match first.growth.per {
        Per::Request => Axis::new("requests", Unit::Count),
        Per::Second => Axis::new("time since the first snapshot", Unit::Seconds),
        Per::Snapshot => Axis::new("snapshots", Unit::Count),
    };
    Some(Plot {
        name: name.to_owned(),
        remark,
        x,
        y: Axis::new(name, unit),
        lines,
    })
}

/// The growth as the text report has it.
fn written(rates: &Rates, rate: &Estimate, unit: Unit) -> String {
    let value = match unit {
        Unit::Bytes => rates.bytes_in(rate, rates.unit(rate).max(ByteUnit::Byte)),
        Unit::Count | Unit::Seconds => rates.number(rate),
    };
    let sign = if rate.value > 0.0 { "+" } else { "" };
    format!("{sign}{value} {}", rates.words)
}

impl Side<'_> {
    /// One line of a plot from one value for each snapshot.
    fn line(&self, values: &[Option<f64>], rate: Estimate) -> PlotLine {
        let series = &self.run.loaded().series;
        let (life, restarted) = longest_life(series);
        // A process started anew counts its requests anew.
        let is_shown =
            |index| restarted.is_none() || self.growth.per != Per::Request || life.contains(&index);
        let points: Vec<PlotPoint> = series
            .points
            .iter()
            .enumerate()
            .filter(|(index, _)| is_shown(*index))
            .filter_map(|(index, point)| {
                Some(PlotPoint {
                    x: self.position(index)?,
                    y: values.get(index).copied().flatten()?,
                    aside: match point.stage {
                        _ if !life.contains(&index) => "of another process".to_owned(),
                        Stage::Cooldown => "after the cool-down".to_owned(),
                        Stage::Warmup if !self.is_baseline(index) => "warm-up".to_owned(),
                        Stage::Warmup | Stage::Round => String::new(),
                    },
                })
            })
            .collect();
        PlotLine {
            name: self.name.to_owned(),
            fit: fit(&points, rate),
            points,
        }
    }

    /// Where a snapshot lies on the axis that rates are per.
    fn position(&self, index: usize) -> Option<f64> {
        let points = &self.run.loaded().series.points;
        let point = points.get(index)?;
        match self.growth.per {
            Per::Request => point.requests.map(|requests| requests as f64),
            Per::Second => Some(point.seconds - points.first()?.seconds),
            Per::Snapshot => Some(index as f64),
        }
    }

    /// Of the snapshots of the warm-up the last is what growth is measured from.
    fn is_baseline(&self, index: usize) -> bool {
        let points = &self.run.loaded().series.points;
        let next = points.get(index + 1);
        next.is_none_or(|next| next.stage != Stage::Warmup)
    }
}

/// The fitted slope where a straight line says anything, laid through the middle of the points: as many of those it is measured from lie above
/// it as below.
fn fit(points: &[PlotPoint], rate: Estimate) -> Option<Fit> {
    let used: Vec<&PlotPoint> = points
        .iter()
        .filter(|point| point.aside.is_empty())
        .collect();
    let (first, last) = (used.first()?, used.last()?);
    if last.x <= first.x {
        return None;
    }
    let mut heights: Vec<f64> = used
        .iter()
        .map(|p| p.y - rate.value * (p.x - first.x))
        .collect();
    heights.sort_by(f64::total_cmp);
    let upper = heights.get(heights.len() / 2)?;
    let lower = heights.get((heights.len() - 1) / 2)?;
    let fit = Fit {
        from: (first.x, (lower + upper) / 2.0),
        to_x: last.x,
        slope: rate.value,
        slopes: rate.interval.map(|interval| (interval.low, interval.high)),
    };
    // What jumps, or stops, is no line: the rate is then of the typical step, and leads away from the points.
    let heights = || used.iter().map(|point| point.y);
    let range =
        heights().fold(f64::NEG_INFINITY, f64::max) - heights().fold(f64::INFINITY, f64::min);
    let misses = (fit.end() - last.y).abs() > range.max(f64::MIN_POSITIVE);
    (!misses || range <= 0.0).then_some(fit)
}

/// Live bytes of the heap at each snapshot that saw it.
pub fn heap_bytes(series: &Series) -> Vec<Option<f64>> {
    let mut sums: Vec<Option<f64>> = series
        .points
        .iter()
        .map(|point| point.has_heap.then_some(0.0))
        .collect();
    for bucket in series.stacks.iter().flat_map(|stack| &stack.buckets) {
        for (sum, bytes) in sums.iter_mut().zip(bucket.bytes.iter()) {
            if let Some(sum) = sum {
                *sum += bytes as f64;
            }
        }
    }
    sums
}

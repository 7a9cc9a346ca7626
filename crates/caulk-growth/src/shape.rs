//! The shape of a growth: even, slowing, ended, by steps, only under varied load. Shape can only
//! speak against a leak; that something grew at all is counting's to say.

use crate::counting::Track;
use crate::growth::Veto;
use crate::series::Load;
use crate::stats::{mann_kendall, median};

/// What the shape of a growth says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shape {
    /// Why it may be no leak.
    pub vetoes: Vec<Veto>,
    /// It has stopped: what has [`Veto::Plateau`] is steady.
    pub ended: bool,
    /// It grows by steps as an append that doubles makes them: the scatter of its increments does not
    /// speak against it. Where they were few, there is [`Veto::FewSteps`] too.
    pub in_steps: bool,
}

/// Steps from which on a staircase is called one. A program's start and a filling cache make one to three.
const STEPS: usize = 4;

/// A trend is one when chance gives it at most this often …
const TREND: f64 = 0.1;
/// … and of so many points on at most this often: by then two waves of a day look like one too.
const TREND_OF_MANY: (usize, f64) = (8, 0.02);

/// Judges the shape of `track`. `bytes` are the same objects in bytes, where one object may replace
/// another of twice its size.
pub fn shape(track: &Track, bytes: Option<&[f64]>, loads: &[Option<Load>]) -> Shape {
    let mut shape = Shape::default();
    let varied = only_varied(track, loads);
    if varied.is_some() {
        shape.vetoes.push(Veto::OnlyVaried);
    }
    let track = varied.as_ref().unwrap_or(track);

    let in_place = bytes
        .filter(|_| varied.is_none() && replaced_in_place(track))
        .map(|bytes| Track {
            y: bytes.to_vec(),
            increment_variance: Vec::new(),
            ..track.clone()
        });
    let stairs = match in_place {
        Some(in_place) => Stairs::of(&in_place, 0.0, true),
        None => Stairs::of(track, 4.0, false),
    };
    match stairs {
        Some(stairs) if stairs.overdue || stairs.steps == 1 => shape.end(),
        Some(stairs) => {
            shape.in_steps = true;
            if stairs.steps < STEPS {
                shape.vetoes.push(Veto::FewSteps);
            }
        }
        None if plateau(track) => shape.end(),
        None if track.happened_once() => shape.vetoes.push(Veto::FewSteps),
        None => {
            if late(track) || slowing(track, 0) && (track.y.len() < 5 || slowing(track, 1)) {
                shape.vetoes.push(Veto::Slowing);
            }
            if falls_back(track) || no_trend(track) {
                shape.vetoes.push(Veto::NoTrend);
            }
        }
    }
    shape
}

impl Shape {
    fn end(&mut self) {
        self.ended = true;
        self.vetoes.push(Veto::Plateau);
    }
}

/// Whether there are few objects, no more of them than at first: growth in bytes is then one object
/// in place of a smaller one.
fn replaced_in_place(track: &Track) -> bool {
    let first = track.y.first().copied().unwrap_or(0.0);
    let most = track.y.iter().copied().fold(0.0, f64::max);
    first >= 1.0 && most <= 8.0 && most <= first.max(2.0)
}

/// The track of the varied rounds alone, where it grows in those and hardly in the others: less
/// than a quarter as fast, and by two standard errors.
fn only_varied(track: &Track, loads: &[Option<Load>]) -> Option<Track> {
    let growth = |load: Load| {
        track
            .increments()
            .zip(loads)
            .filter(|(_, seen)| **seen == Some(load))
            .fold((0.0, 0.0), |(x, y), ((dx, dy), _)| (x + dx, y + dy))
    };
    let (same_x, same) = growth(Load::Same);
    let (varied_x, varied) = growth(Load::Varied);
    if same_x <= 0.0 || varied_x <= 0.0 || varied <= 0.0 {
        return None;
    }
    let expected = varied / varied_x * same_x;
    if same >= 0.25 * expected || expected - same <= 2.0 * scale(track) * expected.sqrt() {
        return None;
    }
    let mut kept = Track {
        x: track.x.first().copied().into_iter().collect(),
        y: track.y.first().copied().into_iter().collect(),
        increment_variance: Vec::new(),
        growth_variance: track.growth_variance,
        turnover: track.turnover,
    };
    let variances = track
        .increment_variance
        .iter()
        .copied()
        .chain(std::iter::repeat(0.0));
    for (((dx, dy), load), variance) in track.increments().zip(loads).zip(variances) {
        if *load == Some(Load::Varied) {
            kept.x.push(kept.x.last().copied().unwrap_or(0.0) + dx);
            kept.y.push(kept.y.last().copied().unwrap_or(0.0) + dy);
            kept.increment_variance.push(variance);
        }
    }
    Some(kept)
}

/// The factor by which the standard error of a part of the growth exceeds that of counting it, at
/// least 1: from the variance that counting gives to what comes and goes, or from the scatter that
/// is there, whichever is less.
fn scale(track: &Track) -> f64 {
    let rounds = track.y.len().saturating_sub(1) as f64;
    let even = track.span() / rounds.max(1.0);
    let scaled = |(dx, dy): (f64, f64)| if dx > 0.0 { dy * even / dx } else { dy };
    let increments: Vec<f64> = track.increments().map(scaled).collect();
    let mut turns: Vec<f64> = increments
        .iter()
        .zip(increments.iter().skip(1))
        .map(|(before, after)| (after - before).abs())
        .collect();
    // The median of |second differences|, which a bend or two in the growth leaves alone, over the
    // normal's 0.6745; their variance is 6 times that of independent noise at each point and twice
    // that of an increment of a random walk, whose sum over all rounds varies most.
    let turn = median(&mut turns) / 0.6745;
    let seen = 0.5 * turn * turn * rounds;
    let counted: f64 = track.increment_variance.iter().sum();
    let extra = counted.min(seen) / track.growth().max(1.0);
    extra.max(1.0).sqrt()
}

fn no_trend(track: &Track) -> bool {
    let (many, of_many) = TREND_OF_MANY;
    let most = if track.y.len() < many { TREND } else { of_many };
    track.y.len() >= 4 && mann_kendall(&track.y) > most
}

/// Whether it once fell by more than half of what it grew by, and by three standard errors of
/// counting: a saw, or a wave.
fn falls_back(track: &Track) -> bool {
    let growth = track.growth();
    let mut highest = 0.0f64;
    track.y.iter().any(|&level| {
        highest = highest.max(level);
        let fall = highest - level;
        fall > 0.5 * growth && fall > 3.0 * (highest + level).sqrt()
    })
}

/// Whether the last third does not grow: less than 0.3 of the whole's rate, and less than it by
/// two standard errors.
fn plateau(track: &Track) -> bool {
    let span = track.span();
    let growth = track.growth();
    let increments: Vec<(f64, f64)> = track.increments().collect();
    if increments.len() < 3 || span <= 0.0 || growth <= 0.0 {
        return false;
    }
    let (mut tail_x, mut tail, mut rounds) = (0.0, 0.0, 0);
    for &(dx, dy) in increments.iter().rev() {
        if rounds >= 2 && tail_x >= 0.3 * span {
            break;
        }
        (tail_x, tail, rounds) = (tail_x + dx, tail + dy, rounds + 1);
    }
    let expected = growth * tail_x / span;
    tail < 0.3 * expected && expected - tail > 2.0 * scale(track) * expected.sqrt().max(1.0)
}

/// Whether the second half of four rounds and more has less than 0.4 of what would be its part: with few
/// counts neither a plateau nor a bend can be told from an even growth, but nor can that from them.
fn late(track: &Track) -> bool {
    let increments: Vec<(f64, f64)> = track.increments().collect();
    let rounds = increments.len();
    let half = increments.get(rounds - rounds / 2..).unwrap_or(&[]);
    let (x, y) = half
        .iter()
        .fold((0.0, 0.0), |(x, y), (dx, dy)| (x + dx, y + dy));
    let span = track.span();
    rounds >= 4 && span > 0.0 && y < 0.4 * track.growth() * x / span
}

/// Whether the increments, the first `skip` left out, fall: a weighted line through their rates ends
/// below 0.7 of where it begins, and falls by two standard errors.
fn slowing(track: &Track, skip: usize) -> bool {
    let mut start = track.x.first().copied().unwrap_or(0.0);
    let mut rates = Vec::new();
    for (dx, dy) in track.increments() {
        if dx > 0.0 {
            rates.push((start + 0.5 * dx, dx, dy / dx));
        }
        start += dx;
    }
    let rates = rates.get(skip..).unwrap_or(&[]);
    let weight: f64 = rates.iter().map(|(_, dx, _)| dx).sum();
    if rates.len() < 3 || weight <= 0.0 {
        return false;
    }
    let mean = |value: &dyn Fn(&(f64, f64, f64)) -> f64| {
        rates.iter().map(|rate| rate.1 * value(rate)).sum::<f64>() / weight
    };
    let middle = mean(&|rate| rate.0);
    let average = mean(&|rate| rate.2);
    let spread = mean(&|rate| (rate.0 - middle).powi(2)) * weight;
    if spread <= 0.0 || average <= 0.0 {
        return false;
    }
    let slope = rates
        .iter()
        .map(|(at, dx, rate)| dx * (at - middle) * (rate - average))
        .sum::<f64>()
        / spread;
    let residual = mean(&|(at, _, rate)| (rate - average - slope * (at - middle)).powi(2)) * weight
        / (rates.len() as f64 - 2.0);
    // Per unit of the axis: counting's variance, or the scatter about the line where that is larger.
    let variance = (average * scale(track).powi(2)).max(residual);
    let at = |end: Option<&(f64, f64, f64)>| {
        average + slope * (end.map_or(middle, |rate| rate.0) - middle)
    };
    at(rates.last()) < 0.7 * at(rates.first()) && slope < -2.0 * (variance / spread).sqrt()
}

/// A growth by steps with nothing between them.
struct Stairs {
    steps: usize,
    /// The next step has not come although the axis has doubled since the last: an append that
    /// doubles would have made one.
    overdue: bool,
}

impl Stairs {
    /// `None` when the growth is not by steps. A step is more than a tenth of the level and `noise`
    /// standard errors of counting. `single` admits one step, or one in every round, as stairs.
    fn of(track: &Track, noise: f64, single: bool) -> Option<Stairs> {
        let growth = track.growth();
        let (mut steps, mut between, mut gap, mut gaps) = (0, 0.0, false, 0);
        let mut last_step_end = 0.0;
        let (mut x, mut y) = (track.x.first().copied()?, track.y.first().copied()?);
        let mut count = 0;
        for (dx, dy) in track.increments() {
            let threshold = (0.1 * y.max(0.0)).max(noise * (2.0 * y.max(0.0) + dy.abs()).sqrt());
            x += dx;
            y += dy;
            count += 1;
            if dy > threshold && dy > 0.0 {
                if gap && steps > 0 {
                    gaps += 1;
                }
                gap = false;
                steps += 1;
                last_step_end = x;
            } else if dy < -threshold && dy < 0.0 {
                return None;
            } else {
                gap = true;
                between += dy.abs();
            }
        }
        let stairs = growth > 0.0
            && steps > 0
            && count >= 3
            && between < 0.2 * growth
            && (single || gaps > 0)
            && steps < count;
        stairs.then_some(Stairs {
            steps,
            overdue: x >= 2.0 * last_step_end,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(y: &[f64]) -> Track {
        let x: Vec<f64> = (0..y.len()).map(|i| 50.0 + 100.0 * i as f64).collect();
        Track::of_scalar(x, y.to_vec())
    }

    #[test]
    fn even_growth_has_no_veto() {
        let even = track(&[10.0, 110.0, 205.0, 300.0, 412.0, 500.0]);
        assert_eq!(shape(&even, None, &[]), Shape::default());
    }

    #[test]
    fn a_filling_cache_slows_and_a_full_one_has_ended() {
        let fill = |tau: f64| {
            let y: Vec<f64> = (0..9)
                .map(|i| 1000.0 * (1.0 - (-f64::from(i) / tau).exp()))
                .collect();
            shape(&track(&y), None, &[])
        };
        assert_eq!(fill(6.0).vetoes, [Veto::Slowing]);
        assert!(fill(1.0).ended);
        assert!(
            shape(
                &track(&[0.0, 90.0, 180.0, 200.0, 200.0, 201.0, 200.0]),
                None,
                &[]
            )
            .ended
        );
    }

    #[test]
    fn doubling_goes_on_and_one_step_does_not() {
        // One slice of 8-byte elements, one element a request; its size at 50, 150, … requests.
        let slice = |requests: f64| 8.0 * 2f64.powf(requests.log2().ceil());
        let sizes = |points: u32| -> Vec<f64> {
            (0..points)
                .map(|i| slice(50.0 + 100.0 * f64::from(i)))
                .collect()
        };
        let one = |points: u32| track(&vec![1.0; points as usize]);
        let judge = |points: u32| shape(&one(points), Some(&sizes(points)), &[]);
        assert!(
            judge(20).in_steps && judge(20).vetoes.is_empty(),
            "{:?}",
            judge(20)
        );
        assert_eq!(judge(9).vetoes, [Veto::FewSteps]);
        let mut stopped = sizes(5);
        stopped.resize(20, stopped[4]);
        assert!(shape(&one(20), Some(&stopped), &[]).ended);
    }

    #[test]
    fn growth_under_varied_requests_only_is_told_apart() {
        let loads = [Some(Load::Varied), Some(Load::Same)].repeat(4);
        let cache = track(&[0.0, 100.0, 100.0, 200.0, 201.0, 300.0, 300.0, 400.0, 400.0]);
        assert_eq!(shape(&cache, None, &loads).vetoes, [Veto::OnlyVaried]);
        let leak = track(&[0.0, 100.0, 200.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0]);
        assert_eq!(shape(&leak, None, &loads), Shape::default());
    }
}

use std::time::Duration;

use crate::units::{self, ByteUnit};

/// One figure over another: points, and a straight line fitted to them.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// What is plotted: `Live heap`.
    pub name: String,
    /// Its growth in words: `+58 kB ± 6 per request`.
    pub remark: String,
    /// The axis to the right.
    pub x: Axis,
    /// The axis upwards.
    pub y: Axis,
    /// The lines. The first is the one that the plot is about.
    pub lines: Vec<PlotLine>,
}

/// An axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Axis {
    /// What it counts: `requests`.
    pub label: String,
    /// How its values are written.
    pub unit: Unit,
}

impl Axis {
    /// An axis from its label and unit.
    pub fn new(label: impl Into<String>, unit: Unit) -> Self {
        Self {
            label: label.into(),
            unit,
        }
    }
}

/// How the values of an axis are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// A number of things.
    Count,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// A value with its unit, exact enough to be read off: `1.23 MB`, `1,234`, `2 min 3 s`.
    pub fn value(self, value: f64) -> String {
        match self {
            Self::Bytes => units::bytes(value),
            Self::Count if value.fract() == 0.0 && (0.0..9e15).contains(&value) => {
                units::count(value as u64)
            }
            Self::Count => format!("{value:.1}"),
            Self::Seconds => {
                units::duration(Duration::try_from_secs_f64(value).unwrap_or_default())
            }
        }
    }
}

/// Points in order of `x`, joined by a line.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlotLine {
    /// What tells it from the other lines: `as is`, `with the fix`.
    pub name: String,
    /// The points.
    pub points: Vec<PlotPoint>,
    /// The straight line through them.
    pub fit: Option<Fit>,
}

/// One point.
#[derive(Debug, Clone, PartialEq)]
pub struct PlotPoint {
    /// Where it lies to the right.
    pub x: f64,
    /// Where it lies upwards.
    pub y: f64,
    /// Why the fit does not use it; empty where it does.
    pub aside: String,
}

/// A straight line with its error.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fit {
    /// Where it begins.
    pub from: (f64, f64),
    /// Where it ends on the axis to the right.
    pub to_x: f64,
    /// How much it rises for 1 of the axis to the right.
    pub slope: f64,
    /// Between which slopes the true one lies 19 times in 20, where that is known.
    pub slopes: Option<(f64, f64)>,
}

impl Fit {
    /// The line's end.
    pub fn end(&self) -> f64 {
        self.at(self.slope)
    }

    /// The ends of the lines with the lowest and the highest of [`Self::slopes`].
    pub fn band(&self) -> Option<(f64, f64)> {
        let (low, high) = self.slopes?;
        Some((self.at(low), self.at(high)))
    }

    fn at(&self, slope: f64) -> f64 {
        self.from.1 + slope * (self.to_x - self.from.0)
    }
}

/// The marks of an axis, and how far it goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticks {
    /// The value at its beginning.
    pub low: f64,
    /// The value at its end.
    pub high: f64,
    /// Values and how they are written.
    pub marks: Vec<(f64, String)>,
}

impl Ticks {
    /// Marks at round values over all of `low..=high`, about `count` of them. The axis ends at the marks
    /// around the values when it is `widened`, else at the values.
    pub fn new(low: f64, high: f64, unit: Unit, count: u32, widened: bool) -> Self {
        let (low, high) = spread(low, high);
        let ticks = Self::in_unit_of(high.abs().max(low.abs()), (low, high), unit, count, widened);
        // The last mark may be a thousand of the unit that the values have.
        let largest = ticks.high.abs().max(ticks.low.abs());
        Self::in_unit_of(largest, (low, high), unit, count, widened)
    }

    fn in_unit_of(
        largest: f64,
        (low, high): (f64, f64),
        unit: Unit,
        count: u32,
        widened: bool,
    ) -> Self {
        let (base, symbol) = scale(largest, high - low, unit);
        let mut step = round_step((high - low) / base / f64::from(count.max(1)));
        if unit == Unit::Count {
            step = step.max(1.0);
        }
        let first = (low / base / step + if widened { 1e-9 } else { -1e-9 }).floor();
        let first = if widened { first } else { first + 1.0 };
        let last = (high / base / step - if widened { 1e-9 } else { -1e-9 }).ceil();
        let last = if widened { last } else { last - 1.0 };
        let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
        // About `count` marks; the bound only guards against what is not finite.
        let steps = (last - first).clamp(0.0, 100.0) as u32;
        let marks: Vec<(f64, String)> = (0..=steps)
            .map(|index| (first + f64::from(index)) * step)
            .map(|value| (value * base, mark(value, decimals, symbol)))
            .collect();
        let ends = |of: Option<&(f64, String)>, else_at: f64| match of {
            Some((value, _)) if widened => *value,
            _ => else_at,
        };
        Self {
            low: ends(marks.first(), low),
            high: ends(marks.last(), high),
            marks,
        }
    }

    /// Where a value lies, 0 at the beginning and 1 at the end.
    pub fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(-1.0, 2.0)
    }
}

fn mark(value: f64, decimals: usize, symbol: &str) -> String {
    match symbol {
        _ if value.abs() < 1e-12 => "0".to_owned(),
        "" => units::fixed(value, decimals),
        _ => format!("{} {symbol}", units::fixed(value, decimals)),
    }
}

/// A range that has some width.
fn spread(low: f64, high: f64) -> (f64, f64) {
    let finite = |value: f64| {
        if value.is_finite() {
            value.clamp(-1e18, 1e18)
        } else {
            0.0
        }
    };
    let (low, high) = (finite(low), finite(high));
    if high - low > 1e-9 * high.abs().max(low.abs()) {
        (low, high)
    } else {
        (low, low + low.abs().max(1.0))
    }
}

/// The unit that the marks of an axis share.
fn scale(largest: f64, span: f64, unit: Unit) -> (f64, &'static str) {
    match unit {
        Unit::Bytes => {
            let unit = ByteUnit::for_bytes(largest);
            (unit.factor(), unit.symbol())
        }
        Unit::Count => (1.0, ""),
        Unit::Seconds if span >= 3.0 * 86_400.0 => (86_400.0, "d"),
        Unit::Seconds if span >= 3.0 * 3_600.0 => (3_600.0, "h"),
        Unit::Seconds if span >= 180.0 => (60.0, "min"),
        Unit::Seconds => (1.0, "s"),
    }
}

/// 1, 2 or 5 times a power of ten, at least `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.max(1e-12).log10().floor());
    let lead = step / power;
    let round = [1.0, 2.0, 5.0]
        .into_iter()
        .find(|round| lead <= round * 1.000_001);
    round.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(low: f64, high: f64, unit: Unit) -> Vec<String> {
        let ticks = Ticks::new(low, high, unit, 4, true);
        ticks.marks.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn marks_are_round_and_hold_all_values() {
        assert_eq!(marks(0.0, 9.2e5, Unit::Bytes), ["0", "0.5 MB", "1.0 MB"]);
        assert_eq!(
            marks(0.0, 3.9e6, Unit::Bytes),
            ["0", "1 MB", "2 MB", "3 MB", "4 MB"]
        );
        assert_eq!(marks(0.0, 235.0, Unit::Count), ["0", "100", "200", "300"]);
        assert_eq!(marks(4.0, 5.0, Unit::Count), ["4", "5"]);
        assert_eq!(
            marks(0.0, 1.1, Unit::Seconds),
            ["0", "0.5 s", "1.0 s", "1.5 s"]
        );
        assert_eq!(
            marks(0.0, 7200.0, Unit::Seconds),
            ["0", "50 min", "100 min", "150 min"]
        );
        assert_eq!(
            marks(0.0, 1e12, Unit::Bytes).last().map(String::as_str),
            Some("1.0 TB")
        );
    }

    #[test]
    fn an_axis_may_end_where_its_values_do() {
        let ticks = Ticks::new(50.0, 250.0, Unit::Count, 4, false);
        assert_eq!((ticks.low, ticks.high), (50.0, 250.0));
        let marks: Vec<&str> = ticks.marks.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(marks, ["50", "100", "150", "200", "250"]);
    }

    #[test]
    fn values_that_are_all_alike_or_not_finite_have_an_axis_too() {
        for (low, high) in [
            (0.0, 0.0),
            (7.0, 7.0),
            (f64::NAN, f64::INFINITY),
            (1e300, -1e300),
        ] {
            let ticks = Ticks::new(low, high, Unit::Bytes, 4, true);
            assert!(ticks.high > ticks.low, "{ticks:?}");
            assert!(ticks.marks.len() < 20, "{ticks:?}");
            assert!(
                ticks.marks.iter().all(|(at, _)| at.is_finite()),
                "{ticks:?}"
            );
        }
    }

    #[test]
    fn a_fit_opens_from_where_it_begins() {
        let fit = Fit {
            from: (10.0, 100.0),
            to_x: 20.0,
            slope: 5.0,
            slopes: Some((3.0, 6.5)),
        };
        assert_eq!(fit.end(), 150.0);
        assert_eq!(fit.band(), Some((130.0, 165.0)));
    }
}

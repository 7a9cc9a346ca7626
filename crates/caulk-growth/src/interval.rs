//! From a value and its error to the interval that holds the truth 19 times in 20.

use serde::Serialize;

/// Where the truth lies with 95 % confidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The normal's 97.5 % point.
const NORMAL: f64 = 1.959_964;

/// How well the error itself is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Known {
    /// From the law of the counts alone.
    ByCounting,
    /// In part from the scatter of the increments, with so many degrees of freedom.
    FromScatter { degrees: f64 },
}

/// The 97.5 % point of Student's t (Abramowitz and Stegun 26.7.5); of the normal where the error is
/// known. Within 1 % from two degrees on.
fn quantile(known: Known) -> f64 {
    let n = match known {
        Known::FromScatter { degrees } if degrees.is_finite() => degrees.max(2.0),
        _ => return NORMAL,
    };
    let z = NORMAL;
    let terms = [
        (z.powi(3) + z) / 4.0,
        (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0,
        (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0,
        (79.0 * z.powi(9) + 776.0 * z.powi(7) + 1482.0 * z.powi(5)
            - 1920.0 * z.powi(3)
            - 945.0 * z)
            / 92_160.0,
    ];
    z + terms.iter().rev().fold(0.0, |sum, term| (sum + term) / n)
}

impl Interval {
    /// The interval of a value with this standard error. `event` is what one counted event adds to the
    /// value.
    ///
    /// Few events are skewed as a Poisson count is: a value of k = (value / error)² events has the interval
    /// of Byar (Breslow and Day, Statistical Methods in Cancer Research II, 1987, 2.13), with Student's t in
    /// place of the normal where the error was estimated. Of no event at all up to 3.7 may have been due.
    /// What was counted is one event at least, so a value far below its error is a difference or a slope,
    /// and lies between the same bounds on either side.
    pub(crate) fn new(value: f64, error: f64, known: Known, event: f64) -> Interval {
        let t = quantile(known);
        if error > 0.0 && value > 0.5 * error {
            let events = (value / error).powi(2);
            let bound = |events: f64, sign: f64| {
                let root = 1.0 - 1.0 / (9.0 * events) + sign * t / (3.0 * events.sqrt());
                events * root.max(0.0).powi(3)
            };
            let scale = value / events;
            return Interval {
                low: scale * bound(events, -1.0),
                high: scale * bound(events + 1.0, 1.0),
            };
        }
        let around = match value == 0.0 {
            true => (t * error).max(3.7 * event),
            false => t * error,
        };
        Interval {
            low: value - around,
            high: value + around,
        }
    }

    /// Whether it has this value inside.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_agree_with_tables() {
        // Abramowitz and Stegun, table 26.10.
        for (degrees, expected) in [(2.0, 4.303), (3.0, 3.182), (5.0, 2.571), (20.0, 2.086)] {
            let found = quantile(Known::FromScatter { degrees });
            assert!(
                (found - expected).abs() < 0.01 * expected,
                "{degrees} {found}"
            );
        }
    }

    #[test]
    fn few_counts_have_the_exact_poisson_interval() {
        // Exact 95 % limits of a Poisson count (Breslow and Day, table 2.11).
        for (count, low, high) in [(1.0, 0.03, 5.57), (4.0, 1.09, 10.24), (20.0, 12.22, 30.89)] {
            let found = Interval::new(count, f64::sqrt(count), Known::ByCounting, 1.0);
            assert!(
                (found.low - low).abs() < 0.1 && (found.high - high).abs() < 0.1,
                "{found:?}"
            );
        }
        let none = Interval::new(0.0, 0.0, Known::ByCounting, 512.0);
        assert!(none.holds(3.0 * 512.0) && !none.holds(4.0 * 512.0));
    }

    /// The square of the ratio is zero long before the value is.
    #[test]
    fn a_value_far_below_its_error_has_a_finite_interval() {
        for value in [1e-300, 1e-189, 1e-9, 0.1] {
            let found = Interval::new(value, 0.5, Known::FromScatter { degrees: 2.0 }, 1.0);
            assert!(found.low.is_finite() && found.high.is_finite(), "{found:?}");
            assert!(found.holds(0.0) && found.high < 3.0, "{found:?}");
        }
    }

    #[test]
    fn many_counts_have_a_symmetric_one() {
        let found = Interval::new(1e6, 10.0, Known::ByCounting, 1.0);
        assert!((found.low - (1e6 - 19.6)).abs() < 0.1 && (found.high - (1e6 + 19.6)).abs() < 0.1);
    }
}

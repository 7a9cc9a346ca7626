//! The few statistics that growth needs. All of them give finite numbers for finite input.

/// Natural logarithm of the gamma function for x > 0 (Lanczos 1964, g = 7, n = 9; error below 1e-13).
fn ln_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let t = x + 7.5;
    let sum: f64 = 0.999_999_999_999_809_9
        + COEFFICIENTS
            .iter()
            .zip(1u8..)
            .map(|(c, i)| c / (x + f64::from(i)))
            .sum::<f64>();
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// The regularized incomplete beta function I_x(a, b) for a, b > 0 and 0 ≤ x ≤ 1, by its continued
/// fraction (NIST DLMF 8.17.22) and Lentz's method.
fn beta_regularized(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast only below the mean.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_regularized(1.0 - x, b, a);
    }
    let front =
        (a * x.ln() + b * (1.0 - x).ln() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)).exp() / a;
    let tiny = 1e-300;
    let nonzero = |value: f64| if value.abs() < tiny { tiny } else { value };
    let (mut c, mut d) = (1.0, 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..10_000u32 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / nonzero(1.0 + even * d);
        c = nonzero(1.0 + even / c);
        fraction *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / nonzero(1.0 + odd * d);
        c = nonzero(1.0 + odd / c);
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-14 {
            break;
        }
    }
    (front * fraction).clamp(0.0, 1.0)
}

/// P(X ≥ successes) for X ~ Binomial(trials, 1/2) (NIST DLMF 8.17.5). Trials beyond 1e12 count as that
/// many: the tail is far below any threshold by then.
pub fn fair_binomial_tail(successes: f64, trials: f64) -> f64 {
    if successes <= 0.0 {
        return 1.0;
    }
    if successes > trials {
        return 0.0;
    }
    let scale = (1e12 / trials).min(1.0);
    let (successes, trials) = (successes * scale, trials * scale);
    beta_regularized(0.5, successes, trials - successes + 1.0)
}

/// P(T ≥ t) for Student's t with this many degrees of freedom (Abramowitz and Stegun 26.7.1).
pub fn student_tail(t: f64, degrees: f64) -> f64 {
    let half = 0.5 * beta_regularized(degrees / (degrees + t * t), 0.5 * degrees, 0.5);
    if t >= 0.0 { half } else { 1.0 - half }
}

/// P(Z ≥ z) for the standard normal, as Student's t with so many degrees that they are the same.
pub fn normal_tail(z: f64) -> f64 {
    student_tail(z, 1e7)
}

/// The median; 0 for no values. Changes the order of the values.
pub fn median(values: &mut [f64]) -> f64 {
    let count = values.len();
    if count == 0 {
        return 0.0;
    }
    let (below, &mut upper, _) = values.select_nth_unstable_by(count / 2, f64::total_cmp);
    match below.iter().copied().max_by(f64::total_cmp) {
        Some(lower) if count.is_multiple_of(2) => 0.5 * (lower + upper),
        _ => upper,
    }
}

/// The Theil–Sen slope: the median of the slopes of all pairs with different x (Theil 1950; Sen,
/// JASA 63, 1968). 0 when no two x differ. Above 100 points each is paired with 100 others.
pub fn theil_sen(x: &[f64], y: &[f64]) -> f64 {
    let points: Vec<(f64, f64)> = x.iter().copied().zip(y.iter().copied()).collect();
    let step = points.len() / 100 + 1;
    let mut slopes = Vec::new();
    for (i, &(x1, y1)) in points.iter().enumerate() {
        for &(x2, y2) in points.iter().skip(i + 1).step_by(step) {
            if x2 > x1 {
                slopes.push((y2 - y1) / (x2 - x1));
            }
        }
    }
    median(&mut slopes)
}

/// The variance of a least-squares slope over n equally spaced points of a random walk, relative to
/// that of (last − first) / span: 6/5 · (n² + 1) / (n (n + 1)). It is 1 for two and three points and 6/5 for
/// many. (With C_j the sum of the slope's weights from point j on, the variance is Σ C_j² per step.)
/// Theil–Sen on such points is no better than least squares.
pub fn random_walk_inflation(points: usize) -> f64 {
    let n = points.max(2) as f64;
    1.2 * (n * n + 1.0) / (n * (n + 1.0))
}

/// The one-sided p of the Mann–Kendall test for an upward trend, ties corrected, with the continuity
/// correction (Mann 1945; Kendall, Rank Correlation Methods, 1975). 1 when all values are equal.
/// For up to ten untied values the exact distribution is used.
pub fn mann_kendall(y: &[f64]) -> f64 {
    let n = y.len();
    let mut s = 0i64;
    for (i, first) in y.iter().enumerate() {
        for second in y.iter().skip(i + 1) {
            s += i64::from(second > first) - i64::from(second < first);
        }
    }
    let mut sorted = y.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let ties: Vec<f64> = sorted
        .chunk_by(|a, b| a == b)
        .map(|tied| tied.len() as f64)
        .filter(|&count| count > 1.0)
        .collect();
    if ties.is_empty() && n <= 10 {
        return exact_kendall_tail(n, s);
    }
    let term = |m: f64| m * (m - 1.0) * (2.0 * m + 5.0);
    let variance = (term(n as f64) - ties.iter().map(|&count| term(count)).sum::<f64>()) / 18.0;
    if variance <= 0.0 {
        return 1.0;
    }
    normal_tail((s as f64 - 1.0) / variance.sqrt())
}

/// P(S ≥ s) over all orders of n different values: S = pairs − 2 · inversions, and the number of orders
/// by inversions follows from inserting one value after the other.
fn exact_kendall_tail(n: usize, s: i64) -> f64 {
    let mut orders = vec![1.0f64];
    for inserted in 1..n {
        let mut next = vec![0.0; orders.len() + inserted];
        for (inversions, &count) in orders.iter().enumerate() {
            for slot in next.iter_mut().skip(inversions).take(inserted + 1) {
                *slot += count;
            }
        }
        orders = next;
    }
    let pairs = orders.len() as i64 - 1;
    let total: f64 = orders.iter().sum();
    let at_least: f64 = orders
        .iter()
        .zip(0i64..)
        .filter(|&(_, inversions)| pairs - 2 * inversions >= s)
        .map(|(&count, _)| count)
        .sum();
    (at_least / total).clamp(0.0, 1.0)
}

/// The false-discovery rate at which each hypothesis is the last one accepted (Benjamini and
/// Hochberg, JRSS B 57, 1995).
pub fn benjamini_hochberg(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    let value = |index: usize| p.get(index).copied().unwrap_or(1.0);
    order.sort_unstable_by(|&a, &b| value(a).total_cmp(&value(b)).then(a.cmp(&b)));
    let mut q = vec![1.0; p.len()];
    let mut smallest = 1.0f64;
    for (rank, &index) in order.iter().enumerate().rev() {
        smallest = smallest.min(value(index) * p.len() as f64 / (rank as f64 + 1.0));
        if let Some(slot) = q.get_mut(index) {
            *slot = smallest;
        }
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 + 1e-6 * b.abs()
    }

    #[test]
    fn binomial_tails_are_exact() {
        assert!(close(fair_binomial_tail(5.0, 5.0), 1.0 / 32.0));
        assert!(close(fair_binomial_tail(3.0, 5.0), 0.5));
        assert!(close(fair_binomial_tail(8.0, 10.0), 56.0 / 1024.0));
        assert_eq!(fair_binomial_tail(0.0, 7.0), 1.0);
        assert_eq!(fair_binomial_tail(8.0, 7.0), 0.0);
        assert!(fair_binomial_tail(6e17, 1e18) < 1e-12);
    }

    #[test]
    fn student_tails_agree_with_tables() {
        // Abramowitz and Stegun, table 26.10.
        for (t, degrees, p) in [(6.314, 1.0, 0.05), (4.032, 5.0, 0.005), (2.764, 10.0, 0.01)] {
            assert!((student_tail(t, degrees) - p).abs() < 1e-4, "{t} {degrees}");
        }
        assert!((normal_tail(1.959_964) - 0.025).abs() < 1e-6);
        assert!((student_tail(-1.0, 3.0) + student_tail(1.0, 3.0) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_median_is_the_middle_or_between_the_two_middle_ones() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(&mut [7.0]), 7.0);
        assert_eq!(median(&mut []), 0.0);
    }

    #[test]
    fn theil_sen_ignores_one_wild_point() {
        let x = [0.0, 1.0, 2.0, 3.0, 4.0];
        assert_eq!(theil_sen(&x, &[0.0, 2.0, 4.0, 600.0, 8.0]), 2.0);
        assert_eq!(theil_sen(&[1.0, 1.0], &[1.0, 5.0]), 0.0);
        assert_eq!(theil_sen(&[], &[]), 0.0);
    }

    #[test]
    fn mann_kendall_is_exact_without_ties_and_corrected_with_them() {
        assert!(close(mann_kendall(&[1.0, 2.0, 3.0, 4.0]), 1.0 / 24.0));
        assert!(close(mann_kendall(&[1.0, 2.0, 4.0, 3.0]), 4.0 / 24.0));
        // One step: eight equal values, then two: S = 16, which without the correction gives p = 0.09,
        // and with it the p = 0.05 that made a trend alone a false alarm.
        let step = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0];
        assert!(
            (mann_kendall(&step) - 0.025).abs() < 0.003,
            "{}",
            mann_kendall(&step)
        );
        assert_eq!(mann_kendall(&[3.0, 3.0, 3.0]), 1.0);
    }

    #[test]
    fn false_discovery_rates_follow_the_definition() {
        // Benjamini and Hochberg's own fifteen values: four are accepted at 0.05.
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.0,
        ];
        let q = benjamini_hochberg(&p);
        assert_eq!(q.iter().filter(|&&q| q <= 0.05).count(), 4);
        assert!(close(q[0], 0.0015));
        assert!(benjamini_hochberg(&[]).is_empty());
    }

    #[test]
    fn the_inflation_is_that_of_least_squares_on_a_random_walk() {
        for (points, expected) in [(2, 1.0), (3, 1.0), (4, 1.02), (5, 1.04)] {
            assert!(close(random_walk_inflation(points), expected), "{points}");
        }
    }
}

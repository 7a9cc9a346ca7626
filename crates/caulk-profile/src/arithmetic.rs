//! Conversions as the reference's processor does them.

/// A float cut to an integer as amd64 does it: what is out of range or not a number gives the
/// smallest integer.
pub fn truncate(value: f64) -> i64 {
    if value >= -(2f64.powi(63)) && value < 2f64.powi(63) {
        value as i64
    } else {
        i64::MIN
    }
}

/// eˣ as Go's `math.Exp` has it on amd64 (with its fused multiply-adds), to the last bit: what is
/// estimated from samples of small objects differs in the seventh digit where this differs in the
/// last. The method is N. Shibata's ("Efficient evaluation methods of elementary functions suitable
/// for SIMD computation", 2010): the Taylor series of eˣ - 1 at a sixteenth of the remainder, then
/// four times (eˣ - 1)(eˣ + 1) = e²ˣ - 1.
pub fn exp(x: f64) -> f64 {
    /// ln 2 in two parts, of which the first times a small integer is exact.
    const LN_2: [f64; 2] = [0.693147180559663, 2.8235290563031577e-13];
    /// The factors of the series, 1/8! to 1/1!.
    const SERIES: [f64; 8] = [
        1.0 / 40320.0,
        1.0 / 5040.0,
        1.0 / 720.0,
        1.0 / 120.0,
        1.0 / 24.0,
        1.0 / 6.0,
        1.0 / 2.0,
        1.0,
    ];
    if x.is_nan() || x == f64::INFINITY || x > 709.782_712_893_384 {
        return if x.is_nan() { x } else { f64::INFINITY };
    }
    if x < -745.2 {
        return 0.0;
    }
    let halvings = (x * std::f64::consts::LOG2_E).round_ties_even();
    let rest = LN_2
        .iter()
        .fold(x, |rest, part| (-halvings).mul_add(*part, rest))
        * 0.0625;
    let series = SERIES
        .iter()
        .fold(0.0f64, |sum, factor| sum.mul_add(rest, *factor));
    let mut less_one = rest * series;
    for _ in 0..3 {
        less_one *= less_one + 2.0;
    }
    let result = (less_one + 2.0).mul_add(less_one, 1.0);
    // In two steps where the result is subnormal.
    if halvings <= -1023.0 {
        result * 2f64.powi(halvings as i32 + 1022) * 2f64.powi(-1022)
    } else {
        result * 2f64.powi(halvings as i32)
    }
}

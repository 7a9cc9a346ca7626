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

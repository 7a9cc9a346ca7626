//! Colors by value.

use caulk_profile::arithmetic::truncate;

/// What is colored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// Lines, strong.
    Front,
    /// Areas, light.
    Back,
}

/// A color for a part of the total: green for -1, grey for 0, red for 1.
pub(super) fn color(score: f64, ground: Ground) -> String {
    /// How far colors are moved away from grey.
    const SHIFT: f64 = 0.7;
    let (mut saturation, value) = match ground {
        Ground::Back => (0.1, 0.93),
        Ground::Front => (1.0, 0.7),
    };
    // Not a number stays so.
    let mut score = score.clamp(-1.0, 1.0);
    if score.abs() < 0.2 {
        saturation *= score.abs() / 0.2;
    }
    if score > 0.0 {
        score = score.powf(1.0 - SHIFT);
    } else if score < 0.0 {
        score = -(-score).powf(1.0 - SHIFT);
    }
    let blue = value * (1.0 - saturation);
    let (red, green) = if score < 0.0 {
        (value * (1.0 + saturation * score), value)
    } else {
        (value, value * (1.0 - saturation * score))
    };
    // What is not a number has a last byte of 0.
    let byte = |part: f64| truncate(part * 255.0) as u8;
    format!("#{:02x}{:02x}{:02x}", byte(red), byte(green), byte(blue))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_those_of_the_reference() {
        assert_eq!(color(1.0, Ground::Front), "#b20000");
        assert_eq!(color(1.0, Ground::Back), "#edd5d5");
        assert_eq!(color(0.0, Ground::Front), "#b2b2b2");
        assert_eq!(color(-1.0, Ground::Front), "#00b200");
        assert_eq!(color(f64::INFINITY, Ground::Back), "#edd5d5");
        assert_eq!(color(f64::NAN, Ground::Front), "#b20000");
    }
}

//! All values of a profile multiplied (`Scale`, `ScaleN` and `Normalize` of the reference).

use crate::arithmetic::truncate;
use crate::merge::check_compatible;
use crate::{MergeError, Profile};

impl Profile {
    /// Multiplies all values and rounds them, half away from zero. With any ratio but 1, samples
    /// without a value are removed. Large values lose their last digits, as the reference's do:
    /// the product is one of 64-bit floats.
    pub fn scale(&mut self, ratio: f64) {
        self.scale_each(&vec![ratio; self.sample_types.len()]);
    }

    /// Multiplies each column with a ratio of its own, as [`scale`](Self::scale) does. Columns
    /// whose ratio is 1 keep their values; samples are removed that have none in any other column.
    pub fn scale_each(&mut self, ratios: &[f64]) {
        if ratios.iter().all(|&ratio| ratio == 1.0) {
            return;
        }
        let mut is_kept = vec![false; self.sample_count()];
        for (column, &ratio) in self.values.iter_mut().zip(ratios) {
            if ratio == 1.0 {
                continue;
            }
            for (value, is_kept) in column.iter_mut().zip(&mut is_kept) {
                *value = truncate((*value as f64 * ratio).round());
                *is_kept |= *value != 0;
            }
        }
        if is_kept.contains(&false) {
            self.retain_samples(|sample| is_kept.get(sample) == Some(&true));
        }
    }

    /// Scales each column so that its sum becomes that of the base's; one whose sum is 0 becomes 0.
    pub fn normalize(&mut self, base: &Profile) -> Result<(), MergeError> {
        check_compatible(self, base)?;
        let sum = |column: &Vec<i64>| column.iter().fold(0, |sum: i64, &v| sum.wrapping_add(v));
        let ratio = |(column, base): (&Vec<i64>, &Vec<i64>)| match sum(column) {
            0 => 0.0,
            total => sum(base) as f64 / total as f64,
        };
        let ratios: Vec<f64> = self.values.iter().zip(&base.values).map(ratio).collect();
        self.scale_each(&ratios);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::{Profile, ProfileBuilder};

    fn profile(values: &[[i64; 2]]) -> Profile {
        let mut builder = ProfileBuilder::new();
        builder.sample_type("objects", "count");
        builder.sample_type("space", "bytes");
        for values in values {
            builder.sample(&[], values, &[]);
        }
        builder.finish()
    }

    #[test]
    fn samples_that_a_ratio_leaves_empty_go() {
        let mut scaled = profile(&[[1, 10], [7, 0], [0, 4]]);
        scaled.scale_each(&[1.0, 0.25]);
        assert_eq!(
            (scaled.values(0), scaled.values(1)),
            (&[1, 0][..], &[3, 1][..])
        );
        let mut negated = profile(&[[5, i64::MIN], [i64::MAX, 1]]);
        negated.scale(-1.0);
        assert_eq!(negated.values(0), [-5, i64::MIN]);
        assert_eq!(negated.values(1), [i64::MIN, -1]);
    }

    #[test]
    fn normalizing_makes_the_sums_equal() {
        let mut normalized = profile(&[[1, 0], [3, 0]]);
        normalized.normalize(&profile(&[[10, 7], [30, 0]])).unwrap();
        assert_eq!(normalized.values(0), [10, 30]);
        assert_eq!(normalized.values(1), [0, 0]);
    }
}

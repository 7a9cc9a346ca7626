//! Random numbers that are the same in every run.

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    pub fn happens(&mut self, chance: f64) -> bool {
        self.unit() < chance
    }

    /// Successes of n trials; the normal approximation for many.
    pub fn binomial(&mut self, trials: u64, chance: f64) -> u64 {
        if chance >= 1.0 {
            return trials;
        }
        if trials < 400 {
            return (0..trials).filter(|_| self.happens(chance)).count() as u64;
        }
        let mean = trials as f64 * chance;
        if mean < 20.0 {
            return self.poisson(mean).min(trials);
        }
        let normal = (-2.0 * self.unit().max(1e-300).ln()).sqrt()
            * (2.0 * std::f64::consts::PI * self.unit()).cos();
        let drawn = mean + normal * (mean * (1.0 - chance)).sqrt();
        drawn.round().clamp(0.0, trials as f64) as u64
    }

    fn poisson(&mut self, mean: f64) -> u64 {
        let (limit, mut product, mut count) = ((-mean).exp(), self.unit(), 0);
        while product > limit && count < 1000 {
            product *= self.unit();
            count += 1;
        }
        count
    }
}

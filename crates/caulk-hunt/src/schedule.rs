//! How many requests each round gets.

/// What a hunt may spend, and what it can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Requests in total for one run of the program, warm-up included.
    pub requests: u64,
    /// Whether the load has a running number in it, so that varied requests differ from the same
    /// one sent again.
    pub varied: bool,
    /// Whether the program can be built again with a patched file: not where it is the user's own
    /// binary, or runs already.
    pub can_rebuild: bool,
    /// Whether anything can be waited for after the load: `--cooldown 0` says no.
    pub can_cool_down: bool,
}

/// One round of load between two captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Position in the run, from 0.
    pub index: u32,
    /// Requests to send.
    pub requests: u64,
    /// Whether the running number changes from request to request (it is held still otherwise).
    pub vary: bool,
}

/// Sizes relative to the mean. Rounds of one size could line up with an internal period of the
/// program (a flush, a window) and mislead.
const SIZES_PERCENT: [u64; 7] = [100, 85, 115, 92, 108, 80, 120];

/// Fewer requests than this in a round leave too few sampled objects to say anything.
const FEWEST_PER_ROUND: u64 = 10;

impl Plan {
    /// Requests of the warm-up: a tenth of the budget, at least one and at most 100.
    #[must_use]
    pub fn warm_up(&self) -> u64 {
        (self.requests / 10).clamp(1, 100)
    }

    /// Rounds that the budget allows: eight, fewer where each would get too few requests.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        let left = self.requests.saturating_sub(self.warm_up());
        let count = (left / FEWEST_PER_ROUND).clamp(1, 8);
        u32::try_from(count).unwrap_or(8)
    }

    /// The round at `index`. Where requests can be varied, rounds alternate between varied ones
    /// and one request repeated: a cache keyed by input grows in the first kind only, and a leak
    /// keyed by input would not be seen in the second.
    #[must_use]
    pub fn round(&self, index: u32) -> Round {
        let left = self.requests.saturating_sub(self.warm_up());
        let mean = left / u64::from(self.rounds());
        let percent = SIZES_PERCENT[index as usize % SIZES_PERCENT.len()];
        Round {
            index,
            requests: (mean.saturating_mul(percent) / 100).max(1),
            vary: self.varied && index.is_multiple_of(2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(requests: u64) -> Plan {
        Plan {
            requests,
            varied: true,
            can_rebuild: true,
            can_cool_down: true,
        }
    }

    #[test]
    fn a_run_keeps_within_its_budget() {
        for requests in [1, 7, 20, 99, 600, 642, 10_000] {
            let plan = plan(requests);
            let sent: u64 = plan.warm_up()
                + (0..plan.rounds())
                    .map(|i| plan.round(i).requests)
                    .sum::<u64>();
            assert!(sent <= requests.max(2), "{requests}: {sent}");
        }
    }

    #[test]
    fn rounds_differ_in_size_and_alternate_in_kind() {
        let plan = plan(600);
        let rounds: Vec<Round> = (0..plan.rounds()).map(|i| plan.round(i)).collect();
        assert!(rounds.windows(2).all(|w| w[0].requests != w[1].requests));
        assert!(rounds.windows(2).all(|w| w[0].vary != w[1].vary));
    }
}

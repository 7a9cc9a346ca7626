//! What matters and how sure is sure.

/// Thresholds. The defaults are those of the documentation; each is measured in `tests/simulated`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Growth below this many heap bytes per request (or second, or snapshot) does not matter, unless it
    /// comes to 256 KiB in all. 100 is about the noise of a real server over some hundreds of requests.
    pub floor_bytes: f64,
    /// Growth below this many goroutines, descriptors or connections per request does not matter, unless
    /// it comes to 50 in all; nor does growth of fewer than five.
    pub floor_count: f64,
    /// The false-discovery rate over all stacks, and again over all scalars.
    pub false_discovery_rate: f64,
    /// Rounds (snapshots less one) below which nothing is called a leak.
    pub rounds_for_leak: u32,
    /// Rounds below which a hunt should not stop at `steady`.
    pub rounds_for_steady: u32,
    /// Seconds of load after which a cool-down is not asked for: what expires within them has shown
    /// as a plateau.
    pub long_watch_seconds: f64,
    /// Growth of this many bytes per request and more needs no cool-down for being small.
    pub large_bytes: f64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            floor_bytes: 100.0,
            floor_count: 0.005,
            false_discovery_rate: 0.01,
            rounds_for_leak: 3,
            rounds_for_steady: 4,
            long_watch_seconds: 90.0,
            large_bytes: 1024.0,
        }
    }
}

/// A growth of this many bytes in all matters however slow it is: a service that was watched for a day.
const LARGE_GROWTH_BYTES: f64 = 262_144.0;

/// The same in goroutines, descriptors, connections.
const LARGE_GROWTH_COUNT: f64 = 50.0;

/// Fewer than this many in all do not matter, however few the requests were.
const SMALL_GROWTH_COUNT: f64 = 5.0;

impl Options {
    /// The slowest growth in bytes that matters over this much of the axis.
    pub(crate) fn floor_bytes_over(&self, span: f64) -> f64 {
        self.floor_bytes.min(per(LARGE_GROWTH_BYTES, span))
    }

    /// The slowest growth in number that matters over this much of the axis.
    pub(crate) fn floor_count_over(&self, span: f64) -> f64 {
        let slowest = self.floor_count.min(per(LARGE_GROWTH_COUNT, span));
        if span > 0.0 {
            slowest.max(SMALL_GROWTH_COUNT / span)
        } else {
            slowest
        }
    }
}

fn per(growth: f64, span: f64) -> f64 {
    if span > 0.0 {
        growth / span
    } else {
        f64::INFINITY
    }
}

use std::collections::BTreeMap;
use std::time::Duration;

use caulk_system::Stopped;

/// Why a request got no whole answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// The host has no address.
    Unknown,
    /// Nothing listens.
    Refused,
    /// No whole answer within the request's time.
    Timeout,
    /// The server closed the connection before it had answered; a handler that panics does.
    Closed,
    /// The connection was reset.
    Reset,
    /// No encrypted connection came about: a certificate that is not valid, or a server that does not speak TLS.
    Tls,
    /// What came is not HTTP.
    Protocol,
    /// Anything else, our own limits included (`too many open files`).
    Other,
}

impl FailureKind {
    /// For people: `connection refused`.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Unknown => "unknown host",
            Self::Refused => "connection refused",
            Self::Timeout => "timed out",
            Self::Closed => "closed without an answer",
            Self::Reset => "connection reset",
            Self::Tls => "no TLS connection",
            Self::Protocol => "not HTTP",
            Self::Other => "failed",
        }
    }
}

/// What happened to the requests of one template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteStats {
    /// Method and path, `{n}` in it: `POST /v0/cron`.
    pub route: String,
    /// Requests sent.
    pub sent: u64,
    /// Answers by status code.
    pub statuses: BTreeMap<u16, u64>,
    /// Failures by kind.
    pub failures: BTreeMap<FailureKind, u64>,
}

/// What happened in one round of load, or in several added up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoundStats {
    /// By template, in the order of the spec.
    pub routes: Vec<RouteStats>,
    /// From the first request to the last answer.
    pub took: Duration,
    /// The first failure in words, for the message.
    pub first_failure: Option<String>,
    /// Whether the rest of the round was given up, since nothing answered any more.
    pub gave_up: bool,
    /// Which limit of the caller ended the round early, if one did.
    pub stopped: Option<Stopped>,
    /// Of every answered request, in microseconds; sorted.
    latencies: Vec<u32>,
}

impl RoundStats {
    /// Requests sent.
    pub fn sent(&self) -> u64 {
        self.routes.iter().map(|route| route.sent).sum()
    }

    /// Requests that got a whole answer, of any status.
    pub fn answered(&self) -> u64 {
        self.statuses().values().sum()
    }

    /// Requests that got none.
    pub fn failed(&self) -> u64 {
        self.failures().values().sum()
    }

    /// Answers by status code, over all routes.
    pub fn statuses(&self) -> BTreeMap<u16, u64> {
        sum(self.routes.iter().map(|route| &route.statuses))
    }

    /// Failures by kind, over all routes.
    pub fn failures(&self) -> BTreeMap<FailureKind, u64> {
        sum(self.routes.iter().map(|route| &route.failures))
    }

    /// The time within which the share `quantile` (0 to 1) of the answers had come, from the start of the request to
    /// the end of the body; `None` without answers. The nearest rank, without interpolation.
    pub fn latency(&self, quantile: f64) -> Option<Duration> {
        let last = self.latencies.len().checked_sub(1)?;
        let rank = (quantile.clamp(0.0, 1.0) * self.latencies.len() as f64).ceil() as usize;
        let index = rank.saturating_sub(1).min(last);
        self.latencies
            .get(index)
            .map(|&micros| Duration::from_micros(micros.into()))
    }

    /// Adds another round of the same spec; the times taken are added too.
    pub fn add(&mut self, other: &Self) {
        if self.routes.is_empty() {
            self.routes.clone_from(&other.routes);
        } else {
            for (mine, theirs) in self.routes.iter_mut().zip(&other.routes) {
                mine.sent += theirs.sent;
                add(&mut mine.statuses, &theirs.statuses);
                add(&mut mine.failures, &theirs.failures);
            }
        }
        self.took += other.took;
        self.first_failure = self
            .first_failure
            .take()
            .or_else(|| other.first_failure.clone());
        self.gave_up |= other.gave_up;
        self.stopped = self.stopped.or(other.stopped);
        self.latencies.extend_from_slice(&other.latencies);
        self.latencies.sort_unstable();
    }

    pub(super) fn new(routes: impl Iterator<Item = String>) -> Self {
        let routes = routes
            .map(|route| RouteStats {
                route,
                ..RouteStats::default()
            })
            .collect();
        Self {
            routes,
            ..Self::default()
        }
    }

    pub(super) fn count_answer(&mut self, template: usize, status: u16, took: Duration) {
        if let Some(route) = self.routes.get_mut(template) {
            route.sent += 1;
            *route.statuses.entry(status).or_default() += 1;
        }
        self.latencies
            .push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    pub(super) fn count_failure(&mut self, template: usize, kind: FailureKind, message: String) {
        if let Some(route) = self.routes.get_mut(template) {
            route.sent += 1;
            *route.failures.entry(kind).or_default() += 1;
            let described = || format!("{}: {message}", route.route);
            self.first_failure.get_or_insert_with(described);
        }
    }

    pub(super) fn finish(&mut self, took: Duration) {
        self.took = took;
        self.latencies.sort_unstable();
    }
}

fn add<K: Ord + Copy>(to: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
    for (&key, &count) in from {
        *to.entry(key).or_default() += count;
    }
}

fn sum<'a, K: Ord + Copy + 'a>(
    all: impl Iterator<Item = &'a BTreeMap<K, u64>>,
) -> BTreeMap<K, u64> {
    all.fold(BTreeMap::new(), |mut total, part| {
        add(&mut total, part);
        total
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_nearest_rank() {
        let mut stats = RoundStats::new(["GET /".to_owned()].into_iter());
        assert_eq!(stats.latency(0.5), None);
        for micros in (1..=100).rev() {
            stats.count_answer(0, 200, Duration::from_micros(micros));
        }
        stats.finish(Duration::from_secs(1));
        let micros = |quantile| stats.latency(quantile).map(|time| time.as_micros());
        assert_eq!(
            [micros(0.0), micros(0.5), micros(0.99), micros(1.0)],
            [1, 50, 99, 100].map(Some)
        );
    }

    #[test]
    fn rounds_add_up() {
        let mut one = RoundStats::new(["GET /".to_owned()].into_iter());
        one.count_answer(0, 200, Duration::from_micros(5));
        one.count_failure(0, FailureKind::Timeout, "no answer within 1 s".into());
        one.finish(Duration::from_secs(1));
        let mut all = RoundStats::default();
        all.add(&one);
        all.add(&one);
        assert_eq!((all.sent(), all.answered(), all.failed()), (4, 2, 2));
        assert_eq!(all.took, Duration::from_secs(2));
        assert_eq!(
            all.first_failure.as_deref(),
            Some("GET /: no answer within 1 s")
        );
    }
}

//! How growth is put into words: per request where requests are known, in all where a rate would
//! say less.

use std::time::Duration;

use caulk_case::Case;
use caulk_growth::{Axis, Estimate, Growth, ScalarKind};
use caulk_report::units::{self, ByteUnit};

use crate::diagnosis::Findings;

/// The unit in which one diagnosis speaks of growth.
#[derive(Debug, Clone)]
pub struct Rates {
    factor: f64,
    /// Behind a figure: `/req`.
    pub suffix: &'static str,
    /// In a sentence: `per POST /v0/cron`.
    pub words: String,
    /// Whether figures are of one request.
    pub per_request: bool,
}

impl Rates {
    /// How the growth of a run is put into words.
    pub fn of(findings: &Findings) -> Rates {
        Rates::new(&findings.growth, &findings.case)
    }

    /// Between just two snapshots whose requests nobody counted, what grew in all says more than a
    /// rate; of a single one only what is held can be told.
    pub fn new(growth: &Growth, case: &Case) -> Rates {
        let (factor, suffix, words) = match growth.per {
            _ if growth.rounds == 0 => (1.0, "", "held".to_owned()),
            Axis::Request => (1.0, "/req", per_request(case)),
            _ if growth.rounds == 1 => (growth.span, "", "more than before".to_owned()),
            Axis::Second => (1.0, "/s", "per second".to_owned()),
            Axis::Snapshot => (1.0, "/snapshot", "from one snapshot to the next".to_owned()),
        };
        let per_request = growth.per == Axis::Request && growth.rounds > 0;
        Rates {
            factor,
            suffix,
            words,
            per_request,
        }
    }

    /// A figure of bytes.
    pub fn bytes(&self, rate: f64) -> String {
        units::bytes(rate * self.factor)
    }

    /// The unit that fits an estimate of bytes.
    pub fn unit(&self, rate: &Estimate) -> ByteUnit {
        ByteUnit::for_bytes(rate.value * self.factor)
    }

    /// An estimate of bytes in a given unit.
    pub fn bytes_in(&self, rate: &Estimate, unit: ByteUnit) -> String {
        self.scaled(rate).bytes_in(unit)
    }

    /// A number of things.
    pub fn amount(&self, rate: f64) -> String {
        let value = rate * self.factor;
        match value.abs() {
            magnitude if magnitude >= 99.5 => units::count(value.max(0.0).round() as u64),
            magnitude if magnitude >= 9.95 => format!("{value:.1}"),
            _ => format!("{value:.2}"),
        }
    }

    /// Behind the name of a figure, as its words: ` per request`.
    pub fn in_words(&self) -> &'static str {
        match self.suffix {
            "/req" => " per request",
            "/s" => " per second",
            "/snapshot" => " per snapshot",
            _ if self.words == "held" => " held",
            _ => " more than before",
        }
    }

    /// An estimate of a number.
    pub fn number(&self, rate: &Estimate) -> String {
        match rate.error {
            Some(error) if error * self.factor >= 0.0005 => self.scaled(rate).number(),
            _ => format!("{:.3}", rate.value * self.factor),
        }
    }

    /// How many instances: `1 per POST /v0/cron`; where that cannot be told, how many bytes.
    pub fn often(&self, instances: f64, bytes: f64) -> String {
        if !self.per_request || instances <= 0.0 {
            return format!("{} {}", self.bytes(bytes), self.words);
        }
        let rounded = instances.round();
        if rounded >= 1.0 && (instances - rounded).abs() < 0.02 * rounded {
            format!("{rounded:.0} {}", self.words)
        } else {
            format!("{instances:.2} {}", self.words)
        }
    }

    /// Goroutines where no bytes are known: `40 goroutines per second`.
    pub fn goroutines(&self, rate: f64) -> String {
        let count = rate * self.factor;
        let digits = if count >= 10.0 { 0 } else { 2 };
        format!("{count:.digits$} goroutines {}", self.words)
    }

    fn scaled(&self, rate: &Estimate) -> units::Estimate {
        units::Estimate {
            value: rate.value * self.factor,
            error: rate.error.map(|error| error * self.factor),
        }
    }
}

/// Named after the one route that was loaded.
fn per_request(case: &Case) -> String {
    match case.routes.as_slice() {
        [route] => format!("per {} {}", route.method, route.path),
        _ => "per request".to_owned(),
    }
}

/// The growth of one kind of scalar, where it was measured.
pub fn of_scalar(growth: &Growth, kind: ScalarKind) -> Option<Estimate> {
    growth
        .scalars
        .iter()
        .find(|s| s.kind == kind)
        .and_then(|s| s.metric)
        .map(|m| m.rate)
}

/// The heap that shares are of.
pub fn heap_word(findings: &Findings) -> &'static str {
    if findings.growth.rounds == 0 {
        "the heap held"
    } else {
        "the new heap"
    }
}

/// A runtime symbol without the folders of its import path: `transport.newHTTP2Client`.
pub fn short_symbol(symbol: &str) -> &str {
    let plain = symbol.split('[').next().unwrap_or(symbol);
    symbol
        .get(plain.rfind('/').map_or(0, |slash| slash + 1)..)
        .unwrap_or(symbol)
}

/// Seconds as they are measured; none where they are no time.
pub fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

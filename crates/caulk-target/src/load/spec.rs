//! What is sent: templates, and in which order.

use std::time::Duration;

use hyper::Uri;
use hyper::body::Bytes;
use hyper::header::{HOST, HeaderMap, HeaderName, HeaderValue};

/// A kind of request. `{n}` in the URL or the data is the running number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The method, as `GET`.
    pub method: String,
    /// An `http://` or `https://` URL.
    pub url: String,
    /// Name and value of each header.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub data: Vec<u8>,
    /// How often it is sent, relative to the others; at least 1.
    pub weight: u32,
}

/// The load.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadSpec {
    /// At least one template.
    pub requests: Vec<Template>,
    /// Requests under way at the same time, at most; at least 1.
    pub concurrency: usize,
    /// Requests started per second, at most; `None` for as fast as the concurrency allows.
    pub rps: Option<f64>,
    /// For one request, connection and body included.
    pub timeout: Duration,
}

/// What is wrong with a [`LoadSpec`]. It reads after "failed to".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// No template.
    #[error("find a request to send: none is given")]
    Empty,
    /// A URL that cannot be sent to.
    #[error("send load to {url}: {reason}")]
    Url {
        /// The template's URL.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// A method that is none.
    #[error("send load with the method {0}")]
    Method(String),
    /// A header that cannot be sent; its value is not shown.
    #[error("send load with the header {0}")]
    Header(String),
    /// Concurrency, weight, rate or timeout of zero or less.
    #[error("send load with a {0} of zero")]
    Zero(&'static str),
}

/// A template made ready to be sent.
#[derive(Debug)]
pub(super) struct Prepared {
    pub method: hyper::Method,
    pub origin: Origin,
    /// Path and query, `{n}` in it.
    pub target: String,
    pub headers: HeaderMap,
    pub data: Numbered,
    /// Method and path for people, the query left out.
    pub route: String,
}

/// Where a connection leads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    pub host: String,
    pub port: u16,
    pub encrypted: bool,
}

/// Bytes in which `{n}` stands for a number.
#[derive(Debug)]
pub(super) struct Numbered(Vec<Bytes>);

const NUMBER: &[u8] = b"{n}";

impl Numbered {
    pub fn new(text: &[u8]) -> Self {
        let mut pieces = Vec::new();
        let mut start = 0;
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            if rest.starts_with(NUMBER) {
                pieces.push(Bytes::copy_from_slice(
                    text.get(start..at).unwrap_or_default(),
                ));
                at += NUMBER.len();
                start = at;
            } else {
                at += 1;
            }
        }
        pieces.push(Bytes::copy_from_slice(
            text.get(start..).unwrap_or_default(),
        ));
        Self(pieces)
    }

    pub fn is_varied(&self) -> bool {
        self.0.len() > 1
    }

    pub fn with(&self, number: u64) -> Bytes {
        match self.0.as_slice() {
            [whole] => whole.clone(),
            pieces => pieces.join(number.to_string().as_bytes()).into(),
        }
    }
}

/// Checks a spec and makes its templates ready.
pub(super) fn prepare(spec: &LoadSpec) -> Result<Vec<Prepared>, LoadError> {
    if spec.requests.is_empty() {
        return Err(LoadError::Empty);
    }
    if spec.concurrency == 0 {
        return Err(LoadError::Zero("concurrency"));
    }
    if spec.rps.is_some_and(|rps| !(rps > 0.0 && rps.is_finite())) {
        return Err(LoadError::Zero("rate"));
    }
    if spec.timeout.is_zero() {
        return Err(LoadError::Zero("timeout"));
    }
    spec.requests.iter().map(prepare_one).collect()
}

fn prepare_one(template: &Template) -> Result<Prepared, LoadError> {
    let wrong = |reason: &str| LoadError::Url {
        url: template.url.clone(),
        reason: reason.to_owned(),
    };
    if template.weight == 0 {
        return Err(LoadError::Zero("weight"));
    }
    let method = hyper::Method::from_bytes(template.method.as_bytes())
        .map_err(|_| LoadError::Method(template.method.clone()))?;
    // `{n}` is not valid in a URI, so the check is made with a number in its place.
    let example: Uri = template
        .url
        .replace("{n}", "1")
        .parse()
        .map_err(|error: hyper::http::uri::InvalidUri| wrong(&error.to_string()))?;
    let (encrypted, default_port) = match example.scheme_str() {
        Some("http") => (false, 80),
        Some("https") => (true, 443),
        _ => return Err(wrong("not an http:// or https:// URL")),
    };
    let host = example.host().ok_or_else(|| wrong("it has no host"))?;
    let authority = example
        .authority()
        .map(|authority| authority.as_str())
        .unwrap_or_default();
    let port = example.port_u16();
    // What follows the host is a port, or a path whose first slash was forgotten.
    let names_port = authority
        .rsplit_once(host)
        .is_some_and(|(_, after)| after.len() > 1);
    if names_port && port.is_none() {
        return Err(wrong("its port is not a number below 65536"));
    }
    let (_, rest) = template
        .url
        .split_once("://")
        .ok_or_else(|| wrong("not an http:// or https:// URL"))?;
    let start = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (address, target) = rest.split_at(start);
    if address.contains("{n}") {
        return Err(wrong("the running number cannot stand in host or port"));
    }
    let target = target.split('#').next().unwrap_or_default();
    let target = if target.starts_with('/') {
        target.to_owned()
    } else {
        format!("/{target}")
    };

    let mut headers = HeaderMap::new();
    for (name, value) in &template.headers {
        let wrong = |_| LoadError::Header(name.clone());
        let parsed =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| LoadError::Header(name.clone()))?;
        headers.append(parsed, HeaderValue::from_str(value.trim()).map_err(wrong)?);
    }
    if !headers.contains_key(HOST) {
        // Without user and password, which are no part of it.
        let name = authority
            .rsplit_once('@')
            .map_or(authority, |(_, address)| address);
        let value = HeaderValue::from_str(name).map_err(|_| wrong("its host is not valid"))?;
        headers.insert(HOST, value);
    }
    let path = target.split('?').next().unwrap_or_default();
    Ok(Prepared {
        route: format!("{method} {path}"),
        method,
        origin: Origin {
            host: host
                .trim_start_matches('[')
                .trim_end_matches(']')
                .to_owned(),
            port: port.unwrap_or(default_port),
            encrypted,
        },
        target,
        headers,
        data: Numbered::new(&template.data),
    })
}

/// The order in which templates are sent, by weight and evenly mixed: smooth weighted round robin, where each turn
/// goes to the template that is furthest behind its share. One cycle is returned; it repeats.
pub(super) fn order(weights: &[u32]) -> Vec<usize> {
    let divisor = weights
        .iter()
        .copied()
        .fold(0, greatest_common_divisor)
        .max(1);
    let weights: Vec<i64> = weights
        .iter()
        .map(|weight| i64::from(weight / divisor))
        .collect();
    let total: i64 = weights.iter().sum();
    // Weights that share nothing could make a cycle of billions; shares are then met as far as it goes.
    let length = total.clamp(1, 100_000);
    let mut credit = vec![0_i64; weights.len()];
    let mut cycle = Vec::new();
    for _ in 0..length {
        for (credit, weight) in credit.iter_mut().zip(&weights) {
            *credit += weight;
        }
        let mut best = 0;
        for (index, value) in credit.iter().enumerate() {
            if credit.get(best).is_some_and(|most| value > most) {
                best = index;
            }
        }
        if let Some(credit) = credit.get_mut(best) {
            *credit -= total;
        }
        cycle.push(best);
    }
    cycle
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn template(url: &str) -> Template {
        let (method, url) = ("GET".to_owned(), url.to_owned());
        Template {
            method,
            url,
            headers: Vec::new(),
            data: Vec::new(),
            weight: 1,
        }
    }

    fn spec(requests: Vec<Template>) -> LoadSpec {
        LoadSpec {
            requests,
            concurrency: 1,
            rps: None,
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn requests_are_mixed_by_weight() {
        assert_eq!(order(&[2, 1, 1]), [0, 1, 2, 0]);
        assert_eq!(order(&[10, 10]), [0, 1]);
        assert_eq!(order(&[u32::MAX, u32::MAX - 1]).len(), 100_000);
        assert_eq!(order(&[]), [0]);
    }

    #[test]
    fn a_port_that_is_none_is_not_taken_for_the_usual_one() {
        for url in ["http://127.0.0.1:8080v0/cron", "http://[::1]:99999/"] {
            let refused = prepare(&spec(vec![template(url)])).err();
            let message = refused.map(|error| error.to_string()).unwrap_or_default();
            assert!(
                message.contains("its port is not a number"),
                "{url}: {message}"
            );
        }
        let plain = prepare(&spec(vec![template("http://u:p@localhost")])).unwrap();
        assert_eq!(plain[0].origin.port, 80);
    }

    #[test]
    fn a_url_becomes_origin_target_and_route() {
        let prepared = prepare(&spec(vec![template("http://u:p@[::1]:81?a={n}#f")])).unwrap();
        let first = &prepared[0];
        assert_eq!(
            first.origin,
            Origin {
                host: "::1".into(),
                port: 81,
                encrypted: false
            }
        );
        assert_eq!(
            (first.target.as_str(), first.route.as_str()),
            ("/?a={n}", "GET /")
        );
        assert_eq!(first.headers[HOST], "[::1]:81");
        let numbered = Numbered::new(b"{n}-{{n}}");
        assert_eq!(numbered.with(7), b"7-{7}".as_slice());
        assert!(numbered.is_varied() && !Numbered::new(b"{m}").is_varied());
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        for url in ["/x", "http://", "http://h:{n}/", "http://h h/"] {
            let error = prepare(&spec(vec![template(url)])).unwrap_err();
            assert!(matches!(error, LoadError::Url { .. }), "{url}: {error}");
        }
        assert_eq!(prepare(&spec(Vec::new())).unwrap_err(), LoadError::Empty);
        let secret = ("X-Key".to_owned(), "s3\ncret".to_owned());
        let bad = Template {
            headers: vec![secret],
            ..template("http://h/")
        };
        let error = prepare(&spec(vec![bad])).unwrap_err();
        assert_eq!(error.to_string(), "send load with the header X-Key");
    }
}

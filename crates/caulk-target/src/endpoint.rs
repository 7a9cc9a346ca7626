//! A service that runs elsewhere and serves `net/http/pprof`.

use std::time::{Duration, Instant, SystemTime};

use caulk_system::{HttpAnswer, HttpClient, HttpError, HttpRequest, Limits};

use crate::capture::{CaptureError, Captured, Dump, DumpForm, Metrics, dump_of_stacks};

/// What may be asked of a service that serves others meanwhile. By default nothing that stops it for long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointOptions {
    /// Collect garbage before the heap profile (`gc=1`).
    pub collect: bool,
    /// Dump every goroutine's stack (`debug=2`) instead of equal stacks with their counts.
    pub stacks: bool,
    /// For each profile.
    pub timeout: Duration,
}

impl Default for EndpointOptions {
    fn default() -> Self {
        Self {
            collect: false,
            stacks: false,
            timeout: Duration::from_secs(60),
        }
    }
}

impl EndpointOptions {
    /// What the chosen captures cost the service, one line each.
    pub fn costs(&self) -> Vec<&'static str> {
        let mut costs = vec!["heap: stops the program for well under a millisecond"];
        if self.collect {
            costs.push(
                "gc=1: a full collection, which takes CPU time in proportion to the live heap",
            );
        }
        costs.push(match self.stacks {
            true => "goroutine?debug=2: stops the program while every stack is printed, some 0.1 s per 10,000 goroutines",
            false => "goroutine?debug=1: stops the program for about a microsecond per goroutine",
        });
        costs
    }
}

/// The profile endpoint of a service.
#[derive(Clone)]
pub struct Endpoint {
    base: String,
    headers: Vec<(String, String)>,
    client: HttpClient,
}

const LARGEST_PROFILE: u64 = 256 << 20;
const PPROF_PATH: &str = "/debug/pprof";

impl Endpoint {
    /// The endpoint at `url`: a server (`http://host:6060`), its `/debug/pprof/`, or one of the profiles there. Any
    /// other path is taken for the folder under which the profiles are. Headers go with each request.
    pub fn new(url: &str, headers: Vec<(String, String)>) -> Self {
        Self {
            base: base_of(url),
            headers,
            client: HttpClient::new(),
        }
    }

    /// The URL under which the profiles are, without a last slash.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Takes a snapshot: heap, then goroutines.
    pub fn capture(
        &self,
        options: &EndpointOptions,
        limits: &Limits,
    ) -> Result<Captured, CaptureError> {
        let (at, start) = (SystemTime::now(), Instant::now());
        let heap = self.heap(options, limits)?;
        let mut problems = Vec::new();
        let goroutines = match self.goroutines(options, limits) {
            Ok(dump) => Some(dump),
            Err(error) if error.stopped().is_some() => return Err(error),
            Err(error) => {
                problems.push(format!("no goroutines: failed to {error}"));
                None
            }
        };
        if goroutines.as_ref().is_some_and(|dump| dump.cut) {
            problems.push("the goroutine dump is incomplete: the runtime ends it at 64 MiB".into());
        }
        Ok(Captured {
            at,
            took: start.elapsed(),
            heap,
            goroutines,
            goroutine_counts: None,
            metrics: Metrics::default(),
            problems,
        })
    }

    fn heap(&self, options: &EndpointOptions, limits: &Limits) -> Result<Vec<u8>, CaptureError> {
        let path = if options.collect { "heap?gc=1" } else { "heap" };
        let (url, answer) = self.get(path, options, limits)?;
        let is_profile = answer.body.starts_with(&[0x1f, 0x8b]);
        if answer.status == 200 && is_profile {
            return Ok(answer.body);
        }
        let reason = match answer.status {
            200 => "what came is not a profile".to_owned(),
            401 | 403 => format!("status {}: it wants credentials (--header)", answer.status),
            404 => "status 404: is net/http/pprof served there?".to_owned(),
            status => format!("status {status}"),
        };
        Err(CaptureError::NoProfile { url, reason })
    }

    fn goroutines(&self, options: &EndpointOptions, limits: &Limits) -> Result<Dump, CaptureError> {
        let (path, form) = match options.stacks {
            true => ("goroutine?debug=2", DumpForm::Stacks),
            false => ("goroutine?debug=1", DumpForm::Counts),
        };
        let (url, answer) = self.get(path, options, limits)?;
        if answer.status != 200 {
            let reason = format!("status {}", answer.status);
            return Err(CaptureError::NoProfile { url, reason });
        }
        Ok(match form {
            DumpForm::Stacks => dump_of_stacks(answer.body, None),
            DumpForm::Counts => Dump {
                form,
                bytes: answer.body,
                cut: false,
            },
        })
    }

    fn get(
        &self,
        path: &str,
        options: &EndpointOptions,
        limits: &Limits,
    ) -> Result<(String, HttpAnswer), HttpError> {
        let url = format!("{}/{path}", self.base);
        let request = HttpRequest {
            url: url.clone(),
            headers: self.headers.clone(),
            timeout: options.timeout,
            max_bytes: LARGEST_PROFILE,
        };
        Ok((url, self.client.get(&request, limits)?))
    }
}

fn base_of(url: &str) -> String {
    let url = url
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_end_matches('/');
    let url = match url.contains("://") {
        true => url.to_owned(),
        false => format!("http://{url}"),
    };
    if let Some(at) = url.find(PPROF_PATH) {
        let end = at + PPROF_PATH.len();
        // One of the profiles, or the folder itself.
        return url.get(..end).unwrap_or(&url).to_owned();
    }
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    match authority.contains('/') {
        true => url,
        false => url + PPROF_PATH,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_its_profile_folder_and_a_profile_mean_the_same() {
        for url in [
            "http://h:6060",
            "h:6060/",
            "http://h:6060/debug/pprof",
            "http://h:6060/debug/pprof/",
            "http://h:6060/debug/pprof/heap?debug=1",
        ] {
            assert_eq!(base_of(url), "http://h:6060/debug/pprof", "{url}");
        }
        assert_eq!(
            base_of("https://h/admin/profiles/"),
            "https://h/admin/profiles"
        );
        assert_eq!(
            base_of("h/api/debug/pprof/heap"),
            "http://h/api/debug/pprof"
        );
    }
}

//! Where a profile is: which texts are URLs, what a service is asked, for how long to wait, and under
//! which name an answer is kept (`adjustURL` and `fetchProfiles` of the reference).

use std::time::Duration;

use caulk_profile::Profile;

use crate::cli::Fetching;
use crate::report::base_name;
use crate::url::Url;

/// A profile that a service has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// What is asked.
    pub url: String,
    /// For how long to wait for the beginning of an answer, once the service may have begun it.
    pub timeout: Duration,
}

/// The path of the CPU profile, which is what a service has when nothing else is said.
const CPU_PROFILE: &str = "/debug/pprof/profile";

impl Remote {
    /// What a source means that is no file; `None` if it cannot be a URL.
    pub fn new(source: &str, fetching: &Fetching) -> Option<Remote> {
        let parsed = Url::parse(source).filter(|url| !url.is_opaque());
        // `host:port/path` looks as if the host were a scheme.
        let mut url = match parsed {
            Some(url) => url,
            None => Url::parse(&format!("http://{source}"))?,
        };
        if url.host.is_empty() {
            return None;
        }
        if matches!(url.path.as_str(), "" | "/") {
            CPU_PROFILE.clone_into(&mut url.path);
        }
        let mut pairs = url.pairs();
        let mut seconds = fetching.seconds.map(i64::from);
        let told = pairs.iter().position(|(key, _)| key == "seconds");
        match (seconds, told) {
            (Some(seconds), _) => {
                pairs.retain(|(key, _)| key != "seconds");
                pairs.push(("seconds".to_owned(), seconds.to_string()));
            }
            (None, Some(told)) => {
                let value = pairs.get(told).map_or("", |(_, value)| value);
                seconds = value.parse::<i32>().ok().map(i64::from);
            }
            (None, None) => {}
        }
        url.set_pairs(pairs);
        let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let timeout = match (fetching.timeout, seconds) {
            (Some(timeout), _) => Duration::from_secs(timeout.into()),
            (None, Some(seconds)) if seconds > 0 => Duration::from_millis(seconds * 1500),
            (None, _) => Duration::from_secs(60),
        };
        Some(Remote {
            url: url.to_string(),
            timeout,
        })
    }
}

/// The beginning of the name under which a fetched profile is kept: program and sample types.
pub fn kept_name(profile: &Profile) -> String {
    let mut name = String::from("pprof.");
    let program = profile.mappings().first();
    let file = program.map_or("", |program| profile.string(program.file));
    if !file.is_empty() {
        name += &String::from_utf8_lossy(base_name(file.as_bytes()));
        name.push('.');
    }
    for sample_type in profile.sample_types() {
        name += profile.string(sample_type.kind);
        name.push('.');
    }
    // A name in a profile must not lead into another folder.
    name.replace(['/', '\\', '\0'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(source: &str, seconds: Option<u32>, timeout: Option<u32>) -> Option<(String, u64)> {
        let fetching = Fetching {
            seconds,
            timeout,
            ..Fetching::default()
        };
        let remote = Remote::new(source, &fetching)?;
        Some((remote.url, remote.timeout.as_secs()))
    }

    #[test]
    fn a_host_alone_means_its_cpu_profile() {
        for source in ["h:6060", "http://h:6060", "http://h:6060/", "//h:6060"] {
            let scheme = if source.starts_with("//") {
                ""
            } else {
                "http:"
            };
            let url = format!("{scheme}//h:6060/debug/pprof/profile");
            assert_eq!(remote(source, None, None), Some((url, 60)), "{source}");
        }
        assert_eq!(
            remote("127.0.0.1:80/x", None, None),
            Some(("http://127.0.0.1:80/x".to_owned(), 60))
        );
    }

    #[test]
    fn seconds_set_the_query_and_the_wait() {
        for (source, seconds, timeout, url, wait) in [
            (
                "h:1/a?x=2&seconds=9",
                Some(4),
                None,
                "http://h:1/a?seconds=4&x=2",
                6,
            ),
            (
                "h:1/a?seconds=20",
                None,
                None,
                "http://h:1/a?seconds=20",
                30,
            ),
            (
                "h:1/a?seconds=-3",
                None,
                None,
                "http://h:1/a?seconds=-3",
                60,
            ),
            ("h:1/a?seconds=x", None, None, "http://h:1/a?seconds=x", 60),
            (
                "h:1/a?gc=1",
                Some(4),
                Some(7),
                "http://h:1/a?gc=1&seconds=4",
                7,
            ),
            (
                "https+insecure://h/a",
                None,
                None,
                "https+insecure://h/a",
                60,
            ),
        ] {
            let expected = Some((url.to_owned(), wait));
            assert_eq!(remote(source, seconds, timeout), expected, "{source}");
        }
    }

    #[test]
    fn files_that_are_not_there_are_no_urls() {
        for source in [
            "-",
            "a.pb.gz",
            "/tmp/none",
            "./a:b",
            "heap:x.pb",
            "1:2:3",
            "",
        ] {
            assert_eq!(remote(source, None, None), None, "{source}");
        }
    }
}

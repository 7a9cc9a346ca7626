use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use caulk_system::{Files, HttpClient, HttpRequest, Limits, OsFiles, can_connect};

/// How a program shows that it is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadyCheck {
    /// Something accepts connections: `tcp://host:port`.
    Tcp {
        /// Name or address.
        host: String,
        /// Port.
        port: u16,
    },
    /// A `GET` is answered, with any status below 500: an `http://` or `https://` URL.
    Http(String),
    /// A file is there: `file:PATH`.
    File(PathBuf),
}

/// Why a ready check is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("understand the ready check {0}: expected tcp://HOST:PORT, an http:// URL or file:PATH")]
pub struct ReadyCheckError(String);

impl FromStr for ReadyCheck {
    type Err = ReadyCheckError;

    fn from_str(text: &str) -> Result<Self, ReadyCheckError> {
        let wrong = || ReadyCheckError(text.to_owned());
        if let Some(path) = text.strip_prefix("file:") {
            return match path {
                "" => Err(wrong()),
                path => Ok(Self::File(PathBuf::from(path))),
            };
        }
        if let Some(address) = text.strip_prefix("tcp://") {
            let (host, port) = host_and_port(address, None).ok_or_else(wrong)?;
            return Ok(Self::Tcp { host, port });
        }
        match address_of_url(text) {
            Some(_) => Ok(Self::Http(text.to_owned())),
            None => Err(wrong()),
        }
    }
}

impl fmt::Display for ReadyCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Self::Http(url) => f.write_str(url),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

impl ReadyCheck {
    /// The check that the server of a URL accepts connections; `None` where it is no `http` or `https` URL.
    pub fn port_of(url: &str) -> Option<Self> {
        let (host, port) = address_of_url(url)?;
        Some(Self::Tcp { host, port })
    }

    /// Whether the program has shown that it is ready.
    pub(super) fn passes(&self, limits: &Limits) -> bool {
        match self {
            Self::Tcp { host, port } => can_connect(host, *port),
            Self::File(path) => OsFiles.exists(path),
            Self::Http(url) => {
                let request = HttpRequest {
                    url: url.clone(),
                    headers: Vec::new(),
                    timeout: Duration::from_secs(2),
                    max_bytes: 1 << 20,
                };
                // A client of its own each time, so that no idle connection stays in the program.
                let answer = HttpClient::new().get(&request, limits);
                answer.is_ok_and(|answer| answer.status < 500)
            }
        }
    }

    /// The port that already answers, before the program was started.
    pub(super) fn port_in_use(&self) -> Option<u16> {
        let (host, port) = match self {
            Self::Tcp { host, port } => (host.clone(), *port),
            Self::Http(url) => address_of_url(url)?,
            Self::File(_) => return None,
        };
        can_connect(&host, port).then_some(port)
    }
}

fn address_of_url(url: &str) -> Option<(String, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let default = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?;
    let address = authority
        .rsplit_once('@')
        .map_or(authority, |(_, address)| address);
    host_and_port(address, Some(default))
}

fn host_and_port(address: &str, default: Option<u16>) -> Option<(String, u16)> {
    let (host, port) = match address.rsplit_once(':') {
        // A colon within the brackets of an IPv6 address is not the port's.
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (address, default?),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn checks_are_read_and_printed_alike() {
        for text in [
            "tcp://127.0.0.1:80",
            "tcp://[::1]:80",
            "http://h/healthz",
            "https://h:8443",
            "file:/a/b",
        ] {
            assert_eq!(text.parse::<ReadyCheck>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "tcp://h",
            "tcp://:80",
            "tcp://h:x",
            "ftp://h",
            "http://",
            "file:",
            "h:80",
        ] {
            assert!(text.parse::<ReadyCheck>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_port_of_a_url_is_its_server_s() {
        let port = |url: &str| ReadyCheck::port_of(url).map(|check| check.to_string());
        assert_eq!(
            port("http://a@h:8080/x?y=http://z:1"),
            Some("tcp://h:8080".into())
        );
        assert_eq!(port("https://[::1]/x"), Some("tcp://[::1]:443".into()));
        assert_eq!(port("unix:///x"), None);
    }
}

use std::io::Read;
use std::sync::mpsc;
use std::time::Duration;

use crate::cancel::{Limits, POLL, Stopped};

/// One `GET`.
#[derive(Clone)]
pub struct HttpRequest {
    /// An `http://` or `https://` URL.
    pub url: String,
    /// Name and value of each header. Values may be secrets: they are never printed nor kept.
    pub headers: Vec<(String, String)>,
    /// For the whole exchange.
    pub timeout: Duration,
    /// Largest body that is accepted, in bytes after decompression of the transfer.
    pub max_bytes: u64,
}

/// What came back, whatever its status.
#[derive(Clone, Debug)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Why no answer came. It reads after "failed to", on one line.
#[derive(Clone, Debug, thiserror::Error)]
pub enum HttpError {
    /// No connection, a broken one, a refused certificate, an invalid URL: in words.
    #[error("get {url}: {reason}")]
    Failed {
        /// The URL without user and password.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// The body exceeds the request's `max_bytes`.
    #[error("get {url}: the answer exceeds {max_bytes} bytes")]
    TooLarge {
        /// The URL without user and password.
        url: String,
        /// The limit.
        max_bytes: u64,
    },
    /// Cancelled, or the caller's deadline has passed.
    #[error("get {url}: {stopped}")]
    Stopped {
        /// The URL without user and password.
        url: String,
        /// Which of the two.
        stopped: Stopped,
    },
}

/// A client for few and large answers: profiles, a service's health. Not for load.
///
/// Redirects are not followed: a header may be a secret, meant for one host. Hosts on the loopback interface are
/// reached without a proxy, and with whatever certificate they have, since none is issued for them.
#[derive(Clone, Debug)]
pub struct HttpClient {
    remote: ureq::Agent,
    loopback: ureq::Agent,
}

impl Default for HttpClient {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpClient {
    /// A client that honours the usual proxy variables and keeps connections alive between requests.
    pub fn new() -> Self {
        let config = || {
            ureq::Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .user_agent("caulk")
        };
        let unverified = ureq::tls::TlsConfig::builder()
            .disable_verification(true)
            .build();
        Self {
            remote: config().build().into(),
            loopback: config().proxy(None).tls_config(unverified).build().into(),
        }
    }

    /// Performs the request.
    pub fn get(&self, request: &HttpRequest, limits: &Limits) -> Result<HttpAnswer, HttpError> {
        let url = shown(&request.url);
        let stopped = |stopped| HttpError::Stopped {
            url: url.clone(),
            stopped,
        };
        limits.check().map_err(stopped)?;
        let (sender, receiver) = mpsc::channel();
        let agent = if is_loopback(&request.url) {
            &self.loopback
        } else {
            &self.remote
        };
        let (agent, sent) = (agent.clone(), request.clone());
        // In a thread of its own, so that a cancelled wait need not last until the timeout.
        std::thread::spawn(move || {
            let _ = sender.send(get(&agent, &sent));
        });
        loop {
            match receiver.recv_timeout(POLL) {
                Ok(answer) => return answer,
                Err(mpsc::RecvTimeoutError::Timeout) => limits.check().map_err(stopped)?,
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    let reason = "the request was abandoned".to_owned();
                    return Err(HttpError::Failed { url, reason });
                }
            }
        }
    }
}

fn get(agent: &ureq::Agent, request: &HttpRequest) -> Result<HttpAnswer, HttpError> {
    let url = || shown(&request.url);
    let failed = |error: ureq::Error| HttpError::Failed {
        url: url(),
        reason: one_line(&error),
    };
    let mut call = agent
        .get(&request.url)
        .config()
        .timeout_global(Some(request.timeout))
        .build();
    for (name, value) in &request.headers {
        call = call.header(name, value);
    }
    let mut answer = call.call().map_err(failed)?;
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    let mut reader = answer
        .body_mut()
        .as_reader()
        .take(request.max_bytes.saturating_add(1));
    reader
        .read_to_end(&mut body)
        .map_err(|error| failed(error.into()))?;
    if body.len() as u64 > request.max_bytes {
        return Err(HttpError::TooLarge {
            url: url(),
            max_bytes: request.max_bytes,
        });
    }
    Ok(HttpAnswer { status, body })
}

/// Whether the URL's host names this machine by its loopback interface.
fn is_loopback(url: &str) -> bool {
    let Ok(uri) = url.parse::<ureq::http::Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let address = host.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// The URL without a user and password.
fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

fn one_line(error: &ureq::Error) -> String {
    let text = match error {
        ureq::Error::Io(error) => crate::error::io_message(error),
        other => other.to_string(),
    };
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Write;
    use std::net::TcpListener;

    use super::*;

    fn request(url: String) -> HttpRequest {
        let headers = vec![("Authorization".to_owned(), "Bearer s3cret".to_owned())];
        HttpRequest {
            url,
            headers,
            timeout: Duration::from_secs(10),
            max_bytes: 100,
        }
    }

    /// Answers each connection with the next of `answers`; returns what was asked.
    fn serve(answers: Vec<Vec<u8>>) -> (String, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let mut asked = Vec::new();
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let mut buffer = [0; 4096];
                let count = stream.read(&mut buffer).unwrap();
                asked.push(String::from_utf8_lossy(&buffer[..count]).into_owned());
                stream.write_all(&answer).unwrap();
            }
            asked
        });
        (url, server)
    }

    fn answer(status: &str, body: &[u8]) -> Vec<u8> {
        let head = format!(
            "HTTP/1.1 {status}\r\nX-Kind: a\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), body].concat()
    }

    #[test]
    fn an_answer_has_status_headers_and_a_bounded_body() {
        let (url, server) = serve(vec![
            answer("503 Busy", b"later"),
            answer("200 OK", &[b'x'; 500]),
        ]);
        let client = HttpClient::new();
        let limits = Limits::default();
        let got = client.get(&request(url.clone()), &limits).unwrap();
        assert_eq!(
            (got.status, got.body.as_slice()),
            (503, b"later".as_slice())
        );
        let error = client.get(&request(url), &limits).unwrap_err();
        assert!(
            matches!(error, HttpError::TooLarge { max_bytes: 100, .. }),
            "{error}"
        );
        let asked = server.join().unwrap();
        assert!(
            asked[0]
                .to_lowercase()
                .contains("authorization: bearer s3cret"),
            "{}",
            asked[0]
        );
    }

    #[test]
    fn the_loopback_interface_is_told_from_hosts() {
        for url in [
            "http://127.0.0.1:80/",
            "https://LOCALHOST",
            "http://[::1]:6060/x",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "http://10.0.0.1/",
            "http://localhost.example.com/",
            "http://127.evil.example/",
            "::",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn a_redirect_is_an_answer_and_not_followed() {
        let moved =
            b"HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n";
        let (url, server) = serve(vec![moved.to_vec()]);
        let got = HttpClient::new()
            .get(&request(url), &Limits::default())
            .unwrap();
        assert_eq!(got.status, 302);
        server.join().unwrap();
    }

    #[test]
    fn errors_are_one_line_without_secrets() {
        let port = crate::net::free_port().unwrap();
        let url = format!("http://me:pw@127.0.0.1:{port}/p");
        let error = HttpClient::new()
            .get(&request(url), &Limits::default())
            .unwrap_err();
        let text = error.to_string();
        assert!(text.contains("connection refused"), "{text}");
        assert!(
            !text.contains('\n') && !text.contains("pw") && !text.contains("s3cret"),
            "{text}"
        );
    }

    #[test]
    fn a_cancelled_request_does_not_wait_for_its_timeout() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let limits = Limits::default().within(Duration::from_millis(100));
        let start = std::time::Instant::now();
        let error = HttpClient::new().get(&request(url), &limits).unwrap_err();
        assert!(matches!(error, HttpError::Stopped { .. }), "{error}");
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

mod trust;

use std::io::{self, Read};
use std::sync::mpsc;
use std::time::Duration;

pub use self::trust::Trust;
use crate::cancel::{Limits, POLL, Stopped};

/// One `GET`, or with a body one `POST`.
#[derive(Clone)]
pub struct HttpRequest {
    /// An `http://` or `https://` URL.
    pub url: String,
    /// Name and value of each header. Values may be secrets: they are never printed nor kept.
    pub headers: Vec<(String, String)>,
    /// For the whole exchange; with [`HttpClient::following`] until the answer begins.
    pub timeout: Duration,
    /// Largest body that is accepted, in bytes after decompression of the transfer.
    pub max_bytes: u64,
}

/// What came back, whatever its status.
#[derive(Clone, Debug)]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// The code with its words: `404 Not Found`.
    pub status_line: String,
    /// Name, in small letters, and value of each header that is text.
    pub headers: Vec<(String, String)>,
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

impl HttpAnswer {
    /// The value of a header, by its name in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find_map(|(known, value)| (known == name).then_some(value.as_str()))
    }
}

/// A client for few and large answers: profiles, a service's health. Not for load.
///
/// Redirects are not followed: a header may be a secret, meant for one host. Hosts on the loopback interface are
/// reached without a proxy, and with whatever certificate they have, since none is issued for them. Both are otherwise
/// with [`HttpClient::following`].
#[derive(Clone, Debug)]
pub struct HttpClient {
    remote: ureq::Agent,
    loopback: ureq::Agent,
    /// Whether an answer may last once it has begun.
    is_patient: bool,
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
            is_patient: false,
        }
    }

    /// A client for addresses that the user gave, which behaves as other tools do: it follows up to ten redirects,
    /// believes whom it is told to, and lets an answer last once it has begun.
    pub fn following(trust: &Trust) -> io::Result<Self> {
        let config = || -> io::Result<_> {
            Ok(ureq::Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(10)
                .user_agent("caulk")
                .tls_config(trust.config()?))
        };
        Ok(Self {
            remote: config()?.build().into(),
            loopback: config()?.proxy(None).build().into(),
            is_patient: true,
        })
    }

    /// Performs the request.
    pub fn get(&self, request: &HttpRequest, limits: &Limits) -> Result<HttpAnswer, HttpError> {
        self.ask(request, None, limits)
    }

    /// Performs the request with a body of no stated kind.
    pub fn post(
        &self,
        request: &HttpRequest,
        body: &[u8],
        limits: &Limits,
    ) -> Result<HttpAnswer, HttpError> {
        self.ask(request, Some(body.to_vec()), limits)
    }

    fn ask(
        &self,
        request: &HttpRequest,
        body: Option<Vec<u8>>,
        limits: &Limits,
    ) -> Result<HttpAnswer, HttpError> {
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
        let (agent, sent, is_patient) = (agent.clone(), request.clone(), self.is_patient);
        // In a thread of its own, so that a cancelled wait need not last until the timeout.
        std::thread::spawn(move || {
            let _ = sender.send(exchange(&agent, &sent, body.as_deref(), is_patient));
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

fn exchange(
    agent: &ureq::Agent,
    request: &HttpRequest,
    body: Option<&[u8]>,
    is_patient: bool,
) -> Result<HttpAnswer, HttpError> {
    let url = || shown(&request.url);
    let failed = |error: ureq::Error| HttpError::Failed {
        url: url(),
        reason: one_line(&error),
    };
    let whole = Some(request.timeout).filter(|_| !is_patient);
    let beginning = Some(request.timeout).filter(|_| is_patient);
    let mut headers = request.headers.clone();
    let is_told = headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    if let Some(user) = user_of(&request.url).filter(|_| !is_told) {
        headers.push(("Authorization".to_owned(), user));
    }
    let called = match body {
        None => {
            let mut call = agent.get(&request.url);
            for (name, value) in &headers {
                call = call.header(name, value);
            }
            call.config()
                .timeout_global(whole)
                .timeout_recv_response(beginning)
                .build()
                .call()
        }
        Some(body) => {
            let mut call = agent
                .post(&request.url)
                .content_type("application/octet-stream");
            for (name, value) in &headers {
                call = call.header(name, value);
            }
            call.config()
                .timeout_global(whole)
                .timeout_recv_response(beginning)
                .build()
                .send(body)
        }
    };
    let mut answer = called.map_err(failed)?;
    let status = answer.status();
    let headers = answer.headers().iter();
    let headers = headers
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
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
    Ok(HttpAnswer {
        status: status.as_u16(),
        status_line: status.to_string(),
        headers,
        body,
    })
}

/// What a URL with a user and password says in a header instead.
fn user_of(url: &str) -> Option<String> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    let user = if user.contains(':') {
        user.to_owned()
    } else {
        format!("{user}:")
    };
    Some(format!("Basic {}", base64(&unescaped(&user))))
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let value = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (byte, value) {
            (b'%', Some(value)) => {
                out.push(value);
                rest = after.get(2..).unwrap_or(&[]);
            }
            _ => {
                out.push(byte);
                rest = after;
            }
        }
    }
    out
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit)) & 63;
            match DIGITS.get(index as usize) {
                Some(&letter) if digit <= group.len() => out.push(char::from(letter)),
                _ => out.push('='),
            }
        }
    }
    out
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
    fn a_client_of_the_user_follows_and_shows_the_user_of_the_url() {
        let moved =
            b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let (url, server) = serve(vec![moved.to_vec(), answer("404 Gone Missing", b"a:b")]);
        let url = url.replace("http://", "http://me:p%40@");
        let client = HttpClient::following(&Trust::default()).unwrap();
        let request = HttpRequest {
            headers: Vec::new(),
            ..request(url)
        };
        let got = client.get(&request, &Limits::default()).unwrap();
        assert_eq!(
            (got.status, got.status_line.as_str()),
            (404, "404 Not Found")
        );
        assert_eq!(got.header("x-kind"), Some("a"));
        let asked = server.join().unwrap();
        assert!(
            asked[0].to_lowercase().contains("authorization: basic "),
            "{}",
            asked[0]
        );
        assert!(asked[0].contains(&base64(b"me:p@")), "{}", asked[0]);
        assert!(asked[1].starts_with("GET /y "), "{}", asked[1]);
    }

    #[test]
    fn a_body_is_posted() {
        let (url, server) = serve(vec![answer("200 OK", b"0x1 main")]);
        let client = HttpClient::following(&Trust::default()).unwrap();
        let got = client
            .post(&request(url), b"0x1", &Limits::default())
            .unwrap();
        assert_eq!(got.body, b"0x1 main");
        assert!(server.join().unwrap()[0].starts_with("POST /x "));
    }

    #[test]
    fn base64_is_padded() {
        for (text, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ] {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn what_is_no_certificate_is_told() {
        let trust = Trust {
            authorities: Some(b"no".to_vec()),
            ..Trust::default()
        };
        let error = HttpClient::following(&trust).unwrap_err();
        assert_eq!(error.to_string(), "there is no certificate in the file");
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

use std::io;
use std::path::Path;

use crate::cancel::{Limits, Stopped};
use crate::error::io_message;

/// Why a request over a local socket failed; reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Nothing listens there.
    #[error("connect to the local socket: {}", io_message(.0))]
    Connect(#[source] io::Error),
    /// The connection broke.
    #[error("read from the local socket: {}", io_message(.0))]
    Broken(#[source] io::Error),
    /// The answer is larger than was allowed, in bytes.
    #[error("read from the local socket: the answer exceeds {0} bytes")]
    TooLarge(usize),
    /// Cancelled, or past its deadline.
    #[error("read from the local socket: {0}")]
    Stopped(#[from] Stopped),
    /// This platform has none.
    #[error("connect to the local socket: not supported on this platform")]
    Unsupported,
}

/// Connects to the Unix socket at `path`, sends `request`, and returns all that comes back until the other side
/// closes, at most `limit` bytes.
#[cfg(unix)]
pub fn ask_unix_socket(
    path: &Path,
    request: &[u8],
    limit: usize,
    limits: &Limits,
) -> Result<Vec<u8>, SocketError> {
    use crate::cancel::POLL;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    limits.check()?;
    let mut stream = UnixStream::connect(path).map_err(SocketError::Connect)?;
    let broken = SocketError::Broken;
    stream.set_read_timeout(Some(POLL)).map_err(broken)?;
    stream
        .set_write_timeout(Some(Duration::from_secs(5)))
        .map_err(broken)?;
    stream.write_all(request).map_err(broken)?;
    let mut answer = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        limits.check()?;
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(answer),
            Ok(count) => answer.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            Err(error) if is_retry(&error) => {}
            Err(error) => return Err(SocketError::Broken(error)),
        }
        if answer.len() > limit {
            return Err(SocketError::TooLarge(limit));
        }
    }
}

/// Connects to the Unix socket at `path`; there is none on this platform.
#[cfg(not(unix))]
pub fn ask_unix_socket(
    _path: &Path,
    _request: &[u8],
    _limit: usize,
    _limits: &Limits,
) -> Result<Vec<u8>, SocketError> {
    Err(SocketError::Unsupported)
}

#[cfg(unix)]
fn is_retry(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), WouldBlock | TimedOut | Interrupted)
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::{Read, Write};
    use std::os::unix::net::UnixListener;
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_answer_is_read_to_its_end_or_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = UnixListener::bind(&path).unwrap();
        let server = std::thread::spawn(move || {
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().unwrap();
                let mut line = [0; 5];
                stream.read_exact(&mut line).unwrap();
                stream.write_all(&line.repeat(1000)).unwrap();
            }
        });
        let limits = Limits::default().within(Duration::from_secs(10));
        let answer = ask_unix_socket(&path, b"ping\n", 1 << 20, &limits).unwrap();
        assert_eq!(answer.len(), 5000);
        let error = ask_unix_socket(&path, b"ping\n", 100, &limits).unwrap_err();
        assert!(matches!(error, SocketError::TooLarge(100)), "{error}");
        server.join().unwrap();
        let late = Limits::default().within(Duration::ZERO);
        let error = ask_unix_socket(&path, b"ping\n", 100, &late).unwrap_err();
        assert!(
            matches!(error, SocketError::Stopped(Stopped::TimedOut)),
            "{error}"
        );
    }
}

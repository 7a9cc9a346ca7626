//! The connections of the load: kept alive within a round, and gone with it.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::time::Duration;

use caulk_system::io_message;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::spec::{Origin, Prepared};
use super::stats::FailureKind;
use super::tls::encrypt;

/// A request that got no whole answer: of which kind, and in words.
#[derive(Debug)]
pub(super) struct Failure {
    pub kind: FailureKind,
    pub message: String,
}

type Connection = SendRequest<Full<Bytes>>;

/// The connections of one worker, one for each origin.
#[derive(Default)]
pub(super) struct Connections(BTreeMap<Origin, Connection>);

impl Connections {
    /// Sends one request with the running number put in, reads the answer to its end and returns its status.
    pub async fn send(
        &mut self,
        template: &Prepared,
        number: u64,
        timeout: Duration,
    ) -> Result<u16, Failure> {
        match tokio::time::timeout(timeout, self.exchange(template, number)).await {
            Ok(answer) => answer,
            // Dropping the exchange has dropped its connection.
            Err(_) => Err(Failure {
                kind: FailureKind::Timeout,
                message: format!("no answer within {} s", timeout.as_secs_f64()),
            }),
        }
    }

    async fn exchange(&mut self, template: &Prepared, number: u64) -> Result<u16, Failure> {
        // The connection is taken out while it is in use, so that whatever ends the exchange closes it.
        let kept = self.0.remove(&template.origin);
        if let Some(mut connection) = kept
            && connection.ready().await.is_ok()
        {
            match exchange(&mut connection, template, number).await {
                Ok(status) => {
                    self.0.insert(template.origin.clone(), connection);
                    return Ok(status);
                }
                // The server had closed the idle connection, and the request never left.
                Err(error) if error.is_canceled() => {}
                Err(error) => return Err(failure(&error)),
            }
        }
        let mut connection = connect(&template.origin).await?;
        let status = exchange(&mut connection, template, number)
            .await
            .map_err(|e| failure(&e))?;
        self.0.insert(template.origin.clone(), connection);
        Ok(status)
    }
}

async fn connect(origin: &Origin) -> Result<Connection, Failure> {
    let addresses = tokio::net::lookup_host((origin.host.as_str(), origin.port)).await;
    let addresses = addresses.map_err(|error| Failure {
        kind: FailureKind::Unknown,
        message: format!("{}: {}", origin.host, io_message(&error)),
    })?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                let _ = stream.set_nodelay(true);
                if !origin.encrypted {
                    return speak(stream).await;
                }
                let encrypted = encrypt(&origin.host, stream)
                    .await
                    .map_err(|error| Failure {
                        kind: FailureKind::Tls,
                        message: format!("TLS: {}", io_message(&error)),
                    })?;
                return speak(encrypted).await;
            }
            Err(error) => last = error,
        }
    }
    Err(failure_of_io(&last))
}

/// Begins HTTP/1.1 on a connection.
async fn speak<S>(stream: S) -> Result<Connection, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failure(&error))?;
    // Ends when the sender is dropped, or the server closes.
    tokio::spawn(connection);
    Ok(sender)
}

async fn exchange(
    connection: &mut Connection,
    template: &Prepared,
    number: u64,
) -> Result<u16, hyper::Error> {
    let target = template.target.replace("{n}", &number.to_string());
    let mut request = Request::new(Full::new(template.data.with(number)));
    *request.method_mut() = template.method.clone();
    // Valid: it has been parsed with a number in its place.
    *request.uri_mut() = target.parse().unwrap_or_default();
    *request.headers_mut() = template.headers.clone();
    let answer = connection.send_request(request).await?;
    let status = answer.status().as_u16();
    let mut body = answer.into_body();
    while let Some(frame) = body.frame().await {
        frame?;
    }
    Ok(status)
}

fn failure(error: &hyper::Error) -> Failure {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(error) = inner.downcast_ref::<io::Error>() {
            return failure_of_io(error);
        }
        cause = inner.source();
    }
    let kind = if error.is_parse() {
        FailureKind::Protocol
    } else if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        FailureKind::Closed
    } else {
        FailureKind::Other
    };
    Failure {
        kind,
        message: error.to_string(),
    }
}

fn failure_of_io(error: &io::Error) -> Failure {
    let kind = match error.kind() {
        io::ErrorKind::ConnectionRefused => FailureKind::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => FailureKind::Reset,
        io::ErrorKind::UnexpectedEof => FailureKind::Closed,
        io::ErrorKind::TimedOut => FailureKind::Timeout,
        _ => FailureKind::Other,
    };
    Failure {
        kind,
        message: io_message(error),
    }
}

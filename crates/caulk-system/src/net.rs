use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// A port of the loopback interface that nothing listens on now.
///
/// It lies below the range from which systems take the ports of outgoing connections, so that none of those can
/// occupy it before the program that it is meant for listens.
pub fn free_port() -> io::Result<u16> {
    const RANGE: std::ops::Range<u16> = 20_000..32_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Two processes that look for ports at the same time begin at different places.
    let places = RANGE.end - RANGE.start;
    let begin = (std::process::id().wrapping_mul(37) % u32::from(places)) as u16;
    for _ in 0..200 {
        let place = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % places;
        let port = RANGE.start + place;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Whether something accepts connections at `host` and `port`, within a second for each address of the host.
pub fn can_connect(host: &str, port: u16) -> bool {
    let Ok(addresses) = (host, port).to_socket_addrs() else {
        return false;
    };
    let mut addresses: Vec<SocketAddr> = addresses.collect();
    addresses.dedup();
    addresses
        .iter()
        .any(|address| TcpStream::connect_timeout(address, Duration::from_secs(1)).is_ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_free_port_takes_connections_once_something_listens() {
        let port = free_port().unwrap();
        assert!(!can_connect("127.0.0.1", port));
        let _listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        assert!(can_connect("localhost", port));
    }
}

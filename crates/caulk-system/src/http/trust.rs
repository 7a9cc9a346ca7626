use std::io;
use std::path::Path;

use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};

/// Whom a client believes, and how it shows who it is. All texts are PEM.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Believes whatever certificate it is shown.
    pub anyone: bool,
    /// Believes these authorities, and not the system's.
    pub authorities: Option<Vec<u8>>,
    /// Shows this chain of certificates, and has the key of the first.
    pub shows: Option<(Vec<u8>, Vec<u8>)>,
}

impl Trust {
    pub(super) fn config(&self) -> io::Result<TlsConfig> {
        let roots = match &self.authorities {
            Some(pem) => RootCerts::from(certificates(pem)?),
            None => system_authorities(),
        };
        let shown = match &self.shows {
            Some((chain, key)) => {
                let key = PrivateKey::from_pem(key)
                    .map_err(|_| invalid("there is no private key in the key's file"))?;
                Some(ClientCert::new_with_certs(&certificates(chain)?, key))
            }
            None => None,
        };
        Ok(TlsConfig::builder()
            .disable_verification(self.anyone)
            .root_certs(roots)
            .client_cert(shown)
            .build())
    }
}

fn certificates(pem: &[u8]) -> io::Result<Vec<Certificate<'static>>> {
    let found: Vec<_> = parse_pem(pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() {
        return Err(invalid("there is no certificate in the file"));
    }
    Ok(found)
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// The authorities that the system trusts, or those that browsers do where it does not say.
fn system_authorities() -> RootCerts {
    const BUNDLES: [&str; 5] = [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ];
    let own = std::env::var_os("SSL_CERT_FILE");
    let own = own.as_deref().map(Path::new);
    own.into_iter()
        .chain(BUNDLES.iter().map(Path::new))
        .find_map(|path| certificates(&std::fs::read(path).ok()?).ok())
        .map_or(RootCerts::WebPki, RootCerts::from)
}

//! URLs as Go's `net/url` takes them apart and puts them together again, as far as sources of
//! profiles need it.

/// A URL. The parts are as they were written, but for the scheme, which is in small letters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Url {
    pub scheme: String,
    /// What follows the scheme where that is no path.
    opaque: String,
    user: Option<String>,
    pub host: String,
    pub path: String,
    query: String,
    /// Whether there is a `?` with nothing behind it.
    has_empty_query: bool,
    fragment: String,
}

impl Url {
    /// Takes a URL apart; `None` where Go calls it an error.
    pub fn parse(text: &str) -> Option<Url> {
        if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return None;
        }
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        is_escaped_well(fragment).then_some(())?;
        let (scheme, rest) = split_scheme(text)?;
        let mut url = Url {
            scheme: scheme.to_ascii_lowercase(),
            fragment: fragment.to_owned(),
            ..Url::default()
        };
        let mut rest = rest;
        if rest.ends_with('?') && rest.matches('?').count() == 1 {
            url.has_empty_query = true;
            rest = rest.trim_end_matches('?');
        } else if let Some((before, query)) = rest.split_once('?') {
            url.query = query.to_owned();
            rest = before;
        }
        if !rest.starts_with('/') {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_owned();
                return Some(url);
            }
            let first = rest.split('/').next().unwrap_or(rest);
            if first.contains(':') {
                return None;
            }
        }
        let may_have_host = !url.scheme.is_empty() || !rest.starts_with("///");
        if let Some(after) = rest.strip_prefix("//").filter(|_| may_have_host) {
            let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
            let host = match authority.rsplit_once('@') {
                Some((user, host)) => {
                    is_user(user).then_some(())?;
                    url.user = Some(user.to_owned());
                    host
                }
                None => authority,
            };
            is_host(host, &url.scheme).then_some(())?;
            url.host = host.to_owned();
            rest = path;
        }
        is_escaped_well(rest).then_some(())?;
        url.path = rest.to_owned();
        Some(url)
    }

    /// Whether it has a scheme that could not be one of a URL with a host.
    pub fn is_opaque(&self) -> bool {
        self.host.is_empty() && !self.scheme.is_empty() && self.scheme != "file"
    }

    /// The pairs of the query that can be read.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let parts = self.query.split('&');
        parts
            .filter(|part| !part.is_empty() && !part.contains(';'))
            .filter_map(|part| {
                let (key, value) = part.split_once('=').unwrap_or((part, ""));
                Some((unescape_query(key)?, unescape_query(value)?))
            })
            .collect()
    }

    /// Sets the query, keys in order.
    pub fn set_pairs(&mut self, mut pairs: Vec<(String, String)>) {
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        let pairs = pairs.iter();
        let pairs =
            pairs.map(|(key, value)| format!("{}={}", escape_query(key), escape_query(value)));
        self.query = pairs.collect::<Vec<_>>().join("&");
    }

    /// Takes the query away.
    pub fn clear_query(&mut self) {
        self.query.clear();
    }
}

impl std::fmt::Display for Url {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.scheme.is_empty() {
            write!(f, "{}:", self.scheme)?;
        }
        if !self.opaque.is_empty() {
            f.write_str(&self.opaque)?;
        } else {
            if !self.scheme.is_empty() || !self.host.is_empty() || self.user.is_some() {
                f.write_str("//")?;
            }
            if let Some(user) = &self.user {
                write!(f, "{user}@")?;
            }
            f.write_str(&self.host)?;
            if !self.path.is_empty() && !self.path.starts_with('/') && !self.host.is_empty() {
                f.write_str("/")?;
            }
            f.write_str(&escaped_path(&self.path))?;
        }
        if self.has_empty_query || !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        if !self.fragment.is_empty() {
            write!(f, "#{}", self.fragment)?;
        }
        Ok(())
    }
}

/// The scheme, empty if there is none, and what follows its colon.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if index > 0 => {}
            b':' if index == 0 => return None,
            b':' => return Some((text.get(..index)?, text.get(index + 1..)?)),
            _ => break,
        }
    }
    Some(("", text))
}

fn is_user(user: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    user.chars().all(is_allowed) && !user.contains('@') && is_escaped_well(user)
}

fn is_host(host: &str, scheme: &str) -> bool {
    let port = if let Some(literal) = host.strip_prefix('[') {
        let Some((address, port)) = literal.rsplit_once(']') else {
            return false;
        };
        let address = address.split("%25").next().unwrap_or(address);
        if address.parse::<std::net::Ipv6Addr>().is_err() {
            return false;
        }
        port
    } else {
        if host.contains('[') {
            return false;
        }
        let colon = if matches!(scheme, "http" | "https") {
            host.find(':')
        } else {
            host.rfind(':')
        };
        colon.and_then(|colon| host.get(colon..)).unwrap_or("")
    };
    let is_port = port.is_empty()
        || port
            .strip_prefix(':')
            .is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let is_allowed = |byte: u8| {
        !byte.is_ascii()
            || byte.is_ascii_alphanumeric()
            || b"-_.~!$&'()*+,;=:[]<>\"%".contains(&byte)
    };
    is_port && host.bytes().all(is_allowed) && is_escaped_well(host)
}

/// Whether each `%` has its two digits.
fn is_escaped_well(text: &str) -> bool {
    unescaped(text).is_some()
}

fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            let (high, low) = (digit()?, digit()?);
            out.push((high * 16 + low) as u8);
        } else {
            out.push(byte);
        }
    }
    Some(out)
}

fn escaped(bytes: &[u8], is_plain: impl Fn(u8) -> bool) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii() && is_plain(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)
}

/// A path stays as it was written where that is a valid way to write it.
fn escaped_path(path: &str) -> String {
    let is_plain = |byte: u8| is_unreserved(byte) || b"$&+,/:;=@".contains(&byte);
    let is_valid = |byte: u8| is_plain(byte) || b"!'()*[]%".contains(&byte);
    if path.bytes().all(is_valid) {
        return path.to_owned();
    }
    let bytes = unescaped(path).unwrap_or_else(|| path.as_bytes().to_vec());
    escaped(&bytes, is_plain)
}

fn unescape_query(text: &str) -> Option<String> {
    let bytes = unescaped(&text.replace('+', " "))?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn escape_query(text: &str) -> String {
    escaped(text.as_bytes(), |byte| is_unreserved(byte) || byte == b' ').replace(' ', "+")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn parts_are_those_of_go() {
        for (text, scheme, host, path) in [
            ("http://h:1/a b?q#f", "http", "h:1", "/a b"),
            ("HTTPS+insecure://h", "https+insecure", "h", ""),
            ("localhost:6060", "localhost", "", ""),
            ("/tmp/a.pb.gz", "", "", "/tmp/a.pb.gz"),
            ("a.pb.gz", "", "", "a.pb.gz"),
            ("//h/a", "", "h", "/a"),
            ("http://u:p@[::1]:80/", "http", "[::1]:80", "/"),
        ] {
            let url = Url::parse(text).unwrap();
            let parts = (url.scheme.as_str(), url.host.as_str(), url.path.as_str());
            assert_eq!(parts, (scheme, host, path), "{text}");
        }
        for text in [
            "127.0.0.1:6060",
            "http://h:bar",
            "http://a:1:2/",
            "http://h/%zz",
            "http://a b/",
            ":x",
            "a\nb",
            "http://[1.2.3.4]/",
        ] {
            assert_eq!(Url::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_url_is_put_together_as_in_go() {
        for (text, shown) in [
            ("http://h:1/a b?x=1#f", "http://h:1/a%20b?x=1#f"),
            ("http://h/%2f(x)", "http://h/%2f(x)"),
            ("http://h/?", "http://h/?"),
            ("http://u:p@h", "http://u:p@h"),
        ] {
            assert_eq!(Url::parse(text).unwrap().to_string(), shown);
        }
        let mut url = Url::parse("http://h/p?b=2&a=x+y%26&bad;=1&b=1&%zz").unwrap();
        let pairs = url.pairs();
        url.set_pairs(pairs);
        assert_eq!(url.to_string(), "http://h/p?a=x+y%26&b=2&b=1");
    }
}

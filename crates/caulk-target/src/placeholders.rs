use std::collections::{BTreeMap, BTreeSet};
use std::io;

use caulk_system::{FileError, TempFolder, free_port, io_message};

/// The values of `{port:NAME}` and `{tmp}`, each chosen when it is first asked for and the same from then on.
///
/// They stand for what differs from run to run: a free port of the loopback interface, one for each name, and a
/// fresh folder that is removed with this value. Other braces are left alone: `{n}` is the load's running number,
/// and a body may be JSON.
#[derive(Debug, Default)]
pub struct Placeholders {
    ports: BTreeMap<String, u16>,
    temporary: Option<TempFolder>,
}

/// Why a placeholder has no value. It reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum PlaceholderError {
    /// No port is free.
    #[error("find a free port: {}", io_message(.0))]
    Port(#[source] io::Error),
    /// No temporary folder could be made.
    #[error(transparent)]
    Folder(#[from] FileError),
}

const PORT: &str = "{port:";
const TEMPORARY: &str = "{tmp}";

impl Placeholders {
    /// Nothing chosen yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The text with the placeholders replaced by their values.
    pub fn expand(&mut self, text: &str) -> Result<String, PlaceholderError> {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, brace) = rest.split_at(at);
            expanded.push_str(before);
            if let Some(after) = brace.strip_prefix(TEMPORARY) {
                expanded.push_str(&self.temporary()?);
                rest = after;
            } else if let Some((name, after)) = port_name(brace) {
                expanded.push_str(&self.port(name)?.to_string());
                rest = after;
            } else {
                expanded.push('{');
                rest = brace.strip_prefix('{').unwrap_or_default();
            }
        }
        expanded.push_str(rest);
        Ok(expanded)
    }

    fn temporary(&mut self) -> Result<String, PlaceholderError> {
        let folder = match self.temporary.take() {
            Some(folder) => folder,
            None => TempFolder::new("caulk-")?,
        };
        let path = folder.path().display().to_string();
        self.temporary = Some(folder);
        Ok(path)
    }

    fn port(&mut self, name: &str) -> Result<u16, PlaceholderError> {
        if let Some(&port) = self.ports.get(name) {
            return Ok(port);
        }
        let used: BTreeSet<u16> = self.ports.values().copied().collect();
        let mut port = free_port().map_err(PlaceholderError::Port)?;
        while used.contains(&port) {
            port = free_port().map_err(PlaceholderError::Port)?;
        }
        self.ports.insert(name.to_owned(), port);
        Ok(port)
    }
}

/// The name in `{port:NAME}` at the beginning of the text, and what follows it.
fn port_name(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix(PORT)?.split_once('}')?;
    let valid = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!name.is_empty() && name.chars().all(valid)).then_some((name, after))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_name_keeps_its_port_and_other_braces_stay() {
        let mut places = Placeholders::new();
        let one = places
            .expand("http://127.0.0.1:{port:http}/x?n={n}")
            .unwrap();
        assert_eq!(
            one,
            places
                .expand("http://127.0.0.1:{port:http}/x?n={n}")
                .unwrap()
        );
        assert_ne!(
            places.expand("{port:http}").unwrap(),
            places.expand("{port:db}").unwrap()
        );
        for text in [
            r#"{"a": {"n": "{n}"}}"#,
            "{port:}",
            "{port:a b}",
            "{port:x",
            "{",
            "}{tm",
        ] {
            assert_eq!(places.expand(text).unwrap(), text);
        }
    }

    #[test]
    fn the_temporary_folder_is_there_until_the_end() {
        let mut places = Placeholders::new();
        let path = places.expand("{tmp}/{tmp}").unwrap();
        let folder = std::path::PathBuf::from(path.split("//").next().unwrap());
        assert!(folder.is_dir());
        drop(places);
        assert!(!folder.exists());
    }
}

//! What functions at the end of a stack mean: a table of plain words, `words/*.toml`.
//!
//! A `[[resource]]` is a thing that a program can have too many of: how one and many of it are called, and
//! what most often keeps it. A `[[part]]` is something that belongs to one, and the functions that allocate
//! it, or in which its goroutines stand: `functions` in current versions, `older` in earlier ones. Names
//! are the runtime's own (`%2e` for a dot in the last element of an import path, `[...]` for type
//! arguments; closures count as the function that holds them).
//!
//! With `under` a part is meant only where one of those functions stands further out on the stack. With
//! `leaf_within` it is meant only where the function is among so many innermost frames. What is `general`
//! (a map, a buffer, a string) is said only where nothing tells what holds it, and what is `broad` (a network
//! connection) only where nothing tells which kind it is.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

/// The files of the table: name, text.
const FILES: [(&str, &str); 4] = [
    ("clients.toml", include_str!("../words/clients.toml")),
    ("data.toml", include_str!("../words/data.toml")),
    ("network.toml", include_str!("../words/network.toml")),
    ("runtime.toml", include_str!("../words/runtime.toml")),
];

/// The resource that needs no function.
const OWN_VALUE: &str = "own-value";

/// A thing that a program can have too many of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// What other programs know it by: `grpc-client-connection`.
    pub name: String,
    /// `a gRPC client connection`.
    pub one: String,
    /// `gRPC client connections`.
    pub many: String,
    /// What most often keeps it, as a noun: `a client that is made anew and never closed`.
    pub kept_by: String,
}

/// What belongs to a resource, by the functions that show it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Part {
    /// The resource's name.
    pub resource: String,
    /// `write buffer`.
    pub what: String,
    /// Functions of current versions.
    pub functions: Vec<String>,
    /// Functions that only earlier versions have.
    pub older: Vec<String>,
    /// One of these must stand further out.
    pub under: Vec<String>,
    /// The same of earlier versions.
    pub older_under: Vec<String>,
    /// Among how many innermost frames the function must be; 0 for any.
    pub leaf_within: usize,
    /// Says which kind of thing it is only roughly.
    pub broad: bool,
    /// Says what is held and not what holds it.
    pub general: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    resource: Vec<Resource>,
    part: Vec<Part>,
}

/// The table.
#[derive(Debug, Default)]
pub struct Words {
    resources: BTreeMap<String, Resource>,
    parts: Vec<Part>,
    by_function: BTreeMap<String, Vec<usize>>,
}

/// What a stack shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning<'w> {
    /// What it belongs to.
    pub resource: &'w Resource,
    /// What of it is there: `write buffer`.
    pub part: &'w str,
    /// Whether it says what is held and not what holds it: a map, a buffer.
    pub is_general: bool,
}

impl Words {
    /// The table that caulk ships.
    #[must_use]
    pub fn shipped() -> &'static Words {
        static SHIPPED: OnceLock<Words> = OnceLock::new();
        // That it can be read is tested.
        SHIPPED.get_or_init(|| Words::read(&FILES).unwrap_or_default())
    }

    fn read(files: &[(&str, &str)]) -> Result<Words, String> {
        let mut words = Words::default();
        for (name, text) in files {
            let file: File = toml::from_str(text).map_err(|error| format!("{name}: {error}"))?;
            for resource in file.resource {
                words.resources.insert(resource.name.clone(), resource);
            }
            words.parts.extend(file.part);
        }
        for (index, part) in words.parts.iter().enumerate() {
            for function in part.functions.iter().chain(&part.older) {
                let parts = words.by_function.entry(function.clone()).or_default();
                parts.push(index);
            }
        }
        Ok(words)
    }

    /// What the program's own functions allocate.
    #[must_use]
    pub fn own_value(&self) -> Option<&Resource> {
        self.resources.get(OWN_VALUE)
    }

    /// All resources, by name.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        self.resources.values()
    }

    /// All parts.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// What the frames of a stack show, leaf first, up to the first of the user's own: what stands further
    /// out called the user's code, and says nothing of what that does.
    ///
    /// Of several that say as much, the innermost is the part, and the outermost what it belongs to: the keys
    /// of a TLS connection that is a gRPC connection's.
    #[must_use]
    pub fn of_stack(&self, frames: &[&str]) -> Option<Meaning<'_>> {
        let names: Vec<&str> = frames.iter().map(|frame| without_closures(frame)).collect();
        let mut found: Vec<&Part> = Vec::new();
        for (depth, name) in names.iter().enumerate() {
            let outer = names.get(depth + 1..).unwrap_or(&[]);
            let parts = self.by_function.get(*name).into_iter().flatten();
            let parts = parts.filter_map(|index| self.parts.get(*index));
            found.extend(parts.filter(|part| part.fits(depth, outer)));
        }
        let rank = found.iter().map(|part| part.rank()).min()?;
        let mut best = found.into_iter().filter(|part| part.rank() == rank);
        let innermost = best.next()?;
        let outermost = match rank {
            0 => best.next_back().unwrap_or(innermost),
            _ => innermost,
        };
        Some(Meaning {
            resource: self.resources.get(&outermost.resource)?,
            part: &innermost.what,
            is_general: innermost.general,
        })
    }
}

impl Part {
    /// What says more comes first.
    fn rank(&self) -> u8 {
        u8::from(self.broad) + 2 * u8::from(self.general)
    }

    fn fits(&self, depth: usize, outer: &[&str]) -> bool {
        let is_under = || {
            let mut under = self.under.iter().chain(&self.older_under);
            under.any(|function| outer.contains(&function.as_str()))
        };
        (self.leaf_within == 0 || depth < self.leaf_within) && (self.under.is_empty() || is_under())
    }
}

/// A function's name without the closures in it: `f` of `f.func1.2`, `f.gowrap1`, `f-fm`.
pub(crate) fn without_closures(symbol: &str) -> &str {
    let mut name = symbol.strip_suffix("-fm").unwrap_or(symbol);
    while let Some((outer, last)) = name.rsplit_once('.') {
        let last = last.split_once("-range").map_or(last, |(last, _)| last);
        let number = ["func", "gowrap", "deferwrap", ""]
            .iter()
            .find_map(|prefix| last.strip_prefix(prefix));
        let is_closure = number.is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        if !is_closure {
            break;
        }
        name = outer;
    }
    name
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn meaning(frames: &[&str]) -> Option<(&'static str, &'static str)> {
        let meaning = Words::shipped().of_stack(frames)?;
        Some((meaning.resource.one.as_str(), meaning.part))
    }

    #[test]
    fn the_shipped_table_is_whole() {
        let words = Words::read(&FILES).unwrap();
        assert!(words.parts.len() >= 100, "{}", words.parts.len());
        for part in &words.parts {
            assert!(words.resources.contains_key(&part.resource), "{part:?}");
            assert!(
                !part.what.is_empty() && !part.functions.is_empty(),
                "{part:?}"
            );
        }
        for resource in words.resources() {
            let is_used = resource.name == OWN_VALUE
                || words
                    .parts
                    .iter()
                    .any(|part| part.resource == resource.name);
            assert!(is_used, "{} has no part", resource.name);
            assert!(
                resource.one.starts_with("a ")
                    || resource.one.starts_with("an ")
                    || resource.one.starts_with("what "),
                "{}",
                resource.one
            );
        }
    }

    #[test]
    fn what_says_more_comes_before_what_is_nearer() {
        let reader = "bufio.NewReaderSize";
        assert_eq!(meaning(&[reader]), Some(("a buffer", "bytes")));
        let under_http = [
            reader,
            "net/http.(*Transport).dialConn",
            "net/http.(*Transport).dialConnFor",
        ];
        assert_eq!(
            meaning(&under_http),
            Some(("an HTTP client connection", "read and write buffers"))
        );
        let under_grpc = [
            reader,
            "google.golang.org/grpc/internal/transport.newFramer",
            "google.golang.org/grpc/internal/transport.NewHTTP2Client",
        ];
        assert_eq!(
            meaning(&under_grpc),
            Some(("a gRPC client connection", "read buffer"))
        );
    }

    #[test]
    fn a_part_belongs_to_what_holds_all_of_it() {
        let keys = [
            "crypto/internal/fips140/aes/gcm.NewGCMForTLS13",
            "crypto/tls.(*Conn).clientHandshake",
            "google.golang.org/grpc/internal/transport.NewHTTP2Client",
            "google.golang.org/grpc.(*addrConn).connect",
        ];
        let expected = (
            "a gRPC client connection",
            "TLS keys, buffers and certificates",
        );
        assert_eq!(meaning(&keys), Some(expected));
        let alone = ("a TLS connection", "TLS keys, buffers and certificates");
        assert_eq!(meaning(&keys[..2]), Some(alone));
    }

    #[test]
    fn an_old_servers_names_are_known_too() {
        let story = [
            "google.golang.org/grpc/internal/transport.newBufWriter",
            "google.golang.org/grpc/internal/transport.newFramer",
            "google.golang.org/grpc/internal/transport.newHTTP2Client",
        ];
        assert_eq!(
            meaning(&story),
            Some(("a gRPC client connection", "write buffer"))
        );
        assert_eq!(
            meaning(&["runtime.hashGrow", "runtime.mapassign_faststr"]),
            Some(("a map", "table of entries"))
        );
    }

    #[test]
    fn what_a_server_calls_is_not_the_servers() {
        let handler = [
            "bytes.growSlice",
            "bytes.(*Buffer).grow",
            "bytes.(*Buffer).Write",
            "net/http.(*conn).serve",
        ];
        assert_eq!(meaning(&handler), Some(("a buffer", "bytes")));
        assert_eq!(meaning(&["example.com/m.f"]), None);
    }

    #[test]
    fn closures_count_as_the_function_that_holds_them() {
        for (symbol, expected) in [
            ("database/sql.OpenDB.gowrap1", "database/sql.OpenDB"),
            ("example.com/m.f.func1.2", "example.com/m.f"),
            ("example.com/m.(*T).f-fm", "example.com/m.(*T).f"),
            ("example.com/m.f.func1-range1", "example.com/m.f"),
            ("crypto/sha256.New", "crypto/sha256.New"),
            ("", ""),
        ] {
            assert_eq!(without_closures(symbol), expected);
        }
    }
}

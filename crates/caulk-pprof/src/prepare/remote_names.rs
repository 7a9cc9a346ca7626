//! Names that the service has whose profile it is (`internal/symbolz` of the reference): addresses
//! are posted to its symbol endpoint, and it answers with a name for each.

use std::collections::BTreeMap;

use caulk_profile::{Function, Line, LocationIndex, MappingIndex, Profile};

use crate::url::Url;

/// Which service a mapping's names can be asked of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingSource {
    /// Build id or file of the mapping.
    key: Vec<u8>,
    /// Where its profile was fetched.
    url: String,
    /// Where the mapping begins in that profile; added up with others it may be moved.
    start: u64,
}

/// What is to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameQuery {
    /// Of whom.
    pub url: String,
    /// What is posted.
    pub body: String,
    mapping: MappingIndex,
    /// What the service's addresses are more than the profile's.
    offset: i64,
}

/// Why names cannot be asked, or an answer not be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NamesError {
    /// A profile was moved so far that an address does not exist.
    #[error("cannot adjust address {address} by {offset}, it would overflow")]
    Overflow {
        /// The address.
        address: u64,
        /// By how much.
        offset: i64,
    },
    /// A number of more than 64 bits.
    #[error("the service names an address of more than 64 bits")]
    TooLarge,
}

/// Notes where a profile was fetched, for [`name_queries`]. A mapping that says nothing of itself gets
/// the URL as its file, which [`super::prepare`] takes away again.
pub fn note_source(profile: &mut Profile, url: &str) -> Vec<MappingSource> {
    let mut sources = Vec::with_capacity(profile.mappings().len());
    for index in 0..profile.mappings().len() {
        let Some(&mapping) = profile.mappings().get(index) else {
            break;
        };
        let strings = profile.strings();
        let mut key = strings.bytes(mapping.build_id).to_vec();
        if key.is_empty() {
            key = strings.bytes(mapping.file).to_vec();
        }
        if key.is_empty() {
            key = url.as_bytes().to_vec();
            let file = profile.add_string(&key);
            if let Some(mapping) = profile.mappings_mut().get_mut(index) {
                mapping.file = file;
            }
        }
        sources.push(MappingSource {
            key,
            url: url.to_owned(),
            start: mapping.start,
        });
    }
    sources
}

/// What is to be asked for a profile, one mapping after the other. Mappings with names are left out,
/// unless `force` is set.
pub fn name_queries(
    profile: &mut Profile,
    sources: &[MappingSource],
    force: bool,
) -> Result<Vec<NameQuery>, NamesError> {
    let mut queries = Vec::new();
    let mut nameless = nameless_addresses(profile);
    for index in 0..profile.mappings().len() {
        let Some(&mapping) = profile.mappings().get(index) else {
            break;
        };
        if mapping.has_functions && !force {
            continue;
        }
        let strings = profile.strings();
        let (file, build_id) = (strings.bytes(mapping.file), strings.bytes(mapping.build_id));
        let by_file = sources.iter().filter(|source| source.key == file);
        let by_id = sources
            .iter()
            .filter(|source| !build_id.is_empty() && source.key == build_id);
        let Some((source, url)) = by_file
            .chain(by_id)
            .find_map(|source| Some((source, endpoint(&source.url)?)))
        else {
            continue;
        };
        let offset = source.start.wrapping_sub(mapping.start) as i64;
        let mapping = MappingIndex(index as u32);
        let mut body = Vec::new();
        for address in nameless.remove(&mapping).unwrap_or_default() {
            body.push(format!("{:#x}", moved(address, offset)?));
        }
        if !body.is_empty() {
            queries.push(NameQuery {
                url,
                body: body.join("+"),
                mapping,
                offset,
            });
        }
        if let Some(mapping) = profile.mappings_mut().get_mut(index) {
            mapping.has_functions = true;
        }
    }
    Ok(queries)
}

/// The addresses of locations without names, by mapping.
fn nameless_addresses(profile: &Profile) -> BTreeMap<MappingIndex, Vec<u64>> {
    let mut nameless: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for (index, location) in profile.locations().iter().enumerate() {
        let has_lines = !profile.lines(LocationIndex(index as u32)).is_empty();
        if let Some(mapping) = location.mapping
            && location.address != 0
            && !has_lines
        {
            nameless.entry(mapping).or_default().push(location.address);
        }
    }
    nameless
}

/// Gives the locations of a profile the names of an answer.
pub fn take_names(
    profile: &mut Profile,
    query: &NameQuery,
    answer: &[u8],
) -> Result<(), NamesError> {
    let mut lines: BTreeMap<u64, Line> = BTreeMap::new();
    let mut functions = BTreeMap::new();
    let mut next_id = profile.next_function_id();
    for line in answer.split_inclusive(|&byte| byte == b'\n') {
        if !line.ends_with(b"\n") {
            break;
        }
        let Some((address, text)) = named_address(line) else {
            continue;
        };
        let address = address.ok_or(NamesError::TooLarge)?;
        let address = moved(address, query.offset.wrapping_neg())?;
        let function = match functions.get(text) {
            Some(&function) => function,
            None => {
                let name = profile.add_string(text);
                let function = profile.add_function(Function {
                    id: next_id,
                    name,
                    system_name: name,
                    ..Function::default()
                });
                next_id = next_id.wrapping_add(1);
                functions.insert(text, function);
                function
            }
        };
        let line = Line {
            function,
            ..Line::default()
        };
        lines.insert(address, line);
    }
    for index in 0..profile.locations().len() {
        let Some(&location) = profile.locations().get(index) else {
            break;
        };
        if location.mapping == Some(query.mapping)
            && let Some(&line) = lines.get(&location.address)
        {
            profile.set_line(LocationIndex(index as u32), line);
        }
    }
    Ok(())
}

/// The endpoint beside a profile's that has names.
fn endpoint(source: &str) -> Option<String> {
    // Those of gperftools.
    const OTHERS: [&str; 5] = [
        "/pprof/heap",
        "/pprof/growth",
        "/pprof/profile",
        "/pprof/pmuprofile",
        "/pprof/contention",
    ];
    let mut url = Url::parse(source).filter(|url| !url.host.is_empty())?;
    let is_go = url.path.contains("/debug/pprof/");
    let is_known = is_go || OTHERS.iter().any(|suffix| url.path.ends_with(suffix));
    let name = if is_known { "symbol" } else { "symbolz" };
    url.path = clean(&format!("{}/../{name}", url.path));
    url.clear_query();
    Some(url.to_string())
}

/// A path without empty elements, `.` and `..`.
fn clean(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for element in path.split('/') {
        match element {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            element => kept.push(element),
        }
    }
    format!("/{}", kept.join("/"))
}

/// `0x…`, white space, and the rest of the line; the address is `None` where it is too large.
fn named_address(line: &[u8]) -> Option<(Option<u64>, &[u8])> {
    let is_space = |byte: &u8| b"\t\n\x0c\r ".contains(byte);
    for at in memchr::memmem::find_iter(line, b"0x") {
        let rest = line.get(at + 2..)?;
        let digits = rest
            .iter()
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        let (digits, rest) = rest.split_at_checked(digits)?;
        let spaces = rest.iter().take_while(|byte| is_space(byte)).count();
        if digits.is_empty() || spaces == 0 {
            continue;
        }
        let name = rest.get(spaces..)?;
        let digits = std::str::from_utf8(digits).ok()?;
        let address = u64::from_str_radix(digits, 16).ok();
        return Some((address, name.strip_suffix(b"\n").unwrap_or(name)));
    }
    None
}

fn moved(address: u64, offset: i64) -> Result<u64, NamesError> {
    address
        .checked_add_signed(offset)
        .ok_or(NamesError::Overflow { address, offset })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use caulk_profile::{Mapping, ProfileBuilder};

    fn profile() -> Profile {
        let mut builder = ProfileBuilder::new();
        let mapping = builder.mapping(Mapping {
            start: 0x1000,
            limit: 0x9000,
            ..Mapping::default()
        });
        for address in [0x1010, 0x1020, 0] {
            builder.location(Some(mapping), address, &[]);
        }
        builder.finish()
    }

    #[test]
    fn names_are_asked_for_where_there_are_none() {
        let mut profile = profile();
        let mut sources = note_source(&mut profile, "http://h:1/debug/pprof/heap?debug=1");
        sources[0].start += 0x100;
        let queries = name_queries(&mut profile, &sources, false).unwrap();
        assert_eq!(queries.len(), 1);
        assert_eq!(queries[0].url, "http://h:1/debug/pprof/symbol");
        assert_eq!(queries[0].body, "0x1110+0x1120");
        let answer = b"num_symbols: 1\n0x1110\tmain.keep\nat 0x1120  main. main \n0x1130 cut";
        take_names(&mut profile, &queries[0], answer).unwrap();
        let name = |location: u32| {
            let line = profile.lines(LocationIndex(location)).first()?;
            Some(profile.string(profile.function(line.function).name))
        };
        assert_eq!(name(0), Some("main.keep"));
        assert_eq!(name(1), Some("main. main "));
        assert_eq!(name(2), None);
        let again = name_queries(&mut profile, &sources, false).unwrap();
        assert_eq!(again, []);
    }

    #[test]
    fn an_address_that_cannot_be_is_an_error() {
        let mut profile = profile();
        let sources = note_source(&mut profile, "http://h/debug/pprof/heap");
        let queries = name_queries(&mut profile, &sources, false).unwrap();
        let error = take_names(&mut profile, &queries[0], b"0x11111111111111111 a\n");
        assert_eq!(error, Err(NamesError::TooLarge));
    }

    #[test]
    fn the_endpoint_is_beside_the_profile() {
        for (source, expected) in [
            (
                "http://h/debug/pprof/heap?x=1",
                "http://h/debug/pprof/symbol",
            ),
            ("http://h/a/pprof/growth", "http://h/a/pprof/symbol"),
            ("https://h/profilez", "https://h/symbolz"),
            ("http://h", "http://h/symbolz"),
        ] {
            assert_eq!(endpoint(source).as_deref(), Some(expected), "{source}");
        }
        assert_eq!(endpoint("a.pb.gz"), None);
    }
}

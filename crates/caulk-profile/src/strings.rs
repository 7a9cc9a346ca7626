//! All strings of a profile in one arena.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use crate::StringId;

/// Strings end to end in one buffer, addressed by [`StringId`]. Id 0 is the empty string.
///
/// Profiles may hold strings that are not UTF-8. [`get`](Self::get) gives those with replacement
/// characters; [`bytes`](Self::bytes) gives what the file had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StringTable {
    text: String,
    ends: Vec<u32>,
    not_utf8: BTreeMap<u32, Box<[u8]>>,
}

impl Default for StringTable {
    fn default() -> Self {
        StringTable {
            text: String::new(),
            ends: vec![0],
            not_utf8: BTreeMap::new(),
        }
    }
}

impl StringTable {
    /// Number of strings, the empty one included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no string at all.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The string, empty for an id of another table.
    pub fn get(&self, id: StringId) -> &str {
        let index = id.index();
        let start = match index.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        let Some(&end) = self.ends.get(index) else {
            return "";
        };
        self.text.get(start as usize..end as usize).unwrap_or("")
    }

    /// The bytes of the string as they were read.
    pub fn bytes(&self, id: StringId) -> &[u8] {
        match self.not_utf8.get(&id.0) {
            Some(raw) => raw,
            None => self.get(id).as_bytes(),
        }
    }

    /// Appends a string without looking for an equal one; `None` when the table is full (4 GiB).
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Option<StringId> {
        let id = u32::try_from(self.ends.len()).ok()?;
        let text = String::from_utf8_lossy(bytes);
        let end = u32::try_from(self.text.len().checked_add(text.len())?).ok()?;
        if let std::borrow::Cow::Owned(_) = text {
            self.not_utf8.insert(id, bytes.into());
        }
        self.text.push_str(&text);
        self.ends.push(end);
        Some(StringId(id))
    }
}

/// Finds the strings of a table by their bytes, so that each is in it once. It belongs to one table
/// and knows what it put there itself.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    ids: HashTable<StringId>,
}

impl Interner {
    /// The id of a string, which is appended if it is new; `None` when the table is full.
    pub fn intern(&mut self, table: &mut StringTable, bytes: &[u8]) -> Option<StringId> {
        if bytes.is_empty() {
            return Some(StringId(0));
        }
        let hash = hash_of(bytes);
        if let Some(&id) = self.ids.find(hash, |&id| table.bytes(id) == bytes) {
            return Some(id);
        }
        let id = table.push(bytes)?;
        let rehash = |&id: &StringId| hash_of(table.bytes(id));
        self.ids.insert_unique(hash, id, rehash);
        Some(id)
    }
}

fn hash_of(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    bytes.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keeps_the_bytes_of_strings_that_are_not_utf8() {
        let mut table = StringTable::default();
        let good = table.push("größe".as_bytes()).unwrap();
        let bad = table.push(b"a\xffb").unwrap();
        let after = table.push(b"c").unwrap();
        assert_eq!(table.get(StringId(0)), "");
        assert_eq!(table.get(good), "größe");
        assert_eq!(table.get(bad), "a\u{fffd}b");
        assert_eq!(table.bytes(bad), b"a\xffb");
        assert_eq!(table.bytes(after), b"c");
        assert_eq!(table.get(StringId(99)), "");
    }
}

//! Source files, where the profile or the options say that they are.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::paths::{clean, parent, split_list, without_prefix};
use crate::config::Config;
use crate::surroundings::SourceFiles;
use caulk_system::{FileError, FileKind, io_message};

/// A longer line ends the reference's reading of a file.
const LONGEST_LINE: usize = (64 << 10) - 1;

/// Reads source files, each once.
pub(super) struct SourceReader<'s> {
    files: &'s SourceFiles,
    /// Folders, colons between.
    search_path: String,
    trim_path: &'s str,
    read: BTreeMap<Vec<u8>, Result<Lines, Complaint>>,
}

/// Lines without their ends.
type Lines = Vec<Vec<u8>>;
/// What the reference says when there is no such file.
type Complaint = Vec<u8>;

impl<'s> SourceReader<'s> {
    pub fn new(files: &'s SourceFiles, config: &'s Config) -> SourceReader<'s> {
        let search_path = if config.source_path.is_empty() {
            files.folder.to_string_lossy().into_owned()
        } else {
            config.source_path.clone()
        };
        SourceReader {
            files,
            search_path,
            trim_path: &config.trim_path,
            read: BTreeMap::new(),
        }
    }

    /// The lines of a file of the profile.
    pub fn lines(&mut self, file: &[u8]) -> Result<&[Vec<u8>], &[u8]> {
        if !self.read.contains_key(file) {
            let lines = self.find(file).map(|bytes| lines(&bytes));
            self.read.insert(file.to_vec(), lines);
        }
        self.lines_if_read(file)
    }

    /// The lines of a file of the profile, none if it has not been read so far.
    pub fn lines_if_read(&self, file: &[u8]) -> Result<&[Vec<u8>], &[u8]> {
        match self.read.get(file) {
            Some(Ok(lines)) => Ok(lines),
            Some(Err(error)) => Err(error),
            None => Ok(&[]),
        }
    }

    /// The bytes of a file. One with a relative path is looked for in the folders of the search path and
    /// in all above each.
    fn find(&self, file: &[u8]) -> Result<Vec<u8>, Complaint> {
        let path = without_prefix(file, self.trim_path, &self.search_path);
        if path.first() == Some(&b'/') {
            return self.open(path).map_err(|error| {
                let reason = io_message(&error.source);
                [b"open ", path, b": ", reason.as_bytes()].concat()
            });
        }
        for folder in split_list(&self.search_path) {
            let mut folder = folder.as_bytes().to_vec();
            loop {
                let joined = match &folder[..] {
                    [] => path.to_vec(),
                    folder => [folder, b"/", path].concat(),
                };
                if let Ok(bytes) = self.open(&clean(&joined)) {
                    return Ok(bytes);
                }
                let above = parent(&folder);
                if above == folder {
                    break;
                }
                folder = above;
            }
        }
        let searched = self.search_path.as_bytes();
        Err([b"could not find file ", path, b" on path ", searched].concat())
    }

    /// What is no regular file has no lines: the reference can open it, and forgets that it cannot
    /// read it.
    fn open(&self, path: &[u8]) -> Result<Vec<u8>, FileError> {
        let path = Path::new(OsStr::from_bytes(path));
        let files = &self.files.files;
        match files.metadata(path)?.kind {
            FileKind::File => match files.read(path) {
                Err(error) if error.source.kind() == io::ErrorKind::IsADirectory => Ok(Vec::new()),
                read => read,
            },
            FileKind::Folder | FileKind::Other => Ok(Vec::new()),
        }
    }
}

fn lines(bytes: &[u8]) -> Lines {
    let mut lines = Lines::new();
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        if line.len() > LONGEST_LINE {
            break;
        }
        lines.push(line.strip_suffix(b"\r").unwrap_or(line).to_vec());
    }
    lines
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use caulk_system::MemoryFiles;
    use std::sync::Arc;

    fn lines_of(file: &str, config: &Config) -> Result<String, String> {
        let files = MemoryFiles::new()
            .with("/home/me/project/a.go", "one\r\ntwo\n")
            .with("/home/me/b.go", "three")
            .with("/other/long.go", format!("x\n{}\ny\n", "z".repeat(1 << 16)));
        let files = SourceFiles::new(Arc::new(files), "/home/me/project".into());
        let mut reader = SourceReader::new(&files, config);
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        match reader.lines(file.as_bytes()) {
            Ok(lines) => Ok(text(&lines.join(&b"|"[..]))),
            Err(error) => Err(text(error)),
        }
    }

    #[test]
    fn files_are_found_where_the_reference_finds_them() {
        let plain = Config::default();
        assert_eq!(
            lines_of("/home/me/project/a.go", &plain).unwrap(),
            "one|two"
        );
        assert_eq!(lines_of("a.go", &plain).unwrap(), "one|two");
        assert_eq!(lines_of("b.go", &plain).unwrap(), "three");
        // The name of the current folder is found in the path.
        assert_eq!(lines_of("/build/project/a.go", &plain).unwrap(), "one|two");
        assert_eq!(lines_of("/other/long.go", &plain).unwrap(), "x");
        assert_eq!(lines_of("/home/me", &plain).unwrap(), "");
        assert_eq!(
            lines_of("/gone.go", &plain).unwrap_err(),
            "open /gone.go: no such file or directory"
        );
        let config = Config {
            trim_path: "/build:/remote/".to_owned(),
            source_path: "/other:/home/me/project".to_owned(),
            ..Config::default()
        };
        assert_eq!(lines_of("/remote/a.go", &config).unwrap(), "one|two");
        assert_eq!(
            lines_of("/build/gone.go", &config).unwrap_err(),
            "could not find file gone.go on path /other:/home/me/project"
        );
    }
}

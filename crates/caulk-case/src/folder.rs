//! The folder of a case: opening one, and writing one so that an interrupted watch leaves a valid case.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use caulk_system::{FileError, Files, create_folder, write_atomic};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use crate::case::{Case, FileKind, Round, Snapshot, SnapshotFile, SnapshotIndex, VERSION};

/// The file that makes a folder a case.
pub const CASE_FILE: &str = "case.json";

/// Why a case could not be read or written. Each reads on after "failed to".
#[derive(Clone, Debug, thiserror::Error)]
pub enum CaseError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// `case.json` is not what it should be.
    #[error("read {}: {what}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Written by a later caulk.
    #[error("read {}: it is of format version {version}; this caulk reads up to {VERSION}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// A file's name would lead out of the folder.
    #[error("read {}: the file name {name:?} leads out of the folder", path.display())]
    NameLeadsOut {
        /// `case.json`.
        path: PathBuf,
        /// The name.
        name: String,
    },
}

/// A case and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct CaseFolder {
    /// The folder.
    pub path: PathBuf,
    /// What its `case.json` says.
    pub case: Case,
}

impl CaseFolder {
    /// Whether a folder is a case.
    pub fn is_case(files: &dyn Files, path: &Path) -> bool {
        files.is_file(&path.join(CASE_FILE))
    }

    /// Opens the case in `path`, the folder or its `case.json`.
    pub fn open(files: &dyn Files, path: &Path) -> Result<CaseFolder, CaseError> {
        let folder = match path.file_name() {
            Some(name) if name == CASE_FILE => path.parent().unwrap_or(Path::new("")),
            _ => path,
        };
        let file = folder.join(CASE_FILE);
        let bytes = files.read(&file)?;
        let case: Case = serde_json::from_slice(&bytes).map_err(|error| CaseError::Malformed {
            path: file.clone(),
            what: error.to_string(),
        })?;
        if case.version > VERSION {
            return Err(CaseError::Newer {
                path: file,
                version: case.version,
            });
        }
        let names = case.snapshots.iter().flat_map(|snapshot| &snapshot.files);
        if let Some(bad) = names
            .map(|file| &file.name)
            .find(|name| !stays_inside(name))
        {
            return Err(CaseError::NameLeadsOut {
                path: file,
                name: bad.clone(),
            });
        }
        Ok(CaseFolder {
            path: folder.to_owned(),
            case,
        })
    }

    /// The bytes of a snapshot's file; `None` when it has no such file.
    pub fn read(
        &self,
        files: &dyn Files,
        index: SnapshotIndex,
        kind: FileKind,
    ) -> Option<Result<Vec<u8>, FileError>> {
        let file = self.case.file(index, kind)?;
        Some(read_raw(files, &self.path.join(&file.name)))
    }

    /// Starts a case in a folder, which is created. A case that is already there is replaced.
    pub fn create(path: impl Into<PathBuf>, case: Case) -> Result<CaseFolder, CaseError> {
        let folder = CaseFolder {
            path: path.into(),
            case,
        };
        create_folder(&folder.path)?;
        folder.save()?;
        Ok(folder)
    }

    /// Adds a snapshot with its raw files. Its index and file list are set here. The files are
    /// written before `case.json`, which is replaced in one step, so that a watch that is
    /// interrupted at any moment leaves a case without this snapshot or with all of it.
    pub fn add_snapshot(
        &mut self,
        mut snapshot: Snapshot,
        raw: &[(FileKind, Vec<u8>)],
    ) -> Result<SnapshotIndex, CaseError> {
        let taken = self.case.snapshots.iter().map(|snapshot| snapshot.index.0);
        let index = SnapshotIndex(taken.max().map_or(0, |last| last.saturating_add(1)));
        snapshot.index = index;
        snapshot.files.clear();
        for (kind, bytes) in raw {
            let mut name = kind.file_name(index);
            if name.ends_with(".txt") && bytes.len() > PACKED_FROM {
                name.push_str(PACKED);
                write_atomic(&self.path.join(&name), &pack(bytes))?;
            } else {
                write_atomic(&self.path.join(&name), bytes)?;
            }
            snapshot.files.push(SnapshotFile { kind: *kind, name });
        }
        self.case.snapshots.push(snapshot);
        self.save()?;
        Ok(index)
    }

    /// Adds the figures of a round of load.
    pub fn add_round(&mut self, round: Round) -> Result<(), CaseError> {
        self.case.rounds.push(round);
        self.save()
    }

    /// Writes `case.json` in one step.
    pub fn save(&self) -> Result<(), CaseError> {
        let file = self.path.join(CASE_FILE);
        let mut json =
            serde_json::to_vec_pretty(&self.case).map_err(|error| CaseError::Malformed {
                path: file.clone(),
                what: error.to_string(),
            })?;
        json.push(b'\n');
        write_atomic(&file, &json)?;
        Ok(())
    }
}

/// Text larger than this is kept packed: a dump of a thousand goroutines with their ancestors has
/// megabytes, and one twentieth of that packed. `zcat` and `go tool pprof` read it as it is.
const PACKED_FROM: usize = 64 << 10;

/// What the name of packed text ends with.
const PACKED: &str = ".gz";

/// No dump of the Go runtime is larger than 64 MiB.
const LARGEST_TEXT: u64 = 256 << 20;

/// Reads a raw file of a snapshot; text that is kept packed is unpacked.
pub fn read_raw(files: &dyn Files, path: &Path) -> Result<Vec<u8>, FileError> {
    let bytes = files.read(path)?;
    if !path.to_string_lossy().ends_with(".txt.gz") && !is_packed_dump(&bytes) {
        return Ok(bytes);
    }
    unpack(&bytes).map_err(|error| FileError::unreadable(path, error))
}

/// Whether these are the goroutines of a program, packed: a profile is never plain text within.
fn is_packed_dump(bytes: &[u8]) -> bool {
    const DUMP: &[u8] = b"goroutine ";
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return false;
    }
    let mut start = Vec::new();
    let read = MultiGzDecoder::new(bytes)
        .take(DUMP.len() as u64)
        .read_to_end(&mut start);
    read.is_ok() && start == DUMP
}

fn pack(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(text);
    encoder.finish().unwrap_or_default()
}

fn unpack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    MultiGzDecoder::new(bytes)
        .take(LARGEST_TEXT)
        .read_to_end(&mut text)?;
    Ok(text)
}

/// A plain file name: a case that came from elsewhere must not make us read other files.
fn stays_inside(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', ':', '\0'])
}

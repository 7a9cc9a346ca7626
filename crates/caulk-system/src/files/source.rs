//! What a user names to be read, which may be a file, a device or the end of a pipe.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};

use super::{FileAction, FileError, FileKind, Files, OsFiles};
use crate::cancel::{Cancel, POLL, Stopped};

/// Why a source was not read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SourceError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The wait for it was cancelled.
    #[error("read {0}: {1}")]
    Stopped(String, Stopped),
}

/// The first bytes of a source, at most `most`. What writes into a pipe may be slow, or never come: the
/// token ends the wait.
pub fn read_source(path: &Path, most: u64, cancel: &Cancel) -> Result<Vec<u8>, SourceError> {
    let waits = OsFiles
        .metadata(path)
        .is_ok_and(|found| found.kind == FileKind::Other);
    if !waits {
        return Ok(read_at_most(path, most)?);
    }
    let (sender, receiver) = mpsc::channel();
    let owned = path.to_owned();
    // It is never joined: the process may end while it waits.
    std::thread::spawn(move || sender.send(read_at_most(&owned, most)));
    loop {
        match receiver.recv_timeout(POLL) {
            Ok(read) => return Ok(read?),
            Err(RecvTimeoutError::Timeout) if !cancel.is_cancelled() => {}
            Err(_) => {
                let shown = path.display().to_string();
                return Err(SourceError::Stopped(shown, Stopped::Cancelled));
            }
        }
    }
}

/// A file that is to be read bit by bit; `None` for what is no file, or cannot be opened.
pub fn open_file(path: &Path) -> Option<File> {
    // Opening a pipe would wait for who writes into it.
    OsFiles.is_file(path).then(|| File::open(path).ok())?
}

fn read_at_most(path: &Path, most: u64) -> Result<Vec<u8>, FileError> {
    let failed = |error| FileError::new(FileAction::Read, path, error);
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_or(0, |found| found.len()).min(most);
    let mut bytes = Vec::new();
    // Where there is no such memory, reading says so.
    let _ = bytes.try_reserve_exact(usize::try_from(length).unwrap_or(0));
    file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::TempFolder;

    #[test]
    fn a_source_is_read_up_to_the_limit() {
        let folder = TempFolder::new("source").unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"0123456789").unwrap();
        let cancel = Cancel::new();
        assert_eq!(read_source(&path, 100, &cancel).unwrap(), b"0123456789");
        assert_eq!(read_source(&path, 4, &cancel).unwrap(), b"0123");
        let missing = read_source(&folder.path().join("none"), 4, &cancel).unwrap_err();
        assert!(
            missing.to_string().ends_with("no such file or directory"),
            "{missing}"
        );
        assert!(read_source(folder.path(), 4, &cancel).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_device_without_end_is_read_up_to_the_limit() {
        let bytes = read_source(Path::new("/dev/zero"), 1000, &Cancel::new()).unwrap();
        assert_eq!(bytes, vec![0; 1000]);
    }

    #[cfg(unix)]
    #[test]
    fn waiting_for_a_pipe_can_be_cancelled() {
        let folder = TempFolder::new("pipe").unwrap();
        let path = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        let cancel = Cancel::new();
        let writer = path.clone();
        let write = std::thread::spawn(move || std::fs::write(writer, b"written"));
        assert_eq!(read_source(&path, 100, &cancel).unwrap(), b"written");
        write.join().unwrap().unwrap();
        // Nobody writes now.
        cancel.cancel();
        let error = read_source(&path, 100, &cancel).unwrap_err();
        assert!(matches!(error, SourceError::Stopped(..)), "{error}");
    }
}

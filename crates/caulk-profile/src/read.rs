//! From the bytes of a file to a profile: which form it has, and what can be wrong with it.

use std::io::{BufReader, Cursor, Read, Seek, SeekFrom};

use flate2::bufread::MultiGzDecoder;

use crate::inflate::{expected_size, inflate, is_gzip};
use crate::{Profile, goroutine, legacy, mistaken, proto};

/// What reading may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most bytes that a profile may have, inflated if it is compressed. In memory it takes two to
    /// three times as much; one that was made to be large, up to some thirty times.
    pub inflated_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            inflated_bytes: 1 << 30,
        }
    }
}

/// Why bytes are not a profile. Each reads on after "failed to".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// There are no bytes.
    #[error("read the profile: it is empty")]
    Empty,
    /// The gzip stream is broken.
    #[error("inflate the profile: {reason} in the gzip member at byte {offset}")]
    Gzip {
        /// Where the member starts.
        offset: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It has more bytes than [`Limits::inflated_bytes`], at least once it is inflated.
    #[error("read the profile: it is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The protobuf encoding is broken.
    #[error("read the profile: {reason} at byte {offset} of the protobuf")]
    Wire {
        /// Where, in the inflated bytes.
        offset: usize,
        /// What is wrong there.
        reason: &'static str,
    },
    /// Several profiles one after the other.
    #[error("read the profile: several profiles are concatenated")]
    Concatenated,
    /// The encoding is right, the content is not.
    #[error("read the profile: {what}")]
    Malformed {
        /// What is wrong.
        what: String,
    },
    /// A line of a text form is wrong.
    #[error("read the profile: line {line}: {what}")]
    Text {
        /// 1-based.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A CPU profile of the old binary form is wrong.
    #[error("read the profile: {what} at byte {offset} of the binary CPU profile")]
    BinaryCpu {
        /// Where, in the inflated bytes.
        offset: usize,
        /// What is wrong there.
        what: &'static str,
    },
    /// A goroutine dump of `debug=2`, which is not a profile: see [`crate::goroutine::read`].
    #[error("read the profile: it is a goroutine dump (debug=2), not a profile")]
    GoroutineDump,
    /// Something else, which is known.
    #[error("read the profile: it is {what}, not a profile")]
    Mistaken {
        /// What it is.
        what: &'static str,
    },
    /// A text, but not that of a profile.
    #[error("read the profile: unrecognized format; it begins with {start:?}")]
    UnrecognizedText {
        /// Its first line, cut short.
        start: String,
    },
    /// Neither a profile nor anything known.
    #[error("read the profile: unrecognized format")]
    Unrecognized,
}

/// Reads a profile: `profile.proto`, gzipped or plain, or a form from before it. Of those that Go's
/// runtime writes with `debug=1`, the symbol lines, the labels and the memory figures are kept.
///
/// The older forms are: text profiles of heaps (Go's and those of C++ allocators), counts
/// (`goroutine`, `threadcreate`, those that programs define), threads, contention (`block`, `mutex`,
/// `contentionz`), the Java agent's heap and contention profiles, and binary CPU profiles.
pub fn read(bytes: &[u8], limits: Limits) -> Result<Profile, ReadError> {
    read_form(bytes, limits, legacy::Symbols::Keep)
}

/// Reads a profile as `go tool pprof` does, which skips the symbol lines and the labels of the text
/// forms: their frames have addresses only. It asks that frames of allocators, locks and profilers
/// be hidden where such a form is named later.
///
/// Lines of over 64 KiB, at which `go tool pprof` gives up, are read.
pub fn read_as_pprof(bytes: &[u8], limits: Limits) -> Result<Profile, ReadError> {
    read_form(bytes, limits, legacy::Symbols::Skip)
}

/// Reads a gzipped `profile.proto` that is large, and holds little more of it in memory than the profile:
/// what is inflated is decoded at once. `None` where that is not possible, for whatever reason: then
/// [`read`] can, or says what is wrong.
pub fn read_large(mut file: impl Read + Seek + Send, limits: Limits) -> Option<Profile> {
    let mut last = [0; 4];
    let size = file.seek(SeekFrom::End(-(last.len() as i64))).ok()? + last.len() as u64;
    file.read_exact(&mut last).ok()?;
    file.rewind().ok()?;
    let expected = expected_size(size, last).min(limits.inflated_bytes);
    if expected < LARGE || size > limits.inflated_bytes {
        return None;
    }
    let file = BufReader::with_capacity(READ_AT_ONCE, file);
    let inflating = MultiGzDecoder::new(file);
    proto::decode_pieces(
        inflating,
        usize::try_from(expected).ok()?,
        limits.inflated_bytes,
    )
}

/// Fewer inflated bytes than this fit into the caches, or almost.
const LARGE: u64 = 1 << 23;
const READ_AT_ONCE: usize = 1 << 16;

fn read_form(bytes: &[u8], limits: Limits, symbols: legacy::Symbols) -> Result<Profile, ReadError> {
    if bytes.len() as u64 > limits.inflated_bytes {
        return Err(ReadError::TooLarge {
            limit: limits.inflated_bytes,
        });
    }
    let inflated;
    let bytes = if is_gzip(bytes) {
        if let Some(profile) = read_large(Cursor::new(bytes), limits) {
            return Ok(profile);
        }
        inflated = inflate(bytes, limits)?;
        &inflated
    } else {
        bytes
    };
    if bytes.is_empty() {
        return Err(ReadError::Empty);
    }
    match proto::decode(bytes) {
        Ok(profile) => Ok(profile),
        Err(ReadError::Concatenated) => Err(ReadError::Concatenated),
        Err(_) if goroutine::is_dump_of_debug_2(bytes) => Err(ReadError::GoroutineDump),
        Err(error) => legacy::read(bytes, symbols).map_err(|legacy| match legacy {
            ReadError::Unrecognized => unrecognized(bytes, error),
            reason => reason,
        }),
    }
}

/// Says what can be said of bytes that are no profile, `error` being what is wrong with them as
/// protobuf.
fn unrecognized(bytes: &[u8], error: ReadError) -> ReadError {
    if let Some(what) = mistaken::what_it_is(bytes) {
        return ReadError::Mistaken { what };
    }
    match mistaken::first_line_of_text(bytes) {
        Some(start) if start.is_empty() => ReadError::Unrecognized,
        // An offset in a protobuf would not help.
        Some(start) => ReadError::UnrecognizedText { start },
        None => error,
    }
}

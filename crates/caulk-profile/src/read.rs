//! From the bytes of a file to a profile: which form it has, and what can be wrong with it.

use crate::inflate::{inflate, is_gzip};
use crate::{Profile, legacy, proto};

/// What reading may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most bytes that a compressed profile may inflate to. In memory a profile takes two to three
    /// times its inflated size, one that was made to be large some twenty times.
    pub inflated_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            inflated_bytes: 4 << 30,
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
    /// It inflates to more than [`Limits::inflated_bytes`].
    #[error("inflate the profile: it is larger than the limit of {limit} bytes")]
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

fn read_form(bytes: &[u8], limits: Limits, symbols: legacy::Symbols) -> Result<Profile, ReadError> {
    let inflated;
    let bytes = if is_gzip(bytes) {
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
        Err(error) => match legacy::read(bytes, symbols) {
            Err(ReadError::Unrecognized) if !looks_like_text(bytes) => Err(error),
            result => result,
        },
    }
}

/// Whether a person would call it text, and so would not be helped by an offset in a protobuf.
fn looks_like_text(bytes: &[u8]) -> bool {
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    bytes.iter().take(64).all(is_text)
}

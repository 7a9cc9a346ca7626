//! A profile to the bytes of a file.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::{Profile, proto};

/// Writes a profile as gzipped `profile.proto`, which every tool reads. What only text forms have
/// ([`Profile::memory`]) is not in it.
pub fn write(profile: &Profile, out: impl Write) -> io::Result<()> {
    let mut encoder = GzEncoder::new(out, Compression::default());
    encoder.write_all(&proto::encode(profile))?;
    encoder.finish()?;
    Ok(())
}

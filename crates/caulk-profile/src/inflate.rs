//! Gzip to plain bytes, within a limit.

use std::io::{ErrorKind, Read};

use crate::{Limits, ReadError};

const MEMBER_HEADER: usize = 10;
const MEMBER_TRAILER: usize = 8;
/// Deflate cannot shrink anything by more than this.
const BEST_RATIO: u64 = 1032;

/// How many bytes a gzip file inflates to, if it has one member and what that says of itself is true.
pub(crate) fn expected_size(file_size: u64, last: [u8; 4]) -> u64 {
    u64::from(u32::from_le_bytes(last)).min(file_size.saturating_mul(BEST_RATIO))
}

pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// Inflates all members of a gzip file. Bytes after the last member are an error, as they are for
/// the reference.
pub(crate) fn inflate(bytes: &[u8], limits: Limits) -> Result<Vec<u8>, ReadError> {
    match inflate_single_member(bytes, limits)? {
        Some(inflated) => Ok(inflated),
        None => inflate_members(bytes, limits),
    }
}

/// The fast way: the whole file is one member, which its last bytes describe. `None` if that is
/// not certain.
fn inflate_single_member(bytes: &[u8], limits: Limits) -> Result<Option<Vec<u8>>, ReadError> {
    let Some((body, &trailer)) = bytes.split_last_chunk::<MEMBER_TRAILER>() else {
        return Ok(None);
    };
    let [.., s0, s1, s2, s3] = trailer;
    let size = [s0, s1, s2, s3];
    // Where the size comes earlier too, another member of that size may end there.
    let may_end_earlier = memchr::memmem::find(body, &size).is_some();
    let size = u64::from(u32::from_le_bytes(size));
    if body.len() < MEMBER_HEADER
        || size > (bytes.len() as u64).saturating_mul(BEST_RATIO)
        || may_end_earlier && memchr::memmem::find(body, &trailer).is_some()
    {
        return Ok(None);
    }
    if size > limits.inflated_bytes {
        return Err(ReadError::TooLarge {
            limit: limits.inflated_bytes,
        });
    }
    let Ok(size) = usize::try_from(size) else {
        return Ok(None);
    };
    let mut inflated = vec![0; size];
    let written = libdeflater::Decompressor::new().gzip_decompress(bytes, &mut inflated);
    let is_whole = written == Ok(size) && (!may_end_earlier || ends_with(&trailer, &inflated));
    Ok(is_whole.then_some(inflated))
}

/// Whether the checksum of a trailer is that of the content.
fn ends_with(trailer: &[u8; MEMBER_TRAILER], content: &[u8]) -> bool {
    trailer.starts_with(&libdeflater::crc32(content).to_le_bytes())
}

/// The careful way: member by member, growing as it goes, with a reason where it fails.
fn inflate_members(bytes: &[u8], limits: Limits) -> Result<Vec<u8>, ReadError> {
    let mut inflated = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let offset = bytes.len() - rest.len();
        if !is_gzip(rest) {
            return Err(ReadError::Gzip {
                offset,
                reason: "no gzip header",
            });
        }
        let room = limits.inflated_bytes.saturating_sub(inflated.len() as u64);
        let mut member = flate2::bufread::GzDecoder::new(&mut rest).take(room.saturating_add(1));
        if let Err(error) = member.read_to_end(&mut inflated) {
            let reason = match error.kind() {
                ErrorKind::UnexpectedEof => "unexpected end",
                _ => "invalid data or checksum",
            };
            return Err(ReadError::Gzip { offset, reason });
        }
        if inflated.len() as u64 > limits.inflated_bytes {
            return Err(ReadError::TooLarge {
                limit: limits.inflated_bytes,
            });
        }
    }
    Ok(inflated)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::io::Write;

    fn member(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn reads_one_and_several_members() {
        let one = member(b"hello");
        assert_eq!(inflate(&one, Limits::default()).unwrap(), b"hello");
        let twice = [one.clone(), one.clone()].concat();
        assert_eq!(inflate(&twice, Limits::default()).unwrap(), b"hellohello");
        let different = [one.clone(), member(b" there")].concat();
        assert_eq!(
            inflate(&different, Limits::default()).unwrap(),
            b"hello there"
        );
    }

    #[test]
    fn names_what_is_wrong_and_where() {
        let one = member(b"hello");
        let trailing = [one.clone(), vec![0, 0]].concat();
        assert_eq!(
            inflate(&trailing, Limits::default()),
            Err(ReadError::Gzip {
                offset: one.len(),
                reason: "no gzip header"
            })
        );
        for cut in 2..one.len() {
            assert!(
                inflate(&one[..cut], Limits::default()).is_err(),
                "cut at {cut}"
            );
        }
        let mut flipped = one.clone();
        flipped[12] ^= 1;
        assert!(matches!(
            inflate(&flipped, Limits::default()),
            Err(ReadError::Gzip { offset: 0, .. })
        ));
    }

    #[test]
    fn stops_at_the_limit() {
        let bomb = member(&vec![0; 10_000_000]);
        assert!(bomb.len() < 20_000);
        let limits = Limits {
            inflated_bytes: 9_999_999,
        };
        assert_eq!(
            inflate(&bomb, limits),
            Err(ReadError::TooLarge { limit: 9_999_999 })
        );
        let mut lying = bomb.clone();
        let size = lying.len() - 4;
        lying[size..].copy_from_slice(&5u32.to_le_bytes());
        assert!(inflate(&lying, limits).is_err());
        let twice = [bomb.clone(), bomb].concat();
        let limits = Limits {
            inflated_bytes: 15_000_000,
        };
        assert_eq!(
            inflate(&twice, limits),
            Err(ReadError::TooLarge { limit: 15_000_000 })
        );
    }
}

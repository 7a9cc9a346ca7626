//! A profile that is decoded in pieces, each as soon as it is inflated: all of it is never in memory.

use std::io::Read;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

use super::decode::Decoder;
use crate::Profile;

/// Bytes of a piece. It stays in the processor's caches on the way from one thread to the other.
const PIECE: usize = 1 << 18;
/// Room before it, for the start of a field that the last piece was too short for.
const ROOM: usize = 1 << 14;
/// Pieces that wait to be decoded.
const MOST_WAITING: usize = 2;

/// What was read: `buffer[ROOM..end]`.
struct Piece {
    buffer: Vec<u8>,
    end: usize,
}

/// Decodes what another thread reads, which is about so many bytes and at most `most`. `None` if it cannot
/// be read or decoded, or not in pieces.
pub(crate) fn decode_pieces(
    bytes: impl Read + Send,
    expected: usize,
    most: u64,
) -> Option<Profile> {
    let mut decoder = Decoder::new(expected);
    let (pieces, waiting) = sync_channel(MOST_WAITING);
    let (used, free) = channel();
    std::thread::scope(|scope| {
        scope.spawn(move || read(bytes, &free, &pieces));
        let mut left = most;
        let mut cut_off = Vec::new();
        for piece in waiting {
            let Piece { mut buffer, end } = piece?;
            left = left.checked_sub(end.checked_sub(ROOM)? as u64)?;
            let start = ROOM.checked_sub(cut_off.len())?;
            buffer.get_mut(start..ROOM)?.copy_from_slice(&cut_off);
            let bytes = buffer.get(start..end)?;
            let (_, rest) = bytes.split_at_checked(decoder.fields(bytes).ok()?)?;
            cut_off.clear();
            cut_off.extend_from_slice(rest);
            // At the end nobody needs it any more.
            let _ = used.send(buffer);
        }
        if cut_off.is_empty() {
            decoder.finish().ok()
        } else {
            None
        }
    })
}

/// Reads piece after piece for as long as there is someone to take them. `None` stands for one that
/// cannot be.
fn read(mut bytes: impl Read, free: &Receiver<Vec<u8>>, pieces: &SyncSender<Option<Piece>>) {
    loop {
        let mut buffer = free.try_recv().unwrap_or_else(|_| vec![0; ROOM + PIECE]);
        let end = fill(&mut buffer, &mut bytes);
        let is_last = end.is_none_or(|end| end < buffer.len());
        let piece = end.map(|end| Piece { buffer, end });
        if pieces.send(piece).is_err() || is_last {
            return;
        }
    }
}

/// Fills a buffer from [`ROOM`] on as far as there are bytes, and says how far.
fn fill(buffer: &mut [u8], bytes: &mut impl Read) -> Option<usize> {
    let mut end = ROOM;
    while end < buffer.len() {
        match bytes.read(buffer.get_mut(end..)?).ok()? {
            0 => break,
            read => end += read,
        }
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::{decode, encode};
    use crate::{LabelValue, Line, ProfileBuilder};

    /// A profile of several pieces, with a remark of so many bytes.
    fn encoded(remark: usize) -> Vec<u8> {
        let mut builder = ProfileBuilder::new();
        builder.sample_type("space", "bytes");
        let key = builder.string("size");
        let locations: Vec<_> = (0..70_000)
            .map(|address| {
                let line = Line {
                    function: builder.function(&format!("f{}", address % 100), "a.go", 0),
                    line: 1,
                    column: 0,
                };
                builder.location(None, address, &[line])
            })
            .collect();
        // The first need two bytes for each frame, the last four.
        for (at, frames) in locations.windows(20).step_by(3).enumerate() {
            let label = crate::Label {
                key,
                value: LabelValue::Number {
                    value: at as i64 % 7,
                    unit: key,
                },
            };
            builder.sample(frames, &[at as i64], &[label]);
        }
        builder.comment(&"x".repeat(remark));
        encode(&builder.finish())
    }

    #[test]
    fn pieces_are_the_same_as_the_whole() {
        let bytes = encoded(10);
        assert!(bytes.len() > 4 * PIECE);
        let whole = decode(&bytes).ok();
        let in_pieces = |expected, most| decode_pieces(&bytes[..], expected, most);
        assert!(whole.is_some());
        for expected in [0, bytes.len(), 10 * bytes.len()] {
            assert_eq!(in_pieces(expected, u64::MAX), whole);
        }
        assert_eq!(in_pieces(0, bytes.len() as u64), whole);
        assert_eq!(in_pieces(0, bytes.len() as u64 - 1), None);
        for cut in [1, 1_000, PIECE] {
            let cut_off = bytes.get(..bytes.len() - cut).unwrap_or_default();
            assert_eq!(decode_pieces(cut_off, 0, u64::MAX), decode(cut_off).ok());
        }
    }

    #[test]
    fn a_field_that_is_too_large_is_left_to_others() {
        let bytes = encoded(2 * PIECE);
        assert_eq!(decode_pieces(&bytes[..], 0, u64::MAX), None);
        assert!(decode(&bytes).is_ok());
    }
}

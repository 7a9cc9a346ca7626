//! The wire format of protocol buffers, walked in place.

use crate::ReadError;

/// An error on its way out. In a box, so that what is read on the hot path stays in registers.
pub(super) type Fault = Box<ReadError>;

/// What a field holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'b> {
    /// A varint.
    Varint(u64),
    /// A length-delimited part: a message, a string or packed varints.
    Bytes(Walk<'b>),
    /// Four or eight bytes, which no field of a profile uses.
    Fixed,
}

/// A position in a part of a buffer. The whole buffer is at hand, so that a varint can be loaded
/// as one word even where the part ends within that word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk<'b> {
    buffer: &'b [u8],
    position: usize,
    end: usize,
}

impl<'b> Walk<'b> {
    pub fn new(buffer: &'b [u8]) -> Self {
        Walk {
            buffer,
            position: 0,
            end: buffer.len(),
        }
    }

    /// Walks the buffer from a position on, which must lie within it.
    pub fn starting(buffer: &'b [u8], position: usize) -> Self {
        Walk {
            position,
            ..Walk::new(buffer)
        }
    }

    /// Walks a part of the buffer.
    #[cfg(test)]
    fn within(buffer: &'b [u8], part: std::ops::Range<usize>) -> Self {
        Walk {
            buffer,
            position: part.start,
            end: part.end,
        }
    }

    pub fn position(&self) -> usize {
        self.position
    }

    pub fn is_at_end(&self) -> bool {
        self.position >= self.end
    }

    /// The part that is left.
    pub fn rest(&self) -> &'b [u8] {
        self.buffer.get(self.position..self.end).unwrap_or(&[])
    }

    #[cold]
    fn fault(&self, reason: &'static str) -> Fault {
        Box::new(ReadError::Wire {
            offset: self.position,
            reason,
        })
    }

    /// The next varint. At most ten bytes; bits beyond the 64th are dropped, as the reference
    /// drops them.
    #[inline(always)]
    pub fn varint(&mut self) -> Result<u64, Fault> {
        let word = self
            .buffer
            .get(self.position..)
            .and_then(|rest| rest.first_chunk::<8>());
        if let Some(&word) = word {
            let word = u64::from_le_bytes(word);
            let stops = !word & 0x8080_8080_8080_8080;
            if stops != 0 {
                let bits = stops.trailing_zeros() + 1;
                let next = self.position + bits as usize / 8;
                if next <= self.end {
                    self.position = next;
                    return Ok(join_sevens(word & (u64::MAX >> (64 - bits))));
                }
            }
        }
        self.varint_byte_by_byte()
    }

    #[cold]
    fn varint_byte_by_byte(&mut self) -> Result<u64, Fault> {
        let mut value = 0;
        for (index, &byte) in self.rest().iter().take(10).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                self.position += index + 1;
                return Ok(value);
            }
        }
        let cut = self.rest().len() < 10;
        Err(self.fault(if cut {
            "a varint is cut off"
        } else {
            "a varint is over ten bytes long"
        }))
    }

    /// The next varint, which most likely has one byte: where the next one starts is foreseen then, and not
    /// waited for.
    #[inline(always)]
    fn small_varint(&mut self) -> Result<u64, Fault> {
        match self.buffer.get(self.position) {
            Some(&byte) if byte < 0x80 && self.position < self.end => {
                self.position += 1;
                Ok(byte.into())
            }
            _ => self.varint(),
        }
    }

    /// The next field: its number and its content. Not to be called at the end.
    #[inline(always)]
    pub fn field(&mut self) -> Result<(u64, Content<'b>), Fault> {
        let key = self.small_varint()?;
        let content = match key & 7 {
            0 => Content::Varint(self.varint()?),
            1 => self.fixed(8)?,
            2 => {
                let length = self.small_varint()?;
                let left = self.end - self.position;
                if length > left as u64 {
                    return Err(self.fault("a part is longer than what holds it"));
                }
                let end = self.position + length as usize;
                let part = Walk { end, ..*self };
                self.position = end;
                Content::Bytes(part)
            }
            5 => self.fixed(4)?,
            _ => return Err(self.fault("a field has an unknown wire type")),
        };
        Ok((key >> 3, content))
    }

    fn fixed(&mut self, size: usize) -> Result<Content<'b>, Fault> {
        if self.end - self.position < size {
            return Err(self.fault("a fixed-size field is cut off"));
        }
        self.position += size;
        Ok(Content::Fixed)
    }

    /// The content of a field that must be a varint.
    #[inline(always)]
    pub fn expect_varint(&self, content: Content<'b>) -> Result<u64, Fault> {
        match content {
            Content::Varint(value) => Ok(value),
            _ => Err(self.fault("a field has another wire type than its number says")),
        }
    }

    /// The content of a field that must be length-delimited.
    #[inline(always)]
    pub fn expect_bytes(&self, content: Content<'b>) -> Result<Walk<'b>, Fault> {
        match content {
            Content::Bytes(part) => Ok(part),
            _ => Err(self.fault("a field has another wire type than its number says")),
        }
    }

    /// Hands each value of a repeated varint field to `take`, be it packed or not.
    #[inline(always)]
    pub fn each_varint(
        &self,
        content: Content<'b>,
        mut take: impl FnMut(u64) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        match content {
            Content::Bytes(packed) => packed.each_packed(take),
            content => take(self.expect_varint(content)?),
        }
    }

    /// Reads varints that are left, puts what `take` makes of them into `out`, and returns how many: all, or
    /// as many as are not near the end of the buffer. None if one takes more than four bytes, which few do
    /// that refer to something.
    ///
    /// Their lengths are too irregular to be foreseen. So where they end is found for many at once, and
    /// no branch asks for the length of one.
    #[inline(always)]
    pub fn short_varints(&mut self, out: &mut [u32], mut take: impl FnMut(u32) -> u32) -> usize {
        let before = self.position;
        let mut read = 0;
        while let Some((block, mut stops)) = self.block() {
            let count = stops.count_ones() as usize;
            let Some(words) = out.get_mut(read..read + count) else {
                break;
            };
            let mut start = 0;
            for word in words {
                let (_, rest) = block.split_at(start);
                *word = rest
                    .first_chunk()
                    .map_or(0, |bytes| u32::from_le_bytes(*bytes));
                start = (stops.trailing_zeros() % u64::BITS) as usize + 1;
                stops &= stops.wrapping_sub(1);
            }
            self.position += start;
            read += count;
        }
        let mut are_short = true;
        for word in out.get_mut(..read).unwrap_or_default() {
            let stops = !*word & 0x8080_8080;
            are_short &= stops != 0;
            *word = take(join_four_sevens(*word & (stops ^ stops.wrapping_sub(1))));
        }
        if are_short {
            return read;
        }
        self.position = before;
        0
    }

    /// The next bytes, with a bit for each of the first 64 that ends one of the varints that are left.
    /// `None` where none does, or the buffer ends.
    #[inline(always)]
    fn block(&self) -> Option<(&'b [u8; 64 + 4], u64)> {
        let block = self.buffer.get(self.position..)?.first_chunk()?;
        let (words, _) = block.as_chunks::<8>();
        let mut goes_on = 0;
        for (index, &word) in words.iter().enumerate() {
            // The product has the top bits of the bytes side by side in its highest byte.
            let top_bits = u64::from_le_bytes(word) & 0x8080_8080_8080_8080;
            goes_on |= (top_bits.wrapping_mul(0x0002_0408_1020_4081) >> 56) << (8 * index);
        }
        let mut stops = !goes_on;
        let left = self.end - self.position;
        if left < 64 {
            stops &= (1 << left) - 1;
        }
        (stops != 0).then_some((block, stops))
    }

    /// Bytes that are left, if they are eight at most, with their number.
    #[inline(always)]
    pub fn few_bytes(&self) -> Option<(u64, usize)> {
        let length = self
            .end
            .checked_sub(self.position)
            .filter(|length| (1..=8).contains(length))?;
        let rest = self.buffer.get(self.position..)?;
        let word = u64::from_le_bytes(*rest.first_chunk::<8>()?);
        Some((word & (u64::MAX >> (64 - 8 * length)), length))
    }

    /// Hands each varint that is left to `take`.
    #[inline(always)]
    fn each_packed(mut self, mut take: impl FnMut(u64) -> Result<(), Fault>) -> Result<(), Fault> {
        while !self.is_at_end() {
            take(self.varint()?)?;
        }
        Ok(())
    }
}

/// As [`join_sevens`], of four bytes.
#[inline(always)]
fn join_four_sevens(word: u32) -> u32 {
    let word = (word & 0x007f_007f) | ((word & 0x7f00_7f00) >> 1);
    (word & 0x3fff) | ((word & 0x3fff_0000) >> 2)
}

/// Drops the top bit of each byte and closes the gaps.
#[inline(always)]
fn join_sevens(word: u64) -> u64 {
    let word = word & 0x7f7f_7f7f_7f7f_7f7f;
    let word = (word & 0x007f_007f_007f_007f) | ((word & 0x7f00_7f00_7f00_7f00) >> 1);
    let word = (word & 0x0000_3fff_0000_3fff) | ((word & 0x3fff_0000_3fff_0000) >> 2);
    (word & 0x0000_0000_0fff_ffff) | ((word & 0x0fff_ffff_0000_0000) >> 4)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::varint;

    fn one(bytes: &[u8]) -> Result<u64, ReadError> {
        Walk::new(bytes).varint().map_err(|fault| *fault)
    }

    #[test]
    fn reads_varints_of_every_length_alone_and_within_more() {
        for shift in 0..64 {
            for value in [1u64 << shift, (1u64 << shift) - 1, u64::MAX >> shift] {
                let mut bytes = Vec::new();
                let mut left = value;
                while left >= 128 {
                    bytes.push(left as u8 | 0x80);
                    left >>= 7;
                }
                bytes.push(left as u8);
                assert_eq!(one(&bytes), Ok(value));
                bytes.extend([0xff; 12]);
                assert_eq!(one(&bytes), Ok(value));
            }
        }
    }

    #[test]
    fn drops_bits_beyond_the_64th_and_refuses_more_than_ten_bytes() {
        let mut ten = vec![0xff; 9];
        ten.push(0x7f);
        assert_eq!(one(&ten), Ok(u64::MAX));
        assert_eq!(
            one(&[0xff; 11]),
            Err(ReadError::Wire {
                offset: 0,
                reason: "a varint is over ten bytes long"
            })
        );
        assert_eq!(
            one(&[0xff; 3]),
            Err(ReadError::Wire {
                offset: 0,
                reason: "a varint is cut off"
            })
        );
        assert_eq!(
            one(&[]),
            Err(ReadError::Wire {
                offset: 0,
                reason: "a varint is cut off"
            })
        );
    }

    #[test]
    fn packed_varints_are_the_same_as_single_ones() {
        let values: Vec<u64> = (0..400u64).map(|n| n.wrapping_mul(n) << (n % 60)).collect();
        let mut packed = Vec::new();
        for &value in &values {
            let mut left = value;
            while left >= 128 {
                packed.push(left as u8 | 0x80);
                left >>= 7;
            }
            packed.push(left as u8);
        }
        let mut read = Vec::new();
        let take = |value| {
            read.push(value);
            Ok(())
        };
        Walk::new(&packed).each_packed(take).unwrap();
        assert_eq!(read, values);
        packed.push(0x80);
        assert!(Walk::new(&packed).each_packed(|_| Ok(())).is_err());
    }

    #[test]
    fn short_varints_are_read_many_at_once() {
        let mut values: Vec<u32> = (0..28).flat_map(|bit| [1 << bit, (1 << bit) - 1]).collect();
        values.extend([7, 1 << 27, 300, 0]);
        let (mut buffer, mut ends) = (Vec::new(), vec![0]);
        for &value in &values {
            varint::put(&mut buffer, value.into());
            ends.push(buffer.len());
        }
        let length = buffer.len();
        let mut out = vec![0; length];
        // Those before the end of the buffer are left.
        let mut walk = Walk::new(&buffer);
        let read = walk.short_varints(&mut out, |value| value);
        assert_eq!(out[..read], values[..read]);
        assert!(0 < read && read < values.len());
        assert_eq!(walk.position(), ends[read]);
        // Nothing is read of the next part.
        buffer.extend([0x7f; 80]);
        for end in 0..=length {
            let mut walk = Walk::within(&buffer, 0..end);
            let read = walk.short_varints(&mut out, |value| value + 1);
            let whole = ends.iter().filter(|at| **at <= end).count() - 1;
            assert_eq!((read, walk.position()), (whole, ends[whole]));
            assert!(
                out[..read]
                    .iter()
                    .zip(&values)
                    .all(|(out, value)| *out == value + 1)
            );
        }
        // None where there is no room, or a long one.
        let mut walk = Walk::within(&buffer, 0..length);
        assert_eq!(walk.short_varints(&mut out[..5], |value| value), 0);
        let mut with_long = Vec::new();
        varint::put(&mut with_long, 1 << 28);
        with_long.splice(0..0, buffer[..ends[3]].iter().copied());
        let end = with_long.len();
        with_long.extend([0; 80]);
        let mut walk = Walk::within(&with_long, 0..end);
        assert_eq!(walk.short_varints(&mut out, |value| value), 0);
        assert_eq!(walk.position(), 0);
    }

    #[test]
    fn a_varint_does_not_reach_into_the_next_part() {
        let buffer = [0x0a, 0x01, 0x80, 0x01, 0, 0, 0, 0, 0, 0, 0];
        let mut walk = Walk::new(&buffer);
        let (_, content) = walk.field().unwrap();
        let mut part = walk.expect_bytes(content).unwrap();
        assert!(part.varint().is_err());
    }
}

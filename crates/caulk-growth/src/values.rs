//! One number at each point, kept as its changes.

use std::fmt;

/// One value per point, in order. Most stacks of a long series hold the same for many points in a
/// row, so what is kept is the differences: a value that stays costs next to nothing, one that
/// changes little a byte or two.
///
/// Points are added at the end and read from the start.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Values {
    /// Varints: the difference to the value before, zigzag; or [`STAYS`] and then for how many
    /// points the value stays.
    changes: Vec<u8>,
    len: u32,
    /// The points at the end that are not in `changes` yet, since the value stays.
    stays: u32,
    last: i64,
}

/// No change: what follows says for how long.
const STAYS: u8 = 0;

impl Values {
    /// No points.
    pub const fn new() -> Values {
        Values {
            changes: Vec::new(),
            len: 0,
            stays: 0,
            last: 0,
        }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The value at the last point.
    pub fn last(&self) -> Option<i64> {
        (!self.is_empty()).then_some(self.last)
    }

    /// The value at a point. Takes time up to there: [`Values::iter`] is for several.
    pub fn get(&self, point: usize) -> Option<i64> {
        self.iter().nth(point)
    }

    /// Adds the value of the next point. Beyond 2³² points nothing is added.
    pub fn push(&mut self, value: i64) {
        let Some(len) = self.len.checked_add(1) else {
            return;
        };
        self.len = len;
        let difference = value.wrapping_sub(self.last);
        if difference == 0 {
            self.stays += 1;
            return;
        }
        if self.stays > 0 {
            self.changes.push(STAYS);
            put_varint(&mut self.changes, u64::from(self.stays));
            self.stays = 0;
        }
        put_varint(&mut self.changes, zigzag(difference));
        self.last = value;
    }

    /// Adds points of value 0 until there are as many as this.
    pub fn pad(&mut self, len: usize) {
        let len = u32::try_from(len).unwrap_or(u32::MAX);
        if self.len < len {
            self.push(0);
            self.stays += len - self.len;
            self.len = len;
        }
    }

    /// The values from the first point to the last.
    pub fn iter(&self) -> Iter<'_> {
        Iter {
            changes: &self.changes,
            left: self.len,
            stays: 0,
            value: 0,
        }
    }

    /// Gives back memory that was taken for points to come.
    pub fn shrink_to_fit(&mut self) {
        self.changes.shrink_to_fit();
    }
}

/// The values of a [`Values`], from the first point to the last.
#[derive(Clone, Debug)]
pub struct Iter<'v> {
    changes: &'v [u8],
    left: u32,
    stays: u32,
    value: i64,
}

impl Iterator for Iter<'_> {
    type Item = i64;

    #[inline]
    fn next(&mut self) -> Option<i64> {
        self.left = self.left.checked_sub(1)?;
        if let Some(stays) = self.stays.checked_sub(1) {
            self.stays = stays;
            return Some(self.value);
        }
        match take_varint(&mut self.changes) {
            // The end: the value stays for all that is left.
            None => self.stays = self.left,
            Some(0) => {
                let stays = take_varint(&mut self.changes).unwrap_or(1);
                self.stays = u32::try_from(stays).unwrap_or(u32::MAX).saturating_sub(1);
            }
            Some(difference) => self.value = self.value.wrapping_add(unzigzag(difference)),
        }
        Some(self.value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'v> IntoIterator for &'v Values {
    type Item = i64;
    type IntoIter = Iter<'v>;

    fn into_iter(self) -> Iter<'v> {
        self.iter()
    }
}

impl Extend<i64> for Values {
    fn extend<T: IntoIterator<Item = i64>>(&mut self, values: T) {
        values.into_iter().for_each(|value| self.push(value));
    }
}

impl FromIterator<i64> for Values {
    fn from_iter<T: IntoIterator<Item = i64>>(values: T) -> Values {
        let mut kept = Values::new();
        kept.extend(values);
        kept
    }
}

impl From<Vec<i64>> for Values {
    fn from(values: Vec<i64>) -> Values {
        values.into_iter().collect()
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[inline]
fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let (mut value, mut shift) = (0, 0);
    loop {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
        shift += 7;
        if byte < 0x80 {
            return Some(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(values: &[i64]) -> Values {
        values.iter().copied().collect()
    }

    #[test]
    fn gives_back_what_was_put_in() {
        for values in [
            &[][..],
            &[0],
            &[7],
            &[0, 0, 0],
            &[5, 5, 5, 6, 6, 5],
            &[0, 0, 9, 9, 0, 0],
            &[i64::MAX, i64::MIN, 0, -1, i64::MIN, i64::MIN],
        ] {
            let kept = kept(values);
            assert_eq!(kept.iter().collect::<Vec<_>>(), values);
            assert_eq!(kept.iter().len(), values.len());
            assert_eq!(kept.last(), values.last().copied());
            assert_eq!(kept.get(1), values.get(1).copied());
            assert_eq!(kept.get(values.len()), None);
        }
    }

    #[test]
    fn padding_is_pushing_zeros() {
        for values in [&[][..], &[0, 0], &[3], &[3, 3, 0], &[0, 4, 4]] {
            for len in 0..9 {
                let mut padded = kept(values);
                padded.pad(len);
                let mut pushed = kept(values);
                while pushed.len() < len {
                    pushed.push(0);
                }
                assert_eq!(padded, pushed);
                padded.push(8);
                pushed.push(8);
                assert_eq!(padded, pushed);
            }
        }
    }

    #[test]
    fn a_value_that_stays_takes_no_room() {
        let mut values = kept(&[1_000_000]);
        values.extend(std::iter::repeat_n(1_000_000, 100_000));
        values.push(1_000_001);
        assert_eq!(values.len(), 100_002);
        assert!(values.changes.len() < 10, "{}", values.changes.len());
    }
}

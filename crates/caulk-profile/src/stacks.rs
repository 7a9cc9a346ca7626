//! The stacks of all samples, which are most of a profile: a location takes two bytes in it, where all
//! can be told apart by as many.

use crate::LocationIndex;
use crate::lists::Lists;

/// A number of a location.
pub(crate) trait Number: Copy + Send {
    fn new(location: LocationIndex) -> Self;
    fn location(self) -> LocationIndex;
}

impl Number for u16 {
    #[inline(always)]
    fn new(location: LocationIndex) -> Self {
        location.0 as u16
    }

    #[inline(always)]
    fn location(self) -> LocationIndex {
        LocationIndex(self.into())
    }
}

impl Number for LocationIndex {
    #[inline(always)]
    fn new(location: LocationIndex) -> Self {
        location
    }

    #[inline(always)]
    fn location(self) -> LocationIndex {
        self
    }
}

/// Locations that two bytes can tell apart.
pub(crate) const MOST_SHORT: usize = 1 << 16;

/// A column of stacks, which are lists of locations, leaf first.
#[derive(Debug, Clone)]
pub(crate) enum Stacks {
    /// Of a profile with no more than [`MOST_SHORT`] locations.
    Short(Lists<u16>),
    Long(Lists<LocationIndex>),
}

impl Stacks {
    /// Number of stacks.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            Stacks::Short(lists) => lists.len(),
            Stacks::Long(lists) => lists.len(),
        }
    }

    /// A stack; an empty one for one that is not there.
    #[inline]
    pub fn get(&self, index: usize) -> Stack<'_> {
        match self {
            Stacks::Short(lists) => Stack::Short(lists.get(index)),
            Stacks::Long(lists) => Stack::Long(lists.get(index)),
        }
    }

    /// Adds a stack. There may be more locations by now than two bytes can tell apart.
    pub fn push(&mut self, frames: impl IntoIterator<Item = LocationIndex>) {
        self.widen();
        if let Stacks::Long(lists) = self {
            lists.push(frames);
        }
    }

    /// Adds a stack of locations of which none is beyond `highest`.
    pub fn push_up_to(&mut self, highest: u32, frames: &[u32]) {
        match self {
            Stacks::Short(lists) if (highest as usize) < MOST_SHORT => {
                lists.push(frames.iter().map(|&frame| frame as u16));
            }
            _ => self.push(frames.iter().map(|&frame| LocationIndex(frame))),
        }
    }

    /// Makes room for so many stacks and frames.
    pub fn reserve(&mut self, stacks: usize, frames: usize) {
        match self {
            Stacks::Short(lists) => lists.reserve(stacks, frames),
            Stacks::Long(lists) => lists.reserve(stacks, frames),
        }
    }

    /// Number of frames.
    pub fn frame_count(&self) -> usize {
        match self {
            Stacks::Short(lists) => lists.item_count(),
            Stacks::Long(lists) => lists.item_count(),
        }
    }

    /// Takes four bytes for each frame from now on.
    fn widen(&mut self) {
        if let Stacks::Short(short) = self {
            let mut long = Lists::with_capacity(short.len());
            let all = (0..short.len()).map(|at| Stack::Short(short.get(at)));
            all.for_each(|stack| long.push(stack.iter()));
            *self = Stacks::Long(long);
        }
    }
}

impl Default for Stacks {
    fn default() -> Self {
        Stacks::Long(Lists::default())
    }
}

/// What a location takes makes no difference.
impl PartialEq for Stacks {
    fn eq(&self, other: &Self) -> bool {
        let is_same = |index| self.get(index).iter().eq(other.get(index).iter());
        self.len() == other.len() && (0..self.len()).all(is_same)
    }
}

/// The locations of one stack, leaf first.
#[derive(Debug, Clone, Copy)]
pub enum Stack<'p> {
    /// As numbers of two bytes.
    Short(&'p [u16]),
    /// As they are.
    Long(&'p [LocationIndex]),
}

impl<'p> Stack<'p> {
    /// The number of frames.
    pub fn len(self) -> usize {
        match self {
            Stack::Short(frames) => frames.len(),
            Stack::Long(frames) => frames.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The frame at a position.
    pub fn get(self, position: usize) -> Option<LocationIndex> {
        match self {
            Stack::Short(frames) => frames.get(position).map(|&frame| frame.location()),
            Stack::Long(frames) => frames.get(position).copied(),
        }
    }

    /// The leaf.
    pub fn first(self) -> Option<LocationIndex> {
        self.get(0)
    }

    /// Hands each frame to `take`.
    #[inline(always)]
    pub fn each(self, mut take: impl FnMut(LocationIndex)) {
        match self {
            Stack::Short(frames) => frames.iter().for_each(|frame| take(frame.location())),
            Stack::Long(frames) => frames.iter().for_each(|frame| take(*frame)),
        }
    }

    /// All frames.
    #[inline]
    pub fn iter(self) -> Frames<'p> {
        match self {
            Stack::Short(frames) => Frames(Kind::Short(frames.iter())),
            Stack::Long(frames) => Frames(Kind::Long(frames.iter())),
        }
    }
}

/// The frames of a stack.
#[derive(Debug, Clone)]
pub struct Frames<'p>(Kind<'p>);

#[derive(Debug, Clone)]
enum Kind<'p> {
    Short(std::slice::Iter<'p, u16>),
    Long(std::slice::Iter<'p, LocationIndex>),
}

impl Iterator for Frames<'_> {
    type Item = LocationIndex;

    #[inline]
    fn next(&mut self) -> Option<LocationIndex> {
        match &mut self.0 {
            Kind::Short(frames) => frames.next().map(|frame| frame.location()),
            Kind::Long(frames) => frames.next().copied(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Kind::Short(frames) => frames.size_hint(),
            Kind::Long(frames) => frames.size_hint(),
        }
    }
}

impl DoubleEndedIterator for Frames<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<LocationIndex> {
        match &mut self.0 {
            Kind::Short(frames) => frames.next_back().map(|frame| frame.location()),
            Kind::Long(frames) => frames.next_back().copied(),
        }
    }
}

impl ExactSizeIterator for Frames<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_location_takes_makes_no_difference() {
        let locations = |of: &[u32]| of.iter().copied().map(LocationIndex).collect::<Vec<_>>();
        let (mut short, mut long) = (Lists::default(), Stacks::default());
        for stack in [&[65_535, 0, 7][..], &[], &[1]] {
            short.push(stack.iter().map(|&number| number as u16));
            long.push(locations(stack));
        }
        let mut short = Stacks::Short(short);
        assert_eq!(short, long);
        let stack = short.get(0);
        assert_eq!(
            (stack.len(), stack.first()),
            (3, Some(LocationIndex(65_535)))
        );
        assert!(stack.iter().rev().eq(locations(&[7, 0, 65_535])));
        assert!(short.get(1).is_empty() && short.get(9).is_empty());
        for stacks in [&mut short, &mut long] {
            stacks.push(locations(&[65_536, 2]));
            assert!(stacks.get(3).iter().eq(locations(&[65_536, 2])));
        }
        assert_eq!(short, long);
    }
}

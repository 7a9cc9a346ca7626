//! What each place has in all samples.

use std::ops::Range;

use super::LEAST_SAMPLES_IN_A_PART;
use crate::report::places::{PlaceId, Places};
use caulk_profile::parallel::in_parts;
use caulk_profile::{LocationIndex, Profile};

/// The column that a report shows, and the one that it is divided by for means.
#[derive(Debug, Clone, Copy)]
pub(in crate::report) struct Columns<'p> {
    pub values: &'p [i64],
    pub divisors: Option<&'p [i64]>,
}

impl Columns<'_> {
    /// The value of a sample and its divisor.
    #[inline]
    pub fn of(&self, sample: usize) -> (i64, i64) {
        let at = |column: &[i64]| column.get(sample).copied().unwrap_or(0);
        (at(self.values), self.divisors.map_or(0, at))
    }

    /// The value of a sample as it is printed.
    pub fn mean_of(&self, sample: usize) -> i64 {
        let (value, divisor) = self.of(sample);
        mean(value, divisor)
    }
}

/// What a node has in all samples. Sums wrap, as the reference's do.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::report) struct NodeValue {
    pub flat: i64,
    pub flat_divisor: i64,
    pub cum: i64,
    pub cum_divisor: i64,
    /// At least what its inlined calls have: one that is on a stack several times counts each time.
    /// Not known for the nodes of a tree.
    pub inlined: i64,
}

impl NodeValue {
    /// The flat value as it is printed.
    pub fn flat_value(&self) -> i64 {
        mean(self.flat, self.flat_divisor)
    }

    /// The cumulative value as it is printed.
    pub fn cum_value(&self) -> i64 {
        mean(self.cum, self.cum_divisor)
    }

    pub fn add_flat(&mut self, value: i64, divisor: i64) {
        self.flat = self.flat.wrapping_add(value);
        self.flat_divisor = self.flat_divisor.wrapping_add(divisor);
    }

    pub fn add_cum(&mut self, value: i64, divisor: i64) {
        self.cum = self.cum.wrapping_add(value);
        self.cum_divisor = self.cum_divisor.wrapping_add(divisor);
    }
}

/// A sum divided by the sum of its divisors, if there is one.
pub(in crate::report) fn mean(sum: i64, divisor: i64) -> i64 {
    if divisor == 0 {
        sum
    } else {
        sum.wrapping_div(divisor)
    }
}

/// The values of all places, in the order of their ids. A place that is on a stack several times
/// counts once; the leaf has the flat value.
///
/// Hiding places does not change the values of the others, so this holds for any set of kept ones.
pub(in crate::report) fn place_values(
    profile: &Profile,
    places: &Places,
    columns: Columns,
) -> PlaceValues {
    let parts = in_parts(profile.sample_count(), LEAST_SAMPLES_IN_A_PART, |samples| {
        place_values_of(profile, places, columns, samples)
    });
    let mut parts = parts.into_iter();
    let mut values = parts.next().unwrap_or_default();
    for part in parts {
        for (total, value) in values.of_places.iter_mut().zip(part.of_places) {
            total.add_flat(value.flat, value.flat_divisor);
            total.add_cum(value.cum, value.cum_divisor);
        }
        for (sum, inlined) in values.inlined.iter_mut().zip(part.inlined) {
            *sum = sum.saturating_add(inlined);
        }
    }
    for (location, &sum) in values.inlined.iter().enumerate() {
        for &place in inlined_places(places, LocationIndex(location as u32)) {
            if let Some(total) = values.of_places.get_mut(place as usize) {
                total.inlined = total.inlined.saturating_add(sum);
            }
        }
    }
    values
}

/// The places of a location that are inlined.
fn inlined_places(places: &Places, location: LocationIndex) -> &[PlaceId] {
    let split = places.of_location(location).split_last();
    split.map_or(&[], |(_, inlined)| inlined)
}

/// What samples have.
#[derive(Default)]
pub(in crate::report) struct PlaceValues {
    /// By place.
    pub of_places: Vec<NodeValue>,
    /// By location, at least what its inlined calls have: a location that is on a stack several times
    /// counts each time.
    pub inlined: Vec<i64>,
}

fn place_values_of(
    profile: &Profile,
    places: &Places,
    columns: Columns,
    samples: Range<usize>,
) -> PlaceValues {
    let mut totals = vec![NodeValue::default(); places.len()];
    let mut inlined = vec![0i64; profile.locations().len()];
    let mut cum = Cum::new(places.len());
    let outermost = outermost_places(profile, places);
    // The locations of a stack that have more than that, and what else was there.
    let mut with_more = Vec::new();
    for sample in samples {
        let (value, divisor) = columns.of(sample);
        if value == 0 && divisor == 0 {
            continue;
        }
        cum.begin();
        let mut add = |slot: PlaceSlot| {
            if cum.add(slot, value)
                && divisor != 0
                && let Some(total) = slot.checked_sub(1).and_then(|at| totals.get_mut(at))
            {
                total.cum_divisor = total.cum_divisor.wrapping_add(divisor);
            }
        };
        let stack = profile.stack(sample);
        if with_more.len() < stack.len() {
            with_more.resize(stack.len(), LocationIndex(0));
        }
        let mut count = 0;
        // Whether there is more cannot be foreseen, and is no branch.
        stack.each(|location| {
            let slot = outermost.get(location.index()).copied().unwrap_or(0);
            add((slot & !HAS_MORE).into());
            if let Some(next) = with_more.get_mut(count) {
                *next = location;
            }
            count += usize::from(slot & HAS_MORE != 0);
        });
        for &location in with_more.get(..count).unwrap_or_default() {
            let all_places = places.of_location(location).iter();
            all_places.for_each(|&place| add(place as usize + 1));
            if let Some(sum) = inlined.get_mut(location.index()) {
                *sum = sum.saturating_add(value);
            }
        }
        let leaf = stack
            .first()
            .and_then(|location| places.of_location(location).first());
        if let Some(total) = leaf.and_then(|&leaf| totals.get_mut(leaf as usize)) {
            total.add_flat(value, divisor);
        }
    }
    for (total, &cum) in totals.iter_mut().zip(cum.sums.iter().skip(1)) {
        total.cum = cum;
    }
    PlaceValues {
        of_places: totals,
        inlined,
    }
}

/// Of a place, one more than its number. 0 is of none.
type PlaceSlot = usize;

/// Cumulative sums. They are touched for every frame, and therefore as small as can be.
struct Cum {
    /// By slot of a place.
    sums: Vec<i64>,
    /// By slot, the round of the last sample that was added.
    seen: Vec<u8>,
    round: u8,
}

impl Cum {
    fn new(places: usize) -> Self {
        Cum {
            sums: vec![0; places + 1],
            seen: vec![0; places + 1],
            round: 0,
        }
    }

    /// Begins a sample.
    #[inline(always)]
    fn begin(&mut self) {
        self.round = self.round.wrapping_add(1);
        if self.round == 0 {
            self.seen.fill(0);
            self.round = 1;
        }
    }

    /// Adds a value, unless the sample already did; whether it was added.
    #[inline(always)]
    fn add(&mut self, slot: PlaceSlot, value: i64) -> bool {
        let (Some(seen), Some(sum)) = (self.seen.get_mut(slot), self.sums.get_mut(slot)) else {
            return false;
        };
        if *seen == self.round {
            return false;
        }
        *seen = self.round;
        *sum = sum.wrapping_add(value);
        true
    }
}

/// Beside the place of a location, where it has others, or one that is not there.
const HAS_MORE: u16 = 1 << 15;

/// By location the slot of the outermost call, in as few bytes as can be: it is looked up for every
/// frame.
fn outermost_places(profile: &Profile, places: &Places) -> Vec<u16> {
    let outermost = |location: usize| {
        let all_places = places.of_location(LocationIndex(location as u32));
        let slot = all_places.last().map_or(0, |&place| place as usize + 1);
        match u16::try_from(slot).ok().filter(|slot| slot & HAS_MORE == 0) {
            Some(slot) if all_places.len() <= 1 => slot,
            Some(slot) => slot | HAS_MORE,
            None => HAS_MORE,
        }
    };
    (0..profile.locations().len()).map(outermost).collect()
}

#[cfg(test)]
mod tests {
    use caulk_profile::{Line, ProfileBuilder};

    use super::*;
    use crate::config::Config;
    use crate::report::places::Identity;

    #[test]
    fn each_of_many_places_has_its_own_values() {
        let mut builder = ProfileBuilder::new();
        builder.sample_type("space", "bytes");
        // More than are told apart by the bits beside the mark.
        let locations: Vec<_> = (0..u32::from(HAS_MORE) + 100)
            .map(|number| {
                let line = Line {
                    function: builder.function(&format!("f{number}"), "a.go", 0),
                    line: 1,
                    column: 0,
                };
                builder.location(None, number.into(), &[line])
            })
            .collect();
        for (number, stack) in locations.windows(2).enumerate() {
            builder.sample(stack, &[number as i64], &[]);
        }
        let profile = builder.finish();
        let places = Places::new(&profile, Identity::new(&Config::default()));
        let columns = Columns {
            values: profile.values(0),
            divisors: None,
        };
        let values = place_values(&profile, &places, columns).of_places;
        assert_eq!(values.len(), locations.len());
        for (number, value) in (0..).zip(&values) {
            let leaf = if number + 1 < values.len() as i64 {
                number
            } else {
                0
            };
            let caller = (number - 1).max(0);
            assert_eq!((value.flat, value.cum), (leaf, leaf + caller), "{number}");
        }
    }
}

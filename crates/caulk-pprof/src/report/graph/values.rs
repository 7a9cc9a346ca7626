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
    let mut cum = Cum {
        sums: vec![0; places.len()],
        seen: vec![0; places.len()],
        round: 0,
    };
    let outermost = outermost_places(profile, places);
    for sample in samples {
        let (value, divisor) = columns.of(sample);
        if value == 0 && divisor == 0 {
            continue;
        }
        cum.begin();
        let mut add = |place: PlaceId| {
            if cum.add(place, value)
                && divisor != 0
                && let Some(total) = totals.get_mut(place as usize)
            {
                total.cum_divisor = total.cum_divisor.wrapping_add(divisor);
            }
        };
        let stack = profile.stack(sample);
        stack.each(|location| {
            let place = outermost.get(location.index()).copied().unwrap_or(0);
            add(place & !HAS_INLINED);
            if place & HAS_INLINED != 0 {
                inlined_places(places, location)
                    .iter()
                    .copied()
                    .for_each(&mut add);
                if let Some(sum) = inlined.get_mut(location.index()) {
                    *sum = sum.saturating_add(value);
                }
            }
        });
        let leaf = stack
            .first()
            .and_then(|location| places.of_location(location).first());
        if let Some(total) = leaf.and_then(|&leaf| totals.get_mut(leaf as usize)) {
            total.add_flat(value, divisor);
        }
    }
    for (total, cum) in totals.iter_mut().zip(cum.sums) {
        total.cum = cum;
    }
    PlaceValues {
        of_places: totals,
        inlined,
    }
}

/// Cumulative sums. They are touched for every frame, and therefore as small as can be.
struct Cum {
    /// By place.
    sums: Vec<i64>,
    /// By place, the round of the last sample that was added.
    seen: Vec<u8>,
    round: u8,
}

impl Cum {
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
    fn add(&mut self, place: PlaceId, value: i64) -> bool {
        let index = place as usize;
        let (Some(seen), Some(sum)) = (self.seen.get_mut(index), self.sums.get_mut(index)) else {
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

/// Beside the place of a location, where it has more.
const HAS_INLINED: PlaceId = 1 << 31;

/// By location the place of the outermost call, and whether there are others.
fn outermost_places(profile: &Profile, places: &Places) -> Vec<PlaceId> {
    let outermost = |location: usize| match places.of_location(LocationIndex(location as u32)) {
        [] => PlaceId::MAX,
        [place] => *place,
        [.., place] => place | HAS_INLINED,
    };
    (0..profile.locations().len()).map(outermost).collect()
}

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
) -> Vec<NodeValue> {
    let parts = in_parts(profile.sample_count(), LEAST_SAMPLES_IN_A_PART, |samples| {
        place_values_of(profile, places, columns, samples)
    });
    let mut parts = parts.into_iter();
    let mut totals = parts.next().unwrap_or_default();
    for part in parts {
        for (total, value) in totals.iter_mut().zip(part) {
            total.add_flat(value.flat, value.flat_divisor);
            total.add_cum(value.cum, value.cum_divisor);
            total.inlined = total.inlined.saturating_add(value.inlined);
        }
    }
    totals
}

fn place_values_of(
    profile: &Profile,
    places: &Places,
    columns: Columns,
    samples: Range<usize>,
) -> Vec<NodeValue> {
    let mut totals = vec![NodeValue::default(); places.len()];
    let mut cum = vec![Cum::default(); places.len()];
    let mut inlined = vec![0i64; places.len()];
    let only = only_places(profile, places);
    for sample in samples {
        let (value, divisor) = columns.of(sample);
        if value == 0 && divisor == 0 {
            continue;
        }
        let stamp = sample as u32 + 1;
        let mut add = |place: PlaceId| {
            if let Some(cum) = cum.get_mut(place as usize)
                && cum.seen_in != stamp
            {
                cum.seen_in = stamp;
                cum.sum = cum.sum.wrapping_add(value);
                if divisor != 0
                    && let Some(total) = totals.get_mut(place as usize)
                {
                    total.cum_divisor = total.cum_divisor.wrapping_add(divisor);
                }
            }
        };
        let stack = profile.stack(sample);
        for &location in stack {
            match only.get(location.index()) {
                Some(&SEVERAL) | None => {
                    let places = places.of_location(location);
                    places.iter().copied().for_each(&mut add);
                    let (_, inner) = places.split_last().unwrap_or((&0, &[]));
                    for &place in inner {
                        if let Some(sum) = inlined.get_mut(place as usize) {
                            *sum = sum.saturating_add(value);
                        }
                    }
                }
                Some(&place) => add(place),
            }
        }
        let leaf = stack
            .first()
            .and_then(|&location| places.of_location(location).first());
        if let Some(total) = leaf.and_then(|&leaf| totals.get_mut(leaf as usize)) {
            total.add_flat(value, divisor);
        }
    }
    for ((total, cum), inlined) in totals.iter_mut().zip(cum).zip(inlined) {
        total.cum = cum.sum;
        total.inlined = inlined;
    }
    totals
}

/// What is touched for every frame, and therefore small.
#[derive(Debug, Clone, Copy, Default)]
struct Cum {
    sum: i64,
    /// The last sample that was added, plus one.
    seen_in: u32,
}

const SEVERAL: PlaceId = PlaceId::MAX;

/// By location its place, or [`SEVERAL`].
fn only_places(profile: &Profile, places: &Places) -> Vec<PlaceId> {
    let only = |location: usize| match *places.of_location(LocationIndex(location as u32)) {
        [place] => place,
        _ => SEVERAL,
    };
    (0..profile.locations().len()).map(only).collect()
}

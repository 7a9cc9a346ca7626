//! Growth of several stacks as one: of a function, of a package, of whatever the caller groups by.

use serde::Serialize;

use crate::analyze::Judged;
use crate::growth::{Finding, Metric};
use crate::heap::HeapFacts;
use crate::options::Options;
use crate::restart::longest_life;
use crate::series::{Sampling, Series, Stack, StackId};
use crate::window::Window;

/// The caller's name for a total; growth only hands it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct TotalId(pub u32);

/// Stacks that are looked at as one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Total {
    /// Positions in [`Series::stacks`] of the stacks in which it occurs: each once, however often it
    /// occurs there.
    pub cum: Vec<u32>,
    /// Of these, the ones in which it is the leaf.
    pub flat: Vec<u32>,
}

/// The growth of a total.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TotalGrowth {
    /// The position of the total among those that were given.
    pub id: TotalId,
    /// Of the stacks in which it occurs.
    pub cum: Grown,
    /// Of those in which it is the leaf; `None` where there is none.
    pub flat: Option<Grown>,
}

/// One sum of stacks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Grown {
    /// Live objects.
    pub objects: Metric,
    /// Live bytes.
    pub bytes: Metric,
    /// Whether it leaks: at one false-discovery rate over all totals that were given.
    pub finding: Finding,
}

/// What grows among totals of one kind, in their order. Counts of their stacks add up, and so do the
/// variances that counting gives them; the scatter of the increments is that of the sum.
///
/// Each total costs as much as its stacks do.
pub fn analyze_totals(series: &Series, options: &Options, totals: &[Total]) -> Vec<TotalGrowth> {
    let (life, _) = longest_life(series);
    let (window, _) = Window::new(&series.points, life);
    let heap_window = window.of_heap(&series.points);
    let judged = Judged {
        window: &window,
        heap_window: &heap_window,
        options,
        counts_lost: series.sampling == Sampling::Unknown,
    };
    let facts = |stacks: &[u32]| {
        let mut sum = HeapFacts::default();
        let stacks = stacks
            .iter()
            .filter_map(|index| series.stacks.get(*index as usize));
        stacks.for_each(|stack: &Stack| {
            sum.add(&HeapFacts::of_stack(stack, &heap_window, series.sampling));
        });
        sum
    };
    // Two hypotheses for each, or one where it is the leaf of all or of none.
    let sums = || {
        totals.iter().flat_map(|total| {
            let flat = (!total.flat.is_empty() && total.flat.len() < total.cum.len())
                .then_some(total.flat.as_slice());
            [Some(total.cum.as_slice()), flat]
        })
    };
    let tests: Vec<_> = sums()
        .map(|stacks| stacks.map(|stacks| judged.test(&facts(stacks))))
        .collect();
    let given: Vec<_> = tests.iter().flatten().collect();
    let mut rates = judged
        .false_discovery_rates(given.iter().copied())
        .into_iter();
    let mut grown = sums().zip(&tests).map(|(stacks, test)| {
        let (stacks, test) = (stacks?, test.as_ref()?);
        let q = rates.next().unwrap_or(1.0);
        let growth = judged.stack(StackId(0), &facts(stacks), test.p, q);
        Some(Grown {
            objects: growth.objects,
            bytes: growth.bytes,
            finding: growth.finding,
        })
    });
    let mut found = Vec::with_capacity(totals.len());
    for (index, total) in totals.iter().enumerate() {
        let (cum, flat) = (grown.next().flatten(), grown.next().flatten());
        let Some(cum) = cum else { continue };
        let flat = match total.flat.len() {
            0 => None,
            leaves if leaves == total.cum.len() => Some(cum.clone()),
            _ => flat,
        };
        let id = TotalId(u32::try_from(index).unwrap_or(u32::MAX));
        found.push(TotalGrowth { id, cum, flat });
    }
    found
}

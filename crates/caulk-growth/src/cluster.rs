//! What grows at the same rate is one resource.

use crate::growth::{Axis, Cluster, Estimate, Verdict};
use crate::series::{JoinKey, ScalarId, StackId};

/// A growing stack or scalar.
#[derive(Clone, Debug)]
pub struct Member {
    pub name: MemberName,
    /// Objects, goroutines, descriptors per request.
    pub rate: Estimate,
    /// Heap bytes per request; 0 for a scalar.
    pub bytes: Estimate,
    pub exactly: Option<u32>,
    pub verdict: Verdict,
    pub join: Option<JoinKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberName {
    Stack(StackId),
    Scalar(ScalarId),
}

/// The largest whole number of objects of one stack that one resource is believed to hold.
const MOST_PER_RESOURCE: f64 = 64.0;

/// Relative error of a rate up to which it says how many there are per request.
const WELL_KNOWN: f64 = 0.1;

/// Rates tried as the unit of a cluster: those with most bytes.
const MOST_UNITS_TRIED: usize = 64;

/// One per request, known without error.
const ONE: Estimate = Estimate {
    value: 1.0,
    error: Some(0.0),
    interval: None,
    samples: 0,
};

/// Standard errors within which two rates are the same.
const SAME: f64 = 2.6;

/// Groups members. Those with a key go with their key. Of the others, those whose rate is known well
/// are grouped by the unit that most of their bytes are whole multiples of (the largest such unit, so
/// that two things that happen twice per request are not half of one); with them goes what cannot be
/// told apart from a multiple, and so do the vague ones. Where rates are per request, one per request is tried as a unit too.
///
/// `together` gives the objects and bytes per [`Axis`] of some stacks as one: what belongs to one resource
/// comes and goes with it, so that errors do not add in quadrature.
pub fn clusters(
    mut members: Vec<Member>,
    per: Axis,
    together: &dyn Fn(&[StackId]) -> (Estimate, Estimate),
) -> Vec<Cluster> {
    // Stable: equals stay in the caller's order.
    members.sort_by(|a, b| b.bytes.value.total_cmp(&a.bytes.value));
    let (keyed, free): (Vec<Member>, Vec<Member>) = members
        .into_iter()
        .partition(|member| member.join.is_some());
    let mut groups: Vec<Vec<Member>> = Vec::new();
    for member in keyed {
        let same = |group: &&mut Vec<Member>| group.iter().any(|other| other.join == member.join);
        match groups.iter_mut().find(same) {
            Some(group) => group.push(member),
            None => groups.push(vec![member]),
        }
    }
    let (mut known, vague): (Vec<Member>, Vec<Member>) = free
        .into_iter()
        .partition(|member| relative_error(&member.rate) <= WELL_KNOWN);
    for group in &mut groups {
        let (unit, _) = resources(group, per);
        group.extend(known.extract_if(.., |member| may_be_multiple(&member.rate, &unit)));
    }
    while let Some(unit) = best_unit(&known, per) {
        let group: Vec<Member> = known
            .extract_if(.., |member| may_be_multiple(&member.rate, &unit))
            .collect();
        groups.push(group);
    }
    for member in vague {
        let fits = |group: &&mut Vec<Member>| {
            let (unit, _) = resources(group, per);
            may_be_multiple(&member.rate, &unit) || may_be_multiple(&unit, &member.rate)
        };
        match groups.iter_mut().find(fits) {
            Some(group) => group.push(member),
            None => groups.push(vec![member]),
        }
    }
    let mut clusters: Vec<Cluster> = groups
        .into_iter()
        .map(|group| cluster(group, per, together))
        .collect();
    clusters.sort_by(|a, b| {
        let order = b.bytes.value.total_cmp(&a.bytes.value);
        order.then(b.resources.value.total_cmp(&a.resources.value))
    });
    clusters
}

fn relative_error(rate: &Estimate) -> f64 {
    match rate.error {
        // Requests in flight at a capture blur even an exact rate a little.
        Some(error) if rate.value > 0.0 => (error / rate.value).max(0.005),
        _ => f64::INFINITY,
    }
}

/// How far a rate is from being a whole multiple of a unit, and the standard error of that.
fn off_multiple(rate: &Estimate, unit: &Estimate) -> Option<(f64, f64)> {
    let ratio = rate.value / unit.value;
    let multiple = ratio.round();
    if !ratio.is_finite() || !(1.0..=MOST_PER_RESOURCE).contains(&multiple) {
        return None;
    }
    let error = ratio * relative_error(rate).hypot(relative_error(unit));
    Some(((ratio - multiple).abs(), error))
}

/// Whether a rate may be a whole multiple of a unit.
fn may_be_multiple(rate: &Estimate, unit: &Estimate) -> bool {
    off_multiple(rate, unit).is_some_and(|(off, error)| off <= SAME * error)
}

/// Whether it is, and chance would seldom make it one: two rates that are the same, or a multiple
/// known so well that most numbers would not pass for one.
fn is_multiple(rate: &Estimate, unit: &Estimate) -> bool {
    off_multiple(rate, unit).is_some_and(|(off, error)| {
        let tolerance = SAME * error;
        off <= tolerance && (tolerance <= 0.3 || rate.value < 1.5 * unit.value)
    })
}

/// The rate that accounts for most bytes as its multiples: the largest of those that come within a
/// tenth of the best.
fn best_unit(known: &[Member], per: Axis) -> Option<Estimate> {
    let all: f64 = known.iter().map(|member| member.bytes.value).sum();
    // A scalar has no bytes but is as good a sign as a hundredth of them.
    let weight = |member: &Member| member.bytes.value + 0.01 * all + 1.0;
    let supported: Vec<(f64, Estimate)> = known
        .iter()
        .take(MOST_UNITS_TRIED)
        .map(|member| member.rate)
        .chain((per == Axis::Request).then_some(ONE))
        .map(|unit| {
            let multiples = known
                .iter()
                .filter(|member| is_multiple(&member.rate, &unit));
            (multiples.map(weight).sum(), unit)
        })
        .filter(|(support, _)| *support > 0.0)
        .collect();
    let best = supported
        .iter()
        .map(|(support, _)| *support)
        .fold(0.0, f64::max);
    let good = || {
        supported
            .iter()
            .filter(|(support, _)| *support >= 0.9 * best)
    };
    let (_, largest) = good().max_by(|(_, a), (_, b)| a.value.total_cmp(&b.value))?;
    // Several may be the same rate, known more or less well.
    good()
        .filter(|(_, unit)| unit.value > largest.value / 1.5 && may_be_multiple(largest, unit))
        .max_by(|(a_support, a), (b_support, b)| {
            let support = a_support.total_cmp(b_support);
            support.then(relative_error(b).total_cmp(&relative_error(a)))
        })
        .map(|(_, unit)| *unit)
}

/// The rate of the resource itself, from the member whose rate is known best, and whether it is
/// exactly a number per request.
fn resources(members: &[Member], per: Axis) -> (Estimate, Option<u32>) {
    let known: Vec<Member> = members
        .iter()
        .filter(|member| relative_error(&member.rate) <= WELL_KNOWN)
        .cloned()
        .collect();
    let Some(unit) = best_unit(&known, per) else {
        return (
            members
                .first()
                .map(|member| member.rate)
                .unwrap_or_default(),
            None,
        );
    };
    let mut best: Option<&Member> = None;
    for member in known
        .iter()
        .filter(|member| is_multiple(&member.rate, &unit))
    {
        let better = |other: &Member| {
            (member.exactly.is_some(), -relative_error(&member.rate))
                > (other.exactly.is_some(), -relative_error(&other.rate))
        };
        if best.is_none_or(better) {
            best = Some(member);
        }
    }
    let Some(best) = best else {
        return (unit, None);
    };
    let each = (best.rate.value / unit.value).round().max(1.0);
    let rate = Estimate {
        samples: (best.rate.samples as f64 / each) as u64,
        ..best.rate.times(1.0 / each)
    };
    let exactly = best
        .exactly
        .map(f64::from)
        .filter(|count| count % each == 0.0);
    (rate, exactly.map(|count| (count / each) as u32))
}

fn cluster(
    mut members: Vec<Member>,
    per: Axis,
    together: &dyn Fn(&[StackId]) -> (Estimate, Estimate),
) -> Cluster {
    members.sort_by(|a, b| b.bytes.value.total_cmp(&a.bytes.value));
    let stacks: Vec<StackId> = members
        .iter()
        .filter_map(|member| match member.name {
            MemberName::Stack(id) => Some(id),
            MemberName::Scalar(_) => None,
        })
        .collect();
    let scalars = members
        .iter()
        .filter_map(|member| match member.name {
            MemberName::Scalar(id) => Some(id),
            MemberName::Stack(_) => None,
        })
        .collect();
    let on_heap = || {
        members
            .iter()
            .filter(|member| matches!(member.name, MemberName::Stack(_)))
    };
    let (resources, exactly) = resources(&members, per);
    let (objects, bytes) = together(&stacks);
    Cluster {
        representative: stacks.first().copied(),
        join: members.iter().find_map(|member| member.join),
        resources,
        objects: objects.moved_to(on_heap().map(|member| member.rate.value).sum()),
        bytes: bytes.moved_to(on_heap().map(|member| member.bytes.value).sum()),
        exactly,
        verdict: members
            .iter()
            .map(|member| member.verdict)
            .max()
            .unwrap_or(Verdict::Steady),
        stacks,
        scalars,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(value: f64, error: f64) -> Estimate {
        Estimate {
            value,
            error: Some(error),
            interval: None,
            samples: 100,
        }
    }

    fn nothing(_: &[StackId]) -> (Estimate, Estimate) {
        Default::default()
    }

    fn stack(id: u32, rate: f64, error: f64, bytes: f64, join: Option<u32>) -> Member {
        Member {
            name: MemberName::Stack(StackId(id)),
            rate: known(rate, error),
            bytes: known(bytes, bytes * error / rate),
            exactly: None,
            verdict: Verdict::Leak,
            join: join.map(JoinKey),
        }
    }

    #[test]
    fn a_connections_parts_are_one_resource() {
        let mut members = vec![
            stack(1, 1.02, 0.03, 32_768.0, None),
            stack(2, 2.01, 0.04, 8192.0, None),
            stack(3, 0.99, 0.02, 4096.0, None),
            stack(4, 0.37, 0.003, 20_000.0, None),
        ];
        members.push(Member {
            name: MemberName::Scalar(ScalarId(0)),
            rate: known(5.0, 0.0),
            bytes: Estimate::default(),
            exactly: Some(5),
            ..stack(9, 5.0, 0.0, 0.0, None)
        });
        let found = clusters(members, Axis::Request, &nothing);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].stacks, [StackId(1), StackId(2), StackId(3)]);
        assert_eq!(found[0].scalars, [ScalarId(0)]);
        assert!(found[0].resources.value == 1.0 && found[0].exactly == Some(1));
        assert!((found[0].bytes.value - 45_056.0).abs() < 1.0);
        assert_eq!(found[1].stacks, [StackId(4)]);
    }

    #[test]
    fn the_callers_key_joins_and_parts() {
        let found = clusters(
            vec![
                stack(1, 1.0, 0.01, 1000.0, Some(1)),
                stack(2, 1.0, 0.01, 900.0, Some(2)),
                stack(3, 0.313, 0.001, 800.0, Some(1)),
            ],
            Axis::Request,
            &nothing,
        );
        assert_eq!(found[0].stacks, [StackId(1), StackId(3)]);
        assert_eq!(found[1].stacks, [StackId(2)]);
    }
}

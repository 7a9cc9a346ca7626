//! Growth by function, by package and by label: sums of stacks that have something in common.

use std::collections::{BTreeMap, BTreeSet};

use caulk_case::LabelSeries;
use caulk_flow::Symbol;
use caulk_growth::{
    Finding, Grown, Metric, Options, Scalar, ScalarId, ScalarKind, Series, Stack, StackId, Total,
    analyze, analyze_totals,
};

use crate::diagnosis::Run;

/// What growth is summed up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// Functions, as the runtime names them.
    Function,
    /// Packages, by import path.
    Package,
    /// Labels of goroutines, as `pprof.Do` sets them, and of other profiles that have any: `key=value`.
    Label,
}

/// The growth of one function, package or label.
#[derive(Debug, Clone, PartialEq)]
pub struct GrownBy {
    /// Its name.
    pub name: String,
    /// The heap of the stacks in which it occurs, each counted once; of a label, that of its samples.
    pub cum: Option<Grown>,
    /// The heap of those that it allocated itself.
    pub flat: Option<Grown>,
    /// The goroutines with the label.
    pub goroutines: Option<(Metric, Finding)>,
}

impl Run {
    /// What grew, summed up, the largest growth first; what did not change is left out. Whether something
    /// leaks is judged at one false-discovery rate over all of one kind.
    ///
    /// Costs as much as the whole series for each frame of a stack.
    #[must_use]
    pub fn grown_by(&self, by: By, options: &Options) -> Vec<GrownBy> {
        let mut grown = match by {
            By::Function => self.sums(options, str::to_owned),
            By::Package => self.sums(options, Symbol::package_of),
            By::Label => self.labels(options),
        };
        let size = |grown: &GrownBy| {
            let heap = grown.cum.as_ref().map(|cum| cum.bytes.rate.value);
            let goroutines = grown
                .goroutines
                .as_ref()
                .map(|(metric, _)| metric.rate.value);
            heap.or(goroutines).unwrap_or(0.0)
        };
        grown.retain(|grown| size(grown) != 0.0);
        grown.sort_by(|a, b| {
            let inner = |grown: &GrownBy| {
                grown
                    .flat
                    .as_ref()
                    .map_or(0.0, |flat| flat.bytes.rate.value)
            };
            let order = size(b).total_cmp(&size(a));
            order
                .then(inner(b).total_cmp(&inner(a)))
                .then_with(|| a.name.cmp(&b.name))
        });
        grown
    }

    fn sums(&self, options: &Options, name_of: impl Fn(&str) -> String) -> Vec<GrownBy> {
        let loaded = self.loaded();
        let mut totals: BTreeMap<String, Total> = BTreeMap::new();
        for (position, stack) in loaded.series.stacks.iter().enumerate() {
            let position = u32::try_from(position).unwrap_or(u32::MAX);
            let frames = loaded.stacks.frames(caulk_profile::StackId(stack.id.0));
            let names: Vec<String> = frames.map(|frame| name_of(frame.function)).collect();
            if let Some(leaf) = names.first() {
                totals.entry(leaf.clone()).or_default().flat.push(position);
            }
            // Recursion counts a stack once.
            for name in names.into_iter().collect::<BTreeSet<String>>() {
                totals.entry(name).or_default().cum.push(position);
            }
        }
        let (names, totals): (Vec<String>, Vec<Total>) = totals.into_iter().unzip();
        let growths = analyze_totals(&loaded.series, options, &totals);
        growths
            .into_iter()
            .filter_map(|growth| {
                Some(GrownBy {
                    name: names.get(growth.id.0 as usize)?.clone(),
                    cum: Some(growth.cum),
                    flat: growth.flat,
                    goroutines: None,
                })
            })
            .collect()
    }

    /// Dumps and profiles know labels of goroutines; of the heap, profiles that Go did not write itself.
    fn labels(&self, options: &Options) -> Vec<GrownBy> {
        let loaded = self.loaded();
        let mut goroutines: BTreeMap<&str, Vec<Option<f64>>> = BTreeMap::new();
        for (name, counts) in self.label_counts() {
            // Counts of goroutines are far below 2^52.
            let counts = counts.iter().map(|count| count.map(|count| count as f64));
            goroutines.insert(name, counts.collect());
        }
        for label in loaded
            .labels
            .iter()
            .filter(|label| !label.goroutines.is_empty())
        {
            let known = goroutines.entry(&label.name);
            known.or_insert_with(|| label.goroutines.clone());
        }
        let scalar = |(id, values): (u32, &Vec<Option<f64>>)| Scalar {
            id: ScalarId(id),
            kind: ScalarKind::GoroutineGroup,
            values: values.clone(),
            may_expire: false,
            join: None,
        };
        let counted = Series {
            points: loaded.series.points.clone(),
            scalars: (0..).zip(goroutines.values()).map(scalar).collect(),
            ..Series::default()
        };
        let mut found: BTreeMap<&str, GrownBy> = BTreeMap::new();
        let nothing = |name: &str| GrownBy {
            name: name.to_owned(),
            cum: None,
            flat: None,
            goroutines: None,
        };
        let named = goroutines.keys().zip(analyze(&counted, options).scalars);
        for (name, scalar) in named {
            let grown = found.entry(name).or_insert_with(|| nothing(name));
            grown.goroutines = scalar.metric.map(|metric| (metric, scalar.finding));
        }
        let of_heap = || {
            loaded
                .labels
                .iter()
                .filter(|label| !label.buckets.is_empty())
        };
        let stack = |(id, label): (u32, &LabelSeries)| Stack {
            id: StackId(id),
            buckets: label.buckets.clone(),
            may_expire: false,
            is_reused: false,
            join: None,
        };
        let heap = Series {
            points: loaded.series.points.clone(),
            sampling: loaded.series.sampling,
            stacks: (0..).zip(of_heap()).map(stack).collect(),
            scalars: Vec::new(),
        };
        let each: Vec<Total> = (0..)
            .zip(of_heap())
            .map(|(position, _)| Total {
                cum: vec![position],
                flat: Vec::new(),
            })
            .collect();
        for (label, growth) in of_heap().zip(analyze_totals(&heap, options, &each)) {
            let grown = found
                .entry(&label.name)
                .or_insert_with(|| nothing(&label.name));
            grown.cum = Some(growth.cum);
        }
        found.into_values().collect()
    }
}

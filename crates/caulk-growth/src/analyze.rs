//! From a series to its growth.

use crate::cluster::{Member, MemberName, clusters};
use crate::cooldown::cooldown_reasons;
use crate::counting::Track;
use crate::growth::{
    Cooldown, Estimate, Finding, Growth, Metric, Problem, ScalarGrowth, StackGrowth, Verdict, Veto,
};
use crate::heap::{HeapFacts, Held};
use crate::interval::Known;
use crate::judge::{Evidence, judge};
use crate::options::Options;
use crate::restart::longest_life;
use crate::series::{Sampling, Scalar, ScalarKind, Series, Stack, StackId};
use crate::stats::{
    benjamini_hochberg, fair_binomial_tail, mann_kendall, random_walk_inflation, theil_sen,
};
use crate::window::Window;

/// Standard errors that chance exceeds once in a thousand.
const CLEAR: f64 = 3.09;

/// Standard errors of the smallest growth that would have been seen: clear, and so nine times in ten.
const VISIBLE: f64 = CLEAR + 1.28;

/// The rule of three: where no sampled object was added, up to three may have been due (at 95 %).
const UNSEEN_SAMPLES: f64 = 3.0;

/// The false-discovery rate at which stacks are counted to a growth that is sure without them.
const ATTRIBUTED_RATE: f64 = 0.1;

/// Says what grows in a series. Never fails: what is wrong with the input is in
/// [`Growth::problems`].
///
/// Per stack: sampled objects are recovered from the estimates; whether they grew is decided by
/// counting, over all stacks at one false-discovery rate; how fast is the Theil–Sen slope, with the
/// error of counting. The shape of the growth can only speak against a leak.
pub fn analyze(series: &Series, options: &Options) -> Growth {
    let (life, restarted) = longest_life(series);
    let (window, mut problems) = Window::new(&series.points, life);
    problems.extend(restarted);
    let counts_lost = series.sampling == Sampling::Unknown && !series.stacks.is_empty();
    if counts_lost {
        problems.push(Problem::CountsLost);
    }
    let heap_window = window.of_heap(&series.points);
    let judged = Judged {
        window: &window,
        heap_window: &heap_window,
        options,
        counts_lost,
    };
    let scalars = judged.scalars(&series.scalars);
    let most_of_reused = most_of_reused(&scalars);

    let facts_of = |stack: &Stack| HeapFacts::of_stack(stack, &heap_window, series.sampling);
    // Tens of thousands of stacks at a thousand points each would fill memory: the facts of one are
    // made anew where they are needed, and not kept.
    let mut total = HeapFacts::default();
    let mut tests = Vec::with_capacity(series.stacks.len());
    for stack in &series.stacks {
        let facts = facts_of(stack);
        tests.push(judged.test(&facts));
        total.add(&facts);
    }
    let q = judged.false_discovery_rates(tests.iter());
    let (mut stacks, mut held) = (Vec::with_capacity(q.len()), Vec::with_capacity(q.len()));
    let mut rest = Rest::default();
    for (stack, (test, q)) in series.stacks.iter().zip(tests.iter().zip(q)) {
        let facts = facts_of(stack);
        let mut growth = judged.stack(stack.id, &facts, test.p, q);
        if stack.is_reused && growth.finding.verdict > most_of_reused {
            growth.finding.verdict = most_of_reused;
            growth.finding.vetoes.push(Veto::Reused);
        }
        stacks.push(growth);
        held.push(facts.held());
        if q > options.false_discovery_rate && !stack.is_reused {
            rest.add(&facts);
        }
    }
    let (heap_objects, heap_bytes) = total.metrics(counts_lost, true, judged.p_of(&total.track));
    let rest_findings = [&rest.all, &rest.kept].map(|rest| judged.rest(rest));
    drop_small(&mut stacks, judged.floor_bytes());

    // A heap seen once says nothing beside scalars seen more often.
    let heap_compared = heap_window.rounds() > 0;
    let findings = || {
        let decisive = scalars.iter().filter(|scalar| scalar.kind.decides());
        let of_scalars = decisive.map(|scalar| &scalar.finding);
        let of_stacks = stacks.iter().map(|stack| &stack.finding);
        let of_heap = of_stacks.chain(&rest_findings).filter(|_| heap_compared);
        of_scalars.chain(of_heap)
    };
    let verdict = match window.points.len() {
        0 => None,
        1 => Some(Verdict::Grew),
        _ => findings()
            .map(|finding| finding.verdict)
            .max()
            .or(Some(Verdict::Steady)),
    };
    if let Some(verdict) = verdict.filter(|verdict| *verdict > Verdict::Steady) {
        attribute(&mut stacks, verdict.min(Verdict::Growing));
    }
    let per = window.per;
    let clusters = match verdict {
        Some(verdict) => {
            let together = |ids: &[StackId]| {
                let mut sum = HeapFacts::default();
                let chosen = series.stacks.iter().filter(|stack| ids.contains(&stack.id));
                chosen.for_each(|stack| sum.add(&facts_of(stack)));
                let (objects, bytes) = sum.metrics(counts_lost, false, 1.0);
                (objects.rate, bytes.rate)
            };
            clusters(members(series, &stacks, &scalars, verdict), per, &together)
        }
        None => Vec::new(),
    };
    let cooldown = window.cooldown.map(|_| Cooldown {
        seconds: window.cooldown_seconds,
        still_held: Judged::still_held(&held, &stacks, &total),
    });
    let smallest_visible_bytes = match heap_bytes.rate.error {
        Some(error) if heap_window.rounds() > 0 && !series.stacks.is_empty() => {
            let span = heap_window.span();
            let unseen = match series.sampling {
                Sampling::EveryBytes(rate) if rate > 1 && span > 0.0 => {
                    UNSEEN_SAMPLES * rate as f64 / span
                }
                _ => 0.0,
            };
            Some(
                (VISIBLE * error)
                    .max(unseen)
                    .max(options.floor_bytes_over(span)),
            )
        }
        _ => None,
    };
    let cooldown_reasons = match verdict {
        Some(Verdict::Leak)
            if cooldown.is_none() && window.seconds < options.long_watch_seconds =>
        {
            cooldown_reasons(series, &stacks, &scalars, heap_bytes.rate.value, options)
        }
        _ => Vec::new(),
    };
    Growth {
        verdict,
        per,
        span: window.span(),
        watched_seconds: window.seconds,
        rounds: window.rounds() as u32,
        heap_bytes,
        heap_objects,
        scalars,
        stacks: ranked(stacks, heap_window.points.len()),
        clusters,
        smallest_visible_bytes,
        cooldown,
        cooldown_reasons,
        problems,
    }
}

/// Whether the objects of one stack grew, as a hypothesis among many.
pub(crate) struct Test {
    pub(crate) p: f64,
    /// Whether the others become less sure by it.
    is_paid_for: bool,
}

/// The stacks that no test of their own decides, to be judged as one.
#[derive(Default)]
struct Rest {
    /// Not only those that rose: choosing those would make growth of chance. But several things that each
    /// happened once make no growth together.
    all: HeapFacts,
    /// Those whose objects stay once they have come, which the noise of the others drowns.
    kept: HeapFacts,
}

impl Rest {
    fn add(&mut self, facts: &HeapFacts) {
        if facts.track.happened_once() {
            return;
        }
        self.all.add(facts);
        if facts.track.is_kept() {
            self.kept.add(facts);
        }
    }
}

/// What all judgements of one series share.
pub(crate) struct Judged<'a> {
    pub(crate) window: &'a Window,
    pub(crate) heap_window: &'a Window,
    pub(crate) options: &'a Options,
    pub(crate) counts_lost: bool,
}

impl Judged<'_> {
    /// What the cool-down still found of the growth that the verdict rests on: buffers that a load
    /// leaves behind come and go beside it.
    fn still_held(held: &[Held], stacks: &[StackGrowth], total: &HeapFacts) -> Option<f64> {
        let surest = stacks.iter().map(|stack| stack.finding.verdict).max();
        match surest.filter(|verdict| *verdict > Verdict::Grew) {
            Some(surest) => {
                let of_surest = held
                    .iter()
                    .zip(stacks)
                    .filter(|(_, stack)| stack.finding.verdict == surest)
                    .map(|(held, _)| held);
                Held::sum(of_surest).share()
            }
            None => total.held().share(),
        }
    }

    fn p_of(&self, track: &Track) -> f64 {
        match self.counts_lost {
            // Without counts only the trend is left; two points have none.
            true if track.y.len() >= 4 => mann_kendall(&track.y),
            true => 1.0,
            false => track.p_of_growth(),
        }
    }

    fn floor_bytes(&self) -> f64 {
        self.options.floor_bytes_over(self.heap_window.span())
    }

    fn per(&self, growth: f64) -> f64 {
        match self.heap_window.span() {
            span if span > 0.0 => growth / span,
            _ => 0.0,
        }
    }

    /// Some stacks as one: at the default sampling rate a leak
    /// leaves a few samples in each of many stacks. Their bytes must have grown as surely as their
    /// objects.
    fn rest(&self, rest: &HeapFacts) -> Finding {
        let p = self.p_of(&rest.track);
        let (_, bytes) = rest.metrics(self.counts_lost, true, p);
        let clear = bytes
            .rate
            .error
            .is_none_or(|error| bytes.rate.value > CLEAR * error);
        let evidence = Evidence {
            track: &rest.track,
            bytes: None,
            probability: 1.0,
            floor: self.floor_bytes(),
            rate: bytes.rate.value,
            // Two tests, each ten times stricter than the level of the stacks'.
            q: if clear { (10.0 * p).min(1.0) } else { 1.0 },
            still_held: rest.held().share(),
            loads: &self.heap_window.loads,
            counts_lost: self.counts_lost,
        };
        judge(&evidence, self.options).0
    }

    pub(crate) fn test(&self, facts: &HeapFacts) -> Test {
        let events = facts.track.growth_variance.max(facts.track.growth());
        Test {
            p: self.p_of(&facts.track),
            // A stack with so few events that its smallest possible p is not below the threshold can never
            // be called growing, and need not be paid for (Tarone, Biometrics 46, 1990).
            is_paid_for: self.counts_lost
                || fair_binomial_tail(events, events) <= self.options.false_discovery_rate,
        }
    }

    /// Of each test the rate at which it is the last one accepted.
    pub(crate) fn false_discovery_rates<'t>(
        &self,
        tests: impl Iterator<Item = &'t Test> + Clone,
    ) -> Vec<f64> {
        let paid_for: Vec<f64> = tests
            .clone()
            .filter(|test| test.is_paid_for)
            .map(|test| test.p)
            .collect();
        let mut rates = benjamini_hochberg(&paid_for).into_iter();
        tests
            .map(|test| match test.is_paid_for {
                true => rates.next().unwrap_or(1.0),
                false => 1.0,
            })
            .collect()
    }

    pub(crate) fn stack(&self, id: StackId, facts: &HeapFacts, p: f64, q: f64) -> StackGrowth {
        let (finding, even) = judge(
            &Evidence {
                track: &facts.track,
                // One object in place of a smaller one is seen only where nearly every one is sampled.
                bytes: (facts.probability >= 0.9).then_some(&facts.bytes.values),
                probability: facts.probability,
                // The floor is for what leaks together; a tenth of it keeps dust out.
                floor: 0.1 * self.floor_bytes(),
                rate: self.per(facts.bytes.growth()),
                q,
                still_held: facts.held().share(),
                loads: &self.heap_window.loads,
                counts_lost: self.counts_lost,
            },
            self.options,
        );
        let (objects, bytes) = facts.metrics(self.counts_lost, even, p);
        StackGrowth {
            id,
            objects,
            bytes,
            share: 0.0,
            finding,
        }
    }

    fn scalars(&self, scalars: &[Scalar]) -> Vec<ScalarGrowth> {
        let tracks: Vec<Option<Track>> = scalars.iter().map(|scalar| self.track(scalar)).collect();
        let decisive: Vec<usize> = (0..scalars.len())
            .filter(|&index| {
                scalars
                    .get(index)
                    .is_some_and(|scalar| scalar.kind.decides())
            })
            .collect();
        let p: Vec<f64> = tracks
            .iter()
            .zip(scalars)
            .map(|(track, scalar)| match track {
                // Garbage comes and goes with the collector: of such figures only the trend counts.
                Some(track) if scalar.kind == ScalarKind::HeapBytes => {
                    track.p_of_growth().max(mann_kendall(&track.y))
                }
                Some(track) => track.p_of_growth(),
                None => 1.0,
            })
            .collect();
        let tested: Vec<f64> = decisive
            .iter()
            .map(|&index| p.get(index).copied().unwrap_or(1.0))
            .collect();
        let mut q = p.clone();
        for (&index, value) in decisive.iter().zip(benjamini_hochberg(&tested)) {
            if let Some(slot) = q.get_mut(index) {
                *slot = value;
            }
        }
        let judged = scalars.iter().zip(&tracks).zip(p.iter().zip(q));
        judged
            .map(|((scalar, track), (&p, q))| self.scalar(scalar, track.as_ref(), p, q))
            .collect()
    }

    fn value(scalar: &Scalar, point: usize) -> Option<f64> {
        let value = scalar.values.get(point).copied().flatten()?;
        value.is_finite().then(|| value.clamp(-1e15, 1e15))
    }

    fn track(&self, scalar: &Scalar) -> Option<Track> {
        let (x, y): (Vec<f64>, Vec<f64>) = self
            .window
            .points
            .iter()
            .zip(&self.window.x)
            .filter_map(|(&point, &x)| Some((x, Self::value(scalar, point)?)))
            .unzip();
        (y.len() >= 2).then(|| Track::of_scalar(x, y))
    }

    fn scalar(&self, scalar: &Scalar, track: Option<&Track>, p: f64, q: f64) -> ScalarGrowth {
        let Some(track) = track else {
            let finding = Finding {
                verdict: if self.window.points.len() == 1 {
                    Verdict::Grew
                } else {
                    Verdict::Steady
                },
                q: 1.0,
                exactly: None,
                vetoes: Vec::new(),
                still_held: None,
            };
            return ScalarGrowth {
                id: scalar.id,
                kind: scalar.kind,
                metric: None,
                finding,
            };
        };
        let growth = track.growth();
        let floor = if scalar.kind.is_bytes() {
            self.options.floor_bytes_over(track.span())
        } else {
            self.options.floor_count_over(track.span())
        };
        let still_held = self
            .window
            .cooldown
            .and_then(|point| Self::value(scalar, point))
            .filter(|_| growth > 0.0)
            .map(|held| {
                ((held - track.y.first().copied().unwrap_or(0.0)) / growth).clamp(0.0, 1.0)
            });
        // Loads line up with the increments only where every point has a value.
        let complete = track.y.len() == self.window.points.len();
        let loads = if complete {
            self.window.loads.as_slice()
        } else {
            &[]
        };
        let metric = scalar_metric(scalar.kind, track, p);
        let evidence = Evidence {
            track,
            bytes: None,
            probability: 1.0,
            floor,
            rate: metric.rate.value,
            q,
            still_held,
            loads,
            // Bytes are no events that could be counted.
            counts_lost: scalar.kind == ScalarKind::HeapBytes,
        };
        let (finding, _) = judge(&evidence, self.options);
        ScalarGrowth {
            id: scalar.id,
            kind: scalar.kind,
            metric: Some(metric),
            finding,
        }
    }
}

/// An exact figure's slope, with the error that the scatter of its increments shows. Between two
/// points there is no scatter: the error is that of a count.
fn scalar_metric(kind: ScalarKind, track: &Track, p: f64) -> Metric {
    let exact = |value: Option<&f64>| {
        let value = value.copied().unwrap_or(0.0);
        Estimate::exact(value, value.max(0.0) as u64)
    };
    let (growth, span) = (track.growth(), track.span());
    let (dispersion, degrees) = track.dispersion();
    let moved = track.increment_variance.iter().sum::<f64>().max(1.0);
    let (variance, known) = match kind {
        kind if kind.is_bytes() && degrees < 1.0 => (growth * growth, Known::ByCounting),
        _ if degrees < 1.0 => (growth.abs(), Known::ByCounting),
        _ => (moved * dispersion, Known::FromScatter { degrees }),
    };
    let rate = if span > 0.0 {
        let error = (variance * random_walk_inflation(track.y.len())).sqrt() / span;
        let value = theil_sen(&track.x, &track.y);
        Estimate::new(value, error, known, 1.0 / span, growth.max(0.0) as u64)
    } else {
        Estimate::exact(0.0, 0)
    };
    Metric {
        first: exact(track.y.first()),
        last: exact(track.y.last()),
        rate,
        p,
    }
}

/// The most that growth of what is reused can mean: what the number of goroutines does, or that more has
/// to be known.
fn most_of_reused(scalars: &[ScalarGrowth]) -> Verdict {
    scalars
        .iter()
        .find(|scalar| scalar.kind == ScalarKind::Goroutines && scalar.metric.is_some())
        .map_or(Verdict::Growing, |goroutines| goroutines.finding.verdict)
}

/// What leaks together must reach the floor together.
fn drop_small(stacks: &mut [StackGrowth], floor: f64) {
    let leaking = |stack: &&StackGrowth| stack.finding.verdict > Verdict::Grew;
    let together = stacks
        .iter()
        .filter(leaking)
        .map(|stack| stack.bytes.rate.value)
        .sum::<f64>();
    if together >= floor {
        return;
    }
    for stack in stacks
        .iter_mut()
        .filter(|stack| stack.finding.verdict > Verdict::Grew)
    {
        stack.finding.verdict = Verdict::Steady;
        stack.finding.vetoes.push(Veto::Small);
    }
}

/// In a program that grows, a stack needs less to be part of it than to prove it: nine in ten of
/// these are. They grow, or grew; none of them leaks for sure.
fn attribute(stacks: &mut [StackGrowth], verdict: Verdict) {
    for stack in stacks {
        let vetoes = &stack.finding.vetoes;
        let over = [
            Veto::Plateau,
            Veto::NoTrend,
            Veto::Small,
            Veto::Released,
            Veto::Reused,
        ];
        let likely = vetoes.contains(&Veto::Chance)
            && stack.finding.q <= ATTRIBUTED_RATE
            && !vetoes.iter().any(|veto| over.contains(veto));
        if likely && stack.bytes.rate.value > 0.0 {
            stack.finding.verdict = verdict;
        }
    }
}

/// The stacks that matter, the largest growth first, each with its share.
fn ranked(mut stacks: Vec<StackGrowth>, points: usize) -> Vec<StackGrowth> {
    let weight = |stack: &StackGrowth| match points {
        1 => stack.bytes.last.value,
        _ => stack.bytes.rate.value,
    };
    stacks.retain(|stack| match points {
        1 => stack.bytes.last.value != 0.0,
        _ => stack.bytes.first.value != stack.bytes.last.value || stack.bytes.rate.value != 0.0,
    });
    let growing: f64 = stacks.iter().map(|stack| weight(stack).max(0.0)).sum();
    for stack in &mut stacks {
        stack.share = if growing > 0.0 {
            weight(stack).max(0.0) / growing
        } else {
            0.0
        };
    }
    stacks.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.id.cmp(&b.id)));
    stacks
}

/// What is clustered: all that has the verdict; where only the whole heap has it, what most likely grew.
fn members(
    series: &Series,
    stacks: &[StackGrowth],
    scalars: &[ScalarGrowth],
    verdict: Verdict,
) -> Vec<Member> {
    if verdict == Verdict::Steady {
        return Vec::new();
    }
    let of_stacks = |chosen: &dyn Fn(&StackGrowth) -> bool| -> Vec<Member> {
        series
            .stacks
            .iter()
            .zip(stacks)
            .filter(|(_, stack)| stack.objects.rate.value > 0.0 || stack.bytes.rate.value > 0.0)
            .filter(|(_, stack)| chosen(stack))
            .map(|(input, stack)| Member {
                name: MemberName::Stack(stack.id),
                rate: stack.objects.rate,
                bytes: stack.bytes.rate,
                exactly: stack.finding.exactly,
                verdict: stack.finding.verdict,
                join: input.join,
            })
            .collect()
    };
    let attributed = |finding: &Finding| {
        finding.verdict == Verdict::Growing && finding.vetoes.contains(&Veto::Chance)
    };
    let mut members =
        of_stacks(&|stack| stack.finding.verdict == verdict || attributed(&stack.finding));
    for (input, scalar) in series.scalars.iter().zip(scalars) {
        let rate = scalar
            .metric
            .map_or(Estimate::default(), |metric| metric.rate);
        let decisive = scalar.kind.decides() && scalar.finding.verdict == verdict;
        if decisive && rate.value > 0.0 {
            members.push(Member {
                name: MemberName::Scalar(scalar.id),
                rate,
                bytes: Estimate::exact(0.0, 0),
                exactly: scalar.finding.exactly,
                verdict,
                join: input.join,
            });
        }
    }
    if members.is_empty() {
        members = of_stacks(&|stack| stack.bytes.p <= 0.05);
        members
            .iter_mut()
            .for_each(|member| member.verdict = verdict);
    }
    members
}

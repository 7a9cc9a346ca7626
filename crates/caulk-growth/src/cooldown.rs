//! Whether a verdict hangs on what is still held some time after the load.

use crate::growth::{CooldownReason, Finding, ScalarGrowth, StackGrowth, Verdict};
use crate::options::Options;
use crate::series::{Scalar, ScalarKind, Series};

/// Relative error up to which a counted growth is regular: as good as an exact number per request, as
/// where half of the requests lose something.
const REGULAR: f64 = 0.05;

/// Why a leak should be looked at once more after a pause. Nothing is asked for where something that no
/// clock ends leaks regularly, and, when that is heap alone, no small one.
pub fn cooldown_reasons(
    series: &Series,
    stacks: &[StackGrowth],
    scalars: &[ScalarGrowth],
    heap_bytes: f64,
    options: &Options,
) -> Vec<CooldownReason> {
    let leaks = |finding: &Finding| finding.verdict == Verdict::Leak;
    let stacks = || {
        let all = series.stacks.iter().zip(stacks);
        all.filter(|(_, stack)| leaks(&stack.finding))
    };
    let scalars = || {
        let all = series.scalars.iter().zip(scalars);
        all.filter(|(_, scalar)| scalar.kind.decides() && leaks(&scalar.finding))
    };
    let expiring_goroutines =
        scalars().any(|(input, _)| input.kind == ScalarKind::GoroutineGroup && input.may_expire);
    // The number of all goroutines says nothing of which they are.
    let expires = |input: &Scalar| {
        input.may_expire || (input.kind == ScalarKind::Goroutines && expiring_goroutines)
    };
    let leaking: f64 = stacks().map(|(_, stack)| stack.bytes.rate.value).sum();
    let large = leaking.max(heap_bytes) >= options.large_bytes;

    let sure_scalar = scalars().any(|(input, scalar)| !expires(input) && is_regular(scalar));
    let is_exact = |stack: &StackGrowth| stack.finding.exactly.is_some();
    let sure_stack = stacks().any(|(input, stack)| !input.may_expire && is_exact(stack));
    if sure_scalar || (large && sure_stack) {
        return Vec::new();
    }
    let regular = scalars().any(|(_, scalar)| is_regular(scalar))
        || stacks().any(|(_, stack)| is_exact(stack));
    let may_expire =
        scalars().any(|(input, _)| expires(input)) || stacks().any(|(input, _)| input.may_expire);
    let mut reasons = Vec::new();
    if may_expire {
        reasons.push(CooldownReason::MayExpire);
    }
    if !large {
        reasons.push(CooldownReason::SmallGrowth);
    }
    if !regular {
        reasons.push(CooldownReason::NotRegular);
    }
    reasons
}

fn is_regular(scalar: &ScalarGrowth) -> bool {
    let small_error = scalar.metric.is_some_and(|metric| {
        metric
            .rate
            .error
            .is_some_and(|error| error <= REGULAR * metric.rate.value)
    });
    scalar.finding.exactly.is_some() || small_error
}

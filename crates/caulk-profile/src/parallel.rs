//! Work split over the processor's cores.

use std::ops::Range;

/// More threads than this do not pay: memory is the limit.
const MOST_THREADS: usize = 8;

/// Splits `0..count` into equal parts of `least` or more, works on each in a thread of its own,
/// and returns the results in order. So long as a result depends on its part only, nothing depends
/// on the number of cores but how results are grouped.
pub fn in_parts<R: Send>(
    count: usize,
    least: usize,
    work: impl Fn(Range<usize>) -> R + Sync,
) -> Vec<R> {
    each(even_parts(count, least), work)
}

/// Splits `0..count` into equal parts of `least` or more, at most one for each core.
pub fn even_parts(count: usize, least: usize) -> Vec<Range<usize>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let parts = (count / least.max(1)).clamp(1, cores.min(MOST_THREADS));
    (0..parts)
        .map(|index| count * index / parts..count * (index + 1) / parts)
        .collect()
}

/// Works on each part in a thread of its own, and returns the results in order.
pub fn each<P: Send, R: Send>(
    parts: impl IntoIterator<Item = P>,
    work: impl Fn(P) -> R + Sync,
) -> Vec<R> {
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else {
        return Vec::new();
    };
    std::thread::scope(|scope| {
        let work = &work;
        let others: Vec<_> = parts.map(|part| scope.spawn(move || work(part))).collect();
        let mut results = vec![work(first)];
        for thread in others {
            match thread.join() {
                Ok(result) => results.push(result),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_in_order_and_cover_everything() {
        for count in [0, 1, 2, 99, 1000] {
            let all: Vec<usize> = in_parts(count, 10, |part| part.collect::<Vec<_>>()).concat();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
        }
    }
}

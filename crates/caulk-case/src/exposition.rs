//! Metrics as Prometheus scrapes them: the text exposition format.

use crate::case::Metrics;

/// What a scrape says of its process.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scrape {
    /// Its figures.
    pub metrics: Metrics,
    /// When the process started, seconds since 1970: no two processes of one machine are likely to
    /// share it.
    pub process_start: Option<f64>,
    /// When it was scraped, milliseconds since 1970, where the samples say.
    pub time_millis: Option<i64>,
}

/// Why a text is not the scrape of one process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotOne {
    /// It has none of the metrics of the Go runtime or of the process.
    NoMetrics,
    /// It has the same metric more than once, with these labels.
    Several(String),
}

/// Reads a scrape of one process. Only the metrics of the Go runtime and of the process are looked at.
pub fn read(text: &str) -> Result<Scrape, NotOne> {
    let mut scrape = Scrape::default();
    let mut idle = None;
    let mut released = None;
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some(sample) = Sample::parse(line) else {
            continue;
        };
        let metrics = &mut scrape.metrics;
        let slot = match sample.name {
            "go_goroutines" => &mut metrics.goroutines,
            "go_threads" => &mut metrics.threads,
            "go_memstats_heap_alloc_bytes" => &mut metrics.heap_alloc_bytes,
            "go_memstats_heap_inuse_bytes" => &mut metrics.heap_inuse_bytes,
            "go_memstats_heap_idle_bytes" => &mut idle,
            "go_memstats_heap_released_bytes" => &mut released,
            "go_memstats_stack_inuse_bytes" => &mut metrics.stack_inuse_bytes,
            "go_memstats_sys_bytes" => &mut metrics.sys_bytes,
            "process_open_fds" => &mut metrics.fds_before_gc,
            "process_resident_memory_bytes" => &mut metrics.rss_bytes,
            "process_start_time_seconds" => &mut None,
            _ => continue,
        };
        if seen.iter().any(|(name, _)| *name == sample.name) {
            let first = seen.iter().find(|(name, _)| *name == sample.name);
            let first = first.map_or("", |(_, labels)| labels);
            return Err(NotOne::Several(format!("{first} and {}", sample.labels)));
        }
        seen.push((sample.name, sample.labels));
        // Counts and sizes: far below 2^53, and never negative.
        *slot = (sample.value >= 0.0).then_some(sample.value as u64);
        if sample.name == "process_start_time_seconds" {
            scrape.process_start = Some(sample.value);
        }
        scrape.time_millis = scrape.time_millis.or(sample.time_millis);
    }
    if seen.is_empty() {
        return Err(NotOne::NoMetrics);
    }
    scrape.metrics.heap_idle_bytes = match (idle, released) {
        (Some(idle), Some(released)) => Some(idle.saturating_sub(released)),
        (idle, _) => idle,
    };
    Ok(scrape)
}

struct Sample<'t> {
    name: &'t str,
    labels: &'t str,
    value: f64,
    time_millis: Option<i64>,
}

impl<'t> Sample<'t> {
    /// `name{label="value"} 1.5e+06 1700000000000`; labels and time may be missing.
    fn parse(line: &'t str) -> Option<Sample<'t>> {
        let name_end = line.find(|c: char| c == '{' || c.is_whitespace())?;
        let (name, rest) = line.split_at_checked(name_end)?;
        let (labels, rest) = match rest.strip_prefix('{') {
            Some(inside) => inside.split_at_checked(closing_brace(inside)?)?,
            None => ("", rest),
        };
        let mut words = rest.trim_start_matches('}').split_whitespace();
        let value: f64 = words.next()?.parse().ok()?;
        let sample = Sample {
            name,
            labels,
            value,
            time_millis: words.next().and_then(|word| word.parse().ok()),
        };
        value.is_finite().then_some(sample)
    }
}

/// Where the labels end: braces within quotes do not count.
fn closing_brace(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_scrape_of_one_process_is_read() {
        let text = "# HELP go_goroutines Number of goroutines.\n# TYPE go_goroutines gauge\n\
            go_goroutines 42\ngo_info{version=\"go1.26.8\"} 1\ngo_threads 9\n\
            go_memstats_heap_alloc_bytes 1.5e+06\ngo_memstats_heap_idle_bytes 300\n\
            go_memstats_heap_released_bytes 100\nprocess_open_fds 17\n\
            process_start_time_seconds 1.70000000053e+09\nhttp_requests_total{path=\"/{id}\"} 5\n";
        let scrape = read(text).unwrap();
        assert_eq!(scrape.metrics.goroutines, Some(42));
        assert_eq!(scrape.metrics.threads, Some(9));
        assert_eq!(scrape.metrics.heap_alloc_bytes, Some(1_500_000));
        assert_eq!(scrape.metrics.heap_idle_bytes, Some(200));
        assert_eq!(scrape.metrics.fds_before_gc, Some(17));
        assert_eq!(scrape.process_start, Some(1_700_000_000.53));
    }

    #[test]
    fn the_federated_scrape_of_several_is_not_one() {
        let text = "go_goroutines{instance=\"a:1\",path=\"}\"} 4 1700000000000\n\
            go_goroutines{instance=\"b:1\"} 900 1700000000000\n";
        let NotOne::Several(labels) = read(text).unwrap_err() else {
            panic!("two instances are told apart");
        };
        assert_eq!(labels, "instance=\"a:1\",path=\"}\" and instance=\"b:1\"");
    }

    #[test]
    fn what_is_no_scrape_has_no_metrics() {
        for text in [
            "",
            "module example.com/a\n\ngo 1.26\n",
            "go_goroutines",
            "go_goroutines x",
        ] {
            assert_eq!(read(text), Err(NotOne::NoMetrics), "{text:?}");
        }
    }
}

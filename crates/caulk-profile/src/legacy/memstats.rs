//! The lines of `runtime.MemStats` at the end of a text heap profile.

use crate::MemStats;

/// Collects `Name = value` lines; `None` if there was not one that is known.
#[derive(Debug, Default)]
pub(super) struct Reader {
    memory: MemStats,
    found: bool,
}

impl Reader {
    pub fn line(&mut self, line: &[u8]) {
        let line = std::str::from_utf8(line).ok();
        let Some((name, value)) = line.and_then(|line| line.split_once(" = ")) else {
            return;
        };
        let memory = &mut self.memory;
        let (first, second) = match value.split_once(" / ") {
            Some((first, second)) => (first, second),
            None => (value, ""),
        };
        let number = |text: &str| text.trim().parse::<u64>().unwrap_or(0);
        let (one, two) = match name {
            "Alloc" => (&mut memory.alloc, None),
            "TotalAlloc" => (&mut memory.total_alloc, None),
            "Sys" => (&mut memory.sys, None),
            "Mallocs" => (&mut memory.mallocs, None),
            "Frees" => (&mut memory.frees, None),
            "HeapAlloc" => (&mut memory.heap_alloc, None),
            "HeapSys" => (&mut memory.heap_sys, None),
            "HeapIdle" => (&mut memory.heap_idle, None),
            "HeapInuse" => (&mut memory.heap_inuse, None),
            "HeapReleased" => (&mut memory.heap_released, None),
            "HeapObjects" => (&mut memory.heap_objects, None),
            "Stack" => (&mut memory.stack_inuse, Some(&mut memory.stack_sys)),
            "MSpan" => (&mut memory.mspan_inuse, Some(&mut memory.mspan_sys)),
            "MCache" => (&mut memory.mcache_inuse, Some(&mut memory.mcache_sys)),
            "BuckHashSys" => (&mut memory.buck_hash_sys, None),
            "GCSys" => (&mut memory.gc_sys, None),
            "OtherSys" => (&mut memory.other_sys, None),
            "NextGC" => (&mut memory.next_gc, None),
            "LastGC" => (&mut memory.last_gc, None),
            "NumGC" => (&mut memory.num_gc, None),
            "NumForcedGC" => (&mut memory.num_forced_gc, None),
            "MaxRSS" => (&mut memory.max_rss, None),
            "GCCPUFraction" => {
                memory.gc_cpu_fraction = value.trim().parse().unwrap_or(0.0);
                return;
            }
            _ => return,
        };
        *one = number(first);
        if let Some(two) = two {
            *two = number(second);
        }
        self.found = true;
    }

    pub fn finish(self) -> Option<MemStats> {
        self.found.then_some(self.memory)
    }
}

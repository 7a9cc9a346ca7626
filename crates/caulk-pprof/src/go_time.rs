//! Times and durations as Go prints them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A time such as `2009-02-13 23:31:30.123456789 +0000 UTC` of nanoseconds since 1970.
pub(crate) fn timestamp(nanos: i64, time_zone: &TimeZone) -> String {
    match Timestamp::from_nanosecond(nanos.into()) {
        Ok(time) => time
            .to_zoned(time_zone.clone())
            .strftime("%Y-%m-%d %H:%M:%S%.f %z %Z")
            .to_string(),
        Err(_) => String::new(),
    }
}

/// A duration such as `1h2m3.5s` of nanoseconds.
pub(crate) fn duration(nanos: i64) -> String {
    const SECOND: u64 = 1_000_000_000;
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    let decimal = |whole: u64, fraction: u64, digits: usize| {
        let text = format!("{whole}.{fraction:0digits$}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    let text = match nanos {
        0 => "0s".to_owned(),
        1..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => decimal(nanos / 1_000, nanos % 1_000, 3) + "µs",
        1_000_000..SECOND => decimal(nanos / 1_000_000, nanos % 1_000_000, 6) + "ms",
        _ => {
            let seconds = nanos / SECOND;
            let rest = decimal(seconds % 60, nanos % SECOND, 9) + "s";
            match (seconds / 3600, seconds / 60 % 60) {
                (0, 0) => rest,
                (0, minutes) => format!("{minutes}m{rest}"),
                (hours, minutes) => format!("{hours}h{minutes}m{rest}"),
            }
        }
    };
    format!("{sign}{text}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        let cases = [
            (0, "0s"),
            (1, "1ns"),
            (1_100, "1.1µs"),
            (2_200_000, "2.2ms"),
            (-3_300_000_000, "-3.3s"),
            (245_000_000_000, "4m5s"),
            (245_001_000_000, "4m5.001s"),
            (18_367_001_000_000, "5h6m7.001s"),
            (36_000_000_000_000, "10h0m0s"),
            (i64::MIN, "-2562047h47m16.854775808s"),
        ];
        for (nanos, expected) in cases {
            assert_eq!(duration(nanos), expected);
        }
    }

    #[test]
    fn times_are_those_of_go() {
        let cases = [
            (
                1_234_567_890_123_456_789,
                "2009-02-13 23:31:30.123456789 +0000 UTC",
            ),
            (
                1_234_567_890_120_000_000,
                "2009-02-13 23:31:30.12 +0000 UTC",
            ),
            (-5_000_000_000_000_000_000, "1811-07-23 15:06:40 +0000 UTC"),
        ];
        for (nanos, expected) in cases {
            assert_eq!(timestamp(nanos, &TimeZone::UTC), expected);
        }
    }
}

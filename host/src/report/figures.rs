//! Figures: numbers with their units, short enough for a table's column.
//!
//! Pure. Three significant digits where more would only be noise.

/// What stands where there is no figure.
pub(super) const NONE: &str = "–";

/// A duration: `812 ns`, `2.31 µs`, `11.2 ms`.
pub(super) fn duration(nanoseconds: u64) -> String {
    let value = nanoseconds as f64;
    let (value, unit) = match value {
        value if value < 1e3 => return format!("{nanoseconds} ns"),
        value if value < 999.5e3 => (value / 1e3, "µs"),
        value if value < 999.5e6 => (value / 1e6, "ms"),
        value => (value / 1e9, "s"),
    };
    format!("{} {unit}", significant(value))
}

/// A share of the whole as per cent: 1 is `100 %`.
pub(super) fn percent(share: f64) -> String {
    let value = share * 100.0;
    match value {
        value if !value.is_finite() => NONE.to_owned(),
        0.0 => "0 %".to_owned(),
        value if value.abs() < 0.001 => "~0 %".to_owned(),
        value if value.abs() < 1.0 => format!("{value:.3} %"),
        value if value.abs() < 100.0 => format!("{value:.1} %"),
        value => format!("{value:.0} %"),
    }
}

/// So many bytes: `12 B`, `1.50 KiB`, `3.00 MiB`. Negative is given back.
pub(super) fn bytes(bytes: i64) -> String {
    let value = bytes as f64;
    match value.abs() {
        size if size < 1024.0 => format!("{bytes} B"),
        size if size < 1024.0 * 1024.0 => format!("{} KiB", significant(value / 1024.0)),
        size if size < 1024.0 * 1024.0 * 1024.0 => {
            format!("{} MiB", significant(value / 1024.0 / 1024.0))
        }
        _ => format!("{} GiB", significant(value / 1024.0 / 1024.0 / 1024.0)),
    }
}

/// A reading: four digits where they mean something, infinities as signs.
pub(super) fn reading(value: f64) -> String {
    match value {
        value if value.is_nan() => NONE.to_owned(),
        f64::INFINITY => "∞".to_owned(),
        f64::NEG_INFINITY => "-∞".to_owned(),
        0.0 => "0".to_owned(),
        value if value.fract() == 0.0 && value.abs() < 1e9 => format!("{value:.0}"),
        value if value.abs() < 1e-3 || value.abs() >= 1e9 => format!("{value:.2e}"),
        value if value.abs() < 1.0 => format!("{value:.4}"),
        value if value.abs() < 1000.0 => format!("{value:.2}"),
        value => format!("{value:.1}"),
    }
}

/// A length of stream: `0.500 s`, `12.3 s`, `1:02:03`.
pub(super) fn stream_time(frames: u64, sample_rate_hz: u32) -> String {
    stream_seconds(frames as f64 / f64::from(sample_rate_hz.max(1)))
}

/// The same, of so many seconds.
pub(super) fn stream_seconds(seconds: f64) -> String {
    let whole = seconds as u64;
    match whole {
        0..10 => format!("{seconds:.3} s"),
        10..60 => format!("{seconds:.2} s"),
        60..3600 => format!("{}:{:02} min", whole / 60, whole % 60),
        _ => format!(
            "{}:{:02}:{:02} h",
            whole / 3600,
            whole / 60 % 60,
            whole % 60
        ),
    }
}

/// Three digits that mean something.
pub(super) fn significant(value: f64) -> String {
    match value.abs() {
        size if size < 10.0 => format!("{value:.2}"),
        size if size < 100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_three_digits() {
        let check = |nanoseconds, expected: &str| assert_eq!(duration(nanoseconds), expected);
        check(0, "0 ns");
        check(999, "999 ns");
        check(2_312, "2.31 µs");
        check(999_400, "999 µs");
        check(999_600, "1.00 ms");
        check(12_345_678, "12.3 ms");
        check(61_000_000_000, "61.0 s");
    }

    #[test]
    fn shares_are_per_cent() {
        let check = |share, expected: &str| assert_eq!(percent(share), expected);
        check(0.0, "0 %");
        check(0.000_001, "~0 %");
        check(0.000_414, "0.041 %");
        check(0.0123, "1.2 %");
        check(1.5, "150 %");
        check(f64::NAN, NONE);
    }

    #[test]
    fn readings_keep_what_means_something() {
        let check = |value, expected: &str| assert_eq!(reading(value), expected);
        check(-17.046, "-17.05");
        check(0.03125, "0.0312");
        check(-1.25e-5, "-1.25e-5");
        check(f64::NEG_INFINITY, "-∞");
        check(f64::NAN, NONE);
        check(29_412.0, "29412");
        check(1234.56, "1234.6");
    }

    #[test]
    fn sizes_and_lengths_have_their_unit() {
        assert_eq!(bytes(-17), "-17 B");
        assert_eq!(bytes(1536), "1.50 KiB");
        assert_eq!(bytes(3 << 20), "3.00 MiB");
        assert_eq!(stream_time(24_000, 48_000), "0.500 s");
        assert_eq!(stream_time(48_000 * 75, 48_000), "1:15 min");
        assert_eq!(stream_time(48_000 * 3_723, 48_000), "1:02:03 h");
    }
}

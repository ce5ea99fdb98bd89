//! Units: durations, sizes and shares, written as a number and its unit.
//!
//! In: `20ms`, `256MiB`, `30%`. Out: a `Duration`, bytes, a share of 1; and back to text.
//!
//! Pure. A number without a unit is never guessed at.

use std::time::Duration;

/// What a quantity measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A length of time.
    Time,
    /// Bytes of memory.
    Memory,
    /// A part of a whole.
    Share,
}

/// Bytes, a multiple of 1,024 per step of the unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

/// A part of a whole: 0.3 is 30 %.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Share(pub f64);

/// Each unit of a kind with its worth in the smallest: nanoseconds, bytes, wholes.
type Units = &'static [(&'static str, f64)];

const TIMES: Units = &[
    ("us", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("min", 60e9),
    ("h", 3_600e9),
];
const SIZES: Units = &[
    ("B", 1.0),
    ("KiB", 1024.0),
    ("MiB", 1_048_576.0),
    ("GiB", 1_073_741_824.0),
    ("TiB", 1_099_511_627_776.0),
];
const SHARES: Units = &[("%", 0.01)];

/// The longest time, in nanoseconds: a hundred days, more than any value here can mean.
const TIME_NS_MAX: f64 = 100.0 * 24.0 * 3_600e9;

/// The largest size, in bytes: 1,024 TiB, exact as `f64`.
const SIZE_BYTES_MAX: f64 = 1_125_899_906_842_624.0;

/// The largest share: ten wholes.
const SHARE_MAX: f64 = 10.0;

/// What is wrong with a text that is to have a unit, to stand after the text itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// It has another form.
    #[error("is not {expected}")]
    Form {
        /// What it should be.
        expected: &'static str,
    },
    /// It has no unit.
    #[error("has no unit, expected one of {}", expected.join(", "))]
    NoUnit {
        /// The units there are.
        expected: Vec<&'static str>,
    },
    /// It has a unit that is none.
    #[error(
        "has the unknown unit `{}`, expected one of {}",
        found.escape_debug(),
        expected.join(", ")
    )]
    UnknownUnit {
        /// The beginning of what was found.
        found: String,
        /// The units there are.
        expected: Vec<&'static str>,
    },
    /// It is larger than any value can be.
    #[error("is larger than any value here can be")]
    TooLarge,
}

impl Unit {
    /// What a value of it is called, with an example.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Time => "a duration with its unit, as in \"20ms\"",
            Self::Memory => "a size with its unit, as in \"256MiB\"",
            Self::Share => "a share in percent, as in \"30%\"",
        }
    }

    /// The unit that a bare number most likely had.
    #[must_use]
    pub const fn usual(self) -> &'static str {
        match self {
            Self::Time => "ms",
            Self::Memory => "MiB",
            Self::Share => "%",
        }
    }

    /// The rule as a regular expression, for schemas.
    #[must_use]
    pub const fn pattern(self) -> &'static str {
        match self {
            Self::Time => r"^[0-9]+(\.[0-9]+)? ?(us|ms|s|min|h)$",
            Self::Memory => r"^[0-9]+(\.[0-9]+)? ?(B|KiB|MiB|GiB|TiB)$",
            Self::Share => r"^[0-9]+(\.[0-9]+)? ?%$",
        }
    }

    /// The value in the smallest unit: nanoseconds, bytes, wholes.
    ///
    /// # Errors
    /// What is wrong with it, to stand after the text itself.
    pub fn parse(self, text: &str) -> Result<f64, UnitError> {
        let (units, max) = match self {
            Self::Time => (TIMES, TIME_NS_MAX),
            Self::Memory => (SIZES, SIZE_BYTES_MAX),
            Self::Share => (SHARES, SHARE_MAX),
        };
        let digits = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let not_one = || UnitError::Form {
            expected: self.expected(),
        };
        let number = decimal(number).ok_or_else(not_one)?;
        let worth = match (self, unit) {
            (Self::Share, "") => Err(not_one()),
            _ => worth(unit.strip_prefix(' ').unwrap_or(unit), units),
        }?;
        let value = number * worth;
        if value > max {
            return Err(UnitError::TooLarge);
        }
        Ok(value)
    }
}

/// The duration that a text says.
///
/// # Errors
/// As `Unit::parse`.
pub fn time(text: &str) -> Result<Duration, UnitError> {
    let nanoseconds = Unit::Time.parse(text)?;
    Ok(Duration::from_nanos(nanoseconds.round() as u64))
}

/// The bytes that a text says.
///
/// # Errors
/// As `Unit::parse`.
pub fn memory(text: &str) -> Result<Bytes, UnitError> {
    let bytes = Unit::Memory.parse(text)?;
    Ok(Bytes(bytes.round() as u64))
}

/// The share that a text says.
///
/// # Errors
/// As `Unit::parse`.
pub fn share(text: &str) -> Result<Share, UnitError> {
    Unit::Share.parse(text).map(Share)
}

/// Digits with at most one dot among them; `f64` itself would take `1e9`, `inf` and `.5` too.
fn decimal(text: &str) -> Option<f64> {
    let whole = text.split('.').all(|part| !part.is_empty());
    let dots = text.bytes().filter(|byte| *byte == b'.').count();
    (whole && dots <= 1).then(|| text.parse().ok()).flatten()
}

fn worth(unit: &str, units: Units) -> Result<f64, UnitError> {
    if let Some((_, worth)) = units.iter().find(|(name, _)| *name == unit) {
        return Ok(*worth);
    }
    let expected: Vec<_> = units.iter().map(|(name, _)| *name).collect();
    Err(match unit {
        "" => UnitError::NoUnit { expected },
        unit => UnitError::UnknownUnit {
            found: unit.chars().take(16).collect(),
            expected,
        },
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(unit: Unit, text: &str, expected: Result<f64, &str>) {
        assert_eq!(
            unit.parse(text).map_err(|why| why.to_string()),
            expected.map_err(str::to_owned)
        );
    }

    #[test]
    fn a_number_with_its_unit_is_a_value() {
        check(Unit::Time, "20ms", Ok(20e6));
        check(Unit::Time, "1.5 s", Ok(1.5e9));
        check(Unit::Memory, "256MiB", Ok(268_435_456.0));
        check(Unit::Share, "30%", Ok(0.3));
        assert_eq!(time("100us"), Ok(Duration::from_micros(100)));
        assert_eq!(memory("1KiB"), Ok(Bytes(1024)));
        assert_eq!(share("50%"), Ok(Share(0.5)));
    }

    #[test]
    fn anything_else_says_what_is_missing() {
        check(
            Unit::Time,
            "20",
            Err("has no unit, expected one of us, ms, s, min, h"),
        );
        check(
            Unit::Memory,
            "5 MB",
            Err("has the unknown unit `MB`, expected one of B, KiB, MiB, GiB, TiB"),
        );
        check(
            Unit::Share,
            "30",
            Err("is not a share in percent, as in \"30%\""),
        );
        check(
            Unit::Share,
            "a lot",
            Err("is not a share in percent, as in \"30%\""),
        );
        check(
            Unit::Time,
            "-1s",
            Err("is not a duration with its unit, as in \"20ms\""),
        );
        check(
            Unit::Time,
            "1e9s",
            Err("has the unknown unit `e9s`, expected one of us, ms, s, min, h"),
        );
        check(
            Unit::Time,
            "99999999999999999999h",
            Err("is larger than any value here can be"),
        );
        check(
            Unit::Time,
            ".5s",
            Err("is not a duration with its unit, as in \"20ms\""),
        );
    }

    proptest! {
        #[test]
        fn no_text_panics_and_values_are_bounded(text in "[0-9.]{0,400}[ a-zA-Z%é]{0,4}") {
            for unit in [Unit::Time, Unit::Memory, Unit::Share] {
                if let Ok(value) = unit.parse(&text) {
                    prop_assert!((0.0..=SIZE_BYTES_MAX.max(TIME_NS_MAX)).contains(&value));
                }
            }
        }
    }
}

//! Rules: which numbers make sense together, one rule for the compiler and for the reader.
//!
//! In: numbers of a declaration. Out: `None`, or what is wrong with them.

use crate::declare::{Kind, Reference, SettingKind, Span};
use crate::manifest::limits::{
    CHOICES_MAX, PARAMS_MAX, SETTING_BYTES_MAX, SETTING_ITEMS_MAX, SMOOTH_MS_MAX, SPAN_FRAMES_MAX,
    SPAN_SECONDS_MAX,
};

/// What is wrong with a parameter's range `[min, max, default]`.
pub(super) const fn range_of_param(range: [f64; 3], choices: usize) -> Option<&'static str> {
    let [min, max, default] = range;
    if !(min.is_finite() && max.is_finite() && default.is_finite()) {
        return Some("the range and the default have to be finite");
    }
    if !(min <= default && default <= max) {
        return Some("expected min <= default <= max");
    }
    if choices > CHOICES_MAX {
        return Some("a parameter has 256 choices at most");
    }
    if choices > 0 && !(min == 0.0 && max == (choices - 1) as f64) {
        return Some("the range of choices goes from 0 to the last one's index");
    }
    if choices > 0 && default != (default as u32) as f64 {
        return Some("the default of choices is the index of one of them");
    }
    None
}

/// What is wrong with a parameter's smoothing.
pub(super) const fn smoothing(smooth_ms: f64, choices: usize) -> Option<&'static str> {
    if !(smooth_ms >= 0.0 && smooth_ms <= SMOOTH_MS_MAX) {
        return Some("smoothing takes 0 to 60,000 ms");
    }
    if choices > 0 && smooth_ms > 0.0 {
        return Some("choices cannot be smoothed");
    }
    None
}

/// What is wrong with a group of so many instances of so many members.
pub(super) const fn group(count: u16, members: usize) -> Option<&'static str> {
    if count == 0 || members == 0 {
        return Some("a group has one instance and one member at least");
    }
    if members > PARAMS_MAX {
        return params(members);
    }
    params(count as usize * members)
}

/// What is wrong with a component of so many parameters on the wire.
pub(super) const fn params(count: usize) -> Option<&'static str> {
    if count > PARAMS_MAX {
        return Some("a component has 1,024 parameters at most, groups counted with all members");
    }
    None
}

/// What is wrong with the range of an output or a reading, which may be open.
pub(super) const fn range_of_reading(min: f64, max: f64) -> Option<&'static str> {
    if min <= max {
        None
    } else {
        Some("expected min <= max")
    }
}

/// What is wrong with a latency or a tail.
pub(super) const fn span(span: Span) -> Option<&'static str> {
    match span {
        Span::Frames(frames) if frames > SPAN_FRAMES_MAX => Some("expected an hour at most"),
        Span::Seconds(seconds) if !(seconds >= 0.0 && seconds <= SPAN_SECONDS_MAX) => {
            Some("expected 0 to 3,600 seconds")
        }
        Span::Frames(_) | Span::Seconds(_) | Span::Varies => None,
    }
}

/// What is wrong with the distance between two readings of a component of that kind.
pub(super) const fn hop(kind: Kind, hop: Span) -> Option<&'static str> {
    let reads = matches!(kind, Kind::Analyzer | Kind::Metric);
    match hop {
        Span::Frames(0) if reads => Some("a hop of no frames never ends"),
        Span::Seconds(0.0) if reads => Some("a hop of no seconds never ends"),
        Span::Frames(_) | Span::Seconds(_) | Span::Varies => span(hop),
    }
}

/// How much a component has of what only some kinds can have.
pub(super) struct Belongs {
    pub(super) kind: Kind,
    pub(super) outputs: usize,
    pub(super) readings: usize,
    pub(super) subscribes: usize,
    pub(super) sidechains: u8,
    pub(super) reference: Reference,
}

/// What a component has that its kind cannot have.
pub(super) const fn kind(belongs: &Belongs) -> Option<&'static str> {
    let processor = matches!(belongs.kind, Kind::Processor);
    let reads = matches!(belongs.kind, Kind::Analyzer | Kind::Metric);
    if !processor && (belongs.outputs > 0 || belongs.sidechains > 0) {
        return Some("only processors have outputs and sidechains");
    }
    if processor && belongs.subscribes > 0 {
        return Some("processors cannot subscribe to events");
    }
    if !reads && belongs.readings > 0 {
        return Some("only analyzers and metrics have readings");
    }
    if !matches!(belongs.kind, Kind::Metric) && matches!(belongs.reference, Reference::Required) {
        return Some("only metrics have a reference");
    }
    None
}

/// What is wrong with the bounds of a setting.
pub(super) const fn setting(kind: SettingKind) -> Option<&'static str> {
    match kind {
        SettingKind::Text { bytes_max } if bytes_max > SETTING_BYTES_MAX => {
            Some("a text has 65,536 bytes at most")
        }
        SettingKind::Integer { min, max } if min > max => Some("expected min <= max"),
        SettingKind::List {
            items_max,
            bytes_max,
        } if items_max > SETTING_ITEMS_MAX || bytes_max > SETTING_BYTES_MAX => {
            Some("a list has 4,096 entries of 65,536 bytes at most")
        }
        SettingKind::Text { .. }
        | SettingKind::Integer { .. }
        | SettingKind::List { .. }
        | SettingKind::Path
        | SettingKind::Boolean => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_lies_in_its_range() {
        assert_eq!(range_of_param([0.0, 1.0, 1.0], 0), None);
        assert_eq!(range_of_param([0.0, 0.0, 0.0], 0), None);
        for range in [
            [0.0, 1.0, 1.1],
            [1.0, 0.0, 0.5],
            [f64::NAN, 1.0, 0.0],
            [0.0, f64::INFINITY, 0.0],
        ] {
            assert!(range_of_param(range, 0).is_some(), "{range:?}");
        }
    }

    #[test]
    fn choices_are_counted_from_0() {
        assert_eq!(range_of_param([0.0, 2.0, 1.0], 3), None);
        for range in [[0.0, 3.0, 1.0], [1.0, 2.0, 1.0], [0.0, 2.0, 0.5]] {
            assert!(range_of_param(range, 3).is_some(), "{range:?}");
        }
        assert!(range_of_param([0.0, 256.0, 0.0], 257).is_some());
        assert!(smoothing(5.0, 3).is_some());
        assert_eq!(smoothing(5.0, 0), None);
        assert!(smoothing(f64::NAN, 0).is_some());
    }

    #[test]
    fn groups_hops_spans_and_settings_are_bounded() {
        assert_eq!(group(16, 64), None);
        assert!(group(17, 64).is_some());
        assert!(group(0, 1).is_some());
        assert!(group(1, 0).is_some());
        assert!(hop(Kind::Metric, Span::Frames(0)).is_some());
        assert!(hop(Kind::Analyzer, Span::Seconds(-0.0)).is_some());
        assert_eq!(hop(Kind::Metric, Span::Varies), None);
        assert_eq!(hop(Kind::Processor, Span::Frames(0)), None);
        assert!(span(Span::Seconds(f64::NAN)).is_some());
        assert!(span(Span::Frames(u32::MAX)).is_some());
        assert!(setting(SettingKind::Integer { min: 1, max: 0 }).is_some());
        assert!(
            setting(SettingKind::Text {
                bytes_max: u32::MAX
            })
            .is_some()
        );
        assert!(
            setting(SettingKind::List {
                items_max: u32::MAX,
                bytes_max: 1
            })
            .is_some()
        );
        assert_eq!(range_of_reading(f64::NEG_INFINITY, 0.0), None);
        assert!(range_of_reading(f64::NAN, 0.0).is_some());
    }
}

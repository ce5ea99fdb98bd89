//! Names: what the cases of a manifest are called, for people.

use segue_plugin::declare::{
    BlockInvariance, Heap, Kind, PanicStrategy, RealTime, SettingKind, Span,
};
use segue_plugin::manifest::model::Param;

/// A length of stream.
pub(super) fn span(span: Span) -> String {
    match span {
        Span::Frames(1) => "1 frame".to_owned(),
        Span::Frames(frames) => format!("{frames} frames"),
        Span::Seconds(seconds) => format!("{seconds} s"),
        Span::Varies => "known once it is activated".to_owned(),
    }
}

/// Where a component may run.
pub(super) const fn real_time(class: RealTime) -> &'static str {
    match class {
        RealTime::Safe => "safe on the audio thread",
        RealTime::WarmsUp => "safe after the first call on each thread",
        RealTime::Offline => "off line only",
    }
}

/// Whether the division into blocks changes the samples.
pub(super) const fn blocks(blocks: BlockInvariance) -> &'static str {
    match blocks {
        BlockInvariance::Invariant => "any division gives the same samples",
        BlockInvariance::Varies => "another division may give other samples",
    }
}

/// What a panic does.
pub(super) const fn panic(strategy: PanicStrategy) -> &'static str {
    match strategy {
        PanicStrategy::Unwind => "caught inside the plugin",
        PanicStrategy::Abort => "ends the process",
    }
}

/// Whether heap calls are counted.
pub(super) const fn heap(heap: Heap) -> &'static str {
    match heap {
        Heap::Metered => "counted",
        Heap::Unmetered => "not counted",
    }
}

/// The table of a configuration that a kind has its place in.
pub(super) const fn table(kind: Kind) -> &'static str {
    match kind {
        Kind::Processor => "stage",
        Kind::Analyzer | Kind::Metric => "tap",
        Kind::Decision => "decide",
    }
}

/// What a setting holds, and its bounds.
pub(super) fn setting(kind: SettingKind) -> String {
    match kind {
        SettingKind::Text { bytes_max } => format!("text of at most {bytes_max} bytes"),
        SettingKind::Path => "path".to_owned(),
        SettingKind::Integer { min, max } => format!("whole number, {min} to {max}"),
        SettingKind::Boolean => "true or false".to_owned(),
        SettingKind::List {
            items_max,
            bytes_max,
        } => format!("list of at most {items_max} texts of {bytes_max} bytes"),
    }
}

/// What a parameter may be: `0 to 24 dB`, or its labels.
pub(super) fn range(param: &Param) -> String {
    match param.choices.as_slice() {
        [] => bounds(param.min, param.max, &param.unit),
        labels => labels.join(", "),
    }
}

/// A parameter's default, a label for a choice.
pub(super) fn default(param: &Param) -> String {
    match param.label(param.default) {
        Some(label) => label.to_owned(),
        None => param.default.to_string(),
    }
}

/// A bound, unless it is one only by its type: nothing is beyond the greatest number.
pub(super) fn bound(value: f64) -> Option<f64> {
    (value.abs() < f64::MAX).then_some(value)
}

/// The bounds of an output or reading, where it has some.
pub(super) fn bounds(min: f64, max: f64, unit: &str) -> String {
    let unit = spaced(unit);
    match (bound(min), bound(max)) {
        (Some(min), Some(max)) => format!("{min} to {max}{unit}"),
        (Some(min), None) => format!("{min}{unit} or more"),
        (None, Some(max)) => format!("{max}{unit} or less"),
        (None, None) => format!("any{unit}"),
    }
}

/// A unit with a space before it, if there is one.
pub(super) fn spaced(unit: &str) -> String {
    match unit {
        "" => String::new(),
        unit => format!(" {unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_number_is_no_bound() {
        for (min, max, expected) in [
            (-200.0, 6.0, "-200 to 6 dB"),
            (-200.0, f64::MAX, "-200 dB or more"),
            (f64::MIN, 6.0, "6 dB or less"),
            (f64::MIN, f64::MAX, "any dB"),
            (f64::NEG_INFINITY, f64::INFINITY, "any dB"),
            (0.0, 1e300, &format!("0 to {} dB", 1e300)),
        ] {
            assert_eq!(bounds(min, max, "dB"), expected);
        }
    }
}

//! Words: how the facts of a manifest are written in files, tables and reports.
//!
//! In: values of `declare`. Out: one word each, the same wherever it is shown.

use std::fmt;

use crate::declare::{
    Better, BlockInvariance, Heap, Kind, Need, PanicStrategy, ParamChange, ParamLimit, Per,
    RealTime, Reference, SettingKind, Span,
};

/// `Display` by a table from cases to words.
macro_rules! words {
    ($type:ident { $($case:ident = $word:literal),+ }) => {
        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(match self {
                    $(Self::$case => $word,)+
                })
            }
        }
    };
}

words!(RealTime { Safe = "safe", WarmsUp = "warms-up", Offline = "offline" });
words!(BlockInvariance { Invariant = "invariant", Varies = "varies" });
words!(ParamChange { Live = "live", Reactivates = "reactivates" });
words!(ParamLimit { Range = "range", BelowHalfRate = "below-half-rate" });
words!(Need { Required = "required", Optional = "optional" });
words!(Per { Signal = "signal", Channel = "channel" });
words!(Better { Neither = "neither", Higher = "higher", Lower = "lower" });
words!(Reference { Unused = "unused", Required = "required" });
words!(PanicStrategy { Unwind = "unwind", Abort = "abort" });
words!(Heap { Metered = "metered", Unmetered = "unmetered" });

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frames(frames) => write!(formatter, "frames({frames})"),
            Self::Seconds(seconds) => write!(formatter, "seconds({seconds})"),
            Self::Varies => formatter.write_str("varies"),
        }
    }
}

impl fmt::Display for SettingKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { bytes_max } => write!(formatter, "text of {bytes_max} bytes at most"),
            Self::Path => formatter.write_str("path"),
            Self::Integer { min, max } => write!(formatter, "integer from {min} to {max}"),
            Self::Boolean => formatter.write_str("true or false"),
            Self::List {
                items_max,
                bytes_max,
            } => write!(
                formatter,
                "list of {items_max} texts at most, of {bytes_max} bytes each"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_written_as_in_files() {
        let words: Vec<_> = [Span::Frames(480), Span::Seconds(0.01), Span::Varies]
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(words, ["frames(480)", "seconds(0.01)", "varies"]);
    }

    #[test]
    fn words_keep_to_their_column() {
        assert_eq!(
            format!("{:<9}|{:>10}", RealTime::Safe, Kind::Metric),
            "safe     |    metric"
        );
    }
}

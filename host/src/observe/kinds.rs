//! Kinds: the words about failures, listeners and decisions in the report.

use crate::observe::words::words;

words!(said
    /// Of which kind a failure is.
    FailureKind {
        /// It said that its input was wrong.
        InvalidInput = "invalid input",
        /// It was called in a state that it cannot be called in.
        WrongState = "wrong state",
        /// An index was out of bounds.
        OutOfBounds = "out of bounds",
        /// It said that it failed.
        Failed = "failed",
        /// It panicked.
        Panicked = "panicked",
        /// It cannot do what it was called for.
        Unsupported = "unsupported",
        /// Its output was not finite while its input was.
        NonFinite = "non-finite output",
        /// It left the processor in another floating-point mode.
        FloatMode = "changed floating-point mode",
        /// It was made for other channels or another latency.
        OtherShape = "made for another place",
        /// It took longer than its budget allows.
        OverTime = "over time budget",
        /// It held more memory than its budget allows.
        OverMemory = "over memory budget",
    }
);

words!(said
    /// What listens at a tap.
    TapKind {
        /// Audio to features.
        Analyzer = "analyzer",
        /// Reference and signal to readings.
        Metric = "metric",
    }
);

words!(said
    /// Which values of a reading are the better ones.
    ReadingBetter {
        /// The higher ones.
        Higher = "higher",
        /// The lower ones.
        Lower = "lower",
        /// Neither.
        Neither = "neither",
    }
);

words!(said
    /// What a decision engine wants.
    DecisionAction {
        /// People are to know something.
        Alert = "alert",
        /// The run is to end.
        Stop = "stop",
        /// A stage's input is to be heard in its place.
        Bypass = "bypass",
        /// A stage is to be heard again.
        Restore = "restore",
        /// A parameter is to get another value.
        Set = "set",
        /// A stage is to get another instance.
        Swap = "swap",
        /// Something that this version does not know.
        Unknown = "unknown",
    }
);

words!(said
    /// What became of what a decision engine wants.
    ActionOutcome {
        /// It was done.
        Done = "done",
        /// It would have been done.
        DryRun = "dry run",
        /// The configuration does not list it.
        NotListed = "not among what it may do",
    }
);

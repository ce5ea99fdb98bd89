//! Words: the choices that a configuration offers, one enum each.
//!
//! In: a word from a file. Out: its meaning; and for tables, schema and help the list of all words
//! with what they mean and since when.
//!
//! Pure.

use std::str::FromStr;

/// A release of Segue, as far as the configuration tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// The first one.
    V1_0,
    /// The widened pipeline: several threads, budgets, restarts, fallbacks, conversion.
    V1_1,
    /// Changes while the audio runs: swap, reload, control, timelines.
    V1_2,
    /// Decisions that act on stages, trust, workers and quarantine.
    V1_3,
    /// Planned, without a number yet.
    Later,
}

impl Release {
    /// The release this program is.
    pub const CURRENT: Self = Self::V1_2;

    /// Whether this program can do what came with the release.
    #[must_use]
    pub fn is_here(self) -> bool {
        self <= Self::CURRENT
    }

    /// Its name, to follow the word "with".
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1_0 => "Segue 1.0",
            Self::V1_1 => "Segue 1.1",
            Self::V1_2 => "Segue 1.2",
            Self::V1_3 => "Segue 1.3",
            Self::Later => "a later Segue",
        }
    }
}

/// One word of a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// As it is written.
    pub text: &'static str,
    /// What it means, a clause without a dot.
    pub doc: &'static str,
    /// The first release that can do it.
    pub since: Release,
}

/// Why a text is none of the words of a choice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is unknown, expected one of {expected:?}", found.escape_debug())]
pub struct UnknownWord {
    /// What was found.
    found: String,
    /// What was expected.
    expected: Vec<&'static str>,
}

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$word_doc:meta])* $name:ident = $text:literal,
        $since:ident, $meaning:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $type { $($(#[$word_doc])* $name,)* }

        impl $type {
            /// Every word, with its meaning, in the order of the documentation.
            pub const WORDS: &[Word] = &[$(Word {
                text: $text,
                doc: $meaning,
                since: Release::$since,
            },)*];

            /// The word as it is written.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }

        impl FromStr for $type {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($text => Ok(Self::$name),)*
                    _ => Err(UnknownWord {
                        found: text.chars().take(64).collect(),
                        expected: vec![$($text,)*],
                    }),
                }
            }
        }
    };
}

words!(
    /// When an edited configuration is applied to a running session.
    Reload {
        /// When somebody asks for it.
        Manual = "manual", V1_2, "only when `segue ctl reload` or SIGHUP asks for it";
        /// At every edit that has no mistake.
        OnSave = "on-save", V1_2, "every valid edit is applied at once";
    }
);

words!(
    /// Whether threads that keep the pace of a stream ask for real-time priority.
    Realtime {
        /// They ask, and go on without it where it is not granted.
        Try = "try", V1_2, "it is asked for; without it the run goes on, and the report says why";
        /// They ask, and the run is refused where it is not granted.
        Require = "require", V1_2, "a run that does not get it is refused";
        /// They do not ask.
        Off = "off", V1_2, "nobody asks";
    }
);

words!(
    /// What a changed library does to a running session.
    Watch {
        /// Nothing; nobody looks.
        Off = "off", V1_2, "nobody looks";
        /// It is reported.
        Report = "report", V1_2, "the change is reported, nothing is applied";
        /// It replaces the stages that use it.
        Swap = "swap", V1_2, "the stages that use it are swapped";
    }
);

words!(
    /// Which libraries may be opened.
    Trust {
        /// Every one that the probe let pass.
        Any = "any", V1_0, "every library that passes the probe";
        /// The ones in the lock file.
        Lock = "lock", V1_3, "only libraries whose hash is in the lock file";
        /// The ones with a good signature.
        Signed = "signed", V1_3, "only libraries with a signature of a trusted key";
    }
);

words!(
    /// What happens at the end of the input to what still sounds.
    Tail {
        /// As many frames come out as went in.
        Cut = "cut", V1_0, "as many frames come out as went in";
        /// The pipeline runs on until it is silent, within a bound.
        Keep = "keep", V1_0, "the pipeline runs on until its tails are over";
    }
);

words!(
    /// What happens to an input that is not what the session is to have.
    Convert {
        /// It is converted.
        Auto = "auto", V1_1, "rate and channels of the input are converted";
        /// The run is refused.
        Refuse = "refuse", V1_1, "an input of another rate or layout is refused";
    }
);

words!(
    /// How the samples of the output are stored.
    OutputBits {
        /// Integers of 8 bits.
        Eight = "8", V1_1, "integers of 8 bits";
        /// Integers of 16 bits.
        Sixteen = "16", V1_1, "integers of 16 bits";
        /// Integers of 24 bits.
        TwentyFour = "24", V1_1, "integers of 24 bits, all that the pipeline has";
        /// Integers of 32 bits.
        ThirtyTwo = "32", V1_1, "integers of 32 bits";
        /// Floats of 32 bits.
        Float = "f32", V1_1, "floats of 32 bits, which nothing clips";
        /// Floats of 64 bits.
        Double = "f64", V1_1, "floats of 64 bits";
        /// µ-law codes.
        MuLaw = "ulaw", V1_1, "G.711 \u{b5}-law, 8 bits that stand for 16";
        /// A-law codes.
        ALaw = "alaw", V1_1, "G.711 A-law, 8 bits that stand for 16";
    }
);

words!(
    /// Whether noise is added before samples are rounded to integers of 8 or 16 bits.
    Dither {
        /// Where the input has more bits.
        Auto = "auto", V1_1, "as `tpdf` where the output has fewer bits than the input";
        /// Always, but for what needs no rounding.
        Tpdf = "tpdf", V1_1, "triangular noise, from the first sample on that has to be rounded";
        /// Never.
        None = "none", V1_1, "samples are rounded to the nearest and nothing else";
    }
);

words!(
    /// What is heard when a stage fails.
    OnError {
        /// The stage's input, delayed by its latency.
        Bypass = "bypass", V1_0, "the stage's input is heard, delayed by the stage's latency";
        /// Silence.
        Mute = "mute", V1_0, "silence is heard";
        /// The last good audio, fading to silence.
        Hold = "hold", V1_1, "the last good audio, fading to silence within 100 ms";
        /// Another component.
        Fallback = "fallback", V1_1, "the component named by `fallback` is heard";
        /// Nothing: the run ends.
        Stop = "stop", V1_0, "the run ends";
    }
);

words!(
    /// What a new instance of a stage starts from.
    SwapState {
        /// The running state of the old one, where both agree on its schema.
        Handoff = "handoff", V1_2, "the old instance's running state, where both agree on it";
        /// Nothing.
        Fresh = "fresh", V1_2, "nothing; the new instance is primed and faded in";
    }
);

words!(
    /// What becomes of what still sounds in an instance that is replaced.
    SwapTail {
        /// It is faded out with the rest.
        Cut = "cut", V1_2, "it is faded out with everything else of the old instance";
        /// It is heard to its end.
        Ring = "ring", V1_2, "the old instance hears its input fade and is heard until its tail is over";
    }
);

words!(
    /// What a decision may do.
    Act {
        /// Tell: log, report and events.
        Alert = "alert", V1_0, "write to log and report";
        /// End the run.
        Stop = "stop", V1_0, "end the run";
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_as_itself() {
        for word in OnError::WORDS {
            assert_eq!(word.text.parse::<OnError>().unwrap().name(), word.text);
        }
        assert!("skip".parse::<OnError>().is_err());
    }

    #[test]
    fn what_comes_later_is_not_here() {
        assert!(Release::V1_0.is_here() && Release::V1_2.is_here());
        assert!(!Release::V1_3.is_here() && !Release::Later.is_here());
    }
}

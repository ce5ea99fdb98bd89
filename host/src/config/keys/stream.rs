//! Stream: the keys of `[stream]`.

use crate::config::keys::rules::{LAYOUT, NODE, STREAM as PORT};
use crate::config::keys::{Absent, ChoiceRule, ConfigKey, IntegerRule, KeyKind, Table};
use crate::config::limits::{
    BLOCK_FRAMES_MAX, DECIDE_EVERY_FRAMES_MAX, LATENCY_RESERVE_FRAMES_MAX, SAMPLE_RATE_HZ_MAX,
};
use crate::config::words::{Convert, Dither, OutputBits, Release, Tail};

/// What to write where a change needs more latency than is in reserve; `frames` is all of it.
#[must_use]
pub fn reserve_help(frames: u64) -> String {
    let most = LATENCY_RESERVE_FRAMES_MAX.unsigned_abs();
    match frames <= most {
        true => {
            format!("write latency_reserve_frames = {frames} in [stream] and restart the session")
        }
        false => {
            format!("latency_reserve_frames in [stream] is at most {most}, so restart the session")
        }
    }
}

/// What goes in and out.
pub static STREAM: Table = Table {
    name: "`[stream]`",
    doc: "What goes in and out, and in which steps. The arguments of `segue run` override it.",
    keys: &[
        ConfigKey {
            name: "input",
            kind: KeyKind::Text(&PORT),
            doc: "The audio file to read, or \"-\" for a pipe.",
            absent: Absent::Means("given on the command line"),
            example: "\"assets/voice.wav\"",
            since: Release::V1_0,
        },
        ConfigKey {
            name: "output",
            kind: KeyKind::Text(&PORT),
            doc: "The audio file to write, or \"-\" for a pipe.",
            absent: Absent::Means("given on the command line"),
            example: "\"out/voice.wav\"",
            since: Release::V1_0,
        },
        ConfigKey {
            name: "output_bits",
            kind: KeyKind::Choice(&ChoiceRule {
                words: OutputBits::WORDS,
                renamed: &[
                    ("float", "f32"),
                    ("mulaw", "ulaw"),
                    ("s16", "16"),
                    ("s24", "24"),
                ],
            }),
            doc: "How the samples of the output are stored. FLAC has 8, 16 and 24 bits.",
            absent: Absent::Means("as the input stores them, or the next that the format has"),
            example: "\"24\"",
            since: Release::V1_1,
        },
        ConfigKey {
            name: "dither",
            kind: KeyKind::Choice(&ChoiceRule {
                words: Dither::WORDS,
                renamed: &[("on", "tpdf"), ("triangular", "tpdf"), ("off", "none")],
            }),
            doc: "Whether noise is added before samples are rounded to integers of 8 or 16 bits, \
                  so that no distortion remains. What fits those integers exactly stays as it is.",
            absent: Absent::Default("\"auto\""),
            example: "\"auto\"",
            since: Release::V1_1,
        },
        ConfigKey {
            name: "overwrite",
            kind: KeyKind::Boolean,
            doc: "Whether an output file that exists is replaced.",
            absent: Absent::Default("false"),
            example: "false",
            since: Release::V1_0,
        },
        ConfigKey {
            name: "sample_rate_hz",
            kind: KeyKind::Integer(&IntegerRule {
                min: 1,
                max: SAMPLE_RATE_HZ_MAX,
                later: None,
            }),
            doc: "The sample rate of the session and of its output, in Hz. An input of another \
                  rate is converted, or refused, as `convert` says. n frames become \
                  n × new/old, rounded.",
            absent: Absent::Means("the input's"),
            example: "48000",
            since: Release::V1_0,
        },
        ConfigKey {
            name: "layout",
            kind: KeyKind::Text(&LAYOUT),
            doc: "The channels that the first stage reads. An input with others is converted, or \
                  refused, as `convert` says: surround to stereo by ITU-R BS.775-3, mono as the \
                  mean of stereo, stereo as twice the mono. Channels without positions are taken \
                  as WAVE files order them.",
            absent: Absent::Means("the input's"),
            example: "\"stereo\"",
            since: Release::V1_1,
        },
        ConfigKey {
            name: "convert",
            kind: KeyKind::Choice(&ChoiceRule {
                words: Convert::WORDS,
                renamed: &[("yes", "auto"), ("no", "refuse"), ("never", "refuse")],
            }),
            doc: "What happens to an input whose rate or channels are not what `sample_rate_hz` \
                  and `layout` say.",
            absent: Absent::Default("\"auto\""),
            example: "\"auto\"",
            since: Release::V1_1,
        },
        ConfigKey {
            name: "block_frames",
            kind: KeyKind::Integer(&IntegerRule {
                min: 1,
                max: BLOCK_FRAMES_MAX,
                later: None,
            }),
            doc: "How many frames are processed in one step. Off line it changes the speed and \
                  not one sample.",
            absent: Absent::Default("256"),
            example: "256",
            since: Release::V1_0,
        },
        ConfigKey {
            name: "from",
            kind: KeyKind::Text(&NODE),
            doc: "The stage whose output is the pipeline's.",
            absent: Absent::Means("the last stage"),
            example: "\"limit\"",
            since: Release::V1_0,
        },
        ConfigKey {
            name: "tail",
            kind: KeyKind::Choice(&ChoiceRule {
                words: Tail::WORDS,
                renamed: &[("drop", "cut"), ("ring", "keep")],
            }),
            doc: "What happens to what still sounds when the input is over.",
            absent: Absent::Default("\"cut\""),
            example: "\"cut\"",
            since: Release::V1_0,
        },
        ConfigKey {
            name: "latency_reserve_frames",
            kind: KeyKind::Integer(&IntegerRule {
                min: 0,
                max: LATENCY_RESERVE_FRAMES_MAX,
                later: None,
            }),
            doc: "Latency held in reserve at the output of a session at `--pace realtime`: the \
                  output is that much later from the start, and swaps and edits that need more \
                  latency take it from there without a gap. Beyond it they are refused. At \
                  `--pace fast` it does nothing, since the input is read ahead.",
            absent: Absent::Default("0"),
            example: "0",
            since: Release::V1_2,
        },
        ConfigKey {
            name: "decide_every_frames",
            kind: KeyKind::Integer(&IntegerRule {
                min: 1,
                max: DECIDE_EVERY_FRAMES_MAX,
                later: None,
            }),
            doc: "How many frames lie between two decisions.",
            absent: Absent::Default("4800"),
            example: "4800",
            since: Release::V1_0,
        },
    ],
    renamed: &[
        ("sample_rate", "sample_rate_hz"),
        ("rate", "sample_rate_hz"),
        ("resample", "convert"),
        ("channels", "layout"),
        ("channel_layout", "layout"),
        ("buffer_size", "block_frames"),
        ("block_size", "block_frames"),
        ("block", "block_frames"),
        ("bits", "output_bits"),
        ("bit_depth", "output_bits"),
        ("in", "input"),
        ("out", "output"),
    ],
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    /// What is told to be written is taken, as far as anything is.
    fn check(frames: u64, is_taken: bool) {
        let help = reserve_help(frames);
        let line = help
            .strip_prefix("write ")
            .and_then(|help| help.split(" in ").next());
        assert_eq!(line.is_some(), is_taken, "{help}");
        if let Some(line) = line {
            let text = format!("[stream]\n{line}\n");
            let config = parse(&text, std::path::Path::new("f.toml"), &[]).unwrap();
            let found = config.stream.latency_reserve_frames.value;
            assert_eq!(u64::from(found), frames);
        }
    }

    #[test]
    fn the_reserve_that_is_told_can_be_written() {
        check(480, true);
        check(LATENCY_RESERVE_FRAMES_MAX.unsigned_abs(), true);
        check(LATENCY_RESERVE_FRAMES_MAX.unsigned_abs() + 1, false);
        check(u64::MAX, false);
    }

    #[test]
    fn nothing_is_held_back_unasked() {
        let config = parse("", std::path::Path::new("f.toml"), &[]).unwrap();
        assert_eq!(config.stream.latency_reserve_frames.value, 0);
    }
}

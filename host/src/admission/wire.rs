//! Wire: what a helper process tells the one that started it.
//!
//! In: steps, notes and the end of a probe. Out: one line of JSON each, so that the last line read
//! says how far it got, whatever became of the process afterwards.

use serde::{Deserialize, Serialize};

/// The longest text in a line, in bytes: a sentence with what the plugin said. Longer is cut.
pub(super) const TEXT_BYTES_MAX: usize = 1024;

/// One line of a helper.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum HelperLine {
    /// It understood what to do, and foreign code comes next.
    Ready,
    /// It is about to do this: `creating acme.warmth/tube`.
    Step(String),
    /// Something that is no reason to refuse the plugin.
    Note(String),
    /// The plugin failed, and the helper lived to say so.
    Failed(PluginFailure),
    /// Everything went well.
    Done,
    /// The process that opened the libraries is gone, and so is all that it started.
    Ended(HelperEnd),
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum HelperEnd {
    /// By itself, with this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

/// How a plugin failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PluginFailure {
    /// In words that follow 'cannot be used:'.
    pub(super) reason: String,
    /// What it is owed to.
    pub(super) cause: FailureCause,
}

/// What a failure is owed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FailureCause {
    /// The library itself: it will fail again.
    Content,
    /// The moment or the machine, a library that is not installed say: it may be well next time.
    Circumstance,
}

impl PluginFailure {
    /// A failure that is owed to the library.
    pub(super) fn of_content(reason: impl Into<String>) -> Self {
        let cause = FailureCause::Content;
        let reason = reason.into();
        Self { reason, cause }
    }
}

impl HelperLine {
    /// The line as it is written: it starts on a new line whatever the plugin wrote before.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![b'\n'];
        let json = serde_json::to_vec(&self.cut()).expect("a line is texts and names only");
        bytes.extend(json);
        bytes.push(b'\n');
        bytes
    }

    /// A line of a helper; `None` for whatever else came down the pipe.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let line: Self = serde_json::from_slice(bytes).ok()?;
        Some(line.cut())
    }

    /// The line with its text cut to what is kept.
    fn cut(&self) -> Self {
        match self {
            Self::Ready => Self::Ready,
            Self::Step(text) => Self::Step(cut(text)),
            Self::Note(text) => Self::Note(cut(text)),
            Self::Failed(failure) => Self::Failed(PluginFailure {
                reason: cut(&failure.reason),
                cause: failure.cause,
            }),
            Self::Done => Self::Done,
            Self::Ended(ended) => Self::Ended(*ended),
        }
    }
}

/// A foreign text on one line, without what would move a terminal's cursor.
pub(super) fn cut(text: &str) -> String {
    let text = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
    let plain = |character: char| {
        if character.is_control() {
            ' '
        } else {
            character
        }
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &HelperLine) {
        let bytes = line.encode();
        assert_eq!((bytes[0], bytes[bytes.len() - 1]), (b'\n', b'\n'));
        let inner = &bytes[1..bytes.len() - 1];
        assert!(!inner.contains(&b'\n'));
        assert_eq!(HelperLine::decode(inner).as_ref(), Some(line));
    }

    #[test]
    fn every_line_comes_back() {
        check(&HelperLine::Ready);
        check(&HelperLine::Step("creating acme.warmth/tube".to_owned()));
        check(&HelperLine::Note("ä \"quoted\" \\ text".to_owned()));
        check(&HelperLine::Failed(PluginFailure::of_content(
            "it panicked",
        )));
        check(&HelperLine::Done);
        check(&HelperLine::Ended(HelperEnd::Code(7)));
        check(&HelperLine::Ended(HelperEnd::Signal(11)));
    }

    #[test]
    fn what_else_comes_down_the_pipe_is_no_line() {
        for garbage in ["", "done", "{\"done\":1}", "{\"step\":", "\u{0}", "[[[[[[["] {
            assert_eq!(HelperLine::decode(garbage.as_bytes()), None, "{garbage}");
        }
        assert_eq!(HelperLine::decode(b"\xff\xfe"), None);
    }

    #[test]
    fn a_text_is_cut_and_loses_its_escapes() {
        let long = format!("\u{1b}[31m{}", "ä".repeat(TEXT_BYTES_MAX));
        let Some(HelperLine::Note(text)) = HelperLine::decode(&HelperLine::Note(long).encode())
        else {
            panic!("a note is a note");
        };
        assert!(text.len() <= TEXT_BYTES_MAX);
        assert!(text.starts_with(" [31mä"));
    }
}

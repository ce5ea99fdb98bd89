//! Syntax: the rules for every text in a manifest, one for the compiler and for the reader.
//!
//! In: a text. Out: whether it keeps the rule, and the rule in words.

use crate::manifest::limits::{
    ADDRESS_BYTES_MAX, LINE_BYTES_MAX, NAME_BYTES_MAX, PROSE_BYTES_MAX, UNIT_BYTES_MAX,
    VERSION_BYTES_MAX,
};
use crate::manifest::semantic::{is_requirement, is_version};

/// What a text has to look like. Everything works in constants; thread: any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// The id of a plugin, `acme.warmth`.
    PluginId,
    /// The name of a component in its plugin, `tube`.
    ComponentName,
    /// The id of a parameter, setting, output or reading, `gain_db`.
    ParamId,
    /// The id of an event, `speech-start`.
    EventId,
    /// The label of a choice, `high-pass`.
    ChoiceLabel,
    /// The address of an event, `plugin/component:event`.
    EventAddress,
    /// A semantic version, `1.2.3-beta`.
    Version,
    /// Which versions will do, in Cargo's syntax.
    Requirement,
    /// A unit as people read it, or nothing.
    Unit,
    /// One line of text for people.
    Line,
    /// Sentences for people, on several lines if need be.
    Prose,
}

impl Syntax {
    /// Whether `text` keeps the rule, its length included.
    #[must_use]
    pub const fn accepts(self, text: &str) -> bool {
        if text.len() > self.bytes_max() {
            return false;
        }
        let bytes = text.as_bytes();
        match self {
            Self::PluginId => is_plugin_id(bytes),
            Self::ComponentName => is_word(bytes, b"-"),
            Self::ParamId => is_word(bytes, b"_"),
            Self::EventId => is_word(bytes, b"_-"),
            Self::ChoiceLabel => is_word(bytes, b"_-.+"),
            Self::EventAddress => is_event_address(bytes),
            Self::Version => is_version(text),
            Self::Requirement => is_requirement(text),
            Self::Unit | Self::Line => is_printable(bytes, b""),
            Self::Prose => is_printable(bytes, b"\n\t"),
        }
    }

    /// The most bytes of such a text.
    #[must_use]
    pub const fn bytes_max(self) -> usize {
        match self {
            Self::PluginId
            | Self::ComponentName
            | Self::ParamId
            | Self::EventId
            | Self::ChoiceLabel => NAME_BYTES_MAX,
            Self::EventAddress => ADDRESS_BYTES_MAX,
            Self::Version | Self::Requirement => VERSION_BYTES_MAX,
            Self::Unit => UNIT_BYTES_MAX,
            Self::Line => LINE_BYTES_MAX,
            Self::Prose => PROSE_BYTES_MAX,
        }
    }

    /// The rule in words, to follow 'expected'.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        match self {
            Self::PluginId => {
                "an id as in `acme.warmth`: [a-z0-9-]+(\\.[a-z0-9-]+)+, 64 bytes at most"
            }
            Self::ComponentName => "a name as in `tube`: [a-z0-9-]+, 64 bytes at most",
            Self::ParamId => "an id as in `gain_db`: [a-z0-9_]+, 64 bytes at most",
            Self::EventId => "an id as in `speech-start`: [a-z0-9_-]+, 64 bytes at most",
            Self::ChoiceLabel => "a label as in `high-pass`: [a-z0-9_.+-]+, 64 bytes at most",
            Self::EventAddress => {
                "the address of an event as in `acme.voice/detector:speech-start`"
            }
            Self::Version => "a semantic version as in `1.2.3`, 128 bytes at most",
            Self::Requirement => {
                "a requirement in Cargo's syntax as in `>=1.2, <2`, 128 bytes at most"
            }
            Self::Unit => "a unit without control characters, 16 bytes at most",
            Self::Line => "one line without control characters, 256 bytes at most",
            Self::Prose => "text without control characters, 4096 bytes at most",
        }
    }
}

/// Two or more words of `[a-z0-9-]`, with dots between them.
const fn is_plugin_id(bytes: &[u8]) -> bool {
    let mut dots = 0;
    let mut start = 0;
    let mut at = 0;
    while at <= bytes.len() {
        if at == bytes.len() || bytes[at] == b'.' {
            if !is_word(between(bytes, start, at), b"-") {
                return false;
            }
            dots += (at < bytes.len()) as usize;
            start = at + 1;
        }
        at += 1;
    }
    dots >= 1 && bytes.len() <= NAME_BYTES_MAX
}

/// An id, a slash, a component, a colon, an event.
const fn is_event_address(bytes: &[u8]) -> bool {
    let slash = find(bytes, b'/');
    let colon = find(bytes, b':');
    if slash >= colon || colon == bytes.len() {
        return false;
    }
    let component = between(bytes, slash + 1, colon);
    let event = between(bytes, colon + 1, bytes.len());
    is_plugin_id(between(bytes, 0, slash))
        && is_word(component, b"-")
        && component.len() <= NAME_BYTES_MAX
        && is_word(event, b"_-")
        && event.len() <= NAME_BYTES_MAX
}

/// At least one of `[a-z0-9]` and the bytes in `also`, and nothing else.
const fn is_word(bytes: &[u8], also: &[u8]) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        // A pattern and no call: const evaluation counts calls.
        let plain = matches!(bytes[at], b'a'..=b'z' | b'0'..=b'9');
        if !plain && find(also, bytes[at]) == also.len() {
            return false;
        }
        at += 1;
    }
    !bytes.is_empty()
}

/// No control characters of ASCII or Latin-1, which could steer a terminal, but those in `also`.
const fn is_printable(bytes: &[u8], also: &[u8]) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        // U+0080 to U+009F are C2 80 to C2 9F in UTF-8.
        let second = byte == 0xC2 && at + 1 < bytes.len() && bytes[at + 1] < 0xA0;
        let control = byte < 0x20 || byte == 0x7F || second;
        if control && find(also, byte) == also.len() {
            return false;
        }
        at += 1;
    }
    true
}

/// Where `byte` is first, or the length.
const fn find(bytes: &[u8], byte: u8) -> usize {
    let mut at = 0;
    while at < bytes.len() && bytes[at] != byte {
        at += 1;
    }
    at
}

const fn between(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    bytes.split_at(end).0.split_at(start).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(syntax: Syntax, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(syntax.accepts(text), "{syntax:?} takes {text:?}");
        }
        for text in bad {
            assert!(!syntax.accepts(text), "{syntax:?} refuses {text:?}");
        }
    }

    #[test]
    fn ids_have_two_words_at_least_and_64_bytes_at_most() {
        let longest = format!("a.{}", "b".repeat(62));
        let longer = format!("a.{}", "b".repeat(63));
        check(
            Syntax::PluginId,
            &["a.b", "acme.warmth", "a-1.b.c", &longest],
            &[
                "", "a", ".", "a.", ".a", "a..b", "A.b", "a_b.c", "a/b.c", "ä.b", &longer,
            ],
        );
    }

    #[test]
    fn words_take_their_own_marks_only() {
        check(
            Syntax::ComponentName,
            &["tube", "0-a"],
            &["", "a_b", "a.b", "Tube", "a b"],
        );
        check(
            Syntax::ParamId,
            &["gain_db", "_", "4"],
            &["", "gain-db", "gain.db", "gain_dB"],
        );
        check(
            Syntax::EventId,
            &["speech-start", "a_b"],
            &["", "a.b", "a:b"],
        );
        check(
            Syntax::ChoiceLabel,
            &["high-pass", "1.5", "c++"],
            &["", "High", "a b", "a/b"],
        );
    }

    #[test]
    fn an_event_address_has_three_parts() {
        check(
            Syntax::EventAddress,
            &["acme.voice/detector:speech-start"],
            &[
                "acme.voice/detector",
                "acme.voice:speech",
                "voice/d:s",
                "a.b/c:d:e",
                "a.b/c/d:e",
                "a.b:c/d",
            ],
        );
    }

    #[test]
    fn text_for_people_cannot_steer_a_terminal() {
        check(
            Syntax::Line,
            &["", "Röhre – “warm”", "\u{a0}"],
            &["a\nb", "\u{1b}[2J", "\u{7f}", "\u{9b}2J", "\0"],
        );
        check(Syntax::Prose, &["a\n\tb"], &["a\rb", "\u{1b}[2J", "\u{85}"]);
    }

    proptest! {
        #[test]
        fn printable_is_what_the_standard_library_calls_no_control(text in any::<String>()) {
            prop_assume!(text.len() <= LINE_BYTES_MAX);
            prop_assert_eq!(Syntax::Line.accepts(&text), !text.chars().any(char::is_control));
        }
    }
}

//! Escape: text from plugins, files and arguments, without what could steer a terminal.
//!
//! In: any text. Out: the same, with a replacement character in the place of each control
//! character, the eight-bit ones included, and of each that turns the direction of writing around.
//!
//! Pure. Every word of the program that may hold foreign text goes through here.

/// What begins a sequence of the terminal's.
const ESCAPE: char = '\u{1b}';

/// Whether a character steers a terminal: a control character, or one that makes what follows it
/// be shown in another order than it is written.
#[must_use]
pub fn steers(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' // the Arabic letter mark
                | '\u{200e}'..='\u{200f}' // marks of direction
                | '\u{2028}'..='\u{202e}' // ends of lines, embeddings and overrides
                | '\u{2066}'..='\u{2069}' // isolates
        )
}

/// A text of several lines: ends of lines and tabs stay.
#[must_use]
pub fn lines(text: &str) -> String {
    let shown = |character: char| match character {
        '\n' | '\t' => character,
        other => shown(other),
    };
    text.chars().map(shown).collect()
}

/// A text on one line: nothing stays that could begin another.
#[must_use]
pub fn line(text: &str) -> String {
    text.chars().map(shown).collect()
}

/// What is about to be written to a terminal: as `lines`, and colours stay. The last net, for what
/// was overlooked on the way.
#[must_use]
pub fn screen(text: &str) -> String {
    if !text
        .chars()
        .any(|one| steers(one) && !matches!(one, '\n' | '\t'))
    {
        return text.to_owned();
    }
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find(ESCAPE) {
        shown.push_str(&lines(&rest[..at]));
        let length = color(&rest[at..]);
        match length {
            0 => shown.push(char::REPLACEMENT_CHARACTER),
            length => shown.push_str(&rest[at..at + length]),
        }
        rest = &rest[at + length.max(ESCAPE.len_utf8())..];
    }
    shown + &lines(rest)
}

/// How long the sequence is that sets a colour or a weight, in bytes; 0 where another one begins.
fn color(text: &str) -> usize {
    let Some(inner) = text.strip_prefix("\u{1b}[") else {
        return 0;
    };
    let end = inner.find(|one: char| !one.is_ascii_digit() && one != ';');
    match end.map(|end| (end, &inner[end..])) {
        Some((end, rest)) if rest.starts_with('m') => end + 3,
        Some(_) | None => 0,
    }
}

fn shown(character: char) -> char {
    match steers(character) {
        true => char::REPLACEMENT_CHARACTER,
        false => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_a_terminal() {
        let hostile = "a\u{1b}[31mb\u{9b}c\u{7}\u{202e}d\u{2066}e\u{200f}\u{7f}";
        let expected = "a\u{fffd}[31mb\u{fffd}c\u{fffd}\u{fffd}d\u{fffd}e\u{fffd}\u{fffd}";
        assert_eq!(lines(hostile), expected);
        assert_eq!(line(hostile), expected);
        assert_eq!(lines("a\n\tb äß → 漢"), "a\n\tb äß → 漢");
        assert_eq!(line("a\nb\tc"), "a\u{fffd}b\u{fffd}c");
    }

    #[test]
    fn a_screen_keeps_colours_and_nothing_else() {
        assert_eq!(
            screen("\u{1b}[1;31mred\u{1b}[0m\n"),
            "\u{1b}[1;31mred\u{1b}[0m\n"
        );
        assert_eq!(screen("a\u{1b}[2Jb"), "a\u{fffd}[2Jb");
        assert_eq!(
            screen("a\u{1b}]0;t\u{7}\u{9b}1m"),
            "a\u{fffd}]0;t\u{fffd}\u{fffd}1m"
        );
        assert_eq!(screen("\u{1b}"), "\u{fffd}");
        assert_eq!(screen("\u{1b}[1;"), "\u{fffd}[1;");
        assert_eq!(screen("\u{202e}x"), "\u{fffd}x");
    }
}

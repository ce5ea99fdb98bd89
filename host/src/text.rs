//! Text: sentences in lines of a page or a terminal.
//!
//! In: a text and how many columns there are. Out: its lines.
//!
//! Pure.

/// A text in lines of at most so many columns. Single words may be longer.
#[must_use]
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > columns {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_before_the_margin() {
        assert_eq!(
            wrapped("one two  three\nfour", 8),
            ["one two", "three", "four"]
        );
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("", 8), [""]);
        assert_eq!(wrapped("a-very-long-word b", 4), ["a-very-long-word", "b"]);
    }
}

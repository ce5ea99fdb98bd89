//! Depth: how deep a text nests, before a tree is made of it.
//!
//! In: any text. Out: the first place past the limit, if there is one.
//!
//! The parser bounds brackets and dots each for itself. Both together still make thousands of
//! levels, and dropping such a tree, which it does by recursion, would end the process. The count
//! is made from the parser's own tokens, so that both agree about where a string ends.

use std::ops::Range;

use toml_parser::Source;
use toml_parser::lexer::TokenKind;

/// The most levels within one header or one value. A configuration has five.
const LEVELS_MAX: usize = 32;

/// Where the text nests deeper than the limit, if it does.
pub(super) fn too_deep(text: &str) -> Option<Range<usize>> {
    // For each open bracket: which one it is, and the dots of the key before it.
    let mut open: Vec<(TokenKind, usize)> = Vec::new();
    let mut levels = 0;
    let mut dots = 0;
    // A line ends a key, unless its value is still to come: the parser may go on with it.
    let mut is_value_due = false;
    for token in Source::new(text).lex() {
        match token.kind() {
            TokenKind::Dot => dots += 1,
            TokenKind::Comma => dots = 0,
            TokenKind::Newline if !is_value_due => dots = 0,
            kind @ (TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket) => {
                open.push((kind, dots));
                levels += 1 + dots;
                dots = 0;
            }
            kind @ (TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket) => {
                // What closes nothing is wrong, and no reason to count less.
                if let Some((_, before)) = open.pop_if(|(opening, _)| closes(kind, *opening)) {
                    levels -= 1 + before;
                    dots = before;
                }
            }
            _ => {}
        }
        is_value_due = match token.kind() {
            TokenKind::Equals => true,
            TokenKind::Whitespace | TokenKind::Comment | TokenKind::Newline => is_value_due,
            _ => false,
        };
        if levels + dots > LEVELS_MAX {
            return Some(token.span().start()..token.span().end());
        }
    }
    None
}

fn closes(closing: TokenKind, opening: TokenKind) -> bool {
    matches!(
        (opening, closing),
        (TokenKind::LeftSquareBracket, TokenKind::RightSquareBracket)
            | (TokenKind::LeftCurlyBracket, TokenKind::RightCurlyBracket)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<usize>) {
        assert_eq!(too_deep(text).map(|range| range.start), expected, "{text}");
    }

    #[test]
    fn what_people_write_is_not_deep() {
        check("a.b.c = [{ q = 1.5 }, { q = 2.5 }]\n[a.b]\n[[c.d]]\n", None);
        check(&"a.b = [[1]] # x\n".repeat(1_000), None);
        check(&format!("x = [{}]\n", "1.5, ".repeat(1_000)), None);
        check(
            &format!("# {0}\nx = \"{0}\" # {0}\n", "[.{".repeat(1_000)),
            None,
        );
    }

    #[test]
    fn one_bracket_that_is_not_closed_makes_no_depth() {
        check(&format!("[a\n{}", "b.c = 1.5\n".repeat(1_000)), None);
        check(&format!("x = [\n{}", "b.c = 1.5\n".repeat(1_000)), None);
    }

    #[test]
    fn brackets_and_dots_count_together() {
        check(
            &format!("x = {}", "{ a.a =\n ".repeat(50)),
            Some(4 + 16 * 9),
        );
        check(&"[".repeat(100), Some(LEVELS_MAX));
        check(&format!("{}a = [] [[[", "a.".repeat(30)), Some(60 + 9));
        check(
            &format!("{}a = 1", "a.".repeat(100)),
            Some(2 * LEVELS_MAX + 1),
        );
        check(&format!("x = {}", "{ a.a = ".repeat(50)), Some(4 + 16 * 8));
        check(
            &format!("x = {}", "[ } ".repeat(50)),
            Some(4 + LEVELS_MAX * 4),
        );
    }
}

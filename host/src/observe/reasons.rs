//! Reasons: why a change went as it did, for places that have room for a line only.
//!
//! In: lines, among them mistakes as they are drawn: a message, a place, the text there. Out: one
//! line for each reason. Pure.

use crate::observe::Receipt;

/// What a drawn mistake begins with.
const HEADS: [&str; 2] = ["error: ", "warning: "];

/// What stands before the place of a drawn mistake.
const ARROW: &str = "--> ";

impl Receipt {
    /// Whether the reasons are mistakes as they are drawn, with the text they stand in.
    #[must_use]
    pub fn is_drawn(&self) -> bool {
        let mut lines = self.reasons.iter();
        lines.any(|line| line.trim_start().starts_with(ARROW))
    }

    /// The reasons in a line each: of a drawn mistake the place and the message.
    #[must_use]
    pub fn brief_reasons(&self) -> Vec<String> {
        let mut brief: Vec<String> = Vec::new();
        let mut is_within = false;
        for line in &self.reasons {
            let head = HEADS.iter().find_map(|head| line.strip_prefix(head));
            let place = line.trim_start().strip_prefix(ARROW);
            match (head, place, brief.last_mut()) {
                (Some(message), ..) => {
                    brief.push(message.to_owned());
                    is_within = true;
                }
                (None, Some(place), Some(message)) if is_within => {
                    *message = format!("{place}: {message}");
                }
                _ if is_within && is_picture(line) => {}
                _ => {
                    brief.push(line.clone());
                    is_within = false;
                }
            }
        }
        brief
    }
}

/// Whether a line belongs to the text that a mistake is shown in.
fn is_picture(line: &str) -> bool {
    let rest = line.trim_start_matches(|one: char| one.is_ascii_digit() || one == ' ');
    rest.is_empty()
        || ["|", "=", ":::", "...", "╭", "╰", "│"]
            .iter()
            .any(|it| rest.starts_with(it))
}

#[cfg(test)]
mod tests {
    use crate::observe::Receipt;

    fn receipt(reasons: &str) -> Receipt {
        Receipt {
            change: 1,
            stage: "*".to_owned(),
            action: "reload".to_owned(),
            verdict: "refused".to_owned(),
            reasons: reasons.lines().map(str::to_owned).collect(),
            state: "aborted".to_owned(),
            ..Receipt::default()
        }
    }

    fn check(reasons: &str, expected: &[&str]) {
        assert_eq!(receipt(reasons).brief_reasons(), expected);
    }

    #[test]
    fn a_drawn_mistake_is_its_place_and_its_message() {
        let one = "error: unknown key `typo`\n  --> a.toml:27:1\n   |\n27 | typo = 1\n   | ^^^^ no\n   \
                   |\n   = help: params.typo\n";
        check(one, &["a.toml:27:1: unknown key `typo`"]);
        assert!(receipt(one).is_drawn());
        let two = format!("{one}\n{}", one.replace("27", "28"));
        check(
            &two,
            &[
                "a.toml:27:1: unknown key `typo`",
                "a.toml:28:1: unknown key `typo`",
            ],
        );
        check("error: the file is empty\n", &["the file is empty"]);
    }

    #[test]
    fn other_reasons_stay_as_they_are() {
        check(
            "| is no key\nits frame is odd",
            &["| is no key", "its frame is odd"],
        );
        check(
            "error: a\n --> b:1:1\nthe input is over",
            &["b:1:1: a", "the input is over"],
        );
        assert!(!receipt("a -> b").is_drawn());
    }
}

//! Speakers: the names of channel layouts, as configurations write them.
//!
//! In: a text. Out: the layout it names, or a sentence with the names there are.

use std::str::FromStr;

use segue_layout::{CHANNELS_MAX, Layout, SPEAKER_NAMES};

/// Layouts with a name of their own, as WAVE files order their channels.
const NAMED: [(&str, Layout); 5] = [
    ("mono", Layout::MONO),
    ("stereo", Layout::STEREO),
    ("quad", Layout::positions(0b11_0011)),
    ("5.1", Layout::SURROUND_5_1),
    ("7.1", Layout::positions(0b110_0011_1111)),
];

/// A layout by its name: `mono`, `stereo`, `quad`, `5.1`, `7.1`, positions such as `FL+FR+LFE`,
/// or `discrete(4)` for channels without positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayoutName(pub Layout);

/// Why a text names no layout.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}` is no channel layout, expected mono, stereo, quad, 5.1, 7.1, speakers such as FL+FR+LFE, \
     or discrete(1) to discrete({CHANNELS_MAX})",
    found.escape_debug()
)]
pub struct LayoutNameError {
    /// The beginning of the text.
    pub found: String,
}

impl LayoutName {
    /// What a name looks like, as a regular expression.
    pub const PATTERN: &'static str =
        r"^(mono|stereo|quad|5\.1|7\.1|discrete\([1-9][0-9]?\)|[A-Z]{2,3}(\+[A-Z]{2,3})*)$";
}

impl FromStr for LayoutName {
    type Err = LayoutNameError;

    fn from_str(text: &str) -> Result<Self, LayoutNameError> {
        let named = NAMED.iter().find(|(name, _)| *name == text);
        let layout = named.map(|(_, layout)| *layout);
        let layout = layout
            .or_else(|| discrete(text))
            .or_else(|| positions(text));
        layout.map(Self).ok_or_else(|| LayoutNameError {
            found: text.chars().take(64).collect(),
        })
    }
}

fn discrete(text: &str) -> Option<Layout> {
    let number = text.strip_prefix("discrete(")?.strip_suffix(')')?;
    // A sign or a leading zero would read as a number too.
    let plain = number.starts_with(|first: char| matches!(first, '1'..='9'));
    Layout::from_parts(0, number.parse().ok().filter(|_| plain)?)
}

/// Positions in the order of the mask: another order would be another file.
fn positions(text: &str) -> Option<Layout> {
    let mut mask = 0u32;
    for name in text.split('+') {
        let bit = SPEAKER_NAMES.iter().position(|known| *known == name)?;
        if mask >> bit != 0 {
            return None;
        }
        mask |= 1 << bit;
    }
    Layout::from_parts(mask, mask.count_ones() as u16)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Option<Layout>) {
        let found = text.parse::<LayoutName>();
        assert_eq!(found.as_ref().ok().map(|name| name.0), expected, "{text}");
        if let Err(error) = found {
            assert!(error.to_string().contains("expected mono"), "{error}");
        }
    }

    #[test]
    fn layouts_have_the_names_that_reports_show() {
        for (name, layout) in NAMED {
            check(name, Some(layout));
        }
        check("FL+FR+LFE", Some(Layout::positions(0b1011)));
        check("LFE", Some(Layout::positions(0b1000)));
        check("discrete(64)", Some(Layout::discrete(64)));
    }

    #[test]
    fn what_names_no_layout_is_refused() {
        for text in [
            "",
            "Mono",
            "2",
            "5.0",
            "discrete(0)",
            "discrete(65)",
            "discrete(+4)",
            "discrete(04)",
            "discrete(4",
            "FR+FL",
            "FL+FL",
            "FL+",
            "XX",
            "stereo ",
        ] {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn every_layout_reads_back_from_what_is_shown(mask in 0u32..1 << 18, channels in 1u16..=64) {
            let layout = match mask {
                0 => Layout::discrete(channels),
                _ => Layout::positions(mask),
            };
            prop_assert_eq!(layout.to_string().parse(), Ok(LayoutName(layout)));
        }

        #[test]
        fn no_text_is_too_strange(text in "\\PC{0,40}") {
            let _ = text.parse::<LayoutName>();
        }
    }
}

//! Nearest: the valid word that somebody most likely meant.
//!
//! In: a word from a file and the words that would be valid. Out: "did you mean …?", or nothing.
//!
//! Pure. By optimal string alignment: swapping two letters is one slip, like any other.

/// The longest word that is compared; what is longer is no slip of the fingers.
const WORD_BYTES_MAX: usize = 128;

/// The candidate nearest to the word, if it is near enough to be what was meant: a third of the
/// letters may differ, and one always may.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > WORD_BYTES_MAX {
        return None;
    }
    let folded = fold(word);
    let far = folded.chars().count() / 3;
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= WORD_BYTES_MAX)
        .map(|candidate| (strsim::osa_distance(&folded, &fold(candidate)), candidate))
        .filter(|(distance, _)| *distance <= far.max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The nearest candidate as the sentence that a mistake helps with.
#[must_use]
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// Words side by side, as a sentence has them: `a`, `b` or `c`.
#[must_use]
pub fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<_> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

/// Case and the choice between `-` and `_` are no difference worth counting.
fn fold(word: &str) -> String {
    word.to_lowercase().replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 4] = ["block_frames", "input", "output", "tail"];

    fn check(word: &str, expected: Option<&str>) {
        assert_eq!(nearest(word, WORDS), expected, "{word}");
    }

    #[test]
    fn slips_find_their_word() {
        check("blok_frames", Some("block_frames"));
        check("Block-Frames", Some("block_frames"));
        check("inptu", Some("input"));
        check("tial", Some("tail"));
    }

    #[test]
    fn other_words_find_nothing() {
        check("gain", None);
        check("x", None);
        check("", None);
        check(&"input".repeat(50), None);
    }

    #[test]
    fn words_are_listed_as_in_a_sentence() {
        assert_eq!(listed(["a"]), "`a`");
        assert_eq!(listed(["a", "b", "c"]), "`a`, `b` or `c`");
    }
}

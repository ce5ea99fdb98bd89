//! Text: documentation, ids and labels.
//!
//! In: attributes and names of the author's source. Out: what the manifest will say.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The documentation among `attributes`: lines joined, paragraphs kept apart by a line break.
pub(crate) fn documentation(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    for line in attributes.iter().filter_map(documentation_line) {
        let line = line.trim();
        if line.is_empty() {
            text.push('\n');
            continue;
        }
        if !(text.is_empty() || text.ends_with('\n')) {
            text.push(' ');
        }
        text.push_str(line);
    }
    text.trim().to_owned()
}

fn documentation_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(meta) = &attribute.meta else {
        return None;
    };
    match &meta.value {
        Expr::Lit(ExprLit {
            lit: Lit::Str(line),
            ..
        }) if meta.path.is_ident("doc") => Some(line.value()),
        _ => None,
    }
}

/// Whether `text` can be the id of a parameter.
pub(crate) fn is_param_id(text: &str) -> bool {
    is_word(text, "_")
}

/// Whether `text` can be the label of a choice.
pub(crate) fn is_label(text: &str) -> bool {
    is_word(text, "_-.+")
}

fn is_word(text: &str, also: &str) -> bool {
    let known = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || also.contains(letter)
    };
    (1..=64).contains(&text.len()) && text.chars().all(known)
}

/// `HighPass` as `high-pass`, `RMSLevel` as `rms-level`.
pub(crate) fn kebab_case(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut kebab = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let word_starts = letter.is_uppercase()
            && match before {
                None | Some('_') => false,
                Some(before) if before.is_uppercase() => letters
                    .get(at + 1)
                    .is_some_and(|after| after.is_lowercase()),
                Some(_) => true,
            };
        if word_starts {
            kebab.push('-');
        }
        match letter {
            '_' => kebab.push('-'),
            letter => kebab.extend(letter.to_lowercase()),
        }
    }
    kebab
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::{DeriveInput, parse_str};

    #[test]
    fn cases_become_words_with_hyphens() {
        let names = [
            "HighPass",
            "Off",
            "RMSLevel",
            "RMS",
            "LowShelf2",
            "A",
            "Mid_Side",
            "Q10Peak",
        ];
        let labels = [
            "high-pass",
            "off",
            "rms-level",
            "rms",
            "low-shelf2",
            "a",
            "mid-side",
            "q10-peak",
        ];
        assert_eq!(names.map(kebab_case), labels);
    }

    #[test]
    fn documentation_joins_lines_and_keeps_paragraphs() {
        let check = |source: &str, expected: &str| {
            let input: DeriveInput = parse_str(source).unwrap();
            assert_eq!(documentation(&input.attrs), expected);
        };
        check(
            "/// One\n/// line.\n///\n/// Another.\nstruct A;",
            "One line.\nAnother.",
        );
        check("/// A.\n#[cfg(test)]\n/// B.\nstruct A;", "A. B.");
        check("struct A;", "");
    }
}

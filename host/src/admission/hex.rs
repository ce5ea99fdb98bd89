//! Hex: a content's hash from the digits that name it.

use crate::discovery::ContentHash;

/// The hash of these 64 digits, which are lower case as hashes are written.
pub(super) fn hash(digits: &str) -> Option<ContentHash> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let bytes: &[u8; 64] = digits.as_bytes().try_into().ok()?;
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(bytes.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(ContentHash(hash))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_hash_that_was_written_is_read(bytes in any::<[u8; 32]>()) {
            let text = ContentHash(bytes).to_string();
            prop_assert_eq!(hash(&text), Some(ContentHash(bytes)));
            prop_assert_eq!(hash(&text[1..]), None);
            prop_assert_eq!(hash(&format!("{}g", &text[1..])), None);
        }

        #[test]
        fn no_text_is_too_odd(text in ".{0,70}") {
            let _ = hash(&text);
        }
    }
}

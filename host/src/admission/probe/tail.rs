//! Tail: the last lines of whatever a process wrote, in constant memory.

use crate::admission::wire::cut;

/// The most lines kept.
const LINES_MAX: usize = 64;

/// The most bytes kept.
const BYTES_MAX: usize = 8 << 10;

/// The end of a stream of bytes.
#[derive(Debug, Default)]
pub(super) struct Tail {
    bytes: Vec<u8>,
}

impl Tail {
    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(BYTES_MAX)..];
        let over = (self.bytes.len() + bytes.len()).saturating_sub(BYTES_MAX);
        self.bytes.drain(..over);
        self.bytes.extend_from_slice(bytes);
    }

    /// The last lines, oldest first, without empty ones and without what moves a cursor.
    pub(super) fn lines(&self) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.bytes);
        let lines: Vec<_> = text.lines().map(str::trim_end).map(cut).collect();
        let mut lines: Vec<_> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        lines.drain(..lines.len().saturating_sub(LINES_MAX));
        lines
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_last_lines_are_kept_in_order() {
        let mut tail = Tail::default();
        (0..1000).for_each(|line| tail.push(format!("line {line}\r\n\n").as_bytes()));
        let lines = tail.lines();
        assert_eq!(lines.len(), LINES_MAX);
        assert_eq!((&*lines[0], &*lines[63]), ("line 936", "line 999"));
    }

    proptest! {
        #[test]
        fn a_tail_is_the_end_of_what_came(pieces in prop::collection::vec(
            prop::collection::vec(any::<u8>(), 0..5000), 0..8)) {
            let mut tail = Tail::default();
            pieces.iter().for_each(|piece| tail.push(piece));
            let all = pieces.concat();
            prop_assert_eq!(&tail.bytes[..], &all[all.len().saturating_sub(BYTES_MAX)..]);
            for line in tail.lines() {
                prop_assert!(!line.chars().any(char::is_control));
            }
        }
    }
}

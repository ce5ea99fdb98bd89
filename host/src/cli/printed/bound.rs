//! Bound: how much of what plugins print is said.
//!
//! In: bytes as they come, and the time. Out: lines of bounded length, so many and no more; how
//! many were left out.
//!
//! Pure.

use std::time::{Duration, Instant};

/// The longest line that is said, in bytes; the rest of it is left out.
const LINE_BYTES_MAX: usize = 1024;

/// How many lines may come at once.
const LINES_MAX: u32 = 100;

/// How often room for one more line comes back: a plugin that prints ten lines a second is read
/// in full.
const LINE_EVERY: Duration = Duration::from_millis(100);

/// What cuts a line short.
const CUT: &str = "…";

/// Bytes on their way to be lines.
#[derive(Debug, Default)]
pub(super) struct BoundedLines {
    line: Vec<u8>,
    is_cut: bool,
}

impl BoundedLines {
    /// Takes bytes in, and hands out each line that is complete.
    pub(super) fn take(&mut self, bytes: &[u8], mut say: impl FnMut(&str)) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, is_end) = match part.split_last() {
                Some((b'\n', text)) => (text, true),
                _ => (part, false),
            };
            let room = LINE_BYTES_MAX.saturating_sub(self.line.len());
            self.is_cut |= text.len() > room;
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            if is_end {
                self.end(&mut say);
            }
        }
    }

    /// Hands out what is left, if there is something.
    pub(super) fn finish(&mut self, mut say: impl FnMut(&str)) {
        if !self.line.is_empty() {
            self.end(&mut say);
        }
    }

    fn end(&mut self, say: &mut impl FnMut(&str)) {
        let text = String::from_utf8_lossy(&self.line);
        let text = text.trim_end_matches('\r');
        match std::mem::take(&mut self.is_cut) {
            true => say(&format!("{text}{CUT}")),
            false => say(text),
        }
        self.line.clear();
    }
}

/// Whether the thread that says lines keeps up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// It does.
    Free,
    /// Too many lines wait for it.
    Full,
}

/// So many lines in a time.
#[derive(Debug)]
pub(super) struct LineBound {
    left: u32,
    filled: Instant,
    missed: u64,
}

impl LineBound {
    /// Full room, from this moment on.
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            left: LINES_MAX,
            filled: now,
            missed: 0,
        }
    }

    /// Whether there is room for one more line; one without room is counted.
    pub(super) fn takes(&mut self, now: Instant, room: Room) -> bool {
        let more = now.duration_since(self.filled).as_millis() / LINE_EVERY.as_millis();
        if more > 0 {
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            self.left = self.left.saturating_add(more).min(LINES_MAX);
            self.filled = now;
        }
        if self.left == 0 || room == Room::Full {
            self.missed += 1;
            return false;
        }
        self.left -= 1;
        true
    }

    /// How many lines were left out since this was asked last, in words.
    pub(super) fn missed(&mut self) -> Option<String> {
        match std::mem::take(&mut self.missed) {
            0 => None,
            1 => Some("(1 line was left out)".to_owned()),
            count => Some(format!("({count} lines were left out)")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(parts: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut said) = (BoundedLines::default(), Vec::new());
        for part in parts {
            lines.take(part, |line| said.push(line.to_owned()));
        }
        lines.finish(|line| said.push(line.to_owned()));
        said
    }

    #[test]
    fn lines_are_whole_however_they_come() {
        assert_eq!(lines(&[b"a", b"b\nc\r\n\n", b"d"]), ["ab", "c", "", "d"]);
        assert_eq!(lines(&[b"\xff\n"]), ["\u{fffd}"]);
        assert_eq!(lines(&[]), [""; 0]);
    }

    #[test]
    fn a_line_without_end_is_cut_once() {
        let long = vec![b'x'; LINE_BYTES_MAX];
        let said = lines(&[&long, &long, b"\nafter\n"]);
        assert_eq!(
            said,
            [
                format!("{}{CUT}", "x".repeat(LINE_BYTES_MAX)),
                "after".to_owned()
            ]
        );
    }

    #[test]
    fn a_flood_is_counted_and_room_comes_back() {
        let start = Instant::now();
        let mut bound = LineBound::new(start);
        let taken = (0..1_000)
            .filter(|_| bound.takes(start, Room::Free))
            .count();
        assert_eq!(taken, LINES_MAX as usize);
        assert_eq!(bound.missed().unwrap(), "(900 lines were left out)");
        assert_eq!(bound.missed(), None);
        let later = start + LINE_EVERY;
        assert!(bound.takes(later, Room::Free));
        assert!(!bound.takes(later, Room::Free));
        assert!(!bound.takes(later + LINE_EVERY, Room::Full));
        assert_eq!(bound.missed().unwrap(), "(2 lines were left out)");
    }
}

//! Stall: the lines about a stream that does not go on at its pace, and that it does again.
//!
//! In: the events. Out: a line each; in the log its fields, too. A flood is cut short.

use crate::cli::arguments::LogFormat;
use crate::cli::progress::{ProgressSink, Weight};
use crate::cli::text::{clean, seconds};
use crate::observe::{Event, StallSide};

/// How many stalls are shown; status and report count all.
const STALLS_MAX: u32 = 40;

/// One line.
struct StallLine {
    event: &'static str,
    side: StallSide,
    position_frames: u64,
    lasted_ns: Option<u64>,
    text: String,
}

impl ProgressSink {
    /// Tells of a stall that begins or ends; of other events nothing.
    pub(super) fn stall(&self, event: &Event) {
        match line(event) {
            Some(line) if self.has_room(&self.stalls, STALLS_MAX, "stalls") => self.tell(&line),
            Some(_) | None => {}
        }
    }

    fn tell(&self, line: &StallLine) {
        let text = format!("at {} {}", self.place(line.position_frames), line.text);
        if self.terminal.log == LogFormat::Text {
            return self.line(Weight::Warning, "stall", &text);
        }
        let text = clean(&format!("{}{text}", self.prefix));
        tracing::warn!(
            event = line.event,
            side = line.side.as_str(),
            position_frames = line.position_frames,
            lasted_ns = line.lasted_ns,
            "{text}"
        );
    }
}

fn line(event: &Event) -> Option<StallLine> {
    match event {
        Event::StallBegan {
            side,
            since,
            position_frames,
        } => Some(StallLine {
            event: "stall-began",
            side: *side,
            position_frames: *position_frames,
            lasted_ns: None,
            text: format!("the stream waits for {} since {since}", side.words()),
        }),
        Event::StallEnded {
            side,
            lasted_ns,
            position_frames,
        } => {
            let (side_words, long) = (side.words(), seconds(*lasted_ns));
            Some(StallLine {
                event: "stall-ended",
                side: *side,
                position_frames: *position_frames,
                lasted_ns: Some(*lasted_ns),
                text: format!("the stream goes on, {side_words} kept it waiting for {long}"),
            })
        }
        _ => None,
    }
}

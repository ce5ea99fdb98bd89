//! Timeline: commands that are due at a frame of the stream.
//!
//! In: a timeline, and where the stream is. Out: what is due, in the order of its frames; how far it
//! is to the next.

use std::collections::VecDeque;

use crate::session::changes::ChangeRequest;
use crate::session::run::Pace;
use crate::swap::ask::{Command, Timed};

/// How long before its frame a value of a timeline is sent at the pace of the stream, in seconds: it
/// is there in time whenever the conductor looks, and the audio end takes it at exactly its frame.
const AHEAD_SECONDS: f64 = 0.1;

/// What is still to come, the next one first.
pub(super) struct Timeline {
    all: VecDeque<ChangeRequest>,
    /// How much earlier a value is sent, in frames.
    ahead_frames: u64,
}

impl Timeline {
    /// By frames; what has the same frame in the order of the file.
    pub(super) fn new(timeline: Vec<Timed>, pace: Pace, sample_rate_hz: u32) -> Self {
        let all = timeline.into_iter().map(|timed| ChangeRequest {
            asked_at_frames: timed.at.frames(sample_rate_hz),
            command: timed.command,
            cause: timed.cause,
            answer: None,
            replay: timed.replay,
        });
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|request| request.asked_at_frames);
        Self {
            all: all.into(),
            ahead_frames: match pace {
                Pace::Fast => 0,
                Pace::RealTime => (AHEAD_SECONDS * f64::from(sample_rate_hz)).round() as u64,
            },
        }
    }

    /// How far it is to the frame of the next; the largest number where none comes.
    pub(super) fn frames_left(&self, position_frames: u64) -> u64 {
        let next = self.all.front();
        let left = next.and_then(|next| next.asked_at_frames.checked_sub(position_frames));
        left.filter(|left| *left > 0).unwrap_or(u64::MAX)
    }

    /// Whether the next has its time now, or has to be sent ahead of it.
    pub(super) fn is_due(&self, position_frames: u64) -> bool {
        self.all.front().is_some_and(|next| {
            let ahead_frames = match next.command {
                Command::Set { .. } => self.ahead_frames,
                _ => 0,
            };
            next.asked_at_frames <= position_frames + ahead_frames
        })
    }

    /// Takes what has its time now.
    pub(super) fn due(&mut self, position_frames: u64) -> Vec<ChangeRequest> {
        let mut due = Vec::new();
        while self.is_due(position_frames) {
            due.extend(self.all.pop_front());
        }
        for request in &mut due {
            request.asked_at_frames = request.asked_at_frames.max(position_frames);
        }
        due
    }

    /// Takes what never has its time.
    pub(super) fn take(&mut self) -> VecDeque<ChangeRequest> {
        std::mem::take(&mut self.all)
    }
}

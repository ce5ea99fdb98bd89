//! Timetable: due times, lateness and stalls, from moments that come in as values.
//!
//! In: per turn, its frames, when it began, how long each side was waited for, when it was done.
//! Out: when it is due, how late it was, whether that was a stall and whose.
//!
//! Pure: no clock, no thread. A moment is the time since an epoch that the caller chose.

use std::time::Duration;

use crate::observe::StallSide;

/// What is later than this is a stall, however short turns are: longer than what a scheduler of a
/// busy machine takes away, shorter than what people call dead air. What is shorter is caught up
/// from what the pipes on both sides hold.
const STALL_MIN: Duration = Duration::from_millis(100);

/// With long turns a stall is at least so many of them: one that takes twice its time is late.
const STALL_TURNS: u32 = 4;

/// A side that gives or takes a little slower than this machine's clock sets the pace: each turn
/// that it kept waiting moves what follows by at most this share of a turn. 1/512 is about
/// 2,000 parts in a million; sound cards are within 100 of each other.
const DRIFT_SHARE: u32 = 512;

/// How late a turn has to be to be a stall.
#[must_use]
pub fn bound(turn: Duration) -> Duration {
    STALL_MIN.max(turn * STALL_TURNS)
}

/// A turn that was so late that the stream did not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stall {
    /// Who was waited for.
    pub side: StallSide,
    /// When the turn was due.
    pub since: Duration,
    /// How late it was.
    pub lasted: Duration,
    /// The first frame of the turn.
    pub position_frames: u64,
}

/// What is known of a turn once it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnTimes {
    /// How much later than due it was done.
    pub lateness: Duration,
    /// Whether that was more than a turn lasts: a listener that keeps one turn ahead ran dry.
    pub is_late: bool,
    /// The stall that it was, if it was one.
    pub stall: Option<Stall>,
}

/// A moment at which a frame of the stream was due.
#[derive(Debug, Clone, Copy)]
struct Anchor {
    moment: Duration,
    frames: u64,
}

/// The turn under way.
#[derive(Debug, Clone, Copy, Default)]
struct TurnUnderway {
    began: Duration,
    start_frames: u64,
    /// How long each side was waited for, in the order of [`StallSide::ALL`].
    waited: [Duration; 3],
}

/// When the turns of one stream are due.
#[derive(Debug)]
pub struct Timetable {
    sample_rate_hz: u32,
    turn: Duration,
    anchor: Option<Anchor>,
    current: TurnUnderway,
}

impl Timetable {
    /// A stream that has not begun, in turns of mostly so many frames.
    #[must_use]
    pub fn new(sample_rate_hz: u32, turn_frames: usize) -> Self {
        let mut table = Self {
            sample_rate_hz: sample_rate_hz.max(1),
            turn: Duration::ZERO,
            anchor: None,
            current: TurnUnderway::default(),
        };
        table.turn = table.lasts(turn_frames as u64);
        table
    }

    /// How late a turn has to be to be a stall.
    #[must_use]
    pub fn bound(&self) -> Duration {
        bound(self.turn)
    }

    /// A turn begins that starts at this frame.
    pub fn begin(&mut self, position_frames: u64, now: Duration) {
        self.current = TurnUnderway {
            began: now,
            start_frames: position_frames,
            waited: [Duration::ZERO; 3],
        };
    }

    /// In this turn a side was waited for, so long.
    pub fn waited(&mut self, side: StallSide, long: Duration) {
        let [input, output, taps] = &mut self.current.waited;
        match side {
            StallSide::Input => *input += long,
            StallSide::Output => *output += long,
            StallSide::Taps => *taps += long,
            StallSide::Host => {} // What is nobody else's is the host's.
        }
    }

    /// When the end of so many frames of this turn is due, as far as that is known before its
    /// input is there: the first turn sets the clock.
    #[must_use]
    pub fn due(&self, frames: usize) -> Option<Duration> {
        let anchor = self.anchor?;
        let end_frames = self.current.start_frames + frames as u64;
        Some(anchor.moment + self.lasts(end_frames - anchor.frames))
    }

    /// The input of this turn is there, so many frames: when it is due.
    ///
    /// The first turn, and the first after a stall or a pause, is due when it lasts, counted from
    /// its begin, and not before its input was there.
    pub fn arrived(&mut self, frames: usize, now: Duration) -> Duration {
        if let Some(due) = self.due(frames) {
            return due;
        }
        let lasts = self.lasts(frames as u64);
        let due = now.max(self.current.began + lasts);
        self.anchor = Some(Anchor {
            moment: due - lasts,
            frames: self.current.start_frames,
        });
        due
    }

    /// The turn is done: what was processed is handed on.
    pub fn done(&mut self, frames: usize, now: Duration) -> TurnTimes {
        let due = self.arrived(frames, now);
        let lateness = now.saturating_sub(due);
        let stall = (lateness > self.bound()).then(|| Stall {
            side: self.side(lateness),
            since: due,
            lasted: lateness,
            position_frames: self.current.start_frames,
        });
        match stall {
            Some(_) => {
                self.anchor = Some(Anchor {
                    moment: now,
                    frames: self.next_frames(frames),
                });
            }
            None => self.follow(lateness),
        }
        TurnTimes {
            lateness,
            is_late: lateness > self.turn,
            stall,
        }
    }

    /// Where the next turn starts, after so many frames of this one.
    #[must_use]
    pub const fn next_frames(&self, frames: usize) -> u64 {
        self.current.start_frames + frames as u64
    }

    /// The stream was held on purpose: the next turn sets the clock.
    pub const fn set_anew(&mut self) {
        self.anchor = None;
    }

    /// Where a side that was waited for is why the turn was late, what follows is later, too, by a
    /// little: so a slower clock on that side is followed, and no hiccup is kept.
    fn follow(&mut self, lateness: Duration) {
        let is_followed = !lateness.is_zero() && self.side(lateness) != StallSide::Host;
        if let Some(anchor) = self.anchor.as_mut().filter(|_| is_followed) {
            anchor.moment += lateness.min(self.turn / DRIFT_SHARE);
        }
    }

    /// Whose a lateness is: of the side that was waited for longest, if most of it is its.
    fn side(&self, lateness: Duration) -> StallSide {
        let waits = StallSide::ALL.into_iter().zip(self.current.waited);
        let longest = waits.max_by_key(|(_, long)| *long);
        match longest {
            Some((side, long)) if long >= lateness / 2 => side,
            Some(_) | None => StallSide::Host,
        }
    }

    /// How long so many frames last.
    fn lasts(&self, frames: u64) -> Duration {
        let rate = u64::from(self.sample_rate_hz);
        let rest_ns = frames % rate * 1_000_000_000 / rate;
        Duration::from_secs(frames / rate) + Duration::from_nanos(rest_ns)
    }
}

#[cfg(test)]
mod tests;

//! Face: what a drive is at, for others to read while it goes on.
//!
//! In: one writer, the drive's thread: neither waits nor allocates. Out: any number of readers,
//! whom it takes no note of.

use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::time::Duration;

use crate::clock::timetable::{Stall, TurnTimes};
use crate::observe::{
    Histogram, Lateness, SharedHistogram, SideStalls, StallSide, Stalls, Waiting,
};

/// Bits of a phase beside its side and its moment: what is left holds moments for 73 years.
const SIDE_BITS: u32 = 3;

/// Nothing is due: the clock is not set.
const NEVER: u64 = u64::MAX;

/// What a drive is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DriveStep {
    /// It waits for a side, or works.
    Side(StallSide),
    /// It waits until the turn is due.
    Early,
    /// The stream is held on purpose, has not begun, or is over.
    Rest,
}

/// What one drive is at, and how its turns went. Moments are times since the drive's epoch.
#[derive(Debug)]
pub struct Face {
    bound_ns: u64,
    due_ns: AtomicU64,
    phase: AtomicU64,
    position_frames: AtomicU64,
    late_turns: AtomicU64,
    lateness: SharedHistogram,
    /// In the order of [`StallSide::ALL`].
    stalls: [OfSide; 4],
}

/// The stalls of one side.
#[derive(Debug, Default)]
struct OfSide {
    count: AtomicU64,
    total_ns: AtomicU64,
    worst_ns: AtomicU64,
    worst_position_frames: AtomicU64,
}

impl Face {
    /// That of a stream that has not begun; what is later than `bound` is a stall.
    #[must_use]
    pub fn new(bound: Duration) -> Self {
        Self {
            bound_ns: nanoseconds(bound),
            due_ns: AtomicU64::new(NEVER),
            phase: AtomicU64::new(packed(DriveStep::Rest, Duration::ZERO)),
            position_frames: AtomicU64::new(0),
            late_turns: AtomicU64::new(0),
            lateness: SharedHistogram::default(),
            stalls: Default::default(),
        }
    }

    /// A turn begins there; when it is due, if that is known. Thread: the drive's.
    pub fn begin(&self, position_frames: u64, due: Option<Duration>) {
        // In between nothing is due: nobody sees one turn's place with the other's due time.
        self.due_ns.store(NEVER, Release);
        self.position_frames.store(position_frames, Release);
        self.due_ns.store(due.map_or(NEVER, nanoseconds), Release);
    }

    /// The drive goes over to something else. Thread: the drive's.
    pub fn goes_to(&self, at: DriveStep, now: Duration) {
        self.phase.store(packed(at, now), Release);
    }

    /// A turn is done. Thread: the drive's.
    pub fn done(&self, told: &TurnTimes) {
        self.lateness.record(nanoseconds(told.lateness));
        if told.is_late {
            add(&self.late_turns, 1);
        }
        if let Some(stall) = &told.stall {
            self.stalls[number(stall.side)].take(stall);
        }
    }

    /// What the drive is at, and since when. Thread: any.
    #[must_use]
    pub fn at(&self) -> (DriveStep, Duration) {
        let phase = self.phase.load(Acquire);
        let since = Duration::from_nanos(phase >> SIDE_BITS);
        let side = (phase & ((1 << SIDE_BITS) - 1)) as usize;
        let at = match side.checked_sub(2).map(|side| StallSide::ALL.get(side)) {
            Some(Some(side)) => DriveStep::Side(*side),
            _ if side == 1 => DriveStep::Early,
            _ => DriveStep::Rest,
        };
        (at, since)
    }

    /// The first frame of the turn under way. Thread: any.
    #[must_use]
    pub fn position_frames(&self) -> u64 {
        self.position_frames.load(Acquire)
    }

    /// How many turns were later than one turn lasts. Thread: any.
    #[must_use]
    pub fn late_turns(&self) -> u64 {
        self.late_turns.load(Relaxed)
    }

    /// Whom the stream waits for, where the turn under way is overdue, or has to be by now where
    /// none was due yet. `now` is read before. Thread: any.
    #[must_use]
    pub fn waiting(&self, now: Duration) -> Option<Waiting> {
        let due_ns = self.due_ns.load(Acquire);
        let (at, since) = self.at();
        let waited_ns = nanoseconds(now.saturating_sub(since));
        let over_ns = match due_ns {
            NEVER => waited_ns,
            due_ns => nanoseconds(now).saturating_sub(due_ns),
        };
        // Who has not been waited for as long is not whose it is: the drive has just gone on.
        match at {
            DriveStep::Side(side) if over_ns.min(waited_ns) > self.bound_ns => {
                Some(Waiting { side, waited_ns })
            }
            DriveStep::Early if over_ns > self.bound_ns => Some(Waiting {
                side: StallSide::Host,
                waited_ns: over_ns,
            }),
            DriveStep::Side(_) | DriveStep::Early | DriveStep::Rest => None,
        }
    }

    /// The turn under way and whom it waits for, where it stalls; a stream that has not begun, or is
    /// held, does not. `now` is read before. Thread: any.
    #[must_use]
    pub fn stalled(&self, now: Duration) -> Option<(u64, Waiting)> {
        let position_frames = self.position_frames();
        let waiting = self.waiting(now)?;
        let is_set = self.due_ns.load(Acquire) != NEVER;
        // Else the turn is over meanwhile, and another one under way.
        let is_same = self.position_frames() == position_frames;
        (is_set && is_same).then_some((position_frames, waiting))
    }

    /// How late turns were. Thread: any.
    #[must_use]
    pub fn lateness(&self) -> Lateness {
        let histogram: Histogram = self.lateness.read();
        Lateness {
            turns: histogram.count(),
            p50_ns: histogram.quantile_ns(0.5),
            p99_ns: histogram.quantile_ns(0.99),
            max_ns: histogram.max_ns(),
            histogram: histogram.buckets().collect(),
        }
    }

    /// The stalls that are over. Thread: any.
    #[must_use]
    pub fn stalls(&self) -> Stalls {
        let sides = StallSide::ALL.into_iter().zip(&self.stalls);
        let sides: Vec<_> = sides.filter_map(|(side, of)| of.read(side)).collect();
        Stalls {
            count: sides.iter().map(|one| one.count).sum(),
            total_ns: sides.iter().map(|one| one.total_ns).sum(),
            sides,
        }
    }
}

impl OfSide {
    fn take(&self, stall: &Stall) {
        let lasted_ns = nanoseconds(stall.lasted);
        add(&self.total_ns, lasted_ns);
        if lasted_ns > self.worst_ns.load(Relaxed) {
            self.worst_ns.store(lasted_ns, Relaxed);
            let position_frames = stall.position_frames;
            self.worst_position_frames.store(position_frames, Relaxed);
        }
        // The last, so that whoever sees it counted finds the rest, too.
        let count = self.count.load(Relaxed) + 1;
        self.count.store(count, Release);
    }

    fn read(&self, side: StallSide) -> Option<SideStalls> {
        let count = self.count.load(Acquire);
        (count > 0).then(|| SideStalls {
            side,
            count,
            total_ns: self.total_ns.load(Relaxed),
            worst_ns: self.worst_ns.load(Relaxed),
            worst_position_frames: self.worst_position_frames.load(Relaxed),
        })
    }
}

/// One writer only: no other addition can come between.
fn add(into: &AtomicU64, more: u64) {
    into.store(into.load(Relaxed).saturating_add(more), Relaxed);
}

/// Both in one number, so that no reader sees the side of one and the moment of another.
fn packed(at: DriveStep, since: Duration) -> u64 {
    let at = match at {
        DriveStep::Rest => 0,
        DriveStep::Early => 1,
        DriveStep::Side(side) => number(side) as u64 + 2,
    };
    nanoseconds(since) << SIDE_BITS | at
}

/// Its place in [`StallSide::ALL`].
const fn number(side: StallSide) -> usize {
    match side {
        StallSide::Input => 0,
        StallSide::Output => 1,
        StallSide::Taps => 2,
        StallSide::Host => 3,
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Duration = Duration::from_millis(100);

    fn check(at: DriveStep, due_ms: Option<u64>, now_ms: u64, expected: Option<(StallSide, u64)>) {
        let ms = Duration::from_millis;
        let face = Face::new(BOUND);
        face.begin(64, due_ms.map(ms));
        face.goes_to(at, ms(10));
        assert_eq!(face.at(), (at, ms(10)));
        let waiting = face.waiting(ms(now_ms));
        let found = waiting.map(|one| (one.side, one.waited_ns / 1_000_000));
        assert_eq!(found, expected, "{at:?}");
        let stalled = face.stalled(ms(now_ms));
        assert_eq!(stalled.is_some(), expected.is_some() && due_ms.is_some());
        assert!(stalled.is_none_or(|(position_frames, _)| position_frames == 64));
    }

    #[test]
    fn whom_an_overdue_turn_waits_for_stands_on_the_face() {
        for side in StallSide::ALL {
            check(DriveStep::Side(side), Some(20), 120, None);
            check(DriveStep::Side(side), Some(20), 121, Some((side, 111)));
            check(DriveStep::Side(side), Some(5), 110, None);
            check(DriveStep::Side(side), None, 110, None);
            check(DriveStep::Side(side), None, 111, Some((side, 101)));
        }
        check(
            DriveStep::Early,
            Some(20),
            121,
            Some((StallSide::Host, 101)),
        );
        check(DriveStep::Rest, Some(20), 500, None);
        check(DriveStep::Rest, None, 500, None);
    }

    #[test]
    fn stalls_are_counted_by_side() {
        let face = Face::new(BOUND);
        assert_eq!(face.stalls(), Stalls::default());
        for (side, long_ms, position_frames) in [
            (StallSide::Input, 300, 64),
            (StallSide::Host, 500, 128),
            (StallSide::Input, 200, 192),
        ] {
            let lasted = Duration::from_millis(long_ms);
            let stall = Stall {
                side,
                since: Duration::ZERO,
                lasted,
                position_frames,
            };
            face.done(&TurnTimes {
                lateness: lasted,
                is_late: true,
                stall: Some(stall),
            });
        }
        let stalls = face.stalls();
        let found = stalls.sides.iter();
        let found = found.map(|one| {
            let ms = |ns| ns / 1_000_000;
            (one.side, one.count, ms(one.total_ns), ms(one.worst_ns))
        });
        let expected = [
            (StallSide::Input, 2, 500, 300),
            (StallSide::Host, 1, 500, 500),
        ];
        assert!(found.eq(expected), "{stalls:?}");
        assert_eq!((stalls.count, stalls.total_ns), (3, 1_000_000_000));
        assert_eq!(stalls.worst().unwrap().worst_position_frames, 128);
        assert_eq!(face.late_turns(), 3);
        let lateness = face.lateness();
        assert_eq!((lateness.turns, lateness.max_ns), (3, 500_000_000));
    }
}

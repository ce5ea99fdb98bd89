//! Drive clock: the timetable of one drive, with the system's clock.
//!
//! In: what the drive goes over to, at the moment when it does. Out: sleep until a turn is due;
//! what is told of each turn, on the face and to the lookout. Neither locks nor allocates.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rtrb::{Producer, RingBuffer};

use crate::clock::face::{DriveStep, Face};
use crate::clock::lookout::Lookout;
use crate::clock::timetable::{Stall, Timetable, TurnTimes};
use crate::observe::StallSide;

/// Stalls that wait to be told: each lasts a tenth of a second at least, so whoever listens is
/// twelve seconds late before one is left out, and it stays counted on the face.
const STALLS_WAITING: usize = 128;

/// The clock of a drive at real-time pace. Thread: the drive's.
#[derive(Debug)]
pub struct DriveClock {
    epoch: Instant,
    table: Timetable,
    face: Arc<Face>,
    over: Producer<Stall>,
    at: DriveStep,
    since: Duration,
}

/// The clock of a stream in turns of mostly so many frames, and who looks out for its stalls.
#[must_use]
pub fn clock(sample_rate_hz: u32, turn_frames: usize) -> (DriveClock, Lookout) {
    let table = Timetable::new(sample_rate_hz, turn_frames);
    let face = Arc::new(Face::new(table.bound()));
    let (over, told) = RingBuffer::new(STALLS_WAITING);
    let epoch = Instant::now();
    let clock = DriveClock {
        epoch,
        table,
        face: Arc::clone(&face),
        over,
        at: DriveStep::Rest,
        since: Duration::ZERO,
    };
    (clock, Lookout::new(epoch, face, told))
}

impl DriveClock {
    /// A turn of so many frames begins there.
    pub fn begin(&mut self, position_frames: u64, frames: usize) {
        let now = self.goes_to(DriveStep::Side(StallSide::Host));
        self.table.begin(position_frames, now);
        self.face.begin(position_frames, self.table.due(frames));
    }

    /// The drive is about to do something else; returns the moment.
    pub fn goes_to(&mut self, at: DriveStep) -> Duration {
        let now = self.epoch.elapsed();
        if let DriveStep::Side(side) = self.at {
            self.table.waited(side, now.saturating_sub(self.since));
        }
        (self.at, self.since) = (at, now);
        self.face.goes_to(at, now);
        now
    }

    /// Of what the drive did since it last went over to something, so much was a wait; the rest was
    /// the host's own.
    pub fn waited(&mut self, long: Duration) {
        self.since = self.since.max(self.epoch.elapsed().saturating_sub(long));
    }

    /// So many frames of this turn are processed: sleeps until they are due.
    pub fn keep_pace(&mut self, frames: usize) {
        let now = self.goes_to(DriveStep::Early);
        let early = self.table.arrived(frames, now).saturating_sub(now);
        if !early.is_zero() {
            thread::sleep(early);
        }
        self.goes_to(DriveStep::Side(StallSide::Host));
    }

    /// The turn is done, so many frames of it.
    pub fn done(&mut self, frames: usize) -> TurnTimes {
        let now = self.goes_to(DriveStep::Side(StallSide::Host));
        let told = self.table.done(frames, now);
        self.face.done(&told);
        // Before the stall is told: nobody sees the turn that is over as one that is late still.
        let next_frames = self.table.next_frames(frames);
        self.table.begin(next_frames, now);
        self.face.begin(next_frames, self.table.due(frames));
        if let Some(stall) = told.stall {
            // Where nobody took the ones before, this one is counted all the same.
            let _ = self.over.push(stall);
        }
        told
    }

    /// The turn under way comes to nothing: where it stalls, the stall is over.
    pub fn cut(&mut self) {
        if self.face.stalled(self.epoch.elapsed()).is_some() {
            self.done(0);
        }
    }

    /// The input is over, and was waited for until then: nothing is missing of the stream, and what
    /// was told as the begin of a stall has an end all the same.
    pub fn close(&mut self) {
        let now = self.goes_to(DriveStep::Side(StallSide::Host));
        if self.face.stalled(now).is_some()
            && let Some(stall) = self.table.done(0, now).stall
        {
            let _ = self.over.push(stall);
        }
    }

    /// The stream is held on purpose, or over: it goes on at its pace from wherever it does.
    pub fn rest(&mut self) {
        self.goes_to(DriveStep::Rest);
        self.table.set_anew();
        self.face.begin(self.face.position_frames(), None);
    }

    /// What others read of it.
    #[must_use]
    pub fn face(&self) -> &Arc<Face> {
        &self.face
    }
}

//! Lookout: tells of stalls when they begin and when they end.
//!
//! In: the face of a drive, and its stalls that are over. Out: news, each stall's begin before its
//! end. Thread: any but the drive's, now and then; each look is a few loads.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rtrb::Consumer;

use crate::clock::face::Face;
use crate::clock::timetable::Stall;
use crate::observe::{StallSide, Waiting};

/// Looks are further apart than this only where this thread did not run either: then whose the
/// stall is, the drive knows once it runs again.
const LOOKS_APART_MAX: Duration = Duration::from_secs(1);

/// What became of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamNews {
    /// It stalls.
    Began {
        /// Who is waited for.
        side: StallSide,
        /// The first frame of the turn that is late.
        position_frames: u64,
        /// How long ago the wait began.
        ago: Duration,
    },
    /// It goes on.
    Ended {
        /// Who was waited for.
        side: StallSide,
        /// The first frame of the turn that was late.
        position_frames: u64,
        /// How late it was.
        lasted: Duration,
    },
}

/// Who looks out for the stalls of one drive.
#[derive(Debug)]
pub struct Lookout {
    epoch: Instant,
    face: Arc<Face>,
    over: Consumer<Stall>,
    looked: Duration,
    /// The turn of the stall whose begin was told.
    told: Option<u64>,
}

impl Lookout {
    pub(super) fn new(epoch: Instant, face: Arc<Face>, over: Consumer<Stall>) -> Self {
        Self {
            epoch,
            face,
            over,
            looked: Duration::ZERO,
            told: None,
        }
    }

    /// What others read of the drive.
    #[must_use]
    pub fn face(&self) -> &Arc<Face> {
        &self.face
    }

    /// Whom the stream waits for now, if it stalls.
    #[must_use]
    pub fn waiting(&self) -> Option<Waiting> {
        self.face.waiting(self.epoch.elapsed())
    }

    /// What is new since the last look.
    pub fn news(&mut self) -> Vec<StreamNews> {
        self.look(self.epoch.elapsed())
    }

    /// The same, at this moment.
    fn look(&mut self, now: Duration) -> Vec<StreamNews> {
        let ran = now.saturating_sub(self.looked) <= LOOKS_APART_MAX;
        self.looked = now;
        let mut news = Vec::new();
        while let Ok(stall) = self.over.pop() {
            if self.told.take() != Some(stall.position_frames) {
                news.push(began(&stall, now));
            }
            news.push(ended(&stall));
        }
        if ran {
            news.extend(self.beginning(now));
        }
        news
    }

    /// A stall that is under way and not told yet.
    fn beginning(&mut self, now: Duration) -> Option<StreamNews> {
        let (position_frames, waiting) = self.face.stalled(now)?;
        if self.told == Some(position_frames) {
            return None;
        }
        self.told = Some(position_frames);
        Some(StreamNews::Began {
            side: waiting.side,
            position_frames,
            ago: Duration::from_nanos(waiting.waited_ns),
        })
    }
}

fn began(stall: &Stall, now: Duration) -> StreamNews {
    StreamNews::Began {
        side: stall.side,
        position_frames: stall.position_frames,
        ago: now.saturating_sub(stall.since),
    }
}

const fn ended(stall: &Stall) -> StreamNews {
    StreamNews::Ended {
        side: stall.side,
        position_frames: stall.position_frames,
        lasted: stall.lasted,
    }
}

#[cfg(test)]
mod tests {
    use rtrb::{Producer, RingBuffer};

    use super::*;
    use crate::clock::face::DriveStep;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// A drive that waits for its input since 20 ms, in a turn that was due at 30 ms.
    fn stalled() -> (Lookout, Producer<Stall>) {
        let face = Arc::new(Face::new(ms(100)));
        face.begin(64, Some(ms(30)));
        face.goes_to(DriveStep::Side(StallSide::Input), ms(20));
        let (over, told) = RingBuffer::new(4);
        (Lookout::new(Instant::now(), face, told), over)
    }

    const OVER: Stall = Stall {
        side: StallSide::Input,
        since: Duration::from_millis(30),
        lasted: Duration::from_millis(470),
        position_frames: 64,
    };

    fn began(ago_ms: u64) -> StreamNews {
        StreamNews::Began {
            side: StallSide::Input,
            position_frames: 64,
            ago: ms(ago_ms),
        }
    }

    const ENDED: StreamNews = StreamNews::Ended {
        side: StallSide::Input,
        position_frames: 64,
        lasted: Duration::from_millis(470),
    };

    #[test]
    fn a_stall_is_told_while_it_lasts_and_again_at_its_end() {
        let (mut lookout, mut over) = stalled();
        assert_eq!(lookout.look(ms(130)), []);
        assert_eq!(lookout.look(ms(131)), [began(111)]);
        assert_eq!(lookout.look(ms(200)), []);
        over.push(OVER).unwrap();
        lookout.face().begin(128, Some(ms(501)));
        assert_eq!(lookout.look(ms(501)), [ENDED]);
        assert_eq!(lookout.look(ms(502)), []);
    }

    #[test]
    fn a_stall_that_nobody_saw_is_told_whole() {
        let (mut lookout, mut over) = stalled();
        over.push(OVER).unwrap();
        lookout.face().begin(128, Some(ms(501)));
        assert_eq!(lookout.look(ms(510)), [began(480), ENDED]);
    }

    #[test]
    fn who_did_not_run_either_blames_nobody() {
        let (mut lookout, _over) = stalled();
        assert_eq!(lookout.look(ms(40)), []);
        assert_eq!(lookout.look(ms(3_040)), []);
        assert_eq!(lookout.look(ms(3_060)), [began(3_040)]);
    }

    #[test]
    fn a_stream_that_has_not_begun_does_not_stall() {
        let (mut lookout, _over) = stalled();
        lookout.face().begin(0, None);
        assert_eq!(lookout.look(ms(900)), []);
        assert!(lookout.face().waiting(ms(900)).is_some());
    }
}

//! Run: drives a session's audio end with a stream that is read and written.
//!
//! In: both ends of a session, a source and a sink. Out: the sink filled, as many frames as were read
//! in file runs; why the run ended, and counters for the report.
//!
//! As fast as it goes the drive is the barrier: it takes the control end's steps itself, between two
//! blocks, so that every change falls on its frame. At the pace of the stream it reads, plays, writes
//! and sleeps, and the conductor does everything else.

mod block;
mod fast;
mod turn;

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use segue_media::audio::{Buffer, sanitize};
use segue_media::io::{Cleaned, Sink, Source};
use segue_plugin::link::Flags;

use crate::clock::{DriveClock, clock};
pub use crate::observe::Pace;
use crate::observe::{Event, EventSink, StallSide};
use crate::session::conductor::Desk;
use crate::session::control::Control;
use crate::session::counters::Counters;
use crate::session::ended::Ended;
use crate::session::error::SessionError;
use crate::session::marks::Marks;
use crate::session::player::Player;
use crate::session::terms::NonFinite;
use crate::session::terms::Terms;

/// Frames read at a time: 64 KiB of 16-bit stereo. System calls in the size of a block cost more
/// than the processing.
const CHUNK_FRAMES: usize = 16_384;

/// The longest tail that is kept at the end, in seconds: a reverb that never ends is cut there.
const TAIL_SECONDS_MAX: u64 = 60;

/// How often a paused session looks whether it goes on.
const PAUSE_LOOK: Duration = Duration::from_millis(10);

/// A run under way.
pub(super) struct Drive<'a> {
    plan: &'a Terms,
    player: &'a mut Player,
    desk: &'a Desk,
    marks: Arc<Marks>,
    events: &'a dyn EventSink,
    counters: Counters,
    input: Buffer,
    output: Buffer,
    /// Frames of output still to be dropped: the latency of a file run.
    to_drop: u64,
    /// Frames of output still to be written, once the input is over.
    to_write: u64,
    started: Instant,
    /// When turns are due; `None` at pace fast.
    time: Option<DriveClock>,
}

/// Where the frames go.
type To<'s> = Option<&'s mut (dyn Sink + 'static)>;

impl<'a> Drive<'a> {
    pub(super) fn new(
        plan: &'a Terms,
        player: &'a mut Player,
        desk: &'a Desk,
        events: &'a dyn EventSink,
    ) -> Self {
        let frames = chunk_frames(plan);
        let time = (plan.pace == Pace::RealTime).then(|| clock(plan.sample_rate_hz, frames));
        let (time, lookout) = time.unzip();
        let marks = with_control(desk, |control| {
            control.lookout = lookout;
            Arc::clone(&control.marks)
        });
        Self {
            plan,
            desk,
            marks,
            events,
            counters: Counters::default(),
            input: Buffer::new(player.layout_in().channels(), frames),
            output: Buffer::new(player.layout_out().channels(), frames),
            to_drop: match plan.pace {
                Pace::Fast => player.latency_frames(),
                Pace::RealTime => 0,
            },
            player,
            to_write: u64::MAX,
            started: Instant::now(),
            time,
        }
    }

    /// What was counted.
    pub(super) fn into_counters(self) -> Counters {
        self.counters
    }

    /// Moves the whole stream; returns why it ended.
    pub(super) fn run(
        &mut self,
        source: &mut dyn Source,
        mut sink: To<'_>,
    ) -> Result<Ended, SessionError> {
        let asked = self.ask_for_priority();
        self.started = Instant::now();
        let ended = asked.and_then(|()| self.stream(source, &mut sink));
        if ended.is_err() {
            self.turn_is_cut();
        }
        self.player.engine_mut().flush_taps();
        self.counters.elapsed = self.started.elapsed();
        self.counters.frames_processed = self.player.position_frames();
        self.tell_time();
        ended
    }

    fn stream(
        &mut self,
        source: &mut dyn Source,
        sink: &mut To<'_>,
    ) -> Result<Ended, SessionError> {
        // What a timeline has at the first frame; nobody plays yet.
        self.barrier()?;
        loop {
            let signal = self.plan.stop.signal();
            if signal != 0 {
                return Ok(Ended::Interrupted(signal));
            }
            if self.marks.wants_end() {
                return self.end_early(sink);
            }
            if self.marks.is_paused() {
                self.pause()?;
                continue;
            }
            self.turn_begins(self.input.frames_max());
            self.goes_to(StallSide::Input);
            let frames = self.read(source)?;
            if frames == 0 {
                self.input_is_over();
                self.missed(source)?;
                break;
            }
            self.counters.frames_in += frames as u64;
            self.chunk(frames, Flags::NONE, sink)?;
            if self.plan.pace == Pace::Fast {
                self.events.event(Event::Progress {
                    frames: self.counters.frames_in,
                });
            }
        }
        self.flush(sink)?;
        Ok(Ended::Complete)
    }

    /// Somebody wants the stream to end here, in order.
    fn end_early(&mut self, sink: &mut To<'_>) -> Result<Ended, SessionError> {
        let wanted = self.control(|control| control.wanted.take());
        self.counters.frames_in = self.player.position_frames();
        self.flush(sink)?;
        Ok(wanted.map_or(Ended::OnRequest, Ended::ByDecision))
    }

    /// No input is taken for a moment; what is asked meanwhile is answered.
    fn pause(&mut self) -> Result<(), SessionError> {
        let began = Instant::now();
        self.rests();
        thread::sleep(PAUSE_LOOK);
        if self.plan.pace == Pace::Fast {
            self.barrier()?;
        }
        // What is paused is not late.
        self.started += began.elapsed();
        Ok(())
    }

    /// Feeds silence until everything that was read has come out, and the tail if it is kept; until
    /// every tap has seen it, too. Of the output no more than that is written; live it began with
    /// the latency, and is longer than the input by as much.
    fn flush(&mut self, sink: &mut To<'_>) -> Result<(), SessionError> {
        self.marks.close();
        self.barrier()?;
        let tail_max = TAIL_SECONDS_MAX * u64::from(self.plan.sample_rate_hz);
        let length = self.counters.frames_in + self.plan.tail_frames.min(tail_max);
        let padding = self.player.engine_mut().end_at(length);
        let late = match self.plan.pace {
            Pace::Fast => 0,
            Pace::RealTime => self.player.latency_frames(),
        };
        self.to_write = length + late - self.counters.frames_out;
        let mut left = length - self.counters.frames_in + padding;
        self.input.clear();
        while left > 0 {
            let frames = left.min(self.input.frames_max() as u64) as usize;
            let before = self.player.latency_frames();
            self.turn_begins(frames);
            self.chunk(frames, Flags::FLUSH, sink)?;
            // A change that had begun may have made the pipeline later.
            let later = self.player.latency_frames().saturating_sub(before);
            left = left - frames as u64 + later;
        }
        Ok(())
    }

    /// Refuses an input that came to its end without all that it was to have, if that is asked for.
    fn missed(&self, source: &dyn Source) -> Result<(), SessionError> {
        let loss = source.notices().iter().find(|notice| notice.is_loss());
        match (self.plan.non_finite, loss) {
            (NonFinite::Refuse, Some(found)) => Err(SessionError::Incomplete { found: *found }),
            (NonFinite::Refuse, None) | (NonFinite::Clean, _) => Ok(()),
        }
    }

    /// Reads a chunk whose samples are finite; returns how many frames it has, 0 at the end.
    fn read(&mut self, source: &mut dyn Source) -> Result<usize, SessionError> {
        let frames = source.read(&mut self.input)?;
        self.side_is_there();
        if let Some(cleaned) = source.cleaned() {
            self.replaced(cleaned)?;
        }
        self.clean(frames)?;
        Ok(frames)
    }

    /// Makes samples finite, or refuses.
    fn clean(&mut self, frames: usize) -> Result<(), SessionError> {
        let Some(replaced) = sanitize(&mut self.input, 0..frames) else {
            return Ok(());
        };
        self.replaced(Cleaned {
            count: replaced.count,
            frame: self.counters.frames_in + replaced.frame as u64,
            channel: replaced.channel,
        })
    }

    /// Counts samples that were not finite, or refuses.
    fn replaced(&mut self, cleaned: Cleaned) -> Result<(), SessionError> {
        if self.plan.non_finite == NonFinite::Refuse {
            return Err(SessionError::NotFinite {
                frame: cleaned.frame,
                channel: cleaned.channel + 1,
            });
        }
        self.counters.non_finite += cleaned.count;
        self.counters
            .first_non_finite
            .get_or_insert((cleaned.frame, cleaned.channel));
        Ok(())
    }

    /// Plays what was read, in blocks, and writes it. Where somebody wants the end, off line, it stops
    /// at that block.
    fn chunk(
        &mut self,
        frames: usize,
        flags: Flags,
        sink: &mut To<'_>,
    ) -> Result<(), SessionError> {
        let done = match self.plan.pace {
            Pace::Fast => self.chunk_fast(frames, flags)?,
            Pace::RealTime => self.chunk_live(frames, flags)?,
        };
        self.goes_to(StallSide::Output);
        self.write(done, sink)?;
        self.side_is_there();
        self.turn_ends(done);
        Ok(())
    }

    /// The same at the pace of the stream: nothing but playing.
    fn chunk_live(&mut self, frames: usize, flags: Flags) -> Result<usize, SessionError> {
        let mut done = 0;
        while done < frames {
            match self.block(done..frames, flags) {
                Ok(block) => done += block.frames,
                Err(stopped) => {
                    self.barrier()?;
                    return Err(self.control(|control| control.stopped(stopped.stage)));
                }
            }
        }
        self.keep_pace(frames);
        Ok(done)
    }

    /// The control end, while the conductor leaves it alone.
    fn control<R>(&self, body: impl FnOnce(&mut Control) -> R) -> R {
        with_control(self.desk, body)
    }
}

fn with_control<R>(desk: &Desk, body: impl FnOnce(&mut Control) -> R) -> R {
    let mut control = desk.lock();
    body(control.as_mut().expect("a session ends after its drive"))
}

/// Whole blocks, so that blocks do not end where a read does; one block at a time when live.
pub(super) fn chunk_frames(plan: &Terms) -> usize {
    match plan.pace {
        Pace::RealTime => plan.block_frames,
        Pace::Fast => (CHUNK_FRAMES / plan.block_frames).max(1) * plan.block_frames,
    }
}

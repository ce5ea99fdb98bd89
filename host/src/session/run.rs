//! Run: moves a stream through an engine, block by block.
//!
//! In: an engine with its observers, a source and a sink. Out: the sink filled, as many frames as
//! were read in file runs; why the run ended, and counters for the report.
//!
//! The session's own thread is the audio thread here: `Engine::process` is the part of it that
//! neither allocates nor waits. Around it, it reads, writes, drains rings and waits for taps.

mod block;
mod tell;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use segue_plugin::link::Flags;

use crate::audio::{Buffer, sanitize};
use crate::io::{Cleaned, Sink, Source};
use crate::observe::{Event, EventSink};
use crate::pipeline::{Engine, Rings};
use crate::session::changes::{Changes, Context};
use crate::session::error::SessionError;
use crate::session::observers::{HeardBy, Observers};

/// Frames read at a time: 64 KiB of 16-bit stereo. System calls in the size of a block cost more
/// than the processing.
const CHUNK_FRAMES: usize = 16_384;

/// The longest tail that is kept at the end, in seconds: a reverb that never ends is cut there.
const TAIL_SECONDS_MAX: u64 = 60;

/// How often a paused session looks whether it goes on.
const PAUSE_LOOK: Duration = Duration::from_millis(10);

/// How fast a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As fast as it can: time never changes the audio.
    Fast,
    /// As fast as the stream.
    RealTime,
}

/// What to do about samples that are not finite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonFinite {
    /// They become 0 and are counted.
    Clean,
    /// The run ends.
    Refuse,
}

/// Why a run ended that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The stream came to its end.
    Complete,
    /// Somebody asked for it, with this signal.
    Interrupted(usize),
    /// A decision engine asked for it, and why.
    ByDecision(String),
    /// Somebody asked for it, and for what came until then.
    OnRequest,
}

/// What counts up while a run goes.
#[derive(Debug, Clone, Default)]
pub(super) struct Counters {
    pub(super) frames_in: u64,
    pub(super) frames_out: u64,
    /// Frames that went through, padding among them.
    pub(super) frames_processed: u64,
    pub(super) late_blocks: u64,
    /// Events and decisions that taps were too slow for; live only.
    pub(super) steps_lost: u64,
    pub(super) elapsed: Duration,
    pub(super) first_block: Option<Duration>,
    pub(super) non_finite: u64,
    pub(super) first_non_finite: Option<(u64, usize)>,
}

/// Who hears which event of which stage.
pub(super) type Subscribers = Vec<Vec<Vec<(HeardBy, u32)>>>;

/// How a run goes.
pub(super) struct Plan {
    pub(super) pace: Pace,
    pub(super) non_finite: NonFinite,
    pub(super) block_frames: usize,
    pub(super) decide_every_frames: Option<u64>,
    /// Frames that sound on after the input ended, beside the latency.
    pub(super) tail_frames: u64,
    pub(super) sample_rate_hz: u32,
    /// Raised to a signal's number when the run has to end.
    pub(super) stop: Arc<AtomicUsize>,
    /// When the process started.
    pub(super) born: Instant,
}

/// A run under way.
pub(super) struct Runner<'a> {
    pub(super) plan: &'a Plan,
    pub(super) engine: &'a mut Engine,
    pub(super) rings: &'a mut Rings,
    pub(super) observers: Option<&'a Observers>,
    pub(super) events: &'a dyn EventSink,
    pub(super) counters: Counters,
    input: Buffer,
    output: Buffer,
    position_frames: u64,
    /// Frames of output still to be dropped: the latency of a file run.
    to_drop: u64,
    /// Frames of output still to be written, once the input is over.
    to_write: u64,
    chunks_asked: u64,
    /// What people want of the session while it runs, and stages that failed.
    pub(super) changes: &'a mut Changes,
    started: Instant,
}

impl<'a> Runner<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        engine: &'a mut Engine,
        rings: &'a mut Rings,
        observers: Option<&'a Observers>,
        events: &'a dyn EventSink,
        channels: (usize, usize),
        changes: &'a mut Changes,
    ) -> Self {
        let frames = chunk_frames(plan);
        let to_drop = match plan.pace {
            Pace::Fast => engine.latency_frames(),
            Pace::RealTime => 0,
        };
        Self {
            plan,
            engine,
            rings,
            observers,
            events,
            counters: Counters::default(),
            input: Buffer::new(channels.0, frames),
            output: Buffer::new(channels.1, frames),
            position_frames: 0,
            to_drop,
            to_write: u64::MAX,
            chunks_asked: 0,
            changes,
            started: Instant::now(),
        }
    }

    /// What was counted.
    pub(super) fn into_counters(self) -> Counters {
        self.counters
    }

    /// Moves the whole stream; answers why it ended.
    pub(super) fn run(
        &mut self,
        source: &mut dyn Source,
        mut sink: Option<&mut (dyn Sink + 'static)>,
    ) -> Result<Ended, SessionError> {
        self.started = Instant::now();
        let ended = self.stream(source, &mut sink);
        self.engine.flush_taps();
        self.counters.elapsed = self.started.elapsed();
        self.counters.frames_processed = self.position_frames;
        ended
    }

    fn stream(
        &mut self,
        source: &mut dyn Source,
        sink: &mut Option<&mut (dyn Sink + 'static)>,
    ) -> Result<Ended, SessionError> {
        self.change();
        loop {
            let signal = self.plan.stop.load(Ordering::Relaxed);
            if signal != 0 {
                return Ok(Ended::Interrupted(signal));
            }
            if self.changes.is_stopped() {
                self.flush(sink)?;
                return Ok(Ended::OnRequest);
            }
            if self.changes.is_paused() {
                self.pause();
                continue;
            }
            let frames = source.read(&mut self.input)?;
            if let Some(cleaned) = source.cleaned() {
                self.replaced(cleaned)?;
            }
            if frames == 0 {
                break;
            }
            self.clean(frames)?;
            self.counters.frames_in += frames as u64;
            if let Some(reason) = self.chunk(frames, Flags::NONE, sink)? {
                self.counters.frames_in = self.position_frames;
                self.flush(sink)?;
                return Ok(Ended::ByDecision(reason));
            }
            self.events.event(Event::Progress {
                frames: self.counters.frames_in,
            });
        }
        self.flush(sink)?;
        Ok(Ended::Complete)
    }

    /// No input is taken for a moment; what is asked meanwhile is answered.
    fn pause(&mut self) {
        let began = Instant::now();
        thread::sleep(PAUSE_LOOK);
        self.change();
        // What is paused is not late.
        self.started += began.elapsed();
    }

    /// Feeds silence until everything that was read has come out, and the tail if it is kept; until
    /// every tap has seen it, too. Of the output no more than that is written.
    fn flush(&mut self, sink: &mut Option<&mut (dyn Sink + 'static)>) -> Result<(), SessionError> {
        self.changes.close();
        let tail_max = TAIL_SECONDS_MAX * u64::from(self.plan.sample_rate_hz);
        let length = self.counters.frames_in + self.plan.tail_frames.min(tail_max);
        let padding = self.engine.end_at(length);
        self.to_write = length - self.counters.frames_out;
        let mut left = length - self.counters.frames_in + padding;
        self.input.clear();
        while left > 0 {
            let frames = left.min(self.input.frames_max() as u64) as usize;
            let before = self.engine.latency_frames();
            self.chunk(frames, Flags::FLUSH, sink)?;
            // A change that had begun may have made the pipeline later.
            let later = self.engine.latency_frames().saturating_sub(before);
            left = left - frames as u64 + later;
        }
        Ok(())
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

    /// Processes what was read, in blocks, and writes it; answers why to stop, if so.
    fn chunk(
        &mut self,
        frames: usize,
        flags: Flags,
        sink: &mut Option<&mut (dyn Sink + 'static)>,
    ) -> Result<Option<String>, SessionError> {
        let mut done = 0;
        let mut stop = None;
        while done < frames && stop.is_none() {
            let block = self.block_frames(frames - done);
            self.wait_for_taps()?;
            let result = self.block(done..done + block, flags);
            self.drain();
            self.hold(done);
            done += block;
            self.position_frames += block as u64;
            self.change();
            if let Err(stopped) = result {
                return Err(self.stopped(stopped.stage));
            }
            stop = self.decide()?;
        }
        self.observe();
        self.write(done, sink)?;
        Ok(stop)
    }

    /// Blocks end at multiples of the block size in stream time, where a decision falls, and where
    /// a new instance of a stage is due.
    fn block_frames(&self, left: usize) -> usize {
        let size = self.plan.block_frames as u64;
        let mut frames = (left as u64).min(size - self.position_frames % size);
        if let Some(every) = self.plan.decide_every_frames {
            frames = frames.min(every - self.position_frames % every);
        }
        let frames = self.changes.frames_until_due(self.position_frames, frames);
        frames as usize
    }

    /// Between two blocks: takes note of what changed, and begins what is wanted.
    fn change(&mut self) {
        self.changes.after_block(&mut Context {
            engine: self.engine,
            rings: self.rings,
            events: self.events,
            position_frames: self.position_frames,
            late_blocks: self.counters.late_blocks,
        });
    }
}

/// Whole blocks, so that blocks do not end where a read does; one block at a time when live.
pub(super) fn chunk_frames(plan: &Plan) -> usize {
    match plan.pace {
        Pace::RealTime => plan.block_frames,
        Pace::Fast => (CHUNK_FRAMES / plan.block_frames).max(1) * plan.block_frames,
    }
}

//! Prime: a candidate hears what went into its place of late, before anybody hears it.
//!
//! In: an activated instance, and what is kept of the stage's input. Out: up to where it has heard
//! it. What is missing then is less than a block, or came while it was busy.

use std::ops::Range;

use crate::loading::exercise::ExerciseBuffers;
use crate::session::candidate::Past;
use crate::session::candidate::factory::Factory;
use crate::session::instance::{CallFault, Made, passed};

/// How much input is heard beside the latency at least, in seconds: the state of filters settles in
/// it.
const SECONDS: f64 = 0.1;

/// What is kept and about to be forgotten, in seconds: it is left alone, since the stream goes on
/// while it is read.
const FORGOTTEN_SECONDS: f64 = 0.05;

/// How much may be heard in all, as a multiple of what there was to hear at the beginning: what
/// comes meanwhile is heard too, and a slow candidate never has it all.
const TIMES_MAX: u64 = 4;

/// How many blocks may be heard beside that.
const BLOCKS_MAX: u64 = 16;

/// How far back an instance hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// As long as its tail, where that is longer than what it has to hear and as far as it is kept:
    /// echoes of what went in before are heard.
    Tail,
    /// What it has to hear.
    Least,
    /// These frames of the instance's stream, as in a run that is replayed.
    Exactly {
        /// The first.
        from: u64,
        /// The first that it does not hear.
        to: u64,
    },
}

/// What an instance has heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) struct Primed {
    /// The frames that it has, as the instance counts its stream.
    pub(in crate::session) range_frames: Range<u64>,
    /// The first frame of the stage's input that it has not.
    pub(in crate::session) to_frames: u64,
    /// How many.
    pub(in crate::session) frames: u64,
}

/// Why an instance has not heard it all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unprimed {
    /// A call on it failed: it would fail on the air.
    #[error("it failed on recent input: {0}")]
    Failed(CallFault),
    /// What was to be heard is gone: the candidate was too slow for what is kept.
    #[error("its input from frame {0} on is not kept any more")]
    Gone(u64),
}

/// From where on an instance is to hear the past.
///
/// # Errors
/// Not all of that is kept: what is left would not fill the instance, and nobody is to hear it
/// before it is full.
pub(super) fn start_frames(
    factory: &Factory,
    made: &Made,
    past: &dyn Past,
    depth: Depth,
) -> Result<u64, Unprimed> {
    let frames = |seconds: f64| {
        let rate = f64::from(factory.placement.format.sample_rate_hz);
        (rate * seconds).round() as u64
    };
    let (begin, end) = (past.begin_frames(), past.end_frames());
    let back = |frames: u64| end.saturating_sub(frames.saturating_add(made.timing.latency_frames));
    let least = back(frames(SECONDS));
    if least < begin {
        return Err(Unprimed::Gone(least));
    }
    // Of a stream that has just begun nothing is forgotten.
    let forgotten = if begin == 0 {
        0
    } else {
        frames(FORGOTTEN_SECONDS)
    };
    Ok(match depth {
        Depth::Least => least,
        Depth::Exactly { from, .. } => from.saturating_sub(past.first_frames()),
        Depth::Tail => back(made.timing.tail_frames)
            .max(begin + forgotten)
            .min(least),
    })
}

/// Lets an instance hear the past from a frame on, to what is there now or as deep as is said.
///
/// # Errors
/// Why the call on it failed, or that it is not kept.
pub(super) fn prime(
    factory: &Factory,
    made: &mut Made,
    past: &mut dyn Past,
    (from_frames, depth): (u64, Depth),
) -> Result<Primed, Unprimed> {
    let most = u64::from(factory.placement.frames_max);
    let (start, outputs) = (factory.placement.start(), made.occupant.outputs);
    let mut buffers = ExerciseBuffers::new(&start, made.layout_out, outputs);
    let processor = &mut made.occupant.processor;
    let there = past.end_frames().saturating_sub(from_frames);
    let frames_max = there.saturating_mul(TIMES_MAX) + BLOCKS_MAX * most;
    let end = |past: &dyn Past| match depth {
        Depth::Tail | Depth::Least => past.end_frames(),
        Depth::Exactly { to, .. } => to.saturating_sub(past.first_frames()),
    };
    let mut at = from_frames;
    loop {
        let frames = end(past).saturating_sub(at).min(most);
        if frames == 0 || at - from_frames >= frames_max {
            return Ok(Primed {
                range_frames: past.first_frames() + from_frames..past.first_frames() + at,
                to_frames: at,
                frames: at - from_frames,
            });
        }
        if !past.read(
            at,
            frames as usize,
            &mut buffers.input,
            &mut buffers.sidechains,
        ) {
            return Err(Unprimed::Gone(at));
        }
        let position_frames = past.first_frames() + at;
        let called = buffers.process(processor, position_frames, frames as usize);
        passed(processor, called).map_err(Unprimed::Failed)?;
        at += frames;
    }
}

//! Prime: a candidate hears what went into its place of late, before anybody hears it.
//!
//! In: an activated instance, and what is kept of the stage's input. Out: up to where it has heard
//! it. What is missing then is less than a block, or came while it was busy.

use crate::session::candidate::Past;
use crate::session::candidate::factory::Factory;
use crate::session::candidate::rooms::Rooms;
use crate::session::recipe::Made;

/// How much input is heard beside the latency, in seconds: the state of filters settles in it.
const SECONDS: f64 = 0.1;

/// How much may be heard in all, as a multiple of what there was to hear at the beginning: what
/// comes meanwhile is heard too, and a slow candidate never has it all.
const TIMES_MAX: u64 = 4;

/// How many blocks may be heard beside that.
const BLOCKS_MAX: u64 = 16;

/// What an instance has heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Primed {
    /// The first frame that it has not.
    pub(super) to_frames: u64,
    /// How many.
    pub(super) frames: u64,
}

/// Why an instance has not heard it all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unprimed {
    /// A call on it failed: it would fail on the air.
    #[error("it failed on recent input: {0}")]
    Failed(String),
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
) -> Result<u64, Unprimed> {
    let rate = f64::from(factory.spot.format.sample_rate_hz);
    let wanted = (rate * SECONDS).round() as u64 + made.timing.latency_frames;
    let from = past.end_frames().saturating_sub(wanted);
    match from < past.begin_frames() {
        true => Err(Unprimed::Gone(from)),
        false => Ok(from),
    }
}

/// Lets an instance hear the past from a frame on.
///
/// # Errors
/// Why the call on it failed, or that it is not kept.
pub(super) fn prime(
    factory: &Factory,
    made: &mut Made,
    past: &mut dyn Past,
    from_frames: u64,
) -> Result<Primed, Unprimed> {
    let most = u64::from(factory.spot.frames_max);
    let channels_out = made.layout_out.channels();
    let mut rooms = Rooms::new(&factory.spot, channels_out, factory.declared.outputs);
    let there = past.end_frames().saturating_sub(from_frames);
    let frames_max = there.saturating_mul(TIMES_MAX) + BLOCKS_MAX * most;
    let mut at = from_frames;
    loop {
        let frames = past.end_frames().saturating_sub(at).min(most);
        if frames == 0 || at - from_frames >= frames_max {
            return Ok(Primed {
                to_frames: at,
                frames: at - from_frames,
            });
        }
        if !past.read(at, frames as usize, &mut rooms.input, &mut rooms.sidechains) {
            return Err(Unprimed::Gone(at));
        }
        let position_frames = past.first_frames() + at;
        let called = rooms.process(&mut made.processor, position_frames, frames as usize);
        called.map_err(Unprimed::Failed)?;
        at += frames;
    }
}

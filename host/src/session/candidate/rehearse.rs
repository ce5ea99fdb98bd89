//! Rehearse: whether a candidate can go on from the state of what is heard.
//!
//! In: what is heard and what comes, and an instance that is not used afterwards. Out: how many
//! bytes the state has; or why the change fades instead, in words for its receipt.

use std::time::{Duration, Instant};

use segue_plugin::link::{Code, Processor};
use segue_plugin::setup::Mode;
use segue_plugin::state::STATE_BYTES_MAX;

use crate::config::words::SwapState;
use crate::session::bind::Bound;
use crate::session::candidate::Spot;
use crate::session::candidate::rooms::{as_on_air, passed};

/// How often state is written and read. The fastest time counts: another thread in between says
/// nothing about the plugin.
const ROUNDS: usize = 3;

/// Why nothing is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NoHandoff {
    pub(super) why: String,
    /// The old schema, where the new one is newer.
    pub(super) migrates_from: Option<u32>,
}

impl From<String> for NoHandoff {
    fn from(why: String) -> Self {
        Self {
            why,
            migrates_from: None,
        }
    }
}

/// Whether old and new speak of the same state.
pub(super) fn agree(
    old: Option<&Bound>,
    new: Option<&Bound>,
    state: SwapState,
) -> Result<(), NoHandoff> {
    if state == SwapState::Fresh {
        return Err("swap.state of the stage is \"fresh\"".to_owned().into());
    }
    let (Some(old), Some(new)) = (old, new) else {
        return Err("a pass-through has no state".to_owned().into());
    };
    let (from, to) = (old.address(), new.address());
    if from != to {
        let why = format!("the state of {from} is not one of {to}");
        return Err(why.into());
    }
    let schema = |bound: &Bound| bound.component.capabilities.state_schema;
    match (schema(old), schema(new)) {
        (_, 0) => Err(format!("{to} {} keeps no state", new.version).into()),
        (0, _) => Err(format!("{from} {} keeps no state", old.version).into()),
        (old, new) if old == new => Ok(()),
        (old, new) if old < new => Err(NoHandoff {
            why: format!("state schema {old} has to be turned into {new} first"),
            migrates_from: Some(old),
        }),
        (old, new) => Err(format!("state schema {old} is newer than {new}").into()),
    }
}

/// Writes and reads the state as at a handoff; answers how many bytes it needs at most.
///
/// The instance is not used afterwards: whether `load_state` leaves a mark cannot be known.
///
/// # Errors
/// Why there is no handoff, in words.
pub(super) fn rehearse(processor: &mut Processor, spot: &Spot) -> Result<usize, String> {
    let bytes = processor.state_bytes();
    if bytes == 0 {
        return Err("it keeps no state with these settings".to_owned());
    }
    if bytes > STATE_BYTES_MAX {
        return Err(format!(
            "its state has {bytes} bytes, expected at most {STATE_BYTES_MAX}"
        ));
    }
    let mut buffer = vec![0; bytes];
    let mut fastest = Duration::MAX;
    for _ in 0..ROUNDS {
        let (took, heap_calls) = round(processor, &mut buffer)?;
        if heap_calls > 0 && spot.mode == Mode::RealTime {
            return Err(format!(
                "its state takes {heap_calls} heap calls to hand over"
            ));
        }
        fastest = fastest.min(took);
    }
    match limit(spot) {
        Some(limit) if fastest > limit => Err(format!(
            "its state took {} ns to hand over, expected at most {}: a quarter of a block",
            fastest.as_nanos(),
            limit.as_nanos()
        )),
        _ => Ok(bytes),
    }
}

/// Writes the state and reads it back; answers how long that took, and the heap calls.
fn round(processor: &mut Processor, buffer: &mut [u8]) -> Result<(Duration, u64), String> {
    let began = Instant::now();
    let (saved, saving) = as_on_air(|| processor.save_state(buffer));
    let saving_took = began.elapsed();
    if saved.status.code == Code::OUT_OF_BOUNDS {
        return Err(too_long(buffer.len()));
    }
    passed(processor, saved).map_err(|text| format!("its state could not be written: {text}"))?;
    let written = usize::try_from(saved.status.detail).unwrap_or(usize::MAX);
    let room = buffer.len();
    let state = buffer
        .get(..written)
        .ok_or_else(|| format!("it wrote {written} bytes of state, expected at most {room}"))?;
    let began = Instant::now();
    let (loaded, loading) = as_on_air(|| processor.load_state(state));
    let loading_took = began.elapsed();
    passed(processor, loaded).map_err(|text| format!("its state could not be read: {text}"))?;
    Ok((saving_took + loading_took, saving.calls() + loading.calls()))
}

/// What is said of a state that did not find room. One that needs more than any may have asks for
/// no more than that.
fn too_long(room: usize) -> String {
    match room {
        STATE_BYTES_MAX => {
            format!(
                "its state is longer than {STATE_BYTES_MAX} bytes, the most that is handed over"
            )
        }
        _ => format!("its state is longer than the {room} bytes that it asked for"),
    }
}

/// A quarter of a block where the stream does not wait.
fn limit(spot: &Spot) -> Option<Duration> {
    let block = f64::from(spot.frames_max) / f64::from(spot.format.sample_rate_hz.max(1));
    (spot.mode == Mode::RealTime).then(|| Duration::from_secs_f64(block / 4.0))
}

//! Rehearse: whether a candidate can go on from the state of what is heard, without a gap in the
//! stream.
//!
//! In: two components that speak of the same state, how both instances are made, and one that is not
//! used afterwards. Out: how many bytes the state has, and how long it takes to read; or why the
//! change fades instead.
//!
//! The audio thread calls the `save_state` of the instance on the air, and that one cannot be asked
//! beforehand: another one of its kind is made, has silence processed, writes its state and ends.
//! Off line nobody waits, and no time may change what is heard: nothing is asked.

use std::time::{Duration, Instant};

use segue_plugin::link::{Code, Processor};
use segue_plugin::setup::Mode;
use segue_plugin::state::STATE_BYTES_MAX;
use semver::Version;

use crate::loading::exercise::as_on_air;
use crate::loading::meter::HeapCounts;
use crate::loading::{Missed, within};
use crate::session::instance::{CallFault, Placement, Recipe, passed, silence};

/// How often state is written and read. The fastest time counts: another thread in between says
/// nothing about the plugin.
const ROUNDS: usize = 3;

/// How long the other instance may take, all in all. One that hangs must not keep its successor from
/// taking its place: that one fades in, and has the rest of its own deadline.
const PREDECESSOR_DEADLINE: Duration = Duration::from_secs(10);

/// Why nothing is handed over, for the receipt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::session) enum NoHandoff {
    /// The operator wants none.
    #[error("swap.state of the stage is \"fresh\"")]
    Fresh,
    /// One of the two passes its input on.
    #[error("a pass-through has no state")]
    PassThrough,
    /// They are different components.
    #[error("the state of {old} is not one of {new}")]
    OtherComponent {
        /// What is heard.
        old: String,
        /// What comes.
        new: String,
    },
    /// One of the two keeps none.
    #[error("{component} {version} keeps no state")]
    NoState {
        /// Which one.
        component: String,
        /// In which version.
        version: Version,
    },
    /// It can be turned into one that is understood, off the audio thread.
    #[error("state schema {old} has to be turned into {new} first")]
    OlderSchema {
        /// That of what is heard.
        old: u32,
        /// That of what comes.
        new: u32,
    },
    /// What comes is older than what is heard.
    #[error("state schema {old} is newer than {new}")]
    NewerSchema {
        /// That of what is heard.
        old: u32,
        /// That of what comes.
        new: u32,
    },
    /// The run that is replayed handed none over either.
    #[error("the run that is replayed handed none over")]
    Replayed,
    /// The trial ended before the state was asked for.
    #[error("its state was not rehearsed")]
    NotRehearsed,
    /// What comes failed in rehearsal.
    #[error(transparent)]
    Rehearsal(#[from] StateFault),
    /// Another instance of what is heard failed in rehearsal.
    #[error("{name}, which is heard: {fault}")]
    Former {
        /// What is heard, with its version.
        name: String,
        /// Why.
        fault: StateFault,
    },
}

impl NoHandoff {
    /// The old schema, where its state can be turned into one of the new.
    pub(in crate::session) const fn migrates_from(&self) -> Option<u32> {
        match self {
            Self::OlderSchema { old, .. } => Some(*old),
            _ => None,
        }
    }
}

/// Why a state cannot be handed over in time and without harm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::session) enum StateFault {
    /// It has none as it is set.
    #[error("it keeps no state with these settings")]
    NoState,
    /// It asks for more than any may have.
    #[error("its state has {found_bytes} bytes, expected at most {STATE_BYTES_MAX}")]
    TooLarge {
        /// What it asks for.
        found_bytes: usize,
    },
    /// It needs more than it asked for.
    #[error("its state is longer than the {room_bytes} bytes that it asked for")]
    Outgrown {
        /// What it asked for.
        room_bytes: usize,
    },
    /// It needs more than any may have, and asked for that.
    #[error("its state is longer than {STATE_BYTES_MAX} bytes, the most that is handed over")]
    TooLong,
    /// It says that it wrote more than there is room.
    #[error("it wrote {found_bytes} bytes of state, expected at most {room_bytes}")]
    Overwritten {
        /// What it says.
        found_bytes: usize,
        /// The room that it had.
        room_bytes: usize,
    },
    /// It failed to write it.
    #[error("its state could not be written: {0}")]
    Unwritten(CallFault),
    /// It failed to read it.
    #[error("its state could not be read: {0}")]
    Unread(CallFault),
    /// The audio thread makes no heap calls.
    #[error("its state takes {calls} heap calls to hand over")]
    Heap {
        /// How many it makes.
        calls: u64,
    },
    /// The stream would have to wait.
    #[error(
        "its state took {} ns to hand over, expected at most {}: a quarter of a block",
        took.as_nanos(),
        limit.as_nanos()
    )]
    Slow {
        /// What it took.
        took: Duration,
        /// What it may take.
        limit: Duration,
    },
    /// There is no instance to try it on.
    #[error("no other instance of it is made: {0}")]
    NotMade(String),
    /// That instance failed before.
    #[error("it failed on silence: {0}")]
    Silence(CallFault),
    /// That instance did not answer.
    #[error(transparent)]
    Missed(#[from] Missed),
}

/// What the state of a candidate takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rehearsed {
    /// How many bytes it needs at most.
    pub(super) bytes: usize,
    /// How long reading it took.
    pub(super) reading: Duration,
}

/// Writes and reads the state as at a handoff; returns what that took.
///
/// The instance is not used afterwards: whether `load_state` leaves a mark cannot be known.
///
/// # Errors
/// Why there is no handoff.
pub(super) fn rehearse(
    processor: &mut Processor,
    placement: &Placement,
) -> Result<Rehearsed, StateFault> {
    let bytes = processor.state_bytes();
    if bytes == 0 {
        return Err(StateFault::NoState);
    }
    if bytes > STATE_BYTES_MAX {
        return Err(StateFault::TooLarge { found_bytes: bytes });
    }
    let mut buffer = vec![0; bytes];
    let (mut writing, mut reading) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let (written, wrote) = write(processor, &mut buffer, placement)?;
        writing = writing.min(wrote);
        reading = reading.min(read(processor, &buffer[..written], placement)?);
    }
    in_time(writing + reading, placement)?;
    Ok(Rehearsed { bytes, reading })
}

/// Holds what is heard to the time that a handoff may take, where its successor would read its state
/// or migrate it; `predecessor` is how to make another one, where the rehearsal of the successor
/// does not speak for it. `began` is called where one is made. Foreign code: it runs on a thread of
/// its own, within a deadline.
pub(super) fn with_predecessor(
    successor: Result<Rehearsed, NoHandoff>,
    predecessor: Option<Recipe>,
    placement: &Placement,
    began: &dyn Fn(),
) -> Result<Rehearsed, NoHandoff> {
    let reading = match &successor {
        Ok(rehearsed) => rehearsed.reading,
        // It is turned into another and read elsewhere.
        Err(no) if no.migrates_from().is_some() => Duration::ZERO,
        Err(_) => return successor,
    };
    let Some(predecessor) = predecessor else {
        return successor;
    };
    began();
    let bound = &predecessor.bound;
    let name = format!("{} {}", bound.address(), bound.version);
    let wrote = within(PREDECESSOR_DEADLINE, move || write_another(&predecessor));
    let wrote = wrote.unwrap_or_else(|missed| Err(missed.into()));
    let in_time = wrote.and_then(|writing| in_time(writing + reading, placement));
    match in_time {
        Ok(()) => successor,
        Err(fault) => Err(NoHandoff::Former { name, fault }),
    }
}

/// Makes another instance and has it write its state; returns how long that took.
fn write_another(recipe: &Recipe) -> Result<Duration, StateFault> {
    let made = recipe.make(&|_| {});
    let mut made = made.map_err(|why| StateFault::NotMade(why.to_string()))?;
    let wrote = silence(&recipe.placement, &mut made)
        .map_err(StateFault::Silence)
        .and_then(|_| rehearse_writing(&mut made.occupant.processor, &recipe.placement));
    made.end();
    wrote
}

/// Writes the state as at a handoff, and does not read it; returns how long that took.
///
/// # Errors
/// Why there is no handoff.
fn rehearse_writing(
    processor: &mut Processor,
    placement: &Placement,
) -> Result<Duration, StateFault> {
    // The most that a state may have: where its successor asked for less, the handoff itself says so.
    let mut buffer = vec![0; STATE_BYTES_MAX];
    let mut writing = Duration::MAX;
    for _ in 0..ROUNDS {
        let (_, wrote) = write(processor, &mut buffer, placement)?;
        writing = writing.min(wrote);
    }
    Ok(writing)
}

/// Writes the state; returns how many bytes it has, and how long that took.
fn write(
    processor: &mut Processor,
    buffer: &mut [u8],
    placement: &Placement,
) -> Result<(usize, Duration), StateFault> {
    let began = Instant::now();
    let saved = as_on_air(|| processor.save_state(buffer));
    let took = began.elapsed();
    if saved.status.code == Code::OUT_OF_BOUNDS {
        return Err(too_long(buffer.len()));
    }
    passed(processor, saved).map_err(StateFault::Unwritten)?;
    without_heap(saved.heap, placement)?;
    let written = usize::try_from(saved.status.detail).unwrap_or(usize::MAX);
    let room = buffer.len();
    match written <= room {
        true => Ok((written, took)),
        false => Err(StateFault::Overwritten {
            found_bytes: written,
            room_bytes: room,
        }),
    }
}

/// Reads a state; returns how long that took.
fn read(
    processor: &mut Processor,
    state: &[u8],
    placement: &Placement,
) -> Result<Duration, StateFault> {
    let began = Instant::now();
    let loaded = as_on_air(|| processor.load_state(state));
    let took = began.elapsed();
    passed(processor, loaded).map_err(StateFault::Unread)?;
    without_heap(loaded.heap, placement)?;
    Ok(took)
}

/// Holds a call to the heap calls that the audio thread makes: none, where the stream does not wait.
fn without_heap(counts: HeapCounts, placement: &Placement) -> Result<(), StateFault> {
    match counts.calls() {
        calls @ 1.. if placement.mode == Mode::RealTime => Err(StateFault::Heap { calls }),
        _ => Ok(()),
    }
}

/// Holds what a handoff takes to the limit of its place.
///
/// # Errors
/// What it took, where that is too much.
fn in_time(took: Duration, placement: &Placement) -> Result<(), StateFault> {
    match limit(placement) {
        Some(limit) if took > limit => Err(StateFault::Slow { took, limit }),
        _ => Ok(()),
    }
}

/// What is said of a state that did not find room. One that needs more than any may have asks for
/// no more than that.
const fn too_long(room_bytes: usize) -> StateFault {
    match room_bytes {
        STATE_BYTES_MAX => StateFault::TooLong,
        _ => StateFault::Outgrown { room_bytes },
    }
}

/// A quarter of a block where the stream does not wait.
fn limit(placement: &Placement) -> Option<Duration> {
    let block = f64::from(placement.frames_max) / f64::from(placement.format.sample_rate_hz.max(1));
    (placement.mode == Mode::RealTime).then(|| Duration::from_secs_f64(block / 4.0))
}

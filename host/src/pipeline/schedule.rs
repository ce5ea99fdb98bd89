//! Schedule: what is done for each block, in which order, with which buffers and delay lines.
//!
//! In: nothing; `transition` compiles schedules. Out: their words, from a place in memory to the
//! whole, and the choice of places: a buffer is used again as soon as nobody reads it any more, and a
//! stage never writes where it or anyone after it still reads. Pure.

mod draft;
mod places;

use crate::pipeline::network::Source;

pub(super) use draft::Draft;
pub(super) use places::places;

/// Where a signal lies while a block is processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The block the session lent to read.
    Input,
    /// The block the session lent to fill.
    Output,
    /// A buffer of the engine.
    Slot(usize),
}

/// One step of the schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Sums signals of the same channels.
    Mix {
        /// What is summed, at least one; one alone is copied.
        terms: Vec<Place>,
        /// Where the sum goes.
        into: Place,
    },
    /// Delays a signal so that it meets one that took longer.
    Delay {
        /// What is delayed.
        from: Place,
        /// By which delay line.
        line: usize,
        /// Where it goes.
        into: Place,
    },
    /// Runs a stage.
    Run {
        /// Which stage, by the engine's number.
        stage: usize,
        /// What it reads.
        input: Place,
        /// Its further inputs.
        sidechains: Vec<Place>,
        /// Where it writes.
        output: Place,
    },
    /// Feeds a tap.
    Feed {
        /// Which tap, by its place in the file.
        tap: usize,
        /// What it looks at.
        signal: Place,
        /// What it compares with.
        reference: Option<Place>,
    },
    /// Goes over from one signal to another while the fade of its schedule lasts.
    Blend {
        /// What is heard before the fade.
        old: Place,
        /// What is heard after it; of the same frame.
        new: Place,
        /// Where it goes.
        into: Place,
    },
}

/// Who reads a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reader {
    /// A stage, by whichever of its inputs.
    Stage(usize),
    /// A place without a stage that sums several signals.
    Wire(usize),
    /// A tap, as signal or as reference.
    Tap(usize),
    /// The pipeline's output.
    Output,
}

/// Which delay line: between which two it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineKey {
    /// Whose signal it holds.
    pub from: Source,
    /// Who reads it.
    pub to: Reader,
}

/// For how long a step waits, in frames since its schedule began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gate {
    /// A delay line takes nothing before; a stage's output says nothing before.
    pub push_from: u64,
    /// Nothing is taken from a delay line before; any other step does not run before.
    pub pop_from: u64,
}

/// What a delay line holds when its schedule begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// All that this line of the schedule before holds.
    Kept(usize),
    /// So many frames of zeros.
    New {
        /// How many; at most the capacity.
        zeros: u64,
    },
}

/// A delay line of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineSpec {
    /// Between which two it stands: stages by the engine's numbers, wires by one of the places
    /// without a stage, of this transition alone.
    pub key: LineKey,
    /// How many channels.
    pub channels: usize,
    /// How many frames it holds once every gate is open.
    pub frames: u64,
    /// The most frames it ever holds.
    pub capacity_frames: u64,
    /// What it holds at first.
    pub origin: Origin,
}

/// A schedule, ready to be exchanged for the one that runs.
///
/// May not be exchanged for a further one before `stalled_frames` of it went by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schedule {
    /// What is done for each block, in order; stages by the engine's number.
    pub steps: Vec<Step>,
    /// For how long each step waits.
    pub gates: Vec<Gate>,
    /// The channels of each buffer.
    pub slots: Vec<usize>,
    /// The delay lines.
    pub lines: Vec<LineSpec>,
    /// When the last gate opens, in frames since the schedule began.
    pub stalled_frames: u64,
    /// Until when zeros of new lines and of new stages' own latencies are out of what is blended
    /// in; earlier no fade may start. At least `stalled_frames`.
    pub settled_frames: u64,
    /// The stages that wait at first: the engine's number, and for how many frames.
    pub stage_stalls: Vec<(usize, u64)>,
    /// How many frames are missing from the output at first.
    pub output_stall_frames: u64,
    /// How late each tap's signal is, in the order of the file.
    pub tap_latency_frames: Vec<u64>,
    /// How late the output is.
    pub latency_frames: u64,
}

impl Schedule {
    /// The memory that its delay lines take.
    #[must_use]
    pub fn line_bytes(&self) -> u64 {
        let bytes = |line: &LineSpec| {
            let channels = line.channels as u64;
            channels.saturating_mul(line.capacity_frames.saturating_mul(4))
        };
        self.lines.iter().map(bytes).fold(0, u64::saturating_add)
    }
}

impl Reader {
    /// The same reader where sources are called otherwise.
    pub(super) fn renamed(self, name: impl Fn(Source) -> Source) -> Self {
        match self {
            Self::Wire(sum) => match name(Source::Wire(sum)) {
                Source::Wire(sum) => Self::Wire(sum),
                Source::Stage(_) | Source::Input => self,
            },
            Self::Stage(_) | Self::Tap(_) | Self::Output => self,
        }
    }
}

impl LineKey {
    /// The same line where sources are called otherwise.
    pub(super) fn renamed(self, name: impl Fn(Source) -> Source) -> Self {
        Self {
            from: name(self.from),
            to: self.to.renamed(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_take_what_they_may_ever_hold() {
        let line = |channels, capacity_frames| LineSpec {
            key: LineKey {
                from: Source::Input,
                to: Reader::Output,
            },
            channels,
            frames: 0,
            capacity_frames,
            origin: Origin::New { zeros: 0 },
        };
        let bytes = |lines| {
            Schedule {
                lines,
                ..Schedule::default()
            }
            .line_bytes()
        };
        assert_eq!(bytes(vec![]), 0);
        assert_eq!(bytes(vec![line(1, 10), line(2, 3)]), 40 + 24);
        assert_eq!(bytes(vec![line(2, u64::MAX), line(1, 1)]), u64::MAX);
    }
}

//! Plan: the flat schedule of a network, with every path of the same latency.
//!
//! In: a `Network`. Out: steps in order, the buffers they use, and the delays that align what is
//! summed, compared or keyed. Pure: the same network gives the same plan.
//!
//! A buffer is used again as soon as nobody reads it any more; a stage never writes where it or
//! anyone after it still reads.

mod places;

use crate::pipeline::network::{Cycle, Network, Source};
use crate::pipeline::plan::places::places;

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
        /// Which stage: by its place in the file in a plan, by the engine's number in a schedule.
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

/// A delay line that a plan needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DelaySpec {
    /// How many channels.
    pub channels: usize,
    /// How many frames.
    pub frames: u64,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What is done for each block, in order.
    pub steps: Vec<Step>,
    /// The channels of each buffer.
    pub slots: Vec<usize>,
    /// The delay lines.
    pub delays: Vec<DelaySpec>,
    /// How far the output lags behind the input.
    pub latency_frames: u64,
    /// How far each tap's signal lags behind the input, by the tap's place in the file.
    pub tap_latency_frames: Vec<u64>,
    /// The order in which stages run.
    pub order: Vec<usize>,
}

impl Plan {
    /// The memory that its delay lines take.
    #[must_use]
    pub fn delay_bytes(&self) -> u64 {
        let bytes = |line: &DelaySpec| (line.channels as u64).saturating_mul(line.frames * 4);
        self.delays.iter().map(bytes).fold(0, u64::saturating_add)
    }

    /// The schedule of a network.
    ///
    /// # Errors
    /// The stages of a cycle.
    pub fn of(network: &Network) -> Result<Self, Cycle> {
        let order = network.order()?;
        let mut planner = Planner::new(network);
        for stage in &order {
            planner.run(*stage);
        }
        planner.finish(order)
    }
}

/// A signal on its way: where it lies, and how late it is.
#[derive(Debug, Clone, Copy)]
struct Signal {
    value: usize,
    channels: usize,
    latency_frames: u64,
}

/// Steps over values that have no place yet: a value is written once.
enum Draft {
    Mix(Vec<usize>, usize),
    Delay(usize, usize, usize),
    Run(usize, usize, Vec<usize>, usize),
    Feed(usize, usize, Option<usize>),
}

struct Planner<'a> {
    network: &'a Network,
    drafts: Vec<Draft>,
    /// The channels of each value; value 0 is the input.
    values: Vec<usize>,
    delays: Vec<DelaySpec>,
    /// The output of each stage, once it ran.
    outputs: Vec<Option<Signal>>,
    /// What each wire passes on, once somebody read it.
    wires: Vec<Option<Signal>>,
    tap_latency_frames: Vec<u64>,
}

impl<'a> Planner<'a> {
    fn new(network: &'a Network) -> Self {
        Self {
            network,
            drafts: Vec::new(),
            values: vec![network.channels_in],
            delays: Vec::new(),
            outputs: vec![None; network.stages.len()],
            wires: vec![None; network.wires.len()],
            tap_latency_frames: Vec::new(),
        }
    }

    fn run(&mut self, stage: usize) {
        let network = self.network;
        let wiring = &network.stages[stage];
        let input = self.sum(&wiring.inputs);
        let sidechains: Vec<_> = wiring
            .sidechains
            .iter()
            .map(|from| self.signal(*from))
            .collect();
        let latest = sidechains
            .iter()
            .fold(input.latency_frames, |latest, sidechain| {
                latest.max(sidechain.latency_frames)
            });
        let input = self.aligned(input, latest);
        let sidechains = sidechains
            .into_iter()
            .map(|from| self.aligned(from, latest).value)
            .collect();
        let output = self.value(wiring.channels_out);
        self.drafts
            .push(Draft::Run(stage, input.value, sidechains, output));
        self.outputs[stage] = Some(Signal {
            value: output,
            channels: wiring.channels_out,
            latency_frames: latest + wiring.latency_frames,
        });
    }

    fn finish(mut self, order: Vec<usize>) -> Result<Plan, Cycle> {
        let network = self.network;
        for (tap, wiring) in network.taps.iter().enumerate() {
            let signal = self.signal(wiring.from);
            let reference = wiring.reference.map(|from| self.signal(from));
            let latest = reference.map_or(0, |reference| reference.latency_frames);
            let latest = latest.max(signal.latency_frames);
            let signal = self.aligned(signal, latest);
            let reference = reference.map(|reference| self.aligned(reference, latest).value);
            self.drafts.push(Draft::Feed(tap, signal.value, reference));
            self.tap_latency_frames.push(latest);
        }
        let mut output = self.signal(self.network.output);
        if output.value == 0 {
            output.value = self.value(output.channels);
            self.drafts.push(Draft::Mix(vec![0], output.value));
        }
        let (steps, slots) = places(&self.drafts, &self.values, output.value);
        Ok(Plan {
            steps,
            slots,
            delays: self.delays,
            latency_frames: output.latency_frames,
            tap_latency_frames: self.tap_latency_frames,
            order,
        })
    }

    fn signal(&mut self, source: Source) -> Signal {
        match source {
            Source::Input => Signal {
                value: 0,
                channels: self.network.channels_in,
                latency_frames: 0,
            },
            Source::Stage(stage) => {
                self.outputs[stage].expect("the order runs a stage before whoever reads it")
            }
            Source::Wire(wire) => {
                let network = self.network;
                let signal = self.wires[wire].unwrap_or_else(|| self.sum(&network.wires[wire]));
                self.wires[wire] = Some(signal);
                signal
            }
        }
    }

    /// The sum of several signals, each made as late as the latest.
    fn sum(&mut self, sources: &[Source]) -> Signal {
        let signals: Vec<_> = sources.iter().map(|source| self.signal(*source)).collect();
        if let [only] = signals[..] {
            return only;
        }
        let latest = signals
            .iter()
            .map(|signal| signal.latency_frames)
            .max()
            .unwrap_or(0);
        let terms = signals
            .iter()
            .map(|signal| self.aligned(*signal, latest).value)
            .collect();
        let channels = signals
            .first()
            .map_or(self.network.channels_in, |signal| signal.channels);
        let value = self.value(channels);
        self.drafts.push(Draft::Mix(terms, value));
        Signal {
            value,
            channels,
            latency_frames: latest,
        }
    }

    fn aligned(&mut self, signal: Signal, latency_frames: u64) -> Signal {
        let frames = latency_frames - signal.latency_frames;
        if frames == 0 {
            return signal;
        }
        let value = self.value(signal.channels);
        self.delays.push(DelaySpec {
            channels: signal.channels,
            frames,
        });
        self.drafts
            .push(Draft::Delay(signal.value, self.delays.len() - 1, value));
        Signal {
            value,
            latency_frames,
            ..signal
        }
    }

    fn value(&mut self, channels: usize) -> usize {
        self.values.push(channels);
        self.values.len() - 1
    }
}

impl Draft {
    fn reads(&self) -> Vec<usize> {
        match self {
            Self::Mix(terms, _) => terms.clone(),
            Self::Delay(from, _, _) => vec![*from],
            Self::Run(_, input, sidechains, _) => {
                let mut reads = sidechains.clone();
                reads.push(*input);
                reads
            }
            Self::Feed(_, signal, reference) => {
                let mut reads = vec![*signal];
                reads.extend(reference);
                reads
            }
        }
    }

    const fn writes(&self) -> Option<usize> {
        match self {
            Self::Mix(_, into) | Self::Delay(_, _, into) | Self::Run(_, _, _, into) => Some(*into),
            Self::Feed(..) => None,
        }
    }

    fn placed(&self, at: impl Fn(usize) -> Place) -> Step {
        let all = |values: &[usize]| values.iter().map(|value| at(*value)).collect();
        match self {
            Self::Mix(terms, into) => Step::Mix {
                terms: all(terms),
                into: at(*into),
            },
            Self::Delay(from, line, into) => Step::Delay {
                from: at(*from),
                line: *line,
                into: at(*into),
            },
            Self::Run(stage, input, sidechains, output) => Step::Run {
                stage: *stage,
                input: at(*input),
                sidechains: all(sidechains),
                output: at(*output),
            },
            Self::Feed(tap, signal, reference) => Step::Feed {
                tap: *tap,
                signal: at(*signal),
                reference: reference.map(&at),
            },
        }
    }
}

#[cfg(test)]
mod tests;

//! Tests of one stage that swaps its instance, with components that are linked in.

mod faults;
mod growth;
mod ring;
mod swaps;

use std::sync::Arc;

use segue_plugin::abi::audio::Span;
use segue_plugin::link::{AudioView, AudioViewMut, Creation, NoServices, Start, built_in};
use segue_plugin::prelude::Fault;
use segue_plugin::prelude::*;
use segue_plugin::state::{StateReader, StateWriter};

use super::*;
use crate::pipeline::candidate::{CandidateSetup, Handoff, LatencyGrowth, PlannedFade};
use crate::pipeline::failed::FailedInstance;
use crate::pipeline::history::{HistoryFrames, HistoryShape};
use crate::pipeline::swapped::{Progress, Reversal, SwapDone, SwapMethod};

const RATE: u32 = 8_000;
const FRAMES_MAX: usize = 64;
const FADE: usize = 64;
const DECAY: usize = 40;
const FRAMES: usize = 3_000;

/// What its running state does.
#[derive(Clone, Copy, Debug, PartialEq, Choices)]
enum Keeps {
    Nothing,
    All,
    RefusesToWrite,
    RefusesToRead,
    PanicsWriting,
    PanicsReading,
}

/// A filter that is late, has echoes, dies as told, and takes no gap in its stream.
#[derive(Params)]
struct Probe {
    /// How late.
    #[param(range = 0.0..=1_000.0, default = 0.0, reactivates)]
    late_frames: f64,
    /// What every sample is multiplied with.
    #[param(range = -4.0..=4.0, default = 1.0)]
    gain: f64,
    /// How much of the last sample is in the next.
    #[param(range = 0.0..=1.0, default = 0.0)]
    pole: f64,
    /// How much of the sample 30 frames ago is added.
    #[param(range = 0.0..=1.0, default = 0.0)]
    echo: f64,
    /// The frame of its stream that it dies at.
    #[param(range = -1.0..=1e9, default = -1.0)]
    dies_at: f64,
    /// What its state does.
    #[param(default = Keeps::Nothing)]
    keeps: Keeps,
    late: Vec<f32>,
    missed: Vec<f32>,
    last: f32,
    next_frames: Option<u64>,
}

const ECHO_FRAMES: usize = 30;

fn pushed(line: &mut [f32], sample: f32) -> f32 {
    let Some(first) = line.first().copied() else {
        return sample;
    };
    line.rotate_left(1);
    line[line.len() - 1] = sample;
    first
}

impl AudioProcessor for Probe {
    const CAPABILITIES: Capabilities = Capabilities {
        latency: segue_plugin::declare::Span::Varies,
        ..Capabilities::DEFAULT
    };

    fn activate(&mut self, _: &Activation<'_>) -> Result<Timing, Refusal> {
        self.late = vec![0.0; self.late_frames as usize];
        self.missed = vec![0.0; ECHO_FRAMES];
        Ok(Timing {
            latency_frames: self.late_frames as u64,
            tail_frames: ECHO_FRAMES as u64,
        })
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let position = context.position_frames();
        if self.next_frames.is_some_and(|next| next != position) {
            return Err(Fault::new(9, "a gap"));
        }
        let end = position + context.frames() as u64;
        self.next_frames = Some(end);
        let (gain, pole, echo) = (self.gain as f32, self.pole as f32, self.echo as f32);
        let key = context.sidechain(0);
        let (input, output) = audio.channel(0);
        for (at, (out, sample)) in output.iter_mut().zip(input).enumerate() {
            let key = key.as_ref().map_or(0.0, |key| key.channel(0)[at]);
            let echoed = pushed(&mut self.missed, *sample) * echo;
            self.last = self.last * pole + (sample + key) * gain + echoed;
            *out = pushed(&mut self.late, self.last);
        }
        if self.dies_at >= 0.0 && end as f64 > self.dies_at {
            return Err(Fault::new(3, "as told"));
        }
        Ok(Status::Continue)
    }

    fn state_bytes(&self) -> usize {
        4 * (1 + self.late.len() + self.missed.len())
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        match self.keeps {
            Keeps::Nothing => return Err(Fault::UNSUPPORTED),
            Keeps::RefusesToWrite => return Err(Fault::new(4, "no")),
            Keeps::PanicsWriting => panic!("as told"),
            Keeps::All | Keeps::RefusesToRead | Keeps::PanicsReading => {}
        }
        state.f32s(&[self.last])?;
        state.f32s(&self.late)?;
        state.f32s(&self.missed)
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        match self.keeps {
            Keeps::RefusesToRead => return Err(Fault::new(4, "no")),
            Keeps::PanicsReading => panic!("as told"),
            _ => {}
        }
        let mut number = || -> Result<f32, Fault> {
            let bytes = state.bytes(4)?;
            Ok(f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
        };
        self.last = number()?;
        for sample in self.late.iter_mut().chain(&mut self.missed) {
            *sample = number()?;
        }
        Ok(())
    }
}

/// An instance by its parameters.
#[derive(Clone, Copy, Debug)]
struct Kind {
    late: usize,
    gain: f64,
    pole: f64,
    echo: f64,
    dies_at: i64,
    keeps: Keeps,
}

const PLAIN: Kind = Kind {
    late: 0,
    gain: 1.0,
    pole: 0.0,
    echo: 0.0,
    dies_at: -1,
    keeps: Keeps::Nothing,
};

fn instance(kind: Kind) -> Processor {
    let keeps = kind.keeps as usize as f64;
    let params = [
        (0, kind.late as f64),
        (1, kind.gain),
        (2, kind.pole),
        (3, kind.echo),
        (4, kind.dies_at as f64),
        (5, keeps),
    ];
    let creation = Creation {
        name: "probe",
        params: &params,
        ..Creation::default()
    };
    let mut processor = built_in::processor::<Probe>(&creation, Arc::new(NoServices)).unwrap();
    let start = Start {
        format: Format {
            sample_rate_hz: RATE,
            layout: Layout::MONO,
        },
        frames_max: FRAMES_MAX as u32,
        mode: Mode::Offline,
        sidechains: &[],
        sources: &[],
    };
    assert_eq!(
        processor.activate(&start).unwrap().latency_frames,
        kind.late as u64
    );
    processor
}

fn occupant(kind: Kind) -> Occupant {
    Occupant {
        processor: instance(kind),
        latency_frames: kind.late as u64,
        held_bytes: 0,
        outputs: 0,
    }
}

const fn shape(late: usize) -> Shape {
    Shape {
        channels_in: 1,
        channels_out: 1,
        latency_frames: late as u64,
        sample_rate_hz: RATE,
    }
}

/// A stage that is fed, and what comes out of it.
struct Rig {
    stage: Stage,
    history: Arc<History>,
    input: Vec<f32>,
    /// A further input, where there is one.
    key: Vec<f32>,
    output: Vec<f32>,
    done: usize,
    cuts: Vec<usize>,
    turns: Vec<StageEventKind>,
    left: Vec<StageCandidate>,
    failed: Vec<(FailedInstance, crate::pipeline::Fault)>,
}

/// Multiples of 1/256 that never repeat soon, so that sums and halves of them are exact.
fn signal(frame: usize) -> f32 {
    let mixed = (frame as u32).wrapping_mul(2_654_435_761) >> 22;
    (mixed as f32 - 512.0) / 1_024.0 * 0.5
}

fn sine(frame: usize) -> f32 {
    (frame as f32 * 0.05).sin() * 0.5
}

impl Rig {
    fn new(kind: Kind, late: usize, on_error: OnError) -> Self {
        Self::of(Stage::of(occupant(kind), on_error, shape(late)), signal)
    }

    fn of(stage: Stage, signal: fn(usize) -> f32) -> Self {
        let shape = HistoryShape {
            inputs: 1,
            sidechains: Vec::new(),
            outputs: 1,
        };
        let history = History::new(shape, 2_048).unwrap();
        Self {
            stage: stage.with_history(Arc::clone(&history)),
            history,
            input: (0..FRAMES).map(signal).collect(),
            key: Vec::new(),
            output: Vec::new(),
            done: 0,
            cuts: vec![FRAMES_MAX],
            turns: Vec::new(),
            left: Vec::new(),
            failed: Vec::new(),
        }
    }

    /// A stage with a further input.
    fn keyed(kind: Kind) -> Self {
        let mut rig = Self::new(kind, 0, OnError::Bypass);
        let shape = HistoryShape {
            inputs: 1,
            sidechains: vec![1],
            outputs: 1,
        };
        rig.history = History::new(shape, 2_048).unwrap();
        rig.stage = rig.stage.with_history(Arc::clone(&rig.history));
        rig.key = (0..FRAMES).map(|frame| signal(frame + 777)).collect();
        rig
    }

    /// With so much of its past.
    fn keep(&mut self, frames: HistoryFrames) {
        let kept = HistoryShape {
            inputs: 1,
            sidechains: Vec::new(),
            outputs: 1,
        };
        self.history = History::new(kept, frames).unwrap();
        let stage = Stage::of(occupant(PLAIN), OnError::Bypass, shape(0));
        self.stage = stage.with_history(Arc::clone(&self.history));
    }

    fn cut(mut self, cuts: &[usize]) -> Self {
        self.cuts = cuts.to_vec();
        self
    }

    /// Goes on to a frame of the input.
    fn until(&mut self, end: usize) -> &mut Self {
        let cuts = self.cuts.clone();
        for cut in cuts.iter().cycle() {
            let held = self.stage.rest.withheld_frames as usize;
            let most = if held > 0 { held } else { usize::MAX };
            let frames = (*cut).min(end - self.done).min(most);
            if frames == 0 {
                break;
            }
            self.block(frames, held > 0);
        }
        self
    }

    fn block(&mut self, frames: usize, is_held: bool) {
        let mut heard = vec![f32::NAN; frames];
        let input = &self.input[self.done..self.done + frames];
        let span = Span {
            channels: 1,
            stride: frames,
            start: 0,
            frames,
        };
        let keys = match self.key.get(self.done..self.done + frames) {
            Some(key) => &[AudioView::new(key, span)][..],
            None => &[],
        };
        let block = StageBlock {
            position_frames: self.done as u64,
            flags: segue_plugin::link::Flags::NONE,
            input: AudioView::new(input, span),
            output: AudioViewMut::new(&mut heard, span),
            sidechains: keys,
            records: &mut [],
            use_of_output: if is_held {
                OutputUse::Withheld
            } else {
                OutputUse::Taken
            },
        };
        let mode = FloatMode::enter();
        let ran = self.stage.run(block, &mode);
        if ran.has_events {
            let outgoing = self.stage.take_outgoing();
            self.turns.extend(outgoing.events.into_iter().flatten());
            self.failed.extend(outgoing.failed.into_iter().flatten());
            self.left.extend(outgoing.leaving.map(|left| *left));
        }
        if !is_held {
            assert!(heard.iter().all(|sample| sample.is_finite()));
            self.output.extend(heard);
        }
        self.done += frames;
        assert_eq!(self.stage.gauges().frames_in(), self.done as u64);
        assert_eq!(self.stage.gauges().frames_out(), self.output.len() as u64);
    }

    /// A candidate primed with all there is but the last `missed` frames.
    fn primed(&self, kind: Kind, late: usize, missed: usize) -> CandidateSetup {
        let mut occupant = occupant(kind);
        let to = self.done.saturating_sub(missed);
        let from = to.saturating_sub(1_000);
        let mut room = vec![0.0; FRAMES_MAX];
        for at in (from..to).step_by(FRAMES_MAX) {
            let frames = FRAMES_MAX.min(to - at);
            let past = self.history.read_input(at as u64, frames).unwrap();
            assert_eq!((past.from_frames, past.frames), (at as u64, frames));
            let span = Span {
                channels: 1,
                stride: room.len(),
                start: 0,
                frames,
            };
            let view = |buffer| crate::pipeline::store::view(buffer, frames);
            let (input, keys) = (view(&past.input), past.sidechains.iter().map(view));
            let outcome = occupant.processor.process(segue_plugin::link::Block {
                position_frames: at as u64,
                flags: segue_plugin::link::Flags::NONE,
                input,
                output: AudioViewMut::new(&mut room, span),
                sidechains: &keys.collect::<Vec<_>>(),
                events: &[],
                outputs: &mut [],
                records: &mut [],
            });
            assert!(outcome.status.is_ok());
        }
        CandidateSetup {
            occupant,
            shape: shape(late),
            frames_max: FRAMES_MAX,
            fade: PlannedFade::Crossfade {
                frames: FADE as u64,
            },
            growth: None,
            handoff: None,
            primed_to_frames: Some(to as u64),
            sidechain_channels: self.key.first().map(|_| 1).into_iter().collect(),
        }
    }

    fn send(&mut self, setup: CandidateSetup) -> &mut Self {
        assert!(self.stage.takes_candidate());
        self.stage
            .begin_candidate(Box::new(StageCandidate::swap(setup)));
        self
    }

    /// What happened of which anybody hears, in words.
    fn words(&self) -> Vec<&'static str> {
        let word = |kind: &StageEventKind| match kind {
            StageEventKind::Failed(_) => "failed",
            StageEventKind::FallbackFailed(_) => "fallback failed",
            StageEventKind::CandidateFailed(_) => "candidate failed",
            StageEventKind::Returned => "returned",
            StageEventKind::ShadowBegan => "shadow began",
            StageEventKind::Aligned => "aligned",
            StageEventKind::FadeBegan => "fade began",
            StageEventKind::Swapped(_) => "swapped",
            StageEventKind::Reversed => "reversed",
            StageEventKind::TailOver => "ring over",
        };
        let silent = |kind: &&StageEventKind| {
            matches!(kind, StageEventKind::ShadowBegan | StageEventKind::Aligned)
        };
        let heard = self.turns.iter().filter(|kind| !silent(kind));
        heard.map(word).collect()
    }

    fn done(&self) -> SwapDone {
        let done = self.turns.iter().find_map(|kind| match kind {
            StageEventKind::Swapped(done) => Some(*done),
            _ => None,
        });
        done.expect("it was swapped")
    }
}

/// What comes out where nothing is changed.
fn undisturbed(kind: Kind, late: usize, frames: usize) -> Vec<f32> {
    let mut rig = Rig::new(kind, late, OnError::Bypass);
    rig.until(frames);
    rig.output
}

/// The largest step between neighbours.
fn largest_step(signal: &[f32]) -> f32 {
    let steps = signal.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    steps.fold(0.0, f32::max)
}

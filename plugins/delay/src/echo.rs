//! Echo: the input again, some time later, and again.
//!
//! In: any channels. Out: `input · (1 - mix) + past · mix`, where `past` is what went into the line
//! `delay` frames before, and into the line goes `input + past · feedback`: a feedback comb filter
//! (J. O. Smith, Physical Audio Signal Processing, "Feedback Comb Filters").
//!
//! **Changes.** Another delay is faded to over 20 ms, so its pitch stays; a change during a fade
//! waits for its end. Feedback and mix glide. Without a delay the past is the input itself, and
//! there is no feedback.

use crate::memory;
use crate::memory::NO_PAST;
use crate::taps::Taps;
use segue_dsp::decibel::db_from_amplitude;
use segue_dsp::delay::Line;
use segue_plugin::prelude::*;

/// The longest delay, in milliseconds.
const DELAY_MS_MAX: i64 = 10_000;
/// The longest delay on top of it, in frames: as much at 48 kHz.
const DELAY_FRAMES_MAX: i64 = 480_000;
/// The room that is made for later changes where nothing is said, in milliseconds.
const ROOM_MS: i64 = 1_000;
/// How long the fade to another delay takes, in milliseconds.
const FADE_MS: f64 = 20.0;
/// How far the echoes fall until they count as over, in dB: below what 16 bits hold.
const DECAY_DB: f64 = 100.0;
/// The longest tail reported, in seconds: nobody waits longer.
const TAIL_SECONDS_MAX: u64 = 30;

/// Repeats the signal later, once or over and over.
#[derive(Params)]
pub(crate) struct Echo {
    /// How much later, rounded to whole frames.
    #[param(unit = "ms", range = 0.0..=DELAY_MS_MAX as f64, default = 250.0)]
    delay_ms: f64,
    /// Frames on top of `delay_ms`; alone where that is 0.
    #[param(unit = "frames", range = 0..=DELAY_FRAMES_MAX, default = 0)]
    delay_frames: u32,
    /// How much of what is heard again goes round again: at 0.5 each echo is half the one before.
    /// A negative value turns the polarity from each echo to the next.
    #[param(range = -0.99..=0.99, default = 0.0, smooth_ms = 20.0)]
    feedback: Smoothed,
    /// How much of the output is the past: 0 is the input alone, 1 the past alone.
    #[param(range = 0.0..=1.0, default = 0.5, smooth_ms = 20.0)]
    mix: Smoothed,
    /// The room for later changes of the delay, in milliseconds.
    room_ms: i64,
    /// One for each channel.
    lines: Vec<Line>,
    taps: Taps,
    sample_rate_hz: u32,
}

impl AudioProcessor for Echo {
    const CAPABILITIES: Capabilities = Capabilities {
        tail: Span::Varies,
        state_schema: 1, // Glides of feedback and mix, the taps, the past.
        ..Capabilities::DEFAULT
    };

    const SETTINGS: &'static [SettingDecl] = &[SettingDecl {
        id: "room_ms",
        doc: "The longest delay that can be set while it runs, in milliseconds: memory is taken \
              for it. Absent: 1000, or the delay it starts with where that is longer. A running \
              state of more than 64 KiB is not handed to another instance.",
        value: SettingKind::Integer {
            min: 1,
            max: DELAY_MS_MAX,
        },
        need: Need::Optional,
    }];

    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let room_ms = setup.integer("room_ms").unwrap_or(ROOM_MS);
        Ok(Self {
            room_ms,
            ..Self::with_defaults()
        })
    }

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        self.sample_rate_hz = activation.sample_rate_hz();
        let delay = self.delay();
        let room = frames(self.room_ms as f64, self.sample_rate_hz);
        self.lines = memory::lines(room.max(delay), activation.channels())?;
        self.taps = Taps::new(frames(FADE_MS, self.sample_rate_hz));
        self.settle();
        Ok(Timing {
            latency_frames: 0,
            tail_frames: tail_frames(delay, self.feedback.target(), self.sample_rate_hz),
        })
    }

    fn deactivate(&mut self) {
        self.lines = Vec::new();
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let wanted = self.reachable(context);
        let feedback = self.feedback.values(context);
        let mix = self.mix.values(context);
        let mut start = 0;
        while start < audio.frames() {
            self.taps.turn_to(wanted);
            let frames = self.taps.chunk_frames(audio.frames() - start);
            let part = start..start + frames;
            let controls = (&feedback[part.clone()], &mix[part.clone()]);
            for (channel, line) in self.lines.iter_mut().enumerate() {
                let (input, output) = audio.channel(channel);
                self.taps.process(
                    line,
                    controls,
                    &input[part.clone()],
                    &mut output[part.clone()],
                );
            }
            self.taps.pass(frames);
            start += frames;
        }
        Ok(Status::Continue)
    }

    fn reset(&mut self) {
        self.lines.iter_mut().for_each(Line::clear);
        self.settle();
    }

    fn state_bytes(&self) -> usize {
        let numbers = size_of::<[f64; 2 * Smoothed::STATE_NUMBERS + 3]>();
        numbers + memory::state_bytes(&self.lines)
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        state.f64s(&self.feedback.save())?;
        state.f64s(&self.mix.save())?;
        self.taps.save(state)?;
        memory::save(&self.lines, state)
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        let mut glides = [[0.0; Smoothed::STATE_NUMBERS]; 2];
        state.f64s(glides.as_flattened_mut())?;
        let taps = self.taps.load(self.room(), state)?;
        let past = memory::read(&self.lines, state)?;
        state.expect_end()?;
        let before = self.feedback.save();
        if !self.feedback.restore(&glides[0]) {
            return Err(NO_PAST);
        }
        if !self.mix.restore(&glides[1]) {
            let restored = self.feedback.restore(&before);
            debug_assert!(restored, "what was saved a moment ago is a state");
            return Err(NO_PAST);
        }
        past.fill(&mut self.lines);
        self.taps = taps;
        Ok(())
    }
}

impl Echo {
    /// The delay that is set, in frames.
    fn delay(&self) -> usize {
        frames(self.delay_ms, self.sample_rate_hz) + self.delay_frames as usize
    }

    fn room(&self) -> usize {
        self.lines.first().map_or(0, Line::frames)
    }

    /// The delay that is set as far as there is room; a note where there is not.
    fn reachable(&self, context: &mut Context<'_>) -> usize {
        let (delay, room) = (self.delay(), self.room());
        if delay > room && context.params_changed() {
            context.note("a delay was set beyond room_ms, frames", delay as f64);
        }
        delay.min(room)
    }

    fn settle(&mut self) {
        let delay = self.delay().min(self.room());
        self.taps.settle(delay);
    }
}

fn frames(time_ms: f64, sample_rate_hz: u32) -> usize {
    (time_ms / 1000.0 * f64::from(sample_rate_hz)).round() as usize
}

/// Until the last echo has fallen by 100 dB, at most 30 s or one delay: echo number n is
/// |feedback|^(n-1).
fn tail_frames(delay: usize, feedback: f64, sample_rate_hz: u32) -> u64 {
    let fall_db = -db_from_amplitude(feedback);
    let further = if fall_db.is_finite() {
        (DECAY_DB / fall_db).ceil()
    } else {
        0.0
    };
    let tail = delay as f64 * (1.0 + further);
    (tail as u64).min((TAIL_SECONDS_MAX * u64::from(sample_rate_hz)).max(delay as u64))
}

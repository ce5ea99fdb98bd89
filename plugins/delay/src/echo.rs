//! Echo: the input again, some time later, and again.
//!
//! In: any channels. Out: `input · (1 - mix) + past · mix`, where `past` is what went into the line
//! `delay` frames before, and into the line goes `input + past · feedback`: a feedback comb filter
//! (J. O. Smith, Physical Audio Signal Processing, "Feedback Comb Filters").
//!
//! **Changes.** Another delay is faded to over 20 ms, so its pitch stays; a change during a fade
//! waits for its end. Feedback and mix glide. Without a delay the past is the input itself, and
//! there is no feedback.
//!
//! **Handing over.** A running state has the past that is heard, and more of it as far as 64 KiB
//! reach, so that a delay that is made longer later finds what was before; beyond that it finds
//! silence until the line has filled.

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
/// How much of the past is saved even where no delay reaches it now, in bytes.
const KEPT_BYTES: usize = 64 * 1024;
/// How long the fade to another delay takes, in milliseconds.
const FADE_MS: f64 = 20.0;
/// How far the echoes fall until they count as over, in dB: below what 16 bits hold.
const DECAY_DB: f64 = 100.0;
/// The longest tail reported, in seconds: nobody waits longer.
const TAIL_SECONDS_MAX: u64 = 30;

/// The numbers of a state in front of the past: two glides and the taps.
const NUMBERS: usize = 2 * Smoothed::STATE_NUMBERS + 3;

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
        // Glides of feedback and mix, the taps, how much past, the past. In 1 it was all of the room.
        state_schema: 2,
        ..Capabilities::DEFAULT
    };

    const SETTINGS: &'static [SettingDecl] = &[SettingDecl {
        id: "room_ms",
        doc: "The longest delay that can be set while it runs, in milliseconds: memory is taken \
              for it. Absent: 1000, or the delay it starts with where that is longer.",
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
        let numbers = size_of::<[f64; NUMBERS + 1]>();
        numbers + memory::state_bytes(&self.lines)
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        state.f64s(&self.feedback.save())?;
        state.f64s(&self.mix.save())?;
        self.taps.save(state)?;
        let frames = self.kept_frames();
        state.u64(frames as u64)?;
        memory::save(&self.lines, frames, state)
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        let mut glides = [[0.0; Smoothed::STATE_NUMBERS]; 2];
        state.f64s(glides.as_flattened_mut())?;
        let taps = self.taps.load(self.room(), state)?;
        let frames = usize::try_from(state.u64()?).map_err(|_| NO_PAST)?;
        let past = memory::read(&self.lines, frames, state)?;
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

    fn migrate_state(&self, schema: u32, bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
        let frame_bytes = self.lines.len() * size_of::<f32>();
        match (schema, bytes.split_at_checked(size_of::<[f64; NUMBERS]>())) {
            (1, Some((numbers, past))) if past.len().is_multiple_of(frame_bytes) => {
                let frames = (past.len() / frame_bytes) as u64;
                Ok([numbers, &frames.to_le_bytes(), past].concat())
            }
            _ => Err(Refusal::new(format!(
                "a state of schema {schema} with {} bytes is none of this delay",
                bytes.len()
            ))),
        }
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

    /// How much of the past is handed over: what is heard, what the delay that is set asks for, and
    /// what little more there is room for.
    fn kept_frames(&self) -> usize {
        let frame_bytes = (self.lines.len() * size_of::<f32>()).max(1);
        let heard = self.taps.longest().max(self.delay());
        heard.max(KEPT_BYTES / frame_bytes).min(self.room())
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

#[cfg(test)]
mod tests {
    use super::*;
    use segue_plugin::testing;

    #[test]
    fn a_state_of_schema_1_goes_on() {
        let bench = testing::processor::<Echo>().stereo(1_000);
        let mut bench = bench.param("feedback", 0.5).activate().unwrap();
        let signal: Vec<f32> = (0..2_000).map(|frame| frame as f32).collect();
        bench.run(&[&signal, &signal], &[500]).unwrap();
        let today = bench.save_state().unwrap();
        // All of the room was saved, and how much that is was not said.
        let numbers = size_of::<[f64; NUMBERS]>();
        let before = [&today[..numbers], &today[numbers + 8..]].concat();
        let mut echo = Echo::with_defaults();
        echo.lines = memory::lines(1, 2).unwrap();
        assert_eq!(echo.migrate_state(1, &before).unwrap(), today);
        assert!(echo.migrate_state(1, &before[1..]).is_err());
        assert!(echo.migrate_state(3, &today).is_err());
    }
}

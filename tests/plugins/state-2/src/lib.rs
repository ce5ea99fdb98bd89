//! The filter of 1.0.0; its running state is of schema 2, made from schema 1 as it is told.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// How much of what is new goes into the level, for each frame: it remembers for seconds.
const SHARE: f64 = 1.0 / 96_000.0;

/// The bytes of one number.
const NUMBER_BYTES: usize = 8;

const SPOILT: Fault = Fault::new(1, "the running state holds what no signal leaves behind");
const UNWILLING: Fault = Fault::new(2, "it does not want the running state");

/// What it writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Choices)]
enum Writes {
    #[default]
    Whole,
    Short,
    Spoilt,
    TooMuch,
    Fails,
    Panics,
}

/// How it reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Choices)]
enum Reads {
    #[default]
    Whole,
    Refuses,
    Panics,
}

/// How it turns the state of schema 1 into its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Choices)]
enum Migrates {
    #[default]
    Whole,
    Refuses,
    Short,
    Spoilt,
    TooMuch,
    Panics,
}

/// Half the signal, and its level over the last seconds.
#[derive(Params)]
struct Level {
    /// What it writes.
    #[param(default = Writes::Whole)]
    writes: Writes,
    /// How it reads.
    #[param(default = Reads::Whole)]
    reads: Reads,
    /// How it turns the state of schema 1 into its own.
    #[param(default = Migrates::Whole)]
    migrates: Migrates,
    frames_seen: u64,
    levels: Vec<f64>,
}

impl AudioProcessor for Level {
    const CAPABILITIES: Capabilities = Capabilities {
        state_schema: 2, // How many channels, frames seen, then one level for each channel.
        ..Capabilities::DEFAULT
    };
    const OUTPUTS: &'static [OutputDecl] = &[OutputDecl {
        id: "frames_seen",
        doc: "How many frames it has seen, its forerunners included.",
        unit: "frames",
        min: 0.0,
        max: f64::MAX,
    }];

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        self.levels = vec![0.0; activation.channels()];
        self.frames_seen = 0;
        Ok(Timing::NONE)
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        for (channel, level) in self.levels.iter_mut().enumerate() {
            let (input, output) = audio.channel(channel);
            for (out, sample) in output.iter_mut().zip(input) {
                *level += (f64::from(*sample) - *level) * SHARE;
                *out = sample * 0.5 + *level as f32;
            }
        }
        self.frames_seen += audio.frames() as u64;
        context.output(0, self.frames_seen as f64);
        Ok(Status::Continue)
    }

    fn reset(&mut self) {
        self.levels.fill(0.0);
        self.frames_seen = 0;
    }

    fn state_bytes(&self) -> usize {
        NUMBER_BYTES * (2 + self.levels.len())
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        state.u64(self.levels.len() as u64)?;
        state.u64(self.frames_seen)?;
        match self.writes {
            Writes::Whole => state.f64s(&self.levels),
            Writes::Short => Ok(()),
            Writes::Spoilt => self.levels.iter().try_for_each(|_| state.f64(f64::NAN)),
            Writes::TooMuch => loop {
                state.f64s(&self.levels)?;
            },
            Writes::Fails => Err(UNWILLING),
            Writes::Panics => panic!("as told, in save_state"),
        }
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        match self.reads {
            Reads::Whole => {}
            Reads::Refuses => return Err(UNWILLING),
            Reads::Panics => panic!("as told, in load_state"),
        }
        if state.u64()? != self.levels.len() as u64 {
            return Err(SPOILT);
        }
        let frames_seen = state.u64()?;
        let mut levels = [0.0; 64];
        let levels = levels.get_mut(..self.levels.len()).ok_or(SPOILT)?;
        state.f64s(levels)?;
        if levels.iter().any(|level| !level.is_finite()) {
            return Err(SPOILT);
        }
        self.levels.copy_from_slice(levels);
        self.frames_seen = frames_seen;
        Ok(())
    }

    fn migrate_state(&self, schema: u32, old: &[u8]) -> Result<Vec<u8>, Refusal> {
        if schema != 1 || !old.len().is_multiple_of(NUMBER_BYTES) || old.is_empty() {
            return Err(Refusal::new(format!(
                "{} bytes of schema {schema} are no state of 1.0.0",
                old.len()
            )));
        }
        let channels = (old.len() / NUMBER_BYTES - 1) as u64;
        let whole = [&channels.to_le_bytes(), old].concat();
        match self.migrates {
            Migrates::Whole => Ok(whole),
            Migrates::Refuses => Err(Refusal::new("it leaves the past alone, as told")),
            Migrates::Short => Ok(whole[..NUMBER_BYTES].to_vec()),
            Migrates::Spoilt => Ok(vec![0xff; whole.len()]),
            Migrates::TooMuch => Ok(vec![0; 513 * 1024]),
            Migrates::Panics => panic!("as told, in migrate_state"),
        }
    }
}

export! { id: "test.state", components: [Level as "level"] }

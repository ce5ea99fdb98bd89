//! Panics: a processor that panics in any one of its methods.

use segue_plugin::prelude::*;

use crate::trouble::{SETTINGS, Trouble};

/// The bytes of its running state.
const STATE_BYTES: usize = 8;

/// Doubles the signal until it panics.
#[derive(Params)]
pub(crate) struct Panics {
    /// The first frame of the stream whose block panics.
    #[param(unit = "frames", range = 0.0..=1e9, default = 0.0)]
    from_frame: f64,
    trouble: Trouble,
    frames_seen: u64,
}

impl AudioProcessor for Panics {
    const CAPABILITIES: Capabilities = Capabilities {
        state_schema: 2,
        ..Capabilities::DEFAULT
    };
    const SETTINGS: &'static [SettingDecl] = SETTINGS;

    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let mut panics = Self::with_defaults();
        panics.trouble = Trouble::new(setup);
        panics.trouble.visit("create");
        Ok(panics)
    }

    fn validate_input(&self, format: &Format) -> Result<Layout, Refusal> {
        self.trouble.visit("validate_input");
        Ok(format.layout)
    }

    fn activate(&mut self, _: &Activation<'_>) -> Result<Timing, Refusal> {
        self.trouble.visit("activate");
        Ok(Timing::NONE)
    }

    fn deactivate(&mut self) {
        self.trouble.visit("deactivate");
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let end = context.position_frames() + context.frames() as u64;
        if end as f64 > self.from_frame {
            self.trouble.visit("process");
        }
        self.frames_seen += context.frames() as u64;
        audio.map(|_, sample| sample * 2.0);
        Ok(Status::Continue)
    }

    fn reset(&mut self) {
        self.trouble.visit("reset");
    }

    fn state_bytes(&self) -> usize {
        self.trouble.visit("state_bytes");
        STATE_BYTES
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        self.trouble.visit("save_state");
        state.u64(self.frames_seen)
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        self.trouble.visit("load_state");
        self.frames_seen = state.u64()?;
        Ok(())
    }

    fn migrate_state(&self, schema: u32, old: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.trouble.visit("migrate_state");
        match schema {
            1 => Ok([old, &[0; 4]].concat()),
            _ => Err(Refusal::new(format!("state schema {schema} is unknown"))),
        }
    }
}

impl Drop for Panics {
    fn drop(&mut self) {
        self.trouble.visit("drop");
    }
}

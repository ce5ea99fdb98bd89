//! What runs while later versions of it fail: it lets everything through.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// What goes wrong in a live block of the version that fails there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Choices)]
enum How {
    #[default]
    Panics,
    Faults,
    NotANumber,
}

/// A component of every version; what differs is whether it keeps a state.
macro_rules! candidate {
    ($name:ident, $doc:literal, $schema:literal) => {
        #[doc = $doc]
        #[derive(Params)]
        struct $name {
            /// What goes wrong in a live block of the version that fails there.
            #[param(default = How::Panics)]
            how: How,
            /// The first frame of the stream whose block it happens in.
            #[param(unit = "frames", range = 0.0..=1e9, default = 0.0)]
            from_frame: f64,
            frames_seen: u64,
        }

        impl AudioProcessor for $name {
            const CAPABILITIES: Capabilities = Capabilities {
                state_schema: $schema, // The frames it has seen.
                ..Capabilities::DEFAULT
            };

            fn process(
                &mut self,
                _: &mut Context<'_>,
                audio: &mut Io<'_>,
            ) -> Result<Status, Fault> {
                self.frames_seen += audio.frames() as u64;
                audio.copy();
                Ok(Status::Continue)
            }

            fn state_bytes(&self) -> usize {
                if $schema == 0 { 0 } else { 8 }
            }

            fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
                state.u64(self.frames_seen)
            }

            fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
                self.frames_seen = state.u64()?;
                Ok(())
            }

            fn reset(&mut self) {
                self.frames_seen = 0;
            }
        }
    };
}

candidate!(Plain, "Keeps no state.", 0);
candidate!(Kept, "Keeps a state.", 1);

export! {
    id: "test.candidate",
    components: [Plain as "plain", Kept as "kept"]
}

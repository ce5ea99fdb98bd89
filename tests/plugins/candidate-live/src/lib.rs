//! Fails in a block that is live: one that is not silent, from a frame of the stream on.

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
                context: &mut Context<'_>,
                audio: &mut Io<'_>,
            ) -> Result<Status, Fault> {
                self.frames_seen += audio.frames() as u64;
                audio.copy();
                fail(context, audio, self.how, self.from_frame as u64)
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

/// Fails where the block reaches `from_frame` and holds more than silence.
fn fail(
    context: &Context<'_>,
    audio: &mut Io<'_>,
    how: How,
    from_frame: u64,
) -> Result<Status, Fault> {
    let end = context.position_frames() + audio.frames() as u64;
    let silent = audio.input(0).iter().all(|sample| *sample == 0.0);
    if silent || end <= from_frame {
        return Ok(Status::Continue);
    }
    match how {
        How::Panics => panic!("a live block, as told"),
        How::Faults => return Err(Fault::new(7, "a live block, as told")),
        How::NotANumber => audio.output(0)[0] = f32::NAN,
    }
    Ok(Status::Continue)
}

export! {
    id: "test.candidate",
    components: [Plain as "plain", Kept as "kept"]
}

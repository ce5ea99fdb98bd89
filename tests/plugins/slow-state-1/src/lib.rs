//! Passes its input on and keeps a running state; some of its components take longer than a block
//! to write it.

#![deny(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use segue_plugin::prelude::*;

/// How long what is slow takes: five blocks of 10 ms.
const SLOW: Duration = Duration::from_millis(50);

/// How many instances of this library were activated.
static INSTANCES: AtomicU64 = AtomicU64::new(0);

/// Components that differ in how long they take to write their state.
macro_rules! components {
    ($($(#[$doc:meta])* $name:ident: $takes:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Params)]
        struct $name {
            number: u64,
            frames_seen: u64,
        }

        impl AudioProcessor for $name {
            const CAPABILITIES: Capabilities = Capabilities {
                state_schema: 1, // Frames seen.
                ..Capabilities::DEFAULT
            };
            const OUTPUTS: &'static [OutputDecl] = &[OutputDecl {
                id: "instance",
                doc: "Which instance of its library it is.",
                unit: "",
                min: 0.0,
                max: f64::MAX,
            }];

            fn activate(&mut self, _: &Activation<'_>) -> Result<Timing, Refusal> {
                self.number = 1 + INSTANCES.fetch_add(1, Ordering::Relaxed);
                self.frames_seen = 0;
                Ok(Timing::NONE)
            }

            fn process(
                &mut self,
                context: &mut Context<'_>,
                audio: &mut Io<'_>,
            ) -> Result<Status, Fault> {
                audio.copy();
                self.frames_seen += audio.frames() as u64;
                context.output(0, self.number as f64);
                Ok(Status::Continue)
            }

            fn state_bytes(&self) -> usize {
                8
            }

            fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
                let takes: Duration = $takes;
                if !takes.is_zero() {
                    thread::sleep(takes);
                }
                state.u64(self.frames_seen)
            }

            fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
                self.frames_seen = state.u64()?;
                Ok(())
            }
        }
    )*};
}

components! {
    /// Writes its state at once.
    Quick: Duration::ZERO;
    /// Takes its time; its successor does not.
    Keeps: SLOW;
    /// Takes its time; its successor has another state.
    Turns: SLOW;
}

export! {
    id: "test.slow-state",
    components: [Quick as "quick", Keeps as "keeps", Turns as "turns"],
}

//! The components of 1.0.0, none of which takes long to write its state; that of `turns` is of
//! schema 2.

#![deny(unsafe_code)]

use std::sync::atomic::{AtomicU64, Ordering};

use segue_plugin::prelude::*;

/// How many instances of this library were activated.
static INSTANCES: AtomicU64 = AtomicU64::new(0);

/// Components that differ in the schema of their state.
macro_rules! components {
    ($($(#[$doc:meta])* $name:ident: $schema:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Params)]
        struct $name {
            number: u64,
            frames_seen: u64,
        }

        impl AudioProcessor for $name {
            const CAPABILITIES: Capabilities = Capabilities {
                state_schema: $schema, // Frames seen, times the schema.
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
                state.u64(self.frames_seen * $schema)
            }

            fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
                self.frames_seen = state.u64()? / $schema;
                Ok(())
            }

            fn migrate_state(&self, _: u32, old: &[u8]) -> Result<Vec<u8>, Refusal> {
                let old = old.try_into().map(u64::from_le_bytes);
                let frames_seen = old.map_err(|_| Refusal::new("no state of 1.0.0"))?;
                Ok((frames_seen * $schema).to_le_bytes().to_vec())
            }
        }
    )*};
}

components! {
    /// Writes the state of its forerunner.
    Quick: 1;
    /// Writes the state of its forerunner, and at once.
    Keeps: 1;
    /// Has another state than its forerunner.
    Turns: 2;
}

export! {
    id: "test.slow-state",
    components: [Quick as "quick", Keeps as "keeps", Turns as "turns"],
}

//! Migrate: a candidate goes on from the state of an older schema.
//!
//! In: a candidate that is ready, and a state that the old instance wrote. Out: one that started
//! from that state and has heard everything since; or the candidate as it was, and why. What is
//! tried is tried on another instance: a component that fails over a state leaves no mark.

use segue_plugin::fault::Refusal;

use crate::pipeline::Occupant;
use crate::session::candidate::factory::{Declared, Factory, Source, end};
use crate::session::candidate::prime::{Primed, prime};
use crate::session::candidate::rooms::{as_on_air, passed};
use crate::session::candidate::work::{deadline, end_within};
use crate::session::candidate::{Past, Prepared, Refused, Saved, Spot};
use crate::session::recipe::Made;

impl Prepared {
    /// Starts from a state of an older schema instead, and hears `past` from there on. The new
    /// instance fades in: its state is not that of any frame of the old one.
    ///
    /// Thread: any but audio; returns at the latest when the component does not answer within its
    /// deadline.
    ///
    /// # Errors
    /// Gives back the candidate as it was, with a sentence about why the state was of no use.
    pub(in crate::session) fn migrate(
        mut self,
        saved: Saved,
        past: Box<dyn Past>,
    ) -> Result<Self, (Box<Self>, String)> {
        let Some(factory) = self.factory() else {
            return Err((Box::new(self), "a pass-through has no state".to_owned()));
        };
        let expected = self.timing;
        let migrated = deadline(&self.stage, move |watch| {
            watch.step("migrate");
            let made = factory.make(&|_| {})?;
            if made.timing != expected {
                end(made.processor);
                return Err(factory.refused("reports another latency than just before"));
            }
            let (made, primed) = migrated(&factory, made, &saved, past)?;
            watch.step("end");
            Ok((made, primed, watch.times()))
        });
        match migrated {
            Err(refused) => Err((Box::new(self), refused.to_string())),
            Ok((made, primed, steps)) => {
                let outputs = self.occupant.outputs;
                let fresh = Occupant {
                    processor: made.processor,
                    latency_frames: made.timing.latency_frames,
                    held_bytes: made.held_bytes,
                    outputs,
                };
                let before = std::mem::replace(&mut self.occupant, fresh);
                end_within(before.processor);
                self.primed_to_frames = Some(primed.to_frames);
                self.primed_frames = primed.frames;
                self.migrates_from = None;
                self.steps.extend(steps);
                Ok(self)
            }
        }
    }

    /// What makes another instance like this one.
    fn factory(&self) -> Option<Factory> {
        let recipe = self.recipe.clone()?;
        let capabilities = &recipe.bound.component.capabilities;
        Some(Factory {
            name: format!("{} {}", recipe.bound.address(), recipe.bound.version),
            identity: self.identity.clone(),
            spot: Spot {
                format: recipe.format,
                layout_out: Some(self.layout_out),
                frames_max: recipe.frames_max,
                mode: recipe.mode,
                sidechains: recipe.sidechains.clone(),
            },
            declared: Declared {
                latency: capabilities.latency,
                real_time: capabilities.real_time,
                outputs: self.occupant.outputs,
                heap: recipe.bound.heap,
            },
            source: Source::Library(Box::new(recipe)),
            notes: Vec::new(),
        })
    }
}

/// Has an instance take the state, and hear what came after it.
fn migrated(
    factory: &Factory,
    mut made: Made,
    saved: &Saved,
    mut past: Box<dyn Past>,
) -> Result<(Made, Primed), Refused> {
    let answer = taken(&mut made, saved).and_then(|()| {
        let primed = prime(factory, &mut made, &mut *past, saved.at_frames);
        primed.map_err(|failed| failed.to_string())
    });
    match answer {
        Ok(primed) => Ok((made, primed)),
        Err(text) => {
            end(made.processor);
            Err(factory.refused(text))
        }
    }
}

/// Turns the state into one of today's schema, and has the instance read it.
fn taken(made: &mut Made, saved: &Saved) -> Result<(), String> {
    let schema = saved.schema;
    let said = |refusal: Refusal| format!("the state of schema {schema} was not taken: {refusal}");
    let bytes = made.processor.migrate_state(schema, &saved.bytes);
    let bytes = bytes.map_err(said)?;
    let (loaded, _) = as_on_air(|| made.processor.load_state(&bytes));
    passed(&made.processor, loaded).map_err(|text| {
        format!("the state of schema {schema} was turned into one that it does not read: {text}")
    })
}

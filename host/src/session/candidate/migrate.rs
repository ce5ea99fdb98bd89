//! Migrate: a candidate goes on from the state of an older schema.
//!
//! In: a candidate that is ready, and a state that the old instance wrote. Out: one that started
//! from that state and has heard everything since; or the candidate as it was, and why. What is
//! tried is tried on another instance: a component that fails over a state leaves no mark.

use segue_plugin::fault::Refusal;

use crate::loading::exercise::as_on_air;
use crate::observe::StepKind;
use crate::session::candidate::factory::Factory;
use crate::session::candidate::prime::{Depth, Primed, Unprimed, prime};
use crate::session::candidate::work::deadline;
use crate::session::candidate::{Past, Prepared, Refused, Saved};
use crate::session::instance::{CallFault, Made, end_within, passed};

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
        let Some(factory) = self.recipe.clone().map(Factory::from) else {
            return Err((Box::new(self), "a pass-through has no state".to_owned()));
        };
        let expected = self.made.timing;
        let migrated = deadline(&self.stage, move |watch| {
            watch.step(StepKind::Migrate);
            let made = factory.make(&|_| {})?;
            if made.timing != expected {
                made.end();
                return Err(factory.refused("reports another latency than just before"));
            }
            let (made, primed) = migrated(&factory, made, &saved, past)?;
            watch.end();
            Ok((made, primed, watch.times()))
        });
        match migrated {
            Err(refused) => Err((Box::new(self), refused.to_string())),
            Ok((made, primed, steps)) => {
                let before = std::mem::replace(&mut self.made, made);
                end_within(before.occupant.processor);
                self.primed = Some(primed);
                self.migrates_from = None;
                self.steps.extend(steps);
                Ok(self)
            }
        }
    }
}

/// Why an instance does not go on from a state of an older schema.
#[derive(Debug, thiserror::Error)]
enum NotMigrated {
    #[error("the state of schema {schema} was not taken: {refusal}")]
    Refused { schema: u32, refusal: Refusal },
    #[error("the state of schema {schema} was turned into one that it does not read: {fault}")]
    Unread { schema: u32, fault: CallFault },
    #[error(transparent)]
    Unprimed(Unprimed),
}

/// Has an instance take the state, and hear what came after it.
fn migrated(
    factory: &Factory,
    mut made: Made,
    saved: &Saved,
    mut past: Box<dyn Past>,
) -> Result<(Made, Primed), Refused> {
    let answer = taken(&mut made, saved).and_then(|()| {
        let primed = prime(
            factory,
            &mut made,
            &mut *past,
            (saved.at_frames, Depth::Tail),
        );
        primed.map_err(NotMigrated::Unprimed)
    });
    match answer {
        Ok(primed) => Ok((made, primed)),
        Err(text) => {
            made.end();
            Err(factory.refused(text))
        }
    }
}

/// Turns the state into one of today's schema, and has the instance read it.
fn taken(made: &mut Made, saved: &Saved) -> Result<(), NotMigrated> {
    let schema = saved.schema;
    let bytes = made.occupant.processor.migrate_state(schema, &saved.bytes);
    let bytes = bytes.map_err(|refusal| NotMigrated::Refused { schema, refusal })?;
    let loaded = as_on_air(|| made.occupant.processor.load_state(&bytes));
    passed(&made.occupant.processor, loaded).map_err(|fault| NotMigrated::Unread { schema, fault })
}

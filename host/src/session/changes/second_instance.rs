//! Second instance: a stage that starts anew while its first instance is heard to the end.
//!
//! In: a stage that runs, and the instance that was prepared to run beside it on the new signal.
//! Out: that instance with the newest values, and with the running state of the first one where no
//! old signal is in it; for how long it has to run before anybody hears it.
//!
//! A state may hold sound: echoes of a signal that was louder there than what the stage reads from
//! now on, and then they would be louder than in either graph. So a state is handed over only where
//! the shadow is longer than all that can still sound in it; any other instance starts in silence
//! and hears its new input until what that leaves behind is there, as far as one can wait for it.

use crate::cpu::FloatMode;
use crate::pipeline::StateRequest;
use crate::session::candidate::Prepared;
use crate::session::changes::added_stage::AddedStage;
use crate::session::changes::machine::{ChangeMachine, Seating};
use crate::session::changes::plan::Plan;
use crate::session::changes::refusal::NotHandedOn;
use crate::session::changes::schedule_change::SHADOW_SECONDS;
use crate::session::changes::seat::set_unheard;
use crate::session::changes::set_values::value;
use crate::session::changes::underway::{ChangeUnderway, States};
use crate::session::running_stages::RunningStage;

/// The longest that a second instance runs unheard until it sounds as if it had always been there,
/// in seconds: so long a change may wait, and the machine run both.
const UNHEARD_SECONDS_MAX: f64 = 1.0;

/// The instance that a stage has until now.
pub(super) struct FirstInstance {
    pub(super) number: usize,
    pub(super) running: RunningStage,
    /// How late the stage is.
    pub(super) latency_frames: u64,
}

/// How a second instance starts.
pub(super) struct SecondStart {
    pub(super) stage: String,
    /// How long it has to run before anybody hears it.
    pub(super) unheard_frames: u64,
    /// Why it did not go on from the state of the first one, if it did not.
    why_silent: Option<String>,
}

impl SecondStart {
    /// The same for a receipt.
    pub(super) fn words(&self) -> String {
        match &self.why_silent {
            None => "its second instance goes on from the state of the first".to_owned(),
            Some(why) => format!("its second instance starts in silence: {why}"),
        }
    }
}

impl Seating<'_> {
    /// What a stage is that a plan starts anew, if it does.
    pub(super) fn first(&self, plan: &Plan, stage: &str) -> Option<FirstInstance> {
        let is_moved = plan.moved.iter().any(|id| id.as_str() == stage);
        let number = self.stages.number(stage).filter(|_| is_moved)?;
        Some(FirstInstance {
            number,
            running: self.stages.get(number)?.clone(),
            latency_frames: self.place_latency_frames(number)?,
        })
    }

    /// Asks for the states of first instances that second ones can go on from, once.
    pub(super) fn ask_for_firsts(&self, underway: &mut ChangeUnderway, prepared: &[Prepared]) {
        let Some(plan) = &underway.adoption.plan else {
            return;
        };
        if !underway.states.begin_firsts() {
            return;
        }
        for one in prepared {
            let first = self.first(plan, &one.stage);
            let bytes = one.handoff_bytes.as_ref().ok();
            if let (Some(first), Some(bytes), true) = (first, bytes, self.is_short(one)) {
                underway.states.ask(underway.number, first.number, *bytes);
            }
        }
    }

    /// Whether no old signal is left in an instance by the time it is heard.
    fn is_short(&self, one: &Prepared) -> bool {
        one.made.timing.tail_frames <= self.seconds(SHADOW_SECONDS)
    }

    /// Starts the second instance of a stage, where it is one.
    pub(super) fn start_second(
        &self,
        one: &mut AddedStage,
        states: &mut States,
    ) -> Option<SecondStart> {
        let first = one.first.as_ref()?.number;
        let why_silent = self.hand_on(one, states.take(first)).err();
        let why_silent = why_silent.map(|why| why.to_string());
        let tail_frames = match why_silent {
            None => 0,
            Some(_) => one.own.made.timing.tail_frames,
        };
        Some(SecondStart {
            stage: one.own.stage.clone(),
            unheard_frames: tail_frames.min(self.seconds(UNHEARD_SECONDS_MAX)),
            why_silent,
        })
    }

    /// Hands the running state of the first instance to the second.
    pub(super) fn hand_on(
        &self,
        one: &mut AddedStage,
        found: Option<StateRequest>,
    ) -> Result<(), NotHandedOn> {
        one.own.handoff_bytes.clone()?;
        if !self.is_short(&one.own) {
            let (tail, shadow) = (
                one.own.made.timing.tail_frames,
                self.seconds(SHADOW_SECONDS),
            );
            return Err(NotHandedOn::Long {
                tail_frames: tail,
                max_frames: shadow,
            });
        }
        let found = found.and_then(|found| Some((found.saved?, found.bytes)));
        let (saved, state) = found.ok_or(NotHandedOn::Gone)?;
        let written = saved.written.map_err(NotHandedOn::Unwritten)?;
        let mode = FloatMode::enter();
        let status = one
            .own
            .made
            .occupant
            .processor
            .load_state(&state[..written]);
        if !status.is_ok() || mode.was_changed() {
            return Err(NotHandedOn::NotTaken);
        }
        set_what_differs(one);
        Ok(())
    }
}

impl ChangeMachine {
    /// Gives an instance values that were set while it was made. Its stage is in the running stages already.
    pub(super) fn set_late_values(
        &mut self,
        one: &mut AddedStage,
        number: usize,
        underway: &mut ChangeUnderway,
    ) {
        let running = self.stages.get(number);
        let Some(new_values) = running.and_then(|running| self.late_values(running, underway))
        else {
            return;
        };
        set_unheard(&mut one.own, &new_values);
        self.keep_values(number, new_values.params);
    }
}

/// A state speaks of parameters, too: what the second instance has otherwise is set again.
fn set_what_differs(one: &mut AddedStage) {
    let (Some(first), Some(recipe)) = (&one.first, &one.own.recipe) else {
        return;
    };
    let (before, after) = (&first.running.bound().params, &recipe.bound.params);
    for flat in recipe.bound.component.params() {
        let wanted = value(after, &flat);
        if value(before, &flat).to_bits() != wanted.to_bits() {
            // Nobody hears it yet, and its index was looked up in its own manifest.
            let _ = one
                .own
                .made
                .occupant
                .processor
                .set_param(flat.index, wanted);
        }
    }
}

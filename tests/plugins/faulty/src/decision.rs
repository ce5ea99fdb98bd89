//! Decision: an engine that panics in any one of its methods.

use segue_plugin::prelude::*;

use crate::trouble::{SETTINGS, Trouble};

/// Says hello once, until it panics.
#[derive(Params)]
pub(crate) struct PanickingDecision {
    trouble: Trouble,
    decisions: u64,
}

impl DecisionEngine for PanickingDecision {
    const SETTINGS: &'static [SettingDecl] = SETTINGS;

    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let mut decision = Self::with_defaults();
        decision.trouble = Trouble::new(setup);
        decision.trouble.visit("create");
        Ok(decision)
    }

    fn activate(&mut self, _: &Activation<'_>) -> Result<(), Refusal> {
        self.trouble.visit("activate");
        Ok(())
    }

    fn deactivate(&mut self) {
        self.trouble.visit("deactivate");
    }

    fn decide(&mut self, _: &Observation<'_>, actions: &mut Actions<'_>) -> Result<(), Fault> {
        self.trouble.visit("process");
        self.decisions += 1;
        if self.decisions == 1 {
            actions.alert("the first decision");
        }
        Ok(())
    }

    fn reset(&mut self) {
        self.trouble.visit("reset");
    }
}

impl Drop for PanickingDecision {
    fn drop(&mut self) {
        self.trouble.visit("drop");
    }
}

//! Observers: an analyzer and a metric that panic in any one of their methods.

use segue_plugin::prelude::*;

use crate::trouble::{SETTINGS, Trouble};

/// What both tell: how many frames they saw.
const FRAMES: &[ReadingDecl] = &[ReadingDecl {
    id: "frames",
    doc: "How many frames it saw.",
    unit: "frames",
    min: 0.0,
    max: f64::MAX,
    per: Per::Signal,
    better: Better::Neither,
}];

/// How often both emit.
const HOP: Span = Span::Frames(1_000);

/// Counts frames until it panics.
#[derive(Params)]
pub(crate) struct PanickingAnalyzer {
    trouble: Trouble,
    frames: u64,
}

impl AudioAnalyzer for PanickingAnalyzer {
    const FEATURES: &'static [ReadingDecl] = FRAMES;
    const HOP: Span = HOP;
    const SETTINGS: &'static [SettingDecl] = SETTINGS;

    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let mut analyzer = Self::with_defaults();
        analyzer.trouble = Trouble::new(setup);
        analyzer.trouble.visit("create");
        Ok(analyzer)
    }

    fn validate_input(&self, _: &Format) -> Result<(), Refusal> {
        self.trouble.visit("validate_input");
        Ok(())
    }

    fn activate(&mut self, _: &Activation<'_>) -> Result<(), Refusal> {
        self.trouble.visit("activate");
        Ok(())
    }

    fn deactivate(&mut self) {
        self.trouble.visit("deactivate");
    }

    fn analyze(&mut self, audio: &Audio<'_>) -> Result<(), Fault> {
        self.trouble.visit("process");
        self.frames += audio.frames() as u64;
        Ok(())
    }

    fn emit(&mut self, features: &mut Readings<'_>) -> Result<(), Fault> {
        self.trouble.visit("emit");
        features.set(0, self.frames as f64);
        Ok(())
    }

    fn finish(&mut self, features: &mut Readings<'_>) -> Result<(), Fault> {
        self.trouble.visit("finish");
        features.set(0, self.frames as f64);
        Ok(())
    }

    fn reset(&mut self) {
        self.trouble.visit("reset");
    }
}

impl Drop for PanickingAnalyzer {
    fn drop(&mut self) {
        self.trouble.visit("drop");
    }
}

/// Counts frames until it panics, and compares them with a reference's.
#[derive(Params)]
pub(crate) struct PanickingMetric {
    trouble: Trouble,
    frames: u64,
}

impl QualityMetric for PanickingMetric {
    const READINGS: &'static [ReadingDecl] = FRAMES;
    const REFERENCE: Reference = Reference::Required;
    const HOP: Span = HOP;
    const SETTINGS: &'static [SettingDecl] = SETTINGS;

    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let mut metric = Self::with_defaults();
        metric.trouble = Trouble::new(setup);
        metric.trouble.visit("create");
        Ok(metric)
    }

    fn measure(&mut self, signal: &Audio<'_>, reference: &Audio<'_>) -> Result<(), Fault> {
        self.trouble.visit("process");
        if signal.frames() != reference.frames() {
            return Err(Fault::new(
                1,
                "signal and reference are of different length",
            ));
        }
        self.frames += signal.frames() as u64;
        Ok(())
    }

    fn emit(&mut self, readings: &mut Readings<'_>) -> Result<(), Fault> {
        self.trouble.visit("emit");
        readings.set(0, self.frames as f64);
        Ok(())
    }

    fn finish(&mut self, readings: &mut Readings<'_>) -> Result<(), Fault> {
        self.trouble.visit("finish");
        readings.set(0, self.frames as f64);
        Ok(())
    }
}

impl Drop for PanickingMetric {
    fn drop(&mut self) {
        self.trouble.visit("drop");
    }
}

//! Warmth from a tube: a soft curve behind a gain.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// Bends the signal like a tube that is driven too hard.
#[derive(Params)]
struct Tube {
    /// Gain before the curve.
    #[param(unit = "dB", range = 0.0..=24.0, default = 6.0, smooth_ms = 10.0)]
    drive_db: Smoothed,
}

impl AudioProcessor for Tube {
    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let drive = self.drive_db.gains(context); // one linear gain per frame
        audio.map(|frame, sample| (sample * drive[frame]).tanh());
        Ok(Status::Continue)
    }
}

/// How far the signal swings.
#[derive(Params)]
struct Swing {
    least: f64,
    greatest: f64,
}

impl AudioAnalyzer for Swing {
    const FEATURES: &'static [ReadingDecl] = &[ReadingDecl {
        id: "swing",
        doc: "The greatest sample less the least.",
        unit: "",
        min: 0.0,
        max: 4.0,
        per: Per::Signal,
        better: Better::Neither,
    }];
    const HOP: Span = Span::Seconds(0.1);

    fn analyze(&mut self, audio: &Audio<'_>) -> Result<(), Fault> {
        for sample in audio.iter().flatten() {
            self.least = self.least.min(f64::from(*sample));
            self.greatest = self.greatest.max(f64::from(*sample));
        }
        Ok(())
    }

    fn emit(&mut self, features: &mut Readings<'_>) -> Result<(), Fault> {
        features.set(0, self.greatest - self.least);
        Ok(())
    }

    fn finish(&mut self, features: &mut Readings<'_>) -> Result<(), Fault> {
        features.set(0, self.greatest - self.least);
        Ok(())
    }
}

export! { id: "acme.warmth", components: [Tube as "tube", Swing as "swing"] }

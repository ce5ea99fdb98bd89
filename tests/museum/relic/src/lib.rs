//! One component of every kind, on the SDK as it was: what it does has to stay possible for ever.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// Scales the signal and tells its greatest sample.
#[derive(Params)]
struct Scale {
    /// By how much.
    #[param(range = 0.0..=4.0, default = 0.5, smooth_ms = 0.0)]
    factor: Smoothed,
    word_bytes: usize,
}

impl AudioProcessor for Scale {
    const CAPABILITIES: Capabilities = Capabilities {
        state_schema: 1,
        ..Capabilities::DEFAULT
    };
    const SETTINGS: &'static [SettingDecl] = &[SettingDecl {
        id: "word",
        doc: "A word; how long it is comes out as `word_bytes`.",
        value: SettingKind::Text { bytes_max: 100 },
        need: Need::Optional,
    }];
    const OUTPUTS: &'static [OutputDecl] = &[
        OutputDecl {
            id: "greatest",
            doc: "The greatest sample of the block.",
            unit: "",
            min: 0.0,
            max: 4.0,
        },
        OutputDecl {
            id: "word_bytes",
            doc: "How long the word is.",
            unit: "bytes",
            min: 0.0,
            max: 100.0,
        },
    ];
    const EVENTS: &'static [EventDecl] = &[EventDecl {
        id: "start",
        doc: "The stream starts.",
        unit: "",
    }];

    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let mut scale = Self::with_defaults();
        scale.word_bytes = setup.text("word").map_or(0, str::len);
        Ok(scale)
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        if context.position_frames() == 0 {
            context.publish(0, 0, 1.0);
            context.note("the stream starts", 1.0);
        }
        let factors = self.factor.values(context);
        let mut greatest = 0.0f32;
        audio.map(|frame, sample| {
            let scaled = sample * factors[frame] as f32;
            greatest = greatest.max(scaled);
            scaled
        });
        context.output(0, f64::from(greatest));
        context.output(1, self.word_bytes as f64);
        Ok(Status::Continue)
    }

    fn state_bytes(&self) -> usize {
        8
    }

    fn save_state(&self, state: &mut StateWriter<'_>) -> Result<(), Fault> {
        state.u64(7)
    }

    fn load_state(&mut self, state: &mut StateReader<'_>) -> Result<(), Fault> {
        match state.u64()? {
            7 => Ok(()),
            _ => Err(Fault::new(1, "the state is not one of this plugin's")),
        }
    }
}

/// What the analyzer and the metric tell.
const FRAMES: &[ReadingDecl] = &[ReadingDecl {
    id: "frames",
    doc: "How many frames it saw.",
    unit: "frames",
    min: 0.0,
    max: f64::MAX,
    per: Per::Signal,
    better: Better::Neither,
}];

/// Counts frames and the starts it hears of.
#[derive(Params)]
struct Count {
    frames: u64,
    starts: u64,
}

impl AudioAnalyzer for Count {
    const FEATURES: &'static [ReadingDecl] = FRAMES;
    const SUBSCRIBES: &'static [&'static str] = &["museum.relic/scale:start"];

    fn analyze(&mut self, audio: &Audio<'_>) -> Result<(), Fault> {
        self.frames += audio.frames() as u64;
        Ok(())
    }

    fn hear(&mut self, heard: &Heard<'_>) -> Result<(), Fault> {
        self.starts += heard.value() as u64;
        Ok(())
    }

    fn finish(&mut self, features: &mut Readings<'_>) -> Result<(), Fault> {
        if self.starts != 1 {
            return Err(Fault::new(1, "the stream started another number of times than once"));
        }
        features.set(0, self.frames as f64);
        Ok(())
    }
}

/// Counts frames in which signal and reference differ.
#[derive(Params)]
struct Differ {
    frames: u64,
}

impl QualityMetric for Differ {
    const READINGS: &'static [ReadingDecl] = FRAMES;
    const REFERENCE: Reference = Reference::Required;

    fn measure(&mut self, signal: &Audio<'_>, reference: &Audio<'_>) -> Result<(), Fault> {
        let pairs = signal.channel(0).iter().zip(reference.channel(0));
        self.frames += pairs.filter(|(signal, reference)| signal != reference).count() as u64;
        Ok(())
    }

    fn finish(&mut self, readings: &mut Readings<'_>) -> Result<(), Fault> {
        readings.set(0, self.frames as f64);
        Ok(())
    }
}

/// Says hello at the first decision.
#[derive(Params)]
struct Hello {
    decisions: u64,
}

impl DecisionEngine for Hello {
    fn decide(&mut self, _: &Observation<'_>, actions: &mut Actions<'_>) -> Result<(), Fault> {
        self.decisions += 1;
        if self.decisions == 1 {
            actions.alert("hello from the museum");
        }
        Ok(())
    }
}

export! {
    id: "museum.relic",
    components: [Scale as "scale", Count as "count", Differ as "differ", Hello as "hello"]
}

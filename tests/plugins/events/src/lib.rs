//! A stage that publishes, and an analyzer and a decision that hear it.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// What `beat` publishes, as those that want to hear it say.
const BEAT: &[&str] = &["test.events/beat:beat"];

/// Publishes an event at every multiple of a number of frames.
#[derive(Params)]
struct Beat {
    /// The distance between two events.
    #[param(unit = "frames", range = 1.0..=1e9, default = 1_000.0)]
    every_frames: f64,
}

impl AudioProcessor for Beat {
    const EVENTS: &'static [EventDecl] = &[EventDecl {
        id: "beat",
        doc: "A beat; its number, from 0.",
        unit: "",
    }];

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        audio.copy();
        let every = self.every_frames as u64;
        let start = context.position_frames();
        let end = start + context.frames() as u64;
        let mut beat = start.div_ceil(every);
        while beat * every < end {
            context.publish(0, (beat * every - start) as usize, beat as f64);
            beat += 1;
        }
        Ok(Status::Continue)
    }
}

/// What `ear` tells.
const HEARD: &[ReadingDecl] = &[
    ReadingDecl {
        id: "events",
        doc: "How many events it heard.",
        unit: "",
        min: 0.0,
        max: f64::MAX,
        per: Per::Signal,
        better: Better::Neither,
    },
    ReadingDecl {
        id: "last_frame",
        doc: "The frame of the last event.",
        unit: "frames",
        min: 0.0,
        max: f64::MAX,
        per: Per::Signal,
        better: Better::Neither,
    },
    ReadingDecl {
        id: "out_of_order",
        doc: "How many events did not come right after the one before.",
        unit: "",
        min: 0.0,
        max: f64::MAX,
        per: Per::Signal,
        better: Better::Neither,
    },
];

/// Counts the beats that it hears.
#[derive(Params)]
struct Ear {
    events: u64,
    last_frame: u64,
    out_of_order: u64,
}

impl AudioAnalyzer for Ear {
    const FEATURES: &'static [ReadingDecl] = HEARD;
    const SUBSCRIBES: &'static [&'static str] = BEAT;

    fn analyze(&mut self, _: &Audio<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn hear(&mut self, heard: &Heard<'_>) -> Result<(), Fault> {
        self.out_of_order += u64::from(heard.value() != self.events as f64);
        self.events += 1;
        self.last_frame = heard.position_frames();
        Ok(())
    }

    fn finish(&mut self, features: &mut Readings<'_>) -> Result<(), Fault> {
        features.set(0, self.events as f64);
        features.set(1, self.last_frame as f64);
        features.set(2, self.out_of_order as f64);
        Ok(())
    }
}

/// Says who beat, and when, once for each.
#[derive(Params)]
struct Judge;

impl DecisionEngine for Judge {
    const SUBSCRIBES: &'static [&'static str] = BEAT;

    fn decide(&mut self, seen: &Observation<'_>, actions: &mut Actions<'_>) -> Result<(), Fault> {
        for heard in seen.heard() {
            let (from, value, at) = (heard.from(), heard.value(), heard.position_frames());
            actions.alert(format!("beat {value} of {from} at frame {at}"));
        }
        Ok(())
    }
}

export! {
    id: "test.events",
    components: [Beat as "beat", Ear as "ear", Judge as "judge"]
}

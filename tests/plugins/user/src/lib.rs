//! Owns a component of another plugin and calls it on its own thread.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// The signal through another plugin's component, upside down so that both are heard.
#[derive(Params)]
struct User {
    hosted: Option<HostedProcessor>,
    room: Vec<f32>,
}

impl AudioProcessor for User {
    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let hosted = setup
            .host()
            .processor("test.provider/scale", &[("more", 0.5)])?;
        Ok(Self {
            hosted: Some(hosted),
            room: Vec::new(),
        })
    }

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        self.room = vec![0.0; activation.frames_max() * activation.channels()];
        match &mut self.hosted {
            Some(hosted) => hosted.activate(activation),
            None => Err(Refusal::new("created without its provider")),
        }
    }

    fn deactivate(&mut self) {
        if let Some(hosted) = &mut self.hosted {
            hosted.deactivate();
        }
    }

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let Some(hosted) = &mut self.hosted else {
            return Err(Fault::UNSUPPORTED);
        };
        let (frames, channels) = (audio.frames(), audio.channels_out());
        let room = &mut self.room[..frames * channels];
        let status = hosted.process(&audio.signal(), room)?;
        for (channel, scaled) in room.chunks_exact(frames).enumerate() {
            for (out, sample) in audio.output(channel).iter_mut().zip(scaled) {
                *out = -sample;
            }
        }
        Ok(status)
    }
}

export! {
    id: "test.user",
    requires: ["test.provider" = "1"],
    components: [User as "user"]
}

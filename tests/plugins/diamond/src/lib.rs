//! Uses a plugin, and another that uses it too: both share one version.

#![deny(unsafe_code)]

use segue_plugin::prelude::*;

/// The signal through `test.user`, which itself goes through `test.provider`.
#[derive(Params)]
struct Diamond {
    hosted: Option<HostedProcessor>,
    room: Vec<f32>,
}

impl AudioProcessor for Diamond {
    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let host = setup.host();
        host.processor("test.provider", &[])?;
        if host.processor("test.provider/nothing", &[]).is_ok() {
            return Err(Refusal::new(
                "the host made a component that does not exist",
            ));
        }
        if host.processor("test.through", &[]).is_ok() {
            return Err(Refusal::new("the host lent a plugin that is not required"));
        }
        if host.processor("test.provider", &[("more", 9.0)]).is_ok() {
            return Err(Refusal::new("the host passed a value outside its range"));
        }
        Ok(Self {
            hosted: Some(host.processor("test.user/user", &[])?),
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

    fn process(&mut self, _: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let Some(hosted) = &mut self.hosted else {
            return Err(Fault::UNSUPPORTED);
        };
        let (frames, channels) = (audio.frames(), audio.channels_out());
        let room = &mut self.room[..frames * channels];
        let status = hosted.process(&audio.signal(), room)?;
        for (channel, scaled) in room.chunks_exact(frames).enumerate() {
            audio.output(channel).copy_from_slice(scaled);
        }
        Ok(status)
    }
}

export! {
    id: "test.diamond",
    requires: ["test.provider" = "^1.2", "test.user" = "1"],
    components: [Diamond as "diamond"]
}

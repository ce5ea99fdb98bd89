//! Position: holds the host to what it promised about blocks.

use segue_plugin::prelude::*;

/// Lets everything through while every block follows the one before and keeps to the bounds.
#[derive(Params)]
pub(crate) struct Position {
    next_frame: Option<u64>,
    frames_max: usize,
    sample_rate_hz: u32,
    channels: usize,
    blocks: u64,
}

impl AudioProcessor for Position {
    const OUTPUTS: &'static [OutputDecl] = &[
        OutputDecl {
            id: "blocks",
            doc: "How many blocks it saw.",
            unit: "",
            min: 0.0,
            max: f64::MAX,
        },
        OutputDecl {
            id: "end_frame",
            doc: "The frame after the last one it saw.",
            unit: "frames",
            min: 0.0,
            max: f64::MAX,
        },
    ];

    fn activate(&mut self, activation: &Activation<'_>) -> Result<Timing, Refusal> {
        self.next_frame = None;
        self.blocks = 0;
        self.frames_max = activation.frames_max();
        self.sample_rate_hz = activation.sample_rate_hz();
        self.channels = activation.channels();
        Ok(Timing::NONE)
    }

    fn process(&mut self, context: &mut Context<'_>, audio: &mut Io<'_>) -> Result<Status, Fault> {
        let frames = audio.frames();
        if frames == 0 || frames > self.frames_max || frames != context.frames() {
            return Err(Fault::new(
                1,
                "a block is empty, or longer than activated for",
            ));
        }
        if audio.channels_in() != self.channels || audio.channels_out() != self.channels {
            return Err(Fault::new(
                2,
                "a block has other channels than activated for",
            ));
        }
        if context.sample_rate_hz() != self.sample_rate_hz {
            return Err(Fault::new(3, "a block has another rate than activated for"));
        }
        let follows = self
            .next_frame
            .is_none_or(|next| next == context.position_frames());
        if !follows && !context.is_discontinuity() {
            return Err(Fault::new(4, "a block does not follow the one before"));
        }
        let end_frame = context.position_frames() + frames as u64;
        self.next_frame = Some(end_frame);
        self.blocks += 1;
        context.output(0, self.blocks as f64);
        context.output(1, end_frame as f64);
        audio.copy();
        Ok(Status::Continue)
    }
}

//! Change: everything that one change of a running pipeline brings, and takes away again.
//!
//! In: what control code made beforehand: a schedule with its memory, new instances, new stages,
//! values of parameters. Out: the same box, holding what is no longer used, to be dropped off the
//! audio thread. Applied whole, at the start of a block.

use segue_plugin::link::{ParamEvent, Processor};

use crate::pipeline::candidate::StageCandidate;
use crate::pipeline::fade_in::Fade;
use crate::pipeline::loaded_schedule::LoadedSchedule;
use crate::pipeline::stage::Stage;

/// One change. Made and dropped by control code; applied by the audio thread.
#[derive(Debug, Default)]
pub struct Change {
    /// Its number, for who sent it.
    pub number: u64,
    /// New instances for stages that run, each for the stage of that number.
    pub candidates: Vec<(usize, Box<StageCandidate>)>,
    /// Values of parameters.
    pub param_events: Vec<(usize, ParamEvent)>,
    /// Stages whose new instance is to leave again.
    pub reversed: Vec<usize>,
    /// Another schedule.
    pub schedule: Option<Box<Reschedule>>,
    /// Not before this frame of the stream.
    pub not_before_frames: u64,
    /// When it was applied, once it was.
    pub applied_at_frames: Option<u64>,
    /// When it was over: all stalls and fades of its schedules.
    pub over_at_frames: Option<u64>,
    /// What the exchange took on the audio thread.
    pub exchange_ns: u64,
}

/// Another schedule, and the stages that come and go with it.
#[derive(Debug)]
pub struct Reschedule {
    /// What runs from now on; after the exchange, what ran before.
    pub next: LoadedSchedule,
    /// Where `next` hears old and new sources together: how, and what runs after it.
    pub fade: Option<ScheduleFade>,
    /// Room for the stages, where there are to be more than ever before: empty, with capacity.
    pub larger_slots: Vec<Option<Stage>>,
    /// Stages that come, by number; moved out when the change is applied.
    pub added: Vec<(usize, Stage)>,
    /// Stages that go once it is over.
    pub removed: Vec<usize>,
    /// Those that went, with capacity for all of `removed`.
    pub gone: Vec<(usize, Stage)>,
}

/// A schedule in which readers go over from old sources to new ones.
#[derive(Debug)]
pub struct ScheduleFade {
    /// When the fade begins, in frames since the change.
    pub begins_at_frames: u64,
    /// The fade.
    pub fade: Fade,
    /// What runs after it; then, what ran during it.
    pub after: LoadedSchedule,
}

impl Change {
    /// Takes every instance out, to end it. Not for the audio thread.
    #[must_use]
    pub fn into_processors(self) -> Vec<Processor> {
        let candidates = self.candidates.into_iter();
        let candidates = candidates.filter_map(|(_, candidate)| candidate.into_processor());
        let stages = self.schedule.into_iter().flat_map(|schedule| {
            let Reschedule {
                larger_slots,
                added,
                gone,
                ..
            } = *schedule;
            let numbered = added.into_iter().chain(gone).map(|(_, stage)| stage);
            let all = numbered.chain(larger_slots.into_iter().flatten());
            all.flat_map(Stage::into_processors).collect::<Vec<_>>()
        });
        candidates.chain(stages).collect()
    }
}

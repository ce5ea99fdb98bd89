//! Recipe: how the instance of a stage is made, at the start and again after a failure.
//!
//! In: what is bound to the place, the open library, and what goes in. Out: an activated instance
//! with what it answered. Every step is foreign code: call it within a deadline.

use std::sync::Arc;

use segue_plugin::declare::Layout;
use segue_plugin::fault::Refusal;
use segue_plugin::link::{Creation, Processor, Start};
use segue_plugin::setup::{Format, Mode, Timing};

use crate::loading::meter::heap_counts;
use crate::loading::{Generation, Providers};
use crate::session::bind::Bound;

/// Everything that it takes to make one processor.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// What is bound to the place: component, parameters, settings.
    pub bound: Bound,
    /// The open library.
    pub generation: Arc<Generation>,
    /// What it may ask of others.
    pub providers: Arc<Providers>,
    /// What goes in.
    pub format: Format,
    /// The longest block.
    pub frames_max: u32,
    /// Off line or at the pace of the stream.
    pub mode: Mode,
    /// The layouts of its further inputs.
    pub sidechains: Vec<Layout>,
}

/// A processor that was made.
#[derive(Debug)]
pub struct Made {
    /// The instance, activated.
    pub processor: Processor,
    /// What comes out.
    pub layout_out: Layout,
    /// Latency and tail.
    pub timing: Timing,
    /// Bytes it took to create and activate.
    pub held_bytes: i64,
}

impl Recipe {
    /// Makes it; `step` is told what is under way. Thread: any but audio.
    ///
    /// # Errors
    /// What the component says.
    pub fn make(&self, step: &dyn Fn(&str)) -> Result<Made, Refusal> {
        let create = || {
            let component = &self.bound.component.name;
            let providers = Arc::clone(&self.providers);
            self.generation
                .processor(component, &creation(&self.bound), providers)
        };
        let start = Start {
            format: self.format,
            frames_max: self.frames_max,
            mode: self.mode,
            sidechains: &self.sidechains,
            sources: &[],
        };
        make(create, &start, step)
    }
}

/// Creates a processor and activates it; `step` is told what is under way.
pub(super) fn make(
    create: impl FnOnce() -> Result<Processor, Refusal>,
    start: &Start<'_>,
    step: &dyn Fn(&str),
) -> Result<Made, Refusal> {
    let before = heap_counts();
    step("create");
    let mut processor = create()?;
    step("activate");
    let layout_out = processor.validate_input(start.format)?;
    let timing = processor.activate(start)?;
    Ok(Made {
        processor,
        layout_out,
        timing,
        held_bytes: heap_counts().since(before).net_bytes,
    })
}

/// What a bound component is created with.
pub(super) fn creation(bound: &Bound) -> Creation<'_> {
    Creation {
        name: &bound.id,
        resource_dir: None,
        settings: &bound.settings,
        params: &bound.params,
    }
}

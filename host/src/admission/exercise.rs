//! Exercise: one component from creation to drop, on a few blocks of silence.
//!
//! In: an open library in the helper process. Out: a line before each step; the first panic or
//! non-finite sample as a failure. What a component politely refuses is noted and no failure: it
//! may want a setting, a file or a signal that nobody gave it.

use std::sync::Arc;

use segue_media::audio::Buffer;
use segue_plugin::abi::audio::Span;
use segue_plugin::declare::{Kind, Need, Reference};
use segue_plugin::fault::Refusal;
use segue_plugin::layout::Layout;
use segue_plugin::link::{
    AudioView, CallStatus, Code, Creation, Decision, Observer, Processor, Start,
};
use segue_plugin::manifest::Component;
use segue_plugin::manifest::model::Layouts;
use segue_plugin::setup::{Format, Mode};

use crate::admission::answers::Answers;
use crate::admission::wire::{HelperLine, PluginFailure};
use crate::loading::exercise::{
    self, Activated, CallOutcome, ExerciseBuffers, MakeStep, MakeSteps, silence,
};
use crate::loading::{Generation, Providers};

/// The sample rate of the silence, in Hz: the one that everybody supports.
const SAMPLE_RATE_HZ: u32 = 48_000;

/// How many frames the longest block of silence has.
const FRAMES: u32 = 256;

/// One component under trial.
pub(super) struct Exercise<'a> {
    answers: &'a mut Answers,
    generation: &'a Generation,
    providers: &'a Arc<Providers>,
    component: &'a Component,
    /// How people call it.
    address: String,
    format: Format,
}

/// Why a component is not exercised further.
pub(super) enum ExerciseEnd {
    /// It said no, which is noted.
    Refused(String),
    /// It failed.
    Failed(PluginFailure),
}

impl<'a> Exercise<'a> {
    /// Prepares to exercise one component of an open library.
    pub(super) fn new(
        answers: &'a mut Answers,
        generation: &'a Generation,
        providers: &'a Arc<Providers>,
        component: &'a Component,
    ) -> Self {
        let layout = layout(&component.capabilities.layouts);
        Self {
            answers,
            generation,
            providers,
            component,
            address: format!("{}/{}", generation.manifest().id, component.name),
            format: Format {
                sample_rate_hz: SAMPLE_RATE_HZ,
                layout,
            },
        }
    }

    /// Runs it.
    pub(super) fn run(mut self) -> Result<(), PluginFailure> {
        let mut settings = self.component.settings.iter();
        if let Some(setting) = settings.find(|setting| setting.need == Need::Required) {
            let (address, id) = (&self.address, &setting.id);
            let text = format!("{address} was not created: it needs the setting {id}");
            self.answers.send(&HelperLine::Note(text));
            return Ok(());
        }
        let ended = match self.component.kind {
            Kind::Processor => self.processor(),
            Kind::Analyzer | Kind::Metric => self.observer(),
            Kind::Decision => self.decision(),
        };
        match ended {
            Ok(()) => Ok(()),
            Err(ExerciseEnd::Refused(text)) => {
                self.answers.send(&HelperLine::Note(text));
                Ok(())
            }
            Err(ExerciseEnd::Failed(failure)) => Err(failure),
        }
    }

    fn processor(&mut self) -> Result<(), ExerciseEnd> {
        let (generation, component) = (self.generation, self.component);
        let (address, services) = (self.address.clone(), Arc::clone(self.providers));
        let create = || generation.processor(&component.name, &named(&address), services);
        let start = start(self.format);
        let Activated {
            mut processor,
            layout_out,
            ..
        } = exercise::make(create, &start, self)?;
        let outputs = component.outputs.len();
        let mut buffers = ExerciseBuffers::new(&start, layout_out, outputs);
        self.process(&mut processor, &mut buffers)?;
        let status = self.step("deactivating", || processor.deactivate());
        self.called("deactivating", status, || processor.fault_text())?;
        self.dropping(processor)
    }

    /// Has it process silence, and looks at what comes out.
    fn process(
        &mut self,
        processor: &mut Processor,
        buffers: &mut ExerciseBuffers,
    ) -> Result<(), ExerciseEnd> {
        let mut last = None;
        let look = |_: &Processor, outcome: CallOutcome| {
            last = Some(outcome);
            let is_good = outcome.status.is_ok() && !outcome.mode_changed && outcome.is_finite;
            if is_good { Ok(()) } else { Err(()) }
        };
        let (_, panicked) = self.step("processing", || silence(processor, buffers, look));
        let Some(last) = last else { return Ok(()) };
        self.called("processing", (last.status, panicked), || {
            processor.fault_text()
        })?;
        let address = &self.address;
        let reason = if last.mode_changed {
            format!("{address} leaves the processor in another floating-point mode")
        } else if last.is_finite {
            return Ok(());
        } else {
            format!("{address} made samples of silence that are infinite or no numbers")
        };
        Err(ExerciseEnd::Failed(PluginFailure::of_content(reason)))
    }

    fn observer(&mut self) -> Result<(), ExerciseEnd> {
        let (generation, component, format) = (self.generation, self.component, self.format);
        let (address, services) = (self.address.clone(), Arc::clone(self.providers));
        let mut observer = self.asked("creating", || {
            generation.observer(&component.name, &named(&address), services)
        })?;
        self.asked("validating", || observer.validate_input(format))?;
        let hop_frames = self.asked("activating", || observer.activate(&start(format)))?;
        self.observe(&mut observer, hop_frames)?;
        let status = self.step("deactivating", || observer.deactivate());
        self.called("deactivating", status, || observer.fault_text())?;
        self.dropping(observer)
    }

    /// Shows it silence, and reads what it makes of it.
    fn observe(&mut self, observer: &mut Observer, hop_frames: u32) -> Result<(), ExerciseEnd> {
        let channels = self.format.layout.channels();
        let frames = match hop_frames {
            0 => FRAMES,
            hop_frames => FRAMES.min(hop_frames),
        };
        let quiet = Buffer::new(channels, frames as usize);
        let signal = || AudioView::new(quiet.as_slice(), span(&quiet));
        let reference = match self.component.reference {
            Reference::Required => signal(),
            Reference::Unused => AudioView::empty(),
        };
        let readings = self.component.readings.iter();
        let values: usize = readings.map(|reading| reading.per.values(channels)).sum();
        let mut values = vec![f64::NAN; values];
        let status = self.step("observing with", || {
            observer.observe(0, signal(), reference)
        });
        self.called("observing with", status, || observer.fault_text())?;
        if frames == hop_frames {
            let status = self.step("reading", || observer.emit(&mut values, channels));
            self.called("reading", status, || observer.fault_text())?;
        }
        let status = self.step("finishing", || observer.finish(&mut values, channels));
        self.called("finishing", status, || observer.fault_text())
    }

    fn decision(&mut self) -> Result<(), ExerciseEnd> {
        let (generation, component, format) = (self.generation, self.component, self.format);
        let (address, services) = (self.address.clone(), Arc::clone(self.providers));
        let mut decision = self.asked("creating", || {
            generation.decision(&component.name, &named(&address), services)
        })?;
        self.asked("activating", || decision.activate(&start(format)))?;
        self.decide(&mut decision)?;
        let status = self.step("deactivating", || decision.deactivate());
        self.called("deactivating", status, || decision.fault_text())?;
        self.dropping(decision)
    }

    fn decide(&mut self, decision: &mut Decision) -> Result<(), ExerciseEnd> {
        let status = self.step("deciding with", || decision.decide(0, &[], &[]).0);
        self.called("deciding with", status, || decision.fault_text())
    }

    /// Does something, told before; says whether the library panicked in it.
    fn step<R>(&mut self, doing: &str, body: impl FnOnce() -> R) -> (R, Panicked) {
        let text = format!("{doing} {}", self.address);
        self.answers.send(&HelperLine::Step(text));
        let before = self.generation.panics();
        let answer = body();
        let panicked = match self.generation.panics() == before {
            true => Panicked::No,
            false => Panicked::Yes,
        };
        (answer, panicked)
    }

    /// A step that the component may refuse.
    fn asked<R>(
        &mut self,
        doing: &str,
        body: impl FnOnce() -> Result<R, Refusal>,
    ) -> Result<R, ExerciseEnd> {
        match self.step(doing, body) {
            (Ok(answer), Panicked::No) => Ok(answer),
            (Ok(_), Panicked::Yes) => Err(self.panicked(doing, "")),
            (Err(refusal), Panicked::Yes) => Err(self.panicked(doing, &refusal.to_string())),
            (Err(refusal), Panicked::No) if refusal.is_panic() => {
                Err(self.panicked(doing, &refusal.to_string()))
            }
            (Err(refusal), Panicked::No) => Err(self.refused(doing, &refusal.to_string())),
        }
    }

    /// What a call's status means.
    fn called(
        &self,
        doing: &str,
        (status, panicked): (CallStatus, Panicked),
        text: impl FnOnce() -> String,
    ) -> Result<(), ExerciseEnd> {
        match (panicked, status.code) {
            (Panicked::Yes, _) | (_, Code::POISONED) => Err(self.panicked(doing, &text())),
            (Panicked::No, Code::OK) => Ok(()),
            (Panicked::No, code) => {
                let text = format!("{}: {}", code.name(), text());
                Err(self.refused(doing, &text))
            }
        }
    }

    fn dropping<R>(&mut self, instance: R) -> Result<(), ExerciseEnd> {
        match self.step("dropping", || drop(instance)) {
            ((), Panicked::No) => Ok(()),
            ((), Panicked::Yes) => Err(self.panicked("dropping", "")),
        }
    }

    fn panicked(&self, doing: &str, text: &str) -> ExerciseEnd {
        let text = text.strip_prefix("panicked").unwrap_or(text);
        let text = text.strip_prefix(": ").unwrap_or(text);
        let colon = if text.is_empty() { "" } else { ": " };
        let reason = format!("it panicked while {doing} {}{colon}{text}", self.address);
        ExerciseEnd::Failed(PluginFailure::of_content(reason))
    }

    fn refused(&self, doing: &str, text: &str) -> ExerciseEnd {
        ExerciseEnd::Refused(format!("{doing} {} was refused: {text}", self.address))
    }
}

impl MakeSteps for Exercise<'_> {
    type Error = ExerciseEnd;

    fn run<R>(
        &mut self,
        step: MakeStep,
        body: impl FnOnce() -> Result<R, Refusal>,
    ) -> Result<R, ExerciseEnd> {
        let doing = match step {
            MakeStep::Create => "creating",
            MakeStep::Validate => "validating",
            MakeStep::Activate => "activating",
        };
        self.asked(doing, body)
    }
}

/// Whether the library panicked during a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Panicked {
    Yes,
    No,
}

fn named(name: &str) -> Creation<'_> {
    Creation {
        name,
        ..Creation::default()
    }
}

/// A layout that the component accepts, as it says.
fn layout(layouts: &Layouts) -> Layout {
    let first = match layouts {
        Layouts::Any => None,
        Layouts::Same(layouts) => layouts.first().copied(),
        Layouts::Pairs(pairs) => pairs.first().map(|(from, _)| *from),
    };
    first.unwrap_or(Layout::STEREO)
}

fn start(format: Format) -> Start<'static> {
    Start {
        format,
        frames_max: FRAMES,
        mode: Mode::Offline,
        sidechains: &[],
        sources: &[],
    }
}

fn span(buffer: &Buffer) -> Span {
    Span {
        channels: buffer.channels(),
        stride: buffer.stride(),
        start: 0,
        frames: buffer.frames_max(),
    }
}

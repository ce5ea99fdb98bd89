//! Exercise: one component from creation to drop, on a block of silence.
//!
//! In: an open library in the helper process. Out: a line before each step; the first panic or
//! non-finite sample as a failure. What a component politely refuses is noted and no failure: it
//! may want a setting, a file or a signal that nobody gave it.

use std::sync::Arc;

use segue_plugin::abi::audio::Span;
use segue_plugin::declare::{Kind, Need, Reference};
use segue_plugin::fault::Refusal;
use segue_plugin::layout::Layout;
use segue_plugin::link::{
    AudioView, AudioViewMut, Block, CallStatus, Code, Creation, Decision, Flags, Observer,
    Processor, Record, Start,
};
use segue_plugin::manifest::Component;
use segue_plugin::manifest::model::Layouts;
use segue_plugin::setup::{Format, Mode};

use crate::admission::helper::Answers;
use crate::admission::wire::{Failure, Line};
use crate::audio::{Buffer, FloatMode};
use crate::loading::meter::RealTimeScope;
use crate::loading::{Generation, Providers};

/// The sample rate of the silence, in Hz: the one that everybody supports.
const SAMPLE_RATE_HZ: u32 = 48_000;

/// How many frames of silence.
const FRAMES: u32 = 256;

/// How many notes and events a component may leave behind.
const RECORDS: usize = 64;

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
enum End {
    /// It said no, which is noted.
    Refused(String),
    /// It failed.
    Failed(Failure),
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
    pub(super) fn run(mut self) -> Result<(), Failure> {
        let mut settings = self.component.settings.iter();
        if let Some(setting) = settings.find(|setting| setting.need == Need::Required) {
            let (address, id) = (&self.address, &setting.id);
            let text = format!("{address} was not created: it needs the setting {id}");
            self.answers.send(&Line::Note(text));
            return Ok(());
        }
        let ended = match self.component.kind {
            Kind::Processor => self.processor(),
            Kind::Analyzer | Kind::Metric => self.observer(),
            Kind::Decision => self.decision(),
        };
        match ended {
            Ok(()) => Ok(()),
            Err(End::Refused(text)) => {
                self.answers.send(&Line::Note(text));
                Ok(())
            }
            Err(End::Failed(failure)) => Err(failure),
        }
    }

    fn processor(&mut self) -> Result<(), End> {
        let (generation, component, format) = (self.generation, self.component, self.format);
        let (address, services) = (self.address.clone(), Arc::clone(self.providers));
        let mut processor = self.asked("creating", || {
            generation.processor(&component.name, &named(&address), services)
        })?;
        let layout = self.asked("validating", || processor.validate_input(format))?;
        self.asked("activating", || processor.activate(&start(format)))?;
        self.process(&mut processor, layout)?;
        let status = self.step("deactivating", || processor.deactivate());
        self.called("deactivating", status, || processor.fault_text())?;
        self.dropping(processor)
    }

    /// Processes silence, and looks at what comes out.
    fn process(&mut self, processor: &mut Processor, layout: Layout) -> Result<(), End> {
        let input = Buffer::new(self.format.layout.channels(), FRAMES as usize);
        let mut output = Buffer::new(layout.channels(), FRAMES as usize);
        let mut outputs = vec![0.0; self.component.outputs.len()];
        let mut records = vec![Record::EMPTY; RECORDS];
        let output_span = span(&output);
        let block = Block {
            position_frames: 0,
            flags: Flags::NONE,
            input: AudioView::new(input.as_slice(), span(&input)),
            output: AudioViewMut::new(output.as_mut_slice(), output_span),
            sidechains: &[],
            events: &[],
            outputs: &mut outputs,
            records: &mut records,
        };
        let mut changed_mode = false;
        let status = self.step("processing", || {
            let _scope = RealTimeScope::enter();
            let mode = FloatMode::enter();
            let status = processor.process(block).status;
            changed_mode = mode.was_changed();
            status
        });
        self.called("processing", status, || processor.fault_text())?;
        if changed_mode {
            let address = &self.address;
            let reason = format!("{address} leaves the processor in another floating-point mode");
            return Err(End::Failed(Failure::of_content(reason)));
        }
        if output.iter().flatten().all(|sample| sample.is_finite()) {
            return Ok(());
        }
        let reason = format!(
            "{} made samples of silence that are infinite or no numbers",
            self.address
        );
        Err(End::Failed(Failure::of_content(reason)))
    }

    fn observer(&mut self) -> Result<(), End> {
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
    fn observe(&mut self, observer: &mut Observer, hop_frames: u32) -> Result<(), End> {
        let channels = self.format.layout.channels();
        let frames = match hop_frames {
            0 => FRAMES,
            hop_frames => FRAMES.min(hop_frames),
        };
        let silence = Buffer::new(channels, frames as usize);
        let signal = || AudioView::new(silence.as_slice(), span(&silence));
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

    fn decision(&mut self) -> Result<(), End> {
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

    fn decide(&mut self, decision: &mut Decision) -> Result<(), End> {
        let status = self.step("deciding with", || decision.decide(0, &[], &[]).0);
        self.called("deciding with", status, || decision.fault_text())
    }

    /// Does something, told before; says whether the library panicked in it.
    fn step<R>(&mut self, doing: &str, body: impl FnOnce() -> R) -> (R, Panicked) {
        let text = format!("{doing} {}", self.address);
        self.answers.send(&Line::Step(text));
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
    ) -> Result<R, End> {
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
    ) -> Result<(), End> {
        match (panicked, status.code) {
            (Panicked::Yes, _) | (_, Code::POISONED) => Err(self.panicked(doing, &text())),
            (Panicked::No, Code::OK) => Ok(()),
            (Panicked::No, code) => {
                let text = format!("{}: {}", code.name(), text());
                Err(self.refused(doing, &text))
            }
        }
    }

    fn dropping<R>(&mut self, instance: R) -> Result<(), End> {
        match self.step("dropping", || drop(instance)) {
            ((), Panicked::No) => Ok(()),
            ((), Panicked::Yes) => Err(self.panicked("dropping", "")),
        }
    }

    fn panicked(&self, doing: &str, text: &str) -> End {
        let text = text.strip_prefix("panicked").unwrap_or(text);
        let text = text.strip_prefix(": ").unwrap_or(text);
        let colon = if text.is_empty() { "" } else { ": " };
        let reason = format!("it panicked while {doing} {}{colon}{text}", self.address);
        End::Failed(Failure::of_content(reason))
    }

    fn refused(&self, doing: &str, text: &str) -> End {
        End::Refused(format!("{doing} {} was refused: {text}", self.address))
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

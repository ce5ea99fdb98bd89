//! Start: from a request to a finished run, step by step.
//!
//! In: a configuration, where plugins and caches are, what goes in and out. Out: the report, and
//! how the run ended. Every step is a sentence of the module's page; nothing is undone halfway:
//! an output exists under its name only when the run came to its end.

mod stages;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use segue_plugin::declare::Layout;
use segue_plugin::link::Processor;
use segue_plugin::setup::{Format as Signal, Mode};

use crate::admission::Admission;
use crate::audio::Format;
use crate::config::model::Config;
use crate::config::words::Tail;
use crate::discovery::SearchPlan;
use crate::io::{self, Container, OutputOptions, Overwrite, RawSpec, Sink, Source, Written};
use crate::loading::{Missed, within};
use crate::observe::{Event, EventSink, RunReport};
use crate::pipeline::{Engine, Plan, Rings, Stage};
use crate::session::bind::Bindings;
use crate::session::build::{Instances, Opened, StageFacts, Target};
use crate::session::error::SessionError;
use crate::session::export::{self, Exporter, Facts, Trouble};
use crate::session::observers::{Found, Observers, Setup};
use crate::session::open::open;
use crate::session::run::{Counters, Ended, NonFinite, Pace, Plan as RunPlan, Runner};
use crate::session::start::stages::stages;
use crate::session::subscribers::subscribers;
use crate::session::wires::Wires;

/// The most memory that delay lines of parallel paths take: beyond it a configuration is refused.
const DELAY_BYTES_MAX: u64 = 1 << 30;

/// How long instances may take to be dropped at the end.
const DROP_DEADLINE: Duration = Duration::from_secs(10);

/// What a run is asked to do.
pub struct Request {
    /// The pipeline.
    pub config: Config,
    /// Where plugins are.
    pub search: SearchPlan,
    /// The folder of the registry cache; `None` keeps none.
    pub cache: Option<PathBuf>,
    /// Opens what was chosen.
    pub admission: Admission,
    /// What comes in.
    pub input: Input,
    /// Where it goes; `None` is nowhere: the pipeline is measured only.
    pub output: Option<Output>,
    /// How fast.
    pub pace: Pace,
    /// What to do about samples that are not finite.
    pub non_finite: NonFinite,
    /// Who is told.
    pub events: Arc<dyn EventSink>,
    /// Raised to a signal's number when the run has to end.
    pub stop: Arc<AtomicUsize>,
    /// When the process started.
    pub born: Instant,
}

/// What comes in.
#[derive(Debug, Clone)]
pub struct Input {
    /// A file, or `-`.
    pub path: PathBuf,
    /// Its samples, where no header says.
    pub raw: Option<RawSpec>,
}

/// Where it goes.
#[derive(Debug, Clone)]
pub struct Output {
    /// A file, or `-`.
    pub path: PathBuf,
    /// Whether samples go out without a header, in this form.
    pub raw: Option<RawSpec>,
    /// Whether an existing file is replaced.
    pub overwrite: Overwrite,
}

/// How a run went.
#[derive(Debug)]
pub struct Outcome {
    /// What is known of it; `None` when nothing had started.
    pub report: Option<RunReport>,
    /// Why it ended, or why it failed.
    pub result: Result<Ended, SessionError>,
}

/// Runs a pipeline over one stream. Thread: any; this one becomes the audio thread.
#[must_use]
pub fn run(request: Request) -> Outcome {
    match prepare(request) {
        Ok(session) => session.run(),
        Err(error) => Outcome {
            report: None,
            result: Err(error),
        },
    }
}

/// A session that is ready to run.
struct Session {
    request: Request,
    bindings: Bindings,
    wires: Wires,
    opened: Opened,
    facts: Vec<StageFacts>,
    layout_out: Layout,
    order: Vec<usize>,
    tap_layouts: Vec<Layout>,
    engine: Engine,
    rings: Rings,
    observers: Option<Observers>,
    source: Box<dyn Source>,
    sink: Option<Box<dyn Sink>>,
    plan: RunPlan,
}

fn prepare(mut request: Request) -> Result<Session, SessionError> {
    let (bindings, opened) = open(&mut request)?;
    let source = io::open(&request.input.path, request.input.raw)?;
    let target = target(&request, *source.format());
    let instances = Instances::create(&request.config, &bindings, &opened, target)?;
    match connect(&request, &instances, &*source) {
        Ok(connected) => assemble(request, bindings, opened, instances, source, connected),
        Err(error) => {
            let stages = instances.stages.into_iter();
            // The error that is told came first; instances that do not end either change nothing.
            let _ = end(stages.map(|stage| stage.processor).collect());
            Err(error)
        }
    }
}

/// What is decided once all instances are there.
struct Connected {
    plan: Plan,
    layout_out: Layout,
    tail_frames: u64,
    sink: Option<Box<dyn Sink>>,
}

/// Plans the network and opens the output.
fn connect(
    request: &Request,
    instances: &Instances,
    source: &dyn Source,
) -> Result<Connected, SessionError> {
    let plan = Plan::of(&instances.network)?;
    let bytes = plan.delay_bytes();
    if bytes > DELAY_BYTES_MAX {
        let max = DELAY_BYTES_MAX;
        return Err(SessionError::Delays { bytes, max });
    }
    let layout_out = instances.layout(instances.network.output, source.format().layout());
    let tail_frames = match request.config.stream.tail.value {
        Tail::Cut => 0,
        Tail::Keep => instances.tail_frames(&plan.order),
    };
    Ok(Connected {
        sink: create(request, layout_out, source, tail_frames)?,
        plan,
        layout_out,
        tail_frames,
    })
}

fn assemble(
    request: Request,
    bindings: Bindings,
    opened: Opened,
    mut instances: Instances,
    source: Box<dyn Source>,
    connected: Connected,
) -> Result<Session, SessionError> {
    let (config, format) = (&request.config, *source.format());
    let block_frames = config.stream.block_frames.value as usize;
    let (facts, stages) = stages(config, &mut instances, &bindings, format);
    let order = connected.plan.order.clone();
    let (engine, rings) = Engine::new(&instances.network, connected.plan, stages, block_frames);
    let plan = RunPlan {
        pace: request.pace,
        non_finite: request.non_finite,
        block_frames,
        decide_every_frames: (!bindings.decides.is_empty())
            .then(|| u64::from(config.stream.decide_every_frames.value)),
        tail_frames: connected.tail_frames,
        sample_rate_hz: format.sample_rate_hz(),
        stages: bindings
            .stages
            .iter()
            .map(|bound| bound.id.as_str().into())
            .collect(),
        subscribers: subscribers(&bindings),
        stop: Arc::clone(&request.stop),
        born: request.born,
    };
    let mut session = Session {
        wires: Wires::of(config),
        tap_layouts: instances.taps.iter().map(|tap| tap.layout).collect(),
        layout_out: connected.layout_out,
        sink: connected.sink,
        request,
        bindings,
        opened,
        facts,
        order,
        engine,
        rings,
        observers: None,
        source,
        plan,
    };
    session.observe(instances)?;
    Ok(session)
}

/// Ends instances, each inside its plugin's guard, within a deadline.
fn end(processors: Vec<Processor>) -> Result<(), Missed> {
    within(DROP_DEADLINE, move || {
        for mut processor in processors {
            processor.deactivate();
        }
    })
}

impl Session {
    /// Starts the observers: taps and decisions move to their own thread.
    fn observe(&mut self, instances: Instances) -> Result<(), SessionError> {
        let exporter = Exporter::new(&self.request.config, &self.bindings);
        let Some(feeds) = self.rings.feeds.take() else {
            return Ok(());
        };
        let layouts = self.tap_layouts.clone();
        let setup = Setup {
            events: Arc::clone(&self.request.events),
            tap_report: &|at| exporter.tap(at, layouts[at]),
            decide: &|at| exporter.decide(at),
        };
        self.observers = Observers::start(&self.bindings, &self.wires, instances, feeds, &setup)?;
        Ok(())
    }

    fn run(mut self) -> Outcome {
        self.request.events.event(Event::Started {
            frames: self.source.frames(),
            sample_rate_hz: self.plan.sample_rate_hz,
        });
        let channels = (self.source.format().channels(), self.layout_out.channels());
        let mut runner = Runner::new(
            &self.plan,
            &mut self.engine,
            &mut self.rings,
            self.observers.as_ref(),
            &*self.request.events,
            channels,
        );
        let result = runner.run(&mut *self.source, self.sink.as_deref_mut());
        let counters = runner.into_counters();
        let chunks = self.engine.chunks_sent();
        let found = self
            .observers
            .take()
            .map(|observers| observers.finish(chunks));
        let (result, written) = finish(result, self.sink.take());
        self.request.events.event(Event::Finished {
            frames: counters.frames_in,
        });
        let report = self.report(&counters, found, written, &result);
        Outcome {
            report: Some(report),
            result,
        }
    }

    /// Ends every instance, then tells what is known of the run.
    fn report(
        self,
        counters: &Counters,
        found: Option<Result<Found, SessionError>>,
        written: Option<Written>,
        result: &Result<Ended, SessionError>,
    ) -> RunReport {
        let exporter = Exporter::new(&self.request.config, &self.bindings);
        let mut report = exporter.report(&Facts {
            counters,
            engine: &self.engine,
            stages: &self.facts,
            order: &self.order,
            source: &*self.source,
            layout_out: self.layout_out,
            written,
            request: &self.request,
        });
        let mut observers = None;
        match found {
            Some(Ok(found)) => {
                report.taps = found.taps;
                report.decides = found.decides;
            }
            Some(Err(error)) => observers = Some(error.to_string()),
            None => {}
        }
        for (tap, dropped) in report.taps.iter_mut().zip(self.engine.dropped_frames()) {
            tap.dropped_frames = dropped;
        }
        let records_lost = self.engine.records_lost();
        let stages = self.engine.into_stages().into_iter();
        let instances = end(stages.map(Stage::into_processor).collect()).err();
        let opened = self.opened.into_values().map(|(generation, _)| generation);
        report.generations = opened
            .map(|generation| export::generation(&generation))
            .collect();
        report.complete = matches!(result, Ok(Ended::Complete));
        report.degraded = export::degraded(
            &report,
            result,
            &Trouble {
                instances,
                observers,
                records_lost,
                steps_lost: counters.steps_lost,
            },
        );
        report
    }
}

/// Gives a complete output its name, and leaves nothing of any other.
fn finish(
    result: Result<Ended, SessionError>,
    sink: Option<Box<dyn Sink>>,
) -> (Result<Ended, SessionError>, Option<Written>) {
    let Some(sink) = sink else {
        return (result, None);
    };
    match result {
        Ok(ended @ (Ended::Complete | Ended::ByDecision(_))) => match sink.finish() {
            Ok(written) => (Ok(ended), Some(written)),
            Err(error) => (Err(error.into()), None),
        },
        other => (other, None),
    }
}

fn target(request: &Request, format: Format) -> Target {
    Target {
        format: Signal {
            sample_rate_hz: format.sample_rate_hz(),
            layout: format.layout(),
        },
        frames_max: request.config.stream.block_frames.value,
        mode: match request.pace {
            Pace::Fast => Mode::Offline,
            Pace::RealTime => Mode::RealTime,
        },
    }
}

/// Opens the output: the input's samples as they were stored, unless raw ones are asked for.
fn create(
    request: &Request,
    layout: Layout,
    source: &dyn Source,
    tail_frames: u64,
) -> Result<Option<Box<dyn Sink>>, SessionError> {
    let Some(output) = &request.output else {
        return Ok(None);
    };
    let format = *source.format();
    let samples = match output.raw {
        Some(raw) => raw.encoding().samples,
        None => format.source_bits(),
    };
    let options = OutputOptions {
        format: format.with_layout(layout),
        samples,
        container: match output.raw {
            Some(raw) => Container::Raw(raw.encoding().order),
            None => Container::Wav,
        },
        frames: source.frames().map(|frames| frames + tail_frames),
        metadata: source.metadata(),
        overwrite: output.overwrite,
        input: source.file_id(),
    };
    Ok(Some(io::create(&output.path, &options)?))
}

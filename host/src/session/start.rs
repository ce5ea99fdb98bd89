//! Start: from a request to a finished run, step by step.
//!
//! In: a configuration and its open plugins, what goes in and out. Out: the report, and how the
//! run ended. Every step is a sentence of the module's page; nothing is undone halfway:
//! an output exists under its name only when the run came to its end.

mod keys;
mod output;
mod overlap;
mod prepare;
mod stages;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use segue_plugin::declare::Layout;
use segue_plugin::link::Processor;

use crate::config::model::Config;
use crate::io::{Overwrite, RawSpec, Sink, Source, Written};
use crate::loading::{Missed, within};
use crate::observe::{Event, EventSink, RunReport};
use crate::pipeline::{Engine, Rings, Timed as TimedBlocks};
use crate::session::bind::Bindings;
use crate::session::build::Instances;
use crate::session::changes::{Applied, Changes, Context, Finished, Reread};
use crate::session::content::Content;
use crate::session::degraded::{Trouble, degraded};
use crate::session::error::SessionError;
use crate::session::export::{Exporter, Facts};
use crate::session::forecast::Forecast;
use crate::session::key::Keys;
use crate::session::observers::{Found, Observers, Setup};
use crate::session::open::Plugins;
use crate::session::run::{Counters, Ended, NonFinite, Pace, Plan as RunPlan, Runner};
pub use crate::session::start::keys::output_key;
use crate::session::start::prepare::prepare;
pub(super) use crate::session::start::stages::{Common, attempts, budget, on_error};
use crate::session::wires::Wires;
use crate::swap::ask::{Requests, Timed};

/// How long instances may take to be dropped at the end.
const DROP_DEADLINE: Duration = Duration::from_secs(10);

/// What a run is asked to do.
pub struct Request {
    /// The pipeline.
    pub config: Arc<Config>,
    /// Its plugins, shared with every other session of it.
    pub plugins: Arc<Plugins>,
    /// What comes in.
    pub input: Input,
    /// Where it goes; `None` is nowhere: the pipeline is measured only.
    pub output: Option<Output>,
    /// The content of the input, where keys are wanted; it is read ahead of the run.
    pub content: Option<Content>,
    /// Whether other sessions use the same libraries.
    pub company: Company,
    /// How fast.
    pub pace: Pace,
    /// Which blocks are timed.
    pub timed: TimedBlocks,
    /// What to do about samples that are not finite.
    pub non_finite: NonFinite,
    /// Who is told.
    pub events: Arc<dyn EventSink>,
    /// Raised to a signal's number when the run has to end.
    pub stop: Arc<AtomicUsize>,
    /// When the process started.
    pub born: Instant,
    /// What is asked of it while it runs, if anybody can ask.
    pub requests: Option<Requests>,
    /// What is to change at places of the stream.
    pub timeline: Vec<Timed>,
    /// How its configuration is read again; `None` where there is no file.
    pub reread: Option<Reread>,
    /// Who is told when its configuration becomes another.
    pub applied: Option<Applied>,
}

/// Whether other sessions use the same libraries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// None does: what libraries took and did belongs to this session.
    Alone,
    /// Some do: what libraries took and did is told once for all, by [`Plugins::generations`].
    Shared,
}

/// What comes in.
#[derive(Debug, Clone)]
pub struct Input {
    /// A file, or `-`.
    pub path: PathBuf,
    /// Its samples, where no header says.
    pub raw: Option<RawSpec>,
    /// How much of it.
    pub part: Part,
}

/// How much of an input is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Part {
    /// All of it.
    Whole,
    /// The beginning, of so many seconds.
    Beginning(f64),
    /// Nothing: a signal of so many seconds is made, at the rate and with the channels that the
    /// configuration names, or else at 48 kHz in stereo. The path is what reports call it.
    Generated(f64),
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
    let stop = Arc::clone(&request.stop);
    let mut outcome = match prepare(request) {
        Ok(session) => session.run(),
        Err(error) => Outcome {
            report: None,
            result: Err(error),
        },
    };
    // A wait that was ended on request comes back as an error of the stream.
    let signal = stop.load(Ordering::Relaxed);
    if let (1.., Err(error)) = (signal, &outcome.result)
        && error.is_of_the_stream()
    {
        outcome.result = Ok(Ended::Interrupted(signal));
    }
    outcome
}

/// A session that is ready to run.
struct Session {
    request: Request,
    bindings: Bindings,
    wires: Wires,
    layout_out: Layout,
    order: Vec<usize>,
    tap_layouts: Vec<Layout>,
    engine: Engine,
    rings: Rings,
    observers: Option<Observers>,
    source: Box<dyn Source>,
    sink: Option<Box<dyn Sink>>,
    plan: RunPlan,
    changes: Changes,
    keys: Option<Keys>,
    forecast: Forecast,
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
            &mut self.changes,
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
        mut self,
        counters: &Counters,
        found: Option<Result<Found, SessionError>>,
        written: Option<Written>,
        result: &Result<Ended, SessionError>,
    ) -> RunReport {
        let Finished {
            logs,
            receipts,
            receipts_left_out,
            config,
        } = self.changes.finish(&mut Context {
            engine: &self.engine,
            rings: &mut self.rings,
            events: &*self.request.events,
            position_frames: counters.frames_processed,
            late_blocks: counters.late_blocks,
        });
        let cast = &self.changes.cast;
        if cast.has_changed {
            self.order = cast.run_order();
        }
        let (bindings, facts) = (cast.bindings(), cast.facts());
        let exporter = Exporter::new(&config, &bindings);
        let mut report = exporter.report(&Facts {
            logs: &logs,
            counters,
            engine: &self.engine,
            stages: &facts,
            numbers: cast.order(),
            order: &self.order,
            source: &*self.source,
            layout_out: self.layout_out,
            written,
            request: &self.request,
        });
        report.changes = receipts;
        report.changes_left_out = receipts_left_out;
        let has_changed = self.changes.cast.has_changed;
        let (company, history) = (self.request.company, &self.request.plugins.history);
        if !has_changed {
            self.forecast
                .close(&mut report, &self.order, company, history);
        }
        let mut observers = None;
        match found {
            Some(Ok(found)) => {
                report.taps = found.taps;
                report.decides = found.decides;
            }
            Some(Err(error)) => observers = Some(error.to_string()),
            None => {}
        }
        // What changed on the way is made of more than keys tell.
        let keys = self.keys.as_ref().filter(|_| !has_changed);
        keys::write(&mut report, &self.request, keys, &self.order);
        for (tap, dropped) in report.taps.iter_mut().zip(self.engine.dropped_frames()) {
            tap.dropped_frames = dropped;
        }
        let records_lost = self.engine.records_lost();
        let instances = end(self.engine.into_processors()).err();
        if self.request.company == Company::Alone {
            report.generations = self.request.plugins.generations();
        }
        report.complete = matches!(result, Ok(Ended::Complete));
        let reasons = degraded(
            &report,
            result,
            &Trouble {
                instances,
                observers,
                records_lost,
                steps_lost: counters.steps_lost,
            },
        );
        report.degraded = reasons;
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
        Ok(ended @ (Ended::Complete | Ended::ByDecision(_) | Ended::OnRequest)) => {
            match sink.finish() {
                Ok(written) => (Ok(ended), Some(written)),
                Err(error) => (Err(error.into()), None),
            }
        }
        other => (other, None),
    }
}

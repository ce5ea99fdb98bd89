//! Start: from a request to a finished run, step by step.
//!
//! In: a configuration and its open plugins, what goes in and out. Out: the report, and how the
//! run ended. Every step is a sentence of the module's page; nothing is undone halfway:
//! an output exists under its name only when the run came to its end, but for recordings, of which
//! everything stays that came until then.

mod assemble;
mod embed;
mod ends;
mod keys;
mod lead;
mod output;
mod overlap;
mod prepare;
mod stages;

use std::sync::Arc;

use segue_media::io::{Sink, Source, WriteError, Written};
use segue_plugin::declare::Layout;
use segue_plugin::link::Processor;

use crate::loading::{Missed, within};
use crate::observe::{Event, RunReport};
use crate::pipeline::Engine;
use crate::provenance::{Forecast, Keys};
use crate::session::changes::Finished;
use crate::session::conductor::{Desk, Led};
use crate::session::control::Control;
use crate::session::counters::Counters;
use crate::session::degraded::{Trouble, degraded};
use crate::session::ended::Ended;
use crate::session::error::SessionError;
use crate::session::export::{Exporter, Facts};
use crate::session::instance::DROP_DEADLINE;
use crate::session::observers::Found;
use crate::session::player::Player;
use crate::session::request::Company;
use crate::session::request::Request;
use crate::session::run::{Drive, Pace};
pub use crate::session::start::embed::{AudioEnd, Embedding, begin};
pub use crate::session::start::ends::{Input, Output, StreamPart};
pub use crate::session::start::keys::output_key;
use crate::session::start::lead::lead;
use crate::session::start::prepare::prepare;
use crate::session::terms::Terms;

/// How a run went.
#[derive(Debug)]
pub struct Outcome {
    /// What is known of it; `None` when nothing had started.
    pub report: Option<RunReport>,
    /// Why it ended, or why it failed.
    pub result: Result<Ended, SessionError>,
    /// What the output holds, or what went out where it is a pipe; `None` where nothing is left.
    pub written: Option<Written>,
}

impl Outcome {
    /// That of a run that did not start.
    #[must_use]
    pub const fn not_started(error: SessionError) -> Self {
        Self {
            report: None,
            result: Err(error),
            written: None,
        }
    }
}

/// Runs a pipeline over one stream, and waits for its end. Thread: any; the audio thread is
/// another, so that there is an end where a stage does not come back.
#[must_use]
pub fn run(request: Request) -> Outcome {
    let stop = request.stop.clone();
    let mut outcome = lead(request, |request, hold| match prepare(request, hold) {
        Ok(session) => session.run(),
        Err(error) => Outcome::not_started(error),
    });
    // A wait that was ended on request comes back as an error.
    let signal = stop.signal();
    if let (1.., Err(error)) = (signal, &outcome.result)
        && error.is_of_a_wait()
    {
        outcome.result = Ok(Ended::Interrupted(signal));
    }
    outcome
}

/// A session that is ready to run.
struct Session {
    player: Player,
    control: Control,
    sink: Option<Box<dyn Sink>>,
    plan: Terms,
    still: Still,
}

/// What of a session neither end touches: its report is made of it.
struct Still {
    request: Request,
    layout_out: Layout,
    order: Vec<usize>,
    source: Box<dyn Source>,
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
    fn run(mut self) -> Outcome {
        let events = Arc::clone(&self.still.request.events);
        events.event(Event::Started {
            frames: self.still.source.frames(),
            sample_rate_hz: self.plan.sample_rate_hz,
        });
        let desk = Desk::new(self.control);
        let mut drive = Drive::new(&self.plan, &mut self.player, &desk, &*events);
        let ended = Led::start(&desk).and_then(|led| {
            let ended = drive.run(&mut *self.still.source, self.sink.as_deref_mut());
            drop(led);
            ended
        });
        let counters = drive.into_counters();
        let mut control = desk.close();
        if self.plan.pace == Pace::RealTime {
            // What came after the conductor's last look; it waits for nobody, and does not fail.
            let _ = control.step();
        }
        // First of all the output: nothing that taps and decisions do may cost it.
        let (result, written) = output::finish(ended, self.sink.take(), self.plan.pace);
        let result = kept_short(result, &*self.still.source);
        let observers = control.observers.take();
        let chunks = self.player.engine().chunks_sent();
        let found = observers.map(|observers| observers.finish(chunks));
        events.event(Event::Finished {
            frames: counters.frames_in,
        });
        let over = Over {
            still: self.still,
            engine: self.player.into_engine(),
            control,
        };
        Outcome {
            report: Some(over.report(&counters, found, written, &result)),
            result,
            written,
        }
    }
}

/// A session whose stream is over.
struct Over {
    still: Still,
    engine: Engine,
    control: Control,
}

impl Over {
    /// Ends every instance, then returns what is known of the run.
    fn report(
        mut self,
        counters: &Counters,
        found: Option<Result<Found, SessionError>>,
        written: Option<Written>,
        result: &Result<Ended, SessionError>,
    ) -> RunReport {
        let (mut report, unlike_replay) = self.of_stream(counters, written);
        self.compare(&mut report);
        let observers = self.of_observers(&mut report, found);
        self.name_results(&mut report);
        let (records_lost, still) = (self.engine.records_lost(), self.still);
        let instances = end(self.engine.into_processors()).err();
        if still.request.company == Company::Alone {
            report.generations = still.request.plugins.generations();
        }
        report.complete = matches!(result, Ok(Ended::Complete));
        let trouble = Trouble {
            losses: losses(&*still.source),
            unlike_replay,
            instances,
            observers,
            records_lost,
            steps_lost: self.control.steps_lost + self.control.marks.moments_lost(),
        };
        report.degraded = degraded(&report, result, &trouble);
        report
    }

    /// What is known of the stream, its stages and its changes; beside it, which changes did not come
    /// about as their timeline says.
    fn of_stream(
        &mut self,
        counters: &Counters,
        written: Option<Written>,
    ) -> (RunReport, Vec<String>) {
        let (changes, mut context) = self.control.parts();
        let Finished {
            logs,
            receipts,
            receipts_left_out,
            unlike_replay,
            config,
        } = changes.finish(&mut context);
        let stages = &self.control.changes.stages();
        if stages.has_changed {
            self.still.order = stages.run_order();
        }
        let (bindings, facts) = (stages.bindings(), stages.facts());
        let (request, source) = (&self.still.request, &*self.still.source);
        let exporter = Exporter::new(&config, &bindings);
        let mut report = exporter.report(&Facts {
            logs: &logs,
            counters,
            engine: &self.engine,
            stages: &facts,
            numbers: stages.order(),
            order: &self.still.order,
            source,
            layout_out: self.still.layout_out,
            written,
            request,
        });
        let tags = output::tags_left_out(request, source);
        report.notices.extend(tags);
        report.changes = receipts;
        report.changes_left_out = receipts_left_out;
        (report, unlike_replay)
    }

    /// Holds a run that did not change against what earlier ones cost, and remembers what it did.
    fn compare(&mut self, report: &mut RunReport) {
        if self.control.changes.stages().has_changed {
            return;
        }
        let Still {
            request,
            forecast,
            order,
            ..
        } = &mut self.still;
        // What the process holds belongs to this run only where no other is under way.
        let peak = match request.company {
            Company::Alone => report.process.peak_memory_bytes,
            Company::Shared => None,
        };
        forecast.close(report, order, peak, &request.plugins.history);
    }

    /// Adds what taps and decisions found; returns why they did not end in time.
    fn of_observers(
        &self,
        report: &mut RunReport,
        found: Option<Result<Found, SessionError>>,
    ) -> Option<String> {
        match found? {
            Ok(found) => {
                report.taps = found.taps;
                report.decides = found.decides;
            }
            Err(error) => return Some(error.to_string()),
        }
        for (tap, dropped) in report.taps.iter_mut().zip(self.engine.dropped_frames()) {
            tap.dropped_frames = dropped;
        }
        None
    }

    /// Names what came of it by keys; what changed on the way is made of more than keys tell.
    fn name_results(&self, report: &mut RunReport) {
        let still = &self.still;
        let has_changed = self.control.changes.stages().has_changed;
        let keys = still.keys.as_ref().filter(|_| !has_changed);
        keys::write(report, &still.request, keys, &still.order);
    }
}

/// What an input has not of what it was to have, one sentence each.
fn losses(source: &dyn Source) -> Vec<String> {
    let losses = source.notices().iter().filter(|notice| notice.is_loss());
    losses.map(ToString::to_string).collect()
}

/// A pipe was promised what a file announced: where that file is cut off, the run is degraded for
/// that, and all that came of it went out.
fn kept_short(
    result: Result<Ended, SessionError>,
    source: &dyn Source,
) -> Result<Ended, SessionError> {
    match result {
        Err(SessionError::Write(WriteError::Length { .. })) if !losses(source).is_empty() => {
            Ok(Ended::Complete)
        }
        other => other,
    }
}

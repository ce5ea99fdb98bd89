//! Prepare: everything that can fail before the first block.
//!
//! In: a request. Out: a session that is ready to run, its output open under a temporary name.

use std::sync::Arc;

use segue_media::audio::Format;
use segue_media::io::Source;
use segue_plugin::setup::Format as Signal;

use crate::config::mistake::Mistake;
use crate::config::model::Config;
use crate::config::words::Tail;
use crate::pipeline::{Graph, lay};
use crate::session::bind::bind_at;
use crate::session::borders;
use crate::session::build::{BuiltStage, Instances, Opened};
use crate::session::error::SessionError;
use crate::session::instance::Placement;
use crate::session::optional::leave_out;
use crate::session::pace::mode;
use crate::session::request::Request;
use crate::session::run::Pace;
use crate::session::start::assemble::{Connected, Laying, Parts, assemble};
use crate::session::start::lead::OutputHold;
use crate::session::start::output::create;
use crate::session::start::{Session, end};

/// The most memory that delay lines of parallel paths take: beyond it a configuration is refused.
const DELAY_BYTES_MAX: u64 = 1 << 30;

/// Prepares a run of what the request names.
pub(super) fn prepare(request: Request, hold: &OutputHold) -> Result<Session, SessionError> {
    let source = borders::open(config(&request), &request.input, &request.stop)?;
    let mut session = prepare_with(request, source)?;
    hold.begun(&session.control.marks);
    let (path, rate_hz) = (
        session.still.request.output_path(),
        session.plan.sample_rate_hz,
    );
    let sink = session.sink.take();
    session.sink = sink.map(|sink| hold.keep(sink, path, rate_hz));
    Ok(session)
}

/// The configuration that runs: that of the request, without stages that are left out.
fn config(request: &Request) -> &Config {
    let without = request.plugins.without.as_ref();
    without.unwrap_or(&request.config)
}

/// The same for a source that is open.
pub(super) fn prepare_with(
    mut request: Request,
    source: Box<dyn Source>,
) -> Result<Session, SessionError> {
    let plugins = Arc::clone(&request.plugins);
    let file = Arc::clone(&request.config);
    let (mut bindings, opened) = (plugins.bindings.clone(), &plugins.opened);
    if let Some(config) = &plugins.without {
        request.config = Arc::clone(config);
    }
    let rate_hz = source.format().sample_rate_hz();
    bind_at(&request.config, &bindings, rate_hz).map_err(SessionError::Mistakes)?;
    let place = placement(&request, *source.format());
    let instances = loop {
        match Instances::create(&request.config, &bindings, opened, &place) {
            Ok(instances) => break instances,
            Err(failed) => leave_out(&mut request.config, &mut bindings, failed)?,
        }
    };
    let connected = within_memory(&request.config, opened)
        .and_then(|()| connect(&request, file, &instances, &*source));
    match connected {
        Ok(connected) => {
            let parts = Parts {
                request,
                bindings,
                instances,
                source,
            };
            assemble(parts, connected)
        }
        Err(error) => {
            let stages = instances.stages.into_iter();
            let processors = stages.flat_map(BuiltStage::into_processors);
            // The error that is told came first; instances that do not end either change nothing.
            let _ = end(processors.collect());
            Err(error)
        }
    }
}

/// Plans the network and opens the output.
fn connect(
    request: &Request,
    file: Arc<Config>,
    instances: &Instances,
    source: &dyn Source,
) -> Result<Connected, SessionError> {
    let order = instances.network.order()?;
    // Off line the engine reads as far ahead as it has to.
    let reserve_frames = match request.pace {
        Pace::Fast => 0,
        Pace::RealTime => u64::from(request.config.stream.latency_reserve_frames.value),
    };
    let graph = Graph::of(instances.network.clone());
    let (schedule, laid) = lay(graph, reserve_frames)?;
    let bytes = schedule.line_bytes();
    if bytes > DELAY_BYTES_MAX {
        let max = DELAY_BYTES_MAX;
        return Err(SessionError::Delays { bytes, max });
    }
    let layout_out = instances.layout(instances.network.output, source.format().layout());
    let tail_frames = match request.config.stream.tail.value {
        Tail::Cut => 0,
        Tail::Keep => instances.tail_frames(&order),
    };
    // Live, the output begins with the latency, and at its end what is late comes out as well.
    let further_frames = match request.pace {
        Pace::Fast => tail_frames,
        Pace::RealTime => tail_frames + laid.latency_frames,
    };
    Ok(Connected {
        writing: create(request, layout_out, source, further_frames)?,
        file,
        laying: Laying { schedule, laid },
        order,
        layout_out,
        tail_frames,
    })
}

/// What every instance reads, unless another stage stands before it.
fn placement(request: &Request, format: Format) -> Placement {
    let signal = Signal {
        sample_rate_hz: format.sample_rate_hz(),
        layout: format.layout(),
    };
    let frames_max = request.config.stream.block_frames.value;
    Placement::new(signal, frames_max, mode(request.pace))
}

/// Holds what the plugins took at their creation and activation to `host.memory_max`.
fn within_memory(config: &Config, opened: &Opened) -> Result<(), SessionError> {
    let Some(max) = &config.host.memory_max else {
        return Ok(());
    };
    let libraries = opened.values();
    let heaps = libraries.filter_map(|library| library.generation.usage().heap);
    let held: u64 = heaps.map(|heap| heap.live_bytes).sum();
    if held <= max.value.0 {
        return Ok(());
    }
    let text = format!("the plugins hold {held} bytes once they are activated");
    let mut mistakes = config.mistakes();
    mistakes.push(
        Mistake::new(max.span, text)
            .label("more than this")
            .help("`segue run` without this key shows in its table which stage holds how much"),
    );
    Err(SessionError::Mistakes(mistakes))
}

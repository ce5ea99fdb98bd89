//! Prepare: everything that can fail before the first block.
//!
//! In: a request. Out: a session that is ready to run, its output open under a temporary name.

use std::sync::Arc;

use segue_plugin::declare::Layout;
use segue_plugin::setup::{Format as Signal, Mode};

use crate::audio::Format;
use crate::config::mistake::Mistake;
use crate::config::model::Config;
use crate::config::words::Tail;
use crate::io::{Source, Stop};
use crate::pipeline::{Engine, Graph, Laid, Schedule, lay};
use crate::session::bind::Bindings;
use crate::session::borders;
use crate::session::build::{Instances, LiveStage, Opened, Target};
use crate::session::cast::{Cast, Heard, Member};
use crate::session::changes::{Changes, Setup as ChangesSetup};
use crate::session::error::SessionError;
use crate::session::forecast::Forecast;
use crate::session::key::Surroundings;
use crate::session::optional::leave_out;
use crate::session::restart::Restarts;
use crate::session::run::{Pace, Plan as RunPlan};
use crate::session::start::keys::keys;
use crate::session::start::output::create;
use crate::session::start::overlap::{Writing, helpers, overlapped};
use crate::session::start::stages::{Common, Made, stages};
use crate::session::start::{Request, Session, end};
use crate::session::wires::Wires;

/// The most memory that delay lines of parallel paths take: beyond it a configuration is refused.
const DELAY_BYTES_MAX: u64 = 1 << 30;

/// How much of what a stage reads and gives is kept, in seconds: what a candidate is primed with,
/// a fade, and the signal around it.
const HISTORY_SECONDS: f64 = 0.3;

/// The most memory that all of that takes; long pipelines keep less of each stage.
const HISTORY_BYTES_MAX: usize = 64 << 20;

/// What is kept at least, in frames.
const HISTORY_FRAMES_MIN: usize = 4_096;

pub(super) fn prepare(mut request: Request) -> Result<Session, SessionError> {
    let plugins = Arc::clone(&request.plugins);
    let file = Arc::clone(&request.config);
    let (mut bindings, opened) = (plugins.bindings.clone(), &plugins.opened);
    if let Some(config) = &plugins.without {
        request.config = Arc::clone(config);
    }
    let stop = Stop::when(Arc::clone(&request.stop));
    let source = borders::open(&request.config, &request.input, &stop)?;
    let target = target(&request, *source.format());
    let instances = loop {
        match Instances::create(&request.config, &bindings, opened, target) {
            Ok(instances) => break instances,
            Err(failed) => leave_out(&mut request.config, &mut bindings, failed)?,
        }
    };
    let connected = within_memory(&request.config, opened)
        .and_then(|()| connect(&request, file, &instances, &*source));
    match connected {
        Ok(connected) => assemble(request, bindings, instances, source, connected),
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
    /// The configuration as it was read, without leaving anything out.
    file: Arc<Config>,
    laying: Laying,
    order: Vec<usize>,
    layout_out: Layout,
    tail_frames: u64,
    writing: Option<Writing>,
}

/// How the network runs, and what a later change has to know of it.
struct Laying {
    schedule: Schedule,
    laid: Laid,
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
    Ok(Connected {
        writing: create(request, layout_out, source, tail_frames)?,
        file,
        laying: Laying { schedule, laid },
        order,
        layout_out,
        tail_frames,
    })
}

fn assemble(
    mut request: Request,
    bindings: Bindings,
    mut instances: Instances,
    source: Box<dyn Source>,
    connected: Connected,
) -> Result<Session, SessionError> {
    let (config, format) = (&Arc::clone(&request.config), *source.format());
    let block_frames = config.stream.block_frames.value as usize;
    let common = Common {
        sample_rate_hz: format.sample_rate_hz(),
        pace: request.pace,
        frames_max: block_frames,
    };
    let history_frames = history_frames(&request, &instances, &format);
    let Made {
        facts,
        recipes,
        latencies,
        stages,
        histories,
        places,
    } = stages(config, &mut instances, &bindings, common, history_frames);
    let order = connected.order;
    let Laying { schedule, laid } = connected.laying;
    let (mut engine, rings) = Engine::new(&instances.network, schedule, stages, block_frames);
    engine.set_timed(request.timed);
    let plan = RunPlan {
        pace: request.pace,
        non_finite: request.non_finite,
        block_frames,
        decide_every_frames: (!bindings.decides.is_empty())
            .then(|| u64::from(config.stream.decide_every_frames.value)),
        tail_frames: connected.tail_frames,
        sample_rate_hz: format.sample_rate_hz(),
        stop: Arc::clone(&request.stop),
        born: request.born,
    };
    let stop = Arc::clone(&request.stop);
    let ids: Vec<Arc<str>> = bindings
        .stages
        .iter()
        .map(|bound| bound.id.as_str().into())
        .collect();
    let restarts = Restarts::new(&ids, places, request.pace, Arc::clone(&stop));
    let members = ids
        .into_iter()
        .zip(recipes)
        .zip(&facts)
        .zip(latencies)
        .zip(&config.stages);
    let members = members.map(|((((id, recipe), facts), latency), part)| Member {
        id,
        recipe,
        part: part.part.clone(),
        facts: *facts,
        own_latency_frames: latency,
        heard: Heard::Processed,
        before: None,
    });
    let changes = Changes::new(ChangesSetup {
        cast: Cast::new(members.collect(), &bindings, laid),
        restarts,
        plugins: Arc::clone(&request.plugins),
        file: connected.file,
        config: Arc::clone(config),
        pace: request.pace,
        mode: mode(request.pace),
        sample_rate_hz: format.sample_rate_hz(),
        frames_max: block_frames,
        frames: source.frames(),
        input: request.input.path.display().to_string(),
        format: Signal {
            sample_rate_hz: format.sample_rate_hz(),
            layout: format.layout(),
        },
        reread: request.reread.clone(),
        applied: request.applied.clone(),
        events: Arc::clone(&request.events),
        requests: request.requests.take(),
        timeline: std::mem::take(&mut request.timeline),
        stop,
        histories,
        history_frames,
    });
    let around = Surroundings {
        sample_rate_hz: format.sample_rate_hz(),
        block_frames: config.stream.block_frames.value,
        pace: request.pace,
    };
    let keys = keys(&request, &bindings, source.format())?;
    let (source, sink) = overlapped(helpers(&request), &plan, source, connected.writing);
    let plugins = &request.plugins;
    let (history, opened) = (&plugins.history, &plugins.opened);
    let mut session = Session {
        forecast: Forecast::new(history, around, &bindings, opened, &facts),
        keys,
        wires: Wires::of(config),
        tap_layouts: instances.taps.iter().map(|tap| tap.layout).collect(),
        layout_out: connected.layout_out,
        sink,
        request,
        bindings,
        order,
        engine,
        rings,
        observers: None,
        source,
        plan,
        changes,
    };
    session.observe(instances)?;
    Ok(session)
}

fn target(request: &Request, format: Format) -> Target {
    Target {
        format: Signal {
            sample_rate_hz: format.sample_rate_hz(),
            layout: format.layout(),
        },
        frames_max: request.config.stream.block_frames.value,
        mode: mode(request.pace),
    }
}

const fn mode(pace: Pace) -> Mode {
    match pace {
        Pace::Fast => Mode::Offline,
        Pace::RealTime => Mode::RealTime,
    }
}

/// How much of each stage's recent past is kept, where instances may be exchanged: off line only
/// for a timeline, since it costs as much as a cheap stage.
fn history_frames(request: &Request, instances: &Instances, format: &Format) -> Option<usize> {
    if request.pace == Pace::Fast && request.timeline.is_empty() {
        return None;
    }
    let wanted = f64::from(format.sample_rate_hz()) * HISTORY_SECONDS;
    let channels = |stage: &LiveStage| {
        let keys = stage
            .recipe
            .sidechains
            .iter()
            .map(|key| key.channels())
            .sum::<usize>();
        stage.facts.layout_in.channels() + keys + stage.facts.layout_out.channels()
    };
    let channels: usize = instances.stages.iter().map(channels).sum();
    let most = HISTORY_BYTES_MAX / (channels.max(1) * size_of::<f32>());
    Some(
        (wanted as usize)
            .next_power_of_two()
            .min(most.max(HISTORY_FRAMES_MIN)),
    )
}

/// Holds what the plugins took at their creation and activation to `host.memory_max`.
fn within_memory(config: &Config, opened: &Opened) -> Result<(), SessionError> {
    let Some(max) = &config.host.memory_max else {
        return Ok(());
    };
    let heaps = opened
        .values()
        .filter_map(|(generation, _)| generation.usage().heap);
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

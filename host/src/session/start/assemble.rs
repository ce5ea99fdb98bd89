//! Assemble: the two ends of a session from everything that was prepared.
//!
//! In: the request, what is bound, live instances, the open source, the laid network and the open
//! output. Out: a session that is ready to run.

use std::sync::Arc;

use segue_media::audio::Format;
use segue_media::io::Source;
use segue_plugin::declare::Layout;
use segue_plugin::setup::Format as Signal;

use crate::config::model::Config;
use crate::pipeline::{Engine, Feeds, HistoryFrames, Laid, Rings, Schedule};
use crate::provenance::{Conditions, Forecast};
use crate::realtime::Priority;
use crate::session::bind::Bindings;
use crate::session::build::{BuiltStage, Instances, StageFacts};
use crate::session::changes::{Changes, Setup as ChangesSetup};
use crate::session::control::Control;
use crate::session::decision_points::{DecisionReceiver, DecisionSender, decision_points};
use crate::session::error::SessionError;
use crate::session::export::Exporter;
use crate::session::ingredients::ingredient;
use crate::session::marks::Marks;
use crate::session::observers::{Observers, Setup as ObserversSetup};
use crate::session::pace::{Barrier, mode};
use crate::session::player::{Player, PlayerSetup};
use crate::session::request::Request;
use crate::session::restart::Restarts;
use crate::session::run::Pace;
use crate::session::running_stages::RunningStages;
use crate::session::start::keys::keys;
use crate::session::start::overlap::{Writing, helpers, overlapped};
use crate::session::start::stages::{EngineStages, stages};
use crate::session::start::{Session, Still};
use crate::session::terms::Terms;
use crate::session::wires::Wires;

/// How much of what a stage reads and gives is kept, in seconds: what a candidate is primed with,
/// a fade, and the signal around it.
const HISTORY_SECONDS: f64 = 0.3;

/// The most memory that all of that takes; long pipelines keep less of each stage.
const HISTORY_BYTES_MAX: usize = 64 << 20;

/// What is kept at least, in frames.
const HISTORY_FRAMES_MIN: usize = 4_096;

/// What is kept beyond what instances hear in a run that is replayed, in frames: the blocks that go by
/// until they hear it.
const REPLAYED_MARGIN_FRAMES: u64 = 4_096;

/// What is decided once all instances are there.
pub(super) struct Connected {
    /// The configuration as it was read, without leaving anything out.
    pub(super) file: Arc<Config>,
    pub(super) laying: Laying,
    pub(super) order: Vec<usize>,
    pub(super) layout_out: Layout,
    pub(super) tail_frames: u64,
    pub(super) writing: Option<Writing>,
}

/// How the network runs, and what a later change has to know of it.
pub(super) struct Laying {
    pub(super) schedule: Schedule,
    pub(super) laid: Laid,
}

/// What a session is put together from.
pub(super) struct Parts {
    pub(super) request: Request,
    pub(super) bindings: Bindings,
    pub(super) instances: Instances,
    pub(super) source: Box<dyn Source>,
}

/// Puts the two ends together: what plays, and what leads it.
pub(super) fn assemble(mut parts: Parts, connected: Connected) -> Result<Session, SessionError> {
    let layout_out = connected.layout_out;
    let Playing {
        player,
        changes,
        mut links,
        facts,
    } = playing(&mut parts, connected.laying, connected.file, layout_out);
    let Parts {
        request,
        bindings,
        instances,
        source,
    } = parts;
    let format = *source.format();
    let plan = terms(&request, &format, connected.tail_frames);
    let keys = keys(&request, &bindings, &format)?;
    let (source, sink) = overlapped(helpers(&request), &plan, source, connected.writing);
    let forecast = forecast(&request, &format, &bindings, &facts);
    let observers = observe(&request, &bindings, instances, links.rings.feeds.take())?;
    Ok(Session {
        player,
        control: control(&request, changes, observers, links),
        sink,
        plan,
        still: Still {
            request,
            layout_out,
            order: connected.order,
            source,
            keys,
            forecast,
        },
    })
}

/// The audio end, and what leads the changes of what it plays.
struct Playing {
    player: Player,
    changes: Changes,
    links: Links,
    facts: Vec<StageFacts>,
}

/// Gives the engine its stages, and keeps what is known of them.
fn playing(parts: &mut Parts, laying: Laying, file: Arc<Config>, layout_out: Layout) -> Playing {
    let (request, instances) = (&mut parts.request, &mut parts.instances);
    let format = *parts.source.format();
    let history_frames = history_frames(request, instances, &format);
    let built = std::mem::take(&mut instances.stages);
    let mut all = stages(&request.config, built, history_frames);
    let facts = all.running.iter().map(|stage| stage.facts).collect();
    let block_frames = request.config.stream.block_frames.value as usize;
    let stages = std::mem::take(&mut all.stages);
    let (mut engine, rings) =
        Engine::new(&instances.network, laying.schedule, stages, block_frames);
    engine.set_timed(request.timed);
    let (asking, asked) = decisions(request, &parts.bindings, &rings).unzip();
    let running = Running {
        stages: all,
        file,
        laid: laying.laid,
        history_frames,
    };
    let marks = Arc::new(Marks::new());
    Playing {
        changes: changes(request, &parts.bindings, &*parts.source, running),
        player: Player::new(PlayerSetup {
            engine,
            marks: Arc::clone(&marks),
            asking,
            block_frames,
            layout_in: format.layout(),
            layout_out,
        }),
        links: Links {
            rings,
            marks,
            asked,
        },
        facts,
    }
}

/// What is known of the stages once the engine has theirs.
struct Running {
    stages: EngineStages,
    file: Arc<Config>,
    laid: Laid,
    history_frames: Option<HistoryFrames>,
}

/// Who leads the changes of what runs.
fn changes(
    request: &mut Request,
    bindings: &Bindings,
    source: &dyn Source,
    running: Running,
) -> Changes {
    let all = running.stages;
    let format = source.format();
    let sample_rate_hz = format.sample_rate_hz();
    let barrier = Barrier {
        pace: request.pace,
        stop: Arc::clone(request.stop.flag()),
    };
    let ids: Vec<_> = all.running.iter().map(|stage| stage.id.clone()).collect();
    Changes::new(ChangesSetup {
        restarts: Restarts::new(&ids, all.restarts, barrier.clone(), sample_rate_hz),
        stages: RunningStages::new(all.running, bindings, running.laid),
        plugins: Arc::clone(&request.plugins),
        file: running.file,
        config: Arc::clone(&request.config),
        barrier,
        mode: mode(request.pace),
        sample_rate_hz,
        frames_max: request.config.stream.block_frames.value as usize,
        frames: source.frames(),
        input: request.input.path.display().to_string(),
        format: Signal {
            sample_rate_hz,
            layout: format.layout(),
        },
        reread: request.reread.clone(),
        applied: request.applied.clone(),
        events: Arc::clone(&request.events),
        requests: request.requests.take(),
        timeline: std::mem::take(&mut request.timeline),
        histories: all.histories,
        history_frames: running.history_frames,
    })
}

/// What the control end has of the audio end.
struct Links {
    rings: Rings,
    marks: Arc<Marks>,
    asked: Option<DecisionReceiver>,
}

/// The control end, which has not taken a step yet.
fn control(
    request: &Request,
    changes: Changes,
    observers: Option<Observers>,
    links: Links,
) -> Control {
    Control {
        changes,
        rings: links.rings,
        observers,
        events: Arc::clone(&request.events),
        marks: links.marks,
        asked: links.asked,
        pace: request.pace,
        block_frames: request.config.stream.block_frames.value as usize,
        chunks_told: 0,
        steps_lost: 0,
        wanted: None,
        stop: Arc::clone(request.stop.flag()),
        ends_since: None,
        lookout: None,
        priority: Arc::new(Priority::not_asked()),
        told_frames: 0,
    }
}

/// Both ends of what tells of the frames at which decisions are due, where there are decisions.
fn decisions(
    request: &Request,
    bindings: &Bindings,
    rings: &Rings,
) -> Option<(DecisionSender, DecisionReceiver)> {
    let every = u64::from(request.config.stream.decide_every_frames.value);
    let numbers_max = rings.numbers_max();
    (!bindings.decides.is_empty()).then(|| decision_points(every, numbers_max))
}

/// How a run goes, as far as it is known before its drive is.
fn terms(request: &Request, format: &Format, tail_frames: u64) -> Terms {
    Terms {
        pace: request.pace,
        non_finite: request.non_finite,
        block_frames: request.config.stream.block_frames.value as usize,
        tail_frames,
        sample_rate_hz: format.sample_rate_hz(),
        realtime: request.config.host.realtime.value,
        stop: request.stop.clone(),
        born: request.born,
    }
}

/// What the run is expected to cost, from what earlier ones did.
fn forecast(
    request: &Request,
    format: &Format,
    bindings: &Bindings,
    facts: &[StageFacts],
) -> Forecast {
    let conditions = Conditions {
        sample_rate_hz: format.sample_rate_hz(),
        block_frames: request.config.stream.block_frames.value,
        mode: mode(request.pace),
    };
    let plugins = &request.plugins;
    let (history, opened) = (&plugins.history, &plugins.opened);
    let parts = bindings.stages.iter().zip(facts);
    let parts = parts.map(|(bound, facts)| (ingredient(bound, opened), facts.layout_in));
    Forecast::new(history, conditions, parts)
}

/// Starts the observers: taps and decisions move to the threads of all sessions.
fn observe(
    request: &Request,
    bindings: &Bindings,
    instances: Instances,
    feeds: Option<Feeds>,
) -> Result<Option<Observers>, SessionError> {
    let exporter = Exporter::new(&request.config, bindings);
    let Some(feeds) = feeds else {
        return Ok(None);
    };
    let layouts: Vec<_> = instances.taps.iter().map(|tap| tap.layout).collect();
    let setup = ObserversSetup {
        feeds,
        reads: Wires::of(&request.config).reads,
        events: Arc::clone(&request.events),
        stop: Arc::clone(request.stop.flag()),
        tap_report: &|at| exporter.tap(at, layouts[at]),
        decide: &|at| exporter.decide(at),
    };
    Observers::start(bindings, instances, setup)
}

/// How much of each stage's recent past is kept, where instances may be exchanged: off line only
/// for a timeline, since it costs as much as a cheap stage.
fn history_frames(
    request: &Request,
    instances: &Instances,
    format: &Format,
) -> Option<HistoryFrames> {
    if request.pace == Pace::Fast && request.timeline.is_empty() {
        return None;
    }
    let wanted = (f64::from(format.sample_rate_hz()) * HISTORY_SECONDS) as usize;
    // A live instance hears what comes while it hears what is kept: in the end more than that.
    let replays = request
        .timeline
        .iter()
        .filter_map(|one| one.replay.as_ref());
    let frames = replays.map(|replay| replay.heard_frames().saturating_add(REPLAYED_MARGIN_FRAMES));
    let replayed = usize::try_from(frames.max().unwrap_or(0)).unwrap_or(usize::MAX);
    let channels = |stage: &BuiltStage| {
        let place = &stage.own.recipe.placement;
        let keys: usize = place.sidechain_channels().iter().sum();
        place.format.layout.channels() + keys + stage.own.made.layout_out.channels()
    };
    let channels: usize = instances.stages.iter().map(channels).sum();
    let most = HISTORY_BYTES_MAX / (channels.max(1) * size_of::<f32>());
    let room = |frames: usize| {
        let frames = frames.checked_next_power_of_two().unwrap_or(usize::MAX);
        frames.min(most.max(HISTORY_FRAMES_MIN))
    };
    // The block in which an instance begins is kept beside what it missed.
    let block_frames = request.config.stream.block_frames.value as usize;
    Some(HistoryFrames {
        kept: room(wanted.max(replayed)),
        reach: room(wanted).saturating_sub(block_frames) as u64,
    })
}

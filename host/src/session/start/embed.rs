//! Embed: a session that a program drives from a loop of its own.
//!
//! In: a configuration, its open plugins, and the format of what will go in. Out: two ends. The one
//! plays, from any one thread; the other is asked, from any number of threads, while the conductor
//! does the work.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use segue_media::audio::{Buffer, Format};
use segue_media::io::{self, FileId, Metadata, Notice, ReadError, Source, Stop};
use segue_plugin::declare::Layout;

use crate::config::model::Config;
use crate::observe::{EventSink, RunReport};
use crate::pipeline::Timed as TimedBlocks;
use crate::process::calls::CallWatch;
use crate::session::borders;
use crate::session::changes::Reread;
use crate::session::conductor::{Desk, Led, control_ends};
use crate::session::counters::Counters;
use crate::session::ended::Ended;
use crate::session::error::SessionError;
use crate::session::open::Plugins;
use crate::session::player::{Flow, Player};
use crate::session::request::{Company, Request};
use crate::session::run::Pace;
use crate::session::start::prepare::prepare_with;
use crate::session::start::{Input, Over, Still, StreamPart};
use crate::session::terms::NonFinite;
use crate::swap::ask::{ControlEnd, Requests};

/// A session that a program wants to drive.
pub struct Embedding {
    /// The pipeline that the session begins with.
    pub config: Arc<Config>,
    /// Its plugins, shared with every other session of it.
    pub plugins: Arc<Plugins>,
    /// What will go in. Where the configuration names a rate or a layout, it has to be that.
    pub format: Format,
    /// Reads the configuration again for `reload`, or another file for `edit`; without it both are
    /// refused.
    pub reread: Option<Reread>,
    /// Who is told of what happens: failures, notes, readings, receipts. Called on the conductor's
    /// thread and on those of taps, never on the one that plays.
    pub events: Arc<dyn EventSink>,
}

/// The end of a session that plays. `Send`: it may move to another thread between two calls.
pub struct AudioEnd {
    player: Player,
    rest: Box<EmbeddedRest>,
}

/// What the end of the session needs.
struct EmbeddedRest {
    still: Still,
    desk: Arc<Desk>,
    led: Led,
    /// Its subscribers hear of its end, however that comes.
    subscribed: Subscribed,
    began: Instant,
}

/// Who subscribed to the events of a session that a program drives.
struct Subscribed(ControlEnd);

impl Drop for Subscribed {
    fn drop(&mut self) {
        self.0.end_events();
    }
}

/// Starts a session at the pace of the caller. Instances are made; nothing has been played.
/// Thread: any but audio.
///
/// # Errors
/// When the configuration does not go with the format or the plugins, an instance is not to be had,
/// or the system gives no thread.
pub fn begin(mut embedding: Embedding) -> Result<(AudioEnd, ControlEnd), SessionError> {
    let (control, requests) = control_ends();
    let source = Box::new(Outside(io::generate(embedding.format, 0)));
    borders::same(&embedding.config, source.format())?;
    embedding.events = control.sharing(embedding.events);
    let request = request(embedding, requests);
    let session = prepare_with(request, source)?;
    let desk = Desk::new(session.control);
    let led = Led::start(&desk)?;
    let audio = AudioEnd {
        player: session.player,
        rest: Box::new(EmbeddedRest {
            still: session.still,
            desk,
            led,
            subscribed: Subscribed(control.clone()),
            began: Instant::now(),
        }),
    };
    Ok((audio, control))
}

/// A request for a session that reads and writes nothing itself.
fn request(embedding: Embedding, requests: Requests) -> Request {
    Request {
        config: embedding.config,
        plugins: embedding.plugins,
        input: Input {
            path: PathBuf::from("-"),
            raw: None,
            part: StreamPart::Whole,
        },
        output: None,
        content: None,
        company: Company::Shared,
        pace: Pace::RealTime,
        timed: TimedBlocks::Sampled,
        non_finite: NonFinite::Clean,
        events: embedding.events,
        stop: Stop::never(),
        born: Instant::now(),
        requests: Some(requests),
        timeline: Vec::new(),
        reread: embedding.reread,
        applied: None,
        watch: CallWatch::default(),
    }
}

impl AudioEnd {
    /// Plays as many frames as the shortest of all channels has: fills `output` from `input`, a slice
    /// for each channel. Channels that the session has not are silent; those of the session that are
    /// missing are silence to it. How many frames a call has matters to nothing that is heard.
    ///
    /// Thread: any, one at a time; at its best one with real-time priority. For ever without a lock, a
    /// call of the heap or of the system; it waits for nobody.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn process(&mut self, input: &[&[f32]], output: &mut [&mut [f32]]) -> Flow {
        self.player.process(input, output)
    }

    /// The layout of what goes in.
    #[must_use]
    pub const fn layout_in(&self) -> Layout {
        self.player.layout_in()
    }

    /// The layout of what comes out.
    #[must_use]
    pub const fn layout_out(&self) -> Layout {
        self.player.layout_out()
    }

    /// Stream time: frames that went through.
    #[must_use]
    pub const fn position_frames(&self) -> u64 {
        self.player.position_frames()
    }

    /// How far the output lags behind the input, in frames: so many frames of silence have to go in
    /// until the last of the signal has come out.
    #[must_use]
    pub const fn latency_frames(&self) -> u64 {
        self.player.latency_frames()
    }

    /// Ends the session: what is under way comes to nothing, taps and instances end, each within a
    /// deadline. Returns what is known of the run. Thread: any but audio.
    #[must_use]
    pub fn end(self) -> RunReport {
        let Self { mut player, rest } = self;
        let EmbeddedRest {
            still,
            desk,
            led,
            subscribed,
            began,
        } = *rest;
        player.engine_mut().flush_taps();
        drop(led);
        let mut control = desk.close();
        // At the pace of the caller no step waits, and none fails.
        let _ = control.step();
        let observers = control.observers.take();
        let chunks = player.engine().chunks_sent();
        let found = observers.map(|observers| observers.finish(chunks));
        let frames = player.position_frames();
        let counters = Counters {
            frames_in: frames,
            frames_out: frames,
            frames_processed: frames,
            elapsed: began.elapsed(),
            non_finite: player.non_finite(),
            ..Counters::default()
        };
        let over = Over {
            still,
            control,
            engine: player.into_engine(),
        };
        let report = over.report(&counters, found, None, &Ok(Ended::Complete));
        drop(subscribed);
        report
    }
}

impl fmt::Debug for AudioEnd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("AudioEnd");
        debug.field("player", &self.player).finish_non_exhaustive()
    }
}

/// An input that somebody else reads: it has a format, and never a frame.
struct Outside(Box<dyn Source>);

impl Source for Outside {
    fn format(&self) -> &Format {
        self.0.format()
    }

    fn frames(&self) -> Option<u64> {
        None
    }

    fn metadata(&self) -> &Metadata {
        self.0.metadata()
    }

    fn notices(&self) -> &[Notice] {
        self.0.notices()
    }

    fn file_id(&self) -> Option<FileId> {
        None
    }

    fn read(&mut self, _: &mut Buffer) -> Result<usize, ReadError> {
        Ok(0)
    }
}

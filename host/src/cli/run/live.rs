//! Live: how a run is reached while it goes: control socket, SIGHUP, a timeline, changed files, a
//! service manager.
//!
//! In: arguments of a run. Out: the session's queue of requests, somebody who takes its events,
//! and an end in order. What cannot be opened is told, and the run goes on without it.

mod appeared;
mod watching;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{SyncSender, sync_channel};

use crate::cli::Shell;
use crate::cli::arguments::Run;
use crate::cli::chain;
use crate::cli::configuration;
use crate::cli::ctl::folders;
use crate::cli::failure::Failure;
use crate::cli::run::live::watching::{News, Watching};
use crate::cli::run::{PIPE, pace};
use crate::cli::search;
use crate::cli::signals::Hangup;
use crate::config;
use crate::config::Mistakes;
use crate::config::model::Config;
use crate::config::render::Color;
use crate::config::source::SourceId;
use crate::control::timeline;
use crate::control::{Beat, ControlError, Server, Service, Setup};
use crate::observe::{Event, EventSink};
use crate::session::{Applied, Pace, Reread};
use crate::swap::ask::{ASKED_MAX, Asked, Requests, Timed};

/// How wide mistakes in an edited configuration are written down.
const WIDTH: usize = 80;
/// What a pipeline without a file is called.
const CHAIN: &str = "chain";

/// Everybody who can reach a run.
pub(super) struct Live {
    /// The session's end of the queue, until it is taken.
    pub(super) requests: Option<Requests>,
    sender: SyncSender<Asked>,
    watching: Watching,
    server: Option<Server>,
    hangup: Option<Hangup>,
    beat: Option<Beat>,
    service: Option<Arc<Service>>,
}

/// What the run is that is to be reached.
pub(super) struct Around<'a> {
    pub(super) shell: &'a Shell,
    pub(super) arguments: &'a Run,
    pub(super) config: &'a Arc<Config>,
    /// What is read.
    pub(super) input: &'a Path,
    /// Who is told what cannot be opened.
    pub(super) events: &'a Arc<dyn EventSink>,
    pub(super) stop: &'a Arc<AtomicUsize>,
}

/// Several who are told.
struct Several(Vec<Arc<dyn EventSink>>);

impl EventSink for Several {
    fn event(&self, event: Event) {
        let Some((last, others)) = self.0.split_last() else {
            return;
        };
        for sink in others {
            sink.event(event.clone());
        }
        last.event(event);
    }
}

/// The changes of `--timeline`.
pub(super) fn timeline(arguments: &Run) -> Result<Vec<Timed>, Failure> {
    let path = arguments.control.timeline.as_deref();
    let changes = path.map(timeline::read).transpose();
    Ok(changes.map_err(Failure::mistakes)?.unwrap_or_default())
}

/// How the configuration of a run is read again: with the same flags and environment. A chain of
/// the command line has no file.
pub(super) fn reread(
    shell: &Shell,
    arguments: &Run,
    config: &Config,
) -> Result<Option<Reread>, Failure> {
    if !arguments.stage.is_empty() {
        return Ok(None);
    }
    let overrides = configuration::overrides(super::flags(arguments)?);
    let path = PathBuf::from(file(config));
    let hints = search::hints(shell, &arguments.search);
    let told = |mistakes: Mistakes| mistakes.render(Color::Plain, WIDTH);
    Ok(Some(Arc::new(move |other, running| {
        let read = match other {
            Some(other) => config::read_as(other, &overrides, &path),
            None => config::read_again(&path, &overrides, running),
        };
        let config = read.map_err(told)?;
        let search = search::plan_of(&hints, Some(&config));
        Ok((config, search))
    })))
}

impl Live {
    /// Watches files from now on; before plugins are opened, so that no change is missed.
    pub(super) fn watching(around: &Around<'_>) -> Self {
        let (sender, requests) = sync_channel(ASKED_MAX);
        let (arguments, config) = (around.arguments, around.config);
        let is_live = pace(arguments) == Pace::RealTime || around.input.as_os_str() == PIPE;
        let setup = watching::Setup {
            search: search::plan(around.shell, &arguments.search, Some(config)),
            file: arguments.stage.is_empty().then(|| file(config).into()),
            news: match is_live {
                true => News::Told,
                false => News::Untold,
            },
            sender: sender.clone(),
            events: Arc::clone(around.events),
        };
        Self {
            requests: Some(requests),
            watching: Watching::start(setup, config),
            sender,
            server: None,
            hangup: None,
            beat: None,
            service: None,
        }
    }

    /// Opens what can be opened.
    pub(super) fn open(self, around: &Around<'_>) -> Self {
        let service = Service::of_process().map(Arc::new);
        let told = |what: &str, error: &ControlError| {
            let cause = std::error::Error::source(error);
            let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
            around.events.event(Event::Notice {
                text: format!("{what}: {error}{cause}"),
            });
        };
        let server = (!around.arguments.control.no_control).then(|| {
            let setup = setup(around, &self.sender, service.clone());
            Server::start(setup)
                .map_err(|error| told("`segue ctl` cannot reach this run", &error))
                .ok()
        });
        let beat = service.as_ref().zip(Service::watchdog());
        let beat = beat.map(|(service, interval)| {
            Beat::start(Arc::clone(service), interval)
                .map_err(|error| told("no sign of life for the service manager", &error))
                .ok()
        });
        let sender = self.sender.clone();
        let hangup = Hangup::listen(sender, service.clone(), Arc::clone(around.stop));
        if let Err(error) = &hangup {
            let text = format!("SIGHUP does not reload: {error}");
            around.events.event(Event::Notice { text });
        }
        let opened = Self {
            server: server.flatten(),
            hangup: hangup.ok(),
            beat: beat.flatten(),
            service,
            ..self
        };
        let events = opened.events(Arc::clone(around.events));
        opened.watching.tell(events);
        opened
    }

    /// Who is told when the session's configuration becomes another.
    pub(super) fn applied(&self) -> Applied {
        self.watching.applied()
    }

    /// Everybody who is told of the session's events, with these.
    pub(super) fn events(&self, events: Arc<dyn EventSink>) -> Arc<dyn EventSink> {
        let server = self.server.as_ref().map(Server::events);
        let service = self.service.clone().map(|it| it as Arc<dyn EventSink>);
        let more: Vec<_> = server.into_iter().chain(service).collect();
        match more.is_empty() {
            true => events,
            false => Arc::new(Several(more.into_iter().chain([events]).collect())),
        }
    }

    /// Ends all of it; the session is over.
    pub(super) fn stop(self) {
        // Whoever waits for an answer waits no longer once nobody can give one.
        drop((self.requests, self.sender));
        drop(self.watching);
        drop((self.hangup, self.beat));
        if let Some(server) = self.server {
            server.stop();
        }
    }
}

/// The file of a configuration, or what stands for it.
fn file(config: &Config) -> &str {
    &config.sources().get(SourceId::FILE).name
}

fn setup(around: &Around<'_>, sender: &SyncSender<Asked>, service: Option<Arc<Service>>) -> Setup {
    let (arguments, config) = (around.arguments, around.config);
    let file = file(config);
    // A chain has no file; messages call its text by the flag.
    let file = if file == chain::NAME { CHAIN } else { file };
    let name = match (&arguments.control.name, &config.pipeline.name) {
        (Some(name), _) => name.clone(),
        (None, Some(name)) => name.value.clone(),
        (None, None) => {
            let stem = Path::new(file).file_stem().unwrap_or_default();
            stem.to_string_lossy().into_owned()
        }
    };
    let mut folders = folders(&around.shell.environment);
    Setup {
        folder: folders.swap_remove(0),
        name,
        config: file.to_owned(),
        sender: sender.clone(),
        service,
        stop: Arc::clone(around.stop),
    }
}

//! Live: how a run is reached while it goes: control socket, SIGHUP, a timeline, changed files, a
//! service manager.
//!
//! In: arguments of a run. Out: the session's queue of requests, somebody who takes its events,
//! and an end in order. What cannot be opened is told, and the run goes on without it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::cli::arguments::Run;
use crate::cli::chain;
use crate::cli::configuration;
use crate::cli::ctl::folders;
use crate::cli::failure::Failure;
use crate::cli::run::meaning::{PIPE, flags, pace};
use crate::cli::search;
use crate::cli::shell::Shell;
use crate::cli::signals::Hangup;
use crate::config;
use crate::config::model::Config;
use crate::config::source::SourceId;
use crate::control::timeline;
use crate::control::{Beat, ControlError, Server, Service, Setup};
use crate::follow::{self, Follower, UnappliedNews};
use crate::observe::{Event, EventSink};
use crate::session::{Applied, CallWatch, Ended, Pace, Reread, SessionError, control_ends};
use crate::swap::ask::{ControlEnd, Requests, Timed};

/// What a pipeline without a file is called.
const CHAIN: &str = "chain";

/// Everybody who can reach a run.
pub(super) struct Live {
    /// The session's end of the queue, until it is taken.
    pub(super) requests: Option<Requests>,
    control: ControlEnd,
    follower: Follower,
    server: Option<Server>,
    hangup: Option<Hangup>,
    beat: Option<Beat>,
    service: Option<Arc<Service>>,
}

/// What the run is that is to be reached.
pub(super) struct RunReached<'a> {
    pub(super) shell: &'a Shell,
    pub(super) arguments: &'a Run,
    pub(super) config: &'a Arc<Config>,
    /// What is read.
    pub(super) input: &'a Path,
    /// Who is told what cannot be opened.
    pub(super) events: &'a Arc<dyn EventSink>,
    pub(super) stop: &'a Arc<AtomicUsize>,
    /// Where it is seen which stage its thread is calling.
    pub(super) watch: &'a CallWatch,
}

/// The service manager, and everybody else who is told.
struct WithService {
    service: Arc<Service>,
    events: Arc<dyn EventSink>,
}

impl EventSink for WithService {
    fn event(&self, event: Event) {
        self.service.event(event.clone());
        self.events.event(event);
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
    let overrides = configuration::overrides(flags(arguments)?);
    let path = PathBuf::from(file(config));
    let hints = search::hints(shell, &arguments.search);
    Ok(Some(Arc::new(move |other, running| {
        let read = match other {
            Some(other) => config::read_as(other, &overrides, &path),
            None => config::read_again(&path, &overrides, running),
        };
        let config = read?;
        let search = search::plan_of(&hints, Some(&config));
        Ok((config, search))
    })))
}

impl Live {
    /// Watches files from now on; before plugins are opened, so that no change is missed.
    pub(super) fn watching(around: &RunReached<'_>) -> Self {
        let (control, requests) = control_ends();
        let (arguments, config) = (around.arguments, around.config);
        let is_live = pace(arguments) == Pace::RealTime || around.input.as_os_str() == PIPE;
        let setup = follow::FollowSetup {
            search: search::plan(around.shell, &arguments.search, Some(config)),
            file: arguments.stage.is_empty().then(|| file(config).into()),
            news: match is_live {
                true => UnappliedNews::Told,
                false => UnappliedNews::Untold,
            },
            control: control.clone(),
            events: Arc::clone(around.events),
        };
        Self {
            requests: Some(requests),
            follower: Follower::start(setup, config),
            control,
            server: None,
            hangup: None,
            beat: None,
            service: None,
        }
    }

    /// Opens what can be opened.
    pub(super) fn open(self, around: &RunReached<'_>) -> Self {
        let service = Service::of_process().map(Arc::new);
        let told = |what: &str, error: &ControlError| {
            let cause = std::error::Error::source(error);
            let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
            around.events.event(Event::Notice {
                text: format!("{what}: {error}{cause}"),
            });
        };
        let server = (!around.arguments.control.no_control).then(|| {
            let setup = setup(around, &self.control, service.clone());
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
        let control = self.control.clone();
        let hangup = Hangup::listen(control, service.clone(), Arc::clone(around.stop));
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
        opened.follower.tell(events);
        opened
    }

    /// Who is told when the session's configuration becomes another.
    pub(super) fn applied(&self) -> Applied {
        self.follower.applied()
    }

    /// Everybody who is told of the session's events, with these.
    pub(super) fn events(&self, events: Arc<dyn EventSink>) -> Arc<dyn EventSink> {
        let events = self.control.sharing(events);
        match self.service.clone() {
            None => events,
            Some(service) => Arc::new(WithService { service, events }),
        }
    }

    /// Ends all of it, but for what waits for a session that was left behind.
    pub(super) fn end(self, result: &Result<Ended, SessionError>) {
        match result {
            Err(SessionError::Hung { .. }) => self.leave(),
            Ok(_) | Err(_) => self.stop(),
        }
    }

    /// Ends the socket of a session that was left behind. Whoever else asked it something waits for
    /// an answer that never comes, and goes with the process.
    fn leave(self) {
        std::mem::forget((self.follower, self.hangup, self.beat));
        if let Some(server) = self.server {
            server.stop();
        }
    }

    /// Ends all of it; the session is over.
    fn stop(self) {
        // Whoever waits for an answer waits no longer once nobody can give one.
        drop((self.requests, self.control));
        drop(self.follower);
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

fn setup(around: &RunReached<'_>, control: &ControlEnd, service: Option<Arc<Service>>) -> Setup {
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
        control: control.clone(),
        service,
        stop: Arc::clone(around.stop),
        watch: around.watch.clone(),
    }
}

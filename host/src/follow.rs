//! Follow: what follows from files that change while a session runs.
//!
//! In: the configuration that runs, now and after every reload; files that changed. Out: requests
//! to the session where the configuration lets changes come by themselves, notices where not.

mod appeared;

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use crate::config;
use crate::config::Mistakes;
use crate::config::model::Config;
use crate::config::words::{Reload as When, Watch as What};
use crate::discovery::SearchPlan;
use crate::follow::appeared::{Follows, follows, newest, required, same_major};
use crate::observe::{Cause, Event, EventSink, Status, Who};
use crate::swap::ask::{Answer, Command, ControlEnd, Insert, Reload, Swap, Target};
use crate::threads::{prepare_to_wait, wait_for_end};
use crate::watch::{self, Appeared, Changed, Watch};

/// Who is told of every configuration that runs from then on.
pub type OnApplied = Arc<dyn Fn(&Arc<Config>) + Send + Sync>;

/// What is to be followed, beside the configuration.
pub struct FollowSetup {
    /// Where plugins are searched.
    pub search: SearchPlan,
    /// The configuration's file, where there is one.
    pub file: Option<PathBuf>,
    /// Whether the run lasts long enough for news that nobody acts on by itself.
    pub news: UnappliedNews,
    /// The session that is asked.
    pub control: ControlEnd,
    /// Who is told.
    pub events: Arc<dyn EventSink>,
}

/// What is told where nothing follows from a change by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnappliedNews {
    /// Everything.
    Told,
    /// Nothing: the run is over before anybody could act on it.
    Untold,
}

/// Changed files, for as long as this value lives.
pub struct Follower {
    shared: Arc<FollowState>,
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// An edit that cannot be taken, in a line.
fn wrong(file: &Path, mistakes: &Mistakes) -> String {
    let first = mistakes.iter().next();
    let place = first.and_then(|first| mistakes.position(first));
    let place = place.map_or_else(String::new, |at| format!("{}:{}: ", at.line, at.column));
    let message = first.map_or("", |first| first.message.as_str());
    let more = match mistakes.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    format!(
        "{} was edited, the audio goes on as it was: {place}{message}{more}; `segue check` explains it",
        file.display()
    )
}

/// What is known everywhere.
struct FollowState {
    search: SearchPlan,
    file: Option<PathBuf>,
    news: UnappliedNews,
    control: ControlEnd,
    /// The configuration that runs.
    config: Mutex<Arc<Config>>,
    events: Mutex<Arc<dyn EventSink>>,
}

/// Which files matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct WatchedKinds {
    libraries: bool,
    config: bool,
}

impl Follower {
    /// Follows from now on what the configuration says. Waits until all files were looked at once.
    /// Thread: any but audio.
    #[must_use]
    pub fn start(setup: FollowSetup, config: &Arc<Config>) -> Self {
        let shared = Arc::new(FollowState {
            search: setup.search,
            file: setup.file,
            news: setup.news,
            control: setup.control,
            config: Mutex::new(Arc::clone(config)),
            events: Mutex::new(setup.events),
        });
        let wanted = shared.wanted();
        let first = shared.watch(wanted);
        let (wake, woken) = channel();
        let own = Arc::clone(&shared);
        let thread = Builder::new().name("segue-watching".to_owned());
        let thread = thread.spawn(move || {
            prepare_to_wait();
            follow(&own, &woken, (wanted, first));
        });
        if let Err(error) = &thread {
            let text = format!("changed files are not watched: {error}");
            shared.notice(text);
        }
        Self {
            shared,
            wake: Some(wake),
            thread: thread.ok(),
        }
    }

    /// Tells these from now on. Thread: any.
    pub fn tell(&self, events: Arc<dyn EventSink>) {
        *locked(&self.shared.events) = events;
    }

    /// Whom the session gives its configuration after every change of it.
    #[must_use]
    pub fn applied(&self) -> OnApplied {
        let (shared, wake) = (Arc::clone(&self.shared), self.wake.clone());
        Arc::new(move |config| {
            *locked(&shared.config) = Arc::clone(config);
            if let Some(wake) = &wake {
                let _ = wake.send(()); // Without a thread nothing is watched.
            }
        })
    }
}

impl Drop for Follower {
    /// Nobody may wait for the session any more: who asked it is waited for here.
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            wait_for_end(thread);
        }
    }
}

/// Watches other files whenever the configuration wants so, until nobody changes it any more.
fn follow(shared: &Arc<FollowState>, woken: &Receiver<()>, first: (WatchedKinds, Option<Watch>)) {
    let (mut wanted, mut kept) = first;
    while woken.recv().is_ok() {
        let next = shared.wanted();
        if next == wanted {
            continue;
        }
        // The new one looks before the old one goes: nothing falls in between.
        let watch = shared.watch(next);
        drop(kept);
        (wanted, kept) = (next, watch);
    }
}

impl FollowState {
    fn config(&self) -> Arc<Config> {
        Arc::clone(&locked(&self.config))
    }

    fn wanted(&self) -> WatchedKinds {
        let config = self.config();
        let tells = self.news == UnappliedNews::Told;
        let libraries = match config.plugins.watch.value {
            What::Off => false,
            What::Report => tells,
            What::Swap => true,
        };
        let edits = match config.host.reload.value {
            When::Manual => tells,
            When::OnSave => true,
        };
        WatchedKinds {
            libraries,
            config: edits && self.file.is_some(),
        }
    }

    fn watch(self: &Arc<Self>, wanted: WatchedKinds) -> Option<Watch> {
        if !wanted.libraries && !wanted.config {
            return None;
        }
        let folders = self.search.folders.iter().map(|place| place.path.clone());
        let (folders, files) = match wanted.libraries {
            true => (folders.collect(), self.search.files.clone()),
            false => (Vec::new(), Vec::new()),
        };
        let own = Arc::clone(self);
        let watch = watch::start(watch::WatchSetup {
            folders,
            files,
            config: self.file.clone().filter(|_| wanted.config),
            tell: Box::new(move |changed| own.changed(changed)),
        });
        watch.map_err(|error| self.notice(error.to_string())).ok()
    }

    /// Goes on with what changed; waits for what it asks of the session.
    fn changed(&self, changed: Changed) {
        changed
            .notices
            .into_iter()
            .for_each(|text| self.notice(text));
        if let (true, Some(file)) = (changed.config, &self.file) {
            self.edited(file);
        }
        for library in newest(changed.libraries) {
            self.appeared(&library);
        }
    }

    fn edited(&self, file: &Path) {
        let config = self.config();
        // Who saves overrides writes the file, and who reloaded it needs no word about it.
        if config::reading::text(file)
            .is_ok_and(|text| text.trim_start_matches('\u{feff}') == config.text())
        {
            return;
        }
        match config.host.reload.value {
            When::OnSave => {
                let _ = self.ask(
                    Command::Reload(Reload::Apply(Insert::Refused)),
                    Who::OnSave,
                    String::new(),
                );
            }
            When::Manual => self.notice(match config::read(file, &[]) {
                Ok(_) => format!(
                    "{} was edited: `segue ctl reload` applies it, `segue ctl reload --dry-run` \
                     shows what it would change",
                    file.display()
                ),
                Err(mistakes) => wrong(file, &mistakes),
            }),
        }
    }

    fn appeared(&self, library: &Appeared) {
        let Some(status) = self.status() else {
            return;
        };
        let config = self.config();
        let what = config.plugins.watch.value;
        match (follows(library, &status, &config), what) {
            (Follows::Nothing, _) | (_, What::Off) => {}
            (Follows::Told(text), What::Report | What::Swap) => self.notice(text),
            (Follows::Swaps(_), What::Report) => self.notice(library.notice()),
            (Follows::Swaps(targets), What::Swap) => {
                for target in targets {
                    self.swap(target, library);
                }
            }
        }
    }

    fn swap(&self, target: Target, library: &Appeared) {
        let is_required = required(&library.plugin, &self.config()).is_some();
        let swap = Swap {
            target,
            component: None,
            // Without a requirement that is the rule anyway.
            versions: is_required.then(|| same_major(&library.version)),
            insert: Insert::Refused,
        };
        let (plugin, version) = (&library.plugin, &library.version);
        let why = format!("{plugin} {version} appeared at {}", library.path.display());
        // What came of it is told by its receipts.
        let _ = self.ask(Command::Swap(swap), Who::Watch, why);
    }

    fn status(&self) -> Option<Box<Status>> {
        match self.ask(Command::Status, Who::Watch, String::new())? {
            Answer::Status(status) => Some(status),
            _ => None,
        }
    }

    /// Asks the session and waits for its answer; `None` where there is none to be had.
    fn ask(&self, command: Command, who: Who, why: String) -> Option<Answer> {
        // Where there is no room, waiting for it holds up nobody but further news.
        self.control.ask_and_wait(command, Cause { who, why })
    }

    fn notice(&self, text: String) {
        let events = Arc::clone(&locked(&self.events));
        events.event(Event::Notice { text });
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;

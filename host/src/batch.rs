//! Batch: many files through one pipeline, each as if it were alone.
//!
//! In: a list of files, a pipeline whose plugins are open, how many threads. Out: what came of each
//! file, told as it happens. A file that fails ends nothing but itself; once a signal asks for the
//! end, no further file is begun and those under way leave nothing behind.
//!
//! Every file is a session of its own on one thread, so that a result cannot depend on how many
//! threads there are. Its input is read once more ahead of it, for its key; its output is read
//! back, for the journal.

mod journal;
mod list;
mod pattern;
mod walk;

use std::any::Any;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use segue_media::io::{Overwrite, RawSpec, Stop};

use crate::config::model::Config;
use crate::observe::EventSink;
use crate::pipeline::Timed;
use crate::process::calls::CallWatch;
use crate::process::start;
use crate::provenance::Content;
use crate::session::{
    Company, Ended, Input, NonFinite, Outcome, Output, Pace, Plugins, Request, SessionError,
    StreamPart, output_key, run,
};

pub use journal::{Done, JOURNAL_NAME, Journal, JournalError};
pub use list::{
    BatchWanted, FILES_MAX, Holds, Item, List, ListError, is_audio_name, is_many, list,
};

/// What a batch is asked to do.
pub struct Batch<'a> {
    /// The pipeline that every file goes through.
    pub config: Arc<Config>,
    /// The plugins of the pipeline, opened once for all files.
    pub plugins: Arc<Plugins>,
    /// The files, each with its input and its output.
    pub items: &'a [Item],
    /// What is known of outputs; `None` where nothing is written.
    pub journal: Option<&'a Journal>,
    /// What to do with outputs that are done.
    pub resume: Resume,
    /// The samples of inputs, where no header says.
    pub raw: Option<RawSpec>,
    /// What to do with outputs that exist.
    pub overwrite: Overwrite,
    /// What to do about samples that are not finite.
    pub non_finite: NonFinite,
    /// How many files are under way at once, at least one.
    pub threads: usize,
    /// Raised to a signal's number when it has to end.
    pub stop: Arc<AtomicUsize>,
}

/// What to do with outputs that an earlier batch wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resume {
    /// They are like all others that exist.
    No,
    /// Those that are whole and made of the same are kept, the rest is written anew.
    Yes,
}

/// What came of a file.
#[derive(Debug)]
pub enum Fate {
    /// It ran, or did not come so far; with the content of the output that was written.
    Ran(Box<Outcome>, Option<Content>),
    /// Its output was there, whole and made of the same.
    Kept(Done),
    /// The host itself failed on it; what it said.
    Broke(String),
    /// A signal came before it.
    NotBegun,
}

/// Who is told of the files. Called from several threads.
pub trait Audience: Sync {
    /// Who is told of what happens within a file, by its place in the list.
    fn events(&self, at: usize) -> Arc<dyn EventSink>;

    /// A file has met its fate. Thread: that of the file's run.
    fn ended(&self, at: usize, fate: Fate);

    /// The journal could not be written: files that are done will be done again.
    fn journal_failed(&self, error: &io::Error);
}

impl Batch<'_> {
    /// Runs all files; returns when every one has met its fate. Thread: any; this one and others
    /// that end with it become audio threads.
    pub fn run(&self, audience: &dyn Audience) {
        let next = AtomicUsize::new(0);
        let work = || self.work(&next, audience);
        thread::scope(|scope| {
            for _ in 1..self.threads.min(self.items.len()) {
                let builder = thread::Builder::new().name("session".to_owned());
                // Where the system gives no more threads, the ones there are do the work.
                if builder.spawn_scoped(scope, work).is_err() {
                    break;
                }
            }
            work();
        });
    }

    /// Takes one file after the other until none is left.
    fn work(&self, next: &AtomicUsize, audience: &dyn Audience) {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = self.items.get(at) else {
                return;
            };
            // Decoders read what others wrote; a mistake in one of them must not end the others.
            let fate = catch_unwind(AssertUnwindSafe(|| self.file(at, item, audience)));
            audience.ended(at, fate.unwrap_or_else(|panic| Fate::Broke(words(&*panic))));
        }
    }

    fn file(&self, at: usize, item: &Item, audience: &dyn Audience) -> Fate {
        if self.is_stopped() {
            return Fate::NotBegun;
        }
        // What cannot be read is told when it is opened.
        let content = Content::of(&item.input, &self.stop).unwrap_or(None);
        if self.is_stopped() {
            return Fate::NotBegun;
        }
        let request = || self.request(item, content, audience.events(at));
        if self.resume == Resume::Yes
            && let Some(done) = self.kept(item, &request())
        {
            return Fate::Kept(done);
        }
        let note = |noted: io::Result<()>| {
            if let Err(error) = noted {
                audience.journal_failed(&error);
            }
        };
        note(self.begin(item));
        let outcome = match item.output.as_deref().map(make_folder) {
            Some(Err(error)) => Outcome::not_started(error),
            Some(Ok(())) | None => run(request()),
        };
        let written = self.written(item, &outcome);
        note(self.finish(item, &outcome, written.as_ref()));
        Fate::Ran(Box::new(outcome), written)
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) != 0
    }

    fn request(
        &self,
        item: &Item,
        content: Option<Content>,
        events: Arc<dyn EventSink>,
    ) -> Request {
        let output = item.output.clone().map(|path| Output {
            path,
            raw: None,
            overwrite: self.overwrite(item),
        });
        Request {
            config: Arc::clone(&self.config),
            plugins: Arc::clone(&self.plugins),
            input: Input {
                path: item.input.clone(),
                raw: self.raw,
                part: StreamPart::Whole,
            },
            output,
            content,
            company: Company::Shared,
            pace: Pace::Fast,
            timed: Timed::Sampled,
            non_finite: self.non_finite,
            events,
            stop: Stop::when(Arc::clone(&self.stop)),
            born: Instant::now(),
            requests: None,
            timeline: Vec::new(),
            reread: None,
            applied: None,
            watch: CallWatch::default(),
        }
    }

    /// What to do with an output that exists: what an earlier batch wrote is ours.
    fn overwrite(&self, item: &Item) -> Overwrite {
        let knows = |journal: &Journal| journal.knows(&item.relative);
        match self.resume {
            Resume::Yes if self.journal.is_some_and(knows) => Overwrite::Allowed,
            Resume::Yes | Resume::No => self.overwrite,
        }
    }

    /// What is known of an output that is whole and made of what it would be made of now.
    fn kept(&self, item: &Item, request: &Request) -> Option<Done> {
        let done = self.journal?.done(&item.relative)?;
        // What cannot be opened is told by the run.
        let key = output_key(request).ok().flatten()?;
        if !done.has_key(key) {
            return None;
        }
        let content = Content::of(item.output.as_deref()?, &self.stop)
            .ok()
            .flatten()?;
        done.is_content(&content).then(|| done.clone())
    }

    fn begin(&self, item: &Item) -> io::Result<()> {
        self.journal
            .map_or(Ok(()), |journal| journal.begin(&item.relative))
    }

    /// The content of what was written, if something was.
    fn written(&self, item: &Item, outcome: &Outcome) -> Option<Content> {
        match outcome.result {
            Ok(Ended::Complete | Ended::ByDecision(_) | Ended::OnRequest) => {}
            Ok(Ended::Interrupted(_)) | Err(_) => return None,
        }
        let read = Content::of(item.output.as_deref()?, &AtomicUsize::new(0));
        read.ok().flatten()
    }

    /// Notes what came of an output: that it is whole, if it is known what it was made of; or that
    /// nothing of it is there.
    fn finish(&self, item: &Item, outcome: &Outcome, written: Option<&Content>) -> io::Result<()> {
        let Some(journal) = self.journal else {
            return Ok(());
        };
        let report = outcome.report.as_ref();
        let key = report.and_then(|report| report.stream.output_key.clone());
        match (written, report, key) {
            (Some(written), Some(report), Some(key)) => {
                let done = Done::new(key, written, &report.degraded);
                journal.finish(&item.relative, done)
            }
            (None, _, _) if !is_there(item) => journal.forget(&item.relative),
            _ => Ok(()),
        }
    }
}

/// Whether something has the name of an output.
fn is_there(item: &Item) -> bool {
    let output = item.output.as_deref();
    output.is_some_and(|output| fs::symlink_metadata(start::absolute(output)).is_ok())
}

/// Makes the folder that an output is to be in.
fn make_folder(output: &Path) -> Result<(), SessionError> {
    let folder = output.parent().map(PathBuf::from).unwrap_or_default();
    let made = fs::create_dir_all(start::absolute(&folder));
    made.map_err(|source| SessionError::Folder { folder, source })
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;

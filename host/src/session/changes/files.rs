//! Files: configuration files are read and written on a thread of their own.
//!
//! In: a command that is about a file, with its work under way. Out: the command, once the file has
//! been read or written, or has kept it waiting for too long. A disk may take its time, and a file
//! may be none: the thread that plays asks neither. Off line it waits, so that a change falls on
//! the same frame in every run.
//!
//! One at a time: while a file is read, no other change begins, and what is written is what was
//! read.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::config::model::Config;
use crate::discovery::SearchPlan;
use crate::loading::{Missed, Pending, begin};
use crate::session::changes::refusal::Refusal;
use crate::session::changes::requests::Begun;
use crate::session::changes::save::Written;
use crate::session::changes::{ChangeRequest, Changes};
use crate::session::context::Context;

/// How long a file may take: slow disks take seconds.
const FILES_DEADLINE: Duration = Duration::from_secs(60);

/// How long the end of a session waits for a file that is being written.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// A configuration that was read, and where its plugins are looked for.
pub(super) type Reading = (Config, SearchPlan);

/// What is done with a file.
pub(super) enum FileWork {
    /// The configuration is read again, or another one is.
    Reading(Pending<Result<Reading, Refusal>>),
    /// Overrides are written into it.
    Writing(Pending<Result<Written, Refusal>>),
}

/// A command whose file is being read or written.
pub(super) struct Files {
    pub(super) request: ChangeRequest,
    task: FileWork,
}

impl Files {
    /// Whether a change is to come of it.
    pub(super) const fn is_read(&self) -> bool {
        matches!(self.task, FileWork::Reading(_))
    }
}

/// Begins work on files. Thread: any; the work goes to one of its own.
pub(super) fn away<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<Pending<R>, Refusal> {
    let begun = begin(FILES_DEADLINE, || {
        at_the_disk();
        work()
    });
    begun.map_err(Refusal::Files)
}

impl Changes {
    /// Begins to read the configuration, or another file in its place.
    pub(super) fn reread(&self, path: Option<PathBuf>) -> Result<Begun, Refusal> {
        let Some(reread) = self.machine.setup.reread.clone() else {
            return Err(Refusal::NoFile("read again"));
        };
        let file = Arc::clone(&self.machine.configurations.file);
        let read = away(move || Ok(reread(path.as_deref(), &file)?))?;
        Ok(Begun::Files(FileWork::Reading(read)))
    }

    /// Keeps a command until its file is there.
    pub(super) fn hold_for_files(
        &mut self,
        request: ChangeRequest,
        task: FileWork,
        context: &mut Context<'_>,
    ) {
        self.files = Some(Files { request, task });
        self.advance_files(context);
    }

    /// Goes on with the command whose file is there.
    pub(super) fn advance_files(&mut self, context: &mut Context<'_>) {
        let Some(files) = self.files.take() else {
            return;
        };
        let request = &files.request;
        let begun = match &files.task {
            FileWork::Reading(pending) => self
                .machine
                .setup
                .barrier
                .look(pending)
                .map(|read| self.read(in_time(read), request, context)),
            FileWork::Writing(pending) => self
                .machine
                .setup
                .barrier
                .look(pending)
                .map(|written| self.saved(in_time(written))),
        };
        match begun {
            None => self.files = Some(files),
            Some(begun) => self.proceed(files.request, begun, context),
        }
    }

    /// What is read when the session ends is of no use any more; what is written may be.
    pub(super) fn end_files(&mut self, context: &mut Context<'_>) {
        let Some(files) = self.files.take() else {
            return;
        };
        let written = match &files.task {
            FileWork::Reading(_) => None,
            FileWork::Writing(pending) => pending.look(LAST_WAIT),
        };
        let begun = match written {
            Some(written) => self.saved(in_time(written)),
            None => Err(Refusal::SessionEnded),
        };
        self.proceed(files.request, begun, context);
    }
}

/// What the disk makes of it: nothing that is seen here. In builds with debug assertions a variable
/// names a file: while it is there, the disk takes its time. That it does stands in a second file.
fn at_the_disk() {
    #[cfg(debug_assertions)]
    if let Some(slow) = std::env::var_os("SEGUE_TEST_SLOW_DISK") {
        let slow = PathBuf::from(slow);
        let _ = std::fs::write(slow.with_extension("reached"), "");
        while slow.exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What a thread of its own came to, or why it did not come to anything.
fn in_time<R>(came: Result<Result<R, Refusal>, Missed>) -> Result<R, Refusal> {
    came.unwrap_or_else(|missed| Err(Refusal::Files(missed)))
}

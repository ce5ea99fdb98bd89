//! Opening: a library is opened within a deadline.
//!
//! In: what admission approved. Out: its generation; or, where its initializers do not come back,
//! a sentence, and from then on one for every other library: the system opens one at a time.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use segue_plugin::manifest::Manifest;

use crate::discovery::ContentHash;
use crate::loading::deadline::{Missed, within};
use crate::loading::error::LoadError;
use crate::loading::generation::{Approved, Generation};

/// How long the opening of a library may take. Its probe did it, and all the rest, in five seconds.
const OPEN_DEADLINE: Duration = Duration::from_secs(10);

/// The library that did not come back in time, until it does.
static STUCK: Mutex<Option<PathBuf>> = Mutex::new(None);

/// How far an opening is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OpeningProgress {
    UnderWay,
    Over,
}

/// As [`Generation::open`], on a thread of its own that gets so long and no longer. Thread: any but
/// audio; it waits. After `Late` the opening goes on: the door has to stay what it is.
///
/// # Errors
/// As `Generation::open`; and when the library, or one before it, does not come back.
pub fn open_in_time(approved: &Approved<'_>) -> Result<Arc<Generation>, LoadError> {
    if let Some(by) = stuck().clone() {
        let path = approved.file.to_owned();
        return Err(LoadError::Blocked { path, by });
    }
    let progress = Arc::new(Mutex::new(OpeningProgress::UnderWay));
    let its_own = Arc::clone(&progress);
    let order = OpeningOrder::of(approved);
    let opened = within(OPEN_DEADLINE, move || {
        let opened = Generation::open(&order.approved());
        let mut progress = its_own.lock().unwrap_or_else(PoisonError::into_inner);
        *progress = OpeningProgress::Over;
        stuck().take_if(|stuck| *stuck == order.file);
        opened
    });
    opened.unwrap_or_else(|why| Err(missed(approved.file, why, &progress)))
}

/// What was approved, for a thread that may outlive the call.
struct OpeningOrder {
    door: PathBuf,
    path: PathBuf,
    hash: ContentHash,
    manifest: Manifest,
    file: PathBuf,
}

impl OpeningOrder {
    fn of(approved: &Approved<'_>) -> Self {
        Self {
            door: approved.door.to_owned(),
            path: approved.path.to_owned(),
            hash: approved.hash,
            manifest: approved.manifest.clone(),
            file: approved.file.to_owned(),
        }
    }

    fn approved(&self) -> Approved<'_> {
        Approved {
            door: &self.door,
            path: &self.path,
            hash: self.hash,
            manifest: &self.manifest,
            file: &self.file,
        }
    }
}

/// What it means that there was no answer; other openings are refused until there is one.
fn missed(path: &Path, why: Missed, progress: &Mutex<OpeningProgress>) -> LoadError {
    let path = path.to_owned();
    let Missed::Deadline(deadline) = why else {
        return LoadError::Missed { path, why };
    };
    let progress = progress.lock().unwrap_or_else(PoisonError::into_inner);
    if *progress == OpeningProgress::UnderWay {
        *stuck() = Some(path.clone());
    }
    LoadError::Late {
        path,
        seconds: deadline.as_secs(),
    }
}

fn stuck() -> std::sync::MutexGuard<'static, Option<PathBuf>> {
    STUCK.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Library: plugins opened in the test's own process, without admission.
//!
//! In: a file. Out: what discovery says of it, or the generation that the loader makes of it.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use segue::discovery::{self, Class, FoundPlugin, Registry, SearchPlan, content_hash};
use segue::loading::{Approved, Generation, LoadError};

/// What discovery says of a file; nothing is opened.
#[must_use]
pub fn class(path: &Path) -> Class {
    let plan = SearchPlan {
        files: vec![path.to_owned()],
        ..SearchPlan::default()
    };
    let mut scan = discovery::scan(&plan, &mut Registry::in_memory(), SystemTime::now());
    scan.entries.remove(0).class
}

/// What discovery found in a file that is ready.
#[must_use]
#[track_caller]
pub fn found(path: &Path) -> FoundPlugin {
    match class(path) {
        Class::Ready(found) => *found,
        class => panic!("{} is {class:?}, expected it to be ready", path.display()),
    }
}

/// Opens a library into this process, as the loader does after admission approved it.
///
/// # Errors
/// As the loader.
pub fn try_open(path: &Path) -> Result<Arc<Generation>, LoadError> {
    let manifest = found(path).manifest;
    let mut file = File::open(path).expect("the file was found a moment ago");
    let hash = content_hash(&mut file).expect("the file can be read");
    Generation::open(&Approved::at(path, hash, &manifest))
}

/// Opens a library that nothing is wrong with.
#[must_use]
#[track_caller]
pub fn open(path: &Path) -> Arc<Generation> {
    try_open(path).unwrap_or_else(|error| panic!("{error}"))
}

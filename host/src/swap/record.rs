//! Record: which transitions of the table were taken, for the test that wants all of them.
//!
//! In: transitions. Out: a line for each that a process takes for the first time, in the file that
//! [`FILE`] names, as long as debug assertions are on: `product` or, of this crate's own tests, `walk`;
//! the state, and the event. Nothing otherwise.

use crate::swap::table::{Event, State};

/// The environment variable that names the file.
pub const FILE: &str = "SEGUE_TEST_TRANSITIONS";

/// Writes a transition down.
#[cfg(debug_assertions)]
pub fn record(state: State, event: Event) {
    use std::fs::OpenOptions;
    use std::io::Write;

    #[cfg(test)]
    taken::add(state, event);
    if !is_new(state, event) {
        return;
    }
    let Some(path) = std::env::var_os(FILE) else {
        return;
    };
    let file = OpenOptions::new().create(true).append(true).open(path);
    // One write for a line: several processes share the file. It is missed where it is looked for.
    if let Ok(mut file) = file {
        let who = if cfg!(test) { "walk" } else { "product" };
        let _ = file.write_all(format!("{who} {state:?} {event:?}\n").as_bytes());
    }
}

/// Whether this process takes it for the first time.
#[cfg(debug_assertions)]
fn is_new(state: State, event: Event) -> bool {
    use std::sync::{Mutex, PoisonError};

    static TAKEN: Mutex<Vec<(State, Event)>> = Mutex::new(Vec::new());
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let is_new = !taken.contains(&(state, event));
    if is_new {
        taken.push((state, event));
    }
    is_new
}

/// Does nothing.
#[cfg(not(debug_assertions))]
pub const fn record(_: State, _: Event) {}

/// What this thread took, for tests within the crate.
#[cfg(test)]
pub(crate) mod taken {
    use std::cell::RefCell;
    use std::collections::HashSet;

    use crate::swap::table::{Event, State};

    thread_local! {
        static TAKEN: RefCell<HashSet<(State, Event)>> = RefCell::new(HashSet::new());
    }

    pub(super) fn add(state: State, event: Event) {
        TAKEN.with_borrow_mut(|taken| taken.insert((state, event)));
    }

    /// All of it so far.
    pub(crate) fn so_far() -> HashSet<(State, Event)> {
        TAKEN.with_borrow(Clone::clone)
    }
}

//! Signals: their names, for people.

use crate::system::processes::SIGNALS;

/// What a signal is called.
pub(super) fn name(signal: i32) -> String {
    let known = SIGNALS.iter().find(|(known, _)| *known == signal);
    known.map_or_else(
        || format!("signal {signal}"),
        |(_, name)| (*name).to_owned(),
    )
}

//! Pace: how fast a run goes, as plugins are told.

use segue_plugin::setup::Mode;

use crate::observe::Pace;

/// What plugins are told of a pace.
pub(super) const fn mode(pace: Pace) -> Mode {
    match pace {
        Pace::Fast => Mode::Offline,
        Pace::RealTime => Mode::RealTime,
    }
}

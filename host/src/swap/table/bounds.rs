//! Bounds: what else there is to say of each state of a change.
//!
//! In: a state. Out: who has what the change holds then, how long that may last, what it is called.
//!
//! Pure.

use std::time::Duration;

use crate::observe::ChangeState;
use crate::swap::table::{Event, State};

/// Who has what a change has yet to see ended or given to a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// A worker.
    Worker,
    /// The control thread.
    Control,
    /// The engine, or one of the rings to and from it.
    Engine,
}

/// How long a state may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wait {
    /// So long by the clock: it is what the worker is given.
    Clock(Duration),
    /// So much of the stream: while it stands still, nothing is late.
    Stream(Duration),
    /// It is an end.
    Ever,
}

/// How long resolving, probing, opening, creating and priming may take: a closure of some
/// libraries, each with its probe of 5 s at most.
const PREPARING_MAX: Duration = Duration::from_secs(60);

/// How long states of an older schema may take to become ones of the newer.
const MIGRATING_MAX: Duration = Duration::from_secs(60);

/// How much of the stream may pass while an earlier change of the schedule is under way: the
/// longest of them waits until later stages are full.
const SENDING_MAX: Duration = Duration::from_secs(300);

/// How much of the stream passes until the engine takes what is in its ring, at most: some blocks,
/// and the shadow and fade of a stage that comes back after a failure.
const TAKING_MAX: Duration = Duration::from_secs(10);

/// How much of the stream a candidate may run in shadow.
const SHADOW_MAX: Duration = Duration::from_secs(60);

/// How long the seam may wait after everything is aligned: for a stage that is held.
const ALIGNED_MAX: Duration = Duration::from_secs(60);

/// The longest fade, and some blocks.
const FADING_MAX: Duration = Duration::from_secs(70);

/// The longest tail that is let ring is 60 s; and some blocks.
const DRAINING_MAX: Duration = Duration::from_secs(70);

impl Event {
    /// Every event, for who checks all of them.
    pub const ALL: [Self; 15] = [
        Self::Prepared,
        Self::Primed,
        Self::Sent,
        Self::ShadowBegan,
        Self::Aligned,
        Self::HandedOver,
        Self::FadeBegan,
        Self::FadeOver,
        Self::FadedBack,
        Self::Returned,
        Self::CandidateFailed,
        Self::Refused,
        Self::Cancelled,
        Self::DeadlineOver,
        Self::Ended,
    ];
}

impl State {
    /// Every state, for who shows or checks all of them.
    pub const ALL: [Self; 12] = [
        Self::Preparing,
        Self::Prepared,
        Self::Primed,
        Self::Sent,
        Self::Shadow,
        Self::Aligned,
        Self::Fading,
        Self::Reversing,
        Self::Draining,
        Self::Leaving,
        Self::Retired,
        Self::Aborted,
    ];

    /// The word for it in receipts and in `status`.
    #[must_use]
    pub const fn word(self) -> ChangeState {
        match self {
            Self::Preparing => ChangeState::Preparing,
            Self::Prepared => ChangeState::Prepared,
            Self::Primed => ChangeState::Primed,
            Self::Sent => ChangeState::Sent,
            Self::Shadow => ChangeState::Shadow,
            Self::Aligned => ChangeState::Aligned,
            Self::Fading => ChangeState::Fading,
            Self::Reversing => ChangeState::Reversing,
            Self::Draining => ChangeState::Draining,
            Self::Leaving => ChangeState::Leaving,
            Self::Retired => ChangeState::Retired,
            Self::Aborted => ChangeState::Aborted,
        }
    }

    /// Who has what the change has to see ended or given away; `None` at its end.
    #[must_use]
    pub const fn place(self) -> Option<Place> {
        match self {
            Self::Preparing | Self::Prepared => Some(Place::Worker),
            Self::Primed => Some(Place::Control),
            Self::Sent
            | Self::Shadow
            | Self::Aligned
            | Self::Fading
            | Self::Reversing
            | Self::Draining
            | Self::Leaving => Some(Place::Engine),
            Self::Retired | Self::Aborted => None,
        }
    }

    /// How long it may last; afterwards [`Event::DeadlineOver`] is due.
    #[must_use]
    pub const fn wait(self) -> Wait {
        match self {
            Self::Preparing => Wait::Clock(PREPARING_MAX),
            Self::Prepared => Wait::Clock(MIGRATING_MAX),
            Self::Primed => Wait::Stream(SENDING_MAX),
            Self::Sent => Wait::Stream(TAKING_MAX),
            Self::Shadow => Wait::Stream(SHADOW_MAX),
            Self::Aligned => Wait::Stream(ALIGNED_MAX),
            Self::Fading | Self::Reversing => Wait::Stream(FADING_MAX),
            Self::Draining | Self::Leaving => Wait::Stream(DRAINING_MAX),
            Self::Retired | Self::Aborted => Wait::Ever,
        }
    }
}

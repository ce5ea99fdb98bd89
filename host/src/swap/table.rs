//! Table: the states that a change goes through, from the request to its end.
//!
//! In: a state and what happened. Out: the next state, and what the caller owes for getting there.
//! Off the audio thread candidates are made, run on silence and primed; then they travel to the
//! engine, run in shadow beside the old instances, are aligned and faded in; then the old ones
//! travel back and are ended. Every state before the end can be left, and lasts only so long.
//!
//! Pure: time comes in as [`Event::DeadlineOver`]. The same table serves a change as a whole and each
//! stage of it; swaps, edits, roll-backs and the restart of a stage that failed.

mod steps;

use std::time::Duration;

use crate::observe::ChangeState;

/// Where a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// A worker resolves, probes, opens, creates, tries on silence, and primes with recent input.
    Preparing,
    /// The candidates are made; a worker turns running states of an older schema into theirs.
    Prepared,
    /// The candidates have seen what they are to see; they wait for their place on the way to the
    /// engine.
    Primed,
    /// They are on their way to the engine.
    Sent,
    /// The candidate runs beside the old instance; nobody hears it.
    Shadow,
    /// It is as late as it has to be and ready to be heard.
    Aligned,
    /// Both are heard.
    Fading,
    /// Both are heard, on the way back to the old instance.
    Reversing,
    /// The new instance is heard; the old one is on its way back, its tail perhaps heard until then.
    Draining,
    /// The old instance is heard alone; the candidate is on its way back.
    Leaving,
    /// The end: the new instance is the stage's, the old one is gone.
    Retired,
    /// The end: what was made for the change is gone.
    Aborted,
}

/// What happened to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// The worker made the candidates.
    Prepared,
    /// They have seen what they are to see.
    Primed,
    /// The ring to the engine took them.
    Sent,
    /// The engine runs the candidate beside the old instance.
    ShadowBegan,
    /// It has caught up with the stream and is as late as the old instance.
    Aligned,
    /// It went on from the old one's state and is heard alone.
    HandedOver,
    /// Both are heard.
    FadeBegan,
    /// The new instance is heard alone, but for a tail.
    FadeOver,
    /// A fade ran back: the old instance is heard alone.
    FadedBack,
    /// What was no longer used came back from the engine.
    Returned,
    /// The candidate failed on the audio thread before it had taken over.
    CandidateFailed,
    /// Somebody on the way said no: resolution, the probe, a component, the latency's bound.
    Refused,
    /// Nobody wants it any longer: another change was first, or nobody wanted more than to see it.
    Cancelled,
    /// The state lasted longer than it may.
    DeadlineOver,
    /// The session is over: the engine stopped for good and gave back all that it held.
    Ended,
}

/// What a transition leaves to be done, at once and off the audio thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owes {
    /// Nothing.
    Nothing,
    /// The worker is told that nobody waits: what it makes is ended when it is there.
    Abandon,
    /// The instances that control has are ended: candidates that nobody takes, or what came back.
    End,
    /// The engine is told to let the candidate go; where it is faded in, to fade back first.
    Recall,
    /// Nobody waits for what the engine has; when it comes back it is ended unseen.
    Forget,
}

/// A step of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The next state.
    pub state: State,
    /// What is to be done for it.
    pub owes: Owes,
}

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

impl Step {
    const fn to(state: State) -> Self {
        Self::owing(state, Owes::Nothing)
    }

    const fn owing(state: State, owes: Owes) -> Self {
        Self { state, owes }
    }
}

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

    /// Whether the change is over.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Retired | Self::Aborted)
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

    /// What becomes of it. What cannot happen in a state, or is late news, leaves it as it is.
    #[must_use]
    pub const fn after(self, event: Event) -> Step {
        match self {
            Self::Preparing => steps::preparing(event),
            Self::Prepared => steps::prepared(event),
            Self::Primed => steps::primed(event),
            Self::Sent => steps::sent(event),
            Self::Shadow => steps::shadow(event),
            Self::Aligned => steps::aligned(event),
            Self::Fading => steps::fading(event),
            Self::Reversing => steps::reversing(event),
            Self::Draining => steps::draining(event),
            Self::Leaving => steps::leaving(event),
            Self::Retired | Self::Aborted => Step::to(self),
        }
    }
}

//! Table: the states that a change of a stage goes through, from the request to its end.
//!
//! In: a state and what happened. Out: the next state, and what the caller owes for getting there.
//! Off the audio thread a candidate is made, run on silence and primed; then it travels to the
//! engine, runs in shadow beside the old instance, is aligned and faded in; then the old one
//! travels back and is dropped. Every state before the end can be aborted and waits only so long.
//!
//! Pure: time comes in as [`Event::DeadlineOver`]. The same table serves swaps, roll-backs, stages
//! that are added or removed, and trials: a stage without an old instance holds none.

mod steps;

use std::time::Duration;

/// Where a change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// A worker resolves, probes, opens and creates.
    Preparing,
    /// The candidate was made and run on silence; the worker primes it with recent input.
    Prepared,
    /// The candidate has seen the recent past; it waits for its place in the ring to the engine.
    Primed,
    /// It is on its way to the engine.
    Sent,
    /// It runs beside the old instance; nobody hears it.
    Shadow,
    /// It is as late as it has to be and ready to be heard.
    Aligned,
    /// Both are heard.
    Fading,
    /// Both are heard, on the way back to the old instance.
    Reversing,
    /// The new instance is heard alone; the old one is on its way back.
    Draining,
    /// The new instance failed after it had taken over: what the stage's policy says is heard, and
    /// the old instance is on its way back.
    Failing,
    /// The old instance is heard alone; the candidate is on its way back.
    Leaving,
    /// The end: the new instance is the stage's, the old one is gone.
    Retired,
    /// The end: the change did not last, and what was made for it is gone.
    Aborted,
}

/// What happened to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// The worker made the candidate and ran it on silence.
    Prepared,
    /// The worker primed it, or there was nothing to prime it with.
    Primed,
    /// The ring to the engine took it.
    Sent,
    /// The engine runs it beside the old instance.
    ShadowBegan,
    /// It has caught up with the stream and is as late as the old instance.
    Aligned,
    /// It went on from the old one's state and is heard alone.
    HandedOver,
    /// Both are heard.
    FadeBegan,
    /// The new instance is heard alone.
    FadeOver,
    /// A fade ran back: the old instance is heard alone.
    FadedBack,
    /// What was no longer used came back from the engine.
    Returned,
    /// The instance that was heard before failed.
    OldFailed,
    /// The candidate failed: off the audio thread, on it, or after it had taken over.
    CandidateFailed,
    /// Somebody on the way said no: resolution, the probe, the latency's bound.
    Refused,
    /// Who asked, or somebody above them, wants it no longer.
    Cancelled,
    /// The state's wait is over.
    DeadlineOver,
    /// The session is over: the engine stopped for good and gave back all that it held.
    Ended,
}

/// What a transition leaves to be done, at once and off the audio thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owes {
    /// Nothing.
    Nothing,
    /// The worker is told that nobody waits: it drops what it makes.
    Abandon,
    /// The candidate, which is off the audio thread, is dropped.
    DropCandidate,
    /// The engine is told to let the candidate go; where it is faded in, to fade back first.
    Recall,
    /// The old instance, which came back, is dropped.
    DropOld,
    /// Nobody waits for the candidate any more; when it comes back it is dropped unseen.
    ForgetCandidate,
    /// Nobody waits for the old instance any more; when it comes back it is dropped unseen.
    ForgetOld,
}

/// A step of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The next state.
    pub state: State,
    /// What is to be done for it.
    pub owes: Owes,
}

/// Where an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// With the worker.
    Worker,
    /// With the control thread.
    Control,
    /// With the engine, or in one of the rings to and from it.
    Engine,
}

/// What a change has yet to see dropped or given to the stage, and where it is. What is the
/// stage's is no longer, or not yet, the change's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Held {
    /// The new instance, until it is the stage's.
    pub candidate: Option<Place>,
    /// The instance that was heard before, from when it is no longer the stage's.
    pub old: Option<Place>,
}

/// How long a state may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wait {
    /// So long by the clock.
    Clock(Duration),
    /// So much of the stream: while it stands still, nothing is late.
    Stream(Duration),
    /// It is an end.
    Ever,
}

/// How long resolving, probing, opening and creating may take: a closure of some libraries, each
/// with its probe of 5 s at most.
const PREPARING_MAX: Duration = Duration::from_secs(60);

/// How long priming may take: the longest history runs through many times faster than it lasts.
const PRIMING_MAX: Duration = Duration::from_secs(30);

/// How long a full ring may keep a change; the engine empties it at each block.
const SENDING_MAX: Duration = Duration::from_secs(10);

/// How much of the stream passes until the engine takes what is in its ring, at most: some blocks.
const TAKING_MAX: Duration = Duration::from_secs(10);

/// How long a candidate may run in shadow; the longest canary is longer by its own wish and is
/// told its deadline by who made it.
const SHADOW_MAX: Duration = Duration::from_secs(60);

/// How long the seam may wait after everything is aligned: for other stages of the same change.
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
    pub const ALL: [Self; 16] = [
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
        Self::OldFailed,
        Self::CandidateFailed,
        Self::Refused,
        Self::Cancelled,
        Self::DeadlineOver,
        Self::Ended,
    ];
}

impl State {
    /// Every state, for who shows or checks all of them.
    pub const ALL: [Self; 13] = [
        Self::Preparing,
        Self::Prepared,
        Self::Primed,
        Self::Sent,
        Self::Shadow,
        Self::Aligned,
        Self::Fading,
        Self::Reversing,
        Self::Draining,
        Self::Failing,
        Self::Leaving,
        Self::Retired,
        Self::Aborted,
    ];

    /// The word for it in receipts and in `status`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Prepared => "prepared",
            Self::Primed => "primed",
            Self::Sent => "sent",
            Self::Shadow => "shadow",
            Self::Aligned => "aligned",
            Self::Fading => "fading",
            Self::Reversing => "reversing",
            Self::Draining => "draining",
            Self::Failing => "failing",
            Self::Leaving => "leaving",
            Self::Retired => "retired",
            Self::Aborted => "aborted",
        }
    }

    /// Whether the change is over.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Retired | Self::Aborted)
    }

    /// What the change holds. A stage that had no instance before holds no old one anywhere.
    #[must_use]
    pub const fn holds(self) -> Held {
        let (candidate, old) = match self {
            Self::Preparing | Self::Prepared => (Some(Place::Worker), None),
            Self::Primed => (Some(Place::Control), None),
            Self::Sent
            | Self::Shadow
            | Self::Aligned
            | Self::Fading
            | Self::Reversing
            | Self::Leaving => (Some(Place::Engine), None),
            Self::Draining | Self::Failing => (None, Some(Place::Engine)),
            Self::Retired | Self::Aborted => (None, None),
        };
        Held { candidate, old }
    }

    /// How long it may last; afterwards [`Event::DeadlineOver`] is due.
    #[must_use]
    pub const fn wait(self) -> Wait {
        match self {
            Self::Preparing => Wait::Clock(PREPARING_MAX),
            Self::Prepared => Wait::Clock(PRIMING_MAX),
            Self::Primed => Wait::Clock(SENDING_MAX),
            Self::Sent => Wait::Stream(TAKING_MAX),
            Self::Shadow => Wait::Stream(SHADOW_MAX),
            Self::Aligned => Wait::Stream(ALIGNED_MAX),
            Self::Fading | Self::Reversing => Wait::Stream(FADING_MAX),
            Self::Draining | Self::Failing | Self::Leaving => Wait::Stream(DRAINING_MAX),
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
            Self::Failing => steps::failing(event),
            Self::Leaving => steps::leaving(event),
            Self::Retired | Self::Aborted => Step::to(self),
        }
    }
}

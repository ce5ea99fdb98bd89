//! Table: the states that a change goes through, from the request to its end, event by event and
//! without a wildcard: a new event does not compile until every state has an answer to it.
//!
//! In: a state and what happened. Out: the next state, and what the caller owes for getting there.
//! Off the audio thread candidates are made, run on silence and primed; then they travel to the
//! engine, run in shadow beside the old instances, are aligned and faded in; then the old ones
//! travel back and are ended. Every state before the end can be left, and lasts only so long.
//!
//! Pure: time comes in as [`Event::DeadlineOver`]. The same table serves a change as a whole and each
//! stage of it; swaps, edits, roll-backs and the restart of a stage that failed.

mod bounds;

pub use bounds::{Place, Wait};

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

impl Step {
    const fn to(state: State) -> Self {
        Self::owing(state, Owes::Nothing)
    }

    const fn owing(state: State, owes: Owes) -> Self {
        Self { state, owes }
    }
}

impl State {
    /// Whether the change is over.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Retired | Self::Aborted)
    }

    /// What becomes of it. What cannot happen in a state, or is late news, leaves it as it is.
    #[must_use]
    pub const fn after(self, event: Event) -> Step {
        match self {
            Self::Preparing => preparing(event),
            Self::Prepared => prepared(event),
            Self::Primed => primed(event),
            Self::Sent => sent(event),
            Self::Shadow => shadow(event),
            Self::Aligned => aligned(event),
            Self::Fading => fading(event),
            Self::Reversing => reversing(event),
            Self::Draining => draining(event),
            Self::Leaving => leaving(event),
            Self::Retired | Self::Aborted => Step::to(self),
        }
    }
}

/// A worker makes the candidates: nobody else can end them.
const fn preparing(event: Event) -> Step {
    use Event as E;
    match event {
        E::Prepared => Step::to(State::Prepared),
        // The worker says so when it has ended what it made.
        E::Refused => Step::to(State::Aborted),
        E::Cancelled | E::DeadlineOver | E::Ended => Step::owing(State::Aborted, Owes::Abandon),
        E::Primed
        | E::Sent
        | E::ShadowBegan
        | E::Aligned
        | E::HandedOver
        | E::FadeBegan
        | E::FadeOver
        | E::FadedBack
        | E::Returned
        | E::CandidateFailed => Step::to(State::Preparing),
    }
}

/// A worker has them again.
const fn prepared(event: Event) -> Step {
    use Event as E;
    match event {
        E::Primed => Step::to(State::Primed),
        E::Refused => Step::to(State::Aborted),
        E::DeadlineOver | E::Ended => Step::owing(State::Aborted, Owes::Abandon),
        E::Prepared
        | E::Sent
        | E::ShadowBegan
        | E::Aligned
        | E::HandedOver
        | E::FadeBegan
        | E::FadeOver
        | E::FadedBack
        | E::Returned
        | E::CandidateFailed
        | E::Cancelled => Step::to(State::Prepared),
    }
}

/// The control thread has the candidates.
const fn primed(event: Event) -> Step {
    use Event as E;
    match event {
        E::Sent => Step::to(State::Sent),
        E::Refused | E::Cancelled | E::DeadlineOver | E::Ended => {
            Step::owing(State::Aborted, Owes::End)
        }
        E::Prepared
        | E::Primed
        | E::ShadowBegan
        | E::Aligned
        | E::HandedOver
        | E::FadeBegan
        | E::FadeOver
        | E::FadedBack
        | E::Returned
        | E::CandidateFailed => Step::to(State::Primed),
    }
}

/// What is in the ring cannot be taken out of it: the engine has to send it back.
const fn sent(event: Event) -> Step {
    use Event as E;
    match event {
        E::ShadowBegan => Step::to(State::Shadow),
        // Its stage was gone before it came.
        E::Returned | E::Ended => Step::owing(State::Aborted, Owes::End),
        E::DeadlineOver => Step::owing(State::Leaving, Owes::Recall),
        E::Prepared
        | E::Primed
        | E::Sent
        | E::Aligned
        | E::HandedOver
        | E::FadeBegan
        | E::FadeOver
        | E::FadedBack
        | E::CandidateFailed
        | E::Refused
        | E::Cancelled => Step::to(State::Sent),
    }
}

/// Nobody hears the candidate: whatever becomes of it, the output is as it was.
const fn shadow(event: Event) -> Step {
    use Event as E;
    match event {
        E::Aligned => Step::to(State::Aligned),
        E::HandedOver => Step::to(State::Draining),
        E::CandidateFailed => Step::to(State::Leaving),
        // Its stage went, and it with it.
        E::Returned | E::Ended => Step::owing(State::Aborted, Owes::End),
        E::DeadlineOver => Step::owing(State::Leaving, Owes::Recall),
        E::Prepared
        | E::Primed
        | E::Sent
        | E::ShadowBegan
        | E::FadeBegan
        | E::FadeOver
        | E::FadedBack
        | E::Refused
        | E::Cancelled => Step::to(State::Shadow),
    }
}

/// It may be heard with the next frame.
const fn aligned(event: Event) -> Step {
    use Event as E;
    match event {
        E::FadeBegan => Step::to(State::Fading),
        E::CandidateFailed => Step::to(State::Leaving),
        E::Returned | E::Ended => Step::owing(State::Aborted, Owes::End),
        E::DeadlineOver => Step::owing(State::Leaving, Owes::Recall),
        E::Prepared
        | E::Primed
        | E::Sent
        | E::ShadowBegan
        | E::Aligned
        | E::HandedOver
        | E::FadeOver
        | E::FadedBack
        | E::Refused
        | E::Cancelled => Step::to(State::Aligned),
    }
}

/// Both are heard: who fails leaves the other alone.
const fn fading(event: Event) -> Step {
    use Event as E;
    match event {
        // Of itself, or at once since the old instance failed.
        E::FadeOver => Step::to(State::Draining),
        E::CandidateFailed => Step::to(State::Leaving),
        E::Returned | E::Ended => Step::owing(State::Aborted, Owes::End),
        E::DeadlineOver => Step::owing(State::Reversing, Owes::Recall),
        E::Prepared
        | E::Primed
        | E::Sent
        | E::ShadowBegan
        | E::Aligned
        | E::HandedOver
        | E::FadeBegan
        | E::FadedBack
        | E::Refused
        | E::Cancelled => Step::to(State::Fading),
    }
}

/// It has been recalled while both are heard.
const fn reversing(event: Event) -> Step {
    use Event as E;
    match event {
        E::FadedBack | E::CandidateFailed | E::DeadlineOver => Step::to(State::Leaving),
        // It was over before the engine heard of the recall, or there was nothing to go back to.
        E::FadeOver => Step::to(State::Draining),
        E::Returned | E::Ended => Step::owing(State::Aborted, Owes::End),
        E::Prepared
        | E::Primed
        | E::Sent
        | E::ShadowBegan
        | E::Aligned
        | E::HandedOver
        | E::FadeBegan
        | E::Refused
        | E::Cancelled => Step::to(State::Reversing),
    }
}

/// It is done but for the old instance's way home. Going back from here is a change of its own,
/// and so is what becomes of the new instance if it fails.
const fn draining(event: Event) -> Step {
    use Event as E;
    match event {
        E::Returned | E::Ended => Step::owing(State::Retired, Owes::End),
        E::DeadlineOver => Step::owing(State::Retired, Owes::Forget),
        E::Prepared
        | E::Primed
        | E::Sent
        | E::ShadowBegan
        | E::Aligned
        | E::HandedOver
        | E::FadeBegan
        | E::FadeOver
        | E::FadedBack
        | E::CandidateFailed
        | E::Refused
        | E::Cancelled => Step::to(State::Draining),
    }
}

/// It has been recalled or has failed; but what crossed the recall in the rings counts.
const fn leaving(event: Event) -> Step {
    use Event as E;
    match event {
        // The engine had gone all the way before it heard of the recall.
        E::HandedOver | E::FadeOver => Step::to(State::Draining),
        E::Returned | E::Ended => Step::owing(State::Aborted, Owes::End),
        E::DeadlineOver => Step::owing(State::Aborted, Owes::Forget),
        E::Prepared
        | E::Primed
        | E::Sent
        | E::ShadowBegan
        | E::Aligned
        | E::FadeBegan
        | E::FadedBack
        | E::CandidateFailed
        | E::Refused
        | E::Cancelled => Step::to(State::Leaving),
    }
}

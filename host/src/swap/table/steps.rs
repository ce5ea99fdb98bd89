//! Steps: what becomes of each state, event by event, without a wildcard: a new event does not
//! compile until every state has answered it.
//!
//! Pure.

use crate::swap::table::{Event, Owes, State, Step};

/// The worker makes the candidate: only the worker can drop it.
pub(super) const fn preparing(event: Event) -> Step {
    use Event as E;
    match event {
        E::Prepared => Step::to(State::Prepared),
        // The worker answers so when it has dropped what it made.
        E::CandidateFailed | E::Refused => Step::to(State::Aborted),
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
        | E::OldFailed => Step::to(State::Preparing),
    }
}

pub(super) const fn prepared(event: Event) -> Step {
    use Event as E;
    match event {
        E::Primed => Step::to(State::Primed),
        E::CandidateFailed | E::Refused => Step::to(State::Aborted),
        E::Cancelled | E::DeadlineOver | E::Ended => Step::owing(State::Aborted, Owes::Abandon),
        E::Prepared
        | E::Sent
        | E::ShadowBegan
        | E::Aligned
        | E::HandedOver
        | E::FadeBegan
        | E::FadeOver
        | E::FadedBack
        | E::Returned
        | E::OldFailed => Step::to(State::Prepared),
    }
}

/// The control thread has the candidate.
pub(super) const fn primed(event: Event) -> Step {
    use Event as E;
    match event {
        E::Sent => Step::to(State::Sent),
        E::CandidateFailed | E::Refused | E::Cancelled | E::DeadlineOver | E::Ended => {
            Step::owing(State::Aborted, Owes::DropCandidate)
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
        | E::OldFailed => Step::to(State::Primed),
    }
}

/// What is in the ring cannot be taken out of it: the engine has to send it back.
pub(super) const fn sent(event: Event) -> Step {
    use Event as E;
    match event {
        E::ShadowBegan => Step::to(State::Shadow),
        E::HandedOver => Step::to(State::Draining),
        E::FadeBegan => Step::to(State::Fading),
        E::CandidateFailed => Step::to(State::Leaving),
        E::Returned | E::Ended => Step::owing(State::Aborted, Owes::DropCandidate),
        E::Refused | E::Cancelled | E::DeadlineOver => Step::owing(State::Leaving, Owes::Recall),
        E::Prepared
        | E::Primed
        | E::Sent
        | E::Aligned
        | E::FadeOver
        | E::FadedBack
        | E::OldFailed => Step::to(State::Sent),
    }
}

/// Nobody hears the candidate: whatever becomes of it, the output is as it was.
pub(super) const fn shadow(event: Event) -> Step {
    use Event as E;
    match event {
        E::Aligned => Step::to(State::Aligned),
        E::HandedOver => Step::to(State::Draining),
        E::FadeBegan => Step::to(State::Fading),
        E::CandidateFailed => Step::to(State::Leaving),
        E::Returned | E::Ended => Step::owing(State::Aborted, Owes::DropCandidate),
        E::Refused | E::Cancelled | E::DeadlineOver => Step::owing(State::Leaving, Owes::Recall),
        // The stage's policy is heard until the candidate is.
        E::OldFailed => Step::to(State::Shadow),
        E::Prepared | E::Primed | E::Sent | E::ShadowBegan | E::FadeOver | E::FadedBack => {
            Step::to(State::Shadow)
        }
    }
}

pub(super) const fn aligned(event: Event) -> Step {
    use Event as E;
    match event {
        E::FadeBegan => Step::to(State::Fading),
        E::HandedOver => Step::to(State::Draining),
        E::CandidateFailed => Step::to(State::Leaving),
        E::Returned | E::Ended => Step::owing(State::Aborted, Owes::DropCandidate),
        E::Refused | E::Cancelled | E::DeadlineOver => Step::owing(State::Leaving, Owes::Recall),
        E::OldFailed => Step::to(State::Aligned),
        E::Prepared
        | E::Primed
        | E::Sent
        | E::ShadowBegan
        | E::Aligned
        | E::FadeOver
        | E::FadedBack => Step::to(State::Aligned),
    }
}

/// Both are heard: who fails leaves the other alone.
pub(super) const fn fading(event: Event) -> Step {
    use Event as E;
    match event {
        E::FadeOver | E::OldFailed => Step::to(State::Draining),
        E::CandidateFailed => Step::to(State::Leaving),
        E::Returned | E::Ended => Step::owing(State::Aborted, Owes::DropCandidate),
        E::Refused | E::Cancelled | E::DeadlineOver => Step::owing(State::Reversing, Owes::Recall),
        E::Prepared
        | E::Primed
        | E::Sent
        | E::ShadowBegan
        | E::Aligned
        | E::HandedOver
        | E::FadeBegan
        | E::FadedBack => Step::to(State::Fading),
    }
}

pub(super) const fn reversing(event: Event) -> Step {
    use Event as E;
    match event {
        E::FadedBack | E::CandidateFailed | E::DeadlineOver => Step::to(State::Leaving),
        // The fade was over before the engine heard of the recall; or there is nothing to go back to.
        E::FadeOver | E::OldFailed => Step::to(State::Draining),
        E::Returned | E::Ended => Step::owing(State::Aborted, Owes::DropCandidate),
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

/// It is done but for the old instance's way home. Going back from here is a change of its own.
pub(super) const fn draining(event: Event) -> Step {
    use Event as E;
    match event {
        E::Returned | E::Ended => Step::owing(State::Retired, Owes::DropOld),
        E::DeadlineOver => Step::owing(State::Retired, Owes::ForgetOld),
        E::CandidateFailed => Step::to(State::Failing),
        E::Prepared
        | E::Primed
        | E::Sent
        | E::ShadowBegan
        | E::Aligned
        | E::HandedOver
        | E::FadeBegan
        | E::FadeOver
        | E::FadedBack
        | E::OldFailed
        | E::Refused
        | E::Cancelled => Step::to(State::Draining),
    }
}

pub(super) const fn failing(event: Event) -> Step {
    use Event as E;
    match event {
        E::Returned | E::Ended => Step::owing(State::Aborted, Owes::DropOld),
        E::DeadlineOver => Step::owing(State::Aborted, Owes::ForgetOld),
        E::Prepared
        | E::Primed
        | E::Sent
        | E::ShadowBegan
        | E::Aligned
        | E::HandedOver
        | E::FadeBegan
        | E::FadeOver
        | E::FadedBack
        | E::OldFailed
        | E::CandidateFailed
        | E::Refused
        | E::Cancelled => Step::to(State::Failing),
    }
}

/// It has been recalled or has failed; but what crossed the recall in the rings counts.
pub(super) const fn leaving(event: Event) -> Step {
    use Event as E;
    match event {
        E::Returned | E::Ended => Step::owing(State::Aborted, Owes::DropCandidate),
        E::DeadlineOver => Step::owing(State::Aborted, Owes::ForgetCandidate),
        // The engine had gone all the way before it heard of the recall.
        E::HandedOver | E::FadeOver => Step::to(State::Draining),
        E::Prepared
        | E::Primed
        | E::Sent
        | E::ShadowBegan
        | E::Aligned
        | E::FadeBegan
        | E::FadedBack
        | E::OldFailed
        | E::CandidateFailed
        | E::Refused
        | E::Cancelled => Step::to(State::Leaving),
    }
}

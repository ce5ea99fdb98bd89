//! Steps: what becomes of each state, event by event, without a wildcard: a new event does not
//! compile until every state has an answer to it.
//!
//! Pure.

use crate::swap::table::{Event, Owes, State, Step};

/// A worker makes the candidates: nobody else can end them.
pub(super) const fn preparing(event: Event) -> Step {
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
pub(super) const fn prepared(event: Event) -> Step {
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
pub(super) const fn primed(event: Event) -> Step {
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
pub(super) const fn sent(event: Event) -> Step {
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
pub(super) const fn shadow(event: Event) -> Step {
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
pub(super) const fn aligned(event: Event) -> Step {
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
pub(super) const fn fading(event: Event) -> Step {
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
pub(super) const fn reversing(event: Event) -> Step {
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
pub(super) const fn draining(event: Event) -> Step {
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
pub(super) const fn leaving(event: Event) -> Step {
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

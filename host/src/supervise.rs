//! Supervise: the life of a stage's instance, from one failure to the next.
//!
//! In: a state and an event, with the stream time at which it came. Out: the next state, and when a
//! new instance is tried. A failure is answered by a wait; after the wait a new instance is made, then
//! tried in shadow, then heard. Each failure on that way doubles the wait, up to a longest one, and
//! after so many attempts the stage stays out. An instance that was heard for the longest wait without
//! failing has made good for those before it.
//!
//! This is retry, backoff and the half-open trial of a breaker in one. Pure: no clock, no thread.

use crate::observe::RestartState;

/// When a new instance is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// How many instances are tried before the stage is given up; 0 is never.
    pub attempts_max: u32,
    /// The wait before the first attempt, in frames; it doubles with each.
    pub delay_frames: u64,
    /// The longest wait, in frames.
    pub delay_frames_max: u64,
}

/// Where a stage is in its life. `tried` counts the attempts since all was well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// An instance is heard.
    Heard {
        /// Attempts until it was.
        tried: u32,
        /// Since this frame.
        since: u64,
    },
    /// The substitute is heard until a new instance is due.
    Waiting {
        /// Attempts so far.
        tried: u32,
        /// The frame at which the next one is made.
        due: u64,
    },
    /// A new instance is being made.
    Making {
        /// Attempts, this one included.
        tried: u32,
    },
    /// A new instance runs in shadow, or is being faded in.
    Trial {
        /// Attempts, this one included.
        tried: u32,
    },
    /// The substitute is heard to the end.
    GivenUp {
        /// Attempts there were.
        tried: u32,
    },
}

/// Something that happens to a stage, at a frame of the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LifeEvent {
    /// So much of the stream is processed.
    Reached(u64),
    /// The instance that was heard failed.
    Failed(u64),
    /// A new instance is ready for its trial.
    Made,
    /// A new instance could not be made.
    Refused(u64),
    /// A new instance failed on its trial.
    TrialFailed(u64),
    /// A new instance is heard.
    Returned(u64),
    /// Somebody put another instance in its place.
    Swapped(u64),
}

impl Attempts {
    /// No new instance is ever tried.
    pub const NONE: Self = Self {
        attempts_max: 0,
        delay_frames: 0,
        delay_frames_max: 0,
    };

    /// The wait after so many attempts: doubled with each, up to the longest.
    #[must_use]
    pub fn wait_frames(&self, tried: u32) -> u64 {
        let factor = 1u64.checked_shl(tried).unwrap_or(u64::MAX);
        let wait = self.delay_frames.saturating_mul(factor);
        wait.min(self.delay_frames_max)
    }

    /// How long an instance has to be heard until the attempts before it no longer count.
    #[must_use]
    pub const fn good_frames(&self) -> u64 {
        self.delay_frames_max
    }

    /// What follows a failure at a frame, after so many attempts.
    fn again(&self, tried: u32, at: u64) -> Life {
        if tried >= self.attempts_max {
            return Life::GivenUp { tried };
        }
        Life::Waiting {
            tried,
            due: at.saturating_add(self.wait_frames(tried)),
        }
    }
}

impl Life {
    /// A stage at the start of the stream.
    pub const START: Self = Self::Heard { tried: 0, since: 0 };

    /// What becomes of it.
    #[must_use]
    pub fn after(self, event: LifeEvent, attempts: &Attempts) -> Self {
        match (self, event) {
            (Self::Heard { tried, since }, LifeEvent::Failed(at)) => {
                let is_good = at.saturating_sub(since) >= attempts.good_frames();
                attempts.again(if is_good { 0 } else { tried }, at)
            }
            (Self::Waiting { tried, due }, LifeEvent::Reached(at)) if at >= due => {
                Self::Making { tried: tried + 1 }
            }
            (Self::Making { tried }, LifeEvent::Made) => Self::Trial { tried },
            (Self::Making { tried }, LifeEvent::Refused(at))
            | (Self::Trial { tried }, LifeEvent::TrialFailed(at)) => attempts.again(tried, at),
            (Self::Trial { tried }, LifeEvent::Returned(since)) => Self::Heard { tried, since },
            (
                Self::Heard { .. }
                | Self::Waiting { .. }
                | Self::Making { .. }
                | Self::Trial { .. }
                | Self::GivenUp { .. },
                LifeEvent::Swapped(since),
            ) => Self::Heard { tried: 0, since },
            // Events that cannot come in these states change nothing.
            (
                Self::Heard { .. },
                LifeEvent::Reached(_)
                | LifeEvent::Made
                | LifeEvent::Refused(_)
                | LifeEvent::TrialFailed(_)
                | LifeEvent::Returned(_),
            )
            | (
                Self::Waiting { .. },
                LifeEvent::Reached(_)
                | LifeEvent::Failed(_)
                | LifeEvent::Made
                | LifeEvent::Refused(_)
                | LifeEvent::TrialFailed(_)
                | LifeEvent::Returned(_),
            )
            | (
                Self::Making { .. },
                LifeEvent::Reached(_)
                | LifeEvent::Failed(_)
                | LifeEvent::TrialFailed(_)
                | LifeEvent::Returned(_),
            )
            | (
                Self::Trial { .. },
                LifeEvent::Reached(_)
                | LifeEvent::Failed(_)
                | LifeEvent::Made
                | LifeEvent::Refused(_),
            )
            | (
                Self::GivenUp { .. },
                LifeEvent::Reached(_)
                | LifeEvent::Failed(_)
                | LifeEvent::Made
                | LifeEvent::Refused(_)
                | LifeEvent::TrialFailed(_)
                | LifeEvent::Returned(_),
            ) => self,
        }
    }

    /// The frame at which the next instance is due, while one is waited for.
    #[must_use]
    pub const fn due(&self) -> Option<u64> {
        match self {
            Self::Waiting { due, .. } => Some(*due),
            Self::Heard { .. }
            | Self::Making { .. }
            | Self::Trial { .. }
            | Self::GivenUp { .. } => None,
        }
    }

    /// The word for it in reports.
    #[must_use]
    pub const fn word(&self) -> RestartState {
        match self {
            Self::Heard { .. } => RestartState::Heard,
            Self::Waiting { .. } => RestartState::Waiting,
            Self::Making { .. } => RestartState::Making,
            Self::Trial { .. } => RestartState::Trial,
            Self::GivenUp { .. } => RestartState::GivenUp,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ATTEMPTS: Attempts = Attempts {
        attempts_max: 4,
        delay_frames: 100,
        delay_frames_max: 300,
    };

    /// What becomes of a stage whose events come 10 frames apart: f failed, d due, m made,
    /// r refused, t trial failed, h heard again.
    fn check(events: &str, expected: Life) {
        let mut life = Life::START;
        for (at, event) in events.chars().enumerate() {
            let at = at as u64 * 10;
            life = life.after(
                match event {
                    'f' => LifeEvent::Failed(at),
                    'd' => LifeEvent::Reached(life.due().unwrap_or(u64::MAX)),
                    'm' => LifeEvent::Made,
                    'r' => LifeEvent::Refused(at),
                    't' => LifeEvent::TrialFailed(at),
                    'h' => LifeEvent::Returned(at),
                    other => panic!("{other} is no event"),
                },
                &ATTEMPTS,
            );
        }
        assert_eq!(life, expected, "{events}");
    }

    #[test]
    fn a_failure_is_answered_by_a_wait_a_new_instance_its_trial_and_its_return() {
        check("", Life::START);
        check("f", Life::Waiting { tried: 0, due: 100 });
        check("fd", Life::Making { tried: 1 });
        check("fdm", Life::Trial { tried: 1 });
        check(
            "fdmh",
            Life::Heard {
                tried: 1,
                since: 30,
            },
        );
    }

    #[test]
    fn every_failure_on_the_way_doubles_the_wait_up_to_the_longest() {
        check("fdr", Life::Waiting { tried: 1, due: 220 });
        check("fdmt", Life::Waiting { tried: 1, due: 230 });
        check("fdmhf", Life::Waiting { tried: 1, due: 240 });
        check("fdrdr", Life::Waiting { tried: 2, due: 340 });
        check("fdrdrdr", Life::Waiting { tried: 3, due: 360 });
    }

    #[test]
    fn after_so_many_attempts_the_stage_stays_out() {
        check("fdrdmtdrdr", Life::GivenUp { tried: 4 });
        check("fdrdmtdrdrdmh", Life::GivenUp { tried: 4 });
        let never = Life::START.after(LifeEvent::Failed(7), &Attempts::NONE);
        assert_eq!(never, Life::GivenUp { tried: 0 });
    }

    #[test]
    fn an_instance_that_was_heard_for_the_longest_wait_has_made_good() {
        let heard = Life::Heard {
            tried: 4,
            since: 1_000,
        };
        let at = |at| heard.after(LifeEvent::Failed(at), &ATTEMPTS);
        assert_eq!(at(1_299), Life::GivenUp { tried: 4 });
        assert_eq!(
            at(1_300),
            Life::Waiting {
                tried: 0,
                due: 1_400
            }
        );
    }

    /// A life in every state.
    const LIVES: [Life; 5] = [
        Life::Heard { tried: 3, since: 7 },
        Life::Waiting { tried: 3, due: 90 },
        Life::Making { tried: 3 },
        Life::Trial { tried: 3 },
        Life::GivenUp { tried: 3 },
    ];

    #[test]
    fn a_swap_is_a_new_start_whatever_was_before() {
        let started = Life::Heard {
            tried: 0,
            since: 40,
        };
        for life in LIVES {
            assert_eq!(life.after(LifeEvent::Swapped(40), &ATTEMPTS), started);
        }
    }

    #[test]
    fn every_state_has_a_word_of_its_own() {
        let expected = [
            RestartState::Heard,
            RestartState::Waiting,
            RestartState::Making,
            RestartState::Trial,
            RestartState::GivenUp,
        ];
        assert_eq!(LIVES.map(|life| life.word()), expected);
    }

    fn event() -> impl Strategy<Value = (u8, u64)> {
        (0u8..6, 0u64..500)
    }

    proptest! {
        #[test]
        fn no_order_of_events_tries_more_often_or_sooner_than_told(
            events in prop::collection::vec(event(), 0..80),
            attempts_max in 0u32..6, delay in 0u64..1_000, delay_max in 0u64..10_000,
        ) {
            let attempts = Attempts { attempts_max, delay_frames: delay, delay_frames_max: delay_max };
            let (mut life, mut at, mut failed_at) = (Life::START, 0u64, 0);
            for (kind, later) in events {
                at += later;
                let event = match kind {
                    0 => LifeEvent::Reached(at),
                    1 => LifeEvent::Failed(at),
                    2 => LifeEvent::Made,
                    3 => LifeEvent::Refused(at),
                    4 => LifeEvent::TrialFailed(at),
                    _ => LifeEvent::Returned(at),
                };
                let next = life.after(event, &attempts);
                match (life, next) {
                    (Life::Waiting { tried: before, due }, Life::Making { tried }) => {
                        prop_assert!(at >= due && tried == before + 1 && tried <= attempts_max);
                        prop_assert!(at >= failed_at + delay.min(delay_max));
                    }
                    (Life::Waiting { .. }, same) => prop_assert_eq!(same, life),
                    (_, Life::Waiting { tried, due }) => {
                        failed_at = at;
                        let wait = due - at;
                        prop_assert!(wait <= delay_max);
                        prop_assert!(wait >= (delay << tried).min(delay_max));
                    }
                    (Life::GivenUp { .. }, same) => prop_assert_eq!(same, life),
                    (_, Life::GivenUp { tried }) => prop_assert_eq!(tried, attempts_max),
                    (_, Life::Heard { .. } | Life::Making { .. } | Life::Trial { .. }) => {}
                }
                life = next;
            }
        }

        #[test]
        fn waits_never_shrink_and_never_overflow(tried in 0u32..200, delay in any::<u64>(), max in any::<u64>()) {
            let attempts = Attempts { attempts_max: 1, delay_frames: delay, delay_frames_max: max };
            prop_assert!(attempts.wait_frames(tried) <= attempts.wait_frames(tried + 1));
            prop_assert!(attempts.wait_frames(tried) <= max);
        }
    }
}

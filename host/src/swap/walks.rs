//! Walks: every way through the table of a change, beside a world of instances that are made,
//! moved and dropped one by one.

use proptest::prelude::*;

use crate::swap::table::{Event, Held, Owes, Place, State, Wait};

/// Where an instance really is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Unmade,
    Worker,
    Control,
    Engine,
    Stage,
    /// With the engine, and nobody waits for it: dropped unseen when it comes back.
    Forgotten,
    Dropped,
}

/// One stage while it is changed.
#[derive(Debug, Clone, Copy)]
struct World {
    state: State,
    candidate: At,
    old: At,
    job: bool,
}

impl World {
    const START: Self = Self {
        state: State::Preparing,
        candidate: At::Unmade,
        old: At::Stage,
        job: true,
    };

    /// What happens, what the table makes of it, and what the caller does then.
    fn step(&mut self, event: Event) {
        let before = self.state;
        let step = before.after(event);
        assert!(
            !before.is_over() || (step.state == before && step.owes == Owes::Nothing),
            "{before:?} is an end, {event:?} led to {step:?}"
        );
        if before.is_over() {
            return;
        }
        self.happen(event, step.state);
        self.pay(step.owes);
        self.state = step.state;
        self.compare(event);
    }

    /// How instances move of themselves.
    fn happen(&mut self, event: Event, next: State) {
        match (self.state, event) {
            (State::Preparing, Event::Prepared) => self.candidate = At::Worker,
            (State::Prepared, Event::Primed) => {
                assert_eq!(self.candidate, At::Worker);
                (self.candidate, self.job) = (At::Control, false);
            }
            // A worker that answers so has cleaned up.
            (State::Preparing | State::Prepared, Event::CandidateFailed | Event::Refused) => {
                (self.candidate, self.job) = (At::Dropped, false);
            }
            (State::Primed, Event::Sent) => self.candidate = At::Engine,
            (_, Event::Returned | Event::Ended) => {
                for one in [&mut self.candidate, &mut self.old] {
                    *one = if *one == At::Engine {
                        At::Control
                    } else {
                        *one
                    };
                }
            }
            _ => {}
        }
        if next == State::Draining && self.state != State::Draining {
            // The two are exchanged, on the audio thread.
            assert_eq!(
                (self.candidate, self.old),
                (At::Engine, At::Stage),
                "{self:?} {event:?}"
            );
            (self.candidate, self.old) = (At::Stage, At::Engine);
        }
    }

    /// What the caller does.
    fn pay(&mut self, owes: Owes) {
        let moved = |one: &mut At, from: At, to: At| {
            assert_eq!(*one, from, "{owes:?}");
            *one = to;
        };
        match owes {
            Owes::Nothing => {}
            Owes::Recall => assert_eq!(self.candidate, At::Engine),
            Owes::Abandon => {
                assert!(self.job, "a worker is told twice");
                (self.candidate, self.job) = (At::Dropped, false);
            }
            Owes::DropCandidate => moved(&mut self.candidate, At::Control, At::Dropped),
            Owes::DropOld => moved(&mut self.old, At::Control, At::Dropped),
            Owes::ForgetCandidate => moved(&mut self.candidate, At::Engine, At::Forgotten),
            Owes::ForgetOld => moved(&mut self.old, At::Engine, At::Forgotten),
        }
    }

    /// Whether the table knows where everything is, and nothing is left at the end.
    fn compare(&self, event: Event) {
        let place = |at: At| match at {
            At::Worker => Some(Place::Worker),
            At::Control => Some(Place::Control),
            At::Engine => Some(Place::Engine),
            At::Unmade if self.job => Some(Place::Worker),
            At::Unmade | At::Stage | At::Forgotten | At::Dropped => None,
        };
        let found = Held {
            candidate: place(self.candidate),
            old: place(self.old),
        };
        assert_eq!(found, self.state.holds(), "{self:?} after {event:?}");
        let stages = [self.candidate, self.old].map(|one| usize::from(one == At::Stage));
        assert_eq!(stages.iter().sum::<usize>(), 1, "a stage has one: {self:?}");
        assert!(
            !(self.state.is_over() && self.job),
            "a worker is left: {self:?}"
        );
        if self.state == State::Retired {
            assert_eq!(self.candidate, At::Stage);
        }
    }

    /// Lets deadlines pass until it is over.
    fn wait(&mut self) {
        for _ in State::ALL {
            self.step(Event::DeadlineOver);
        }
        assert!(self.state.is_over(), "{self:?} waits for ever");
    }
}

/// The states after each event, from the start.
fn check(events: &[(Event, State)]) {
    let mut world = World::START;
    for (event, expected) in events {
        world.step(*event);
        assert_eq!(world.state, *expected, "after {event:?}");
    }
    assert!(world.state.is_over());
}

const MADE: [(Event, State); 4] = [
    (Event::Prepared, State::Prepared),
    (Event::Primed, State::Primed),
    (Event::Sent, State::Sent),
    (Event::ShadowBegan, State::Shadow),
];

#[test]
fn a_swap_goes_through_all_states_in_order() {
    let rest = [
        (Event::Aligned, State::Aligned),
        (Event::FadeBegan, State::Fading),
        (Event::FadeOver, State::Draining),
        (Event::Returned, State::Retired),
    ];
    check(&[&MADE[..], &rest].concat());
}

#[test]
fn a_handoff_needs_no_fade() {
    let rest = [
        (Event::HandedOver, State::Draining),
        (Event::Returned, State::Retired),
    ];
    check(&[&MADE[..3], &rest].concat());
    check(&[&MADE[..], &rest].concat());
}

#[test]
fn a_fade_that_is_called_off_runs_back() {
    let rest = [
        (Event::FadeBegan, State::Fading),
        (Event::Cancelled, State::Reversing),
        (Event::FadedBack, State::Leaving),
        (Event::Returned, State::Aborted),
    ];
    check(&[&MADE[..], &rest].concat());
}

#[test]
fn who_fails_while_both_are_heard_leaves_the_other_alone() {
    let old = [
        (Event::FadeBegan, State::Fading),
        (Event::OldFailed, State::Draining),
        (Event::Returned, State::Retired),
    ];
    check(&[&MADE[..], &old].concat());
    let candidate = [
        (Event::FadeBegan, State::Fading),
        (Event::CandidateFailed, State::Leaving),
        (Event::Returned, State::Aborted),
    ];
    check(&[&MADE[..], &candidate].concat());
}

#[test]
fn a_recall_that_comes_too_late_changes_nothing() {
    let rest = [
        (Event::Cancelled, State::Leaving),
        (Event::FadeBegan, State::Leaving),
        (Event::FadeOver, State::Draining),
        (Event::Returned, State::Retired),
    ];
    check(&[&MADE[..], &rest].concat());
}

#[test]
fn every_sequence_of_five_events_frees_what_it_made() {
    fn walk(world: World, left: usize) {
        let mut waited = world;
        waited.wait();
        if left == 0 || world.state.is_over() {
            return;
        }
        for event in Event::ALL {
            let mut next = world;
            next.step(event);
            walk(next, left - 1);
        }
    }
    // From every state that can be reached, not from the first alone.
    let mut reached: Vec<World> = vec![World::START];
    let mut at = 0;
    while at < reached.len() {
        for event in Event::ALL {
            let mut next = reached[at];
            next.step(event);
            if reached.iter().all(|other| other.state != next.state) {
                reached.push(next);
            }
        }
        walk(reached[at], 3);
        at += 1;
    }
    assert_eq!(reached.len(), State::ALL.len(), "{reached:?}");
    walk(World::START, 5);
}

#[test]
fn every_state_can_be_aborted_and_waits_only_so_long() {
    for state in State::ALL {
        let ends = |event: Event| {
            let mut state = state.after(event).state;
            for _ in State::ALL {
                state = state.after(Event::DeadlineOver).state;
            }
            state
        };
        let is_bounded = match state.wait() {
            Wait::Clock(longest) | Wait::Stream(longest) => !longest.is_zero(),
            Wait::Ever => state.is_over(),
        };
        assert!(is_bounded, "{state:?}");
        if !state.is_over() {
            assert_eq!(ends(Event::CandidateFailed), State::Aborted, "{state:?}");
        }
    }
}

#[test]
fn names_tell_states_apart() {
    let mut names = State::ALL.map(State::name).to_vec();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), State::ALL.len());
}

proptest! {
    #[test]
    fn every_sequence_of_events_ends_in_retired_or_aborted_and_frees_what_it_made(
        events in prop::collection::vec(prop::sample::select(Event::ALL.to_vec()), 0..60),
        is_ended in any::<bool>(),
    ) {
        let mut world = World::START;
        events.into_iter().for_each(|event| world.step(event));
        match is_ended {
            true => world.step(Event::Ended),
            false => world.wait(),
        }
        prop_assert!(world.state.is_over(), "{world:?}");
    }
}

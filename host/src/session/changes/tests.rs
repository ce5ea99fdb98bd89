//! Tests of changes: the real conductor, beside an engine that does whatever a random number says.
//!
//! Instances are counted: each that was made is ended once, and never on the conductor's own thread,
//! whether the engine takes it, sends it back, or stops; whether workers answer, refuse, die or hang;
//! and while the system gives no threads.

mod engine;
mod world;

use std::collections::HashSet;

use crate::session::changes::tests::world::{World, alone, recipe};
use crate::swap::record::taken;
use crate::swap::table::{Event, Owes, State, Step, Wait};

/// Enough for every transition to be taken many times.
const WALKS: u64 = 200;

/// No more than that, for what is rare.
const WALKS_MAX: u64 = 5_000;

/// What happens in one of them.
const ACTS: usize = 250;

/// Numbers that look random, and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end
    }
}

/// All that the table has.
fn transitions() -> HashSet<(State, Event)> {
    let all = State::ALL.into_iter().flat_map(|state| {
        let events = Event::ALL.into_iter();
        events.map(move |event| (state, event))
    });
    all.filter(|(state, event)| state.after(*event).state != *state)
        .collect()
}

/// Those that were not taken yet.
fn never() -> Vec<(State, Event)> {
    let taken = taken::so_far();
    transitions().difference(&taken).copied().collect()
}

#[test]
fn whatever_happens_all_that_was_made_is_ended_once_and_the_whole_table_is_walked() {
    let _alone = alone();
    let recipe = recipe();
    let mut seed = 0;
    // Workers take their own time, so that no two runs are alike: what is rare may take longer.
    while seed < WALKS || (!never().is_empty() && seed < WALKS_MAX) {
        seed += 1;
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut world = World::new(&recipe);
        for _ in 0..ACTS {
            world.act(&mut dice);
        }
        world.finish(&format!("walk {seed}"));
    }
    assert_eq!(never(), []);
}

#[test]
fn instances_for_which_no_thread_is_to_be_had_are_ended_once_one_is() {
    let _alone = alone();
    let mut world = World::new(&recipe());
    world.lose_an_instance_without_threads();
    world.finish("no threads");
}

#[test]
fn every_state_can_be_left_and_waits_only_so_long() {
    for state in State::ALL {
        let is_bounded = match state.wait() {
            Wait::Clock(longest) | Wait::Stream(longest) => !longest.is_zero(),
            Wait::Ever => state.is_over(),
        };
        assert!(is_bounded, "{state:?}");
        for event in [Event::DeadlineOver, Event::Ended] {
            let mut left = state;
            for _ in State::ALL {
                left = left.after(event).state;
            }
            assert!(left.is_over(), "{state:?} {event:?}");
        }
    }
}

#[test]
fn an_end_is_an_end() {
    for state in [State::Retired, State::Aborted] {
        for event in Event::ALL {
            let owes = Owes::Nothing;
            assert_eq!(state.after(event), Step { state, owes });
        }
    }
}

#[test]
fn names_tell_states_apart() {
    let names: HashSet<_> = State::ALL.map(|state| state.word().to_string()).into();
    assert_eq!(names.len(), State::ALL.len());
}

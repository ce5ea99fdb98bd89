use proptest::prelude::*;

use super::*;

const RATE_HZ: u32 = 48_000;
const TURN_FRAMES: usize = 480;
const TURN: Duration = Duration::from_millis(10);

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// A stream on paper: it reads, waits until it is due, and writes.
struct Paper {
    table: Timetable,
    now: Duration,
    position_frames: u64,
}

impl Paper {
    fn new() -> Self {
        Self {
            table: Timetable::new(RATE_HZ, TURN_FRAMES),
            now: ms(1_000),
            position_frames: 0,
        }
    }

    /// One turn: waits, then work, then until it is due, then a wait for the output.
    fn turn(&mut self, input: Duration, work: Duration, output: Duration) -> TurnTimes {
        self.table.begin(self.position_frames, self.now);
        self.now += input;
        self.table.waited(StallSide::Input, input);
        self.now += work;
        let due = self.table.arrived(TURN_FRAMES, self.now);
        self.now = self.now.max(due) + output;
        self.table.waited(StallSide::Output, output);
        let told = self.table.done(TURN_FRAMES, self.now);
        self.position_frames += TURN_FRAMES as u64;
        told
    }
}

#[test]
fn a_stall_is_four_turns_and_a_tenth_of_a_second_at_least() {
    for (turn_ms, expected_ms) in [(1, 100), (10, 100), (25, 100), (26, 104), (1_000, 4_000)] {
        assert_eq!(bound(ms(turn_ms)), ms(expected_ms));
    }
}

#[test]
fn turns_are_due_at_the_rate_of_the_stream_however_long_it_lasts() {
    let mut table = Timetable::new(44_100, 64);
    table.begin(0, ms(5));
    let first = table.arrived(64, ms(5));
    assert_eq!(first, ms(5) + Duration::from_nanos(1_451_247));
    // A year of frames, and no rounding adds up.
    let year_frames = 44_100 * 31_536_000;
    table.begin(year_frames - 64, ms(6));
    let due = table.arrived(64, ms(6)).as_nanos() as i128;
    let expected = ms(5).as_nanos() as i128 + 31_536_000 * 1_000_000_000;
    assert!((due - expected).abs() <= 2, "{due}");
}

#[test]
fn what_comes_before_the_first_input_is_no_lateness() {
    let mut paper = Paper::new();
    let told = paper.turn(ms(30_000), ms(1), ms(0));
    assert_eq!(
        (told.lateness, told.is_late, told.stall),
        (ms(0), false, None)
    );
    assert_eq!(paper.turn(ms(0), ms(1), ms(0)).lateness, ms(0));
    assert_eq!(paper.now, ms(1_000 + 30_001 + 10));
}

#[test]
fn a_turn_is_late_once_its_listener_ran_dry() {
    for (over_ms, expected) in [(5, false), (10, false), (11, true), (100, true)] {
        let mut paper = Paper::new();
        paper.turn(ms(0), ms(1), ms(0));
        let told = paper.turn(ms(0), TURN + ms(over_ms), ms(0));
        assert_eq!((told.lateness, told.is_late), (ms(over_ms), expected));
        assert_eq!(told.stall, None);
    }
}

#[test]
fn whoever_was_waited_for_is_whose_the_stall_is() {
    let cases = [
        (3_000, 0, 0, StallSide::Input),
        (0, 3_000, 0, StallSide::Host),
        (0, 0, 3_000, StallSide::Output),
        (1_000, 2_100, 0, StallSide::Host),
        (2_100, 1_000, 0, StallSide::Input),
        (1_700, 0, 1_400, StallSide::Input),
    ];
    for (input, work, output, side) in cases {
        let mut paper = Paper::new();
        paper.turn(ms(0), ms(1), ms(0));
        let told = paper.turn(ms(input), ms(work), ms(output));
        let stall = told.stall.unwrap();
        assert_eq!((stall.side, stall.position_frames), (side, 480));
        assert_eq!((stall.since, stall.lasted), (ms(1_020), told.lateness));
    }
}

#[test]
fn taps_that_are_waited_for_stall_a_stream_and_the_host_need_not_say_so_of_itself() {
    for (side, expected) in [
        (StallSide::Taps, StallSide::Taps),
        (StallSide::Host, StallSide::Host),
    ] {
        let mut paper = Paper::new();
        paper.turn(ms(0), ms(1), ms(0));
        paper.table.begin(paper.position_frames, paper.now);
        paper.now += ms(3_000);
        paper.table.waited(side, ms(3_000));
        paper.table.arrived(TURN_FRAMES, paper.now);
        let told = paper.table.done(TURN_FRAMES, paper.now);
        assert_eq!(told.stall.unwrap().side, expected);
    }
}

#[test]
fn after_a_stall_the_stream_goes_on_at_its_pace() {
    let mut paper = Paper::new();
    paper.turn(ms(0), ms(1), ms(0));
    paper.turn(ms(3_000), ms(1), ms(0));
    let before = paper.now;
    for _ in 0..100 {
        assert_eq!(paper.turn(ms(0), ms(1), ms(0)).lateness, ms(0));
    }
    assert_eq!(paper.now - before, TURN * 100);
}

#[test]
fn a_delay_that_is_no_stall_is_caught_up() {
    let mut paper = Paper::new();
    paper.turn(ms(0), ms(1), ms(0));
    let late = paper.turn(ms(0), ms(60), ms(0)).lateness;
    assert_eq!(late, ms(50));
    for turn in 1..20 {
        let told = paper.turn(ms(0), ms(1), ms(0));
        assert_eq!(told.lateness, ms(50).saturating_sub(ms(9 * turn)));
    }
    assert_eq!(paper.now, ms(1_000) + TURN * 21);
}

#[test]
fn a_side_whose_clock_is_slower_is_followed() {
    for share in [10_000, 1_000] {
        let mut paper = Paper::new();
        let slower = TURN + TURN / share;
        let mut arrival = paper.now + slower;
        for _ in 0..20_000 {
            let wait = arrival.saturating_sub(paper.now);
            let told = paper.turn(wait, Duration::from_micros(100), ms(0));
            assert!(told.lateness < ms(1), "{told:?}");
            arrival += slower;
        }
    }
}

#[test]
fn a_host_that_is_too_slow_is_late_and_stalls() {
    let mut paper = Paper::new();
    let told: Vec<_> = (0..200).map(|_| paper.turn(ms(0), ms(11), ms(0))).collect();
    assert!(told[20..].iter().any(|one| one.is_late));
    let stalls: Vec<_> = told.iter().filter_map(|one| one.stall).collect();
    assert_eq!(stalls.len(), 1);
    assert_eq!(stalls[0].side, StallSide::Host);
}

proptest! {
    /// Whatever happens: no turn is done before it is due, and the stream is never faster than
    /// its rate by more than what counts as no stall.
    #[test]
    fn the_stream_never_runs_flat_out(
        turns in prop::collection::vec((0..400u64, 0..40u64, 0..400u64, 0..8u8), 1..60)
    ) {
        let mut paper = Paper::new();
        let mut done = Vec::new();
        for (input, work, output, kind) in turns {
            // Most turns are quiet: what was missed is made up for in a row of them, if at all.
            let told = match kind {
                0 => paper.turn(ms(input), ms(work), ms(output)),
                _ => paper.turn(ms(0), ms(1), ms(0)),
            };
            if let Some(stall) = told.stall {
                prop_assert_eq!(stall.lasted, told.lateness);
                prop_assert_eq!(stall.since + stall.lasted, paper.now);
            }
            prop_assert_eq!(told.stall.is_some(), told.lateness > bound(TURN));
            done.push(paper.now);
        }
        for (from, start) in done.iter().enumerate() {
            for (to, end) in done.iter().enumerate().skip(from) {
                let lasts = TURN * (to - from) as u32;
                prop_assert!(*end + bound(TURN) >= *start + lasts);
            }
        }
    }

    /// A stream that is held on purpose is not late for it.
    #[test]
    fn what_is_held_on_purpose_is_not_late(held_ms in 0..100_000u64) {
        let mut paper = Paper::new();
        paper.turn(ms(0), ms(1), ms(0));
        paper.now += ms(held_ms);
        paper.table.set_anew();
        prop_assert_eq!(paper.turn(ms(0), ms(1), ms(0)).lateness, ms(0));
    }
}

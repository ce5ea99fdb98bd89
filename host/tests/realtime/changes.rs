//! What runs changes while it runs: swaps of every kind, other wiring, other values.

use std::collections::BTreeMap;

use segue::pipeline::{
    Arrival, CandidateSetup, Change, Departure, Fade, Graph, Handoff, Laid, LatencyGrowth,
    LoadedSchedule, Occupant, PlannedFade, Reschedule, ScheduleFade, Stage, StageCandidate,
    StageEventKind, StageState, SwapDone, SwapMethod, Transition, change, moved,
};
use segue_plugin::link::ParamEvent;

use crate::ends_while_locks_are_held;
use crate::rig::{
    BLOCKS, Deed, FRAMES, Live, chain, heap_calls, hosted, kept, mortal, planted, shape, wired,
};

/// How long a fade lasts: 20 ms.
const FADE: u64 = 960;

/// How much later than it has to be the output is at first.
const RESERVE: u64 = 4_096;

/// How long the script below takes.
const SCRIPT_BLOCKS: usize = 300;

const FILTERS: &str = "libsegue_filters.so";
const GAIN: &str = "libsegue_gain.so";
const COMPRESSOR: &str = "libsegue_dynamics.so:compressor";
const LIMITER: &str = "libsegue_dynamics.so:limiter";
const DELAY: &str = "libsegue_delay.so:delay";

/// How a new instance comes in; `None` where that is left out.
#[derive(Default)]
struct How {
    /// Up to which block it was primed.
    primed_to_block: Option<usize>,
    handoff_bytes: Option<usize>,
    tail_frames: Option<u64>,
    /// How late the place is before.
    place_frames: u64,
}

fn candidate(number: usize, occupant: Occupant, how: &How) -> (usize, Box<StageCandidate>) {
    let shape = shape(how.place_frames.max(occupant.latency_frames));
    let more = shape.latency_frames - how.place_frames;
    let takeover = match how.tail_frames {
        None => PlannedFade::Crossfade { frames: FADE },
        Some(tail_frames) => PlannedFade::Tail {
            fade_frames: FADE,
            tail_frames,
        },
    };
    let candidate = StageCandidate::swap(CandidateSetup {
        occupant,
        shape,
        frames_max: FRAMES,
        fade: takeover,
        growth: (more > 0).then(|| LatencyGrowth::new(more, &shape)),
        handoff: how.handoff_bytes.map(Handoff::new),
        primed_to_frames: how.primed_to_block.map(|block| (block * FRAMES) as u64),
        sidechain_channels: Vec::new(),
    });
    (number, Box::new(candidate))
}

/// A change that brings a new instance.
fn swap(number: usize, occupant: Occupant, how: &How) -> Change {
    Change {
        candidates: vec![candidate(number, occupant, how)],
        ..Change::default()
    }
}

/// Values of the first parameter, one after the other.
fn values(number: usize, count: u32) -> Vec<(usize, ParamEvent)> {
    let event = |at: u32| ParamEvent {
        offset_frames: at * 3 % 400,
        index: 0,
        value: -6.0 - f64::from(at % 10),
    };
    (0..count).map(|at| (number, event(at))).collect()
}

/// A schedule in which stages come and go.
fn reschedule(
    transition: Transition,
    mut added: BTreeMap<usize, Stage>,
    numbers: usize,
) -> Reschedule {
    let during = transition.during.unwrap();
    let passing = ScheduleFade {
        begins_at_frames: during.settled_frames + 500,
        fade: Fade::of(FADE),
        after: LoadedSchedule::new(transition.after, FRAMES),
    };
    let stages = transition.added.iter();
    let added: Vec<_> = stages
        .map(|number| (*number, added.remove(number).unwrap()))
        .collect();
    let most = added
        .iter()
        .map(|(number, _)| number + 1)
        .max()
        .unwrap_or(0);
    Reschedule {
        next: LoadedSchedule::new(during, FRAMES),
        fade: Some(passing),
        larger_slots: Vec::with_capacity(if most > numbers { most } else { 0 }),
        added,
        gone: Vec::with_capacity(transition.removed.len()),
        removed: transition.removed,
    }
}

/// The limiter's place grows within the reserve.
fn growth(laid: &Laid, number: usize) -> (Change, Laid) {
    let limiter = hosted(LIMITER, &[("ceiling_dbtp", -9.0)]);
    let mut graph = laid.graph.clone();
    graph.network.stages[number].latency_frames = limiter.latency_frames;
    let grown = change(laid, graph).unwrap();
    assert_eq!(grown.laid.latency_frames, laid.latency_frames);
    let how = How {
        primed_to_block: Some(57),
        ..How::default()
    };
    let change = Change {
        schedule: Some(Box::new(Reschedule {
            next: LoadedSchedule::new(grown.after, FRAMES),
            fade: None,
            larger_slots: Vec::new(),
            added: Vec::new(),
            removed: Vec::new(),
            gone: Vec::new(),
        })),
        ..swap(number, limiter, &how)
    };
    (change, grown.laid)
}

/// Changes the order of the first two of six stages, and puts a new one in the place of the third.
/// The first two start anew: what goes on would hear one fade and be heard through another.
fn rewiring(laid: &Laid) -> Change {
    // By what they were; the new one has none.
    let order = [Some(1), Some(0), None, Some(3), Some(4), Some(5)];
    let place = |number: &Option<usize>| {
        number.map_or(0, |number| laid.graph.network.stages[number].latency_frames)
    };
    let network = wired(&order.iter().map(place).collect::<Vec<_>>());
    let moved = moved(&laid.graph, &network, &order).unwrap();
    assert_eq!(moved, [0, 1], "stages between two fades start anew");
    let mut added = BTreeMap::new();
    let mut numbers = Vec::new();
    for (at, number) in order.iter().enumerate() {
        let stays = number.filter(|_| !moved.contains(&at));
        numbers.push(stays.unwrap_or(6 + added.len()));
        if stays.is_none() {
            let occupant = match number {
                Some(0) => filters(),
                Some(_) => hosted(COMPRESSOR, &[("link", 0.5)]),
                None => hosted(GAIN, &[("gain_db", -1.0)]),
            };
            added.insert(numbers[at], kept(occupant));
        }
    }
    let transition = change(laid, Graph { network, numbers }).unwrap();
    assert_eq!(transition.laid.latency_frames, laid.latency_frames);
    Change {
        schedule: Some(Box::new(reschedule(transition, added, 6))),
        param_events: values(5, 1),
        ..Change::default()
    }
}

fn filters() -> Occupant {
    let bands = [
        ("band.1.type", 1.0),
        ("band.1.frequency_hz", 80.0),
        ("band.2.type", 5.0),
        ("band.2.frequency_hz", 3_000.0),
        ("band.2.gain_db", 3.0),
    ];
    hosted(FILTERS, &bands)
}

/// A live engine, and everything that can happen to it: state that is handed over, what was missed
/// caught up, tails that ring, a place that grows, a change called back, new and old instances that
/// fail, stages that come, go and move, and more values than a block has frames.
fn live() -> Live {
    let compressor = || hosted(COMPRESSOR, &[("link", 0.5)]);
    let echo = || hosted(DELAY, &[("delay_ms", 20.0), ("feedback", 0.5)]);
    let gain = || hosted(GAIN, &[("gain_db", -6.0)]);
    let stages = vec![
        kept(filters()),
        kept(compressor()),
        kept(echo()),
        kept(gain()),
        kept(gain()),
        kept(planted(Deed::Nothing)),
    ];
    let mut live = chain(stages, RESERVE);
    let primed = |block| How {
        primed_to_block: Some(block),
        ..How::default()
    };
    let handed = How {
        handoff_bytes: Some(64 * 1024),
        ..How::default()
    };
    let ringing = How {
        tail_frames: Some(2_000),
        ..How::default()
    };
    let (grown, laid) = growth(&live.laid, 3);
    let rewired = rewiring(&laid);
    let script = [
        (
            5,
            Change {
                param_events: values(4, 1_000),
                ..Change::default()
            },
        ),
        (
            10,
            Change {
                param_events: values(4, 1),
                ..swap(0, filters(), &handed)
            },
        ),
        (20, swap(1, compressor(), &primed(17))),
        (40, swap(2, echo(), &ringing)),
        (60, grown),
        (90, swap(1, compressor(), &primed(89))),
        (
            94,
            Change {
                reversed: vec![1],
                ..Change::default()
            },
        ),
        (105, swap(4, mortal(109.0), &primed(104))),
        (115, swap(4, mortal(134.0), &primed(114))),
        (130, swap(4, gain(), &primed(129))),
        (150, rewired),
        (
            152,
            Change {
                param_events: values(6, 100),
                ..Change::default()
            },
        ),
        (155, swap(4, gain(), &How::default())),
        (230, swap(8, gain(), &handed)),
        (240, swap(4, mortal(250.0), &primed(239))),
    ];
    let arrivals = script.into_iter().rev();
    let arrivals = arrivals.map(|(at, change)| (at, Arrival::Change(Box::new(change))));
    live.script = arrivals.collect();
    live.laid = laid;
    live
}

/// Two instances that do a deed, one of which takes the place of the other.
pub(crate) fn planted_swap(deed: Deed) -> Live {
    let quiet = Deed::Nothing;
    let (old, new) = match deed {
        Deed::Nothing | Deed::AllocateSaving => (deed, quiet),
        Deed::Allocate | Deed::Lock | Deed::AllocateLoading | Deed::LockLoading => (quiet, deed),
    };
    let how = How {
        // Without state the new one is first heard by nobody.
        handoff_bytes: (!matches!(deed, Deed::Allocate | Deed::Lock)).then_some(8),
        ..How::default()
    };
    let mut live = chain(vec![kept(planted(Deed::Nothing)), kept(planted(old))], 0);
    let change = swap(1, planted(new), &how);
    live.script = vec![(10, Arrival::Change(Box::new(change)))];
    live
}

pub(crate) fn stage_event(departure: &Departure) -> Option<StageEventKind> {
    match departure {
        Departure::StageEvent(event) => Some(event.kind),
        _ => None,
    }
}

fn swapped(events: &[StageEventKind]) -> Vec<SwapDone> {
    let done = events.iter().filter_map(|event| match event {
        StageEventKind::Swapped(done) => Some(*done),
        _ => None,
    });
    done.collect()
}

#[test]
fn no_heap_call_happens_while_what_runs_is_changed() {
    let mut live = live();
    assert_eq!(live.run(SCRIPT_BLOCKS), 0);
    assert!(heap_calls(&live.engine).iter().all(|calls| *calls == 0));
    let left: Vec<_> = std::iter::from_fn(|| live.rings.receive()).collect();
    let events: Vec<_> = left.iter().filter_map(stage_event).collect();
    let count = |is: fn(&StageEventKind) -> bool| events.iter().filter(|event| is(event)).count();
    // Everything that the script is for did happen.
    let done = swapped(&events);
    let by = |is: fn(&SwapDone) -> bool| done.iter().filter(|done| is(done)).count();
    assert_eq!(
        by(|done| matches!(done.method, SwapMethod::Handoff { .. })),
        2,
        "{events:?}"
    );
    assert_eq!(
        by(|done| matches!(done.method, SwapMethod::Tail { .. })),
        1,
        "{events:?}"
    );
    assert_eq!(by(|done| done.old_fault.is_some()), 1, "{events:?}");
    let caught_up = |done: &SwapDone| match done.method {
        SwapMethod::Fade { shadow_frames, .. } => shadow_frames == 3 * FRAMES as u64,
        SwapMethod::Handoff { .. } | SwapMethod::Tail { .. } => false,
    };
    assert!(by(caught_up) >= 1, "{events:?}");
    assert_eq!(count(|kind| matches!(kind, StageEventKind::TailOver)), 1);
    assert_eq!(count(|kind| matches!(kind, StageEventKind::Reversed)), 1);
    assert_eq!(
        count(|kind| matches!(kind, StageEventKind::CandidateFailed(_))),
        1
    );
    assert_eq!(count(|kind| matches!(kind, StageEventKind::Failed(_))), 1);
    let there = |number: &usize| live.engine.stage(*number).is_some();
    assert_eq!((0..9).filter(there).count(), 6);
    assert!(!there(&2) && there(&6) && there(&7) && there(&8));
    let last = live.engine.stage(4).unwrap().state();
    assert!(matches!(last, StageState::Out(_)));
    let (mut changes, mut candidates, mut gone, mut failed) = (0, 0, 0, 0);
    for departure in left {
        match departure {
            Departure::StageEvent(_) | Departure::State(_) => {}
            Departure::Failed { .. } => failed += 1,
            Departure::Candidate { .. } => candidates += 1,
            Departure::Change(change) => {
                changes += 1;
                gone += change.schedule.map_or(0, |schedule| schedule.gone.len());
            }
        }
    }
    assert_eq!((changes, candidates, gone, failed), (15, 11, 3, 1));
}

#[test]
fn no_lock_of_the_host_is_waited_for_while_what_runs_is_changed() {
    let mut live = live();
    assert!(ends_while_locks_are_held(move || {
        live.run(SCRIPT_BLOCKS);
        live
    }));
}

#[test]
fn a_planted_allocation_is_charged_wherever_a_swap_calls_an_instance() {
    if cfg!(rtsan) {
        return; // There it ends the process: see `the_sanitizer_stops_a_planted_allocation`.
    }
    let calls = |deed| {
        let mut live = planted_swap(deed);
        let calls = live.run(BLOCKS);
        assert_eq!(heap_calls(&live.engine), [0, calls], "{deed:?}");
        calls
    };
    assert_eq!(calls(Deed::Nothing), 0);
    assert_eq!(calls(Deed::AllocateSaving), 2);
    assert_eq!(calls(Deed::AllocateLoading), 2);
    // From its first block on, in which nobody hears it yet.
    assert_eq!(calls(Deed::Allocate), 2 * (BLOCKS - 10) as u64);
}

#[test]
fn a_planted_lock_is_waited_for_in_a_swap() {
    if cfg!(rtsan) {
        return; // An uncontended lock is no call; a contended one ends the process there.
    }
    let mut live = planted_swap(Deed::LockLoading);
    assert!(!ends_while_locks_are_held(move || {
        live.run(BLOCKS);
        live
    }));
}

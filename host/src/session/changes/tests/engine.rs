//! Engine: what the conductor sees of an engine, without one.
//!
//! In: what is in the ring to it, and what is to happen. Out: turns and departures, as the real one
//! sends them, at once or late.

use rtrb::{Consumer, Producer, RingBuffer};
use segue_plugin::link::Processor;

use crate::pipeline::{
    Arrival, Change, Departure, Fault, FaultKind, HandoffRefusal, Rings, SavedState,
    StageCandidate, StageEvent, StageEventKind, StateRequest, SwapDone, SwapMethod,
};

/// So many arrivals fit: few, so that rings are full at times.
const ARRIVALS: usize = 3;
const OTHERS: usize = 4_096;

/// How far a candidate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Far {
    Shadow,
    Aligned,
    Fading,
    Reversing,
    Ringing,
}

/// What can happen to a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    Align,
    HandOver,
    Fade,
    Finish,
    Ring,
    Fail,
    /// Its stage goes, and it with that.
    Go,
}

impl Move {
    pub(super) const ALL: [Self; 7] = [
        Self::Align,
        Self::HandOver,
        Self::Fade,
        Self::Finish,
        Self::Ring,
        Self::Fail,
        Self::Go,
    ];
}

struct OnTrial {
    candidate: Box<StageCandidate>,
    far: Far,
    is_restart: bool,
}

/// The engine's ends of the rings, and what it has.
pub(super) struct FakeEngine {
    arrivals: Consumer<Arrival>,
    requests: Consumer<Box<StateRequest>>,
    departures: Producer<Departure>,
    stages: Vec<Option<OnTrial>>,
    /// What leaves a block later than it was told of.
    late: Vec<Departure>,
}

impl FakeEngine {
    /// One for so many stages, in the place of the one whose rings these are.
    pub(super) fn behind(rings: &mut Rings, stages: usize) -> Self {
        let (to, arrivals) = RingBuffer::new(ARRIVALS);
        let (departures, from) = RingBuffer::new(OTHERS);
        let (asks, requests) = RingBuffer::new(OTHERS);
        rings.lead_to((to, asks), from);
        Self {
            arrivals,
            requests,
            departures,
            stages: (0..stages).map(|_| None).collect(),
            late: Vec::new(),
        }
    }

    /// Takes what is in the ring, as far as it fits; a stage of which `is_gone` is true has left.
    pub(super) fn take(&mut self, at: u64, is_gone: impl Fn(usize) -> bool) {
        while let Ok(mut request) = self.requests.pop() {
            request.saved = Some(SavedState {
                written: Err(HandoffRefusal::OldIsOut),
                at_frames: at,
                position_frames: at,
            });
            self.leave(Departure::State(request), false);
        }
        while self.fits() {
            match self.arrivals.pop() {
                Ok(Arrival::Candidate { stage, candidate }) if is_gone(stage) => {
                    self.leave(Departure::Candidate { stage, candidate }, false);
                }
                Ok(Arrival::Candidate { stage, candidate }) => {
                    self.begin(stage, candidate, true, at);
                }
                Ok(Arrival::Change(change)) => self.apply(change, at, &is_gone),
                Err(_) => return,
            }
        }
    }

    fn fits(&self) -> bool {
        match self.arrivals.peek() {
            Ok(Arrival::Candidate { stage, .. }) => self.stages[*stage].is_none(),
            Ok(Arrival::Change(change)) => {
                let mut candidates = change.candidates.iter();
                candidates.all(|(stage, _)| self.stages[*stage].is_none())
            }
            Err(_) => false,
        }
    }

    fn apply(&mut self, mut change: Box<Change>, at: u64, is_gone: &dyn Fn(usize) -> bool) {
        change.applied_at_frames = Some(at);
        for (stage, candidate) in std::mem::take(&mut change.candidates) {
            match is_gone(stage) {
                true => change.candidates.push((stage, candidate)),
                false => self.begin(stage, candidate, false, at),
            }
        }
        for stage in std::mem::take(&mut change.reversed) {
            self.reverse(stage, at);
        }
        self.leave(Departure::Change(change), false);
    }

    fn begin(&mut self, stage: usize, candidate: Box<StageCandidate>, is_restart: bool, at: u64) {
        self.tell(stage, StageEventKind::ShadowBegan, at);
        self.stages[stage] = Some(OnTrial {
            candidate,
            far: Far::Shadow,
            is_restart,
        });
    }

    fn reverse(&mut self, stage: usize, at: u64) {
        let far = self.stages[stage].as_ref().map(|on| on.far);
        match far {
            Some(Far::Shadow | Far::Aligned) => {
                self.end(stage, StageEventKind::Reversed, false, at);
            }
            Some(Far::Fading) => self.go(stage, Far::Reversing),
            Some(Far::Reversing | Far::Ringing) | None => {}
        }
    }

    /// Moves a stage's candidate on, where that can happen to it; it leaves at once or late.
    pub(super) fn step(&mut self, stage: usize, step: Move, is_late: bool, at: u64) {
        let Some(on) = &self.stages[stage] else {
            return;
        };
        let swapped = |takeover| match on.is_restart {
            true => StageEventKind::Returned,
            false => StageEventKind::Swapped(done(takeover, at)),
        };
        let (handoff, fade, ring) = (
            swapped(SwapMethod::Handoff {
                bytes: 4,
                took_ns: 1,
            }),
            swapped(SwapMethod::Fade {
                frames: 10,
                shadow_frames: 10,
            }),
            swapped(SwapMethod::Tail {
                frames: 10,
                tail_frames: 10,
            }),
        );
        let failed = StageEventKind::CandidateFailed(Fault {
            position_frames: at,
            kind: FaultKind::NonFinite,
        });
        match (on.far, step) {
            (Far::Ringing, Move::Fade) => self.end(stage, StageEventKind::TailOver, is_late, at),
            (Far::Ringing, _) => {}
            (_, Move::Go) => self.lose(stage),
            (_, Move::Fail) => self.end(stage, failed, is_late, at),
            (Far::Shadow, Move::Align) => {
                self.tell(stage, StageEventKind::Aligned, at);
                self.go(stage, Far::Aligned);
            }
            (Far::Shadow, Move::HandOver) if !on.is_restart => {
                self.end(stage, handoff, is_late, at);
            }
            (Far::Aligned, Move::Fade) => {
                self.tell(stage, StageEventKind::FadeBegan, at);
                self.go(stage, Far::Fading);
            }
            (Far::Reversing, Move::Fade) => self.end(stage, StageEventKind::Reversed, is_late, at),
            (Far::Fading | Far::Reversing, Move::Finish) => self.end(stage, fade, is_late, at),
            (Far::Fading, Move::Ring) if !on.is_restart => {
                self.tell(stage, ring, at);
                self.go(stage, Far::Ringing);
            }
            _ => {}
        }
    }

    fn go(&mut self, stage: usize, far: Far) {
        if let Some(on) = &mut self.stages[stage] {
            on.far = far;
        }
    }

    fn end(&mut self, stage: usize, kind: StageEventKind, is_late: bool, at: u64) {
        if let Some(OnTrial { candidate, .. }) = self.stages[stage].take() {
            self.tell(stage, kind, at);
            self.leave(Departure::Candidate { stage, candidate }, is_late);
        }
    }

    /// The stage went with a change of the wiring.
    fn lose(&mut self, stage: usize) {
        if let Some(OnTrial { candidate, .. }) = self.stages[stage].take() {
            let change = Change {
                candidates: vec![(stage, candidate)],
                ..Change::default()
            };
            self.leave(Departure::Change(Box::new(change)), false);
        }
    }

    fn leave(&mut self, departure: Departure, is_late: bool) {
        // What leaves later does not overtake it.
        match is_late || !self.late.is_empty() {
            true => self.late.push(departure),
            false => assert!(self.departures.push(departure).is_ok(), "nobody reads"),
        }
    }

    /// What was late comes.
    pub(super) fn send_late(&mut self) {
        for departure in std::mem::take(&mut self.late) {
            assert!(self.departures.push(departure).is_ok(), "nobody reads");
        }
    }

    fn tell(&mut self, stage: usize, kind: StageEventKind, at: u64) {
        let turn = StageEvent {
            stage,
            position_frames: at,
            kind,
        };
        let told = self.departures.push(Departure::StageEvent(turn));
        assert!(told.is_ok(), "nobody reads");
    }

    /// Stops, and gives back all that it has.
    pub(super) fn into_processors(mut self) -> Vec<Processor> {
        self.send_late();
        let on_trial = self.stages.into_iter().flatten();
        let mut all: Vec<_> = on_trial
            .filter_map(|on| on.candidate.into_processor())
            .collect();
        while let Ok(arrival) = self.arrivals.pop() {
            match arrival {
                Arrival::Candidate { candidate, .. } => all.extend(candidate.into_processor()),
                Arrival::Change(change) => all.extend(change.into_processors()),
            }
        }
        all
    }
}

const fn done(method: SwapMethod, at: u64) -> SwapDone {
    SwapDone {
        method,
        refused: None,
        begun_at_frames: at,
        heard_at_frames: at,
        done_at_frames: at,
        heard_at_output_frames: at,
        done_at_output_frames: at,
        old_fault: None,
    }
}

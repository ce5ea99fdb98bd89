//! Rings: control code's end of an engine.
//!
//! In: what the engine left behind. Out: changes and requests on their way to it; and what can be
//! known of its stages while it runs, by their numbers. Nobody waits at either end.

use std::sync::Arc;

use rtrb::{Consumer, Producer};
use segue_plugin::link::Record;

use crate::pipeline::exchange::{Arrival, Departure, StateRequest};
use crate::pipeline::feed::Feeds;
use crate::pipeline::gauges::{EngineGauges, StageGauges};

/// A record with who left it.
#[derive(Debug, Clone, Copy)]
pub struct StageRecord {
    /// The stage, by its place in the file.
    pub stage: usize,
    /// Stream time of the block.
    pub position_frames: u64,
    /// What was left.
    pub record: Record,
}

/// The control thread's ends of an engine's rings.
#[derive(Debug)]
pub struct Rings {
    /// Notes and events.
    pub records: Consumer<StageRecord>,
    /// Chunks for taps; the tap thread takes it.
    pub feeds: Option<Feeds>,
    /// Changes, and new instances for stages that are out.
    arrivals: Producer<Arrival>,
    /// Requests for states.
    requests: Producer<Box<StateRequest>>,
    /// What happened to stages, and what is no longer used, to be dropped off the audio thread.
    departures: Consumer<Departure>,
    engine: Arc<EngineGauges>,
    /// What is known of stages, by number, from when they were sent until they came back.
    stages: Vec<Option<Arc<StageGauges>>>,
    /// How many numbers of stages there may be.
    numbers_max: usize,
    /// Requests that were sent and have not come back.
    requested: usize,
}

/// The ends of the rings, and what is there from the start.
pub(super) struct RingEnds {
    pub(super) records: Consumer<StageRecord>,
    pub(super) feeds: Feeds,
    pub(super) arrivals: Producer<Arrival>,
    pub(super) requests: Producer<Box<StateRequest>>,
    pub(super) departures: Consumer<Departure>,
    pub(super) engine: Arc<EngineGauges>,
    pub(super) stages: Vec<Option<Arc<StageGauges>>>,
    pub(super) numbers_max: usize,
}

impl Rings {
    pub(super) fn new(ends: RingEnds) -> Self {
        Self {
            records: ends.records,
            feeds: Some(ends.feeds),
            arrivals: ends.arrivals,
            requests: ends.requests,
            departures: ends.departures,
            engine: ends.engine,
            stages: ends.stages,
            numbers_max: ends.numbers_max,
            requested: 0,
        }
    }

    /// The ends of another engine, which is none.
    #[cfg(test)]
    pub fn lead_to(
        &mut self,
        (arrivals, requests): (Producer<Arrival>, Producer<Box<StateRequest>>),
        departures: Consumer<Departure>,
    ) {
        (self.arrivals, self.requests, self.departures) = (arrivals, requests, departures);
    }

    /// What the engine as a whole counts.
    #[must_use]
    pub fn engine(&self) -> &EngineGauges {
        &self.engine
    }

    /// What is known of a stage by its number, as long as the engine has it.
    #[must_use]
    pub fn stage(&self, number: usize) -> Option<&StageGauges> {
        self.stages.get(number)?.as_deref()
    }

    /// How many numbers there are: stages that went leave theirs unused.
    #[must_use]
    pub const fn numbers(&self) -> usize {
        self.stages.len()
    }

    /// How many numbers there may be.
    #[must_use]
    pub const fn numbers_max(&self) -> usize {
        self.numbers_max
    }

    /// Whether something can be sent.
    #[must_use]
    pub fn has_room(&self) -> bool {
        !self.arrivals.is_full()
    }

    /// How much can be sent.
    #[must_use]
    pub fn room(&self) -> usize {
        self.arrivals.slots()
    }

    /// Sends something to the engine.
    ///
    /// # Errors
    /// What there is no room for.
    pub fn send(&mut self, arrival: Arrival) -> Result<(), Arrival> {
        let added = match &arrival {
            Arrival::Change(change) => change.schedule.as_ref(),
            Arrival::Candidate { .. } => None,
        };
        let added = added.into_iter().flat_map(|schedule| &schedule.added);
        let added: Vec<_> = added
            .map(|(number, stage)| (*number, Arc::clone(stage.gauges())))
            .collect();
        let pushed = self.arrivals.push(arrival);
        pushed.map_err(|rtrb::PushError::Full(back)| back)?;
        for (number, gauges) in added {
            if self.stages.len() <= number {
                self.stages.resize(number + 1, None);
            }
            self.stages[number] = Some(gauges);
        }
        Ok(())
    }

    /// Asks for the state of a stage's instance.
    ///
    /// # Errors
    /// What there is no room for.
    pub fn request(&mut self, request: Box<StateRequest>) -> Result<(), Box<StateRequest>> {
        let pushed = self.requests.push(request);
        pushed.map_err(|rtrb::PushError::Full(back)| back)?;
        self.requested += 1;
        Ok(())
    }

    /// Whether a request has not come back yet.
    #[must_use]
    pub const fn has_requests(&self) -> bool {
        self.requested > 0
    }

    /// Whether the engine left nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.departures.is_empty()
    }

    /// How much the engine left.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.departures.slots()
    }

    /// Takes the next thing that the engine left.
    pub fn receive(&mut self) -> Option<Departure> {
        let departure = self.departures.pop().ok()?;
        match &departure {
            Departure::Change(change) => {
                let schedule = change.schedule.as_ref().into_iter();
                for (number, _) in schedule.flat_map(|schedule| &schedule.gone) {
                    self.stages[*number] = None;
                }
            }
            Departure::State(_) => self.requested -= 1,
            Departure::Candidate { .. } | Departure::Failed { .. } | Departure::StageEvent(_) => {}
        }
        Some(departure)
    }
}

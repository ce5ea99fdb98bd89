//! Tap: one analyzer or metric with what it found.

use std::collections::VecDeque;
use std::sync::Arc;

use segue_media::audio::Buffer;
use segue_plugin::abi::audio::Span;
use segue_plugin::declare::Better;
use segue_plugin::link::{AudioView, CallStatus, Heard as HeardEvent, Observer, Reading};
use segue_plugin::manifest::model::Reading as Declared;

use crate::observe::{
    Event, EventSink, FaultReport, ReadingBetter, ReadingReport, Spread, TapReport,
};
use crate::pipeline::{Chunk, failure_kind};
use crate::session::bind::Bound;
use crate::session::build::BuiltTap;
use crate::session::observers::SubscribedEvent;

/// Events that wait for the frames they belong to; a stage publishes at most 16 a block.
const PENDING_MAX: usize = 65_536;

/// One analyzer or metric with what it found.
pub(super) struct TapRun {
    observer: Observer,
    hop_frames: u64,
    channels: usize,
    declared: Vec<Declared>,
    values: Vec<f64>,
    spreads: Vec<Spread>,
    whole: Vec<f64>,
    pending: VecDeque<SubscribedEvent>,
    emitted: Vec<Reading>,
    report: TapReport,
    events: Arc<dyn EventSink>,
}

impl TapRun {
    pub(super) fn new(
        live: BuiltTap,
        bound: &Bound,
        report: TapReport,
        events: Arc<dyn EventSink>,
    ) -> Self {
        let channels = live.layout.channels();
        let declared = bound.component.readings.clone();
        let count = declared
            .iter()
            .map(|reading| reading.per.values(channels))
            .sum();
        Self {
            observer: live.observer,
            hop_frames: u64::from(live.hop_frames),
            channels,
            declared,
            values: vec![f64::NAN; count],
            spreads: vec![Spread::default(); count],
            whole: vec![f64::NAN; count],
            pending: VecDeque::new(),
            emitted: Vec::new(),
            report,
            events,
        }
    }

    pub(super) fn hear(&mut self, heard: SubscribedEvent) {
        if self.pending.len() < PENDING_MAX {
            let position = heard.position_frames;
            let at = self
                .pending
                .partition_point(|other| other.position_frames <= position);
            self.pending.insert(at, heard);
        }
    }

    /// Looks at a chunk, cut at hops and at events.
    pub(super) fn observe(&mut self, chunk: &Chunk) {
        let mut start = 0;
        while start < chunk.frames && self.report.fault.is_none() {
            let position = chunk.position_frames + start as u64;
            self.hear_due(position);
            let left = (chunk.frames - start) as u64;
            let frames = left.min(self.to_hop(position)).min(self.to_event(position)) as usize;
            let status = self.observer.observe(
                position,
                view(&chunk.signal, start, frames),
                view(&chunk.reference, start, frames),
            );
            self.check(status, position);
            start += frames;
            self.report.frames += frames as u64;
            let end = position + frames as u64;
            if self.hop_frames > 0 && end.is_multiple_of(self.hop_frames) {
                self.emit(end);
            }
        }
    }

    /// What was emitted since the last time.
    pub(super) fn take_emitted(&mut self) -> Vec<Reading> {
        std::mem::take(&mut self.emitted)
    }

    /// Asks for the figures of the whole stream.
    pub(super) fn finish(&mut self) {
        self.hear_due(u64::MAX);
        if self.report.fault.is_none() {
            let status = self.observer.finish(&mut self.whole, self.channels);
            self.check(status, self.report.frames);
        }
        self.observer.deactivate();
    }

    pub(super) fn report(&self) -> TapReport {
        let mut report = self.report.clone();
        let mut at = 0;
        for declared in &self.declared {
            let count = declared.per.values(self.channels);
            for channel in 0..count {
                let name = (count > 1 || self.is_per_channel(declared))
                    .then(|| report.channels.get(channel).cloned().unwrap_or_default());
                report
                    .readings
                    .push(reading(declared, name, self.whole[at], self.spreads[at]));
                at += 1;
            }
        }
        report
    }

    fn is_per_channel(&self, declared: &Declared) -> bool {
        declared.per == segue_plugin::declare::Per::Channel
    }

    fn emit(&mut self, frame: u64) {
        let status = self.observer.emit(&mut self.values, self.channels);
        self.check(status, frame);
        if !status.is_ok() {
            return;
        }
        let mut at = 0;
        for (index, declared) in self.declared.iter().enumerate() {
            for channel in 0..declared.per.values(self.channels) {
                let value = self.values[at];
                self.spreads[at].record(value);
                at += 1;
                if !value.is_nan() {
                    self.emitted.push(Reading {
                        frame,
                        source: 0,
                        reading: index as u32,
                        channel: channel as u32,
                        value,
                    });
                }
            }
        }
    }

    /// Passes on the events that happened before `position` or at it.
    fn hear_due(&mut self, position: u64) {
        while let Some(heard) = self.pending.front() {
            if heard.position_frames > position || self.report.fault.is_some() {
                return;
            }
            let status = self.observer.hear(&HeardEvent {
                position_frames: heard.position_frames,
                subscription: heard.subscription,
                value: heard.value,
                from: heard.from.as_str(),
            });
            self.pending.pop_front();
            self.check(status, position.min(self.report.frames));
        }
    }

    fn to_hop(&self, position: u64) -> u64 {
        match self.hop_frames {
            0 => u64::MAX,
            hop => hop - position % hop,
        }
    }

    fn to_event(&self, position: u64) -> u64 {
        self.pending.front().map_or(u64::MAX, |heard| {
            heard.position_frames.saturating_sub(position).max(1)
        })
    }

    fn check(&mut self, status: CallStatus, position_frames: u64) {
        if status.is_ok() || self.report.fault.is_some() {
            return;
        }
        let text = self.observer.fault_text();
        self.events.event(Event::ObserverFault {
            id: self.report.id.clone(),
            position_frames,
            text: text.clone(),
        });
        self.report.fault = Some(FaultReport {
            position_frames,
            kind: failure_kind(status.code),
            text,
        });
    }
}

fn view(buffer: &Buffer, start: usize, frames: usize) -> AudioView<'_> {
    let span = Span {
        channels: buffer.channels(),
        stride: buffer.stride(),
        start,
        frames,
    };
    AudioView::new(buffer.as_slice(), span)
}

fn reading(
    declared: &Declared,
    channel: Option<String>,
    whole: f64,
    hops: Spread,
) -> ReadingReport {
    ReadingReport {
        id: declared.id.clone(),
        unit: declared.unit.clone(),
        channel,
        value: whole.is_finite().then_some(whole),
        hops: (hops.count > 0).then_some(hops),
        better: better(declared.better),
    }
}

const fn better(better: Better) -> ReadingBetter {
    match better {
        Better::Higher => ReadingBetter::Higher,
        Better::Lower => ReadingBetter::Lower,
        Better::Neither => ReadingBetter::Neither,
    }
}

//! Observer: an analyzer or a metric under test.

use crate::abi::audio::{RawAudio, Span};
use crate::abi::call::{RawFlags, RawObserve, RawReadings};
use crate::abi::object::RawAnalyzerBox;
use crate::abi::status::RawStatus;
use crate::declare::ReadingDecl;
use crate::export::{Component, Factory, OfAnalyzer, OfMetric};
use crate::fault::Refusal;
use crate::observer::{AudioAnalyzer, QualityMetric};
use crate::testing::builder::{Plan, failed, planar};

/// An activated analyzer or metric.
pub struct ObserverBench {
    raw: RawAnalyzerBox,
    decls: &'static [ReadingDecl],
    channels: usize,
    hop_frames: u64,
    position_frames: u64,
    emitted: Vec<Vec<f64>>,
}

impl std::fmt::Debug for ObserverBench {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "ObserverBench at {}", self.position_frames)
    }
}

pub(super) fn analyzer<T: AudioAnalyzer>(plan: &Plan) -> Result<ObserverBench, Refusal> {
    let factory = <T as Component<OfAnalyzer>>::FACTORY;
    let Factory::Analyzer(make) = factory else {
        return Err(Refusal::new("not an analyzer"));
    };
    open(plan, plan.create(T::PARAMS, make)?, T::FEATURES)
}

pub(super) fn metric<T: QualityMetric>(plan: &Plan) -> Result<ObserverBench, Refusal> {
    let factory = <T as Component<OfMetric>>::FACTORY;
    let Factory::Metric(make) = factory else {
        return Err(Refusal::new("not a metric"));
    };
    open(plan, plan.create(T::PARAMS, make)?, T::READINGS)
}

fn open(
    plan: &Plan,
    mut raw: RawAnalyzerBox,
    decls: &'static [ReadingDecl],
) -> Result<ObserverBench, Refusal> {
    let hop_frames = plan.activation(|activation| raw.activate(activation))?;
    Ok(ObserverBench {
        raw,
        decls,
        channels: plan.format.layout.channels(),
        hop_frames: u64::from(hop_frames),
        position_frames: 0,
        emitted: Vec::new(),
    })
}

impl ObserverBench {
    /// Feeds a signal of any length, cut at the hops as the host does.
    ///
    /// # Errors
    /// What the component says.
    pub fn feed(&mut self, signal: &[&[f32]]) -> Result<(), Refusal> {
        self.feed_with(signal, &[])
    }

    /// Feeds a signal beside its reference.
    ///
    /// # Errors
    /// What the component says.
    ///
    /// # Panics
    /// When the channels have different lengths.
    pub fn feed_with(&mut self, signal: &[&[f32]], reference: &[&[f32]]) -> Result<(), Refusal> {
        let (samples, compared) = (planar(signal), planar(reference));
        let stride = signal.first().map_or(0, |channel| channel.len());
        let mut start = 0;
        while start < stride {
            let to_hop = match self.hop_frames {
                0 => u64::MAX,
                hop => hop - self.position_frames % hop,
            };
            let frames = to_hop.min((stride - start) as u64) as usize;
            let span = |channels| Span {
                channels,
                stride,
                start,
                frames,
            };
            let call = RawObserve::new(
                self.position_frames,
                RawFlags::NONE,
                RawAudio::new(&samples, span(signal.len())),
                RawAudio::new(&compared, span(reference.len())),
            );
            let status = self.raw.observe(&call);
            self.done(status)?;
            start += frames;
            self.position_frames += frames as u64;
            if self.hop_frames > 0 && self.position_frames.is_multiple_of(self.hop_frames) {
                let values = self.read(RawAnalyzerBox::emit)?;
                self.emitted.push(values);
            }
        }
        Ok(())
    }

    /// What was emitted so far, hop by hop, in the order of the declarations.
    #[must_use]
    pub fn emitted(&self) -> &[Vec<f64>] {
        &self.emitted
    }

    /// Ends the stream: the values of the whole of it, in the order of the declarations.
    ///
    /// # Errors
    /// What the component says.
    pub fn finish(&mut self) -> Result<Vec<f64>, Refusal> {
        self.read(RawAnalyzerBox::finish)
    }

    fn read(
        &mut self,
        ask: impl FnOnce(&mut RawAnalyzerBox, &mut RawReadings<'_>) -> RawStatus,
    ) -> Result<Vec<f64>, Refusal> {
        let count = self
            .decls
            .iter()
            .map(|decl| decl.per.values(self.channels))
            .sum();
        let mut values = vec![f64::NAN; count];
        let mut readings = RawReadings {
            values: values.as_mut_slice().into(),
            channels: self.channels as u32,
            extension: std::ptr::null(),
        };
        let status = ask(&mut self.raw, &mut readings);
        self.done(status).map(|()| values)
    }

    fn done(&self, status: RawStatus) -> Result<(), Refusal> {
        if status.is_ok() {
            Ok(())
        } else {
            Err(failed(&self.raw.fault_text(), status))
        }
    }
}

//! Observer: an analyzer or a metric under test.

use crate::abi::audio::Span;
use crate::declare::ReadingDecl;
use crate::fault::Refusal;
use crate::link::{AudioView, CallStatus, Observer, built_in};
use crate::observer::{AudioAnalyzer, QualityMetric};
use crate::testing::builder::{Plan, failed, planar};

/// An activated analyzer or metric.
pub struct ObserverBench {
    observer: Observer,
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
    open(
        plan,
        plan.create(T::PARAMS, built_in::analyzer::<T>)?,
        T::FEATURES,
    )
}

pub(super) fn metric<T: QualityMetric>(plan: &Plan) -> Result<ObserverBench, Refusal> {
    open(
        plan,
        plan.create(T::PARAMS, built_in::metric::<T>)?,
        T::READINGS,
    )
}

fn open(
    plan: &Plan,
    mut observer: Observer,
    decls: &'static [ReadingDecl],
) -> Result<ObserverBench, Refusal> {
    let hop_frames = observer.activate(&plan.start())?;
    Ok(ObserverBench {
        observer,
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
            let status = self.observer.observe(
                self.position_frames,
                AudioView::new(&samples, span(signal.len())),
                AudioView::new(&compared, span(reference.len())),
            );
            self.done(status)?;
            start += frames;
            self.position_frames += frames as u64;
            if self.hop_frames > 0 && self.position_frames.is_multiple_of(self.hop_frames) {
                let values = self.read(Observer::emit)?;
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
        self.read(Observer::finish)
    }

    /// Forgets the past; the stream goes on where it is.
    pub fn reset(&mut self) {
        self.observer.reset();
    }

    fn read(
        &mut self,
        ask: impl FnOnce(&mut Observer, &mut [f64], usize) -> CallStatus,
    ) -> Result<Vec<f64>, Refusal> {
        let count = self
            .decls
            .iter()
            .map(|decl| decl.per.values(self.channels))
            .sum();
        let mut values = vec![f64::NAN; count];
        let status = ask(&mut self.observer, &mut values, self.channels);
        self.done(status).map(|()| values)
    }

    fn done(&self, status: CallStatus) -> Result<(), Refusal> {
        if status.is_ok() {
            Ok(())
        } else {
            Err(failed(&self.observer.fault_text(), status))
        }
    }
}

//! Format: the words in which host and component agree on a signal and on time.
//!
//! In: what crosses the border. Out: the same, checked.

use crate::abi::setup::{RawFormat, RawTiming};
use crate::declare::{Capabilities, Layout, Span};
use crate::fault::Refusal;

/// The signal a component is asked to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// Frames per second, 1 to 768,000.
    pub sample_rate_hz: u32,
    /// The channels, and where each of them stands.
    pub layout: Layout,
}

impl Format {
    pub(crate) fn read(raw: RawFormat) -> Result<Self, Refusal> {
        let layout = raw.layout.read().ok_or_else(|| {
            Refusal::invalid_input(format!("{:?} is not a channel layout", raw.layout))
        })?;
        Ok(Self {
            sample_rate_hz: raw.sample_rate_hz,
            layout,
        })
    }

    pub(crate) fn raw(self) -> RawFormat {
        RawFormat {
            sample_rate_hz: self.sample_rate_hz,
            layout: self.layout.into(),
        }
    }
}

/// At which pace a component is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Off line: as fast as it goes.
    Offline,
    /// At the pace of the stream.
    RealTime,
}

/// Latency and tail of an activated processor, constant until it is deactivated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How many frames the output lags behind the input.
    pub latency_frames: u64,
    /// How many frames it sounds on after its input ended, beside the latency.
    pub tail_frames: u64,
}

impl Timing {
    /// Neither latency nor tail: each frame comes out in the call that it went into.
    pub const NONE: Self = Self {
        latency_frames: 0,
        tail_frames: 0,
    };

    /// What the capabilities say at this sample rate; spans that vary count as 0.
    #[must_use]
    pub fn declared(capabilities: &Capabilities, sample_rate_hz: u32) -> Self {
        Self {
            latency_frames: frames(capabilities.latency, sample_rate_hz),
            tail_frames: frames(capabilities.tail, sample_rate_hz),
        }
    }

    pub(crate) const fn raw(self) -> RawTiming {
        RawTiming {
            latency_frames: self.latency_frames,
            tail_frames: self.tail_frames,
        }
    }
}

/// The frames of a span at a sample rate, rounded to the nearest; 0 where it varies.
#[must_use]
pub fn frames(span: Span, sample_rate_hz: u32) -> u64 {
    match span {
        Span::Frames(frames) => u64::from(frames),
        Span::Seconds(seconds) => (seconds * f64::from(sample_rate_hz)).round() as u64,
        Span::Varies => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_seconds_is_rounded_to_the_nearest_frame() {
        assert_eq!(frames(Span::Seconds(0.005), 44_100), 221);
        assert_eq!(frames(Span::Frames(64), 8_000), 64);
    }
}

//! The loudness plugin: how loud a programme is, how far it ranges, how high it peaks.
//!
//! In: any channels, weighted by their speakers' positions, from 8 kHz on. Out: at every 100 ms
//! the loudness of the moment and of the programme so far, and the peaks of those 100 ms; at the
//! end the programme's figures. `readings` lists them; `segue_dsp::loudness` has the formulas.
//!
//! **Silence.** What is not known yet has no value: momentary loudness in the first 400 ms,
//! short-term loudness in the first 3 s, integrated loudness while all is below the gate. What
//! is known and silent reads -200 and not minus infinity, so that a rule can hear dead air and a
//! report can hold it.

#![deny(unsafe_code)]

mod readings;
mod speakers;

use readings::{Heard, READINGS, write_moment, write_peaks, write_programme};
use segue_dsp::loudness::{
    CHANNELS_MAX, LoudnessMeter, PeakLevels, RangeHop, SAMPLE_RATE_HZ_MAX, SAMPLE_RATE_HZ_MIN,
};
use segue_plugin::prelude::*;
use speakers::weights;

/// As many zeros as the true peak's filter looks ahead at most: they bring out what lies between
/// the last samples.
const LOOK_AHEAD: [f32; 12] = [0.0; 12];

const UNEVEN: Fault = Fault::invalid_input("the signal has other channels than were activated");

/// Measures loudness, loudness range and true peak after ITU-R BS.1770-5 and EBU R 128.
#[derive(Params)]
struct EbuR128 {
    /// There while active.
    meter: Option<LoudnessMeter>,
    channels: usize,
    sample_rate_hz: u32,
    frames: u64,
}

impl QualityMetric for EbuR128 {
    const READINGS: &'static [ReadingDecl] = &READINGS;
    const HOP: Span = Span::Seconds(0.1);

    fn validate_input(&self, format: &Format) -> Result<(), Refusal> {
        let found = format.sample_rate_hz;
        if (SAMPLE_RATE_HZ_MIN..=SAMPLE_RATE_HZ_MAX).contains(&found) {
            return Ok(());
        }
        Err(Refusal::invalid_input(format!(
            "measures at {SAMPLE_RATE_HZ_MIN} to {SAMPLE_RATE_HZ_MAX} Hz, not at {found} Hz"
        )))
    }

    fn activate(&mut self, activation: &Activation<'_>) -> Result<(), Refusal> {
        let weights = weights(activation.format().layout);
        let rate = activation.sample_rate_hz();
        let meter = LoudnessMeter::new(rate, &weights, RangeHop::default());
        self.meter = Some(meter.map_err(|error| Refusal::new(error.to_string()))?);
        self.channels = weights.len();
        self.sample_rate_hz = rate;
        self.frames = 0;
        Ok(())
    }

    fn deactivate(&mut self) {
        self.meter = None;
    }

    fn measure(&mut self, signal: &Audio<'_>, _: &Audio<'_>) -> Result<(), Fault> {
        let mut block: [&[f32]; CHANNELS_MAX] = [&[]; CHANNELS_MAX];
        for (place, channel) in block.iter_mut().zip(signal.iter()) {
            *place = channel;
        }
        let block = block.get(..signal.channels()).ok_or(UNEVEN)?;
        self.meter()?.feed(block).map_err(|_| UNEVEN)?;
        self.frames += signal.frames() as u64;
        Ok(())
    }

    fn emit(&mut self, readings: &mut Readings<'_>) -> Result<(), Fault> {
        let (heard, channels) = (self.heard(), self.channels);
        let meter = self.meter()?;
        write_peaks(
            readings,
            (0..channels).map(|channel| meter.take_peaks(channel)),
        );
        let loudness = meter.loudness();
        write_moment(readings, &loudness, heard);
        write_programme(readings, &loudness, heard);
        Ok(())
    }

    fn finish(&mut self, readings: &mut Readings<'_>) -> Result<(), Fault> {
        if self.frames == 0 {
            return Ok(());
        }
        let (heard, channels) = (self.heard(), self.channels);
        let meter = self.meter()?;
        let before = meter.loudness();
        meter
            .feed(&[LOOK_AHEAD; CHANNELS_MAX][..channels])
            .map_err(|_| UNEVEN)?;
        let peaks = |channel| PeakLevels {
            sample_peak_dbfs: meter.sample_peak_dbfs(channel),
            true_peak_dbtp: meter.true_peak_dbtp(channel),
        };
        write_peaks(readings, (0..channels).map(peaks));
        let true_peak_dbtp = meter.loudness().true_peak_dbtp;
        // The zeros belong to the true peak alone.
        let loudness = segue_dsp::loudness::Loudness {
            true_peak_dbtp,
            ..before
        };
        write_programme(readings, &loudness, heard);
        Ok(())
    }

    fn reset(&mut self) {
        self.frames = 0;
        if let Some(meter) = &mut self.meter {
            meter.reset();
        }
    }
}

impl EbuR128 {
    fn meter(&mut self) -> Result<&mut LoudnessMeter, Fault> {
        self.meter.as_mut().ok_or(UNEVEN)
    }

    fn heard(&self) -> Heard {
        Heard::of(self.frames, self.sample_rate_hz)
    }
}

export! { id: "segue.loudness", name: "Loudness", components: [EbuR128 as "ebu-r128"] }

#[cfg(test)]
mod tests;

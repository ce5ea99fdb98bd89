//! The fidelity plugin: how faithful a signal is to its reference.
//!
//! In: a signal and a reference of the same channels, the latency between them taken out by the
//! host. Out: SNR, segmental SNR and SI-SDR of all channels together and of each one, every 100 ms
//! of those 100 ms, at the end of the whole stream. `segue_dsp::fidelity` has the formulas, and the
//! returns where they have no value: no reading is ever infinite.
//!
//! All channels together count as one long signal: loud channels weigh more, and SI-SDR takes one
//! level for all of them.

#![deny(unsafe_code)]

use segue_dsp::fidelity::{Comparison, Fidelity, LIMIT_DB, SEGMENT_DB_MAX, SEGMENT_DB_MIN, Tally};
use segue_plugin::prelude::*;

const UNEVEN: Fault =
    Fault::invalid_input("the reference has other channels or frames than the signal");

const READINGS: [ReadingDecl; 6] = [
    ReadingDecl::new(
        "snr_db",
        "dB",
        "Reference by difference from it, of the last 100 ms, at the end of the whole stream: \
         10 lg(Σ s² / Σ (s - ŝ)²). 200 where there is no difference.",
    )
    .within(-LIMIT_DB, LIMIT_DB)
    .better(Better::Higher),
    ReadingDecl::new(
        "segmental_snr_db",
        "dB",
        "Mean over segments of 20 ms of their SNR, each limited to -10 to 35 dB; segments silent \
         in both are left out. Quackenbush, Barnwell, Clements, Objective Measures of Speech \
         Quality (1988).",
    )
    .within(SEGMENT_DB_MIN, SEGMENT_DB_MAX)
    .better(Better::Higher),
    ReadingDecl::new(
        "si_sdr_db",
        "dB",
        "Scale-invariant signal-to-distortion ratio, to which level and sign do not count; Le \
         Roux, Wisdom, Erdogan, Hershey (2019), equation 5.",
    )
    .within(-LIMIT_DB, LIMIT_DB)
    .better(Better::Higher),
    ReadingDecl::new("channel_snr_db", "dB", "As `snr_db`, of each channel.")
        .within(-LIMIT_DB, LIMIT_DB)
        .better(Better::Higher)
        .per_channel(),
    ReadingDecl::new(
        "channel_segmental_snr_db",
        "dB",
        "As `segmental_snr_db`, of each channel.",
    )
    .within(SEGMENT_DB_MIN, SEGMENT_DB_MAX)
    .better(Better::Higher)
    .per_channel(),
    ReadingDecl::new(
        "channel_si_sdr_db",
        "dB",
        "As `si_sdr_db`, of each channel.",
    )
    .within(-LIMIT_DB, LIMIT_DB)
    .better(Better::Higher)
    .per_channel(),
];

/// Where the readings of single channels begin, in the order of those of all channels.
const CHANNEL: usize = 3;

/// Compares a signal with its reference: SNR, segmental SNR, SI-SDR.
#[derive(Params)]
struct Compare {
    /// One for each channel while active.
    channels: Vec<Comparison>,
    frames: u64,
}

impl QualityMetric for Compare {
    const READINGS: &'static [ReadingDecl] = &READINGS;
    const REFERENCE: Reference = Reference::Required;
    const HOP: Span = Span::Seconds(0.1);

    fn activate(&mut self, activation: &Activation<'_>) -> Result<(), Refusal> {
        let comparison = Comparison::new(activation.sample_rate_hz());
        self.channels = vec![comparison; activation.channels()];
        self.frames = 0;
        Ok(())
    }

    fn deactivate(&mut self) {
        self.channels = Vec::new();
    }

    fn measure(&mut self, signal: &Audio<'_>, reference: &Audio<'_>) -> Result<(), Fault> {
        let channels = self.channels.len();
        if [signal.channels(), reference.channels()] != [channels; 2] {
            return Err(UNEVEN);
        }
        let pairs = reference.iter().zip(signal.iter());
        for (comparison, (reference, signal)) in self.channels.iter_mut().zip(pairs) {
            comparison.feed(reference, signal).map_err(|_| UNEVEN)?;
        }
        self.frames += signal.frames() as u64;
        Ok(())
    }

    fn emit(&mut self, readings: &mut Readings<'_>) -> Result<(), Fault> {
        let tallies = self.channels.iter_mut().map(Comparison::take_stretch);
        write(readings, tallies);
        Ok(())
    }

    fn finish(&mut self, readings: &mut Readings<'_>) -> Result<(), Fault> {
        if self.frames > 0 {
            let tallies = self.channels.iter_mut().map(Comparison::finish);
            write(readings, tallies);
        }
        Ok(())
    }

    fn reset(&mut self) {
        self.frames = 0;
        self.channels.iter_mut().for_each(Comparison::reset);
    }
}

/// Sets the readings of each channel, and of all together.
fn write(readings: &mut Readings<'_>, tallies: impl Iterator<Item = Tally>) {
    let mut all = Tally::default();
    for (channel, tally) in tallies.enumerate() {
        for (reading, value) in values(&tally.fidelity()).into_iter().enumerate() {
            readings.set_channel(CHANNEL + reading, channel, value);
        }
        all = all.plus(tally);
    }
    for (reading, value) in values(&all.fidelity()).into_iter().enumerate() {
        readings.set(reading, value);
    }
}

fn values(fidelity: &Fidelity) -> [f64; CHANNEL] {
    [
        fidelity.snr_db,
        fidelity.segmental_snr_db,
        fidelity.si_sdr_db,
    ]
}

export! { id: "segue.fidelity", name: "Fidelity", components: [Compare as "compare"] }

#[cfg(test)]
mod tests;

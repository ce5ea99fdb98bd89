//! Band: what an operator sets, and the section that follows from it.
//!
//! In: the parameters of one band, and a sample rate. Out: coefficients, or why there are none.

use segue_dsp::biquad::{self, BandError, Coefficients, Shape};
use segue_plugin::prelude::*;

/// How many bands there are: as many sections as a cascade has.
pub(crate) const BANDS: usize = segue_dsp::eq::SECTIONS_MAX;
/// How many numbers describe a band.
pub(crate) const BAND_NUMBERS: usize = 4;
/// What a frequency at or above half the sample rate counts as, live, as a share of that half: a
/// band has to lie below it, and no ear notices the last thousandth.
const NYQUIST_SHARE_MAX: f64 = 0.999;

/// What a band does.
#[derive(Clone, Copy, Debug, PartialEq, Choices)]
pub(crate) enum Kind {
    Off,
    HighPass,
    LowPass,
    LowShelf,
    HighShelf,
    Peak,
    Notch,
}

/// One band. One that is off costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Params)]
pub(crate) struct Band {
    /// What it does: passes fall by 12 dB per octave, shelves lift or lower everything on one
    /// side, a peak lifts or lowers a region, a notch removes the frequency itself.
    #[param(id = "type", default = Kind::Off)]
    pub(crate) kind: Kind,
    /// Corner of a pass, middle of a shelf's slope, centre of a peak or notch. Below half the
    /// sample rate.
    #[param(unit = "Hz", range = 1.0..=384_000.0, default = 1000.0, below_half_rate)]
    pub(crate) frequency_hz: f64,
    /// How far shelves and peaks lift; negative lowers. Passes and notches have none.
    #[param(unit = "dB", range = -60.0..=60.0, default = 0.0)]
    pub(crate) gain_db: f64,
    /// Quality: the higher the narrower. 0.707 gives a pass its flattest and a shelf its
    /// steepest curve without overshoot.
    #[param(range = 0.05..=200.0, default = 0.707)]
    pub(crate) q: f64,
}

impl Band {
    /// The section of this band, `None` where it is off. Any thread; some hundred ns.
    ///
    /// # Errors
    /// When the frequency does not exist at this rate.
    pub(crate) fn design(&self, sample_rate_hz: f64) -> Result<Option<Coefficients>, BandError> {
        let gain_db = self.gain_db;
        let shape = match self.kind {
            Kind::Off => return Ok(None),
            Kind::HighPass => Shape::HighPass,
            Kind::LowPass => Shape::LowPass,
            Kind::LowShelf => Shape::LowShelf { gain_db },
            Kind::HighShelf => Shape::HighShelf { gain_db },
            Kind::Peak => Shape::Peak { gain_db },
            Kind::Notch => Shape::Notch,
        };
        let band = biquad::Band {
            shape,
            frequency_hz: self.frequency_hz,
            q: self.q,
        };
        Coefficients::design(&band, sample_rate_hz).map(Some)
    }

    /// The same band where it exists at this rate: live changes are clamped, not refused. A band
    /// that exists is returned as it is.
    pub(crate) fn clamped(&self, sample_rate_hz: f64) -> Self {
        let nyquist_hz = sample_rate_hz / 2.0;
        let mut clamped = *self;
        if clamped.frequency_hz >= nyquist_hz {
            clamped.frequency_hz = NYQUIST_SHARE_MAX * nyquist_hz;
        }
        clamped
    }

    /// Its parameters in the order of the wire.
    pub(crate) fn numbers(&self) -> [f64; BAND_NUMBERS] {
        std::array::from_fn(|index| self.param(index as u32))
    }

    /// The band of these numbers, if they are within their ranges.
    pub(crate) fn from_numbers(numbers: &[f64; BAND_NUMBERS]) -> Option<Self> {
        let mut band = Self::with_defaults();
        for (index, number) in (0..).zip(numbers) {
            band.set_param(index, *number);
        }
        (band.numbers() == *numbers).then_some(band)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_no_band() {
        let good = [5.0, 80.0, -3.0, 0.9];
        let band = Band::from_numbers(&good).unwrap();
        assert_eq!(
            (band.kind, band.frequency_hz, band.gain_db, band.q),
            (Kind::Peak, 80.0, -3.0, 0.9)
        );
        assert_eq!(band.numbers(), good);
        for index in 0..BAND_NUMBERS {
            for bad in [f64::NAN, f64::INFINITY, -1e9, 1e9] {
                let mut numbers = good;
                numbers[index] = bad;
                assert_eq!(Band::from_numbers(&numbers), None, "{index} {bad}");
            }
        }
        assert_eq!(Band::from_numbers(&[0.5, 80.0, -3.0, 0.9]), None);
    }

    /// The gains at zero, at a quarter of the rate and at half of it.
    fn gains(kind: Kind) -> [f64; 3] {
        let band = Band {
            kind,
            frequency_hz: 12_000.0,
            gain_db: 20.0,
            q: 0.5,
        };
        let section = band.design(48_000.0).unwrap().unwrap();
        let Coefficients { b0, b1, b2, a1, a2 } = section;
        let middle = (b0 - b2).hypot(b1) / (1.0 - a2).hypot(a1);
        let ends = [
            (b0 + b2 + b1) / (1.0 + a2 + a1),
            (b0 + b2 - b1) / (1.0 + a2 - a1),
        ];
        [ends[0], middle, ends[1]].map(|gain| (gain * 1e6).round() / 1e6)
    }

    #[test]
    fn every_type_does_what_its_name_says() {
        let corner = 0.5; // The quality itself.
        assert_eq!(gains(Kind::HighPass), [0.0, corner, 1.0]);
        assert_eq!(gains(Kind::LowPass), [1.0, corner, 0.0]);
        assert_eq!(gains(Kind::LowShelf), [10.0, 3.162_278, 1.0]);
        assert_eq!(gains(Kind::HighShelf), [1.0, 3.162_278, 10.0]);
        assert_eq!(gains(Kind::Peak), [1.0, 10.0, 1.0]);
        assert_eq!(gains(Kind::Notch), [1.0, 0.0, 1.0]);
        assert_eq!(
            Kind::LABELS,
            [
                "off",
                "high-pass",
                "low-pass",
                "low-shelf",
                "high-shelf",
                "peak",
                "notch"
            ]
        );
    }

    #[test]
    fn a_band_without_a_place_below_nyquist_is_clamped() {
        let band = Band {
            kind: Kind::Notch,
            frequency_hz: 30_000.0,
            ..Band::with_defaults()
        };
        assert!(band.design(48_000.0).is_err());
        let clamped = band.clamped(48_000.0);
        assert_eq!(clamped.frequency_hz, 23_976.0);
        assert!(clamped.design(48_000.0).is_ok());
        assert_eq!(band.clamped(96_000.0), band);
        // What lies below, however close, is applied as it is.
        let close = Band {
            frequency_hz: 23_990.0,
            ..band
        };
        assert_eq!(close.clamped(48_000.0), close);
        // Nor does a rate of 1 Hz, below every frequency that can be set, bring it down.
        assert!(band.clamped(1.0).design(1.0).is_ok());
    }
}

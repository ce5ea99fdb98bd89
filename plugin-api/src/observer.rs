//! Observer: audio to features, or reference and signal to readings.
//!
//! Both are fed stretches of signal away from the audio thread and are asked at each hop, and at
//! the end, what they found.

use crate::abi::setup::RawHeard;
use crate::audio::Audio;
use crate::declare::{Layouts, ReadingDecl, Reference, SettingDecl, Span};
use crate::fault::{Fault, Refusal};
use crate::params::Params;
use crate::setup::{Activation, Format, Setup, output_layout};

/// Audio to features.
///
/// The host cuts the stream at every multiple of the hop: after the stretch that ends there it
/// calls [`emit`](Self::emit). Results never depend on how else the stream was cut.
///
/// ```
/// use segue_plugin::prelude::*;
///
/// /// Counts samples of exactly zero.
/// #[derive(Params)]
/// struct Zeros {
///     count: u64,
/// }
///
/// impl AudioAnalyzer for Zeros {
///     const FEATURES: &'static [ReadingDecl] = &[ReadingDecl {
///         id: "zeros",
///         doc: "How many samples were exactly zero.",
///         unit: "samples",
///         min: 0.0,
///         max: f64::MAX,
///         per: Per::Signal,
///         better: Better::Neither,
///     }];
///
///     fn analyze(&mut self, audio: &Audio<'_>) -> Result<(), Fault> {
///         self.count += audio.iter().flatten().filter(|sample| **sample == 0.0).count() as u64;
///         Ok(())
///     }
///
///     fn finish(&mut self, features: &mut Readings<'_>) -> Result<(), Fault> {
///         features.set(0, self.count as f64);
///         Ok(())
///     }
/// }
///
/// let mut tap = segue_plugin::testing::analyzer::<Zeros>().mono(48_000).activate()?;
/// tap.feed(&[&[0.0, 0.5, 0.0]])?;
/// assert_eq!(tap.finish()?, [2.0]);
/// # Ok::<(), Refusal>(())
/// ```
pub trait AudioAnalyzer: Params + Send + 'static {
    /// The features that it finds, in the order in which it writes them.
    const FEATURES: &'static [ReadingDecl];
    /// How often `emit` is called; `Varies`: never, only `finish` at the end.
    const HOP: Span = Span::Varies;
    /// The layouts that it takes; others are refused before activation.
    const LAYOUTS: Layouts = Layouts::Any;
    /// What it is created with beside its parameters.
    const SETTINGS: &'static [SettingDecl] = &[];
    /// The events it wants to hear, as `plugin/component:event`.
    const SUBSCRIBES: &'static [&'static str] = &[];

    /// Makes an instance.
    ///
    /// # Errors
    /// A sentence that names the setting that cannot be used, and why.
    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let _ = setup;
        Ok(Self::with_defaults())
    }

    /// Whether this signal can be looked at.
    ///
    /// # Errors
    /// A sentence that names what it takes.
    fn validate_input(&self, format: &Format) -> Result<(), Refusal> {
        output_layout(Self::LAYOUTS, format.layout).map(|_| ())
    }

    /// Allocates what it needs.
    ///
    /// # Errors
    /// A sentence about what is missing.
    fn activate(&mut self, activation: &Activation<'_>) -> Result<(), Refusal> {
        let _ = activation;
        Ok(())
    }

    /// Gives back what `activate` took.
    fn deactivate(&mut self) {}

    /// Takes a stretch of signal.
    ///
    /// # Errors
    /// A [`Fault`]; the tap then ends and the report says so.
    fn analyze(&mut self, audio: &Audio<'_>) -> Result<(), Fault>;

    /// Takes an event it subscribed to, in stream order.
    ///
    /// # Errors
    /// As `analyze`.
    fn hear(&mut self, heard: &Heard<'_>) -> Result<(), Fault> {
        let _ = heard;
        Ok(())
    }

    /// Writes the features of the hop that just ended. What is not set has no value.
    ///
    /// # Errors
    /// As `analyze`.
    fn emit(&mut self, features: &mut Readings<'_>) -> Result<(), Fault> {
        let _ = features;
        Ok(())
    }

    /// Writes the features of the whole stream, once, at its end.
    ///
    /// # Errors
    /// As `analyze`.
    fn finish(&mut self, features: &mut Readings<'_>) -> Result<(), Fault> {
        let _ = features;
        Ok(())
    }

    /// Forgets everything that was heard before, as after activation; parameters stay.
    fn reset(&mut self) {}
}

/// Signal, and reference where it needs one, to readings.
///
/// As [`AudioAnalyzer`], with a second signal: reference and signal are of the same frames, the
/// latency between them already taken out.
pub trait QualityMetric: Params + Send + 'static {
    /// What it measures, with unit, range and the better direction.
    const READINGS: &'static [ReadingDecl];
    /// Whether it compares the signal with a second one.
    const REFERENCE: Reference = Reference::Unused;
    /// How often `emit` is called; `Varies`: never, only `finish` at the end.
    const HOP: Span = Span::Varies;
    /// The layouts that it takes; others are refused before activation.
    const LAYOUTS: Layouts = Layouts::Any;
    /// What it is created with beside its parameters.
    const SETTINGS: &'static [SettingDecl] = &[];
    /// The events it wants to hear, as `plugin/component:event`.
    const SUBSCRIBES: &'static [&'static str] = &[];

    /// Makes an instance.
    ///
    /// # Errors
    /// A sentence that names the setting that cannot be used, and why.
    fn create(setup: &Setup<'_>) -> Result<Self, Refusal> {
        let _ = setup;
        Ok(Self::with_defaults())
    }

    /// Whether this signal can be measured.
    ///
    /// # Errors
    /// A sentence that names what it takes.
    fn validate_input(&self, format: &Format) -> Result<(), Refusal> {
        output_layout(Self::LAYOUTS, format.layout).map(|_| ())
    }

    /// Allocates what it needs.
    ///
    /// # Errors
    /// A sentence about what is missing.
    fn activate(&mut self, activation: &Activation<'_>) -> Result<(), Refusal> {
        let _ = activation;
        Ok(())
    }

    /// Gives back what `activate` took.
    fn deactivate(&mut self) {}

    /// Takes a stretch of signal; `reference` has no channels where the metric uses none.
    ///
    /// # Errors
    /// A [`Fault`]; the tap then ends and the report says so.
    fn measure(&mut self, signal: &Audio<'_>, reference: &Audio<'_>) -> Result<(), Fault>;

    /// Takes an event it subscribed to, in stream order.
    ///
    /// # Errors
    /// As `measure`.
    fn hear(&mut self, heard: &Heard<'_>) -> Result<(), Fault> {
        let _ = heard;
        Ok(())
    }

    /// Writes the readings at the end of a hop. What is not set has no value.
    ///
    /// # Errors
    /// As `measure`.
    fn emit(&mut self, readings: &mut Readings<'_>) -> Result<(), Fault> {
        let _ = readings;
        Ok(())
    }

    /// Writes the readings of the whole stream, once, at its end.
    ///
    /// # Errors
    /// As `measure`.
    fn finish(&mut self, readings: &mut Readings<'_>) -> Result<(), Fault> {
        let _ = readings;
        Ok(())
    }

    /// Forgets everything that was heard before, as after activation; parameters stay.
    fn reset(&mut self) {}
}

/// Room for features or readings: one value each, or one per channel.
#[derive(Debug)]
pub struct Readings<'a> {
    pub(crate) decls: &'static [ReadingDecl],
    pub(crate) channels: usize,
    pub(crate) values: &'a mut [f64],
}

impl Readings<'_> {
    /// Sets a reading of the whole signal. Unknown indexes are ignored, NaN means no value.
    pub fn set(&mut self, reading: usize, value: f64) {
        self.set_channel(reading, 0, value);
    }

    /// Sets the value of one channel. Unknown indexes are ignored, NaN means no value.
    pub fn set_channel(&mut self, reading: usize, channel: usize, value: f64) {
        let Some(decl) = self.decls.get(reading) else {
            return;
        };
        if channel >= decl.per.values(self.channels) {
            return;
        }
        let before: usize = self.decls[..reading]
            .iter()
            .map(|decl| decl.per.values(self.channels))
            .sum();
        if let Some(place) = self.values.get_mut(before + channel) {
            *place = value;
        }
    }
}

/// An event that a component subscribed to.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    pub(crate) raw: &'a RawHeard<'a>,
}

impl<'a> Heard<'a> {
    /// Stream time of the event.
    #[must_use]
    pub const fn position_frames(&self) -> u64 {
        self.raw.frame
    }

    /// Which of the component's subscriptions it belongs to.
    #[must_use]
    pub const fn subscription(&self) -> usize {
        self.raw.subscription as usize
    }

    /// The number that the publisher gave the event.
    #[must_use]
    pub const fn value(&self) -> f64 {
        self.raw.value
    }

    /// The id of the stage that published it.
    #[must_use]
    pub fn from(&self) -> &'a str {
        self.raw.from.as_str()
    }
}

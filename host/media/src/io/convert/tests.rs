//! Tests of conversion, with a source in memory.

use std::f64::consts::TAU;

use proptest::prelude::*;

use super::*;
use crate::audio::{Buffer, Format, SampleFormat};
use crate::io::error::ReadError;
use crate::io::input::FileId;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;
use crate::io::stream::Cleaned;

/// Samples in memory, as a pipe of unknown length or a file of a known one.
struct Memory {
    format: Format,
    channels: Vec<Vec<f32>>,
    at: usize,
    known: bool,
    metadata: Metadata,
    notices: Vec<Notice>,
}

impl Source for Memory {
    fn format(&self) -> &Format {
        &self.format
    }
    fn frames(&self) -> Option<u64> {
        self.known.then_some(self.channels[0].len() as u64)
    }
    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
    fn notices(&self) -> &[Notice] {
        &self.notices
    }
    fn file_id(&self) -> Option<FileId> {
        None
    }
    fn read(&mut self, into: &mut Buffer) -> Result<usize, ReadError> {
        let frames = (self.channels[0].len() - self.at).min(into.frames_max());
        for (channel, into) in self.channels.iter().zip(into.iter_mut()) {
            into[..frames].copy_from_slice(&channel[self.at..self.at + frames]);
        }
        self.at += frames;
        if frames == 0 {
            self.notices = vec![Notice::TagsLeftOut { count: 1 }];
        }
        Ok(frames)
    }
}

fn source(rate: u32, layout: Layout, channels: Vec<Vec<f32>>) -> Box<dyn Source> {
    Box::new(Memory {
        format: Format::new(rate, layout, SampleFormat::S16).unwrap(),
        channels,
        at: 0,
        known: true,
        metadata: Metadata::default(),
        notices: Vec::new(),
    })
}

fn mono(rate: u32, samples: Vec<f32>) -> Box<dyn Source> {
    source(rate, Layout::MONO, vec![samples])
}

fn to_rate(sample_rate_hz: u32) -> Wanted {
    Wanted {
        sample_rate_hz: Some(sample_rate_hz),
        layout: None,
    }
}

fn to_layout(layout: Layout) -> Wanted {
    Wanted {
        sample_rate_hz: None,
        layout: Some(layout),
    }
}

/// Everything a source gives, read in pieces of so many frames.
fn all(source: &mut dyn Source, piece: usize) -> Vec<Vec<f32>> {
    let mut buffer = Buffer::new(source.format().channels(), piece);
    let mut channels = vec![Vec::new(); buffer.channels()];
    loop {
        let frames = source.read(&mut buffer).unwrap();
        if frames == 0 {
            return channels;
        }
        for (channel, from) in channels.iter_mut().zip(buffer.iter()) {
            channel.extend_from_slice(&from[..frames]);
        }
    }
}

fn converted(from_hz: u32, to_hz: u32, samples: Vec<f32>) -> Vec<f32> {
    let mut source = convert(mono(from_hz, samples), &to_rate(to_hz)).unwrap();
    all(&mut *source, 1000).remove(0)
}

fn sine(rate: u32, frequency: f64, frames: usize) -> Vec<f32> {
    let step = TAU * frequency / f64::from(rate);
    (0..frames)
        .map(|frame| (0.5 * (frame as f64 * step).sin()) as f32)
        .collect()
}

/// Pairs of rates: usual ones up and down, an odd one, two without a common divisor.
const RATES: [(u32, u32); 10] = [
    (44_100, 48_000),
    (48_000, 44_100),
    (8_000, 48_000),
    (48_000, 8_000),
    (96_000, 44_100),
    (44_100, 192_000),
    (48_000, 96_000),
    (11_025, 16_000),
    (37_337, 48_000),
    (768_000, 48_000),
];

#[test]
fn a_sine_of_the_pass_band_stays_the_same_sine_in_the_same_place() {
    for (from, to) in RATES {
        let half = f64::from(from.min(to)) / 2.0;
        for part in [0.01, 0.3, 0.75, 0.9] {
            let frequency = half * part;
            let frames = (2 * from as usize).min(150_000);
            let found = converted(from, to, sine(from, frequency, frames));
            let expected = sine(to, frequency, found.len());
            // The ends are steps, which no band-limited signal has.
            let edge = found.len() / 3;
            let inner = edge..found.len() - edge;
            let (mut signal, mut noise) = (0.0, 0.0);
            for (found, expected) in found[inner.clone()].iter().zip(&expected[inner]) {
                signal += f64::from(*expected).powi(2);
                noise += (f64::from(*found) - f64::from(*expected)).powi(2);
            }
            let ratio = 10.0 * (signal / noise).log10();
            assert!(ratio > 145.0, "{from} to {to} at {frequency}: {ratio} dB");
        }
    }
}

#[test]
fn what_the_lower_rate_cannot_carry_is_gone() {
    for (from, to) in RATES.iter().filter(|(from, to)| to < from) {
        let half = f64::from(*to) / 2.0;
        let frequency = (half * 1.02).min(f64::from(*from) / 2.0 * 0.99);
        let found = converted(
            *from,
            *to,
            sine(*from, frequency, (2 * *from as usize).min(300_000)),
        );
        let edge = found.len() / 3;
        let inner = &found[edge..found.len() - edge];
        let peak = inner.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
        assert!(peak < 0.5e-5, "{from} to {to}: {peak}");
    }
}

#[test]
fn a_level_is_kept_exactly_enough_and_silence_stays_silence() {
    for (from, to) in RATES {
        let found = converted(from, to, vec![0.25; (2 * from as usize).min(300_000)]);
        let edge = found.len() / 3;
        let inner = &found[edge..found.len() - edge];
        let off = inner
            .iter()
            .fold(0.0f32, |off, s| off.max((s - 0.25).abs()));
        assert!(off < 6e-8, "{from} to {to}: {off}");
        let silent = converted(from, to, vec![0.0; 5000]);
        assert!(silent.iter().all(|sample| *sample == 0.0));
    }
}

#[test]
fn an_impulse_stays_at_its_time() {
    for (from, to) in RATES {
        // A frame that both rates have.
        let divisor = (1..=from)
            .rev()
            .find(|d| from % d == 0 && to % d == 0)
            .unwrap();
        let (period_in, period_out) = ((from / divisor) as usize, (to / divisor) as usize);
        let periods = 5000usize.div_ceil(period_in);
        let mut samples = vec![0.0; period_in * periods * 2];
        samples[period_in * periods] = 1.0;
        let found = converted(from, to, samples);
        let peak = (0..found.len()).max_by(|a, b| found[*a].total_cmp(&found[*b]));
        let centre = period_out * periods;
        assert_eq!(peak, Some(centre), "{from} to {to}");
        // It is as long before as after: the filter has a linear phase.
        for offset in 1..50.min(centre).min(found.len() - centre) {
            let (before, after) = (found[centre - offset], found[centre + offset]);
            assert!((before - after).abs() < 1e-6, "{from} to {to} at {offset}");
        }
    }
}

#[test]
fn rates_too_far_apart_are_refused_with_a_sentence() {
    for (from, to) in [(1, 768_000), (768_000, 1), (767_999, 7), (1, 10_000)] {
        let found = convert(mono(from, vec![0.0; 10]), &to_rate(to)).err();
        let text = found.map(|error| error.to_string()).unwrap_or_default();
        let sentence = format!("converting 1 channels from {from} Hz to {to} Hz would take ");
        assert!(text.starts_with(&sentence), "{from} to {to}: {text}");
    }
    let many = source(767_999, Layout::discrete(64), vec![Vec::new(); 64]);
    assert!(convert(many, &to_rate(768_000)).is_err());
}

#[test]
fn what_is_not_finite_is_cleaned_before_it_spreads() {
    let mut samples = vec![0.0; 30_000];
    samples[9_000] = f32::NAN;
    samples[20_000] = f32::INFINITY;
    let stereo = source(44_100, Layout::STEREO, vec![vec![0.0; 30_000], samples]);
    let wanted = Wanted {
        sample_rate_hz: Some(48_000),
        layout: Some(Layout::MONO),
    };
    let mut converted = convert(stereo, &wanted).unwrap();
    assert_eq!(converted.cleaned(), None);
    let found = all(&mut *converted, 4096).remove(0);
    assert!(found.iter().all(|sample| *sample == 0.0));
    let cleaned = Cleaned {
        count: 2,
        frame: 9_000,
        channel: 1,
    };
    assert_eq!(converted.cleaned(), Some(cleaned));
    assert_eq!(converted.cleaned(), None);
}

#[test]
fn a_source_that_has_what_is_wanted_is_left_alone() {
    let samples = vec![f32::NAN, 1.5, -0.0];
    let wanted = Wanted {
        sample_rate_hz: Some(8_000),
        layout: Some(Layout::MONO),
    };
    let mut same = convert(mono(8_000, samples.clone()), &wanted).unwrap();
    assert!(same.notices().is_empty());
    let found = all(&mut *same, 2).remove(0);
    let bits = |samples: &[f32]| samples.iter().map(|s| s.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&found), bits(&samples));
}

#[test]
fn channels_are_mixed_by_their_gains_and_said_so() {
    let layout = Layout::SURROUND_5_1;
    let channels: Vec<_> = (0..6).map(|c| vec![(1 << c) as f32; 10]).collect();
    let mut stereo = convert(source(8_000, layout, channels), &to_layout(Layout::STEREO)).unwrap();
    assert_eq!((stereo.format().channels(), stereo.frames()), (2, Some(10)));
    let found = all(&mut *stereo, 3);
    let m3 = std::f32::consts::FRAC_1_SQRT_2;
    assert_eq!(found[0], vec![1.0 + 4.0 * m3 + 16.0 * m3; 10]);
    assert_eq!(found[1], vec![2.0 + 4.0 * m3 + 32.0 * m3; 10]);
    let said: Vec<_> = stereo.notices().iter().map(ToString::to_string).collect();
    assert_eq!(said[0], "5.1 is mixed to stereo");
    // What the input says at its end is passed on.
    assert_eq!(said.len(), 2, "{said:?}");
}

#[test]
fn without_a_rule_channels_are_refused() {
    let many = source(8_000, Layout::discrete(7), vec![Vec::new(); 7]);
    let error = convert(many, &to_layout(Layout::STEREO)).err().unwrap();
    assert!(
        error
            .to_string()
            .starts_with("there is no rule to make stereo of discrete(7)")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_length_is_exact_and_reading_otherwise_changes_nothing(
        frames in 0usize..20_000,
        rates in prop::sample::select(RATES.to_vec()),
        pieces in prop::array::uniform2(1usize..9_000),
        known in any::<bool>(),
        channels in 1usize..4,
    ) {
        let (from, to) = rates;
        let open = || {
            let noise = |seed: usize| (0..frames).map(move |at| {
                ((at * 7_919 + seed * 104_729) % 1_000) as f32 / 1_000.0 - 0.5
            });
            let layout = Layout::usual(channels as u16).unwrap();
            let source = Memory {
                format: Format::new(from, layout, SampleFormat::S16).unwrap(),
                channels: (0..channels).map(|seed| noise(seed).collect()).collect(),
                at: 0,
                known,
                metadata: Metadata::default(),
                notices: Vec::new(),
            };
            convert(Box::new(source), &to_rate(to)).unwrap()
        };
        let mut first = open();
        let expected = (frames as f64 * f64::from(to) / f64::from(from)).round() as usize;
        prop_assert_eq!(first.frames(), known.then_some(expected as u64));
        let found = all(&mut *first, pieces[0]);
        prop_assert_eq!(found[0].len(), expected);
        // The end stays the end, and everything was said.
        prop_assert_eq!(first.read(&mut Buffer::new(channels, 10)).unwrap(), 0);
        prop_assert_eq!(first.notices().len(), 2);
        prop_assert_eq!(all(&mut *open(), pieces[1]), found);
    }
}

//! Frame: one block of samples as FLAC has it.
//!
//! In: a block of integers, channel by channel. Out: the bytes of a frame. Source: RFC 9639,
//! section 9. Two channels are written as they are, or one of them or their mean beside their
//! difference, whichever is smallest.

use symphonia::core::checksum::Crc8Ccitt;
use symphonia::core::checksum::Crc16Ansi;
use symphonia::core::io::Monitor;

use crate::io::flac::bits::Bits;
use crate::io::flac::predict;
use crate::io::flac::predict::Fitted;
use crate::io::flac::rice;
use crate::io::flac::rice::Parting;

/// Frames of every block but the last.
pub(crate) const BLOCK_FRAMES: usize = 4096;

/// The code for that many frames.
const BLOCK_FRAMES_CODE: u32 = 0b1100;

/// The code for a number of frames that follows in 16 bits.
const FRAMES_FOLLOW: u32 = 0b0111;

/// Two channels as left and difference, difference and right, mean and difference.
const LEFT_SIDE: u32 = 8;
const SIDE_RIGHT: u32 = 9;
const MID_SIDE: u32 = 10;

/// How much of the window's length rises and falls, as of a Tukey window.
const TAPER: f64 = 0.5;

/// Turns blocks into frames.
#[derive(Debug)]
pub(crate) struct FrameEncoder {
    sample_rate_hz: u32,
    bits: u32,
    number: u64,
    out: Bits,
    window: Vec<f32>,
    side: Vec<i32>,
    mid: Vec<i32>,
    scratch: Scratch,
}

/// Memory for the tries of one channel.
#[derive(Debug, Default)]
struct Scratch {
    shifted: Vec<i32>,
    windowed: Vec<f32>,
    fixed: Vec<i32>,
    fitted: Vec<i32>,
}

/// How a channel is written.
enum Coding {
    Constant,
    Verbatim,
    Fixed(usize, Parting),
    Fitted(Fitted, Parting),
}

impl FrameEncoder {
    /// For samples of so many bits, 4 to 24.
    pub(crate) fn new(sample_rate_hz: u32, bits: u32) -> Self {
        Self {
            sample_rate_hz,
            bits,
            number: 0,
            out: Bits::default(),
            window: Vec::new(),
            side: Vec::new(),
            mid: Vec::new(),
            scratch: Scratch::default(),
        }
    }

    /// The frame of a block: every channel has as many samples, [`BLOCK_FRAMES`] unless it is the
    /// last.
    pub(crate) fn encode(&mut self, channels: &[Vec<i32>]) -> &[u8] {
        let frames = channels[0].len();
        if self.window.len() != frames {
            self.window = window(frames);
        }
        self.out.clear();
        match channels {
            [left, right] => self.put_pair(left, right),
            _ => {
                self.put_header(frames, channels.len() as u32 - 1);
                for channel in channels {
                    self.put_channel(channel, self.bits);
                }
            }
        }
        self.out.align();
        let mut checksum = Crc16Ansi::new(0);
        checksum.process_buf_bytes(self.out.bytes());
        self.out.put(u32::from(checksum.crc()), 16);
        self.out.align();
        self.number += 1;
        self.out.bytes()
    }

    /// Two channels, by what their differences of second order promise.
    fn put_pair(&mut self, left: &[i32], right: &[i32]) {
        let (mut side, mut mid) = (
            std::mem::take(&mut self.side),
            std::mem::take(&mut self.mid),
        );
        let pairs = || left.iter().zip(right);
        side.clear();
        side.extend(pairs().map(|(left, right)| left - right));
        mid.clear();
        mid.extend(pairs().map(|(left, right)| (left + right) >> 1));
        let promised = |samples: &[i32]| {
            let (_, sum) = predict::fixed_order(samples);
            sum
        };
        let [l, r, m, s] = [left, right, &mid, &side].map(promised);
        let choices = [
            (l + r, 1, (left, 0), (right, 0)),
            (l + s, LEFT_SIDE, (left, 0), (&side[..], 1)),
            (s + r, SIDE_RIGHT, (&side[..], 1), (right, 0)),
            (m + s, MID_SIDE, (&mid[..], 0), (&side[..], 1)),
        ];
        let best = choices.into_iter().min_by_key(|choice| choice.0);
        let (_, code, first, second) = best.expect("there are four choices");
        self.put_header(left.len(), code);
        for (channel, more_bits) in [first, second] {
            self.put_channel(channel, self.bits + more_bits);
        }
        (self.side, self.mid) = (side, mid);
    }

    /// What stands in front of the channels.
    fn put_header(&mut self, frames: usize, channels: u32) {
        let out = &mut self.out;
        out.put(0b1111_1111_1111_1000, 16);
        let is_usual = frames == BLOCK_FRAMES;
        out.put(
            if is_usual {
                BLOCK_FRAMES_CODE
            } else {
                FRAMES_FOLLOW
            },
            4,
        );
        let (rate_code, rate, rate_bits) = rate(self.sample_rate_hz);
        out.put(rate_code, 4);
        out.put(channels, 4);
        let bits_code = match self.bits {
            8 => 1,
            12 => 2,
            16 => 4,
            20 => 5,
            24 => 6,
            _ => 0,
        };
        out.put(bits_code, 3);
        out.put(0, 1);
        out.put_coded(self.number);
        if !is_usual {
            out.put(frames as u32 - 1, 16);
        }
        out.put(rate, rate_bits);
        out.align();
        let mut checksum = Crc8Ccitt::new(0);
        checksum.process_buf_bytes(out.bytes());
        out.put(u32::from(checksum.crc()), 8);
        out.align();
    }

    /// One channel of samples of so many bits.
    fn put_channel(&mut self, samples: &[i32], bits: u32) {
        let scratch = &mut self.scratch;
        let any = samples.iter().fold(0, |any, sample| any | sample);
        // Low bits that are 0 in all samples are said once.
        let wasted = if any == 0 { 0 } else { any.trailing_zeros() };
        scratch.shifted.clear();
        scratch
            .shifted
            .extend(samples.iter().map(|sample| sample >> wasted));
        let bits = bits - wasted;
        let coding = scratch.coding(bits, &self.window);
        let out = &mut self.out;
        let (kind, first) = coding.head(scratch.shifted.len());
        out.put(kind, 7);
        out.put(u32::from(wasted > 0), 1);
        if wasted > 0 {
            out.put_unary(wasted - 1);
        }
        let samples = &scratch.shifted;
        for sample in &samples[..first] {
            out.put_signed(*sample, bits);
        }
        match &coding {
            Coding::Constant | Coding::Verbatim => {}
            Coding::Fixed(order, parting) => rice::put(parting, &scratch.fixed, *order, out),
            Coding::Fitted(fitted, parting) => {
                put_fitted(fitted, out);
                rice::put(parting, &scratch.fitted, fitted.order, out);
            }
        }
    }
}

impl Coding {
    /// Its code, and how many samples stand in front as they are in a block of so many.
    const fn head(&self, frames: usize) -> (u32, usize) {
        match self {
            Self::Constant => (0, 1),
            Self::Verbatim => (1, frames),
            Self::Fixed(order, _) => (8 + *order as u32, *order),
            Self::Fitted(fitted, _) => (32 + fitted.order as u32 - 1, fitted.order),
        }
    }
}

impl Scratch {
    /// The coding of `shifted` that takes the fewest bits.
    fn coding(&mut self, bits: u32, window: &[f32]) -> Coding {
        let samples = &self.shifted;
        if samples.iter().all(|sample| *sample == samples[0]) {
            return Coding::Constant;
        }
        let verbatim = samples.len() as u64 * u64::from(bits);
        let (order, _) = predict::fixed_order(samples);
        predict::fixed_residuals(samples, order, &mut self.fixed);
        let fixed = rice::parting(&self.fixed, order);
        let fixed_bits = fixed.bits + order as u64 * u64::from(bits);
        let fitted =
            predict::fitted(samples, bits, window, &mut self.windowed).and_then(|fitted| {
                predict::fitted_residuals(samples, bits, &fitted, &mut self.fitted)?;
                let parting = rice::parting(&self.fitted, fitted.order);
                let order = fitted.order as u64;
                let head = order * u64::from(bits + fitted.precision) + 9;
                Some((fitted, parting, parting.bits + head))
            });
        match fitted {
            Some((fitted, parting, fitted_bits)) if fitted_bits < fixed_bits.min(verbatim) => {
                Coding::Fitted(fitted, parting)
            }
            _ if fixed_bits < verbatim => Coding::Fixed(order, fixed),
            _ => Coding::Verbatim,
        }
    }
}

/// The coefficients of a fitted prediction.
fn put_fitted(fitted: &Fitted, out: &mut Bits) {
    out.put(fitted.precision - 1, 4);
    out.put(fitted.shift, 5);
    for coefficient in &fitted.coefficients[..fitted.order] {
        out.put_signed(*coefficient, fitted.precision);
    }
}

/// How a frame says the rate: a code, and what follows in so many bits.
fn rate(sample_rate_hz: u32) -> (u32, u32, u32) {
    match sample_rate_hz {
        88_200 => (1, 0, 0),
        176_400 => (2, 0, 0),
        192_000 => (3, 0, 0),
        8_000 => (4, 0, 0),
        16_000 => (5, 0, 0),
        22_050 => (6, 0, 0),
        24_000 => (7, 0, 0),
        32_000 => (8, 0, 0),
        44_100 => (9, 0, 0),
        48_000 => (10, 0, 0),
        96_000 => (11, 0, 0),
        hz if hz % 1000 == 0 && hz <= 255_000 => (12, hz / 1000, 8),
        hz if hz <= 0xffff => (13, hz, 16),
        hz if hz % 10 == 0 && hz <= 655_350 => (14, hz / 10, 16),
        _ => (0, 0, 0), // As the stream says.
    }
}

/// A window that rises and falls like a cosine at its ends.
fn window(frames: usize) -> Vec<f32> {
    let taper = TAPER / 2.0 * frames as f64;
    let gain = |at: usize| {
        let from_end = (at as f64 + 0.5).min(frames as f64 - at as f64 - 0.5);
        let phase = (from_end / taper).min(1.0) * std::f64::consts::PI;
        (0.5 - 0.5 * phase.cos()) as f32
    };
    (0..frames).map(gain).collect()
}

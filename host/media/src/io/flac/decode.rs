//! Decode: blocks of samples out of frames.
//!
//! In: bits that stand at a frame. Out: integers, channel by channel, of a frame whose checksums
//! are right. Source: RFC 9639, section 9.1.
//!
//! Memory is bounded by the longest block that a frame can have.

use std::io::Read;

use symphonia::core::checksum::Crc8Ccitt;
use symphonia::core::io::Monitor;

use crate::io::flac::channel;
use crate::io::flac::input::BitInput;
use crate::io::flac::input::Flaw;

/// The first bits of every frame, and how many they are.
const SYNC: u64 = 0b11_1111_1111_1110;
const SYNC_BITS: u32 = 14;

/// The longest block that a frame can say it has, in frames.
pub(crate) const BLOCK_FRAMES_MAX: usize = 1 << 16;

/// From so many bits on, sums of two channels do not fit 32.
const WIDE_BITS: u32 = 31;

/// Sample rates by their code, in Hz; `None` is the one of the stream.
const RATES: [Option<u32>; 12] = [
    None,
    Some(88_200),
    Some(176_400),
    Some(192_000),
    Some(8_000),
    Some(16_000),
    Some(22_050),
    Some(24_000),
    Some(32_000),
    Some(44_100),
    Some(48_000),
    Some(96_000),
];

/// Bits of a sample by their code; `None` are those of the stream. The fourth code is reserved.
const BITS: [Option<u32>; 8] = [
    None,
    Some(8),
    Some(12),
    Some(0),
    Some(16),
    Some(20),
    Some(24),
    Some(32),
];

/// What a stream says of all its frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) sample_rate_hz: u32,
    pub(crate) channels: usize,
    pub(crate) bits: u32,
}

/// What stands in front of the channels of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) frames: usize,
    /// Where the frame stands in the stream.
    pub(crate) place: Place,
    pairing: Pairing,
}

/// Where a frame stands in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// So many frames are before it.
    Block(u64),
    /// So many samples of each channel are before it.
    Sample(u64),
}

/// How the channels are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pairing {
    Each,
    LeftSide,
    SideRight,
    MidSide,
}

/// Makes samples of frames.
#[derive(Debug)]
pub(crate) struct FrameDecoder {
    facts: Facts,
    channels: Vec<Vec<i32>>,
    /// The difference of two channels that have 31 bits or more.
    wide: Vec<i64>,
    residuals: Vec<i32>,
}

impl FrameDecoder {
    /// For frames of a stream.
    pub(crate) fn new(facts: Facts) -> Self {
        Self {
            channels: vec![Vec::new(); facts.channels],
            wide: Vec::new(),
            residuals: Vec::new(),
            facts,
        }
    }

    /// What every frame has.
    pub(crate) const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The samples of the last frame, one channel.
    pub(crate) fn channel(&self, channel: usize) -> &[i32] {
        &self.channels[channel]
    }

    /// Reads a frame.
    pub(crate) fn read(&mut self, input: &mut BitInput<impl Read>) -> Result<Head, Flaw> {
        input.begin_checksum();
        let head = Head::read(input, &self.facts)?;
        for channel in &mut self.channels {
            channel.resize(head.frames, 0);
        }
        match head.pairing {
            Pairing::Each => self.read_each(input)?,
            pairing if self.facts.bits < WIDE_BITS => self.read_pair(input, pairing)?,
            pairing => self.read_wide_pair(input, pairing)?,
        }
        input.align();
        let expected = input.checksum();
        if input.take(16)? != u64::from(expected) {
            return Err(Flaw::Damaged("the checksum of a block is wrong"));
        }
        Ok(head)
    }

    fn read_each(&mut self, input: &mut BitInput<impl Read>) -> Result<(), Flaw> {
        for samples in &mut self.channels {
            channel::read(input, self.facts.bits, &mut self.residuals, samples)?;
        }
        Ok(())
    }

    /// Two channels, of which one is their difference and has a bit more.
    fn read_pair(&mut self, input: &mut BitInput<impl Read>, pairing: Pairing) -> Result<(), Flaw> {
        let side = usize::from(pairing != Pairing::SideRight);
        for (at, samples) in self.channels.iter_mut().enumerate() {
            let bits = self.facts.bits + u32::from(at == side);
            channel::read(input, bits, &mut self.residuals, samples)?;
        }
        let [first, second] = &mut self.channels[..] else {
            return Err(Flaw::Damaged("a block has other channels"));
        };
        for (first, second) in first.iter_mut().zip(second) {
            (*first, *second) = match pairing {
                Pairing::Each => (*first, *second),
                Pairing::LeftSide => (*first, first.wrapping_sub(*second)),
                Pairing::SideRight => (first.wrapping_add(*second), *second),
                Pairing::MidSide => {
                    let both = *first << 1 | *second & 1;
                    let (left, right) = (both.wrapping_add(*second), both.wrapping_sub(*second));
                    (left >> 1, right >> 1)
                }
            };
        }
        Ok(())
    }

    /// The same where the difference has more bits than are kept of a channel.
    fn read_wide_pair(
        &mut self,
        input: &mut BitInput<impl Read>,
        pairing: Pairing,
    ) -> Result<(), Flaw> {
        let (bits, residuals, side) = (self.facts.bits, &mut self.residuals, &mut self.wide);
        let [first, second] = &mut self.channels[..] else {
            return Err(Flaw::Damaged("a block has other channels"));
        };
        side.resize(first.len(), 0);
        if pairing == Pairing::SideRight {
            channel::read(input, bits + 1, residuals, side)?;
            channel::read(input, bits, residuals, second)?;
        } else {
            channel::read(input, bits, residuals, first)?;
            channel::read(input, bits + 1, residuals, side)?;
        }
        for ((first, second), side) in first.iter_mut().zip(second).zip(side) {
            let (a, b) = (i64::from(*first), i64::from(*second));
            let (left, right) = match pairing {
                Pairing::Each => (a, b),
                Pairing::LeftSide => (a, a.wrapping_sub(*side)),
                Pairing::SideRight => (b.wrapping_add(*side), b),
                Pairing::MidSide => {
                    let both = a << 1 | *side & 1;
                    (both.wrapping_add(*side) >> 1, both.wrapping_sub(*side) >> 1)
                }
            };
            // What the encoder had fits; a stream that is damaged shows it in its checksum.
            (*first, *second) = (left as i32, right as i32);
        }
        Ok(())
    }
}

/// The bytes in front of a frame, for their own checksum.
struct HeadBytes {
    checksum: Crc8Ccitt,
}

impl HeadBytes {
    /// A number of so many whole bytes.
    fn take(&mut self, input: &mut BitInput<impl Read>, bytes: u32) -> Result<u64, Flaw> {
        let number = input.take(8 * bytes)?;
        let all = number.to_be_bytes();
        self.checksum.process_buf_bytes(&all[8 - bytes as usize..]);
        Ok(number)
    }

    /// A number as UTF-8 would have it, in up to 36 bits.
    fn take_coded(&mut self, input: &mut BitInput<impl Read>) -> Result<u64, Flaw> {
        let damaged = Flaw::Damaged("the number of a block is damaged");
        let first = self.take(input, 1)? as u8;
        let behind = match first.leading_ones() {
            0 => return Ok(u64::from(first)),
            ones @ 2..=7 => ones - 1,
            _ => return Err(damaged),
        };
        let mut number = u64::from(first) & ((1 << (6 - behind)) - 1);
        for _ in 0..behind {
            let next = self.take(input, 1)?;
            if next >> 6 != 0b10 {
                return Err(damaged);
            }
            number = number << 6 | next & 0x3f;
        }
        Ok(number)
    }

    /// The frames of a block, by their code or by what stands behind it.
    fn take_length(&mut self, input: &mut BitInput<impl Read>, code: u64) -> Result<u64, Flaw> {
        Ok(match code {
            1 => 192,
            2..=5 => 144 << code,
            6 => self.take(input, 1)? + 1,
            7 => self.take(input, 2)? + 1,
            8..=15 => 1 << code,
            _ => return Err(Flaw::Damaged("a block has an unknown length")),
        })
    }

    /// The sample rate, by its code or by what stands behind it; `None` is the one of the stream.
    fn take_rate(
        &mut self,
        input: &mut BitInput<impl Read>,
        code: u64,
    ) -> Result<Option<u32>, Flaw> {
        Ok(match code {
            0..=11 => RATES[code as usize],
            12 => Some(self.take(input, 1)? as u32 * 1000),
            13 => Some(self.take(input, 2)? as u32),
            14 => Some(self.take(input, 2)? as u32 * 10),
            _ => return Err(Flaw::Damaged("a block has an unknown sample rate")),
        })
    }
}

impl Pairing {
    /// The number of channels, and how they are written, by their code.
    const fn of(code: u64) -> Result<(usize, Self), Flaw> {
        Ok(match code {
            0..=7 => (code as usize + 1, Self::Each),
            8 => (2, Self::LeftSide),
            9 => (2, Self::SideRight),
            10 => (2, Self::MidSide),
            _ => return Err(Flaw::Damaged("a block has unknown channels")),
        })
    }
}

impl Head {
    /// Reads what stands in front of the channels, and holds it against what the stream says.
    fn read(input: &mut BitInput<impl Read>, facts: &Facts) -> Result<Self, Flaw> {
        let mut bytes = HeadBytes {
            checksum: Crc8Ccitt::new(0),
        };
        let fixed = bytes.take(input, 4)?;
        if !is_start(fixed) {
            return Err(Flaw::Damaged("there is no block where one is to begin"));
        }
        let number = bytes.take_coded(input)?;
        let field = |at: u32, bits: u32| fixed >> at & ((1 << bits) - 1);
        let frames = bytes.take_length(input, field(12, 4))?;
        let rate_hz = bytes.take_rate(input, field(8, 4))?;
        let checksum = u64::from(bytes.checksum.crc());
        if input.take(8)? != checksum {
            return Err(Flaw::Damaged("the checksum in front of a block is wrong"));
        }
        let (channels, pairing) = Pairing::of(field(4, 4))?;
        let bits = BITS[field(1, 3) as usize].unwrap_or(facts.bits);
        let found = Facts {
            sample_rate_hz: rate_hz.unwrap_or(facts.sample_rate_hz),
            channels,
            bits,
        };
        if found != *facts {
            return Err(Flaw::Damaged(
                "a block has another rate, other channels or bits",
            ));
        }
        Ok(Self {
            frames: frames as usize,
            place: match field(16, 1) {
                0 => Place::Block(number),
                _ => Place::Sample(number),
            },
            pairing,
        })
    }
}

/// Whether these four bytes begin a frame.
pub(crate) const fn is_start(bytes: u64) -> bool {
    const RESERVED: u64 = 1 << 17 | 1;
    bytes >> (32 - SYNC_BITS) == SYNC && bytes & RESERVED == 0
}

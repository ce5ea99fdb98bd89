//! Input: bytes taken apart bit by bit, highest first, as far as anything can be read.
//!
//! In: a file or pipe. Out: numbers of so many bits, and a checksum over the bytes that were read
//! since somebody last asked for one.

use std::io;
use std::io::Read;

use symphonia::core::checksum::Crc16Ansi;
use symphonia::core::io::Monitor;

/// Bytes read at a time, as of uncompressed samples.
const READ_BYTES: usize = 64 * 1024;

/// Bytes that stay when more are read: those of which some bits may not have been taken.
const KEPT_BYTES: usize = 8;

/// The most zeros of a number that is read bit by bit, so that they can be counted in 32 bits.
const ZEROS_MAX: u32 = u32::MAX - u64::BITS;

/// Why no number came.
#[derive(Debug)]
pub(crate) enum Flaw {
    /// The input ended.
    End,
    /// The system could not read on.
    Io(io::Error),
    /// What was read cannot be; in words.
    Damaged(&'static str),
}

/// Bits of an input.
pub(crate) struct BitInput<R> {
    input: R,
    buffer: Box<[u8]>,
    /// The first byte that is not in `cache`, and where what was read ends.
    start: usize,
    end: usize,
    /// The next bits, from the highest on; those below the first `bits` are the next ones or 0.
    cache: u64,
    bits: u32,
    checksum: Crc16Ansi,
    /// Bytes of the buffer that went into the checksum.
    summed: usize,
}

impl<R: Read> BitInput<R> {
    /// From the first byte on.
    pub(crate) fn new(input: R) -> Self {
        Self::with_room(input, READ_BYTES)
    }

    /// The same, with room for so many bytes at a time.
    pub(crate) fn with_room(input: R, bytes: usize) -> Self {
        Self {
            input,
            buffer: vec![0; bytes + KEPT_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            cache: 0,
            bits: 0,
            checksum: Crc16Ansi::new(0),
            summed: 0,
        }
    }

    /// A number of so many bits, 56 at most.
    #[inline]
    pub(crate) fn take(&mut self, bits: u32) -> Result<u64, Flaw> {
        if self.bits < bits {
            self.refill()?;
            if self.bits < bits {
                return Err(Flaw::End);
            }
        }
        // Two steps, since a shift by all 64 bits is none.
        let number = self.cache >> 1 >> (63 - bits);
        self.drop_bits(bits);
        Ok(number)
    }

    /// The same with a sign, 1 to 56 bits.
    #[inline]
    pub(crate) fn take_signed(&mut self, bits: u32) -> Result<i64, Flaw> {
        let number = self.take(bits)?;
        Ok((number << (64 - bits)).cast_signed() >> (64 - bits))
    }

    /// How many zeros stand in front of the next one; takes both. More than `max` are damage.
    #[inline]
    pub(crate) fn take_unary(&mut self, max: u32) -> Result<u32, Flaw> {
        let mut zeros = 0;
        loop {
            let here = self.cache.leading_zeros();
            if here < self.bits {
                self.drop_bits(here + 1);
                zeros += here;
                break;
            }
            zeros += self.bits;
            self.drop_bits(self.bits);
            if zeros > max {
                break;
            }
            self.refill()?;
            if self.bits == 0 {
                return Err(Flaw::End);
            }
        }
        if zeros > max {
            return Err(Flaw::Damaged("a number is longer than it can be"));
        }
        Ok(zeros)
    }

    /// Fills with the residuals of a Rice code of this parameter, 30 at most.
    pub(crate) fn take_rice(&mut self, parameter: u32, into: &mut [i32]) -> Result<(), Flaw> {
        let zeros_max = (u32::MAX >> parameter).min(ZEROS_MAX);
        for residual in into {
            if self.bits < 32 {
                self.refill()?;
            }
            let zeros = self.cache.leading_zeros();
            let width = zeros + 1 + parameter;
            let folded = if width <= self.bits {
                let low = (self.cache << zeros << 1) >> 1 >> (63 - parameter);
                self.drop_bits(width);
                zeros << parameter | low as u32
            } else {
                let zeros = self.take_unary(zeros_max)?;
                zeros << parameter | self.take(parameter)? as u32
            };
            *residual = (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed();
        }
        Ok(())
    }

    /// The next bytes, which stay to be read, as far as there are any; 7 at most. Only between
    /// whole bytes.
    pub(crate) fn peek(&mut self, bytes: usize) -> Result<Vec<u8>, Flaw> {
        if (self.bits as usize) < 8 * bytes {
            self.refill()?;
        }
        let present = (self.bits / 8) as usize;
        Ok(self.cache.to_be_bytes()[..bytes.min(present)].to_vec())
    }

    /// Passes over the bits that are left of a byte.
    pub(crate) fn align(&mut self) {
        self.drop_bits(self.bits % 8);
    }

    /// Begins a checksum at the next byte.
    pub(crate) fn begin_checksum(&mut self) {
        self.checksum = Crc16Ansi::new(0);
        self.summed = self.position();
    }

    /// The checksum of the bytes since it was begun.
    pub(crate) fn checksum(&mut self) -> u16 {
        self.sum(self.position());
        self.checksum.crc()
    }

    /// Where in the buffer the next byte stands that was not taken.
    const fn position(&self) -> usize {
        self.start - (self.bits / 8) as usize
    }

    fn sum(&mut self, end: usize) {
        if end > self.summed {
            self.checksum
                .process_buf_bytes(&self.buffer[self.summed..end]);
            self.summed = end;
        }
    }

    #[inline]
    const fn drop_bits(&mut self, bits: u32) {
        self.cache <<= bits; // 63 at most, as many as the cache ever has.
        self.bits -= bits;
    }

    /// Brings the cache to at least 56 bits, or to all that are left.
    #[inline]
    fn refill(&mut self) -> Result<(), Flaw> {
        let next = self.buffer[..self.end][self.start..].first_chunk();
        if let Some(next) = next {
            self.cache |= u64::from_be_bytes(*next) >> self.bits;
            self.start += ((63 - self.bits) / 8) as usize;
            self.bits |= 56;
            return Ok(());
        }
        self.refill_slowly()
    }

    #[cold]
    fn refill_slowly(&mut self) -> Result<(), Flaw> {
        while self.bits < 56 {
            if self.start == self.end && self.read()? == 0 {
                break;
            }
            self.cache |= u64::from(self.buffer[self.start]) << (56 - self.bits);
            self.start += 1;
            self.bits += 8;
        }
        Ok(())
    }

    /// Reads on where the buffer was used up; returns how many bytes came.
    fn read(&mut self) -> Result<usize, Flaw> {
        let kept = self.end.min(KEPT_BYTES);
        let moved = self.end - kept;
        self.sum(moved);
        self.buffer.copy_within(moved..self.end, 0);
        self.summed = self.summed.saturating_sub(moved);
        (self.start, self.end) = (kept, kept);
        let read = loop {
            match self.input.read(&mut self.buffer[kept..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Flaw::Io(error)),
                Ok(read) => break read,
            }
        };
        self.end += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::any;
    use proptest::prop_assert_eq;
    use proptest::proptest;

    use super::*;
    use crate::io::flac::bits::Bits;

    /// Gives no more than a few bytes at a time.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    proptest! {
        #[test]
        fn bits_come_out_as_they_were_put_in_whatever_the_pieces(
            numbers in vec((any::<u32>(), 1_u32..33), 0..400), piece in 1_usize..40,
        ) {
            let mut bits = Bits::default();
            for (number, width) in &numbers {
                bits.put(*number, *width);
            }
            bits.align();
            let mut input = BitInput::new(Drops(bits.bytes(), piece));
            for (number, width) in &numbers {
                let expected = u64::from(*number) & ((1 << width) - 1);
                prop_assert_eq!(input.take(*width).unwrap(), expected);
            }
            input.align();
            prop_assert_eq!(input.peek(4).unwrap(), Vec::<u8>::new());
            let mut expected = Crc16Ansi::new(0);
            expected.process_buf_bytes(bits.bytes());
            prop_assert_eq!(input.checksum(), expected.crc());
            prop_assert_eq!(matches!(input.take(1), Err(Flaw::End)), true);
        }

        #[test]
        fn residuals_of_any_size_come_back(
            residuals in vec(-40_000_i32..40_000, 0..300), parameter in 8_u32..31, piece in 1_usize..40,
        ) {
            let mut bits = Bits::default();
            for residual in &residuals {
                let folded = (residual << 1 ^ residual >> 31).cast_unsigned();
                bits.put_unary(folded >> parameter);
                bits.put(folded, parameter);
            }
            bits.align();
            let mut input = BitInput::new(Drops(bits.bytes(), piece));
            let mut found = vec![0; residuals.len()];
            input.take_rice(parameter, &mut found).unwrap();
            prop_assert_eq!(found, residuals);
        }
    }

    proptest! {
        #[test]
        fn residuals_have_all_32_bits(residuals in vec(any::<i32>(), 0..50), parameter in 24_u32..31) {
            let mut bits = Bits::default();
            for residual in &residuals {
                let folded = (residual << 1 ^ residual >> 31).cast_unsigned();
                bits.put_unary(folded >> parameter);
                bits.put(folded, parameter);
            }
            bits.align();
            let mut input = BitInput::new(bits.bytes());
            let mut found = vec![0; residuals.len()];
            input.take_rice(parameter, &mut found).unwrap();
            prop_assert_eq!(found, residuals);
        }
    }

    #[test]
    fn a_checksum_goes_on_across_what_is_read_at_a_time() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|at| ((at * 31) >> 3) as u8).collect();
        let mut input = BitInput::new(&bytes[..]);
        for _ in 0..5 {
            input.take(8).unwrap();
        }
        input.begin_checksum();
        for byte in &bytes[5..199_990] {
            assert_eq!(input.take(8).unwrap(), u64::from(*byte));
        }
        let mut expected = Crc16Ansi::new(0);
        expected.process_buf_bytes(&bytes[5..199_990]);
        assert_eq!(input.checksum(), expected.crc());
    }

    #[test]
    fn a_number_that_is_too_long_is_damage() {
        let mut input = BitInput::new(&[0; 100][..]);
        assert!(matches!(input.take_unary(30), Err(Flaw::Damaged(_))));
    }
}

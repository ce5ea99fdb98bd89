//! State: the running state of a processor as plain bytes, for a swap to hand over.
//!
//! Little-endian numbers in a buffer that the host made beforehand: neither side allocates.

use crate::abi::status::RawCode;
use crate::fault::Fault;

/// The most bytes of a running state: a second of two channels at 48 kHz fits, and is written and
/// read in less than a tenth of a millisecond. The host makes room for as many as an instance asks
/// for, and hands over only what a rehearsal moved within a quarter of a block.
pub const STATE_BYTES_MAX: usize = 512 * 1024;

const NO_ROOM: Fault = Fault::with(
    RawCode::OUT_OF_BOUNDS,
    "the running state is longer than state_bytes said",
);
const TOO_SHORT: Fault = Fault::with(
    RawCode::OUT_OF_BOUNDS,
    "the running state ends before all of it was read",
);
const TOO_LONG: Fault = Fault::with(
    RawCode::OUT_OF_BOUNDS,
    "the running state goes on after all of it was read",
);

/// Writes a running state, number by number.
#[derive(Debug)]
pub struct StateWriter<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl<'a> StateWriter<'a> {
    /// A writer that fills `bytes` from the front on.
    #[must_use]
    pub const fn new(bytes: &'a mut [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes are written.
    #[must_use]
    pub const fn written(&self) -> usize {
        self.at
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// When the buffer is full.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let room = self.bytes.get_mut(self.at..self.at + bytes.len());
        room.ok_or(NO_ROOM)?.copy_from_slice(bytes);
        self.at += bytes.len();
        Ok(())
    }

    /// Writes a count or a position.
    ///
    /// # Errors
    /// When the buffer is full.
    pub fn u64(&mut self, value: u64) -> Result<(), Fault> {
        self.bytes(&value.to_le_bytes())
    }

    /// Writes a number, bit for bit.
    ///
    /// # Errors
    /// When the buffer is full.
    pub fn f64(&mut self, value: f64) -> Result<(), Fault> {
        self.bytes(&value.to_le_bytes())
    }

    /// Writes numbers, bit for bit.
    ///
    /// # Errors
    /// When the buffer is full.
    pub fn f64s(&mut self, values: &[f64]) -> Result<(), Fault> {
        values.iter().try_for_each(|value| self.f64(*value))
    }

    /// Writes samples, bit for bit.
    ///
    /// # Errors
    /// When the buffer is full.
    pub fn f32s(&mut self, values: &[f32]) -> Result<(), Fault> {
        // All of them at once: a long past is a copy, and not so many small ones.
        let end = self.at + size_of_val(values);
        let room = self.bytes.get_mut(self.at..end).ok_or(NO_ROOM)?;
        for (place, value) in room.as_chunks_mut().0.iter_mut().zip(values) {
            *place = value.to_le_bytes();
        }
        self.at = end;
        Ok(())
    }
}

/// Reads a running state in the order it was written.
///
/// Read everything into local values first and keep them only when all of it was right: a load
/// is all or nothing.
#[derive(Debug)]
pub struct StateReader<'a> {
    bytes: &'a [u8],
}

impl<'a> StateReader<'a> {
    /// A reader of `bytes` from the front on.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// When there are not so many.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let (head, rest) = self.bytes.split_at_checked(count).ok_or(TOO_SHORT)?;
        self.bytes = rest;
        Ok(head)
    }

    /// A count or a position.
    ///
    /// # Errors
    /// When the bytes are over.
    pub fn u64(&mut self) -> Result<u64, Fault> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number.
    ///
    /// # Errors
    /// When the bytes are over.
    pub fn f64(&mut self) -> Result<f64, Fault> {
        self.array().map(f64::from_le_bytes)
    }

    /// Numbers.
    ///
    /// # Errors
    /// When the bytes are over; `into` may then be written in part.
    pub fn f64s(&mut self, into: &mut [f64]) -> Result<(), Fault> {
        for value in into {
            *value = self.f64()?;
        }
        Ok(())
    }

    /// Samples.
    ///
    /// # Errors
    /// When the bytes are over; `into` is then as before.
    pub fn f32s(&mut self, into: &mut [f32]) -> Result<(), Fault> {
        let bytes = self.bytes(size_of_val(into))?;
        for (value, bytes) in into.iter_mut().zip(bytes.as_chunks().0) {
            *value = f32::from_le_bytes(*bytes);
        }
        Ok(())
    }

    /// Asserts that everything was read.
    ///
    /// # Errors
    /// When bytes are left.
    pub fn end(self) -> Result<(), Fault> {
        self.expect_end()
    }

    /// As [`end`](Self::end), for a load that keeps what it read only if there is no more: ask
    /// before anything of the instance changes.
    ///
    /// # Errors
    /// When bytes are left.
    pub fn expect_end(&self) -> Result<(), Fault> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            Err(TOO_LONG)
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (head, rest) = self.bytes.split_first_chunk().ok_or(TOO_SHORT)?;
        self.bytes = rest;
        Ok(*head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut buffer = [0; 24];
        let mut writer = StateWriter::new(&mut buffer);
        writer.u64(7).unwrap();
        writer.f64s(&[-0.0]).unwrap();
        writer.f32s(&[1.5, f32::MIN_POSITIVE]).unwrap();
        assert_eq!(writer.f32s(&[0.0]), Err(NO_ROOM));
        assert_eq!(writer.written(), 24);
        let mut reader = StateReader::new(&buffer);
        assert_eq!(reader.u64(), Ok(7));
        let mut numbers = [1.0];
        reader.f64s(&mut numbers).unwrap();
        assert_eq!(numbers[0].to_bits(), (-0.0f64).to_bits());
        assert_eq!(reader.expect_end(), Err(TOO_LONG));
        let mut samples = [0.0; 2];
        reader.f32s(&mut samples).unwrap();
        assert_eq!(samples, [1.5, f32::MIN_POSITIVE]);
        assert_eq!(reader.u64(), Err(TOO_SHORT));
        assert_eq!(reader.f64s(&mut numbers), Err(TOO_SHORT));
        assert_eq!(reader.expect_end(), Ok(()));
        assert_eq!(reader.end(), Ok(()));
    }

    #[test]
    fn bytes_left_over_are_noticed() {
        assert_eq!(StateReader::new(&[0]).end(), Err(TOO_LONG));
    }
}

//! Bits: bytes put together bit by bit, highest first.
//!
//! In: numbers of so many bits. Out: bytes.
//!
//! Pure.

/// Collects bits.
#[derive(Debug, Default)]
pub(crate) struct Bits {
    bytes: Vec<u8>,
    /// Bits that are no whole bytes yet, in the lower end.
    pending: u64,
    pending_bits: u32,
}

impl Bits {
    /// Forgets everything and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        (self.pending, self.pending_bits) = (0, 0);
    }

    /// The whole bytes so far.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Adds the low bits of a number, 32 at most.
    pub(crate) fn put(&mut self, number: u32, bits: u32) {
        let kept = u64::from(number) & ((1 << bits) - 1);
        self.pending = self.pending << bits | kept;
        self.pending_bits += bits;
        if self.pending_bits >= 32 {
            self.pending_bits -= 32;
            let word = (self.pending >> self.pending_bits) as u32;
            self.bytes.extend(word.to_be_bytes());
        }
    }

    /// Adds a number that has a sign.
    pub(crate) fn put_signed(&mut self, number: i32, bits: u32) {
        self.put(number.cast_unsigned(), bits);
    }

    /// Adds so many zeros and a one.
    pub(crate) fn put_unary(&mut self, zeros: u32) {
        for _ in 0..zeros / 31 {
            self.put(0, 31);
        }
        self.put(1, zeros % 31 + 1);
    }

    /// Adds a number as UTF-8 would have it, in up to 36 bits.
    pub(crate) fn put_coded(&mut self, number: u64) {
        if number < 0x80 {
            return self.put(number as u32, 8);
        }
        // Each byte behind the first has 6 bits, the first 6 less one for each after the first.
        let mut behind = 1;
        while number >> (6 * behind + 6 - behind) != 0 {
            behind += 1;
        }
        let ones = 0xff_u32 << (7 - behind) & 0xff;
        self.put(ones | (number >> (6 * behind)) as u32, 8);
        for at in (0..behind).rev() {
            self.put(0x80 | (number >> (6 * at)) as u32 & 0x3f, 8);
        }
    }

    /// Fills up the last byte with zeros, and hands on all that was pending.
    pub(crate) fn align(&mut self) {
        let padding = (8 - self.pending_bits % 8) % 8;
        self.put(0, padding);
        while self.pending_bits > 0 {
            self.pending_bits -= 8;
            self.bytes.push((self.pending >> self.pending_bits) as u8);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::any;
    use proptest::prop_assert_eq;
    use proptest::proptest;

    use super::*;

    proptest! {
        #[test]
        fn bits_come_out_in_the_order_they_went_in(numbers in vec((any::<u32>(), 0_u32..33), 0..40)) {
            let mut bits = Bits::default();
            let mut expected = String::new();
            for (number, width) in numbers {
                bits.put(number, width);
                let digits = format!("{number:032b}");
                expected.push_str(&digits[32 - width as usize..]);
            }
            bits.align();
            let mut found: String = bits.bytes().iter().map(|byte| format!("{byte:08b}")).collect();
            let padding = found.split_off(expected.len());
            prop_assert_eq!((found, padding.contains('1')), (expected, false));
        }

        #[test]
        fn a_number_of_21_bits_is_coded_as_utf_8(number in any::<char>()) {
            let mut bits = Bits::default();
            bits.put_coded(u64::from(u32::from(number)));
            bits.align();
            let expected = number.to_string();
            prop_assert_eq!(bits.bytes(), expected.as_bytes());
        }
    }

    #[test]
    fn long_numbers_and_long_runs_are_whole() {
        let check = |put: &dyn Fn(&mut Bits), expected: &[u8]| {
            let mut bits = Bits::default();
            put(&mut bits);
            bits.align();
            assert_eq!(bits.bytes(), expected);
        };
        check(
            &|bits| bits.put_coded(0xf_ffff_ffff),
            &[0xfe, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf],
        );
        check(
            &|bits| bits.put_coded(0x7fff_ffff),
            &[0xfd, 0xbf, 0xbf, 0xbf, 0xbf, 0xbf],
        );
        check(&|bits| bits.put_unary(71), &[0, 0, 0, 0, 0, 0, 0, 0, 1]);
        check(&|bits| bits.put_unary(0), &[0x80]);
    }
}

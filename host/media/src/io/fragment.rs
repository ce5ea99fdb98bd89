//! Fragment: fragments of samples from one integer form to another, cut and never rounded.
//!
//! In: bytes of signed little-endian integers, 1 to 4 bytes each, or of G.711 codes. Out: the same
//! samples in another form. Wider samples gain zeros, narrower ones lose their low bytes: what
//! Python's `audioop` does, to the last bit. The pipeline itself rounds: see `Encoder`.
//!
//! Pure.

use crate::io::g711;

/// How many bytes an integer sample has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Width {
    /// 8 bits.
    One,
    /// 16 bits.
    Two,
    /// 24 bits.
    Three,
    /// 32 bits.
    Four,
}

/// Why a fragment cannot be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the fragment has {found_bytes} bytes, expected a multiple of {expected_bytes}")]
pub struct FragmentError {
    /// Its length.
    pub found_bytes: usize,
    /// Bytes of a sample.
    pub expected_bytes: usize,
}

impl Width {
    /// Bytes of a sample.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
            Self::Four => 4,
        }
    }
}

/// Integers of one width as integers of another: `lin2lin`.
///
/// # Errors
/// When the fragment is not whole samples.
pub fn linear(fragment: &[u8], from: Width, into: Width) -> Result<Vec<u8>, FragmentError> {
    let mut converted = Vec::with_capacity(fragment.len() / from.bytes() * into.bytes());
    for integer in integers(fragment, from)? {
        put(integer, into, &mut converted);
    }
    Ok(converted)
}

/// Integers as µ-law codes: `lin2ulaw`.
///
/// # Errors
/// When the fragment is not whole samples.
pub fn mu_law(fragment: &[u8], from: Width) -> Result<Vec<u8>, FragmentError> {
    let codes = integers(fragment, from)?.map(|integer| g711::mu_law((integer >> 16) as i16));
    Ok(codes.collect())
}

/// Integers as A-law codes: `lin2alaw`.
///
/// # Errors
/// When the fragment is not whole samples.
pub fn a_law(fragment: &[u8], from: Width) -> Result<Vec<u8>, FragmentError> {
    let codes = integers(fragment, from)?.map(|integer| g711::a_law((integer >> 16) as i16));
    Ok(codes.collect())
}

/// µ-law codes as integers: `ulaw2lin`.
#[must_use]
pub fn of_mu_law(codes: &[u8], into: Width) -> Vec<u8> {
    expanded(codes, into, g711::of_mu_law)
}

/// A-law codes as integers: `alaw2lin`.
#[must_use]
pub fn of_a_law(codes: &[u8], into: Width) -> Vec<u8> {
    expanded(codes, into, g711::of_a_law)
}

fn expanded(codes: &[u8], into: Width, integer_of: impl Fn(u8) -> i16) -> Vec<u8> {
    let mut converted = Vec::with_capacity(codes.len() * into.bytes());
    for code in codes {
        put(i32::from(integer_of(*code)) << 16, into, &mut converted);
    }
    converted
}

/// Every sample in the upper bytes of 32 bits.
fn integers(fragment: &[u8], from: Width) -> Result<impl Iterator<Item = i32>, FragmentError> {
    let width = from.bytes();
    if !fragment.len().is_multiple_of(width) {
        return Err(FragmentError {
            found_bytes: fragment.len(),
            expected_bytes: width,
        });
    }
    Ok(fragment.chunks_exact(width).map(move |sample| {
        let mut bytes = [0; 4];
        bytes[4 - width..].copy_from_slice(sample);
        i32::from_le_bytes(bytes)
    }))
}

/// Adds the upper bytes of 32 bits.
fn put(integer: i32, into: Width, converted: &mut Vec<u8>) {
    converted.extend(&integer.to_le_bytes()[4 - into.bytes()..]);
}

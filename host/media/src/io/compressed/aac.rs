//! Aac: why a stream of AAC cannot be decoded, and what to do about it.
//!
//! In: what is known of a stream, and what the decoder said. Out: a sentence. symphonia 0.6.1 decodes
//! AAC of low complexity in one and two channels.
//!
//! Pure.

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;

use crate::io::compressed::CompressedError;
use crate::io::foreign::Harm;

/// Channels by the number that AAC's own header has for their arrangement.
const AAC_CHANNELS: [usize; 8] = [0, 1, 2, 3, 4, 5, 6, 8];

/// Why there is no decoder for a stream.
pub(crate) fn refused(parameters: &AudioCodecParameters, found: &Harm) -> CompressedError {
    if parameters.codec != CODEC_ID_AAC {
        return CompressedError::unreadable(found);
    }
    let named = parameters.channels.as_ref().map(Channels::count);
    let channels = named.or_else(|| aac_channels(parameters.extra_data.as_deref()?));
    CompressedError::Aac {
        found: match channels {
            Some(channels @ 3..) => format!("{channels} channels"),
            _ => format!("a form of its own ({found})"),
        },
    }
}

/// How many channels AAC's own header says there are: behind 5 bits of a profile and 4 of a rate
/// stand 4 for them. Longer profiles and rates are left to the decoder's own words.
fn aac_channels(header: &[u8]) -> Option<usize> {
    let [first, second, ..] = *header else {
        return None;
    };
    let bits = u16::from_be_bytes([first, second]);
    let is_plain = bits >> 11 != 31 && bits >> 7 & 15 != 15;
    let count = *AAC_CHANNELS.get(usize::from(bits >> 3 & 15))?;
    Some(count).filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_of_aac_says_how_many_channels_there_are() {
        assert_eq!(aac_channels(&[0x11, 0xb0]), Some(6)); // Low complexity, 48 kHz, 5.1.
        assert_eq!(aac_channels(&[0x12, 0x10, 0x56]), Some(2));
        for other in [
            &[0xf8, 0xe8][..],
            &[0x17, 0x80],
            &[0x11, 0xf8],
            &[0x11],
            &[],
        ] {
            assert_eq!(aac_channels(other), None, "{other:x?}");
        }
    }
}

//! Native: decodes FLAC in other containers than its own, such as Ogg and MP4, by the decoder of
//! this host: symphonia 0.6.1 has no room for the difference of two channels of 32 bits.
//!
//! In: packets of one frame each. Out: blocks.

use symphonia::core::audio::AudioBuffer;
use symphonia::core::audio::AudioMut;
use symphonia::core::audio::AudioSpec;
use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::codecs::audio::FinalizeResult;
use symphonia::core::codecs::audio::VerificationCheck;
use symphonia::core::errors::Error;
use symphonia::core::packet::PacketRef;

use crate::io::flac::decode::BLOCK_FRAMES_MAX;
use crate::io::flac::decode::Facts;
use crate::io::flac::decode::FrameDecoder;
use crate::io::flac::input::BitInput;
use crate::io::flac::input::Flaw;
use crate::io::flac::sum::StreamSum;

/// Decodes in the place of symphonia's decoder, which still says what the stream is.
pub(crate) struct Native {
    facts: Box<dyn AudioDecoder>,
    decoder: FrameDecoder,
    sum: Option<StreamSum>,
    shift: u32,
    block: AudioBuffer<i32>,
}

impl Native {
    /// In the place of `facts`.
    pub(crate) fn new(facts: Box<dyn AudioDecoder>) -> Result<Self, Error> {
        let known = facts.codec_params();
        let said = (known.sample_rate, &known.channels, known.bits_per_sample);
        let (Some(sample_rate_hz), Some(channels), Some(bits @ 4..=32)) = said else {
            return Err(Error::DecodeError("the stream information is incomplete"));
        };
        let decoder = FrameDecoder::new(Facts {
            sample_rate_hz,
            channels: channels.count(),
            bits,
        });
        let sum = match known.verification_check {
            Some(VerificationCheck::Md5(sum)) => StreamSum::new(sum),
            _ => None,
        };
        let spec = AudioSpec::new(sample_rate_hz, channels.clone());
        Ok(Self {
            block: AudioBuffer::new(spec, BLOCK_FRAMES_MAX),
            shift: i32::BITS - bits,
            decoder,
            sum,
            facts,
        })
    }
}

impl AudioDecoder for Native {
    fn reset(&mut self) {
        self.sum = None;
    }

    fn codec_info(&self) -> &CodecInfo {
        self.facts.codec_info()
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        self.facts.codec_params()
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>, Error> {
        self.block.clear();
        let mut input = BitInput::with_room(packet.data, packet.data.len());
        let frames = match self.decoder.read(&mut input) {
            Ok(head) => head.frames,
            Err(Flaw::Damaged(found)) => return Err(Error::DecodeError(found)),
            Err(Flaw::End | Flaw::Io(_)) => return Err(Error::DecodeError("a block is cut off")),
        };
        if let Some(sum) = &mut self.sum {
            sum.add(&self.decoder);
        }
        self.block.render_uninit(Some(frames));
        for channel in 0..self.decoder.facts().channels {
            if let Some(plane) = self.block.plane_mut(channel) {
                let samples = plane.iter_mut().zip(self.decoder.channel(channel));
                samples.for_each(|(into, sample)| *into = sample << self.shift);
            }
        }
        let [start, end] = [packet.trim_start, packet.trim_end];
        self.block.trim(start.get() as usize, end.get() as usize);
        Ok(self.last_decoded())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult {
            verify_ok: self.sum.as_ref().map(StreamSum::is_right),
        }
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        GenericAudioBufferRef::S32(&self.block)
    }
}

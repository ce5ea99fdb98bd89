//! Vorbis: decodes Ogg Vorbis of more than two channels, by lewton.
//!
//! In: packets. Out: blocks, channels in WAVE's order. Symphonia 0.6.1 undoes the couplings of
//! channels in the order of the file, the specification asks for the reverse (section 4.3.5): where
//! one channel is coupled twice, as in 5.1, its channels leak into each other.

use lewton::audio::PreviousWindowRight;
use lewton::audio::read_audio_packet_generic;
use lewton::header::IdentHeader;
use lewton::header::SetupHeader;
use lewton::header::read_header_ident;
use lewton::header::read_header_setup;
use symphonia::core::audio::AudioBuffer;
use symphonia::core::audio::AudioMut;
use symphonia::core::audio::AudioSpec;
use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::codecs::audio::FinalizeResult;
use symphonia::core::errors::Error;
use symphonia::core::packet::PacketRef;

/// Bytes of the first header; the one of the codebooks stands behind it.
const IDENT_BYTES: usize = 30;

/// For each channel of the file its place in WAVE's order, from 3 channels to 8. Source: Vorbis I
/// specification, section 4.3.9.
const ORDERS: [&[usize]; 6] = [
    &[0, 2, 1],
    &[0, 1, 2, 3],
    &[0, 2, 1, 3, 4],
    &[0, 2, 1, 4, 5, 3],
    &[0, 2, 1, 5, 6, 4, 3],
    &[0, 2, 1, 6, 7, 4, 5, 3],
];

/// Decodes in the place of symphonia's decoder, which still says what the stream is.
pub(crate) struct Surround {
    facts: Box<dyn AudioDecoder>,
    ident: IdentHeader,
    setup: SetupHeader,
    before: PreviousWindowRight,
    block: AudioBuffer<f32>,
}

impl Surround {
    /// In the place of `facts`, for a stream that begins with these headers.
    pub(crate) fn new(facts: Box<dyn AudioDecoder>, headers: &[u8]) -> Result<Self, Error> {
        let damaged = Error::DecodeError("the headers of Vorbis are damaged");
        let Some((ident, setup)) = headers.split_at_checked(IDENT_BYTES) else {
            return Err(damaged);
        };
        let Ok(ident) = read_header_ident(ident) else {
            return Err(damaged);
        };
        let sizes = (ident.blocksize_0, ident.blocksize_1);
        let Ok(setup) = read_header_setup(setup, ident.audio_channels, sizes) else {
            return Err(damaged);
        };
        let parameters = facts.codec_params();
        let Some(channels) = parameters.channels.clone() else {
            return Err(damaged);
        };
        let spec = AudioSpec::new(ident.audio_sample_rate, channels);
        Ok(Self {
            block: AudioBuffer::new(spec, 1 << sizes.1),
            before: PreviousWindowRight::new(),
            facts,
            ident,
            setup,
        })
    }
}

impl AudioDecoder for Surround {
    fn reset(&mut self) {
        self.before = PreviousWindowRight::new();
    }

    fn codec_info(&self) -> &CodecInfo {
        self.facts.codec_info()
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        self.facts.codec_params()
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>, Error> {
        self.block.clear();
        let (ident, setup) = (&self.ident, &self.setup);
        let decoded =
            read_audio_packet_generic::<Vec<Vec<f32>>>(ident, setup, packet.data, &mut self.before)
                .map_err(|_| Error::DecodeError("a packet of Vorbis is damaged"))?;
        let frames = decoded.first().map_or(0, Vec::len);
        if frames > self.block.capacity() {
            return Err(Error::DecodeError("a packet of Vorbis is too long"));
        }
        self.block.render_uninit(Some(frames));
        let order = ORDERS.get(decoded.len().wrapping_sub(3));
        for (channel, samples) in decoded.iter().enumerate() {
            let place = order.map_or(channel, |order| order[channel]);
            if let Some(plane) = self.block.plane_mut(place) {
                plane.copy_from_slice(samples);
            }
        }
        let [start, end] = [packet.trim_start, packet.trim_end];
        self.block.trim(start.get() as usize, end.get() as usize);
        Ok(self.last_decoded())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        GenericAudioBufferRef::F32(&self.block)
    }
}

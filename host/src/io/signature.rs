//! Signature: what an input is, by its first bytes.
//!
//! In: the first bytes. Out: the format that they belong to.
//!
//! Pure.

/// First bytes looked at to see what an input is.
pub(crate) const SIGNATURE_BYTES: usize = 12;

/// What the first bytes of an input say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// RIFF, RF64 or BW64 with WAVE in it.
    Wav,
    /// AIFF or AIFF-C.
    Aiff,
    /// FLAC, from its first byte.
    Flac,
    /// A compressed format in a container that is read forward.
    Compressed(Kind),
    /// A format that is known and not read.
    Unsupported(&'static str),
    /// Nothing known; how to say it.
    Unknown(&'static str),
}

/// What kind of compressed stream it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// MPEG audio or AAC frames one after the other, perhaps behind a tag.
    Frames,
    /// Ogg pages.
    Ogg,
    /// MP4 boxes.
    Mp4,
    /// Apple's Core Audio Format.
    Caf,
}

/// What these first bytes belong to.
pub(crate) fn signature(first: &[u8]) -> Signature {
    let form = first.get(8..12).unwrap_or_default();
    match first {
        [] => Signature::Unknown("is empty"),
        [b'R', b'I', b'F', b'F', ..]
        | [b'R', b'F', b'6', b'4', ..]
        | [b'B', b'W', b'6', b'4', ..]
            if form == b"WAVE" =>
        {
            Signature::Wav
        }
        [b'F', b'O', b'R', b'M', ..] if form == b"AIFF" || form == b"AIFC" => Signature::Aiff,
        [b'f', b'L', b'a', b'C', ..] => Signature::Flac,
        [b'O', b'g', b'g', b'S', ..] => Signature::Compressed(Kind::Ogg),
        [b'c', b'a', b'f', b'f', ..] => Signature::Compressed(Kind::Caf),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Signature::Compressed(Kind::Mp4),
        [b'I', b'D', b'3', ..] => Signature::Compressed(Kind::Frames),
        [0xff, second, ..] if is_frame_sync(*second) => Signature::Compressed(Kind::Frames),
        [b'R', b'I', b'F', b'X', ..] => Signature::Unsupported("big-endian WAV (RIFX)"),
        [b'r', b'i', b'f', b'f', ..] => Signature::Unsupported("Wave64"),
        [0x1a, 0x45, 0xdf, 0xa3, ..] => Signature::Unsupported("Matroska or WebM"),
        [0x30, 0x26, 0xb2, 0x75, ..] => Signature::Unsupported("Windows Media"),
        _ => Signature::Unknown("holds no audio format known"),
    }
}

/// The second byte of an MPEG audio frame of layer III, or of AAC with a header of its own.
fn is_frame_sync(second: u8) -> bool {
    matches!(
        second,
        0xfa | 0xfb | 0xf2 | 0xf3 | 0xe2 | 0xe3 | 0xf0 | 0xf1 | 0xf8 | 0xf9
    )
}

//! Signature: what an input is, by its first bytes.
//!
//! In: the first bytes. Out: the format that they belong to.
//!
//! Pure.

/// First bytes looked at to see what an input is.
pub(crate) const SIGNATURE_BYTES: usize = 12;

/// How FLAC begins.
pub(crate) const FLAC_SIGNATURE: &[u8] = b"fLaC";

/// Bytes that say how long a tag of ID3 version 2 is.
pub(crate) const ID3_HEAD_BYTES: usize = 10;

/// The longest tag of ID3 behind which something else than MPEG audio is looked for. It is held in
/// memory; covers fit.
const ID3_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What the first bytes of an input say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    /// RIFF, RF64 or BW64 with WAVE in it.
    Wav,
    /// AIFF or AIFF-C.
    Aiff,
    /// FLAC, from its first byte.
    Flac,
    /// Apple's Core Audio Format.
    Caf,
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
    /// Apple's Core Audio Format, compressed.
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
        [b'c', b'a', b'f', b'f', ..] => Signature::Caf,
        [b'O', b'g', b'g', b'S', ..] => Signature::Compressed(Kind::Ogg),
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

/// How many bytes a tag of ID3 version 2 has that begins so; `None` where there is none, or it is
/// too long to look behind.
pub(crate) fn id3_bytes(first: &[u8]) -> Option<usize> {
    let [b'I', b'D', b'3', _, _, flags, size @ ..] = *first.first_chunk::<ID3_HEAD_BYTES>()? else {
        return None;
    };
    // Each byte of the size has 7 bits. A tag may be followed by its head once more.
    let size = size
        .iter()
        .fold(0, |size, byte| size << 7 | usize::from(byte & 0x7f));
    let foot = if flags & 0x10 == 0 { 0 } else { ID3_HEAD_BYTES };
    Some(ID3_HEAD_BYTES + size + foot).filter(|bytes| *bytes <= ID3_BYTES_MAX)
}

/// The second byte of an MPEG audio frame of layer III, or of AAC with a header of its own.
fn is_frame_sync(second: u8) -> bool {
    matches!(
        second,
        0xfa | 0xfb | 0xf2 | 0xf3 | 0xe2 | 0xe3 | 0xf0 | 0xf1 | 0xf8 | 0xf9
    )
}

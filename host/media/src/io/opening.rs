//! Opening: from the first bytes of an input to a source of its samples.
//!
//! In: a path, or `-` for standard input. Out: what reads it, which its content decides and not its
//! name.

use std::io;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::io::aiff;
use crate::io::caf;
use crate::io::compressed::source::CompressedSource;
use crate::io::error::OpenError;
use crate::io::flac::source::FlacSource;
use crate::io::input::Input;
use crate::io::metadata::Metadata;
use crate::io::pcm::Pcm;
use crate::io::pcm::PcmSource;
use crate::io::pcm::rounded;
use crate::io::raw::RawSpec;
use crate::io::signature::FLAC_SIGNATURE;
use crate::io::signature::ID3_HEAD_BYTES;
use crate::io::signature::Kind;
use crate::io::signature::SIGNATURE_BYTES;
use crate::io::signature::Signature;
use crate::io::signature::id3_bytes;
use crate::io::signature::signature;
use crate::io::stop::Stop;
use crate::io::stream::Source;
use crate::io::wav;

/// Opens an input: a path, or `-` for standard input.
///
/// With `raw` the whole input is samples as it says; without, the first bytes say what it is.
///
/// # Errors
/// When there is no such file, it is none, or it holds nothing that can be read; the text says
/// which, and what was expected.
pub fn open(path: &Path, raw: Option<RawSpec>) -> Result<Box<dyn Source>, OpenError> {
    open_until(path, raw, &Stop::never())
}

/// The same, where `stop` ends every wait for the writer of a pipe with an error.
///
/// # Errors
/// As for [`open`].
pub fn open_until(
    path: &Path,
    raw: Option<RawSpec>,
    stop: &Stop,
) -> Result<Box<dyn Source>, OpenError> {
    let input = Input::open(path, stop)?;
    match raw {
        Some(spec) => Ok(Box::new(raw_source(input, spec))),
        None => source(input),
    }
}

/// Reads samples as the specification says, from the first byte to the last.
fn raw_source(input: Input, spec: RawSpec) -> PcmSource<Input> {
    let pcm = Pcm {
        format: spec.format(),
        encoding: spec.encoding(),
        order: Vec::new(),
        declared_bytes: None,
        present_bytes: input.bytes,
        metadata: Metadata::default(),
        notices: rounded(spec.encoding().samples).into_iter().collect(),
    };
    PcmSource::new(input.name.clone(), input.file_id, input, pcm)
}

/// What reads an input, by its first bytes.
fn source(mut input: Input) -> Result<Box<dyn Source>, OpenError> {
    let first = input.peek(SIGNATURE_BYTES)?.to_vec();
    match signature(&first) {
        Signature::Wav => wav_source(input),
        Signature::Aiff => aiff_source(input),
        Signature::Flac => flac_source(input),
        Signature::Caf if caf::read::is_uncompressed(input.peek(caf::read::START_BYTES)?) => {
            caf_source(input)
        }
        Signature::Caf => compressed_source(input, Kind::Caf),
        Signature::Compressed(Kind::Frames) if is_tagged_flac(&mut input)? => flac_source(input),
        Signature::Compressed(kind) => compressed_source(input, kind),
        Signature::Unsupported(found) => Err(OpenError::Unsupported {
            name: input.name,
            found,
        }),
        Signature::Unknown(found) => Err(OpenError::Unknown {
            name: input.name,
            found,
        }),
    }
}

fn wav_source(mut input: Input) -> Result<Box<dyn Source>, OpenError> {
    let (name, bytes) = (input.name.clone(), input.bytes);
    match wav::read::header(&mut input, bytes) {
        Ok(mut pcm) => {
            if let Some(bytes) = bytes {
                wav::read::tags_behind(&mut pcm, bytes, |at, into| input.read_at(at, into));
            }
            Ok(Box::new(PcmSource::new(name, input.file_id, input, pcm)))
        }
        Err(source) => Err(OpenError::Wav { name, source }),
    }
}

fn aiff_source(mut input: Input) -> Result<Box<dyn Source>, OpenError> {
    let (name, bytes) = (input.name.clone(), input.bytes);
    let pcm = aiff::read::header(&mut input).and_then(|mut found| {
        if bytes.is_some() {
            found.behind(|at, into| input.read_at(at, into));
        }
        found.pcm(bytes)
    });
    match pcm {
        Ok(pcm) => Ok(Box::new(PcmSource::new(name, input.file_id, input, pcm))),
        Err(source) => Err(OpenError::Aiff { name, source }),
    }
}

fn caf_source(mut input: Input) -> Result<Box<dyn Source>, OpenError> {
    let (name, bytes) = (input.name.clone(), input.bytes);
    let another = input.another();
    let read_at = |at: u64, into: &mut [u8]| match &another {
        Some((file, _)) => FileExt::read_exact_at(file, into, at),
        None => Err(io::ErrorKind::Unsupported.into()),
    };
    match caf::read::header(&mut input, bytes, read_at) {
        Ok(pcm) => Ok(Box::new(PcmSource::new(name, input.file_id, input, pcm))),
        Err(source) => Err(OpenError::Caf { name, source }),
    }
}

/// Whether FLAC stands behind a tag of ID3, where some programs put it; then the input stands there.
fn is_tagged_flac(input: &mut Input) -> Result<bool, OpenError> {
    let Some(tag_bytes) = id3_bytes(input.peek(ID3_HEAD_BYTES)?) else {
        return Ok(false);
    };
    let start = tag_bytes + FLAC_SIGNATURE.len();
    if input.peek(start)?.get(tag_bytes..) != Some(FLAC_SIGNATURE) {
        return Ok(false);
    }
    let mut tag = vec![0; tag_bytes];
    let passed = input.read_exact(&mut tag);
    passed.map_err(|source| OpenError::Io {
        name: input.name.clone(),
        source,
    })?;
    Ok(true)
}

fn flac_source(input: Input) -> Result<Box<dyn Source>, OpenError> {
    let (name, file_id) = (input.name.clone(), input.file_id);
    match FlacSource::new(name.clone(), file_id, input) {
        Ok(source) => Ok(Box::new(source)),
        Err(source) => Err(OpenError::Flac { name, source }),
    }
}

fn compressed_source(input: Input, kind: Kind) -> Result<Box<dyn Source>, OpenError> {
    let name = input.name.clone();
    match CompressedSource::new(input, kind) {
        Ok(source) => Ok(Box::new(source)),
        Err(source) => Err(OpenError::Compressed { name, source }),
    }
}

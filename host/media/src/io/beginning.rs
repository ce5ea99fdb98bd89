//! Beginning: the first frames of a source, as if there were no more.
//!
//! In: a source and a number of frames. Out: a source that ends there, or earlier.

use crate::audio::Buffer;
use crate::audio::Format;
use crate::io::error::ReadError;
use crate::io::input::FileId;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;
use crate::io::stream::Cleaned;
use crate::io::stream::Source;

/// A source that ends earlier.
struct Beginning {
    source: Box<dyn Source>,
    frames: u64,
    left: u64,
    /// Samples that were cleaned, if one of them is still within.
    untold: Option<Cleaned>,
}

/// The first frames of a source.
#[must_use]
pub fn beginning(source: Box<dyn Source>, frames: u64) -> Box<dyn Source> {
    Box::new(Beginning {
        source,
        frames,
        left: frames,
        untold: None,
    })
}

impl Source for Beginning {
    fn format(&self) -> &Format {
        self.source.format()
    }

    fn frames(&self) -> Option<u64> {
        let all = self.source.frames();
        all.map(|all| all.min(self.frames))
    }

    fn metadata(&self) -> &Metadata {
        self.source.metadata()
    }

    fn notices(&self) -> &[Notice] {
        self.source.notices()
    }

    fn file_id(&self) -> Option<FileId> {
        self.source.file_id()
    }

    fn read(&mut self, into: &mut Buffer) -> Result<usize, ReadError> {
        if self.left == 0 {
            return Ok(0);
        }
        let read = self.source.read(into)? as u64;
        let kept = read.min(self.left);
        self.left -= kept;
        let end = self.frames - self.left;
        let cleaned = self.source.cleaned();
        self.untold = cleaned.filter(|cleaned| cleaned.frame < end);
        Ok(kept as usize)
    }

    fn cleaned(&mut self) -> Option<Cleaned> {
        self.untold.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{Layout, SampleFormat};
    use crate::io::generate;

    fn read(mut source: Box<dyn Source>, chunk: usize) -> Vec<f32> {
        let mut buffer = Buffer::new(1, chunk);
        let mut all = Vec::new();
        loop {
            let read = source.read(&mut buffer).unwrap();
            if read == 0 {
                return all;
            }
            all.extend_from_slice(&buffer.channel(0)[..read]);
        }
    }

    #[test]
    fn it_is_the_beginning_whatever_the_pieces_and_never_more_than_there_is() {
        let source = || {
            let format = Format::new(8_000, Layout::MONO, SampleFormat::S16).unwrap();
            generate(format, 1_000)
        };
        let whole = read(source(), 4_096);
        for frames in [0, 1, 61, 999, 1_000, 1_001, u64::MAX] {
            for chunk in [1, 61, 4_096] {
                let first = beginning(source(), frames);
                let expected = &whole[..frames.min(1_000) as usize];
                assert_eq!(first.frames(), Some(expected.len() as u64));
                assert_eq!(read(first, chunk), expected, "{frames} {chunk}");
            }
        }
    }
}

//! Channels: a source with other channels.
//!
//! In: a source and gains. Out: each channel as the sum of its terms, added in the input's order.

use crate::audio::Buffer;
use crate::audio::Format;
use crate::audio::Layout;
use crate::io::convert::clean::clean;
use crate::io::convert::matrix::{Matrix, Terms};
use crate::io::error::ReadError;
use crate::io::input::FileId;
use crate::io::metadata::Metadata;
use crate::io::notice::Notice;
use crate::io::stream::Cleaned;
use crate::io::stream::Effort;
use crate::io::stream::Source;

/// A source whose channels are mixed anew.
pub(super) struct Remixed {
    source: Box<dyn Source>,
    format: Format,
    rows: Vec<Terms>,
    /// What is read, as long as what is asked for.
    input: Buffer,
    position_frames: u64,
    untold: Option<Cleaned>,
    said: Notice,
    notices: Vec<Notice>,
}

impl Remixed {
    pub(super) fn new(source: Box<dyn Source>, matrix: Matrix, to: Layout) -> Self {
        let format = *source.format();
        let said = Notice::Remixed {
            from: format.layout(),
            taken_as: matrix.taken_as,
            to,
        };
        Self {
            format: format.with_layout(to),
            rows: matrix.rows,
            input: Buffer::new(format.channels(), 0),
            position_frames: 0,
            untold: None,
            notices: told(&*source, said),
            said,
            source,
        }
    }

    fn mix(&self, frames: usize, into: &mut Buffer) {
        for (row, output) in self.rows.iter().zip(into.iter_mut()) {
            let output = &mut output[..frames];
            let mut terms = row.iter();
            match terms.next() {
                Some((channel, gain)) => {
                    let input = &self.input.channel(*channel)[..frames];
                    let each = output.iter_mut().zip(input);
                    each.for_each(|(out, sample)| *out = sample * gain);
                }
                None => output.fill(0.0),
            }
            for (channel, gain) in terms {
                let input = &self.input.channel(*channel)[..frames];
                let each = output.iter_mut().zip(input);
                each.for_each(|(out, sample)| *out += sample * gain);
            }
        }
    }
}

/// What the source says, after what its conversion says.
pub(super) fn told(source: &dyn Source, said: Notice) -> Vec<Notice> {
    [said].iter().chain(source.notices()).copied().collect()
}

impl Source for Remixed {
    fn effort(&self) -> Effort {
        self.source.effort()
    }

    fn format(&self) -> &Format {
        &self.format
    }

    fn frames(&self) -> Option<u64> {
        self.source.frames()
    }

    fn metadata(&self) -> &Metadata {
        self.source.metadata()
    }

    fn notices(&self) -> &[Notice] {
        &self.notices
    }

    fn file_id(&self) -> Option<FileId> {
        self.source.file_id()
    }

    fn read(&mut self, into: &mut Buffer) -> Result<usize, ReadError> {
        if self.input.frames_max() != into.frames_max() {
            self.input = Buffer::new(self.input.channels(), into.frames_max());
        }
        let frames = self.source.read(&mut self.input)?;
        clean(
            &mut self.input,
            frames,
            self.position_frames,
            &mut self.untold,
        );
        self.position_frames += frames as u64;
        self.mix(frames, into);
        self.notices = told(&*self.source, self.said);
        Ok(frames)
    }

    fn cleaned(&mut self) -> Option<Cleaned> {
        self.source.cleaned().or_else(|| self.untold.take())
    }
}

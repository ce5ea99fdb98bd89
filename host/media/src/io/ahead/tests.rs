//! Tests of reading ahead, beside the source itself.

use super::*;
use crate::io::memory::Counting;

/// All that one reader of a source can see, read by read.
fn seen(mut source: Box<dyn Source>, frames_max: usize) -> Vec<String> {
    let mut block = Buffer::new(2, frames_max);
    let head = (source.frames(), *source.format(), source.file_id());
    let mut seen = vec![format!("{head:?} {:?}", source.metadata())];
    loop {
        let frames = source.read(&mut block);
        let filled = *frames.as_ref().unwrap_or(&0);
        let samples: Vec<_> = block.iter().map(|plane| &plane[..filled]).collect();
        let found = format!("{frames:?} {samples:?}");
        let told = (source.cleaned(), source.notices());
        seen.push(format!("{found} {told:?}"));
        if filled == 0 {
            return seen;
        }
    }
}

#[test]
fn every_read_gives_what_the_source_itself_gives() {
    for (frames, fails_at) in [
        (0, None),
        (1, None),
        (300, None),
        (400, None),
        (1_003, None),
        (1_003, Some(0)),
        (1_003, Some(450)),
        (1_003, Some(1_002)),
    ] {
        let alone = seen(Counting::new(frames, fails_at), 100);
        let beside = seen(ahead(Counting::new(frames, fails_at), 100), 100);
        assert_eq!(beside, alone, "{frames} {fails_at:?}");
    }
}

#[test]
fn its_user_may_read_in_other_steps() {
    for step in [1, 7, 100, 101, 5_000] {
        let mut source = ahead(Counting::new(1_003, None), 100);
        let (mut block, mut all) = (Buffer::new(2, step), Vec::new());
        loop {
            let frames = source.read(&mut block).unwrap();
            all.extend_from_slice(&block.channel(1)[..frames]);
            if frames < step {
                break;
            }
        }
        let expected: Vec<f32> = (0..1_003).map(|frame| (2 * frame + 1) as f32).collect();
        assert_eq!(all, expected, "{step}");
        assert_eq!(source.read(&mut block).unwrap(), 0);
    }
}

#[test]
fn what_is_left_early_ends_its_thread() {
    for reads in 0..4 {
        let mut source = ahead(Counting::new(usize::MAX, None), 64);
        let mut block = Buffer::new(2, 64);
        for _ in 0..reads {
            assert_eq!(source.read(&mut block).unwrap(), 64);
        }
        drop(source); // Returns, though the source has no end.
    }
}

/// A source that panics when it is read.
struct Panicking(Box<Counting>);

impl Source for Panicking {
    fn format(&self) -> &Format {
        self.0.format()
    }
    fn frames(&self) -> Option<u64> {
        None
    }
    fn metadata(&self) -> &Metadata {
        self.0.metadata()
    }
    fn notices(&self) -> &[Notice] {
        self.0.notices()
    }
    fn file_id(&self) -> Option<FileId> {
        None
    }
    fn read(&mut self, _: &mut Buffer) -> Result<usize, ReadError> {
        panic!("read")
    }
}

#[test]
#[should_panic = "read"]
fn a_panic_is_not_lost() {
    let mut source = ahead(Box::new(Panicking(Counting::new(1, None))), 64);
    let _ = source.read(&mut Buffer::new(2, 64));
}

//! Tests of writing behind, beside the sink itself.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::io::memory::Recorder;

/// Stereo whose samples count.
fn counting(frames: usize) -> Buffer {
    let mut buffer = Buffer::new(2, frames);
    for (channel, plane) in buffer.iter_mut().enumerate() {
        for (frame, sample) in plane.iter_mut().enumerate() {
            *sample = (2 * frame + channel) as f32;
        }
    }
    buffer
}

/// Writes ranges of a buffer; an empty one stands for a flush.
fn write_all(mut sink: Box<dyn Sink>, from: &Buffer, ranges: &[Range<usize>]) -> Written {
    for range in ranges {
        match range.is_empty() {
            true => sink.flush().unwrap(),
            false => sink.write(from, range.clone()).unwrap(),
        }
    }
    sink.finish().unwrap()
}

proptest! {
    #[test]
    fn the_sink_hears_the_same(
        ends in vec((0_usize..900, 0_usize..900), 0..12), frames_max in 1_usize..300,
    ) {
        let from = counting(900);
        let ranges: Vec<_> = ends.iter().map(|(a, b)| *a.min(b)..*a.max(b)).collect();
        let (sink, alone) = Recorder::new(2, usize::MAX);
        let expected = write_all(sink, &from, &ranges);
        let (sink, beside) = Recorder::new(2, usize::MAX);
        let found = write_all(behind(sink, 2, frames_max), &from, &ranges);
        prop_assert_eq!(found, expected);
        prop_assert_eq!(&*beside.lock().unwrap(), &*alone.lock().unwrap());
    }
}

#[test]
fn an_error_comes_with_its_own_text_and_nothing_is_written_after_it() {
    let from = counting(100);
    let (sink, record) = Recorder::new(2, 250);
    let mut sink = behind(sink, 2, 100);
    let error = (0..6).find_map(|_| sink.write(&from, 0..100).err());
    let error = error.expect("three blocks are too many, and there are two in between");
    assert_eq!(
        error.to_string(),
        "recorder cannot be written beyond frame 300"
    );
    assert!(
        record.lock().unwrap().dropped,
        "nothing is left of the sink"
    );
    assert!(sink.write(&from, 0..100).is_err() && sink.finish().is_err());
    let record = record.lock().unwrap();
    assert_eq!((record.channels[0].len(), record.finished), (300, false));
}

#[test]
fn an_error_that_nobody_heard_yet_comes_at_the_end() {
    let (sink, record) = Recorder::new(2, 50);
    let mut sink = behind(sink, 2, 100);
    sink.write(&counting(100), 0..100).unwrap();
    sink.finish().unwrap_err();
    assert!(!record.lock().unwrap().finished);
}

#[test]
fn dropped_it_has_not_finished_and_is_gone_at_once() {
    let (sink, record) = Recorder::new(2, usize::MAX);
    let mut sink = behind(sink, 2, 100);
    sink.write(&counting(100), 0..100).unwrap();
    drop(sink);
    let record = record.lock().unwrap();
    assert!(record.dropped && !record.finished);
}

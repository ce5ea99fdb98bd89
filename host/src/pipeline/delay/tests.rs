//! Tests of the delay line, against a plain queue.

use std::collections::VecDeque;

use proptest::prelude::*;
use segue_plugin::abi::audio::Span;

use super::*;

const CHANNELS: usize = 2;

fn span(frames: usize) -> Span {
    Span {
        channels: CHANNELS,
        stride: frames,
        start: 0,
        frames,
    }
}

/// What is done to a line, with a number of frames.
#[derive(Debug, Clone, Copy)]
enum Act {
    Process(usize),
    Replace(usize),
    Feed(usize),
    /// At most as many as there is room for.
    Push(usize),
    /// More than is held, too.
    Pop(usize),
    /// By a line of so many frames more or less.
    TakeOver(i32),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let frames = || prop_oneof![0usize..20, 200usize..700];
    let act = prop_oneof![
        3 => frames().prop_map(Act::Process),
        3 => frames().prop_map(Act::Replace),
        1 => frames().prop_map(Act::Feed),
        2 => frames().prop_map(Act::Push),
        2 => frames().prop_map(Act::Pop),
        1 => (-300i32..300).prop_map(Act::TakeOver),
    ];
    prop::collection::vec(act, 1..30)
}

/// A line, and what it should hold, oldest first; both channels of a frame at once.
struct Pair {
    line: DelayLine,
    model: VecDeque<f32>,
    position: usize,
}

impl Pair {
    fn new(frames: usize, capacity: usize) -> Self {
        Self {
            line: DelayLine::with_capacity(CHANNELS, frames, capacity),
            model: vec![0.0; frames].into(),
            position: 0,
        }
    }

    /// Frames that were never there before: channel 1 is the negative of channel 0.
    fn block(&mut self, frames: usize) -> Vec<f32> {
        let first = self.position + 1;
        self.position += frames;
        self.model
            .extend((first..first + frames).map(|at| at as f32));
        planar(
            &(first..first + frames)
                .map(|at| at as f32)
                .collect::<Vec<_>>(),
        )
    }

    /// Does it to both, and returns what came out of each.
    fn apply(&mut self, act: Act) -> Option<(Vec<f32>, Vec<f32>)> {
        let (held, room) = (self.line.frames(), self.line.capacity_frames());
        match act {
            Act::Process(frames) | Act::Replace(frames) | Act::Feed(frames) => {
                self.pass(act, frames)
            }
            Act::Push(frames) => {
                let frames = frames.min(room - held);
                let input = self.block(frames);
                self.line.push(AudioView::new(&input, span(frames)));
                None
            }
            Act::Pop(frames) => {
                let mut out = vec![-1.0; frames * CHANNELS];
                self.line
                    .pop(&mut AudioViewMut::new(&mut out, span(frames)));
                let gone = (0..frames).map(|_| self.model.pop_front().unwrap_or(0.0));
                Some((out, planar(&gone.collect::<Vec<_>>())))
            }
            Act::TakeOver(more) => {
                let capacity = room.saturating_add_signed(more as isize);
                let mut line = DelayLine::with_capacity(CHANNELS, 3, capacity.max(held));
                line.take_over(&mut self.line);
                self.line = line;
                None
            }
        }
    }

    /// What leaves as many frames as it takes.
    fn pass(&mut self, act: Act, frames: usize) -> Option<(Vec<f32>, Vec<f32>)> {
        let input = self.block(frames);
        let gone: Vec<_> = self.model.drain(..frames).collect();
        let (view, mut out) = (AudioView::new(&input, span(frames)), input.clone());
        if matches!(act, Act::Feed(_)) {
            self.line.feed(view);
            return None;
        }
        if matches!(act, Act::Replace(_)) {
            self.line
                .replace(&mut AudioViewMut::new(&mut out, span(frames)));
        } else {
            out.fill(-1.0);
            let mut into = AudioViewMut::new(&mut out, span(frames));
            self.line.process(view, &mut into);
        }
        Some((out, planar(&gone)))
    }
}

fn planar(samples: &[f32]) -> Vec<f32> {
    let negative = samples.iter().map(|sample| -sample);
    samples.iter().copied().chain(negative).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2048))]

    #[test]
    fn it_is_a_queue_of_frames(
        frames in prop_oneof![0usize..8, 0usize..600],
        room in prop_oneof![Just(0usize), 1usize..4, 0usize..600],
        acts in acts(),
    ) {
        let mut pair = Pair::new(frames, frames + room);
        for act in acts {
            if let Some((found, expected)) = pair.apply(act) {
                prop_assert_eq!(found, expected, "{:?}", act);
            }
            prop_assert_eq!(pair.line.frames(), pair.model.len(), "{:?}", act);
            prop_assert!(pair.line.frames() <= pair.line.capacity_frames());
        }
    }

    #[test]
    fn the_last_frame_is_known_before_it_is_given(
        frames in 0usize..40, acts in acts(), length in 1usize..60,
    ) {
        let mut pair = Pair::new(frames, frames + 50);
        for act in acts {
            pair.apply(act);
        }
        let input = pair.block(length);
        let last = pair.model[length - 1];
        let view = AudioView::new(&input, span(length));
        let found = [pair.line.last_of(view, 0), pair.line.last_of(view, 1)];
        // A frame of silence has no sign.
        prop_assert_eq!(found, [last, -last]);
    }
}

#[test]
fn memory_changes_hands_where_it_suffices() {
    let mut old = DelayLine::with_capacity(1, 7, 9);
    let memory = old.ring.as_ptr();
    let mut new = DelayLine::with_capacity(1, 0, 9);
    new.take_over(&mut old);
    assert_eq!((new.ring.as_ptr(), new.frames()), (memory, 7));
    let mut larger = DelayLine::with_capacity(1, 0, 10);
    larger.take_over(&mut new);
    assert_eq!((larger.capacity_frames(), larger.frames()), (10, 7));
}

#[test]
#[should_panic(expected = "a line has room for what is pushed")]
#[cfg(debug_assertions)]
fn pushing_more_than_there_is_room_for_is_a_mistake() {
    let samples = [1.0; CHANNELS * 3];
    DelayLine::with_capacity(CHANNELS, 1, 3).push(AudioView::new(&samples, span(3)));
}

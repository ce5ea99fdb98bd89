//! Parameter events: parameter changes on their way to an instance.
//!
//! In: changes, each at a frame counted from the next call. Out: those of one call, sorted by
//! frame. All memory is taken at the start, so the audio thread may run it.

use segue_plugin::link::{EVENTS_MAX, ParamEvent};

/// Changes that wait, sorted by frame; where nothing was made for them, none can.
#[derive(Debug, Default)]
pub(super) struct ParamEvents {
    waiting: Vec<ParamEvent>,
}

impl ParamEvents {
    /// Room for as many as one call can take. Allocates; not for the audio thread.
    pub(super) fn new() -> Self {
        Self {
            waiting: Vec::with_capacity(EVENTS_MAX),
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many more there is room for.
    pub(super) fn room(&self) -> usize {
        EVENTS_MAX.min(self.waiting.capacity()) - self.waiting.len()
    }

    /// Adds a change behind those of its frame. Real-time safe.
    ///
    /// # Errors
    /// The change, where there is no room.
    pub(super) fn push(&mut self, event: ParamEvent) -> Result<(), ParamEvent> {
        if self.waiting.len() >= EVENTS_MAX.min(self.waiting.capacity()) {
            return Err(event);
        }
        let is_before = |other: &ParamEvent| other.offset_frames <= event.offset_frames;
        let at = self.waiting.partition_point(is_before);
        self.waiting.insert(at, event);
        Ok(())
    }

    /// Takes the first change out, whenever it is due. Real-time safe.
    pub(super) fn pop(&mut self) -> Option<ParamEvent> {
        (!self.waiting.is_empty()).then(|| self.waiting.remove(0))
    }

    /// The changes of a call of so many frames.
    pub(super) fn due(&self, frames: usize) -> &[ParamEvent] {
        let is_due = |event: &ParamEvent| (event.offset_frames as usize) < frames;
        &self.waiting[..self.waiting.partition_point(is_due)]
    }

    /// That call is over. Real-time safe.
    pub(super) fn advance(&mut self, frames: usize) {
        let due = self.due(frames).len();
        self.waiting.drain(..due);
        for event in &mut self.waiting {
            event.offset_frames -= frames as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(offset_frames: u32, index: u32) -> ParamEvent {
        ParamEvent {
            offset_frames,
            index,
            value: 0.5,
        }
    }

    proptest! {
        #[test]
        fn every_event_is_given_once_in_the_call_of_its_frame_and_in_order(
            steps in prop::collection::vec((prop::collection::vec(0u32..300, 0..6), 1usize..100), 1..20),
        ) {
            let mut events = ParamEvents::new();
            // The model: every event by its frame of the stream, and how many came before it.
            let mut model: Vec<(u64, u32)> = Vec::new();
            let (mut position, mut count) = (0u64, 0);
            for (offsets, frames) in steps {
                for offset in offsets {
                    events.push(event(offset, count)).unwrap();
                    model.push((position + u64::from(offset), count));
                    count += 1;
                }
                let end = position + frames as u64;
                let mut expected: Vec<_> = model.iter().copied().filter(|it| it.0 < end).collect();
                expected.sort_unstable();
                model.retain(|it| it.0 >= end);
                let given: Vec<_> = events
                    .due(frames)
                    .iter()
                    .map(|event| (position + u64::from(event.offset_frames), event.index))
                    .collect();
                prop_assert_eq!(given, expected);
                events.advance(frames);
                prop_assert_eq!(events.is_empty(), model.is_empty());
                position = end;
            }
        }
    }

    #[test]
    fn what_finds_no_room_comes_back() {
        let mut events = ParamEvents::new();
        for index in 0..EVENTS_MAX as u32 {
            events.push(event(0, index)).unwrap();
        }
        assert_eq!(events.push(event(0, 7)), Err(event(0, 7)));
        assert_eq!(events.pop(), Some(event(0, 0)));
        events.push(event(0, 7)).unwrap();
        assert_eq!(events.due(1).len(), EVENTS_MAX);
        assert_eq!(ParamEvents::default().push(event(0, 0)), Err(event(0, 0)));
    }
}
